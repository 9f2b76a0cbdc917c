"""
Tests for L{twisted_chat.client.tls.handshake}.
"""

from __future__ import annotations

from twisted.internet.error import TimeoutError
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.client.tls.test_endpoint import Applications
from twisted_chat.client.tls.handshake import HANDSHAKE_TIMEOUT, HandshakeGate


class HandshakeTimeoutTests(SynchronousTestCase):
    """
    Tests for a server that does not finish the handshake.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.applications = Applications()
        self.transport = StringTransport()
        self.gate = HandshakeGate(self.clock, self.applications, lambda: None, None)
        self.gate.makeConnection(self.transport)

    def test_tooLate(self) -> None:
        """A connection whose handshake takes half a minute is given up."""
        self.clock.advance(HANDSHAKE_TIMEOUT - 1)
        self.assertNoResult(self.gate.entered)
        self.clock.advance(1)
        self.failureResultOf(self.gate.entered, TimeoutError)
        self.assertTrue(self.transport.disconnected)

    def test_afterwards(self) -> None:
        """A handshake that ends after that does not let the application in."""
        self.clock.advance(HANDSHAKE_TIMEOUT)
        self.failureResultOf(self.gate.entered, TimeoutError)
        self.gate.handshakeCompleted()
        self.assertEqual(self.applications.made, [])

    def test_inTime(self) -> None:
        """A handshake in time leaves no timer behind."""
        self.gate.handshakeCompleted()
        self.assertEqual([self.successResultOf(self.gate.entered)], self.applications.made)
        self.assertEqual(self.clock.getDelayedCalls(), [])
