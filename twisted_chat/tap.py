# -*- test-case-name: tests.system.test_plugin -*-
"""
What C{twistd} loads to start a server.
"""

from __future__ import annotations

import gc

COLLECT = (20_000, 20, 50)
"""The garbage collector's thresholds: one turn of the reactor makes thousands of objects."""

# While the server is loaded, which makes some 50,000 objects and hardly any garbage, the usual
# thresholds take a tenth of the time of a start; so they are set before.
gc.set_threshold(*COLLECT)

from .composition import Options, makeService  # noqa: E402

__all__ = ["COLLECT", "Options", "makeService"]
