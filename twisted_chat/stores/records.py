# -*- test-case-name: tests.stores.test_records -*-
"""
How a store runs its projection: an event changes all that it means, or nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from twisted.logger import Logger

from ..errors import ChatError
from ..wire.events import FOREVER, Event
from .interfaces import REMOVAL_REACH, Projection, Selection

_log = Logger()


class Kept(Protocol):
    """
    Where a store keeps its records; see L{interfaces.Records}.
    """

    def read(self, kind: str, key: str) -> str | None:
        """
        @return: the JSON of a record, or C{None} if there is none.
        """

    def write(self, kind: str, key: str, text: str | None) -> None:
        """
        @param text: JSON, or C{None} to remove the record.
        """

    def blank(self, id: int, left: str = "") -> None:
        """
        See L{interfaces.Records.blank}.
        """

    def hide(self, removal: int, selection: Selection) -> None:
        """
        See L{interfaces.Records.hide}.
        """

    def unhide(self, removal: int) -> None:
        """
        See L{interfaces.Records.unhide}.
        """


def _checkTexts(*texts: str) -> None:
    """
    @raise ValueError: there is one that cannot be stored: a fault of the projection, which must not
        look like one of the disk.
    """
    "".join(texts).encode()


def _checkIds(*ids: int) -> None:
    """
    @raise ValueError: there is one that no event can have.
    """
    if not all(type(id) is int and 0 <= id <= FOREVER for id in ids):
        raise ValueError("no id of an event")


class _Draft:
    """
    The records as one event would leave them, while it is not known whether it is void.

    @ivar fault: why the records could not be read, or C{None}.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._texts: dict[tuple[str, str], str | None] = {}
        self._changes: list[Callable[[], None]] = []
        self.fault: Exception | None = None

    def get(self, kind: str, key: str) -> Any:
        """
        See L{interfaces.Records.get}.
        """
        if (kind, key) in self._texts:
            text = self._texts[kind, key]
        else:
            _checkTexts(kind, key)
            try:
                text = self._kept.read(kind, key)
            except Exception as error:
                self.fault = error
                raise
        return None if text is None else json.loads(text)

    def put(self, kind: str, key: str, value: Any) -> None:
        """
        See L{interfaces.Records.put}.
        """
        _checkTexts(kind, key)
        text = None if value is None else json.dumps(value, separators=(",", ":"))
        self._texts[kind, key] = text
        self._changes.append(partial(self._kept.write, kind, key, text))

    def blank(self, id: int, left: str = "") -> None:
        """
        See L{interfaces.Records.blank}.
        """
        _checkIds(id)
        self._changes.append(partial(self._kept.blank, id, left))

    def hide(self, removal: int, selection: Selection) -> None:
        """
        See L{interfaces.Records.hide}.
        """
        _checkTexts(selection.room, selection.sid, selection.name)
        _checkIds(removal, *selection.ids, selection.after, selection.upto)
        self._changes.append(partial(self._kept.hide, removal, selection))

    def unhide(self, removal: int) -> None:
        """
        See L{interfaces.Records.unhide}.
        """
        _checkIds(removal)
        self._changes.append(partial(self._kept.unhide, removal))

    def cancel(self) -> None:
        """
        Change nothing.
        """
        self._changes.clear()

    def finish(self) -> None:
        """
        Make all the changes, in their order.
        """
        for change in self._changes:
            change()


def project(projection: Projection, event: Event, kept: Kept) -> None:
    """
    Do to the records what an event means; nothing if it is void, or where the projection fails: a
    fault in the rules must keep no message from being stored.

    @param event: of a kind in L{wire.events.RECORDED}.
    @raise Exception: the records themselves cannot be read or changed.
    """
    draft = _Draft(kept)
    try:
        projection(event, draft)
    except ChatError:
        draft.cancel()
    except Exception:
        if draft.fault is None:
            _log.failure("the records do not show the event {id}", id=event.id)
        draft.cancel()
    if draft.fault is not None:
        raise draft.fault
    draft.finish()


def selector(selection: Selection) -> Callable[[Event], bool]:
    """
    @return: tells of a message in the room of the selection whether it is selected, and has a text
        that can be taken away.
    """
    _, ids, sid, name, after, upto = selection
    wanted = frozenset(ids)

    def isSelected(event: Event) -> bool:
        return (
            bool(event.text)
            and after < event.id <= upto
            and (not wanted or event.id in wanted)
            and (not sid or event.sid == sid)
            and (not name or event.name == name)
        )

    return isSelected


def before(removal: int, selection: Selection) -> Selection:
    """
    @return: what is selected of that which came before the removal and is in its reach; C{upto} is
        given.
    """
    reach = 0 if selection.ids else removal - 1 - REMOVAL_REACH
    upto = min(selection.upto or removal - 1, removal - 1)
    return selection._replace(after=max(selection.after, reach), upto=upto)
