# -*- test-case-name: tests.chat.commands.test_queries -*-
"""
Tests for L{twisted_chat.chat.commands.queries}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import NOW, FakeClient, enter, enterAll, makeHub, makeTurnHub, useZone
from twisted_chat.chat.commands.queries import MAX_EVENTS, parseQuery
from twisted_chat.chat.quotas import CHANGES
from twisted_chat.errors import BadCommand, NoHistory
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import Event, Place, Query, Scope
from twisted_chat.wire.jsonlines import JSON


class PeopleTests(SynchronousTestCase):
    """
    C{/names} and C{/who}.
    """

    def setUp(self) -> None:
        useZone(self, "UTC0")
        self.now = NOW
        self.hub = makeHub(seconds=lambda: self.now)
        self.bob, self.ann = enterAll(self.hub, "bob", "Ann")
        self.bob.forget()

    def test_names(self) -> None:
        """
        The members of the current room are listed by name, whatever its case, and counted.
        """
        enter(self.hub, "Cem")
        self.ann.forget()
        self.ann.types("/names")
        self.assertEqual(self.ann.lines, ["* 3 in #lobby: Ann, bob, Cem"])

    def test_unreachable(self) -> None:
        """
        A user who has acknowledged nothing for a while is marked, for people and programs.
        """
        self.bob.unreachable = True
        self.ann.types("/names", "/who bob")
        self.assertEqual(self.ann.lines[0], "* 2 in #lobby: Ann, bob (not answering)")
        self.assertTrue(self.ann.lines[1].endswith(", not answering: the connection may be lost"))
        cem = enter(self.hub, "Cem", JSON)
        cem.forget()
        cem.asks("names")
        cem.asks("who", name="bob")
        cem.asks("who", name="Ann")
        names, bob, ann = cem.objects
        self.assertEqual(names["unreachable"], ["bob"])
        self.assertEqual((bob["unreachable"], "unreachable" in ann), (True, False))

    def test_otherRoom(self) -> None:
        """
        Another room may be named, in any spelling that finds it.
        """
        self.bob.types("/join #dev")
        self.ann.types("/names #DEV", "/names #other", "/names dev")
        self.assertEqual(self.ann.lines[0], "* 1 in #dev: bob")
        self.assertIn("! there is no room #other that you can see", self.ann.lines[1])
        self.assertIn("begin with #", self.ann.lines[2])

    def test_manyNames(self) -> None:
        """
        The first 200 of a crowd are named, on lines of bounded length.
        """
        for number in range(300):
            enter(self.hub, f"someone{number}")
        self.ann.forget()
        self.ann.types("/names")
        self.assertTrue(self.ann.lines[0].startswith("* 302 in #lobby: Ann, bob, "))
        self.assertTrue(self.ann.lines[-1].endswith(" and 102 more"))
        self.assertTrue(all(len(line) <= 402 for line in self.ann.lines))
        self.assertEqual(" ".join(self.ann.lines).count("someone"), 198)

    def test_who(self) -> None:
        """
        C{/who} tells since when a user is here, in which rooms, and how long they are quiet.
        """
        self.now += 59
        self.ann.types("/who BOB")
        self.assertEqual(self.ann.lines, ["* bob is here since 2025-11-22 14:33, in #lobby"])
        self.now += 60 * 7
        self.ann.types("/who bob")
        self.assertTrue(self.ann.lines[1].endswith(", in #lobby, quiet for 7 min"))
        self.bob.types("hello")
        self.ann.forget()
        self.ann.types("/who bob")
        self.assertTrue(self.ann.lines[0].endswith(", in #lobby"))

    def test_whoSaidAgain(self) -> None:
        """
        An old message sent again does not change when its author last spoke.
        """
        program = enter(self.hub, "Bot", JSON)
        program.user.say("first", key="k1")
        self.now += 60 * 9
        program.user.say("second", key="k2")
        program.user.say("first", key="k1")
        self.ann.forget()
        self.ann.types("/who Bot")
        self.assertNotIn("quiet", self.ann.lines[0])

    def test_whoPrivate(self) -> None:
        """
        A private room that somebody is in is shown to its members only.
        """
        self.bob.types("/join #den sesame", "/join #dev")
        self.ann.types("/who bob")
        self.assertTrue(self.ann.lines[0].endswith(", in #lobby, #dev"))
        self.ann.types("/join #den sesame")
        self.ann.forget()
        self.ann.types("/who bob")
        self.assertTrue(self.ann.lines[0].endswith(", in #lobby, #den, #dev"))


class RoomsTests(SynchronousTestCase):
    """
    C{/rooms}.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.ann, self.bob = enterAll(self.hub, "Ann", "Bob")
        self.ann.forget()

    def test_rooms(self) -> None:
        """
        Rooms are listed, the fullest first, with their size, their topic, and which of them the
        user is in.
        """
        self.ann.types("/join #dev", "/topic tests", "/join #ops", "/join #dev")
        self.ann.forget()
        self.ann.types("/rooms")
        self.assertEqual(
            self.ann.lines,
            [
                "* #lobby (2 here, you are here)",
                "* #dev (1 here, you speak here): tests",
                "* #ops (1 here, you are here)",
            ],
        )

    def test_private(self) -> None:
        """
        A private room is listed for its members and those it invites.
        """
        self.ann.types("/join #den", "/lock")
        self.bob.types("/rooms")
        self.assertNotIn("#den", "".join(self.bob.lines))
        self.ann.types("/invite Bob")
        self.bob.forget()
        self.bob.types("/rooms")
        self.assertEqual(self.bob.lines[1], "* #den (1 here, private)")

    def test_manyRooms(self) -> None:
        """
        The first 50 rooms are listed, and the rest counted.
        """
        for number in range(70):
            if number % CHANGES == 0:
                maker = enter(self.hub, f"Maker{number}")
                maker.isTrusted = True
            maker.types(f"/join #room{number}", "/topic kept", "/leave")
        self.bob.forget()
        self.bob.types("/rooms")
        self.assertEqual(len(self.bob.lines), 51)
        self.assertEqual(self.bob.lines[-1], "* and 21 more rooms with fewer people")


