# -*- test-case-name: tests.net.test_deadlines -*-
"""
Deadlines for many connections on one timer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Final

from twisted.logger import Logger

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

_TICK: Final = 0.5
"""Seconds between two looks at the deadlines: none is met later than that."""


class Deadlines:
    """
    What must happen to whom unless it is called off in time.

    The reactor holds one timer while there is any deadline, and none otherwise: ten thousand
    people who have nothing to fear cost nothing.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime | None) -> None:
        """
        @param clock: a clock that does not jump; without it nothing is ever due.
        """
        self._clock = clock
        self._due: dict[Hashable, tuple[float, Callable[[], object]]] = {}
        self._timer: IDelayedCall | None = None

    def set(self, key: Hashable, seconds: float, action: Callable[[], object]) -> None:
        """
        Do something in so many seconds; it takes the place of an earlier deadline of the same key.
        """
        if self._clock is None:
            return
        self._due[key] = (self._clock.seconds() + seconds, action)
        if self._timer is None:
            self._timer = self._clock.callLater(_TICK, self._tick)

    def clear(self, key: Hashable) -> None:
        """
        Call it off; nothing happens if there is nothing to call off.
        """
        self._due.pop(key, None)

    def stop(self) -> None:
        """
        Call everything off.
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
            # One turn later: after a pause of the whole process what came meanwhile is still to be
            # read, and may call off what seems due.
            self._timer = clock.callLater(0, self._meet)
        elif self._due:
            self._timer = clock.callLater(_TICK, self._tick)

    def _meet(self) -> None:
        """
        Do what is due.
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
