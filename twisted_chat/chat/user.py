# -*- test-case-name: tests.chat.test_user -*-
"""
The avatar: what a door may do for the person behind it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, succeed

from ..errors import BadName, BadText, NoSuchRoom, NoSuchUser
from ..stores.session import Session
from ..wire.events import JOINED, RENAMED, SAID, SPOKEN, TOLD, Draft, Event
from .audience import Audience

if TYPE_CHECKING:
    from ..errors import ChatError
    from .hub import Hub
    from .interfaces import IChatClient


class User:
    """
    One person in the chat.

    Answers leave in the order of what they answer: a refusal or the output of a command waits for
    the receipts of the messages before it.

    @ivar client: the connection behind it; another one after a session was taken over.
    @ivar name: how everybody calls him.
    @ivar sid: his session's id.
    @ivar rooms: the names of his rooms, the lobby first.
    @ivar earlier: the rooms of the session that he goes on with.
    @ivar current: the name of the room he speaks in.
    @ivar since: when he entered, in seconds since the epoch, UTC.
    @ivar spoke: when he last said something, in seconds since the epoch, UTC.
    @ivar teller: the session id of who last told him something alone, or empty.
    @ivar gone: whether he left, or is leaving.
    @ivar put: sends whole lines to the client.
    """

    __slots__ = (
        "__weakref__",
        "_alone",
        "_answered",
        "_asked",
        "_held",
        "_settling",
        "client",
        "current",
        "earlier",
        "gone",
        "hub",
        "name",
        "put",
        "rooms",
        "session",
        "sid",
        "since",
        "spoke",
        "teller",
    )

    def __init__(self, hub: Hub, client: IChatClient, name: str, session: Session) -> None:
        """
        @param hub: the chat.
        @param client: his connection.
        @param name: a clean name that is free.
        @param session: what is known of him; without a C{tokenHash} he cannot resume.
        """
        self.hub = hub
        self.name = name
        self.session = session if session.tokenHash else None
        self.sid = session.sid
        self.earlier = session.rooms
        self.rooms = hub.everywhere + session.rooms
        self.current = session.current if session.current in self.rooms else hub.lobby.name
        self.since = self.spoke = hub.seconds()
        self.teller = ""
        self.gone = False
        self._asked = self._answered = 0
        self._held: deque[tuple[int, bytes]] | None = None
        self._settling: Deferred[None] | None = None
        self._alone: Audience | None = None
        self.attach(client)

    def attach(self, client: IChatClient) -> None:
        """
        Go on with this connection.
        """
        self.client = client
        self.put = client.put
        self._alone = None

    def detach(self) -> None:
        """
        The connection is gone: nothing more is sent.
        """
        self.gone = True
        self.put = _nowhere

    @property
    def alone(self) -> Audience:
        """
        The audience that is only this person.
        """
        if self._alone is None:
            self._alone = Audience()
            self._alone.add(self, self.client.dialect.here)
        return self._alone

    @property
    def waiting(self) -> int:
        """
        How much of what he asked for is not answered yet.
        """
        return self._asked - self._answered

    # What a door calls

    def say(self, text: str, room: str = "", key: str | None = None, kind: str = SAID) -> None:
        """
        Say something in a room.

        @param text: clean text, not empty.
        @param room: the name of one of his rooms; empty: the current one.
        @param key: the client's own id of this message.
        @param kind: L{wire.events.ACTED} where he does it rather (C{/me}).
        @raise NoSuchRoom: if he is not in that room.
        @raise BadText: if nothing of the text can be seen.
        """
        if room and room not in self.rooms:
            raise NoSuchRoom(f"you are not in {room}: /join it first")
        if not text or text.isspace():
            raise BadText("there is nothing left of this text that can be shown: write something")
        self.append(Draft(kind, room or self.current, self.name, text, "", self.sid, key))

    def tell(self, name: str, text: str, key: str | None = None) -> None:
        """
        Say something to one person alone.

        @raise NoSuchUser: if nobody of this name is here.
        """
        target = self.hub.find(name)
        if not text or text.isspace():
            raise BadText("there is nothing left of this text that can be shown: write something")
        self.append(Draft(TOLD, "@" + target.sid, self.name, text, target.name, self.sid, key))

    def answerTeller(self, text: str, key: str | None = None) -> None:
        """
        Say something to who last told him something.

        @raise NoSuchUser: if there is none, or he left.
        """
        target = self.hub.bySid(self.teller)
        if target is None:
            raise NoSuchUser("nobody is here to reply to: use /msg NAME TEXT")
        self.tell(target.name, text, key)

    def rename(self, name: str) -> None:
        """
        Take another name.

        @raise BadName: if no one may have it.
        @raise NameTaken: if somebody has it, or one that looks like it.
        """
        new = self.hub.rename(self, name)
        if new == self.name:
            raise BadName(f"you are called {new} already: choose another name")
        self.append(Draft(RENAMED, self.hub.lobby.name, self.name, "", new, self.sid))
        self.name = new
        self.remember()

    def quit(self) -> None:
        """
        Leave the chat: the goodbye comes when everything said before is answered.
        """
        if not self.gone:
            self.hub.leave(self)

    def append(self, draft: Draft) -> None:
        """
        Give a draft to the log as its author: exactly one answer will follow.
        """
        self._asked += 1
        self.hub.log.append(draft, self)

    def remember(self) -> None:
        """
        Keep what has changed of his session, where it can be resumed.
        """
        if self.session is not None:
            hub = self.hub
            rooms = tuple(hub.room(name).ticket for name in self.rooms if name != hub.lobby.name)
            self.session = self.session._replace(
                name=self.name, rooms=rooms, current=self.current, seen=self.hub.seconds()
            )
            self.hub.log.remember(self.session)

    # Answers

    def notice(self, text: str, key: str | None = None) -> None:
        """
        Tell him something in answer to what he did.
        """
        self.reply(self.client.dialect.notice(text, key))

    def refuse(self, error: ChatError, key: str | None = None) -> None:
        """
        Tell him that something was refused, and what to do.
        """
        self.reply(self.client.dialect.refusal(error, key))

    def reply(self, data: bytes) -> None:
        """
        Send whole lines after the answers to everything he asked for so far.
        """
        if self._asked == self._answered:
            self.put(data)
        elif self._held is None:
            self._held = deque([(self._asked, data)])
        else:
            self._held.append((self._asked, data))

    def answer(self, event: Event) -> bytes:
        """
        The log took one of his drafts.

        @return: his receipt, with what waited for it.
        """
        self._answered += 1
        dialect = self.client.dialect
        if event.kind in SPOKEN:
            # What is sent again was said when it was said first.
            self.spoke = max(self.spoke, event.time)
            data = dialect.receipt(event)
        elif event.kind == JOINED and event.room == self.hub.lobby.name:
            data = b""  # The welcome tells it.
        else:
            data = dialect.own(event)
        return data if self._held is None else data + self._due()

    def answerRefused(self, error: ChatError, key: str | None) -> None:
        """
        The log did not take one of his drafts.
        """
        self._answered += 1
        data = self.client.dialect.refusal(error, key)
        self.put(data if self._held is None else data + self._due())

    def _due(self) -> bytes:
        """
        @return: what waited for as many answers as there are now.
        """
        held = self._held
        if held is None:
            return b""
        due = []
        while held and held[0][0] <= self._answered:
            due.append(held.popleft()[1])
        if not held:
            self._held = None
        return b"".join(due)

    def whenAnswered(self) -> Deferred[None]:
        """
        @return: fires when everything that he asked for so far is answered; at most one caller
            at a time.
        """
        if self._asked == self._answered:
            return succeed(None)
        self._settling = Deferred()
        return self._settling

    def settle(self) -> None:
        """
        Some of what he asked for was answered, and that was sent.
        """
        if self._settling is not None and self._asked == self._answered:
            settling, self._settling = self._settling, None
            settling.callback(None)
        self.client.settled()

    def mustBeIn(self, room: str) -> None:
        """
        @raise NoSuchRoom: if he is not in the room.
        """
        if room not in self.rooms:
            raise NoSuchRoom(f"you are not in {room}: /join it first")


def _nowhere(data: bytes) -> None:
    """
    The way out of one who is gone.
    """
