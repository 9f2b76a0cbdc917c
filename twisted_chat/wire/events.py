# -*- test-case-name: tests.wire.test_events -*-
"""
What happens in a chat, as plain values.

A L{Draft} is a proposed event; an L{Event} is a draft that the log took: it has an id, greater than
all before it, and the time at which it was taken.  Everything that people see is an event.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple, cast

SAID: Final = "said"
"""C{name} said C{text} in C{room}."""

ACTED: Final = "acted"
"""C{name} did C{text} in C{room} (C{/me})."""

TOLD: Final = "told"
"""A direct message: C{name} told C{text} to C{to} alone.  C{room} is C{"@"} and the session id of
C{to}."""

JOINED: Final = "joined"
"""C{name} is now in C{room}.  In the lobby: C{name} entered the chat.  C{data}: see
L{joinedData}."""

LEFT: Final = "left"
"""C{name} is no longer in C{room}.  In the lobby: C{name} left the chat, and every room with it;
C{data} is L{HELD} if their name is kept for a while.  Where C{to} is not empty, C{to} removed them
for the reason C{text}; C{data} is the session id of C{to}."""

RENAMED: Final = "renamed"
"""C{name} is now called C{to}.  C{room} is the lobby."""

CREATED: Final = "created"
"""C{name} made C{room}.  A C{text} of L{PRIVATE} makes it private from the start; then C{data} is
the hash of its password."""

TOPIC: Final = "topic"
"""C{name} set the topic of C{room} to C{text}."""

LOCKED: Final = "locked"
"""C{name} made C{room} private.  C{data}: see L{lockedData}."""

UNLOCKED: Final = "unlocked"
"""C{name} opened C{room} to everybody."""

INVITED: Final = "invited"
"""C{name} let C{to} into C{room}.  C{data} is the session id of C{to}, a blank, and the start of
the era that they are let into."""

CLOSED: Final = "closed"
"""C{room} has ended: it was empty.  C{data} is the room's id."""

SERVER: Final = "!"
"""The C{room} of events about the whole server, and their place.  It is in nobody's scope, so they
appear in no history, replay or search.

The values for machines of all kinds below are compact JSON.  An account is identified by the id of
the session that registered it, which is the C{sid} of everything its owner does.  A I{place} is a
room's id as text, or L{SERVER}."""

REGISTERED: Final = "registered"
"""C{name} registered: the name belongs to the account C{sid}.  C{data}: C{looks}, and the C{code}
that let them in, if any.  C{room} is L{SERVER}."""

CREDENTIALS: Final = "credentials"
"""The C{credentials} in C{data} replace all earlier ones of the account C{sid}.  C{room} is
L{SERVER}."""

NAMED: Final = "named"
"""The account C{sid} owns one more name, C{name}, or gave it back.  C{data}: C{looks}, C{owned}.
C{room} is L{SERVER}."""

UNREGISTERED: Final = "unregistered"
"""The account C{sid}, called C{name}, has ended.  C{room} is L{SERVER}."""

CODE: Final = "code"
"""A code that works once was given out.  C{data}: its C{hash}, C{purpose}, C{who} (an account),
C{label}, C{until}.  C{room} is L{SERVER}."""

READ: Final = "read"
"""The account C{sid} has read a place up to an id.  C{data}: C{place} (or C{"@"}, for what was told
to it), C{id}.  C{room} is L{SERVER}."""

GRANTED: Final = "granted"
"""C{to} has a role from now on, or none.  C{data}: C{place}, C{who} (an account), C{role}."""

BANNED: Final = "banned"
"""C{to} must not enter or speak, for the reason C{text}.  C{data}: C{place}, C{what}, C{until},
whom it concerns, and C{quiet} if the room is only told that they were removed."""

LIFTED: Final = "lifted"
"""A ban of C{to} has ended.  C{data}: C{place}, C{ban} (the id of its L{BANNED} event), C{what}."""

SET: Final = "set"
"""A rule of a place is C{text} from now on.  C{data}: C{place}, C{what}, C{value}, C{until}."""

