"""
Tests for L{twisted_chat.client.tls.pins}.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from unittest import skipIf

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.tls.pins import CertificatePolicy, PinFile, Untrusted, defaultPinFile
from twisted_chat.wire.fingerprint import fingerprint

#: Anything that begins as DER does is a certificate to L{fingerprint}.
OLD, NEW = b"\x30old", b"\x30new"

SELF_SIGNED = "it is self-signed"


class PinFileTests(SynchronousTestCase):
    """
    Tests for L{PinFile}.
    """

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "twisted_chat" / "known_servers"
        self.pins = PinFile(str(self.path))

    def write(self, content: bytes) -> None:
        """
        Let the file hold this.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(content)

    def test_nothingYet(self) -> None:
        """No server is known without a file."""
        self.assertEqual(self.pins.pins("chat.example:5000"), {})

    def test_remembered(self) -> None:
        """A remembered fingerprint is found again under this server's name and port only."""
        self.pins.remember("chat.example:5000", fingerprint(OLD))
        self.pins.remember("[::1]:5000", fingerprint(NEW))
        self.assertEqual(self.pins.pins("chat.example:5000"), {fingerprint(OLD): 1})
        self.assertEqual(self.pins.pins("[::1]:5000"), {fingerprint(NEW): 2})
        self.assertEqual(self.pins.pins("chat.example:5001"), {})
        self.assertEqual(self.pins.pins("chat.example"), {})

    @skipIf(os.name != "posix", "rights are those of POSIX")
    def test_forItsOwnerOnly(self) -> None:
        """The file can be read by its owner alone."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.pins.remember("chat.example:5000", fingerprint(OLD))
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.path.parent.stat().st_mode), 0o700)

    def test_othersAreLeftAlone(self) -> None:
        """Comments, empty lines and lines of other servers stay as they are."""
        content = b"# mine\n\nother.example:1 nonsense\nchat.example:5000 verified\n"
        self.write(content)
        self.assertEqual(self.pins.pins("chat.example:5000"), {"verified": 4})
        self.pins.remember("new.example:5000", fingerprint(NEW))
        self.assertTrue(self.path.read_bytes().startswith(content))

    def test_lastLineWithoutEnd(self) -> None:
        """A file that an editor left without its last line end is not spoiled."""
        self.write(b"other.example:1 verified")
        self.pins.remember("chat.example:5000", "verified")
        self.assertEqual(
            self.path.read_bytes(), b"other.example:1 verified\nchat.example:5000 verified\n"
        )

    def test_badLine(self) -> None:
        """A line of this server that holds no fingerprint is named, not passed over."""
        self.write(b"# mine\nchat.example:5000 SHA256:AB\n")
        with self.assertRaises(Untrusted) as caught:
            self.pins.pins("chat.example:5000")
        self.assertIn(f"line 2 of {self.path}", caught.exception.sentence)

    def test_unreadable(self) -> None:
        """A file that cannot be read is not taken for an empty one."""
        self.path.mkdir(parents=True)
        with self.assertRaises(Untrusted) as caught:
            self.pins.pins("chat.example:5000")
        self.assertIn(str(self.path), caught.exception.sentence)

    def test_notText(self) -> None:
        """A file that is not text is not taken for an empty one."""
        self.write(b"\xff\xfe\x00")
        self.assertRaises(Untrusted, self.pins.pins, "chat.example:5000")


class DefaultPinFileTests(SynchronousTestCase):
    """
    Tests for L{defaultPinFile}.
    """

    def test_configurationFolder(self) -> None:
        """The default file lies in the user's folder for configuration."""
        self.patch(os, "environ", {"XDG_CONFIG_HOME": "/home/ann/conf", "HOME": "/home/ann"})
        self.assertEqual(defaultPinFile(), "/home/ann/conf/twisted_chat/known_servers")

    def test_homeFolder(self) -> None:
        """The default file lies in C{~/.config} without such a folder, or with a relative one."""
        for environment in ({}, {"XDG_CONFIG_HOME": ""}, {"XDG_CONFIG_HOME": "conf"}):
            self.patch(os, "environ", {"HOME": "/home/ann", **environment})
            self.assertEqual(defaultPinFile(), "/home/ann/.config/twisted_chat/known_servers")


