# -*- test-case-name: tests.chat.test_operator -*-
"""
Performs what the operator asks for in the chat.  The server itself is the author: its events have
no session, so no user can forge them.
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
"""The server's name as an author, which no user can have."""


CODE_SECONDS = 86_400.0
"""How long a code from the operator is valid, in seconds."""


@implementer(IClient)
class _Transcript:
    """
    A client without a connection, which keeps everything it is sent.

    @ivar data: the output, in order.
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
    The server itself as the author of one command.  It appears in no room.

    @ivar error: the refusal of the command, or C{None}.
    """

    __slots__ = ("error",)

    error: ChatError | None

    def refuse(self, error: ChatError, key: str | None = None) -> None:
        """
        Keep the refusal of the command.
        """
        self.error = error


class Order:
    """
    The origin of a draft of the server's.

    @ivar result: fires when the log has returned the event and everybody was told; fails with the
        L{ChatError} if it was refused or void.
    @ivar waits: always, as that of a L{user.User} who waits.
    """

    waits = True

    def __init__(self) -> None:
        self.result: Deferred[None] = Deferred()

    def settle(self) -> None:
        """
        Report success, unless it was refused.
        """
        if not self.result.called:
            self.result.callback(None)

    def refuse(self, error: ChatError) -> None:
        """
        Report that it cannot be stored, or is void.
        """
        if not self.result.called:
            self.result.errback(error)


def order(state: State, draft: Draft) -> Deferred[None]:
    """
    Append a draft of the server's.

    @return: see L{Order.result}.
    """
    made = Order()
    state.log.append(draft, made)
    return made.result


class Operator:
    """
    Performs the operator's requests.
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
        Perform a moderators' command, with a rank above everybody.

        @param line: as people type it, without the slash.
        @param room: the room in which it acts, as typed; by default the lobby, where bans are bans
            from the server.
        @return: the lines that its author would read.
        @raise ChatError: if it is refused.
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
        Make a one-time code that is valid for a day.

        @param name: the name of an account whose owner has lost all credentials; empty for a code
            that lets somebody register.
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
        Make a private room public.  Messages from its private time stay readable only for those who
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
        End a room: its members are told, and find themselves in the lobby.  Nobody can join
        meanwhile; members whose join was already under way are removed as well.

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
