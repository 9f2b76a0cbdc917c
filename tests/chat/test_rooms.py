# -*- test-case-name: tests.chat.test_rooms -*-
"""
Tests for L{twisted_chat.chat.rooms}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import NOW, enter, enterAll, makeHub
from twisted_chat.chat.hub import Hub
from twisted_chat.chat.room import Room, hashKey
from twisted_chat.chat.rooms import Rooms
from twisted_chat.stores.session import Session
from twisted_chat.wire.events import CREATED, INVITED, LOCKED, TOPIC, UNLOCKED, Event


class RoomsTests(SynchronousTestCase):
    """
    The rooms that a hub keeps.
    """

    def setUp(self) -> None:
        self.hub = makeHub()

    def test_emptyRoomIsForgotten(self) -> None:
        """
        A room that everybody left is no more, whether by leaving it or the chat.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/join #dev")
        bob.types("/join #dev")
        ann.types("/leave")
        self.assertIn("#dev", self.hub.rooms)
        bob.drops()
        self.assertEqual(list(self.hub.rooms), ["#lobby"])
        ann.types("/join #DEV")
        self.assertEqual(list(self.hub.rooms), ["#lobby", "#DEV"])

    def test_roomInAnotherCase(self) -> None:
        """
        A room is found by its name in any case, so nobody opens one beside it.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/join #dev")
        bob.types("/join #DEV")
        self.assertEqual(list(self.hub.rooms), ["#lobby", "#dev"])
        self.assertEqual(bob.user.current, "#dev")
        known = self.hub.rooms.known("#Dev")
        self.assertIs(known, self.hub.rooms["#dev"])

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
        Whoever names a room that looks like a private one reads no word about that.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/join #plans sesame")
        bob.types("/join #pIans", "/names #pIans")
        self.assertEqual(bob.lines[0][:2], "! ")
        self.assertNotIn("#plans", "".join(bob.lines))

    def test_lobbyStays(self) -> None:
        """
        The lobby stays, even when it is empty.
        """
        enter(self.hub, "Ann").drops()
        self.assertEqual(list(self.hub.rooms), ["#lobby"])
        self.assertEqual(len(self.hub.lobby), 0)

    def state(self, *rows: tuple[str, str, str, str]) -> Hub:
        """
        @param rows: kind, room, text and session id of each event.
        @return: a new hub that restored them.
        """
        hub = makeHub()
        hub.rooms.restore(
            Event(place, NOW, kind, room, "Ann", text, "", sid)
            for place, (kind, room, text, sid) in enumerate(rows)
        )
        return hub

    def test_restore(self) -> None:
        """
        Rooms are made again as their events say; those of which nothing is left are forgotten.
        """
        hub = self.state(
            (TOPIC, "#lobby", "welcome", "a"),
            (CREATED, "#dev", "", "a"),
            (LOCKED, "#dev", hashKey("sesame"), "a"),
            (INVITED, "#dev", "b", "a"),
            (TOPIC, "#dev", "first", "a"),
            (TOPIC, "#dev", "second", "a"),
            (CREATED, "#gone", "", "a"),
            (LOCKED, "#gone", "", "a"),
            (UNLOCKED, "#gone", "", "a"),
        )
        self.assertEqual(sorted(hub.rooms), ["#dev", "#lobby"])
        self.assertEqual(hub.lobby.topic, "welcome")
        dev = hub.rooms["#dev"]
        self.assertEqual((dev.topic, dev.creator, dev.private), ("second", "a", True))
        self.assertTrue(dev.admits("b", ""))
        self.assertTrue(dev.admits("c", "sesame"))
        self.assertFalse(dev.admits("c", ""))

    def test_restoreLateMaker(self) -> None:
        """
        Who made a room is known though something else of it was stored before.
        """
        hub = self.state(
            (TOPIC, "#dev", "tests", "a"), (CREATED, "#dev", "", "a"), (LOCKED, "#dev", "", "a")
        )
        self.assertEqual(hub.rooms["#dev"].creator, "a")
        self.assertTrue(hub.rooms["#dev"].admits("a", ""))

    def test_restoreNewMaker(self) -> None:
        """
        A room that was made again belongs to who made it last, and old invitations are void.
        """
        hub = self.state(
            (CREATED, "#dev", "", "a"),
            (LOCKED, "#dev", "", "a"),
            (INVITED, "#dev", "friend", "a"),
            (UNLOCKED, "#dev", "", "a"),
            (CREATED, "#dev", "", "b"),
            (LOCKED, "#dev", "", "b"),
        )
        dev = hub.rooms["#dev"]
        self.assertTrue(dev.admits("b", ""))
        self.assertFalse(dev.admits("a", ""))
        self.assertFalse(dev.admits("friend", ""))

    def test_restoreLookAlikes(self) -> None:
        """
        Rooms that bore names alike, one after the other, do not get into each other's way.
        """
        hub = self.state(
            (CREATED, "#dev", "", "a"),
            (LOCKED, "#dev", "", "a"),
            (UNLOCKED, "#dev", "", "a"),
            (TOPIC, "#DEV", "tests", "b"),
        )
        self.assertEqual(sorted(hub.rooms), ["#DEV", "#lobby"])
        ann = enter(hub, "Ann")
        ann.types("/join #dev")
        self.assertEqual(ann.user.current, "#DEV")

    def test_restoredFromItsLog(self) -> None:
        """
        What a log holds is enough to make the same rooms.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/join #den sesame", "/topic secrets", "/invite Bob", "/join #open", "/topic all")
        hub = makeHub()
        state = self.successResultOf(self.hub.log.state())
        hub.rooms.restore(state)
        for name, room in self.hub.rooms.items():
            again = hub.rooms[name]
            self.assertEqual((again.topic, again.private), (room.topic, room.private))
            self.assertEqual(again.keyHash, room.keyHash)
        self.assertTrue(hub.rooms["#den"].admits(bob.user.sid, ""))
        self.assertEqual(hub.rooms["#den"].creator, ann.user.sid)


