# -*- test-case-name: tests.chat.commands.test_order -*-
"""
The commands that keep order: who may be in a room, who may speak, what stays there.

What they change is judged again when the log returns it (L{accounts.moderation}); what is checked
here spares the log what cannot be, and says so in better words.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

from twisted.logger import Logger

from ...accounts.bans import Ban, hostNet
from ...accounts.moderation import MAX_LOCKDOWN, MAX_SLOW
from ...accounts.ranks import ROLES, Rank
from ...accounts.records import REMOVAL, REPORT
from ...accounts.terms import Target, parseSpan, parseTarget, showEnd, showSpan
from ...errors import BadCommand, ChatError, NoHistory, NoSuchUser, NotAllowed
from ...text.cleaning import showable
from ...text.confusables import looks, nameKey
from ...text.names import cleanName
from ...wire.events import (
    ACTED,
    BANNED,
    DONE,
    GRANTED,
    LEFT,
    LIFTED,
    REMOVED,
    REPORTED,
    RESTORED,
    SAID,
    SERVER,
    SET,
    Draft,
    Event,
    Place,
    Scope,
    asData,
)
from ...wire.prose import act
from ..room import Room
from ..user import User, usersOf
from . import rooms as own
from .account import mustProve
from .rooms import MAX_REASON, settled

_log = Logger()

KICK_SECONDS = 60
"""How long somebody stays out of a room who was removed from it by a moderator."""

GUEST_SECONDS = 86_400
"""How long a ban of a guest or a network lasts unless a time is given: addresses change hands."""

LOCKDOWN_SECONDS = 3_600
"""How long a lockdown lasts unless a time is given."""

SHOWN = 50
"""Bans or reports that are listed, the newest first."""

MAX_LIFTED = 20
"""Bans of one target that are lifted at once."""

AUDIT = 20
"""Acts of moderators that C{/audit} shows unless another number is asked for."""

MAX_AUDIT = 200
"""Acts that it shows at most."""

SHOWN_TEXTS = 3
"""Removed messages that it shows of each removal."""

NETWORK = "a network"
"""How a room is told of a network: nobody learns there where others come from."""


class Where(NamedTuple):
    """
    Where a moderator acts.

    @ivar place: as the law knows it.
    @ivar room: in which its events are shown.
    @ivar shown: how sentences call it.
    """

    place: str
    room: str
    shown: str


class Whom(NamedTuple):
    """
    Whom a moderator acts on.

    @ivar name: how people call them.
    @ivar who: their account or their session, or empty.
    @ivar values: what a ban says of them.
    @ivar isLasting: whether a ban of them has no end unless a time is given.
    """

    name: str
    who: str
    values: Mapping[str, Any]
    isLasting: bool = False


# Who may do what


def rankOf(user: User) -> Rank:
    """
    @return: the user's rank in the room that they speak in.
    """
    return user.state.law.rank(user.current.place, user.sid)


def mayKick(user: User) -> bool:
    """
    @return: whether the user may remove members from their current room.
    """
    return mayRule(user) or user.state.owns(user.sid, user.current)


def mayModerate(user: User) -> bool:
    """
    @return: whether the user is a moderator of their current room, or stands above that.
    """
    return rankOf(user) >= Rank.MODERATOR


def mayRule(user: User) -> bool:
    """
    @return: whether the user is a moderator of their current room; in the lobby an operator, as
        bans from there are bans from the server.
    """
    isLobby = user.current is user.state.rooms.lobby
    return rankOf(user) >= (Rank.OPERATOR if isLobby else Rank.MODERATOR)


def mayGrant(user: User) -> bool:
    """
    @return: whether the user gives roles in their current room.
    """
    return rankOf(user) >= Rank.OWNER


def mayOperate(user: User) -> bool:
    """
    @return: whether the user is an operator.
    """
    return rankOf(user) >= Rank.OPERATOR


async def _here(user: User) -> Where:
    """
    @return: the user's current room, when no change of it waits for the log.
    """
    room = await settled(user)
    return Where(room.place, room.name, room.name)


async def _hereOrAll(user: User) -> Where:
    """
    @return: the same; but the whole server in the lobby, where everybody is.
    """
    where = await _here(user)
    if user.current is user.state.rooms.lobby:
        return Where(SERVER, SERVER, "this server")
    return where


# Whom


def _find(user: User, name: str) -> Whom:
    """
    @param name: as somebody typed it.
    @return: whoever has that name, registered or not, here or not.
    @raise NoSuchUser: if nobody is registered or here under it.
    """
    law, roster = user.state.law, user.state.roster
    owned = law.ownerOf(name.removeprefix("@"))
    if owned is not None:
        return Whom(owned.name, owned.who, {"who": owned.who}, True)
    member = roster.find(name)
    if law.isAccount(member.sid):
        return Whom(member.name, member.sid, {"who": member.sid}, True)
    values: dict[str, Any] = {"who": member.sid, "looks": sorted(looks(member.name))}
    for device in usersOf(member):
        net = hostNet(device.client.host)
        if net is not None:
            values |= {"net": net, "spares": True}
    return Whom(member.name, member.sid, values)


def _resolve(user: User, target: Target, isForAll: bool) -> Whom:
    """
    @param isForAll: whether a network is banned for registered people, too.
    @return: whom a target means; a name that nobody has is banned as a name.
    """
    if target.pattern:
        return Whom(target.pattern, "", {"pattern": target.pattern}, True)
    if target.net:
        return Whom(target.net, "", {"net": target.net, "spares": not isForAll})
    try:
        return _find(user, target.name)
    except NoSuchUser:
        name = cleanName(target.name)
        return Whom(name, "", {"looks": sorted(looks(name))})


def _mustStandAbove(user: User, where: Where, whom: Whom) -> None:
    """
    @raise NotAllowed: if the user may not act on this person.
    """
    law = user.state.law
    if whom.who == user.sid:
        raise NotAllowed("you cannot do this to yourself: name somebody else")
    if whom.who and law.rank(where.place, whom.who) >= law.rank(where.place, user.sid):
        raise NotAllowed(f"{whom.name} has your rank or a higher one: nothing was changed")


def _reason(words: Iterable[str]) -> str:
    return showable(" ".join(words))[:MAX_REASON]


async def _propose(user: User, where: Where, kind: str, whom: str, text: str, **data: Any) -> Event:
    """
    Let something happen, and what is said meanwhile wait for it.
    """
    values = asData({"place": where.place, **data})
    draft = Draft(kind, where.room, user.name, text, whom, user.sid, None, values)
    room = user.current
    with room.change():
        happening = user.propose(draft)
        if kind == BANNED and data["what"] == "enter" and where.place != SERVER:
            _putOut(user, room, data.get("who", ""), text if data.get("quiet") else "")
        return await happening


def _putOut(user: User, room: Room, who: str, reason: str) -> None:
    """
    Let somebody leave a room together with the ban: what they say after that in the log is heard
    by nobody.

    @param reason: what the room is told, or empty if it knows.
    """
    state = user.state
    member = state.roster.bySid(who)
    if member is not None and member in room:
        for device in usersOf(member):
            device.remember(room)
        left = Draft(LEFT, room.name, member.name, reason, user.name, who, None, user.sid)
        state.log.append(left, None)


# Bans


async def kick(user: User, text: str, key: str | None) -> None:
    """C{/kick NAME [REASON]}."""
    if not mayRule(user):
        await own.kick(user, text, key)
        return
    where = await _hereOrAll(user)
    name, *words = text.split()
    member = user.state.roster.find(name)
    if member.sid == user.sid:
        raise NotAllowed("you cannot remove yourself: /leave leaves the room")
    if member not in user.current:
        raise NotAllowed(f"{member.name} is not in {where.shown}")
    whom = Whom(member.name, member.sid, {"who": member.sid})
    _mustStandAbove(user, where, whom)
    until = user.state.seconds() + KICK_SECONDS
    values = {"what": "enter", "until": until, "who": member.sid, "quiet": True}
    await _propose(user, where, BANNED, member.name, _reason(words), **values)
    if where.place == SERVER:
        user.notice(f"{member.name} is out, and may be back in {showSpan(KICK_SECONDS)}", key)


async def ban(user: User, text: str, key: str | None) -> None:
    """C{/ban TARGET [TIME] [all] [REASON]}."""
    await _ban(user, text, "enter")


async def mute(user: User, text: str, key: str | None) -> None:
    """C{/mute NAME [TIME] [REASON]}."""
    await _ban(user, text, "speak")


async def _ban(user: User, text: str, what: str) -> None:
    where = await _hereOrAll(user)
    first, *words = text.split()
    target = parseTarget(first)
    if (target.net or target.pattern) and not mayOperate(user):
        raise NotAllowed("only operators may ban a network or a pattern: ban a name")
    seconds = parseSpan(words[0]) if words else None
    if seconds is not None:
        del words[0]
    isForAll = bool(words) and words[0] == "all"
    if isForAll:
        del words[0]
    whom = _resolve(user, target, isForAll)
    if isForAll and "net" in whom.values:
        whom = whom._replace(values={**whom.values, "spares": False})
    _mustStandAbove(user, where, whom)
    if seconds is None and not whom.isLasting:
        seconds = GUEST_SECONDS
    until = user.state.seconds() + seconds if seconds else 0
    shown = NETWORK if target.net and where.place != SERVER else whom.name
    event = await _propose(
        user, where, BANNED, shown, _reason(words), what=what, until=until, **whom.values
    )
    undo = "/unban" if what == "enter" else "/unmute"
    user.notice(f"{whom.name}{showEnd(until)}: {undo} {event.id} ends this")


async def unban(user: User, text: str, key: str | None) -> None:
    """C{/unban TARGET}."""
    await _lift(user, text, "enter")


async def unmute(user: User, text: str, key: str | None) -> None:
    """C{/unmute TARGET}."""
    await _lift(user, text, "speak")


async def _lift(user: User, text: str, what: str) -> None:
    where = await _hereOrAll(user)
    law = user.state.law
    word = text.split(maxsplit=1)[0]
    known = law.ban(int(word)) if word.isdecimal() and len(word) < 19 else None
    if known is not None and (known.place, known.what) == (where.place, what):
        found = [known]
    else:
        matches = _matching(user, parseTarget(word))
        found = [each for each in law.allBans(where.place, what) if matches(each)]
    if not found:
        raise NotAllowed(f"there is no such ban: /bans lists those of {where.shown}")
    for each in found[:MAX_LIFTED]:
        shown = NETWORK if each.net and not each.looks and where.place != SERVER else each.target
        await _propose(user, where, LIFTED, shown, "", ban=each.id, what=what)


def _matching(user: User, target: Target) -> Callable[[Ban], bool]:
    """
    @return: whether a ban is of this target.
    """
    if target.net:
        return lambda ban: ban.net == target.net
    if target.pattern:
        return lambda ban: ban.pattern == target.pattern
    owned = user.state.law.ownerOf(target.name)
    key = nameKey(target.name)
    who = None if owned is None else owned.who
    return lambda ban: (ban.who == who and bool(who)) or nameKey(ban.target) == key


async def bans(user: User, text: str, key: str | None) -> None:
    """C{/bans}."""
    where = await _hereOrAll(user)
    listed = user.state.law.bans(where.place, user.state.seconds(), SHOWN)
    if not listed:
        user.notice(f"nobody is banned from {where.shown}, nor muted there", key)
    for each in listed:
        what = "banned" if each.what == "enter" else "muted"
        why = f": {each.reason}" if each.reason else ""
        user.notice(
            f"{each.id} {each.target} is {what}{showEnd(each.until)}, by {each.author}{why}", key
        )


# What is set


async def slow(user: User, text: str, key: str | None) -> None:
    """C{/slow TIME}, C{/slow off}."""
    seconds = 0 if text == "off" else parseSpan(text)
    if seconds is None or seconds > MAX_SLOW:
        raise BadCommand(f"Usage: /slow 30s, at most {showSpan(MAX_SLOW)}; /slow off ends it")
    where = await _here(user)
    shown = showSpan(seconds) if seconds else "off"
    await _propose(user, where, SET, "", shown, what="slow", value=seconds)


async def readonly(user: User, text: str, key: str | None) -> None:
    """C{/readonly on}, C{/readonly off}."""
    if text not in ("on", "off"):
        raise BadCommand("Usage: /readonly on, or /readonly off")
    where = await _here(user)
    await _propose(user, where, SET, "", text, what="readonly", value=text)


async def lockdown(user: User, text: str, key: str | None) -> None:
    """C{/lockdown WHAT [TIME]}."""
    value, *words = text.split()
    seconds = parseSpan(words[0]) if words else LOCKDOWN_SECONDS
    isKnown = value in ("off", "register", "guests", "all")
    if not isKnown or len(words) > 1 or seconds is None or seconds > MAX_LOCKDOWN:
        raise BadCommand("Usage: /lockdown register, guests or all, then a time up to 7d; or off")
    until = 0 if value == "off" else user.state.seconds() + seconds
    where = Where(SERVER, SERVER, "this server")
    await _propose(user, where, SET, "", value, what="lockdown", value=value, until=until)


# Roles


async def grant(user: User, text: str, key: str | None) -> None:
    """C{/grant NAME ROLE}."""
    name, role, *more = text.split()
    if more or role.lower() not in ROLES:
        raise BadCommand("Usage: /grant NAME owner, moderator or speaker")
    await _grant(user, name, role.lower())


async def revoke(user: User, text: str, key: str | None) -> None:
    """C{/revoke NAME}."""
    await _grant(user, text.split(maxsplit=1)[0], "")


async def _grant(user: User, name: str, role: str) -> None:
    if user.member.isRegistered:
        mustProve(user)
    where = await _here(user)
    whom = _find(user, name)
    law = user.state.law
    isOperator = law.rank(SERVER, whom.who) >= Rank.OPERATOR
    if role == "operator" or (not role and isOperator and user.current is user.state.rooms.lobby):
        where = Where(SERVER, SERVER, "this server")
    if not law.isAccount(whom.who):
        raise NotAllowed(f"{whom.name} is not registered: roles are for registered people alone")
    await _propose(user, where, GRANTED, whom.name, "", who=whom.who, role=role)


# Removals


async def remove(user: User, text: str, key: str | None) -> None:
    """C{/remove ID [REASON]}, C{/remove NAME TIME [REASON]}."""
    where = await _here(user)
    room = user.current
    first, *words = text.split()
    seconds = parseSpan(words[0]) if words else None
    if seconds is not None:
        await _removeSince(user, where, first, seconds, _reason(words[1:]))
        return
    if not first.isdecimal():
        raise BadCommand("Usage: /remove NAME 1h, with a time, or /remove ID (/search shows ids)")
    message = await _message(user, room, first)
    whom = Whom(message.name, message.sid, {})
    if message.sid != user.sid:
        _mustModerate(user)
        _mustStandAbove(user, where, whom)
    await _propose(
        user, where, REMOVED, message.name, _reason(words), who=message.sid, ids=[message.id]
    )


def _mustModerate(user: User) -> None:
    if not mayModerate(user):
        raise NotAllowed(
            "only moderators remove what others said: /report NAME or ID tells them of it"
        )


async def _removeSince(user: User, where: Where, name: str, seconds: int, reason: str) -> None:
    """
    Remove what somebody said lately: of a registered person by their account, of a guest by name.
    """
    try:
        whom = _find(user, name)
    except NoSuchUser:
        clean = cleanName(name)
        whom = Whom(clean, "", {"looks": sorted(looks(clean))})
    if whom.who != user.sid:
        _mustModerate(user)
        _mustStandAbove(user, where, whom)
    after = await _newestBefore(user, user.current, user.state.seconds() - seconds)
    if whom.isLasting or whom.who == user.sid:
        selected: dict[str, Any] = {"who": whom.who}
    else:
        selected = {"name": whom.name, "looks": whom.values["looks"]}
    await _propose(user, where, REMOVED, whom.name, reason, after=after, **selected)


async def _newestBefore(user: User, room: Room, at: float) -> int:
    """
    @param at: a time, in seconds since the epoch.
    @return: the id of the last message of a room before that time, or one before the room's own.
    """
    log, place = user.state.log, Place(room.name, ((room.id, user.state.lastId),))
    # What has an id below the one is older than that time, what has the other or more is not.
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
    @param number: an id as it was typed.
    @return: a message of a room.
    @raise ChatError: if it is none that the user may read, or it was removed.
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
    @return: what a store answers.
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
    where = await _here(user)
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
    await _propose(user, where, RESTORED, removal["to"], "", removal=id, by=removal["by"], ids=ids)


# Reports


async def report(user: User, text: str, key: str | None) -> None:
    """C{/report NAME or ID [REASON]}."""
    room = await settled(user)
    first, *words = text.split()
    values: dict[str, Any]
    if first.isdecimal():
        message = await _message(user, room, first)
        name = message.name
        values = {"who": message.sid, "message": message.id, "copy": message.text}
    else:
        whom = _find(user, first)
        name, values = whom.name, {"who": whom.who}
    where = Where(room.place, SERVER, room.name)
    await _propose(user, where, REPORTED, name, _reason(words), room=room.name, **values)
    user.notice("Thank you: the moderators are told", key)


async def reports(user: User, text: str, key: str | None) -> None:
    """C{/reports}."""
    where = await _hereOrAll(user)
    law = user.state.law
    open = [
        (int(id), each)
        for id, each in law.records.all(REPORT).items()
        if where.place in (SERVER, each["place"])
    ]
    if not open:
        user.notice(f"no report from {where.shown} is open", key)
    for id, each in sorted(open, key=lambda pair: -pair[0])[:SHOWN]:
        why = f": {each['reason']}" if each["reason"] else ""
        said = f" -- message {each['message']}: {each['copy']}" if each["message"] else ""
        user.notice(f"{id} {each['name']} reports {each['to']} in {each['room']}{why}{said}", key)


async def done(user: User, text: str, key: str | None) -> None:
    """C{/done ID}."""
    known = user.state.law.records.all(REPORT).get(text.lstrip("0"))
    if known is None:
        raise NotAllowed("there is no such report: /reports lists those that are open")
    where = Where(known["place"], SERVER, "")
    await _propose(user, where, DONE, known["to"], "", report=int(text))
    user.notice(f"the report {int(text)} is done", key)


# The past


async def audit(user: User, text: str, key: str | None) -> None:
    """C{/audit [COUNT]}."""
    where = await _hereOrAll(user)
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
    @return: the first messages that a removal took away, as far as the user could read them.
    """
    room = user.state.rooms.get(event.room)
    if room is None or room not in user.rooms:
        return []
    ranges = room.placeFor(user.rights).ranges
    texts = await _reading(user.state.log.removedTexts(event.id, SHOWN_TEXTS))
    return [(id, text) for id, text in texts if any(first <= id <= last for first, last in ranges)]


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
