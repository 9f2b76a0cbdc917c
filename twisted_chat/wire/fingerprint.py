# -*- test-case-name: tests.wire.test_fingerprint -*-
"""
The fingerprint by which people compare certificates, on both sides of a connection.

What TLS needs beyond Twisted comes with the extra C{tls} and is imported only when it is used, so
a program without TLS starts without it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..errors import ConfigError


@contextmanager
def tlsExtra() -> Iterator[None]:
    """
    Turn an C{ImportError} inside the block into a sentence that says what to install.

    @raise ConfigError: if the extra C{tls} is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise ConfigError(
            f"TLS needs packages that are not installed ({error.name}); "
            "pip install 'twisted-chat[tls]' installs them"
        ) from error


def fingerprint(certificate: bytes) -> str:
    """
    The fingerprint by which people compare certificates.

    It is SHA-256 over the DER form, written as pairs of upper-case hexadecimal digits, because
    C{openssl x509 -fingerprint -sha256} and every browser show it so, and because, unlike base64,
    it can be read out without distinguishing upper from lower case.

    @param certificate: one certificate in DER, or a PEM file, of which the first certificate is
        taken.
    @return: C{SHA256:} and 32 pairs with a colon between.
    @raise ConfigError: if it holds no certificate.
    """
    digest = hashlib.sha256(_der(certificate)).hexdigest().upper()
    return "SHA256:" + ":".join(re.findall("..", digest))


def parseFingerprint(text: str) -> str:
    """
    Parse a fingerprint that a person copied from somewhere.

    @param text: in the form of L{fingerprint}, in that of C{openssl}, or the bare 64 digits; in
        upper or lower case.
    @return: the form of L{fingerprint}.
    @raise ConfigError: if it is none of these.
    """
    digits = re.sub(r"(?i)^\s*sha-?256(?:\s+fingerprint)?\s*[:=]", "", text)
    digits = re.sub(r"[:\s]", "", digits).upper()
    if not re.fullmatch("[0-9A-F]{64}", digits):
        raise ConfigError(
            "a fingerprint is SHA256: and 64 hexadecimal digits, as the server prints it at start"
        )
    return "SHA256:" + ":".join(re.findall("..", digits))


def _der(certificate: bytes) -> bytes:
    """
    Convert the first certificate to DER.

    @raise ConfigError: if there is none.
    """
    if b"-----BEGIN" not in certificate:
        if certificate.startswith(b"\x30"):
            return certificate
        raise ConfigError("this is no certificate")
    found = re.search(
        rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", certificate, re.DOTALL
    )
    if found:
        with suppress(ValueError):
            return base64.b64decode(found[1])
    raise ConfigError("this file holds no certificate")
