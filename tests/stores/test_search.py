from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import scopeOf
from twisted_chat.errors import BadCommand
from twisted_chat.stores import search
from twisted_chat.stores.search import (
    MAX_PHRASES,
    MAX_TERMS,
    Phrase,
    matcher,
    phrases,
    readable,
    terms,
)
from twisted_chat.wire.events import JOINED, SAID, TOLD, Event, Query, Scope

fast = settings(deadline=None, max_examples=100, derandomize=True, database=None)


def event(text: str = "Hello!", kind: str = SAID, room: str = "#lobby", sid: str = "a1") -> Event:
    """
    @return: an event of Ann.
    """
    return Event(1, 1000.0, kind, room, "Ann", text, sid=sid)


class TermsTests(SynchronousTestCase):
    """
    L{terms}.
    """

    def assertTerms(self, text: str, *expected: str) -> None:
        self.assertEqual(terms(text), list(expected), text)

    def test_plain(self) -> None:
        """
        Letters and digits in lower case, parted at everything else.
        """
        self.assertTerms("Don't panic: it's 42_x!", "don", "t", "panic", "it", "s", "42", "x")
        self.assertTerms("")
        self.assertTerms("?! -- :-)")

    def test_accents(self) -> None:
        """
        Accents and points are left out, whether composed or not; case is folded.
        """
        self.assertTerms("Zoë Zoe\u0308 ÅNGSTRÖM", "zoe", "zoe", "angstrom")
        self.assertTerms("Straße STRASSE", "strasse", "strasse")
        self.assertTerms("שָׁלוֹם", "שלום")

    def test_lettersOfTheirOwn(self) -> None:
        """
        Letters that have no accent for Unicode are found by those that people type instead.
        """
        self.assertTerms("Łódź ĐỒNG", "lodz", "dong")
        self.assertTerms(
            "Smørrebrød Ærø œuvre Þór Iğdır ǿ", *"smorrebrod aero oeuvre thor igdir o".split()
        )

    def test_signs(self) -> None:
        """
        Emoji and signs that are not ASCII are terms, whatever form, key or skin they have.
        """
        self.assertTerms("🚀🚀 deploy👍🏽!", "🚀", "🚀", "deploy", "👍")
        self.assertTerms("☕️ 1️⃣ ❤\ufe0f", "☕", "1", "❤")
        self.assertTerms("👩\u200d💻 🇩🇪", "👩", "💻", "🇩", "🇪")
        self.assertTerms("5 € → 7 ½ c++ a=b ~", *"5 € → 7 1 2 c a b".split())

    def test_bounded(self) -> None:
        """
        One text has so many terms at most, also if one sign stands for many letters.
        """
        self.assertLess(len(terms("\ufdfa" * 1365)), 1400)
        self.assertEqual(len(terms("a " * 5000)), MAX_TERMS)
        self.assertEqual(len(terms("é " * 3000)), MAX_TERMS)
        self.assertEqual(len(terms("我" * 1365)), 1365)
        self.assertEqual(len(terms("회" * 1365)[0]), 1365)

    def test_memoryIsBounded(self) -> None:
        """
        A user who sends every character there is leaves little behind.
        """
        self.patch(search, "_KNOWN_CHARACTERS", 50)
        text = "".join(map(chr, range(0x4E00, 0x5000)))
        self.assertEqual(len(terms(text)), 512)
        self.assertLessEqual(len(search._bare), 50)

    def test_marksThatMakeLetters(self) -> None:
        """
        Voiced kana stay what they are, and Indic words stay whole.
        """
        self.assertTerms("が", "が")
        self.assertNotEqual(terms("が"), terms("か"))
        self.assertEqual(len(terms("हिन्दी में")), 2)

    def test_unspacedScripts(self) -> None:
        """
        Each character is a term where words are written without blanks.
        """
        self.assertTerms("我爱tea茶", "我", "爱", "tea", "茶")
        self.assertTerms("ｶﾀｶﾅ", "カ", "タ", "カ", "ナ")
        self.assertTerms(
            "aか\u3099b か\u309a茶゙x", "aがb"[0], "が", "b", "か\u309a", "茶\u3099", "x"
        )
        self.assertTerms("한국어 텍스트", "한국어", "텍스트")

    @fast
    @given(st.text())
    def test_termsOfTerms(self, text: str) -> None:
        """
        Terms of terms are the same terms: an index of terms finds what a search for them asks.
        """
        found = terms(text)
        self.assertEqual(terms(" ".join(found)), found)
        for term in found:
            self.assertEqual(term.split(), [term])

    @fast
    @given(st.text(max_size=20), st.text(min_size=1, max_size=5), st.text(max_size=20))
    def test_wordInText(self, before: str, word: str, after: str) -> None:
        """
        A word with blanks around it is found in every text, if it has a letter.
        """
        if terms(word):
            self.assertTrue(matcher(Query((word,)))(event(f"{before} {word} {after}")))


