"""
Tests for L{twisted_chat.doors.lines.protocol}: what is made of the bytes of a client.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.doors.lines.support import ANY_RATE, CONNECTED, PROMPT, RECEIPT, TOO_LONG
from tests.support.helpers import makeHub, makeTurnHub
from tests.support.peers import Peer, TimedTestCase
from twisted_chat.chat.interfaces import IClient
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.net.limits import Limits
from twisted_chat.wire.framing import MAX_FLOOD

CHUNKS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"hello\n",
                b"\n",
                b"\r\n",
                b"\r",
                b"\x00\n",
                b"/names\n",
                b"/quit",
                b"/nick Bob\n",
                b"/me waves\n",
                b"\xff\xfe\n",
                b'{"type":"say","text":"x"}\n',
                b"{",
                b"/",
                "\u202e\u200b\n".encode(),
            ]
        ),
        st.binary(max_size=30),
        st.just(b"x" * 5000),
    ),
    max_size=25,
)
"""What a stranger may send, cut anywhere."""

PLAIN = st.text(st.characters(codec="ascii", categories=["L", "N", "Zs", "P"]), max_size=40)


class ConnectionTests(SynchronousTestCase):
    """
    A connection, as others see it.
    """

    def test_interfaces(self) -> None:
        """A connection is what the hub calls a client, and may end in one direction only."""
        peer = Peer(ChatFactory())
        verifyObject(IClient, peer.protocol)
        verifyObject(IHalfCloseableProtocol, peer.protocol)

    def test_sendLine(self) -> None:
        """The protocol's C{sendLine} goes the same way as everything else."""
        peer = Peer(ChatFactory(), "Ann")
        peer.stopsReading()
        peer.protocol.put(b"one\r\n")
        peer.protocol.sendLine(b"two")
        self.assertEqual(peer.lines, [])
        peer.readsAgain()
        self.assertEqual(peer.lines, ["one", "two"])


