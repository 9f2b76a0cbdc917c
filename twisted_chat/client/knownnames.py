# -*- test-case-name: tests.client.test_knownnames -*-
"""
Keeps the names that completion offers.

The server's list of the people in the current room is kept up to date by the room's events.  Large
rooms do not tell who joins and leaves, so their list becomes stale and is requested again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ..wire.events import JOINED, LEFT, MODERATION, RENAMED, SPOKEN, Event, accountOf
from .mentions import folded

_V = TypeVar("_V")

MAX_RECENT = 500
"""Most names of recent speakers, and most rooms, that are kept."""

MAX_PRESENT = 50_000
"""Most names of one room that are kept; a longer list is cut."""

SILENT_ROOM = 200
"""The number of people from which a room may no longer tell who joins and leaves."""

STALE_AFTER = 60.0
"""Seconds after which the list of a silent room is requested again."""


class KnownNames:
    """
    The people who are known to be here, and the rooms that are known to exist.

    @ivar rooms: the rooms, the most recent last.
    """

    def __init__(self) -> None:
        self.rooms: dict[str, None] = {}
        self._recent: dict[str, None] = {}
        self._accounts: dict[str, str] = {}
        self._present: dict[str, None] = {}
        self._partial: dict[str, None] = {}
        self._room = ""
        self._listedAt: float | None = None

    def entered(self, room: str) -> None:
        """
        Note the current room.  If it is a new one, its people are unknown until they are listed.
        """
        if room != self._room:
            self._present.clear()
        self._room = room
        self._listedAt = None
        self._partial.clear()
        self.heardOf(room)

    def heardOf(self, room: str) -> None:
        """
        Note that a room exists.
        """
        if room.startswith("#"):
            _renew(self.rooms, room, None)

    def listed(self, room: str, names: Iterable[str], more: bool, now: float) -> None:
        """
        Take a part of the list of people in a room.

        @param more: whether a further part follows.
        @param now: monotonic time, in seconds.
        """
        if room != self._room:
            return
        for name in names:
            if len(self._partial) < MAX_PRESENT:
                self._partial[name] = None
        if not more:
            self._present, self._partial = self._partial, {}
            self._listedAt = now

    def happened(self, event: Event, lobby: str) -> None:
        """
        Take note of an event.

        @param lobby: the name of the lobby; a user who leaves it has left the chat.
        """
        name = event.to if event.kind == RENAMED else event.name
        self.heardOf(event.room)
        if event.kind in MODERATION:
            return
        self._noteAccount(event)
        if event.kind == LEFT:
            if event.room in (self._room, lobby, ""):
                self._present.pop(name, None)
            if event.room in (lobby, "") or not lobby:
                self._recent.pop(name, None)
            return
        if event.kind == RENAMED:
            self._recent.pop(event.name, None)
            if event.name in self._present:
                del self._present[event.name]
                self._present[name] = None
        elif event.room == self._room and (event.kind == JOINED or self._listedAt is not None):
            self._present[name] = None
        _renew(self._recent, name, None)

    def _noteAccount(self, event: Event) -> None:
        """
        Note the account behind a name, which only joins and messages tell.
        """
        known = self._accounts.pop(folded(event.name), "")
        account = accountOf(event) if event.kind in SPOKEN or event.kind == JOINED else known
        if account:
            _renew(
                self._accounts, folded(event.to if event.kind == RENAMED else event.name), account
            )

    def accountOf(self, name: str) -> str:
        """
        @return: the account of a recent speaker, or of somebody who has just joined; empty if they
            have none, or it is unknown.
        """
        return self._accounts.get(folded(name), "")

    def stale(self, now: float) -> bool:
        """
        @param now: monotonic time, in seconds.
        @return: whether the list of the current room must be requested again.
        """
        return (
            self._listedAt is not None
            and len(self._present) >= SILENT_ROOM
            and now - self._listedAt >= STALE_AFTER
        )

    def names(self) -> list[str]:
        """
        @return: all known names: the people in the current room first, the latest speakers before
            the others, who are sorted by name; then everybody else.
        """
        recent = list(reversed(self._recent))
        here = [each for each in recent if each in self._present]
        silent = sorted(self._present.keys() - self._recent.keys(), key=str.casefold)
        return [*here, *silent, *(each for each in recent if each not in self._present)]


def _renew(table: dict[str, _V], name: str, value: _V) -> None:
    """
    Move a name to the end of a table of bounded size.
    """
    table.pop(name, None)
    if name:
        table[name] = value
    if len(table) > MAX_RECENT:
        del table[next(iter(table))]
