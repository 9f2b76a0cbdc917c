# -*- test-case-name: tests.client.test_sessionfile -*-
"""
Keeps a session between two runs of the client, so that a user who restarts it keeps what they own,
and takes over their name from a connection that is not lost yet.

Each session has a file of its own, readable by its owner only, and a second one whose lock tells
that a running client uses it: two clients with one session would disconnect each other for ever.  A
file that is missing, damaged or refused costs only the session.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..text.files import makePrivateFolder, stateFolder, writeWhole
from ..wire.events import FOREVER
from .dialect import SessionState
from .mentions import folded

MAX_SESSIONS = 100
"""Most sessions that are kept for all servers together; the least recently used is dropped."""

_SUFFIX = ".json"
_LOCK_SUFFIX = ".lock"


@dataclass(frozen=True)
class StoredSession:
    """
    The values with which a session is resumed.

    @ivar name: the user's name in it.
    @ivar token: its secret.
    @ivar epoch: the epoch of the server's log.
    @ivar last: the id of the newest event seen.
    @ivar account: the name of the user's account; empty for a guest.
    """

    name: str
    token: str
    epoch: str
    last: int
    account: str = ""


class SessionFile:
    """
    The stored sessions with one server, one of which may be in use by this client.
    """

    def __init__(self, environ: Mapping[str, str], server: str) -> None:
        """
        @param environ: the environment.
        @param server: identifies the server and how it is authenticated: sessions under different
            keys are never mixed up.
        """
        self._folder = stateFolder(environ) / "sessions"
        self._server = server
        self._prefix = hashlib.sha256(server.encode("utf-8", "replace")).hexdigest()[:16]
        self._path: Path | None = None
        self._lock: int | None = None

    def take(self, name: str) -> StoredSession | None:
        """
        Take a session for this client alone.

        @param name: the name that the user wants.
        @return: the session, or C{None} if there is none, or another client is using it.
        """
        for path, stored in self._stored():
            if folded(stored.name) == folded(name):
                if self._acquire(path):
                    # Another client may have written it between the read and the lock.
                    return self._read(path) or stored
                return None
        return None

    def keep(self, session: SessionState) -> None:
        """
        Store the client's session, replacing the one that was taken.
        """
        if session.token is None or not session.name:
            return
        if self._path is None:
            path = self._folder / f"{self._prefix}-{secrets.token_hex(8)}{_SUFFIX}"
            if not self._acquire(path):
                return
            self._dropFormer(session.name)
        assert self._path is not None
        value = {
            "server": self._server,
            "name": session.name,
            "token": session.token,
            "epoch": session.epoch,
            "last": session.last,
            "account": session.account,
        }
        with suppress(OSError):
            writeWhole(self._path, json.dumps(value, indent=1).encode())
        self._prune()

    def release(self) -> None:
        """
        Leave the session to the next client.
        """
        lock, self._lock = self._lock, None
        self._path = None
        if lock is not None:
            os.close(lock)

    def _acquire(self, path: Path) -> bool:
        """
        @return: whether the session now belongs to this client.  The kernel drops the lock when the
            process ends, however that happens.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        lock = None
        try:
            makePrivateFolder(path.parent)
            lock = os.open(path.with_suffix(_LOCK_SUFFIX), flags, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if lock is not None:
                os.close(lock)
            return False
        self._path, self._lock = path, lock
        return True

    def _stored(self) -> Iterator[tuple[Path, StoredSession]]:
        """
        @return: the stored sessions with the server, the most recent first.
        """
        for path in _byAge(self._folder, self._prefix):
            stored = self._read(path)
            if stored is not None:
                yield path, stored

    def _read(self, path: Path) -> StoredSession | None:
        with suppress(OSError, ValueError, RecursionError):
            value = json.loads(path.read_bytes())
            if isinstance(value, dict) and value.get("server") == self._server:
                name, token, epoch = (value.get(each) for each in ("name", "token", "epoch"))
                last, account = value.get("last"), value.get("account")
                account = account if isinstance(account, str) else ""
                if not (isinstance(last, int) and 0 <= last <= FOREVER):
                    last = 0
                if isinstance(name, str) and isinstance(token, str) and isinstance(epoch, str):
                    stored = StoredSession(name, token, epoch, last, account)
                    return stored if name and token else None
        return None

    def _dropFormer(self, name: str) -> None:
        """
        Drop unused older sessions of a name.
        """
        for path, stored in self._stored():
            if path != self._path and folded(stored.name) == folded(name):
                _drop(path)

    def _prune(self) -> None:
        for path in _byAge(self._folder)[MAX_SESSIONS:]:
            _drop(path)


def _byAge(folder: Path, prefix: str = "") -> list[Path]:
    """
    @return: the session files, the most recent first.
    """
    ages: list[tuple[int, Path]] = []
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(prefix) and path.suffix == _SUFFIX:
                with suppress(OSError):
                    ages.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(ages, reverse=True)]


def _drop(path: Path) -> None:
    """
    Remove a session that no client is using.
    """
    lock = path.with_suffix(_LOCK_SUFFIX)
    with suppress(OSError):
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
            lock.unlink(missing_ok=True)
        finally:
            os.close(descriptor)
