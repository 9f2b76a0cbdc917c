"""
Tests of the user interface in a terminal: what the user has read, and what waits.
"""

from __future__ import annotations

from tests.support.chatting import WELCOME, Peer
from tests.support.consoles import ConsoleUITestCase


class ReadingTests(ConsoleUITestCase):
    """
    Read marks and unread messages.
    """

    def reads(self, peer: Peer) -> list[tuple[str, int]]:
        return [(each["room"], each["id"]) for each in peer.objects() if each["type"] == "read"]

    def test_read(self) -> None:
        """A message that was on the screen is reported as read, in the current room only."""
        peer = self.owner()
        self.hears(peer, 11)
        self.hears(peer, 12, room="#dev")
        self.shown()
        self.clock.advance(1)
        self.assertEqual(self.reads(peer), [("#lobby", 11)])

    def test_readBeforeLeaving(self) -> None:
        """Read marks are sent at once before the user leaves, in whichever way."""
        for end in ("/quit\r", "\x04", "\x03\x03"):
            peer = self.owner()
            self.hears(peer, 11)
            self.types(end)
            self.assertEqual(self.reads(peer), [("#lobby", 11)])

    def test_guestReads(self) -> None:
        """A guest has no marks, and reports none."""
        peer = self.inside()
        self.hears(peer, 11)
        self.clock.advance(10)
        self.types("/quit\r")
        self.assertEqual(self.reads(peer), [])

    def test_readElsewhere(self) -> None:
        """A message that another device reads is no longer counted in the prompt."""
        peer = self.owner()
        self.hears(peer, 12, room="#dev")
        self.assertIn("[#dev 1]", self.shown())
        peer.says(type="read", room="#dev", id=12)
        self.assertTrue(self.shown().endswith("[#lobby] Ann> "))

    def test_away(self) -> None:
        """The summary of unread messages follows the backlog, mentions first."""
        peer = self.begin()
        unread = {"#dev": 3, "#lobby": 1, "@": 2}
        marks = {"#lobby": 5, "#dev": 5}
        peer.says(**{**WELCOME, "account": "Ann", "marks": marks, "unread": unread})
        requests = {each["type"]: each for each in peer.objects()}
        self.assertEqual(requests["search"]["words"], '"Ann"')
        peer.says(type="said", id=6, time=1.0, room="#lobby", name="Bob", text="old", old=True)
        found = [{"type": "said", "id": 7, "time": 1.0, "room": "#dev", "name": "Bob"}]
        key = requests["search"]["key"]
        peer.says(type="history", key=key, events=[{**found[0], "text": "Ann!"}], more=True)
        peer.says(type="history", key=key, events=[{**found[0], "id": 8, "text": "ann?"}])
        shown = self.shown()
        told = "* While you were away: 2 messages for you alone; 2 mentions of you, in #dev; unread"
        self.assertIn(told, shown)
        self.assertLess(shown.index("--- unread from here on ---"), shown.index("Bob :: old"))
        self.assertLess(shown.index("Bob :: old"), shown.index("While you were away"))
        self.assertIn("[#lobby] [#dev 3] Ann> ", shown)
        self.clock.advance(1)
        self.assertEqual(self.reads(peer), [("#lobby", 10)])

    def test_awayWithoutSearch(self) -> None:
        """The summary comes without mentions if nothing can be searched."""
        peer = self.begin()
        peer.says(**{**WELCOME, "account": "Ann", "marks": {"#dev": 5}, "unread": {"#dev": 3}})
        key = {each["type"]: each for each in peer.objects()}["search"]["key"]
        peer.says(type="error", code="no-history", text="cannot be searched", key=key)
        shown = self.shown()
        self.assertIn("* While you were away: unread in #dev 3", shown)
        self.assertNotIn("cannot be searched", shown)

    def test_missedOfARoom(self) -> None:
        """A user who comes to a room is shown its unread messages, with where they stopped."""
        peer = self.owner(marks={"#dev": 5}, unread={"#dev": 2})
        peer.says(type="room", room="#dev", topic="", names=2)
        request = next(each for each in peer.objects() if each["type"] == "history")
        self.assertEqual((request["room"], request["count"]), ("#dev", 5))
        self.shown()
        self.hears(peer, 11, "now", "#dev")
        events = [
            {"type": "said", "id": n, "time": 1.0, "room": "#dev", "name": "Bob", "text": f"m{n}"}
            for n in (5, 6, 7, 11)
        ]
        peer.says(type="history", key=request["key"], events=events)
        shown = self.shown()
        order = ["m5", "--- unread from here on ---", "m6", "m7"]
        places = [shown.index(each) for each in order]
        self.assertEqual(places, sorted(places))
        self.assertNotIn("m11", shown)
        self.clock.advance(5)
        self.assertEqual(self.reads(peer), [("#dev", 11)])
        peer.says(type="room", room="#lobby", topic="", names=2)
        peer.says(type="room", room="#dev", topic="", names=2)
        self.assertNotIn("history", [each["type"] for each in peer.objects()])