REMOVED: Final = "removed"
"""Messages of C{to} were removed for the reason C{text}.  C{data}: C{place} and the selection."""

RESTORED: Final = "restored"
"""Removed messages of C{to} are restored.  C{data}: C{place}, C{removal} (the id of its L{REMOVED}
event), C{by} (who removed them), C{ids}."""

REPORTED: Final = "reported"
"""C{name} complains of C{to}, for the reason C{text}.  C{data}: C{place}, C{room}, C{who},
C{message} (an id) and a C{copy} of its text.  C{room} is L{SERVER}."""

DONE: Final = "done"
"""A report was dealt with.  C{data}: C{report} (the id of its L{REPORTED} event).  C{room} is
L{SERVER}."""

UNREADABLE: Final = "unreadable"
"""Stands for a row of the history that cannot be read."""

PRIVATE: Final = "private"
"""The C{text} of a L{CREATED} event of a private room."""

HELD: Final = "held"
"""The C{data} of a L{LEFT} event of somebody whose connection was lost and who may resume."""

SPOKEN: Final = frozenset({SAID, ACTED, TOLD})
"""Messages that people write: they are answered by a receipt, kept longest and searched.  An empty
C{text} means that the message was removed."""

PRESENCE: Final = frozenset({JOINED, LEFT, RENAMED})
"""Joining, leaving and renaming: never part of a backlog, and the first to be pruned."""

MOVES: Final = frozenset({JOINED, LEFT})
"""The kinds that change who is where."""

STATE: Final = frozenset({CREATED, TOPIC, LOCKED, UNLOCKED, INVITED, CLOSED})
"""The kinds that rooms are made of."""

ACCOUNTS: Final = frozenset({REGISTERED, CREDENTIALS, NAMED, UNREGISTERED, CODE, READ})
"""The kinds that accounts are made of."""

MODERATION: Final = frozenset({GRANTED, BANNED, LIFTED, SET, REMOVED, RESTORED, REPORTED, DONE})
"""What moderators do: the kinds that roles, bans and the rules of places are made of."""

RECORDED: Final = ACCOUNTS | MODERATION | {CREATED, CLOSED}
"""The kinds that a store makes records of."""

KINDS: Final = SPOKEN | PRESENCE | STATE | ACCOUNTS | MODERATION
"""All kinds that a log takes."""


class Draft(NamedTuple):
    """
    A proposed event, without id and time.

    @ivar kind: one of the kinds above.
    @ivar room: the room's name with its C{#}, or C{"@"} and a session id for one person alone, or
        L{SERVER}.
    @ivar name: the name of its author.
    @ivar text: clean text, as the kind says.
    @ivar to: a name, as the kind says.
    @ivar sid: the session id of its author: never shown to anybody else.
    @ivar key: the idempotency key that the author gave this message, or C{None}.  A log holds at
        most one event for a C{sid} and C{key}.
    @ivar data: a value for machines, as the kind says: never shown to anybody (L{withoutSecrets}).
        In spoken kinds it is the name of its author's account, which everybody may know, or empty.
    """

    kind: str
    room: str
    name: str
    text: str = ""
    to: str = ""
    sid: str = ""
    key: str | None = None
    data: str = ""


