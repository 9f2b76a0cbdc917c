# -*- test-case-name: tests.accounts.test_ranks -*-
"""
Orders people by rank, in a room and on the whole server.

Only accounts have roles, and a role belongs to a place.  An operator ranks above everybody in every
place, and the server itself above the operators.
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
    What somebody may do in a place, which includes everything that lower ranks may do.
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
"""The rank that each role gives; the empty role takes one away."""

_EMPTY: Final[Mapping[str, Any]] = {"owner": "", "roles": {}, "settings": {}, "bans": []}


def knownPlace(records: Records, place: str) -> Mapping[str, Any] | None:
    """
    @return: the record of a place, or C{None} if there is no such place.  The server and the lobby
        always exist.
    """
    there: Mapping[str, Any] | None = records.get(PLACE, place)
    if there is None:
        return _EMPTY if place in (SERVER, LOBBY) else None
    # For a room that is older than the records, only the owner is known.
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
    @return: the refusal of an event about a room that does not exist.
    """
    return NoSuchRoom("there is no such room any more: nothing was changed")


def isAccount(records: Records, who: str) -> bool:
    """
    @return: whether this is an account that has not ended.
    """
    account = records.get(ACCOUNT, who)
    return account is not None and not account.get("gone")


def roleIn(records: Records, place: str, who: str) -> Rank:
    """
    @return: the rank that somebody's role in this place gives them.
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
    @param who: an account, a session, or empty for the server itself.
    @return: somebody's rank in a place.
    """
    if not who:
        return Rank.SERVER
    return max(roleIn(records, SERVER, who), roleIn(records, place, who))


def settingOf(records: Records, place: str, what: str, time: float) -> Any:
    """
    @param time: in seconds since the epoch.
    @return: the value of a setting of a place that is in force at this time, or C{None}.
    """
    there = knownPlace(records, place)
    setting = None if there is None else there["settings"].get(what)
    if setting is None or 0 < setting[1] <= time:
        return None
    return setting[0]
