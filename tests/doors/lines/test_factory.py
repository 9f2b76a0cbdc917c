"""
Tests for L{twisted_chat.doors.lines.factory}.
"""

from __future__ import annotations

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.doors.lines.support import CONNECTED, PROMPT, RECEIPT
from tests.support.helpers import makeTurnHub
from tests.support.peers import Peer, TimedTestCase
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.net.limits import SPARE_DESCRIPTORS, Limits


class DefaultsTests(SynchronousTestCase):
    """
    L{ChatFactory} without arguments, which is a complete chat.
    """

    def test_threeLines(self) -> None:
        """A factory, a protocol and a transport are enough to talk."""
        protocol = ChatFactory().buildProtocol(None)
        transport = StringTransport()
        assert protocol is not None
        protocol.makeConnection(transport)
        protocol.dataReceived(b"Ann\nHello!\n")
        lines = transport.value().decode().split("\r\n")
        self.assertEqual(lines, [PROMPT, CONNECTED, RECEIPT, ""])

    def test_users(self) -> None:
        """The factory's dictionary of users is the hub's, by name."""
        factory = ChatFactory()
        self.assertIs(factory.users, factory.hub.users)
        peer = Peer(factory, "Ann")
        self.assertEqual(list(factory.users), ["Ann"])
        peer.drops()
        self.assertEqual(factory.users, {})

    def test_noTimes(self) -> None:
        """Nothing is timed and nobody is slowed down without a clock."""
        peer = Peer(ChatFactory(), "Ann")
        peer.types(*["hi"] * 1000)
        self.assertEqual(peer.lines, [RECEIPT] * 1000)

    def test_conversation(self) -> None:
        """Two users converse as the exercise shows, line for line."""
        factory = ChatFactory()
        stanislav, alexei = Peer(factory), Peer(factory)
        stanislav.types("Stanislav", "Hello!")
        alexei.types("Alexei", "Hi!")
        self.assertEqual(
            stanislav.lines,
            [PROMPT, CONNECTED, RECEIPT, "* Alexei is now connected", "Alexei :: Hi!"],
        )
        self.assertEqual(alexei.lines[:2], [PROMPT, CONNECTED])
        self.assertRegex(alexei.lines[2], r"^\* \d\d:\d\d Stanislav :: Hello!$")
        self.assertEqual(alexei.lines[3:], [RECEIPT])


