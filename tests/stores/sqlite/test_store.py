from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Generator
from typing import Any, cast

from twisted.internet import reactor as realReactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import capturedLogs
from twisted.trial.unittest import TestCase

from tests.contracts.history import HistoryContract
from tests.contracts.store import (
    WALL_TIME,
    LogContract,
    Recorder,
    RoomsContract,
    SessionsContract,
    said,
    wholeOf,
)
from tests.stores.sqlite.storecase import LOBBY, SQLiteCase
from twisted_chat.stores.session import Session
from twisted_chat.stores.sqlite import opening
from twisted_chat.stores.sqlite import store as sqlite
from twisted_chat.stores.sqlite.store import SQLiteLog
from twisted_chat.wire.events import JOINED, SAID, Draft, Event, Query


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
        A draft that waits while another batch is stored goes with those of the users whom that one
        answers.
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
    LogContract,
    HistoryContract,
    RoomsContract,
    SessionsContract,
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

    def test_movesAreBounded(self) -> None:
        """
        One commit takes fewer drafts by which people join and leave, in the order of all.
        """
        self.patch(sqlite, "MOVES", 3)
        moves = [Draft(JOINED, "#lobby", f"p{number}", sid=f"s{number}") for number in range(7)]
        self.appendAll(*moves[:2], said("1"), said("2"), *moves[2:], *map(said, "34567"))
        self.assertEqual(self.follower.batches, [5, 3, 6])
        kinds = [event.kind for event in self.follower.of("stored")]
        self.assertEqual(kinds, [JOINED] * 2 + [SAID] * 2 + [JOINED] * 5 + [SAID] * 5)

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

    def test_lastTimeIsKept(self) -> None:
        """
        After a restart the wall time that could be believed last is the one before it, whatever the
        clock shows now.
        """
        self.now += sqlite.FORGET_SECONDS
        self.clock.advance(sqlite.FORGET_SECONDS)
        self.tidy()
        self.stop()
        self.now += 1_000_000_000.0
        self.begin()
        self.assertEqual(self.store.lastTime, WALL_TIME + sqlite.FORGET_SECONDS)

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
        A user who was not here for a month cannot resume; the others can, and an account keeps its
        own session.
        """
        self.store.remember(Session("a1", "hash1", "Ann", seen=self.now))
        self.store.remember(Session("c3", "hash3", "Cem", seen=self.now, account="c3"))
        self.store.remember(Session("d4", "hash4", "Cem", seen=self.now, account="c3"))
        self.now += 31 * 86_400
        self.clock.advance(31 * 86_400)
        self.store.remember(Session("b2", "hash2", "Bob", seen=self.now))
        self.appendAll(said())
        self.clock.advance(sqlite.FORGET_SECONDS)
        self.tidy()
        self.assertIsNone(self.result(self.store.recall("hash1")))
        self.assertIsNotNone(self.result(self.store.recall("hash2")))
        theirs = self.result(self.store.sessionsOf("c3"))
        self.assertEqual([session.sid for session in theirs], ["c3"])

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
