# -*- test-case-name: tests.ops.test_auditlog -*-
"""
The server's log of what happens in the chat.

A single line is written at once.  Lines that follow quickly are gathered for a moment and written
together, each with its own time and address, because one log entry costs more than everything else
that is done for a message.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger, LogLevel, formatTime

from ..text.cleaning import escapeLog

_PAUSE: Final = 0.1
"""Seconds between two entries under load."""


@lru_cache(maxsize=4)
def _formatSecond(second: int) -> str:
    """
    Format a time as the log does; under load, thousands of lines share it.
    """
    return formatTime(second)


class AuditLog:
    """
    Writes what people say in public rooms, and who comes and goes.

    What people wrote is escaped, so that nobody can forge or break a line, and never used as a
    format.

    @ivar wantsMessages: whether to write what people say as well; may change.
    """

    _log = Logger("chat")

    def __init__(
        self,
        seconds: Callable[[], float],
        clock: IReactorTime | None = None,
        messages: bool = True,
    ) -> None:
        """
        @param seconds: the wall clock, in seconds since the epoch, UTC.
        @param clock: a clock that does not jump; without it every line is written at once.
        @param messages: see the attribute.
        """
        self._seconds = seconds
        self._clock = clock
        self.wantsMessages = messages
        self._lines: list[tuple[float, str, str]] = []
        self._timer: IDelayedCall | None = None

    def said(self, name: str, text: str, address: str) -> None:
        """
        Note that somebody said something in a public room.
        """
        if self.wantsMessages:
            self._take(f"[{name}] :: {text}", address)

    def tell(self, text: str, address: str) -> None:
        """
        Note that something happened to the user at this address.
        """
        self._take(text, address)

    def flush(self) -> None:
        """
        Write what is gathered.
        """
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        when, address, first = lines[0]
        rest = "".join(
            f"\n{_formatSecond(int(at))} [{source}] {escapeLog(text)}"
            for at, source, text in lines[1:]
        )
        # Logger.emit would replace the time at which it was said by the time of writing.
        self._log.observer(
            {
                "log_logger": self._log,
                "log_namespace": self._log.namespace,
                "log_source": self._log.source,
                "log_level": LogLevel.info,
                "log_format": "{line}{rest}",
                "log_time": when,
                "log_system": address or "-",
                "line": escapeLog(first),
                "rest": rest,
                "entries": lines,
            }
        )

    def stop(self) -> None:
        """
        Write what is gathered, and gather no more.
        """
        self.flush()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock = None

    def _take(self, text: str, address: str) -> None:
        self._lines.append((self._seconds(), address, text))
        if self._clock is None:
            self.flush()
        elif self._timer is None:
            # In the next turn: people hear first what the operator reads.
            self._timer = self._clock.callLater(0, self._pauseOver)

    def _pauseOver(self) -> None:
        self._timer = None
        if self._lines and self._clock is not None:
            self.flush()
            self._timer = self._clock.callLater(_PAUSE, self._pauseOver)
