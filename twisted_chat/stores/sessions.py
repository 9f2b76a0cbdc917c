# -*- test-case-name: tests.test_stores_sessions -*-
"""
Sessions in memory: all of a store without a disk, or those that wait for the disk.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..session import Session


class Sessions:
    """
    A bounded number of sessions, found by the hashes of their tokens.
    """

    def __init__(self, limit: int) -> None:
        """
        @param limit: at most this many; the one that is longest unchanged goes first.
        """
        self._limit = limit
        self._bySid: dict[str, Session] = {}
        self._byHash: dict[str, Session] = {}

    def __bool__(self) -> bool:
        return bool(self._bySid)

    def __contains__(self, sid: str) -> bool:
        return sid in self._bySid

    def all(self) -> list[Session]:
        """
        @return: all of them, the one that is longest unchanged first.
        """
        return list(self._bySid.values())

    def put(self, session: Session) -> None:
        """
        Take a session in place of what is known of it.
        """
        self._remove(session.sid)
        if len(self._bySid) >= self._limit:
            self._remove(next(iter(self._bySid)))
        self._bySid[session.sid] = session
        if session.tokenHash:
            self._byHash[session.tokenHash] = session

    def find(self, tokenHash: str) -> Session | None:
        """
        @return: the session of this token.
        """
        return self._byHash.get(tokenHash)

    def discard(self, sessions: Iterable[Session]) -> None:
        """
        Let go those of them that were not changed since.
        """
        for session in sessions:
            if self._bySid.get(session.sid) is session:
                self._remove(session.sid)

    def _remove(self, sid: str) -> None:
        session = self._bySid.pop(sid, None)
        if session is not None:
            self._byHash.pop(session.tokenHash, None)
