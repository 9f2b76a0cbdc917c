"""
What the tests of the door for lines share.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import makeHub
from tests.support.peers import Peer
from twisted_chat.doors.lines.factory import ChatFactory
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


class RequestsTestCase(SynchronousTestCase):
    """
    A door for lines, and programs that use it.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.factory = ChatFactory(self.hub)

    def program(self, name: str = "Bot", **fields: Any) -> Peer:
        """
        @param fields: other fields of the hello.
        @return: a program that has said hello.
        """
        peer = Peer(self.factory)
        peer.asks("hello", name=name, **fields)
        return peer

    def answer(self, peer: Peer, type: str, **fields: Any) -> dict[str, Any]:
        """
        @return: the only object that answers this one.
        """
        peer.forget()
        peer.asks(type, **fields)
        (answer,) = peer.objects
        return answer
