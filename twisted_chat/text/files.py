# -*- test-case-name: tests.text.test_files -*-
"""
Files for one person alone: where they are kept, and how they are written.

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
    The folder for what a person chose.

    @param environ: the environment; a relative C{XDG_CONFIG_HOME} counts as none.
    """
    return _folder(environ, "XDG_CONFIG_HOME", "~/.config")


def stateFolder(environ: Mapping[str, str]) -> Path:
    """
    The folder for what a program keeps between runs.

    @param environ: the environment; a relative C{XDG_STATE_HOME} counts as none.
    """
    return _folder(environ, "XDG_STATE_HOME", "~/.local/state")


def _folder(environ: Mapping[str, str], variable: str, otherwise: str) -> Path:
    home = environ.get(variable, "")
    return Path(home if os.path.isabs(home) else os.path.expanduser(otherwise)) / _NAME


def makePrivateFolder(path: Path) -> None:
    """
    Make a folder that only its owner may look into, and those above it; nothing happens if it is
    there.

    @raise OSError: if it cannot be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def writeWhole(path: Path, content: bytes, isDurable: bool = False) -> None:
    """
    Write a file that is there as a whole, and for its owner only, or stays as it was.  It is
    written beside itself first; a symbolic link stays, and the file that it leads to is written.

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
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
