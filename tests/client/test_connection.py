"""
Tests of the connector, apart from what the link's tests show of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import Endpoint, Transport
from twisted_chat.client.connection import Connector, LineBuffer
from twisted_chat.wire.framing import MAX_FLOOD, TOO_LONG, Excess


class RecordingOwner:
    """
    An owner that writes down what it is told.
    """

    def __init__(self) -> None:
        self.calls: list[object] = []

    def connectionMade(self) -> None:
        self.calls.append("made")

    def linesReceived(self, lines: Sequence[bytes | Excess]) -> None:
        self.calls.append(list(lines))

    def tlsReceived(self) -> None:
        self.calls.append("tls")

    def connectionLost(self, reason: Failure, settled: bool) -> None:
        self.calls.append((reason.type, settled))

    def clogged(self, clogged: bool) -> None:
        self.calls.append(clogged)


class LineBufferTests(SynchronousTestCase):
    """
    The lines of a server.
    """

    @settings(deadline=None, max_examples=100, derandomize=True, database=None)
    @given(
        st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"x" * 40000]), max_size=12),
        st.lists(st.integers(0, 200000), max_size=6),
    )
    def test_chunks(self, parts: list[bytes], cuts: list[int]) -> None:
        """
        Lines are the same however the stream is cut, and each line that is too long is skipped
        once.
        """
        stream = b"".join(parts)
        places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        buffer, lines = LineBuffer(), list[bytes | Excess]()
        for start, end in pairwise(places):
            lines += buffer.feed(stream[start:end])
            self.assertLessEqual(len(buffer.pending), MAX_FLOOD)
        *whole, tail = stream.split(b"\n")
        expected: list[bytes | Excess] = [
            TOO_LONG if len(line) > MAX_FLOOD else line.removesuffix(b"\r") for line in whole
        ]
        expected += [TOO_LONG] if len(tail) > MAX_FLOOD else []
        self.assertEqual(lines, expected)

    def test_take(self) -> None:
        """An unfinished line can be taken as a finished one."""
        buffer = LineBuffer()
        self.assertEqual(buffer.feed(b"one\nname >"), [b"one"])
        self.assertEqual((buffer.take(), buffer.pending), (b"name >", b""))
        self.assertEqual(buffer.feed(b"two\n"), [b"two"])


class ConnectorTests(SynchronousTestCase):
    """
    One connection at a time.
    """

    def setUp(self) -> None:
        self.clock, self.endpoint, self.owner = Clock(), Endpoint(), RecordingOwner()
        self.connector = Connector(self.clock, self.endpoint, self.owner, lambda: 1.0)

    def test_life(self) -> None:
        """The owner is told of a connection, its lines and its end, in this order."""
        self.connector.connect()
        peer = self.endpoint.accept()
        peer.sends(b"one\r\ntw")
        peer.sends(b"o\nthr")
        peer.closes()
        self.assertEqual(self.owner.calls, ["made", [b"one"], [b"two"], (ConnectionDone, False)])
        self.assertTrue(self.connector.idle)

    def test_refused(self) -> None:
        """An attempt that fails counts as a lost connection."""
        self.connector.connect()
        self.endpoint.refuse(ConnectionRefusedError())
        self.assertEqual(self.owner.calls, [(ConnectionRefusedError, False)])

    def test_settled(self) -> None:
        """A connection that lasted some seconds was a good one."""
        self.connector.connect()
        peer = self.endpoint.accept()
        self.clock.advance(10)
        peer.closes()
        self.assertEqual(self.owner.calls[-1], (ConnectionDone, True))

    def test_forgetAttempt(self) -> None:
        """A connection that is made after it was given up is cut, without telling the owner."""
        self.connector.connect()
        factory, attempt = self.endpoint.attempts[0]
        attempt.addErrback(lambda failure: None)
        self.connector.forget()
        wire = factory.buildProtocol(None)  # type: ignore[arg-type]
        transport = Transport()
        transport.protocol = wire
        assert wire is not None
        wire.makeConnection(transport)
        self.assertTrue(transport.disconnected)
        self.assertEqual(self.owner.calls, [])

    def test_forgetConnection(self) -> None:
        """A connection that is given up is cut, without telling the owner."""
        self.connector.connect()
        peer = self.endpoint.accept()
        self.connector.forget()
        self.assertTrue(peer.transport.disconnected)
        peer.sends(b"late\n")
        self.assertEqual(self.owner.calls, ["made"])

    def test_forgetDelay(self) -> None:
        """An attempt that is given up before it begins does not begin."""
        self.connector.comeBack()
        self.connector.forget()
        self.clock.advance(60)
        self.assertEqual(self.endpoint.attempts, [])

    def test_clogged(self) -> None:
        """The owner is told when the transport is full, and when it no longer is."""
        self.connector.connect()
        peer = self.endpoint.accept()
        self.assertIs(peer.transport.producer, peer.protocol)
        peer.protocol.pauseProducing()
        peer.protocol.resumeProducing()
        self.assertEqual(self.owner.calls, ["made", True, False])

    def test_silence(self) -> None:
        """Silence counts from the last line, and only while the client listens."""
        self.connector.connect()
        peer = self.endpoint.accept()
        self.clock.advance(5)
        self.assertEqual(self.connector.silence, 5)
        peer.sends(b"x\n")
        self.assertEqual(self.connector.silence, 0)
        self.connector.pause()
        self.clock.advance(50)
        self.assertEqual(self.connector.silence, 0)
        self.connector.resume()
        self.assertEqual(self.connector.silence, 0)
