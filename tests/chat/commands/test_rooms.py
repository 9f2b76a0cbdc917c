# -*- test-case-name: tests.chat.commands.test_rooms -*-
"""
Tests for L{twisted_chat.chat.commands.rooms}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import CONNECTED, enter, enterAll, makeHub, makeTurnHub, useZone
from twisted_chat.chat.commands.rooms import MAX_PASSWORD, MAX_ROOMS, MAX_TOPIC
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
        A user who joins is shown the topic and the last messages of the room.
        """
        self.ann.types("/join #dev", "/topic tests", *(f"line {n}" for n in range(30)))
        self.bob.types("/join #dev")
        self.assertEqual(self.bob.lines[0], "* You are in #dev (2 here): tests")
        self.assertEqual(len(self.bob.lines), 21)
        self.assertRegex(self.bob.lines[-1], r"\A\* \d\d:\d\d Ann :: line 29\Z")

    def test_joinAndSayInOneTurn(self) -> None:
        """
        A line that is typed right after C{/join} is said in the new room.
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
            [CONNECTED, "* You are in #dev (1 here)", "OK . ."],
        )

    def test_joinAgain(self) -> None:
        """
        Joining a room again makes it the current one, and is told to nobody.
        """
        self.ann.types("/join #dev")
        self.bob.types("/join #dev", "/join #lobby")
        self.forget()
        self.bob.types("/join #dev", "back")
        self.assertEqual(self.bob.lines, ["* You are in #dev (2 here)", "OK . ."])
        self.assertEqual(self.ann.lines, ["Bob :: back"])

    def test_otherRoomsAreMarked(self) -> None:
        """
        A message in another than the current room is marked with it, both ways.
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
        A user who leaves another of their rooms stays where they are.
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
        The lobby is left by C{/quit} alone, and a room that the user is not in is not left.
        """
        self.ann.types("/leave", "/leave #lobby", "/leave #dev", "/leave dev")
        self.assertEqual([line[0] for line in self.ann.lines], ["!"] * 4)
        self.assertIn("/quit", self.ann.lines[0])
        self.assertIn("#dev", self.ann.lines[2])

    def test_badRoom(self) -> None:
        """
        A room name that breaks a rule, or too many words, is refused with what to do.
        """
        self.ann.types(
            "/join dev", "/join #", "/join #a b c", "/join #a " + "k" * (MAX_PASSWORD + 1)
        )
        self.assertEqual([line[0] for line in self.ann.lines], ["!"] * 4)
        self.assertIn("begin with #", self.ann.lines[0])
        self.assertEqual(list(self.hub.rooms), ["#lobby"])

    def test_mostRooms(self) -> None:
        """
        A user is in at most 32 rooms.
        """
        self.ann.isTrusted = True
        self.ann.types(*(f"/join #room{number}" for number in range(MAX_ROOMS)))
        self.assertEqual(len(self.ann.user.rooms), MAX_ROOMS)
        self.assertRegex(self.ann.lines[-1], "! you are in 32 rooms")
        self.ann.types("/leave", "/join #another")
        self.assertEqual(self.ann.user.current.name, "#another")

    def test_json(self) -> None:
        """
        A program is told its new current room, and its own move as an event: after C{/join} the
        messages of before come first, as everywhere.
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
        A room without a topic answers how to set one.
        """
        self.ann.types("/topic")
        self.assertIn("/topic TEXT", self.ann.lines[0])

    def test_long(self) -> None:
        """
        A topic is bounded.
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
        The owner removes a member, who is told by whom and why and hears no more.
        """
        self.ann.types("/kick Bob loud music", "better")
        told = "* Ann removed Bob from #den: loud music"
        self.assertEqual(self.ann.lines, [told, "OK . ."])
        self.assertEqual(self.bob.lines, [told, "* You are in #lobby (3 here)"])
        self.assertEqual(self.bob.user.current.name, "#lobby")

    def test_nextWord(self) -> None:
        """
        The next line of a removed member is not said in the lobby before they know.
        """
        self.ann.types("/kick Bob")
        self.bob.types("still secret", "Hello!")
        self.assertIn("! you were removed from #den", self.bob.lines[2])
        self.assertEqual(self.cem.lines[-1:], ["Bob :: Hello!"])
        self.assertNotIn("still secret", "".join(self.cem.lines))

    def test_staysOut(self) -> None:
        """
        A removed member stays out with the old password, until they are invited or the room's
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
        Only the owner removes members, only from the room, and not themselves.
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
