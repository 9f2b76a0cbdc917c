"""
Tests for L{twisted_chat.doors.interfaces.IDoor}: our door, one that is not ours, and both together.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.error import CannotListenError

from tests.contracts.door import DoorContract
from tests.support.peers import Peer, TimedTestCase
from tests.support.toydoor import ToyDoor
from tests.support.transports import FakeEndpoint
from twisted_chat.doors.admin.factory import AdminDoor
from twisted_chat.doors.gate import Gate
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.net.limits import KIB, Limits
from twisted_chat.net.listener import Listener


class LinesDoorTests(DoorContract):
    """
    Tests for the door for lines.
    """

    def makeDoor(self, gate: Gate, listeners: Sequence[Listener]) -> ChatFactory:
        """See L{DoorContract.makeDoor}."""
        return ChatFactory(gate=gate, listeners=listeners)

    def enter(self, name: str) -> Peer:
        """See L{DoorContract.enter}."""
        return Peer(self.door, name)

    def test_howToEnter(self) -> None:
        """The door says what users type to enter."""
        self.start()
        self.assertEqual(
            self.door.describe()[1:], ["People enter with: twisted-chat 192.0.2.1 5000"]
        )


class AdminDoorTests(DoorContract):
    """
    Tests for the operator's door.
    """

    started = "Operators are served"

    def makeDoor(self, gate: Gate, listeners: Sequence[Listener]) -> AdminDoor:
        """See L{DoorContract.makeDoor}."""
        return AdminDoor(gate, listeners)

    def enter(self, name: str) -> Peer:
        """See L{DoorContract.enter}: nobody logs in."""
        return Peer(self.door)

    def test_optional(self) -> None:
        """A server whose operator did not ask for this door goes without it, and says so."""
        error = CannotListenError("", 0, OSError(errno.EACCES, "Permission denied"))
        door = AdminDoor(self.gate, [self.listener(error)], isOptional=True)
        door.bind()
        door.open()
        self.assertEqual(door.describe(), [])
        self.assertIn("the operator cannot reach this server: cannot listen", self.logged[-1])
        door.stopReading()
        self.assertIs(self.successResultOf(door.sayGoodbye("bye")), None)

    def test_place(self) -> None:
        """The door says where operators are served by the path alone."""
        endpoint: Any = FakeEndpoint([], None, UNIXAddress("/run/chat-admin"))
        door = AdminDoor(self.gate, [Listener(endpoint, "--admin /run/chat-admin")])
        door.bind()
        self.assertEqual(door.describe(), ["Operators are served on /run/chat-admin"])

    def test_always(self) -> None:
        """A full server lets the operator in, and does not wait for their name."""
        self.gate.change(Limits(maxConnections=0, maxPerAddress=1), ())
        self.gate.connections = 1000
        self.start()
        peers = [self.enter(name) for name in ("Ann", "Bob")]
        self.pass_(100)
        for peer in peers:
            peer.asks("status")
            self.assertEqual(peer.objects[0]["type"], "status")


class ToyDoorTests(DoorContract):
    """
    Tests for a door that is not ours.
    """

    def makeDoor(self, gate: Gate, listeners: Sequence[Listener]) -> ToyDoor:
        """See L{DoorContract.makeDoor}."""
        return ToyDoor(gate, listeners)

    def enter(self, name: str) -> Peer:
        """See L{DoorContract.enter}."""
        return Peer(self.door, name)

    def test_refused(self) -> None:
        """A refused name is answered in the door's own words, and another one is taken."""
        peer = Peer(self.door, "two words")
        peer.types("three more words", "Ann", "Hello!")
        self.assertRegex(peer.lines[0], "^- ")
        self.assertEqual(peer.lines[1:], ["+"])

    def test_limits(self) -> None:
        """The door has the rate, the line length and the timeouts of all doors by default."""
        peer, other = Peer(self.door, "Ann"), Peer(self.door)
        peer.types(*["hi"] * 60)
        self.assertEqual(len(peer.lines), 50)
        peer.sends(b"x" * 5000 + b"\n")
        self.pass_(2)
        self.assertEqual(peer.lines.count("+"), 60)
        self.assertRegex(peer.lines[-1], "^- this line is longer than 4096 bytes")
        self.pass_(30)
        self.assertEqual(other.lines, ["- no name came in 30 seconds: connect again"])
        self.assertTrue(other.isClosed)

    def test_ends(self) -> None:
        """A client that closes its side is answered and let go; one that is lost frees its name."""
        first, second = self.enter("Ann"), self.enter("Bob")
        first.types("Hello!")
        first.protocol.readConnectionLost()
        self.assertIn("+", first.lines)
        self.assertTrue(first.isClosed)
        second.drops()
        self.assertEqual(self.hub.users, {})


class TwoDoorsTests(TimedTestCase):
    """
    Tests for two doors that lead to one chat.
    """

    limits = Limits(maxPerAddress=2, rate=0, maxAllQueues=100 * KIB)

    def setUp(self) -> None:
        super().setUp()
        gate = Gate(self.hub, self.limits, self.clock)
        self.lines, self.toy = ChatFactory(gate=gate), ToyDoor(gate)

    def test_conversation(self) -> None:
        """Users of two doors talk to each other, each in the words of their own door."""
        ann, bob = Peer(self.lines, "Ann"), Peer(self.toy, "Bob")
        ann.forget()
        ann.types("Hello!")
        bob.types("Hi!")
        self.assertEqual(ann.lines, ["OK . .", "Bob :: Hi!"])
        self.assertEqual(bob.lines, ["Ann> Hello!", "+"])
        taken = Peer(self.lines)
        self.assertEqual(list(self.lines.users), ["Ann", "Bob"])
        self.assertRegex(taken.lines[0], "^! .*address")

    def test_oneAdmissionControl(self) -> None:
        """An address that has its connections at one door gets none at the other."""
        Peer(self.lines), Peer(self.lines)
        refused = Peer(self.toy)
        self.assertRegex(refused.lines[0], "^- your address has all the connections")
        self.assertTrue(refused.isClosed)
        self.assertEqual(Peer(self.toy, host="192.0.2.8").lines, [])

    def test_oneBudget(self) -> None:
        """The largest queue is cut at either door when too much waits behind both together."""
        talker = Peer(self.toy, "Talker")
        large = Peer(self.lines, "Ann", host="192.0.2.8")
        large.stopsReading()
        talker.types(*["x" * 4000] * 15)
        small = Peer(self.toy, "Bob", host="192.0.2.8")
        small.stopsReading()
        talker.types(*["x" * 4000] * 7)
        self.assertTrue(large.isAborted)
        self.assertFalse(small.isAborted)

    def test_oneEnd(self) -> None:
        """Each door ends its own peers' connections, and no timer is left after the last."""
        ann, bob = Peer(self.lines, "Ann"), Peer(self.toy, "Bob")
        gone = self.lines.sayGoodbye("bye")
        self.assertEqual((ann.isClosed, bob.isClosed), (True, False))
        ann.drops()
        self.assertIs(self.successResultOf(gone), None)
        second = self.toy.sayGoodbye("bye")
        bob.drops()
        self.assertIs(self.successResultOf(second), None)
        self.assertEqual(self.clock.getDelayedCalls(), [])


del DoorContract
