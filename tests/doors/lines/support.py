"""
What the tests of the door for lines share.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from twisted_chat.net.limits import Limits
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import Event, Place

PROMPT = "Enter your name to enter the chat >"
CONNECTED = "Connected... Start sending messages"
RECEIPT = "OK . ."
TOO_LONG = "! this line is longer than 4096 bytes, and nothing was sent: shorten it"

ANY_RATE = Limits(rate=0)


class SlowHistoryLog(MemoryLog):
    """
    A log that reads the past when the test says so.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Deferred[list[Event]]] = []

    def last(self, place: Place, count: int, before: int | None = None) -> Deferred[list[Event]]:
        """See L{twisted_chat.stores.interfaces.IHistory}."""
        self.asked.append(Deferred())
        return self.asked[-1]
