# -*- test-case-name: tests.stores.test_session -*-
"""
A session: one person's stay, which may outlive his connection.

Whoever shows a session's token is its owner.  The server stores only the token's hash.
"""

from __future__ import annotations

import hashlib
import secrets
from random import Random
from typing import NamedTuple

_TOKEN_BYTES = 32
"""Random bytes in a token: guessing one is out of reach (NIST SP 800-63B asks for 8)."""

_sids = Random(secrets.randbits(256))
"""Gives session ids, which are names inside the log and no secrets: the kernel is asked once."""


class Session(NamedTuple):
    """
    What is kept of a session.

    @ivar sid: its id, part of every event of its owner.
    @ivar tokenHash: SHA-256 of its token, in hexadecimal; empty when it cannot be resumed.
    @ivar name: the name its owner had last.
    @ivar rooms: the rooms he was in (L{chat.room.Room.ticket}), the lobby left out.
    @ivar current: the name of the room he spoke in last.
    @ivar seen: when it was last used, in seconds since the epoch, UTC.
    """

    sid: str
    tokenHash: str = ""
    name: str = ""
    rooms: tuple[str, ...] = ()
    current: str = ""
    seen: float = 0.0


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
