"""
Tests for L{twisted_chat.looks}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.looks import _reduce, _smallLooks, looks, skeleton
from twisted_chat.names import MAX_NAME

FAST = settings(deadline=None, max_examples=150, derandomize=True, database=None)

ZWJ = "\u200d"

ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aAbIl10O-_.'# \t\x00ßİıſſﬁǅΣςаАжЖнНé\u0301\u0307\u0323２ａｶﾞ\u200d\u200b"),
    ),
    max_size=MAX_NAME + 4,
)


class SkeletonTests(SynchronousTestCase):
    """
    Which names look alike.
    """

    def test_ascii(self) -> None:
        """
        Only letters of other scripts look different in small: the two keys of every other name
        are one.
        """
        name = "".join(map(chr, range(32, 127)))
        self.assertEqual({_reduce(name, _smallLooks())}, {skeleton(name)})
        self.assertEqual(looks(name), {skeleton(name)})

    def test_alike(self) -> None:
        """
        Names of which one can be taken for the other have the same skeleton.
        """
        for one, other in (
            ("Ann", "ANN"),
            ("Ann", "Аnn"),
            ("Ann", "Ａｎｎ"),
            ("paypal", "раураl"),
            ("paypal", "PayPaI"),
            ("Ill", "1ll"),
            ("ian", "lan"),
            ("b0b", "BOB"),
            ("modern", "modem"),
            ("straße", "STRASSE"),
            ("scope", "ѕсоре"),
            ("TOM", "ТОМ"),
            ("Tom", "том"),
            ("BOB", "ВОВ"),
            ("NINA", "ΝΙΝΑ"),
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
        ):
            self.assertEqual(skeleton(one), skeleton(other), (one, other))

    def test_different(self) -> None:
        """
        Names that a reader tells apart have different skeletons, also those that only a path over
        several alphabets would join (v, Greek ν, its capital Ν, n).
        """
        for one, other in (
            ("Ann", "Anna"),
            ("Dan", "Dav"),
            ("Gus", "Gys"),
            ("José", "Jose"),
            ("Андрей", "Андреи"),
            ("か", "が"),
            ("田", "由"),
            ("김", "긴"),
            ("user_1", "user-1"),
            ("#dev", "dev"),
        ):
            self.assertNotEqual(skeleton(one), skeleton(other), (one, other))

    def test_recentData(self) -> None:
        """
        The table knows the look-alikes that came with Unicode 16.
        """
        self.assertEqual(skeleton("\U0001ccf5"), "5")

    def test_everyCharacter(self) -> None:
        """
        For each character of Unicode the skeleton is stable and blind to case.
        """
        for code in range(0x30000):
            char = chr(code)
            key = skeleton(char)
            self.assertEqual(skeleton(key), key, hex(code))
            if char.upper() != char or char.lower() != char:
                self.assertEqual(skeleton(char.upper()), key, hex(code))
                self.assertEqual(skeleton(char.lower()), key, hex(code))

    @FAST
    @given(ANY_TEXT)
    def test_anyText(self, text: str) -> None:
        """
        Any text has a skeleton, which is its own.
        """
        key = skeleton(text)
        self.assertEqual(skeleton(key), key)


class LooksTests(SynchronousTestCase):
    """
    All that a name looks like, as it is typed and as capitals.
    """

    def test_alike(self) -> None:
        """
        Names that are alike as small letters only, or as capitals only, share a key.
        """
        for one, other in (("νον", "vov"), ("Ανα", "Ava"), ("ΝΟΝ", "NON"), ("ТОМ", "TOM")):
            self.assertTrue(looks(one) & looks(other), (one, other))

    def test_different(self) -> None:
        """
        Names that nobody takes for one another share none.
        """
        for one, other in (("Ann", "Bob"), ("νίκη", "Nina"), ("Оля", "Ольга")):
            self.assertFalse(looks(one) & looks(other), (one, other))

    def test_skeleton(self) -> None:
        """
        The skeleton is one of the keys.
        """
        for name in ("Ann", "νον", "Мария", "田中"):
            self.assertIn(skeleton(name), looks(name))