class HistoryTests(SynchronousTestCase):
    """
    C{/history}.
    """

    def setUp(self) -> None:
        useZone(self, "UTC0")
        self.hub = makeHub()
        self.ann, self.bob = enterAll(self.hub, "Ann", "Bob")
        self.bob.types(*(f"line {number}" for number in range(30)))
        self.ann.forget()

    def said(self) -> list[str]:
        """
        @return: the messages that were shown.
        """
        return [line.partition(" :: ")[2] for line in self.ann.lines]

    def test_default(self) -> None:
        """
        The last 20 messages are shown without a number, each with its id, time and room.
        """
        self.ann.types("/history")
        self.assertEqual(self.said(), [f"line {number}" for number in range(10, 30)])
        self.assertRegex(self.ann.lines[0], r"\A\* \d+ 2025-11-22 14:33 #lobby Bob :: line 10\Z")

    def test_countAndBefore(self) -> None:
        """
        A user may ask for another number, and go on before the first message that was shown.
        """
        self.ann.types("/history 3")
        self.assertEqual(self.said(), ["line 27", "line 28", "line 29"])
        first = self.ann.lines[0].split()[1]
        self.ann.forget()
        self.ann.types(f"/history 2 before {first}", f"/history before {first}")
        self.assertEqual(self.said()[:2], ["line 25", "line 26"])
        self.assertEqual(self.said()[2:], [f"line {number}" for number in range(7, 27)])

    def test_ofTheCurrentRoom(self) -> None:
        """
        C{/history} shows the current room, whose history may be empty.
        """
        self.ann.types("/join #dev")
        self.ann.forget()
        self.ann.types("/history")
        self.assertEqual(self.ann.lines, ["* Nothing found"])

    def test_inItsOrder(self) -> None:
        """
        Messages from before the command are found, and answered before; those after it wait for it.
        """
        hub, turn = makeTurnHub()
        ann = enter(hub, "Ann")
        turn.end()
        ann.forget()
        ann.types("one", "/history", "two", "/history")
        turn.end()
        self.assertEqual(
            [line.partition("#lobby ")[2] or line for line in ann.lines],
            ["OK . .", "Ann :: one", "OK . .", "Ann :: one", "Ann :: two"],
        )

    def test_most(self) -> None:
        """
        At most 1,000 messages are given, however many are asked for.
        """
        for number in range(MAX_EVENTS + 10):
            self.bob.user.say(f"more {number}")
        self.ann.forget()
        self.ann.types("/history 99999999999")
        self.assertEqual(len(self.ann.lines), MAX_EVENTS)

    def test_refused(self) -> None:
        """
        An argument that is no number is refused with how to write it.
        """
        for words in ("x", "5 5", "before", "before x", "5 before", "-1", "before 1 2", "²"):
            self.ann.forget()
            self.ann.types(f"/history {words}")
            self.assertEqual(len(self.ann.lines), 1, words)
            self.assertTrue(self.ann.lines[0].startswith("! Usage: /history 50"), words)

    def test_foreignDigits(self) -> None:
        """
        Digits of any script are numbers.
        """
        self.ann.types("/history ٣")
        self.assertEqual(len(self.ann.lines), 3)

    def test_program(self) -> None:
        """
        A program is given one object with the key of its request.
        """
        cem = enter(self.hub, "Cem", JSON)
        cem.forget()
        cem.asks("history", count=2, key="k1")
        (answer,) = cem.objects
        self.assertEqual((answer["type"], answer["key"]), ("history", "k1"))
        self.assertEqual([event["text"] for event in answer["events"]], ["line 28", "line 29"])

    def test_notMyRoom(self) -> None:
        """
        A room that the user is not in shows no history.
        """
        self.bob.types("/join #dev", "hello")
        cem = enter(self.hub, "Cem", JSON)
        cem.forget()
        cem.asks("history", room="#dev", key="k1")
        self.assertEqual([value["code"] for value in cem.objects], ["no-such-room"])


