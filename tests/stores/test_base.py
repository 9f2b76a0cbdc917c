"""
Tests for L{twisted_chat.stores.base}.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import CAKE, TEA, Recorder, said
from twisted_chat.errors import ChatError, NotStored
from twisted_chat.stores.base import Following, Key, RoomChanges, Sessions, changed, keyed, sift
from twisted_chat.stores.session import Session
from twisted_chat.wire.events import SAID, Draft, Event

EVENT = Event(1, 0.0, *said())


class FollowingTests(SynchronousTestCase):
    """
    L{Following}.
    """

    def setUp(self) -> None:
        self.following = Following()

    def test_nobody(self) -> None:
        """
        Without a follower nothing happens.
        """
        self.following.taken([(EVENT, 1)], [])
        self.following.refused([(said(), 1)], NotStored("no"))

    def test_storedFirst(self) -> None:
        """
        New events come before repeated ones, and empty batches are not told.
        """
        self.following.follower = recorder = Recorder()
        self.following.taken([(EVENT, 1)], [(EVENT, 2)])
        self.following.taken([], [])
        self.following.refused([], NotStored("no"))
        self.assertEqual(recorder.heard, [("stored", EVENT, 1), ("repeated", EVENT, 2)])
        self.assertEqual((recorder.batches, recorder.errors), ([1], []))

    def test_failures(self) -> None:
        """
        A follower that fails is logged, each time, and hears of the rest.
        """

        class Failing(Recorder):
            def stored(self, batch: Sequence[tuple[Event, object]]) -> None:
                raise ZeroDivisionError

            def repeated(self, batch: Sequence[tuple[Event, object]]) -> None:
                super().repeated(batch)
                raise ZeroDivisionError

            def refused(self, batch: Sequence[tuple[Draft, object]], error: ChatError) -> None:
                raise ZeroDivisionError

        self.following.follower = failing = Failing()
        self.following.taken([(EVENT, 1)], [(EVENT, 2)])
        self.following.refused([(said(), 3)], NotStored("no"))
        self.assertEqual(failing.heard, [("repeated", EVENT, 2)])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)


def makeDraft(sid: str, key: str | None) -> Draft:
    """
    @return: something said under this key.
    """
    return Draft(SAID, "#lobby", "Ann", "Hi!", sid=sid, key=key)


def numbered(
    drafts: Sequence[tuple[Draft, object]], first: int, time: float
) -> list[tuple[Event, object]]:
    """
    @return: events of drafts, with their origins.
    """
    return [(Event(id, time, *draft), origin) for id, (draft, origin) in enumerate(drafts, first)]


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


ANN = Session("a1", "hash1", "Ann")


class SessionsTests(SynchronousTestCase):
    """
    L{Sessions}.
    """

    def setUp(self) -> None:
        self.sessions = Sessions(2)

    def test_find(self) -> None:
        """
        A session is found by its token's hash, until it has another or none.
        """
        self.assertFalse(self.sessions)
        self.sessions.put(ANN)
        self.assertTrue(self.sessions)
        self.assertIn("a1", self.sessions)
        self.assertEqual(self.sessions.find("hash1"), ANN)
        self.sessions.put(ANN._replace(tokenHash="hash2"))
        self.assertIsNone(self.sessions.find("hash1"))
        self.sessions.put(ANN._replace(tokenHash=""))
        self.assertIsNone(self.sessions.find("hash2"))
        self.assertIsNone(self.sessions.find(""))
        self.assertEqual(len(self.sessions.all()), 1)

    def test_bounded(self) -> None:
        """
        The session that is longest unchanged goes first.
        """
        for sid in "abac":
            self.sessions.put(Session(sid, f"hash {sid}"))
        self.assertEqual([session.sid for session in self.sessions.all()], ["a", "c"])
        self.assertIsNone(self.sessions.find("hash b"))

    def test_ofAccounts(self) -> None:
        """
        Those of accounts themselves never make room for others, and count for none.
        """
        for sid, account in (("a", "a"), ("b", ""), ("c", "c"), ("d", "a"), ("e", ""), ("f", "")):
            self.sessions.put(Session(sid, f"hash {sid}", account=account))
        self.assertEqual({session.sid for session in self.sessions.all()}, {"a", "c", "e", "f"})
        self.assertEqual([session.sid for session in self.sessions.of("a")], ["a"])
        self.sessions.put(Session("e", "hash e", account="a"))
        self.assertEqual([session.sid for session in self.sessions.of("a")], ["a", "e"])
        self.sessions.put(Session("a", "hash a"))
        self.sessions.put(Session("g", "hash g"))
        self.assertEqual({session.sid for session in self.sessions.all()}, {"c", "a", "g"})
        self.assertEqual(self.sessions.of("a"), [])
        self.assertIsNone(self.sessions.get("e"))

    def test_discard(self) -> None:
        """
        What changed meanwhile stays.
        """
        other = Session("b2", "hash2", "Bob")
        self.sessions.put(ANN)
        self.sessions.put(other)
        before = self.sessions.all()
        changed = ANN._replace(name="Anna")
        self.sessions.put(changed)
        self.sessions.discard(before)
        self.assertEqual(self.sessions.all(), [changed])
        self.assertIsNone(self.sessions.find("hash2"))

    def test_since(self) -> None:
        """
        Those that were used lately and can be resumed.
        """
        self.sessions.put(ANN._replace(seen=5.0))
        self.sessions.put(Session("b2", "", "Bob", seen=9.0))
        self.assertEqual(self.sessions.since(5.0), [ANN._replace(seen=5.0)])
        self.assertEqual(self.sessions.since(5.1), [])


class RoomChangesTests(SynchronousTestCase):
    """
    L{RoomChanges} and L{changed}.
    """

    def test_newest(self) -> None:
        """
        The newest of each room counts, and what changed meanwhile stays when the rest is let go.
        """
        changes = RoomChanges()
        self.assertFalse(changes)
        changes.put(1, TEA)
        changes.put(2, CAKE)
        changes.put(2, None)
        before = changes.all()
        self.assertEqual(before, {1: TEA, 2: None})
        changes.put(1, TEA._replace(topic="black"))
        changes.discard(before)
        self.assertEqual(changes.all(), {1: TEA._replace(topic="black")})
        changes.discard(before)
        self.assertTrue(changes)

    def test_changed(self) -> None:
        """
        Changes replace, add and remove rooms.
        """
        black = TEA._replace(topic="black")
        self.assertEqual(changed([TEA, CAKE], {}), [TEA, CAKE])
        self.assertEqual(changed([TEA, CAKE], {1: black, 2: None, 3: None}), [black])
        self.assertEqual(changed([], {2: CAKE}), [CAKE])
