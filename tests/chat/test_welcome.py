# -*- test-case-name: tests.chat.test_welcome -*-
"""
Tests for L{twisted_chat.chat.welcome}.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import (
    NOW,
    FakeClient,
    FaultyLog,
    enter,
    enterAll,
    makeHub,
    makeTurnHub,
    resume,
    useZone,
)
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.chat.roster import HOLD_SECONDS
from twisted_chat.chat.user import usersOf
from twisted_chat.chat.welcome import BACKLOG, PAGE
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import FOREVER, Event, Place, Scope
from twisted_chat.wire.jsonlines import JSON


class SlowLog(MemoryLog):
    """
    A log from which the past is read when the test says so.

    @ivar reads: what waits.
    @ivar fault: what each read of the past fails with.
    """

    fault: Exception | None = None

    def __init__(self) -> None:
        super().__init__(seconds=lambda: NOW)
        self.reads: list[tuple[Deferred[list[Event]], Deferred[list[Event]]]] = []

    def _slowly(self, found: Deferred[list[Event]]) -> Deferred[list[Event]]:
        if self.fault is not None:
            return fail(self.fault)
        given: Deferred[list[Event]] = Deferred()
        self.reads.append((given, found))
        return given

    def last(self, place: Place, count: int, before: int | None = None) -> Deferred[list[Event]]:
        """See L{twisted_chat.stores.interfaces.IHistory.last}."""
        return self._slowly(super().last(place, count, before))

    def after(self, scope: Scope, id: int, limit: int) -> Deferred[list[Event]]:
        """See L{twisted_chat.stores.interfaces.IHistory.after}."""
        return self._slowly(super().after(scope, id, limit))

    def give(self) -> None:
        """
        Let everything be read that waits.
        """
        while self.reads:
            given, found = self.reads.pop(0)
            found.chainDeferred(given)


def newest(client: FakeClient) -> int:
    """
    @return: the last id that this client has seen, as docs/protocol.md says that it counts.
    """
    ids = [value["last"] for value in client.objectsOf("welcome") if not value["missed"]]
    ids += [value["id"] for value in client.objects if "id" in value and "old" not in value]
    return max(ids, default=0)


class GreetingTests(SynchronousTestCase):
    """
    What a newcomer is told.
    """

    def setUp(self) -> None:
        useZone(self, "UTC0")

    def test_backlog(self) -> None:
        """
        A newcomer is shown what people said last in the lobby, not their comings and goings.
        """
        hub = makeHub()
        (ann,) = enterAll(hub, "Ann")
        ann.types(*(f"line {number}" for number in range(BACKLOG + 5)), "/me waves", "/nick Anna")
        enter(hub, "Bob").drops()
        cem = enter(hub, "Cem")
        self.assertEqual(cem.lines[0], "Connected... Start sending messages")
        self.assertEqual(len(cem.lines), 1 + BACKLOG)
        self.assertTrue(cem.lines[1].endswith(" Ann :: line 6"))
        self.assertTrue(cem.lines[-1].endswith(" Ann waves"))
        self.assertNotIn("Bob", "".join(cem.lines))

    def test_backlogIsOfThisRoom(self) -> None:
        """
        The backlog of a room holds nothing of other rooms and no direct messages.
        """
        hub = makeHub()
        ann, _ = enterAll(hub, "Ann", "Bob")
        ann.types("/join #den sesame", "secret", "/msg Bob secret too")
        self.assertEqual(enter(hub, "Cem").lines, ["Connected... Start sending messages"])

    def test_noBacklog(self) -> None:
        """
        The operator may choose that nothing of before is shown.
        """
        hub = makeHub(backlog=0)
        enter(hub, "Ann").types("hello")
        self.assertEqual(len(enter(hub, "Bob").lines), 1)

    def test_askedBacklog(self) -> None:
        """
        A program may ask for another number; what it gets is marked as old.
        """
        hub = makeHub()
        (ann,) = enterAll(hub, "Ann")
        ann.types(*(f"line {number}" for number in range(30)))
        for count in (0, 2, 25):
            client = FakeClient(hub, JSON)
            client.asks("hello", name=f"bot{count}", backlog=count)
            old = client.objectsOf("said")
            self.assertEqual(
                (len(old), {v["old"] for v in old}), (count, {True} if count else set())
            )

    def test_motd(self) -> None:
        """
        The operator's words come after the welcome, before the backlog, in both dialects.
        """
        hub = makeHub(motd="Be kind.\nNo spam.")
        ann = enter(hub, "Ann")
        ann.types("hello")
        bob = enter(hub, "Bob")
        self.assertEqual(
            bob.lines[:3],
            ["Connected... Start sending messages", "* Be kind.", "* No spam."],
        )
        self.assertTrue(bob.lines[3].endswith("Ann :: hello"))
        cem = enter(hub, "Cem", JSON)
        self.assertEqual(
            [value["type"] for value in cem.objects], ["welcome", "notice", "notice", "said"]
        )

    def test_program(self) -> None:
        """
        A program's first object tells its session's secret and where it stands.
        """
        hub = makeHub()
        ann = enter(hub, "Ann", JSON)
        (welcome,) = ann.objects
        self.assertEqual(welcome["epoch"], hub.log.epoch)
        self.assertEqual(welcome["last"], hub.lastId)
        self.assertEqual(len(welcome["token"]), 43)
        self.assertEqual((welcome["resumed"], welcome["missed"]), (False, 0))
        self.assertEqual(welcome["rooms"], [{"name": "#lobby", "topic": ""}])

    def test_heldBack(self) -> None:
        """
        While the past is read the present waits, and comes after it, once.
        """
        log = SlowLog()
        hub = makeHub(log)
        ann = enter(hub, "Ann")
        log.give()
        ann.types("before")
        bob = enter(hub, "Bob")
        ann.types("meanwhile")
        bob.types("mine")
        self.assertNotIn("meanwhile", "".join(bob.lines))
        log.give()
        ann.types("after")
        self.assertEqual(
            bob.lines,
            [
                "Connected... Start sending messages",
                "* 14:33 Ann :: before",
                "Ann :: meanwhile",
                "OK . .",
                "Ann :: after",
            ],
        )

    def test_unreadable(self) -> None:
        """
        A history that cannot be read keeps nobody out.
        """
        log = SlowLog()
        log.fault = OSError("disk")
        hub = makeHub(log)
        ann = enter(hub, "Ann")
        ann.types("hello", "/join #dev")
        self.assertEqual(
            ann.lines,
            ["Connected... Start sending messages", "OK . .", "* You are in #dev (1 here)"],
        )
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 2)

    def test_goneMeanwhile(self) -> None:
        """
        A user who leaves while the past is read is welcomed nowhere, and nothing breaks.
        """
        log = SlowLog()
        hub = makeHub(log)
        ann = enter(hub, "Ann")
        ann.drops()
        log.give()
        self.assertEqual((hub.users, len(hub.lobby)), ({}, 0))


class ResumeTests(SynchronousTestCase):
    """
    What somebody is told who comes back.
    """

    def setUp(self) -> None:
        self.now = 0.0
        self.hub = makeHub(monotonic=lambda: self.now)
        self.ann, self.bob = enterAll(self.hub, "Ann", "Cem")
        self.ann.types("before")
        self.bob = enter(self.hub, "Bob", JSON)
        self.welcome = self.bob.objects[0]

    def texts(self, client: FakeClient) -> list[str]:
        """
        @return: what a client was shown that people said.
        """
        return [value["text"] for value in client.objectsOf("said", "acted", "told")]

    def test_missed(self) -> None:
        """
        A user who comes back is told all that they missed, in the order of the ids, once.
        """
        last = newest(self.bob)
        self.bob.drops()
        self.ann.types("one", "/me waves", "/nick Anna", "two")
        again = resume(self.hub, self.welcome, last)
        self.ann.types("three")
        first, *rest = again.objects
        self.assertEqual((first["type"], first["resumed"]), ("welcome", True))
        self.assertEqual((first["token"], first["name"]), (self.welcome["token"], "Bob"))
        self.assertEqual(self.texts(again), ["one", "waves", "two", "three"])
        ids = [value["id"] for value in rest]
        self.assertEqual(ids, sorted(set(ids)))
        self.assertEqual(first["missed"], len(rest) - 1)
        self.assertTrue(all(value["id"] <= first["last"] for value in rest[:-1]))
        self.assertTrue(rest[-1]["id"] > first["last"])

    def test_others(self) -> None:
        """
        The others are told that somebody left and came back, whether they resume or not.
        """
        self.ann.forget()
        self.bob.drops()
        resume(self.hub, self.welcome, newest(self.bob))
        self.assertEqual(self.ann.lines, ["* Bob has left", "* Bob is now connected"])

    def test_ownEvents(self) -> None:
        """
        One's own messages are replayed with their keys, so that none is sent again; others' keys
        are not shown.
        """
        last = newest(self.bob)
        dai = enter(self.hub, "Dai", JSON)
        self.bob.asks("say", text="mine", key="k1")
        dai.asks("say", text="yours", key="k2")
        self.bob.drops()
        again = resume(self.hub, self.welcome, last)
        self.assertEqual(
            [(value["text"], value.get("key")) for value in again.objectsOf("said")],
            [("mine", "k1"), ("yours", None)],
        )
        again.asks("say", text="mine", key="k1")
        ok = again.objectsOf("ok")
        self.assertEqual([value["id"] for value in ok], [again.objectsOf("said")[0]["id"]])

    def test_directMessages(self) -> None:
        """
        Direct messages are replayed to their two people only.
        """
        cem = usersOf(self.hub.users["Cem"])[0].client
        assert isinstance(cem, FakeClient)
        dai = enter(self.hub, "Dai", JSON)
        lastBob, lastDai = newest(self.bob), newest(dai)
        self.ann.types("/msg Bob for Bob", "/msg Cem for Cem")
        self.bob.asks("tell", to="Ann", text="from Bob", key="k1")
        self.bob.drops()
        dai.drops()
        again = resume(self.hub, self.welcome, lastBob)
        self.assertEqual(self.texts(again), ["for Bob", "from Bob"])
        again = resume(self.hub, dai.objects[0], lastDai)
        self.assertEqual(self.texts(again), [])

    def test_rooms(self) -> None:
        """
        A user who comes back is in their rooms again and misses nothing of them.
        """
        self.bob.asks("command", line="/join #dev")
        self.ann.types("/join #dev", "before")
        last = newest(self.bob)
        self.bob.drops()
        self.ann.types("meanwhile")
        again = resume(self.hub, self.welcome, last)
        self.ann.types("live")
        self.assertEqual(self.texts(again), ["meanwhile", "live"])
        self.assertEqual(again.objects[0]["room"], "#dev")
        self.assertEqual([r["name"] for r in again.objects[0]["rooms"]], ["#lobby", "#dev"])
        again.asks("say", text="here again")
        self.assertEqual(self.ann.lines[-1], "Bob :: here again")

    def test_welcomeIsFirst(self) -> None:
        """
        Nothing comes before the welcome, however many rooms are entered with it.
        """
        hub, turn = makeTurnHub()
        ann, bob = enter(hub, "Ann", JSON), enter(hub, "Bob")
        turn.end()
        ann.asks("command", line="/join #a")
        ann.asks("command", line="/join #b")
        bob.types("/join #a")
        turn.end()
        last = newest(ann)
        ann.drops()
        turn.end()
        again = resume(hub, ann.objects[0], last)
        bob.types("hello")
        cem = enter(hub, "Cem")
        cem.types("/join #a")
        turn.end()
        types = [value["type"] for value in again.objects]
        self.assertEqual(types[0], "welcome")
        self.assertEqual(types.count("said"), 1)
        names = [v["name"] for v in again.objectsOf("joined") if v["room"] == "#a"]
        self.assertEqual(names.count("Cem"), 1)
        ids = [value["id"] for value in again.objects if "id" in value]
        self.assertEqual(ids, sorted(set(ids)))

    def test_manyPages(self) -> None:
        """
        However much was missed, all of it comes, once, in order, and the welcome says how much.
        """
        last = newest(self.bob)
        self.bob.drops()
        for number in range(2 * PAGE + 7):
            self.ann.user.say(f"line {number}")
        again = resume(self.hub, self.welcome, last)
        replayed = again.objects[1:]
        self.assertEqual(self.texts(again), [f"line {number}" for number in range(2 * PAGE + 7)])
        self.assertEqual(again.objects[0]["missed"], len(replayed))
        ids = [value["id"] for value in replayed]
        self.assertEqual(ids, sorted(set(ids)))

    def test_exactlyOnePage(self) -> None:
        """
        A page that is just full ends as well.
        """
        last = newest(self.bob)
        self.bob.drops()
        for number in range(PAGE - 1):
            self.ann.user.say(f"line {number}")
        again = resume(self.hub, self.welcome, last)
        self.assertEqual((again.objects[0]["missed"], len(again.objects)), (PAGE, PAGE + 1))
        self.ann.types("live")
        self.assertEqual(self.texts(again)[-1], "live")

    def test_slowReader(self) -> None:
        """
        The next page is read when the last one was taken; what happens meanwhile comes after all.
        """
        last = newest(self.bob)
        self.bob.drops()
        for number in range(2 * PAGE):
            self.ann.user.say(f"line {number}")
        again = FakeClient(self.hub, JSON)
        again.slow = True
        hello = {"name": "Bob", "token": self.welcome["token"], "epoch": self.welcome["epoch"]}
        again.asks("hello", last=last, **hello)
        self.assertEqual(len(again.objectsOf("said")), PAGE - 1)
        self.ann.types("meanwhile")
        while again.roomFor is not None:
            room, again.roomFor = again.roomFor, None
            room.callback(None)
        wanted = [*(f"line {number}" for number in range(2 * PAGE)), "meanwhile"]
        self.assertEqual(self.texts(again), wanted)

    def test_gap(self) -> None:
        """
        A user who missed more than is kept is told so before they are told the rest.
        """
        hub = makeHub(MemoryLog(seconds=lambda: NOW, keep=10))
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob", JSON)
        last = newest(bob)
        bob.drops()
        for number in range(50):
            ann.user.say(f"line {number}")
        again = resume(hub, bob.objects[0], last)
        first, _ = self.successResultOf(hub.log.bounds())
        self.assertGreater(first, last + 1)
        kinds = [value["type"] for value in again.objects]
        self.assertEqual(kinds[:2], ["welcome", "gap"])
        self.assertEqual(again.objects[1]["count"], first - last - 1)
        self.assertEqual(again.objects[2]["id"], first)
        self.assertEqual(self.texts(again)[-1], "line 49")

    def test_noGap(self) -> None:
        """
        Nobody is told of a gap who missed nothing that is lost.
        """
        self.bob.drops()
        self.ann.types("after")
        again = resume(self.hub, self.welcome, 0)
        self.assertEqual(again.objectsOf("gap"), [])
        self.assertEqual(self.texts(again), ["after"])

    def test_otherEpoch(self) -> None:
        """
        Ids of another log mean nothing here: there is a gap of unknown size, and the backlog.
        """
        self.bob.drops()
        again = resume(self.hub, self.welcome, 10_000, epoch="another")
        self.assertEqual([value["type"] for value in again.objects], ["welcome", "gap", "said"])
        self.assertIsNone(again.objects[1]["count"])
        self.assertEqual(again.objects[2]["old"], True)
        self.assertEqual(again.objects[0]["epoch"], self.hub.log.epoch)

    def test_unknownToken(self) -> None:
        """
        A token that is not known makes a new session.
        """
        self.bob.asks("bye")
        again = resume(self.hub, {**self.welcome, "token": "x" * 43}, 1)
        first = again.objects[0]
        self.assertEqual((first["resumed"], first["missed"]), (False, 0))
        self.assertNotIn(first["token"], (self.welcome["token"], "x" * 43))

    def test_nameTakenMeanwhile(self) -> None:
        """
        A session that is resumed after its name was given away may be resumed under another.
        """
        self.bob.drops()
        self.now += HOLD_SECONDS + 1
        enter(self.hub, "Bob")
        again = resume(self.hub, self.welcome, newest(self.bob))
        self.assertEqual(again.objects[0]["code"], "name-taken")
        hello = {"token": self.welcome["token"], "epoch": self.welcome["epoch"], "last": 0}
        again.asks("hello", name="Rob", **hello)
        self.assertEqual(again.objects[1]["name"], "Rob")

    def test_nameIsHeld(self) -> None:
        """
        The name of a session that lost its connection is kept for it, and direct messages to it are
        refused with that reason.
        """
        self.bob.drops()
        other = enter(self.hub, "BOB")
        assert other.loginError is not None
        self.assertIn("is kept for Bob", other.loginError.sentence)
        self.ann.forget()
        self.ann.types("/nick Bob", "/msg Bob psst")
        self.assertIn("is kept for Bob", self.ann.lines[0])
        self.assertIn("! Bob has lost the connection", self.ann.lines[1])
        again = resume(self.hub, self.welcome, newest(self.bob))
        self.assertEqual(again.objects[0]["name"], "Bob")

    def test_nameIsFreeAfterQuit(self) -> None:
        """
        A user who leaves on purpose gives the name away at once.
        """
        self.bob.asks("bye")
        self.assertIsNone(enter(self.hub, "Bob").loginError)

    def test_unreadable(self) -> None:
        """
        A user who cannot be told what they missed is sent away, so that they miss nothing of it.
        """
        log = SlowLog()
        hub = makeHub(log)
        bob = enter(hub, "Bob", JSON)
        log.give()
        bob.drops()
        log.fault = OSError("disk")
        again = resume(hub, bob.objects[0], 0)
        self.assertEqual([value["type"] for value in again.objects], ["bye"])
        self.assertTrue(again.closed)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_unreadableLater(self) -> None:
        """
        The same holds where only a later page cannot be read.
        """
        log = SlowLog()
        hub = makeHub(log)
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob", JSON)
        log.give()
        bob.drops()
        for number in range(2 * PAGE):
            ann.user.say(f"line {number}")
        again = resume(hub, bob.objects[0], 0)
        while len(log.reads) and not again.puts:
            given, found = log.reads.pop(0)
            found.chainDeferred(given)
        ann.user.say("meanwhile")
        log.fault = OSError("disk")
        self.assertTrue(log.reads)
        given, _ = log.reads.pop(0)
        given.errback(log.fault)
        self.assertEqual(again.objects[-1]["type"], "bye")
        # With something later in hand they would take all before it for seen, too.
        self.assertNotIn("meanwhile", [value.get("text") for value in again.objects])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)


class PagingTests(SynchronousTestCase):
    """
    Those who resume read the past one after the other.
    """

    def setUp(self) -> None:
        self.log = SlowLog()
        self.hub = makeHub(self.log, backlog=0)
        left = [enter(self.hub, name, JSON) for name in ("Bob", "Cem", "Dai")]
        for client in left:
            client.drops()
        (ann,) = enterAll(self.hub, "Ann")
        ann.types("one")
        self.back = [resume(self.hub, client.objects[0], newest(client)) for client in left]

    def told(self) -> list[int]:
        """
        @return: how much each was told of what was said.
        """
        return [len(client.objectsOf("said")) for client in self.back]

    def giveOne(self) -> None:
        """Let the read end that was begun first."""
        given, found = self.log.reads.pop(0)
        found.chainDeferred(given)

    def test_oneAtATime(self) -> None:
        """Only one page is read at a time, so another question waits for one page at most."""
        for told in ([0, 0, 0], [1, 0, 0], [1, 1, 0]):
            self.assertEqual(self.told(), told)
            self.assertEqual(len(self.log.reads), 1)
            self.giveOne()
        self.assertEqual((self.told(), self.log.reads), ([1, 1, 1], []))

    def test_gone(self) -> None:
        """One who is gone, while their page is read or before, holds up nobody."""
        self.back[0].drops()
        self.back[1].drops()
        self.assertEqual(len(self.log.reads), 3)
        del self.log.reads[:2]
        self.giveOne()
        self.assertEqual(self.told(), [0, 0, 1])

    def test_unreadable(self) -> None:
        """A page that cannot be read sends one away, and the next page is read."""
        given, _ = self.log.reads.pop(0)
        given.errback(OSError("disk"))
        self.log.give()
        self.assertEqual(self.told(), [0, 1, 1])
        self.assertTrue(self.back[0].closed)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)


class AskedLog(MemoryLog):
    """
    A log that tells what it keeps when the test says so.

    @ivar asked: the questions that wait.
    """

    def __init__(self) -> None:
        super().__init__(seconds=lambda: NOW)
        self.asked: list[Deferred[tuple[int, int]]] = []

    def bounds(self) -> Deferred[tuple[int, int]]:
        """See L{twisted_chat.stores.interfaces.IHistory.bounds}."""
        self.asked.append(Deferred())
        return self.asked[-1]


class CrowdTests(SynchronousTestCase):
    """
    Many who come back in one instant.
    """

    def setUp(self) -> None:
        self.log = AskedLog()
        self.hub = makeHub(self.log)
        names = ("Bob", "Cem", "Dai")
        left = [enter(self.hub, name, JSON) for name in names]
        for client in left:
            client.drops()
        (ann,) = enterAll(self.hub, "Ann")
        ann.types("one")
        self.back = [resume(self.hub, client.objects[0], newest(client)) for client in left]

    def test_oneQuestion(self) -> None:
        """They wait for one answer about what is kept; each gets their own part of the past."""
        (question,) = self.log.asked
        question.callback((1, 99))
        for client in self.back:
            self.assertEqual([value["text"] for value in client.objectsOf("said")], ["one"])
            self.assertEqual(client.objectsOf("gap"), [])

    def test_oneIsGone(self) -> None:
        """One who is gone before the answer keeps it from nobody."""
        self.back[0].drops()
        self.log.asked[0].callback((1, 99))
        found = [len(client.objectsOf("said")) for client in self.back]
        self.assertEqual(found, [0, 1, 1])

    def test_later(self) -> None:
        """A user who comes after the answer asks once more: it may have changed."""
        self.log.asked[0].callback((1, 99))
        self.back[0].drops()
        again = resume(self.hub, self.back[0].objects[0], 2)
        self.assertEqual(len(self.log.asked), 2)
        self.log.asked[1].callback((5, 99))
        self.assertEqual([value["count"] for value in again.objectsOf("gap")], [2])

    def test_unreadable(self) -> None:
        """Where it cannot be read, all of them are sent away."""
        self.log.asked[0].errback(OSError("disk"))
        self.assertEqual([len(client.objectsOf("bye")) for client in self.back], [1, 1, 1])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)


class TakeOverTests(SynchronousTestCase):
    """
    Going on with a session whose old connection still seems to live.
    """

    def setUp(self) -> None:
        self.hub, self.turn = makeTurnHub()
        self.ann, self.bob = enter(self.hub, "Ann"), enter(self.hub, "Bob", JSON)
        self.turn.end()
        self.welcome = self.bob.objects[0]
        self.last = newest(self.bob)

    def test_takeOver(self) -> None:
        """
        The new connection goes on where the old one was; the old one is told and closed, and
        nobody hears that anything happened.
        """
        self.ann.types("one")
        self.turn.end()
        self.ann.forget()
        again = resume(self.hub, self.welcome, self.last)
        self.assertTrue(self.bob.closed)
        self.assertEqual(self.bob.objects[-1]["type"], "bye")
        self.ann.types("two")
        self.turn.end()
        self.assertEqual([value["text"] for value in again.objectsOf("said")], ["one", "two"])
        self.assertEqual(self.ann.lines, ["OK . ."])
        self.assertIs(self.hub.users["Bob"], again.user.member)
        self.assertEqual(self.bob.objectsOf("said")[-1]["text"], "one")

    def test_oldConnectionEnds(self) -> None:
        """
        When the old connection ends at last, nobody leaves.
        """
        again = resume(self.hub, self.welcome, self.last)
        self.bob.drops()
        self.turn.end()
        self.assertIs(self.hub.users["Bob"], again.user.member)
        self.assertFalse(again.user.leaving)

    def test_pending(self) -> None:
        """
        What waits for the log when the session is taken over is answered to the new connection,
        and what it sends again is answered with the same id.
        """
        self.bob.asks("say", text="mine", key="k1")
        again = resume(self.hub, self.welcome, self.last)
        again.asks("say", text="mine", key="k1")
        self.turn.end()
        oks = again.objectsOf("ok")
        self.assertEqual({(value["key"], value["id"]) for value in oks}, {("k1", oks[0]["id"])})
        self.assertEqual([line for line in self.ann.lines if "mine" in line], ["Bob :: mine"])

    def test_rooms(self) -> None:
        """
        The new connection sees all rooms of the session.
        """
        self.bob.asks("command", line="/join #dev")
        self.ann.types("/join #dev")
        self.turn.end()
        again = resume(self.hub, self.welcome, newest(self.bob))
        self.ann.types("hello")
        self.turn.end()
        self.assertEqual([value["text"] for value in again.objectsOf("said")], ["hello"])
        self.assertEqual(again.objects[0]["room"], "#dev")

    def test_beforeHeCame(self) -> None:
        """
        A session may be taken over before the log took its coming: it is welcomed once, by the
        newest connection.
        """
        self.bob.drops()
        self.turn.end()
        first = resume(self.hub, self.welcome, self.last)
        second = resume(self.hub, self.welcome, self.last)
        self.ann.types("hello")
        self.turn.end()
        self.assertEqual([value["type"] for value in first.objects], ["bye"])
        self.assertEqual([v["type"] for v in second.objects].count("welcome"), 1)
        self.assertEqual(second.objects[0]["type"], "welcome")
        self.assertEqual([value["text"] for value in second.objectsOf("said")], ["hello"])

    def test_withoutLast(self) -> None:
        """
        A user who does not say what they have seen last is told that something may be missing.
        """
        again = resume(self.hub, self.welcome, 0, epoch="")
        self.assertEqual([value["type"] for value in again.objects], ["welcome", "gap"])
        self.assertIsNone(again.objects[1]["count"])


class ExactlyOnceTests(SynchronousTestCase):
    """
    Whatever happens to connections.
    """

    @settings(deadline=None, max_examples=100, derandomize=True)
    @given(
        st.lists(
            st.sampled_from(["say", "say", "hear", "hear", "turn", "drop", "cut", "resume", "dev"]),
            max_size=50,
        )
    )
    def test_session(self, steps: list[str]) -> None:
        """
        Over all its connections a session sees each message once and in order, and each of its own
        messages is in the log once, though it sends again all that was not answered.
        """
        hub, turn = makeTurnHub(backlog=0)
        ann = enter(hub, "Ann")
        ann.types("/join #dev")
        bob = enter(hub, "Bob", JSON)
        turn.end()
        bob.asks("command", line="/join #dev")
        turn.end()
        welcome: dict[str, Any] = bob.objects[0]
        connections = [bob]
        last = newest(bob)
        unanswered: dict[str, str] = {}
        lost = False

        def settle() -> None:
            nonlocal last
            last = max(last, newest(connections[-1]))
            for value in connections[-1].objects:
                unanswered.pop(value.get("key", ""), None)

        def goOn() -> None:
            nonlocal lost
            settle()
            client = resume(hub, welcome, last)
            connections.append(client)
            while not client.objectsOf("welcome"):
                turn.end()
            lost = False
            settle()
            for key, text in unanswered.items():
                client.asks("say", text=text, key=key, room="#dev")

        for number, step in enumerate(steps):
            if step == "turn":
                turn.end()
            elif step == "hear":
                ann.types(f"heard {number}")
            elif step == "dev":
                ann.types("/join #lobby" if number % 2 else "/join #dev")
            elif step == "drop" and not lost:
                connections[-1].drops()
                lost = True
            elif step == "cut" and not lost:
                # The client is gone, and the server does not know it yet.
                settle()
                connections[-1].closed = True
                lost = True
            elif step == "resume":
                goOn()
            elif step == "say":
                unanswered[f"k{number}"] = f"mine {number}"
                if not lost:
                    connections[-1].asks(
                        "say", text=f"mine {number}", key=f"k{number}", room="#dev"
                    )
        goOn()
        turn.end()
        settle()
        self.assertEqual(unanswered, {})

        scope = Scope(tuple(Place(room, ((0, FOREVER),)) for room in ("#lobby", "#dev")), "")
        events = self.successResultOf(hub.log.after(scope, 0, 10_000))
        said = [event.text for event in events if event.kind == "said"]
        wanted = [f"mine {number}" for number, step in enumerate(steps) if step == "say"]
        self.assertEqual(sorted(t for t in said if t.startswith("mine")), sorted(wanted))
        heard = [
            value["text"]
            for client in connections
            for value in client.objectsOf("said")
            if value["text"].startswith("heard")
        ]
        self.assertEqual(heard, [text for text in said if text.startswith("heard")])


class RefusedTests(SynchronousTestCase):
    """
    Coming in while the disk fails.
    """

    def test_resume(self) -> None:
        """
        A user who comes back while nothing can be stored is told what they missed all the same.
        """
        log = FaultyLog(seconds=lambda: NOW)
        hub = makeHub(log)
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob", JSON)
        last = newest(bob)
        bob.drops()
        ann.types("meanwhile")
        log.fail()
        again = resume(hub, bob.objects[0], last)
        log.fault = None
        ann.types("live")
        texts = [value["text"] for value in again.objectsOf("said")]
        self.assertEqual(texts, ["meanwhile", "live"])

    def test_text(self) -> None:
        """
        A client of the text dialect needs no arrival of its own.
        """
        hub = makeHub(FaultyLog(seconds=lambda: NOW))
        client = FakeClient(hub)
        client.login(LoginRequest("Ann"))
        self.assertEqual(client.lines, ["Connected... Start sending messages"])