class InputTests(TimedTestCase):
    """
    Hostile bytes.
    """

    def test_tooLongLine(self) -> None:
        """A line over 4096 bytes is answered once, and the connection lives."""
        peer = Peer(self.factory, "Ann")
        peer.sends(b"x" * 4096 + b"\r\n" + b"x" * 4097 + b"\nhi\n")
        self.assertEqual(peer.lines, [RECEIPT, TOO_LONG, RECEIPT])

    def test_tooLongInPieces(self) -> None:
        """A line that is far too long is answered once, however it comes."""
        peer = Peer(self.factory, "Ann")
        for _ in range(60):
            peer.sends(b"x" * 1000)
        peer.sends(b"\nhi\n")
        self.assertEqual(peer.lines, [TOO_LONG, RECEIPT])

    def test_flooded(self) -> None:
        """Endless bytes without a line end are answered twice and end the connection."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.forget()
        peer.sends(b"hi\n" + b"x" * (MAX_FLOOD // 2))
        peer.sends(b"x" * MAX_FLOOD)
        self.assertEqual(peer.lines[:2], [RECEIPT, TOO_LONG])
        self.assertEqual(len([line for line in peer.lines if line[:1] == "!"]), 2)
        self.assertEqual(peer.lines[-1], "* Goodbye")
        self.assertTrue(peer.isClosed)
        self.assertNotIn("Ann", self.factory.users)
        peer.sends(b"\nmore\n")
        self.assertEqual(other.lines, ["Ann :: hi", "* Ann has left"])

    def test_floodedNameless(self) -> None:
        """A stranger's flood ends the same way."""
        peer = Peer(self.factory)
        peer.sends(b"x" * (2 * MAX_FLOOD))
        self.assertEqual(peer.lines[:2], [PROMPT, TOO_LONG])
        self.assertEqual(len(peer.lines), 3)
        self.assertTrue(peer.isClosed)

    def test_strangers(self) -> None:
        """
        A client of another protocol is told so in one line and closed, however its bytes are cut.
        """
        for first in (
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /x HTTP/1.1\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"SSH-2.0-OpenSSH_9.9\r\n",
            b"CAP LS 302\r\n",
            b"NICK ann\r\nUSER ann 0 * :Ann\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        ):
            for chunks in ([first], [first[:5], first[5:]]):
                peer = Peer(self.factory)
                for chunk in chunks:
                    peer.sends(chunk)
                self.assertEqual(len(peer.lines), 2, (first, peer.lines))
                self.assertRegex(peer.lines[1], "^! this (is a chat of|port)")
                self.assertTrue(peer.isClosed)
                peer.drops()
        self.assertEqual(self.factory.users, {})

    def test_laterItIsText(self) -> None:
        """A user who is logged in may talk about web requests."""
        peer = Peer(self.factory, "Ann")
        peer.types("GET / HTTP/1.1")
        self.assertEqual(peer.lines, [RECEIPT])

    def test_hostileText(self) -> None:
        """
        A character that no message may hold is refused with a sentence, and the next line is taken.
        """
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        hostile = [
            b"a\x00b",
            b"\xc3\x28",
            b"\xed\xa0\x80",
            b"a\rb",
            b"a\r\r",
            b"\x1b[2J",
            b"\x07",
            b"\x7f",
            "\x9b31m".encode(),
            "\u2028".encode(),
        ]
        for raw in hostile:
            peer.forget()
            peer.sends(raw + b"\nhi\n")
            self.assertEqual(len(peer.lines), 2, raw)
            self.assertRegex(peer.lines[0], "^! ")
            self.assertEqual(peer.lines[1], RECEIPT)
        self.assertEqual(set(other.lines), {"Ann :: hi"})

    def test_deceivingText(self) -> None:
        """A character that deceives the eye is not shown to anybody."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.types("a\u202eb\u2066c", "e" + "\u0301" * 500)
        self.assertEqual(other.lines, ["Ann :: abc", "Ann :: e" + "\u0301" * 4])

    def test_nothingLeft(self) -> None:
        """A message without a visible character is refused."""
        peer = Peer(self.factory, "Ann")
        peer.types("\u202e\u2066")
        self.assertRegex(peer.lines[0], "^! there is nothing left")

    def test_lineEnds(self) -> None:
        """LF and CR LF end lines; empty lines are ignored without an answer."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.forget()
        peer.sends(b"a\r\nb\n\r\n\n\nc\r")
        peer.sends(b"\n")
        self.assertEqual(peer.lines, [RECEIPT] * 3)
        self.assertEqual(other.lines, ["Ann :: a", "Ann :: b", "Ann :: c"])

    def test_millionLineEnds(self) -> None:
        """A million bare line ends are one line a chunk, without a rate and with one."""
        for limits in (ANY_RATE, Limits()):
            factory = ChatFactory(makeHub(), Clock(), limits)
            peer = Peer(factory, "Ann")
            before = factory.counters.lines
            for _ in range(16):
                peer.sends(b"\n" * MAX_FLOOD)
            self.assertEqual(factory.counters.lines - before, 16)
            self.assertEqual(peer.transport.value().count(b"OK"), 0)

    def test_nothingAfterQuit(self) -> None:
        """A line after C{/quit} is not said, even if the log is slow."""
        hub, turn = makeTurnHub()
        factory = ChatFactory(hub, self.clock)
        peer, other = Peer(factory), Peer(factory)
        peer.types("Ann")
        other.types("Bob")
        turn.end()
        other.forget()
        peer.types("one", "/quit", "two")
        peer.types("three")
        turn.end()
        self.assertEqual(other.lines, ["Ann :: one", "* Ann has left"])
        self.assertEqual(peer.lines[-2:], [RECEIPT, "* Goodbye"])
        self.assertTrue(peer.isClosed)

    @settings(deadline=None, derandomize=True, max_examples=100)
    @given(CHUNKS)
    def test_anything(self, chunks: list[bytes]) -> None:
        """A stranger gets whole lines in answer to any bytes, and nobody else is disturbed."""
        factory = ChatFactory(makeHub())
        other = Peer(factory, "Other")
        for name in ("", "Ann"):
            peer = Peer(factory, name)
            for chunk in chunks:
                peer.sends(chunk)
            for line in peer.lines:
                known = line.startswith(("! ", "* ", "{", "Other :: ", PROMPT, CONNECTED, RECEIPT))
                self.assertTrue(known, line)
            peer.drops()
        self.assertEqual(list(factory.users), ["Other"])
        other.forget()
        other.types("still here")
        self.assertEqual(other.lines, [RECEIPT])
        self.assertEqual(self.flushLoggedErrors(), [])

    @settings(deadline=None, derandomize=True, max_examples=60)
    @given(st.lists(PLAIN, max_size=20), st.integers(1, 50))
    def test_oneAnswerEach(self, texts: list[str], size: int) -> None:
        """Every line that is not empty is answered exactly once, however the stream is cut."""
        peer = Peer(ChatFactory(makeHub()), "Ann")
        stream = "".join(f"x{text}\n\n" for text in texts).encode()
        for place in range(0, len(stream), size):
            peer.sends(stream[place : place + size])
        self.assertEqual(len(peer.lines), len(texts))
