"""
Tests for L{twisted_chat.doors.stream}; what every door does is in L{tests.contracts.door}.
"""

from __future__ import annotations

from twisted.internet.interfaces import ISSLTransport
from zope.interface import directlyProvides

from tests.support.peers import Peer, TimedTestCase
from tests.support.toydoor import ToyDoor, ToyProtocol
from twisted_chat.doors.gate import Gate
from twisted_chat.net.limits import SPARE_DESCRIPTORS, Limits


class StreamDoorTests(TimedTestCase):
    """
    Tests for L{StreamDoor} and L{StreamClient}.
    """

    limits = Limits(maxConnections=1)

    def setUp(self) -> None:
        super().setUp()
        self.gate = Gate(self.hub, self.limits, self.clock)
        self.door = ToyDoor(self.gate)

    def test_connections(self) -> None:
        """A door knows its own connections, refused ones included, until they are lost."""
        first, refused = Peer(self.door), Peer(self.door)
        self.assertEqual(list(self.door.connections), [first.protocol, refused.protocol])
        self.assertEqual(self.gate.connections, 2)
        first.drops()
        refused.drops()
        self.assertEqual((self.door.connections, self.gate.connections), ({}, 0))

    def test_overrun(self) -> None:
        """A crowd that is being refused gets no protocol at all beyond a bound, at any door."""
        other = ToyDoor(self.gate)
        for _ in range(1 + SPARE_DESCRIPTORS // 2):
            Peer(self.door)
        self.assertIs(other.buildProtocol(None), None)
        self.assertRegex(self.logged[-1], "^refused a connection: .* a crowd is at the door")

    def test_trusted(self) -> None:
        """A connection tells the chat whether there are no limits per address for it."""
        for host, isTrusted in (("127.0.0.1", True), ("192.0.2.7", False)):
            peer = Peer(ToyDoor(Gate(self.hub)), host=host)
            self.assertEqual(peer.protocol.isTrusted, isTrusted)

    def test_exposed(self) -> None:
        """
        A connection tells the chat whether others can read it: not if it is encrypted, of this
        machine, or comes through a proxy, which may have decrypted it.
        """
        for host, isExposed in (
            ("192.0.2.7", True),
            ("2001:db8::1", True),
            ("127.0.0.1", False),
            ("::1", False),
            ("::ffff:127.0.0.1", False),
        ):
            peer = Peer(ToyDoor(Gate(self.hub)), host=host)
            self.assertIs(peer.protocol.isExposed, isExposed, host)
        peer = Peer(ToyDoor(Gate(self.hub)))
        peer.protocol.host = "198.51.100.1"
        self.assertFalse(peer.protocol.isExposed)
        peer = Peer(ToyDoor(Gate(self.hub)))
        directlyProvides(peer.transport, ISSLTransport)
        self.assertFalse(peer.protocol.isExposed)

    def test_admitted(self) -> None:
        """A door that speaks first does so once the connection is admitted."""

        class SpeakingProtocol(ToyProtocol):
            """Greets."""

            def admitted(self) -> None:
                """See L{StreamClient.admitted}."""
                self.put(b"hello\r\n")

        self.door.protocol = SpeakingProtocol
        peer = Peer(self.door)
        self.assertEqual(peer.lines, ["hello"])
        peer.types("Ann")
        self.assertRegex(Peer(self.door).lines[0], "^- the server is full")
