"""
Tests for L{twisted_chat.wire.fingerprint}.
"""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import ConfigError
from twisted_chat.net.certificates import keptCertificate
from twisted_chat.wire.fingerprint import fingerprint, parseFingerprint


class FingerprintTests(SynchronousTestCase):
    """
    Tests for L{fingerprint} and L{parseFingerprint}.
    """

    def test_asOpenSSLShowsIt(self) -> None:
        """PEM, DER, and OpenSSL's own digest of a certificate agree."""
        pem = Path(keptCertificate(self.mktemp())).read_bytes()
        certificate = x509.load_pem_x509_certificate(pem)
        der = certificate.public_bytes(serialization.Encoding.DER)
        from OpenSSL import crypto

        digest = crypto.X509.from_cryptography(certificate).digest("sha256").decode()
        self.assertEqual(fingerprint(pem), "SHA256:" + digest)
        self.assertEqual(fingerprint(der), "SHA256:" + digest)
        self.assertEqual(parseFingerprint("sha256 Fingerprint=" + digest + "\n"), fingerprint(pem))

    def test_noCertificate(self) -> None:
        """A file without a certificate has no fingerprint."""
        for content in [
            b"",
            b"hello",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n",
        ]:
            self.assertRaises(ConfigError, fingerprint, content)

    def test_formsPeopleCopy(self) -> None:
        """Case, colons, blanks and the word before it do not matter."""
        expected = "SHA256:" + ":".join(["AB"] * 32)
        for text in [
            expected,
            expected.lower(),
            "ab" * 32,
            " SHA-256: " + " ".join(["ab"] * 32) + "\n",
            "SHA256 Fingerprint=" + ":".join(["AB"] * 32),
        ]:
            self.assertEqual(parseFingerprint(text), expected)

    def test_noFingerprint(self) -> None:
        """A text that is shorter, longer, or not hexadecimal is refused."""
        for text in ["", "SHA256:", "ab" * 31, "ab" * 33, "ag" * 32, "MD5:" + "ab" * 32]:
            self.assertRaises(ConfigError, parseFingerprint, text)
