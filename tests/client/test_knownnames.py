"""
Tests of the names that completion offers.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.knownnames import (
    MAX_PRESENT,
    MAX_RECENT,
    SILENT_ROOM,
    STALE_AFTER,
    KnownNames,
)
from twisted_chat.wire.events import BANNED, JOINED, LEFT, RENAMED, SAID, TOLD, Event, joinedData


class NamesTests(SynchronousTestCase):
    """
    Names of one room, and of those who spoke elsewhere.
    """

    def setUp(self) -> None:
        self.known = KnownNames()
        self.known.entered("#dev")

    def happens(self, kind: str, name: str, room: str = "#dev", to: str = "") -> None:
        self.known.happened(Event(1, 1.0, kind, room, name, "", to), "#lobby")

    def listed(self, *names: str, room: str = "#dev", more: bool = False) -> None:
        self.known.listed(room, names, more, 0.0)

    def test_order(self) -> None:
        """The latest speakers come first, then the silent by their names, then those elsewhere."""
        self.listed("Zoe", "ann", "Bob", "Kim")
        for name, room in (("Eve", "#lobby"), ("Bob", "#dev"), ("Kim", "#dev")):
            self.happens(SAID, name, room)
        self.assertEqual(self.known.names(), ["Kim", "Bob", "ann", "Zoe", "Eve"])

    def test_events(self) -> None:
        """The list follows users who come, go and change their names."""
        self.listed("Ann", "Bob")
        self.happens(JOINED, "Kim")
        self.happens(LEFT, "Ann")
        self.happens(RENAMED, "Bob", "#lobby", "Rob")
        self.assertEqual(sorted(self.known.names()), ["Kim", "Rob"])

    def test_leftTheChat(self) -> None:
        """A user who leaves the lobby is nowhere; one who leaves another room may be written to."""
        for name in ("Ann", "Bob"):
            self.happens(SAID, name)
        self.happens(LEFT, "Ann", "#lobby")
        self.happens(LEFT, "Bob", "#other")
        self.assertEqual(self.known.names(), ["Bob"])

    def test_parts(self) -> None:
        """A long list replaces the old one when its last part has come."""
        self.listed("Old")
        self.listed("Ann", more=True)
        self.assertEqual(self.known.names(), ["Old"])
        self.listed("Bob")
        self.assertEqual(self.known.names(), ["Ann", "Bob"])

    def test_otherRoom(self) -> None:
        """The list of a room that was left meanwhile does not change this one."""
        self.listed("Ann", more=True)
        self.known.entered("#new")
        self.listed("Bob")
        self.assertEqual(self.known.names(), [])

    def test_stale(self) -> None:
        """The list of a room too large to tell who comes is asked for again after a while."""
        self.assertFalse(self.known.stale(1000.0))
        self.listed(*map(str, range(SILENT_ROOM - 1)))
        self.assertFalse(self.known.stale(STALE_AFTER))
        self.listed(*map(str, range(SILENT_ROOM)))
        self.assertFalse(self.known.stale(STALE_AFTER - 1))
        self.assertTrue(self.known.stale(STALE_AFTER))

    def test_bounded(self) -> None:
        """No server fills the memory with names or rooms."""
        self.listed(*map(str, range(MAX_PRESENT + 1)))
        self.assertEqual(len(self.known.names()), MAX_PRESENT)
        for number in range(MAX_RECENT + 9):
            self.happens(TOLD, f"N{number}", f"#r{number}")
        self.assertEqual(len(self.known.rooms), MAX_RECENT)
        self.assertEqual(len(self.known.names()), MAX_PRESENT + MAX_RECENT)

    def speaks(self, name: str, account: str) -> None:
        self.known.happened(Event(1, 1.0, SAID, "#dev", name, "x", data=account), "#lobby")

    def test_accounts(self) -> None:
        """
        The account of a name is that of the last message under it, also over a change of name.
        """
        self.speaks("Zoe", "Ann")
        self.happens(RENAMED, "Zoe", to="Chloe")
        self.assertEqual(self.known.accountOf("zoe"), "")
        self.assertEqual(self.known.accountOf("CHLOE"), "Ann")
        self.speaks("Chloe", "")
        self.assertEqual(self.known.accountOf("Chloe"), "")
        joined = Event(1, 1.0, JOINED, "#dev", "Kim", data=joinedData("", "Kim"))
        self.known.happened(joined, "#lobby")
        self.happens(LEFT, "Kim")
        self.assertEqual(self.known.accountOf("Kim"), "Kim")
        for number in range(MAX_RECENT):
            self.speaks(f"N{number}", f"A{number}")
        self.assertEqual(self.known.accountOf("Kim"), "")

    def test_moderation(self) -> None:
        """An act of a moderator adds no room, and no user who is here."""
        self.happens(BANNED, "Ann", "!", to="Bob")
        self.assertEqual((list(self.known.rooms), self.known.names()), (["#dev"], []))
