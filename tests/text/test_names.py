# -*- test-case-name: tests.text.test_names -*-
"""
Tests for L{twisted_chat.text.names}.
"""

from __future__ import annotations

from unicodedata import category, is_normalized, normalize

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import BadName, BadRoom
from twisted_chat.text.cleaning import parseText
from twisted_chat.text.confusables import looks, nameKey
from twisted_chat.text.names import MAX_NAME, SIGNS, cleanLabel, cleanName, cleanRoom, isReserved

FAST = settings(deadline=None, max_examples=150, derandomize=True, database=None)

ZWNJ, ZWJ = "\u200c", "\u200d"

ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aAbIl10O-_.'# \t\x00ßİıſſﬁǅΣςаАжЖнНé\u0301\u0307\u0323２ａｶﾞ\u200d\u200b"),
    ),
    max_size=MAX_NAME + 4,
)
# Texts of one script, most of which are good names.
LIKELY_NAMES = st.one_of(
    *(
        st.text(st.one_of(letters, st.sampled_from("0123456789-_.'\u0301\u0323")), max_size=12)
        for letters in (
            st.sampled_from("abcimnrstuwxyzABCIMNRSTUWXYZßİıſáÉñøŁ"),
            st.characters(min_codepoint=0x410, max_codepoint=0x44F),
            st.characters(min_codepoint=0x391, max_codepoint=0x3C9, categories=["L"]),
            st.characters(min_codepoint=0x5D0, max_codepoint=0x5EA),
            st.characters(min_codepoint=0x620, max_codepoint=0x64A),
            st.characters(min_codepoint=0x904, max_codepoint=0x94D),
            st.characters(min_codepoint=0x3041, max_codepoint=0x30FA),
            st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
            st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
            st.characters(min_codepoint=0xFF10, max_codepoint=0xFF9F),
        )
    )
)


def cleaned(text: str) -> str | None:
    """
    @return: the clean name, or L{None} if the text is refused with a printable sentence.
    """
    try:
        return cleanName(text)
    except BadName as error:
        assert error.sentence.isprintable(), ascii(error.sentence)
        return None


