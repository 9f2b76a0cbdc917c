# -*- test-case-name: tests.client.test_localcommands -*-
"""
Runs the client's own commands, which concern the terminal and are never sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from ..errors import BadCommand
from .settings import BELLS, Settings


class CommandContext(Protocol):
    """
    What the commands require of the user interface.
    """

    def notice(self, text: str) -> None:
        """Show the user a sentence."""

    def clear(self) -> None:
        """Empty the screen."""

    def setColor(self, color: bool) -> None:
        """Turn colours on or off."""

    def resend(self) -> int:
        """
        Send again what is in doubt.

        @return: how many messages that are.
        """

    def accountOf(self, name: str) -> str:
        """
        @return: the account of the user with this name; empty if they have none, or it is unknown.
        """

    def debug(self) -> Iterable[str]:
        """
        @return: the lines for a bug report.
        """


class LocalCommands:
    """
    The client's own commands.
    """

    def __init__(self, settings: Settings, context: CommandContext) -> None:
        self._settings = settings
        self._context = context
        self._table: dict[str, tuple[Callable[[str], None], str]] = {
            "/ignore": (self._ignore, "[NAME]: hide what someone says, or list whom you ignore"),
            "/unignore": (self._unignore, "NAME: show again what someone says"),
            "/clear": (lambda rest: context.clear(), ": empty the screen"),
            "/time": (self._time, "on|off: times before lines"),
            "/color": (self._color, "on|off: colours"),
            "/bell": (self._bell, "off|mention|all: when to ring"),
            "/resend": (self._resend, ": send again what was unconfirmed when a connection ended"),
            "/debug": (self._debug, ": what the client has noted for a report about a bug"),
        }

    @property
    def names(self) -> list[str]:
        """
        The names of the commands, with their slash.
        """
        return list(self._table)

    def does(self, line: str) -> bool:
        """
        Run a line if it is one of these commands; others belong to the server.

        @return: whether it was one.
        @raise BadCommand: if its argument is wrong.
        """
        word, _, rest = line.partition(" ")
        word, rest = word.casefold(), rest.strip()
        if word == "/help":
            return self._helps(rest)
        command = self._table.get(word)
        if command is None:
            return False
        command[0](rest)
        return True

    def _helps(self, rest: str) -> bool:
        """
        @return: whether the question was only about one of these commands; the server explains its
            own.
        """
        asked = f"/{rest.casefold().removeprefix('/')}"
        for name, (_, help) in self._table.items():
            if asked in ("/", name):
                self._context.notice(f"{name}{'' if help[0] == ':' else ' '}{help}")
        return asked in self._table

    def _ignore(self, rest: str) -> None:
        mine = self._settings
        if rest:
            name = rest.removeprefix("@")
            mine.ignored.add(name, self._context.accountOf(name))
            mine.save()
        self._context.notice(f"You ignore {mine.ignored.describe()}")

    def _unignore(self, rest: str) -> None:
        name = rest.removeprefix("@")
        if not self._settings.ignored.remove(name):
            raise BadCommand(f"you do not ignore {name or 'nobody'}: /ignore lists whom you do")
        self._settings.save()
        self._context.notice(f"You see what {name} says again")

    def _switch(self, rest: str, now: bool) -> bool:
        """
        @return: the requested setting; without a word, the opposite of the present one.
        """
        if rest not in ("", "on", "off"):
            raise BadCommand("say on or off")
        return not now if not rest else rest == "on"

    def _time(self, rest: str) -> None:
        self._settings.time = self._switch(rest, self._settings.time)
        self._settings.save()

    def _color(self, rest: str) -> None:
        self._settings.color = self._switch(rest, self._settings.color)
        self._settings.save()
        self._context.setColor(self._settings.color)

    def _bell(self, rest: str) -> None:
        if rest and rest not in BELLS:
            raise BadCommand(f"say one of {', '.join(BELLS)}")
        if rest:
            self._settings.bell = rest
            self._settings.save()
        self._context.notice(f"The bell is set to {self._settings.bell}")

    def _resend(self, rest: str) -> None:
        count = self._context.resend()
        self._context.notice(f"Sent again: {count}")

    def _debug(self, rest: str) -> None:
        for each in self._context.debug():
            self._context.notice(each)
