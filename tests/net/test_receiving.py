"""
Tests for L{twisted_chat.net.receiving}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import BadText, ChatError, TooLong
from twisted_chat.net.ratelimit import TokenBucket
from twisted_chat.net.receiving import ANSWERING, BLOCKED, ENDING, FULL, TOO_FAST, WINDOW, Intake
from twisted_chat.wire.framing import MAX_FLOOD

MAX = 100

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["stop", "go", "take"]),
        st.sampled_from([ANSWERING, TOO_FAST, FULL, BLOCKED, ENDING]),
    ),
    max_size=40,
)
"""Reasons that come and go, and lines that come meanwhile."""


class Transport:
    """
    A transport that is read from, or not.

    @ivar isRead: whether it is.
    """

    def __init__(self) -> None:
        self.isRead = True

    def pauseProducing(self) -> None:
        """See C{IPushProducer}."""
        self.isRead = False

    def resumeProducing(self) -> None:
        """See C{IPushProducer}."""
        self.isRead = True


class Owner:
    """
    Takes the lines.

    @ivar calls: the lines, and what else it heard.
    @ivar delays: how long a line was to wait.
    @ivar stopAt: lines that are a reason to read no more.
    """

    def __init__(self) -> None:
        self.isDone = False
        self.unanswered = 0
        self.calls: list[str] = []
        self.delays: list[float] = []
        self.stopAt: dict[str, int] = {}
        self.intake: Intake | None = None

    def lineReceived(self, line: bytes) -> None:
        """See L{twisted_chat.net.receiving.IntakeOwner}."""
        text = line.decode()
        if text == "bad":
            raise BadText("bad")
        self.calls.append(text)
        self.isDone = text == "quit"
        if text in self.stopAt and self.intake is not None:
            self.intake.stop(self.stopAt[text])

    def lineLengthExceeded(self, line: bytes) -> None:
        """See L{twisted_chat.net.receiving.IntakeOwner}."""
        raise TooLong("long")

    def intakeRefused(self, error: ChatError) -> None:
        """See L{twisted_chat.net.receiving.IntakeOwner}."""
        self.calls.append(f"! {error}")

    def intakeFlooded(self) -> None:
        """See L{twisted_chat.net.receiving.IntakeOwner}."""
        self.calls.append("(flooded)")

    def intakeTooFast(self, delay: float) -> None:
        """See L{twisted_chat.net.receiving.IntakeOwner}."""
        self.delays.append(delay)

    def intakeEnded(self) -> None:
        """See L{twisted_chat.net.receiving.IntakeOwner}."""
        self.calls.append("(ended)")


class IntakeTests(SynchronousTestCase):
    """
    Tests for L{Intake}.
    """

    def setUp(self) -> None:
        self.transport, self.owner = Transport(), Owner()
        self.intake = self.owner.intake = Intake(self.transport, self.owner, MAX, None)
        self.calls = self.owner.calls

    def test_lines(self) -> None:
        """Lines are taken in order, however they are cut; empty ones are nothing."""
        self.intake.take(b"one\r\n\n\r\ntw")
        self.assertEqual(self.intake.pending, b"tw")
        self.intake.take(b"o\nthree\n")
        self.assertEqual(self.calls, ["one", "two", "three"])
        self.assertTrue(self.transport.isRead)

    def test_refused(self) -> None:
        """A line that is refused is answered, and the next one is taken."""
        self.intake.take(b"bad\n" + b"x" * (MAX + 1) + b"\none\n")
        self.assertEqual(self.calls, ["! bad", "! long", "one"])

    def test_flooded(self) -> None:
        """Bytes without a line end are too long, and then a flood."""
        self.intake.take(b"x" * 1000)
        self.intake.take(b"x" * MAX_FLOOD)
        self.assertEqual(self.calls, ["! long", "(flooded)"])

    def test_nothingAfterTheLast(self) -> None:
        """What comes after the line that ends it all is not taken."""
        self.intake.take(b"one\nquit\ntwo\n")
        self.assertEqual(self.calls, ["one", "quit"])

    def test_stopped(self) -> None:
        """As long as there is a reason, nothing is taken, and the rest waits in order."""
        self.owner.stopAt["one"] = ANSWERING
        self.intake.take(b"one\ntwo\n")
        self.intake.take(b"three\n")
        self.assertEqual((self.calls, self.transport.isRead), (["one"], False))
        self.intake.go(ANSWERING)
        self.assertEqual((self.calls, self.transport.isRead), (["one", "two", "three"], True))

    def test_stoppedAgain(self) -> None:
        """A line that waited may be a reason itself."""
        self.owner.stopAt.update(one=ANSWERING, two=ANSWERING)
        self.intake.take(b"one\ntwo\nthree\n")
        self.intake.go(ANSWERING)
        self.assertEqual((self.calls, self.transport.isRead), (["one", "two"], False))
        self.intake.go(ANSWERING)
        self.assertEqual((self.calls, self.transport.isRead), (["one", "two", "three"], True))

    def test_eachReasonOnce(self) -> None:
        """A reason that holds already is not counted twice; one that does not hold cannot go."""
        self.intake.stop(BLOCKED)
        self.intake.stop(BLOCKED)
        self.intake.go(FULL)
        self.assertFalse(self.transport.isRead)
        self.intake.go(BLOCKED)
        self.assertTrue(self.transport.isRead)

    @settings(deadline=None, derandomize=True, max_examples=60)
    @given(STEPS)
    def test_anyReasons(self, steps: list[tuple[str, int]]) -> None:
        """It is read exactly as long as no reason holds, and every line is taken in its turn."""
        transport, owner = Transport(), Owner()
        intake = Intake(transport, owner, MAX, None)
        held: set[int] = set()
        sent = taken = 0
        for step, reason in steps:
            if step == "stop":
                held.add(reason)
                intake.stop(reason)
            elif step == "go":
                held.discard(reason)
                intake.go(reason)
            else:
                intake.take(b"%d\n" % sent)
                sent += 1
            taken = taken if held else sent
            self.assertEqual(transport.isRead, not held)
            self.assertEqual(owner.calls, [str(number) for number in range(taken)])

    def test_pace(self) -> None:
        """Who is over his pace waits as long as it takes, and is not read from."""
        clock = Clock()
        self.intake.bucket = TokenBucket(10, 2, clock.seconds)
        self.intake.take(b"1\n2\n3\n4\n")
        self.assertEqual((self.calls, self.transport.isRead), (["1", "2"], False))
        for expected in (["1", "2", "3"], ["1", "2", "3", "4"]):
            clock.advance(self.owner.delays[-1])
            self.intake.go(TOO_FAST)
            self.assertEqual(self.calls, expected)
        self.assertTrue(self.transport.isRead)
        self.assertEqual(len(self.owner.delays), 2)

    def test_paceWhileStopped(self) -> None:
        """Lines that wait for another reason cost nothing of the pace."""
        self.intake.bucket = TokenBucket(10, 2, Clock().seconds)
        self.intake.stop(BLOCKED)
        for _ in range(5):
            self.intake.take(b"1\n")
        self.intake.go(BLOCKED)
        self.assertEqual(self.calls, ["1", "1"])

    def test_window(self) -> None:
        """With too many lines unanswered nothing is read until half of them are answered."""
        self.owner.unanswered = WINDOW
        self.intake.take(b"1\n")
        self.assertTrue(self.transport.isRead)
        self.owner.unanswered = WINDOW + 1
        self.intake.take(b"2\n")
        self.assertFalse(self.transport.isRead)
        self.owner.unanswered = WINDOW // 2 + 1
        self.intake.answered()
        self.assertFalse(self.transport.isRead)
        self.owner.unanswered = WINDOW // 2
        self.intake.answered()
        self.assertTrue(self.transport.isRead)

    def test_end(self) -> None:
        """Who sends no more is done when all that he sent is taken."""
        self.intake.stop(BLOCKED)
        self.intake.take(b"1\n")
        self.intake.end()
        self.assertEqual(self.calls, [])
        self.intake.go(BLOCKED)
        self.assertEqual(self.calls, ["1", "(ended)"])

    def test_endAtOnce(self) -> None:
        """Where nothing waits he is done at once."""
        self.intake.end()
        self.assertEqual(self.calls, ["(ended)"])

    def test_discard(self) -> None:
        """At the end what waits is thrown away, and the socket is read, whatever comes."""
        self.intake.stop(BLOCKED)
        self.intake.take(b"1\n")
        self.intake.discard()
        self.assertTrue(self.transport.isRead)
        self.intake.stop(FULL)
        self.intake.go(BLOCKED)
        self.intake.go(FULL)
        self.intake.end()
        self.assertEqual((self.calls, self.transport.isRead), ([], True))

    def test_forget(self) -> None:
        """A connection that is lost is told nothing, and nothing of it is taken."""
        self.intake.stop(BLOCKED)
        self.intake.take(b"1\n")
        self.intake.forget()
        self.intake.go(BLOCKED)
        self.intake.end()
        self.assertEqual((self.calls, self.transport.isRead), ([], False))
