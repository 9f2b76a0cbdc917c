# -*- test-case-name: tests.contracts.test_two_hubs -*-
"""
Two hubs over one log: what a cluster stands on.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.accounts import logIn, prove
from tests.support.helpers import CONNECTED, FakeClient, enter, makeHub, resume
from tests.support.moderating import appoint, register
from tests.support.sharedlog import SharedLog
from twisted_chat.chat.authentication import registration
from twisted_chat.chat.hub import Hub
from twisted_chat.errors import NameTaken
from twisted_chat.wire.jsonlines import JSON


class TwoHubsTestCase(SynchronousTestCase):
    """
    Ann is at one node, and Bob at another.
    """

    def setUp(self) -> None:
        self.shared = SharedLog()
        self.here: Hub = makeHub(self.shared.node())
        self.there: Hub = makeHub(self.shared.node())
        self.ann = self.enter(self.here, "Ann")
        self.bob = self.enter(self.there, "Bob")
        self.forget()

    def enter(self, hub: Hub, name: str) -> FakeClient:
        """
        @return: the client of somebody who has logged in.
        """
        client = enter(hub, name)
        self.turn()
        return client

    def turn(self) -> None:
        """Let the log store what it was given."""
        self.shared.turn.end()

    def types(self, client: FakeClient, *lines: str) -> None:
        """Let somebody type lines, and the log store what comes of them."""
        client.types(*lines)
        self.turn()

    def forget(self) -> None:
        """Look only at what comes from now on."""
        self.ann.forget()
        self.bob.forget()


class TwoHubsTests(TwoHubsTestCase):
    """
    Users of two nodes.
    """

    def test_names(self) -> None:
        """
        Users of both nodes are in the list of names, and can be asked about.
        """
        self.types(self.ann, "/names", "/who Bob")
        self.types(self.bob, "/names")
        self.assertEqual(self.ann.lines[0], "* 2 in #lobby: Ann, Bob")
        self.assertTrue(self.ann.lines[1].startswith("* Bob is here since"))
        self.assertEqual(self.bob.lines, ["* 2 in #lobby: Ann, Bob"])

    def test_messages(self) -> None:
        """
        A message on one node, public or direct, is heard on the other, once.
        """
        self.types(self.ann, "hello", "/msg Bob psst")
        self.types(self.bob, "/r yes?", "hello yourself")
        self.assertEqual(self.bob.lines, ["Ann :: hello", "Ann -> you :: psst", "OK . .", "OK . ."])
        self.assertEqual(
            self.ann.lines, ["OK . .", "OK . .", "Bob -> you :: yes?", "Bob :: hello yourself"]
        )

    def test_rooms(self) -> None:
        """
        A room that was made on one node is joined on the other, with its topic.
        """
        self.types(self.ann, "/join #dev", "/topic tests")
        self.types(self.bob, "/join #dev", "hi")
        self.assertIn("* You are in #dev (2 here): tests", self.bob.lines)
        self.assertEqual(self.ann.lines[-2:], ["* Bob has joined #dev", "Bob :: hi"])
        self.assertEqual(self.here.rooms["#dev"].id, self.there.rooms["#dev"].id)
        self.types(self.bob, "/leave")
        self.assertEqual(len(self.here.rooms["#dev"]), 1)

    def test_private(self) -> None:
        """
        A lock, an invitation and a removal on one node hold on the other.
        """
        self.types(self.ann, "/join #den sesame", "secret")
        self.types(self.bob, "/join #den")
        self.assertIn("! #den is private", self.bob.lines[-1])
        self.types(self.ann, "/invite Bob")
        self.types(self.bob, "/join #den")
        self.assertEqual(self.bob.user.current.name, "#den")
        self.types(self.ann, "/kick Bob")
        self.assertIn("* Ann removed Bob from #den", self.bob.lines)
        self.types(self.bob, "/join #den sesame")
        self.assertEqual(self.bob.user.current.name, "#lobby")

    def test_rename(self) -> None:
        """
        A new name on one node is the name on the other.
        """
        self.types(self.bob, "/nick Rob")
        self.types(self.ann, "/msg Rob psst", "/msg Bob psst")
        self.assertEqual(self.ann.lines[:2], ["* Bob is now Rob", "OK . ."])
        self.assertIn("! nobody of this name is here", self.ann.lines[2])
        self.assertEqual(list(self.here.users), ["Ann", "Rob"])

    def test_leave(self) -> None:
        """
        A user who leaves at one node is gone at the other, from every room.
        """
        self.types(self.ann, "/join #dev")
        self.types(self.bob, "/join #dev", "/quit")
        self.assertEqual(self.ann.lines[-1], "* Bob has left")
        self.assertEqual((list(self.here.users), len(self.here.rooms["#dev"])), (["Ann"], 1))
        self.assertIsNone(self.enter(self.here, "Bob").loginError)

    def test_nameWantedOnBoth(self) -> None:
        """
        A name wanted at both nodes goes to the first in the log, and the other user is asked for
        another.
        """
        first, second = enter(self.here, "Cem"), enter(self.there, "cem")
        self.turn()
        self.assertEqual(first.user.name, "Cem")
        self.assertIsInstance(second.loginError, NameTaken)
        self.assertEqual(list(self.there.users), ["Ann", "Bob", "Cem"])
        self.assertEqual(self.bob.lines, ["* Cem is now connected"])
        again = self.enter(self.there, "Dai")
        self.assertIsNone(again.loginError)

    def test_renameToTheSame(self) -> None:
        """
        A new name wanted by two users goes to the first in the log, and the other keeps their old
        one.
        """
        self.ann.types("/nick Cem")
        self.bob.types("/nick CEM")
        self.turn()
        self.assertEqual(self.ann.lines[-1], "* You are now Cem")
        self.assertIn("was just taken", self.bob.lines[-1])
        for hub in (self.here, self.there):
            self.assertEqual(list(hub.users), ["Bob", "Cem"])

    def test_roomMadeOnBoth(self) -> None:
        """
        A room made at both nodes belongs to the first in the log, and the other user is told.
        """
        self.ann.types("/join #dev")
        self.bob.types("/join #DEV sesame", "secret")
        self.turn()
        self.assertEqual(self.ann.user.current.name, "#dev")
        self.assertIn("! no room can be called #DEV", "\n".join(self.bob.lines))
        for hub in (self.here, self.there):
            self.assertEqual(list(hub.rooms), ["#lobby", "#dev"])
            self.assertEqual(hub.rooms["#dev"].owner, self.ann.user.sid)
            places = hub.state.law.records.all("place")
            self.assertEqual(list(places), [hub.rooms["#dev"].place])

    def test_ban(self) -> None:
        """
        A ban at one node puts a user out at the other, which alone knows their address, and keeps
        them out.
        """
        register(self.here, self.ann)
        appoint(self.here, self.ann, "operator")
        self.turn()
        self.types(self.ann, "/join #dev")
        self.types(self.bob, "/join #dev")
        self.forget()
        self.types(self.ann, "/ban 192.0.2.0/24 1h")
        self.assertIn("* Ann removed Bob from #dev", self.bob.lines)
        for hub in (self.here, self.there):
            self.assertEqual(len(hub.rooms["#dev"]), 1)
        self.types(self.bob, "/join #dev")
        self.assertIn("! you are banned from #dev", self.bob.lines[-1])

    def test_wordAfterABan(self) -> None:
        """
        A message that follows a ban of its author in the log is heard by nobody.
        """
        register(self.here, self.ann)
        appoint(self.here, self.ann, "operator")
        self.turn()
        for command in ("/kick Bob", "/ban Bob"):
            self.types(self.ann, "/join #dev")
            self.types(self.bob, "/join #dev")
            self.forget()
            self.ann.types(command)
            self.bob.types("too late")
            self.turn()
            self.assertNotIn("too late", "".join(self.ann.lines))
            self.assertIn("! you are not in #dev any more", "\n".join(self.bob.lines))
            for ban in self.here.state.law.bans(self.here.rooms["#dev"].place, 0.0, 9):
                self.types(self.ann, f"/unban {ban.id}")

    def test_joinAfterABan(self) -> None:
        """
        A user whose join follows a ban of them in the log is outside, though their node did not
        know of the ban.
        """
        register(self.here, self.ann)
        appoint(self.here, self.ann, "operator")
        self.turn()
        self.types(self.ann, "/join #dev")
        self.forget()
        self.ann.types("/ban Bob")
        self.bob.types("/join #dev")
        self.turn()
        self.assertIn("! you are banned from #dev", self.bob.lines[-1])
        for hub in (self.here, self.there):
            self.assertEqual(len(hub.rooms["#dev"]), 1)

    def test_lateOrder(self) -> None:
        """
        An act of a moderator that follows the loss of their role in the log does nothing, and they
        are told.
        """
        for client in (self.ann, self.bob):
            register(self.here, client)
            appoint(self.here, client, "operator")
        self.turn()
        self.types(self.ann, "/join #dev")
        self.types(self.bob, "/join #dev")
        self.forget()
        appoint(self.here, self.bob, "")
        self.bob.types("/slow 30s")
        self.turn()
        self.assertIn("! only moderators may do this", self.bob.lines[-1])
        for hub in (self.here, self.there):
            place = hub.rooms["#dev"].place
            self.assertIsNone(hub.state.law.setting(place, "slow", 0.0))

    def test_joinAfterALock(self) -> None:
        """
        A user whose join follows a lock in the log is outside, though their node did not know of
        the lock.
        """
        self.types(self.ann, "/join #den")
        self.forget()
        self.ann.types("/lock", "secret")
        self.bob.types("/join #den")
        self.turn()
        self.assertIn("! #den is private", self.bob.lines[-1])
        self.assertNotIn("secret", "".join(self.bob.lines))
        for hub in (self.here, self.there):
            self.assertEqual(len(hub.rooms["#den"]), 1)

    def test_wordAfterRemoval(self) -> None:
        """
        A message that follows the removal of its author in the log is heard by nobody.
        """
        self.types(self.ann, "/join #den")
        self.types(self.bob, "/join #den")
        self.forget()
        self.ann.types("/kick Bob")
        self.bob.types("too late")
        self.turn()
        self.assertNotIn("too late", "".join(self.ann.lines))
        self.assertIn("! you are not in #den any more", "\n".join(self.bob.lines))

    def test_resume(self) -> None:
        """
        A session that was cut off on one node goes on at the other.
        """
        cem = enter(self.here, "Cem", JSON)
        self.turn()
        cem.asks("command", line="/join #dev")
        self.turn()
        cem.drops()
        self.turn()
        again = resume(self.there, cem.objects[0], self.here.lastId)
        self.turn()
        self.assertEqual(again.user.name, "Cem")
        self.assertEqual([room["name"] for room in again.objects[0]["rooms"]], ["#lobby", "#dev"])
        self.assertEqual(sorted(self.here.users), ["Ann", "Bob", "Cem"])

    def test_invitationAfterALock(self) -> None:
        """
        An invitation that follows a lock in the log was given for the era before, and lets nobody
        in.
        """
        cem = self.enter(self.there, "Cem")
        self.types(self.ann, "/join #den sesame")
        self.types(self.bob, "/join #den sesame")
        self.ann.types("/lock another")
        self.bob.types("/invite Cem")
        self.turn()
        self.assertIn("! #den was locked or opened meanwhile", self.bob.lines[-1])
        self.types(cem, "/join #den")
        self.assertEqual(cem.user.current.name, "#lobby")


class AccountsTests(TwoHubsTestCase):
    """
    Accounts of two nodes.
    """

    def setUp(self) -> None:
        super().setUp()
        self.types(self.ann, "/register")
        self.secret = self.ann.lines[-1].rpartition(" ")[2]
        self.forget()

    def logIn(self, hub: Hub, line: str = "") -> FakeClient:
        """
        @return: the client of somebody who typed this at the prompt, before the log has answered.
        """
        return logIn(hub, line or f"Ann {self.secret}")

    def test_registeredThere(self) -> None:
        """
        An account that was registered at one node owns its name at the other, and is logged in to
        there.
        """
        self.types(self.ann, "/quit")
        self.assertIsInstance(self.enter(self.there, "\uff21nn").loginError, NameTaken)
        self.types(self.bob, "/nick Ann")
        self.assertIn("Ann is registered", self.bob.lines[-1])
        self.forget()
        again = self.logIn(self.there)
        self.turn()
        self.assertIsNone(again.loginError)
        self.assertEqual(self.bob.lines, ["* Ann is now connected"])
        self.assertEqual(sorted(self.here.users), ["Ann", "Bob"])
        self.assertTrue(self.here.users["Ann"].isRegistered)

    def test_registeredAtOnce(self) -> None:
        """
        A registration that follows that of a lookalike in the log is refused with the reason, and
        leaves no trace.
        """
        for hub, sid, name in ((self.here, "s1", "ooo"), (self.there, "s2", "\u03bf\u03bf\u03bf")):
            hub.log.append(registration(sid, name), None)
        cem = self.enter(self.there, "Cem")
        self.assertIsNone(cem.loginError)
        for hub in (self.here, self.there):
            owner = hub.state.law.lookalike(["ooo"])
            assert owner is not None
            self.assertEqual((owner.who, owner.name), ("s1", "ooo"))
            self.assertFalse(hub.state.law.isAccount("s2"))

    def test_loserIsTold(self) -> None:
        """
        A guest who registers the lookalike of a name registered in the same turn stays a guest, and
        can choose another name.
        """
        cem = self.enter(self.there, "\u03bf\u03bf\u03bf")
        self.here.log.append(registration("s1", "ooo"), None)
        cem.types("/register")
        self.turn()
        self.assertIn("! ooo is registered", cem.lines[-1])
        self.assertFalse(cem.user.member.isRegistered or cem.user.isProved)
        self.types(cem, "/nick Cem", "/register")
        self.assertIn("Cem is yours", cem.lines[-1])

    def test_oneAfterTheOther(self) -> None:
        """
        A user with a connection at each node is one member, and each connection hears the rooms.
        """
        again = self.logIn(self.there)
        self.turn()
        self.forget()
        self.assertEqual(self.bob.lines, [])
        for hub in (self.here, self.there):
            self.assertEqual(sorted(hub.users), ["Ann", "Bob"])
            self.assertEqual(len(hub.lobby), 2)
        self.types(again, "/join #dev", "hi")
        self.assertEqual(self.ann.lines, ["* Ann has joined #dev", "#dev Ann :: hi"])
        self.types(self.bob, "/msg Ann psst")
        self.assertEqual(self.ann.lines[-1], again.lines[-1])
        self.types(self.ann, "/nick Anna")
        self.assertEqual(again.user.name, "Anna")

    def test_inOneTurn(self) -> None:
        """
        A user who logs in at both nodes in one turn is one member who joined once.
        """
        self.types(self.ann, "/quit")
        self.forget()
        clients = [self.logIn(hub) for hub in (self.here, self.there)]
        self.turn()
        self.assertEqual(self.bob.lines, ["* Ann is now connected"])
        for hub, client in zip((self.here, self.there), clients, strict=True):
            self.assertEqual(client.lines, [CONNECTED])
            self.assertEqual((sorted(hub.users), len(hub.lobby)), (["Ann", "Bob"], 2))
            self.assertIs(client.user.member, hub.users["Ann"])
        self.types(clients[0], "hi")
        self.assertEqual(clients[1].lines[-1], "Ann :: hi")
        self.types(clients[1], "hello")
        self.assertEqual(clients[0].lines[-1], "Ann :: hello")

    def test_leavesOneNode(self) -> None:
        """
        A user who leaves over one node stays over the other, with their rooms.
        """
        again = self.logIn(self.there)
        self.turn()
        self.types(again, "/join #dev")
        third = self.logIn(self.there)
        self.turn()
        for client in (again, third):
            client.forget()
        self.types(self.ann, "/quit")
        for hub in (self.here, self.there):
            self.assertEqual((sorted(hub.users), len(hub.lobby)), (["Ann", "Bob"], 2))
            self.assertEqual(len(hub.rooms["#dev"]), 1)
        for client, speaks in ((again, third), (third, again)):
            self.types(client, "hi")
            self.assertEqual(client.lines[-1], "OK . .")
            self.assertIn("Ann :: hi", speaks.lines[-1])
        self.assertEqual(again.user.current.name, "#dev")
        self.bob.forget()
        self.types(again, "/quit")
        self.types(third, "/quit")
        self.assertEqual(self.bob.lines, ["* Ann has left"])
        self.assertEqual(list(self.here.users), ["Bob"])

    def test_lostWhileReturning(self) -> None:
        """
        A user who leaves over one node, and loses the other connection just then, is gone.
        """
        again = self.logIn(self.there)
        self.turn()
        self.ann.types("/quit")
        again.drops()
        self.turn()
        self.assertEqual((list(self.here.users), list(self.there.users)), (["Bob"], ["Bob"]))
        again = self.logIn(self.there)
        self.turn()
        self.assertIsNone(again.loginError)

    def test_marks(self) -> None:
        """
        A read mark that is set at one node is told to the devices at the other.
        """
        here = prove(self.here, "Ann", self.secret)
        there = prove(self.there, "Ann", self.secret)
        self.types(self.bob, "hi")
        here.forget()
        there.forget()
        last = self.here.lastId
        here.asks("read", room="#lobby", id=last)
        self.turn()
        self.assertEqual(there.objects, [{"type": "read", "room": "#lobby", "id": last}])
        self.assertEqual(here.objects, [])
