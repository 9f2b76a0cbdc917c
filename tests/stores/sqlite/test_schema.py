from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from tests.stores.sqlite.storecase import FileCase
from twisted_chat.stores.sqlite import schema
from twisted_chat.stores.sqlite.schema import connect, copy, firstFault, readNote, writeNote
from twisted_chat.stores.sqlite.steps import STEPS


class CopyTests(FileCase):
    """
    L{copy}, L{connect} and what a new file is like.
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

    def test_diskFullAtTheEnd(self) -> None:
        """
        A file whose last pages found no room gets no name, and none of its parts stays.
        """

        class Full(sqlite3.Connection):
            def execute(self, statement: str, *rest: Any) -> sqlite3.Cursor:
                cursor = super().execute(statement, *rest)
                if "wal_checkpoint" in statement:
                    [(_, _, draft), *_] = super().execute("PRAGMA database_list")
                    Path(f"{draft}-journal").touch()
                    raise sqlite3.OperationalError("database or disk is full")
                return cursor

        connect = sqlite3.connect
        self.patch(
            sqlite3, "connect", lambda *given, **named: connect(*given, **named, factory=Full)
        )
        self.assertRaises(sqlite3.OperationalError, copy, None, self.path)
        self.assertEqual(os.listdir(self.folder), [])

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

    def test_conditions(self) -> None:
        """
        The partial indexes of a new file have the conditions that are asked for today.
        """
        connection = self.open()
        for index, condition in (
            ("events_spoken", schema.IS_SPOKEN),
            ("events_presence", schema.IS_PRESENCE),
            ("events_state", schema.IS_OTHER),
            ("events_kind", schema.IS_OTHER),
        ):
            [(sql,)] = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,))
            self.assertEqual(
                sql.partition(" WHERE ")[2],
                condition,
                f"the kinds of events are others now: add a step that makes {index} anew",
            )


class FaultTests(FileCase):
    """
    L{firstFault}.
    """

    def test_well(self) -> None:
        """
        A good file has no fault.
        """
        self.assertEqual(firstFault(self.open()), "")

    def test_damaged(self) -> None:
        """
        A fault is one line.
        """
        connection = self.open()
        connection.executemany(
            "INSERT INTO events VALUES (NULL, 5.0, 'said', '#lobby', 'Ann', ?, '', '', NULL, '')",
            [("x" * 2000,)] * 200,
        )
        connection.close()
        with open(self.path, "r+b") as file:
            file.seek(os.path.getsize(self.path) // 2)
            file.write(b"\xff" * 50_000)
        damaged = connect(self.path)
        self.addCleanup(damaged.close)
        fault = firstFault(damaged)
        self.assertTrue(fault)
        self.assertEqual(len(fault.splitlines()), 1)

    def test_destroyed(self) -> None:
        """
        So is what SQLite says of a file in which nothing can be found.
        """
        connection = self.open()
        connection.close()
        with open(self.path, "r+b") as file:
            file.seek(100)
            file.write(b"\xff" * 3000)
        damaged = connect(self.path)
        self.addCleanup(damaged.close)
        self.assertIn("malformed", firstFault(damaged))

    def test_fullWhileUpgrading(self) -> None:
        """
        Where SQLite has undone a step already its own words are kept.
        """
        connection = self.open()

        def undo(connection: sqlite3.Connection) -> None:
            connection.execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")

        self.patch(schema, "STEPS", [*STEPS, (undo,)])
        error = self.assertRaises(sqlite3.OperationalError, schema.upgrade, connection)
        self.assertEqual(str(error), "database or disk is full")

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