class CleanNameTests(SynchronousTestCase):
    """
    The names that users may have.
    """

    def assertRefused(self, text: str, sentence: str) -> None:
        """
        Assert that a name is refused with a sentence.
        """
        error = self.assertRaises(BadName, cleanName, text)
        self.assertEqual(str(error), sentence, ascii(text))

    def test_goodNames(self) -> None:
        """
        Names in the scripts of the world are accepted as they are.
        """
        for name in (
            "Ann",
            "x",
            "7",
            "O'Neil-Smith_2.0",
            "guest",
            "Ali",
            "Łukasz",
            "Пётр",
            "Анна-Мария",
            "Ελένη",
            "ანა",
            "דוד",
            "علي",
            "علي7",
            "आदित्य",
            "สมชาย",
            "田中太郎",
            "さくら",
            "ジョン",
            "田中たろう",
            "陳ㄅ",
            "김철수",
            "ⵜⴰⵏⵉⵔⵜ",
            f"ශ්{ZWJ}රී",
            "n" * MAX_NAME,
        ):
            self.assertEqual(cleanName(name), name)

    def test_shownForm(self) -> None:
        """
        Blanks around a name do not count, full width letters are made plain, and the form is NFC.
        """
        self.assertEqual(cleanName("  Ann \t"), "Ann")
        self.assertEqual(cleanName("Ａｎｎ２"), "Ann2")
        self.assertEqual(cleanName("Zoe\u0308"), "Zo\u00eb")
        self.assertEqual(cleanName("ｶﾞｶﾞ"), "ガガ")
        self.assertEqual(cleanName("e\u0301" * MAX_NAME), "\u00e9" * MAX_NAME)

    def test_unseenCharacters(self) -> None:
        """
        Characters without a shape are dropped from a name.
        """
        self.assertEqual(cleanName(f"A\u200bn\u202en{ZWJ}\ufeff"), "Ann")
        self.assertRefused("\u3164", "a name has at least one letter or digit: choose one")

    def test_empty(self) -> None:
        """
        A name without a letter or digit is refused.
        """
        for text in ("", "   "):
            self.assertRefused(text, "a name has at least one letter or digit: choose one")
        for text in ("-", "_._", ".Ann", "'x'", "\u0301a"):
            self.assertRefused(text, "a name begins with a letter or a digit")

    def test_long(self) -> None:
        """
        A name of more than 32 characters is refused with its length, counted in NFC.
        """
        self.assertRefused("a" * 40, "a name has at most 32 characters; yours has 40")
        self.assertRefused("ж" * 33, "a name has at most 32 characters; yours has 33")
        self.assertRefused("e\u0301" * 33, "a name has at most 32 characters; yours has 33")

    def test_blanks(self) -> None:
        """
        A name with blanks is refused, with a name that would do if there is one.
        """
        self.assertRefused("Ann Smith", "a name has no blanks: try Ann_Smith")
        self.assertRefused("Анна\u3000\u00a0 Б", "a name has no blanks: try Анна_Б")
        self.assertRefused("Ann <3", "a name has no blanks")
        self.assertRefused("ann жук", "a name has no blanks")
        self.assertRefused("long " * 20, "a name has no blanks")

    def test_foreignCharacters(self) -> None:
        """
        A character that is neither letter, digit, mark nor sign is named in the refusal: emoji,
        symbols, the protocol's own signs, controls.
        """
        for text, found in (
            ("Ann\U0001f600", "\U0001f600 (U+1F600)"),
            ("*Ann", "* (U+002A)"),
            ("@Ann", "@ (U+0040)"),
            ("#Ann", "# (U+0023)"),
            ("Ann::", ": (U+003A)"),
            ("a/b", "/ (U+002F)"),
            ("O\u2019Brien", "\u2019 (U+2019)"),
            ("Ⅷ", "Ⅷ (U+2167)"),
            ("½", "½ (U+00BD)"),
            ("L·l", "· (U+00B7)"),
            ("ジョン・スミス", "・ (U+30FB)"),
            ("a\x00", "U+0000"),
            ("a\x1b[1m", "U+001B"),
            ("a\ud800", "U+D800"),
            ("a\ufdd0", "U+FDD0"),
        ):
            self.assertRefused(
                text, f"a name has letters, digits and - _ . ' only: leave out {found}"
            )

    def test_mixedScripts(self) -> None:
        """
        A name of several alphabets is refused with the names of the alphabets.
        """
        for text, scripts in (
            ("р\u0430ypal", "Latin and Cyrillic letters"),
            ("αnn", "Latin and Greek letters"),
            ("ｋимура", "Latin and Cyrillic letters"),
            ("Ken田中", "Latin and Han letters"),
            ("김さ", "Hiragana and Hangul letters"),
            ("aжγ", "Latin, Cyrillic and Greek letters"),
            ("a\U00010330", "Latin letters with others"),
        ):
            self.assertRefused(text, f"this name mixes {scripts}: use one alphabet")

    def test_oldScripts(self) -> None:
        """
        A script that is no longer written is refused.
        """
        self.assertRefused(
            "\U00010400", "this name is of an alphabet that is not written today: use another"
        )

    def test_directions(self) -> None:
        """
        A name written from right to left that a terminal would scramble is refused.
        """
        for text in ("1علي", "דוד_", "אa"):
            self.assertIn("right to left", str(self.assertRaises(BadName, cleanName, text)))

    def test_marks(self) -> None:
        """
        A letter of a name keeps four marks at most.
        """
        self.assertEqual(cleanName("x" + "\u0323" * 4), "x" + "\u0323" * 4)
        self.assertEqual(cleanName("x" + "\u0323" * 9), "x" + "\u0323" * 4)
        self.assertRefused("\u0958" + "\u0951" * 4, "a name has at most 4 marks on a letter")

    def test_obsoleteLetters(self) -> None:
        """
        Letters and marks that PRECIS forbids in identifiers are refused by their name.
        """
        self.assertRefused("a\u017fk", "a name cannot hold \u017f (U+017F): leave it out")
        self.assertRefused("\u1100", "a name cannot hold \u1100 (U+1100): leave it out")
        self.assertRefused("\u0f40\u0f77", "a name cannot hold \u0f77 (U+0F77): leave it out")

    def test_reserved(self) -> None:
        """
        A name that could be taken for the server or its operator is refused.
        """
        self.assertRefused("Admin", "the name Admin is reserved: choose another")
        for name in (
            "r00t",
            "АDMIN",
            "sуstеm",
            "Ѕуѕтем",
            "adrnin",
            "ｓｅｒｖｅｒ",
            "Moderat0r",
            "HeIp",
        ):
            self.assertIsNone(cleaned(name), name)

    @FAST
    @given(st.one_of(ANY_TEXT, LIKELY_NAMES))
    def test_anyText(self, text: str) -> None:
        """
        Any text is refused with a sentence, or gives a name that keeps the rules, is one token of
        a line and is its own clean form.
        """
        name = cleaned(text)
        if name is None:
            return
        self.assertEqual(cleanName(name), name)
        self.assertTrue(1 <= len(name) <= MAX_NAME)
        self.assertEqual(name.split(), [name])
        self.assertEqual(parseText(name.encode()), name)
        self.assertTrue(is_normalized("NFC", name))
        self.assertTrue(category(name[0]) == "Nd" or category(name[0])[0] == "L")
        for char in name:
            kept = category(char)[0] in "LM" or category(char) == "Nd"
            self.assertTrue(kept or char in SIGNS or char in (ZWNJ, ZWJ), ascii(name))

    @FAST
    @given(LIKELY_NAMES)
    def test_likelyNames(self, text: str) -> None:
        """
        The key of a name does not change with its Unicode form, and in any case it looks the same.
        """
        name = cleaned(text)
        if name is None:
            return
        key = nameKey(name)
        self.assertNotEqual(key, "")
        for other in (key, name.casefold(), normalize("NFD", name), normalize("NFKC", name)):
            self.assertEqual(nameKey(other), key, ascii((name, other)))
        for other in (name.upper(), name.lower(), name.swapcase()):
            self.assertTrue(looks(other) & looks(name), ascii((name, other)))


