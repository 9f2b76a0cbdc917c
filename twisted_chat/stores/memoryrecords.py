# -*- test-case-name: tests.stores.test_memoryrecords -*-
"""
The records of the log in memory, and the texts of removed messages.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from itertools import islice
from typing import Any, Final

from .interfaces import MAX_REMOVED, REMOVED_DAYS, Selection
from .past import Past
from .records import before, selector

_KEPT_SECONDS: Final = REMOVED_DAYS * 86_400.0


class MemoryRecords:
    """
    See L{records.Kept}.
    """

    def __init__(self, past: Past) -> None:
        """
        @param past: what the records are made of.
        """
        self._past = past
        self._texts: dict[tuple[str, str], str] = {}
        self._removed: dict[int, dict[int, str]] = {}

    def all(self, kinds: Collection[str]) -> list[tuple[str, str, Any]]:
        """
        See L{interfaces.IRecords.records}.
        """
        return [
            (kind, key, json.loads(text))
            for (kind, key), text in self._texts.items()
            if kind in kinds
        ]

    def get(self, kind: str, key: str) -> Any:
        """
        See L{interfaces.IRecords.record}.
        """
        text = self._texts.get((kind, key))
        return None if text is None else json.loads(text)

    def read(self, kind: str, key: str) -> str | None:
        """
        See L{records.Kept.read}.
        """
        return self._texts.get((kind, key))

    def write(self, kind: str, key: str, text: str | None) -> None:
        """
        See L{records.Kept.write}.
        """
        if text is None:
            self._texts.pop((kind, key), None)
        else:
            self._texts[kind, key] = text

    def blank(self, id: int, left: str = "") -> None:
        """
        See L{interfaces.Records.blank}.
        """
        event = self._past.find(id)
        if event is not None:
            self._past.change(event._replace(data=left))

    def hide(self, removal: int, selection: Selection) -> None:
        """
        See L{interfaces.Records.hide}.
        """
        isSelected = selector(before(removal, selection))
        messages = filter(isSelected, reversed(self._past.spokenIn(selection.room)))
        removed = list(islice(messages, MAX_REMOVED))[::-1]
        if removed:
            self._removed[removal] = {event.id: event.text for event in removed}
        for event in removed:
            self._changeText(event.id, "")

    def _changeText(self, id: int, text: str) -> None:
        event = self._past.find(id)
        if event is not None:
            self._past.change(event._replace(text=text))

    def unhide(self, removal: int) -> None:
        """
        See L{interfaces.Records.unhide}.
        """
        for id, text in self._removed.pop(removal, {}).items():
            self._changeText(id, text)

    def removedBy(self, removal: int) -> list[int]:
        """
        See L{interfaces.IRecords.removedBy}.
        """
        return list(self._removed.get(removal, ()))

    def removedTexts(self, removal: int, most: int) -> list[tuple[int, str]]:
        """
        See L{interfaces.IRecords.removedTexts}.
        """
        return list(islice(self._removed.get(removal, {}).items(), most))

    def forget(self, now: float) -> None:
        """
        Delete the texts that can no longer be brought back: since they were removed too long ago,
        or the log no longer keeps the event.

        @param now: the wall time.
        """
        for removal, texts in list(self._removed.items()):
            removed = self._past.find(removal)
            isOld = removed is None or removed.time < now - _KEPT_SECONDS
            left = {id: text for id, text in texts.items() if self._past.find(id) is not None}
            if isOld or not left:
                del self._removed[removal]
            else:
                self._removed[removal] = left
