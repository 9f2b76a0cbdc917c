# -*- test-case-name: tests.accounts.test_moderation -*-
"""
Tests for L{twisted_chat.accounts.moderation}.
"""

from __future__ import annotations

from typing import Any

from tests.accounts.test_registry import CourtCase
from twisted_chat.accounts.moderation import (
    MAX_LOCKDOWN,
    MAX_OWN_REPORTS,
    MAX_OWNED,
    MAX_REPORTS,
    MAX_ROLES,
    MAX_SLOW,
)
from twisted_chat.accounts.ranks import LOBBY, Rank
from twisted_chat.errors import ChatError, NoSuchRoom
from twisted_chat.stores.interfaces import Selection
from twisted_chat.text.confusables import looks
from twisted_chat.wire.events import BANNED, REMOVED, SERVER


class RoomCase(CourtCase):
    """
    A room of Ann's, where Mod is moderator and Bob is nobody; Root is an operator.
    """

    def setUp(self) -> None:
        super().setUp()
        self.court.registers("Ann", "Mod", "Bob", "Root")
        self.court.grants("", SERVER, "root", "operator")
        self.dev = self.court.makes("ann")
        self.court.grants("ann", self.dev, "mod", "moderator")

    def rank(self, who: str) -> Rank:
        """
        @return: somebody's rank in the room.
        """
        return self.court.law.rank(self.dev, who)


class RoomTests(RoomCase):
    """
    The rooms that there are.
    """

    def test_bound(self) -> None:
        """An account owns 16 rooms; one that ended does not count, and guests are not counted."""
        rooms = [self.court.makes("ann") for _ in range(MAX_OWNED - 1)]
        self.void(self.court.makes, "ann")
        self.court.closes(rooms[3])
        self.court.makes("ann")
        for _ in range(MAX_OWNED + 1):
            self.court.makes("guest")

    def test_closed(self) -> None:
        """The roles, the bans and the settings of a room end with it."""
        before = self.court.paper.get("count", "bans")
        self.court.bans("mod", self.dev, who="bob")
        self.court.closes(self.dev)
        self.assertEqual(self.court.paper.get("count", "bans"), before)
        self.assertEqual(self.paper.all("ban"), {})
        self.assertEqual(self.paper.all("page"), {})
        self.void(self.court.grants, "ann", self.dev, "bob", "speaker", error=NoSuchRoom)
        self.void(self.court.bans, "ann", self.dev, who="bob", error=NoSuchRoom)
        self.void(self.court.sets, "ann", self.dev, "slow", 30, error=NoSuchRoom)

    def test_neverClosed(self) -> None:
        """The server and the lobby never end, and an unknown room cannot."""
        self.court.bans("root", SERVER, who="bob")
        before = self.paper.snapshot()
        for place in (SERVER, LOBBY, "77", "", "x"):
            self.court.closes(place)
        self.assertEqual(self.paper.snapshot(), before)


