# -*- test-case-name: tests.stores.test_session -*-
"""
A session: one person's stay, which may outlive their connection.

Whoever shows a session's token is its owner.  The server stores only the token's hash.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import NamedTuple

_TOKEN_BYTES = 32
"""Random bytes in a token: guessing one is out of reach (NIST SP 800-63B asks for 8)."""

_sids = Random(secrets.randbits(256))
"""Gives session ids, which are names inside the log and no secrets: the kernel is asked once."""


NO_RIGHTS: Mapping[int, int] = MappingProxyType({})
"""The rights of somebody who was never in a private room."""


class Session(NamedTuple):
    """
    What is kept of a session.

    @ivar sid: its id, part of every event of its owner.
    @ivar tokenHash: SHA-256 of its token, in hexadecimal; empty when it cannot be resumed.
    @ivar name: the name its owner had last.
    @ivar rooms: the ids of the rooms that its owner was in, the lobby left out.
    @ivar current: the id of the room that its owner spoke in last; 0 for the lobby.
    @ivar seen: when it was last used, in seconds since the epoch, UTC.
    @ivar rights: the private eras of rooms that its owner was a member of, by the id that began
        each: the last id that they may read of it, or 0 while there is no end.
    @ivar began: the id of the event with which it began: nothing older can have been missed.
    @ivar account: the account that it is logged in to, or empty.  The session of this id keeps the
        name, rooms and rights of the account itself, and is never too old.
    @ivar device: the label of the credential that it logged in with, or empty.
    """

    sid: str
    tokenHash: str = ""
    name: str = ""
    rooms: tuple[int, ...] = ()
    current: int = 0
    seen: float = 0.0
    rights: Mapping[int, int] = NO_RIGHTS
    began: int = 0
    account: str = ""
    device: str = ""


class RoomRecord(NamedTuple):
    """
    What is stored of a room.

    @ivar id: the id of the event that made it; 0 for the lobby.
    @ivar name: with its C{#}.
    @ivar topic: what it is about, or empty.
    @ivar owner: the session id of who made it; empty if nobody owns it.
    @ivar eras: start and password hash of each era, oldest first.
    @ivar invited: the session ids of those who may enter in the newest era.
    @ivar expelled: the session ids of those who may not enter in the newest era.
    @ivar emptyAt: when its last member left, in seconds since the epoch, UTC; 0 while it has some.
    """

    id: int
    name: str
    topic: str
    owner: str
    eras: tuple[tuple[int, str | None], ...]
    invited: tuple[str, ...] = ()
    expelled: tuple[str, ...] = ()
    emptyAt: float = 0.0


def newSid() -> str:
    """
    @return: a new session id, which no other session has.
    """
    return f"{_sids.getrandbits(64):016x}"


def newToken() -> str:
    """
    @return: a new secret token of 32 random bytes, as URL-safe text.
    """
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hashToken(token: str) -> str:
    """
    @param token: what a client showed.
    @return: its SHA-256 in hexadecimal.  A token is random and long, so a fast hash without salt
        is enough (there is no dictionary to try).
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
