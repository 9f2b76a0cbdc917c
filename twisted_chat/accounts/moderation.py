# -*- test-case-name: tests.accounts.test_moderation -*-
"""
The rules of rooms and moderation: how events about rooms, roles, bans, settings, removals and
reports change the records, and when they are void.

The author's rank in the place decides, as it is at the event's position in the log.  Nobody acts on
somebody of their own rank or above, except on themselves.  An end is compared with the time of an
event, never with a clock.

Each rule checks everything before it changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from ..errors import NotAllowed
from ..stores.interfaces import MAX_REMOVED, Records, Selection
from ..wire.events import (
    BANNED,
    CLOSED,
    CREATED,
    DONE,
    GRANTED,
    LIFTED,
    REMOVED,
    REPORTED,
    RESTORED,
    SERVER,
    SET,
    Event,
)
from . import records as kinds
from .banlists import add, checkSpace, count, drop, enter, listed
from .fields import Fields, malformed
from .masks import checkedNet, checkedPattern, isOneHost
from .ranks import LOBBY, ROLES, Rank, isAccount, knownPlace, placeOf, rankOf, roleIn

MAX_OWNED: Final = 16
"""Most rooms that one account owns: they stay while they are empty."""

MAX_ROLES: Final = 1_000
"""Most people with a role in one place."""

MAX_SLOW: Final = 6 * 3_600
"""The longest interval of slow mode, in seconds."""

MAX_LOCKDOWN: Final = 7 * 86_400.0
"""The longest lockdown, in seconds: one that is forgotten ends by itself."""

MAX_REPORTS: Final = 1_000
"""Open reports."""

MAX_OWN_REPORTS: Final = 10
"""Most open reports by one person."""

MAX_COPY: Final = 4_096
"""Most characters of the copy of a message in a report."""

MAX_REASON: Final = 256
"""Most characters of a reason in a record."""

_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "readonly": ("on", "off"),
    "guests": ("yes", "read-only", "no", ""),
    "registration": ("open", "invited", "operator", ""),
    "lockdown": ("register", "guests", "all", "off"),
}
"""The settings besides slow mode, and their values.  If C{guests} or C{registration} is empty, the
server's options apply."""

_OFF: Final = ("", "off", 0)
"""Values that unset a setting."""


def _checkRank(event: Event, records: Records, place: str) -> Rank:
    """
    @return: the rank of the event's author, who is at least a moderator, or an operator if the
        place is the server.
    @raise NotAllowed: if their rank is lower.
    """
    rank = rankOf(records, place, event.sid)
    if rank < (Rank.OPERATOR if place == SERVER else Rank.MODERATOR):
        whose = "operators" if place == SERVER else "moderators"
        raise NotAllowed(f"only {whose} may do this: nothing was changed")
    return rank


def _checkBelow(rank: Rank, event: Event, records: Records, place: str, who: str) -> None:
    """
    @param rank: of the event's author.
    @raise NotAllowed: if the author may not act on this person, in this place.
    """
    if who != event.sid and who and rankOf(records, place, who) >= rank:
        raise NotAllowed(f"{event.to} has your rank or a higher one: nothing was changed")


def _placeFrom(event: Event, records: Records, fields: Fields) -> tuple[str, Mapping[str, Any]]:
    """
    @return: the place of the event, and its record.
    @raise ChatError: if there is no such place, or the event is shown elsewhere.
    """
    place = fields.text("place")
    if (place == SERVER) != (event.room == SERVER):
        raise malformed()
    return place, placeOf(records, place)


# Rooms


def _created(event: Event, records: Records) -> None:
    made = records.get(kinds.ROOMS, event.sid) or []
    if len(made) >= MAX_OWNED and isAccount(records, event.sid):
        raise NotAllowed(f"you own {MAX_OWNED} rooms, which is the most: /join one that is there")
    place = str(event.id)
    records.put(kinds.PLACE, place, {"owner": event.sid, "roles": {}, "settings": {}, "bans": []})
    if event.sid:
        records.put(kinds.ROOMS, event.sid, [*made, place])


def _closed(event: Event, records: Records) -> None:
    """
    Forget a room.  An unknown room changes nothing: the chat itself judges whether it ends.
    """
    place = event.data
    there = None if place in (SERVER, LOBBY) else knownPlace(records, place)
    if there is None:
        return
    drop(records, place, {page: listed(records, place, page) for page in there["bans"]})
    _disown(records, there["owner"], place)
    records.put(kinds.PLACE, place, None)


def _disown(records: Records, owner: str, place: str) -> None:
    made = records.get(kinds.ROOMS, owner)
    if made:
        records.put(kinds.ROOMS, owner, [each for each in made if each != place] or None)


# Roles


