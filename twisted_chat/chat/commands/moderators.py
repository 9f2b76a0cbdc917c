# -*- test-case-name: tests.chat.commands.test_order -*-
"""
What the commands of moderators share: who may use them, where they act, and on whom.

What they change is judged again when the log returns it (L{accounts.moderation}); what is checked
here spares the log what cannot be, and says so in better words.
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
from .rooms import MAX_REASON, settled


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
    The person or network that a moderator acts on.

    @ivar name: how people call them.
    @ivar who: their account or their session, or empty.
    @ivar values: what a ban says of them.
    @ivar isLasting: whether a ban of them has no end unless a time is given.
    """

    name: str
    who: str
    values: Mapping[str, Any]
    isLasting: bool = False

    def isActor(self, user: User) -> bool:
        """
        @return: whether they are the moderator.
        """
        return bool(self.who) and self.who == user.sid


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


async def here(user: User) -> Where:
    """
    @return: the user's current room, when no change of it waits for the log.
    """
    room = await settled(user)
    return Where(room.place, room.name, room.name)


async def hereOrAll(user: User) -> Where:
    """
    @return: the same; but the whole server in the lobby, where everybody is.
    """
    where = await here(user)
    if user.current is user.state.rooms.lobby:
        return Where(SERVER, SERVER, "this server")
    return where


# Whom


def find(user: User, name: str) -> Whom:
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


def resolve(user: User, target: Target, isForAll: bool) -> Whom:
    """
    @param isForAll: whether a network is banned for registered people, too.
    @return: whom a target means; a name that nobody has is banned as a name.
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
    @raise NotAllowed: if the user may not act on this person, or on nobody any more: the role may
        have gone while the command waited.
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
    @return: a reason that was typed, as it is shown.
    """
    return showable(" ".join(words))[:MAX_REASON]


async def propose(user: User, where: Where, kind: str, whom: str, text: str, **data: Any) -> Event:
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
        left = Draft(LEFT, room.name, member.name, reason, user.name, who, None, user.sid)
        state.log.append(left, None)
