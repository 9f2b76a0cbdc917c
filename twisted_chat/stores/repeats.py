# -*- test-case-name: tests.test_stores_repeats -*-
"""
Drafts that came before: a client that lost its connection sends again what was not answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ..events import Draft, Event

Key = tuple[str, str]
"""What an author's message is known by: the session id and the client's own id of the message."""


class Sifted(NamedTuple):
    """
    A batch of drafts, taken apart.

    @ivar fresh: those that are to be stored, with their origins.
    @ivar again: the keys of the others, with their origins.
    @ivar known: the events that were found by these keys.
    """

    fresh: Sequence[tuple[Draft, object]]
    again: list[tuple[Key, object]]
    known: dict[Key, Event]

    def repeated(self, stored: Sequence[tuple[Event, object]]) -> list[tuple[Event, object]]:
        """
        Find out what the others are.  From then on C{known} holds what was stored, too.

        @param stored: what became of those that were fresh.
        @return: the events in the place of the others, with their origins.
        """
        self.known.update(keyed(event for event, _ in stored))
        return [(self.known[key], origin) for key, origin in self.again]


def sift(drafts: Sequence[tuple[Draft, object]], find: Callable[[Key], Event | None]) -> Sifted:
    """
    @param drafts: with their origins, in their order.
    @param find: finds the event that is stored under a key.
    @return: what is new of them, and what is not.
    """
    fresh: list[tuple[Draft, object]] = []
    again: list[tuple[Key, object]] = []
    known: dict[Key, Event] = {}
    seen: set[Key] = set()
    for entry in drafts:
        draft, origin = entry
        if draft.key is None:
            fresh.append(entry)
            continue
        key = (draft.sid, draft.key)
        event = None if key in seen else find(key)
        if event is not None:
            known[key] = event
        if event is not None or key in seen:
            again.append((key, origin))
        else:
            fresh.append(entry)
        seen.add(key)
    return Sifted(fresh, again, known)


def keyed(events: Iterable[Event]) -> list[tuple[Key, Event]]:
    """
    @return: the events that can be repeated, with their keys.
    """
    return [((event.sid, event.key), event) for event in events if event.key is not None]
