# -*- test-case-name: tests.client.test_knownnames -*-
"""
Keeps the names that completion offers.

The server's list of the current room is right when it comes, and is kept right by the events of the
room.  Large rooms are silent about who comes and goes, so their list gets stale and is asked for
again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ..wire.events import JOINED, LEFT, MODERATION, RENAMED, SPOKEN, Event, accountOf
from .mentions import folded

_V = TypeVar("_V")

MAX_RECENT = 500
"""How many names of recent speakers, and how many rooms, are kept."""

MAX_PRESENT = 50_000
"""How many names of one room are kept; a list that is longer is cut."""

SILENT_ROOM = 200
"""People in a room from which on the server may no longer tell who comes and goes."""

STALE_AFTER = 60.0
"""Seconds after which the list of a silent room is asked for again."""


class KnownNames:
    """
    The people who are known to be here, and the rooms that something was said about.

    @ivar rooms: the rooms, the latest last.
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
        Note the current room.  The people in another one are unknown until they are listed.
        """
        if room != self._room:
            self._present.clear()
        self._room = room
        self._listedAt = None
        self._partial.clear()
        self.heardOf(room)

    def heardOf(self, room: str) -> None:
        """
        Note that there is a room.
        """
        if room.startswith("#"):
            _renew(self.rooms, room, None)

    def listed(self, room: str, names: Iterable[str], more: bool, now: float) -> None:
        """
        Take a part of the list of a room's people.

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
        Note whose name this is by now: comings and words tell, other events do not.
        """
        known = self._accounts.pop(folded(event.name), "")
        account = accountOf(event) if event.kind in SPOKEN or event.kind == JOINED else known
        if account:
            _renew(
                self._accounts, folded(event.to if event.kind == RENAMED else event.name), account
            )

    def accountOf(self, name: str) -> str:
        """
        @return: the account of a recent speaker, or of somebody who has just come; empty if they
            have none, or none is known.
        """
        return self._accounts.get(folded(name), "")

    def stale(self, now: float) -> bool:
        """
        @param now: monotonic time, in seconds.
        @return: whether the list of the current room has to be asked for again.
        """
        return (
            self._listedAt is not None
            and len(self._present) >= SILENT_ROOM
            and now - self._listedAt >= STALE_AFTER
        )

    def names(self) -> list[str]:
        """
        @return: all known names: first the people in the current room, the latest speaker first and
            those who said nothing in the order of their names; then the others.
        """
        recent = list(reversed(self._recent))
        here = [each for each in recent if each in self._present]
        silent = sorted(self._present.keys() - self._recent.keys(), key=str.casefold)
        return [*here, *silent, *(each for each in recent if each not in self._present)]


def _renew(table: dict[str, _V], name: str, value: _V) -> None:
    """
    Put a name at the end of a table, which stays small.
    """
    table.pop(name, None)
    if name:
        table[name] = value
    if len(table) > MAX_RECENT:
        del table[next(iter(table))]
