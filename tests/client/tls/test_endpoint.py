"""
Tests for L{twisted_chat.client.tls.endpoint}.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet import reactor as installedReactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import SSL4ServerEndpoint, TCP4ServerEndpoint
from twisted.internet.error import ConnectionDone, ConnectionLost, NoProtocol
from twisted.internet.interfaces import IProtocol, IStreamServerEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from twisted_chat.client.tls.endpoint import trustedEndpoint
from twisted_chat.client.tls.handshake import NotTLS
from twisted_chat.client.tls.pins import PinFile, Untrusted
from twisted_chat.errors import ConfigError
from twisted_chat.net.certificates import serverContextFactory
from twisted_chat.wire.fingerprint import fingerprint

reactor: Any = installedReactor

PEM = serialization.Encoding.PEM


class Authority:
    """
    An authority that signs certificates for tests.
    """

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._build(self.name, self.key, 0, x509.BasicConstraints(True, None))

    def _build(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, ended: int, *extensions: Any
    ) -> x509.Certificate:
        """
        A certificate of the last year, which ended some days ago or ends tomorrow.
        """
        today = datetime.now(timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - timedelta(days=365))
            .not_valid_after(today + timedelta(days=-ended if ended else 1))
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def sign(self, *names: str, ended: int = 0) -> bytes:
        """
        A key and its certificate for these names, in PEM.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        general: list[x509.GeneralName] = []
        for name in names:
            if name[0].isdigit():
                general.append(x509.IPAddress(ip_address(name)))
            else:
                general.append(x509.DNSName(name))
        certificate = self._build(x509.Name([]), key, ended, x509.SubjectAlternativeName(general))
        return key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + certificate.public_bytes(PEM)

    @cached_property
    def trustRoot(self) -> Any:
        """
        The trust of a client that believes this authority.
        """
        return trustRootFromCertificates([Certificate.loadPEM(self.certificate.public_bytes(PEM))])


AUTHORITY = Authority("authority")
STRANGER = Authority("stranger")


class Greeter(Protocol):
    """
    A server's end: it speaks first, keeps what it hears, and answers it.
    """

    def connectionMade(self) -> None:
        self.factory.peers.append(self)
        self.received = b""
        self.lost: Deferred[None] = Deferred()
        self.transport.write(b"welcome\r\n")  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        self.transport.write(b"heard " + data)  # type: ignore[union-attr]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(None)


class Silent(Greeter):
    """
    A server that accepts, and then neither speaks nor listens.
    """

    def connectionMade(self) -> None:
        self.factory.peers.append(self)
        self.lost = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.factory.received.callback(None)


class Leaver(Silent):
    """
    A server that leaves at the first word.
    """

    def dataReceived(self, data: bytes) -> None:
        self.transport.loseConnection()  # type: ignore[union-attr]


class Application(Protocol):
    """
    A client's end: it speaks at once, and waits for a line.
    """

    def __init__(self) -> None:
        self.received = b""
        self.answered: Deferred[bytes] = Deferred()
        self.ended: type[BaseException] | None = None

    def connectionMade(self) -> None:
        self.transport.write(b"hello\n")  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        if b"heard hello\n" in self.received and not self.answered.called:
            self.answered.callback(self.received)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.ended = reason.type


class Applications(Factory):
    """
    Counts the applications it made.
    """

    noisy = False
    protocol = Application

    def __init__(self) -> None:
        self.made: list[Protocol] = []
        self.running = 0
        self.stopped: Deferred[None] = Deferred()

    def doStart(self) -> None:
        self.running += 1

    def doStop(self) -> None:
        self.running -= 1
        stopped, self.stopped = self.stopped, Deferred()
        stopped.callback(None)

    def buildProtocol(self, addr: object) -> Protocol | None:
        application = Application()
        self.made.append(application)
        return application


class Nobody(Applications):
    """
    Makes no application.
    """

    def buildProtocol(self, addr: object) -> None:
        return None


