"""
Tests for L{twisted_chat.listening}.
"""

from __future__ import annotations

from twisted.internet.address import IPv4Address

from tests.support.building import Building, ListLog
from twisted_chat import listening
from twisted_chat.net.proxy import ProxyHead


class ListeningTests(Building):
    """
    Where a server listens that is put together.
    """

    def test_everywhere(self) -> None:
        """Without a host one port serves IPv6 and IPv4, with a long queue for a crowd."""
        self.build("--port", "5001")
        ((port, _, backlog, interface),) = self.reactor.tcpServers
        self.assertEqual((port, backlog, interface), (5001, 4096, "::"))

    def test_host(self) -> None:
        """A host is listened on alone, be it of IPv4 or of IPv6."""
        self.build("--port", "5001", "--host", "127.0.0.1")
        self.build("--port", "5001", "--host", "::1")
        self.assertEqual([entry[3] for entry in self.reactor.tcpServers], ["127.0.0.1", "::1"])

    def test_endpoints(self) -> None:
        """Endpoints are taken in Twisted's words, beside numbers."""
        self.build("--port", "tcp:5002:interface=127.0.0.1", "--port", "5001")
        self.assertEqual([entry[0] for entry in self.reactor.tcpServers], [5002, 5001])

    def test_proxied(self) -> None:
        """With a network of proxies every port awaits their header, and without none does."""
        self.build("--port", "5002")
        self.build("--port", "5001", "--port", "tcp:5003", "--proxy", "10.0.0.0/8")
        direct, *behind = [entry[1] for entry in self.reactor.tcpServers]
        address = IPv4Address("TCP", "10.0.0.1", 1)
        self.assertNotIsInstance(direct.buildProtocol(address), ProxyHead)
        for factory in behind:
            self.assertIsInstance(factory.buildProtocol(address), ProxyHead)

    def test_haproxy(self) -> None:
        """Twisted's own endpoint, which is asked too early, is refused with what to write."""
        self.assertIn("by --proxy", self.refusal("--port", "haproxy:tcp:5000"))

    def test_badEndpoint(self) -> None:
        """An endpoint that is none ends the start with a sentence."""
        for port in ("nonsense:1", "tcp:x", "tcp:", ""):
            self.assertIn("--port", self.refusal("--port", port))

    def test_metrics(self) -> None:
        """Figures are told to this machine alone, or where an endpoint says."""
        self.build("--port", "5001", "--metrics", "9105")
        self.build("--port", "5001", "--metrics", "tcp:9106:interface=10.0.0.5")
        ports = {entry[0]: entry[3] for entry in self.reactor.tcpServers}
        self.assertEqual((ports[9105], ports[9106]), ("127.0.0.1", "10.0.0.5"))
        self.assertIn("--metrics nonsense:1", self.refusal("--metrics", "nonsense:1"))

    def test_admin(self) -> None:
        """The operator's socket is beside the history, or where they say, and theirs alone."""
        self.build()
        self.assertEqual(self.reactor.unixServers, [])
        self.build("--history", "chat.sqlite")
        self.build("--admin", "here")
        found = [(entry[0], entry[3]) for entry in self.reactor.unixServers]
        self.assertEqual(found, [("chat.sqlite-admin", 0o600), ("here", 0o600)])

    def test_longPath(self) -> None:
        """Where the path is too long for a socket the server goes without, and says so."""
        told: list[str] = []
        self.patch(listening, "_log", ListLog(told))
        self.build("--history", "x" * 100)
        self.assertEqual(self.reactor.unixServers, [])
        self.assertIn("--admin PATH", told[0])
