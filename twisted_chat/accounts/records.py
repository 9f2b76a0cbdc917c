# -*- test-case-name: tests.accounts.test_records -*-
"""
The records in memory: what the chat asks before it lets somebody do something.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from ..stores.interfaces import Selection

ACCOUNT: Final = "account"
"""Of an account, by its id: C{name}, C{since}, C{names} (all that it owns), C{gone} once it has
ended."""

CREDENTIALS: Final = "credentials"
"""Of an account, by its id: C{list}, and C{at}, the id of the event that they came with."""

OWNED: Final = "owned"
"""Of a look, by itself: the account C{who} and the C{name} that looks so."""

ROOMS: Final = "rooms"
"""Of somebody who made rooms, by their id: the places of these rooms."""

PLACE: Final = "place"
"""Of a room or the whole server, by its place: C{owner}, C{roles} (role and name, by account),
C{settings} (value and end, by what they set), C{bans} (the numbers of the pages that list them)."""

PAGE: Final = "page"
"""Of a part of the bans of a place, by the place, a blank and the page's number: their ids."""

BAN: Final = "ban"
"""Of a ban, by the id of its event."""

CODE: Final = "code"
"""Of a code that nobody has used yet, by its hash."""

CODES: Final = "codes"
"""Of an account, by its id: hash, time and end of the codes that it gave out lately."""

REMOVAL: Final = "removal"
"""Of a removal, by the id of its event."""

REPORT: Final = "report"
"""Of an open report, by the id of its event."""

COUNT: Final = "count"
"""How many there are of something that has a bound, by its name."""

IN_MEMORY: Final = frozenset({ACCOUNT, OWNED, ROOMS, PLACE, PAGE, BAN, CODE, CODES, REPORT, COUNT})
"""The kinds that the chat keeps in memory: all but those that are read when they are needed."""

Watcher = Callable[[str, str, Any], None]
"""Is told of each record that has changed: its kind, its key and its value, or C{None}."""


class MemoryRecords:
    """
    Records of some kinds, as dictionaries.

    It provides L{stores.interfaces.Records} for rules that change no value that they are given: it
    copies nothing.  It has no events, so that whatever is done to these does nothing here.
    """

    def __init__(self, kinds: Collection[str] = IN_MEMORY, watcher: Watcher | None = None) -> None:
        """
        @param kinds: those to keep; others are forgotten.
        @param watcher: is told of every change.
        """
        self._kinds: dict[str, dict[str, Any]] = {kind: {} for kind in kinds}
        self._watcher = watcher

    def load(self, rows: Iterable[tuple[str, str, Any]]) -> None:
        """
        @param rows: kind, key and value of records, as L{stores.interfaces.IRecords.records} and
            L{rows} give them.
        """
        for kind, key, value in rows:
            self.put(kind, key, value)

    def rows(self) -> list[tuple[str, str, Any]]:
        """
        @return: kind, key and value of all records, for L{load}.
        """
        return [
            (kind, key, value) for kind, kept in self._kinds.items() for key, value in kept.items()
        ]

    def all(self, kind: str) -> dict[str, Any]:
        """
        @param kind: one that is kept.
        @return: its records by their keys, to read only.
        """
        return self._kinds[kind]

    def get(self, kind: str, key: str) -> Any:
        """See L{stores.interfaces.Records.get}; but the value must not be changed."""
        kept = self._kinds.get(kind)
        return None if kept is None else kept.get(key)

    def put(self, kind: str, key: str, value: Any) -> None:
        """See L{stores.interfaces.Records.put}."""
        kept = self._kinds.get(kind)
        if kept is None:
            return
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = value
        if self._watcher is not None:
            self._watcher(kind, key, value)

    def blank(self, id: int, left: str = "") -> None:
        """Do nothing: there are no events here."""

    def hide(self, removal: int, selection: Selection) -> None:
        """Do nothing: there are no messages here."""

    def unhide(self, removal: int) -> None:
        """Do nothing: there are no messages here."""
