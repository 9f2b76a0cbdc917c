# -*- test-case-name: tests.chat.test_rooms -*-
"""
Tests for L{twisted_chat.chat.rooms}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import NOW, enter, enterAll, makeHub
from twisted_chat.chat.emptyrooms import DAY, FORGET_DAYS
from twisted_chat.chat.hub import Hub
from twisted_chat.chat.member import Member
from twisted_chat.chat.room import OPEN, hashPassword
from twisted_chat.chat.rooms import Rooms
from twisted_chat.errors import NoSuchRoom, NotAllowed
from twisted_chat.steadyclock import PROOF
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.stores.session import RoomRecord
from twisted_chat.wire.events import (
    CLOSED,
    CREATED,
    FOREVER,
    INVITED,
    LOCKED,
    PRIVATE,
    TOPIC,
    UNLOCKED,
    Draft,
    Event,
)

WEEK = FORGET_DAYS * DAY


class FindingTests(SynchronousTestCase):
    """
    The room that a name means, and the rooms that can be made.
    """

    def setUp(self) -> None:
        self.hub = makeHub()

    def test_roomInAnotherCase(self) -> None:
        """
        A room is found by its name in any case, so that nobody opens another beside it.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/join #dev")
        bob.types("/join #DEV")
        self.assertEqual(list(self.hub.rooms), ["#lobby", "#dev"])
        self.assertEqual(bob.user.current.name, "#dev")
        self.assertIs(self.hub.rooms.known("#Dev"), self.hub.rooms["#dev"])

    def test_namesThatLookAlike(self) -> None:
        """
        A name that only looks like a room's finds nothing, and no room can be made of it.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/join #plans")
        for name in ("#p1ans", "#pIans"):
            bob.types(f"/join {name}", f"/names {name}", f"/leave {name}", f"/search x in:{name}")
        for line in bob.lines:
            self.assertEqual(line[:2], "! ")
        self.assertIn("looks like #plans, which is here", bob.lines[0])
        self.assertEqual(list(self.hub.rooms), ["#lobby", "#plans"])

    def test_namesThatAreToldApart(self) -> None:
        """
        Rooms whose names a reader tells apart are two rooms.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/join #cl")
        bob.types("/join #ci", "mine")
        self.assertEqual(list(self.hub.rooms), ["#lobby", "#cl", "#ci"])
        self.assertNotIn("Bob :: mine", ann.lines)

    def test_silentAboutPrivateRooms(self) -> None:
        """
        A user who names a room that looks like a private one learns nothing of the private one.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/join #plans sesame")
        bob.types("/join #pIans", "/names #pIans")
        self.assertEqual(bob.lines[0][:2], "! ")
        self.assertNotIn("#plans", "".join(bob.lines))


class LifeTests(SynchronousTestCase):
    """
    The beginning and the end of rooms.
    """

    def setUp(self) -> None:
        self.now = NOW
        self.mono = 0.0
        self.hub = makeHub(seconds=lambda: self.now, monotonic=lambda: self.mono)
        self.hub.tidy()
        self.passes(PROOF)
        self.ann, self.bob = enterAll(self.hub, "Ann", "Bob")

    def passes(self, seconds: float) -> None:
        """
        Let time pass on both clocks, and be tidied.
        """
        self.now += seconds
        self.mono += seconds
        self.hub.tidy()

    def test_unusedRoom(self) -> None:
        """
        A room in which nothing was said ends when everybody has left it.
        """
        self.ann.types("/join #dev")
        self.bob.types("/join #dev")
        self.ann.types("/leave")
        self.assertIn("#dev", self.hub.rooms)
        self.bob.types("/leave")
        self.assertEqual(list(self.hub.rooms), ["#lobby"])
        self.ann.types("/join #DEV")
        self.assertEqual(list(self.hub.rooms), ["#lobby", "#DEV"])

    def test_usedRoom(self) -> None:
        """
        A room in which something was said stays for a week, with its past and its owner, and then
        ends.
        """
        self.ann.types("/join #dev", "hello", "/leave")
        self.passes(WEEK - 1)
        self.bob.types("/join #dev")
        self.assertIn("Ann :: hello", self.bob.lines[-1])
        self.assertEqual(self.hub.rooms["#dev"].owner, self.ann.user.sid)
        self.bob.types("/leave")
        self.passes(WEEK + 1)
        self.assertEqual(list(self.hub.rooms), ["#lobby"])
        self.bob.forget()
        self.bob.types("/join #dev")
        self.assertEqual(self.bob.lines, ["* You are in #dev (1 here)"])

    def test_wrongClock(self) -> None:
        """
        A wall clock that jumps ahead ends no room before it has run on for a day.
        """
        self.ann.types("/join #dev", "hello", "/leave")
        self.now += 2 * WEEK
        self.hub.tidy()
        self.passes(PROOF - 1)
        self.assertIn("#dev", self.hub.rooms)
        self.passes(1)
        self.assertNotIn("#dev", self.hub.rooms)

    def test_otherDays(self) -> None:
        """
        An empty room stays for as many days as the operator says, from then on.
        """
        self.ann.types("/join #dev", "hello", "/leave")
        self.passes(2 * DAY)
        self.hub.forgetRooms = 3
        self.passes(DAY - 1)
        self.assertIn("#dev", self.hub.rooms)
        self.passes(2)
        self.assertNotIn("#dev", self.hub.rooms)

    def test_restart(self) -> None:
        """
        A restart makes no empty room younger.
        """
        self.ann.types("/join #dev", "hello", "/leave")
        self.ann.types("/join #ops", "hello")
        self.passes(WEEK - 10)
        self.ann.drops()
        self.bob.drops()
        hub = Hub(self.hub.log, seconds=lambda: self.now, monotonic=lambda: self.mono)
        self.successResultOf(Deferred.fromCoroutine(hub.restore()))
        hub.tidy()
        self.now += PROOF
        self.mono += PROOF
        hub.tidy()
        self.assertEqual(list(hub.rooms), ["#lobby", "#ops"])

    def test_occupiedRoom(self) -> None:
        """
        An occupied room does not end, however long it lasts.
        """
        self.ann.types("/join #dev", "hello")
        self.passes(10 * WEEK)
        self.assertIn("#dev", self.hub.rooms)

    def test_leaveAndJoinAtOnce(self) -> None:
        """
        A user who joins while the end of the room is on its way makes it anew.
        """
        self.ann.types("/join #dev")
        first = self.hub.rooms["#dev"].id
        self.ann.types("/leave", "/join #dev")
        self.assertGreater(self.hub.rooms["#dev"].id, first)
        self.assertEqual(self.ann.user.current.name, "#dev")

    def test_lobbyStays(self) -> None:
        """
        The lobby stays, even when it is empty.
        """
        self.ann.drops()
        self.bob.drops()
        self.passes(10 * WEEK)
        self.assertEqual(list(self.hub.rooms), ["#lobby"])
        self.assertEqual(len(self.hub.lobby), 0)


class ApplyTests(SynchronousTestCase):
    """
    Rooms, as the events of the log change them.
    """

    def setUp(self) -> None:
        self.rooms = Rooms("#lobby")
        self.eventId = 0

    def apply(
        self, kind: str, room: str = "#den", text: str = "", data: str = "", sid: str = "ann"
    ) -> None:
        """Apply an event as it is."""
        self.eventId += 1
        self.rooms.apply(
            Event(self.eventId, NOW, kind, room, "Ann", text, "", sid, None, data), None
        )

    def test_created(self) -> None:
        """
        A room begins with the event that made it, and belongs to its author.
        """
        self.eventId = 41
        self.apply(CREATED)
        room = self.rooms["#den"]
        self.assertEqual((room.id, room.owner, room.private), (42, "ann", False))
        self.assertEqual(room.placeFor({}).ranges, ((42, FOREVER),))
        self.assertIs(self.rooms.byId[42], room)

    def test_createdTwice(self) -> None:
        """
        Making a room never hands out one that is there, or one beside another that looks like it.
        """
        self.apply(CREATED, "#plans")
        for name in ("#plans", "#PLANS", "#pIans", "#p1ans"):
            self.assertRaises(NotAllowed, self.apply, CREATED, name, sid="mallory")
        self.assertEqual(self.rooms["#plans"].owner, "ann")

    def test_createdPrivate(self) -> None:
        """
        A room may be private from the start.
        """
        self.apply(CREATED, text=PRIVATE, data=hashPassword("sesame"))
        self.assertTrue(self.rooms["#den"].acceptsPassword("bob", "sesame"))
        self.assertEqual(self.rooms["#den"].placeFor({}).ranges, ())

    def test_locked(self) -> None:
        """
        A member who is in a room when it is locked may read what is said from then on.
        """
        self.apply(CREATED)
        member = Member("Bob", "bob", 0.0)
        self.rooms["#den"].add(member)
        self.apply(LOCKED)
        self.assertEqual(member.rights, {2: OPEN})
        self.assertEqual(list(self.rooms.eras), [2])

    def test_rooms(self) -> None:
        """
        Topics, invitations and the opening of a room are applied in their order.
        """
        self.apply(CREATED)
        self.apply(LOCKED)
        self.apply(INVITED, data="bob")
        self.apply(TOPIC, text="tests")
        room = self.rooms["#den"]
        self.assertEqual((room.topic, room.admits("bob", {})), ("tests", True))
        self.apply(UNLOCKED)
        self.assertFalse(room.private)
        self.assertEqual(room.placeFor({}).ranges, ((1, 1), (5, FOREVER)))

    def test_inviteToAPublicRoom(self) -> None:
        """
        An invitation to a room that is open gives no right in a later private era.
        """
        self.apply(CREATED)
        self.apply(INVITED, data="bob")
        self.apply(LOCKED)
        self.assertFalse(self.rooms["#den"].admits("bob", {}))

    def test_closed(self) -> None:
        """
        A closed room is gone, with its eras; a later one of the same name stays.
        """
        self.apply(CREATED, text=PRIVATE)
        self.apply(CLOSED, data="1")
        self.assertEqual((list(self.rooms), self.rooms.eras), (["#lobby"], {}))
        self.apply(CREATED)
        self.apply(CLOSED, data="1")
        self.assertIn("#den", self.rooms)

    def test_unknownRoom(self) -> None:
        """
        An event of a room that is not there is void.
        """
        for kind in (TOPIC, LOCKED, UNLOCKED, INVITED, CLOSED):
            self.assertRaises(NoSuchRoom, self.apply, kind)

    def test_reserved(self) -> None:
        """
        A name and its lookalikes are reserved while the room is being made, and free again if it
        was not.
        """
        with self.rooms.reserve("#plans"):
            self.assertEqual(self.rooms.lookalike("#pIans"), "#plans")
            waiting = Deferred.fromCoroutine(self.rooms.whenSettled("#PLANS"))
            self.assertNoResult(waiting)
        self.assertIsNone(self.successResultOf(waiting))
        self.assertIsNone(self.rooms.lookalike("#pIans"))

    def test_privateOf(self) -> None:
        """
        Private rooms count for their owner alone, as long as they are private.
        """
        self.apply(CREATED, "#den", PRIVATE)
        self.apply(CREATED, "#cave", PRIVATE, sid="bob")
        self.apply(CREATED, "#open")
        self.assertEqual([self.rooms.privateOf(sid) for sid in ("ann", "bob", "cem")], [1, 1, 0])
        self.apply(UNLOCKED, "#den")
        self.assertEqual(self.rooms.privateOf("ann"), 0)


class RestoreTests(SynchronousTestCase):
    """
    Rooms after a restart.
    """

    def restored(self, hub: Hub, **options: str) -> Hub:
        """
        @return: a new hub over the log of another.
        """
        again = makeHub(hub.log, **options)  # type: ignore[arg-type]
        self.successResultOf(Deferred.fromCoroutine(again.restore()))
        return again

    def test_same(self) -> None:
        """
        The stored state is enough to make the same rooms.
        """
        hub = makeHub()
        ann, bob = enterAll(hub, "Ann", "Bob")
        ann.types("/join #den sesame", "/topic secrets", "/invite Bob", "/join #open", "/topic all")
        again = self.restored(hub)
        self.assertEqual(list(again.rooms), list(hub.rooms))
        for name, room in hub.rooms.items():
            self.assertEqual(again.rooms[name].record._replace(emptyAt=0.0), room.record)
        self.assertTrue(again.rooms["#den"].admits(bob.user.sid, {}))
        self.assertFalse(again.rooms["#den"].admits("stranger", {}))

    def test_closedAtTheEnd(self) -> None:
        """
        A room that was closed just before a crash, before this was stored, is gone after the next
        two starts.
        """
        log = MemoryLog()
        log.append(Draft(CREATED, "#dev", "Ann", sid="ann"), None)
        log.keepRoom(RoomRecord(1, "#dev", "", "ann", ((1, None),)))
        log.append(Draft(CLOSED, "#dev", "", data="1"), None)
        for _ in range(2):
            hub = makeHub(log)
            self.successResultOf(Deferred.fromCoroutine(hub.restore()))
            self.assertNotIn("#dev", hub.rooms)

    def test_lobbyOfThatName(self) -> None:
        """
        A lobby that takes the name of a private room shows nothing of that room's past.
        """
        hub = makeHub()
        (ann,) = enterAll(hub, "Ann")
        ann.types("/join #plans sesame", "secret")
        again = self.restored(hub, lobby="#plans")
        bob = enter(again, "Bob")
        bob.types("/history", "/search secret")
        self.assertNotIn("secret", "".join(bob.lines))
        self.assertEqual(list(again.rooms), ["#plans"])

    def test_lobbyGoesOn(self) -> None:
        """
        The lobby's past goes on over a restart, and stays its own under another name.
        """
        hub = makeHub()
        (ann,) = enterAll(hub, "Ann")
        ann.types("hello")
        self.assertIn("Ann :: hello", enter(self.restored(hub), "Bob").lines[-1])
        other = self.restored(hub, lobby="#hall")
        self.assertEqual(len(enter(other, "Cem").lines), 1)

    def test_lobbyComesBack(self) -> None:
        """
        A lobby whose name was a private room's meanwhile shows nothing of that time.
        """
        hub = self.restored(makeHub())
        other = self.restored(hub, lobby="#hall")
        enter(other, "Ann").types("/join #lobby sesame", "secret")
        again = self.restored(other, lobby="#lobby")
        bob = enter(again, "Bob")
        bob.types("/history", "/search secret")
        self.assertNotIn("secret", "".join(bob.lines))

    def test_adoptedLobby(self) -> None:
        """
        A public room that nobody owns may become the lobby with its past, as in older files.
        """
        rooms = Rooms("#lobby")
        rooms.restore([RoomRecord(3, "#lobby", "welcome", "", ((1, None),))], 100)
        self.assertEqual(rooms.lobby.placeFor({}).ranges, ((1, FOREVER),))
        self.assertEqual(rooms.lobby.topic, "welcome")
        rooms = Rooms("#lobby")
        rooms.restore([RoomRecord(3, "#lobby", "secret", "ann", ((1, None),))], 100)
        self.assertEqual(rooms.lobby.placeFor({}).ranges, ((101, FOREVER),))
        self.assertEqual(rooms.lobby.topic, "")
