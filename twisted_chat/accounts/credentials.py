# -*- test-case-name: tests.accounts.test_credentials -*-
"""
Credentials, which prove that somebody owns an account.

An account has one for each device, and one more for a password that its owner chose.  None of them
contains the secret itself.
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
"""Most credentials of one account, which bounds the cost of a login with a wrong secret."""

PASSWORD: Final = "password"
"""The label of a chosen password, of which each account has at most one."""

OWN_ITERATIONS: Final = MAX_ITERATIONS
"""Hashes of a chosen password: 25 ms, for the server as for an attacker."""

MADE_ITERATIONS: Final = MIN_ITERATIONS
"""Hashes of a generated secret: nobody can guess it anyway."""


_LAST: Final = 1e12
"""The latest time of a credential, in seconds since the epoch: thirty thousand years from now."""


class Credential(NamedTuple):
    """
    One way to prove ownership of an account.

    @ivar label: the owner's name for it.
    @ivar kept: its verifier as stored, perhaps masked.
    @ivar since: when it was made, in seconds since the epoch.
    @ivar isMade: whether a program generated its secret; otherwise a person chose it.
    @ivar masked: the name of the pepper with which the verifier is masked; empty if it is not
        masked.
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
        @return: the unmasked verifier.
        @raise WrongPepper: if it is masked with another pepper.
        """
        return pepper.unmask(self.kept, self.masked) if self.masked else self.kept

    def hashed(self, secret: str) -> str | None:
        """
        @param secret: what somebody typed.
        @return: the text in the form that is hashed for this credential; C{None} if it cannot be
            its secret.
        """
        if self.isMade:
            return readSecret(secret) or secret
        try:
            return cleanPassword(secret)
        except BadPassword:
            return None

    def value(self) -> dict[str, Any]:
        """
        @return: the credential as a JSON value for the log.
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
    Parse a credential from the log.

    @param value: what L{Credential.value} returned, encoded and decoded as JSON.
    @raise BadObject: if it is anything else.
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
    @return: whether the fields that were copied unchecked have their declared types.  In Python
        C{True} is a number and equal to 1.
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
    Parse all credentials of an account from the log.

    @raise BadObject: if one of them is malformed, they are too many, or two have the same label.
    """
    if not isinstance(values, list) or len(values) > MAX_CREDENTIALS:
        raise BadObject(f"an account has a list of at most {MAX_CREDENTIALS} credentials")
    credentials = tuple(map(readCredential, values))
    if len({nameKey(each.label) for each in credentials}) < len(credentials):
        raise BadObject("two credentials of an account have the same label")
    return credentials


def deviceCredential(label: str, verifier: str, since: float) -> Credential:
    """
    Make a credential for a device that generated its secret itself.

    @param label: the owner's name for the device.
    @param verifier: as L{parseVerifier} reads it.
    @raise BadName: if the label breaks a rule.
    @raise BadProof: if the verifier is malformed.
    """
    return Credential(_deviceLabel(label), parseVerifier(verifier), since)


def madeCredential(label: str, secret: str, since: float) -> Credential:
    """
    Make a credential for a generated secret.  This hashes for 1 ms.

    @raise BadName: if the label breaks a rule.
    """
    label = _deviceLabel(label)
    return Credential(label, makeVerifier(readSecret(secret) or secret, MADE_ITERATIONS), since)


def ownCredential(password: str, since: float, pepper: Pepper) -> Credential:
    """
    Make a credential for a chosen password.  This hashes for 25 ms.

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
    Add a credential.  A chosen password replaces the previous one.

    @return: all credentials, the new one included.
    @raise BadName: if a device has this label already.
    @raise NotAllowed: if there are L{MAX_CREDENTIALS} already.
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
    @return: all credentials except the one with this label, in upper or lower case.
    """
    key = nameKey(label)
    return tuple(each for each in credentials if nameKey(each.label) != key)


def chosen(credentials: Sequence[Credential], label: str = "") -> Credential | None:
    """
    Select the credential against which a proof is checked.

    @param label: the label, in upper or lower case; empty for the chosen password, or else the
        oldest credential.
    @return: the credential; C{None} if there is none with this label.
    """
    if label:
        key = nameKey(label)
        return next((each for each in credentials if nameKey(each.label) == key), None)
    own = next((each for each in credentials if not each.isMade), None)
    return own or (credentials[0] if credentials else None)


Try = tuple[Credential, str]
"""A credential to which a secret may belong, and the secret in the form that is hashed for it."""


def tries(credentials: Iterable[Credential], secret: str, label: str = "") -> list[Try]:
    """
    List the credentials to which a secret may belong, the likely ones first.

    @param secret: what somebody typed.
    @param label: the label of the only one to try; empty to try all.
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
    Find the credential to which a secret belongs.  This hashes for 1 ms for each generated secret,
    and 25 ms for a password.

    @return: the credential; C{None} if it belongs to none.
    @raise WrongPepper: if it matches none that can be checked, and one cannot be checked.
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