def _granted(event: Event, records: Records) -> None:
    fields = Fields(event.data)
    place, there = _placeFrom(event, records, fields)
    who = fields.text("who")
    role = fields.word("role", *ROLES)
    if role and (role == "operator") != (place == SERVER):
        raise NotAllowed("operators belong to the whole server, all other roles to a room")
    if not isAccount(records, who):
        raise NotAllowed(f"{event.to} is not registered: only registered people can have a role")
    _checkGrant(event, records, place, who, ROLES[role])
    roles = {each: entry for each, entry in there["roles"].items() if each != who}
    if role:
        if len(roles) >= MAX_ROLES:
            raise NotAllowed(f"{MAX_ROLES} people have a role here, which is the most: /revoke one")
        roles[who] = [role, event.to]
    owner = there["owner"]
    if owner == who and role != "owner":
        _disown(records, who, place)
        owner = ""
    records.put(kinds.PLACE, place, {**there, "owner": owner, "roles": roles})


def _checkGrant(event: Event, records: Records, place: str, who: str, role: Rank) -> None:
    """
    @raise NotAllowed: if the author may not give this role to this person.  Everybody may give up
        their own role.
    """
    rank = rankOf(records, place, event.sid)
    if role > rank:
        raise NotAllowed("you cannot grant more than you have: ask an operator")
    if who == event.sid:
        return
    if rank < (Rank.OPERATOR if place == SERVER else Rank.OWNER):
        whose = "operators" if place == SERVER else "owners"
        raise NotAllowed(f"only {whose} may do this: nothing was changed")
    if roleIn(records, place, who) >= rank:
        raise NotAllowed(f"{event.to} has your rank or a higher one: nothing was changed")


# Bans


def _banned(event: Event, records: Records) -> None:
    fields = Fields(event.data)
    place, _ = _placeFrom(event, records, fields)
    what = fields.word("what", "enter", "speak")
    if place == LOBBY and what == "enter":
        raise NotAllowed("everybody is in the lobby: ban them from the server")
    until = fields.end(event.time)
    rank = _checkRank(event, records, place)
    ban = {
        **_whom(event, records, fields, place, rank),
        "place": place,
        "what": what,
        "until": until,
        "name": event.to,
        "by": event.sid,
        "author": event.name,
        "rank": int(min(rank, Rank.OPERATOR)),
        "reason": event.text[:MAX_REASON],
        "since": event.time,
    }
    ended = checkSpace(records, place, ban, event.id)
    drop(records, place, ended)
    enter(records, event.id, ban)


def _whom(event: Event, records: Records, fields: Fields, place: str, rank: Rank) -> dict[str, Any]:
    """
    @param rank: of the event's author.
    @return: the fields of the record that say whom a ban concerns.
    @raise ChatError: if it concerns nobody, or somebody whom the author may not ban.
    """
    who, looks = fields.text("who", ""), fields.looks()
    pattern, net = fields.text("pattern", ""), fields.text("net", "")
    _checkBelow(rank, event, records, place, who)
    _checkNames(rank, event, records, place, looks)
    if pattern:
        checkedPattern(pattern)
    if net:
        checkedNet(net)
    # A moderator may ban a guest together with the one host that they came from.
    if rank < Rank.OPERATOR and (pattern or (net and not (isOneHost(net) and looks))):
        raise NotAllowed("only operators may ban a network or a pattern: ban a name")
    whom = {"who": who, "looks": looks, "pattern": pattern, "net": net}
    given: dict[str, Any] = {name: value for name, value in whom.items() if value}
    if not given:
        raise malformed()
    if fields.flag("spares"):
        given["spares"] = True
    return given


def _checkNames(
    rank: Rank, event: Event, records: Records, place: str, looks: Collection[str]
) -> None:
    """
    @raise NotAllowed: if the owner of a look-alike is a person whom the author may not act on.
    """
    for look in looks:
        owned = records.get(kinds.OWNED, look)
        if owned is not None:
            _checkBelow(rank, event, records, place, owned["who"])


def _lifted(event: Event, records: Records) -> None:
    fields = Fields(event.data)
    place, _ = _placeFrom(event, records, fields)
    id = fields.whole("ban")
    rank = _checkRank(event, records, place)
    ban = records.get(kinds.BAN, str(id))
    if ban is None or ban["place"] != place:
        raise NotAllowed("this ban has ended already: /bans lists those that are left")
    if ban["rank"] > rank:
        raise NotAllowed("somebody of a higher rank decided this: ask them")
    if ban.get("who") == event.sid != ban["by"]:
        raise NotAllowed("you cannot lift a ban on yourself: ask somebody else")
    drop(records, place, {ban["page"]: [id]})


# What is set


