# -*- test-case-name: tests.ops.test_limitedlog -*-
"""
A log that strangers cannot flood.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.logger import Logger

INTERVAL: Final = 1.0
"""Seconds between two lines of a kind."""


class RateLimitedLog:
    """
    A log for what strangers can cause: each kind of line at most once in L{INTERVAL}.

    The next line of a kind says how many were left out before it.
    """

    def __init__(self, log: Logger, seconds: Callable[[], float]) -> None:
        """
        @param log: where the lines go.
        @param seconds: the time on a clock that does not jump, in seconds.
        """
        self._log = log
        self._seconds = seconds
        self._kinds: dict[str, tuple[float, int]] = {}

    def info(self, format: str, **values: Any) -> None:
        """
        Log a line, or count it if its kind was logged within the interval.

        @param format: the line, as for L{Logger.info}, which is also its kind: never made of what
            a client sent.
        @param values: what it names; text of clients as C{!r} only.
        """
        now = self._seconds()
        silentUntil, suppressed = self._kinds.get(format, (now, 0))
        if now < silentUntil:
            self._kinds[format] = (silentUntil, suppressed + 1)
            return
        self._kinds[format] = (now + INTERVAL, 0)
        text = f"{format} ({{suppressed}} more like it before)" if suppressed else format
        self._log.info(text, suppressed=suppressed, **values)
