"""
Tests of the client's own commands.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.localcommands import LocalCommands
from twisted_chat.client.settings import Settings
from twisted_chat.errors import BadCommand


class RecordingContext:
    """
    A context that writes down what happens on it.
    """

    def __init__(self) -> None:
        self.calls: list[object] = []

    def notice(self, text: str) -> None:
        self.calls.append(text)

    def clear(self) -> None:
        self.calls.append("cleared")

    def setColor(self, color: bool) -> None:
        self.calls.append(color)

    def resend(self) -> int:
        return 3

    def accountOf(self, name: str) -> str:
        return "Bobby" if name == "Bob" else ""

    def debug(self) -> Iterable[str]:
        return ["noted"]


class LocalCommandsTests(SynchronousTestCase):
    """
    Commands that are never sent.
    """

    def setUp(self) -> None:
        self.environ = {"XDG_CONFIG_HOME": os.path.abspath(self.mktemp())}
        self.settings = Settings.load(self.environ)
        self.context = RecordingContext()
        self.commands = LocalCommands(self.settings, self.context)

    def test_others(self) -> None:
        """
        A line for the server is left alone, C{/help} too, to which the client's commands are added.
        """
        for line in ("hello", "/names", "//clear", "/clearly"):
            self.assertFalse(self.commands.does(line), line)
        self.assertEqual(self.context.calls, [])
        self.assertFalse(self.commands.does("/help"))
        self.assertEqual(len(self.context.calls), len(self.commands.names))

    def test_help(self) -> None:
        """C{/help} with a command of the client explains it; with another it is for the server."""
        for line in ("/help bell", "/HELP /Bell"):
            self.context.calls.clear()
            self.assertTrue(self.commands.does(line), line)
            self.assertEqual(self.context.calls, ["/bell off|mention|all: when to ring"])
        self.assertFalse(self.commands.does("/help names"))

    def test_ignore(self) -> None:
        """Ignored users, and those no longer ignored, are kept for the next run."""
        self.assertTrue(self.commands.does("/ignore Bob"))
        self.assertEqual(self.context.calls, ["You ignore Bob"])
        ignored = Settings.load(self.environ).ignored
        self.assertEqual((ignored.names, ignored.accounts), (["Bob"], {"Bob": "Bobby"}))
        self.commands.does("/unignore BOB")
        self.assertEqual(Settings.load(self.environ).ignored.names, [])
        self.assertRaises(BadCommand, self.commands.does, "/unignore Bob")

    def test_switches(self) -> None:
        """Times and colours are set by a word, or toggled without one."""
        self.commands.does("/time off")
        self.assertFalse(Settings.load(self.environ).time)
        self.commands.does("/time")
        self.assertTrue(self.settings.time)
        self.commands.does("/color off")
        self.assertEqual(self.context.calls, [False])
        self.assertRaises(BadCommand, self.commands.does, "/time maybe")

    def test_bell(self) -> None:
        """The bell is set to one of its words, and told."""
        self.commands.does("/bell all")
        self.commands.does("/bell")
        self.assertEqual(self.context.calls, ["The bell is set to all"] * 2)
        self.assertRaises(BadCommand, self.commands.does, "/bell loud")

    def test_rest(self) -> None:
        """The other commands act on their context."""
        for line in ("/clear", "/resend", "/debug"):
            self.commands.does(line)
        self.assertEqual(self.context.calls, ["cleared", "Sent again: 3", "noted"])