class GrantedTests(RoomCase):
    """
    Roles.
    """

    def test_owner(self) -> None:
        """An owner gives and takes every role of the room, another owner's excepted."""
        for role in ("speaker", "moderator", "owner"):
            self.court.grants("ann", self.dev, "bob", role)
            self.assertEqual(self.rank("bob"), Rank[role.upper()])
        self.void(self.court.grants, "ann", self.dev, "bob", "")
        self.void(self.court.grants, "bob", self.dev, "ann", "moderator")
        self.court.grants("bob", self.dev, "mod", "")
        self.assertEqual(self.rank("mod"), Rank.NONE)

    def test_moderator(self) -> None:
        """A moderator grants nothing, but may give up their own role."""
        self.void(self.court.grants, "mod", self.dev, "bob", "speaker")
        self.void(self.court.grants, "mod", self.dev, "mod", "owner")
        self.void(self.court.grants, "bob", self.dev, "bob", "speaker")
        self.court.grants("mod", self.dev, "mod", "speaker")
        self.assertEqual(self.rank("mod"), Rank.SPEAKER)

    def test_operator(self) -> None:
        """An operator grants every role everywhere, to the maker of a room as well."""
        self.court.grants("root", self.dev, "ann", "moderator")
        self.assertEqual(self.rank("ann"), Rank.MODERATOR)
        self.court.grants("root", LOBBY, "bob", "moderator")
        self.court.grants("root", SERVER, "bob", "operator")
        self.assertEqual(self.rank("bob"), Rank.OPERATOR)
        self.void(self.court.grants, "bob", SERVER, "root", "")
        self.court.grants("bob", SERVER, "bob", "")
        self.court.grants("", SERVER, "root", "")
        self.assertEqual(self.rank("root"), Rank.NONE)

    def test_places(self) -> None:
        """An operator is one of the whole server alone."""
        self.void(self.court.grants, "root", self.dev, "bob", "operator")
        self.void(self.court.grants, "root", SERVER, "bob", "moderator")
        self.void(self.court.grants, "ann", SERVER, "bob", "operator")

    def test_guests(self) -> None:
        """Only registered users get roles, and a guest who made a room gives none."""
        self.void(self.court.grants, "ann", self.dev, "guest", "speaker")
        room = self.court.makes("guest")
        self.void(self.court.grants, "guest", room, "bob", "speaker")
        self.court.grants("root", room, "bob", "owner")

    def test_disowned(self) -> None:
        """A room that its owner gave up no longer counts as theirs."""
        rooms = [self.court.makes("bob") for _ in range(MAX_OWNED)]
        self.void(self.court.makes, "bob")
        self.court.grants("bob", rooms[0], "bob", "")
        self.court.makes("bob")

    def test_bound(self) -> None:
        """A bounded number of users has a role in one place."""
        self.court.registers(*(f"P{number}" for number in range(MAX_ROLES)))
        for number in range(MAX_ROLES - 1):
            self.court.grants("ann", self.dev, f"p{number}", "speaker")
        self.void(self.court.grants, "ann", self.dev, "bob", "speaker")
        self.court.grants("ann", self.dev, "p0", "moderator")
        self.court.grants("ann", self.dev, "p1", "")
        self.court.grants("ann", self.dev, "bob", "speaker")


class BannedTests(RoomCase):
    """
    Bans.
    """

    def test_ranks(self) -> None:
        """A moderator bans users below them."""
        self.court.bans("mod", self.dev, who="bob")
        self.court.bans("mod", self.dev, who="guest")
        for who in ("ann", "root"):
            self.void(self.court.bans, "mod", self.dev, who=who)
            self.void(self.court.bans, "mod", self.dev, looks=sorted(looks(who.title())))
        self.void(self.court.bans, "bob", self.dev, who="guest")
        self.void(self.court.bans, "guest", self.dev, who="bob")
        self.court.grants("ann", self.dev, "bob", "moderator")
        self.void(self.court.bans, "mod", self.dev, who="bob")
        self.court.bans("ann", self.dev, who="bob")

    def test_server(self) -> None:
        """Operators ban from the server, but no other operator; the server itself may."""
        for by in ("ann", "mod"):
            self.void(self.court.bans, by, SERVER, who="bob")
        self.court.bans("root", SERVER, who="ann")
        self.court.grants("", SERVER, "bob", "operator")
        self.void(self.court.bans, "root", SERVER, who="bob")
        self.court.bans("", SERVER, who="bob")

    def test_networks(self) -> None:
        """Operators ban networks and patterns; a moderator a guest with their one host."""
        guest: dict[str, Any] = {"who": "guest", "looks": ["guest"]}
        self.court.bans("mod", self.dev, **guest, net="192.0.2.1/32", spares=True)
        self.court.bans("mod", self.dev, **guest, net="2001:db8::/64")
        self.void(self.court.bans, "mod", self.dev, **guest, net="192.0.2.0/24")
        self.void(self.court.bans, "mod", self.dev, net="192.0.2.1/32")
        self.void(self.court.bans, "ann", self.dev, pattern="spam*")
        self.court.bans("root", self.dev, pattern="spam*")
        self.court.bans("root", SERVER, net="192.0.2.0/24")

    def test_malformed(self) -> None:
        """A ban concerns somebody, ends after it begins, and its network has one spelling."""
        self.void(self.court.bans, "root", SERVER)
        self.void(self.court.bans, "root", SERVER, who="bob", seconds=-1)
        self.void(self.court.bans, "root", SERVER, net="192.0.2.1", error=ChatError)
        self.void(self.court.bans, "root", SERVER, pattern="*", error=ChatError)
        self.void(self.court.bans, "root", self.dev, "sleep", who="bob")
        self.void(self.court.bans, "root", LOBBY, who="bob")
        self.court.bans("root", LOBBY, "speak", who="bob")

    def test_shownInItsPlace(self) -> None:
        """A ban of the server is shown in no room, and one of a room not on the server."""
        data = {"place": SERVER, "who": "bob"}
        self.void(self.court.does, BANNED, "root", "#dev", data)
        self.void(self.court.does, BANNED, "root", SERVER, {**data, "place": self.dev})

    def test_lifted(self) -> None:
        """A ban is lifted once, in its place, by users who rank as high as its author."""
        ban = self.court.bans("mod", self.dev, who="bob")
        self.void(self.court.lifts, "bob", self.dev, ban)
        self.void(self.court.lifts, "root", SERVER, ban)
        self.court.lifts("mod", self.dev, ban)
        self.void(self.court.lifts, "mod", self.dev, ban)
        ban = self.court.bans("ann", self.dev, who="bob")
        self.void(self.court.lifts, "mod", self.dev, ban)
        self.court.lifts("root", self.dev, ban)
        ban = self.court.bans("", SERVER, who="bob")
        self.court.lifts("root", SERVER, ban)
        self.assertEqual(self.paper.all("ban"), {})
        self.assertEqual(self.paper.all("page"), {})

    def test_ownBan(self) -> None:
        """Nobody lifts a ban of themselves, unless it is their own."""
        self.court.grants("ann", self.dev, "bob", "moderator")
        ban = self.court.mutes("ann", self.dev, "bob")
        self.court.grants("ann", self.dev, "bob", "owner")
        self.void(self.court.lifts, "bob", self.dev, ban)
        self.court.lifts("ann", self.dev, ban)
        ban = self.court.mutes("bob", self.dev, "bob")
        self.court.lifts("bob", self.dev, ban)