class MatcherTests(SynchronousTestCase):
    """
    L{matcher} and L{phrases}.
    """

    def test_phrases(self) -> None:
        """
        A word of several terms is a phrase; a word without a term does not count.
        """
        self.assertEqual(
            phrases(Query(("it's", "?!", "Tea", "tea", "ab", "회의", "회", "绿茶", "🚀"))),
            [
                Phrase("it s", False),
                Phrase("tea", True),
                Phrase("ab", False),
                Phrase("회의", True),
                Phrase("회", False),
                Phrase("绿 茶", False),
                Phrase("🚀", False),
            ],
        )
        self.assertEqual(phrases(Query(())), [])

    def test_quotes(self) -> None:
        """
        What stands in quotes, of any sort, is one phrase and whole; a quote within a word, or one
        that is never closed, is none.
        """
        for text, expected in (
            ('"green tea" cup', [("green tea", False), ("cup", True)]),
            ("“green tea” «cup»", [("green tea", False), ("cup", False)]),
            ('"tea"', [("tea", False)]),
            ('"green tea', [("green", True), ("tea", True)]),
            ('tea" cup "green', [("tea", True), ("cup", True), ("green", True)]),
            ('5"x7" cup', [("5 x7", False), ("cup", True)]),
            ('"" tea', [("tea", True)]),
        ):
            self.assertEqual(phrases(Query(tuple(text.split()))), expected, text)

    def test_tooManyWords(self) -> None:
        """
        So many words are refused; the same again do not count.
        """
        words = tuple(f"word{number}" for number in range(MAX_PHRASES))
        self.assertEqual(len(phrases(Query(words * 2))), MAX_PHRASES)
        self.assertRaises(BadCommand, phrases, Query((*words, "tea")))

    def test_nothingToSearch(self) -> None:
        """
        Words that all have no term are refused.
        """
        self.assertRaises(BadCommand, matcher, Query(("?!", "--")))
        self.assertRaises(BadCommand, matcher, Query(('""',)))
        error = self.assertRaises(BadCommand, matcher, Query(("tea",), name="---"))
        self.assertIn("from:", str(error))

    def test_wholeWords(self) -> None:
        """
        Whole terms match, one after another.
        """
        matches = matcher(Query(("e-mail",)))
        self.assertTrue(matches(event("an E-Mail!")))
        self.assertFalse(matches(event("mail e")))
        self.assertTrue(matches(event("an e-mailer")))
        self.assertFalse(matches(event("a re-mail")))

    def test_kinds(self) -> None:
        """
        Only what people wrote is searched.
        """
        self.assertFalse(matcher(Query(("hello",)))(event(kind=JOINED)))


class ReadableTests(SynchronousTestCase):
    """
    L{readable}.
    """

    def test_rooms(self) -> None:
        """
        Events of the reader's rooms are in their scope, others are not.
        """
        scope = scopeOf("#lobby", sid="x9")
        self.assertTrue(readable(scope)(event()))
        self.assertFalse(readable(scope)(event(room="#tea")))

    def test_ownWordsElsewhere(self) -> None:
        """
        What they said in a room that they left is not.
        """
        self.assertFalse(readable(Scope((), "x9"))(event(room="#tea", sid="x9")))

    def test_told(self) -> None:
        """
        What was told is for its two people; without a session id for nobody.
        """
        told = event(kind=TOLD, room="@b2")
        for sid, expected in (("a1", True), ("b2", True), ("c3", False), ("", False)):
            self.assertEqual(readable(Scope((), sid))(told), expected, sid)
        self.assertFalse(readable(Scope((), ""))(event(kind=TOLD, room="@", sid="")))
