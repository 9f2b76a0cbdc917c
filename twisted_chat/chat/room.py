# -*- test-case-name: tests.chat.test_room -*-
"""
One room, as its events made it: who is in it, who may enter it, and who may read what of its past.

A room is known by the event that made it, not by its name: a room made anew under an old name is
another room, whose past begins there.  Its life is a sequence of I{eras}: each lock, unlock and
change of the password begins one.  What is said in a public era may be read by whoever is in the
room; what is said in a private era by those alone who were members then, and no longer than they
were.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred

from ..stores.session import RoomRecord
from ..text.confusables import nameKey
from ..wire.events import FOREVER, Place
from .audience import Audience

OPEN = 0
"""The right to read a private era, which has no end so far."""

PRESENCE_LIMIT = 200
"""Members above which a room no longer tells who comes and goes: 10,000 people who enter would
cost 10,000 x 10,000 lines, which nobody reads."""

MAX_RANGES = 64
"""Ranges of a room's past that one reader's question may consist of: the newest ones."""


class Person(Protocol):
    """
    Somebody who can be in a room.

    @ivar sid: the session id that they are known by in the log.
    @ivar rights: the private eras of rooms that they were a member of, by the id that began each:
        the last id that they may read of it, or L{OPEN}.
    """

    sid: str
    rights: Mapping[int, int]


class Era(NamedTuple):
    """
    A time in which who may enter and read does not change.

    @ivar start: the id of the event that began it.
    @ivar passwordHash: the hash of the room's password; empty if one enters by invitation alone;
        C{None} in a public era.
    """

    start: int
    passwordHash: str | None = None

    @property
    def private(self) -> bool:
        """Whether only members may enter and read."""
        return self.passwordHash is not None


class Room:
    """
    A room: a collection of its members.

    @ivar id: the id of the event that made it; 0 for the lobby.
    @ivar place: the same as text, as the law knows it.
    @ivar name: with its C{#}.
    @ivar key: what it is found by.
    @ivar audience: the connections of its members that are here.
    @ivar topic: what it is about, or empty.
    @ivar owner: the session id of who made it, or empty.
    @ivar eras: all of them, oldest first.
    @ivar private: whether the newest era is private.
    @ivar invited: the session ids of those who may enter in the newest era without its password.
    @ivar expelled: the session ids of those who may not enter in the newest era.
    @ivar changing: how many changes of its law wait for the log.
    @ivar used: whether anything was said in it.
    @ivar emptyAt: when its last member left, in seconds since the epoch, UTC; 0 while it has some.
    """

    __slots__ = (
        "_closing",
        "_members",
        "_waiting",
        "audience",
        "changing",
        "emptyAt",
        "eras",
        "expelled",
        "id",
        "invited",
        "key",
        "name",
        "owner",
        "place",
        "private",
        "topic",
        "used",
    )

    def __init__(self, id: int, name: str, owner: str, eras: list[Era]) -> None:
        self.audience = Audience()
        self._members: dict[Person, None] = {}
        self.id = id
        self.place = str(id)
        self.name = name
        self.key = nameKey(name)
        self.topic = ""
        self.owner = owner
        self.eras = eras
        self.private = eras[-1].private
        self.invited: set[str] = set()
        self.expelled: set[str] = set()
        self.changing = 0
        self.used = False
        self.emptyAt = 0.0
        self._closing = False
        self._waiting: list[Deferred[None]] | None = None

    @classmethod
    def fromRecord(cls, record: RoomRecord) -> Room:
        """
        @return: the room that a record describes, without members.
        """
        room = cls(record.id, record.name, record.owner, [Era(*era) for era in record.eras])
        room.topic = record.topic
        room.invited.update(record.invited)
        room.expelled.update(record.expelled)
        room.emptyAt = record.emptyAt
        room.used = True
        return room

    @property
    def record(self) -> RoomRecord:
        """
        What is to be stored of the room.
        """
        eras = tuple((era.start, era.passwordHash) for era in self.eras)
        return RoomRecord(
            self.id,
            self.name,
            self.topic,
            self.owner,
            eras,
            tuple(sorted(self.invited)),
            tuple(sorted(self.expelled)),
            self.emptyAt,
        )

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._members)

    def __contains__(self, person: object) -> bool:
        return person in self._members

    def add(self, person: Person) -> None:
        """
        Let somebody be a member.
        """
        self._members[person] = None

    def remove(self, person: Person) -> None:
        """
        Let a member go; nothing happens to anybody else.
        """
        self._members.pop(person, None)

    @property
    def era(self) -> Era:
        """
        The newest era.
        """
        return self.eras[-1]

    @property
    def tellsPresence(self) -> bool:
        """
        Whether its members are told who joins and leaves.
        """
        return len(self) <= PRESENCE_LIMIT

    @property
    def isListed(self) -> bool:
        """
        Whether the list of rooms shows it to everybody.
        """
        return not self.private and bool(self.topic or len(self))

    # Who may enter

    def begin(self, era: Era) -> None:
        """
        Begin an era: invitations and expulsions end with the one before, and what the room is about
        with it, too, if only its members knew.
        """
        if self.private:
            self.topic = ""
        self.eras.append(era)
        self.private = era.private
        self.invited.clear()
        self.expelled.clear()

    def admits(self, sid: str, rights: Mapping[int, int]) -> bool:
        """
        @param sid: a session id.
        @param rights: see L{Person.rights}.
        @return: whether its owner may enter without the password.
        """
        if not self.private or sid == self.owner:
            return True
        if sid in self.expelled:
            return False
        return sid in self.invited or rights.get(self.eras[-1].start) == OPEN

    def acceptsPassword(self, sid: str, password: str) -> bool:
        """
        @return: whether this password opens the room to this session.
        """
        passwordHash = self.eras[-1].passwordHash
        if not passwordHash or not password or sid in self.expelled:
            return False
        return _matches(password, passwordHash)

    # Who may read

    def placeFor(self, rights: Mapping[int, int], presenceFrom: int = 0) -> Place:
        """
        @param presenceFrom: see L{Place.presenceFrom}; in a large room nothing is told of it.
        @param rights: see L{Person.rights}.
        @return: what of the room's past somebody with these rights may read who is in it now.
        """
        eras = self.eras
        if not self.tellsPresence:
            presenceFrom = FOREVER
        if len(eras) == 1 and not self.private:
            return Place(self.name, ((eras[0].start, FOREVER),), presenceFrom)
        ranges: list[tuple[int, int]] = []
        for index, era in enumerate(eras):
            last = eras[index + 1].start - 1 if index + 1 < len(eras) else FOREVER
            if era.private:
                upTo = rights.get(era.start)
                if upTo is None:
                    continue
                if upTo != OPEN:
                    last = min(last, upTo)
            if last < era.start:
                continue
            if ranges and ranges[-1][1] == era.start - 1:
                ranges[-1] = (ranges[-1][0], last)
            else:
                ranges.append((era.start, last))
        return Place(self.name, tuple(ranges[-MAX_RANGES:]), presenceFrom)

    # One change after the other

    @contextmanager
    def change(self) -> Iterator[None]:
        """
        Mark that a change of the room's law is on its way to the log and back.  Whatever depends on
        that law waits meanwhile (L{whenSettled}), so that it is judged by the order of the log.
        """
        self.changing += 1
        try:
            yield
        finally:
            self._settle()

    def beginClosing(self) -> bool:
        """
        Mark that the end of the room is on its way to the log and back.

        @return: whether it was not before.
        """
        if self._closing:
            return False
        self._closing = True
        self.changing += 1
        return True

    def endClosing(self) -> None:
        """
        Mark that the end of the room has come back, or was refused.
        """
        if self._closing:
            self._closing = False
            self._settle()

    def _settle(self) -> None:
        self.changing -= 1
        waiting = self._waiting
        if not self.changing and waiting is not None:
            self._waiting = None
            for each in waiting:
                each.callback(None)

    def whenSettled(self) -> Deferred[None]:
        """
        @return: fires when no change waits for the log; it may be one again afterwards.
        """
        settled: Deferred[None] = Deferred()
        if not self.changing:
            settled.callback(None)
        elif self._waiting is None:
            self._waiting = [settled]
        else:
            self._waiting.append(settled)
        return settled


def hashPassword(password: str, salt: str = "") -> str:
    """
    @param password: a room's password.
    @param salt: 16 hexadecimal digits; a new one if empty.
    @return: salt and hash as text.  A fast hash will do: whoever can read the stored hash can
        read the room's messages beside it.
    """
    salt = salt or secrets.token_hex(8)
    return f"{salt}:{hashlib.blake2b(password.encode(), salt=salt.encode()).hexdigest()}"


def _matches(password: str, passwordHash: str) -> bool:
    salt = passwordHash.partition(":")[0]
    return hmac.compare_digest(hashPassword(password, salt), passwordHash)
