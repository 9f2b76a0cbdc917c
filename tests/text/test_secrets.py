"""
Tests for L{twisted_chat.text.secrets}.
"""

from __future__ import annotations

import hashlib

from hypothesis import example, given
from hypothesis.strategies import characters, sampled_from, text
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import BadPassword
from twisted_chat.text.secrets import (
    ALPHABET,
    MAX_PASSWORD,
    MAX_TYPED,
    cleanPassword,
    hashCode,
    makeDeviceSecret,
    makeSecret,
    readSecret,
)

SECRET = "7KQ2-9F3M-2WXA-P4R0"

ANYTHING = text(characters())


class MadeTests(SynchronousTestCase):
    """
    Made secrets.
    """

    def test_form(self) -> None:
        """A secret for people has 16 letters and digits in fours, none taken for another."""
        self.assertRegex(makeSecret(), r"\A[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}\Z")
        self.assertEqual(len(ALPHABET), 32)

    def test_device(self) -> None:
        """A secret that a program keeps is of the same form and has at least 256 bits."""
        groups = makeDeviceSecret().split("-")
        self.assertEqual({len(group) for group in groups}, {4})
        self.assertGreaterEqual(len("".join(groups)) * 5, 256)

    def test_random(self) -> None:
        """No two secrets are the same, and every letter and digit occurs."""
        made = [makeSecret() for _ in range(200)]
        self.assertEqual(len(set(made)), len(made))
        self.assertEqual(set("".join(made)), {*ALPHABET, "-"})

    def test_readBack(self) -> None:
        """A secret reads as it was made."""
        for make in (makeSecret, makeDeviceSecret):
            secret = make()
            self.assertEqual(readSecret(secret), secret)

    def test_asPeopleType(self) -> None:
        """Case, dashes, blanks, and letters taken for digits do not matter."""
        for typed in (
            SECRET.lower(),
            SECRET.replace("-", ""),
            f"  {SECRET} \n",
            "7KQ2 9F3M\t2WXA\u00a0P4R0",
            "7KQ2\u20139F3M\u20112WXA--P4R0",
            "7kq2-9f3m-2wxa-p4ro",
        ):
            self.assertEqual(readSecret(typed), SECRET, repr(typed))
        self.assertEqual(readSecret("IiLl-oO00-AAAA-AAAA"), "1111-0000-AAAA-AAAA")

    def test_noSecret(self) -> None:
        """A text that is too short, too long, or has other characters, is no secret."""
        for typed in (
            "",
            "----",
            SECRET[:-1],
            SECRET + "A",
            SECRET.replace("K", "U"),
            SECRET.replace("K", "*"),
            SECRET.replace("7", "\uff17"),
            SECRET.replace("KQ", "\u00df"),
            SECRET + " " * 1000,
        ):
            self.assertIsNone(readSecret(typed), repr(typed))

    @given(ANYTHING)
    def test_anyText(self, typed: str) -> None:
        """Any text is read as a secret in its one form, or is none."""
        secret = readSecret(typed)
        if secret is not None:
            self.assertEqual(readSecret(secret), secret)

    @given(text(sampled_from(ALPHABET.lower() + "OoIiLl -"), min_size=16, max_size=24))
    def test_anyTyping(self, typed: str) -> None:
        """
        Sixteen letters and digits of the alphabet, or characters taken for them, are a secret.
        """
        letters = typed.replace(" ", "").replace("-", "")
        self.assertEqual(readSecret(typed) is not None, len(letters) == 16)


class CodeTests(SynchronousTestCase):
    """
    Tests for L{hashCode}.
    """

    def test_typing(self) -> None:
        """A code has one hash, however it is typed."""
        self.assertEqual(hashCode(SECRET), hashlib.sha256(SECRET.encode()).hexdigest())
        self.assertEqual(hashCode(SECRET.lower().replace("-", " ")), hashCode(SECRET))

    @given(ANYTHING)
    @example("\ud800")
    def test_anyText(self, typed: str) -> None:
        """Any text has a hash."""
        self.assertRegex(hashCode(typed), r"\A[0-9a-f]{64}\Z")


class PasswordTests(SynchronousTestCase):
    """
    Tests for L{cleanPassword}.
    """

    def refusal(self, password: str) -> str:
        """
        @return: the sentence that refuses this password.
        """
        return str(self.assertRaises(BadPassword, cleanPassword, password).sentence)

    def test_kept(self) -> None:
        """A password keeps its case, its blanks and its signs."""
        for password in (
            "Correct horse battery",
            "x" * 10,
            "\u00fcber 12 B\u00e4ume!",
            "\u2603" * 256,
        ):
            self.assertEqual(cleanPassword(password), password)

    def test_oneForm(self) -> None:
        """The same letters are the same password, on every keyboard; full width is not plain."""
        self.assertEqual(cleanPassword("u\u0308ber B\u00e4ume"), "\u00fcber B\u00e4ume")
        self.assertEqual(cleanPassword("no\u00a0break\u3000here"), "no break here")
        self.assertEqual(cleanPassword("\uff41" * 10), "\uff41" * 10)

    def test_length(self) -> None:
        """A password that is too short or too long is refused with what to do."""
        for short in ("", "123456789", "u\u0308" * 9):
            self.assertIn("at least 10 characters: choose a longer one", self.refusal(short))
        for long in ("x" * (MAX_PASSWORD + 1), "x" * (MAX_TYPED + 1)):
            self.assertIn("at most 256 characters: choose a shorter one", self.refusal(long))

    def test_characters(self) -> None:
        """Control characters, NUL among them, and half a surrogate pair are refused by number."""
        for char in ("\0", "\t", "\n", "\x7f", "\ud800", "\u200b"):
            sentence = self.refusal(f"0123456789{char}")
            self.assertIn(f"U+{ord(char):04X}: leave it out", sentence)

    def test_blanksAround(self) -> None:
        """A blank at either end is refused, since a line of text does not keep it."""
        for password in (" 0123456789", "0123456789 ", "0123456789\u00a0"):
            self.assertIn("neither begins nor ends with a blank", self.refusal(password))

    @given(text(characters(), max_size=300))
    def test_anyText(self, typed: str) -> None:
        """Any text is refused, or has one form that stays as it is."""
        try:
            password = cleanPassword(typed)
        except BadPassword as error:
            self.assertNotIn("\n", error.sentence)
        else:
            self.assertEqual(cleanPassword(password), password)
            self.assertTrue(10 <= len(password) <= MAX_PASSWORD)
