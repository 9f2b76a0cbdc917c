# -*- test-case-name: tests.accounts.test_credentials -*-
"""
Credentials: what proves that somebody is the owner of an account.

An account has one for each device, and one more for a password of its owner's own choice.  None of
them is the secret itself.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from ..errors import BadName, BadObject, BadPassword, NotAllowed, WrongPepper
from ..text.confusables import nameKey
from ..text.names import MAX_NAME, cleanLabel
from ..text.secrets import cleanPassword, readSecret
from ..wire.scram import (
    MAX_ITERATIONS,
    MIN_ITERATIONS,
    Verifier,
    makeVerifier,
    parseVerifier,
)
from .pepper import NAME_BYTES, Pepper

MAX_CREDENTIALS: Final = 16
"""Credentials of one account at most: what a login with a wrong secret costs is bounded by it."""

PASSWORD: Final = "password"
"""The label of a password of one's own, of which each account has one at most."""

OWN_ITERATIONS: Final = MAX_ITERATIONS
"""Hashes for a password that somebody chose: 25 ms each, for the server as for those who guess."""

MADE_ITERATIONS: Final = MIN_ITERATIONS
"""Hashes for a secret that was made: nobody guesses it anyway."""


_LAST: Final = 1e12
"""The latest time that a credential may be from, in seconds: thirty thousand years from now."""


class Credential(NamedTuple):
    """
    One way to prove that one is the owner.

    @ivar label: what its owner calls it.
    @ivar kept: its verifier as it is stored, perhaps masked.
    @ivar since: when it was made, in seconds since the epoch.
    @ivar isMade: whether its secret was made by a program; a person chose it otherwise.
    @ivar masked: the name of the pepper that the verifier is masked with; empty if it is not.
    """

    label: str
    kept: Verifier
    since: float
    isMade: bool = True
    masked: str = ""

    @property
    def isSound(self) -> bool:
        """
        Whether all its parts are within their bounds.
        """
        return (
            len(self.label) <= MAX_NAME
            and self.kept.isSound
            and 0 <= self.since <= _LAST
            and len(self.masked) <= 2 * NAME_BYTES
        )

    def verifier(self, pepper: Pepper) -> Verifier:
        """
        @return: what checks a proof.
        @raise WrongPepper: if it is masked with another pepper.
        """
        return pepper.unmask(self.kept, self.masked) if self.masked else self.kept

    def hashed(self, secret: str) -> str | None:
        """
        @param secret: what somebody typed.
        @return: the form in which the secret of this credential is hashed; C{None} if this cannot
            be it.
        """
        if self.isMade:
            return readSecret(secret) or secret
        try:
            return cleanPassword(secret)
        except BadPassword:
            return None

    def value(self) -> dict[str, Any]:
        """
        @return: the credential as JSON holds it in the log.
        """
        value = {
            "label": self.label,
            "salt": _text(self.kept.salt),
            "i": self.kept.iterations,
            "stored": _text(self.kept.storedKey),
            "server": _text(self.kept.serverKey),
            "since": self.since,
        }
        if self.isMade:
            value["made"] = True
        if self.masked:
            value["masked"] = self.masked
        return value


