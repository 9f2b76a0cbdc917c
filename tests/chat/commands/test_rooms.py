# -*- test-case-name: tests.chat.commands.test_rooms -*-
"""
Tests for L{twisted_chat.chat.commands.rooms}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import (
    Clerk,
    FakeClient,
    enter,
    enterAll,
    makeHub,
    makeTurnHub,
    resume,
    useZone,
)
from twisted_chat.chat.commands import rooms
from twisted_chat.chat.commands.rooms import MAX_PASSWORD, MAX_PRIVATE, MAX_ROOMS, MAX_TOPIC
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.wire.events import LOCKED, lockedFor
from twisted_chat.wire.jsonlines import JSON


class JoiningTests(SynchronousTestCase):
    """
    C{/join} and C{/leave}.
    """

    def setUp(self) -> None:
        useZone(self, "UTC0")
        self.hub = makeHub()
        self.ann, self.bob = enterAll(self.hub, "Ann", "Bob")

    def forget(self) -> None:
        """
        Look only at what comes from now on.
        """
        self.ann.forget()
        self.bob.forget()

    def test_join(self) -> None:
        """
        A user who joins is told where they are and speaks there from now on; its members are told.
        """
        self.ann.types("/join #dev")
        self.assertEqual(self.ann.lines, ["* You are in #dev (1 here)"])
        self.bob.types("/join #dev")
        self.assertEqual(self.ann.lines[1:], ["* Bob has joined #dev"])
        self.assertEqual(self.bob.lines, ["* You are in #dev (2 here)"])
        self.forget()
        self.bob.types("hello")
        self.assertEqual(self.ann.lines, ["Bob :: hello"])

    def test_joinShowsWhatWasSaid(self) -> None:
        """
        A user who joins is shown the topic and what was last said there.
        """
        self.ann.types("/join #dev", "/topic tests", *(f"line {n}" for n in range(30)))
        self.bob.types("/join #dev")
        self.assertEqual(self.bob.lines[0], "* You are in #dev (2 here): tests")
        self.assertEqual(len(self.bob.lines), 21)
        self.assertRegex(self.bob.lines[-1], r"\A\* \d\d:\d\d Ann :: line 29\Z")

    def test_joinAndSayInOneTurn(self) -> None:
        """
        What is typed right after /join is said in the new room.
        """
        hub, turn = makeTurnHub()
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob")
        bob.types("/join #dev")
        turn.end()
        ann.forget()
        bob.forget()
        ann.types("/join #dev", "hello", "/names")
        turn.end()
        self.assertEqual(bob.lines, ["* Ann has joined #dev", "Ann :: hello"])
        self.assertEqual(
            ann.lines, ["* You are in #dev (2 here)", "OK . .", "* 2 in #dev: Ann, Bob"]
        )

    def test_nameAndJoinInOneTurn(self) -> None:
        """
        A user who joins in the same turn in which they enter is told of both.
        """
        hub, turn = makeTurnHub()
        ann = enter(hub, "Ann")
        ann.types("/join #dev", "hello")
        turn.end()
        self.assertEqual(
            ann.lines,
            ["Connected... Start sending messages", "* You are in #dev (1 here)", "OK . ."],
        )

    def test_joinAgain(self) -> None:
        """
        To join a room that one is in makes it the current one; nobody is told.
        """
        self.ann.types("/join #dev")
        self.bob.types("/join #dev", "/join #lobby")
        self.forget()
        self.bob.types("/join #dev", "back")
        self.assertEqual(self.bob.lines, ["* You are in #dev (2 here)", "OK . ."])
        self.assertEqual(self.ann.lines, ["Bob :: back"])

    def test_otherRoomsAreMarked(self) -> None:
        """
        What is said in another than one's current room is marked with it, both ways.
        """
        self.ann.types("/join #dev")
        self.bob.types("/join #dev", "/join #lobby")
        self.forget()
        self.ann.types("dev?", "/me waves")
        self.bob.types("lobby!")
        self.assertEqual(self.bob.lines, ["#dev Ann :: dev?", "* #dev Ann waves", "OK . ."])
        self.assertEqual(self.ann.lines, ["OK . .", "OK . .", "#lobby Bob :: lobby!"])

    def test_leave(self) -> None:
        """
        A user who leaves their current room is in the lobby again, and hears no more of it.
        """
        self.ann.types("/join #dev")
        self.bob.types("/join #dev")
        self.forget()
        self.bob.types("/leave")
        self.ann.types("hello")
        self.assertEqual(self.bob.lines, ["* You are in #lobby (2 here)"])
        self.assertEqual(self.ann.lines, ["* Bob has left #dev", "OK . ."])

    def test_leaveAnother(self) -> None:
        """
        One may leave another of one's rooms, and stays where one is.
        """
        self.ann.types("/join #a", "/join #b")
        self.forget()
        self.ann.types("/leave #A")
        self.assertEqual(self.ann.lines, ["* You have left #a"])
        self.assertEqual([room.name for room in self.ann.user.rooms], ["#lobby", "#b"])

    def test_leaveAndJoinInOneTurn(self) -> None:
        """
        A user who leaves and joins again at once is in the room, once.
        """
        hub, turn = makeTurnHub()
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob")
        ann.types("/join #dev")
        turn.end()
        ann.types("/leave", "/join #dev", "hello")
        turn.end()
        bob.types("/join #dev")
        turn.end()
        self.assertEqual(set(hub.rooms["#dev"]), {ann.user.member, bob.user.member})
        self.assertEqual(ann.lines[-1], "* Bob has joined #dev")

    def test_leaveRefused(self) -> None:
        """
        Nobody leaves the lobby but by /quit, or a room that they are not in.
        """
        self.ann.types("/leave", "/leave #lobby", "/leave #dev", "/leave dev")
        self.assertEqual([line[0] for line in self.ann.lines], ["!"] * 4)
        self.assertIn("/quit", self.ann.lines[0])
        self.assertIn("#dev", self.ann.lines[2])

    def test_badRoom(self) -> None:
        """
        A name that is none for a room, or too many words, is refused with what to do.
        """
        self.ann.types(
            "/join dev", "/join #", "/join #a b c", "/join #a " + "k" * (MAX_PASSWORD + 1)
        )
        self.assertEqual([line[0] for line in self.ann.lines], ["!"] * 4)
        self.assertIn("begin with #", self.ann.lines[0])
        self.assertEqual(list(self.hub.rooms), ["#lobby"])

    def test_mostRooms(self) -> None:
        """
        One person is in at most 32 rooms.
        """
        self.ann.isTrusted = True
        self.ann.types(*(f"/join #room{number}" for number in range(MAX_ROOMS)))
        self.assertEqual(len(self.ann.user.rooms), MAX_ROOMS)
        self.assertRegex(self.ann.lines[-1], "! you are in 32 rooms")
        self.ann.types("/leave", "/join #another")
        self.assertEqual(self.ann.user.current.name, "#another")

    def test_json(self) -> None:
        """
        A program is told its new current room, and its own move as an event: after C{/join} what
        was before it comes first, as everywhere.
        """
        cem = enter(self.hub, "Cem", JSON)
        cem.forget()
        cem.asks("command", line="/join #dev")
        self.assertEqual([value["type"] for value in cem.objects], ["created", "room", "joined"])
        self.assertEqual(cem.objectsOf("joined")[0]["name"], "Cem")
        cem.forget()
        cem.asks("command", line="/leave")
        self.assertEqual([value["type"] for value in cem.objects], ["left", "room"])


class TopicTests(SynchronousTestCase):
    """
    C{/topic}.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.ann, self.bob = enterAll(self.hub, "Ann", "Bob")

    def test_set(self) -> None:
        """
        A topic is told to all in the room, and can be asked for.
        """
        self.ann.types("/topic all about tests")
        told = ["* Ann set the topic of #lobby: all about tests"]
        self.assertEqual((self.ann.lines, self.bob.lines), (told, told))
        self.bob.types("/topic")
        self.assertEqual(self.bob.lines[1:], ["* #lobby is about all about tests"])

    def test_none(self) -> None:
        """
        A room without a topic says how to set one.
        """
        self.ann.types("/topic")
        self.assertIn("/topic TEXT", self.ann.lines[0])

    def test_long(self) -> None:
        """
        A topic has a bound.
        """
        self.ann.types("/topic " + "x" * (MAX_TOPIC + 1))
        self.assertIn(str(MAX_TOPIC), self.ann.lines[0])
        self.ann.types("/topic " + "x" * MAX_TOPIC)
        self.assertEqual(len(self.hub.lobby.topic), MAX_TOPIC)

    def test_keepsTheRoom(self) -> None:
        """
        A room with a topic is kept when everybody has left it.
        """
        self.ann.types("/join #dev", "/topic tests", "/leave")
        self.assertEqual(self.hub.rooms["#dev"].topic, "tests")


