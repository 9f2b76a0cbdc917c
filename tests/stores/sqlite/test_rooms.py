from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.contracts.store import said
from tests.stores.sqlite.storecase import SQLiteCase
from twisted_chat.stores.session import RoomRecord, Session
from twisted_chat.stores.sqlite import schema
from twisted_chat.stores.sqlite import store as sqlite
from twisted_chat.wire.events import CREATED, Draft, Event


class RoomsTests(SQLiteCase):
    """
    How rooms come to the disk.
    """

    def begin(self) -> None:
        super().begin()
        self.follower.whenStored = self.hear

    def hear(self, event: Event) -> None:
        """
        Know of rooms what a hub does.
        """
        if event.kind == CREATED:
            self.store.keepRoom(RoomRecord(event.id, event.room, "", "a1", ((event.id, None),)))

    def create(self, *names: str) -> None:
        self.appendAll(*(Draft(CREATED, name, "Ann", sid="a1") for name in names))

    def wait(self) -> None:
        """
        Let what was kept be stored.
        """
        self.clock.advance(sqlite.CHANGE_SECONDS)
        self.settle()

    def stored(self) -> tuple[list[str], int]:
        """
        @return: the names of the rooms in the file, and up to which id they show the log.
        """
        with closing(sqlite3.connect(self.path)) as connection:
            rooms = connection.execute("SELECT name FROM rooms ORDER BY id").fetchall()
            [(note,)] = connection.execute("SELECT value FROM notes WHERE name = 'rooms'")
        return [name for (name,) in rooms], note

    def rooms(self) -> tuple[list[str], list[str]]:
        """
        @return: the names of the rooms, and the rooms' names of the events that came after.
        """
        records, reflected = self.result(self.store.rooms())
        events = self.result(self.store.stateAfter(reflected, 100))
        return [record.name for record in records], [event.room for event in events]

    def test_withTheNextBatch(self) -> None:
        """
        What the follower keeps of one batch is stored in the transaction of the next, with the id
        up to which it shows the log.
        """
        self.create("#tea", "#cake")
        self.assertEqual(self.stored(), ([], 0))
        self.appendAll(said())
        self.assertEqual(self.stored(), (["#tea", "#cake"], 2))

    def test_soon(self) -> None:
        """
        Where no batch follows it is stored soon, and what is dropped goes as soon.
        """
        self.create("#tea")
        self.wait()
        self.assertEqual(self.stored(), (["#tea"], 1))
        self.store.dropRoom(1)
        self.wait()
        self.assertEqual(self.stored(), ([], 1))

    def test_sessions(self) -> None:
        """
        What is noted holds for sessions, too: with each of them it is stored up to which id they
        show the log.
        """
        self.create("#tea")
        self.appendAll(said(), said())
        self.store.remember(Session("a1", "hash1", "Ann"))
        self.wait()
        self.assertEqual(self.stored(), (["#tea"], 3))

    def test_nothingChanged(self) -> None:
        """
        Batches that change no room write nothing about them.
        """
        self.create("#tea")
        self.wait()
        self.appendAll(said(), said())
        self.wait()
        self.assertEqual(self.stored(), (["#tea"], 1))

    def test_crashBefore(self) -> None:
        """
        After an end before that there are the events instead.
        """
        self.create("#tea")
        self.appendAll(said())
        self.create("#cake")
        self.crash()
        self.assertEqual(self.rooms(), (["#tea"], ["#cake"]))

    def test_takenUp(self) -> None:
        """
        A follower that takes up these events at the start, and keeps what became of them, has done
        so for good.
        """
        self.create("#tea", "#cake")
        self.crash()
        records, reflected = self.result(self.store.rooms())
        self.assertEqual(records, [])
        for event in self.result(self.store.stateAfter(reflected, 100)):
            self.hear(event)
        self.assertEqual(self.rooms(), (["#tea", "#cake"], []))
        self.wait()
        self.crash()
        self.assertEqual(self.rooms(), (["#tea", "#cake"], []))

    def test_notStored(self) -> None:
        """
        What cannot be stored waits until it can, and the newest counts.
        """
        self.create("#tea")
        self.patch(schema, "BUSY_SECONDS", 0.01)
        self.restart()
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.store.keepRoom(RoomRecord(1, "#green", "", "", ((1, None),)))
        self.store.remember(Session("a1", "hash1", "Ann"))
        self.wait()
        self.assertEqual(self.appendAll(said()), [])
        self.store.keepRoom(RoomRecord(1, "#black", "", "", ((1, None),)))
        self.assertEqual(self.rooms(), (["#black"], []))
        other.execute("ROLLBACK")
        self.assertEqual(self.stored()[0], ["#tea"])
        self.appendAll(said())
        self.assertEqual(self.stored()[0], ["#black"])
        self.assertIsNotNone(self.result(self.store.recall("hash1")))

    def test_atTheEnd(self) -> None:
        """
        What the follower keeps of the last batch before the stop is stored, too.
        """
        self.store.append(Draft(CREATED, "#tea", "Ann", sid="a1"), None)
        self.stop()
        self.assertEqual(self.stored(), (["#tea"], 1))

    def test_whileRead(self) -> None:
        """
        What is stored while the rooms are being read is not missing.
        """
        self.create("#tea")
        asked = self.store.rooms()
        self.appendAll(said())
        self.assertEqual([room.name for room in self.result(asked).records], ["#tea"])
