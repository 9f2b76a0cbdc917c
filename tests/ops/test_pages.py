"""
Tests for L{twisted_chat.ops.pages}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.ops.pages import makeSite


class SiteTests(SynchronousTestCase):
    """
    Tests for L{makeSite}.
    """

    def setUp(self) -> None:
        self.trouble = ""
        self.clock: Any = Clock()
        self.site = makeSite(lambda: b"up 1\n", lambda: self.trouble, self.clock)

    def get(self, path: str, method: str = "GET") -> tuple[str, str]:
        """
        @return: the status line and the body of an answer.
        """
        protocol: Any = self.site.buildProtocol(None)
        transport: Any = StringTransport()
        protocol.makeConnection(transport)
        protocol.dataReceived(f"{method} {path} HTTP/1.0\r\n\r\n".encode())
        head, _, body = transport.value().decode().partition("\r\n\r\n")
        return head.split("\r\n")[0].partition(" ")[2], body

    def test_metrics(self) -> None:
        """The figures are a page."""
        self.assertEqual(self.get("/metrics"), ("200 OK", "up 1\n"))
        self.assertEqual(self.get("/metrics", "HEAD"), ("200 OK", ""))

    def test_health(self) -> None:
        """The server is healthy as long as it answers, whatever is wrong."""
        self.trouble = "the disk is full"
        self.assertEqual(self.get("/healthz"), ("200 OK", "ok\n"))

    def test_readiness(self) -> None:
        """The server is ready unless it says why not."""
        self.assertEqual(self.get("/readyz"), ("200 OK", "ready\n"))
        self.trouble = "the disk is full"
        self.assertEqual(self.get("/readyz"), ("503 Service Unavailable", "the disk is full\n"))

    def test_others(self) -> None:
        """There are no other pages, and none takes anything."""
        self.assertEqual(self.get("/")[0], "404 Not Found")
        self.assertEqual(self.get("/metrics", "POST")[0], "405 Method Not Allowed")
