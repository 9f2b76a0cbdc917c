"""
Tests for L{twisted_chat.net.receiving}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.counters import DoorCounters
from twisted_chat.errors import BadText, ChatError, TooLong
from twisted_chat.net.budget import Backlog, BacklogBudget
from twisted_chat.net.ratelimit import TokenBucket
from twisted_chat.net.receiving import (
    ANSWERING,
    BLOCKED,
    CHECKED_LINES,
    ENDING,
    FULL,
    LINE_COST,
    PORTION,
    TOO_FAST,
    WINDOW,
    ReceiveQueue,
)
from twisted_chat.wire.framing import MAX_FLOOD, Excess, LineSplitter

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
    Takes the lines of a queue.

    @ivar calls: the lines, and what else it was told.
    @ivar empty: how often it was told of empty lines.
    @ivar delays: how long a line was to wait.
    @ivar stopAt: lines that are a reason to read no more.
    """

    def __init__(self) -> None:
        self.isDone = False
        self.empty = 0
        self.unanswered = 0
        self.calls: list[str] = []
        self.delays: list[float] = []
        self.stopAt: dict[str, int] = {}
        self.queue: ReceiveQueue | None = None

    def lineReceived(self, line: bytes) -> None:
        """See L{twisted_chat.net.receiving.ReceiveQueueOwner}."""
        text = line.decode()
        if text == "bad":
            raise BadText("bad")
        self.calls.append(text)
        self.isDone = text == "quit"
        if text in self.stopAt and self.queue is not None:
            self.queue.stop(self.stopAt[text])

    def emptyLineReceived(self) -> None:
        """See L{twisted_chat.net.receiving.ReceiveQueueOwner}."""
        self.empty += 1

    def lineLengthExceeded(self, line: bytes) -> None:
        """See L{twisted_chat.net.receiving.ReceiveQueueOwner}."""
        raise TooLong("long")

    def receiveRefused(self, error: ChatError) -> None:
        """See L{twisted_chat.net.receiving.ReceiveQueueOwner}."""
        self.calls.append(f"! {error}")

    def receiveFlooded(self) -> None:
        """See L{twisted_chat.net.receiving.ReceiveQueueOwner}."""
        self.calls.append("(flooded)")

    def receiveFull(self) -> None:
        """See L{ReceiveQueueOwner}."""

    def receiveTooFast(self, delay: float) -> None:
        """See L{twisted_chat.net.receiving.ReceiveQueueOwner}."""
        self.delays.append(delay)

    def receiveEnded(self) -> None:
        """See L{twisted_chat.net.receiving.ReceiveQueueOwner}."""
        self.calls.append("(ended)")

    def receiveOverflowed(self) -> None:
        """See L{twisted_chat.net.receiving.ReceiveQueueOwner}."""
        self.calls.append("(overflowed)")