class SearchTests(SynchronousTestCase):
    """
    C{/search}.
    """

    def setUp(self) -> None:
        useZone(self, "UTC0")
        self.now = NOW
        self.hub = makeHub(MemoryLog(seconds=lambda: self.now), seconds=lambda: self.now)
        self.ann, self.bob = enterAll(self.hub, "Ann", "Bob")
        self.bob.types("red apple", "green apple", "/join #dev", "red brick")
        self.ann.types("/join #dev", "yellow apple")
        self.ann.forget()

    def search(self, words: str) -> list[str]:
        """
        @return: what Ann finds.
        """
        self.ann.forget()
        self.ann.types(f"/search {words}")
        return [line.partition(" :: ")[2] for line in self.ann.lines]

    def test_words(self) -> None:
        """
        A message is found if it holds all words, in any order, in any of the user's rooms.
        """
        self.assertEqual(self.search("apple"), ["red apple", "green apple", "yellow apple"])
        self.assertEqual(self.search("APPLE red"), ["red apple"])
        self.assertEqual(self.search("red"), ["red apple", "red brick"])

    def test_fields(self) -> None:
        """
        A search takes an author, a room and a time.
        """
        self.assertEqual(self.search("apple from:ann"), ["yellow apple"])
        self.assertEqual(self.search("apple in:#LOBBY"), ["red apple", "green apple"])
        self.assertEqual(self.search("from:Bob in:#dev"), ["red brick"])
        self.now += 3600
        self.bob.types("late apple")
        self.assertEqual(self.search("apple since:30m"), ["late apple"])
        self.assertEqual(len(self.search("apple since:2h")), 4)

    def test_nothing(self) -> None:
        """
        A search that finds nothing says so.
        """
        self.ann.types("/search plum")
        self.assertEqual(self.ann.lines, ["* Nothing found"])

    def test_otherRoom(self) -> None:
        """
        A room that the user is not in cannot be searched.
        """
        self.bob.types("/join #ops", "apple pie")
        self.ann.types("/search apple in:#ops", "/search apple in:#nosuch", "/search apple in:x")
        self.assertEqual([line[0] for line in self.ann.lines], ["!"] * 3)
        self.assertNotIn("apple pie", self.search("apple"))

    def test_directMessages(self) -> None:
        """
        Direct messages are found by their author and their reader alone.
        """
        (cem,) = enterAll(self.hub, "Cem")
        self.bob.types("/msg Ann apple for Ann", "/msg Cem apple for Cem")
        self.assertIn("apple for Ann", self.search("apple"))
        self.assertNotIn("apple for Cem", self.search("apple"))
        self.bob.forget()
        self.bob.types("/search apple for")
        self.assertEqual(len(self.bob.lines), 2)
        cem.forget()
        cem.types("/search apple for")
        self.assertEqual(len(cem.lines), 1)

    def test_refusedWords(self) -> None:
        """
        Words that cannot be searched for are refused with what to do.
        """
        self.ann.types("/search !!!", "/search apple since:soon")
        self.assertEqual([line[0] for line in self.ann.lines], ["!"] * 2)
        self.assertIn("since:7d", self.ann.lines[1])

    def test_parseQuery(self) -> None:
        """
        Words and fields may stand in any order; a colon that begins no field is part of a word.
        """
        self.assertEqual(
            parseQuery("in:#dev red since:1d from:Bob a:b http://x", NOW),
            Query(("red", "a:b", "http://x"), "Bob", "#dev", NOW - 86_400),
        )
        self.assertEqual(parseQuery("from: in:", NOW), Query(("from:", "in:")))
        for text in ("", "  "):
            with self.assertRaises(BadCommand):
                parseQuery(text, NOW)
        for text in ("since:", "since:7", "since:7y", "since:-1d", "since:1234567d", "since:²d"):
            with self.assertRaises(BadCommand, msg=text):
                parseQuery(text, NOW)


