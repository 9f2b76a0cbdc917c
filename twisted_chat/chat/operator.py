# -*- test-case-name: tests.chat.test_operator -*-
"""
What the operator of the server may do in the chat.  The server itself is the author: its events
have no session, so no user can forge one.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from ..errors import ChatError, NoSuchRoom, NotAllowed
from ..text.names import cleanRoom
from ..wire.events import CLOSED, LEFT, UNLOCKED, Draft
from .member import membersOf
from .room import Room
from .state import State

SERVER = "server"
"""The name under which the server does something.  No user can have it."""


class Order:
    """
    A draft of the server on its way to the log and back: its origin.

    @ivar result: fires when the log has returned it and everybody was told; fails with the
        L{ChatError} if it was refused, or void.
    @ivar waits: always, as that of a L{user.User} who waits.
    """

    waits = True

    def __init__(self) -> None:
        self.result: Deferred[None] = Deferred()

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


class Operator:
    """
    Does what the operator asks for.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    async def _find(self, name: str) -> Room:
        """
        @raise ChatError: if there is no such room.
        """
        room = await self._state.rooms.whenSettled(cleanRoom(name))
        if room is None:
            raise NoSuchRoom(f"there is no room {name}")
        return room

    async def open(self, name: str) -> Room:
        """
        Make a private room public.  What was said in it while it was private stays with those who
        were members then.

        @param name: the room's, as somebody typed it.
        @raise ChatError: if that cannot be.
        """
        room = await self._find(name)
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
        room = await self._find(name)
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
