# -*- test-case-name: tests.client.test_away -*-
"""
Tells the owner of an account what waits for them: what they were told alone and what mentions them
first, then the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..wire.events import ACTED, SAID, Event
from .mentions import mentions
from .reading import DIRECT

_SHOWN_ROOMS = 10
"""How many rooms are named."""

SEARCHED = 200
"""How many messages with the user's name in them are looked at, the newest ones."""


def mentioning(
    events: Iterable[Event], name: str, stopped: Callable[[str], int | None]
) -> dict[str, int]:
    """
    Count the unread messages that mention the user.

    @param events: messages with the user's name in them, perhaps as a part of another word.
    @param name: the user's name.
    @param stopped: tells up to which id a room was read; C{None} for one of which nobody knows.
    @return: how many there are in each room that has any.
    """
    counts: dict[str, int] = {}
    for event in events:
        stop = stopped(event.room)
        isNew = event.kind in (SAID, ACTED) and stop is not None and event.id > stop
        if isNew and event.name != name and mentions(event.text, name):
            counts[event.room] = counts.get(event.room, 0) + 1
    return counts


def whileAway(unread: Mapping[str, int], mentioned: Mapping[str, int]) -> str:
    """
    @param unread: how many messages are unread in each room, and of direct messages.
    @param mentioned: how many of them mention the user.
    @return: a sentence, or nothing if nothing is unread.
    """
    parts = []
    direct = unread.get(DIRECT, 0)
    if direct:
        parts.append(f"{direct} message{'' if direct == 1 else 's'} for you alone")
    count = sum(mentioned.values())
    if count:
        where = ", ".join(sorted(mentioned, key=str.casefold)[:_SHOWN_ROOMS])
        parts.append(f"{count} mention{'' if count == 1 else 's'} of you, in {where}")
    rooms = [f"{room} {number}" for room, number in unread.items() if room != DIRECT]
    if rooms:
        more = len(rooms) - _SHOWN_ROOMS
        listed = ", ".join(rooms[:_SHOWN_ROOMS]) + (f" and {more} more rooms" if more > 0 else "")
        parts.append(f"unread in {listed}")
    return f"While you were away: {'; '.join(parts)}" if parts else ""