class TrustedEndpointTests(TestCase):
    """
    Tests for L{trustedEndpoint} over loopback.
    """

    timeout = 20

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.pins = PinFile(str(self.folder / "known_servers"))
        self.told: list[str] = []
        self.peers: list[Greeter] = []
        self.received: Deferred[None] = Deferred()
        self.applications = Applications()
        self.port = 0
        self.listening: Any = None

    async def serve(self, pem: bytes | None, protocol: type[Greeter] = Greeter) -> str | None:
        """
        Serve with a key and certificate, or without TLS, on a port of its own; the port stays the
        same for a second certificate.  Returns its fingerprint.
        """
        factory: Any = Factory.forProtocol(protocol)
        factory.noisy = False
        factory.peers = self.peers
        factory.received = self.received
        if pem is None:
            endpoint: IStreamServerEndpoint = TCP4ServerEndpoint(
                reactor, self.port, interface="127.0.0.1"
            )
        else:
            path = self.folder / "server.pem"
            path.write_bytes(pem)
            # An expired certificate is served as if on the day it was made.
            then = datetime.now(timezone.utc) - timedelta(days=200)
            options = serverContextFactory(str(path), str(path), then.timestamp)
            endpoint = SSL4ServerEndpoint(reactor, self.port, options, interface="127.0.0.1")
        self.listening = await endpoint.listen(factory)
        address: Any = self.listening.getHost()
        self.port = address.port
        self.addCleanup(self.stop)
        return None if pem is None else fingerprint(pem)

    async def stop(self) -> None:
        """
        Stop serving, and wait until everybody has left.
        """
        await self.listening.stopListening()
        for peer in self.peers:
            if not peer.lost.called:
                peer.transport.abortConnection()  # type: ignore[union-attr]
            await peer.lost
        self.peers.clear()

    def connect(
        self, host: str = "127.0.0.1", trusted: Authority = STRANGER, **options: Any
    ) -> Deferred[IProtocol]:
        """
        Connect to what is served, as a client that believes one authority.
        """
        endpoint = trustedEndpoint(
            reactor,
            host,
            self.port,
            pinFile=self.pins.path,
            tell=self.told.append,
            trustRoot=trusted.trustRoot,
            **options,
        )
        return endpoint.connect(self.applications)

    async def talk(self, connecting: Deferred[IProtocol]) -> None:
        """
        Expect that a connection stands, and that both ends hear each other.
        """
        application: Any = await connecting
        self.assertEqual(await application.answered, b"welcome\r\nheard hello\n")
        self.assertEqual(self.applications.running, 1)
        application.transport.loseConnection()
        await self.applications.stopped
        self.assertIs(application.ended, ConnectionDone)
        self.assertEqual(self.applications.running, 0)

    async def refused(self, connecting: Deferred[IProtocol], *kinds: type[Exception]) -> str:
        """
        Expect that a connection is refused before either end heard a word of the application.
        """
        with self.assertRaises(kinds or Untrusted) as caught:
            await connecting
        self.assertEqual(self.applications.made, [])
        self.assertEqual(self.applications.running, 0)
        for peer in self.peers:
            await peer.lost
            self.assertEqual(getattr(peer, "heard", b""), b"")
        return str(caught.exception)

    async def test_firstUse(self) -> None:
        """An unknown server is remembered, and the user is told its fingerprint."""
        shown = await self.serve(STRANGER.sign("127.0.0.1"))
        await self.talk(self.connect(trusted=AUTHORITY))
        self.assertIn(str(shown), self.told[0])
        self.assertEqual(list(self.pins.pins(f"127.0.0.1:{self.port}")), [shown])

    async def test_secondUse(self) -> None:
        """The remembered server is let in again without a word."""
        shown = await self.serve(STRANGER.sign("127.0.0.1"))
        self.pins.remember(f"127.0.0.1:{self.port}", str(shown))
        await self.talk(self.connect(trusted=AUTHORITY))
        self.assertEqual(self.told, [])

    async def test_changed(self) -> None:
        """A server that shows another certificate than before hears nothing."""
        pem = STRANGER.sign("127.0.0.1")
        shown = await self.serve(STRANGER.sign("127.0.0.1"))
        self.pins.remember(f"127.0.0.1:{self.port}", fingerprint(pem))
        sentence = await self.refused(self.connect(trusted=AUTHORITY))
        self.assertIn(fingerprint(pem), sentence)
        self.assertIn(str(shown), sentence)

    async def test_authority(self) -> None:
        """A server that an authority vouches for is believed, by address and by name."""
        await self.serve(AUTHORITY.sign("127.0.0.1", "localhost"))
        for host in ("127.0.0.1", "localhost"):
            await self.talk(self.connect(host, AUTHORITY))
            self.assertEqual(list(self.pins.pins(f"{host}:{self.port}")), ["verified"])
        self.assertEqual(self.told, [])

    async def test_otherName(self) -> None:
        """A certificate of an authority for another name is no better than none."""
        await self.serve(AUTHORITY.sign("other.example", "192.0.2.1"))
        for host in ("127.0.0.1", "localhost"):
            self.pins.remember(f"{host}:{self.port}", "verified")
            sentence = await self.refused(self.connect(host, AUTHORITY))
            self.assertIn(f"it was made for other names than {host}", sentence)

    async def test_expired(self) -> None:
        """An expired certificate of an authority is no better than none."""
        await self.serve(AUTHORITY.sign("127.0.0.1", ended=3))
        self.pins.remember(f"127.0.0.1:{self.port}", "verified")
        self.assertIn("it has expired", await self.refused(self.connect(trusted=AUTHORITY)))

    async def test_unknownAuthority(self) -> None:
        """A certificate of an authority that is not believed is no better than none."""
        await self.serve(STRANGER.sign("127.0.0.1"))
        self.pins.remember(f"127.0.0.1:{self.port}", "verified")
        sentence = await self.refused(self.connect(trusted=AUTHORITY))
        self.assertIn("its authority is not known here", sentence)

    async def test_systemStore(self) -> None:
        """Without other authorities those of the system are asked, who do not know ours."""
        await self.serve(AUTHORITY.sign("127.0.0.1"))
        endpoint = trustedEndpoint(
            reactor, "127.0.0.1", self.port, pinFile=self.pins.path, tell=self.told.append
        )
        await self.talk(endpoint.connect(self.applications))
        self.assertEqual(len(self.told), 1)

    async def test_fingerprint(self) -> None:
        """With the right fingerprint a server is let in, and not remembered."""
        shown = await self.serve(STRANGER.sign("127.0.0.1"))
        await self.talk(self.connect(fingerprint=str(shown).lower()))
        self.assertEqual(self.told, [])
        self.assertFalse(Path(self.pins.path).exists())

    async def test_wrongFingerprint(self) -> None:
        """With another fingerprint a server is refused, even if an authority vouches for it."""
        shown = await self.serve(AUTHORITY.sign("127.0.0.1"))
        sentence = await self.refused(self.connect(trusted=AUTHORITY, fingerprint="ab" * 32))
        self.assertIn(str(shown), sentence)

    async def test_plainServer(self) -> None:
        """A server without TLS is told apart, with what to do."""
        await self.serve(None)
        with self.assertRaises(NotTLS) as caught:
            await self.connect()
        self.assertIn("without --tls", str(caught.exception))
        self.assertEqual(self.applications.made, [])

    async def test_leaver(self) -> None:
        """A server that leaves during the handshake is a lost connection."""
        await self.serve(None, Leaver)
        await self.refused(self.connect(), ConnectionLost, ConnectionDone)

    async def test_cancel(self) -> None:
        """A user who does not wait for the handshake leaves no connection behind."""
        await self.serve(None, Silent)
        connecting = self.connect()
        await self.received
        connecting.cancel()
        await self.refused(connecting, CancelledError)

    async def test_noApplication(self) -> None:
        """A factory that makes no protocol ends the connection."""
        await self.serve(STRANGER.sign("127.0.0.1"))
        self.applications = Nobody()
        await self.refused(self.connect(), NoProtocol)

    async def test_passedOn(self) -> None:
        """The application hears the end of its connection from the other side too."""
        await self.serve(STRANGER.sign("127.0.0.1"))
        application: Any = await self.connect()
        await application.answered
        self.peers[0].transport.loseConnection()  # type: ignore[union-attr]
        await self.applications.stopped
        self.assertIs(application.ended, ConnectionDone)
        self.assertEqual(self.applications.running, 0)


class BadParameterTests(SynchronousTestCase):
    """
    Tests for the parameters that L{trustedEndpoint} refuses before it connects.
    """

    def test_fingerprint(self) -> None:
        """A malformed fingerprint is refused at once."""
        self.assertRaises(ConfigError, trustedEndpoint, reactor, "chat.example", 1, "abc")

    def test_host(self) -> None:
        """A malformed host name is refused at once."""
        self.assertRaises(ConfigError, trustedEndpoint, reactor, "a" * 64 + ".example", 1)
