# -*- test-case-name: tests.wire.test_events -*-
"""
What happens in a chat, as plain values.

A L{Draft} is what somebody wants to happen; an L{Event} is a draft that the log took: it has an id
that only rises and the time at which it was taken.  Everything that people see is an event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, NamedTuple, cast

SAID: Final = "said"
"""C{name} said C{text} in C{room}."""

ACTED: Final = "acted"
"""C{name} did C{text} in C{room} (C{/me})."""

TOLD: Final = "told"
"""C{name} told C{text} to C{to} alone.  C{room} is C{"@"} and the session id of C{to}."""

JOINED: Final = "joined"
"""C{name} is now in C{room}.  In the lobby: C{name} entered the chat."""

LEFT: Final = "left"
"""C{name} is no more in C{room}.  In the lobby: C{name} left the chat, and every room with it."""

RENAMED: Final = "renamed"
"""C{name} is now called C{to}.  C{room} is the lobby."""

CREATED: Final = "created"
"""C{name} made C{room}.  A C{text} of C{"private"} makes it private from the start."""

TOPIC: Final = "topic"
"""C{name} set the topic of C{room} to C{text}."""

LOCKED: Final = "locked"
"""C{name} made C{room} private.  C{text} is the hash of its key, or empty: by invitation only."""

UNLOCKED: Final = "unlocked"
"""C{name} opened C{room} to everybody."""

INVITED: Final = "invited"
"""C{name} let C{to} into C{room}.  C{text} is the session id of C{to}."""

SPOKEN: Final = frozenset({SAID, ACTED, TOLD})
"""The kinds that people write: they are answered by a receipt, kept longest and searched."""

PRESENCE: Final = frozenset({JOINED, LEFT, RENAMED})
"""Comings and goings: never part of a backlog, and the first to be pruned."""

STATE: Final = frozenset({CREATED, TOPIC, LOCKED, UNLOCKED, INVITED})
"""The kinds that rooms are rebuilt from at start: never pruned."""


class Draft(NamedTuple):
    """
    An event to be.

    @ivar kind: one of the kinds above.
    @ivar room: the room's name with its C{#}, or C{"@"} and a session id for one person alone.
    @ivar name: the name of its author, as he wrote it.
    @ivar text: clean text, as the kind says.
    @ivar to: a name, as the kind says.
    @ivar sid: the session id of its author: never shown to anybody else.
    @ivar key: the author's own id of this message, or C{None}.  A log holds at most one event for
        a C{sid} and C{key}.
    """

    kind: str
    room: str
    name: str
    text: str = ""
    to: str = ""
    sid: str = ""
    key: str | None = None


class Event(NamedTuple):
    """
    A draft that the log took.

    @ivar id: its place in the log, from 1, rising, with gaps.
    @ivar time: when it was taken, in seconds since the epoch, UTC.

    The other fields are those of its L{Draft}, in the same order.
    """

    id: int
    time: float
    kind: str
    room: str
    name: str
    text: str = ""
    to: str = ""
    sid: str = ""
    key: str | None = None


_event = cast("Callable[[tuple[object, ...]], Event]", partial(tuple.__new__, Event))


def numbered(
    drafts: Iterable[tuple[Draft, object]], first: int, time: float
) -> list[tuple[Event, object]]:
    """
    Make events of drafts.

    @param drafts: with their origins.
    @param first: the id of the first event.
    @param time: when they are taken, in seconds since the epoch, UTC.
    @return: the events, with the origins of their drafts.
    """
    events: list[tuple[Event, object]] = []
    for id, (draft, origin) in enumerate(drafts, first):
        # Event._make would be one more call of Python's own for every message.
        events.append((_event((id, time) + draft), origin))  # noqa: RUF005 - the faster way
    return events


class Scope(NamedTuple):
    """
    What one reader may see: the events of C{rooms}, and what was told to or by C{sid}.

    @ivar rooms: names of rooms.
    @ivar sid: the reader's session id.
    """

    rooms: frozenset[str]
    sid: str


class Query(NamedTuple):
    """
    What to search for.

    @ivar words: what the text must contain, all of it, any order.
    @ivar name: only what this author wrote, or empty.
    @ivar room: only in this room, or empty.
    @ivar since: not before this time (seconds since the epoch, UTC), or 0.
    """

    words: tuple[str, ...]
    name: str = ""
    room: str = ""
    since: float = 0.0
