# -*- test-case-name: tests.chat.test_room -*-
"""
A room that people made, as its events made it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from ..wire.events import CREATED, INVITED, LOCKED, TOPIC, UNLOCKED
from .audience import Audience

if TYPE_CHECKING:
    from ..wire.events import Event

PRESENCE_LIMIT = 200
"""Members above which a room no longer tells who comes and goes: 10,000 people who enter would
cost 10,000 x 10,000 lines, which nobody reads."""


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

        @param event: of one of the kinds in L{wire.events.STATE}.
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
