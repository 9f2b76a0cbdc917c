# -*- test-case-name: tests.ops.test_limitedlog -*-
"""
A log that strangers cannot flood.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.logger import Logger, LogLevel


class RateLimitedLog:
    """
    A log for what strangers can cause: each kind of line at most once in an interval.

    The next line that is written of a kind says how many of it were left out before.
    """

    def __init__(self, log: Logger, seconds: Callable[[], float], interval: float = 1.0) -> None:
        """
        @param log: where the lines go.
        @param seconds: the time on a clock that does not jump, in seconds.
        @param interval: the time between two lines of a kind, in seconds.
        """
        self._log = log
        self._seconds = seconds
        self._interval = interval
        self._kinds: dict[str, tuple[float, int]] = {}

    def warn(self, format: str, **values: Any) -> None:
        """
        Log a warning, or count it.

        @param format: the line, as for L{Logger.warn}, which is also its kind: never made of what
            a peer sent.
        @param values: what it names; text of peers as C{!r} only.
        """
        self._write(LogLevel.warn, format, values)

    def info(self, format: str, **values: Any) -> None:
        """
        Log an information, or count it; the parameters are those of L{warn}.
        """
        self._write(LogLevel.info, format, values)

    def _write(self, level: Any, format: str, values: dict[str, Any]) -> None:
        """
        Write the line if its kind was silent for an interval.
        """
        now = self._seconds()
        silentUntil, suppressed = self._kinds.get(format, (now, 0))
        if now < silentUntil:
            self._kinds[format] = (silentUntil, suppressed + 1)
            return
        self._kinds[format] = (now + self._interval, 0)
        text = f"{format} ({{suppressed}} more like it before)" if suppressed else format
        self._log.emit(level, text, suppressed=suppressed, **values)
