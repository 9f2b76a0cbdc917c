# -*- test-case-name: tests.chat.test_operator -*-
"""
What the operator of the server may do in the chat.  The server itself is the author: its events
have no session, so no user can forge one.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from ..accounts.registry import TO_RECOVER, TO_REGISTER
from ..errors import ChatError, NoSuchRoom, NoSuchUser, NotAllowed, NotShown
from ..stores.session import NO_RIGHTS
from ..text.names import cleanRoom
from ..text.secrets import hashCode, makeSecret
from ..wire.events import CLOSED, CODE, LEFT, MODERATION, REMOVED, UNLOCKED, Draft, Event, asData
from ..wire.events import SERVER as EVERYWHERE
from ..wire.prose import act
from .member import membersOf
from .room import Room
from .state import State

SERVER = "server"
"""The name under which the server does something.  No user can have it."""


CODE_SECONDS = 86_400.0
"""How long a code of the operator's is good."""


class Order:
    """
    A draft of the server on its way to the log and back: its origin.

    @ivar result: fires when the log has returned it and everybody was told; fails with the
        L{ChatError} if it was refused, or void.
    @ivar event: what it became, once it has happened.
    @ivar waits: always, as that of a L{user.User} who waits.
    """

    waits = True

    def __init__(self) -> None:
        self.result: Deferred[None] = Deferred()
        self.event: Event | None = None

    def settle(self) -> None:
        """
        Note that it has happened, unless it was refused.
        """
        if not self.result.called:
            self.result.callback(None)

    def refuse(self, error: ChatError) -> None:
        """
        Note that it cannot be stored, or that what came before it in the log rules it out.
        """
        if not self.result.called:
            self.result.errback(error)


def order(state: State, draft: Draft) -> Deferred[None]:
    """
    Give the log a draft for which no user waits.

    @return: see L{Order.result}.
    """
    made = Order()
    state.log.append(draft, made)
    return made.result


class ServerActor:
    """
    The server itself, as the author of what an operator orders from outside the chat: it may do
    everything that moderators do.  See L{user.Actor}.

    @ivar lines: what it is told in answer.
    """

    name = SERVER
    sid = ""
    rights = NO_RIGHTS

    def __init__(self, state: State, room: Room) -> None:
        """
        @param room: where it acts; the lobby: on the whole server.
        """
        self.state = state
        self.current = room
        self.lines: list[str] = []

    @property
    def rooms(self) -> tuple[Room, ...]:
        """All rooms.  What was said in a private one stays with its members."""
        return tuple(self.state.rooms.values())

    def notice(self, text: str, key: str | None = None) -> None:
        """See L{user.Actor.notice}."""
        self.lines.append(text)

    def propose(self, draft: Draft, key: str | None = None) -> Deferred[Event]:
        """See L{user.Actor.propose}."""
        return Deferred.fromCoroutine(self._propose(draft))

    async def _propose(self, draft: Draft) -> Event:
        made = Order()
        self.state.log.append(draft, made)
        await made.result
        event = made.event
        if event is None:
            raise NotShown("this was stored, but had no effect: the log says why")
        if event.kind == REMOVED:
            ids = await self.state.log.removedBy(event.id)
            self.lines.append(act(event._replace(data=asData({"ids": ids}))))
        elif event.kind in MODERATION:
            self.lines.append(act(event))
        return event


class Operator:
    """
    Does what the operator asks for.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    async def find(self, name: str) -> Room:
        """
        @param name: a room's, as somebody typed it.
        @return: the room, when no change of it waits for the log.
        @raise ChatError: if there is no such room.
        """
        room = await self._state.rooms.whenSettled(cleanRoom(name))
        if room is None:
            raise NoSuchRoom(f"there is no room {name}")
        return room

    async def giveCode(self, name: str) -> str:
        """
        Give out a code that works once, for L{CODE_SECONDS}.

        @param name: of an account whose owner has lost all devices and passwords; empty: for
            somebody who may register.
        @return: the code.
        @raise ChatError: if that cannot be.
        """
        law = self._state.law
        owned = law.ownerOf(name) if name else None
        if name and (owned is None or not law.isAccount(owned.who)):
            raise NoSuchUser(f"nobody is registered as {name}")
        code = makeSecret()
        data = {
            "hash": hashCode(code),
            "purpose": TO_REGISTER if owned is None else TO_RECOVER,
            "who": "" if owned is None else owned.who,
            "until": self._state.seconds() + CODE_SECONDS,
        }
        await order(self._state, Draft(CODE, EVERYWHERE, SERVER, data=asData(data)))
        return code

    async def open(self, name: str) -> Room:
        """
        Make a private room public.  What was said in it while it was private stays with those who
        were members then.

        @param name: the room's, as somebody typed it.
        @raise ChatError: if that cannot be.
        """
        room = await self.find(name)
        if not room.private:
            raise NotAllowed(f"{room.name} is public already")
        with room.change():
            await order(self._state, Draft(UNLOCKED, room.name, SERVER))
        if room.private:
            raise NotAllowed(f"{room.name} was changed meanwhile: try again")
        return room

    async def close(self, name: str) -> Room:
        """
        End a room: its members are told, and are in the lobby.  Nobody can join meanwhile; those
        who were just about to are sent away as well.

        @param name: the room's, as somebody typed it.
        @raise ChatError: if that cannot be.
        """
        room = await self.find(name)
        state = self._state
        if room is state.rooms.lobby:
            raise NotAllowed(f"everybody is in {room.name}: it cannot be closed")
        while state.rooms.byId.get(room.id) is room:
            room.beginClosing()
            for member in list(membersOf(room)):
                left = Draft(LEFT, room.name, member.name, "", SERVER, member.sid)
                state.log.append(left, None)
            await order(state, Draft(CLOSED, room.name, SERVER, data=str(room.id)))
        return room
