from __future__ import annotations

import os
import sqlite3
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat import schema
from twisted_chat.errors import NoHistory
from twisted_chat.schema import STEPS, connect, copy, firstFault, openFile, readNote, writeNote

ADD_COLUMN = ("ALTER TABLE events ADD COLUMN extra TEXT", "CREATE TABLE more (x)")


class SchemaCase(SynchronousTestCase):
    """
    A directory for a history.
    """

    def setUp(self) -> None:
        self.folder = os.path.realpath(self.mktemp())
        os.mkdir(self.folder)
        self.path = os.path.join(self.folder, "chat.sqlite")

    def open(self) -> sqlite3.Connection:
        connection, isChecked = openFile(self.path, 10.0)
        self.addCleanup(connection.close)
        self.assertTrue(isChecked)
        return connection

    def ask(self, question: str, path: str = "") -> list[tuple[object, ...]]:
        connection = sqlite3.connect(path or self.path)
        try:
            return connection.execute(question).fetchall()
        finally:
            connection.close()


class OpenTests(SchemaCase):
    """
    L{openFile} and L{copy}.  The refusals are tested through the store, in test_sqlite.
    """

    def test_new(self) -> None:
        """
        A new file is private whatever the umask, marked as ours, in write-ahead mode, durable.
        """
        mask = os.umask(0)
        self.addCleanup(os.umask, mask)
        connection = self.open()
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)
        for pragma, expected in (
            ("application_id", schema.APPLICATION_ID),
            ("user_version", len(STEPS)),
            ("journal_mode", "wal"),
            ("synchronous", 2),
        ):
            self.assertEqual(connection.execute(f"PRAGMA {pragma}").fetchone(), (expected,), pragma)
        self.assertTrue(readNote(connection, "epoch", ""))

    def test_nothingIsLeftOver(self) -> None:
        """
        What it is made of is removed.
        """
        self.open().close()
        self.assertEqual(os.listdir(self.folder), ["chat.sqlite"])

    def test_copyOverwritesNothing(self) -> None:
        """
        Where a file is none is made, with hard links or without.
        """
        with open(self.path, "w") as file:
            file.write("mine")
        self.assertRaises(FileExistsError, copy, None, self.path)

        def noLinks(draft: str, path: str) -> None:
            raise PermissionError(1, "Operation not permitted")

        self.patch(os, "link", noLinks)
        self.assertRaises(FileExistsError, copy, None, self.path)
        with open(self.path) as file:
            self.assertEqual(file.read(), "mine")
        os.remove(self.path)
        copy(None, self.path)
        self.assertEqual(os.listdir(self.folder), ["chat.sqlite"])

    def test_copyHasItsOwnEpoch(self) -> None:
        """
        A copy has all that its original has, and another epoch.
        """
        connection = self.open()
        writeNote(connection, "kept", 5)
        copy(connection, self.path + ".copy")
        copied = connect(self.path + ".copy")
        self.addCleanup(copied.close)
        self.assertEqual(readNote(copied, "kept", 0), 5)
        self.assertNotEqual(readNote(copied, "epoch", ""), readNote(connection, "epoch", ""))

    def test_diskFullAtTheFirstStart(self) -> None:
        """
        Where no file can be made none is left behind, and the operator hears why.
        """

        def full(*arguments: object) -> tuple[int, str]:
            raise OSError(28, "No space left on device")

        self.patch(tempfile, "mkstemp", full)
        error = self.assertRaises(NoHistory, openFile, self.path, 1.0)
        self.assertIn("No space left on device", str(error))
        self.assertEqual(os.listdir(self.folder), [])

    def test_plans(self) -> None:
        """
        The questions that people ask use an index.
        """
        connection = self.open()
        for question, index in (
            (
                f"SELECT * FROM events WHERE room = 'x' AND {schema.IS_SPOKEN} "
                "AND id < 5 ORDER BY id DESC LIMIT 5",
                "events_spoken (room=? AND rowid<?)",
            ),
            (
                f"SELECT id FROM events WHERE room = 'x' AND {schema.IS_UNSPOKEN} "
                "AND id > 5 ORDER BY id LIMIT 5",
                "events_unspoken (room=? AND rowid>?)",
            ),
            (f"SELECT * FROM events WHERE {schema.IS_STATE} ORDER BY id", "events_state"),
            (
                "SELECT id FROM events WHERE sid = 'x' AND kind = 'told' AND id > 5 ORDER BY id",
                "events_told (sid=? AND rowid>?)",
            ),
            ("SELECT * FROM events WHERE sid = 'x' AND key = 'y'", "events_key (sid=? AND key=?)"),
        ):
            [row] = connection.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()
            self.assertIn(index.replace("rowid", "id"), row[3].replace("rowid", "id"), question)