class BrokenLog(MemoryLog):
    """
    A log from which nothing can be read.

    @ivar fault: why.
    """

    fault: Exception = OSError("disk")

    def last(self, place: Place, count: int, before: int | None = None) -> Deferred[list[Event]]:
        """See L{twisted_chat.stores.interfaces.IHistory.last}."""
        return fail(self.fault)

    def search(self, scope: Scope, query: Query, limit: int) -> Deferred[list[Event]]:
        """See L{twisted_chat.stores.interfaces.IHistory.search}."""
        return fail(self.fault)


class FaultTests(SynchronousTestCase):
    """
    A history that cannot be read.
    """

    def setUp(self) -> None:
        self.log = BrokenLog()
        self.hub = makeHub(self.log, backlog=0)
        self.ann: FakeClient = enter(self.hub, "Ann", JSON)
        self.ann.forget()

    def test_fault(self) -> None:
        """
        A user is told that the history cannot be read now, not why; the log has the reason.
        """
        self.ann.asks("history", key="k1")
        self.ann.asks("search", words="apple", key="k2")
        self.assertEqual(
            [(value["code"], value["key"]) for value in self.ann.objects],
            [("no-history", "k1"), ("no-history", "k2")],
        )
        self.assertNotIn("disk", "".join(self.ann.lines))
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 2)

    def test_refused(self) -> None:
        """
        A refusal of the log itself is passed on in its words.
        """
        self.log.fault = NoHistory("this server cannot search: use /history")
        self.ann.asks("search", words="apple", key="k1")
        (error,) = self.ann.objects
        self.assertEqual(error["text"], "this server cannot search: use /history")
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_gone(self) -> None:
        """
        A user who left while their answer was read gets none.
        """
        waiting: Deferred[list[Event]] = Deferred()
        self.patch(self.log, "last", lambda *_: waiting)
        self.ann.asks("history", key="k1")
        self.ann.drops()
        waiting.callback([])
        self.assertEqual(self.ann.objectsOf("history"), [])