class PrivateTests(SynchronousTestCase):
    """
    Private rooms: by key, by invitation.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.ann, self.bob, self.cem = enterAll(self.hub, "Ann", "Bob", "Cem")

    def forget(self) -> None:
        """
        Look only at what comes from now on.
        """
        for client in (self.ann, self.bob, self.cem):
            client.forget()

    def test_key(self) -> None:
        """
        A room made with a key is entered with it, and heard by its members only.
        """
        self.ann.types("/join #den sesame")
        self.bob.types("/join #den", "/join #den wrong", "/join #den sesame")
        self.assertEqual([line[0] for line in self.bob.lines], ["!", "!", "*"])
        self.forget()
        self.ann.types("secret", "/topic hush", "/me nods")
        self.assertEqual(len(self.bob.lines), 3)
        self.assertEqual(self.cem.lines, [])

    def test_privateRoomsAreBounded(self) -> None:
        """
        One person has made at most so many private rooms, also those they have left; others may go
        on, and who opens one may make another.
        """
        for number in range(MAX_PRIVATE - 1):
            self.ann.types(f"/join #den{number}x sesame", "/leave")
        self.ann.types("/join #own", "/lock", "/lock another", "/join #open")
        self.forget()
        self.ann.types("/join #more sesame", "/lock")
        refusal = f"! you have {MAX_PRIVATE} private rooms, which is the most: /unlock one first"
        self.assertEqual(self.ann.lines, [refusal] * 2)
        self.assertNotIn("#more", self.hub.rooms)
        self.assertFalse(self.hub.rooms["#open"].private)
        self.bob.types("/join #more sesame")
        self.assertTrue(self.hub.rooms["#more"].private)
        self.ann.types("/join #own", "/unlock", "/join #late sesame")
        self.assertTrue(self.hub.rooms["#late"].private)

    def test_keyIsNotShown(self) -> None:
        """
        Nobody is shown the key or its hash, and the log does not hold the key.
        """
        dai = enter(self.hub, "Dai", JSON)
        dai.asks("command", line="/join #den sesame")
        self.ann.types("/join #den sesame")
        passwordHash = self.hub.rooms["#den"].era.passwordHash
        assert passwordHash is not None
        self.assertNotIn("sesame", passwordHash)
        for client in (dai, self.ann):
            self.assertNotIn("sesame", "".join(client.lines))
            self.assertNotIn(passwordHash[:16], "".join(client.lines))

    def test_invite(self) -> None:
        """
        An invited person is told so and may enter without a key.
        """
        self.ann.types("/join #den", "/lock")
        self.bob.types("/join #den")
        self.assertIn("! #den is private", self.bob.lines[0])
        self.forget()
        self.ann.types("/invite bob")
        self.assertEqual(self.bob.lines, ["* Ann invited Bob to #den"])
        self.assertEqual(self.cem.lines, [])
        self.bob.types("/join #den")
        self.assertEqual(self.bob.lines[-1], "* You are in #den (2 here)")
        self.assertEqual(self.cem.lines, [])

    def test_inviteRefused(self) -> None:
        """
        People who are not here, or are in the room already, cannot be invited.
        """
        self.ann.types("/join #den", "/invite Dai", "/invite Ann")
        self.assertIn("nobody of this name", self.ann.lines[1])
        self.assertIn("Ann is in #den already", self.ann.lines[2])

    def test_lock(self) -> None:
        """
        The owner may lock a room: those in it stay, and whoever is or goes out needs the password;
        the owner never does.
        """
        self.ann.types("/join #den")
        self.bob.types("/join #den")
        self.ann.types("/lock sesame", "/leave", "/join #den")
        self.assertEqual(self.ann.user.current.name, "#den")
        self.assertIn("* Ann made #den private", self.bob.lines)
        self.bob.types("/leave", "/join #den")
        self.assertEqual(self.bob.user.current.name, "#lobby")
        self.cem.types("/join #den")
        self.assertEqual(self.cem.user.current.name, "#lobby")
        self.cem.types("/join #den sesame")
        self.assertEqual(self.cem.user.current.name, "#den")

    def test_unlock(self) -> None:
        """
        The maker of a room may open it to everybody.
        """
        self.ann.types("/join #den sesame", "/unlock")
        self.assertEqual(self.ann.lines[-2], "* Ann opened #den to everybody")
        self.assertIn("readable for its members of then alone", self.ann.lines[-1])
        self.cem.types("/join #den")
        self.assertEqual(self.cem.user.current.name, "#den")

    def test_onlyItsMaker(self) -> None:
        """
        Only who made a room may lock and open it; nobody made the lobby.
        """
        self.ann.types("/join #den", "/join #lobby", "/lock", "/unlock")
        self.bob.types("/join #den", "/lock", "/unlock")
        for client in (self.ann, self.bob):
            refused = [line for line in client.lines if line.startswith("! only the owner of")]
            self.assertEqual(len(refused), 2)
        self.assertFalse(self.hub.lobby.private)

    def test_badKey(self) -> None:
        """
        A password is one word of bounded length.
        """
        self.ann.types(
            "/join #den", "/lock two words", "/lock " + "k" * (MAX_PASSWORD + 1), "/lock short"
        )
        self.assertEqual([line[:13] for line in self.ann.lines[1:]], ["! a password "] * 3)
        self.assertFalse(self.hub.rooms["#den"].private)

    def test_privateRoomIsKept(self) -> None:
        """
        A private room stays private when everybody has left it.
        """
        self.ann.types("/join #den sesame", "/leave")
        self.bob.types("/join #den")
        self.assertIn("! #den is private", self.bob.lines[0])

    def test_historyOfMembersOnly(self) -> None:
        """
        What was said in a private room is found and shown by its members only.
        """
        self.ann.types("/join #den sesame", "the treasure")
        self.forget()
        self.bob.types("/search treasure", "/search treasure in:#den", "/names #den", "/rooms")
        self.assertEqual(self.bob.lines[0], "* Nothing found")
        self.assertIn("! there is no room #den", self.bob.lines[1])
        self.assertIn("! there is no room #den", self.bob.lines[2])
        self.assertNotIn("treasure", "".join(self.bob.lines))
        self.assertEqual([line for line in self.bob.lines[3:] if "#den" in line], [])
        self.ann.types("/search treasure", "/history")
        self.assertIn("the treasure", self.ann.lines[0])
        self.assertIn("the treasure", self.ann.lines[1])
        self.ann.forget()
        self.ann.types("/leave", "/search treasure")
        self.assertEqual(self.ann.lines[-1], "* Nothing found")

    def test_jsonCannotReadIt(self) -> None:
        """
        A program cannot read a private room by naming it.
        """
        self.ann.types("/join #den sesame", "the treasure")
        eve = enter(self.hub, "Eve", JSON)
        eve.forget()
        eve.asks("history", room="#den", key="k1")
        eve.asks("say", room="#den", text="let me in", key="k2")
        eve.asks("search", words="treasure", key="k3")
        self.assertEqual([value["type"] for value in eve.objects], ["error", "error", "history"])
        self.assertEqual(eve.objects[2]["events"], [])


class ReturnTests(SynchronousTestCase):
    """
    Sessions that come back to private rooms.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.ann, self.bob = (enter(self.hub, name, JSON) for name in ("Ann", "Bob"))

    def back(self, client: FakeClient) -> FakeClient:
        """
        @return: the client that goes on with a session, whose connection is lost.
        """
        if not client.closed:
            client.drops()
        last = max(value["id"] for value in client.objects if "id" in value)
        return resume(self.hub, client.objects[0], last)

    def roomsOf(self, client: FakeClient) -> list[str]:
        """
        @return: the rooms that the welcome names.
        """
        return [room["name"] for room in client.objects[0]["rooms"]]

    def test_memberComesBack(self) -> None:
        """
        A member of a private room comes back into it, by key or because they were in it when it was
        locked.
        """
        self.ann.asks("command", line="/join #den sesame")
        self.bob.asks("command", line="/join #den sesame")
        self.ann.asks("say", text="before")
        self.bob.drops()
        self.ann.asks("say", text="meanwhile")
        again = self.back(self.bob)
        self.assertEqual(self.roomsOf(again), ["#lobby", "#den"])
        self.assertEqual([v["text"] for v in again.objectsOf("said")], ["meanwhile"])

    def restart(self) -> None:
        """
        Start the server anew over what it has stored.
        """
        self.hub = makeHub(self.hub.log)  # type: ignore[arg-type]
        self.successResultOf(Deferred.fromCoroutine(self.hub.restore()))

    def test_memberComesBackAfterARestart(self) -> None:
        """
        A member of a private room comes back into it though the server was started anew.
        """
        self.ann.asks("command", line="/join #den")
        self.bob.asks("command", line="/join #den")
        self.ann.asks("command", line="/lock sesame")
        self.restart()
        again = self.back(self.bob)
        self.assertEqual(self.roomsOf(again), ["#lobby", "#den"])

    def test_lockNamesSoMany(self) -> None:
        """
        A lock names its members for a restart, but no more of them than fit into an event of a
        bounded size; all of them stay members.
        """
        self.patch(rooms, "LISTED", 1)
        self.ann.asks("command", line="/join #den")
        self.bob.asks("command", line="/join #den")
        self.ann.asks("command", line="/lock")
        record = self.successResultOf(self.hub.log.stateAfter(0, 100))
        [locked] = [event for event in record if event.kind == LOCKED]
        _, _, named = lockedFor(locked)
        self.assertEqual(len(named), 1)
        self.bob.drops()
        self.assertEqual(self.roomsOf(self.back(self.bob)), ["#lobby", "#den"])

    def test_ownerComesBackAfterARestart(self) -> None:
        """
        The owner of a private room is its owner though the server was started anew.
        """
        self.ann.asks("command", line="/join #den")
        self.ann.asks("command", line="/lock")
        self.restart()
        again = self.back(self.ann)
        again.asks("command", line="/unlock")
        self.assertFalse(self.hub.rooms["#den"].private)

    def test_passwordForAPublicRoom(self) -> None:
        """
        A user who names a password for an open room is told that it is open, and stays outside.
        """
        self.bob.asks("command", line="/join #den")
        self.bob.drops()
        self.ann.forget()
        self.ann.asks("command", line="/join #den sesame")
        self.ann.asks("say", text="secret")
        self.assertIn("is open to everybody", self.ann.objects[0]["text"])
        again = self.back(self.bob)
        self.assertEqual(self.roomsOf(again), ["#lobby", "#den"])
        self.assertEqual([v["room"] for v in again.objectsOf("said")], ["#lobby"])

    def test_strangerDoesNot(self) -> None:
        """
        A member of a former room of this name does not come into another, private one, and neither
        hears nor is shown anything of it.
        """
        self.bob.asks("command", line="/join #den")
        self.bob.asks("command", line="/leave")
        self.ann.asks("command", line="/join #den sesame")
        self.ann.asks("say", text="secret")
        again = self.back(self.bob)
        self.ann.asks("say", text="secret too")
        self.assertEqual(self.roomsOf(again), ["#lobby"])
        self.assertNotIn("secret", "".join(again.lines))

    def test_lockedMeanwhile(self) -> None:
        """
        A member who was away when a room was locked needs the password like everybody.
        """
        self.ann.asks("command", line="/join #den")
        self.bob.asks("command", line="/join #den")
        self.bob.drops()
        self.ann.asks("command", line="/lock sesame")
        again = self.back(self.bob)
        self.assertEqual(self.roomsOf(again), ["#lobby"])
        again.asks("command", line="/join #den sesame")
        self.assertEqual(again.user.current.name, "#den")

    def test_unaddressedWordsStayUnsaid(self) -> None:
        """
        A user whose current room is shut is told so before a word of theirs goes elsewhere.
        """
        self.ann.asks("command", line="/join #den")
        self.bob.asks("command", line="/join #den")
        self.bob.drops()
        self.ann.asks("command", line="/lock sesame")
        again = self.back(self.bob)
        again.asks("say", text="for the den", key="k1")
        again.asks("say", text="for all", key="k2")
        self.assertIn("is not open to you any more", again.objectsOf("error")[0]["text"])
        self.assertEqual([value["key"] for value in again.objectsOf("ok")], ["k2"])

    def test_emptyPublicRoomWaits(self) -> None:
        """
        A public room that everybody was cut off from is there for their return, and still its
        owner's.
        """
        self.bob.asks("command", line="/join #dev")
        again = self.back(self.bob)
        self.assertEqual(self.roomsOf(again), ["#lobby", "#dev"])
        again.asks("command", line="/lock")
        self.assertTrue(self.hub.rooms["#dev"].private)


