"""
Tests for L{twisted_chat.identity}.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any

from tests.support.building import Building, ListFile, Reloading
from twisted_chat.errors import ChatError
from twisted_chat.net.certificates import keptCertificate


class IdentityTests(Building):
    """
    What a server shows over TLS.
    """

    def test_tls(self) -> None:
        """For TLS a certificate is made and kept, and its fingerprint told."""
        directory = Path(self.mktemp())
        directory.mkdir()
        told: list[str] = []
        self.patch(sys, "stderr", ListFile(told))
        arguments = ("--tls", "5443", "--history", str(directory / "chat.sqlite"))
        self.build(*arguments)
        self.build(*arguments)
        self.assertRegex("".join(told), r"^TLS certificate: SHA256:[0-9A-F:]{95}\n")
        self.assertEqual(len(set("".join(told).splitlines())), 1)
        kept = {each.name: stat.S_IMODE(each.stat().st_mode) for each in directory.iterdir()}
        self.assertEqual(kept, {"server.pem": 0o600, "server.pepper": 0o600})

    def test_missingCertificate(self) -> None:
        """A certificate that is not there ends the start with its path."""
        self.assertIn(
            "/nowhere/cert.pem", self.refusal("--tls", "5443", "--cert", "/nowhere/cert.pem")
        )


class RenewalTests(Reloading):
    """
    Tests for L{renewal}.
    """

    def test_certificate(self) -> None:
        """New connections get a renewed certificate; a bad one changes nothing."""
        self.patch(sys, "stderr", ListFile([]))
        path = self.folder / "cert.pem"
        os.rename(keptCertificate(str(self.folder)), path)
        service = self.start(f'tls = 5443\ncert = "{path}"')
        text = self.config.read_text()
        endpoint: Any = service._doors[0]._listeners[0]._endpoint  # type: ignore[attr-defined]
        identity = endpoint._context
        before = identity.context
        self.assertEqual(self.reload(service, text), "reloaded: nothing changed")
        path.write_text("nonsense")
        self.assertRaises(ChatError, self.reload, service, text)
        self.assertIs(identity.context, before)
        os.rename(keptCertificate(str(self.folder)), path)
        self.assertEqual(self.reload(service, text), "reloaded: --cert, --key changed")
        self.assertIsNot(identity.context, before)