class CountingBudget(BacklogBudget[Backlog]):
    """
    A budget that counts the work it stands for.

    @ivar moved: the bytes that were added or taken, in all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.moved = 0

    def account(self, backlog: Backlog, change: int) -> None:
        """See L{BacklogBudget.account}."""
        self.moved += abs(change)
        super().account(backlog, change)


def makeQueue(
    transport: Transport,
    owner: Owner,
    budget: BacklogBudget[Backlog] | None = None,
    counters: DoorCounters | None = None,
) -> ReceiveQueue:
    """
    A queue without a rate limit, over this transport.
    """
    budget = BacklogBudget() if budget is None else budget
    counters = DoorCounters() if counters is None else counters
    owner.queue = ReceiveQueue(transport, owner, budget, LineSplitter(MAX), None, counters)
    return owner.queue


class ReceiveQueueTests(SynchronousTestCase):
    """
    Tests for L{ReceiveQueue}.
    """

    def setUp(self) -> None:
        self.transport, self.owner = Transport(), Owner()
        self.budget, self.counters = CountingBudget(), DoorCounters()
        self.queue = makeQueue(self.transport, self.owner, self.budget, self.counters)
        self.calls = self.owner.calls

    def test_lines(self) -> None:
        """Lines are taken in order, however they are cut; empty ones are skipped."""
        self.queue.take(b"one\r\n\n\r\ntw")
        self.assertEqual(self.queue.pending, b"tw")
        self.queue.take(b"o\nthree\n")
        self.assertEqual(self.calls, ["one", "two", "three"])
        self.assertTrue(self.transport.isRead)

    def test_refused(self) -> None:
        """A line that is refused is answered, and the next one is taken."""
        self.queue.take(b"bad\n" + b"x" * (MAX + 1) + b"\none\n")
        self.assertEqual(self.calls, ["! bad", "! long", "one"])

    def test_flooded(self) -> None:
        """Bytes without a line end are too long, and then a flood."""
        self.queue.take(b"x" * 1000)
        self.queue.take(b"x" * MAX_FLOOD)
        self.assertEqual(self.calls, ["! long", "(flooded)"])

    def test_stopped(self) -> None:
        """No line is taken while there is a reason to stop, and the rest waits in order."""
        self.owner.stopAt["one"] = ANSWERING
        self.queue.take(b"one\ntwo\n")
        self.queue.take(b"three\n")
        self.assertEqual((self.calls, self.transport.isRead), (["one"], False))
        self.queue.go(ANSWERING)
        self.assertEqual((self.calls, self.transport.isRead), (["one", "two", "three"], True))

    def test_stoppedAgain(self) -> None:
        """A line that waited may be a reason itself."""
        self.owner.stopAt.update(one=ANSWERING, two=ANSWERING)
        self.queue.take(b"one\ntwo\nthree\n")
        self.queue.go(ANSWERING)
        self.assertEqual((self.calls, self.transport.isRead), (["one", "two"], False))
        self.queue.go(ANSWERING)
        self.assertEqual((self.calls, self.transport.isRead), (["one", "two", "three"], True))

    def test_eachReasonOnce(self) -> None:
        """
        A reason that already holds is not counted twice, and one that does not hold cannot end.
        """
        self.queue.stop(BLOCKED)
        self.queue.stop(BLOCKED)
        self.queue.go(FULL)
        self.assertFalse(self.transport.isRead)
        self.queue.go(BLOCKED)
        self.assertTrue(self.transport.isRead)

    @settings(deadline=None, derandomize=True, max_examples=60)
    @given(STEPS)
    def test_anyReasons(self, steps: list[tuple[str, int]]) -> None:
        """
        The transport is read exactly while no reason holds, or only that of an answer and nothing
        waits; every line is taken in its turn.
        """
        transport, owner = Transport(), Owner()
        queue = makeQueue(transport, owner)
        held: set[int] = set()
        sent = taken = 0
        for step, reason in steps:
            if step == "stop":
                held.add(reason)
                queue.stop(reason)
            elif step == "go":
                held.discard(reason)
                queue.go(reason)
            else:
                queue.take(b"%d\n" % sent)
                sent += 1
            taken = taken if held else sent
            if not held:
                self.assertTrue(transport.isRead)
            elif not held <= {ANSWERING} or taken < sent:
                self.assertFalse(transport.isRead)
            self.assertEqual(owner.calls, [str(number) for number in range(taken)])

    def test_pace(self) -> None:
        """A client over its rate waits for its turn, and is not read from."""
        clock = Clock()
        self.queue.bucket = TokenBucket(10, 2, clock.seconds)
        self.queue.take(b"1\n2\n3\n4\n")
        self.assertEqual((self.calls, self.transport.isRead), (["1", "2"], False))
        for expected in (["1", "2", "3"], ["1", "2", "3", "4"]):
            clock.advance(self.owner.delays[-1])
            self.queue.go(TOO_FAST)
            self.assertEqual(self.calls, expected)
        self.assertTrue(self.transport.isRead)
        self.assertEqual(len(self.owner.delays), 2)

    def test_paceWhileStopped(self) -> None:
        """Lines that wait for another reason take no token meanwhile."""
        self.queue.bucket = TokenBucket(10, 2, Clock().seconds)
        self.queue.stop(BLOCKED)
        for _ in range(5):
            self.queue.take(b"1\n")
        self.queue.go(BLOCKED)
        self.assertEqual(self.calls, ["1", "1"])

    def test_window(self) -> None:
        """Reading stops with too many lines unanswered, until half of them are answered."""
        self.owner.unanswered = WINDOW
        self.queue.take(b"1\n" * CHECKED_LINES)
        self.assertTrue(self.transport.isRead)
        self.owner.unanswered = WINDOW + 1
        self.queue.take(b"2\n" * CHECKED_LINES)
        self.assertFalse(self.transport.isRead)
        self.owner.unanswered = WINDOW // 2 + 1
        self.queue.answered()
        self.assertFalse(self.transport.isRead)
        self.owner.unanswered = WINDOW // 2
        self.queue.answered()
        self.assertTrue(self.transport.isRead)

    def test_end(self) -> None:
        """A client that sends no more is let go when all its lines are taken."""
        self.queue.stop(BLOCKED)
        self.queue.take(b"1\n")
        self.queue.end()
        self.assertEqual(self.calls, [])
        self.queue.go(BLOCKED)
        self.assertEqual(self.calls, ["1", "(ended)"])

    def test_endAtOnce(self) -> None:
        """A client that sends no more is let go at once if nothing waits."""
        self.queue.end()
        self.assertEqual(self.calls, ["(ended)"])

    def test_discard(self) -> None:
        """Lines that wait are thrown away at the end, and the socket is read, whatever arrives."""
        self.queue.stop(BLOCKED)
        self.queue.take(b"1\n")
        self.queue.discard()
        self.assertTrue(self.transport.isRead)
        self.queue.stop(FULL)
        self.queue.go(BLOCKED)
        self.queue.go(FULL)
        self.queue.end()
        self.assertEqual((self.calls, self.transport.isRead), ([], True))

    def test_forget(self) -> None:
        """No line of a lost connection is taken, and it is told nothing."""
        self.queue.stop(BLOCKED)
        self.queue.take(b"1\n")
        self.queue.forget()
        self.queue.go(BLOCKED)
        self.queue.end()
        self.assertEqual((self.calls, self.transport.isRead), ([], False))

    # At the end of the stream

    def test_endWhileAnswering(self) -> None:
        """A request whose answer is not there yet is answered before the end."""
        self.owner.stopAt["one"] = ANSWERING
        self.queue.take(b"one\n")
        self.queue.end()
        self.assertEqual(self.calls, ["one"])
        self.queue.go(ANSWERING)
        self.assertEqual(self.calls, ["one", "(ended)"])

    def test_endThenAnotherRequest(self) -> None:
        """Lines that waited behind the request are answered as well, each in its turn."""
        self.owner.stopAt.update(one=ANSWERING, two=ANSWERING)
        self.queue.take(b"one\ntwo\nthree\n")
        self.queue.end()
        self.queue.go(ANSWERING)
        self.assertEqual(self.calls, ["one", "two"])
        self.queue.go(ANSWERING)
        self.assertEqual(self.calls, ["one", "two", "three", "(ended)"])

    def test_endAndDiscard(self) -> None:
        """A socket that has nothing more to read is not read again when the rest is discarded."""
        self.queue.stop(TOO_FAST)
        self.queue.take(b"1\n")
        self.queue.end()
        self.queue.discard()
        self.assertEqual((self.calls, self.transport.isRead), ([], False))

    def test_goWhilePassing(self) -> None:
        """A pause that ends within its own line keeps the order of those behind it."""

        def answerAtOnce(line: bytes) -> None:
            self.calls.append(line.decode())
            self.queue.stop(BLOCKED)
            self.queue.go(BLOCKED)
            self.calls.append("done")

        self.owner.lineReceived = answerAtOnce  # type: ignore[method-assign]
        self.queue.stop(FULL)
        self.queue.take(b"1\n2\n")
        self.queue.go(FULL)
        self.queue.take(b"3\n")
        self.assertEqual(self.calls, ["1", "done", "2", "done", "3", "done"])
        self.assertTrue(self.transport.isRead)

    def test_emptyLine(self) -> None:
        """Enter alone is told once a chunk, and not beside a line or while others wait."""
        for chunk in (b"\n", b"\r\n", b"\n" * 5000, b"\r\n\n"):
            self.queue.take(chunk)
        self.assertEqual(self.owner.empty, 4)
        for chunk in (b"\none\n", b"tw", b"o\n\n"):
            self.queue.take(chunk)
        self.queue.stop(BLOCKED)
        self.queue.take(b"\n")
        self.queue.go(BLOCKED)
        self.assertEqual((self.owner.empty, self.calls), (4, ["one", "two"]))

    # What waiting costs

    def test_emptyLinesAreFree(self) -> None:
        """Empty lines take no token, no room and no time."""
        self.queue.bucket = TokenBucket(10, 1, Clock().seconds)
        self.queue.take(b"\n" * 65_535 + b"\r\n1\n")
        self.assertEqual(self.calls, ["1"])
        self.queue.stop(BLOCKED)
        self.queue.take(b"\n" * 65_536)
        self.assertEqual(self.queue.size, 1)

    def test_chunkOfLineEnds(self) -> None:
        """A chunk of empty lines is cut into one line."""
        for chunk in (b"\n" * 65_536, b"\r\n" * 32_768, b"\n\r\n" * 21_845):
            for _ in range(20):
                self.queue.take(chunk)
        self.assertEqual((self.counters.lines, self.calls), (60, []))

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(st.lists(st.sampled_from([b"\n", b"\r\n", b"\r", b"x", b"y" * MAX])), st.integers(1, 9))
    def test_sameLines(self, pieces: list[bytes], size: int) -> None:
        """All other lines are taken as they are, however many empty ones the stream holds."""
        stream = b"".join(pieces) + b"\n"
        owner = Owner()
        queue = makeQueue(Transport(), owner)
        for place in range(0, len(stream), size):
            queue.take(stream[place : place + size])
        expected = [
            "! long" if isinstance(line, Excess) else line.decode()
            for line in LineSplitter(MAX).feed(stream)
            if line
        ]
        self.assertEqual(owner.calls, expected)

    def test_manyWaitingLines(self) -> None:
        """A chunk of two-byte lines is cut and counted once, not once a token."""
        clock = Clock()
        self.queue.bucket = TokenBucket(1000, 1, clock.seconds)
        self.queue.take(b"x\n" * 32_768)
        for _ in range(10_000):
            clock.advance(0.001)
            self.queue.go(TOO_FAST)
        self.assertEqual(len(self.calls) + self.queue.waiting, 32_768)
        self.assertEqual(len(self.calls), 10_001)
        self.assertLess(self.counters.lines, 10_001 + PORTION)
        # Each byte comes and goes at most twice: as it came, and as a line with its cost.
        self.assertLess(self.budget.moved, 4 * 32_768 * (1 + LINE_COST))

    def test_chunkOfShortLines(self) -> None:
        """A chunk of short lines beyond the rate is not cut before their turn comes."""
        for chunk in (b"x\n" * 32_768, b"x\r\n" * 21_845, b"x\n\n" * 21_845, b"\nx" * 32_768):
            owner = Owner()
            queue = makeQueue(Transport(), owner)
            queue.bucket = TokenBucket(10, 50, Clock().seconds)
            queue.take(chunk)
            self.assertEqual(owner.calls, ["x"] * 50)
            self.assertLess(queue.size, len(chunk) + PORTION * LINE_COST)

    def test_portionsAreOneStream(self) -> None:
        """Lines are the same wherever a portion ends, whether they wait or not."""
        stream = b"".join(b"%d\r\n" % n for n in range(5000))
        expected = [str(n) for n in range(5000)]
        for place in (1, 3, PORTION - 1, PORTION, PORTION + 1, 20_000):
            owner = Owner()
            queue = makeQueue(Transport(), owner)
            queue.take(stream[:place])
            queue.stop(BLOCKED)
            queue.take(stream[place : place + 5000])
            queue.take(stream[place + 5000 : -1])
            queue.go(BLOCKED)
            queue.take(stream[-1:])
            self.assertEqual(owner.calls, expected)
            self.assertEqual(queue.size, 0)

    def test_waitingIsCounted(self) -> None:
        """Lines that wait count in the budget of all clients, with the memory that each takes."""
        transport, owner = Transport(), Owner()
        budget = BacklogBudget[Backlog]()
        queue = makeQueue(transport, owner, budget)
        queue.stop(BLOCKED)
        chunk = b"one\n\n" + b"x" * (MAX + 1) + b"\ntwo\n"
        queue.take(chunk)
        self.assertEqual((budget.total, queue.size), (len(chunk), len(chunk)))
        owner.stopAt["one"] = ANSWERING
        queue.go(BLOCKED)
        self.assertEqual(budget.total, 2 * LINE_COST + len("two"))
        self.assertEqual((queue.size, queue.waiting), (budget.total, 2))
        queue.go(ANSWERING)
        self.assertEqual((budget.total, budget._sizes), (0, {}))
        queue.stop(BLOCKED)
        queue.take(b"three\n")
        queue.forget()
        self.assertEqual((budget.total, queue.size), (0, 0))

    def test_waitingIsBounded(self) -> None:
        """The client whose lines take most is cut when all together take too much."""
        budget = BacklogBudget[Backlog](1000)
        owners = [Owner() for _ in range(2)]
        for owner, count in zip(owners, (400, 150), strict=True):
            queue = makeQueue(Transport(), owner, budget)
            queue.stop(BLOCKED)
            queue.take(b"x\n" * count)
        self.assertEqual([owner.calls for owner in owners], [["(overflowed)"], []])
