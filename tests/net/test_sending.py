"""
Tests for L{twisted_chat.net.sending} over a socket.
"""

from __future__ import annotations

import contextlib
import errno

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.interfaces import IPullProducer, IPushProducer
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.support.sendqueues import BIG, BLOCK, OwnedQueue
from tests.support.transports import SocketTransport
from twisted_chat.net.budget import Backlog, BacklogBudget
from twisted_chat.net.limits import KIB, MIB
from twisted_chat.net.sending import Cork

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 3000)),
        st.tuples(st.just("put"), st.just(600_000)),
        st.tuples(
            st.sampled_from(["cork", "release", "discard", "send", "pump"]), st.integers(0, 100)
        ),
    ),
    max_size=40,
)
"""What may happen to a queue, in any order, and with how many bytes."""


class SocketSendQueueTests(SynchronousTestCase):
    """
    Tests for L{SendQueue} over a real socket.
    """

    def setUp(self) -> None:
        self.transport, self.made = self.make()
        self.queue, self.owner = self.made.queue, self.made.owner

    def make(
        self, budget: BacklogBudget[Backlog] | None = None, limit: int = 16 * MIB
    ) -> tuple[SocketTransport, OwnedQueue]:
        """
        @return: a queue over one end of a new pair of sockets.
        """
        transport = SocketTransport()
        self.addCleanup(transport.close)
        return transport, OwnedQueue(transport, budget, limit)

    def test_interfaces(self) -> None:
        """The queue is a producer of both kinds."""
        verifyObject(IPushProducer, self.queue)
        verifyObject(IPullProducer, self.queue)

    def test_socketFirst(self) -> None:
        """Bytes that the kernel takes at once never meet the transport."""
        self.queue.put(b"one\r\n")
        self.queue.put(b"two\r\n")
        self.assertEqual(self.transport.peer.recv(100), b"one\r\ntwo\r\n")
        self.assertEqual((self.transport.written, self.transport.producer), (b"", None))
        self.assertEqual((self.owner.calls, self.queue.size), ([], 0))

    def test_reply(self) -> None:
        """A reply may be larger than the bound of the queue; bytes beside it may not."""
        transport, made = self.make(limit=4 * KIB)
        made.queue.reply(BIG)
        self.assertEqual(made.owner.calls, ["blocked"])
        made.queue.put(b"x" * 4 * KIB)
        self.assertEqual(made.owner.calls, ["blocked"])
        transport.pump()
        self.assertEqual(len(transport.received), len(BIG) + 4 * KIB)
        made.queue.put(BIG)
        self.assertIn("overflowed", made.owner.calls)

    def test_largeRelease(self) -> None:
        """Bytes that release a cork may be larger than the bound, too."""
        transport, made = self.make(limit=4 * KIB)
        cork = made.queue.cork()
        cork.release(BIG)
        transport.pump()
        self.assertEqual(made.owner.calls, ["blocked", "drained"])
        self.assertEqual(len(transport.received), len(BIG))

    def test_partly(self) -> None:
        """
        Bytes that the kernel does not take are queued, and arrive when the peer reads, in order.
        """
        self.queue.put(BIG)
        self.assertEqual(self.owner.calls, ["blocked"])
        self.assertGreater(self.queue.size, 0)
        self.queue.put(b"last\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"last\r\n")
        self.assertEqual(self.owner.calls, ["blocked", "drained"])
        self.assertEqual((self.queue.size, self.made.budget.total), (0, 0))
        self.assertIs(self.transport.producer, None)

    def test_socketAgain(self) -> None:
        """The socket is tried first again once the queue has drained."""
        self.queue.put(BIG)
        self.transport.pump()
        self.queue.put(b"more\r\n")
        self.assertEqual(self.transport.peer.recv(100), b"more\r\n")

    def test_nothingTaken(self) -> None:
        """A socket that takes nothing at all loses nothing."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.transport.handle.send(BLOCK)
        self.queue.put(b"here\r\n")
        self.assertEqual(self.owner.calls, ["blocked"])
        self.transport.pump()
        self.assertTrue(self.transport.received.endswith(b"here\r\n"))

    def test_chunks(self) -> None:
        """The transport is given one chunk at a time."""
        self.queue.put(BIG)
        self.assertEqual(len(self.transport.written), 64 * KIB)
        moves = self.owner.moves
        self.transport.written = b""
        self.transport.producer.resumeProducing()
        self.assertEqual(len(self.transport.written), 64 * KIB)
        self.assertEqual(self.owner.moves, moves + 1)

    def test_smallOnesTogether(self) -> None:
        """Small pieces are given to the transport together, as many as a chunk holds."""
        self.queue.put(BIG)
        for _ in range(200):
            self.queue.put(BLOCK)
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + BLOCK * 200)
        self.assertLess(self.owner.moves, len(BIG) // (64 * KIB) + 10)

    def test_overLimit(self) -> None:
        """One byte more than may be queued cuts the connection, and nothing more is queued."""
        self.queue.put(BIG)
        self.queue.limit = self.queue.size + 10
        self.queue.put(b"x" * 10)
        self.assertNotIn("overflowed", self.owner.calls)
        self.queue.put(b"x")
        self.assertEqual(self.owner.calls, ["blocked", "overflowed"])
        self.assertEqual(self.transport.ends, ["abort"])
        self.queue.put(BIG)
        self.assertEqual((self.queue.size, self.made.budget.total), (0, 0))

    def test_overLimitAtOnce(self) -> None:
        """
        A piece that is too large for the queue cuts the connection, and the socket is not tried.
        """
        transport, made = self.make(limit=4 * KIB)
        made.queue.put(BIG)
        self.assertEqual(transport.ends, ["abort"])
        self.assertIs(transport.producer, None)
        self.assertEqual(made.budget.total, 0)

    def test_lostSocket(self) -> None:
        """Sending over a socket that is gone raises and queues nothing; its owner is told."""
        self.transport.peer.close()
        self.queue.put(b"a\r\n")
        self.queue.put(b"b\r\n")
        self.transport.handle.close()
        self.queue.put(b"c\r\n")
        self.assertEqual((set(self.owner.calls), self.queue.size), ({"failed"}, 0))

    def test_noBuffers(self) -> None:
        """A kernel that is short of memory is treated as one that takes nothing."""

        def send(data: bytes) -> int:
            raise OSError(errno.ENOBUFS, "no buffer space available")

        self.queue._send = send
        self.queue.put(b"a\r\n")
        self.assertEqual(self.owner.calls, ["blocked"])
        self.transport.pump()
        self.assertEqual(self.transport.received, b"a\r\n")

    def test_largestFirst(self) -> None:
        """The largest queue is cut when all together are too large, and the others stay."""
        budget = BacklogBudget[Backlog](8 * MIB)
        queues = [self.make(budget) for _ in range(3)]
        for _, made in queues:
            made.queue.put(BIG)
            made.queue._account(-made.queue.size)
        (large, largeMade), (small, smallMade), (other, otherMade) = queues
        largeMade.queue.put(b"x" * 6 * MIB)
        smallMade.queue.put(b"x" * MIB)
        otherMade.queue.put(b"x" * 2 * MIB)
        self.assertEqual([large.ends, small.ends, other.ends], [["abort"], [], []])
        self.assertEqual(budget.total, 3 * MIB)

    def test_itselfTheLargest(self) -> None:
        """The queue that makes the total too large may be the largest itself."""
        transport, made = self.make(BacklogBudget[Backlog](MIB))
        made.queue.put(BIG)
        self.assertEqual(transport.ends, ["abort"])
        self.assertIs(transport.producer, None)
        self.assertEqual((made.queue.size, made.budget.total), (0, 0))

    def test_budgetForgets(self) -> None:
        """A queue that is empty again does not stand in the budget."""
        cork = self.queue.cork()
        cork.release(b"a\r\n")
        self.assertEqual(self.made.budget._sizes, {})
        cork = self.queue.cork()
        self.queue.put(b"b\r\n")
        self.assertEqual(self.made.budget.total, 3)
        cork.release(b"")
        self.assertEqual(self.made.budget._sizes, {})

    # Corks

    def test_cork(self) -> None:
        """Bytes that are put while the queue is corked come after those that release it."""
        cork = self.queue.cork()
        self.queue.put(b"2\r\n")
        self.queue.put(b"3\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"")
        cork.release(b"1\r\n")
        self.queue.put(b"4\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n2\r\n3\r\n4\r\n")

    def test_sendAhead(self) -> None:
        """Bytes that a cork sends come at once, ahead of those held back."""
        cork = self.queue.cork()
        self.queue.put(b"3\r\n")
        self.assertIs(self.successResultOf(cork.send(b"1\r\n")), None)
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n")
        cork.release(b"2\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n2\r\n3\r\n")

    def test_sendAheadWaits(self) -> None:
        """A cork is told of more room when the client has read all of this."""
        cork = self.queue.cork()
        page = cork.send(BIG)
        self.assertNoResult(page)
        self.queue.put(b"live\r\n")
        self.transport.pump()
        self.assertIs(self.successResultOf(page), None)
        self.assertEqual(self.transport.received, BIG)
        cork.release(b"")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"live\r\n")

    def test_corkedTwice(self) -> None:
        """Bytes that two corks hold back come when both are released."""
        cork = self.queue.cork()
        other = self.queue.cork()
        self.queue.put(b"3\r\n")
        cork.release(b"1\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n")
        other.release(b"2\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n2\r\n3\r\n")

    def test_corkedWhileBlocked(self) -> None:
        """A cork of a slow client keeps the order, too."""
        self.queue.put(BIG)
        cork = self.queue.cork()
        self.queue.put(b"3\r\n")
        cork.send(b"1\r\n")
        cork.release(b"2\r\n")
        self.queue.put(b"4\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"1\r\n2\r\n3\r\n4\r\n")
        self.assertEqual((self.queue.size, self.made.budget.total), (0, 0))

    def test_corkedIsBounded(self) -> None:
        """Bytes that are held back count like queued ones."""
        transport, made = self.make(limit=4 * KIB)
        cork = made.queue.cork()
        for _ in range(4):
            made.queue.put(BLOCK)
        self.assertEqual(made.owner.calls, [])
        made.queue.put(b"\n")
        self.assertEqual(made.owner.calls, ["overflowed"])
        self.assertEqual(transport.ends, ["abort"])
        cork.release(b"late\r\n")
        self.assertNoResult(cork.send(b"later\r\n"))
        transport.pump()
        self.assertEqual(transport.received, b"")

    def test_lostWhileSending(self) -> None:
        """A cork of a lost connection is never told of room, and nothing is sent."""
        cork = self.queue.cork()
        page = cork.send(BIG)
        self.queue.put(b"live\r\n")
        self.queue.stopProducing()
        self.assertNoResult(page)
        cork.release(b"")
        self.queue.put(b"more\r\n")
        self.assertEqual((self.queue.size, self.made.budget.total), (0, 0))
        self.assertNoResult(cork.send(b"next\r\n"))

    # The end

    def test_close(self) -> None:
        """The last lines come after all others, and then this direction is closed."""
        self.queue.put(BIG)
        self.queue.close(b"bye\r\n")
        self.assertEqual(self.transport.ends, [])
        self.queue.put(b"too late\r\n")
        self.queue.close(b"bye again\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"bye\r\n")
        self.assertEqual(self.transport.ends, ["half-close"])
        self.assertEqual(self.owner.calls[-1], "ended")

    def test_closeAtOnce(self) -> None:
        """The last lines leave at once if nothing is queued."""
        self.queue.close(b"bye\r\n")
        self.assertEqual(self.transport.peer.recv(100), b"bye\r\n")
        self.assertEqual(self.transport.ends, ["half-close"])

    def test_closeWhileCorked(self) -> None:
        """The last lines wait for the last cork, and come after the bytes held back."""
        cork = self.queue.cork()
        other = self.queue.cork()
        self.queue.put(b"3\r\n")
        self.queue.close(b"bye\r\n")
        self.queue.put(b"too late\r\n")
        self.queue.close(b"bye again\r\n")
        cork.release(b"1\r\n")
        self.assertEqual(self.transport.ends, [])
        self.assertEqual(self.made.budget.total, len(b"3\r\nbye\r\n"))
        other.release(b"2\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n2\r\n3\r\nbye\r\n")
        self.assertEqual(self.transport.ends, ["half-close"])
        self.assertEqual((self.queue.size, self.made.budget.total), (0, 0))

    def test_closeWhileCorkedAndBlocked(self) -> None:
        """The last lines of a slow client wait for the last cork, too."""
        self.queue.put(BIG)
        cork = self.queue.cork()
        self.queue.put(b"2\r\n")
        self.queue.close(b"bye\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.ends, [])
        cork.release(b"1\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"1\r\n2\r\nbye\r\n")
        self.assertEqual(self.transport.ends, ["half-close"])

    def test_closeWhileCorkedIsBounded(self) -> None:
        """Last lines that wait count like all that is queued, and go with the connection."""
        self.queue.limit = 10
        cork = self.queue.cork()
        self.queue.close(b"x" * 11)
        self.assertEqual(self.transport.ends, ["abort"])
        cork.release(b"late\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"")
        self.assertEqual((self.queue.size, self.made.budget.total), (0, 0))

    def test_closeOverLimit(self) -> None:
        """Last lines that are too large cut the connection, which is not closed once more."""
        self.queue.limit = 10
        self.queue.close(BIG)
        self.assertEqual(self.transport.ends, ["abort"])

    def test_sendAfterClose(self) -> None:
        """A cork may go on sending after the close; the last lines come when it is released."""
        cork = self.queue.cork()
        self.queue.close(b"bye\r\n")
        page = cork.send(BIG)
        self.assertNoResult(page)
        self.transport.pump()
        self.assertIs(self.successResultOf(page), None)
        cork.release(b"end\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"end\r\nbye\r\n")
        self.assertNoResult(cork.send(b"late\r\n"))

    def test_discard(self) -> None:
        """Discarding throws away what every cork held back, and nothing is held back afterwards."""
        cork = self.queue.cork()
        other = self.queue.cork()
        self.queue.put(b"kept\r\n")
        cork.discard()
        self.queue.put(b"1\r\n")
        other.release(b"2\r\n")
        cork = self.queue.cork()
        self.queue.put(b"4\r\n")
        cork.release(b"3\r\n")
        self.queue.close(b"bye\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n2\r\n3\r\n4\r\nbye\r\n")
        self.assertEqual((self.queue.size, self.made.budget.total), (0, 0))

    def test_discardNothing(self) -> None:
        """Discarding throws nothing away if nothing is held back."""
        self.queue.put(BIG)
        self.queue.put(b"1\r\n")
        self.queue.discard()
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"1\r\n")

    def test_discardAfterClose(self) -> None:
        """Last lines behind a discard are not held back, and end the connection."""
        cork = self.queue.cork()
        self.queue.put(b"kept\r\n")
        self.queue.close(b"bye\r\n")
        cork.discard()
        self.transport.pump()
        self.assertEqual(self.transport.received, b"bye\r\n")
        self.assertEqual(self.transport.ends, ["half-close"])
        self.assertEqual((self.queue.size, self.made.budget.total), (0, 0))

    def test_arrived(self) -> None:
        """The queue knows whether the client has everything."""
        self.assertTrue(self.queue.arrived)
        self.queue.put(BIG)
        self.assertFalse(self.queue.arrived)
        self.transport.pump()
        self.assertTrue(self.queue.arrived)
        self.transport.handle.close()
        self.assertFalse(self.queue.arrived)

    def test_abort(self) -> None:
        """A cut connection sends nothing more."""
        self.queue.put(BIG)
        self.queue.abort()
        self.assertEqual(self.transport.ends, ["abort"])
        self.queue.close(b"bye\r\n")
        self.assertEqual(self.transport.ends, ["abort"])
        self.assertEqual(self.made.budget.total, 0)

    @settings(deadline=None, derandomize=True, max_examples=60)
    @given(STEPS)
    def test_nothingIsLost(self, steps: list[tuple[str, int]]) -> None:
        """All bytes arrive once and in order, however they are corked, sent ahead and blocked."""
        transport = SocketTransport()
        made = OwnedQueue(transport, limit=64 * MIB)
        queue = made.queue
        expected: list[bytes] = []
        kept: list[bytes] = []
        corks: list[Cork] = []
        try:
            for number, (step, size) in enumerate(steps):
                data = b"%d:" % number + b"." * size + b"\n"
                if step == "put":
                    (kept if corks else expected).append(data)
                    queue.put(data)
                elif step == "cork":
                    corks.append(queue.cork())
                elif step == "send":
                    expected.append(data)
                    queue.sendAhead(data)
                elif step == "release" and corks:
                    expected.append(data)
                    cork = corks.pop(size % len(corks))
                    if not corks:
                        expected.extend(kept)
                        kept.clear()
                    cork.release(data)
                elif step == "discard":
                    corks.clear()
                    kept.clear()
                    queue.discard()
                elif step == "pump":
                    transport.pump()
                self.assertEqual(queue.size, made.budget.total)
            queue.close(b"bye\n")
            for cork in corks:
                queue.put(b"too late\n")
                expected.append(b"released\n")
                cork.release(b"released\n")
            transport.pump()
            self.assertEqual(transport.received, b"".join([*expected, *kept, b"bye\n"]))
            self.assertEqual((queue.size, made.budget.total), (0, 0))
            blocked = [call for call in made.owner.calls if call != "ended"]
            self.assertEqual(blocked, ["blocked", "drained"] * (len(blocked) // 2))
        finally:
            transport.close()
