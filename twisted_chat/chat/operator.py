# -*- test-case-name: tests.chat.test_operator -*-
"""
What the operator of the server may do in the chat.  The server itself is the author: its events
have no session, so no user can forge one.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from zope.interface import implementer

from ..accounts.registry import TO_RECOVER, TO_REGISTER
from ..errors import ChatError, NoSuchRoom, NoSuchUser, NotAllowed
from ..stores.session import Session
from ..text.names import cleanRoom
from ..text.secrets import hashCode, makeSecret
from ..wire.events import CLOSED, CODE, LEFT, UNLOCKED, Draft, asData
from ..wire.events import SERVER as EVERYWHERE
from ..wire.interfaces import IDialect
from ..wire.textlines import TEXT
from .interfaces import IClient, ICork
from .member import Member, membersOf
from .room import Room
from .state import State
from .user import User

SERVER = "server"
"""The name under which the server does something.  No user can have it."""


CODE_SECONDS = 86_400.0
"""How long a code of the operator's is good."""


@implementer(IClient)
class _Transcript:
    """
    A client without a connection: it keeps what it is told.

    @ivar data: all of it, in order.
    """

    dialect: IDialect = TEXT
    address = SERVER
    host = ""
    isTrusted = True
    isExposed = False
    unreachable = False

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.put = self.data.append

    def reply(self, data: bytes) -> None:
        """See L{IClient.reply}."""
        self.put(data)

    def cork(self) -> ICork:
        """
        See L{IClient.cork}.

        @raise NotAllowed: always: only those who join something have a past to read.
        """
        raise NotAllowed("the server itself joins no room")

    def answered(self) -> None:
        """See L{IClient.answered}."""

    def charge(self, lines: int) -> None:
        """See L{IClient.charge}: the operator has no rate."""

    def close(self, lastLines: bytes) -> None:
        """See L{IClient.close}."""


class _ServerUser(User):
    """
    The server itself as the author of one command.  Nobody sees it in a room.

    @ivar error: why the command was refused, or C{None}.
    """

    __slots__ = ("error",)

    error: ChatError | None

    def refuse(self, error: ChatError, key: str | None = None) -> None:
        """
        Keep why the command was refused.
        """
        self.error = error


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

    async def perform(self, line: str, room: str = "") -> list[str]:
        """
        Do a command for those who keep order, with a rank above everybody.

        @param line: as people type it, without the slash.
        @param room: where it is done, as somebody typed it; without it in the lobby, from where
            bans are bans from the server.
        @return: what an author of it would read, line by line.
        @raise ChatError: it is refused.
        """
        state = self._state
        transcript = _Transcript()
        member = Member(SERVER, "", state.seconds())
        user = _ServerUser(state, transcript, member, Session(""))
        user.error = None
        user.current = await self._find(room) if room else state.rooms.lobby
        await user.finish(state.perform(user, line, None), None)
        await user.whenAnswered()
        if user.error is not None:
            raise user.error
        return b"".join(transcript.data).decode().splitlines()

    async def makeCode(self, name: str) -> str:
        """
        Make a one-time code that is good for a day.

        @param name: of an account whose owner has lost every other way in; empty: the code lets
            somebody register.
        @return: the code.
        @raise ChatError: if there is no such account, or it cannot be stored.
        """
        state = self._state
        who = ""
        if name:
            owned = state.law.ownerOf(name)
            if owned is None or not state.law.isAccount(owned.who):
                raise NoSuchUser(f"nobody is registered as {name}")
            who = owned.who
        code = makeSecret()
        data = {
            "hash": hashCode(code),
            "purpose": TO_RECOVER if who else TO_REGISTER,
            "who": who,
            "label": "",
            "until": state.seconds() + CODE_SECONDS,
        }
        await order(state, Draft(CODE, EVERYWHERE, SERVER, data=asData(data)))
        return code

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
