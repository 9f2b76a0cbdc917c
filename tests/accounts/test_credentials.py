"""
Tests for L{twisted_chat.accounts.credentials}.
"""

from __future__ import annotations

import json
from typing import Any, cast

from hypothesis import example, given
from hypothesis.strategies import (
    binary,
    booleans,
    builds,
    characters,
    dictionaries,
    floats,
    integers,
    just,
    lists,
    none,
    recursive,
    sampled_from,
    text,
)
from twisted.trial.unittest import SynchronousTestCase

from tests.accounts.support import FAST
from twisted_chat.accounts.credentials import (
    MAX_CREDENTIALS,
    Credential,
    added,
    chosen,
    deviceCredential,
    fitting,
    madeCredential,
    ownCredential,
    readCredential,
    readCredentials,
    removed,
    tries,
)
from twisted_chat.accounts.pepper import Pepper
from twisted_chat.errors import (
    BadName,
    BadObject,
    BadPassword,
    BadProof,
    NotAllowed,
    WrongPepper,
)
from twisted_chat.text.secrets import makeDeviceSecret, makeSecret
from twisted_chat.wire.scram import (
    ClientExchange,
    ServerExchange,
    Verifier,
    makeVerifier,
    parseClientFirst,
)

NOW = 1_795_360_294.5
PEPPER = Pepper(bytes(32))
OTHER = Pepper(b"\1" * 32)
PASSWORD = "correct horse battery"
SECRET = "7KQ2-9F3M-2WXA-P4R0"
KEY = bytes(range(32))

OWN = ownCredential(PASSWORD, NOW, PEPPER)
MADE = madeCredential("paper", SECRET, NOW)


def device(label: str) -> Credential:
    """
    @return: the credential of a device that nobody logs in by.
    """
    return Credential(label, Verifier(b"saltsalt", 4_096, KEY, KEY), NOW)


KEYS = binary(min_size=32, max_size=32)
CREDENTIALS = builds(
    Credential,
    text(characters(codec="utf-8"), max_size=32),
    builds(Verifier, binary(min_size=8, max_size=64), sampled_from((4_096, 100_000)), KEYS, KEYS),
    floats(0, 1e12) | integers(0, 10**12),
    booleans(),
    text(characters(codec="utf-8"), max_size=8),
)
VALUES = recursive(
    none() | booleans() | integers() | floats() | text() | sampled_from(list(OWN.value().values())),
    lambda inner: lists(inner) | dictionaries(text() | sampled_from(list(OWN.value())), inner),
    max_leaves=12,
)


class ValueTests(SynchronousTestCase):
    """
    Credentials in the log.
    """

    def test_forms(self) -> None:
        """Fields with default values are left out."""
        self.assertEqual(
            device("laptop").value(),
            {
                "label": "laptop",
                "salt": "c2FsdHNhbHQ=",
                "i": 4096,
                "stored": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                "server": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                "since": NOW,
                "made": True,
            },
        )
        value = OWN.value()
        self.assertNotIn("made", value)
        self.assertEqual((value["masked"], value["i"]), (PEPPER.name, 100_000))

    @FAST
    @given(CREDENTIALS)
    def test_anyCredential(self, credential: Credential) -> None:
        """Every credential is read as it was written."""
        self.assertEqual(readCredential(json.loads(json.dumps(credential.value()))), credential)

    def test_refused(self) -> None:
        """A value that lacks a field, has more, or has another type or length is refused."""
        for name, wrong in (
            ("label", 7),
            ("salt", "c2Fs"),
            ("salt", "c2FsdHNhbHQ"),
            ("salt", "c2FsdHNhbHQ=\n"),
            ("i", 4095),
            ("i", 1e5),
            ("i", "100000"),
            ("i", 10**9),
            ("stored", "c2FsdHNhbHQ="),
            ("server", ""),
            ("server", None),
            ("since", "now"),
            ("since", True),
            ("since", -1),
            ("since", 10**400),
            ("since", float("inf")),
            ("label", "x" * 33),
            ("masked", "x" * 9),
            ("made", False),
            ("made", 1),
            ("masked", ""),
            ("masked", None),
            ("later", 1),
        ):
            value = {**OWN.value(), name: wrong}
            self.assertRaises(BadObject, readCredential, value)
        for name in ("label", "salt", "i", "stored", "server", "since"):
            value = OWN.value()
            del value[name]
            self.assertRaises(BadObject, readCredential, value)

    @FAST
    @given(VALUES)
    @example({**OWN.value(), "since": float("nan")})
    @example({**OWN.value(), "label": "\ud800"})
    def test_anyValue(self, value: Any) -> None:
        """Any value is a credential that is written in the same way, or none."""
        for each in (value, {**OWN.value(), **value} if isinstance(value, dict) else value):
            try:
                credential = readCredential(each)
            except BadObject:
                continue
            self.assertEqual(credential.value(), each)

    @FAST
    @given(lists(CREDENTIALS | just(OWN), max_size=MAX_CREDENTIALS + 1))
    @example([device(f"d{number}") for number in range(MAX_CREDENTIALS)])
    @example([device(f"d{number}") for number in range(MAX_CREDENTIALS + 1)])
    def test_anyList(self, credentials: list[Credential]) -> None:
        """A list is read unless it is too long, or two have a label that differs by its case."""
        values = [each.value() for each in credentials]
        labels = {each.label.lower() for each in credentials}
        try:
            self.assertEqual(list(readCredentials(values)), credentials)
        except BadObject:
            isTooLong = len(credentials) > MAX_CREDENTIALS
            self.assertTrue(
                isTooLong or len(labels) < len(credentials) or not "".join(labels).isascii()
            )

    def test_noList(self) -> None:
        """A value that is no list, and a list with one label twice, are refused."""
        twice = [device("Laptop").value(), device("laptop").value()]
        for values in cast("tuple[Any, ...]", (None, {}, "x", twice)):
            self.assertRaises(BadObject, readCredentials, values)


