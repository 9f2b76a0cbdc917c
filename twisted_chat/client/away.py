# -*- test-case-name: tests.client.test_away -*-
"""
Tells the owner of an account what waits for them: direct messages and mentions first, then the
rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..wire.events import ACTED, SAID, Event
from .dialect import SessionState
from .mentions import mentions
from .messages import ServerMessage
from .reading import DIRECT, Reading

_SHOWN_ROOMS = 10
"""Most rooms that are named."""

SEARCHED = 200
"""How many of the newest messages with the user's name are examined."""


class Absence:
    """
    Collects what happened while the owner of an account was away.
    """

    def __init__(self, session: SessionState, reading: Reading) -> None:
        self._session = session
        self._reading = reading
        self._unread: dict[str, int] = {}
        self._found: list[Event] = []

    def begin(self, unread: Mapping[str, int] | None) -> str:
        """
        Take the server's counts of unread messages.

        @return: the words to search for to find mentions of the user; empty if there is nothing to
            tell.
        """
        self._unread, self._found = dict(unread or {}), []
        return f'"{self._session.name}"' if self._unread else ""

    def found(self, answer: ServerMessage) -> str:
        """
        Take the answer to the search, which may be partial, or a refusal.

        @return: the sentence for the user, or nothing.
        """
        self._found += answer.events
        if answer.more or not self._unread:
            return ""
        unread, found = self._unread, self._found
        self.begin(None)
        return whileAway(unread, mentioning(found, self._session.name, self._reading.stopped))


def mentioning(
    events: Iterable[Event], name: str, stopped: Callable[[str], int | None]
) -> dict[str, int]:
    """
    Count the unread messages that mention the user.

    @param events: messages that contain the user's name, perhaps as a part of another word.
    @param name: the user's name.
    @param stopped: returns the id up to which a room was read; C{None} if unknown.
    @return: their number in each room that has any.
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
    @param unread: how many messages are unread in each room, and how many direct ones.
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
