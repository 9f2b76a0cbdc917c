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
        self.context = serverContextFactory(path, path)
        self.endpoint = TLSEndpoint(self.inner, self.context)  # type: ignore[arg-type]
        self.factory = Factory.forProtocol(Protocol)

    def test_interface(self) -> None:
        """The endpoint is like any other, and gives what the one below gives."""
        verifyObject(IStreamServerEndpoint, self.endpoint)
        self.assertEqual(self.endpoint.listen(self.factory), "port")

    def test_shakesHands(self) -> None:
        """Bytes that are sent before the handshake never go out in the clear."""
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

    def test_proxyHeader(self) -> None:
        """The header of a proxy instead of a handshake is refused, and logged."""
        log = _Log()
        endpoint = TLSEndpoint(self.inner, self.context, log)  # type: ignore[arg-type]
        endpoint.listen(self.factory)
        for first in (b"PROXY TCP4 192.0.2.1 ", b"\r\n\r\n\x00\r\nQUIT\n\x21"):
            transport: Any = StringTransport()
            protocol = self.inner.factory.buildProtocol(None)
            protocol.makeConnection(transport)
            protocol.dataReceived(first)
            self.assertTrue(transport.disconnected)
        self.assertEqual(len(log.lines), 2)
        self.assertIn("PROXY header", log.lines[0])


class _Log:
    """
    A log that keeps its lines.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, format: str, **values: Any) -> None:
        """See L{twisted_chat.net.interfaces.EventLog}."""
        self.lines.append(format.format(**values))
