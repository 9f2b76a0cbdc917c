# -*- test-case-name: tests.chat.test_welcome -*-
"""
The welcome: what a newcomer is told before he hears what happens now.

While the past is read, the present is kept back; so that each event comes once, and in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..wire.answers import Welcome
from ..wire.events import Event, Scope

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from .hub import Hub
    from .interfaces import IChatClient
    from .user import User

BACKLOG = 20
"""How many of a room's last messages a newcomer is shown, unless the operator says otherwise."""

PAGE = 500
"""Events that are read and sent at once to one who resumes: some 100 KB, far below what may wait
for him."""


class Arrival(NamedTuple):
    """
    What somebody asked for when he came.

    @ivar token: the secret of his session, or C{None} where it cannot be resumed.
    @ivar last: the last id he has seen, or C{None} for a new session.
    @ivar epoch: the epoch of that id.
    @ivar backlog: how many old messages he wants, or C{None} for the house's number.
    """

    token: str | None = None
    last: int | None = None
    epoch: str = ""
    backlog: int | None = None


class Welcomer:
    """
    Welcomes those who enter the chat or a room.
    """

    _log = Logger()

    def __init__(self, hub: Hub, backlog: int, motd: str) -> None:
        """
        @param backlog: how many old messages, unless somebody asks for another number.
        @param motd: clean lines, or empty.
        """
        self._hub = hub
        self._backlog = backlog
        self._motd = motd.splitlines()
        self._expected: dict[User, Arrival] = {}

    def expect(self, user: User, arrival: Arrival) -> None:
        """
        Somebody is about to come who asked for this.
        """
        self._expected[user] = arrival

    def came(self, user: User, event: Event) -> None:
        """
        Somebody came into a room.

        @param event: his coming, as the log took it.
        """
        arrival = self._expected.pop(user, Arrival())
        if event.room != self._hub.lobby.name:
            if not user.gone:
                user.client.hold()
                self._enterRoom(user, event)
            return
        self._hub.journal.tell(f"{user.name} is now connected", user.client.address)
        if user.gone:
            # He says goodbye already: what was before does not matter to him any more.
            if arrival.last is None:
                user.put(self._welcome(user, event.id, arrival, 0))
            return
        user.client.hold()
        if arrival.last is None or arrival.epoch != self._hub.log.epoch:
            self._greet(user, event, arrival)
        else:
            self._start(self._catchUp(user, self._boundary(event), arrival))

    def resume(self, user: User, boundary: int, arrival: Arrival) -> None:
        """
        Somebody who is still here goes on over a new connection.

        @param boundary: he hears live what has this id or a later one.
        """
        user.client.hold()
        self._start(self._catchUp(user, boundary, arrival))

    def _boundary(self, event: Event) -> int:
        """
        @return: the first id that who came with this event hears live.  A coming that could not be
            stored has no id of its own.
        """
        return max(event.id, self._hub.lastId + 1)

    def _start(self, coroutine: Coroutine[Deferred[object], object, None]) -> None:
        Deferred.fromCoroutine(coroutine)

    def _enterRoom(self, user: User, event: Event) -> None:
        client, room = user.client, self._hub.room(event.room)
        moved = client.dialect.moved(room.name, room.topic, len(room))
        self._release(user, event, self._backlog, moved)

    def _greet(self, user: User, event: Event, arrival: Arrival) -> None:
        client = user.client
        lost = client.dialect.gap(None) if arrival.last is not None else b""
        first = self._welcome(user, event.id, arrival, 0)
        count = self._backlog if arrival.backlog is None else arrival.backlog
        self._release(user, event, count, first + lost + self._motto(user))

    def _release(self, user: User, event: Event, count: int, first: bytes) -> None:
        """
        Let somebody hear first this, then the room's backlog, then what happens now.  A backlog
        that cannot be read keeps nobody out.
        """
        client = user.client
        if not count:
            client.release(first)
            return

        def read(events: list[Event]) -> None:
            client.release(first + client.dialect.backlog(events, self._hub.seconds()))

        def unreadable(failure: Failure) -> None:
            self._log.failure("the backlog of a room cannot be read", failure)
            client.release(first)

        before = self._boundary(event)
        self._hub.log.last(event.room, count, before).addCallbacks(read, unreadable)

    async def _catchUp(self, user: User, boundary: int, arrival: Arrival) -> None:
        """
        Tell one who resumes all that he missed, page by page, as fast as he reads.
        """
        client = user.client
        try:
            rest = await self._replay(user, client, boundary, arrival)
        except Exception:
            self._log.failure("the history cannot be read for one who resumes")
            # What happened meanwhile would tell a program that it has seen all that came before.
            client.drop()
            client.bye(client.dialect.bye("the history cannot be read now: come again later"))
        else:
            client.release(rest)

    async def _replay(
        self, user: User, client: IChatClient, boundary: int, arrival: Arrival
    ) -> bytes:
        """
        @return: the last page, when all before it is sent.
        """
        log, dialect = self._hub.log, client.dialect
        scope = Scope(frozenset(user.rooms), user.sid)

        async def read(after: int) -> list[Event]:
            page = await log.after(scope, after, PAGE)
            return [event for event in page if event.id < boundary]

        if arrival.last is None or arrival.epoch != log.epoch:
            return self._welcome(user, boundary - 1, arrival, 0) + dialect.gap(None)
        first, _ = await log.bounds()
        page = counted = await read(arrival.last)
        missed = len(page)
        while len(counted) == PAGE:
            counted = await read(counted[-1].id)
            missed += len(counted)
        data = self._welcome(user, boundary - 1, arrival, missed)
        if first > arrival.last + 1:
            data += dialect.gap(first - arrival.last - 1)
        while len(page) == PAGE:
            await client.page(data + dialect.replay(page, user.sid))
            data = b""
            page = await read(page[-1].id)
        return data + dialect.replay(page, user.sid)

    def _motto(self, user: User) -> bytes:
        return b"".join(user.client.dialect.notice(line) for line in self._motd)

    def _welcome(self, user: User, last: int, arrival: Arrival, missed: int) -> bytes:
        rooms = tuple((name, self._hub.room(name).topic) for name in user.rooms)
        return user.client.dialect.welcome(
            Welcome(
                user.name,
                arrival.token,
                self._hub.log.epoch,
                last,
                user.current,
                rooms,
                arrival.last is not None,
                missed,
            )
        )
