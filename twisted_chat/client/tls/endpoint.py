# -*- test-case-name: tests.client.tls.test_endpoint -*-
"""
Makes an endpoint that speaks TLS, but only with a server whose certificate is accepted.

The application's protocol is built after the certificate was accepted, so nothing can be sent to an
unknown server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import wrapClientTLS
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.protocols.policies import ProtocolWrapper
from zope.interface import implementer

from ...errors import ConfigError
from ...wire.fingerprint import parseFingerprint, tlsExtra
from ..connection import hostEndpoint
from .handshake import HandshakeGateFactory
from .pins import CertificatePolicy, PinFile, Untrusted, defaultPinFile

if TYPE_CHECKING:
    from OpenSSL.crypto import X509
    from OpenSSL.SSL import Connection, Context
    from twisted.internet._sslverify import IOpenSSLTrustRoot

# The most frequent verification errors of OpenSSL (x509_vfy.h), in words for people.
_DOUBTS: Final = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "its authority is not known here",
    20: "its authority is not known here",
    21: "its authority is not known here",
}


@implementer(IOpenSSLClientConnectionCreator)
class _Handshake:
    """
    Makes the TLS connection of one attempt, and records OpenSSL's verdict on the certificate.

    It accepts every certificate, because L{CertificatePolicy} decides once the handshake has proved
    that the server has the key of its certificate.
    """

    def __init__(self, host: str, context: Context) -> None:
        """
        @param host: the name or address that the user gave.
        @param context: the versions of TLS and the authorities to use.
        """
        self._host = host
        self._address = isIPAddress(host) or isIPv6Address(host)
        self._context = context
        self._connection: Any = None
        self._doubt: str | None = "it was not verified"
        self._doubted = False

    def clientConnectionForTLS(self, tlsProtocol: ProtocolWrapper) -> Connection:
        """
        @see: L{twisted.internet.interfaces.IOpenSSLClientConnectionCreator}
        """
        from OpenSSL import SSL

        connection = self._connection = SSL.Connection(self._context, None)
        connection.set_app_data(tlsProtocol)
        if not self._address:
            connection.set_tlsext_host_name(self._host.encode("idna"))
        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._verify)
        return connection

    def _verify(self, connection: Connection, cert: X509, error: int, depth: int, ok: int) -> bool:
        """
        Record the first error in the chain, or that the whole chain down to the server's own
        certificate is valid.
        """
        if not ok and not self._doubted:
            self._doubted = True
            self._doubt = _DOUBTS.get(error, f"OpenSSL's verification error {error}")
        elif not self._doubted and depth == 0:
            self._doubt = None
        return True

    def certificate(self) -> bytes:
        """
        @return: the server's certificate, in DER.
        @raise Untrusted: if it showed nothing.
        """
        from OpenSSL import crypto

        shown = self._connection.get_peer_certificate()
        if shown is None:
            raise Untrusted("the server showed no certificate")
        return crypto.dump_certificate(crypto.FILETYPE_ASN1, shown)

    def doubt(self) -> str | None:
        """
        @return: why no authority vouches that this is the requested host (RFC 9525); C{None} if one
            does.
        """
        if self._doubt is not None:
            return self._doubt
        from service_identity import CertificateError, VerificationError
        from service_identity.pyopenssl import verify_hostname, verify_ip_address

        try:
            if self._address:
                verify_ip_address(self._connection, self._host.partition("%")[0])
            else:
                verify_hostname(self._connection, self._host.encode("idna").decode("ascii"))
        except (CertificateError, VerificationError):
            return f"it was made for other names than {self._host}"
        return None


@implementer(IStreamClientEndpoint)
class _TrustedEndpoint:
    """
    Connects to a server over TLS, and fails if its certificate is not accepted.
    """

    def __init__(
        self, reactor: Any, host: str, port: int, policy: CertificatePolicy, context: Context
    ) -> None:
        self._reactor = reactor
        self._host = host
        self._endpoint = hostEndpoint(reactor, host, port)
        self._policy = policy
        self._context = context

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        @see: L{twisted.internet.interfaces.IStreamClientEndpoint}
        """
        handshake = _Handshake(self._host, self._context)

        def accept() -> None:
            self._policy.judge(handshake.certificate(), handshake.doubt())

        gates = HandshakeGateFactory(self._reactor, protocolFactory, accept)
        connecting: Deferred[Any] = wrapClientTLS(handshake, self._endpoint).connect(gates)
        return connecting.addCallback(lambda gate: gate.entered)


def trustedEndpoint(
    reactor: Any,
    host: str,
    port: int,
    fingerprint: str | None = None,
    pinFile: str | None = None,
    tell: Callable[[str], object] = lambda sentence: None,
    trustRoot: IOpenSSLTrustRoot | None = None,
) -> IStreamClientEndpoint:
    """
    Make an endpoint that speaks TLS, but only with a server whose certificate is accepted.

    Its C{connect} builds the application's protocol only after the certificate was accepted.  It
    fails with L{Untrusted} or L{handshake.NotTLS}, which another try does not cure; with
    C{TimeoutError} if the handshake takes longer than L{handshake.HANDSHAKE_TIMEOUT}; or with the
    reason of a lost connection.

    @param reactor: the reactor.
    @param host: the server's name or address.
    @param port: its TLS port.
    @param fingerprint: accept the certificate with this fingerprint only, even if an authority
        vouches for another.
    @param pinFile: the file that remembers servers; by default L{defaultPinFile}.
    @param tell: called with a sentence for the user, when a new server is remembered.
    @param trustRoot: the authorities to trust, instead of those of this system.
    @return: the endpoint.
    @raise ConfigError: if the extra C{tls} is not installed, or the host or the fingerprint is
        malformed.
    """
    with tlsExtra():
        import service_identity.pyopenssl  # noqa: F401
        from OpenSSL import SSL
        from twisted.internet.ssl import CertificateOptions, TLSVersion, platformTrust
    expected = None if fingerprint is None else parseFingerprint(fingerprint)
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise ConfigError(f"{host!r} is no host name") from error
    context = CertificateOptions(
        trustRoot=trustRoot or platformTrust(), raiseMinimumTo=TLSVersion.TLSv1_2
    ).getContext()
    # The certificate is judged once, so a second handshake with another one must be impossible.
    context.set_options(SSL.OP_NO_RENEGOTIATION)
    pins = PinFile(pinFile or defaultPinFile())
    return _TrustedEndpoint(
        reactor, host, port, CertificatePolicy(host, port, expected, pins, tell), context
    )