class UpgradeTests(SchemaCase):
    """
    How older files become newer ones.
    """

    def setUp(self) -> None:
        super().setUp()
        connection = self.open()
        connection.execute(
            "INSERT INTO events VALUES (1, 5.0, 'said', '#lobby', 'Ann', 'old', '', '', NULL)"
        )
        connection.close()

    def test_upgrade(self) -> None:
        """
        Each step is done once, after a copy of the old file was put beside it.
        """
        self.patch(schema, "STEPS", [*STEPS, ADD_COLUMN, ("CREATE TABLE third (x)",)])
        self.open().close()
        self.open().close()
        self.assertEqual(self.ask("PRAGMA user_version"), [(len(STEPS) + 2,)])
        self.assertEqual(self.ask("SELECT text, extra FROM events"), [("old", None)])
        kept = f"{self.path}.version{len(STEPS)}"
        self.assertEqual(self.ask("PRAGMA user_version", kept), [(len(STEPS),)])
        self.assertEqual(self.ask("SELECT text FROM events", kept), [("old",)])

    def test_failingStep(self) -> None:
        """
        A step is done wholly or not at all, and the steps before it count.
        """
        broken = ("CREATE TABLE fine (x)", "CREATE TABLE events (x)")
        self.patch(schema, "STEPS", [*STEPS, ADD_COLUMN, broken])
        self.assertRaises(NoHistory, openFile, self.path, 10.0)
        self.assertEqual(self.ask("PRAGMA user_version"), [(len(STEPS) + 1,)])
        self.assertEqual(self.ask("SELECT name FROM sqlite_master WHERE name = 'fine'"), [])
        self.patch(schema, "STEPS", [*STEPS, ADD_COLUMN])
        self.open()

    def test_noRoomForTheCopy(self) -> None:
        """
        Without room for a copy nothing is upgraded.
        """

        def full(*arguments: object) -> tuple[int, str]:
            raise OSError(28, "No space left on device")

        self.patch(schema, "STEPS", [*STEPS, ADD_COLUMN])
        self.patch(tempfile, "mkstemp", full)
        error = self.assertRaises(NoHistory, openFile, self.path, 10.0)
        self.assertIn("make room", str(error))
        self.assertEqual(self.ask("PRAGMA user_version"), [(len(STEPS),)])


class FaultTests(SchemaCase):
    """
    L{firstFault}.
    """

    def test_well(self) -> None:
        """
        A good file has no fault.
        """
        self.assertEqual(firstFault(self.open(), lambda: False), "")

    def test_givenUp(self) -> None:
        """
        When the time is over nothing is known.
        """
        connection = self.open()
        connection.executemany(
            "INSERT INTO events VALUES (NULL, 5.0, 'said', '#lobby', 'Ann', ?, '', '', NULL)",
            [("x" * 2000,)] * 5000,
        )
        self.assertIsNone(firstFault(connection, lambda: True))
        self.assertEqual(firstFault(connection, lambda: False), "")

    def test_notedInOneTransaction(self) -> None:
        """
        A note is as lasting as the transaction it is written in.
        """
        connection = self.open()
        connection.execute("BEGIN")
        writeNote(connection, "x", 1)
        connection.execute("ROLLBACK")
        self.assertEqual(readNote(connection, "x", "none"), "none")

    def test_readersCannotWrite(self) -> None:
        """
        A reading connection refuses to write, and makes no file where there is none.
        """
        self.open().close()
        reader = connect(self.path)
        self.addCleanup(reader.close)
        self.assertRaises(sqlite3.OperationalError, reader.execute, "DELETE FROM events")
        self.assertRaises(sqlite3.OperationalError, connect, self.path + ".none")
        self.assertFalse(os.path.exists(self.path + ".none"))

    def test_anyFileName(self) -> None:
        """
        Characters that mean something in a URI are part of a name here.
        """
        self.path = os.path.join(self.folder, "what? 100%#1 é.sqlite")
        self.open()
        self.assertTrue(os.path.exists(self.path))
