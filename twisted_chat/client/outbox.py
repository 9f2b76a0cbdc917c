# -*- test-case-name: tests.client.test_outbox -*-
"""
Keeps the messages that the server has not yet answered for.

A message stays here from the moment it was typed until its receipt, its refusal, or, after a drop,
until it is seen in what the server replays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import ChatError

MAX_WAITING_MESSAGES = 100
"""How many messages may wait for a connection; the author of more would not recognise them."""


class OutboxFull(ChatError):
    """Too many messages wait for a connection already."""

    code = "outbox-full"


@dataclass
class PendingMessage:
    """
    One message on its way.

    @ivar key: the sender's own id of it, unique in their session.
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

    Those that left on a connection whose session is gone are in doubt: they may or may not have
    arrived.  They are kept apart and sent again only when asked for, because saying a thing twice
    can be worse than not saying it.
    """

    def __init__(self, prefix: str) -> None:
        """
        @param prefix: begins every key: random, so that the keys of two runs differ.
        """
        self._prefix = prefix
        self._count = 0
        self._pending: dict[str, PendingMessage] = {}
        self._doubtful: list[PendingMessage] = []

    def __len__(self) -> int:
        """
        @return: how many messages are unconfirmed, those in doubt included.
        """
        return len(self._pending) + len(self._doubtful)

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
        return len(self._pending)

    def newKey(self) -> str:
        """
        @return: a key that was not given before.
        """
        self._count += 1
        return f"{self._prefix}{self._count}"

    def put(self, message: PendingMessage) -> None:
        """
        Keep a message until it is confirmed.
        """
        self._pending[message.key] = message

    def waiting(self) -> list[PendingMessage]:
        """
        @return: the messages to be answered, oldest first.
        """
        return list(self._pending.values())

    def find(self, key: str | None) -> PendingMessage | None:
        """
        @return: the message of this key that is to be answered, if there is one.
        """
        return None if key is None else self._pending.get(key)

    def confirm(self, key: str | None) -> bool:
        """
        Drop a message that the server has answered for: it stored or refused it.

        @return: whether it was one of ours.
        """
        return key is not None and self._pending.pop(key, None) is not None

    def doubt(self) -> None:
        """
        Put the messages that left in doubt, because the session in which they were sent is gone.
        """
        for message in self.waiting():
            if message.sent:
                del self._pending[message.key]
                self._doubtful.append(message)

    def question(self, message: PendingMessage) -> None:
        """
        Put a message in doubt that never left.
        """
        self._doubtful.append(message)

    def resend(self) -> list[PendingMessage]:
        """
        Take the messages in doubt for new ones, behind those that wait.

        @return: these messages, under new keys.
        """
        again = [PendingMessage(self.newKey(), each.line, each.fields) for each in self._doubtful]
        self._doubtful.clear()
        for message in again:
            self.put(message)
        return again
