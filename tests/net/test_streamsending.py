"""
Tests for L{twisted_chat.net.sending} over a transport without a socket of its own.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.support.sendqueues import BLOCK, OwnedQueue
from twisted_chat.net.limits import KIB, MIB


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


class StreamSendQueueTests(SynchronousTestCase):
    """
    Tests for L{SendQueue} over a transport without a socket of its own, as with TLS.
    """

    def setUp(self) -> None:
        self.transport = PausingTransport()
        self.made = OwnedQueue(self.transport)
        self.queue, self.owner = self.made.queue, self.made.owner

    def test_writes(self) -> None:
        """Bytes go to the transport as long as it has room."""
        self.queue.put(b"a\r\n")
        self.assertEqual(self.transport.value(), b"a\r\n")
        self.assertEqual(self.owner.calls, [])

    def test_paused(self) -> None:
        """Bytes that come while the transport is full are queued here, and bounded."""
        self.queue.limit = MIB
        for _ in range(65):
            self.queue.put(BLOCK)
        self.assertEqual(self.owner.calls, ["blocked"])
        for _ in range(KIB):
            self.queue.put(BLOCK)
        self.assertEqual(self.queue.size, MIB)
        self.queue.put(b"\n")
        self.assertEqual(self.owner.calls, ["blocked", "overflowed"])
        self.assertTrue(self.transport.disconnected)

    def test_resumed(self) -> None:
        """A transport that is empty gets more, but never all of a large queue at once."""
        for _ in range(KIB):
            self.queue.put(BLOCK)
        queued = self.queue.size
        self.transport.drain()
        self.assertNotIn("drained", self.owner.calls)
        self.assertGreater(self.queue.size, queued - 256 * KIB)
        for _ in range(20):
            self.transport.drain()
        self.assertEqual(self.owner.calls, ["blocked", "drained"])
        self.assertEqual(self.transport.value(), BLOCK * KIB)
        self.assertLessEqual(self.transport.largest, 129 * KIB)

    def test_closeWithoutProducer(self) -> None:
        """The producer is unregistered at the end, since TLS closes only then."""
        for _ in range(KIB):
            self.queue.put(BLOCK)
        self.queue.close(b"bye\r\n")
        self.assertFalse(self.transport.disconnecting)
        for _ in range(20):
            self.transport.drain()
        self.assertEqual(self.transport.value(), BLOCK * KIB + b"bye\r\n")
        self.assertIs(self.transport.producer, None)
        self.assertTrue(self.transport.disconnecting)
        self.assertFalse(self.transport.disconnected)

    def test_pausedAfterClose(self) -> None:
        """A transport that is full after the last lines changes nothing."""
        producer: Any = self.transport.producer
        self.queue.close(b"bye\r\n")
        producer.pauseProducing()
        producer.resumeProducing()
        self.assertEqual(self.owner.calls, [])