class DirectoryTests(SynchronousTestCase):
    """
    L{Rooms} by themselves.
    """

    def setUp(self) -> None:
        self.rooms = Rooms("#lobby")

    def lock(self, name: str, creator: str) -> Room:
        """
        Make a private room.
        """
        room = self.rooms.make(name, creator)
        room.private = True
        return room

    def test_made(self) -> None:
        """A room is made once, and keeps who made it; the lobby is there from the beginning."""
        room = self.rooms.make("#dev", "a")
        self.assertIs(self.rooms.make("#dev", "b"), room)
        self.assertEqual(room.creator, "a")
        self.assertEqual(list(self.rooms), ["#lobby", "#dev"])
        self.assertIs(self.rooms["#lobby"], self.rooms.lobby)

    def test_unknown(self) -> None:
        """What nobody made is not known, and asking for it makes nothing."""
        self.assertIs(self.rooms.known("#dev"), None)
        self.assertEqual(list(self.rooms), ["#lobby"])

    def test_privateOf(self) -> None:
        """Only private rooms count, and only for who made them, as long as they are private."""
        den = self.lock("#den", "a")
        self.lock("#cave", "b")
        self.rooms.make("#open", "a")
        self.assertEqual([self.rooms.privateOf(sid) for sid in "abc"], [1, 1, 0])
        den.private = False
        self.assertEqual(self.rooms.privateOf("a"), 0)

    def test_readmitted(self) -> None:
        """A session goes on in rooms that are open, its own, or still those it was in."""
        for name, creator in (("#mine", "me"), ("#same", "a"), ("#another", "b"), ("#shut", "a")):
            self.lock(name, creator)
        tickets = ("#open", "#mine me", "#same a", "#another a", "#shut")
        self.assertEqual(
            self.rooms.readmitted(Session("me", rooms=tickets)), ("#open", "#mine", "#same")
        )

    def test_readmittedToAnEmptyRoom(self) -> None:
        """A room that nobody is in is still the one it is, also under a name that looks alike."""
        room = self.rooms.make("#dev", "a")
        self.assertEqual(self.rooms.readmitted(Session("me", rooms=("#DEV",))), ("#dev",))
        self.assertIs(self.rooms.known("#DEV"), room)
