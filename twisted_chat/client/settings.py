# -*- test-case-name: tests.client.test_settings -*-
"""
What a person likes, and where he was: kept between runs in the places of the XDG Base Directory
Specification, readable for him alone.

A file that is missing, damaged or refused costs what it held and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..text.files import configFolder, stateFolder, writeWhole

BELLS = ("off", "mention", "all")

_MAX_SERVERS = 50
"""So many servers are remembered."""


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        value = json.loads(path.read_bytes())
        if isinstance(value, dict):
            return value
    return {}


def _write(path: Path, value: Mapping[str, Any]) -> None:
    with suppress(OSError):
        writeWhole(path, json.dumps(value, indent=1).encode())


@dataclass
class Settings:
    """
    What a person likes.

    @ivar bell: when to ring: C{"off"}, C{"mention"} (his name, or told to him alone) or C{"all"}.
    @ivar time: whether lines begin with their time.
    @ivar color: whether names and notices are coloured.
    @ivar ignored: the names of those he does not want to hear, by their case-folded forms.
    """

    path: Path
    bell: str = "mention"
    time: bool = True
    color: bool = True
    ignored: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """
        @param environ: the environment.
        """
        mine = cls(configFolder(environ) / "settings.json")
        value = _read(mine.path)
        if value.get("bell") in BELLS:
            mine.bell = value["bell"]
        mine.time = value.get("time") is not False
        mine.color = value.get("color") is not False
        ignored = value.get("ignored")
        if isinstance(ignored, list):
            mine.ignored = {each.casefold(): each for each in ignored if isinstance(each, str)}
        return mine

    def save(self) -> None:
        """
        Keep them for the next run.
        """
        _write(
            self.path,
            {
                "bell": self.bell,
                "time": self.time,
                "color": self.color,
                "ignored": sorted(self.ignored.values(), key=str.casefold),
            },
        )


class Seen:
    """
    The newest event a person has seen of each server.
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
        @return: the id of the newest event seen; C{None} if none of this log was.
        """
        seen = _read(self._path).get(self._server)
        if isinstance(seen, list) and len(seen) == 2 and seen[0] == epoch:
            return seen[1] if isinstance(seen[1], int) else None
        return None

    def keep(self, epoch: str, last: int) -> None:
        """
        Remember until where a log was seen.
        """
        seen = _read(self._path)
        seen.pop(self._server, None)
        seen[self._server] = [epoch, last]
        _write(self._path, dict(list(seen.items())[-_MAX_SERVERS:]))