class VerdictTests(SynchronousTestCase):
    """
    Tests for L{CertificatePolicy}.
    """

    def setUp(self) -> None:
        self.pins = PinFile(self.mktemp())
        self.told: list[str] = []

    def policy(self, host: str = "chat.example", expected: str | None = None) -> CertificatePolicy:
        """
        The decision on one server.
        """
        return CertificatePolicy(host, 5000, expected, self.pins, self.told.append)

    def refused(self, policy: CertificatePolicy, certificate: bytes, doubt: str | None) -> str:
        """
        The sentence with which a certificate is refused.
        """
        with self.assertRaises(Untrusted) as caught:
            policy.judge(certificate, doubt)
        self.assertNotIn("\n", str(caught.exception))
        return str(caught.exception)

    def test_firstUse(self) -> None:
        """The first certificate is accepted and remembered, and the user is told."""
        self.policy().judge(OLD, SELF_SIGNED)
        self.assertEqual(self.pins.pins("chat.example:5000"), {fingerprint(OLD): 1})
        self.assertEqual(len(self.told), 1)
        self.assertIn("chat.example:5000", self.told[0])
        self.assertIn(fingerprint(OLD), self.told[0])

    def test_secondUse(self) -> None:
        """The same certificate is accepted again without a word."""
        self.policy().judge(OLD, SELF_SIGNED)
        self.policy().judge(OLD, SELF_SIGNED)
        self.assertEqual(len(self.told), 1)

    def test_changed(self) -> None:
        """A changed certificate is refused, with both fingerprints and the line to remove."""
        self.policy("other.example").judge(NEW, SELF_SIGNED)
        self.policy().judge(OLD, SELF_SIGNED)
        sentence = self.refused(self.policy(), NEW, SELF_SIGNED)
        self.assertIn(fingerprint(OLD), sentence)
        self.assertIn(fingerprint(NEW), sentence)
        self.assertIn(f"remove line 2 of {self.pins.path}", sentence)
        self.assertEqual(self.pins.pins("chat.example:5000"), {fingerprint(OLD): 2})

    def test_severalLines(self) -> None:
        """A server with two remembered certificates may show either."""
        self.pins.remember("chat.example:5000", fingerprint(OLD))
        self.pins.remember("chat.example:5000", fingerprint(NEW))
        self.policy().judge(OLD, SELF_SIGNED)
        self.policy().judge(NEW, SELF_SIGNED)
        self.assertEqual(self.told, [])

    def test_vouchedFor(self) -> None:
        """A certificate that an authority vouches for is accepted, whatever it is and was."""
        self.policy().judge(OLD, SELF_SIGNED)
        self.policy().judge(NEW, None)
        self.policy().judge(OLD, None)
        self.assertEqual(len(self.told), 1)

    def test_neverLess(self) -> None:
        """A server that was vouched for is not trusted on first use later."""
        self.policy().judge(OLD, None)
        sentence = self.refused(self.policy(), NEW, "it has expired")
        self.assertIn("authority", sentence)
        self.assertIn("it has expired", sentence)
        self.assertIn("remove line 1", sentence)

    def test_vouchedForIsRememberedOnce(self) -> None:
        """The file does not grow with each connection."""
        for _ in range(3):
            self.policy().judge(OLD, None)
        self.assertEqual(Path(self.pins.path).read_text(), "chat.example:5000 verified\n")

    def test_expected(self) -> None:
        """A fingerprint that was given is the only one, and nothing is remembered."""
        policy = self.policy(expected=fingerprint(NEW))
        policy.judge(NEW, SELF_SIGNED)
        for doubt in (SELF_SIGNED, None):
            sentence = self.refused(policy, OLD, doubt)
            self.assertIn(fingerprint(OLD), sentence)
            self.assertIn(fingerprint(NEW), sentence)
        self.assertEqual(self.pins.pins("chat.example:5000"), {})
        self.assertEqual(self.told, [])

    def test_notRemembered(self) -> None:
        """A certificate that cannot be remembered is refused, with the way to go on."""
        Path(self.pins.path).write_bytes(b"")
        pins = PinFile(os.path.join(self.pins.path, "known_servers"))
        self.patch(pins, "pins", lambda server: {})
        policy = CertificatePolicy("chat.example", 5000, None, pins, self.told.append)
        sentence = self.refused(policy, OLD, SELF_SIGNED)
        self.assertIn("--fingerprint", sentence)
        self.assertIn(fingerprint(OLD), sentence)
        policy.judge(OLD, None)
        self.assertEqual(self.told, [])

    def test_names(self) -> None:
        """Upper case does not make another server, and an IPv6 address has brackets."""
        self.policy("Chat.EXAMPLE").judge(OLD, SELF_SIGNED)
        self.policy("chat.example").judge(OLD, SELF_SIGNED)
        self.policy("::1").judge(OLD, SELF_SIGNED)
        self.assertEqual(
            [line.split()[0] for line in Path(self.pins.path).read_text().splitlines()],
            ["chat.example:5000", "[::1]:5000"],
        )
