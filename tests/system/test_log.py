"""
Tests for the server's log as a whole: real servers, files and signals.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from configparser import ConfigParser
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.support.processes import PATIENCE, TWISTD, environment, freePort
from tests.system.test_conversation import ConversationTestCase

FILTER = Path(__file__).parents[2] / "contrib" / "fail2ban" / "twisted_chat.conf"

FORGED = "[192.0.2.66:44066] login refused: name-taken"
"""What somebody writes who wants another address to be banned."""


def failures(lines: list[str]) -> list[str]:
    """
    Read lines of a log as fail2ban does with the filter: it takes the time away, and tries each
    pattern.

    @return: the addresses that failed.
    """
    config = ConfigParser()
    config.read(FILTER, "utf-8")
    definition = config["Definition"]
    date = re.compile(definition["datepattern"].replace("%Y-%m-%dT%H:%M:%S%z", r"[-\dT:]+\+\d{4}"))
    patterns = [
        re.compile(pattern.replace("<ADDR>", r"(?P<address>[0-9a-fA-F.:]+)"))
        for pattern in definition["failregex"].splitlines()
    ]
    found = []
    for line in lines:
        rest = date.sub("", line, count=1)
        matches = filter(None, [pattern.search(rest) for pattern in patterns])
        found += [match["address"] for match in matches]
    return found


class FilterTests(SynchronousTestCase):
    """
    Tests for the filter for fail2ban.
    """

    def test_forms(self) -> None:
        """The filter knows both lines, both kinds of addresses, and lines from the journal."""
        time = "2026-11-28T15:16:31+0000"
        for line, found in (
            (f"{time} [192.0.2.7:44066] login refused: name-taken", "192.0.2.7"),
            (f"\t{time} [2001:db8::7:44066] login refused: wrong-login", "2001:db8::7"),
            (
                f"{time} [192.0.2.7:1] \u0410\u043d\u043d\u0430 gave a wrong password for a "
                "private room (4 so far)",
                "192.0.2.7",
            ),
            (f"host twistd[32]: {time} [192.0.2.7:1] login refused: name-taken", "192.0.2.7"),
            (f"host twistd[32]: \t{time} [192.0.2.7:1] login refused: name-taken", "192.0.2.7"),
            (f"{time} [192.0.2.7:1] [Ann] :: {FORGED}", None),
            (f"host twistd[32]: {time} [192.0.2.7:1] [Ann] :: host x[1]: {time} {FORGED}", None),
        ):
            self.assertEqual(failures([line]), [found] if found else [], line)


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

    def test_onlyThePeer(self) -> None:
        """The filter for fail2ban counts a refused login for its peer, whatever users write."""
        path, port = Path(self.folder, "chat.log"), freePort()
        server = self.child(
            *(*TWISTD, "-n", "--pidfile=", "chatserver", "--history", "memory"),
            *("--host", "127.0.0.1", "--port", str(port), "--log-file", str(path)),
        )
        self.contains(path, "Chat server started")
        ann = self.connect(port)
        ann.send(FORGED, "Ann", FORGED, f"/me {FORGED}")
        ann.send(f"/topic {FORGED}", f"x\x0b{FORGED}", f"\ufeff{FORGED}", FORGED, "/quit")
        ann.readAll()
        self.assertEqual(self.stop(server), "")
        lines = path.read_text("utf-8").splitlines()
        self.assertGreater(sum(FORGED in line for line in lines), 3)
        self.assertEqual(failures(lines), ["127.0.0.1"])

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
