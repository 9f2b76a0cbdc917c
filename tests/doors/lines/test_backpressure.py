"""
Tests for L{twisted_chat.doors.lines.protocol}: what makes a client wait, and how much may wait
for it.
"""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tests.doors.lines.support import ANY_RATE, CONNECTED, PROMPT, RECEIPT, SlowHistoryLog
from tests.support.helpers import makeHub, makeTurnHub
from tests.support.peers import Peer, TimedTestCase
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.net.limits import KIB, MIB, Limits
from twisted_chat.net.receiving import CHECKED_LINES, PORTION, WINDOW
from twisted_chat.wire.framing import MAX_FLOOD


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
        """A user is told once to slow down, however often they are too fast."""
        peer = Peer(self.factory, "Ann")
        for _ in range(3):
            peer.types(*["hi"] * 60)
            self.pass_(30)
        told = [line for line in peer.lines if line != RECEIPT]
        self.assertEqual(told, ["* slow down: more than 10 lines a second have to wait"])
        self.assertEqual(len(peer.lines), 181)

    def test_moreWhileWaiting(self) -> None:
        """A line that arrives while others wait takes its place behind them."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        peer.types(*map(str, range(60)))
        peer.types(*map(str, range(60, 70)))
        self.pass_(2.1)
        self.assertEqual(other.lines, [f"Ann :: {number}" for number in range(70)])

    def test_answersDoNotHurry(self) -> None:
        """The pace is the same with a log that answers later."""
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
        """The pace of one client is independent of another's."""
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
        """Tries of names have a rate, too; a user who logs in starts with a full one."""
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
        """Lines that still wait when the connection is lost are not said."""
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
        """A chunk full of short lines is cut into lines as their turn comes."""
        peer = Peer(self.factory, "Ann")
        peer.sends(b"x\n" * (MAX_FLOOD // 2))
        self.pass_(60)
        self.assertEqual(peer.lines.count(RECEIPT), 50 + 60 * 10)
        self.assertLess(self.factory.counters.lines, 50 + 60 * 10 + PORTION)


class OutputTests(TimedTestCase):
    """
    The bounds of output that waits for one client.
    """

    limits = ANY_RATE

    def test_beforeLogin(self) -> None:
        """A stranger who reads nothing is cut when 4 KiB wait."""
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
        """
        A blocked client is read from before login, since TLS sends nothing before it has read.
        """
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
        """The largest queue is cut when all together hold too much."""
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
        """Lines that come while the window is full are taken when there is room, in order."""
        other = Peer(self.factory, "Bob")
        self.turn.end()
        other.forget()
        self.peer.types(*map(str, range(WINDOW + 1)))
        self.peer.types("more", "and more")
        self.turn.end()
        self.assertEqual(len(other.lines), WINDOW + 3)
        self.assertEqual(other.lines[-2:], ["Ann :: more", "Ann :: and more"])

    def test_lostWhileFull(self) -> None:
        """Lines that were taken before the connection is lost are said, and the name is free."""
        other = Peer(self.factory, "Bob")
        self.turn.end()
        other.forget()
        self.peer.types(*["hi"] * (WINDOW + 1))
        self.peer.drops()
        self.turn.end()
        self.assertNotIn("Ann", self.factory.users)
        self.assertEqual(other.lines, ["Ann :: hi"] * (WINDOW + 1) + ["* Ann has left"])

    def test_blockedAndFull(self) -> None:
        """
        A client that is stopped for two reasons is read again once both are gone, in any order.
        """
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
        """
        All lines are read and answered in the end, whatever stopped the reading and in which order.
        """
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
