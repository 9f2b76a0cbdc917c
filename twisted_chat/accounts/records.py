# -*- test-case-name: tests.accounts.test_records -*-
"""
The records in memory, by which the chat decides what people may do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from ..stores.interfaces import Selection

ACCOUNT: Final = "account"
"""An account, by its id: C{name}, C{since}, C{names} (all that it owns), C{gone} once it has
ended."""

CREDENTIALS: Final = "credentials"
"""The credentials of an account, by its id: C{list}, and C{at}, the id of the event that set
them."""

OWNED: Final = "owned"
"""The owner of a look, by the look: the account C{who}, and its C{name} that has this look."""

ROOMS: Final = "rooms"
"""The rooms that somebody made, by their id: the places of these rooms."""

PLACE: Final = "place"
"""A room or the whole server, by its place: C{owner}, C{roles} (role and name, by account),
C{settings} (value and end, by setting), C{bans} (the numbers of the pages that list them)."""

PAGE: Final = "page"
"""A page of the bans of a place, by the place, a blank and the page's number: their ids."""

BAN: Final = "ban"
"""A ban, by the id of its event."""

CODE: Final = "code"
"""A code that is not used yet, by its hash."""

CODES: Final = "codes"
"""The codes that an account gave out lately, by its id: hash, time and end of each."""

REMOVAL: Final = "removal"
"""A removal, by the id of its event."""

REPORT: Final = "report"
"""An open report, by the id of its event."""

COUNT: Final = "count"
"""The current count of something that has a bound, by its name."""

IN_MEMORY: Final = frozenset({ACCOUNT, OWNED, ROOMS, PLACE, PAGE, BAN, CODE, CODES, REPORT, COUNT})
"""The kinds that the chat keeps in memory; the others are read from the store when they are
needed."""

Watcher = Callable[[str, str, Any], None]
"""Called for each record that changes, with its kind, its key and its value, or C{None} if it was
removed."""


class MemoryRecords:
    """
    Keeps records of some kinds in dictionaries.

    It provides L{stores.interfaces.Records} for rules that never modify a value they are given, so
    it copies nothing.  It has no events, so methods that change events do nothing.
    """

    def __init__(self, kinds: Collection[str] = IN_MEMORY, watcher: Watcher | None = None) -> None:
        """
        @param kinds: the kinds to keep; records of others are ignored.
        @param watcher: called for every change.
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
        @return: its records by key; they must not be modified.
        """
        return self._kinds[kind]

    def get(self, kind: str, key: str) -> Any:
        """See L{stores.interfaces.Records.get}; the value must not be modified."""
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
