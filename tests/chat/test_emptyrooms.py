# -*- test-case-name: tests.chat.test_emptyrooms -*-
"""
Tests for L{twisted_chat.chat.emptyrooms}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import FaultyLog, enter, enterAll, makeHub
from twisted_chat.chat import emptyrooms
from twisted_chat.chat.emptyrooms import DAY, FORGET_DAYS, UNUSED_SECONDS, EmptyRooms
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.chat.room import Era, Room
from twisted_chat.stores.memory import MemoryLog


def makeRoom(id: int, leftAt: float, used: bool = True) -> Room:
    """
    @return: a room that nobody is in.
    """
    room = Room(id, f"#room{id}", "ann", [Era(id)])
    room.used = used
    room.emptyAt = leftAt
    return room


class EmptyRoomsTests(SynchronousTestCase):
    """
    The rooms that are taken out, and when.
    """

    def setUp(self) -> None:
        self.empty = EmptyRooms()

    def add(self, *rooms: Room) -> None:
        """Add rooms that were left one after the other."""
        for room in rooms:
            self.empty.add(room)

    def old(self, now: float, days: int = FORGET_DAYS) -> list[int]:
        """
        @return: the ids of the rooms that are old by then.
        """
        return [room.id for room in self.empty.takeOld(now, now, days)]

    def excess(self) -> int | None:
        """
        @return: the id of the room that goes since too many are empty.
        """
        room = self.empty.takeExcess()
        return None if room is None else room.id

    def test_days(self) -> None:
        """A used room is old after as many days as the operator says, and is taken out once."""
        self.add(makeRoom(1, 0.0), makeRoom(2, DAY))
        self.assertEqual(self.old(FORGET_DAYS * DAY), [])
        self.assertEqual(self.old(FORGET_DAYS * DAY + 1), [1])
        self.assertEqual(self.old(FORGET_DAYS * DAY + 1), [])
        self.assertEqual(self.old(2 * DAY + 1, days=1), [2])

    def test_unused(self) -> None:
        """An unused room is old after an hour, whether the clock can be believed or not."""
        self.add(makeRoom(1, 0.0), makeRoom(2, 0.0, used=False))
        rooms = self.empty.takeOld(UNUSED_SECONDS + 1, -1e9, FORGET_DAYS)
        self.assertEqual([room.id for room in rooms], [2])

    def test_unbelievedClock(self) -> None:
        """A clock that cannot be believed makes no used room old."""
        self.add(makeRoom(1, 0.0))
        self.assertEqual(self.empty.takeOld(1e9, 0.0, FORGET_DAYS), [])

    def test_kept(self) -> None:
        """A topic or an invitation keeps a room in which nothing was said."""
        about, expecting = makeRoom(1, 0.0, used=False), makeRoom(2, 0.0, used=False)
        about.topic = "tests"
        expecting.invited.add("bob")
        self.add(about, expecting)
        self.assertEqual(self.old(UNUSED_SECONDS + 1), [])

    def test_lobby(self) -> None:
        """The lobby is never old."""
        self.add(makeRoom(0, 0.0))
        self.assertEqual(self.old(1e9), [])

    def test_discarded(self) -> None:
        """A room that somebody joins is old only when it has been left once more."""
        room = makeRoom(1, 0.0)
        self.add(room)
        self.empty.discard(room)
        self.assertEqual(self.old(1e9), [])
        room.emptyAt = 1e9
        self.add(room)
        self.assertEqual(self.old(1e9 + 8 * DAY), [1])

    def test_atOnce(self) -> None:
        """Many old rooms are taken out in parts, those that were left first before the others."""
        self.patch(emptyrooms, "MAX_AT_ONCE", 2)
        self.add(*(makeRoom(id, 0.0) for id in range(1, 6)))
        self.assertEqual([self.old(1e9) for _ in range(4)], [[1, 2], [3, 4], [5], []])

    def test_excess(self) -> None:
        """
        Unused rooms go first when too many rooms are empty, and then those that were left first.
        """
        self.patch(emptyrooms, "MAX_EMPTY", 2)
        self.add(makeRoom(1, 0.0), makeRoom(2, 0.0, used=False), makeRoom(3, 0.0))
        self.add(makeRoom(4, 0.0))
        self.assertEqual([self.excess() for _ in range(3)], [2, 1, None])

    def test_unusedExcess(self) -> None:
        """Too many unused rooms never make a used one go."""
        self.patch(emptyrooms, "MAX_UNUSED", 1)
        self.add(makeRoom(1, 0.0), makeRoom(2, 0.0, used=False), makeRoom(3, 0.0, used=False))
        self.assertEqual([self.excess() for _ in range(2)], [2, None])


class EmptiedTests(SynchronousTestCase):
    """
    The rooms of a hub that nobody is in.
    """

    def test_excess(self) -> None:
        """The unused private rooms that were left first end when there are too many."""
        self.patch(emptyrooms, "MAX_UNUSED", 2)
        hub = makeHub()
        (ann,) = enterAll(hub, "Ann")
        for number in range(4):
            ann.types(f"/join #den{number}x sesame", "/leave")
        self.assertEqual(list(hub.rooms), ["#lobby", "#den2x", "#den3x"])
        ann.types("/join #den2x", "/join #den4x sesame", "/leave")
        self.assertEqual(list(hub.rooms), ["#lobby", "#den2x", "#den3x", "#den4x"])

    def test_refused(self) -> None:
        """A room whose end cannot be stored is tried again when it is tidied once more."""
        log = FaultyLog()
        now = [1e9]
        hub = makeHub(log, seconds=lambda: now[0])
        (ann,) = enterAll(hub, "Ann")
        ann.types("/join #den sesame", "/leave")
        now[0] += UNUSED_SECONDS + 1
        log.fail()
        hub.tidy()
        self.assertIn("#den", hub.rooms)
        log.fault = None
        hub.tidy()
        self.assertNotIn("#den", hub.rooms)

    def test_neverEntered(self) -> None:
        """A room that its maker could not enter, since the disk failed, ends after an hour."""
        now = [1e9]
        log = FaultyLog(seconds=lambda: now[0])
        hub = makeHub(log, seconds=lambda: now[0])
        (ann,) = enterAll(hub, "Ann")
        append = log.append

        def failAfterwards(draft: object, origin: object) -> None:
            append(draft, origin)  # type: ignore[arg-type]
            log.fail()

        self.patch(log, "append", failAfterwards)
        ann.types("/join #dev")
        self.assertEqual(len(hub.rooms["#dev"]), 0)
        self.patch(log, "append", append)
        log.fault = None
        now[0] += UNUSED_SECONDS + 1
        hub.tidy()
        self.assertNotIn("#dev", hub.rooms)

    def test_occupiedIsStored(self) -> None:
        """A room that is entered again is not stored as empty: a crash later makes it no older."""
        log = MemoryLog()
        hub = makeHub(log)
        ann, bob = enterAll(hub, "Ann", "Bob")
        ann.types("/join #dev", "hello", "/leave")
        bob.types("/join #dev")
        stored = self.successResultOf(log.rooms())
        self.assertEqual([each.emptyAt for each in stored.records if each.name == "#dev"], [0.0])

    def test_returning(self) -> None:
        """A user who lost the connection finds their unused room again within the hour."""
        now = [1e9]
        hub = makeHub(seconds=lambda: now[0])
        client = enter(hub, "Ann")
        client.drops()
        client.login(LoginRequest("Ann", ""))
        client.closed = client.isOver = False
        client.types("/join #dev")
        client.drops()
        now[0] += UNUSED_SECONDS - 1
        hub.tidy()
        self.assertIn("#dev", hub.rooms)
        now[0] += 2
        hub.tidy()
        self.assertNotIn("#dev", hub.rooms)
