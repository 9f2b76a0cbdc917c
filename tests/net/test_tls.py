"""
Tests for L{twisted_chat.net.tls}; whole conversations over TLS are in
L{tests.system.test_conversation}.
"""

from __future__ import annotations

import tempfile
from typing import Any

from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from twisted_chat.net.certificates import keptCertificate, serverContextFactory
from twisted_chat.net.tls import TLSEndpoint


class Taken:
    """
    An endpoint that keeps the factory.
    """

    factory: Any = None

    def listen(self, factory: Any) -> str:
        self.factory = factory
        return "port"


class TLSEndpointTests(SynchronousTestCase):
    """
    A factory behind TLS.
    """

    def setUp(self) -> None:
        path = keptCertificate(tempfile.mkdtemp(dir="."))
        self.inner = Taken()
        self.endpoint = TLSEndpoint(self.inner, serverContextFactory(path, path))  # type: ignore[arg-type]
        self.factory = Factory.forProtocol(Protocol)

    def test_interface(self) -> None:
        """It is an endpoint as any other, and gives what the one below gives."""
        verifyObject(IStreamServerEndpoint, self.endpoint)
        self.assertEqual(self.endpoint.listen(self.factory), "port")

    def test_shakesHands(self) -> None:
        """What is sent before the handshake never goes out in the clear."""
        self.endpoint.listen(self.factory)
        transport = StringTransport()
        protocol = self.inner.factory.buildProtocol(None)
        protocol.makeConnection(transport)
        protocol.wrappedProtocol.transport.write(b"secret")
        self.assertNotIn(b"secret", transport.value())

    def test_refuses(self) -> None:
        """A factory that gives no protocol refuses the connection."""
        self.factory.buildProtocol = lambda addr: None  # type: ignore[method-assign]
        self.endpoint.listen(self.factory)
        self.assertIs(self.inner.factory.buildProtocol(None), None)
