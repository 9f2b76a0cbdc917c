# -*- test-case-name: tests.chat.test_readmarks -*-
"""
Tests for L{twisted_chat.chat.readmarks}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from tests.support.accounts import AccountsTestCase, TurnTestCase, helloWith, register
from tests.support.helpers import NOW, FakeClient, FaultyLog, enter, resume
from twisted_chat.accounts.rules import project
from twisted_chat.chat.readmarks import MAX_COUNTED, STORE_SECONDS, ReadMarks
from twisted_chat.chat.user import MAX_INBOX
from twisted_chat.chat.welcome import SHOWN_INBOX
from twisted_chat.stores.interfaces import MARK
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import READ, SERVER, TOLD, Draft, Place, asData
from twisted_chat.wire.jsonlines import JSON

AWAY = "for you alone while you were away:"


class MarksTestCase(AccountsTestCase):
    """
    Ann has a laptop and a phone, which are programs, and Bob is registered, too.
    """

    def setUp(self) -> None:
        super().setUp()
        register(self.bob)
        self.ann.types("/join #dev", "one")
        self.laptop, self.phone = self.program(), self.program()
        self.ann.types("/quit")
        self.bob.types("/join #dev", "two", "three")
        self.passed += STORE_SECONDS
        self.forget(self.bob, self.laptop, self.phone)

    @property
    def marks(self) -> ReadMarks:
        """The marks of the hub."""
        return self.hub._marks

    def program(self) -> FakeClient:
        """
        @return: one more connection of Ann's.
        """
        return helloWith(self.hub, "Ann", self.secret)

    def stored(self, place: str) -> Any:
        """
        @param place: the name of a room, or C{@}.
        @return: Ann's mark, as it is stored.
        """
        if place != "@":
            place = self.hub.rooms[place].place
        who = self.hub.state.law.ownerOf("Ann")
        assert who is not None
        return self.successResultOf(self.log.record(MARK, f"{who.who} {place}"))


class ReadTests(MarksTestCase):
    """
    Read marks, as clients report them.
    """

    def test_told(self) -> None:
        """
        A mark is told to the other devices at once, and not to the one that set it.
        """
        last = self.hub.lastId
        self.laptop.asks("read", room="#dev", id=last)
        self.assertEqual(self.laptop.objects, [])
        self.assertEqual(self.phone.objects, [{"type": "read", "room": "#dev", "id": last}])
        self.assertEqual(self.stored("#dev"), last)

    def test_rises(self) -> None:
        """
        A mark only rises, and never above the newest message.
        """
        last = self.hub.lastId
        self.laptop.asks("read", room="#dev", id=last)
        self.phone.forget()
        for id in (last, last - 1, 1, 0):
            self.laptop.asks("read", room="#dev", id=id)
            self.phone.asks("read", room="#dev", id=id)
        self.assertEqual(self.laptop.objects + self.phone.objects, [])
        self.laptop.asks("read", room="#dev", id=last + 1_000_000)
        self.passed += STORE_SECONDS
        self.hub.tidy()
        self.assertLessEqual(self.stored("#dev"), self.hub.lastId)
        again = self.program()
        self.assertLessEqual(again.objects[0]["marks"]["#dev"], self.hub.lastId)

    def test_lowerThanStored(self) -> None:
        """
        A member who joins a room again has the mark that they had, and a lower one changes nothing.
        """
        last = self.hub.lastId
        self.laptop.asks("read", room="#dev", id=last)
        for client in (self.laptop, self.phone):
            client.asks("bye")
        laptop, phone = self.program(), self.program()
        laptop.asks("command", line="/leave #dev")
        laptop.asks("bye")
        phone.asks("bye")
        laptop, phone = self.program(), self.program()
        laptop.asks("command", line="/join #dev")
        phone.forget()
        laptop.asks("read", room="#dev", id=2)
        self.assertEqual(phone.objectsOf("read"), [])
        self.assertEqual(self.program().objects[0]["marks"]["#dev"], last)

    def test_current(self) -> None:
        """
        A mark without a room is that of the current room.
        """
        self.laptop.asks("command", line="/join #dev")
        self.laptop.asks("read", id=self.hub.lastId)
        self.assertEqual(self.phone.objects[-1]["room"], "#dev")

    def test_refused(self) -> None:
        """
        A mark of a guest, or of a user who is not in the room, is refused.
        """
        guest = enter(self.hub, "Eve", JSON)
        guest.asks("read", room="#lobby", id=1, key="r1")
        self.assertEqual(
            (guest.objects[-1]["code"], guest.objects[-1]["key"]), ("not-allowed", "r1")
        )
        for room in ("#none", "nonsense"):
            self.laptop.asks("read", room=room, id=1)
            self.assertEqual(self.laptop.objects[-1]["code"], "no-such-room")
        for id in (-1, "1", True, 2**63, None):
            self.laptop.asks("read", room="#dev", id=id)
            self.assertEqual(self.laptop.objects[-1]["code"], "bad-object", id)

    def test_ownMessage(self) -> None:
        """
        A user's own message moves their mark, with no further object.
        """
        self.laptop.asks("say", text="four", room="#dev")
        id = self.laptop.objectsOf("ok")[0]["id"]
        self.assertEqual(self.laptop.objectsOf("read") + self.phone.objectsOf("read"), [])
        self.assertEqual(self.stored("#dev"), id)
        welcome = self.program().objects[0]
        self.assertEqual(welcome["marks"]["#dev"], id)
        self.assertNotIn("#dev", welcome["unread"])

    def test_seldomStored(self) -> None:
        """
        A mark is stored once in 30 seconds, as time passes or when the last device goes.
        """
        self.laptop.asks("say", text="four", room="#dev")
        first = self.stored("#dev")
        self.passed += STORE_SECONDS - 1
        self.laptop.asks("say", text="five", room="#dev")
        self.hub.tidy()
        self.assertEqual(self.stored("#dev"), first)
        self.passed += 1
        self.hub.tidy()
        second = self.stored("#dev")
        self.assertGreater(second, first)
        self.laptop.asks("say", text="six", room="#dev")
        self.phone.asks("bye")
        self.assertEqual(self.stored("#dev"), second)
        self.laptop.drops()
        self.assertGreater(self.stored("#dev"), second)

    def test_storedOnce(self) -> None:
        """
        A mark that is already stored is not stored again.
        """
        self.laptop.asks("read", room="#dev", id=self.hub.lastId)
        self.hub.tidy()
        last = self.hub.lastId
        self.passed += 10 * STORE_SECONDS
        self.hub.tidy()
        self.assertEqual(self.hub.lastId, last)

    def test_freed(self) -> None:
        """
        No mark is kept once the last device has gone, or of guests.
        """
        guest = enter(self.hub, "Eve", JSON)
        guest.asks("say", text="hi")
        self.assertEqual(len(self.marks), 2)
        self.laptop.asks("bye")
        self.assertEqual(len(self.marks), 2)
        self.phone.drops()
        self.assertEqual(len(self.marks), 1)
        for _ in range(3):
            again = self.program()
            again.asks("read", room="#dev", id=self.hub.lastId)
            again.drops()
        self.bob.types("/msg Ann psst", "/quit")
        self.assertEqual(len(self.marks), 0)

    def test_otherNode(self) -> None:
        """
        A mark that another node appended is told to all devices here, once.
        """
        who, place = self.laptop.user.sid, self.hub.rooms["#dev"].place
        id = self.hub.lastId
        for mark in (id, id, id - 1):
            data = asData({"place": place, "id": mark})
            self.log.append(Draft(READ, SERVER, "Ann", sid=who, data=data), None)
        for client in (self.laptop, self.phone):
            self.assertEqual(client.objects, [{"type": "read", "room": "#dev", "id": id}])


class UnreadTests(MarksTestCase):
    """
    Unread messages, as they are counted.
    """

    def test_counts(self) -> None:
        """
        The welcome tells the marks, and how many messages are above each.
        """
        self.laptop.asks("read", room="#dev", id=self.hub.lastId - 1)
        welcome = self.program().objects[0]
        self.assertEqual(welcome["unread"], {"#dev": 1})
        self.assertEqual(welcome["marks"]["#dev"], self.hub.lastId - 2)
        self.bob.types("four", "/msg Ann psst", "/join #lobby", "five")
        self.assertEqual(self.program().objects[0]["unread"], {"#dev": 2, "@": 1})

    def test_atMost(self) -> None:
        """
        The count of unread messages stops at its bound.
        """
        self.laptop.asks("read", room="#dev", id=self.hub.lastId)
        self.bob.types(*(f"m{number}" for number in range(MAX_COUNTED + 5)))
        self.assertEqual(self.program().objects[0]["unread"], {"#dev": MAX_COUNTED})

    def test_eras(self) -> None:
        """
        Messages of a private room from before a member's time are not counted.
        """
        self.laptop.asks("command", line="/join #den sesame")
        self.laptop.asks("read", room="#den", id=self.hub.lastId)
        self.laptop.asks("say", text="mine", room="#den")
        self.bob.types("/join #den sesame", "yours")
        self.assertEqual(self.program().objects[0]["unread"].get("#den"), 1)

    def test_asAGuest(self) -> None:
        """
        Direct messages from before a user's registration count as read.
        """
        eve = enter(self.hub, "Eve")
        self.bob.types("/msg Eve before")
        secret = register(eve)
        eve.types("/quit")
        self.bob.types("/msg Eve after")
        again = self.logIn(f"Eve {secret}")
        self.assertEqual(again.lines[1], f"* 1 message {AWAY}")
        self.assertIn("after", again.lines[2])


class InboxTests(MarksTestCase):
    """
    Direct messages to a user who is away.
    """

    def setUp(self) -> None:
        super().setUp()
        for client in (self.laptop, self.phone):
            client.asks("bye")

    def test_shown(self) -> None:
        """
        Direct messages to a registered user who is away are shown at the next entry, once.
        """
        self.assertEqual(self.said(self.bob, "/msg Ann psst", "/msg ann hey"), ["OK . ."] * 2)
        again = self.logIn(f"Ann {self.secret}")
        self.assertEqual(again.lines[1], f"* 2 messages {AWAY}")
        for line, text in zip(again.lines[2:4], ("psst", "hey"), strict=True):
            self.assertRegex(line, rf"^\* \d\d:\d\d Bob -> you :: {text}$")
        again.types("/quit")
        self.assertNotIn(AWAY, "".join(self.logIn(f"Ann {self.secret}").lines))

    def test_live(self) -> None:
        """
        A direct message that a user at a terminal was shown live is not shown again.
        """
        again = self.annAgain()
        self.bob.types("/msg Ann psst")
        again.types("/quit")
        self.assertNotIn(AWAY, "".join(self.logIn(f"Ann {self.secret}").lines))

    def test_programs(self) -> None:
        """
        A program is shown what is unread until it reports it as read.
        """
        self.bob.types("/msg Ann psst")
        for _ in range(2):
            program = self.program()
            old = program.objectsOf("told")
            self.assertEqual([(each["text"], each["old"]) for each in old], [("psst", True)])
            self.assertEqual(program.objects[0]["unread"]["@"], 1)
            program.asks("bye")
        program = self.program()
        program.asks("read", room="@", id=self.hub.lastId)
        self.assertEqual(self.stored("@"), self.hub.lastId - 1)
        program.asks("bye")
        self.assertEqual(self.program().objectsOf("told"), [])

    def test_resumed(self) -> None:
        """
        A session that resumes gets its direct messages with all that it missed, once.
        """
        self.bob.types("/msg Ann psst")
        welcome = self.laptop.objectsOf("welcome")
        self.assertEqual(welcome, [])
        first = self.program()
        last = self.hub.lastId
        first.drops()
        self.bob.types("/msg Ann hey")
        again = resume(self.hub, first.objects[0], last)
        self.assertEqual([each["text"] for each in again.objectsOf("told")], ["hey"])
        self.assertEqual(again.objects[0]["unread"]["@"], 2)

    def test_guests(self) -> None:
        """
        A guest leaves no message, and is told how they could.
        """
        guest = enter(self.hub, "Eve")
        self.assertEqual(
            self.said(guest, "/msg Ann psst"),
            [
                "! Ann is away, and only registered people can leave a message: /register first",
            ],
        )
        self.assertNotIn(AWAY, "".join(self.logIn(f"Ann {self.secret}").lines))

    def test_nobody(self) -> None:
        """
        A direct message to a user who is not registered, or no longer, is refused.
        """
        self.assertRegex(self.said(self.bob, "/msg Eve psst")[-1], "^! nobody of this name")
        ann = self.annAgain()
        ann.types("/unregister Ann", "/unregister Ann", "/quit")
        self.assertRegex(self.said(self.bob, "/msg Ann psst")[-1], "^! nobody of this name")

    def test_otherName(self) -> None:
        """
        A direct message to a registered name reaches its owner under any name.
        """
        again = self.annAgain()
        again.types("/nick Anna")
        again.forget()
        self.assertEqual(self.said(self.bob, "/msg Ann psst", "/msg @Ann: hey"), ["OK . ."] * 2)
        self.assertEqual(again.lines, ["Bob -> you :: psst", "Bob -> you :: hey"])

    def test_full(self) -> None:
        """
        An inbox is bounded; once its messages are read there is room again.
        """
        who = self.hub.state.law.ownerOf("Ann")
        assert who is not None
        for number in range(MAX_INBOX):
            self.log.append(Draft(TOLD, f"@{who.who}", "Bob", f"m{number}", "Ann"), None)
        self.assertEqual(
            self.said(self.bob, "/msg Ann psst"),
            [f"! {MAX_INBOX} messages wait for Ann, which is the most"],
        )
        program = enter(self.hub, "Eve", JSON)
        program.asks("command", line="/register")
        program.asks("tell", to="Ann", text="psst", key="t1")
        self.assertEqual(
            (program.objects[-1]["code"], program.objects[-1]["key"]), ("mailbox-full", "t1")
        )
        again = self.annAgain()
        again.types("/quit")
        self.assertEqual(self.said(self.bob, "/msg Ann psst"), ["OK . ."])

    def test_many(self) -> None:
        """
        A long inbox shows its newest messages, with their number and how to see all.
        """
        self.bob.types(*(f"/msg Ann m{number}" for number in range(SHOWN_INBOX + 3)))
        lines = self.logIn(f"Ann {self.secret}").lines
        count = SHOWN_INBOX + 3
        self.assertEqual(
            lines[1],
            f"* {count} messages for you alone while you were away (/inbox {count} shows all):",
        )
        shown = [line for line in lines if "Bob -> you" in line]
        self.assertEqual(len(shown), SHOWN_INBOX)
        self.assertTrue(shown[-1].endswith(f" m{count - 1}"))

    def test_restart(self) -> None:
        """
        An inbox outlasts a restart.
        """
        self.bob.types("/msg Ann psst")
        self.restart()
        self.assertEqual(self.logIn(f"Ann {self.secret}").lines[1], f"* 1 message {AWAY}")

    def test_command(self) -> None:
        """
        C{/inbox} shows the newest direct messages, read or not.
        """
        self.bob.types("/msg Ann one", "/msg Ann two")
        ann = self.annAgain()
        self.assertRegex("".join(self.said(ann, "/inbox")), "one.*two")
        self.assertNotRegex("".join(self.said(ann, "/inbox 1")), "one")
        self.assertEqual(self.said(ann, "/inbox many"), ["! Usage: /inbox, or /inbox 50"])
        guest = enter(self.hub, "Eve")
        self.assertRegex(self.said(guest, "/inbox")[-1], "^! only registered people")


class WindowTests(TurnTestCase):
    """
    Messages that come during a login.
    """

    def test_toldMeanwhile(self) -> None:
        """
        A message that comes in the turn of a login is shown once, with those that waited.
        """
        bob = self.enter("Bob")
        bob.types("/register")
        self.turn.end()
        self.ann.types("/quit")
        self.turn.end()
        bob.types("/msg Ann before")
        self.turn.end()
        ann = self.logIn(f"Ann {self.secret}")
        bob.types("/msg Ann meanwhile")
        self.turn.end()
        bob.types("/msg Ann after")
        self.turn.end()
        shown = "\n".join(ann.lines)
        for text in ("before", "meanwhile", "after"):
            self.assertEqual(shown.count(text), 1, shown)
        ann.types("/quit")
        self.turn.end()
        again = self.logIn(f"Ann {self.secret}")
        self.turn.end()
        self.assertEqual(len(again.lines), 1)


class SlowLog(MemoryLog):
    """
    A log that counts messages when the test says so.
    """

    isSlow = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.asked: list[Callable[[], object]] = []

    def count(self, place: Place, after: int, most: int) -> Deferred[int]:
        """See L{twisted_chat.stores.interfaces.IHistory.count}."""
        if not self.isSlow:
            return super().count(place, after, most)
        result: Deferred[int] = Deferred()
        self.asked.append(
            lambda: super(SlowLog, self).count(place, after, most).chainDeferred(result)
        )
        return result


class LeavingTests(AccountsTestCase):
    """
    A user who leaves as soon as they came.
    """

    def makeLog(self) -> MemoryLog:
        """See L{AccountsTestCase.makeLog}."""
        self.slow = SlowLog(seconds=lambda: self.now, projection=project)
        return self.slow

    def test_shownWhileLeaving(self) -> None:
        """
        Messages that are shown to a user who is already leaving count as read.
        """
        eve = enter(self.hub, "Eve")
        register(eve)
        self.ann.types("/quit")
        eve.types("/msg Ann psst")
        self.slow.isSlow = True
        ann = self.logIn(f"Ann {self.secret}")
        ann.user.leaving = True
        self.slow.isSlow = False
        self.slow.asked.pop()()
        self.assertIn("psst", "".join(ann.lines))
        ann.user.leaving = False
        ann.types("/quit")
        self.assertNotIn(AWAY, "".join(self.logIn(f"Ann {self.secret}").lines))


class FaultTests(AccountsTestCase):
    """
    Marks that are not stored.
    """

    def makeLog(self) -> MemoryLog:
        """See L{AccountsTestCase.makeLog}."""
        self.faulty = FaultyLog(seconds=lambda: NOW, projection=project)
        return self.faulty

    def test_later(self) -> None:
        """
        A mark that was not stored is stored later.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        self.bob.types("hi")
        last = self.hub.lastId
        self.faulty.fail()
        program.asks("read", room="#lobby", id=last)
        self.faulty.fault = None
        self.passed += STORE_SECONDS
        self.hub.tidy()
        key = f"{program.user.sid} 0"
        self.assertEqual(self.successResultOf(self.log.record(MARK, key)), last)
