# -*- test-case-name: tests.chat.commands.test_order -*-
"""
The commands that keep order: who may be in a room, who may speak there, who has which role.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...accounts.bans import Ban
from ...accounts.moderation import MAX_LOCKDOWN, MAX_SLOW
from ...accounts.ranks import ROLES, Rank
from ...accounts.terms import Target, parseSpan, parseTarget, showEnd, showSpan
from ...errors import BadCommand, NoSuchUser, NotAllowed
from ...text.confusables import looks, nameKey
from ...wire.events import BANNED, GRANTED, LIFTED, SERVER, SET
from ..user import User
from . import rooms as own
from .account import mustProve
from .moderators import (
    Where,
    Whom,
    find,
    here,
    hereOrAll,
    mayOperate,
    mayRule,
    mustStandAbove,
    propose,
    reasonOf,
    resolve,
)

KICK_SECONDS = 60
"""How long somebody whom a moderator kicks must stay out of the room, in seconds."""

GUEST_SECONDS = 86_400
"""How long a ban of a guest or a network lasts by default, in seconds: addresses change hands."""

LOCKDOWN_SECONDS = 3_600
"""How long a lockdown lasts by default, in seconds."""

MAX_LISTED = 50
"""Most bans that are listed, the newest first."""

MAX_LIFTED = 20
"""Most bans of one target that are lifted at once."""

NETWORK = "a network"
"""Stands for a network in what a room is told, so that nobody learns the addresses of others."""


async def kick(user: User, text: str, key: str | None) -> None:
    """C{/kick NAME [REASON]}."""
    if not mayRule(user):
        await own.kick(user, text, key)
        return
    where = await hereOrAll(user)
    name, *words = text.split()
    member = user.state.roster.find(name)
    if member.sid == user.sid:
        raise NotAllowed("you cannot remove yourself: /leave leaves the room")
    if member not in user.current:
        raise NotAllowed(f"{member.name} is not in {where.shown}")
    concerned: dict[str, Any] = {"who": member.sid}
    if not member.isRegistered:
        # Over a new connection a guest has another session, so their name is banned.  Their address
        # is not: that would send away everybody else who comes from it.
        concerned["looks"] = sorted(looks(member.name))
    whom = Whom(member.name, member.sid, concerned)
    mustStandAbove(user, where, whom)
    until = user.state.seconds() + KICK_SECONDS
    values = {"what": "enter", "until": until, "quiet": True, **whom.values}
    await propose(user, where, BANNED, member.name, reasonOf(words), **values)
    if where.place == SERVER:
        user.notice(f"{member.name} is removed and can come back in {showSpan(KICK_SECONDS)}", key)


async def ban(user: User, text: str, key: str | None) -> None:
    """C{/ban TARGET [TIME] [all] [REASON]}."""
    await _ban(user, text, "enter")


async def mute(user: User, text: str, key: str | None) -> None:
    """C{/mute NAME [TIME] [REASON]}."""
    await _ban(user, text, "speak")


async def _ban(user: User, text: str, what: str) -> None:
    where = await hereOrAll(user)
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
    whom = resolve(user, target, isForAll)
    if isForAll and "net" in whom.values:
        whom = whom._replace(values={**whom.values, "spares": False})
    mustStandAbove(user, where, whom)
    if seconds is None and not whom.isLasting:
        seconds = GUEST_SECONDS
    until = user.state.seconds() + seconds if seconds else 0
    shown = NETWORK if target.net and where.place != SERVER else whom.name
    event = await propose(
        user, where, BANNED, shown, reasonOf(words), what=what, until=until, **whom.values
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
    where = await hereOrAll(user)
    law = user.state.law
    word = text.split(maxsplit=1)[0]
    known = law.ban(int(word)) if word.isdecimal() and len(word) < 19 else None
    if known is not None and (known.place, known.what) == (where.place, what):
        found = [known]
    else:
        matches = _hasTarget(user, parseTarget(word))
        found = [each for each in law.allBans(where.place, what) if matches(each)]
    if not found:
        raise NotAllowed(f"there is no such ban: /bans lists those of {where.shown}")
    for each in found[:MAX_LIFTED]:
        shown = NETWORK if each.net and not each.looks and where.place != SERVER else each.target
        await propose(user, where, LIFTED, shown, "", ban=each.id, what=what)


def _hasTarget(user: User, target: Target) -> Callable[[Ban], bool]:
    """
    @return: a predicate that tells whether a ban is of this target.
    """
    if target.net:
        return lambda ban: ban.net == target.net
    if target.pattern:
        return lambda ban: ban.pattern == target.pattern
    key = nameKey(target.name)
    try:
        who = find(user, target.name).who
    except NoSuchUser:
        who = ""
    return lambda ban: (bool(who) and ban.who == who) or nameKey(ban.target) == key


async def bans(user: User, text: str, key: str | None) -> None:
    """C{/bans}."""
    where = await hereOrAll(user)
    listed = user.state.law.bans(where.place, user.state.seconds(), MAX_LISTED)
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
    where = await here(user)
    shown = showSpan(seconds) if seconds else "off"
    await propose(user, where, SET, "", shown, what="slow", value=seconds)


async def readonly(user: User, text: str, key: str | None) -> None:
    """C{/readonly on}, C{/readonly off}."""
    if text not in ("on", "off"):
        raise BadCommand("Usage: /readonly on, or /readonly off")
    where = await here(user)
    await propose(user, where, SET, "", text, what="readonly", value=text)


async def lockdown(user: User, text: str, key: str | None) -> None:
    """C{/lockdown WHAT [TIME]}."""
    value, *words = text.split()
    seconds = parseSpan(words[0]) if words else LOCKDOWN_SECONDS
    isKnown = value in ("off", "register", "guests", "all")
    if not isKnown or len(words) > 1 or seconds is None or seconds > MAX_LOCKDOWN:
        raise BadCommand("Usage: /lockdown register, guests or all, then a time up to 7d; or off")
    until = 0 if value == "off" else user.state.seconds() + seconds
    where = Where(SERVER, SERVER, "this server")
    await propose(user, where, SET, "", value, what="lockdown", value=value, until=until)


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
    where = await here(user)
    whom = find(user, name)
    law = user.state.law
    isOperator = law.rank(SERVER, whom.who) >= Rank.OPERATOR
    if role == "operator" or (not role and isOperator and user.current is user.state.rooms.lobby):
        where = Where(SERVER, SERVER, "this server")
    if not law.isAccount(whom.who):
        raise NotAllowed(f"{whom.name} is not registered: only registered people can have a role")
    await propose(user, where, GRANTED, whom.name, "", who=whom.who, role=role)
