# -*- test-case-name: tests.client.test_localcommands -*-
"""
The commands that a client understands by itself: they are about the terminal, and never sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from ..errors import BadCommand
from .settings import BELLS, Settings


class Stage(Protocol):
    """
    What the commands act on.
    """

    def notice(self, text: str) -> None:
        """Tell the person something."""

    def clear(self) -> None:
        """Begin with an empty screen."""

    def setColor(self, color: bool) -> None:
        """Turn colours on or off."""

    def resend(self) -> int:
        """
        Send again what is in doubt.

        @return: how many messages that are.
        """

    def debug(self) -> Iterable[str]:
        """
        @return: what a person may want to send with a report about a bug.
        """


class Verbs:
    """
    The table of these commands.
    """

    def __init__(self, settings: Settings, stage: Stage) -> None:
        self._settings = settings
        self._stage = stage
        self._table: dict[str, tuple[Callable[[str], None], str]] = {
            "/ignore": (self._ignore, "[NAME]: hear no more of somebody, or list whom you ignore"),
            "/unignore": (self._unignore, "NAME: hear somebody again"),
            "/clear": (lambda rest: stage.clear(), ": begin with an empty screen"),
            "/time": (self._time, "on|off: times before lines"),
            "/color": (self._color, "on|off: colours"),
            "/bell": (self._bell, "off|mention|all: when to ring"),
            "/resend": (self._resend, ": send again what was unconfirmed when a connection ended"),
            "/debug": (self._debug, ": what the client has noted for a report about a bug"),
        }

    @property
    def names(self) -> list[str]:
        """
        The commands with their slash.
        """
        return list(self._table)

    def does(self, line: str) -> bool:
        """
        Do what a line asks for.

        @return: whether it is one of these commands; the server knows the others.
        @raise BadCommand: if it is, and its argument is not what it needs.
        """
        word, _, rest = line.partition(" ")
        word, rest = word.casefold(), rest.strip()
        if word == "/help":
            return self._helps(rest)
        verb = self._table.get(word)
        if verb is None:
            return False
        verb[0](rest)
        return True

    def _helps(self, rest: str) -> bool:
        """
        @return: whether the server, who explains its own commands, has nothing to add.
        """
        asked = f"/{rest.casefold().removeprefix('/')}"
        for name, (_, help) in self._table.items():
            if asked in ("/", name):
                self._stage.notice(f"{name}{'' if help[0] == ':' else ' '}{help}")
        return asked in self._table

    def _ignore(self, rest: str) -> None:
        mine = self._settings
        if rest:
            mine.ignored[rest.casefold()] = rest
            mine.save()
        names = ", ".join(sorted(mine.ignored.values(), key=str.casefold)) or "nobody"
        self._stage.notice(f"You ignore {names}")

    def _unignore(self, rest: str) -> None:
        if self._settings.ignored.pop(rest.casefold(), None) is None:
            raise BadCommand(f"you do not ignore {rest or 'nobody'}: /ignore lists whom you do")
        self._settings.save()
        self._stage.notice(f"You hear {rest} again")

    def _switch(self, rest: str, now: bool) -> bool:
        """
        @return: what is asked for; without a word, the other of two.
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
        self._stage.setColor(self._settings.color)

    def _bell(self, rest: str) -> None:
        if rest and rest not in BELLS:
            raise BadCommand(f"say one of {', '.join(BELLS)}")
        if rest:
            self._settings.bell = rest
            self._settings.save()
        self._stage.notice(f"The bell is set to {self._settings.bell}")

    def _resend(self, rest: str) -> None:
        count = self._stage.resend()
        self._stage.notice(f"Sent again: {count}")

    def _debug(self, rest: str) -> None:
        for each in self._stage.debug():
            self._stage.notice(each)
