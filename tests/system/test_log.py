"""
Tests for the server's log as a whole: real servers, files and signals.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.processes import PATIENCE, TWISTD, environment, freePort
from tests.system.test_conversation import ConversationTestCase


class LogFileTests(ConversationTestCase):
    """
    Tests for C{--log-file}, and for a log on standard output.
    """

    def contains(self, path: Path, text: str) -> None:
        """
        Wait until a file holds this.
        """
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if path.exists() and text in path.read_text("utf-8"):
                return
            time.sleep(0.02)
        self.fail(f"no {text!r} in {path}")

    def test_renamed(self) -> None:
        """A log file that is renamed is begun anew, and signals do it no harm."""
        path, port = Path(self.folder, "chat.log"), freePort()
        server = self.child(
            *(*TWISTD, "-n", "--pidfile=", "chatserver", "--history", "memory"),
            *("--host", "127.0.0.1", "--port", str(port), "--log-file", str(path)),
        )
        self.contains(path, "Chat server started")
        self.enter(port, "Ann")
        self.contains(path, "Ann is now connected")
        old = path.rename(path.with_name("chat.log.old"))
        for number in (signal.SIGUSR1, signal.SIGHUP):
            server.signal(number)
        self.enter(port, "Bob")
        self.contains(path, "Bob is now connected")
        self.assertNotIn("Bob", old.read_text("utf-8"))
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.stop(server), "")
        self.contains(path, "Server Shut Down")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "twistd.log")))

    def test_otherProgram(self) -> None:
        """Under C{python -m twisted} the log goes to its file as well, each line once."""
        path, port = Path(self.folder, "chat.log"), freePort()
        server = self.child(
            *("-m", "twisted", "chatserver", "--history", "memory"),
            *("--host", "127.0.0.1", "--port", str(port), "--log-file", str(path)),
        )
        self.contains(path, "Chat server started")
        self.enter(port, "Ann")
        self.contains(path, "Ann is now connected")
        self.stop(server)
        lines = path.read_text("utf-8").splitlines()
        self.assertEqual(len(lines), len(set(lines)))

    def test_otherCharacters(self) -> None:
        """On a terminal that lacks a name's letters they are escaped, and no entry is lost."""
        port = freePort()
        path = Path(self.folder, "out")
        options = ("chatserver", "--history", "memory", "--host", "127.0.0.1", "--port", str(port))
        with path.open("wb") as out:
            server = subprocess.Popen(
                [sys.executable, *TWISTD, "-n", "--pidfile=", *options],
                cwd=self.folder,
                env=environment({"PYTHONUTF8": "0", "PYTHONIOENCODING": "iso-8859-1"}),
                stdout=out,
                stderr=out,
            )
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.contains(path, "Chat server started")
        self.enter(port, "Анна")
        self.enter(port, "Bob")
        self.contains(path, "\\u0410\\u043d\\u043d\\u0430 is now connected")
        self.contains(path, "Bob is now connected")
