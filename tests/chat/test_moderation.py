# -*- test-case-name: tests.chat.test_moderation -*-
"""
Tests for L{twisted_chat.chat.moderation}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail

from tests.support.helpers import FakeClient, resume
from tests.support.moderating import Moderated
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.wire.events import BANNED, SERVER, SET, Draft, asData
from twisted_chat.wire.jsonlines import JSON


class HearingTests(Moderated):
    """
    The audience of what moderators do.
    """

    def test_room(self) -> None:
        """A member of a room hears of it, in the room or elsewhere; nobody else does."""
        self.bob.types("/join #lobby")
        self.cid.types("/leave")
        self.forget()
        self.max.types("/readonly on")
        line = "* Max made #dev read-only"
        for client in (self.ann, self.max, self.bob, self.rob):
            self.assertEqual(client.lines, [line])
        self.assertEqual(self.cid.lines, [])

    def test_server(self) -> None:
        """Operators hear what concerns the whole server, over each of their connections."""
        data = asData({"place": SERVER, "what": "guests", "value": "no", "until": 0})
        self.hub.log.append(Draft(SET, SERVER, "server", "no", data=data), None)
        self.assertEqual(self.rob.lines, ["* server set guests of this server to no"])
        for client in (self.ann, self.max, self.bob, self.cid):
            self.assertEqual(client.lines, [])

    def test_void(self) -> None:
        """A void event is told to nobody and changes nothing."""
        for data in ("", "{}", "[", asData({"place": "99", "what": "slow", "value": 1})):
            self.hub.log.append(Draft(SET, "#dev", "server", data=data), None)
        for client in self.all:
            self.assertEqual(client.lines, [])
        self.assertFalse(self.hub.state.law.hasRules(self.dev.place))

    def test_programs(self) -> None:
        """Programs are told the values that are public, and no others."""
        dan = self.enter("Dan", "192.0.2.9", True, JSON)
        dan.types("/join #dev")
        dan.forget()
        self.ann.types("/grant Dan speaker")
        self.max.types("/slow 30s", "/mute Bob 1h", "/unmute Bob")
        told = [
            {name: value for name, value in each.items() if name not in ("id", "time", "room")}
            for each in dan.objects
        ]
        self.assertEqual(
            told,
            [
                {"type": "granted", "name": "Ann", "to": "Dan", "role": "speaker"},
                {"type": "set", "name": "Max", "text": "30s", "what": "slow", "value": 30},
                {
                    "type": "banned",
                    "name": "Max",
                    "to": "Bob",
                    "what": "speak",
                    "until": self.now + 3600,
                },
                {"type": "lifted", "name": "Max", "to": "Bob", "what": "speak"},
            ],
        )


class EjectTests(Moderated):
    """
    The users who have to leave.
    """

    def ban(self, place: str = SERVER, **whom: Any) -> None:
        """
        Let the server ban somebody.
        """
        room = SERVER if place == SERVER else "#dev"
        data = asData({"place": place, "what": "enter", "until": 0, **whom})
        self.hub.log.append(Draft(BANNED, room, "server", "", "T", data=data), None)

    def test_devices(self) -> None:
        """A banned user loses every connection; a user banned from a room is in it on none."""
        eve = self.enter("Eve", "192.0.2.9")
        eve.types("/register swordfish-99", "/join #dev")
        other = FakeClient(self.hub, address="198.51.100.1:4000")
        other.login(LoginRequest("Eve", secret="swordfish-99"))
        self.assertIs(other.user.member, eve.user.member)
        who = eve.user.sid
        self.ban(self.dev.place, who=who)
        self.max.types("/kick Eve")
        for client in (eve, other):
            self.assertNotIn(client.user, self.dev.audience)
        self.ban(who=who)
        for client in (eve, other):
            self.assertIn("! you are banned from this server", client.lines)
            self.assertTrue(client.closed)
        self.assertNotIn("Eve", self.hub.users)
        again = FakeClient(self.hub, address="198.51.100.2:4000")
        again.login(LoginRequest("Eve", secret="swordfish-99"))
        self.assertEqual(getattr(again.loginError, "code", ""), "banned")

    def test_network(self) -> None:
        """A ban of a network from a room puts its guests out, and nobody else."""
        dan = self.enter("Dan", "198.51.100.1")
        dan.types("/join #dev")
        self.ban(self.dev.place, net="192.0.2.0/24", spares=True)
        self.assertNotIn(self.cid.user.member, self.dev)
        for client in (self.bob, dan):
            self.assertIn(client.user.member, self.dev)
        self.assertIn("* server removed Cid from #dev", self.ann.lines)

    def test_nameIsFree(self) -> None:
        """The name of a guest who was sent away is not kept for them."""
        self.ban(who=self.cid.user.sid)
        self.assertIsNone(self.enter("Cid", "198.51.100.1").loginError)

    def test_resume(self) -> None:
        """No session is resumed past a ban, of a room or of the server."""
        dan = self.enter("Dan", "192.0.2.9", False, JSON)
        dan.asks("command", line="/join #dev")
        welcome, who = dan.objects[0], dan.user.sid
        dan.drops()
        self.ban(self.dev.place, who=who)
        again = resume(self.hub, welcome, self.hub.lastId)
        self.assertEqual([each["name"] for each in again.objects[0]["rooms"]], ["#lobby"])
        again.drops()
        self.ban(who=who)
        banned = resume(self.hub, welcome, self.hub.lastId)
        self.assertEqual(banned.objects[0]["code"], "banned")

    def test_takeOver(self) -> None:
        """No session is taken over from a host that is banned."""
        dan = self.enter("Dan", "203.0.113.1", False, JSON)
        self.ban(net="192.0.2.0/24", spares=True)
        again = resume(self.hub, dan.objects[0], self.hub.lastId)
        self.assertEqual(again.objects[0]["code"], "banned")
        self.assertFalse(dan.closed)

    def test_operators(self) -> None:
        """A ban of a network spares the operators in it."""
        self.ban(net="192.0.2.0/24")
        self.assertFalse(self.rob.closed)
        self.assertTrue(self.ann.closed)


class StayTests(Moderated):
    """
    Rooms that stay.
    """

    def test_owned(self) -> None:
        """A room whose owner is registered stays although it is empty and unused."""
        self.bob.types("/join #bobs", "/leave")
        self.cid.types("/join #cids", "/leave")
        self.assertIn("#bobs", self.hub.rooms)
        self.assertNotIn("#cids", self.hub.rooms)
        self.now += 400 * 86_400.0
        self.hub.tidy()
        self.hub.tidy()
        self.assertIn("#bobs", self.hub.rooms)
        hub = self.restart()
        self.now += 400 * 86_400.0
        hub.tidy()
        self.assertIn("#bobs", hub.rooms)

    def test_bound(self) -> None:
        """The seventeenth room of an account is refused, and nothing is left of it."""
        for number in range(16):
            self.bob.types(f"/join #r{number}", "/leave")
        (line,) = self.said(self.bob, "/join #more")
        self.assertIn("you own 16 rooms", line)
        self.assertNotIn("#more", self.hub.rooms)


class RemovalTests(Moderated):
    """
    The users who are told of a removal.
    """

    def test_faults(self) -> None:
        """
        A removal is told to nobody while the history cannot be read, and the operator finds out
        why.
        """
        self.cid.types("spam")
        self.forget()
        self.log.removedBy = lambda removal: fail(OSError("disk"))  # type: ignore[method-assign]
        self.max.types("/remove Cid 1h")
        self.assertEqual(self.ann.lines, [])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_afterwards(self) -> None:
        """A removal is told after all that came before it in the log."""
        asked: Deferred[list[int]] = Deferred()
        self.cid.types("spam")
        self.forget()
        self.log.removedBy = lambda removal: asked  # type: ignore[method-assign]
        self.max.types("/remove Cid 1h", "hello")
        self.assertEqual(self.ann.lines, ["Max :: hello"])
        asked.callback([1])
        self.assertEqual(self.ann.lines[1:], ["* Max removed 1 message of Cid"])
        self.assertEqual(self.max.lines, ["OK . .", "* Max removed 1 message of Cid"])
