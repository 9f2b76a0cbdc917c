# -*- test-case-name: tests.contracts.test_dialect -*-
"""
Words answers as sentences for people, whichever dialect carries them.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .answers import (
    Account,
    Answer,
    CommandHelp,
    Entered,
    Gap,
    Goodbye,
    Help,
    LoggedIn,
    Members,
    Notice,
    RoomList,
    RoomSummary,
    Topic,
    Whois,
)
from .events import (
    BANNED,
    DONE,
    GRANTED,
    LIFTED,
    REMOVED,
    REPORTED,
    RESTORED,
    SERVER,
    SET,
    Event,
    publicValues,
)

_WIDTH = 400
"""The width of a line, in characters: longer lists are wrapped."""

REMOVED_TEXT = "(removed)"
"""Stands in the place of a removed message."""

_SERVER = "this server"
"""What sentences call the place of the whole server."""

_SHOWN_NAMES = 200
"""Names that a list of the people in a room holds: nobody reads more."""


def lines(answer: Answer) -> list[str]:
    """
    @param answer: any but events and L{answers.Welcome}.
    @return: the lines, without their line ends.
    """
    match answer:
        case Notice(text) | Goodbye(text):
            return [text]
        case Entered(room, topic, count):
            return [f"You are in {room} ({count} here)" + (f": {topic}" if topic else "")]
        case Gap():
            return ["Some messages before this are no longer kept"]
        case Members():
            return _members(answer)
        case RoomList(rooms, more):
            listed = [_room(room) for room in rooms]
            return listed + ([f"and {more} more rooms with fewer people"] if more else [])
        case Whois():
            return _wrap(_whois(answer))
        case Topic(room, topic):
            return [f"{room} is about {topic or 'nothing in particular: /topic TEXT sets it'}"]
        case LoggedIn(before, name):
            return [f"{before} is now {name}" if before != name else f"You are logged in as {name}"]
        case Account():
            return _account(answer)
        case CommandHelp(name, usage, help):
            return _wrap(f"/{name} {usage}".rstrip() + f" - {help}")
        case Help(commands):
            listed = [" ".join(f"/{command.name}" for command in commands)]
            return _wrap(f"{listed[0]} - /help COMMAND tells more; // at the start says /")
        case _:
            raise TypeError(f"{type(answer).__name__} is not told in sentences")


def act(event: Event) -> str:
    """
    @param event: of a kind in L{events.MODERATION}, as L{events.published} returns it or as the log
        holds it.
    @return: what a moderator did, in words.
    """
    values = publicValues(event)
    where = _SERVER if event.room == SERVER else event.room
    return _ACTS[event.kind](event, values, where) + (
        f": {event.text}" if _hasReason(event) else ""
    )


def _hasReason(event: Event) -> bool:
    return bool(event.text) and event.kind != SET


def _in(where: str) -> str:
    """
    @return: the place with its preposition.
    """
    return f"on {where}" if where == _SERVER else f"in {where}"


def _granted(event: Event, values: Mapping[str, Any], where: str) -> str:
    role = values.get("role")
    if role:
        return f"{event.name} made {event.to} {role} of {where}"
    return f"{event.name} took the role of {event.to} {_in(where)} away"


def _banned(event: Event, values: Mapping[str, Any], where: str) -> str:
    until = values.get("until")
    end = time.strftime(" until %Y-%m-%d %H:%M", time.localtime(until)) if until else ""
    if values.get("quiet"):
        return f"{event.name} removed {event.to} from {where}"
    if values.get("what") == "speak":
        return f"{event.name} muted {event.to} {_in(where)}{end}"
    return f"{event.name} banned {event.to} from {where}{end}"


def _lifted(event: Event, values: Mapping[str, Any], where: str) -> str:
    if values.get("what") == "speak":
        return f"{event.name} unmuted {event.to} {_in(where)}"
    return f"{event.name} unbanned {event.to} from {where}"


def _set(event: Event, values: Mapping[str, Any], where: str) -> str:
    what = values.get("what")
    isOff = event.text == "off"
    if what == "slow":
        how = "ended slow mode in" if isOff else f"set slow mode ({event.text}) in"
        return f"{event.name} {how} {where}"
    if what == "readonly":
        how = f"lets everybody speak in {where}" if isOff else f"made {where} read-only"
        return f"{event.name} {how}"
    return f"{event.name} set {what or 'a rule'} of {where} to {event.text or 'its default'}"


def _removed(event: Event, values: Mapping[str, Any], where: str) -> str:
    return f"{event.name} removed {_count(event, values)}"


def _restored(event: Event, values: Mapping[str, Any], where: str) -> str:
    return f"{event.name} restored {_count(event, values)}"


def _count(event: Event, values: Mapping[str, Any]) -> str:
    """
    @return: how many messages an event is about, and whose.
    """
    count = values.get("count") or len(values.get("ids", ()))
    many = "messages" if not count else "1 message" if count == 1 else f"{count} messages"
    whose = "their own" if event.to == event.name else event.to
    return f"{many} of {whose}"


def _reported(event: Event, values: Mapping[str, Any], where: str) -> str:
    return f"{event.name} reports {event.to} in {values.get('room', where)}"


def _done(event: Event, values: Mapping[str, Any], where: str) -> str:
    return f"{event.name} has dealt with a report of {event.to}"


_ACTS: Mapping[str, Callable[[Event, Mapping[str, Any], str], str]] = {
    GRANTED: _granted,
    BANNED: _banned,
    LIFTED: _lifted,
    SET: _set,
    REMOVED: _removed,
    RESTORED: _restored,
    REPORTED: _reported,
    DONE: _done,
}
"""The wording of each kind of moderation."""


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_on_hyphens=False)


def _members(members: Members) -> list[str]:
    lost = set(members.unreachable)
    names: Sequence[str] = [
        f"{name} (not answering)" if name in lost else name for name in members.names
    ]
    more = len(names) - _SHOWN_NAMES
    listed = ", ".join(names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
    return _wrap(f"{len(names)} in {members.room}: {listed}")


def _room(room: RoomSummary) -> str:
    marks = [f"{room.people} here"]
    if room.private:
        marks.append("private")
    if room.current:
        marks.append("you speak here")
    elif room.joined:
        marks.append("you are here")
    about = f": {room.topic}" if room.topic else ""
    return f"{room.name} ({', '.join(marks)}){about}"


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _account(account: Account) -> list[str]:
    main, *more = account.names
    also = f", and owns {', '.join(more)}" if more else ""
    devices = [
        f"{device.label or 'password'} (since {_date(device.since)})" for device in account.devices
    ]
    return [
        *_wrap(f"{main} is registered since {_date(account.since)}{also}"),
        *_wrap(f"logs in with: {', '.join(devices) or 'nothing; /password NEW sets a password'}"),
        f"here over {account.connections} connection{'' if account.connections == 1 else 's'}",
    ]


def _whois(whois: Whois) -> str:
    since = _date(whois.joinedAt)
    quiet = max(0, int(whois.idle)) // 60
    idle = f", quiet for {quiet} min" if quiet else ""
    lost = ", not answering: the connection may be lost" if whois.unreachable else ""
    owner = f", registered as {whois.account}" if whois.account else ""
    return f"{whois.name} is here since {since}, in {', '.join(whois.rooms)}{idle}{owner}{lost}"
