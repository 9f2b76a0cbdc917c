# -*- test-case-name: tests.chat.commands.test_queries -*-
"""
The commands that only ask: who is here, which rooms there are, what was said.
"""

from __future__ import annotations

import re
import textwrap
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from ...errors import BadCommand, ChatError, NoHistory, NoSuchRoom
from ...text.names import cleanRoom
from ...wire.events import Event, Query, Scope

if TYPE_CHECKING:
    from ..room import Room
    from ..user import User

_log = Logger()

_WIDTH = 400
"""Characters of one line of an answer: long lists are broken here."""

_SHOWN_NAMES = 200
"""So many names are listed of a room; nobody reads more."""

_SHOWN_ROOMS = 50
"""So many rooms are listed, those with most people first."""

_FOUND = 20
"""So many messages are shown by C{/history} and C{/search} unless another number is asked for."""

MOST = 1000
"""So many messages are given at once at most."""

_UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
"""Seconds in the units of C{since:}."""

_SINCE = re.compile(r"([0-9]{1,6})([mhdw])")


def answer(user: User, text: str, key: str | None) -> None:
    """
    Answer with as many lines as the text needs.
    """
    for line in textwrap.wrap(text, _WIDTH, break_on_hyphens=False):
        user.notice(line, key)


def names(user: User, text: str, key: str | None) -> None:
    """C{/names [#ROOM]}."""
    room = visibleRoom(user, text) if text else user.hub.room(user.current)
    # Who asks may be on his way in: for himself he is there already.
    people = {*room, user} if room.name in user.rooms else set(room)
    present = sorted((member.name for member in people), key=str.casefold)
    more = len(present) - _SHOWN_NAMES
    listed = ", ".join(present[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
    answer(user, f"{len(present)} in {room.name}: {listed}", key)


def who(user: User, text: str, key: str | None) -> None:
    """C{/who NAME}."""
    other = user.hub.find(text)
    now = user.hub.seconds()
    seen = [name for name in other.rooms if name in user.rooms or not user.hub.room(name).private]
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(other.since))
    quiet = max(0, int(now - other.spoke)) // 60
    idle = f", quiet for {quiet} min" if quiet else ""
    answer(user, f"{other.name} is here since {since}, in {', '.join(seen)}{idle}", key)


def rooms(user: User, text: str, key: str | None) -> None:
    """C{/rooms}."""
    seen = [
        room
        for room in user.hub.rooms.values()
        if not room.private or room.name in user.rooms or user.sid in room.invited
    ]
    seen.sort(key=lambda room: (-len(room), room.name))
    for room in seen[:_SHOWN_ROOMS]:
        user.notice(_describe(user, room), key)
    if len(seen) > _SHOWN_ROOMS:
        user.notice(f"and {len(seen) - _SHOWN_ROOMS} more rooms with fewer people", key)


def _describe(user: User, room: Room) -> str:
    marks = [f"{len(room)} here"]
    if room.private:
        marks.append("private")
    if room.name == user.current:
        marks.append("you speak here")
    elif room.name in user.rooms:
        marks.append("you are here")
    about = f": {room.topic}" if room.topic else ""
    return f"{room.name} ({', '.join(marks)}){about}"


def visibleRoom(user: User, name: str) -> Room:
    """
    @param name: a room's name, as somebody typed it.
    @return: the room, if he may see what is in it.
    @raise NoSuchRoom: if not; it does not tell whether a private room exists.
    """
    room = user.hub.rooms.known(cleanRoom(name))
    if room is None or (room.private and room.name not in user.rooms):
        raise NoSuchRoom(f"there is no room {name} that you can see: /rooms lists them")
    return room


def history(user: User, text: str, key: str | None) -> Deferred[None]:
    """C{/history [COUNT] [before ID]}."""
    words = text.lower().split()
    count, before = _FOUND, None
    if words and words[0].isdecimal():
        count = min(int(words.pop(0)[:6]), MOST)
    if len(words) == 2 and words[0] == "before" and words[1].isdecimal():
        before = int(words[1][:18])
    elif words:
        raise BadCommand("say it like this: /history 50, or /history 50 before 1234")
    return past(user, user.current, count, before, key)


def past(user: User, room: str, count: int, before: int | None, key: str | None) -> Deferred[None]:
    """
    Answer with what was said in one of his rooms.

    @param before: only what has an id below this one, or C{None}.
    @return: fires when it is answered.
    @raise NoSuchRoom: if he is not in it.
    """
    user.mustBeIn(room)
    return _give(user, lambda: user.hub.log.last(room, min(count, MOST), before), key)


def search(user: User, text: str, key: str | None) -> Deferred[None]:
    """C{/search WORDS [from:NAME] [in:#ROOM] [since:7d]}."""
    return find(user, text, _FOUND, key)


def find(user: User, text: str, count: int, key: str | None) -> Deferred[None]:
    """
    Answer with what was found of all that he may read.

    @return: fires when it is answered.
    @raise BadCommand: if the text is no search.
    """
    query = parseQuery(text, user.hub.seconds())
    if query.room:
        query = query._replace(room=visibleRoom(user, query.room).name)
        user.mustBeIn(query.room)
    scope = Scope(frozenset(user.rooms), user.sid)
    return _give(user, lambda: user.hub.log.search(scope, query, min(count, MOST)), key)


def parseQuery(text: str, now: float) -> Query:
    """
    @param text: words, and C{from:}, C{in:} and C{since:} in any order.
    @param now: the wall time, in seconds since the epoch, UTC.
    @raise BadCommand: if there is nothing to search for, or a time that is none.
    """
    words: list[str] = []
    name = room = ""
    since = 0.0
    for word in text.split():
        field, colon, value = word.partition(":")
        if colon and value and field == "from":
            name = value
        elif colon and value and field == "in":
            room = value
        elif colon and field == "since":
            match = _SINCE.fullmatch(value)
            if match is None:
                raise BadCommand("write a time like this: since:30m, since:12h, since:7d, since:4w")
            since = now - int(match[1]) * _UNITS[match[2]]
        else:
            words.append(word)
    if not (words or name or room or since):
        raise BadCommand("say what to search for: /search WORDS from:NAME in:#room since:7d")
    return Query(tuple(words), name, room, since)


def _give(user: User, read: Callable[[], Deferred[list[Event]]], key: str | None) -> Deferred[None]:
    """
    Answer with events.  What he said before is stored first, so that he finds it.

    @return: fires when it is answered.
    """

    async def give() -> None:
        await user.whenAnswered()
        dialect = user.client.dialect
        try:
            events = await read()
        except ChatError as error:
            user.refuse(error, key)
        except Exception:
            _log.failure("the history cannot be read")
            user.refuse(NoHistory("the history cannot be read now: try again later"), key)
        else:
            user.client.answer(dialect.found(events, user.hub.seconds(), key))

    return Deferred.fromCoroutine(give())
