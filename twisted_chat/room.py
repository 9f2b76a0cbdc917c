# -*- test-case-name: tests.test_room -*-
"""
Who hears what: audiences, rooms, and the fan-out of a batch.

The cost of a message is paid once a dialect, not once a listener: a batch is rendered and joined
once, and every listener is given the same C{bytes} in one call.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Container, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from .events import CREATED, INVITED, LOCKED, TOPIC, UNLOCKED

if TYPE_CHECKING:
    from .events import Event
    from .interfaces import IView
    from .user import User

PRESENCE_LIMIT = 200
"""Members above which a room no longer tells who comes and goes: 10,000 people who enter would
cost 10,000 x 10,000 lines, which nobody reads."""


class Audience:
    """
    People who hear the same events.  It can be asked who is in it, and how many.

    @ivar views: the people by their view of it: who shares a view shares its bytes.
    """

    __slots__ = ("views",)

    def __init__(self) -> None:
        self.views: dict[IView, dict[User, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self.views.values()))

    def __iter__(self) -> Iterator[User]:
        return chain.from_iterable(self.views.values())

    def __contains__(self, user: User) -> bool:
        return any(user in users for users in self.views.values())

    def viewOf(self, user: User) -> IView | None:
        """
        @return: how somebody sees it, or C{None} if he does not hear it.
        """
        for view, users in self.views.items():
            if user in users:
                return view
        return None

    def add(self, user: User, view: IView) -> None:
        """
        Let somebody hear, or change the view of one who does.
        """
        self.remove(user)
        self.views.setdefault(view, {})[user] = None

    def remove(self, user: User) -> None:
        """
        Let somebody hear no more; nothing happens if he did not.
        """
        view = self.viewOf(user)
        if view is not None:
            users = self.views[view]
            del users[user]
            if not users:
                del self.views[view]


class Room(Audience):
    """
    A room, as its events made it.

    @ivar name: with its C{#}.
    @ivar topic: what it is about, or empty.
    @ivar creator: the session id of who made it, or empty for the lobby.
    @ivar private: whether one needs an invitation or its key.
    @ivar invited: the session ids of those who may enter while it is private.
    """

    __slots__ = ("creator", "invited", "keyHash", "name", "private", "topic")

    def __init__(self, name: str, creator: str = "") -> None:
        super().__init__()
        self.name = name
        self.topic = ""
        self.creator = creator
        self.private = False
        self.keyHash = ""
        self.invited: set[str] = set()

    @property
    def forgettable(self) -> bool:
        """
        Whether nothing is lost when an empty room is forgotten.
        """
        return not (self.views or self.topic or self.private)

    @property
    def tellsPresence(self) -> bool:
        """
        Whether its members are told who comes and goes.
        """
        return len(self) <= PRESENCE_LIMIT

    @property
    def ticket(self) -> str:
        """
        What a session keeps of it: its name and, of a private room, who made it; so that the
        session's owner comes back into the same room, but not into another of that name.
        """
        return f"{self.name} {self.creator}" if self.private else self.name

    def admits(self, sid: str, key: str) -> bool:
        """
        @param sid: a session id.
        @param key: what its owner gave as the room's key, or empty.
        @return: whether he may enter.
        """
        if not self.private or sid == self.creator or sid in self.invited:
            return True
        return bool(self.keyHash and key) and _matches(key, self.keyHash)

    def change(self, event: Event) -> None:
        """
        Become what an event says.

        @param event: of one of the kinds in L{events.STATE}.
        """
        if event.kind == CREATED:
            if self.creator != event.sid:
                self.creator = event.sid
                self.invited.clear()
        elif event.kind == TOPIC:
            self.topic = event.text
        elif event.kind == LOCKED:
            self.private, self.keyHash = True, event.text
            for member in self:
                self.invited.add(member.sid)
                member.remember()
        elif event.kind == UNLOCKED:
            self.private, self.keyHash = False, ""
        elif event.kind == INVITED:
            self.invited.add(event.text)


def hashKey(key: str, salt: str = "") -> str:
    """
    @param key: a room's key.
    @param salt: 16 hexadecimal digits; made anew when empty.
    @return: salt and hash as text.  A fast hash will do: whoever can read the stored hash can
        read the room's messages beside it.
    """
    salt = salt or secrets.token_hex(8)
    return f"{salt}:{hashlib.blake2b(key.encode(), salt=salt.encode()).hexdigest()}"


def _matches(key: str, keyHash: str) -> bool:
    salt = keyHash.partition(":")[0]
    return hmac.compare_digest(hashKey(key, salt), keyHash)


class _Share:
    """
    What a batch holds for one audience.

    @ivar places: where in the batch each event stands.
    """

    __slots__ = ("_rendered", "events", "places")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.places: list[int] = []
        self._rendered: dict[IView, list[bytes]] = {}

    def lines(self, view: IView, lobby: str) -> list[bytes]:
        """
        @return: the share's lines as this view reads them, rendered once.
        """
        lines = self._rendered.get(view)
        if lines is None:
            lines = self._rendered[view] = view.events(self.events, lobby)
        return lines


class FanOut:
    """
    One batch on its way out: put together first, then sent.

    Authors come first, with the answers in the places of their own events; then everybody else.
    Each listener gets one C{put}, in the order of the ids, so that the last id that reached a
    client is exact.
    """

    __slots__ = ("_answers", "_lobby", "_shares", "_size")

    def __init__(self, lobby: str, size: int) -> None:
        """
        @param lobby: the name of the lobby.
        @param size: how many events the batch has.
        """
        self._lobby = lobby
        self._size = size
        self._shares: dict[Audience, _Share] = {}
        self._answers: dict[User, dict[int, bytes]] = {}

    def show(self, place: int, event: Event, audience: Audience) -> None:
        """
        Let an audience hear the event at this place of the batch.
        """
        share = self._shares.get(audience)
        if share is None:
            share = self._shares[audience] = _Share()
        share.events.append(event)
        share.places.append(place)

    def answer(self, place: int, author: User, data: bytes) -> None:
        """
        Give an author this in the place of his own event.
        """
        answers = self._answers.get(author)
        if answers is None:
            self._answers[author] = {place: data}
        else:
            answers[place] = data

    def send(self, apart: Container[User] = ()) -> None:
        """
        Put to each listener what he is to hear.

        @param apart: those who are told in another way.
        """
        if len(self._shares) == 1:
            ((audience, share),) = self._shares.items()
            if len(share.events) == self._size:
                self._sendWhole(audience, share, apart)
                return
        self._sendMerged(apart)

    def _sendWhole(self, audience: Audience, share: _Share, apart: Container[User]) -> None:
        """
        All events of the batch are for one audience: the usual case, and the fast one.
        """
        answers = self._answers
        for author, answered in answers.items():
            view = audience.viewOf(author)
            if view is None:
                data = b"".join(answered.values())
            else:
                data = _overlay(share.lines(view, self._lobby), answered)
            if data:
                author.put(data)
        for view, listeners in audience.views.items():
            whole = b"".join(share.lines(view, self._lobby))
            if whole:
                for listener in listeners:
                    if listener not in answers and listener not in apart:
                        listener.put(whole)

    def _sendMerged(self, apart: Container[User]) -> None:
        """
        Several audiences: those who belong to the same of them share their bytes.
        """
        belongs: dict[User, list[tuple[_Share, IView]]] = {}
        for audience, share in self._shares.items():
            for view, listeners in audience.views.items():
                pair = (share, view)
                for listener in listeners:
                    if listener not in apart:
                        belongs.setdefault(listener, []).append(pair)
        merged: dict[tuple[tuple[_Share, IView], ...], list[bytes]] = {}
        joined: dict[tuple[tuple[_Share, IView], ...], bytes] = {}
        for listener in self._authorsFirst(belongs):
            pairs = tuple(belongs.get(listener, ()))
            lines = merged.get(pairs)
            if lines is None:
                lines = merged[pairs] = self._merge(pairs)
                joined[pairs] = b"".join(lines)
            answered = self._answers.get(listener)
            data = joined[pairs] if answered is None else _overlay(lines, answered)
            if data:
                listener.put(data)

    def _authorsFirst(self, belongs: dict[User, list[tuple[_Share, IView]]]) -> Iterator[User]:
        yield from self._answers
        for listener in belongs:
            if listener not in self._answers:
                yield listener

    def _merge(self, pairs: Sequence[tuple[_Share, IView]]) -> list[bytes]:
        """
        @return: the lines of all shares; what several of them hold stands there once.
        """
        lines = [b""] * self._size
        taken: set[int] = set()
        for share, view in pairs:
            places, rendered = share.places, share.lines(view, self._lobby)
            if not taken.isdisjoint(places):
                rest = [
                    pair for pair in zip(places, share.events, strict=True) if pair[0] not in taken
                ]
                places = [place for place, _ in rest]
                rendered = view.events([event for _, event in rest], self._lobby)
            taken.update(places)
            for place, line in zip(places, rendered, strict=True):
                lines[place] = line
        return lines


def _overlay(lines: list[bytes], answers: dict[int, bytes]) -> bytes:
    own = lines.copy()
    for place, answer in answers.items():
        own[place] = answer
    return b"".join(own)
