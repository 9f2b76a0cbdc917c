from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import WALL_TIME, said
from tests.stores.sqlite.storecase import FileCase, InlineWorker, SQLiteCase, ThreadlessClock
from twisted_chat.errors import NoHistory
from twisted_chat.stores.sqlite import opening, schema
from twisted_chat.stores.sqlite.opening import checkUp, openFile
from twisted_chat.stores.sqlite.retention import ALL
from twisted_chat.stores.sqlite.steps import STEPS, Part
from twisted_chat.stores.sqlite.writer import Writer

ADD_COLUMN = ("ALTER TABLE events ADD COLUMN extra TEXT", "CREATE TABLE more (x)")


class OpenCase(FileCase):
    """
    A history as a server opens it.
    """

    def open(self) -> sqlite3.Connection:
        connection, isChecked = openFile(self.path)
        self.addCleanup(connection.close)
        self.assertTrue(isChecked)
        return connection

    def setSteps(self, steps: list[tuple[Part, ...]]) -> None:
        """
        Be a newer server.
        """
        self.patch(schema, "STEPS", steps)
        self.patch(opening, "STEPS", steps)


class OpenTests(OpenCase):
    """
    L{openFile}.  More of its refusals are tested through the store, in L{StartTests}.
    """

    def test_makesAndOpens(self) -> None:
        """
        What was made is opened the next time.
        """
        self.open().execute("INSERT INTO notes VALUES ('kept', 1)")
        [row] = self.open().execute("SELECT value FROM notes WHERE name = 'kept'")
        self.assertEqual(row, (1,))

    def test_notAllowed(self) -> None:
        """
        A file that this user may not read is named, with the reason.
        """
        self.open().close()

        def deny(*arguments: object) -> None:
            raise PermissionError(13, "Permission denied")

        self.patch(opening, "_refuseStrangers", deny)
        error = self.assertRaises(NoHistory, openFile, self.path)
        self.assertIn(f"{self.path} cannot be opened (Permission denied)", str(error))

    def test_diskFullAtTheFirstStart(self) -> None:
        """
        Where no file can be made none is left behind, and the operator hears why.
        """

        def full(*arguments: object) -> tuple[int, str]:
            raise OSError(28, "No space left on device")

        self.patch(tempfile, "mkstemp", full)
        error = self.assertRaises(NoHistory, openFile, self.path)
        self.assertIn("No space left on device", str(error))
        self.assertEqual(os.listdir(self.folder), [])

    def test_diskFullWhileMaking(self) -> None:
        """
        What SQLite says while it makes the file becomes a sentence as well.
        """

        def full(*arguments: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        self.patch(opening, "copy", full)
        error = self.assertRaises(NoHistory, openFile, self.path)
        self.assertIn(f"{self.path} cannot be used", str(error))
        self.assertIn("make room on the disk", str(error))

    def test_withoutTables(self) -> None:
        """
        A file with the mark of a history, but no version of its tables, is a stranger's: it is
        left as it is.
        """
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
            connection.execute("CREATE TABLE theirs (x)")
        before = Path(self.path).read_bytes()
        error = self.assertRaises(NoHistory, openFile, self.path)
        self.assertIn("another program", str(error))
        self.assertEqual(Path(self.path).read_bytes(), before)

    def test_largeFileIsNotLookedAt(self) -> None:
        """
        A file that is too large is opened without.
        """
        self.open().close()
        self.patch(opening, "CHECKED_BYTES", 1)
        connection, isChecked = openFile(self.path)
        connection.close()
        self.assertFalse(isChecked)


class UpgradeTests(OpenCase):
    """
    How older files become newer ones.
    """

    def setUp(self) -> None:
        super().setUp()
        self.say()

    def say(self) -> None:
        """
        Put a message into the history.
        """
        with closing(self.open()) as connection:
            connection.execute(
                'INSERT INTO events (id, time, kind, room, name, text, "to", sid) '
                "VALUES (1, 5.0, 'said', '#lobby', 'Ann', 'old', '', '')"
            )

    def test_upgrade(self) -> None:
        """
        Each step is done once, after a copy of the old file was put beside it.
        """
        self.setSteps([*STEPS, ADD_COLUMN, ("CREATE TABLE third (x)",)])
        self.open().close()
        self.open().close()
        self.assertEqual(self.ask("PRAGMA user_version"), [(len(STEPS) + 2,)])
        self.assertEqual(self.ask("SELECT text, extra FROM events"), [("old", None)])
        kept = f"{self.path}.version{len(STEPS)}"
        self.assertEqual(self.ask("PRAGMA user_version", kept), [(len(STEPS),)])
        self.assertEqual(self.ask("SELECT text FROM events", kept), [("old",)])

    def test_everyVersion(self) -> None:
        """
        A history of each older version becomes what a new one is, with all that is in it.
        """
        tables = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
        new, steps = self.ask(tables), STEPS
        for version in range(1, len(steps)):
            os.unlink(self.path)
            self.setSteps(steps[:version])
            self.say()
            self.assertNotEqual(self.ask(tables), new)
            self.setSteps(steps)
            self.open().close()
            self.assertEqual(self.ask(tables), new)
            self.assertEqual(self.ask("SELECT text FROM events"), [("old",)])

    def test_failingStep(self) -> None:
        """
        All steps are done or none: a file whose upgrade fails is as it was.
        """
        broken = ("CREATE TABLE fine (x)", "CREATE TABLE events (x)")
        self.setSteps([*STEPS, ADD_COLUMN, broken])
        self.assertRaises(NoHistory, openFile, self.path)
        self.assertEqual(self.ask("PRAGMA user_version"), [(len(STEPS),)])
        self.assertEqual(self.ask("SELECT name FROM sqlite_master WHERE name = 'fine'"), [])
        self.assertEqual(self.ask("SELECT * FROM events LIMIT 0"), [])
        self.setSteps([*STEPS, ADD_COLUMN])
        self.open()

    def test_noRoomForTheCopy(self) -> None:
        """
        Without room for a copy nothing is upgraded.
        """

        def full(*arguments: object) -> None:
            raise OSError(28, "No space left on device")

        self.setSteps([*STEPS, ADD_COLUMN])
        self.patch(os, "rename", full)
        error = self.assertRaises(NoHistory, openFile, self.path)
        self.assertIn("make room", str(error))
        self.assertEqual(self.ask("PRAGMA user_version"), [(len(STEPS),)])
        self.assertEqual(os.listdir(self.folder), ["chat.sqlite"])

    def cutShort(self) -> str:
        """
        Let an upgrade fail after the copy was made.

        @return: the copy's path.
        """
        self.setSteps([*STEPS, ("CREATE TABLE events (x)",)])
        self.assertRaises(NoHistory, openFile, self.path)
        self.setSteps(STEPS)
        return f"{self.path}.version{len(STEPS)}"

    def test_cutShortBeforeTheCopy(self) -> None:
        """
        What is left of a copy that was cut short does not stay, however often that happens.
        """
        for ending in (".new", ".new-journal", "a_b1c2d3.new", "a_b1c2d3.new-journal"):
            Path(f"{self.path}.version{len(STEPS)}{ending}").write_text("half")
        kept = self.cutShort()
        self.assertEqual(
            sorted(os.listdir(self.folder)), [*map(os.path.basename, (self.path, kept))]
        )

    def test_cutShortAfterTheCopy(self) -> None:
        """
        A copy that was made by then is not made again.
        """
        kept = self.cutShort()
        made = os.stat(kept)
        self.cutShort()
        self.assertEqual(os.stat(kept).st_ino, made.st_ino)

    def test_olderCopy(self) -> None:
        """
        The copy of an upgrade that failed long ago is replaced by that of today.
        """
        kept = self.cutShort()
        with closing(self.open()) as connection:
            connection.execute(
                'INSERT INTO events (time, kind, room, name, text, "to", sid) '
                "VALUES (6.0, 'said', '#lobby', 'Ann', 'new', '', '')"
            )
        self.cutShort()
        self.assertEqual(self.ask("SELECT text FROM events", kept), [("old",), ("new",)])

    def test_olderCopyOfWhatIsPruned(self) -> None:
        """
        So it is where its newest message is no longer kept.
        """
        kept = self.cutShort()
        with closing(self.open()) as connection:
            connection.execute("UPDATE events SET id = 2, text = 'new'")
            schema.writeNote(connection, schema.PRUNED, 1)
        self.cutShort()
        self.assertEqual(self.ask("SELECT text FROM events", kept), [("new",)])

    def test_copyOfAnother(self) -> None:
        """
        The copy of another history, or what is none, stays: its owner is asked to move it.
        """
        kept = self.cutShort()
        with closing(self.open()) as connection:
            connection.execute("UPDATE events SET time = 7.0")
        self.setSteps([*STEPS, ADD_COLUMN])
        for content in (b"", b"something else"):
            before = Path(kept).read_bytes()
            error = self.assertRaises(NoHistory, openFile, self.path)
            self.assertIn(f"{kept} is no copy of {self.path}", str(error))
            self.assertIn("move it away", str(error))
            self.assertEqual(Path(kept).read_bytes(), before)
            Path(kept).write_bytes(content)


class CheckUpTests(SynchronousTestCase):
    """
    L{checkUp}.
    """

    def setUp(self) -> None:
        self.writer = Writer(self.mktemp(), lambda: WALL_TIME, ALL)
        self.writer.open()
        self.addCleanup(self.writer.close)
        self.writer.commit([(said("x" * 3000), None)] * 200)

    def check(self) -> list[str]:
        """
        @return: what the operator hears.
        """
        clock = ThreadlessClock()
        worker = InlineWorker(clock, "checker")
        with capturedLogs() as logs:
            checking = checkUp(self.writer.path, cast("Any", worker), lambda: False)
            clock.settle()
        self.assertIsNone(self.successResultOf(checking))
        self.assertTrue(worker.isStopped)
        return [event.get("error", "other") for event in logs]

    def test_well(self) -> None:
        """
        Nothing is said of a good file.
        """
        self.assertEqual(self.check(), [])

    def test_damaged(self) -> None:
        """
        Damage is told with the path and what to do.
        """
        self.writer.close()
        with open(self.writer.path, "r+b") as file:
            file.seek(os.path.getsize(self.writer.path) // 2)
            file.write(b"\xff" * 50_000)
        [sentence] = self.check()
        self.assertIn(self.writer.path, sentence)
        self.assertIn("is damaged (database disk image is malformed)", sentence)

    def test_otherFaults(self) -> None:
        """
        What is no damage is not called so.
        """
        os.rename(self.writer.path, self.writer.path + ".away")
        self.assertEqual(self.check(), ["other"])
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        os.rename(self.writer.path + ".away", self.writer.path)


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
