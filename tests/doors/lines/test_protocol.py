"""
Tests for L{twisted_chat.doors.lines.protocol}.
"""

from __future__ import annotations

import dataclasses
import time

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.support.helpers import makeHub, makeTurnHub
from tests.support.peers import Peer, TimedTestCase
from tests.support.transports import SocketTransport
from twisted_chat.chat.interfaces import IClient
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.doors.lines.protocol import ChatProtocol
from twisted_chat.net.limits import KIB, MIB, Limits
from twisted_chat.net.receiving import CHECKED_LINES, WINDOW
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import Event, Place
from twisted_chat.wire.framing import MAX_FLOOD

PROMPT = "Enter your name to enter the chat >"
CONNECTED = "Connected... Start sending messages"
RECEIPT = "OK . ."
TOO_LONG = "! this line is longer than 4096 bytes, and nothing was sent: shorten it"

ANY_RATE = Limits(rate=0)

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
    What a connection is to others.
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


class LoginTests(TimedTestCase):
    """
    From the connection to the name.
    """

    def test_refusedName(self) -> None:
        """A refused name is answered by why and by the question again, and the next is taken."""
        peer = Peer(self.factory)
        peer.types("two words")
        self.assertRegex(peer.lines[1], "^! ")
        self.assertEqual([peer.lines[0], peer.lines[2]], [PROMPT, PROMPT])
        peer.types("Ann")
        self.assertEqual(peer.lines[3:], [CONNECTED])

    def test_takenName(self) -> None:
        """A name that looks like one of somebody who is here is refused."""
        Peer(self.factory, "Ann")
        peer = Peer(self.factory)
        peer.types("ann", "Ben")
        self.assertRegex(peer.lines[1], "^! the name ann looks like Ann")
        self.assertEqual(peer.lines[-1], CONNECTED)

    def test_emptyLines(self) -> None:
        """Empty lines that come with the name are no names, and not answered."""
        peer = Peer(self.factory)
        peer.types("", "", "Ann")
        self.assertEqual(peer.lines, [PROMPT, CONNECTED])

    def test_enterAlone(self) -> None:
        """Enter alone, or blanks, at the prompt are answered by the prompt: nothing hangs."""
        for chunk in (b"\n", b"\r\n", b"\r", b" \t \n", b"\xef\xbb\xbf\n", b"\n" * 60_000):
            peer = Peer(self.factory)
            peer.sends(chunk)
            self.assertEqual(peer.lines, [PROMPT, PROMPT], chunk[:9])
            peer.types("Ann")
            self.assertEqual(peer.lines[2:], [CONNECTED])
            peer.forget()
            peer.sends(b"\n")
            self.assertEqual(peer.lines, [])
            peer.drops()

    def test_enterHeldDown(self) -> None:
        """Who sends line ends on and on is answered no more often than their rate allows."""
        peer = Peer(self.factory)
        for _ in range(1000):
            peer.sends(b"\n")
        self.assertEqual(peer.lines, [PROMPT] * (1 + Limits.burst))

    def test_returnEndsLines(self) -> None:
        """A client that ends lines by CR alone is understood at once."""
        peer, other = Peer(self.factory), Peer(self.factory, "Bob")
        peer.sends(b"Ann\r")
        self.assertEqual(peer.lines, [PROMPT, CONNECTED])
        peer.sends(b"Hello!\rHow are you?\r")
        self.assertEqual(other.lines[1:], ["Ann :: Hello!", "Ann :: How are you?"])

    def test_mark(self) -> None:
        """A mark before UTF-8, and blanks before an object, are no part of the first line."""
        mark = b"\xef\xbb\xbf"
        for before in (mark, b" ", b"\t", mark + b"  ", b"\r\n" + mark):
            peer = Peer(self.factory)
            peer.sends(before + b'{"type":"hello","name":"Ann"}\n')
            self.assertEqual(peer.lines[0], PROMPT)
            self.assertIn('"type":"welcome"', peer.lines[1], before)
            peer.asks("ping")
            self.assertIn('"type":"pong"', peer.lines[-1])
            peer.asks("bye")
            peer.drops()
        peer = Peer(self.factory)
        peer.sends(mark + b"Ben\nhi\n")
        self.assertEqual(peer.lines, [PROMPT, CONNECTED, RECEIPT])
        self.assertEqual(peer.protocol.user.name, "Ben")

    def test_telnet(self) -> None:
        """A telnet client is understood: its options are refused, and Ctrl-C costs no line."""
        peer = Peer(self.factory)
        peer.forget()
        peer.sends(b"\xff\xfd\x03\xff\xfb\x18")
        self.assertEqual(peer.transport.value(), b"\xff\xfc\x03\xff\xfe\x18")
        peer.forget()
        peer.sends(b"Ann\r\n")
        self.assertEqual(peer.lines, [CONNECTED])
        peer.forget()
        peer.sends(b"\xff\xf4\xff\xfd\x06")
        self.assertEqual(peer.transport.value(), b"\xff\xfb\x06")
        peer.forget()
        peer.sends(b"hello\r\0there\r\n")
        self.assertEqual(peer.lines, [RECEIPT, RECEIPT])

    def test_noReceipts(self) -> None:
        """Nobody has a name whose lines could be taken for the server's answers."""
        for name in ("OK", "ok", "0K", "ОК", "Connected", "error", "You"):
            peer = Peer(self.factory)
            peer.types(name)
            self.assertRegex(peer.lines[1], "^! the name .* is kept for the house")
            peer.drops()

    def test_hostileName(self) -> None:
        """A name that is not UTF-8 or holds controls is refused, and the connection lives."""
        for name in (b"\xc3\x28", b"A\x00nn", b"\x1b[A", b"x" * 5000):
            peer = Peer(self.factory)
            peer.sends(name + b"\nAnn\n")
            self.assertRegex(peer.lines[1], "^! ")
            self.assertEqual(peer.lines[-1], CONNECTED)
            peer.drops()

    def test_tooLong(self) -> None:
        """A line too long for anything is answered once before the name, too."""
        peer = Peer(self.factory)
        peer.sends(b"x" * 10_000)
        peer.sends(b"x" * 10_000 + b"\nAnn\n")
        self.assertEqual(peer.lines, [PROMPT, TOO_LONG, CONNECTED])

    def test_tooLate(self) -> None:
        """A client that gives no name in 30 seconds is told so and closed, and cut if it stays."""
        peer = Peer(self.factory)
        self.pass_(29.9)
        self.assertFalse(peer.isClosed)
        self.pass_(0.7)
        self.assertEqual(peer.lines, [PROMPT, "! no name came in 30 seconds: connect again"])
        self.assertTrue(peer.isClosed)
        self.pass_(5.5)
        self.assertTrue(peer.isAborted)

    def test_dripping(self) -> None:
        """Bytes, and even lines, that drip in do not lengthen the time for a name."""
        for drip in (b"x", b"\n", b"a name\n"):
            peer = Peer(self.factory)
            for _ in range(31):
                self.pass_(1)
                peer.sends(drip)
            self.assertTrue(peer.isClosed)
            peer.drops()

    def test_nameInTime(self) -> None:
        """Once logged in, a user may be silent for as long as they like."""
        peer = Peer(self.factory, "Ann")
        self.pass_(60)
        self.clock.advance(86_400)
        self.assertFalse(peer.isClosed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_lostWhileLoggingIn(self) -> None:
        """Whoever is lost before the log has taken their name leaves as soon as it has."""
        hub, turn = makeTurnHub()
        factory = ChatFactory(hub, self.clock)
        peer = Peer(factory)
        peer.types("Ann", "hello")
        peer.drops()
        turn.end()
        self.assertEqual(hub.users, {})
        again = Peer(factory)
        again.types("Ann")
        turn.end()
        self.assertIn(CONNECTED, again.lines)
        self.assertFalse(any("hello" in line for line in again.lines))

    def test_linesWhileLoggingIn(self) -> None:
        """What is sent while the log takes the name waits, and is no other protocol's greeting."""
        hub, turn = makeTurnHub()
        peer = Peer(ChatFactory(hub, self.clock))
        peer.types("Ann")
        peer.sends(b"GET / HTTP/1.1\n")
        peer.types("hello")
        self.assertFalse(peer.isReadFrom)
        turn.end()
        self.assertEqual(peer.lines, [PROMPT, CONNECTED, RECEIPT, RECEIPT])
        self.assertTrue(peer.isReadFrom)

    def test_tooLateWhileLoggingIn(self) -> None:
        """Whose name the log does not take in time is not let in later."""
        hub, turn = makeTurnHub()
        peer = Peer(ChatFactory(hub, self.clock))
        peer.types("Ann")
        self.pass_(30.6)
        self.assertEqual(peer.lines[-1], "! no name came in 30 seconds: connect again")
        peer.drops()
        turn.end()
        self.assertEqual(hub.users, {})

    def test_leaving(self) -> None:
        """A lost connection frees the name at once, and the others are told."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        other.forget()
        peer.drops()
        self.assertEqual(other.lines, ["* Ann has left"])
        again = Peer(self.factory)
        again.types("Ann")
        self.assertIn(CONNECTED, again.lines)

    def test_address(self) -> None:
        """The log is told where people come from; an IPv4 address inside IPv6 reads as IPv4."""
        self.assertEqual(Peer(self.factory).protocol.address, "192.0.2.7:51234")
        peer = Peer(self.factory, host="::ffff:192.0.2.8", port=9)
        self.assertEqual(peer.protocol.address, "192.0.2.8:9")


class InputTests(TimedTestCase):
    """
    What is made of hostile bytes.
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
        """A client of another protocol is told so in one line and closed, however it is cut."""
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
        """Once logged in, a user may talk about web requests."""
        peer = Peer(self.factory, "Ann")
        peer.types("GET / HTTP/1.1")
        self.assertEqual(peer.lines, [RECEIPT])

    def test_hostileText(self) -> None:
        """What no message may hold is refused with a sentence, and the next line is taken."""
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
        """What deceives the eye does not reach anybody's."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.types("a\u202eb\u2066c", "e" + "\u0301" * 500)
        self.assertEqual(other.lines, ["Ann :: abc", "Ann :: e" + "\u0301" * 4])

    def test_nothingLeft(self) -> None:
        """A message of which nothing can be seen is refused."""
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
        """A million bare line ends cost less than a second, without a rate and with one."""
        for limits in (ANY_RATE, Limits()):
            peer = Peer(ChatFactory(makeHub(), Clock(), limits), "Ann")
            begun = time.process_time()
            for _ in range(16):
                peer.sends(b"\n" * MAX_FLOOD)
            self.assertLess(time.process_time() - begun, 1.0)
            self.assertEqual(peer.transport.value().count(b"OK"), 0)

    def test_nothingAfterQuit(self) -> None:
        """What comes after C{/quit} is not said any more, also when the log is slow."""
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
        """Whatever strangers send, they get whole lines for it, and nobody else is hurt."""
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


class RateTests(TimedTestCase):
    """
    The pace of one client: 50 lines at once, then 10 a second.
    """

    def test_paste(self) -> None:
        """Fifty lines pass at once, and nobody is told to slow down."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.forget()
        peer.types(*map(str, range(50)))
        self.assertEqual(other.lines, [f"Ann :: {number}" for number in range(50)])
        self.assertEqual(peer.lines, [RECEIPT] * 50)
        self.assertTrue(peer.isReadFrom)

    def test_delayed(self) -> None:
        """Line 51 and those after it come one each tenth of a second; none is lost or moved."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.types(*map(str, range(100)))
        self.assertFalse(peer.isReadFrom)
        for number in range(50, 100):
            self.assertEqual(len(other.lines), number)
            self.clock.advance(0.0999)
            self.assertEqual(len(other.lines), number)
            self.clock.advance(0.0001)
        self.assertEqual(other.lines, [f"Ann :: {number}" for number in range(100)])
        self.assertTrue(peer.isReadFrom)

    def test_told(self) -> None:
        """A user is told once, however often it happens."""
        peer = Peer(self.factory, "Ann")
        for _ in range(3):
            peer.types(*["hi"] * 60)
            self.pass_(30)
        told = [line for line in peer.lines if line != RECEIPT]
        self.assertEqual(told, ["* slow down: more than 10 lines a second have to wait"])
        self.assertEqual(len(peer.lines), 181)

    def test_moreWhileWaiting(self) -> None:
        """What arrives all the same while lines wait takes its place behind them."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.types(*map(str, range(60)))
        peer.types(*map(str, range(60, 70)))
        self.pass_(2.1)
        self.assertEqual(other.lines, [f"Ann :: {number}" for number in range(70)])

    def test_answersDoNotHurry(self) -> None:
        """With a log that answers later, the pace is the same."""
        hub, turn = makeTurnHub()
        factory = ChatFactory(hub, self.clock)
        peer = Peer(factory, "Ann")
        turn.end()
        peer.forget()
        peer.types(*["hi"] * 80)
        for tenths in range(31):
            turn.end()
            receipts = [line for line in peer.lines if line == RECEIPT]
            self.assertEqual(len(receipts), min(50 + tenths, 80))
            self.assertEqual(peer.isReadFrom, len(receipts) == 80)
            self.clock.advance(0.1001)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_others(self) -> None:
        """The pace of one is not the pace of another."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.types(*["hi"] * 100)
        other.forget()
        other.types("hi")
        self.assertEqual(other.lines, [RECEIPT])

    def test_lifted(self) -> None:
        """A rate of 0 lifts the limit."""
        peer = Peer(ChatFactory(self.hub, self.clock, ANY_RATE), "Ann")
        peer.types(*["hi"] * 1000)
        self.assertEqual(peer.lines, [RECEIPT] * 1000)

    def test_unauthenticated(self) -> None:
        """Trying names has a rate, too; the user who logs in starts with a full one."""
        peer = Peer(self.factory)
        peer.types(*["no name"] * 100)
        self.assertEqual(len(peer.lines), 101)
        self.assertFalse(peer.isReadFrom)
        self.pass_(5.1)
        self.assertEqual(len(peer.lines), 201)
        peer.types("Ann", *["hi"] * 50)
        self.pass_(0.1)
        self.assertEqual(peer.lines[-50:], [RECEIPT] * 50)

    def test_lostWhileWaiting(self) -> None:
        """What still waits when the connection is lost is not said."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.types(*["hi"] * 60)
        peer.drops()
        self.pass_(2)
        self.assertEqual(other.lines, ["Ann :: hi"] * 50 + ["* Ann has left"])

    def test_quitWhileWaiting(self) -> None:
        """C{/quit} waits for its turn like every line."""
        peer = Peer(self.factory, "Ann")
        peer.types(*["hi"] * 60, "/quit")
        self.assertFalse(peer.isClosed)
        self.pass_(1.2)
        self.assertEqual(peer.lines.count(RECEIPT), 60)
        self.assertTrue(peer.isClosed)

    def test_halfClosedWhileWaiting(self) -> None:
        """A client that closes its side is let go when all that waits is said and answered."""
        peer = Peer(self.factory, "Ann")
        peer.types(*["hi"] * 60)
        peer.protocol.readConnectionLost()
        self.assertFalse(peer.isClosed)
        self.pass_(1.2)
        self.assertEqual(peer.lines.count(RECEIPT), 60)
        self.assertEqual(peer.lines[-1], "* Goodbye")
        self.assertTrue(peer.isClosed)

    def test_longWait(self) -> None:
        """A chunk full of short lines is worked through without copying it again and again."""
        peer = Peer(self.factory, "Ann")
        peer.sends(b"\n" * MAX_FLOOD)
        begun = time.process_time()
        self.pass_(60)
        self.assertLess(time.process_time() - begun, 0.5)


class OutputTests(TimedTestCase):
    """
    The bounds of what waits for one client.
    """

    limits = ANY_RATE

    def test_beforeLogin(self) -> None:
        """A stranger that reads nothing is cut when 4 KiB wait."""
        peer = Peer(self.factory)
        peer.stopsReading()
        for _ in range(100):
            self.assertLess(len(peer.transport.value()), 100)
            peer.types("no name")
            self.assertLessEqual(self.factory.gate.budget.total, 4 * KIB)
        self.assertTrue(peer.isAborted)
        self.assertEqual(self.factory.gate.budget.total, 0)

    def test_afterLogin(self) -> None:
        """A user is cut when more than 1 MiB waits for them; the others notice nothing."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.stopsReading()
        line = "x" * 4000
        for _ in range(MIB // 4010):
            other.types(line)
        self.assertFalse(peer.isAborted)
        other.forget()
        other.types(*[line] * 4)
        self.assertTrue(peer.isAborted)
        self.assertEqual(other.lines, [RECEIPT] * 4)
        self.assertEqual(self.factory.gate.budget.total, 0)
        (cut,) = [line for line in self.logged if "cut" in line]
        self.assertEqual(cut, "cut 192.0.2.7:51234: it reads too slowly: too much is queued")
        peer.drops()
        self.assertEqual(other.lines[-1], "* Ann has left")

    def test_stalled(self) -> None:
        """A client that reads nothing of what waits for 30 seconds is cut, not only closed."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.stopsReading()
        other.types("hi")
        self.pass_(29.9)
        self.assertFalse(peer.isAborted)
        self.pass_(0.7)
        self.assertTrue(peer.isAborted)
        self.assertIn("cut 192.0.2.7:51234: it reads nothing any more", self.logged)

    def test_slowButMoving(self) -> None:
        """A client that reads a little now and then is not stalled."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        for _ in range(5):
            peer.stopsReading()
            other.types("hi")
            self.pass_(20)
            peer.readsAgain()
        self.pass_(60)
        self.assertFalse(peer.isAborted)
        self.assertEqual(peer.lines.count("Bob :: hi"), 5)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_idleReader(self) -> None:
        """A client that has nothing to read is never stalled."""
        peer = Peer(self.factory, "Ann")
        peer.stopsReading()
        peer.readsAgain()
        self.pass_(60)
        self.assertFalse(peer.isAborted)

    def test_blockedIsNotReadFrom(self) -> None:
        """A client that does not read its receipts is not read from until it does."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.forget()
        peer.stopsReading()
        self.assertFalse(peer.isReadFrom)
        peer.types("one", "two")
        peer.types("three")
        self.assertEqual(other.lines, [])
        peer.readsAgain()
        self.assertEqual(peer.lines, [RECEIPT] * 3)
        self.assertEqual(len(other.lines), 3)
        self.assertTrue(peer.isReadFrom)

    def test_blockedNameless(self) -> None:
        """Before login it is read from even so: TLS sends nothing before it has read."""
        peer = Peer(self.factory)
        peer.stopsReading()
        self.assertTrue(peer.isReadFrom)
        peer.types("Ann")
        peer.readsAgain()
        self.assertEqual(peer.lines, [PROMPT, CONNECTED])
        peer.stopsReading()
        self.assertFalse(peer.isReadFrom)
        peer.readsAgain()
        self.assertTrue(peer.isReadFrom)

    def test_largestIsCut(self) -> None:
        """When too much waits for all together, the largest queue is cut."""
        limits = dataclasses.replace(ANY_RATE, maxAllQueues=100 * KIB)
        factory = ChatFactory(makeHub(), self.clock, limits)
        large, small, other = (Peer(factory, name) for name in ("Ann", "Bob", "Cid"))
        large.stopsReading()
        other.types(*["x" * 4000] * 15)
        small.stopsReading()
        other.types(*["x" * 4000] * 7)
        self.assertTrue(large.isAborted)
        self.assertFalse(small.isAborted)
        self.assertLessEqual(factory.gate.budget.total, 100 * KIB)


class WindowTests(TimedTestCase):
    """
    A log that does not answer.
    """

    limits = ANY_RATE

    def setUp(self) -> None:
        super().setUp()
        self.hub, self.turn = makeTurnHub()
        self.factory = ChatFactory(self.hub, self.clock, self.limits)
        self.peer = Peer(self.factory, "Ann")
        self.turn.end()
        self.peer.forget()

    def test_window(self) -> None:
        """A client with too many unanswered lines is read again when half are answered."""
        self.peer.types(*["hi"] * WINDOW)
        self.assertTrue(self.peer.isReadFrom)
        self.peer.types(*["hi"] * CHECKED_LINES)
        self.assertFalse(self.peer.isReadFrom)
        self.turn.end()
        self.assertTrue(self.peer.isReadFrom)
        self.assertEqual(self.peer.lines, [RECEIPT] * (WINDOW + CHECKED_LINES))

    def test_whileFull(self) -> None:
        """What comes all the same is taken when there is room, in order."""
        other = Peer(self.factory, "Bob")
        self.turn.end()
        other.forget()
        self.peer.types(*map(str, range(WINDOW + 1)))
        self.peer.types("more", "and more")
        self.turn.end()
        self.assertEqual(len(other.lines), WINDOW + 3)
        self.assertEqual(other.lines[-2:], ["Ann :: more", "Ann :: and more"])

    def test_lostWhileFull(self) -> None:
        """The connection may be lost meanwhile: what was taken is said, and the name is free."""
        other = Peer(self.factory, "Bob")
        self.turn.end()
        other.forget()
        self.peer.types(*["hi"] * (WINDOW + 1))
        self.peer.drops()
        self.turn.end()
        self.assertNotIn("Ann", self.factory.users)
        self.assertEqual(other.lines, ["Ann :: hi"] * (WINDOW + 1) + ["* Ann has left"])

    def test_blockedAndFull(self) -> None:
        """Two reasons not to read are both waited for, in any order."""
        for first in (True, False):
            self.peer.types(*["hi"] * (WINDOW + 1))
            self.peer.stopsReading()
            if first:
                self.peer.readsAgain()
                self.assertFalse(self.peer.isReadFrom)
                self.turn.end()
            else:
                self.turn.end()
                self.assertFalse(self.peer.isReadFrom)
                self.peer.readsAgain()
            self.assertTrue(self.peer.isReadFrom)

    @settings(deadline=None, derandomize=True, max_examples=60)
    @given(
        st.lists(
            st.sampled_from(["some", "many", "block", "drain", "turn", "time", "stranger"]),
            max_size=30,
        )
    )
    def test_readInTheEnd(self, steps: list[str]) -> None:
        """Whatever stopped the reading and in which order, in the end all is read and answered."""
        hub, turn = makeTurnHub()
        clock = Clock()
        factory = ChatFactory(hub, clock, Limits(rate=1000, burst=20))
        peer = Peer(factory, "Ann")
        turn.end()
        peer.forget()
        sent = 0
        blocked = False
        for step in steps:
            if step in ("some", "many"):
                count = 5 if step == "some" else 1200
                peer.types(*["hi"] * count)
                sent += count
            elif step == "stranger":
                peer.types("/nothing")
                sent += 1
            elif step == "block" and not blocked:
                blocked = True
                peer.stopsReading()
                self.assertFalse(peer.isReadFrom)
            elif step == "drain" and blocked:
                blocked = False
                peer.readsAgain()
            elif step == "turn":
                turn.end()
            elif step == "time":
                clock.advance(0.5)
        if blocked:
            peer.readsAgain()
        for _ in range(sent // 1000 + 40):
            turn.end()
            clock.pump([0.001] * 1200)
            turn.end()
            if peer.isReadFrom:
                break
        self.assertTrue(peer.isReadFrom)
        answers = [line for line in peer.lines if not line.startswith("* slow down")]
        self.assertEqual(len(answers), sent)
        self.assertEqual(peer.protocol._receiving._stops, 0)


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


class QuestionTests(TimedTestCase):
    """
    Questions that are not answered at once.
    """

    limits = ANY_RATE

    def test_oneAtATime(self) -> None:
        """A client that asks for the past is not read from until it has it."""
        log = SlowHistoryLog()
        factory = ChatFactory(makeHub(log, backlog=0), self.clock, self.limits)
        peer = Peer(factory, "Ann")
        peer.types("/history", "/history", "hi")
        self.assertEqual((len(log.asked), peer.isReadFrom), (1, False))
        log.asked[0].callback([])
        self.assertEqual((len(log.asked), peer.isReadFrom), (2, False))
        log.asked[1].callback([])
        self.assertTrue(peer.isReadFrom)
        self.assertEqual(peer.lines, ["* Nothing found", "* Nothing found", RECEIPT])

    def test_goneMeanwhile(self) -> None:
        """A lost connection gets no answer, and no other line of it is taken."""
        log = SlowHistoryLog()
        factory = ChatFactory(makeHub(log, backlog=0), self.clock, self.limits)
        peer, other = Peer(factory, "Ann"), Peer(factory, "Bob")
        for each in (peer, other):
            each.forget()
        peer.types("/history", "hi")
        peer.drops()
        log.asked[0].callback([])
        self.assertEqual((peer.lines, other.lines), ([], ["* Ann has left"]))


class EndTests(TimedTestCase):
    """
    How connections end.
    """

    def test_quit(self) -> None:
        """C{/quit} is answered after everything said before, then the connection is closed."""
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
        """What corks a client comes before its goodbye, but is not waited for for ever."""
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
        """What is kept back can be thrown away; what comes later is sent."""
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
        """A question that is being answered is answered before the goodbye."""
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
        """Whoever sends an hour's worth of lines and closes is gone after a minute."""
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
        """When the connection is lost, they are gone at once, and what waits is not said."""
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
        """The connection whose session goes on elsewhere is told so, and closed."""
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
    The end of a connection over a real socket: nothing that was sent is lost by closing.
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
        """Only this direction is closed, and all of it when everything has arrived."""
        self.protocol.dataReceived(b"/quit\n")
        self.pass_(1)
        self.assertEqual(self.transport.ends, ["half-close"])
        self.assertTrue(self.transport.reading)
        self.transport.pump()
        self.pass_(0.6)
        self.assertEqual(self.transport.ends, ["half-close", "close"])

    def test_readOn(self) -> None:
        """At the end what still comes is read and thrown away, also from one who was blocked."""
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
        """A peer that closes after the last words is the sign that they have arrived."""
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
