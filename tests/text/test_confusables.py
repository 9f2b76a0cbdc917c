"""
Tests for L{twisted_chat.text.confusables}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.text import confusables as module
from twisted_chat.text.confusables import isOneEditAway, looks, nameKey, nearest
from twisted_chat.text.names import MAX_NAME

FAST = settings(deadline=None, max_examples=150, derandomize=True, database=None)

ZWJ = "\u200d"

ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aAbIl10O-_.'# \t\x00ßİıſſﬁǅΣςаАжЖнНé\u0301\u0307\u0323２ａｶﾞ\u200d\u200b"),
    ),
    max_size=MAX_NAME + 4,
)


class NameKeyTests(SynchronousTestCase):
    """
    Names that are one name.
    """

    def test_one(self) -> None:
        """
        Names that differ by their case or their Unicode form are one.
        """
        for one, other in (
            ("Ann", "ANN"),
            ("Ann", "Ａｎｎ"),
            ("straße", "STRASSE"),
            ("fiona", "ﬁona"),
            ("eva\u0301", "ev\u00e1"),
            ("İrem", "irem"),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
            ("#dev", "#DEV"),
            ("a\u200bb\ufe0f", "ab"),
        ):
            self.assertEqual(nameKey(one), nameKey(other), (one, other))

    def test_several(self) -> None:
        """
        Names that only look alike are several.
        """
        for one, other in (
            ("Neil", "Nell"),
            ("Neil", "NeiI"),
            ("Bob", "B0b"),
            ("Ann", "Аnn"),
            ("José", "Jose"),
            ("#cl", "#ci"),
            ("#plans", "#p1ans"),
        ):
            self.assertNotEqual(nameKey(one), nameKey(other), (one, other))

    def test_everyCharacter(self) -> None:
        """
        For each character of Unicode the key is stable and blind to case.
        """
        for code in range(0x30000):
            char = chr(code)
            key = nameKey(char)
            self.assertEqual(nameKey(key), key, hex(code))
            self.assertEqual(nameKey(char.lower().upper()), nameKey(char.upper()), hex(code))

    @FAST
    @given(ANY_TEXT)
    def test_anyText(self, text: str) -> None:
        """
        Any text has a key, which is its own.
        """
        key = nameKey(text)
        self.assertEqual(nameKey(key), key)


class LooksTests(SynchronousTestCase):
    """
    Names that can be taken for one another.
    """

    def test_alike(self) -> None:
        """
        Names of which one can be taken for the other share a key.
        """
        for one, other in (
            ("Ann", "ANN"),
            ("Ann", "Аnn"),
            ("Ann", "Ａｎｎ"),
            ("Neil", "NeiI"),
            ("neil", "NeiI"),
            ("Neil", "Nei1"),
            ("Ian", "lan"),
            ("paypal", "раураl"),
            ("paypal", "PayPaI"),
            ("Ill", "1ll"),
            ("b0b", "BOB"),
            ("modern", "modem"),
            ("straße", "STRASSE"),
            ("scope", "ѕсоре"),
            ("iso", "ІЅО"),
            ("TOM", "ТОМ"),
            ("Tom", "том"),
            ("BOB", "ВОВ"),
            ("NINA", "ΝΙΝΑ"),
            ("νον", "vov"),
            ("Ανα", "Ava"),
            ("kate", "КАТЕ"),
            ("fiona", "ﬁona"),
            ("eva\u0301", "ev\u00e1"),
            ("İrem", "irem"),
            ("ırem", "IREM"),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
            ("へいわ", "ヘいわ"),
            ("戶", "戸"),
            ("דוד", "דןד"),
            ("#dev", "#DЕV"),
            (f"ශ්{ZWJ}රී", "ශ්රී"),
            ("a\u200bb\ufe0f", "ab"),
            ("5", "\U0001ccf5"),
        ):
            self.assertTrue(looks(one) & looks(other), (one, other))

    def test_asciiTable(self) -> None:
        """What ASCII text looks like is in the code as it is in the table."""
        table = module.TABLES[0]()
        self.assertIsInstance(table, dict)
        found = {ord(char): look for char, look in table.items() if char.isascii()}
        self.assertEqual(module._ASCII_LOOKS, found)

    def test_different(self) -> None:
        """
        Names that a reader can tell apart share no key, even those that only a path over several
        alphabets would join (v, Greek ν, its capital Ν, n).
        """
        for one, other in (
            ("Ella", "Elia"),
            ("Ian", "Lan"),
            ("Kai", "Kal"),
            ("Neil", "Nell"),
            ("Bill", "Biil"),
            ("Ann", "Anna"),
            ("Dan", "Dav"),
            ("Gus", "Gys"),
            ("José", "Jose"),
            ("Андрей", "Андреи"),
            ("νίκη", "Nina"),
            ("Оля", "Ольга"),
            ("か", "が"),
            ("田", "由"),
            ("김", "긴"),
            ("user_1", "user-1"),
            ("#dev", "dev"),
        ):
            self.assertFalse(looks(one) & looks(other), (one, other))

    @FAST
    @given(ANY_TEXT)
    def test_anyText(self, text: str) -> None:
        """
        Every text looks like itself in another case: its key is among its looks.
        """
        self.assertIn(nameKey(text), looks(text))


class NearestTests(SynchronousTestCase):
    """
    The name that a user may have mistyped.
    """

    def test_oneEdit(self) -> None:
        """
        One character added, removed, replaced, or two exchanged are one edit.
        """
        for one, other in (("Nell", "Neil"), ("An", "Ann"), ("Bbo", "Bob"), ("Anna", "Ann")):
            self.assertTrue(isOneEditAway(one, other), (one, other))
        for one, other in (("Ann", "Ann"), ("Ann", "Bob"), ("Al", "Alice"), ("abcd", "badc")):
            self.assertFalse(isOneEditAway(one, other), (one, other))

    def test_nearest(self) -> None:
        """
        The first name that is near is found, whatever its case, or none.
        """
        self.assertEqual(nearest("nell", ["Bob", "NEIL", "Nels"]), "NEIL")
        self.assertIsNone(nearest("Nell", ["Bob", "Nell"]))