def readCredential(value: Any) -> Credential:
    """
    Read a credential from the log.

    @param value: what L{Credential.value} returned, after its way through JSON.
    @raise BadObject: it is anything else.
    """
    try:
        verifier = Verifier(
            _bytes(value["salt"]), value["i"], _bytes(value["stored"]), _bytes(value["server"])
        )
        found = Credential(
            value["label"],
            verifier,
            value["since"],
            value.get("made", False),
            value.get("masked", ""),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BadObject("this is no credential") from None
    if not (_isTyped(found) and found.isSound and found.value() == value):
        raise BadObject("this is no credential")
    return found


def _isTyped(found: Credential) -> bool:
    """
    @return: whether the parts that were taken as they came are of their types.  In Python C{True}
        is a number, and 1 is equal to it.
    """
    return (
        type(found.label) is str
        and type(found.kept.iterations) is int
        and type(found.since) in (int, float)
        and type(found.isMade) is bool
        and type(found.masked) is str
    )


def readCredentials(values: Any) -> tuple[Credential, ...]:
    """
    Read all credentials of an account from the log.

    @raise BadObject: one of them is none, they are too many, or two have the same label.
    """
    if not isinstance(values, list) or len(values) > MAX_CREDENTIALS:
        raise BadObject(f"an account has a list of at most {MAX_CREDENTIALS} credentials")
    credentials = tuple(map(readCredential, values))
    if len({nameKey(each.label) for each in credentials}) < len(credentials):
        raise BadObject("two credentials of an account have the same label")
    return credentials


def deviceCredential(label: str, verifier: str, since: float) -> Credential:
    """
    Take a credential from a device that made its secret itself.

    @param label: what its owner calls the device.
    @param verifier: as L{parseVerifier} reads it.
    @raise BadName: if the label breaks a rule.
    @raise BadProof: if the verifier is malformed.
    """
    return Credential(_deviceLabel(label), parseVerifier(verifier), since)


def madeCredential(label: str, secret: str, since: float) -> Credential:
    """
    Make the credential of a secret that was made.  This hashes for 1 ms.

    @raise BadName: if the label breaks a rule.
    """
    label = _deviceLabel(label)
    return Credential(label, makeVerifier(readSecret(secret) or secret, MADE_ITERATIONS), since)


def ownCredential(password: str, since: float, pepper: Pepper) -> Credential:
    """
    Make the credential of a password that somebody chose.  This hashes for 25 ms.

    @raise BadPassword: if it breaks a rule.
    """
    verifier = makeVerifier(cleanPassword(password), OWN_ITERATIONS)
    return Credential(PASSWORD, pepper.mask(verifier), since, False, pepper.name)


def _deviceLabel(label: str) -> str:
    label = cleanLabel(label)
    if nameKey(label) == PASSWORD:
        raise BadName(f"the label {PASSWORD} is for a password of your own: choose another")
    return label


def added(credentials: Sequence[Credential], new: Credential) -> tuple[Credential, ...]:
    """
    Add a credential.  A password of one's own takes the place of the one before.

    @return: all credentials from now on.
    @raise BadName: a device has this label already.
    @raise NotAllowed: there are as many as there may be.
    """
    others = removed(credentials, new.label)
    if new.isMade and len(others) < len(credentials):
        raise BadName(
            f"a device of yours is called {new.label}: choose another label, or /device remove"
            f" {new.label} first"
        )
    if len(others) >= MAX_CREDENTIALS:
        raise NotAllowed(
            f"an account has at most {MAX_CREDENTIALS} devices and passwords: /device remove one"
            " that you no longer use"
        )
    return (*others, new)


def removed(credentials: Iterable[Credential], label: str) -> tuple[Credential, ...]:
    """
    @return: all credentials but the one with a label, in any case.
    """
    key = nameKey(label)
    return tuple(each for each in credentials if nameKey(each.label) != key)


def chosen(credentials: Sequence[Credential], label: str = "") -> Credential | None:
    """
    Find the credential whose verifier a proof is checked with.

    @param label: which one is meant, in any case; empty if none was named: then the password of
        the owner's own, or else the oldest.
    @return: C{None} if there is no such one.
    """
    if label:
        key = nameKey(label)
        return next((each for each in credentials if nameKey(each.label) == key), None)
    own = next((each for each in credentials if not each.isMade), None)
    return own or (credentials[0] if credentials else None)


Try = tuple[Credential, str]
"""A credential that a secret may belong to, and the form in which it is hashed for it."""


def tries(credentials: Iterable[Credential], secret: str, label: str = "") -> list[Try]:
    """
    List the credentials that a secret may belong to; the likely ones first.

    @param secret: what somebody typed.
    @param label: the only one that is meant; empty for any.
    """
    key = nameKey(label)
    found = [
        (each, hashed)
        for each in credentials
        if not label or nameKey(each.label) == key
        if (hashed := each.hashed(secret)) is not None
    ]
    isMade = readSecret(secret) is not None
    return sorted(found, key=lambda one: one[0].isMade != isMade)


def fitting(tries: Iterable[Try], pepper: Pepper) -> Credential | None:
    """
    Find the credential that a secret belongs to.  This hashes for 1 ms for each that was made, and
    25 ms for a password.

    @return: C{None} if it belongs to none.
    @raise WrongPepper: if it belongs to none that can be checked, and one cannot.
    """
    lost: WrongPepper | None = None
    for credential, hashed in tries:
        try:
            verifier = credential.verifier(pepper)
        except WrongPepper as error:
            lost = error
            continue
        if verifier.accepts(hashed):
            return credential
    if lost is not None:
        raise lost
    return None


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
