from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, TypeVar, cast

from twisted.internet import reactor as realReactor
from twisted.internet.defer import CancelledError, Deferred, inlineCallbacks
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.contracts import store as contracts
from tests.contracts.store import (
    WALL_TIME,
    InlineWorker,
    Recorder,
    ThreadlessClock,
    said,
    scopeOf,
    wholeOf,
)
from twisted_chat.errors import BadCommand, NoHistory
from twisted_chat.stores.session import RoomRecord, Session
from twisted_chat.stores.sqlite import faults, fulltext, opening, reader, schema, writer
from twisted_chat.stores.sqlite import store as sqlite
from twisted_chat.stores.sqlite.retention import ALL, Keep
from twisted_chat.stores.sqlite.store import SQLiteLog
from twisted_chat.stores.sqlite.worker import Worker
from twisted_chat.wire.events import CREATED, SAID, UNREADABLE, Draft, Event, Query

LOBBY = scopeOf("#lobby")

_T = TypeVar("_T")


class SQLiteCase(contracts.StoreContract, SynchronousTestCase):
    """
    A history in a file of its own, without threads.
    """

    store: SQLiteLog
    keep = ALL

    def setUp(self) -> None:
        self.folder = self.mktemp()
        os.mkdir(self.folder)
        self.path = os.path.join(os.path.realpath(self.folder), "chat.sqlite")
        self.clock = ThreadlessClock()
        self.now = WALL_TIME
        self.follower = Recorder()
        self.addCleanup(self.stop)
        self.begin()

    def make(self) -> SQLiteLog:
        return SQLiteLog(
            self.path,
            self.clock,
            self.keep,
            lambda: self.now,
            cast("Callable[..., Worker]", InlineWorker),
        )

    def begin(self) -> None:
        """
        Start a server's store on the file.
        """
        self.store = self.make()
        self.store.follow(self.follower)
        self.result(self.store.start())

    def stop(self) -> None:
        self.result(self.store.stop())

    def restart(self) -> None:
        self.stop()
        self.begin()

    def crash(self) -> None:
        """
        Go on with the files as they are at this moment.
        """
        copied = os.path.realpath(self.mktemp())
        os.mkdir(copied)
        for name in ("chat.sqlite", "chat.sqlite-wal"):
            shutil.copy(os.path.join(os.path.dirname(self.path), name), copied)
        self.stop()
        self.path = os.path.join(copied, "chat.sqlite")
        self.begin()

    def settle(self) -> None:
        self.clock.settle()

    def tidy(self) -> None:
        """
        Let everything be done that may wait.
        """
        for _ in range(20):
            self.clock.advance(sqlite.TIDY_SECONDS)
            self.clock.settle()

    def texts(self) -> list[str]:
        """
        @return: what is stored, as another program sees it.
        """
        connection = sqlite3.connect(self.path)
        self.addCleanup(connection.close)
        return [row[0] for row in connection.execute("SELECT text FROM events ORDER BY id")]


class GatherTests(SQLiteCase):
    """
    When a batch begins.
    """

    def talk(self, count: int) -> None:
        """
        So many drafts come in this turn of the reactor.
        """
        for _ in range(count):
            self.store.append(said(), None)

    def turn(self) -> None:
        """
        The turn ends.
        """
        self.clock.turn()

    def test_alone(self) -> None:
        """
        Where people talk one at a time, what one says is stored at the end of the turn.
        """
        self.talk(1)
        self.settle()
        self.talk(1)
        self.turn()
        self.assertEqual(len(self.texts()), 2)

    def test_untilAllSpeak(self) -> None:
        """
        Where they talk at once, a batch waits until as many have spoken as in the one before.
        """
        self.talk(20)
        self.settle()
        self.talk(3)
        self.turn()
        self.talk(7)
        self.turn()
        self.turn()
        self.assertEqual(len(self.texts()), 20)
        self.talk(10)
        self.turn()
        self.assertEqual(len(self.texts()), 40)
        self.settle()
        self.assertEqual(self.follower.batches, [20, 20])

    def test_withThoseWhoWait(self) -> None:
        """
        Who waits while another batch is stored goes with those whom that one answers.
        """
        self.talk(3)
        self.turn()
        self.talk(2)
        self.turn()
        self.assertEqual(self.follower.batches, [3])
        self.talk(3)
        self.turn()
        self.settle()
        self.assertEqual(self.follower.batches, [3, 5])

    def test_stop(self) -> None:
        """
        At the end nothing waits, and nothing is left behind.
        """
        self.patch(sqlite, "BATCH", 20)
        self.talk(20)
        self.settle()
        self.talk(3)
        self.turn()
        self.talk(30)
        self.stop()
        self.assertEqual(self.follower.batches, [20, 20, 13])
        self.assertEqual(len(self.texts()), 53)

    def test_silence(self) -> None:
        """
        It does not wait for those who say nothing more.
        """
        self.talk(20)
        self.settle()
        self.talk(3)
        for _ in range(sqlite.GATHER_IDLE + 2):
            self.turn()
        self.assertEqual(len(self.texts()), 23)

    def test_trickle(self) -> None:
        """
        It does not wait for long, even if each turn brings something.
        """
        self.talk(100)
        self.settle()
        for _ in range(20):
            self.talk(1)
            self.turn()
        self.settle()
        self.assertEqual(self.follower.batches[1], sqlite.GATHER_TURNS + 1)