class KickTests(SynchronousTestCase):
    """
    C{/kick}.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.ann, self.bob, self.cem = enterAll(self.hub, "Ann", "Bob", "Cem")
        self.ann.types("/join #den sesame")
        self.bob.types("/join #den sesame")
        self.ann.forget()
        self.bob.forget()

    def test_kick(self) -> None:
        """
        The owner removes somebody, who is told by whom and why and hears no more.
        """
        self.ann.types("/kick Bob loud music", "better")
        told = "* Ann removed Bob from #den: loud music"
        self.assertEqual(self.ann.lines, [told, "OK . ."])
        self.assertEqual(self.bob.lines, [told, "* You are in #lobby (3 here)"])
        self.assertEqual(self.bob.user.current.name, "#lobby")

    def test_nextWord(self) -> None:
        """
        What the removed person types next is not said in the lobby before they know.
        """
        self.ann.types("/kick Bob")
        self.bob.types("still secret", "Hello!")
        self.assertIn("! you were removed from #den", self.bob.lines[2])
        self.assertEqual(self.cem.lines[-1:], ["Bob :: Hello!"])
        self.assertNotIn("still secret", "".join(self.cem.lines))

    def test_staysOut(self) -> None:
        """
        The removed person stays out with the old password, until they are invited or the room's
        password is changed.
        """
        self.ann.types("/kick Bob")
        self.bob.types("/join #den sesame")
        self.assertEqual(self.bob.user.current.name, "#lobby")
        self.ann.types("/invite Bob")
        self.bob.types("/join #den")
        self.assertEqual(self.bob.user.current.name, "#den")
        self.ann.types("/kick Bob", "/lock another")
        self.bob.types("/join #den sesame")
        self.assertEqual(self.bob.user.current.name, "#lobby")
        self.bob.types("/join #den another")
        self.assertEqual(self.bob.user.current.name, "#den")

    def test_refused(self) -> None:
        """
        Only the owner removes people, only from the room, and not themselves.
        """
        self.bob.types("/kick Ann")
        self.assertIn("! /kick is for those who keep order in #den", self.bob.lines[0])
        self.ann.types("/kick Ann", "/kick Cem", "/kick Dai", "/join #lobby", "/kick Bob")
        refused = [line for line in self.ann.lines if line[:2] == "! "]
        self.assertEqual(len(refused), 4)
        self.assertIn(self.bob.user.member, self.hub.rooms["#den"])

    def test_program(self) -> None:
        """
        A program reads who removed whom, and why.
        """
        dai = enter(self.hub, "Dai", JSON)
        dai.asks("command", line="/join #den sesame")
        dai.forget()
        self.ann.types("/kick Bob spam")
        (left,) = dai.objects
        self.assertEqual(
            (left["type"], left["name"], left["by"], left["text"], left["room"]),
            ("left", "Bob", "Ann", "spam", "#den"),
        )


class PasswordTests(SynchronousTestCase):
    """
    Guessing the password of a room.
    """

    def setUp(self) -> None:
        self.now = 0.0
        self.clerk = Clerk()
        self.hub = makeHub(monotonic=lambda: self.now, audit=self.clerk)
        self.ann, self.bob = enterAll(self.hub, "Ann", "Bob")
        self.ann.types("/join #den sesame")
        self.ann.forget()

    def test_pause(self) -> None:
        """
        After three wrong passwords each further one waits twice as long, whoever tries from that
        address; the owner and the operator are told.
        """
        self.bob.types(*(f"/join #den guess{number}" for number in range(5)))
        self.assertEqual([line[:18] for line in self.bob.lines[:3]], ["! #den is private:"] * 3)
        self.assertIn("try again in 1 s", self.bob.lines[3])
        self.bob.forget()
        enter(self.hub, "Cem").types("/join #den sesame")
        self.assertEqual(len(self.hub.rooms["#den"]), 1)
        self.now += 1
        self.bob.types("/join #den guess5", "/join #den guess6")
        self.assertIn("try again in 2 s", self.bob.lines[2])
        self.now += 2
        self.bob.types("/join #den sesame")
        self.assertEqual(self.bob.user.current.name, "#den")
        told = [line for line in self.ann.lines if "wrong password" in line]
        self.assertEqual(told, ["* Bob gave a wrong password for #den (1 so far)"])
        logged = [entry for entry in self.clerk.entries if "wrong password" in entry[0]]
        self.assertEqual(len(logged), 4)
        self.assertEqual(logged[-1][0], "Bob gave a wrong password for a private room (4 so far)")
        self.assertNotIn("#den", str(self.clerk.entries))

    def test_otherAddress(self) -> None:
        """
        Others are not kept waiting for it.
        """
        self.bob.types(*(f"/join #den guess{number}" for number in range(5)))
        cem = FakeClient(self.hub, address="198.51.100.1:5")
        cem.login(LoginRequest("Cem"))
        cem.types("/join #den sesame")
        self.assertEqual(cem.user.current.name, "#den")
