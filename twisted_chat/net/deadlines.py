# -*- test-case-name: tests.net.test_deadlines -*-
"""
Timeouts for many connections, driven by one reactor timer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

_TICK: Final = 0.5
"""Seconds between two checks of the deadlines, and so the longest delay of one."""


class Deadlines:
    """
    Timeouts for many connections.

    The reactor has one timer while there is any deadline, and none otherwise: ten thousand idle
    users cost nothing.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime | None) -> None:
        """
        @param clock: a clock that does not jump; without it no deadline is ever due.
        """
        self._clock = clock
        self._due: dict[Hashable, tuple[float, Callable[[], object]]] = {}
        self._timer: IDelayedCall | None = None

    def set(self, key: Hashable, seconds: float, action: Callable[[], object]) -> None:
        """
        Schedule an action; it replaces an earlier deadline of the same key.

        @param seconds: time until it is due, in seconds.
        @param action: called then; an error in it is logged.
        """
        if self._clock is None:
            return
        self._due[key] = (self._clock.seconds() + seconds, action)
        if self._timer is None:
            self._timer = self._clock.callLater(_TICK, self._tick)

    def clear(self, key: Hashable) -> None:
        """
        Cancel the deadline of a key, if there is one.
        """
        self._due.pop(key, None)

    def stop(self) -> None:
        """
        Cancel all deadlines.
        """
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        clock = self._clock
        assert clock is not None
        self._timer = None
        now = clock.seconds()
        if any(when <= now for when, _ in self._due.values()):
            # Wait one more turn: after a pause of the whole process, input that arrived meanwhile
            # is still unread, and reading it may cancel deadlines that seem due.
            self._timer = clock.callLater(0, self._meet)
        elif self._due:
            self._timer = clock.callLater(_TICK, self._tick)

    def _meet(self) -> None:
        """
        Run the actions that are due.
        """
        clock = self._clock
        assert clock is not None
        self._timer = None
        now = clock.seconds()
        for key, (when, action) in list(self._due.items()):
            if when <= now and self._due.get(key) == (when, action):
                del self._due[key]
                try:
                    action()
                except Exception:
                    self._log.failure("an action at its deadline failed")
        if self._due and self._timer is None:
            self._timer = clock.callLater(_TICK, self._tick)