class SetTests(RoomCase):
    """
    The settings of a place.
    """

    def test_ranks(self) -> None:
        """Moderators set the rules of a room, operators those of the server."""
        self.court.sets("mod", self.dev, "slow", 30)
        self.court.sets("mod", self.dev, "readonly", "on")
        self.void(self.court.sets, "bob", self.dev, "slow", 0)
        self.void(self.court.sets, "ann", SERVER, "guests", "no")
        self.void(self.court.sets, "mod", LOBBY, "slow", 30)
        self.court.sets("root", LOBBY, "slow", 30)
        for what, value in (("guests", "no"), ("registration", "invited")):
            self.court.sets("root", SERVER, what, value)
        self.court.sets("root", SERVER, "lockdown", "all", 60)

    def test_values(self) -> None:
        """A rule has one of its values, in a place where there is such a rule."""
        for what, value in (
            *(("slow", -1), ("slow", MAX_SLOW + 1), ("slow", "on"), ("slow", True)),
            *(("readonly", "yes"), ("readonly", 1), ("other", "on"), ("guests", "no")),
        ):
            self.void(self.court.sets, "root", self.dev, what, value)
        for what, value in (("guests", "x"), ("slow", 30), ("readonly", "on")):
            self.void(self.court.sets, "root", SERVER, what, value)
        self.court.sets("root", self.dev, "slow", MAX_SLOW)

    def test_off(self) -> None:
        """A setting that is taken back leaves nothing."""
        before = self.paper.get("place", self.dev)
        for what, value, off in (("slow", 30, 0), ("readonly", "on", "off")):
            self.court.sets("mod", self.dev, what, value)
            self.court.sets("mod", self.dev, what, off)
        self.assertEqual(self.paper.get("place", self.dev), before)

    def test_lockdown(self) -> None:
        """A lockdown has an end, within a week."""
        self.void(self.court.sets, "root", SERVER, "lockdown", "all")
        self.void(self.court.sets, "root", SERVER, "lockdown", "all", MAX_LOCKDOWN + 1)
        self.court.sets("root", SERVER, "lockdown", "all", MAX_LOCKDOWN)
        self.court.sets("root", SERVER, "lockdown", "off")


