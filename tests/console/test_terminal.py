"""
Tests for L{twisted_chat.console.terminal}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.console.terminal import chooseMode


class ModeTests(SynchronousTestCase):
    """
    The choice of a console.
    """

    def test_terminals(self) -> None:
        """Two terminals make a console, with escapes if the terminal's name is known for them."""
        for term in ("xterm-256color", "linux", "tmux", "vt100"):
            self.assertEqual(chooseMode(True, True, term), "ansi")
        for term in ("", "dumb", "unknown", "emacs"):
            self.assertEqual(chooseMode(True, True, term), "dumb")

    def test_pipes(self) -> None:
        """A file or pipe at either end makes it plain, and so does the user's wish."""
        self.assertEqual(chooseMode(False, True, "xterm"), "plain")
        self.assertEqual(chooseMode(True, False, "xterm"), "plain")
        self.assertEqual(chooseMode(False, False, ""), "plain")
        self.assertEqual(chooseMode(True, True, "xterm", plain=True), "plain")
