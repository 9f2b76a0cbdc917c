# -*- test-case-name: tests.test_stores_repeats -*-
"""
Tests for L{twisted_chat.stores.repeats}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.events import SAID, Draft, Event, numbered
from twisted_chat.stores.repeats import Key, keyed, sift


def makeDraft(sid: str, key: str | None) -> Draft:
    """
    @return: something said under this key.
    """
    return Draft(SAID, "#lobby", "Ann", "Hi!", sid=sid, key=key)


class SiftTests(SynchronousTestCase):
    """
    Tests for L{sift}.
    """

    def test_new(self) -> None:
        """
        What has no key, or a key that nobody used, is fresh; a key of another author is another.
        """
        drafts = [
            (makeDraft("a", None), 1),
            (makeDraft("a", "k"), 2),
            (makeDraft("b", "k"), 3),
            (makeDraft("a", None), 4),
        ]
        sifted = sift(drafts, lambda key: None)
        self.assertEqual(list(sifted.fresh), drafts)
        self.assertEqual(sifted.repeated(numbered(sifted.fresh, 1, 0.0)), [])

    def test_stored(self) -> None:
        """
        What is stored under its key is not fresh: its origin gets the event that is there.
        """
        event = Event(5, 0.0, *makeDraft("a", "k"))
        sifted = sift([(makeDraft("a", "k"), 1)], {("a", "k"): event}.get)
        self.assertEqual((sifted.fresh, sifted.repeated([])), ([], [(event, 1)]))

    def test_twiceInABatch(self) -> None:
        """
        What comes twice in one batch is fresh once, and looked for once.
        """
        asked: list[Key] = []
        draft = makeDraft("a", "k")
        sifted = sift([(draft, 1), (draft, 2), (draft, 3)], asked.append)
        stored = numbered(sifted.fresh, 9, 0.0)
        event = Event(9, 0.0, *draft)
        self.assertEqual(stored, [(event, 1)])
        self.assertEqual(sifted.repeated(stored), [(event, 2), (event, 3)])
        self.assertEqual(asked, [("a", "k")])

    @given(
        st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([None, "k", "l"]))),
        st.sets(st.tuples(st.sampled_from("ab"), st.sampled_from("kl"))),
    )
    def test_everyDraftOnce(self, given: list[tuple[str, str | None]], before: set[Key]) -> None:
        """
        Every draft has one answer, and no key is stored twice.
        """
        known = {key: Event(0, 0.0, *makeDraft(*key)) for key in before}
        drafts = [(makeDraft(*each), origin) for origin, each in enumerate(given)]
        sifted = sift(drafts, known.get)
        stored = numbered(sifted.fresh, 1, 0.0)
        answered = stored + sifted.repeated(stored)
        answers = {origin: event for event, origin in answered}
        self.assertEqual(len(answers), len(answered))
        self.assertEqual(
            {origin: event[2:] for origin, event in answers.items()},
            {origin: draft for draft, origin in drafts},
        )
        keys = [key for key, _ in keyed(event for event, _ in stored)]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertTrue(before.isdisjoint(keys))
