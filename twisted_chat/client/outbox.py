# -*- test-case-name: tests.client.test_outbox -*-
"""
Keeps the messages that the server has not answered yet.

A message stays here from the moment it is typed until its receipt, its refusal or, after a lost
connection, its own event in the replay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import ChatError

MAX_WAITING_MESSAGES = 100
"""Most messages that may wait for a connection: the author would not recognise more of them."""


class OutboxFull(ChatError):
    """Too many messages wait for a connection already."""

    code = "outbox-full"


@dataclass
class PendingMessage:
    """
    One message on its way.

    @ivar key: the sender's own id of it, unique in their session.
    @ivar line: the line as typed, which the text dialect sends.
    @ivar fields: the object of the JSON dialect, without the key.
    @ivar sent: whether it was sent on some connection, so that it may have arrived.
    """

    key: str
    line: str
    fields: dict[str, Any] = field(default_factory=dict)
    sent: bool = False


class Outbox:
    """
    The messages without an answer, in the order in which they were typed.

    Messages that were sent in a session that is gone are in doubt: they may or may not have
    arrived.  They are kept apart and sent again only on request, because saying something twice can
    be worse than not saying it.
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
        @return: how many messages are unconfirmed, including those in doubt.
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
        @return: a new key.
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
        @return: the messages that will be answered, oldest first.
        """
        return list(self._pending.values())

    def find(self, key: str | None) -> PendingMessage | None:
        """
        @return: the unanswered message with this key, or C{None}.
        """
        return None if key is None else self._pending.get(key)

    def confirm(self, key: str | None) -> bool:
        """
        Drop a message that the server has stored or refused.

        @return: whether it was in the outbox.
        """
        return key is not None and self._pending.pop(key, None) is not None

    def doubt(self) -> None:
        """
        Put all sent messages in doubt, because their session is gone.
        """
        for message in self.waiting():
            if message.sent:
                del self._pending[message.key]
                self._doubtful.append(message)

    def question(self, message: PendingMessage) -> None:
        """
        Put an unsent message in doubt.
        """
        self._doubtful.append(message)

    def resend(self) -> list[PendingMessage]:
        """
        Make new messages of those in doubt, behind the waiting ones.

        @return: these messages, under new keys.
        """
        again = [PendingMessage(self.newKey(), each.line, each.fields) for each in self._doubtful]
        self._doubtful.clear()
        for message in again:
            self.put(message)
        return again
