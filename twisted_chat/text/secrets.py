# -*- test-case-name: tests.text.test_secrets -*-
"""
Secrets that are made, and passwords that people choose.

A made secret is written in fours with the alphabet of Crockford's base32, which lacks I, L, O and
U, so that it can be read out and typed: C{7KQ2-9F3M-2WXA-P4RT}.  All sides hash this one form.
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
"""Letters and digits of a secret for people: 80 bits, which nobody guesses over a network, nor at
4,096 hashes each from a stolen file."""

DEVICE_LETTERS: Final = 52
"""Letters and digits of a secret that a program keeps: 260 bits, which nobody guesses at all."""

MIN_PASSWORD: Final = 10
"""Characters that a password has at least."""

MAX_PASSWORD: Final = 256
"""Characters (code points in NFC) that a password has at most."""

MAX_TYPED: Final = 4 * MAX_PASSWORD
"""How many characters a password may have as it is typed: PRECIS takes a microsecond for each."""

_PARTS: Final = re.compile(r"[\s\-\u2010-\u2015]+")
_READ_AS: Final = str.maketrans("OIL", "011")


def makeSecret() -> str:
    """
    Make a secret for people, or a one-time code.

    @return: 80 bits in its one form.
    """
    return _make(SECRET_LETTERS)


def makeDeviceSecret() -> str:
    """
    Make a secret that a program keeps.

    @return: 260 bits in its one form.
    """
    return _make(DEVICE_LETTERS)


def _make(letters: int) -> str:
    return _inFours("".join(secrets.choice(ALPHABET) for _ in range(letters)))


def _inFours(text: str) -> str:
    return "-".join(re.findall("....", text))


def readSecret(text: str) -> str | None:
    """
    Read a made secret as people type it: in upper or lower case, with or without dashes and blanks,
    with the letter O for the digit 0, and I or L for 1.

    @return: its one form; C{None} if it cannot be one.
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
    Hash a one-time code, under which it is found.  One fast hash will do for 80 random bits.

    @param code: as it was made, or as people type it.
    @return: 64 hexadecimal digits.
    """
    return hashlib.sha256((readSecret(code) or code).encode("utf-8", "replace")).hexdigest()


def cleanPassword(text: str) -> str:
    """
    Check a password that somebody chooses, or bring one that was chosen into its one form: the
    profile OpaqueString of RFC 8265.  Given to this function again, it comes back unchanged.

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
