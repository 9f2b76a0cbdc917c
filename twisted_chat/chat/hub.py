# -*- test-case-name: tests.chat.test_hub -*-
"""
The hub: who is here, which rooms there are, and the way of every event from the log to people.

It knows no socket, no bytes and no reactor.  Doors call it and the avatars (L{user.User}) it gives
out; it calls their clients (L{interfaces.IChatClient}).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING, cast

from zope.interface import implementer

from ..errors import NameTaken, NoSuchUser
from ..stores.interfaces import IFollower, IStore
from ..stores.session import Session
from ..text.confusables import looks, nameKey, nearest
from ..text.names import MAX_TYPED, cleanName
from ..wire.events import (
    ACTED,
    CREATED,
    INVITED,
    JOINED,
    LEFT,
    PRESENCE,
    RENAMED,
    SAID,
    STATE,
    TOLD,
    Draft,
    Event,
)
from .audience import Audience
from .fanout import FanOut
from .interfaces import Journal, NoJournal
from .presence import Moves
from .room import Room
from .rooms import Rooms
from .user import User
from .welcome import BACKLOG, Arrival, Welcomer

if TYPE_CHECKING:
    from ..errors import ChatError
    from .interfaces import IChatClient

LOBBY = "#lobby"
"""The room where everybody is, unless the operator calls it otherwise."""

SUGGESTED_FROM = 500
"""Names that are compared with one that nobody has: under 1 ms."""

_HEARD = frozenset({SAID, ACTED})
"""The kinds that a room hears and that change nothing."""

_MOVES = frozenset({JOINED, LEFT})
"""The kinds that change who hears what comes after them."""


def _moves(entry: tuple[Event, object]) -> bool:
    return entry[0].kind in _MOVES


@implementer(IFollower)
class Hub:
    """
    One chat.

    @ivar users: everybody who is here, by name.
    @ivar rooms: all rooms, by name.
    @ivar lobby: the room where everybody is.
    @ivar everywhere: the names of the rooms where everybody is: the lobby's.
    @ivar log: where everything goes through.
    @ivar seconds: the wall clock, in seconds since the epoch, UTC.
    @ivar journal: where the operator reads.
    @ivar lastId: the id of the newest event that people were shown.
    """

    def __init__(
        self,
        log: IStore,
        lobby: str = LOBBY,
        seconds: Callable[[], float] = time.time,
        journal: Journal | None = None,
        backlog: int = BACKLOG,
        motd: str = "",
    ) -> None:
        """
        @param log: follows nobody yet.
        @param lobby: a clean room name.
        @param seconds: the wall clock; it only stamps and never times.
        @param journal: where the operator reads.
        @param backlog: how many of a room's last messages its newcomers are shown.
        @param motd: clean lines that everybody is shown who enters, or empty.
        """
        self.log = log
        self.seconds = seconds
        self.journal: Journal = NoJournal() if journal is None else journal
        self.users: dict[str, User] = {}
        self.rooms = Rooms(lobby)
        self.lobby = self.rooms.lobby
        self.everywhere = (lobby,)
        self.lastId = 0
        self.welcomer = Welcomer(self, backlog, motd)
        self._movements = Moves(self)
        self._names: dict[str, User] = {}
        self._sids: dict[str, User] = {}
        log.follow(self)

    # Who is here

    def find(self, name: str) -> User:
        """
        @param name: as somebody typed it: only its case and its Unicode form may differ.
        @raise NoSuchUser: if nobody of this name is here.
        """
        user = self.users.get(name)
        if user is None:
            if len(name) > MAX_TYPED:
                raise NoSuchUser("nobody has a name as long as this: /names tells who is here")
            key = nameKey(name)
            user = self._names.get(key)
            if user is None or nameKey(user.name) != key:
                raise NoSuchUser(f"nobody of this name is here: {self._suggest(name)}")
        return user

    def _suggest(self, name: str) -> str:
        near = nearest(name, islice(self.users, SUGGESTED_FROM))
        return "/names tells who is" if near is None else f"did you mean {near}?"

    def bySid(self, sid: str) -> User | None:
        """
        @return: who is here with this session, or C{None}.
        """
        user = self._sids.get(sid)
        return None if user is None or user.gone else user

    def enter(
        self, client: IChatClient, name: str, session: Session, arrival: Arrival | None = None
    ) -> User:
        """
        Let somebody in.  He is welcomed when the log took his coming.

        @param name: the name he wants, as he typed it.
        @param session: a new session, or the one he resumes.
        @param arrival: what he asked for when he came.
        @raise BadName: if no one may have this name.
        @raise NameTaken: if somebody has it, or one that looks like it.
        """
        name = cleanName(name)
        self._claim(name, session.sid)
        if session.rooms:
            session = session._replace(rooms=self.rooms.readmitted(session))
        user = User(self, client, name, session)
        self._sids[user.sid] = user
        self._reserve(name, user)
        if arrival is not None:
            self.welcomer.expect(user, arrival)
        for room in user.rooms:
            user.append(Draft(JOINED, room, name, sid=user.sid))
        return user

    def takeOver(self, client: IChatClient, user: User, arrival: Arrival) -> None:
        """
        Go on with the session of somebody who is still here, over another connection.
        """
        old = user.client
        old.bye(old.dialect.bye("this session goes on over another connection"))
        user.attach(client)
        if user not in self.lobby:
            self.welcomer.expect(user, arrival)
            return
        for room in self.roomsOf(user):
            self.look(user, room)
        self.welcomer.resume(user, self.lastId + 1, arrival)

    def rename(self, user: User, name: str) -> str:
        """
        Give somebody's name back and reserve another for him.

        @return: the new name, clean.
        @raise BadName: if no one may have it.
        @raise NameTaken: if somebody else has it, or one that looks like it.
        """
        new = cleanName(name)
        self._claim(new, user.sid)
        self._release(user)
        self.journal.tell(f"{user.name} is now {new}", user.client.address)
        self._reserve(new, user)
        return new

    def leave(self, user: User) -> None:
        """
        Let somebody go: his name is free at once, and the others hear it from the log.
        """
        self._release(user)
        user.gone = True
        user.append(Draft(LEFT, self.lobby.name, user.name, sid=user.sid))

    def gone(self, user: User) -> None:
        """
        Somebody has left: his session is nobody's here any more.
        """
        if self._sids.get(user.sid) is user:
            del self._sids[user.sid]

    def _claim(self, name: str, sid: str) -> None:
        for look in looks(name):
            holder = self._names.get(look)
            if holder is None or holder.sid == sid:
                continue
            same = "is taken" if holder.name == name else f"looks like {holder.name}, who is here"
            raise NameTaken(f"the name {name} {same}: choose another")

    def _reserve(self, name: str, user: User) -> None:
        self.users[name] = user
        for look in looks(name):
            self._names[look] = user

    def _release(self, user: User) -> None:
        for look in looks(user.name):
            if self._names.get(look) is user:
                del self._names[look]
        if self.users.get(user.name) is user:
            del self.users[user.name]

    # Rooms

    def room(self, name: str, creator: str = "") -> Room:
        """
        @return: the room of exactly this name; it is made where there is none.
        """
        return self.rooms.make(name, creator)

    def look(self, user: User, room: Room) -> None:
        """
        Let somebody see a room, his current one or another of his.
        """
        dialect = user.client.dialect
        room.add(user, dialect.here if room.name == user.current else dialect.elsewhere)

    # The way of an event

    def stored(self, batch: Sequence[tuple[Event, object]]) -> None:
        """
        See L{IFollower.stored}.  Comings and goings change who hears the rest: the batch is shown
        in runs of one sort.
        """
        entries = cast("Sequence[tuple[Event, User | None]]", batch)
        for event, _ in entries:
            if event.kind in _MOVES:
                for moves, run in groupby(entries, _moves):
                    (self._movements.show if moves else self._show)(list(run))
                break
        else:
            self._show(entries)
        self.lastId = batch[-1][0].id
        for author in {author for _, author in batch}:
            if author is not None:
                cast("User", author).settle()

    def repeated(self, batch: Sequence[tuple[Event, object]]) -> None:
        """
        See L{IFollower.repeated}.  The receipt is given again, and nothing is shown twice.
        """
        for event, author in cast("Sequence[tuple[Event, User]]", batch):
            author.put(author.answer(event))
            author.settle()

    def refused(self, batch: Sequence[tuple[Draft, object]], error: ChatError) -> None:
        """
        See L{IFollower.refused}.  People come and go even when that cannot be stored: they do so
        unannounced.
        """
        for draft, author in cast("Sequence[tuple[Draft, User]]", batch):
            if draft.kind in PRESENCE:
                event = Event(self.lastId, self.seconds(), *draft)
                data = author.answer(event)
                if draft.kind in _MOVES:
                    self._movements.happened(event, author)
                self._movements.tell(author, [data])
                if draft.kind == LEFT and author not in self.lobby:
                    self._movements.dismiss(author)
            else:
                author.answerRefused(error, draft.key)
            author.settle()

    def _show(self, run: Sequence[tuple[Event, User | None]]) -> None:
        """
        Show events that leave everybody where he is.
        """
        fan = FanOut(self.lobby.name, [event for event, _ in run])
        rooms = self.rooms
        journal = self.journal
        for place, (event, author) in enumerate(run):
            if author is not None:
                fan.answer(place, author, author.answer(event))
            if event.kind in _HEARD:
                room = rooms.get(event.room)
                if room is not None:
                    fan.show(place, room)
                    if not room.private:
                        address = "" if author is None else author.client.address
                        text = event.text if event.kind == SAID else f"* {event.text}"
                        journal.said(event.name, text, address)
            else:
                self._change(event)
                for audience in self._audiences(event, author):
                    fan.show(place, audience)
        fan.send()

    def _audiences(self, event: Event, author: User | None) -> Iterable[Audience]:
        """
        @return: who hears an event that is neither said nor a move.
        """
        if event.kind == TOLD:
            target = self._sids.get(event.room[1:])
            if target is not None:
                target.teller = event.sid
                yield target.alone
        elif event.kind == RENAMED:
            yield from self.around(author)
        else:
            room = self.rooms.get(event.room)
            if room is not None and event.kind != CREATED:
                yield room
            guest = self._sids.get(event.text) if event.kind == INVITED else None
            if guest is not None and (room is None or guest not in room):
                yield guest.alone

    def around(self, user: User | None) -> list[Room]:
        """
        @return: the rooms whose members are told of somebody's coming, going or new name: the
            lobby where that is told, because everybody is in it, or else the smaller ones.
        """
        if self.lobby.tellsPresence:
            return [self.lobby]
        return [room for room in self.roomsOf(user) if room.tellsPresence] if user else []

    def roomsOf(self, user: User) -> list[Room]:
        """
        @return: the rooms whose events somebody hears.
        """
        rooms = (self.rooms.get(name) for name in user.rooms)
        return [room for room in rooms if room is not None and user in room]

    def _change(self, event: Event) -> None:
        if event.kind in STATE:
            self.room(event.room).change(event)
