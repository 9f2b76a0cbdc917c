# -*- test-case-name: tests.text.test_files -*-
"""
Finds and writes files that are for one user alone.

The folders are those of the XDG Base Directory Specification.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_NAME = "twisted_chat"


def configFolder(environ: Mapping[str, str]) -> Path:
    """
    Find the folder for preferences.

    @param environ: the environment; a relative C{XDG_CONFIG_HOME} counts as none.
    """
    return _folder(environ, "XDG_CONFIG_HOME", "~/.config")


def stateFolder(environ: Mapping[str, str]) -> Path:
    """
    Find the folder for what a program keeps between runs.

    @param environ: the environment; a relative C{XDG_STATE_HOME} counts as none.
    """
    return _folder(environ, "XDG_STATE_HOME", "~/.local/state")


def _folder(environ: Mapping[str, str], variable: str, otherwise: str) -> Path:
    home = environ.get(variable, "")
    if not os.path.isabs(home):
        home = os.path.expanduser(otherwise)
    # A user without an entry in the password file may have no home at all.  Nothing can be read or
    # written below a device, so what is kept there is as good as refused.
    return Path(home if os.path.isabs(home) else os.devnull) / _NAME


def makePrivateFolder(path: Path) -> None:
    """
    Make a folder that only its owner can read, and those above it; do nothing if it exists.

    @raise OSError: if it cannot be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def writeWhole(path: Path, content: bytes, isDurable: bool = False) -> None:
    """
    Write a file as a whole, for its owner only, or leave it as it was.  The new content is written
    beside it first.  A symbolic link stays one: the file that it leads to is written.

    @param path: the file; its folder is made when it is missing.
    @param content: all that it holds from now on.
    @param isDurable: whether it has to be on the disk when this returns.
    @raise OSError: if it cannot be written.
    """
    target = Path(os.path.realpath(path))
    makePrivateFolder(target.parent)
    beside = target.with_name(f"{target.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(beside, flags, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if isDurable:
                os.fsync(descriptor)
        beside.replace(target)
        if isDurable:
            # Not every file system can do that with a folder.
            with suppress(OSError):
                _writeThrough(target.parent)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def _writeThrough(folder: Path) -> None:
    """
    Have the names of its files on the disk: a file that is there is lost without its name.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