class DoorTests(TimedTestCase):
    """
    The connections that are admitted.
    """

    limits = Limits(maxPerAddress=2, newPerMinute=3, maxSilent=4)

    def refusal(self, peer: Peer) -> str:
        """
        The one line that a refused peer got.
        """
        (line,) = peer.lines
        self.assertTrue(peer.isClosed)
        return line

    def test_perAddress(self) -> None:
        """The third connection of an address is refused with a sentence, until one is closed."""
        first, _ = Peer(self.factory), Peer(self.factory)
        refusal = self.refusal(Peer(self.factory))
        self.assertRegex(refusal, "^! .*address.*: close one first$")
        self.assertEqual(Peer(self.factory, host="192.0.2.8").lines, [PROMPT])
        first.drops()
        self.assertEqual(Peer(self.factory).lines, [PROMPT])

    def test_newPerMinute(self) -> None:
        """An address that connects too often is refused for the rest of the minute."""
        for _ in range(3):
            Peer(self.factory).drops()
        self.assertRegex(self.refusal(Peer(self.factory)), "^! .*too often")
        self.pass_(60)
        self.assertEqual(Peer(self.factory).lines, [PROMPT])

    def test_loopback(self) -> None:
        """This machine may connect as often as it likes."""
        for port in range(4):
            peer = Peer(self.factory, host="127.0.0.1", port=port + 1)
            self.assertEqual(peer.lines, [PROMPT])

    def test_silent(self) -> None:
        """Each newcomer replaces a silent connection once there are many; each login makes room."""
        peers = [Peer(self.factory, host=f"192.0.2.{number}") for number in range(4)]
        self.pass_(1)
        peers[1].types("Ann")
        self.assertEqual(Peer(self.factory, host="192.0.2.9").lines, [PROMPT])
        self.pass_(1)
        self.assertEqual(Peer(self.factory, host="192.0.2.10").lines, [PROMPT])
        self.assertEqual([peer.isClosed for peer in peers], [True, False, False, False])
        self.assertRegex(peers[0].lines[-1], "^! no name came, and many others")
        self.assertRegex(self.logged[-1], "^closed 192.0.2.0:51234: no name came")

    def test_full(self) -> None:
        """A full server says so."""
        factory = ChatFactory(self.hub, self.clock, Limits(maxConnections=1))
        Peer(factory, "Ann")
        self.assertRegex(self.refusal(Peer(factory)), "^! the server is full: try again later")

    def test_crowdAtAFullDoor(self) -> None:
        """A crowd that is being turned away gets no protocol at all beyond a bound."""
        factory = ChatFactory(self.hub, self.clock, Limits(maxConnections=1))
        for _ in range(1 + SPARE_DESCRIPTORS // 2):
            Peer(factory)
        self.assertIs(factory.buildProtocol(None), None)

    def test_refusedIsDeaf(self) -> None:
        """Bytes of a refused peer are thrown away, and its end changes nobody's count."""
        Peer(self.factory), Peer(self.factory)
        refused = Peer(self.factory)
        refused.types("Ann", "hello")
        refused.drops()
        self.assertEqual(len(refused.lines), 1)
        self.assertEqual(self.factory.users, {})
        self.refusal(Peer(self.factory))

    def test_refusedIsCut(self) -> None:
        """A client that stays after the refusal is cut."""
        Peer(self.factory), Peer(self.factory)
        refused = Peer(self.factory)
        self.pass_(5.6)
        self.assertTrue(refused.isAborted)

    def test_quietLog(self) -> None:
        """A storm of refusals writes one line a second."""
        Peer(self.factory), Peer(self.factory)
        for _ in range(100):
            Peer(self.factory).drops()
        self.assertEqual(len([line for line in self.logged if "refused" in line]), 1)


class GoodbyeTests(TimedTestCase):
    """
    The end of a server.
    """

    def test_goodbye(self) -> None:
        """All users are told of the end, and the door knows when the last one is gone."""
        ann, stranger, program = Peer(self.factory, "Ann"), Peer(self.factory), Peer(self.factory)
        program.asks("hello", name="Bot")
        gone = self.factory.sayGoodbye("server is going down")
        self.assertEqual(ann.lines[-1], "* server is going down")
        self.assertEqual(stranger.lines[-1], "* server is going down")
        self.assertEqual(program.objects[-1], {"type": "bye", "text": "server is going down"})
        for peer in (ann, stranger, program):
            self.assertTrue(peer.isClosed)
            self.assertNoResult(gone)
            peer.drops()
        self.assertIs(self.successResultOf(gone), None)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_goodbyeToNobody(self) -> None:
        """The end comes at once if nobody is here."""
        self.assertIs(self.successResultOf(self.factory.sayGoodbye("bye")), None)

    def test_goodbyeToTheDeaf(self) -> None:
        """A client that stays is cut, so the end comes all the same."""
        peer = Peer(self.factory, "Ann")
        peer.transport.abortConnection = peer.drops
        gone = self.factory.sayGoodbye("bye")
        self.pass_(4.9)
        self.assertNoResult(gone)
        self.pass_(0.7)
        self.assertIs(self.successResultOf(gone), None)

    def test_stopReading(self) -> None:
        """Lines that were taken before the reading stops are answered, and no others are taken."""
        hub, turn = makeTurnHub()
        factory = ChatFactory(hub, self.clock)
        peer, stranger = Peer(factory, "Ann"), Peer(factory)
        turn.end()
        peer.forget()
        peer.types(*["hi"] * 60)
        factory.stopReading()
        peer.types("more")
        stranger.types("Bob")
        for _ in range(20):
            turn.end()
            self.pass_(0.1)
        self.assertEqual(peer.lines.count(RECEIPT), 50)
        self.assertFalse(peer.isReadFrom)
        self.assertEqual(list(hub.users), ["Ann"])
