"""
Tests for L{twisted_chat.doors.lines.protocol}: how a connection ends.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tests.doors.lines.support import ANY_RATE, CONNECTED, PROMPT, RECEIPT, SlowHistoryLog
from tests.support.helpers import makeHub, makeTurnHub
from tests.support.peers import Peer, TimedTestCase
from tests.support.transports import SocketTransport
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.doors.lines.protocol import ChatProtocol
from twisted_chat.net.limits import KIB


class EndTests(TimedTestCase):
    """
    The end of a connection.
    """

    def test_quit(self) -> None:
        """C{/quit} is answered after all lines before it, and then the connection is closed."""
        peer = Peer(self.factory, "Ann")
        peer.types("one", "/quit")
        self.assertEqual(peer.lines, [RECEIPT, "* Goodbye"])
        self.assertTrue(peer.isClosed)

    def test_cut(self) -> None:
        """A client that does not read its goodbye in 5 seconds is cut."""
        peer = Peer(self.factory, "Ann")
        peer.types("/quit")
        self.pass_(4.9)
        self.assertFalse(peer.isAborted)
        self.pass_(0.7)
        self.assertTrue(peer.isAborted)

    def test_notCutWhenGone(self) -> None:
        """A client that goes in time leaves no timer behind."""
        peer = Peer(self.factory, "Ann")
        peer.types("/quit")
        peer.drops()
        self.pass_(1)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertFalse(peer.isAborted)

    def test_byeWhileBlocked(self) -> None:
        """A client that does not read is cut 5 seconds after its goodbye, whatever it sends."""
        peer = Peer(self.factory, "Ann")
        peer.stopsReading()
        peer.protocol.close(b"* bye\r\n")
        self.assertTrue(peer.isReadFrom)
        self.pass_(3)
        peer.types("more")
        self.pass_(2.6)
        self.assertTrue(peer.isAborted)

    def test_byeWhileHeld(self) -> None:
        """A corked answer comes before the goodbye, but is not waited for without end."""
        first, second = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        first.forget()
        corks = []
        for peer in (first, second):
            cork = peer.protocol.cork()
            corks.append(cork)
            peer.types("/quit")
        self.assertEqual((first.lines, first.isClosed), ([], False))
        corks[0].release(b"* first\r\n")
        self.assertEqual(first.lines, ["* first", "* Goodbye"])
        self.assertTrue(first.isClosed)
        second.forget()
        self.pass_(5.6)
        self.assertEqual(second.lines, [])
        self.assertTrue(second.isAborted)

    def test_drop(self) -> None:
        """Lines that are kept back can be thrown away, and later lines are sent."""
        peer = Peer(self.factory, "Ann")
        cork = peer.protocol.cork()
        peer.types("hi")
        cork.discard()
        peer.types("hello")
        self.assertEqual(peer.lines, [RECEIPT])

    def test_halfClosed(self) -> None:
        """A client that closes its side is answered everything, and then let go."""
        hub, turn = makeTurnHub()
        peer = Peer(ChatFactory(hub, self.clock))
        peer.types("Ann", "hello")
        peer.protocol.readConnectionLost()
        self.assertNotIn("Ann", hub.users)
        turn.end()
        self.assertEqual(peer.lines, [PROMPT, CONNECTED, RECEIPT, "* Goodbye"])
        self.assertTrue(peer.isClosed)

    def test_halfClosedWhileAnswering(self) -> None:
        """A question that is under way is answered before the goodbye."""
        log = SlowHistoryLog()
        peer = Peer(ChatFactory(makeHub(log, backlog=0), self.clock), "Ann")
        peer.types("/history")
        peer.protocol.readConnectionLost()
        self.assertEqual((peer.lines, peer.isClosed), ([], False))
        log.asked[0].callback([])
        self.assertEqual(peer.lines, ["* Nothing found", "* Goodbye"])
        self.assertTrue(peer.isClosed)

    def test_halfClosedWhileLoggingIn(self) -> None:
        """A name that the log has not taken yet is welcomed before the goodbye."""
        hub, turn = makeTurnHub()
        peer, other = Peer(ChatFactory(hub, self.clock), "Ann"), Peer(ChatFactory(hub), "Bob")
        turn.end()
        for each in (peer, other):
            each.forget()
        late = Peer(ChatFactory(hub, self.clock))
        late.types("Cid")
        late.protocol.readConnectionLost()
        self.assertFalse(late.isClosed)
        turn.end()
        self.assertEqual(late.lines, [PROMPT, CONNECTED, "* Goodbye"])
        self.assertTrue(late.isClosed)
        late.drops()
        turn.end()
        self.assertEqual(other.lines, ["* Cid is now connected", "* Cid has left"])

    def test_halfClosedWithMuchWaiting(self) -> None:
        """A user who sends an hour's worth of lines and closes is gone after a minute."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.sends(b"x\n" * 32_768)
        peer.protocol.readConnectionLost()
        self.pass_(60.6)
        self.assertEqual(list(self.factory.users), ["Bob"])
        self.assertIn(other.lines.count("Ann :: x"), range(645, 656))
        self.assertRegex(peer.lines[-2], "^. [0-9]+ lines still waited 60 seconds after your last")
        self.assertEqual(peer.lines[-1], "* Goodbye")
        self.assertTrue(peer.isClosed)

    def test_lostWithMuchWaiting(self) -> None:
        """A user whose connection is lost is gone at once, and their waiting lines are not said."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.sends(b"x\n" * 32_768)
        peer.drops()
        self.assertEqual(list(self.factory.users), ["Bob"])
        self.pass_(2)
        self.assertEqual(other.lines, ["Ann :: x"] * 50 + ["* Ann has left"])
        self.assertEqual(self.factory.gate.budget.total, 0)

    def test_halfClosedNameless(self) -> None:
        """A stranger who sends no more is let go."""
        peer = Peer(self.factory)
        peer.protocol.readConnectionLost()
        self.assertTrue(peer.isClosed)

    def test_takenOver(self) -> None:
        """A connection whose session goes on elsewhere is told so, and closed."""
        first, second = Peer(self.factory), Peer(self.factory)
        first.asks("hello", name="Ann")
        token = first.objects[0]["token"]
        second.asks("hello", name="Ann", token=token, last=0, epoch=self.hub.log.epoch)
        self.assertEqual(first.objects[-1]["type"], "bye")
        self.assertTrue(first.isClosed)
        first.drops()
        self.assertEqual(list(self.factory.users), ["Ann"])
        second.asks("say", text="hi")
        self.assertEqual(second.objects[-1]["type"], "ok")

    def test_waitingPageIsDropped(self) -> None:
        """A connection may be lost while it is being told what it missed."""
        first = Peer(self.factory)
        first.asks("hello", name="Ann")
        token = first.objects[0]["token"]
        other = Peer(ChatFactory(self.hub, None, ANY_RATE), "Bob")
        other.types(*["x" * 1000] * 800)
        second = Peer(self.factory)
        second.stopsReading()
        second.asks("hello", name="Ann", token=token, last=0, epoch=self.hub.log.epoch)
        other.types("live")
        self.assertFalse(second.isAborted)
        second.drops()
        self.assertEqual(list(self.factory.users), ["Bob"])
        self.assertEqual(self.factory.gate.budget.total, 0)


class LingeringTests(TimedTestCase):
    """
    The end of a connection over a real socket, which loses nothing that was sent.
    """

    def setUp(self) -> None:
        super().setUp()
        self.transport = SocketTransport()
        self.addCleanup(self.transport.close)
        protocol = self.factory.buildProtocol(None)
        assert isinstance(protocol, ChatProtocol)
        self.protocol: ChatProtocol = protocol
        self.protocol.makeConnection(self.transport)
        self.protocol.dataReceived(b"Ann\n")

    def test_trickling(self) -> None:
        """A client that reads a little, though the kernel asks for nothing yet, is not stalled."""
        self.protocol.put(b"x" * 900 * KIB)
        self.pass_(20)
        self.transport.peer.recv(100 * KIB)
        self.pass_(20)
        self.assertEqual(self.transport.ends, [])
        self.pass_(30)
        self.assertEqual(self.transport.ends, ["abort"])

    def test_closedWhenArrived(self) -> None:
        """Only this direction is closed at first, and the rest when everything has arrived."""
        self.protocol.dataReceived(b"/quit\n")
        self.pass_(1)
        self.assertEqual(self.transport.ends, ["half-close"])
        self.assertTrue(self.transport.reading)
        self.transport.pump()
        self.pass_(0.6)
        self.assertEqual(self.transport.ends, ["half-close", "close"])

    def test_readOn(self) -> None:
        """Bytes that still come at the end are read and thrown away, also from a blocked client."""
        self.protocol.put(b"x" * 1023 + b"\n")
        self.factory.stopReading()
        self.assertFalse(self.transport.reading)
        gone: Deferred[None] = self.factory.sayGoodbye("bye")
        self.assertTrue(self.transport.reading)
        self.protocol.dataReceived(b"more\n")
        self.transport.pump()
        self.assertTrue(self.transport.received.endswith(b"* bye\r\n"))
        self.assertNoResult(gone)

    def test_closedWhenPeerCloses(self) -> None:
        """The last lines have arrived when the peer closes after them."""
        self.protocol.dataReceived(b"/quit\n")
        self.protocol.writeConnectionLost()
        self.protocol.readConnectionLost()
        self.assertEqual(self.transport.ends, ["half-close", "close"])

    def test_closedAtOnceAfterHalfClose(self) -> None:
        """A client that has closed its side has sent nothing that could be left unread."""
        self.protocol.readConnectionLost()
        self.assertEqual(self.transport.ends, ["half-close", "close"])

    def test_cut(self) -> None:
        """A client that reads nothing is cut in the end."""
        self.protocol.dataReceived(b"/quit\n")
        self.pass_(5.6)
        self.assertEqual(self.transport.ends, ["half-close", "abort"])
