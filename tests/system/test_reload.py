"""
A real server that reloads, and restarts, while people are in it.
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import ssl
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.support.processes import PATIENCE, TWISTD, Child, Line, freePort
from twisted_chat.net.certificates import keptCertificate


def shownBy(port: int) -> str:
    """
    @return: the fingerprint of the certificate that new connections are shown.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", port), PATIENCE)
    with context.wrap_socket(plain) as connection:
        return hashlib.sha256(connection.getpeercert(True) or b"").hexdigest()


class ReloadTests(SynchronousTestCase):
    """
    Tests for SIGHUP.
    """

    def test_certificate(self) -> None:
        """New connections get the new certificate; those that are there talk on."""
        folder = Path(self.mktemp())
        folder.mkdir()
        path = folder / "cert.pem"
        os.rename(keptCertificate(str(folder)), path)
        port = freePort()
        config = folder / "chat.toml"
        config.write_text(f'tls = {port}\ncert = "cert.pem"\nhost = "127.0.0.1"\n')
        server = Child([*TWISTD, "-n", "chatserver", "--config", "chat.toml"], str(folder))
        self.addCleanup(server.close)
        server.waitFor("Chat server started")
        ann = Line.toTLS(port)
        self.addCleanup(ann.close)
        ann.send("Ann")
        ann.read(2)
        before = shownBy(port)
        path.write_text("nonsense")
        server.signal(signal.SIGHUP)
        server.waitFor("not reloaded, nothing was changed: cert.pem holds no certificate")
        self.assertEqual(shownBy(port), before)
        os.rename(keptCertificate(str(folder)), path)
        server.signal(signal.SIGHUP)
        server.waitFor("reloaded: --cert, --key changed")
        self.assertNotEqual(shownBy(port), before)
        ann.send("still here")
        self.assertEqual(ann.readLine(), "OK . .")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
