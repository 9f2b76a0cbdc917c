"""
Tests for L{twisted_chat.net.sending}.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.interfaces import IPullProducer, IPushProducer
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.support.peers import SocketTransport
from twisted_chat.net.budget import QueueLedger
from twisted_chat.net.limits import KIB, MIB
from twisted_chat.net.sending import Outlet

BLOCK = b"x" * 1023 + b"\n"

BIG = BLOCK * 8192
"""More than any socket's buffers hold on loopback, and within the limit of L{OwnedOutlet}."""

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 3000)),
        st.tuples(st.just("put"), st.just(600_000)),
        st.tuples(
            st.sampled_from(["hold", "release", "drop", "page", "pump"]), st.integers(0, 100)
        ),
    ),
    max_size=40,
)
"""What may happen to an outlet, in any order, and with how many bytes."""


class Owner:
    """
    Hears what becomes of an outlet.

    @ivar calls: what it heard, without moves.
    @ivar moves: how often something was taken.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.moves = 0
        self.overflowed: Callable[[], object] = lambda: None

    def outletBlocked(self) -> None:
        """See L{twisted_chat.net.sending.OutletOwner}."""
        self.calls.append("blocked")

    def outletMoved(self) -> None:
        """See L{twisted_chat.net.sending.OutletOwner}."""
        self.moves += 1

    def outletDrained(self) -> None:
        """See L{twisted_chat.net.sending.OutletOwner}."""
        self.calls.append("drained")

    def outletEnded(self) -> None:
        """See L{twisted_chat.net.sending.OutletOwner}."""
        self.calls.append("ended")

    def outletOverflowed(self) -> None:
        """See L{twisted_chat.net.sending.OutletOwner}."""
        self.calls.append("overflowed")
        self.overflowed()


class OwnedOutlet:
    """
    An outlet, and all that stands around it.
    """

    def __init__(
        self,
        transport: Any,
        ledger: QueueLedger[Outlet] | None = None,
        limit: int = 16 * MIB,
        chunk: int = 64 * KIB,
    ) -> None:
        self.owner = Owner()
        self.ledger = QueueLedger[Outlet]() if ledger is None else ledger
        self.outlet = Outlet(transport, self.owner, self.ledger, limit, chunk)
        self.owner.overflowed = self.outlet.abort


class SocketOutletTests(SynchronousTestCase):
    """
    Tests for L{Outlet} over a real socket.
    """

    def setUp(self) -> None:
        self.transport, self.made = self.make()
        self.outlet, self.owner = self.made.outlet, self.made.owner

    def make(
        self, ledger: QueueLedger[Outlet] | None = None, limit: int = 16 * MIB
    ) -> tuple[SocketTransport, OwnedOutlet]:
        """
        An outlet over one end of a new pair of sockets.
        """
        transport = SocketTransport()
        self.addCleanup(transport.close)
        return transport, OwnedOutlet(transport, ledger, limit)

    def test_interfaces(self) -> None:
        """It is a producer of both kinds."""
        verifyObject(IPushProducer, self.outlet)
        verifyObject(IPullProducer, self.outlet)

    def test_socketFirst(self) -> None:
        """What the kernel takes at once never meets the transport."""
        self.outlet.put(b"one\r\n")
        self.outlet.put(b"two\r\n")
        self.assertEqual(self.transport.peer.recv(100), b"one\r\ntwo\r\n")
        self.assertEqual((self.transport.written, self.transport.producer), (b"", None))
        self.assertEqual((self.owner.calls, self.outlet.size), ([], 0))

    def test_answer(self) -> None:
        """An answer may be larger than what may wait otherwise; what comes beside it may not."""
        transport, made = self.make(limit=4 * KIB)
        made.outlet.answer(BIG)
        self.assertEqual(made.owner.calls, ["blocked"])
        made.outlet.put(b"x" * 4 * KIB)
        self.assertEqual(made.owner.calls, ["blocked"])
        transport.pump()
        self.assertEqual(len(transport.received), len(BIG) + 4 * KIB)
        made.outlet.put(BIG)
        self.assertIn("overflowed", made.owner.calls)

    def test_largeRelease(self) -> None:
        """So may what one is told who comes."""
        transport, made = self.make(limit=4 * KIB)
        made.outlet.hold()
        made.outlet.release(BIG)
        transport.pump()
        self.assertEqual(made.owner.calls, ["blocked", "drained"])
        self.assertEqual(len(transport.received), len(BIG))

    def test_partly(self) -> None:
        """What the kernel does not take is queued, and arrives when the peer reads, in order."""
        self.outlet.put(BIG)
        self.assertEqual(self.owner.calls, ["blocked"])
        self.assertGreater(self.outlet.size, 0)
        self.outlet.put(b"last\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"last\r\n")
        self.assertEqual(self.owner.calls, ["blocked", "drained"])
        self.assertEqual((self.outlet.size, self.made.ledger.total), (0, 0))
        self.assertIs(self.transport.producer, None)

    def test_socketAgain(self) -> None:
        """After the queue has drained the socket is tried first again."""
        self.outlet.put(BIG)
        self.transport.pump()
        self.outlet.put(b"more\r\n")
        self.assertEqual(self.transport.peer.recv(100), b"more\r\n")

    def test_nothingTaken(self) -> None:
        """A socket that takes nothing at all loses nothing."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.transport.handle.send(BLOCK)
        self.outlet.put(b"here\r\n")
        self.assertEqual(self.owner.calls, ["blocked"])
        self.transport.pump()
        self.assertTrue(self.transport.received.endswith(b"here\r\n"))

    def test_chunks(self) -> None:
        """The transport is given one chunk at a time."""
        self.outlet.put(BIG)
        self.assertEqual(len(self.transport.written), 64 * KIB)
        moves = self.owner.moves
        self.transport.written = b""
        self.transport.producer.resumeProducing()
        self.assertEqual(len(self.transport.written), 64 * KIB)
        self.assertEqual(self.owner.moves, moves + 1)

    def test_smallOnesTogether(self) -> None:
        """Small pieces are given to the transport together, as many as a chunk holds."""
        self.outlet.put(BIG)
        for _ in range(200):
            self.outlet.put(BLOCK)
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + BLOCK * 200)
        self.assertLess(self.owner.moves, len(BIG) // (64 * KIB) + 10)

    def test_overLimit(self) -> None:
        """One byte more than may be queued, and the connection is cut, with no way to queue."""
        self.outlet.put(BIG)
        self.outlet.limit = self.outlet.size + 10
        self.outlet.put(b"x" * 10)
        self.assertNotIn("overflowed", self.owner.calls)
        self.outlet.put(b"x")
        self.assertEqual(self.owner.calls, ["blocked", "overflowed"])
        self.assertEqual(self.transport.ends, ["abort"])
        self.outlet.put(BIG)
        self.assertEqual((self.outlet.size, self.made.ledger.total), (0, 0))

    def test_overLimitAtOnce(self) -> None:
        """A piece that is too large for the queue cuts the connection, and nothing is asked."""
        transport, made = self.make(limit=4 * KIB)
        made.outlet.put(BIG)
        self.assertEqual(transport.ends, ["abort"])
        self.assertIs(transport.producer, None)
        self.assertEqual(made.ledger.total, 0)

    def test_lostSocket(self) -> None:
        """Sending over a socket that is gone raises nothing and queues nothing."""
        self.transport.peer.close()
        self.outlet.put(b"a\r\n")
        self.outlet.put(b"b\r\n")
        self.transport.handle.close()
        self.outlet.put(b"c\r\n")
        self.assertEqual((self.owner.calls, self.outlet.size), ([], 0))

    def test_noBuffers(self) -> None:
        """A kernel that is short of memory is like one that takes nothing: all is kept."""

        def send(data: bytes) -> int:
            raise OSError(errno.ENOBUFS, "no buffer space available")

        self.outlet._send = send
        self.outlet.put(b"a\r\n")
        self.assertEqual(self.owner.calls, ["blocked"])
        self.transport.pump()
        self.assertEqual(self.transport.received, b"a\r\n")

    def test_largestFirst(self) -> None:
        """When all queues together are too large, the largest is cut and the others stay."""
        ledger = QueueLedger[Outlet](8 * MIB)
        outlets = [self.make(ledger) for _ in range(3)]
        for _, made in outlets:
            made.outlet.put(BIG)
            made.outlet._account(-made.outlet.size)
        (large, largeMade), (small, smallMade), (other, otherMade) = outlets
        largeMade.outlet.put(b"x" * 6 * MIB)
        smallMade.outlet.put(b"x" * MIB)
        otherMade.outlet.put(b"x" * 2 * MIB)
        self.assertEqual([large.ends, small.ends, other.ends], [["abort"], [], []])
        self.assertEqual(ledger.total, 3 * MIB)

    def test_itselfTheLargest(self) -> None:
        """Who makes all queues together too large may be the largest himself."""
        transport, made = self.make(QueueLedger[Outlet](MIB))
        made.outlet.put(BIG)
        self.assertEqual(transport.ends, ["abort"])
        self.assertIs(transport.producer, None)
        self.assertEqual((made.outlet.size, made.ledger.total), (0, 0))

    def test_ledgerForgets(self) -> None:
        """Who has nothing queued does not stand in the ledger, whatever he held."""
        self.outlet.hold()
        self.outlet.release(b"a\r\n")
        self.assertEqual(self.made.ledger._sizes, {})
        self.outlet.hold()
        self.outlet.put(b"b\r\n")
        self.assertEqual(self.made.ledger.total, 3)
        self.outlet.release(b"")
        self.assertEqual(self.made.ledger._sizes, {})

    # Holding back

    def test_hold(self) -> None:
        """What is put while it is held back comes after what releases it."""
        self.outlet.hold()
        self.outlet.put(b"2\r\n")
        self.outlet.put(b"3\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"")
        self.outlet.release(b"1\r\n")
        self.outlet.put(b"4\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n2\r\n3\r\n4\r\n")

    def test_page(self) -> None:
        """Pages come at once, ahead of what is held back."""
        self.outlet.hold()
        self.outlet.put(b"3\r\n")
        self.assertIs(self.successResultOf(self.outlet.page(b"1\r\n")), None)
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n")
        self.outlet.release(b"2\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n2\r\n3\r\n")

    def test_pageWaits(self) -> None:
        """The next page is asked for when the peer has taken all of this one."""
        self.outlet.hold()
        page = self.outlet.page(BIG)
        self.assertNoResult(page)
        self.outlet.put(b"live\r\n")
        self.transport.pump()
        self.assertIs(self.successResultOf(page), None)
        self.assertEqual(self.transport.received, BIG)
        self.outlet.release(b"")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"live\r\n")

    def test_heldTwice(self) -> None:
        """Two who hold it back are both waited for."""
        self.outlet.hold()
        self.outlet.hold()
        self.outlet.put(b"3\r\n")
        self.outlet.release(b"1\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n")
        self.outlet.release(b"2\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n2\r\n3\r\n")

    def test_heldWhileBlocked(self) -> None:
        """Holding back while the peer is slow keeps the order, too."""
        self.outlet.put(BIG)
        self.outlet.hold()
        self.outlet.put(b"3\r\n")
        self.outlet.page(b"1\r\n")
        self.outlet.release(b"2\r\n")
        self.outlet.put(b"4\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"1\r\n2\r\n3\r\n4\r\n")
        self.assertEqual((self.outlet.size, self.made.ledger.total), (0, 0))

    def test_heldIsBounded(self) -> None:
        """What is held back counts like what is queued."""
        transport, made = self.make(limit=4 * KIB)
        made.outlet.hold()
        for _ in range(4):
            made.outlet.put(BLOCK)
        self.assertEqual(made.owner.calls, [])
        made.outlet.put(b"\n")
        self.assertEqual(made.owner.calls, ["overflowed"])
        self.assertEqual(transport.ends, ["abort"])
        made.outlet.release(b"late\r\n")
        self.assertNoResult(made.outlet.page(b"later\r\n"))
        transport.pump()
        self.assertEqual(transport.received, b"")

    def test_lostWhilePaged(self) -> None:
        """A page that waits when the connection is lost waits for ever, and nothing is sent."""
        self.outlet.hold()
        page = self.outlet.page(BIG)
        self.outlet.put(b"live\r\n")
        self.outlet.stopProducing()
        self.assertNoResult(page)
        self.outlet.release(b"")
        self.outlet.put(b"more\r\n")
        self.assertEqual((self.outlet.size, self.made.ledger.total), (0, 0))
        self.assertNoResult(self.outlet.page(b"next\r\n"))

    # The end

    def test_bye(self) -> None:
        """The last words come after everything else, then this direction is closed."""
        self.outlet.put(BIG)
        self.outlet.bye(b"bye\r\n")
        self.assertEqual(self.transport.ends, [])
        self.outlet.put(b"too late\r\n")
        self.outlet.bye(b"bye again\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"bye\r\n")
        self.assertEqual(self.transport.ends, ["half-close"])
        self.assertEqual(self.owner.calls[-1], "ended")

    def test_byeAtOnce(self) -> None:
        """When nothing is queued, the last words leave at once."""
        self.outlet.bye(b"bye\r\n")
        self.assertEqual(self.transport.peer.recv(100), b"bye\r\n")
        self.assertEqual(self.transport.ends, ["half-close"])

    def test_byeWhileHeld(self) -> None:
        """The last words wait for the last who holds it back, and come after what is kept."""
        self.outlet.hold()
        self.outlet.hold()
        self.outlet.put(b"3\r\n")
        self.outlet.bye(b"bye\r\n")
        self.outlet.put(b"too late\r\n")
        self.outlet.bye(b"bye again\r\n")
        self.outlet.release(b"1\r\n")
        self.assertEqual(self.transport.ends, [])
        self.assertEqual(self.made.ledger.total, len(b"3\r\nbye\r\n"))
        self.outlet.release(b"2\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n2\r\n3\r\nbye\r\n")
        self.assertEqual(self.transport.ends, ["half-close"])
        self.assertEqual((self.outlet.size, self.made.ledger.total), (0, 0))

    def test_byeWhileHeldAndBlocked(self) -> None:
        """The same holds for a peer that is slow."""
        self.outlet.put(BIG)
        self.outlet.hold()
        self.outlet.put(b"2\r\n")
        self.outlet.bye(b"bye\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.ends, [])
        self.outlet.release(b"1\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"1\r\n2\r\nbye\r\n")
        self.assertEqual(self.transport.ends, ["half-close"])

    def test_byeWhileHeldIsBounded(self) -> None:
        """Last words that wait count like all that is queued, and go with the connection."""
        self.outlet.limit = 10
        self.outlet.hold()
        self.outlet.bye(b"x" * 11)
        self.assertEqual(self.transport.ends, ["abort"])
        self.outlet.release(b"late\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"")
        self.assertEqual((self.outlet.size, self.made.ledger.total), (0, 0))

    def test_byeOverLimit(self) -> None:
        """Last words that are too large cut the connection, which is not closed once more."""
        self.outlet.limit = 10
        self.outlet.bye(BIG)
        self.assertEqual(self.transport.ends, ["abort"])

    def test_pageAfterBye(self) -> None:
        """Who pages goes on after the last words were said, which come when he is done."""
        self.outlet.hold()
        self.outlet.bye(b"bye\r\n")
        page = self.outlet.page(BIG)
        self.assertNoResult(page)
        self.transport.pump()
        self.assertIs(self.successResultOf(page), None)
        self.outlet.release(b"end\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"end\r\nbye\r\n")
        self.assertNoResult(self.outlet.page(b"late\r\n"))

    def test_drop(self) -> None:
        """What was kept back is thrown away, and nothing is held back any more."""
        self.outlet.hold()
        self.outlet.hold()
        self.outlet.put(b"kept\r\n")
        self.outlet.drop()
        self.outlet.put(b"1\r\n")
        self.outlet.release(b"2\r\n")
        self.outlet.hold()
        self.outlet.put(b"4\r\n")
        self.outlet.release(b"3\r\n")
        self.outlet.bye(b"bye\r\n")
        self.transport.pump()
        self.assertEqual(self.transport.received, b"1\r\n2\r\n3\r\n4\r\nbye\r\n")
        self.assertEqual((self.outlet.size, self.made.ledger.total), (0, 0))

    def test_dropNothing(self) -> None:
        """Where nothing is held back, nothing is dropped."""
        self.outlet.put(BIG)
        self.outlet.put(b"1\r\n")
        self.outlet.drop()
        self.transport.pump()
        self.assertEqual(self.transport.received, BIG + b"1\r\n")

    def test_dropAfterBye(self) -> None:
        """The last words are not kept back, and end the connection."""
        self.outlet.hold()
        self.outlet.put(b"kept\r\n")
        self.outlet.bye(b"bye\r\n")
        self.outlet.drop()
        self.transport.pump()
        self.assertEqual(self.transport.received, b"bye\r\n")
        self.assertEqual(self.transport.ends, ["half-close"])
        self.assertEqual((self.outlet.size, self.made.ledger.total), (0, 0))

    def test_arrived(self) -> None:
        """It knows whether the peer has everything."""
        self.assertTrue(self.outlet.arrived)
        self.outlet.put(BIG)
        self.assertFalse(self.outlet.arrived)
        self.transport.pump()
        self.assertTrue(self.outlet.arrived)
        self.transport.handle.close()
        self.assertFalse(self.outlet.arrived)

    def test_abort(self) -> None:
        """A cut connection sends nothing more."""
        self.outlet.put(BIG)
        self.outlet.abort()
        self.assertEqual(self.transport.ends, ["abort"])
        self.outlet.bye(b"bye\r\n")
        self.assertEqual(self.transport.ends, ["abort"])
        self.assertEqual(self.made.ledger.total, 0)

    @settings(deadline=None, derandomize=True, max_examples=60)
    @given(STEPS)
    def test_nothingIsLost(self, steps: list[tuple[str, int]]) -> None:
        """Whatever is held, paged and blocked, all arrives once, and in the promised order."""
        transport = SocketTransport()
        made = OwnedOutlet(transport, limit=64 * MIB)
        outlet = made.outlet
        expected: list[bytes] = []
        kept: list[bytes] = []
        holds = 0
        try:
            for number, (step, size) in enumerate(steps):
                data = b"%d:" % number + b"." * size + b"\n"
                if step == "put":
                    (kept if holds else expected).append(data)
                    outlet.put(data)
                elif step == "hold":
                    holds += 1
                    outlet.hold()
                elif step == "page":
                    expected.append(data)
                    outlet.page(data)
                elif step == "release" and holds:
                    holds -= 1
                    expected.append(data)
                    if not holds:
                        expected.extend(kept)
                        kept.clear()
                    outlet.release(data)
                elif step == "drop":
                    holds = 0
                    kept.clear()
                    outlet.drop()
                elif step == "pump":
                    transport.pump()
                self.assertEqual(outlet.size, made.ledger.total)
            outlet.bye(b"bye\n")
            for _ in range(holds):
                outlet.put(b"too late\n")
                expected.append(b"released\n")
                outlet.release(b"released\n")
            transport.pump()
            self.assertEqual(transport.received, b"".join([*expected, *kept, b"bye\n"]))
            self.assertEqual((outlet.size, made.ledger.total), (0, 0))
            blocked = [call for call in made.owner.calls if call != "ended"]
            self.assertEqual(blocked, ["blocked", "drained"] * (len(blocked) // 2))
        finally:
            transport.close()


class PausingTransport(StringTransport):
    """
    A transport without a socket that pauses its producer as Twisted's own do (more than 64 KiB).

    @ivar buffer: what the peer has not taken yet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.buffer = b""
        self.largest = 0

    def write(self, data: bytes) -> None:
        """See C{ITransport}."""
        super().write(data)
        self.buffer += data
        self.largest = max(self.largest, len(self.buffer))
        if self.producer is not None and len(self.buffer) > 64 * KIB:
            self.producer.pauseProducing()

    def drain(self) -> None:
        """
        Let the peer take all that the transport has.
        """
        paused = len(self.buffer) > 64 * KIB
        self.buffer = b""
        if paused and self.producer is not None:
            self.producer.resumeProducing()


class StreamOutletTests(SynchronousTestCase):
    """
    Tests for L{Outlet} over a transport without a socket of its own, as with TLS.
    """

    def setUp(self) -> None:
        self.transport = PausingTransport()
        self.made = OwnedOutlet(self.transport)
        self.outlet, self.owner = self.made.outlet, self.made.owner

    def test_writes(self) -> None:
        """As long as the transport has room, everything goes there."""
        self.outlet.put(b"a\r\n")
        self.assertEqual(self.transport.value(), b"a\r\n")
        self.assertEqual(self.owner.calls, [])

    def test_paused(self) -> None:
        """What comes while the transport is full is queued here, and bounded."""
        self.outlet.limit = MIB
        for _ in range(65):
            self.outlet.put(BLOCK)
        self.assertEqual(self.owner.calls, ["blocked"])
        for _ in range(KIB):
            self.outlet.put(BLOCK)
        self.assertEqual(self.outlet.size, MIB)
        self.outlet.put(b"\n")
        self.assertEqual(self.owner.calls, ["blocked", "overflowed"])
        self.assertTrue(self.transport.disconnected)

    def test_resumed(self) -> None:
        """When the transport is empty it gets more, but never all of a large queue at once."""
        for _ in range(KIB):
            self.outlet.put(BLOCK)
        queued = self.outlet.size
        self.transport.drain()
        self.assertNotIn("drained", self.owner.calls)
        self.assertGreater(self.outlet.size, queued - 256 * KIB)
        for _ in range(20):
            self.transport.drain()
        self.assertEqual(self.owner.calls, ["blocked", "drained"])
        self.assertEqual(self.transport.value(), BLOCK * KIB)
        self.assertLessEqual(self.transport.largest, 129 * KIB)

    def test_byeWithoutProducer(self) -> None:
        """At the end there is no producer any more, since TLS closes only then."""
        for _ in range(KIB):
            self.outlet.put(BLOCK)
        self.outlet.bye(b"bye\r\n")
        self.assertFalse(self.transport.disconnecting)
        for _ in range(20):
            self.transport.drain()
        self.assertEqual(self.transport.value(), BLOCK * KIB + b"bye\r\n")
        self.assertIs(self.transport.producer, None)
        self.assertTrue(self.transport.disconnecting)
        self.assertFalse(self.transport.disconnected)

    def test_pausedAfterBye(self) -> None:
        """A transport that is full after the last words changes nothing."""
        producer: Any = self.transport.producer
        self.outlet.bye(b"bye\r\n")
        producer.pauseProducing()
        producer.resumeProducing()
        self.assertEqual(self.owner.calls, [])
