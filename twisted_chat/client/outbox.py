# -*- test-case-name: tests.client.test_outbox -*-
"""
What a client has said and the server has not yet answered for.

A message stays here from the moment it was typed until its receipt, its refusal, or, after a drop,
until it is seen in what the server replays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import ChatError

MAX_WAITING = 100
"""So many messages may wait for a connection; a person who typed more would not know them again."""


class OutboxFull(ChatError):
    """Too many messages wait for a connection already."""

    code = "outbox-full"


@dataclass
class Letter:
    """
    One message on its way.

    @ivar key: the sender's own id of it, unique in his session.
    @ivar line: as it was typed; the text dialect sends it so.
    @ivar fields: the JSON dialect's object, but for the key.
    @ivar sent: whether it left on some connection, so that it may have arrived.
    """

    key: str
    line: str
    fields: dict[str, Any] = field(default_factory=dict)
    sent: bool = False


class Outbox:
    """
    Messages without an answer, in the order they were typed.

    Those that left on a connection whose session is gone are in doubt: nobody can tell whether they
    arrived.  They are kept apart and sent again only when asked for, because saying a thing twice
    can be worse than not saying it.
    """

    def __init__(self, prefix: str) -> None:
        """
        @param prefix: begins every key: random, so that the keys of two runs differ.
        """
        self._prefix = prefix
        self._count = 0
        self._letters: dict[str, Letter] = {}
        self._doubtful: list[Letter] = []

    def __len__(self) -> int:
        """
        @return: how many messages are unconfirmed, those in doubt included.
        """
        return len(self._letters) + len(self._doubtful)

    @property
    def doubtful(self) -> int:
        """
        How many messages are in doubt.
        """
        return len(self._doubtful)

    @property
    def expected(self) -> int:
        """
        How many messages will still be answered.
        """
        return len(self._letters)

    def newKey(self) -> str:
        """
        @return: a key that was not given before.
        """
        self._count += 1
        return f"{self._prefix}{self._count}"

    def put(self, letter: Letter) -> None:
        """
        Keep a message until it is confirmed.
        """
        self._letters[letter.key] = letter

    def waiting(self) -> list[Letter]:
        """
        @return: the messages to be answered, oldest first.
        """
        return list(self._letters.values())

    def confirm(self, key: str | None) -> bool:
        """
        The server answered for a message: it stored or refused it.

        @return: whether it was one of ours.
        """
        return key is not None and self._letters.pop(key, None) is not None

    def doubt(self) -> None:
        """
        The session in which messages were sent is gone: those that left are in doubt from now on.
        """
        for letter in self.waiting():
            if letter.sent:
                del self._letters[letter.key]
                self._doubtful.append(letter)

    def question(self, letter: Letter) -> None:
        """
        This message is in doubt, though it never left.
        """
        self._doubtful.append(letter)

    def resend(self) -> list[Letter]:
        """
        Take the messages in doubt for new ones, behind those that wait.

        @return: these messages, under new keys.
        """
        again = [Letter(self.newKey(), each.line, each.fields) for each in self._doubtful]
        self._doubtful.clear()
        for letter in again:
            self.put(letter)
        return again
