from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import WALL_TIME, said
from tests.support import histories
from tests.support.histories import TOKENS
from tests.support.rules import granted, registered, rules
from twisted_chat.stores.interfaces import Projection
from twisted_chat.stores.sqlite import schema, steps, tool
from twisted_chat.stores.sqlite.retention import ALL
from twisted_chat.stores.sqlite.tool import main
from twisted_chat.stores.sqlite.writer import Writer
from twisted_chat.wire.events import INVITED, JOINED, LOCKED, Draft


class ReadOnlyTests(SynchronousTestCase):
    """
    The same where nothing can be written.
    """

    def setUp(self) -> None:
        self.folder = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "medium", "chat.sqlite")
        os.mkdir(os.path.dirname(self.path))
        writer = Writer(self.path, lambda: WALL_TIME, ALL)
        writer.open()
        writer.commit([(said("one"), None)])
        writer.close()
        os.unlink(self.path + "-lock")

    def write(self, text: str) -> None:
        """
        A server says something, and ends without closing the file.
        """
        other = self.path + ".away"
        shutil.copy(self.path, other)
        writer = Writer(other, lambda: WALL_TIME, ALL)
        writer.open()
        writer.commit([(said(text), None)])
        for ending in ("", "-wal", "-shm"):
            shutil.copy(other + ending, self.path + ending)
        writer.close()
        for ending in ("", "-lock"):
            os.unlink(other + ending)

    def export(self) -> list[str]:
        """
        Do all that the tool can do as somebody who can write nothing there.

        @return: the texts in the export, which are in the backup as well.
        """
        medium = os.path.dirname(self.path)
        before = sorted(os.listdir(medium))
        for name in before:
            os.chmod(os.path.join(medium, name), 0o444)
        os.chmod(medium, 0o555)
        os.chmod(self.folder, 0o777)
        copied = os.path.join(self.folder, "copy")
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            out, err = io.StringIO(), io.StringIO()
            self.patch(sys, "stdout", out)
            self.patch(sys, "stderr", err)
            codes = [main([self.path, "check"]), main([self.path, "backup", copied])]
            self.assertEqual((codes, err.getvalue()), ([0, 0], ""))
            out.seek(0)
            out.truncate()
            self.assertEqual(main([self.path, "export"]), 0)
        finally:
            os.seteuid(user)
            os.chmod(medium, 0o755)
        self.assertEqual(sorted(os.listdir(medium)), before)
        texts = [json.loads(line)["text"] for line in out.getvalue().splitlines()]
        with closing(sqlite3.connect(f"file:{copied}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT text FROM events ORDER BY id").fetchall()
        self.assertEqual([text for (text,) in rows], texts)
        return texts

    def test_stopped(self) -> None:
        """
        The file of a server that was stopped can be read, checked and copied.
        """
        self.assertEqual(self.export(), ["one"])

    def test_crashed(self) -> None:
        """
        So can that of one that was not, with what is in its write-ahead log.
        """
        self.write("two")
        self.assertEqual(self.export(), ["one", "two"])

    def test_crashedAndCopied(self) -> None:
        """
        Also if its shared memory was not copied with it.
        """
        self.write("two")
        os.unlink(self.path + "-shm")
        self.assertEqual(self.export(), ["one", "two"])

    def test_noRoomElsewhere(self) -> None:
        """
        Where that needs a copy, and there is no room for one, it is said what to do.
        """

        def full(*arguments: object) -> None:
            raise OSError(28, "No space left on device")

        self.write("two")
        self.patch(tool, "_tryToOpen", lambda path, options: sqlite3.connect("/"))
        self.patch(shutil, "copyfile", full)
        err = io.StringIO()
        self.patch(sys, "stderr", err)
        self.assertEqual(main([self.path, "check"]), 1)
        self.assertIn("nor be copied elsewhere (No space left on device)", err.getvalue())
        self.assertIn("into a directory that can be written", err.getvalue())


class HistoryTests(SynchronousTestCase):
    """
    C{python -m twisted_chat.history}, while a server uses the file.
    """

    def setUp(self) -> None:
        self.folder = os.path.realpath(self.mktemp())
        os.mkdir(self.folder)
        self.path = os.path.join(self.folder, "chat.sqlite")
        self.writer = Writer(self.path, lambda: WALL_TIME, ALL)
        self.writer.open()
        self.addCleanup(self.writer.close)
        self.writer.commit(
            [(said("Grüße", key="k1"), None), (Draft(JOINED, "#lobby", "Bob"), None)]
        )

    def run_(self, *arguments: str, projection: Projection | None = None) -> tuple[int, str, str]:
        """
        @return: exit code, standard output and standard error.
        """
        out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
        err = io.StringIO()
        self.patch(sys, "stdout", out)
        self.patch(sys, "stderr", err)
        code = main(arguments, projection)
        out.seek(0)
        return code, out.buffer.getvalue().decode(), err.getvalue()

    def damage(self) -> None:
        """
        Destroy a part of the file in its middle.
        """
        for number in range(300):
            self.writer.commit([(said(f"{number} " + "x" * 3000), None)])
        self.writer.close()
        with open(self.path, "r+b") as file:
            file.seek(os.path.getsize(self.path) // 2)
            file.write(b"\xff" * 50_000)

    def test_export(self) -> None:
        """
        Each event is a line of JSON, oldest first, without its empty fields, in UTF-8.
        """
        code, out, err = self.run_(self.path, "export")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(
            [json.loads(line) for line in out.splitlines()],
            [
                {
                    "id": 1,
                    "time": WALL_TIME,
                    "kind": "said",
                    "room": "#lobby",
                    "name": "Ann",
                    "text": "Grüße",
                    "sid": "a1",
                    "key": "k1",
                },
                {"id": 2, "time": WALL_TIME, "kind": "joined", "room": "#lobby", "name": "Bob"},
            ],
        )
        self.assertIn("Grüße", out)

    def test_check(self) -> None:
        """
        A good file is said to be well, with its size.
        """
        code, out, err = self.run_(self.path, "check")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("is well: 2 events, ids 1 to 2", out)
        version = len(steps.STEPS)
        self.assertIn(f"of version {version}, which this server uses as they are", out)

    def test_checkOld(self) -> None:
        """
        Of an older file it is said what the next start does, and nothing is done.
        """
        self.patch(tool, "STEPS", [*steps.STEPS, ()])
        code, out, err = self.run_(self.path, "check")
        version = len(steps.STEPS)
        self.assertEqual((code, err), (0, ""))
        self.assertIn(f"of version {version}: at its next start", out)
        self.assertIn(f"makes them version {version + 1}, which needs up to 1 MB", out)
        self.assertIn(f"keeps the old file as {self.path}.version{version}", out)

    def test_backup(self) -> None:
        """
        The copy is private, has everything that was stored until now, and a server starts on it.
        """
        copied = os.path.join(self.folder, "copy.sqlite")
        code, out, err = self.run_(self.path, "backup", copied)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("is copied to", out)
        self.assertEqual(os.stat(copied).st_mode & 0o777, 0o600)
        restored = Writer(copied, lambda: WALL_TIME, ALL)
        restored.open()
        self.addCleanup(restored.close)
        outcome = restored.commit([(said("Grüße", key="k1"), None), (said("new"), None)])
        self.assertEqual([event.id for event, _ in outcome.stored], [3])
        self.assertEqual(len(outcome.repeated), 1)
        self.assertNotEqual(restored.epoch, self.writer.epoch)
        self.assertEqual(len(self.writer.commit([(said("goes on"), None)]).stored), 1)

    def test_backupIsOneFile(self) -> None:
        """
        A backup can be read on any medium: it needs no other file beside it.
        """
        copied = os.path.join(self.folder, "copy.sqlite")
        self.run_(self.path, "backup", copied)
        uri = f"file:{copied}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            [(mode,)] = connection.execute("PRAGMA journal_mode")
            [(count,)] = connection.execute("SELECT count(*) FROM events")
        self.assertEqual((mode, count), ("delete", 2))
        names = [name for name in os.listdir(self.folder) if name.startswith("copy")]
        self.assertEqual(names, ["copy.sqlite"])

    def test_backupWhileWritten(self) -> None:
        """
        A backup is of one moment and comes to an end, however much is written meanwhile.
        """
        self.patch(schema, "COPIED_PAGES", 1)
        for _ in range(30):
            self.writer.commit([(said("x" * 3000), None)] * 10)
        copied = os.path.join(self.folder, "copy.sqlite")
        backups = 0

        class Source(sqlite3.Connection):
            def backup(self_, target: sqlite3.Connection, **named: Any) -> None:
                def write(*counts: int) -> None:
                    nonlocal backups
                    backups += 1
                    self.writer.commit([(said("y" * 3000), None)] * 3)

                super().backup(target, pages=1, progress=write)

        connect = sqlite3.connect
        self.patch(
            sqlite3, "connect", lambda *given, **named: connect(*given, **named, factory=Source)
        )
        code, _, err = self.run_(self.path, "backup", copied)
        self.assertEqual((code, err), (0, ""))
        self.assertGreater(backups, 100)
        with closing(connect(copied)) as connection:
            [(count,)] = connection.execute("SELECT count(*) FROM events")
        self.assertEqual(count, 302)

    def test_backupEndedBySignal(self) -> None:
        """
        As a real process: a backup that is ended leaves nothing behind.
        """
        for _ in range(10):
            self.writer.commit([(said("x" * 3000), None)] * 100)
        # The process ends itself, being somewhere between two parts.
        code = (
            "import os, signal, sys; from twisted_chat.stores.sqlite import schema, tool; "
            "schema.COPIED_PAGES = 1; fill = schema._fill\n"
            "def end(connection, source):\n"
            "    fill(connection, source); os.kill(os.getpid(), signal.SIGTERM); fill(1, 2)\n"
            "schema._fill = end; sys.exit(tool.main(sys.argv[1:]))"
        )
        process = subprocess.run(
            [sys.executable, "-c", code, self.path, "backup", os.path.join(self.folder, "copy")],
            env={**os.environ, "PYTHONPATH": str(Path(tool.__file__).parents[3])},
            check=False,
            capture_output=True,
            timeout=30,
        )
        self.assertEqual((process.returncode, process.stderr), (128 + signal.SIGTERM, b""))
        self.assertNotIn("copy", "".join(os.listdir(self.folder)))

    def test_backupOverwritesNothing(self) -> None:
        """
        A file that exists is not overwritten.
        """
        code, _, err = self.run_(self.path, "backup", self.path)
        self.assertEqual(code, 1)
        self.assertIn("exists: name a new file", err)

    def test_backupIntoNowhere(self) -> None:
        """
        A directory that does not exist is one sentence, about the copy and not its original.
        """
        destination = os.path.join(self.folder, "no", "copy")
        code, _, err = self.run_(self.path, "backup", destination)
        self.assertEqual(code, 1)
        self.assertEqual(err, f"{destination} cannot be written: No such file or directory\n")

    def test_backupOntoAFullDisk(self) -> None:
        """
        What SQLite says while it copies is one sentence that names both files.
        """

        def full(*arguments: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        self.patch(tool, "copy", full)
        code, _, err = self.run_(self.path, "backup", "new")
        self.assertEqual(code, 1)
        self.assertEqual(err, f"{self.path} cannot be copied to new: database or disk is full\n")

    def test_damage(self) -> None:
        """
        Damage is found, and all that can be read is exported.
        """
        self.damage()
        code, _, err = self.run_(self.path, "check")
        self.assertEqual(code, 1)
        self.assertIn("is damaged", err)
        self.patch(tool, "WINDOW", 50)
        code, out, err = self.run_(self.path, "export")
        self.assertEqual(code, 1)
        ids = [json.loads(line)["id"] for line in out.splitlines()]
        lost = sorted(set(range(1, 303)) - set(ids))
        self.assertEqual(ids, sorted(set(ids)))
        self.assertIn(f"ids {lost[0]} to ", err)
        texts = [json.loads(line).get("text", "") for line in out.splitlines()]
        self.assertGreater(len(texts), 200)
        self.assertEqual(texts[0], "Grüße")
        self.assertTrue(texts[-1].startswith("299 "))
        code, _, err = self.run_(self.path, "backup", os.path.join(self.folder, "copy"))
        self.assertEqual((code, len(err.splitlines())), (1, 1))

    def test_otherFiles(self) -> None:
        """
        What is no history of ours, or none yet, is said to be so, and stays as it is.
        """
        text = os.path.join(self.folder, "text")
        Path(text).write_text("not a database at all, but long enough to have a header" * 20)
        theirs = os.path.join(self.folder, "theirs")
        with sqlite3.connect(theirs) as connection:
            connection.execute("CREATE TABLE t (x)")
        connection.close()
        newer = os.path.join(self.folder, "newer")
        self.run_(self.path, "backup", newer)
        with sqlite3.connect(newer) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        missing = os.path.join(self.folder, "missing")
        for path, reason in (
            (text, "cannot be read as a chat history"),
            (theirs, "is no chat history"),
            (newer, "newer version"),
            (missing, "there is no file"),
        ):
            for command in ("check", "export"):
                code, out, err = self.run_(path, command)
                self.assertEqual((code, out, len(err.splitlines())), (1, "", 1), path)
                self.assertIn(reason, err)
        self.assertFalse(os.path.exists(missing))

    def spoil(self, *statements: str) -> None:
        """
        Change the file as somebody else.
        """
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    def test_endlessView(self) -> None:
        """
        A view under the name of a table, which may never end, is refused by every command.
        """
        self.spoil(
            "DROP TABLE events",
            "CREATE VIEW events AS WITH RECURSIVE n(id) AS (VALUES (1) UNION ALL SELECT id + 1 "
            "FROM n) SELECT id FROM n",
        )
        for command in (("check",), ("export",), ("backup", os.path.join(self.folder, "copy"))):
            code, out, err = self.run_(self.path, *command)
            self.assertEqual((code, out), (1, ""))
            self.assertIn("it has no table of events", err)

    def test_missingTables(self) -> None:
        """
        A table that is gone is damage.
        """
        gone = []
        for table in ("rooms", "removed", "records"):
            self.spoil(f"DROP TABLE {table}")
            gone.append(table)
            code, _, err = self.run_(self.path, "check")
            self.assertEqual(code, 1)
            self.assertIn(f"it has no table {', '.join(sorted(gone))}", err)

    def test_exportRemoved(self) -> None:
        """
        The text of a message that was removed is not exported, but that it was.
        """
        self.spoil("UPDATE events SET text = ''")
        code, out, err = self.run_(self.path, "export")
        first, second = map(json.loads, out.splitlines())
        self.assertEqual((code, err), (0, ""))
        self.assertEqual((first["text"], first["removed"]), ("(removed)", True))
        self.assertNotIn("removed", second)

    def test_exportOfTheServer(self) -> None:
        """
        What is about accounts and the whole server is exported only with all the rest.
        """
        self.writer.commit([(registered("a1", "Ann"), None), (granted(1, "b2"), None)])
        kinds = []
        for options in ((), ("--all",)):
            code, out, err = self.run_(self.path, "export", *options)
            self.assertEqual((code, err), (0, ""))
            kinds.append([json.loads(line)["kind"] for line in out.splitlines()])
        self.assertEqual(
            kinds, [["said", "joined", "granted"], ["said", "joined", "registered", "granted"]]
        )

    def rebuild(self) -> tuple[int, str, str]:
        """
        Make the records again.
        """
        return self.run_(self.path, "rebuild", projection=rules)

    def test_rebuild(self) -> None:
        """
        The records are made again of the log, wholly or not at all, while no server uses it.
        """
        self.writer.commit([(registered("a1", "Ann"), None)])
        code, _, err = self.rebuild()
        self.assertEqual(code, 1)
        self.assertIn("another server (process", err)
        self.writer.close()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("REPLACE INTO records VALUES ('account', 'x9', '{}')")
            select = "SELECT kind, key FROM records ORDER BY kind"
            made = [("account", "a1"), ("owned", "Ann")]
            code, out, err = self.rebuild()
            self.assertEqual((code, err), (0, ""))
            self.assertIn("has 2 records", out)
            self.assertEqual(connection.execute(select).fetchall(), made)
            connection.execute(
                "CREATE TRIGGER fault BEFORE INSERT ON records WHEN new.kind = 'owned' "
                "BEGIN SELECT raise(FAIL, 'a fault'); END"
            )
            code, out, err = self.rebuild()
            self.assertEqual((code, out), (1, ""))
            self.assertIn("a fault", err)
            self.assertEqual(connection.execute(select).fetchall(), made)
        self.assertEqual(self.run_(self.path, "check")[0], 0)

    def test_rebuildOld(self) -> None:
        """
        The records of an older file are made by the server that migrates it.
        """
        self.writer.close()
        self.patch(tool, "STEPS", [*steps.STEPS, ()])
        code, _, err = self.rebuild()
        self.assertEqual(code, 1)
        self.assertIn("start a server with it once", err)

    def test_rebuildOfNothing(self) -> None:
        """
        Where no file is none is made.
        """
        self.assertEqual(self.run_(self.path + "2", "rebuild", projection=rules)[0], 1)
        self.assertFalse(os.path.exists(self.path + "2"))

    def put(self, id: object, text: str, time: str = "5.0") -> None:
        """
        Put a row into the file.

        @param text: SQL.
        """
        self.spoil(
            'INSERT INTO events (id, time, kind, room, name, text, "to", sid) '
            f"VALUES ({id}, {time}, 'said', '#lobby', 'Ann', {text}, '', '')"
        )

    def test_strangeRows(self) -> None:
        """
        Rows that no server wrote are printed as far as there is something of them; all ends soon,
        wherever their ids are.
        """
        first, last = -(2**63), 2**63 - 1
        self.put(first, "'first'")
        self.put(2**40, "CAST(x'41ff42' AS TEXT)")
        self.put(2**50, "x'41ff'", "9e999")
        self.put(last, "'last'", "'now'")
        code, out, err = self.run_(self.path, "export")
        found = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([row["id"] for row in found], [first, 1, 2, 2**40, 2**50, last])
        self.assertEqual([row["time"] for row in found[-3:]], [5.0, "inf", "now"])
        texts = [row.get("text", "") for row in found]
        self.assertEqual(texts, ["first", "Grüße", "", "A\ufffdB", "A\ufffd", "last"])
        self.assertEqual(code, 1)
        self.assertIn("has 4 events that hold what no server wrote", err)
        code, out, err = self.run_(self.path, "check")
        self.assertEqual((code, out, len(err.splitlines())), (1, "", 1))
        self.assertIn("is whole, but 4 of its 6 events", err)

    def test_damageAndFarIds(self) -> None:
        """
        So does the search for what can be read in a damaged file.
        """
        self.put(2**62, "'far'")
        self.damage()
        code, out, err = self.run_(self.path, "export")
        self.assertEqual((code, len(err.splitlines())), (1, 1))
        texts = [json.loads(line).get("text", "") for line in out.splitlines()]
        self.assertIn("Grüße", texts)
        self.assertIn("far", texts)
        self.assertGreater(len(texts), 200)

    def test_damageAtTheEnds(self) -> None:
        """
        Where the first or the last ids cannot be found the others are.
        """
        for number in range(300):
            self.writer.commit([(said(f"{number} " + "x" * 3000), None)])
        self.writer.close()
        whole = Path(self.path).read_bytes()
        _, out, _ = self.run_(self.path, "export")
        lines = out.splitlines()
        for line, expected, words in (
            (lines[0], lines[-50:], "ids 1 to "),
            (lines[-1], lines[:50], " on could not be read"),
        ):
            text = json.loads(line)["text"].encode()[:20]
            page = whole.rindex(text) // 4096 * 4096
            with open(self.path, "r+b") as file:
                file.seek(page)
                file.write(b"\xff" * 100)
            code, out, err = self.run_(self.path, "export")
            self.assertEqual(code, 1)
            self.assertIn(words, err)
            self.assertLessEqual(set(expected), set(out.splitlines()))
            Path(self.path).write_bytes(whole)

    def test_nothingForTerminals(self) -> None:
        """
        What is printed commands no terminal and hides nothing, whether it comes from the events,
        from the names in a damaged file, or from the file's own name; and JSON is what it was.
        """
        evil = "a\x1b[2Jb\x9bc\u202ed\x7fe\u2028f\U000e0041g\\h"
        self.writer.commit([(said(evil), None)])
        code, out, err = self.run_(self.path, "export")
        self.assertEqual((code, err), (0, ""))
        self.assertTrue(out.replace("\n", "").isprintable())
        self.assertEqual(json.loads(out.splitlines()[-1])["text"], evil)
        self.writer.close()
        named = os.path.join(self.folder, "a\x1b[2J\u202e.sqlite")
        os.rename(self.path, named)
        self.path = named
        for command in ("check", "export", "backup"):
            more = [os.path.join(self.folder, "copy")] if command == "backup" else []
            _, out, err = self.run_(named, command, *more)
            self.assertTrue((out + err).replace("\n", "").isprintable(), command)
        self.spoil(
            'CREATE TABLE "x\x1b[2J\u202e" (x)',
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET sql = 'CREATE TABLE \x1b[2J oh no' WHERE name LIKE 'x%'",
        )
        for command in ("check", "export"):
            code, out, err = self.run_(named, command)
            self.assertEqual((code, out, len(err.splitlines())), (1, "", 1), command)
            self.assertTrue(err.strip().isprintable(), command)
            self.assertIn("x1b", err)

    def test_noSecrets(self) -> None:
        """
        An export holds no hash of a password, whatever version the file has.
        """
        self.writer.commit([(Draft(LOCKED, "#tea", "Ann", data="hash"), None)])
        _, out, _ = self.run_(self.path, "export")
        self.assertNotIn("hash", out)
        for version in TOKENS:
            path = os.path.join(self.folder, str(version))
            histories.build(version, path)
            code, out, err = self.run_(path, "export")
            self.assertEqual((code, err), (0, ""))
            with closing(sqlite3.connect(path)) as connection:
                (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
            rows = [json.loads(line) for line in out.splitlines()]
            self.assertEqual(len(rows), count)
            for row in rows:
                self.assertNotIn("data", row)
                if row["kind"] in (LOCKED, INVITED):
                    self.assertNotIn("text", row)

    def test_anyBug(self) -> None:
        """
        Whatever else happens is one sentence.
        """

        def fail(*arguments: object) -> None:
            raise RecursionError("too\x1b deep")

        self.patch(tool, "export", fail)
        code, out, err = self.run_(self.path, "export")
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(err, f"{self.path}: RecursionError: too\\x1b deep\n")

    def test_usage(self) -> None:
        """
        Wrong usage ends with exit code 2.
        """
        for arguments in ((), (self.path,), (self.path, "burn"), (self.path, "backup")):
            error = self.assertRaises(SystemExit, self.run_, *arguments)
            self.assertEqual(error.code, 2, arguments)

    def test_readerThatHasEnough(self) -> None:
        """
        As a real process: a reader of its output that leaves early is no error.
        """
        for _ in range(20):
            self.writer.commit([(said("x" * 3000), None)] * 10)
        process = subprocess.Popen(
            [sys.executable, "-m", "twisted_chat.history", self.path, "export"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(tool.__file__).parents[3])},
        )
        self.addCleanup(process.communicate)
        assert process.stdout is not None and process.stderr is not None
        self.assertTrue(json.loads(process.stdout.readline())["text"])
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.wait(30), 0)
