"""
A log from which the past is read when the test says so.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail

from tests.support.helpers import NOW
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import Event, Place, Scope


class SlowLog(MemoryLog):
    """
    A log from which the past is read when the test says so.

    @ivar reads: what waits.
    @ivar fault: what each read of the past fails with.
    """

    fault: Exception | None = None

    def __init__(self) -> None:
        super().__init__(seconds=lambda: NOW)
        self.reads: list[tuple[Deferred[list[Event]], Deferred[list[Event]]]] = []

    def _slowly(self, found: Deferred[list[Event]]) -> Deferred[list[Event]]:
        if self.fault is not None:
            return fail(self.fault)
        given: Deferred[list[Event]] = Deferred()
        self.reads.append((given, found))
        return given

    def last(self, place: Place, count: int, before: int | None = None) -> Deferred[list[Event]]:
        """See L{twisted_chat.stores.interfaces.IHistory.last}."""
        return self._slowly(super().last(place, count, before))

    def after(self, scope: Scope, id: int, limit: int) -> Deferred[list[Event]]:
        """See L{twisted_chat.stores.interfaces.IHistory.after}."""
        return self._slowly(super().after(scope, id, limit))

    def give(self) -> None:
        """
        Let everything be read that waits.
        """
        while self.reads:
            given, found = self.reads.pop(0)
            found.chainDeferred(given)
