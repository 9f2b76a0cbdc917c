"""
Tests for the plugin that makes C{chatserver} known to C{twistd}.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.tap import COLLECT

ROOT = Path(__file__).parents[2]

NOT_AT_START = {
    *("OpenSSL", "cryptography", "service_identity", "homoglyphs_fork", "precis_i18n", "regex"),
    *("hypothesis", "unittest", "urllib", "http", "email", "importlib_metadata", "wcwidth"),
}
"""What a start may load only if Twisted does so by itself."""


class PluginTests(SynchronousTestCase):
    """
    What Twisted sees of the project before a server starts.
    """

    def maker(self) -> IServiceMaker:
        """
        @return: the one plugin that offers C{chatserver}.
        """
        makers = [each for each in getPlugins(IServiceMaker) if each.tapname == "chatserver"]
        self.assertEqual(len(makers), 1)
        return makers[0]

    def test_describesItself(self) -> None:
        """C{twistd --help} has one line to show for it."""
        description = self.maker().description
        self.assertTrue(description.strip())
        self.assertEqual(description.splitlines(), [description])

    def test_namesTheModuleThatStartsIt(self) -> None:
        """The plugin names C{twisted_chat.tap}, and there is such a module."""
        module = self.maker().module  # type: ignore[attr-defined]
        self.assertEqual(module, "twisted_chat.tap")
        self.assertIsNotNone(importlib.util.find_spec(module))

    def linesOf(self, script: str) -> list[str]:
        """
        @return: the lines that a script prints in a Python process of its own.
        """
        run = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout.splitlines()

    def test_importsNothingOfOurs(self) -> None:
        """Listing the plugins loads neither the package nor a reactor."""
        script = (
            "import sys\n"
            "from twisted.plugins import chatserver_plugin\n"
            "print(chatserver_plugin.__file__)\n"
            "print(*sys.modules)\n"
        )
        path, modules = self.linesOf(script)
        self.assertEqual(Path(path), ROOT / "twisted" / "plugins" / "chatserver_plugin.py")
        loaded = set(modules.split())
        self.assertNotIn("twisted_chat", loaded)
        self.assertNotIn("twisted.internet.reactor", loaded)

    def test_startsFast(self) -> None:
        """
        A start loads nothing that only names beyond ASCII, TLS of our own or a test needs, and sets
        the collector before it loads the server.
        """
        script = (
            "import gc, sys\n"
            "from twisted.internet import reactor\n"
            "from twisted.scripts.twistd import run\n"
            "twisted = set(sys.modules)\n"
            "from twisted_chat.tap import Options, makeService\n"
            "options = Options()\n"
            "options.parseOptions(['--history', 'memory', '--port', '0'])\n"
            "makeService(options)\n"
            "print(*gc.get_threshold())\n"
            "print(*set(sys.modules) - twisted)\n"
        )
        thresholds, modules = self.linesOf(script)
        self.assertEqual(tuple(map(int, thresholds.split())), COLLECT)
        loaded = {name.partition(".")[0] for name in modules.split()}
        self.assertIn("twisted_chat", loaded)
        self.assertEqual(loaded & NOT_AT_START, set())
        self.assertNotIn("twisted_chat.client", modules.split())
        self.assertNotIn("twisted_chat.console", modules.split())

    def test_foldersStayOpenToOtherPlugins(self) -> None:
        """C{twisted/} and C{twisted/plugins/} are no packages, or they would hide Twisted's own."""
        self.assertEqual(list((ROOT / "twisted").rglob("__init__.py")), [])
