# -*- test-case-name: tests.client.test_settings -*-
"""
Keeps the user's preferences and the newest event they have seen between runs, in the folders of the
XDG Base Directory Specification, readable by the user only.

A file that is missing, damaged or refused costs only its content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..text.files import configFolder, stateFolder, writeWhole
from .ignoring import IgnoreList

BELLS = ("off", "mention", "all")

_MAX_SERVERS = 50
"""Most servers that are remembered."""


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        value = json.loads(path.read_bytes())
        if isinstance(value, dict):
            return value
    return {}


def _texts(value: object) -> dict[str, str]:
    """
    @return: the entries of a stored table whose keys and values are texts.
    """
    table = value if isinstance(value, dict) else {}
    return {name: text for name, text in table.items() if isinstance(text, str)}


def _write(path: Path, value: Mapping[str, Any]) -> None:
    with suppress(OSError):
        writeWhole(path, json.dumps(value, indent=1).encode())


@dataclass
class Settings:
    """
    The user's preferences.

    @ivar bell: when to ring: C{"off"}, C{"mention"} (for mentions and direct messages) or C{"all"}.
    @ivar time: whether lines begin with the time.
    @ivar color: whether names and notices are coloured.
    @ivar ignored: the users whose messages are not shown.
    """

    path: Path
    bell: str = "mention"
    time: bool = True
    color: bool = True
    ignored: IgnoreList = field(default_factory=IgnoreList)

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """
        Load the preferences of earlier runs.

        @param environ: the environment.
        """
        mine = cls(configFolder(environ) / "settings.json")
        value = _read(mine.path)
        if value.get("bell") in BELLS:
            mine.bell = value["bell"]
        mine.time = value.get("time") is not False
        mine.color = value.get("color") is not False
        ignored = value.get("ignored")
        mine.ignored = IgnoreList(
            (each for each in ignored if isinstance(each, str))
            if isinstance(ignored, list)
            else (),
            _texts(value.get("aliases")),
            _texts(value.get("accounts")),
        )
        return mine

    def save(self) -> None:
        """
        Store the preferences for the next run.
        """
        _write(
            self.path,
            {
                "bell": self.bell,
                "time": self.time,
                "color": self.color,
                "ignored": self.ignored.names,
                "aliases": self.ignored.aliases,
                "accounts": self.ignored.accounts,
            },
        )


class Seen:
    """
    The newest event that the user has seen on a server.
    """

    def __init__(self, environ: Mapping[str, str], server: str) -> None:
        """
        @param environ: the environment.
        @param server: the server, in words.
        """
        self._path = stateFolder(environ) / "seen.json"
        self._server = server

    def last(self, epoch: str) -> int | None:
        """
        @return: the id of the newest event seen; C{None} if none of this log was seen.
        """
        seen = _read(self._path).get(self._server)
        if isinstance(seen, list) and len(seen) == 2 and seen[0] == epoch:
            return seen[1] if isinstance(seen[1], int) else None
        return None

    def keep(self, epoch: str, last: int) -> None:
        """
        Store the id of the newest event seen of a log.
        """
        seen = _read(self._path)
        seen.pop(self._server, None)
        seen[self._server] = [epoch, last]
        _write(self._path, dict(list(seen.items())[-_MAX_SERVERS:]))
