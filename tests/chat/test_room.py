# -*- test-case-name: tests.chat.test_room -*-
"""
Tests for L{twisted_chat.chat.room}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.member import Member
from twisted_chat.chat.room import MAX_RANGES, OPEN, PRESENCE_LIMIT, Era, Room, hashPassword
from twisted_chat.wire.events import FOREVER, Place


def makeRoom(*eras: Era, owner: str = "owner") -> Room:
    """
    @return: a room with these eras, or one that was always public.
    """
    return Room(1, "#dev", owner, list(eras) or [Era(1)])


class AdmissionTests(SynchronousTestCase):
    """
    The right to enter.
    """

    def test_public(self) -> None:
        """
        A public room lets everybody in, and no password opens what is open.
        """
        room = makeRoom()
        self.assertTrue(room.admits("anybody", {}))
        self.assertFalse(room.acceptsPassword("anybody", "sesame"))

    def test_invitation(self) -> None:
        """
        A private room without a password lets in its owner and invited users, and nobody else.
        """
        room = makeRoom(Era(1, ""))
        room.invited.add("guest")
        self.assertTrue(room.admits("owner", {}))
        self.assertTrue(room.admits("guest", {}))
        self.assertFalse(room.admits("stranger", {}))
        for password in ("", "guess"):
            self.assertFalse(room.acceptsPassword("stranger", password))

    def test_password(self) -> None:
        """
        A private room with a password opens to it, and an empty password is never right.
        """
        hashed = hashPassword("sesame")
        room = makeRoom(Era(1, hashed))
        self.assertTrue(room.acceptsPassword("stranger", "sesame"))
        for wrong in ("", "Sesame", "sesame ", hashed):
            self.assertFalse(room.acceptsPassword("stranger", wrong), wrong)

    def test_members(self) -> None:
        """
        A member of the newest private era may come back; one of an earlier era may not.
        """
        room = makeRoom(Era(1, ""), Era(5, ""))
        self.assertTrue(room.admits("member", {5: OPEN}))
        self.assertFalse(room.admits("member", {1: OPEN}))
        self.assertFalse(room.admits("member", {5: 7}))

    def test_expelled(self) -> None:
        """
        A member who was removed gets in neither by right nor by password, until a new era begins.
        """
        room = makeRoom(Era(1, hashPassword("sesame")))
        room.expelled.add("member")
        self.assertFalse(room.admits("member", {1: OPEN}))
        self.assertFalse(room.acceptsPassword("member", "sesame"))
        room.begin(Era(9, hashPassword("sesame")))
        self.assertTrue(room.acceptsPassword("member", "sesame"))

    def test_invitationEnds(self) -> None:
        """
        An invitation ends with the lock that it was given for.
        """
        room = makeRoom(Era(1, ""))
        room.invited.add("guest")
        room.begin(Era(5))
        room.begin(Era(9, ""))
        self.assertFalse(room.admits("guest", {}))

    def test_noOwner(self) -> None:
        """
        A private room without an owner lets no session in as its owner.
        """
        self.assertFalse(makeRoom(Era(1, ""), owner="").admits("stranger", {}))

    def test_hashPassword(self) -> None:
        """
        A hash does not hold the password, and differs each time.
        """
        self.assertNotIn("sesame", hashPassword("sesame"))
        self.assertNotEqual(hashPassword("sesame"), hashPassword("sesame"))
        self.assertEqual(hashPassword("sesame", "ab" * 8), hashPassword("sesame", "ab" * 8))
        self.assertTrue(hashPassword("ключ"))


class PlaceTests(SynchronousTestCase):
    """
    The part of a room's past that a user may read.
    """

    def test_public(self) -> None:
        """
        The past of a room that was always public is one range, which begins with the room.
        """
        self.assertEqual(makeRoom(Era(7)).placeFor({}), Place("#dev", ((7, FOREVER),)))

    def test_strangers(self) -> None:
        """
        A stranger to the private eras reads the public ones.
        """
        room = makeRoom(Era(1), Era(10, ""), Era(20), Era(30, ""))
        self.assertEqual(room.placeFor({}).ranges, ((1, 9), (20, 29)))

    def test_members(self) -> None:
        """
        A member of the private eras reads everything as one range.
        """
        room = makeRoom(Era(1), Era(10, ""), Era(20), Era(30, ""))
        self.assertEqual(room.placeFor({10: OPEN, 30: OPEN}).ranges, ((1, FOREVER),))

    def test_whoeverLeft(self) -> None:
        """
        A member who left in a private era reads it up to then.
        """
        room = makeRoom(Era(1, ""), Era(20))
        self.assertEqual(room.placeFor({1: 15}).ranges, ((1, 15), (20, FOREVER)))

    def test_manyEras(self) -> None:
        """
        The newest of very many stretches count.
        """
        eras = [Era(2 * n, None if n % 2 else "") for n in range(10 * MAX_RANGES)]
        ranges = makeRoom(*eras).placeFor({}).ranges
        self.assertEqual((len(ranges), ranges[-1][1]), (MAX_RANGES, FOREVER))

    @settings(deadline=None, max_examples=200, derandomize=True)
    @given(
        st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.integers(-1, 60)), max_size=8),
        st.integers(0, 80),
    )
    def test_everyId(self, steps: list[tuple[int, bool, int]], id: int) -> None:
        """
        An id lies in the ranges exactly if its era is public, or the reader has a right up to it.
        """
        eras, rights = [Era(1)], {}
        for length, private, upTo in steps:
            start = eras[-1].start + length
            eras.append(Era(start, "" if private else None))
            if private and upTo >= 0:
                rights[start] = upTo
        room = makeRoom(*eras)
        ranges = room.placeFor(rights).ranges
        era = next((era for era in reversed(eras) if era.start <= id), None)
        if era is None:
            readable = False
        elif era.private:
            upTo = rights.get(era.start, -1)
            readable = upTo == OPEN or id <= upTo
        else:
            readable = True
        self.assertEqual(any(first <= id <= last for first, last in ranges), readable)
        self.assertEqual(list(ranges), sorted(ranges))


class RoomTests(SynchronousTestCase):
    """
    The record, the presence and the changes of a room.
    """

    def test_record(self) -> None:
        """
        A room that is made again of its record is the same.
        """
        room = makeRoom(Era(1), Era(10, hashPassword("sesame")))
        room.topic = "tests"
        room.invited.update("ab")
        room.expelled.add("c")
        again = Room.fromRecord(room.record)
        self.assertEqual(again.record, room.record)
        self.assertTrue(again.private)

    def test_tellsPresence(self) -> None:
        """
        A room of more than 200 members does not tell comings and goings.
        """
        room = makeRoom()
        for number in range(PRESENCE_LIMIT):
            room.add(Member(str(number), str(number), 0.0))
        self.assertTrue(room.tellsPresence)
        room.add(Member("one more", "more", 0.0))
        self.assertFalse(room.tellsPresence)
        self.assertEqual(PRESENCE_LIMIT, 200)

    def test_change(self) -> None:
        """
        A question asked while changes wait for the log is answered once the last has come back.
        """
        room = makeRoom()
        self.successResultOf(room.whenSettled())
        with room.change():
            with room.change():
                first = room.whenSettled()
            second = room.whenSettled()
            self.assertNoResult(first)
            self.assertNoResult(second)
        self.successResultOf(first)
        self.successResultOf(second)
        self.assertEqual(room.changing, 0)
