# -*- test-case-name: tests.accounts.test_ranks -*-
"""
Tests for L{twisted_chat.accounts.ranks}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.laws import START, Court
from twisted_chat.accounts.ranks import LOBBY, Rank, placeOf, rankOf, roleIn, settingOf
from twisted_chat.errors import NoSuchRoom
from twisted_chat.wire.events import SERVER


class RankTests(SynchronousTestCase):
    """
    The order of ranks.
    """

    def setUp(self) -> None:
        self.court = Court()
        self.records = self.court.paper
        self.court.registers("Ann", "Bob", "Cid")
        self.dev = self.court.makes("ann")

    def test_maker(self) -> None:
        """The maker of a room owns it, and it alone."""
        self.assertEqual(rankOf(self.records, self.dev, "ann"), Rank.OWNER)
        self.assertEqual(rankOf(self.records, LOBBY, "ann"), Rank.NONE)
        self.assertEqual(rankOf(self.records, self.dev, "bob"), Rank.NONE)

    def test_guests(self) -> None:
        """A guest has no rank, not even in a room that they made, until they register."""
        room = self.court.makes("guest", "#guests")
        self.assertEqual(rankOf(self.records, room, "guest"), Rank.NONE)
        self.court.registers("Guest")
        self.assertEqual(rankOf(self.records, room, "guest"), Rank.OWNER)

    def test_roles(self) -> None:
        """A role gives its rank in its place."""
        for role in ("speaker", "moderator", "owner"):
            self.court.grants("ann", self.dev, "bob", role)
            self.assertEqual(rankOf(self.records, self.dev, "bob"), Rank[role.upper()])
        self.assertEqual(rankOf(self.records, LOBBY, "bob"), Rank.NONE)

    def test_operators(self) -> None:
        """An operator stands above the owners of every room; the server above all."""
        self.court.grants("", SERVER, "bob", "operator")
        for place in (SERVER, LOBBY, self.dev, "unknown"):
            self.assertEqual(rankOf(self.records, place, "bob"), Rank.OPERATOR)
            self.assertEqual(rankOf(self.records, place, ""), Rank.SERVER)
        self.assertEqual(roleIn(self.records, self.dev, "bob"), Rank.NONE)

    def test_gone(self) -> None:
        """An account that has ended has no rank anywhere."""
        self.court.grants("", SERVER, "bob", "operator")
        self.court.grants("ann", self.dev, "cid", "moderator")
        for who in ("ann", "bob", "cid"):
            self.court.unregisters(who)
            self.assertEqual(rankOf(self.records, self.dev, who), Rank.NONE)

    def test_places(self) -> None:
        """The server and the lobby are always there; a room from its beginning to its end."""
        for place in (SERVER, LOBBY, self.dev):
            placeOf(self.records, place)
        self.court.closes(self.dev)
        self.assertRaises(NoSuchRoom, placeOf, self.records, self.dev)
        self.assertEqual(rankOf(self.records, self.dev, "ann"), Rank.NONE)

    def test_older(self) -> None:
        """A room that is older than the records has an owner, and can have all the rest."""
        for records in (self.records, self.court.law.records):
            records.put("place", "5", {"owner": "bob"})
        self.assertEqual(rankOf(self.records, "5", "bob"), Rank.OWNER)
        self.court.grants("bob", "5", "cid", "moderator")
        self.court.mutes("cid", "5", "guest")
        self.assertEqual(rankOf(self.records, "5", "cid"), Rank.MODERATOR)

    def test_settings(self) -> None:
        """A setting is in force until its end."""
        self.court.sets("ann", self.dev, "slow", 30, 60)
        for time, value in ((START, 30), (START + 59, 30), (START + 60, None)):
            self.assertEqual(settingOf(self.records, self.dev, "slow", time), value)
        self.assertIsNone(settingOf(self.records, "unknown", "slow", START))
        self.court.sets("ann", self.dev, "slow", 30)
        self.assertEqual(settingOf(self.records, self.dev, "slow", START + 1e9), 30)
