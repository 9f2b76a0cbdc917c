"""The faults of a measurement, as sentences for the person who started it."""

from __future__ import annotations


class BenchError(Exception):
    """A run could not be made or its figures cannot be trusted; C{str(error)} says why."""