class CleanRoomTests(SynchronousTestCase):
    """
    The names that rooms may have.
    """

    def test_goodRooms(self) -> None:
        """
        A room's name is C{#} and a name by the same rules; reserved names are free.
        """
        for text, room in (
            ("#dev", "#dev"),
            (" #Ｄｅｖ ", "#Dev"),
            ("#кухня", "#кухня"),
            ("#help", "#help"),
            ("#" + "x" * MAX_NAME, "#" + "x" * MAX_NAME),
        ):
            self.assertEqual(cleanRoom(text), room)
            self.assertEqual(cleanRoom(room), room)

    def test_refused(self) -> None:
        """
        A room's name that breaks a rule is refused with what to do.
        """
        for text, sentence in (
            ("dev", "room names begin with #, for example #dev"),
            ("", "room names begin with #, for example #dev"),
            ("#", "a room name has at least one letter or digit: choose one"),
            ("#a b", "a room name has no blanks: try #a_b"),
            ("#" + "x" * 33, "a room name has at most 32 characters; yours has 33"),
            ("##a", "a room name has letters, digits and - _ . ' only: leave out # (U+0023)"),
            ("#dеv", "this room name mixes Latin and Cyrillic letters: use one alphabet"),
        ):
            self.assertEqual(str(self.assertRaises(BadRoom, cleanRoom, text)), sentence)

    @FAST
    @given(ANY_TEXT)
    def test_anyText(self, text: str) -> None:
        """
        Any text is refused with a sentence or gives a room's name that is its own clean form.
        """
        try:
            room = cleanRoom("#" + text)
        except BadRoom as error:
            self.assertTrue(error.sentence.isprintable())
        else:
            self.assertEqual(cleanRoom(room), room)
            self.assertEqual(nameKey(room), "#" + nameKey(room[1:]))


class CleanLabelTests(SynchronousTestCase):
    """
    The labels that devices may have.
    """

    def test_goodLabels(self) -> None:
        """A label follows the rules of names, and no word is reserved."""
        for text in (
            "laptop",
            "Ann's_phone",
            "server",
            "\u0442\u0435\u043b\u0435\u0444\u043e\u043d",
            "n" * MAX_NAME,
        ):
            self.assertEqual(cleanLabel(text), text)
        self.assertEqual(cleanLabel("  laptop "), "laptop")

    def test_refused(self) -> None:
        """A label with blanks, slashes or too many characters is refused with what to do."""
        for text, sentence in (
            ("my phone", "a label has no blanks: try my_phone"),
            ("a/b", "a label has letters, digits and - _ . ' only: leave out / (U+002F)"),
            ("", "a label has at least one letter or digit: choose one"),
            ("n" * 33, "a label has at most 32 characters; yours has 33"),
        ):
            error = self.assertRaises(BadName, cleanLabel, text)
            self.assertEqual(error.sentence, sentence)


class ReservedTests(SynchronousTestCase):
    """
    The names that are reserved.
    """

    def test_isReserved(self) -> None:
        """
        A reserved name is reserved in any look, and no common first name is.
        """
        for name in (
            "server",
            "System",
            "R00T",
            "аdmin",
            "HELP",
            "OK",
            "twisted_chat",
            "everyone",
            "me",
        ):
            self.assertTrue(isReserved(name), name)
        for name in ("Ann", "Ali", "guest", "Rod", "Serena", "Herb", "Amin", "admin2"):
            self.assertFalse(isReserved(name), name)
