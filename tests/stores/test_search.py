from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import scopeOf
from twisted_chat.errors import BadCommand
from twisted_chat.stores.search import matcher, phrases, readable, terms
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
        self.assertEqual(phrases(Query(("it's", "?!", "Tea"))), ["it s", "tea"])
        self.assertEqual(phrases(Query(())), [])

    def test_nothingToSearch(self) -> None:
        """
        Words that all have no term are refused.
        """
        self.assertRaises(BadCommand, matcher, Query(("?!", "--")))

    def test_wholeWords(self) -> None:
        """
        Whole terms match, one after another.
        """
        matches = matcher(Query(("e-mail",)))
        self.assertTrue(matches(event("an E-Mail!")))
        self.assertFalse(matches(event("mail e")))
        self.assertFalse(matches(event("an e-mailer")))

    def test_kinds(self) -> None:
        """
        Only what people wrote is searched.
        """
        self.assertFalse(matcher(Query(("hello",)))(event(kind=JOINED)))

    def test_nameOfSymbols(self) -> None:
        """
        A name without a letter matches nobody.
        """
        self.assertFalse(matcher(Query((), name="?!"))(event()))


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