class RemovedTests(RoomCase):
    """
    Messages that are removed.
    """

    def test_selection(self) -> None:
        """A removal takes the messages of one author in the room's own past, up to itself."""
        id = self.court.removes("mod", self.dev, who="bob", after=3, upto=9_999)
        first = int(self.dev)
        self.assertEqual(
            self.paper.hidden, {id: Selection("#dev", (), "bob", "", max(3, first), id)}
        )
        id = self.court.removes("mod", self.dev, name="Spam", looks=["spam"], upto=first + 1)
        self.assertEqual(self.paper.hidden[id], Selection("#dev", (), "", "Spam", first, first + 1))
        id = self.court.removes("mod", self.dev, who="bob", ids=[7, 8])
        self.assertEqual(self.paper.hidden[id], Selection("#dev", (7, 8), "bob", "", first, id))

    def test_ranks(self) -> None:
        """Everybody removes their own messages, and a moderator those of users below them."""
        self.court.removes("bob", self.dev, who="bob", ids=[7])
        self.court.removes("guest", self.dev, who="guest", ids=[7])
        self.void(self.court.removes, "bob", self.dev, who="ann", ids=[7])
        self.void(self.court.removes, "bob", self.dev, name="Bob")
        for who in ("ann", "root"):
            self.void(self.court.removes, "mod", self.dev, who=who)
            self.void(self.court.removes, "mod", self.dev, name="X", looks=[who])
        self.void(self.court.removes, "mod", LOBBY, who="bob")
        self.court.removes("root", LOBBY, who="bob")

    def test_malformed(self) -> None:
        """A removal names its author's messages, and a room."""
        self.void(self.court.removes, "root", self.dev, ids=[7])
        self.void(self.court.removes, "root", self.dev, who="bob", ids=[-7])
        self.void(self.court.does, REMOVED, "root", SERVER, {"place": SERVER, "who": "bob"})

    def test_restored(self) -> None:
        """A removal is undone once, by its author or by users who rank as high."""
        id = self.court.removes("bob", self.dev, who="bob", ids=[7])
        self.void(self.court.restores, "guest", self.dev, id, "bob")
        self.court.restores("bob", self.dev, id, "bob")
        self.assertEqual(self.paper.hidden, {})
        self.court.restores("bob", self.dev, id, "bob")
        id = self.court.removes("ann", self.dev, who="bob")
        self.void(self.court.restores, "bob", self.dev, id, "ann")
        self.void(self.court.restores, "mod", self.dev, id, "ann")
        self.court.restores("root", self.dev, id, "ann")
        id = self.court.removes("", self.dev, who="bob")
        self.void(self.court.restores, "ann", self.dev, id, "")
        self.court.restores("root", self.dev, id, "")
        self.assertEqual(self.paper.hidden, {})

    def test_claims(self) -> None:
        """A restore with the wrong author or room of the removal brings nothing back."""
        id = self.court.removes("ann", self.dev, who="bob")
        other = self.court.makes("bob")
        self.court.restores("bob", other, id, "bob")
        self.court.restores("bob", self.dev, id, "bob")
        self.court.restores("mod", self.dev, id, "mod")
        self.assertIn(id, self.paper.hidden)


class ReportTests(RoomCase):
    """
    Reports.
    """

    def test_report(self) -> None:
        """A report keeps a copy of its message until a moderator of the place has dealt with it."""
        report = self.court.reports("guest", self.dev, "bob")
        kept = self.paper.get("report", str(report))
        self.assertEqual((kept["copy"], kept["reason"], kept["to"]), ("buy this", "spam", "Bob"))
        self.void(self.court.ends, "bob", report)
        self.court.ends("mod", report)
        self.void(self.court.ends, "mod", report)
        self.assertEqual(self.paper.all("report"), {})

    def test_closed(self) -> None:
        """A report outlasts its room, and operators deal with it then."""
        report = self.court.reports("guest", self.dev, "bob")
        self.court.closes(self.dev)
        self.void(self.court.ends, "mod", report)
        self.court.ends("root", report)
        self.void(self.court.reports, "guest", self.dev, "bob", error=NoSuchRoom)

    def test_bounds(self) -> None:
        """A user has ten open reports, and all users together a thousand."""
        for _ in range(MAX_OWN_REPORTS):
            report = self.court.reports("guest", self.dev, "bob")
        self.void(self.court.reports, "guest", self.dev, "bob")
        self.court.ends("mod", report)
        self.court.reports("guest", self.dev, "bob")
        for number in range(MAX_REPORTS - MAX_OWN_REPORTS):
            self.court.reports(f"g{number}", self.dev, "bob")
        self.void(self.court.reports, "more", self.dev, "bob")
