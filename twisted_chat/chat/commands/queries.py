# -*- test-case-name: tests.chat.commands.test_queries -*-
"""
The commands that only ask: who is here, which rooms there are, what was said.

Each query has a function that returns its answer as a value, for doors and commands alike.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from twisted.logger import Logger

from ...errors import BadCommand, ChatError, NoHistory, NoSuchRoom
from ...text.confusables import nameKey
from ...text.names import cleanRoom
from ...wire.answers import Found, Members, RoomList, RoomSummary, Whois
from ...wire.events import Event, Query
from ..member import Member, membersOf
from ..room import Room
from ..state import SHOWN_ROOMS
from ..user import User, usersOf

_log = Logger()

_FOUND = 20
"""Messages that C{/history} and C{/search} show by default."""

MAX_EVENTS = 1000
"""Most messages in one answer."""

MAX_ANSWER_TEXT = 128 * 1024
"""Most characters of text in one answer: rendering more would keep everybody else waiting."""

LOOKED_AT = 200
"""Members of a room whose connections C{/names} checks."""

CHARGED_BYTES = 4_096
"""Bytes of an answer that cost as much as one line."""

_UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
"""Seconds in each unit of C{since:}."""

_SINCE = re.compile(r"([0-9]{1,6})([mhdw])")


def members(user: User, name: str) -> Members:
    """
    Tell who is in a room.

    @param name: a room's name, as somebody typed it; empty: the current room.
    @raise NoSuchRoom: if the user may not know that.
    """
    room = visibleRoom(user, name) if name else user.current
    present = sorted(membersOf(room), key=lambda member: member.name.casefold())
    # Each check asks the kernel: in a crowd only those who are shown are checked.
    looked = present[:LOOKED_AT]
    lost = [member.name for member in looked if isUnreachable(member)]
    return Members(room.name, tuple(member.name for member in present), tuple(lost))


def isUnreachable(member: Member) -> bool:
    """
    @return: whether somebody has connections here, all of which may be lost.
    """
    devices = usersOf(member)
    return bool(devices) and all(user.client.unreachable for user in devices)


async def names(user: User, text: str, key: str | None) -> None:
    """C{/names [#ROOM]}."""
    user.answer(members(user, text), key)


def whois(user: User, name: str) -> Whois:
    """
    Tell what everybody may know about a person.

    @raise NoSuchUser: if nobody with this name is here.
    """
    other = user.state.roster.find(name)
    seen = [room.name for room in other.rooms if room in user.rooms or not room.private]
    idle = user.state.seconds() - other.lastActiveAt
    lost = isUnreachable(other)
    return Whois(other.name, other.joinedAt, idle, tuple(seen), lost, other.account)


async def who(user: User, text: str, key: str | None) -> None:
    """C{/who NAME}."""
    user.answer(whois(user, text), key)


def roomList(user: User) -> RoomList:
    """
    Tell which rooms a user may know of.
    """
    rooms = user.state.rooms
    listing = user.state.listing()
    mine = {*user.rooms, *rooms.owned.get(user.sid, ()), *rooms.invitations.get(user.sid, ())}
    mine.update(rooms.eras[era] for era in user.rights if era in rooms.eras)
    mine = {room for room in mine if room in user.rooms or room.admits(user.sid, user.rights)}
    # A room that was locked since the list was made is no longer listed for everybody.
    mine.update(room for room in listing.largest if room.isListed)
    seen = sorted(mine, key=lambda room: (-len(room), room.name))
    total = listing.total + sum(room.private or not room.isListed for room in mine)
    shown = tuple(
        RoomSummary(
            room.name,
            room.topic,
            len(room),
            room.private,
            room in user.rooms,
            room is user.current,
        )
        for room in seen[:SHOWN_ROOMS]
    )
    return RoomList(shown, max(0, total - SHOWN_ROOMS))


async def rooms(user: User, text: str, key: str | None) -> None:
    """C{/rooms}."""
    user.answer(roomList(user), key)


def visibleRoom(user: User, name: str) -> Room:
    """
    @param name: a room's name, as somebody typed it.
    @return: the room, if the user may see what is in it.
    @raise NoSuchRoom: if not; it does not tell whether a private room exists.
    """
    room = user.state.rooms.known(cleanRoom(name))
    if room is None or (room.private and room not in user.rooms):
        raise NoSuchRoom(f"there is no room {name} that you can see: /rooms lists them")
    return room


async def history(user: User, text: str, key: str | None) -> None:
    """C{/history [COUNT] [before ID]}."""
    words = text.lower().split()
    count, before = _FOUND, None
    if words and words[0].isdecimal():
        count = min(int(words.pop(0)[:6]), MAX_EVENTS)
    if len(words) == 2 and words[0] == "before" and words[1].isdecimal():
        before = int(words[1][:18])
    elif words:
        raise BadCommand("Usage: /history 50, or /history 50 before 1234")
    await past(user, "", count, before, key)


async def past(user: User, name: str, count: int, before: int | None, key: str | None) -> None:
    """
    Answer with what was said in one of the user's rooms.

    @param name: a room's name; empty: the current room.
    @param before: only messages with ids below this one, or C{None}.
    @raise NoSuchRoom: if the user is not in it.
    """
    room = user.roomNamed(name) if name else user.current

    def read() -> Awaitable[list[Event]]:
        if room not in user.rooms:
            raise NoSuchRoom(f"you are not in {room.name} any more")
        place = room.placeFor(user.rights)
        return user.state.log.last(place, min(count, MAX_EVENTS), before)

    await give(user, read, key)


async def search(user: User, text: str, key: str | None) -> None:
    """C{/search WORDS [from:NAME] [in:#ROOM] [since:7d]}."""
    await find(user, text, _FOUND, key)


async def find(user: User, text: str, count: int, key: str | None) -> None:
    """
    Answer with the messages found among all that the user may read.

    @raise BadCommand: if the text is not a valid search.
    """
    query = parseQuery(text, user.state.seconds())
    if query.room:
        room = visibleRoom(user, query.room)
        query = query._replace(room=user.roomNamed(room.name).name)

    def read() -> Awaitable[list[Event]]:
        return user.state.log.search(user.scope, query, min(count, MAX_EVENTS))

    await give(user, read, key)


def parseQuery(text: str, now: float) -> Query:
    """
    @param text: words, and C{from:}, C{in:} and C{since:} in any order.
    @param now: the wall time, in seconds since the epoch, UTC.
    @raise BadCommand: if there is nothing to search for, or a time is malformed.
    """
    words: list[str] = []
    name = room = ""
    since = 0.0
    for word in text.split():
        field, colon, value = word.partition(":")
        field = nameKey(field)
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
        raise BadCommand("Usage: /search WORDS from:NAME in:#room since:7d")
    return Query(tuple(words), name, room, since)


async def give(user: User, read: Callable[[], Awaitable[list[Event]]], key: str | None) -> None:
    """
    Answer with events.  The user's earlier messages are stored first, so that they are found.
    """
    await user.whenAnswered()
    try:
        events = await read()
    except ChatError as error:
        user.refuse(error, key)
    except Exception:
        _log.failure("the history cannot be read")
        user.refuse(NoHistory("the history cannot be read now: try again later"), key)
    else:
        found = Found(_newest(events), user.state.seconds())
        data = user.client.dialect.answer(found, key)
        user.client.charge(len(data) // CHARGED_BYTES)
        user.client.reply(data)


def _newest(events: list[Event]) -> list[Event]:
    """
    @return: as many of the newest events as an answer may hold.
    """
    size = 0
    for number, event in enumerate(reversed(events)):
        size += len(event.text)
        if size > MAX_ANSWER_TEXT and number:
            return events[-number:]
    return events
