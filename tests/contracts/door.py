"""
What every door has to keep to: a mixin that runs the same tests for each of them.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from zope.interface.verify import verifyObject

from tests.support.peers import Peer, TimedTestCase
from tests.support.transports import FakeEndpoint
from twisted_chat.doors.gate import Gate
from twisted_chat.doors.interfaces import CannotBind, IDoor
from twisted_chat.net.listener import Listener


class DoorContract(TimedTestCase):
    """
    Tests for L{IDoor}.

    @cvar started: how the line begins that says where the door is.
    """

    started = "Chat server started"

    def makeDoor(self, gate: Gate, listeners: Sequence[Listener]) -> Any:
        """
        @return: the door, not yet bound.
        """
        raise NotImplementedError

    def enter(self, name: str) -> Peer:
        """
        @return: somebody who has logged in through the door.
        """
        raise NotImplementedError

    def setUp(self) -> None:
        super().setUp()
        self.calls: list[str] = []
        self.gate = Gate(self.hub, self.limits, self.clock)
        self.door = self.makeDoor(self.gate, [self.listener()])

    def listener(self, error: Exception | None = None, host: Any = None) -> Listener:
        """
        @return: a listener on a fake port.
        """
        endpoint: Any = FakeEndpoint(self.calls, error, host)
        return Listener(endpoint, "port 5000")

    def start(self) -> None:
        """
        Bind and open the door.
        """
        self.door.bind()
        self.door.open()

    def test_interface(self) -> None:
        """A door provides L{IDoor}."""
        verifyObject(IDoor, self.door)

    def test_order(self) -> None:
        """A door binds and admits nobody, then opens, then gives its ports back."""
        self.door.bind()
        self.assertEqual(self.calls, ["listen", "wait"])
        self.door.open()
        self.assertEqual(self.calls[2:], ["accept"])
        self.door.stopReading()
        self.assertEqual(self.calls[3:], ["close"])

    def test_cannotBind(self) -> None:
        """
        A port that cannot be bound is named, with the reason, and those before it are given back.
        """
        error = CannotListenError("", 5000, OSError(errno.EADDRINUSE, "Address already in use"))
        door = self.makeDoor(self.gate, [self.listener(), self.listener(error)])
        caught = self.assertRaises(CannotBind, door.bind)
        self.assertEqual(str(caught), "cannot listen on port 5000: Address already in use")
        door.stopReading()
        self.assertEqual(self.calls, ["listen", "wait", "listen", "close"])
        self.assertIs(self.successResultOf(door.sayGoodbye("bye")), None)

    def test_describe(self) -> None:
        """A door says where it is; without a port number, in the operator's own words."""
        self.start()
        self.assertEqual(self.door.describe()[0], f"{self.started} on port 5000")
        door = self.makeDoor(self.gate, [self.listener(host=UNIXAddress("/run/chat"))])
        door.bind()
        self.assertEqual(door.describe(), [f"{self.started} on port 5000"])

    def test_stopReading(self) -> None:
        """A door that stops reading takes no further line."""
        self.start()
        peer = self.enter("Ann")
        self.door.stopReading()
        self.assertFalse(peer.isReadFrom)
        self.assertFalse(peer.isClosed)

    def test_sayGoodbye(self) -> None:
        """A door tells all its users of the end, and knows when the last one is gone."""
        self.start()
        peers = [self.enter(name) for name in ("Ann", "Bob")]
        self.door.stopReading()
        gone = self.door.sayGoodbye("server is going down")
        for peer in peers:
            self.assertIn("server is going down", peer.lines[-1])
            self.assertTrue(peer.isClosed)
            self.assertNoResult(gone)
            peer.drops()
        self.assertIs(self.successResultOf(gone), None)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_portIsWaitedFor(self) -> None:
        """A door is closed only when its ports are."""
        closing: Deferred[None] = Deferred()
        self.patch(FakeEndpoint, "stopListening", lambda port: closing)
        self.start()
        self.door.stopReading()
        gone = self.door.sayGoodbye("bye")
        self.assertNoResult(gone)
        closing.callback(None)
        self.assertIs(self.successResultOf(gone), None)

    def test_neverBound(self) -> None:
        """A door that was never bound closes as well."""
        self.door.stopReading()
        self.assertIs(self.successResultOf(self.door.sayGoodbye("bye")), None)
        self.assertEqual(self.calls, [])

    def test_abort(self) -> None:
        """A peer that does not leave is cut."""
        self.start()
        peers = [self.enter(name) for name in ("Ann", "Bob")]
        self.door.stopReading()
        gone = self.door.sayGoodbye("bye")
        self.door.abort()
        for peer in peers:
            self.assertTrue(peer.isAborted)
            peer.drops()
        self.assertIs(self.successResultOf(gone), None)
