# -*- test-case-name: tests.text.test_secrets -*-
"""
Generates secrets, and checks the passwords that people choose.

A generated secret is written in groups of four in Crockford's base32, whose alphabet lacks I, L, O
and U, so that it can be read out and typed: C{7KQ2-9F3M-2WXA-P4RT}.  This canonical form is the one
that both sides hash.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ..errors import BadPassword

if TYPE_CHECKING:
    from precis_i18n.profile import Profile

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

SECRET_LETTERS: Final = 16
"""Letters and digits of a secret for people: 80 bits, which nobody can guess over a network, nor,
at 4,096 hashes a guess, from a stolen file."""

DEVICE_LETTERS: Final = 52
"""Letters and digits of a secret that a program keeps: 260 bits, which nobody can guess at all."""

MIN_PASSWORD: Final = 10
"""The shortest password, in characters."""

MAX_PASSWORD: Final = 256
"""The longest password, in characters (code points in NFC)."""

MAX_TYPED: Final = 4 * MAX_PASSWORD
"""The longest password as typed, in characters: PRECIS takes a microsecond for each."""

_PARTS: Final = re.compile(r"[\s\-\u2010-\u2015]+")
_READ_AS: Final = str.maketrans("OIL", "011")


def makeSecret() -> str:
    """
    Generate a secret for people, or a one-time code.

    @return: 80 random bits in canonical form.
    """
    return _make(SECRET_LETTERS)


def makeDeviceSecret() -> str:
    """
    Generate a secret that a program keeps.

    @return: 260 random bits in canonical form.
    """
    return _make(DEVICE_LETTERS)


def _make(letters: int) -> str:
    return _inFours("".join(secrets.choice(ALPHABET) for _ in range(letters)))


def _inFours(text: str) -> str:
    return "-".join(re.findall("....", text))


def readSecret(text: str) -> str | None:
    """
    Parse a generated secret as people type it: in upper or lower case, with or without dashes and
    blanks, with the letter O for the digit 0, and I or L for 1.

    @return: its canonical form; C{None} if the text cannot be a secret.
    """
    if len(text) > MAX_PASSWORD:
        return None
    letters = _PARTS.sub("", text)
    if not letters.isascii() or len(letters) not in (SECRET_LETTERS, DEVICE_LETTERS):
        return None
    letters = letters.upper().translate(_READ_AS)
    return _inFours(letters) if set(letters) <= set(ALPHABET) else None


def hashCode(code: str) -> str:
    """
    Hash a one-time code into the key under which it is stored.  A single fast hash is enough for 80
    random bits.

    @param code: the code, as generated or as typed.
    @return: 64 hexadecimal digits.
    """
    return hashlib.sha256((readSecret(code) or code).encode("utf-8", "replace")).hexdigest()


def cleanPassword(text: str) -> str:
    """
    Check a password, and normalise it by the profile OpaqueString of RFC 8265.  The function is
    idempotent.

    @raise BadPassword: if it breaks a rule.
    """
    if len(text) > MAX_TYPED:
        raise BadPassword(f"a password has at most {MAX_PASSWORD} characters: choose a shorter one")
    try:
        password: str = _profile().enforce(text) if text else ""
    except UnicodeEncodeError as error:
        char = f"U+{ord(error.object[error.start]):04X}"
        raise BadPassword(f"a password cannot hold the character {char}: leave it out") from None
    if len(password) < MIN_PASSWORD:
        raise BadPassword(
            f"a password has at least {MIN_PASSWORD} characters: choose a longer one, such as four"
            " words"
        )
    if len(password) > MAX_PASSWORD:
        raise BadPassword(f"a password has at most {MAX_PASSWORD} characters: choose a shorter one")
    if password != password.strip(" "):
        raise BadPassword("a password neither begins nor ends with a blank: leave it out")
    return password


@lru_cache(maxsize=1)
def _profile() -> Profile:
    """
    @return: the PRECIS profile (RFC 8265 section 4.2) of passwords.
    """
    from precis_i18n import get_profile

    return get_profile("OpaqueString")
