from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence

from twisted.internet.task import Clock
from twisted.logger import LogEvent, capturedLogs
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import said, wholeOf
from tests.stores.sqlite.storecase import SQLiteCase
from twisted_chat.errors import NoHistory
from twisted_chat.stores.session import Session
from twisted_chat.stores.sqlite import faults, opening, schema, writer
from twisted_chat.stores.sqlite import store as sqlite
from twisted_chat.stores.sqlite.faults import (
    Alarm,
    Moved,
    Refusal,
    advice,
    isDamage,
    isPassing,
    reason,
)


class WordsTests(SynchronousTestCase):
    """
    The words for faults.
    """

    def test_wordsAreSQLites(self) -> None:
        """
        The messages that the table knows are those of this SQLite.
        """
        connection = sqlite3.connect(":memory:", isolation_level=None)
        self.addCleanup(connection.close)
        connection.execute("CREATE TABLE t (x)")
        connection.execute("PRAGMA query_only = ON")
        error = self.assertRaises(
            sqlite3.OperationalError, connection.execute, "INSERT INTO t VALUES (1)"
        )
        self.assertIn("read-only", reason(error))
        connection.execute("PRAGMA query_only = OFF")
        connection.execute("PRAGMA max_page_count = 1")
        error = self.assertRaises(
            sqlite3.OperationalError,
            connection.execute,
            "INSERT INTO t VALUES (zeroblob(100000))",
        )
        self.assertIn("full", reason(error))
        self.assertTrue(isPassing(error))

    def test_unknown(self) -> None:
        """
        What is not foreseen shows nothing of the program's inside.
        """
        words = reason(ValueError("/secret/path"))
        self.assertNotIn("secret", words)
        self.assertFalse(isPassing(ValueError()))
        self.assertTrue(advice(ValueError()))

    def test_moved(self) -> None:
        """
        A file that is not at its place can come back.
        """
        self.assertIn("moved or removed", reason(Moved("/secret/path")))
        self.assertNotIn("secret", reason(Moved("/secret/path")))
        self.assertTrue(isPassing(Moved()))
        self.assertIn("put the same file back", advice(Moved()))

    def test_damage(self) -> None:
        """
        Damage is told from other faults.
        """
        self.assertTrue(isDamage(sqlite3.DatabaseError("database disk image is malformed")))
        self.assertFalse(isDamage(sqlite3.OperationalError("database is locked")))

    def test_sentences(self) -> None:
        """
        Every reason is one line in words, to be continued after "not stored: ".
        """
        for words in faults._REASONS.values():
            self.assertRegex(words, r"\A[a-z][^\n/]+[^.]\Z")


FULL = Failure(Refusal(sqlite3.OperationalError("database or disk is full")))


class AlarmTests(SynchronousTestCase):
    """
    L{Alarm}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.alarm = Alarm(self.clock, "/var/chat.sqlite")

    def levels(self, logs: Sequence[LogEvent]) -> list[str]:
        return [event["log_level"].name for event in logs]

    def test_onceAMinute(self) -> None:
        """
        One trouble is told once a minute, with the path and what to do.
        """
        with capturedLogs() as logs:
            for _ in range(100):
                self.alarm.sound(FULL)
                self.clock.advance(1)
        self.assertEqual(self.levels(logs), ["error", "error"])
        self.assertEqual(logs[0]["path"], "/var/chat.sqlite")
        self.assertIn("make room", logs[0]["advice"])
        self.assertIn("/var/chat.sqlite", self.alarm.trouble)

    def test_end(self) -> None:
        """
        The end is told where the beginning was, so that a trouble that comes and goes is no
        flood either.
        """
        with capturedLogs() as logs:
            for _ in range(10):
                self.alarm.sound(FULL)
                self.alarm.end()
        self.assertEqual(self.levels(logs), ["error", "info"])
        self.assertEqual(self.alarm.trouble, "")

    def test_tidying(self) -> None:
        """
        A trouble of messages ends with a message; one that tidying found, with either.
        """
        self.alarm.sound(FULL)
        self.alarm.sound(FULL, isTidying=True)
        self.alarm.end(isTidying=True)
        self.assertTrue(self.alarm.trouble)
        self.alarm.end()
        self.assertFalse(self.alarm.trouble)
        self.alarm.sound(FULL, isTidying=True)
        self.alarm.sound(FULL, isTidying=True)
        self.alarm.end(isTidying=True)
        self.assertFalse(self.alarm.trouble)

    def test_bugOfTidying(self) -> None:
        """
        Tidying meets the same bug each second: it is logged once a minute.
        """
        for _ in range(61):
            self.alarm.sound(Failure(ZeroDivisionError()), isTidying=True)
            self.clock.advance(1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)

    def test_bug(self) -> None:
        """
        A bug is logged with its traceback, and what is no refusal becomes one.
        """
        refusal = self.alarm.sound(Failure(ZeroDivisionError()))
        self.assertTrue(refusal.isBug)
        self.assertNotIn("ZeroDivision", str(refusal.answer))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class FaultTests(SQLiteCase):
    """
    What happens when the disk, or somebody on it, does harm.
    """

    def setUp(self) -> None:
        super().setUp()
        self.patch(schema, "BUSY_SECONDS", 0.01)
        self.restart()
        self.appendAll(said("before"))

    def assertRefused(self, *causes: str) -> None:
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
        for cause in causes:
            self.assertIn(cause, sentence)
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

    def damage(self) -> None:
        """
        Stop, and overwrite a quarter of the file in its middle; it counts as a large one.
        """
        self.appendAll(*(said("x" * 3000) for _ in range(200)))
        self.stop()
        size = os.path.getsize(self.path)
        with open(self.path, "r+b") as file:
            file.seek(size // 2)
            file.write(b"\xff" * (size // 4))
        self.patch(opening, "CHECKED_BYTES", 1)

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
        self.damage()
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
        self.damage()
        with capturedLogs() as logs:
            self.begin()
        [event] = [event for event in logs if event["log_level"].name == "error"]
        self.assertIn("export", event["error"])
