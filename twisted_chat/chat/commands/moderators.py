# -*- test-case-name: tests.chat.commands.test_order -*-
"""
Shared by the moderators' commands: decides who may use them, where, and on whom.

Each change is judged again when the log returns it (L{accounts.moderation}); the checks here keep
impossible changes out of the log, and refuse them in better words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ...accounts.masks import hostNet
from ...accounts.ranks import Rank
from ...accounts.terms import Target
from ...errors import NoSuchUser, NotAllowed
from ...text.cleaning import showable
from ...text.confusables import looks
from ...text.names import cleanName
from ...wire.events import BANNED, LEFT, SERVER, Draft, Event, asData
from ..room import Room
from ..user import User, usersOf
from .rooms import MAX_REASON, settledRoom


class Where(NamedTuple):
    """
    Where a moderator acts.

    @ivar place: the place, as the law knows it.
    @ivar room: the room in which its events are shown.
    @ivar shown: its name in sentences.
    """

    place: str
    room: str
    shown: str


class Whom(NamedTuple):
    """
    The person or network that a moderator acts on.

    @ivar name: their name for people.
    @ivar who: their account or their session, or empty.
    @ivar values: the fields of a ban that identify them.
    @ivar isLasting: whether a ban of them without a time has no end.
    """

    name: str
    who: str
    values: Mapping[str, Any]
    isLasting: bool = False

    def isActor(self, user: User) -> bool:
        """
        @return: whether this is the moderator's own person.
        """
        return bool(self.who) and self.who == user.sid


# Who may do what


def rankOf(user: User) -> Rank:
    """
    @return: the user's rank in their current room.
    """
    return user.state.law.rank(user.current.place, user.sid)


def mayKick(user: User) -> bool:
    """
    @return: whether the user may remove members from their current room.
    """
    return mayRule(user) or user.state.owns(user.sid, user.current)


def mayModerate(user: User) -> bool:
    """
    @return: whether the user is at least a moderator of their current room.
    """
    return rankOf(user) >= Rank.MODERATOR


def mayRule(user: User) -> bool:
    """
    @return: whether the user is at least a moderator of their current room; in the lobby an
        operator, because bans there are bans from the server.
    """
    isLobby = user.current is user.state.rooms.lobby
    return rankOf(user) >= (Rank.OPERATOR if isLobby else Rank.MODERATOR)


def mayGrant(user: User) -> bool:
    """
    @return: whether the user may give roles in their current room.
    """
    return rankOf(user) >= Rank.OWNER


def mayOperate(user: User) -> bool:
    """
    @return: whether the user is an operator.
    """
    return rankOf(user) >= Rank.OPERATOR


async def here(user: User) -> Where:
    """
    @return: the user's current room, once no change of it waits for the log.
    """
    room = await settledRoom(user)
    return Where(room.place, room.name, room.name)


async def hereOrAll(user: User) -> Where:
    """
    @return: the user's current room, as L{here} returns it; the whole server if that is the lobby.
    """
    where = await here(user)
    if user.current is user.state.rooms.lobby:
        return Where(SERVER, SERVER, "this server")
    return where


# Whom


def find(user: User, name: str) -> Whom:
    """
    @param name: as somebody typed it.
    @return: the person with that name, registered or not, here or not.
    @raise NoSuchUser: if nobody with that name is registered or here.
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


def resolve(user: User, target: Target, isForAll: bool) -> Whom:
    """
    @param isForAll: whether a ban of a network includes registered people.
    @return: the person or network that a target means; a name that nobody has is banned as a name.
    """
    if target.pattern:
        return Whom(target.pattern, "", {"pattern": target.pattern}, True)
    if target.net:
        return Whom(target.net, "", {"net": target.net, "spares": not isForAll})
    try:
        return find(user, target.name)
    except NoSuchUser:
        name = cleanName(target.name)
        return Whom(name, "", {"looks": sorted(looks(name))})


def mustStandAbove(user: User, where: Where, whom: Whom) -> None:
    """
    @raise NotAllowed: if the user may not act on this person, or has lost their role while the
        command waited.
    """
    law = user.state.law
    rank = law.rank(where.place, user.sid)
    if rank < (Rank.OPERATOR if where.place == SERVER else Rank.MODERATOR):
        whose = "operators" if where.place == SERVER else "moderators"
        raise NotAllowed(f"only {whose} may do this: nothing was changed")
    if whom.isActor(user):
        raise NotAllowed("you cannot do this to yourself: name somebody else")
    if whom.who and law.rank(where.place, whom.who) >= rank:
        raise NotAllowed(f"{whom.name} has your rank or a higher one: nothing was changed")


def reasonOf(words: Iterable[str]) -> str:
    """
    @return: the reason from the words that were typed.
    """
    return showable(" ".join(words))[:MAX_REASON]


async def propose(user: User, where: Where, kind: str, whom: str, text: str, **data: Any) -> Event:
    """
    Propose a moderator's act; what is said meanwhile waits for it.
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
    Make somebody leave a room together with the ban, so that nobody hears what follows in the log.

    @param reason: the reason that the room is told; empty if it knows already.
    """
    state = user.state
    member = state.roster.bySid(who)
    if member is not None and member in room:
        left = Draft(LEFT, room.name, member.name, reason, user.name, who, None, user.sid)
        state.log.append(left, None)