def _set(event: Event, records: Records) -> None:
    fields = Fields(event.data)
    place, there = _placeFrom(event, records, fields)
    what = fields.text("what")
    until = fields.end(event.time)
    value: str | int
    if what == "slow":
        value = fields.whole("value", most=MAX_SLOW)
    elif what in _SETTINGS:
        value = fields.text("value")
        if value not in _SETTINGS[what]:
            raise malformed()
    else:
        raise malformed()
    if (what in ("slow", "readonly")) == (place == SERVER):
        raise malformed()
    if what == "lockdown" and value != "off" and not 0 < until - event.time <= MAX_LOCKDOWN:
        raise NotAllowed("a lockdown lasts 7 days at most: give a shorter time")
    _checkRank(event, records, place)
    settings = {each: entry for each, entry in there["settings"].items() if each != what}
    if value not in _OFF:
        settings[what] = [value, until]
    records.put(kinds.PLACE, place, {**there, "settings": settings})


# Removals


def _removed(event: Event, records: Records) -> None:
    fields = Fields(event.data)
    place, _ = _placeFrom(event, records, fields)
    who, name, looks = fields.text("who", ""), fields.text("name", ""), fields.looks()
    ids = fields.wholes("ids", MAX_REMOVED)
    after, upto = fields.whole("after", 0), fields.whole("upto", 0)
    if place == SERVER or not (who or name):
        raise malformed()
    rank = rankOf(records, place, event.sid)
    if who != event.sid or not who:
        rank = _checkRank(event, records, place)
        _checkBelow(rank, event, records, place, who)
        _checkNames(rank, event, records, place, () if who else looks)
    removal = {
        "place": place,
        "by": event.sid,
        "name": event.name,
        "to": event.to,
        "reason": event.text[:MAX_REASON],
        "time": event.time,
    }
    records.put(kinds.REMOVAL, str(event.id), removal)
    # A room's past begins with the event that made it, even if another room had its name before.
    after = max(after, int(place))
    upto = min(upto or event.id, event.id)
    records.hide(event.id, Selection(event.room, tuple(ids), who, name, after, upto))


def _restored(event: Event, records: Records) -> None:
    """
    Restore removed messages.  The chat keeps no removals in memory, so the event says who removed
    them; if that is wrong, nothing is restored.
    """
    fields = Fields(event.data)
    place, _ = _placeFrom(event, records, fields)
    id, by = fields.whole("removal"), fields.text("by")
    if not by or by != event.sid:
        rank = _checkRank(event, records, place)
        if min(rankOf(records, place, by), Rank.OPERATOR) > rank:
            raise NotAllowed("somebody of a higher rank removed this: ask them")
    removal = records.get(kinds.REMOVAL, str(id))
    if removal is not None and (removal["place"], removal["by"]) == (place, by):
        records.unhide(id)
        records.put(kinds.REMOVAL, str(id), None)


# Reports


def _reported(event: Event, records: Records) -> None:
    fields = Fields(event.data)
    place = fields.text("place")
    report = {
        "place": place,
        "room": fields.text("room"),
        "who": fields.text("who", ""),
        "message": fields.whole("message", 0),
        "copy": fields.text("copy", "", MAX_COPY),
        "to": event.to,
        "by": event.sid,
        "name": event.name,
        "reason": event.text[:MAX_REASON],
        "time": event.time,
    }
    placeOf(records, place)
    own = f"reports {event.sid}"
    if count(records, own) >= MAX_OWN_REPORTS:
        raise NotAllowed(f"{MAX_OWN_REPORTS} reports of yours are open: wait until one is done")
    if count(records, "reports") >= MAX_REPORTS:
        raise NotAllowed("too many reports are open: tell a moderator, by /msg NAME TEXT")
    records.put(kinds.REPORT, str(event.id), report)
    add(records, "reports", 1)
    add(records, own, 1)


def _done(event: Event, records: Records) -> None:
    id = str(Fields(event.data).whole("report"))
    report = records.get(kinds.REPORT, id)
    if report is None:
        raise NotAllowed("this report was dealt with already: /reports lists those that are left")
    _checkRank(event, records, report["place"])
    records.put(kinds.REPORT, id, None)
    add(records, "reports", -1)
    add(records, f"reports {report['by']}", -1)


RULES: Final[Mapping[str, Callable[[Event, Records], None]]] = {
    CREATED: _created,
    CLOSED: _closed,
    GRANTED: _granted,
    BANNED: _banned,
    LIFTED: _lifted,
    SET: _set,
    REMOVED: _removed,
    RESTORED: _restored,
    REPORTED: _reported,
    DONE: _done,
}
"""The rule of each kind in L{wire.events.MODERATION}, and of the two kinds that make and end
rooms."""
