# -*- test-case-name: tests.text.test_files -*-
"""
Finds folders and writes files that belong to one user alone.

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

    @param environ: the environment; a relative C{XDG_CONFIG_HOME} is ignored.
    """
    return _folder(environ, "XDG_CONFIG_HOME", "~/.config")


def stateFolder(environ: Mapping[str, str]) -> Path:
    """
    Find the folder for state that a program keeps between runs.

    @param environ: the environment; a relative C{XDG_STATE_HOME} is ignored.
    """
    return _folder(environ, "XDG_STATE_HOME", "~/.local/state")


def _folder(environ: Mapping[str, str], variable: str, otherwise: str) -> Path:
    home = environ.get(variable, "")
    if not os.path.isabs(home):
        home = os.path.expanduser(otherwise)
    # A user without an entry in the password file may have no home.  Nothing can be read or written
    # below a device, so every access fails as if it had been refused.
    return Path(home if os.path.isabs(home) else os.devnull) / _NAME


def makePrivateFolder(path: Path) -> None:
    """
    Make a folder that only its owner can read, and its parents; do nothing if it exists.

    @raise OSError: if it cannot be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def writeWhole(path: Path, content: bytes, isDurable: bool = False) -> None:
    """
    Write a file as a whole, readable by its owner only, or leave it as it was.  The new content is
    written to a file beside it, which then replaces it.  A symbolic link stays: its target is
    replaced.

    @param path: the file; its folder is made if it is missing.
    @param content: the new content.
    @param isDurable: whether the content must be on the disk when this returns.
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
            # Not every file system can flush a folder.
            with suppress(OSError):
                _writeThrough(target.parent)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def _writeThrough(folder: Path) -> None:
    """
    Flush a folder to the disk, and with it the names of its files: without its name a file is lost.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
