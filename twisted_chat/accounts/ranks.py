# -*- test-case-name: tests.accounts.test_ranks -*-
"""
The order of ranks, in a room and on the whole server.

Only accounts have a role, and a role belongs to a place.  An operator stands above everybody in
every place, the server itself above the operators.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from ..errors import ChatError, NoSuchRoom
from ..stores.interfaces import Records
from ..wire.events import SERVER
from .records import ACCOUNT, PLACE

LOBBY: Final = "0"
"""The place of the lobby."""


class Rank(IntEnum):
    """
    What somebody may do in a place: everything that those of lower rank may, too.
    """

    NONE = 0
    SPEAKER = 1
    MODERATOR = 2
    OWNER = 3
    OPERATOR = 4
    SERVER = 5


ROLES: Final[Mapping[str, Rank]] = {
    "": Rank.NONE,
    "speaker": Rank.SPEAKER,
    "moderator": Rank.MODERATOR,
    "owner": Rank.OWNER,
    "operator": Rank.OPERATOR,
}
"""The rank that each role gives; the empty one takes a role away."""

_EMPTY: Final[Mapping[str, Any]] = {"owner": "", "roles": {}, "settings": {}, "bans": []}


def knownPlace(records: Records, place: str) -> Mapping[str, Any] | None:
    """
    @return: the record of a place, or C{None} if there is no such place.  The server and the lobby
        always are.
    """
    there: Mapping[str, Any] | None = records.get(PLACE, place)
    if there is None:
        return _EMPTY if place in (SERVER, LOBBY) else None
    # Of a room that is older than the records only its owner is kept.
    return there if "bans" in there else {**_EMPTY, **there}


def placeOf(records: Records, place: str) -> Mapping[str, Any]:
    """
    @return: the record of a place.
    @raise ChatError: if there is no such place.
    """
    there = knownPlace(records, place)
    if there is None:
        raise noSuchPlace()
    return there


def noSuchPlace() -> ChatError:
    """
    @return: the refusal of what is about a room that is not there.
    """
    return NoSuchRoom("there is no such room any more: nothing was changed")


def isAccount(records: Records, who: str) -> bool:
    """
    @return: whether somebody is registered, and still is.
    """
    account = records.get(ACCOUNT, who)
    return account is not None and not account.get("gone")


def roleIn(records: Records, place: str, who: str) -> Rank:
    """
    @return: the rank that somebody has by their role in this very place.
    """
    there = knownPlace(records, place)
    if there is None or not isAccount(records, who):
        return Rank.NONE
    if there["owner"] == who:
        return Rank.OWNER
    role = there["roles"].get(who)
    return Rank.NONE if role is None else ROLES[role[0]]


def rankOf(records: Records, place: str, who: str) -> Rank:
    """
    @param who: an account, a session, or empty: the server itself.
    @return: somebody's rank in a place.
    """
    if not who:
        return Rank.SERVER
    return max(roleIn(records, SERVER, who), roleIn(records, place, who))


def settingOf(records: Records, place: str, what: str, time: float) -> Any:
    """
    @param time: in seconds since the epoch.
    @return: what was set for a place and is in force at this time, or C{None}.
    """
    there = knownPlace(records, place)
    setting = None if there is None else there["settings"].get(what)
    if setting is None or 0 < setting[1] <= time:
        return None
    return setting[0]
