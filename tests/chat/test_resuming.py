# -*- test-case-name: tests.chat.test_resuming -*-
"""
Tests for L{twisted_chat.chat.welcome}: what a user who resumes a session is shown.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import (
    NOW,
    FakeClient,
    enter,
    enterAll,
    makeHub,
    makeTurnHub,
    newest,
    resume,
)
from tests.support.slowlogs import SlowLog
from twisted_chat.chat.roster import HOLD_SECONDS
from twisted_chat.chat.user import usersOf
from twisted_chat.chat.welcome import PAGE
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.jsonlines import JSON


class ResumeTests(SynchronousTestCase):
    """
    A user who resumes a session.
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
        @return: the messages that a client was shown.
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
        A user's own messages are replayed with their keys, so that none is sent again; the keys of
        others are not shown.
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
        Direct messages are replayed to their author and their reader alone.
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
        A user gets all that they missed, however much, once and in order, and the welcome says how
        much.
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
        A page that is exactly full is the last if nothing follows it.
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
        The next page is read once the last one was taken; messages that come meanwhile follow all
        of them.
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
        A user who lost nothing is not told of a gap.
        """
        self.bob.drops()
        self.ann.types("after")
        again = resume(self.hub, self.welcome, 0)
        self.assertEqual(again.objectsOf("gap"), [])
        self.assertEqual(self.texts(again), ["after"])

    def test_otherEpoch(self) -> None:
        """
        An id of another log is answered by a gap of unknown size, and the backlog.
        """
        self.bob.drops()
        again = resume(self.hub, self.welcome, 10_000, epoch="another")
        self.assertEqual([value["type"] for value in again.objects], ["welcome", "gap", "said"])
        self.assertIsNone(again.objects[1]["count"])
        self.assertEqual(again.objects[2]["old"], True)
        self.assertEqual(again.objects[0]["epoch"], self.hub.log.epoch)

    def test_unknownToken(self) -> None:
        """
        An unknown token begins a new session.
        """
        self.bob.asks("bye")
        again = resume(self.hub, {**self.welcome, "token": "x" * 43}, 1)
        first = again.objects[0]
        self.assertEqual((first["resumed"], first["missed"]), (False, 0))
        self.assertNotIn(first["token"], (self.welcome["token"], "x" * 43))

    def test_nameTakenMeanwhile(self) -> None:
        """
        A session whose name was given away meanwhile may be resumed under another name.
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
        A user whose later page cannot be read is sent away as well.
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
