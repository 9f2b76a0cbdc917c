# -*- test-case-name: tests.chat.commands.test_review -*-
"""
The commands that remove, restore and report messages, and list what moderators did.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Any

from twisted.logger import Logger

from ...accounts.records import REMOVAL, REPORT
from ...accounts.terms import parseSpan
from ...errors import BadCommand, ChatError, NoHistory, NoSuchUser, NotAllowed
from ...text.confusables import looks
from ...text.names import cleanName
from ...wire.events import (
    ACTED,
    DONE,
    REMOVED,
    REPORTED,
    RESTORED,
    SAID,
    SERVER,
    Event,
    Place,
    Scope,
    asData,
)
from ...wire.prose import act
from ..room import Room
from ..user import User
from .moderators import (
    Where,
    Whom,
    find,
    here,
    hereOrAll,
    mayModerate,
    mayOperate,
    mustStandAbove,
    propose,
    reasonOf,
)
from .rooms import settledRoom

_log = Logger()

MAX_LISTED = 50
"""Most reports that are listed, the newest first."""

AUDIT = 20
"""Acts of moderators that C{/audit} shows by default."""

MAX_AUDIT = 200
"""Most acts that C{/audit} shows."""

SHOWN_TEXTS = 3
"""Removed messages that C{/audit} shows for each removal."""


async def remove(user: User, text: str, key: str | None) -> None:
    """C{/remove ID [REASON]}, C{/remove NAME TIME [REASON]}."""
    where = await here(user)
    room = user.current
    first, *words = text.split()
    seconds = parseSpan(words[0]) if words else None
    if seconds is not None:
        await _removeSince(user, where, first, seconds, reasonOf(words[1:]))
        return
    if not first.isdecimal():
        raise BadCommand("Usage: /remove NAME 1h, with a time, or /remove ID (/search shows ids)")
    message = await _message(user, room, first)
    whom = Whom(message.name, message.sid, {})
    if message.sid != user.sid:
        _mustModerate(user)
        mustStandAbove(user, where, whom)
    await _proposeRemoval(
        user, where, message.name, reasonOf(words), who=message.sid, ids=[message.id]
    )


def _mustModerate(user: User) -> None:
    if not mayModerate(user):
        raise NotAllowed(
            "only moderators remove what others said: /report NAME or ID tells them of it"
        )


async def _removeSince(user: User, where: Where, name: str, seconds: int, reason: str) -> None:
    """
    Remove somebody's latest messages: a registered person's by account, a guest's by name.
    """
    try:
        whom = find(user, name)
    except NoSuchUser:
        clean = cleanName(name)
        whom = Whom(clean, "", {"looks": sorted(looks(clean))})
    if not whom.isActor(user):
        _mustModerate(user)
        mustStandAbove(user, where, whom)
    after = await _newestBefore(user, user.current, user.state.seconds() - seconds)
    if whom.isLasting or whom.isActor(user):
        selected: dict[str, Any] = {"who": whom.who}
    else:
        selected = {"name": whom.name, "looks": whom.values["looks"]}
    await _proposeRemoval(user, where, whom.name, reason, after=after, **selected)


async def _proposeRemoval(user: User, where: Where, whose: str, reason: str, **which: Any) -> None:
    """
    Remove messages.  The room is told which, and so is an author who is not in it.
    """
    event = await propose(user, where, REMOVED, whose, reason, **which)
    if user.member not in user.current:
        ids = await _reading(user.state.log.removedBy(event.id))
        user.notice(act(event._replace(data=asData({"ids": ids}))))


async def _newestBefore(user: User, room: Room, at: float) -> int:
    """
    @param at: a time, in seconds since the epoch.
    @return: the id of the last message of a room before that time, or one before the room's own.
    """
    log, place = user.state.log, Place(room.name, ((room.id, user.state.lastId),))
    # Invariant of the bisection: ids below the one are older than that time, ids from the other on
    # are not.
    low, high = room.id, user.state.lastId + 1
    while low < high:
        middle = (low + high + 1) // 2
        last = await _reading(log.last(place, 1, middle))
        if not last or last[0].time < at:
            low = middle
        else:
            high = last[0].id
    return max(0, low - 1)


async def _message(user: User, room: Room, number: str) -> Event:
    """
    @param number: an id as typed.
    @return: a message of a room.
    @raise ChatError: if the user may not read it, or it was removed.
    """
    id = int(number[:18])
    scope = Scope((room.placeFor(user.rights),), "")
    found: list[Event] = await _reading(user.state.log.after(scope, id - 1, 1))
    if not found or found[0].id != id or found[0].kind not in (SAID, ACTED):
        raise NotAllowed(f"{id} is no message of {room.name}: /search shows ids")
    if not found[0].text:
        raise NotAllowed(f"the message {id} was removed before")
    return found[0]


async def _reading(question: Awaitable[Any]) -> Any:
    """
    @return: the store's answer.
    @raise NoHistory: if it cannot read.
    """
    try:
        return await question
    except ChatError:
        raise
    except Exception as error:
        _log.failure("the history cannot be read")
        raise NoHistory("the history cannot be read now: try again later") from error


async def restore(user: User, text: str, key: str | None) -> None:
    """C{/restore ID}."""
    where = await here(user)
    if not text.isdecimal():
        raise BadCommand("Usage: /restore ID (/audit shows the ids of removals)")
    id = int(text[:18])
    log = user.state.log
    removal = await _reading(log.record(REMOVAL, str(id)))
    if removal is None or removal["place"] != where.place:
        raise NotAllowed(f"{id} is no removal in {where.shown}: /audit shows their ids")
    if removal["by"] != user.sid and not mayModerate(user):
        raise NotAllowed("only moderators may do this: nothing was changed")
    ids = await _reading(log.removedBy(id))
    await propose(user, where, RESTORED, removal["to"], "", removal=id, by=removal["by"], ids=ids)


# Reports


async def report(user: User, text: str, key: str | None) -> None:
    """C{/report NAME or ID [REASON]}."""
    room = await settledRoom(user)
    first, *words = text.split()
    values: dict[str, Any]
    if first.isdecimal():
        message = await _message(user, room, first)
        name = message.name
        values = {"who": message.sid, "message": message.id, "copy": message.text}
    else:
        whom = find(user, first)
        name, values = whom.name, {"who": whom.who}
    where = Where(room.place, SERVER, room.name)
    await propose(user, where, REPORTED, name, reasonOf(words), room=room.name, **values)
    user.notice("Thank you: the moderators are told", key)


async def reports(user: User, text: str, key: str | None) -> None:
    """C{/reports}."""
    where = await (hereOrAll(user) if mayOperate(user) else here(user))
    law = user.state.law
    open = [
        (int(id), each)
        for id, each in law.records.all(REPORT).items()
        if where.place in (SERVER, each["place"])
    ]
    if not open:
        user.notice(f"no report from {where.shown} is open", key)
    for id, each in sorted(open, key=lambda pair: -pair[0])[:MAX_LISTED]:
        why = f": {each['reason']}" if each["reason"] else ""
        said = f" -- message {each['message']}: {each['copy']}" if each["message"] else ""
        user.notice(f"{id} {each['name']} reports {each['to']} in {each['room']}{why}{said}", key)


async def done(user: User, text: str, key: str | None) -> None:
    """C{/done ID}."""
    known = user.state.law.records.all(REPORT).get(text.lstrip("0"))
    if known is None:
        raise NotAllowed("there is no such report: /reports lists those that are open")
    where = Where(known["place"], SERVER, "")
    await propose(user, where, DONE, known["to"], "", report=int(text))
    user.notice(f"the report {int(text)} is done", key)


# The past


async def audit(user: User, text: str, key: str | None) -> None:
    """C{/audit [COUNT]}."""
    where = await hereOrAll(user)
    if text and not text.isdecimal():
        raise BadCommand("Usage: /audit 20")
    most = min(int(text[:6]), MAX_AUDIT) if text else AUDIT
    room = None if where.place == SERVER else where.room
    events = await _reading(user.state.log.moderation(room, most))
    if not events:
        user.notice(f"no moderator has done anything in {where.shown}", key)
    for event in events:
        user.notice(f"{event.id} {_when(event.time)} {act(event)}", key)
        if event.kind == REMOVED:
            for id, removed in await _removedTexts(user, event):
                user.notice(f"    {id}: {removed}", key)


async def _removedTexts(user: User, event: Event) -> list[tuple[int, str]]:
    """
    @return: the first messages that a removal hid, as far as the user could read them.
    """
    room = user.state.rooms.get(event.room)
    if room is None or room not in user.rooms:
        return []
    ranges = room.placeFor(user.rights).ranges
    texts = await _reading(user.state.log.removedTexts(event.id, SHOWN_TEXTS))
    return [(id, text) for id, text in texts if any(first <= id <= last for first, last in ranges)]


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