class MakeTests(SynchronousTestCase):
    """
    The making of credentials.
    """

    def test_device(self) -> None:
        """A device makes its secret, and the server sees the verifier alone."""
        secret = makeDeviceSecret()
        credential = deviceCredential(" laptop ", str(makeVerifier(secret, 4_096)), NOW)
        self.assertEqual((credential.label, credential.since), ("laptop", NOW))
        self.assertTrue(credential.isMade)
        exchange = ClientExchange("Ann/laptop", secret)
        server = ServerExchange(parseClientFirst(exchange.first), credential.verifier(PEPPER))
        exchange.verify(server.check(exchange.answer(server.challenge)))

    def test_refusedDevice(self) -> None:
        """A label or verifier that breaks a rule is refused."""
        verifier = str(makeVerifier(SECRET, 4_096))
        for label in ("my phone", "a/b", "", "x" * 33, "password", "Password"):
            self.assertRaises(BadName, deviceCredential, label, verifier, NOW)
        dear = str(makeVerifier(SECRET, 4_097))
        self.assertRaises(BadProof, deviceCredential, "laptop", dear, NOW)

    def test_made(self) -> None:
        """A made secret is hashed in its one form, as IRC clients send it."""
        verifier = MADE.verifier(PEPPER)
        self.assertEqual((MADE.isMade, MADE.masked, verifier.iterations), (True, "", 4_096))
        self.assertTrue(verifier.accepts(SECRET))
        typed = madeCredential("paper", SECRET.lower().replace("-", ""), NOW)
        self.assertTrue(typed.verifier(PEPPER).accepts(SECRET))

    def test_own(self) -> None:
        """A chosen password is hashed 100,000 times, and masked."""
        self.assertEqual((OWN.label, OWN.isMade, OWN.masked), ("password", False, PEPPER.name))
        self.assertEqual(OWN.kept.iterations, 100_000)
        self.assertFalse(OWN.kept.accepts(PASSWORD))
        self.assertTrue(OWN.verifier(PEPPER).accepts(PASSWORD))
        self.assertRaises(WrongPepper, OWN.verifier, OTHER)
        self.assertRaises(BadPassword, ownCredential, "short", NOW, PEPPER)


