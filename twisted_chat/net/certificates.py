# -*- test-case-name: tests.net.test_certificates -*-
"""
The server's certificate: made by the server, or given by the operator.

What TLS needs beyond Twisted comes with the extra C{tls} and is imported only when it is used, so
a server without TLS starts without it.  All errors here are for the operator, and name the path.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import ConfigError
from ..text.files import writeWhole
from ..wire.fingerprint import tlsExtra

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, GeneralName
    from twisted.internet.ssl import CertificateOptions

KEPT_FILE: Final = "server.pem"
"""The file in which the server keeps the key and the certificate that it made for itself, in this
order."""

VALIDITY: Final = timedelta(days=3650)
"""How long a certificate that the server made is valid: ten years, because nobody renews it and
people have pinned it."""

CLOCK_SKEW: Final = timedelta(days=1)
"""How far a client's clock may be behind the server's."""

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
"""The names of this machine for itself, which each certificate made here lists."""


def keptCertificate(
    directory: str,
    hostnames: Iterable[str] = (),
    seconds: Callable[[], float] = time.time,
) -> str:
    """
    Make the self-signed certificate of this server, unless it was made before.

    @param directory: the folder that holds it; if missing, it is made for its owner only.
    @param hostnames: names and addresses that it lists besides L{LOCAL_NAMES}.
    @param seconds: the time of day, in seconds since the epoch.
    @return: the path of a PEM file with the key and the certificate, which only its owner may read.
    @raise ConfigError: if it can be neither made nor used, or others may have read the key.
    """
    path = os.path.join(directory, KEPT_FILE)
    try:
        if os.path.exists(path):
            if os.name == "posix" and os.stat(path).st_mode & 0o007:
                raise ConfigError(
                    f"everybody on this machine can read the key in {path}: delete the file to "
                    "have a new one made, or give it the mode 600"
                )
            return path
        certificate = _selfSigned([*LOCAL_NAMES, *hostnames], seconds())
        writeWhole(Path(path), certificate, isDurable=True)
    except OSError as error:
        raise ConfigError(f"the certificate {path} cannot be kept: {error.strerror}") from error
    return path


def _selfSigned(hostnames: Iterable[str], now: float) -> bytes:
    """
    Make a key and its certificate, in PEM.  Every TLS client supports P-256, whose signatures cost
    the server a thirtieth of RSA's.
    """
    with tlsExtra():
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    today = datetime.fromtimestamp(now, timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "twisted_chat")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - CLOCK_SKEW)
        .not_valid_after(today + VALIDITY)
        .add_extension(
            x509.SubjectAlternativeName([_generalName(host) for host in dict.fromkeys(hostnames)]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _generalName(host: str) -> GeneralName:
    """
    Convert a name or an address to its form in a certificate (RFC 5280 section 4.2.1.6).

    @raise ConfigError: if it is neither.
    """
    from cryptography import x509

    with suppress(ValueError):
        return x509.IPAddress(ip_address(host))
    try:
        return x509.DNSName(host.encode("idna").decode("ascii"))
    except ValueError as error:
        raise ConfigError(f"{host!r} is no host name to make a certificate for") from error


def serverContextFactory(
    certPath: str, keyPath: str, seconds: Callable[[], float] = time.time
) -> CertificateOptions:
    """
    Prepare a TLS endpoint to serve with a certificate: TLS 1.2 or newer, no renegotiation.

    @param certPath: a PEM file with the certificate, followed by the chain to its authority.
    @param keyPath: a PEM file with the key, without a passphrase; it may be the same file.
    @param seconds: the time of day, in seconds since the epoch.
    @return: the options for an endpoint.
    @raise ConfigError: if a file is missing, unreadable or malformed, if the certificate does not
        belong to the key, is expired or not yet valid, or if the system denies this process the
        memory that TLS needs.
    """
    with tlsExtra():
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from OpenSSL import SSL, crypto
        from twisted.internet.ssl import CertificateOptions, TLSVersion

    try:
        chain = x509.load_pem_x509_certificates(_read(certPath, "certificate"))
    except ValueError as error:
        raise ConfigError(
            f"{certPath} holds no certificate in PEM form: give the whole chain, the server's first"
        ) from error
    try:
        key: Any = serialization.load_pem_private_key(_read(keyPath, "key"), None)
    except TypeError as error:
        raise ConfigError(
            f"the key {keyPath} has a passphrase, which a server cannot be asked for: "
            "take it off with openssl pkey -in OLD -out NEW"
        ) from error
    except ValueError as error:
        raise ConfigError(f"{keyPath} holds no private key in PEM form") from error

    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if chain[0].public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        raise ConfigError(
            f"the key {keyPath} does not belong to the first certificate in {certPath}: "
            "give the two that were made together"
        )
    _checkDates(chain[0], certPath, datetime.fromtimestamp(seconds(), timezone.utc))

    certificates = [crypto.X509.from_cryptography(certificate) for certificate in chain]
    try:
        options = CertificateOptions(
            privateKey=crypto.PKey.from_cryptography_key(key),
            certificate=certificates[0],
            extraCertChain=certificates[1:],
            raiseMinimumTo=TLSVersion.TLSv1_2,
        )
        options.getContext().set_options(SSL.OP_NO_RENEGOTIATION)
    except (SSL.Error, TypeError, ValueError) as error:
        raise ConfigError(
            f"OpenSSL does not take the certificate {certPath}, which may be too weak: "
            "make one with a P-256 key, or RSA of 2048 bits or more"
        ) from error
    except MemoryError as error:
        # cffi raises this if the kernel refuses memory that is both writable and executable.
        raise ConfigError(
            "TLS needs memory that this service may not have: set MemoryDenyWriteExecute=no in "
            "its unit (or allow execmem in SELinux)"
        ) from error
    return options


def _checkDates(certificate: Certificate, path: str, now: datetime) -> None:
    """
    Check that the certificate is valid now.

    @raise ConfigError: if it is not.
    """
    if certificate.not_valid_after_utc < now:
        raise ConfigError(
            f"the certificate {path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}: "
            "renew it, or delete it if the server made it"
        )
    if certificate.not_valid_before_utc > now:
        raise ConfigError(
            f"the certificate {path} is valid only from "
            f"{certificate.not_valid_before_utc:%Y-%m-%d}: check the clock of this machine"
        )


def _read(path: str, what: str) -> bytes:
    """
    Read a file.

    @raise ConfigError: if it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ConfigError(f"the {what} {path} cannot be read: {error.strerror}") from error