class Event(NamedTuple):
    """
    A draft that the log took.

    @ivar id: its position in the log: from 1, rising, with gaps.
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
    data: str = ""


makeEvent = cast("Callable[[tuple[object, ...]], Event]", partial(tuple.__new__, Event))
"""Makes an event from C{(id, time) + draft}.  Unlike C{Event._make} it runs no Python code, which
would cost a call for every message."""


def joinedData(era: str, account: str) -> str:
    """
    @param era: the start of the room's era for which somebody is admitted, or empty.
    @param account: the name of their account, or empty.
    @return: the C{data} of a L{JOINED} event: the era, and behind a blank the account.
    """
    return f"{era} {account}" if account else era


def admittedTo(event: Event) -> str:
    """
    @return: the start of the era for which a L{JOINED} event admits somebody, or empty.
    """
    return event.data.partition(" ")[0]


_ID = re.compile("[0-9]{1,19}")


def lockedData(passwordHash: str, asOf: int, sids: Iterable[str]) -> str:
    """
    @param passwordHash: the hash of the room's password; empty if one enters by invitation alone.
    @param asOf: the id of the newest event that its author's server had heard of.
    @param sids: the session ids of those who were in the room then.
    @return: the C{data} of a L{LOCKED} event, each of these behind a blank.
    """
    return " ".join((passwordHash, str(asOf), *sids))


def lockedFor(event: Event) -> tuple[str, int, frozenset[str]]:
    """
    @return: what L{lockedData} made the C{data} of a L{LOCKED} event of.  Where only the hash is
        there, nobody is known to have been in the room when it came.
    """
    passwordHash, *rest = event.data.split(" ")
    if not rest or not _ID.fullmatch(rest[0]):
        return passwordHash, event.id, frozenset()
    return passwordHash, int(rest[0]), frozenset(rest[1:])


def accountOf(event: Event) -> str:
    """
    @return: the name of its author's account, where an event carries it, or empty.
    """
    if event.kind in SPOKEN:
        return event.data
    return event.data.partition(" ")[2] if event.kind == JOINED else ""


def withoutSecrets(event: Event) -> Event:
    """
    @return: the event as a dialect may see it: only the part of its C{data} that L{accountOf}
        needs.
    """
    if not event.data or event.kind in SPOKEN:
        return event
    return event._replace(data=joinedData("", accountOf(event)))


_PUBLIC: Final[Mapping[str, tuple[str, ...]]] = {
    GRANTED: ("role",),
    BANNED: ("what", "until", "quiet"),
    LIFTED: ("what",),
    SET: ("what", "value", "until"),
    REMOVED: ("ids", "count"),
    RESTORED: ("ids", "count"),
    REPORTED: ("room", "message"),
}
"""The values of moderation that everybody who sees the event may see."""


def published(event: Event) -> Event:
    """
    @return: the event as a dialect may see it, with its L{publicValues}.
    """
    values = publicValues(event)
    return event._replace(data=asData(values)) if values else withoutSecrets(event)


def publicValues(event: Event) -> dict[str, Any]:
    """
    @return: the values of a moderation event that everybody who sees the event may see; none if it
        was read from the history.
    """
    names = _PUBLIC.get(event.kind)
    if names is None or not event.data:
        return {}
    try:
        values = json.loads(event.data)
    except ValueError:
        return {}
    if not isinstance(values, dict):
        return {}
    return {name: values[name] for name in names if name in values}


def asData(values: Mapping[str, Any]) -> str:
    """
    @return: the C{data} of an event with these values.
    """
    return json.dumps(values, separators=(",", ":"))


FOREVER: Final = 2**63 - 1
"""The largest id that a log can have."""


class Place(NamedTuple):
    """
    The part of one room's past that one reader may see.

    @ivar room: the room's name.
    @ivar ranges: the first and the last id of each stretch that they may see, oldest first.  A room
        made later under the same name, and the private eras of others, lie outside.
    @ivar presenceFrom: presence events with smaller ids are left out: they are stale, or the room
        is too large to be told of them.
    """

    room: str
    ranges: tuple[tuple[int, int], ...]
    presenceFrom: int = 0


class Scope(NamedTuple):
    """
    Everything that one reader may see: the events of C{places}, and direct messages to or from
    C{sid}.

    @ivar places: one for each of their rooms.
    @ivar sid: the reader's session id.
    """

    places: tuple[Place, ...]
    sid: str


class Query(NamedTuple):
    """
    The terms of a search.

    @ivar words: words that the text must contain, all of them, in any order.
    @ivar name: only messages by this author; empty for all.
    @ivar room: only messages in this room; empty for all.
    @ivar since: only messages from this time on (seconds since the epoch, UTC); 0 for all.
    """

    words: tuple[str, ...]
    name: str = ""
    room: str = ""
    since: float = 0.0
