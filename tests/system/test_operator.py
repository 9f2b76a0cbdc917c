"""
A real server, as its operator sees it.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from twisted.trial.unittest import SynchronousTestCase

from tests.support.processes import PATIENCE, TWISTD, Child, Line, environment, freePort


class OperatorTests(SynchronousTestCase):
    """
    Tests for C{python -m twisted_chat.admin} and C{--metrics}.
    """

    def setUp(self) -> None:
        # The path of a socket may not be long.
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.port, self.metrics = freePort(), freePort()
        (Path(self.folder) / "chat.toml").write_text(
            f'port = {self.port}\nhost = "127.0.0.1"\nmetrics = {self.metrics}\n'
        )
        self.server = self.start()

    def start(self) -> Child:
        """
        @return: a server, which people can come into.
        """
        server = Child([*TWISTD, "-n", "chatserver", "--config", "chat.toml"], self.folder)
        self.addCleanup(server.close)
        server.waitFor("Chat server started on port")
        return server

    def admin(self, *arguments: str) -> tuple[int, str]:
        """
        @return: the exit code, and what was printed.
        """
        run = subprocess.run(
            [sys.executable, "-m", "twisted_chat.admin", "chat.sqlite", *arguments],
            cwd=self.folder,
            env=environment(),
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        return run.returncode, run.stdout + run.stderr

    def get(self, page: str) -> str:
        """
        @return: a page of the monitor.
        """
        url = f"http://127.0.0.1:{self.metrics}/{page}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def test_operator(self) -> None:
        """The operator looks, closes a room, reloads; the socket is theirs alone."""
        ann = Line.to(self.port)
        self.addCleanup(ann.close)
        ann.send("Ann", "/join #den swordfish")
        while ann.readLine() != "* You are in #den (1 here)":
            pass
        path = Path(self.folder) / "chat.sqlite-admin"
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(self.admin("health"), (0, "all is well\n"))
        code, told = self.admin("names")
        self.assertRegex(told, r"^Ann  127.0.0.1:\d+  since [\d-]+ [\d:]+  #lobby #den\n$")
        self.assertEqual(self.admin("close", "#den"), (0, "#den is closed\n"))
        self.assertEqual(ann.readLine(), "* server removed Ann from #den")
        self.assertEqual(self.admin("close", "#den"), (1, "there is no room #den\n"))
        self.assertEqual(self.admin("reload"), (0, "reloaded: nothing changed\n"))
        self.assertEqual(self.get("healthz") + self.get("readyz"), "ok\nready\n")
        families = {each.name for each in text_string_to_metric_families(self.get("metrics"))}
        self.assertIn("chat_delivery_seconds", families)
        self.assertRaises(urllib.error.HTTPError, self.get, "others")
        self.server.signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(), 0)
        self.assertFalse(path.exists())
        code, told = self.admin("status")
        self.assertEqual(code, 1)
        self.assertIn("no server can be asked", told)

    def test_afterACrash(self) -> None:
        """A socket that a killed server left behind does not disturb the next one."""
        self.server.signal(signal.SIGKILL)
        self.server.wait()
        self.start()
        self.assertEqual(self.admin("health"), (0, "all is well\n"))