class SQLiteTests(
    SQLiteCase,
    contracts.LogContract,
    contracts.HistoryContract,
    contracts.RoomsContract,
    contracts.SessionsContract,
):
    """
    The contracts, while nothing is in the index of words yet.
    """

    def test_fileIsPrivate(self) -> None:
        """
        The file and all that SQLite puts beside it are for the owner alone.
        """
        self.appendAll(said())
        for name in os.listdir(self.folder):
            mode = os.stat(os.path.join(self.folder, name)).st_mode & 0o777
            self.assertEqual(mode, 0o600, name)
        self.assertIn("chat.sqlite-wal", os.listdir(self.folder))

    def test_turnIsOneBatch(self) -> None:
        """
        All that is appended in one turn of the reactor is one commit.
        """
        self.appendAll(said("1"), said("2"), said("3"))
        self.assertEqual(self.follower.batches, [3])

    def test_batchesAreBounded(self) -> None:
        """
        One commit takes so many drafts, the next the others.
        """
        self.patch(sqlite, "BATCH", 10)
        self.appendAll(*(said(str(number)) for number in range(25)))
        self.assertEqual(self.follower.batches, [10, 10, 5])

    def test_storedBeforeTold(self) -> None:
        """
        When the follower hears of an event, another program already finds it in the file.
        """
        found: list[list[str]] = []
        self.follower.whenStored = lambda event: found.append(self.texts())
        self.appendAll(said("Hello!"))
        self.assertEqual(found, [["Hello!"]])

    def test_restart(self) -> None:
        """
        After a restart everything is there: events, keys, sessions, the epoch; ids go on.
        """
        epoch = self.store.epoch
        [first] = self.appendAll(said("before", key="k1"))
        session = Session("a1", "hash1", "Ann", (7,), 7, WALL_TIME, {9: 0})
        self.store.remember(session)
        self.restart()
        self.assertEqual(self.store.epoch, epoch)
        self.assertEqual(self.appendAll(said("again", key="k1")), [])
        self.assertEqual(self.follower.of("repeated"), [first])
        [second] = self.appendAll(said("after"))
        self.assertEqual(second.id, first.id + 1)
        self.assertEqual(self.result(self.store.recall("hash1")), session)

    def test_crash(self) -> None:
        """
        What was acknowledged is in the files, also if the server never closes them.
        """
        stored = self.appendAll(*(said(str(number)) for number in range(100)))
        self.crash()
        self.assertEqual(self.result(self.store.last(wholeOf("#lobby"), 200)), stored)

    def test_truncatedWriteAheadLog(self) -> None:
        """
        A write-ahead log that was cut is read up to its last whole commit.
        """
        for text in ("1", "2", "3"):
            self.appendAll(said(text))
        copied = self.mktemp()
        os.mkdir(copied)
        for name in ("chat.sqlite", "chat.sqlite-wal"):
            shutil.copy(os.path.join(self.folder, name), copied)
        self.stop()
        self.path = os.path.join(copied, "chat.sqlite")
        os.truncate(self.path + "-wal", os.path.getsize(self.path + "-wal") - 100)
        self.begin()
        self.assertEqual(self.texts(), ["1", "2"])
        [event] = self.appendAll(said("4"))
        self.assertEqual(event.id, 3)

    def test_stopLeavesOneFile(self) -> None:
        """
        After the stop the database is one whole file; the empty lock beside it holds nobody off.
        """
        self.appendAll(said())
        self.stop()
        self.assertEqual(sorted(os.listdir(self.folder)), ["chat.sqlite", "chat.sqlite-lock"])

    def test_appendAfterStop(self) -> None:
        """
        What comes after the stop is refused.
        """
        self.stop()
        self.store.append(said(), "origin")
        self.assertEqual(self.follower.heard, [("refused", said(), "origin")])
        self.assertIn("stopping", str(self.follower.errors[0]))

    def test_sessionWithoutEvents(self) -> None:
        """
        A session is stored soon, also if nobody says anything.
        """
        self.store.remember(Session("a1", "hash1", "Ann"))
        self.clock.advance(sqlite.CHANGE_SECONDS)
        self.settle()
        with sqlite3.connect(self.path) as connection:
            self.assertEqual(connection.execute("SELECT name FROM sessions").fetchall(), [("Ann",)])
        connection.close()

    def test_unusedSessionsGo(self) -> None:
        """
        Who was not here for a month cannot resume; the others can.
        """
        self.store.remember(Session("a1", "hash1", "Ann", seen=self.now))
        self.now += 31 * 86_400
        self.clock.advance(31 * 86_400)
        self.store.remember(Session("b2", "hash2", "Bob", seen=self.now))
        self.appendAll(said())
        self.clock.advance(sqlite.FORGET_SECONDS)
        self.tidy()
        self.assertIsNone(self.result(self.store.recall("hash1")))
        self.assertIsNotNone(self.result(self.store.recall("hash2")))

    def test_queueIsBounded(self) -> None:
        """
        With too many drafts, or too much text, waiting for the disk more are refused, at once.
        """
        for limit, value in (("QUEUED_DRAFTS", 3), ("QUEUED_TEXT", 15)):
            self.follower.heard.clear()
            patched = self.patch(sqlite, limit, value)
            for _ in range(4):
                self.store.append(said("12345"), None)
            self.assertEqual(self.follower.of("refused"), [said("12345")], limit)
            self.assertIn("slow", str(self.follower.errors[-1]))
            self.settle()
            self.assertEqual(len(self.follower.of("stored")), 3, limit)
            patched.restore()

    def test_stopComesBeforeTidying(self) -> None:
        """
        What may wait does not hold up a stop, however much it is.
        """
        self.patch(sqlite, "TIDY_BEHIND", 1)
        self.patch(sqlite, "BATCH", 5)
        for number in range(40):
            self.store.append(said(str(number)), None)
        self.stop()
        self.assertEqual(len(self.texts()), 40)

    def test_rememberAfterStop(self) -> None:
        """
        Nothing is begun after the stop.
        """
        self.stop()
        self.store.remember(Session("a1", "hash1", "Ann"))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_largeFileIsReadThrough(self) -> None:
        """
        A good large file is read through without a word.
        """
        self.appendAll(said())
        self.patch(opening, "CHECKED_BYTES", 1)
        with capturedLogs() as logs:
            self.restart()
        self.assertEqual(logs, [])

    def test_secondStopIsHarmless(self) -> None:
        """
        A store is stopped once.
        """
        self.stop()
        self.stop()


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
        records, events = self.result(self.store.rooms())
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
        Who takes up these events at the start, and keeps what became of them, has done so for good.
        """
        self.create("#tea", "#cake")
        self.crash()
        records, events = self.result(self.store.rooms())
        self.assertEqual(records, [])
        for event in events:
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


class StrangeRowsTests(SQLiteCase):
    """
    Files into which something was put that no server writes.
    """

    def setUp(self) -> None:
        super().setUp()
        self.appendAll(*(said(f"tea {number}") for number in range(1, 8)))
        self.spoil(
            "UPDATE events SET text = x'ff' WHERE id = 2",
            "UPDATE events SET name = CAST(x'ff' AS TEXT) WHERE id = 3",
            "UPDATE events SET time = 'now' WHERE id = 5",
            "UPDATE events SET key = x'00' WHERE id = 6",
            *(
                f"INSERT INTO events VALUES ({id}, 5.0, 'said', '#lobby', 'Ann', 'tea', '', '',"
                " NULL, '')"
                for id in (-5, 0, 2**53, 2**63 - 1)
            ),
        )

    def spoil(self, *statements: str) -> None:
        """
        Change the file as somebody else.
        """
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    def assertUnreadable(self, events: list[Event], *ids: int) -> None:
        """
        These events cannot be read, and all others can.
        """
        expected = Event(0, 0.0, UNREADABLE, "", "")
        self.assertEqual(
            [event for event in events if event.kind != SAID],
            [expected._replace(id=id) for id in ids],
        )

    def test_reading(self) -> None:
        """
        Whoever reads is told where something cannot be read, and gets all the rest; ids that cannot
        be are passed over.
        """
        found = self.result(self.store.last(wholeOf("#lobby"), 99))
        self.assertEqual([event.id for event in found], list(range(1, 8)))
        self.assertUnreadable(found, 2, 3, 5, 6)
        self.assertEqual(self.result(self.store.after(LOBBY, 0, 99)), found)
        self.assertEqual(self.result(self.store.after(LOBBY, 2, 3)), found[2:5])
        self.assertEqual(self.result(self.store.bounds()), (1, 7))

    def test_searching(self) -> None:
        """
        What can be read is found, indexed or not.
        """
        for _ in range(2):
            for query in (Query(("tea",)), Query((), room="#lobby"), Query((), since=1.0)):
                found = self.result(self.store.search(LOBBY, query, 99))
                self.assertEqual([event.id for event in found], [1, 4, 7], query)
            self.tidy()

    def test_goesOn(self) -> None:
        """
        The server starts on such a file and goes on with the ids after the newest that can be one.
        """
        self.restart()
        [event] = self.appendAll(said("tea 8"))
        self.assertEqual(event.id, 8)
        self.tidy()
        self.assertEqual(self.store.trouble, "")

    def test_operatorHears(self) -> None:
        """
        The operator hears of it, with the id, once a minute.
        """
        with capturedLogs() as logs:
            for _ in range(3):
                self.result(self.store.last(wholeOf("#lobby"), 99))
            self.clock.advance(faults.SECONDS)
            self.result(self.store.last(wholeOf("#lobby"), 2))
        self.assertEqual([event["what"] for event in logs], ["event 6", "event 6"])
        self.assertIn("export", logs[0]["log_format"])

    def test_farId(self) -> None:
        """
        After an id far ahead the ids go on there, and nothing walks the way in between.
        """
        far = 2**45
        self.spoil(f"UPDATE events SET id = {far} WHERE id = 7")
        self.patch(opening, "CHECKED_BYTES", 1)
        self.keep = Keep(messages=3)
        self.restart()
        self.assertEqual(
            [e.id for e in self.appendAll(said("tea 8"), said("x"))], [far + 1, far + 2]
        )
        self.tidy()
        found = self.result(self.store.search(LOBBY, Query(("tea",)), 99))
        self.assertEqual([event.id for event in found], [far, far + 1])
        self.assertEqual(self.result(self.store.bounds())[1], far + 2)
        self.assertEqual(len(self.result(self.store.last(wholeOf("#lobby"), 99))), 3)

    def test_noIdsLeft(self) -> None:
        """
        After the last id of all nothing is stored that could never be read.
        """
        self.spoil(f"UPDATE events SET id = {schema.MAX_ID} WHERE id = 7")
        self.restart()
        self.assertEqual(self.appendAll(said("lost")), [])
        self.assertEqual(self.follower.of("refused"), [said("lost")])
        self.assertEqual(len(self.flushLoggedErrors(faults.Refusal)), 1)

    def test_pruning(self) -> None:
        """
        What cannot be read is pruned with what is around it.
        """
        self.now += 86_400.0
        self.keep = Keep(days=0.5)
        self.restart()
        self.appendAll(said("new"))
        self.tidy()
        self.assertEqual(self.result(self.store.bounds()), (8, 8))

    def test_rooms(self) -> None:
        """
        A room that cannot be read is left out: without its law it would be open to everybody.
        """
        for id in (1, 2, 3):
            self.store.keepRoom(RoomRecord(id, f"#room{id}", "", "", ((id, "hash"),)))
        self.appendAll(Draft(CREATED, "#tea", "Ann"), Draft(CREATED, "#tea", "Bob"))
        self.spoil(
            "UPDATE rooms SET eras = 'x' WHERE id = 2", "UPDATE events SET data = x'' WHERE id = 8"
        )
        with capturedLogs() as logs:
            records, events = self.result(self.store.rooms())
        self.assertEqual([record.id for record in records], [1, 3])
        self.assertEqual([event.id for event in events], [9])
        self.assertEqual([event["what"] for event in logs], ["room 2"])

    def test_sessions(self) -> None:
        """
        Nor can a session be resumed that cannot be read; all others can.
        """
        for sid in "abc":
            self.store.remember(Session(sid, f"hash {sid}", sid.upper(), seen=self.now))
        self.appendAll(said())
        self.spoil("UPDATE sessions SET rooms = CAST(x'ff' AS TEXT) WHERE sid = 'b'")
        self.assertIsNone(self.result(self.store.recall("hash b")))
        self.assertIsNotNone(self.result(self.store.recall("hash c")))
        recent = self.result(self.store.recentSessions(0.0))
        self.assertEqual([session.sid for session in recent], ["a", "c"])

    def test_notes(self) -> None:
        """
        Notes that mean nothing are not there.
        """
        self.tidy()
        for value in ("x''", "'x'", "-5", str(2**60), "CAST(x'ff' AS TEXT)", "NULL"):
            self.spoil(f"UPDATE notes SET value = {value}")
            self.restart()
            self.tidy()
            self.assertEqual(self.result(self.store.bounds()), (1, 7), value)
            self.assertEqual(self.result(self.store.rooms()), ([], []), value)
            found = self.result(self.store.search(LOBBY, Query(("tea",)), 99))
            self.assertEqual([event.id for event in found], [1, 4, 7], value)
            self.assertGreater(len(self.store.epoch), 0)


class IndexedTests(SQLiteCase, contracts.HistoryContract):
    """
    The same answers once the words are in the index.
    """

    def settle(self) -> None:
        super().settle()
        self.clock.advance(sqlite.TIDY_SECONDS)
        super().settle()


class SearchTests(SQLiteCase):
    """
    The index of words and what is not in it yet.
    """

    def find(self, *words: str) -> list[str]:
        found = self.result(self.store.search(LOBBY, Query(words), 20))
        return [event.text for event in found]

    def test_indexedAndNot(self) -> None:
        """
        What is indexed and what is not yet is found alike, in order.
        """
        self.appendAll(said("tea 1"), said("tea 2"))
        self.tidy()
        self.appendAll(said("tea 3"), said("tea 4"))
        self.assertEqual(self.find("tea"), ["tea 1", "tea 2", "tea 3", "tea 4"])
        [newest] = self.result(self.store.search(LOBBY, Query(("tea",)), 1))
        self.assertEqual(newest.text, "tea 4")

    def test_manySteps(self) -> None:
        """
        Step by step everything is indexed.
        """
        self.patch(fulltext, "STEP", 7)
        self.appendAll(*(said(f"tea {number}") for number in range(40)))
        self.tidy()
        with sqlite3.connect(self.path) as connection:
            found = connection.execute("SELECT count(*) FROM terms WHERE terms MATCH 'tea'")
            self.assertEqual(found.fetchone(), (40,))
        connection.close()

    def test_busyServerIndexesToo(self) -> None:
        """
        Where messages never pause the index still does not fall behind for ever.
        """
        self.patch(sqlite, "TIDY_BEHIND", 50)
        self.patch(sqlite, "BATCH", 10)

        def goOn(event: Event) -> None:
            if event.id < 2000:
                self.store.append(said("tea"), None)

        self.follower.whenStored = goOn
        self.appendAll(*(said("tea") for _ in range(20)))
        self.assertEqual(self.clock.seconds(), 0.0)
        with sqlite3.connect(self.path) as connection:
            [indexed] = connection.execute("SELECT value FROM notes WHERE name = 'indexed'")
        connection.close()
        self.assertGreater(indexed[0], 1900)

    def test_busyButNotBehind(self) -> None:
        """
        Where messages never pause a step comes from time to time, and no more often than that.
        """
        self.patch(sqlite, "BATCH", 10)
        steps: list[float] = []
        tidy = self.store._writer.tidy

        def step(isForgetting: bool) -> writer.Waiting:
            steps.append(self.clock.seconds())
            return tidy(isForgetting)

        self.patch(self.store._writer, "tidy", step)

        def goOn(event: Event) -> None:
            if event.id < 3000:
                if event.id % 10 == 0:
                    self.clock.advance(0.01)
                self.store.append(said("tea"), None)

        self.follower.whenStored = goOn
        self.appendAll(*(said("tea") for _ in range(20)))
        self.assertGreaterEqual(len(steps), 2)
        self.assertLessEqual(len(steps), 20)

    def test_withoutFTS5(self) -> None:
        """
        An interpreter without FTS5 keeps the history, and says why it cannot be searched; once
        there is FTS5 everything is found.
        """
        patched = self.patch(fulltext, "isAvailable", lambda connection: False)
        self.restart()
        self.appendAll(said("tea"))
        self.tidy()
        asked = self.store.search(LOBBY, Query(("tea",)), 5)
        self.settle()
        self.assertEqual(
            str(self.failureResultOf(asked, NoHistory).value),
            "search is not possible on this server: its SQLite has no FTS5",
        )
        patched.restore()
        self.restart()
        self.assertEqual(self.find("tea"), ["tea"])
        self.tidy()
        self.assertEqual(self.find("tea"), ["tea"])

    def test_otherRules(self) -> None:
        """
        An index that was made by other rules is made anew.
        """
        self.appendAll(said("tea"))
        self.tidy()
        self.patch(fulltext, "RULES", "others")
        self.patch(fulltext, "terms", lambda text: ["coffee"])
        self.restart()
        self.tidy()
        with sqlite3.connect(self.path) as connection:
            found = connection.execute("SELECT count(*) FROM terms WHERE terms MATCH 'coffee'")
            self.assertEqual(found.fetchone(), (1,))
        connection.close()


class QuestionsTests(SQLiteCase):
    """
    What becomes of questions that nobody waits for, or that cannot be answered.
    """

    def setUp(self) -> None:
        super().setUp()
        self.appendAll(*(said(f"tea {number}") for number in range(20)))

    def search(self, sid: str) -> Deferred[list[Event]]:
        return self.store.search(scopeOf("#lobby", sid=sid), Query(("tea",)), 99)

    def test_byTurns(self) -> None:
        """
        Searches go by turns of those who ask, of whom few may wait.
        """
        ends: list[str] = []
        for sid in "aaab":
            self.search(sid).addCallback(lambda _, sid: ends.append(sid), sid)
        self.failureResultOf(self.search("a"), NoHistory)
        self.settle()
        self.assertEqual(ends, ["a", "a", "b", "a"])

    def test_cancel(self) -> None:
        """
        Any question can be cancelled; others are answered.
        """
        place = wholeOf("#lobby")
        asked: list[Deferred[Any]] = [
            self.search("a"),
            self.search("a"),
            self.store.last(place, 5),
            self.store.after(LOBBY, 0, 5),
            self.store.rooms(),
        ]
        others = [self.search("b"), self.store.last(place, 99)]
        for each in asked:
            each.cancel()
            self.failureResultOf(each, CancelledError)
        self.settle()
        for other in others:
            self.assertEqual(len(self.successResultOf(other)), 20)

    def test_stop(self) -> None:
        """
        A stop waits for no question: they are refused, those that come after it, too.
        """
        asked = [self.search("a"), self.search("a"), self.store.last(wholeOf("#lobby"), 5)]
        stopping = self.store.stop()
        late: list[Deferred[Any]] = [self.store.bounds(), self.store.recall("hash")]
        for each in [*asked, self.search("a"), *late]:
            error = self.failureResultOf(each, NoHistory).value
            self.assertIn("server is stopping", str(error))
        self.settle()
        self.successResultOf(stopping)

    def test_whyNot(self) -> None:
        """
        Why a question cannot be answered the operator hears once a minute; what is only asked
        wrongly, or takes too long, is nothing to them.
        """
        broken = self.patch(reader, "EVENTS", "SELECT nothing FROM nowhere")
        with capturedLogs() as logs:
            for _ in range(3):
                asked = self.search("a")
                self.settle()
                self.failureResultOf(asked, NoHistory)
            broken.restore()
            self.tidy()
            self.patch(reader, "SEARCH_SECONDS", -1.0)
            self.failureResultOf(self.settled(self.search("a")), NoHistory)
            self.failureResultOf(
                self.settled(self.store.search(LOBBY, Query(("?",)), 5)), BadCommand
            )
        [event] = logs
        self.assertIn("syntax error", event["cause"])
        self.assertEqual(event["path"], self.path)
        self.assertIn("see what ails", event["advice"])

    def settled(self, asked: Deferred[_T]) -> Deferred[_T]:
        self.settle()
        return asked

    def test_bug(self) -> None:
        """
        A bug is logged with its traceback, once a minute as well.
        """
        self.patch(reader, "asEvent", lambda row: 1 / 0)
        for _ in range(3):
            self.failureResultOf(self.settled(self.search("a")), ZeroDivisionError)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class KeepTests(SQLiteCase):
    """
    How the past is pruned.
    """

    keep = Keep(messages=100)

    def test_prunesOldest(self) -> None:
        """
        The newest messages are kept, in the bounds and in the index too.
        """
        self.appendAll(*(said(f"tea {number}") for number in range(1, 1201)))
        self.tidy()
        self.assertEqual(self.result(self.store.bounds()), (1101, 1200))
        self.assertEqual(self.texts()[0], "tea 1101")
        self.assertEqual(self.result(self.store.search(LOBBY, Query(("500",)), 5)), [])
        [found] = self.result(self.store.search(LOBBY, Query(("1150",)), 5))
        self.assertEqual(found.text, "tea 1150")
        self.restart()
        [event] = self.appendAll(said("next"))
        self.assertEqual(event.id, 1201)


class FaultTests(SQLiteCase):
    """
    What happens when the disk, or somebody on it, does harm.
    """

    def setUp(self) -> None:
        super().setUp()
        self.patch(schema, "BUSY_SECONDS", 0.01)
        self.restart()
        self.appendAll(said("before"))

    def assertRefused(self, *reasons: str) -> None:
        """
        Three drafts are refused for this reason, without a path, and not one is stored.
        """
        self.follower.heard.clear()
        origins = [object(), object(), object()]
        for origin in origins:
            self.store.append(said("lost"), origin)
        self.settle()
        self.assertEqual(
            self.follower.heard, [("refused", said("lost"), origin) for origin in origins]
        )
        sentence = str(self.follower.errors[-1])
        self.assertTrue(sentence.startswith("not stored: "), sentence)
        for reason in reasons:
            self.assertIn(reason, sentence)
        self.assertNotIn("chat.sqlite", sentence)
        self.assertIn(self.path, self.store.trouble)

    def assertGoesOn(self) -> None:
        """
        The next draft is stored, and nothing of what was refused is there.
        """
        [event] = self.appendAll(said("after"))
        self.assertEqual((event.id, event.text), (2, "after"))
        self.assertEqual(self.store.trouble, "")
        self.assertEqual(self.texts(), ["before", "after"])

    @property
    def connection(self) -> sqlite3.Connection:
        connection = self.store._writer._connection
        assert connection is not None
        return connection

    def test_diskFull(self) -> None:
        """
        On a full disk nothing is stored; when there is room again it goes on by itself.
        """
        (pages,) = self.connection.execute("PRAGMA page_count").fetchone()
        self.connection.execute(f"PRAGMA max_page_count = {pages}")
        self.follower.heard.clear()
        big = [said("x" * 4000), said("y" * 4000), said("z" * 4000)]
        self.assertEqual(self.appendAll(*big), [])
        self.assertEqual(self.follower.of("refused"), big)
        self.assertIn("disk is full", str(self.follower.errors[-1]))
        self.assertEqual(self.texts(), ["before"])
        self.connection.execute("PRAGMA max_page_count = 1000000")
        self.assertGoesOn()

    def test_readOnly(self) -> None:
        """
        A file that became read-only is said to be so, and tried anew each time.
        """
        self.connection.execute("PRAGMA query_only = ON")
        self.assertRefused("read-only")
        self.assertGoesOn()

    def test_lockedByAnotherProgram(self) -> None:
        """
        While another program holds the file messages are refused; all that waits is told at once.
        """
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.assertRefused("another program")
        self.assertRefused("another program")
        other.execute("ROLLBACK")
        self.assertGoesOn()

    def test_fileMovedAndBack(self) -> None:
        """
        Nothing is stored in a file that is no longer at its place; when it is back it goes on.
        """
        os.rename(self.path, self.path + ".away")
        self.assertRefused("moved or removed")
        os.rename(self.path + ".away", self.path)
        self.assertGoesOn()

    def test_fileReplaced(self) -> None:
        """
        Another file in its place is not written to.
        """
        other = os.path.join(self.folder, "other.sqlite")
        schema.copy(None, other)
        with open(other, "rb") as file:
            content = file.read()
        os.rename(self.path, self.path + ".away")
        os.rename(other, self.path)
        self.assertRefused("moved or removed")
        with open(self.path, "rb") as file:
            self.assertEqual(file.read(), content)

    def test_writeAheadLogRemoved(self) -> None:
        """
        Without its write-ahead log a file is not whole: nothing more is acknowledged.
        """
        os.remove(self.path + "-wal")
        self.assertRefused("moved or removed")

    def test_fileRemovedWhileIdle(self) -> None:
        """
        Also while nobody says anything the operator hears of it within a second.
        """
        with capturedLogs() as logs:
            os.remove(self.path)
            self.clock.advance(sqlite.TIDY_SECONDS)
            self.settle()
        [event] = [event for event in logs if event["log_level"].name == "error"]
        self.assertEqual(event["path"], self.path)
        self.assertIn("restore a backup", event["advice"])

    def test_fileBackWhileIdle(self) -> None:
        """
        The trouble is over when the file is back, also if nobody says anything.
        """
        os.rename(self.path, self.path + ".away")
        for _ in range(3):
            self.clock.advance(sqlite.TIDY_SECONDS)
            self.settle()
        self.assertIn("Moved", self.store.trouble)
        os.rename(self.path + ".away", self.path)
        self.clock.advance(sqlite.TIDY_SECONDS)
        self.settle()
        self.assertEqual(self.store.trouble, "")

    def test_tidyingIsNoProof(self) -> None:
        """
        A trouble of messages is not over because there was nothing to tidy.
        """
        (pages,) = self.connection.execute("PRAGMA page_count").fetchone()
        self.connection.execute(f"PRAGMA max_page_count = {pages}")
        self.appendAll(said("x" * 4000), said("y" * 4000), said("z" * 4000))
        self.tidy()
        self.assertIn("full", self.store.trouble)

    def test_operatorIsNotFlooded(self) -> None:
        """
        The operator hears of one trouble once a minute, and when it is over.
        """
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        with capturedLogs() as logs:
            for _ in range(10):
                self.assertRefused()
            self.clock.advance(faults.SECONDS)
            self.settle()
            self.assertRefused()
            other.execute("ROLLBACK")
            self.assertGoesOn()
        levels = [event["log_level"].name for event in logs if "path" in event]
        self.assertEqual(levels, ["error", "error", "info"])

    def test_connectionIsMadeAnew(self) -> None:
        """
        After a fault that may have broken the connection another one is made.
        """
        broken = self.connection
        wrong = self.patch(writer, "_insertion", lambda rows: "SELECT broken FROM nothing")
        self.assertRefused("failed")
        wrong.restore()
        self.assertGoesOn()
        self.assertIsNot(self.connection, broken)

    def test_bugIsLogged(self) -> None:
        """
        A draft that cannot be stored because of a bug is refused alone, and the bug is logged.
        """
        wrong = said("\ud800")
        self.store.append(said("1"), None)
        self.store.append(wrong, None)
        self.store.append(said("2"), None)
        self.settle()
        self.assertEqual(self.follower.of("refused"), [wrong])
        self.assertIn("cannot be kept", str(self.follower.errors[0]))
        self.assertEqual(self.texts(), ["before", "1", "2"])
        self.assertEqual(len(self.flushLoggedErrors(faults.Refusal)), 1)

    def test_otherBugs(self) -> None:
        """
        Where it is not clear whose fault a bug is the batch is refused with it, and no other.
        """
        self.patch(sqlite, "BATCH", 2)

        def fail(*arguments: object) -> None:
            wrong.restore()
            raise ZeroDivisionError

        wrong = self.patch(writer, "makeEvent", fail)
        for text in ("1", "2", "3"):
            self.store.append(said(text), None)
        self.settle()
        self.assertEqual(self.follower.of("refused"), [said("1"), said("2")])
        self.assertEqual(self.texts(), ["before", "3"])
        self.assertEqual(len(self.flushLoggedErrors(faults.Refusal)), 1)

    def test_poisonedSession(self) -> None:
        """
        A session that cannot be stored because of a bug holds up nothing, and is given up.
        """
        self.store.remember(Session("a1", "hash1", "\ud800"))
        for text in ("1", "2"):
            self.assertEqual(len(self.appendAll(said(text))), 1)
        self.assertIsNone(self.result(self.store.recall("hash1")))
        self.assertEqual(len(self.flushLoggedErrors(faults.Refusal)), 1)

    def test_stopInTrouble(self) -> None:
        """
        A stop ends also when the disk does not take what waits: it is refused.
        """
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.store.remember(Session("a1", "hash1", "Ann"))
        self.store.append(said("lost"), None)
        self.stop()
        self.assertEqual(self.follower.of("refused"), [said("lost")])

    def test_garbageInTheMiddle(self) -> None:
        """
        Damage that comes to light while reading is an answer, not a failure, and harms nobody
        else.
        """
        self.appendAll(*(said("x" * 3000) for _ in range(200)))
        self.stop()
        size = os.path.getsize(self.path)
        with open(self.path, "r+b") as file:
            file.seek(size // 2)
            file.write(b"\xff" * (size // 4))
        self.patch(opening, "CHECKED_BYTES", 1)
        self.begin()
        asked = self.store.last(wholeOf("#lobby"), 200)
        self.settle()
        error = self.failureResultOf(asked, NoHistory).value
        self.assertIn("damaged", str(error))
        self.assertNotIn("chat.sqlite", str(error))

    def test_largeFileIsCheckedLater(self) -> None:
        """
        A file too large to be looked at before the start is looked at while it is used, and the
        operator hears of damage.
        """
        self.appendAll(*(said("x" * 3000) for _ in range(200)))
        self.stop()
        size = os.path.getsize(self.path)
        with open(self.path, "r+b") as file:
            file.seek(size // 2)
            file.write(b"\xff" * (size // 4))
        self.patch(opening, "CHECKED_BYTES", 1)
        with capturedLogs() as logs:
            self.begin()
        [event] = [event for event in logs if event["log_level"].name == "error"]
        self.assertIn("export", event["error"])


class StartTests(SQLiteCase):
    """
    Files that no server starts on.
    """

    def setUp(self) -> None:
        super().setUp()
        self.appendAll(said("kept"))
        self.stop()

    def refusal(self) -> str:
        """
        @return: the sentence that the start is refused with; the file is as it was.
        """
        before = b""
        if os.path.exists(self.path):
            with open(self.path, "rb") as file:
                before = file.read()
        store = self.make()
        starting = store.start()
        self.settle()
        sentence = str(self.failureResultOf(starting, NoHistory).value)
        if before or os.path.exists(self.path):
            with open(self.path, "rb") as file:
                self.assertEqual(file.read(), before)
        return sentence

    def overwrite(self, start: int, content: bytes) -> None:
        with open(self.path, "r+b") as file:
            file.seek(start)
            file.write(content)

    def test_empty(self) -> None:
        """
        A file of zero bytes is not taken for a new history.
        """
        os.truncate(self.path, 0)
        sentence = self.refusal()
        self.assertIn(self.path, sentence)
        self.assertIn("is empty", sentence)
        self.assertIn("restore a backup", sentence)

    def test_garbageInPageOne(self) -> None:
        """
        A file with a destroyed beginning is not touched.
        """
        self.overwrite(0, b"\xa5" * 4096)
        self.assertIn("is no chat history", self.refusal())

    def test_garbageBehindTheMagic(self) -> None:
        """
        The same where only the first 16 bytes are right.
        """
        self.overwrite(16, b"\xa5" * 4000)
        sentence = self.refusal()
        self.assertIn(self.path, sentence)
        self.assertIn("restore a backup", sentence)

    def test_garbageInTheMiddle(self) -> None:
        """
        Damage that can be found in time is found before the start.
        """
        self.begin()
        self.appendAll(*(said("x" * 3000) for _ in range(100)))
        self.stop()
        self.overwrite(os.path.getsize(self.path) // 2, b"\xff" * 20_000)
        sentence = self.refusal()
        self.assertIn("is damaged", sentence)
        self.assertIn(f"python -m twisted_chat.history {self.path} export", sentence)

    def test_otherProgramsDatabase(self) -> None:
        """
        A database of another program is left alone.
        """
        os.remove(self.path)
        with sqlite3.connect(self.path) as connection:
            connection.execute("CREATE TABLE theirs (x)")
        connection.close()
        self.assertIn("another program", self.refusal())

    def test_newerVersion(self) -> None:
        """
        Tables of a newer version are not guessed at.
        """
        with sqlite3.connect(self.path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        sentence = self.refusal()
        self.assertIn("version 99", sentence)
        self.assertIn("install the newer version", sentence)

    def test_fileMissingButNotItsLog(self) -> None:
        """
        A write-ahead log without its file means that a history was here.
        """
        os.rename(self.path, self.path + "-wal")
        self.assertIn("is missing", self.refusal())

    def test_twoServers(self) -> None:
        """
        A second server on the same file is told which process holds it.
        """
        self.begin()
        sentence = self.refusal()
        self.assertIn(f"process {os.getpid()}", sentence)
        self.assertEqual(len(self.appendAll(said("first goes on"))), 1)

    def test_lockedAtStart(self) -> None:
        """
        A file that another program holds locked is said to be so.
        """
        self.patch(schema, "BUSY_SECONDS", 0.01)
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.assertIn("end the other program", self.refusal())

    def test_startsAfterRefusal(self) -> None:
        """
        A refused start holds nothing: once the reason is gone the next one succeeds.
        """
        os.rename(self.path, self.path + ".good")
        with open(self.path, "wb"):
            pass
        self.refusal()
        os.replace(self.path + ".good", self.path)
        self.begin()
        self.assertEqual(self.texts(), ["kept"])


class ThreadTests(TestCase):
    """
    With the real reactor and real threads.
    """

    @inlineCallbacks
    def test_storesAndAnswers(self) -> Generator[Deferred[Any], Any, None]:
        """
        Ten thousand messages of eight senders, each sent when the one before was stored, are
        stored in order; history, search and sessions answer; the stop is clean.
        """
        path = self.mktemp()
        store = SQLiteLog(path, cast("Any", realReactor))
        done: Deferred[None] = Deferred()
        counts = dict.fromkeys("abcdefgh", 0)
        events: list[Event] = []

        class Senders(Recorder):
            def stored(self, batch: Any) -> None:
                for event, sender in batch:
                    events.append(event)
                    if sender is not None:
                        send(sender)
                if len(events) == 8 * 1250:
                    done.callback(None)

            def refused(self, batch: Any, error: Exception) -> None:
                done.errback(error)

        def send(sender: str) -> None:
            if counts[sender] < 1250:
                counts[sender] += 1
                text = f"tea {counts[sender]}"
                store.append(said(text, name=sender, sid=sender, key=text), sender)

        store.follow(Senders())
        yield store.start()
        store.remember(Session("a", "hash a", "a"))
        for sender in counts:
            send(sender)
        yield done
        self.assertEqual([event.id for event in events], list(range(1, 10_001)))
        for sender in counts:
            mine = [event.text for event in events if event.name == sender]
            self.assertEqual(mine, [f"tea {number}" for number in range(1, 1251)])
        last = yield store.last(wholeOf("#lobby"), 50)
        self.assertEqual(last, events[-50:])
        found = yield store.search(LOBBY, Query(("tea", "1000")), 20)
        self.assertEqual(len(found), 8)
        session = yield store.recall("hash a")
        self.assertEqual(session.sid, "a")
        store.append(said("last words"), None)
        yield store.stop()
        again = SQLiteLog(path, cast("Any", realReactor))
        yield again.start()
        [event] = yield again.last(wholeOf("#lobby"), 1)
        yield again.stop()
        self.assertEqual((event.text, event.kind), ("last words", SAID))
