"""
Tests for L{twisted_chat.ops.systemd}.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from unittest import skipUnless

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.ops import systemd


@skipUnless(hasattr(socket, "AF_UNIX"), "needs UNIX sockets")
class NotifyTests(SynchronousTestCase):
    """
    Tests for what the service manager is told.
    """

    def setUp(self) -> None:
        self.environment: dict[str, str] = {}
        self.patch(os, "environ", self.environment)

    def listen(self, address: str) -> socket.socket:
        """
        Be the service manager at an address.
        """
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(address)
        manager.settimeout(5)
        return manager

    def path(self) -> str:
        """
        A path that is short enough for a socket.
        """
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return os.path.join(folder.name, "notify")

    def test_told(self) -> None:
        """Each state arrives as one datagram."""
        path = self.environment["NOTIFY_SOCKET"] = self.path()
        manager = self.listen(path)
        self.assertTrue(systemd.ready())
        self.assertEqual(manager.recv(1000), b"READY=1")
        self.assertTrue(systemd.stopping())
        self.assertEqual(manager.recv(1000), b"STOPPING=1")

    @skipUnless(sys.platform.startswith("linux"), "abstract sockets are Linux's")
    def test_abstractSocket(self) -> None:
        """An address that begins with @ is an abstract socket."""
        name = f"twisted-chat-test-{os.getpid()}"
        manager = self.listen("\0" + name)
        self.environment["NOTIFY_SOCKET"] = "@" + name
        self.assertTrue(systemd.ready())
        self.assertEqual(manager.recv(1000), b"READY=1")

    def test_nobodyListens(self) -> None:
        """Without a service manager nothing happens."""
        self.assertFalse(systemd.ready())
        self.environment["NOTIFY_SOCKET"] = ""
        self.assertFalse(systemd.ready())

    def test_otherAddress(self) -> None:
        """An address of a kind that is not known here is left alone."""
        self.environment["NOTIFY_SOCKET"] = "vsock:2:1234"
        self.assertFalse(systemd.ready())

    def test_gone(self) -> None:
        """A service manager that is gone is no reason to fail."""
        self.environment["NOTIFY_SOCKET"] = self.path()
        self.assertFalse(systemd.ready())

    def test_doesNotRead(self) -> None:
        """A service manager that does not read does not hold the server up for long."""
        self.patch(systemd, "TIMEOUT", 0.01)
        path = self.environment["NOTIFY_SOCKET"] = self.path()
        self.listen(path)
        told = True
        for _ in range(10_000):
            told = told and systemd.ready()
        self.assertFalse(told)
