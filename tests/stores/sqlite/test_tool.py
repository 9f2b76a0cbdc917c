from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import WALL_TIME, said
from twisted_chat.stores.sqlite import tool
from twisted_chat.stores.sqlite.retention import ALL
from twisted_chat.stores.sqlite.tool import main
from twisted_chat.stores.sqlite.writer import Writer
from twisted_chat.wire.events import JOINED, Draft


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
            [(said("Grüße", key="k1"), None), (Draft(JOINED, "#lobby", "Bob"), None)], []
        )

    def run_(self, *arguments: str) -> tuple[int, str, str]:
        """
        @return: exit code, standard output and standard error.
        """
        out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
        err = io.StringIO()
        self.patch(sys, "stdout", out)
        self.patch(sys, "stderr", err)
        code = main(arguments)
        out.seek(0)
        return code, out.buffer.getvalue().decode(), err.getvalue()

    def damage(self) -> None:
        """
        Destroy a part of the file in its middle.
        """
        for number in range(300):
            self.writer.commit([(said(f"{number} " + "x" * 3000), None)], [])
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
        outcome = restored.commit([(said("Grüße", key="k1"), None), (said("new"), None)], [])
        self.assertEqual([event.id for event, _ in outcome.stored], [3])
        self.assertEqual(len(outcome.repeated), 1)
        self.assertNotEqual(restored.epoch, self.writer.epoch)
        self.assertEqual(len(self.writer.commit([(said("goes on"), None)], []).stored), 1)

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
        texts = [json.loads(line).get("text", "") for line in out.splitlines()]
        self.assertGreater(len(texts), 200)
        self.assertEqual(texts[0], "Grüße")
        self.assertTrue(texts[-1].startswith("299 "))
        self.assertRegex(err, f"{302 - len(texts)} of its ids could not be read")
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
            self.writer.commit([(said("x" * 3000), None)] * 10, [])
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
