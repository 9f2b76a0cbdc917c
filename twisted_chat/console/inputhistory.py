# -*- test-case-name: tests.console.test_inputhistory -*-
"""
Keeps the lines that the user typed, between runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import overload

from ..text.files import makePrivateFolder, writeWhole
from .buffer import MAX_INPUT
from .graphemes import typeable

MAX_HISTORY_LINES = 1000
"""Most lines that are kept."""

# Commands that contain a secret of the user, and the number of words before it.
_SECRET = {"login": 2, "register": 1, "password": 1, "identify": 1}

# Commands whose lines are private: direct messages, and secrets.
_PRIVATE = ("msg", "query", "w", "whisper", "r", "reply", *_SECRET)

# Commands that may contain the password of a room, and the number of words before it.
_KEYED = {"join": 2, "key": 2, "lock": 1}

_COMMAND = re.compile(r"/(\w+)\s*")
_ESCAPE = re.compile(r"\\(.)")


def storable(line: str) -> str | None:
    """
    Reduce a line to the part that may be written to a disk; each of its rows may be a command.

    @return: the line, without the password of a room that it joins or locks; L{None} for a direct
        message, a secret, or a possible abbreviation of such a command.
    """
    rows = [_public(row) for row in line.split("\n")]
    kept = [row for row in rows if row is not None]
    return "\n".join(kept) if len(kept) == len(rows) and line.strip() else None


def withoutSecrets(text: str, mark: str = "") -> str:
    """
    Remove the secrets in the commands of a text, so that they stay neither on the screen nor among
    earlier lines.

    @param text: as it was entered; each of its rows may be a command.
    @param mark: the replacement of a secret.
    """
    return "\n".join(_withoutSecret(row, mark) for row in text.split("\n"))


def _withoutSecret(line: str, mark: str) -> str:
    command = _COMMAND.match(line)
    count = None if command is None else _SECRET.get(command[1].casefold())
    words = line.split(maxsplit=count or 0)
    if count is None or len(words) <= count:
        return line
    return " ".join([*words[:count], mark] if mark else words[:count])


def _public(line: str) -> str | None:
    command = _COMMAND.match(line)
    if command is None:
        return line
    word = command[1].casefold()
    if any(private.startswith(word) for private in _PRIVATE):
        return None
    public = [count for keyed, count in _KEYED.items() if keyed.startswith(word)]
    return " ".join(line.split()[: min(public)]) if public else line


class History(Sequence[str]):
    """
    The lines typed, oldest first, at most L{MAX_HISTORY_LINES}.

    With a path they outlive the process: each line is appended to the file in one write, so that
    several consoles can share it.  The file is readable by its owner only.  A file that is missing,
    damaged or refused costs only the lines of earlier runs.
    """

    def __init__(self, path: Path | None = None) -> None:
        """
        @param path: the file; L{None} to keep the lines in memory only.
        """
        self._path = path
        self._lines: list[str] = []
        if path is not None:
            self._load(path)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        """The line, or lines, with an index."""
        return self._lines[index]

    def __len__(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def __iter__(self) -> Iterator[str]:
        """The lines, oldest first."""
        return iter(self._lines)

    def add(self, line: str) -> None:
        """
        Keep a line without its secrets, unless it is blank or repeats the one before.
        """
        line = withoutSecrets(line)
        if not line.strip() or self._lines[-1:] == [line]:
            return
        self._lines.append(line)
        del self._lines[:-MAX_HISTORY_LINES]
        kept = storable(line)
        if self._path is not None and kept is not None:
            with suppress(OSError):
                _append(self._path, _escaped(kept))

    def _load(self, path: Path) -> None:
        try:
            raw = path.read_bytes() if path.is_file() else b""
        except OSError:
            return
        stored = raw.decode("utf-8", "replace").split("\n")
        lines = (typeable(_plain(each)) for each in stored)
        self._lines = [each for each in lines if each.strip() and len(each) <= MAX_INPUT]
        del self._lines[:-MAX_HISTORY_LINES]
        if len(stored) > 2 * MAX_HISTORY_LINES:
            with suppress(OSError):
                writeWhole(path, b"".join(map(_escaped, self._lines)))


def _escaped(line: str) -> bytes:
    text = line.replace("\\", "\\\\").replace("\n", "\\n")
    return text.encode("utf-8", "replace") + b"\n"


def _plain(stored: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], stored)


def _append(path: Path, data: bytes) -> None:
    makePrivateFolder(path.parent)
    flags = os.O_APPEND | os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
