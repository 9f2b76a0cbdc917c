"""
Tests of finding a name in a text.
"""

from __future__ import annotations

from unicodedata import category, normalize

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.mentions import folded, mentions


class MentionTests(SynchronousTestCase):
    """
    Names in texts of all scripts.
    """

    def test_words(self) -> None:
        """A name is a whole word in a script with blanks, whatever stands around it."""
        for text, name in (
            ("hi ANN!", "Ann"),
            ("Ann's", "Ann"),
            ("(ann),Bob", "Ann"),
            ("@Ann:hi", "Ann"),
            ("Ann.", "Ann"),
            ("привет, ёж!", "Ёж"),
            ("STRASSE", "Straße"),
            ("Ann-2: x", "Ann-2"),
            ("Anna and Ann", "Ann"),
        ):
            self.assertTrue(mentions(text, name), (text, name))

    def test_partsOfWords(self) -> None:
        """A part of a word is no mention, and the empty name is never mentioned."""
        for text, name in (
            ("Anna, hi", "Ann"),
            ("Hannah", "Ann"),
            ("Ann2", "Ann"),
            ("_Ann_x", "Ann"),
            ("ежевика", "Еж"),
            ("Anne\u0301", "Anne"),
            ("hi", "Ann"),
            ("", "Ann"),
            ("Ann", ""),
        ):
            self.assertFalse(mentions(text, name), (text, name))

    def test_scriptsWithoutBlanks(self) -> None:
        """A name is found inside a run of a script without blanks, or one that adds particles."""
        for text, name in (
            ("小明你好", "小明"),
            ("你好小明吗", "小明"),
            ("민수야", "민수"),
            ("สมชายครับ", "สมชาย"),
            ("さくらちゃん", "さくら"),
            ("Annさん", "Ann"),
            ("你好Ann你好", "Ann"),
            ("小明2", "小明"),
        ):
            self.assertTrue(mentions(text, name), (text, name))
        self.assertFalse(mentions("สมชายี", "สมชาย"))

    def test_forms(self) -> None:
        """Both Unicode forms of a name are the same name."""
        for name in ("José", "Ёжик", "민수", "Ånn", "Việt"):
            for form in ("NFC", "NFD"):
                for other in ("NFC", "NFD"):
                    text = normalize(form, f"hi {name.upper()}, hi")
                    self.assertTrue(mentions(text, normalize(other, name)), (form, other, name))

    @settings(deadline=None, max_examples=200, derandomize=True, database=None)
    @given(st.text(max_size=20), st.text(min_size=1, max_size=5))
    def test_anything(self, text: str, name: str) -> None:
        """Any text can be searched, and a name between blanks is found if it begins a character."""
        mentions(text, name)
        begins = not category(folded(name)[0]).startswith("M")
        if begins and folded(f" {name} ") == f" {folded(name)} ":
            self.assertTrue(mentions(f"{text} {name} {text}", name))