class ListTests(SynchronousTestCase):
    """
    The credentials of one account.
    """

    def test_added(self) -> None:
        """A new credential stands at the end."""
        credentials = added((device("laptop"),), device("phone"))
        self.assertEqual([each.label for each in credentials], ["laptop", "phone"])

    def test_sameLabel(self) -> None:
        """A second device of one label is refused, in any case, with what to do."""
        error = self.assertRaises(BadName, added, (device("laptop"),), device("Laptop"))
        self.assertEqual(
            error.sentence,
            "a device of yours is called Laptop: choose another label, or /device remove Laptop"
            " first",
        )

    def test_newPassword(self) -> None:
        """A new password replaces the old one, also when there is no room for more."""
        new = OWN._replace(since=NOW + 1)
        full = (OWN, *(device(f"d{number}") for number in range(MAX_CREDENTIALS - 1)))
        self.assertEqual(added(full, new), (*full[1:], new))

    def test_tooMany(self) -> None:
        """An account has sixteen credentials at most."""
        credentials: tuple[Credential, ...] = ()
        for number in range(MAX_CREDENTIALS):
            credentials = added(credentials, device(f"d{number}"))
        error = self.assertRaises(NotAllowed, added, credentials, device("phone"))
        self.assertIn("/device remove one that you no longer use", error.sentence)

    def test_removed(self) -> None:
        """A label is removed in any case of its letters; an unknown one changes nothing."""
        credentials = (device("laptop"), device("phone"))
        self.assertEqual(removed(credentials, "Laptop"), credentials[1:])
        self.assertEqual(removed(credentials, "tablet"), credentials)

    def test_chosen(self) -> None:
        """A proof is for the label it names, or for the chosen password, or for the oldest."""
        laptop, phone = device("laptop"), device("phone")
        self.assertEqual(chosen((laptop, phone), "PHONE"), phone)
        self.assertIsNone(chosen((laptop, phone), "tablet"))
        self.assertEqual(chosen((laptop, phone)), laptop)
        self.assertEqual(chosen((laptop, OWN)), OWN)
        self.assertIsNone(chosen(()))


class SecretTests(SynchronousTestCase):
    """
    The credential that a secret belongs to.
    """

    credentials = (device("laptop"), OWN, MADE)

    def found(self, secret: str, label: str = "") -> Credential | None:
        """
        @return: the credential of a secret.
        """
        return fitting(tries(self.credentials, secret, label), PEPPER)

    def test_found(self) -> None:
        """Passwords and secrets are found as users type them."""
        self.assertEqual(self.found(PASSWORD), OWN)
        self.assertEqual(self.found(PASSWORD.replace(" ", "\u00a0")), OWN)
        self.assertEqual(self.found(SECRET), MADE)
        self.assertEqual(self.found("7kq2 9f3m 2wxa p4ro"), MADE)
        self.assertIsNone(self.found(makeSecret()))
        self.assertIsNone(self.found(""))
        self.assertIsNone(self.found("Correct horse battery"))

    def test_label(self) -> None:
        """A secret that is said to be of one device is tried with that one alone."""
        self.assertEqual(self.found(SECRET, "Paper"), MADE)
        self.assertIsNone(self.found(SECRET, "laptop"))
        self.assertEqual(tries(self.credentials, SECRET, "tablet"), [])

    def test_likelyFirst(self) -> None:
        """A made secret costs no hash of a password, and a password none of the others."""
        self.assertEqual(
            [each.label for each, _ in tries(self.credentials, SECRET)],
            ["laptop", "paper", "password"],
        )
        self.assertEqual(
            [each.label for each, _ in tries(self.credentials, PASSWORD)],
            ["password", "laptop", "paper"],
        )

    def test_impossible(self) -> None:
        """A text that cannot be a password is not hashed as one."""
        labels = [each.label for each, _ in tries(self.credentials, "short")]
        self.assertEqual(labels, ["laptop", "paper"])

    def test_ofAProgram(self) -> None:
        """A program that made a secret in a form of its own logs in by that very text."""
        own = deviceCredential("bot", str(makeVerifier("0123abcd-XYZ", 4_096)), NOW)
        self.assertEqual(fitting(tries((own,), "0123abcd-XYZ"), PEPPER), own)
        self.assertIsNone(fitting(tries((own,), "0123ABCD-XYZ"), PEPPER))

    def test_lostPepper(self) -> None:
        """
        A password that cannot be checked is refused with that reason; secrets of devices still log
        in.
        """
        self.assertEqual(fitting(tries(self.credentials, SECRET), OTHER), MADE)
        self.assertRaises(WrongPepper, fitting, tries(self.credentials, PASSWORD), OTHER)
