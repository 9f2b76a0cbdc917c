"""
Tests for L{twisted_chat.net.proxy}.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.testing import StringTransport
from zope.interface.verify import verifyObject

from tests.net.test_tls import Taken
from tests.support.peers import TimedTestCase
from twisted_chat.net.limits import Limits
from twisted_chat.net.proxy import ProxyEndpoint

PROMPT = b"Enter your name to enter the chat >\r\n"


class ProxyTests(TimedTestCase):
    """
    The door for lines, behind proxies at 10.0.0.0/8.
    """

    limits = Limits(maxPerAddress=2)

    def setUp(self) -> None:
        super().setUp()
        taken = Taken()
        networks = (ip_network("10.0.0.0/8"), ip_network("2001:db8:5::/48"))
        self.endpoint = ProxyEndpoint(taken, networks, self.factory.gate)  # type: ignore[arg-type]
        self.endpoint.listen(self.factory)
        self.outer = taken.factory

    def connect(self, host: str = "10.0.0.1") -> Any:
        """
        @return: a transport whose C{protocol} is told what comes.
        """
        address = IPv4Address("TCP", host, 40000)
        transport: Any = StringTransport(peerAddress=address)
        transport.protocol = self.outer.buildProtocol(address)
        transport.protocol.makeConnection(transport)
        return transport

    def sends(self, transport: Any, *chunks: bytes) -> bytes:
        """
        @return: all that was answered.
        """
        for chunk in chunks:
            transport.protocol.dataReceived(chunk)
        answer: bytes = transport.value()
        return answer

    def test_interface(self) -> None:
        """The endpoint is like any other."""
        verifyObject(IStreamServerEndpoint, self.endpoint)

    def test_header(self) -> None:
        """Nothing happens before the header; then its client is admitted, logged and prompted."""
        transport = self.connect()
        self.assertEqual(self.sends(transport, b"PROXY TCP4 192.0.2.7 10.0.0.1 51234"), b"")
        self.assertEqual(self.factory.connections, {})
        self.assertEqual(self.sends(transport, b" 5000\r\n"), PROMPT)
        (connection,) = self.factory.connections
        self.assertEqual(connection.address, "192.0.2.7:51234")
        self.assertIn(b"Connected...", self.sends(transport, b"Ann\n"))

    def test_sameChunk(self) -> None:
        """A name in the same chunk as the header is taken."""
        answer = self.sends(self.connect(), b"PROXY TCP6 2001:db8::7 ::1 1 2\r\nAnn\nhello\n")
        self.assertTrue(answer.endswith(b"OK . .\r\n"))

    def test_limits(self) -> None:
        """Limits are those of the client's address, not of the proxy's."""
        for host, isIn in (("192.0.2.7", True), ("192.0.2.7", True), ("192.0.2.7", False)):
            header = f"PROXY TCP4 {host} 10.0.0.1 51234 5000\r\n".encode()
            self.assertEqual(self.sends(self.connect(), header) == PROMPT, isIn)
        header = b"PROXY TCP4 192.0.2.8 10.0.0.1 51234 5000\r\n"
        self.assertEqual(self.sends(self.connect(), header), PROMPT)

    def test_unknown(self) -> None:
        """A proxy that speaks for itself counts by its own address."""
        self.assertEqual(self.sends(self.connect(), b"PROXY UNKNOWN\r\n"), PROMPT)
        (connection,) = self.factory.connections
        self.assertEqual(connection.address, "10.0.0.1:40000")

    def test_bad(self) -> None:
        """A proxy without a header is cut, with a sentence in the log."""
        for data in (b"Ann\n", b"\x16\x03\x01", b"PROXY TCP4 x\r\n"):
            transport: Any = self.connect()
            self.assertEqual(self.sends(transport, data), b"")
            self.assertTrue(transport.disconnected)
            self.assertRegex(
                self.logged[-1], "^refused a connection of the proxy 10.0.0.1: its PROXY header is"
            )
            self.pass_(1)
        self.assertEqual(self.factory.connections, {})

    def test_late(self) -> None:
        """A proxy whose header does not come is cut."""
        transport: Any = self.connect()
        self.pass_(29)
        self.assertFalse(transport.disconnected)
        self.pass_(2)
        self.assertTrue(transport.disconnected)
        self.assertRegex(self.logged[-1], "its PROXY header did not come")

    def test_lost(self) -> None:
        """No timer is left of a proxy that left, nor of one that sent its header."""
        gone: Any = self.connect()
        gone.protocol.connectionLost()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_others(self) -> None:
        """A client from elsewhere is taken without a header, and refused with one."""
        transport: Any = self.connect("192.0.2.9")
        self.assertEqual(self.sends(transport), PROMPT)
        self.assertIn(b"! this port does not", self.sends(transport, b"PROXY TCP4 1.2.3.4 "))
        self.assertRegex(
            self.logged[-1], "^refused 192.0.2.9:40000: it sends a PROXY header, and no --proxy"
        )

    def test_noHost(self) -> None:
        """A socket of this machine has no network."""
        protocol = self.outer.buildProtocol(UNIXAddress(b"/run/chat.sock"))
        self.assertIsInstance(protocol, self.factory.protocol)

    def test_overrun(self) -> None:
        """The connection is cut if the door gives no protocol."""
        self.patch(self.factory, "buildProtocol", lambda addr: None)
        transport: Any = self.connect()
        self.sends(transport, b"PROXY UNKNOWN\r\n")
        self.assertTrue(transport.disconnected)
