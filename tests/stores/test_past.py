"""
Tests for L{twisted_chat.stores.past}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.stores.past import Past, between
from twisted_chat.wire.events import SAID, TOPIC, Event


def event(id: int, text: str = "", room: str = "#lobby", key: str | None = None) -> Event:
    return Event(id, 1.0, SAID, room, "Ann", text or str(id), sid="a1", key=key, data="secret")


class PastTests(SynchronousTestCase):
    """
    L{Past}.
    """

    def setUp(self) -> None:
        self.past = Past(3)

    def add(self, *events: Event) -> None:
        keys = {(each.sid, each.key): each for each in events if each.key is not None}
        self.past.add(events, keys)

    def test_find(self) -> None:
        """
        An event is found by its id and by its key, also where ids have gaps.
        """
        self.add(event(2), event(5, key="k"))
        self.assertEqual(self.past.find(2), event(2))
        self.assertEqual(self.past.withKey(("a1", "k")), event(5, key="k"))
        for id in (0, 1, 3, 6):
            self.assertIsNone(self.past.find(id), id)
        self.assertIsNone(self.past.withKey(("a1", "x")))
        self.assertEqual([self.past.startAfter(id) for id in (0, 2, 3, 5, 9)], [0, 1, 1, 2, 2])

    def test_spokenIn(self) -> None:
        """
        What was spoken in a room is there, with accounts but without topics, also what came since.
        """
        self.add(event(1), event(2, room="#tea"), event(3)._replace(kind=TOPIC))
        for _ in range(2):
            self.assertEqual(self.past.spokenIn("#lobby"), [event(1)])
        self.add(event(4))
        self.assertEqual([each.id for each in self.past.spokenIn("#lobby")], [1, 4])
        self.assertEqual(list(self.past.spokenIn("#cake")), [])

    def test_change(self) -> None:
        """
        An event that changes is another wherever it is found, sorted or not; one that is not kept
        changes nothing.
        """
        self.add(event(1, key="k"), event(2))
        self.past.spokenIn("#lobby")
        self.add(event(3))
        for id in (1, 3, 4):
            self.past.change(event(id, "other", key="k" if id == 1 else None))
        self.assertEqual([each.text for each in self.past.events], ["other", "2", "other"])
        self.assertEqual(
            [each.text for each in self.past.spokenIn("#lobby")], ["other", "2", "other"]
        )
        found = self.past.withKey(("a1", "k"))
        assert found is not None
        self.assertEqual(found.text, "other")

    def test_prune(self) -> None:
        """
        With more than twice as many as are to be kept the oldest go, wherever they were found.
        """
        self.add(*(event(id, key=str(id)) for id in range(1, 7)))
        self.assertFalse(self.past.prune())
        self.past.spokenIn("#lobby")
        self.add(event(7))
        self.assertTrue(self.past.prune())
        self.assertEqual([each.id for each in self.past.events], [5, 6, 7])
        self.assertEqual([each.id for each in self.past.spokenIn("#lobby")], [5, 6, 7])
        self.assertIsNone(self.past.withKey(("a1", "4")))
        self.assertIsNotNone(self.past.withKey(("a1", "5")))

    def test_between(self) -> None:
        """
        A stretch of ids is found, empty or not.
        """
        events = [event(id) for id in (2, 4, 6)]
        for first, last, expected in (
            (1, 9, (0, 3)),
            (2, 4, (0, 2)),
            (3, 3, (1, 1)),
            (5, 4, (2, 2)),
            (7, 9, (3, 3)),
        ):
            self.assertEqual(between(events, first, last), expected, (first, last))
