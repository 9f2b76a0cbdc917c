"""
Tests for L{twisted_chat.net.certificates}.
"""

from __future__ import annotations

import contextlib
import os
import re
import ssl as standard
import stat
import subprocess
import sys
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from unittest import skipIf

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL
from twisted.internet.ssl import CertificateOptions
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import ConfigError
from twisted_chat.net import certificates
from twisted_chat.net.certificates import keptCertificate, serverContextFactory
from twisted_chat.wire.fingerprint import fingerprint

#: 2026-11-22, in seconds since the epoch.
NOW = 1_795_305_600.0

YEAR = 365 * 86400.0


def at(when: float = NOW) -> float:
    """
    The time of day in these tests.
    """
    return when


class Files(SynchronousTestCase):
    """
    A folder for files of a test.
    """

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def write(self, name: str, content: bytes) -> str:
        """
        Write a file and return its path.
        """
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def refused(self, certPath: str, keyPath: str, when: float = NOW) -> str:
        """
        The sentence with which these files are refused.
        """
        with self.assertRaises(ConfigError) as caught:
            serverContextFactory(certPath, keyPath, lambda: when)
        return str(caught.exception)


class KeptCertificateTests(Files):
    """
    Tests for L{keptCertificate}.
    """

    def certificate(self, path: str) -> x509.Certificate:
        """
        The certificate in a file.
        """
        return x509.load_pem_x509_certificates(Path(path).read_bytes())[0]

    def test_madeOnce(self) -> None:
        """The first call makes the certificate, and every later one finds it."""
        directory = str(self.folder / "keys")
        path = keptCertificate(directory, seconds=at)
        content = Path(path).read_bytes()
        self.assertEqual(keptCertificate(directory, ["other.example"], seconds=at), path)
        self.assertEqual(Path(path).read_bytes(), content)
        self.assertEqual(os.listdir(directory), ["server.pem"])

    def test_tenYears(self) -> None:
        """The certificate is valid from the day before, for slow clocks, and for ten years."""
        certificate = self.certificate(keptCertificate(str(self.folder), seconds=at))
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        self.assertEqual(end - begin, timedelta(days=3651))
        self.assertEqual(begin.timestamp(), NOW - 86400)

    def test_names(self) -> None:
        """The certificate names this machine, and each further name that was asked for, once."""
        path = keptCertificate(
            str(self.folder), ["chat.example", "bücher.example", "192.0.2.1", "localhost"], at
        )
        names = (
            self.certificate(path)
            .extensions.get_extension_for_class(x509.SubjectAlternativeName)
            .value
        )
        self.assertEqual(
            names.get_values_for_type(x509.DNSName),
            ["localhost", "chat.example", "xn--bcher-kva.example"],
        )
        self.assertEqual(
            names.get_values_for_type(x509.IPAddress),
            [ip_address("127.0.0.1"), ip_address("::1"), ip_address("192.0.2.1")],
        )

    def test_noName(self) -> None:
        """A malformed host name is refused, and nothing is left behind."""
        with self.assertRaises(ConfigError) as caught:
            keptCertificate(str(self.folder), ["a" * 64 + ".example"], at)
        self.assertIn("host name", caught.exception.sentence)
        self.assertEqual(os.listdir(self.folder), [])

    @skipIf(os.name != "posix", "rights are those of POSIX")
    def test_forItsOwnerOnly(self) -> None:
        """Only its owner may read the file, or look into a folder that was made for it."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        directory = self.folder / "keys"
        path = keptCertificate(str(directory), seconds=at)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(directory.stat().st_mode), 0o700)

    @skipIf(os.name != "posix", "rights are those of POSIX")
    def test_readByOthers(self) -> None:
        """A key that everybody can read is no longer used."""
        path = keptCertificate(str(self.folder), seconds=at)
        os.chmod(path, 0o644)
        with self.assertRaises(ConfigError) as caught:
            keptCertificate(str(self.folder), seconds=at)
        self.assertIn(path, caught.exception.sentence)
        self.assertIn("mode 600", caught.exception.sentence)

    def test_noFolder(self) -> None:
        """A place where no file can be made is named."""
        path = self.write("file", b"")
        with self.assertRaises(ConfigError) as caught:
            keptCertificate(path, seconds=at)
        self.assertIn(path, caught.exception.sentence)

    def test_remainsOfACrash(self) -> None:
        """A half-written file of an earlier try does not keep a new one from being made."""
        self.write(f"server.pem.{os.getpid()}", b"half")
        path = keptCertificate(str(self.folder), seconds=at)
        self.assertEqual(os.listdir(self.folder), ["server.pem"])
        self.assertIn("SHA256:", fingerprint(Path(path).read_bytes()))

    def test_canBeServed(self) -> None:
        """The one file is certificate and key for a server."""
        path = keptCertificate(str(self.folder), seconds=at)
        self.assertIsInstance(
            serverContextFactory(path, path, seconds=at).getContext(), SSL.Context
        )


class ServerContextFactoryTests(Files):
    """
    Tests for L{serverContextFactory}.
    """

    def setUp(self) -> None:
        super().setUp()
        self.path = keptCertificate(str(self.folder), seconds=at)

    def test_modernTLSOnly(self) -> None:
        """The server offers TLS 1.2 and 1.3, and neither older versions nor renegotiation."""
        context = serverContextFactory(self.path, self.path, seconds=at).getContext()
        options = context.set_options(0)
        for old in (SSL.OP_NO_SSLv3, SSL.OP_NO_TLSv1, SSL.OP_NO_TLSv1_1):
            self.assertTrue(options & old)
        for new in (SSL.OP_NO_TLSv1_2, SSL.OP_NO_TLSv1_3):
            self.assertFalse(options & new)
        self.assertTrue(options & SSL.OP_NO_RENEGOTIATION)

    def test_oldClientIsRefused(self) -> None:
        """A client of TLS 1.1 gets no connection, one of TLS 1.2 does."""
        server = serverContextFactory(self.path, self.path, seconds=at).getContext()
        for version, accepted in [
            (standard.TLSVersion.TLSv1_1, False),
            (standard.TLSVersion.TLSv1_2, True),
        ]:
            client = SSL.Context(SSL.TLS_CLIENT_METHOD)
            client.set_min_proto_version(version)
            client.set_max_proto_version(version)
            client.set_cipher_list(b"ALL:@SECLEVEL=0")
            self.assertEqual(handshake(server, client), accepted)

    def test_separateFiles(self) -> None:
        """Certificate and key may be in files of their own."""
        content = Path(self.path).read_bytes()
        cut = content.index(b"-----BEGIN CERTIFICATE")
        certPath = self.write("cert.pem", content[cut:])
        keyPath = self.write("key.pem", content[:cut])
        server = serverContextFactory(certPath, keyPath, seconds=at).getContext()
        self.assertTrue(handshake(server, SSL.Context(SSL.TLS_CLIENT_METHOD)))

    def test_missing(self) -> None:
        """A missing file is named, whichever it is."""
        absent = str(self.folder / "absent.pem")
        self.assertIn(f"certificate {absent}", self.refused(absent, self.path))
        self.assertIn(f"key {absent}", self.refused(self.path, absent))
        self.assertIn("No such file", self.refused(self.path, absent))

    def test_folder(self) -> None:
        """A path that cannot be read as a file is named."""
        self.assertIn(str(self.folder), self.refused(str(self.folder), self.path))

    def test_expired(self) -> None:
        """An expired certificate is named with its last day."""
        sentence = self.refused(self.path, self.path, NOW + 11 * YEAR)
        self.assertIn(self.path, sentence)
        self.assertIn("expired on 2036-11-19", sentence)

    def test_notYetValid(self) -> None:
        """A certificate of the future makes the operator look at the clock."""
        sentence = self.refused(self.path, self.path, NOW - YEAR)
        self.assertIn(self.path, sentence)
        self.assertIn("clock", sentence)

    def test_mismatch(self) -> None:
        """A key of another certificate is refused with both paths."""
        other = keptCertificate(str(self.folder / "other"), seconds=at)
        sentence = self.refused(self.path, other)
        self.assertIn(self.path, sentence)
        self.assertIn(other, sentence)
        self.assertIn("does not belong", sentence)

    def test_otherContent(self) -> None:
        """Files that hold something else are named."""
        junk = self.write("junk.pem", b"-----BEGIN CERTIFICATE-----\nhello\n")
        self.assertIn(junk, self.refused(junk, self.path))
        self.assertIn(junk, self.refused(self.path, junk))
        empty = self.write("empty.pem", b"")
        self.assertIn(empty, self.refused(empty, self.path))
        self.assertIn(empty, self.refused(self.path, empty))

    def test_passphrase(self) -> None:
        """A key with a passphrase is refused with the command that takes it off."""
        key = rsa.generate_private_key(65537, 2048)
        path = self.write(
            "locked.pem",
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"secret"),
            ),
        )
        sentence = self.refused(self.path, path)
        self.assertIn(path, sentence)
        self.assertIn("passphrase", sentence)

    def test_noExecutableMemory(self) -> None:
        """A service that is locked down too tightly for TLS is told which lock it is."""

        def refuse(options: CertificateOptions) -> None:
            raise MemoryError("Cannot allocate write+execute memory for ffi.callback()")

        self.patch(CertificateOptions, "getContext", refuse)
        self.assertIn("MemoryDenyWriteExecute=no", self.refused(self.path, self.path))

    def test_sentencesAreOneLine(self) -> None:
        """Every refusal is one line without the content of a file."""
        junk = self.write("junk.pem", b"very secret")
        for sentence in (self.refused(junk, self.path), self.refused(self.path, junk)):
            self.assertNotIn("\n", sentence)
            self.assertNotIn("very secret", sentence)


class ExtraTests(Files):
    """
    Tests for a machine without the extra C{tls}.
    """

    def test_notInstalled(self) -> None:
        """The operator is told what to install without the packages for TLS."""
        for name in ("cryptography", "OpenSSL"):
            modules = [m for m in sys.modules if re.match(rf"{name}(\.|$)", m)]
            for module in {name, *modules}:
                self.patch_module(module)
        for call in (
            lambda: keptCertificate(str(self.folder), seconds=at),
            lambda: serverContextFactory("a", "b"),
        ):
            with self.assertRaises(ConfigError) as caught:
                call()
            self.assertIn("pip install 'twisted-chat[tls]'", caught.exception.sentence)

    def patch_module(self, name: str) -> None:
        """
        Let an import of this module fail.
        """
        before = sys.modules.get(name)
        sys.modules[name] = None  # type: ignore[assignment]

        def restore() -> None:
            if before is None:
                del sys.modules[name]
            else:
                sys.modules[name] = before

        self.addCleanup(restore)

    def test_importedLate(self) -> None:
        """Importing the module imports nothing of TLS."""
        script = (
            f"import sys, {certificates.__name__}; "
            "sys.exit(bool({'cryptography', 'OpenSSL'} & set(sys.modules)))"
        )
        root = Path(certificates.__file__).parents[2]
        ended = subprocess.run([sys.executable, "-c", script], cwd=root, check=False)
        self.assertEqual(ended.returncode, 0)


def handshake(server: SSL.Context, client: SSL.Context) -> bool:
    """
    Whether two TLS contexts come to terms, in memory.
    """
    ends = (SSL.Connection(server, None), SSL.Connection(client, None))
    ends[0].set_accept_state()
    ends[1].set_connect_state()
    finished = set()
    for _ in range(10):
        for end, other in (ends, ends[::-1]):
            try:
                end.do_handshake()
                finished.add(end)
            except SSL.WantReadError:
                pass
            except SSL.Error:
                return False
            with contextlib.suppress(SSL.WantReadError):
                other.bio_write(end.bio_read(65536))
    return len(finished) == 2
