# -*- test-case-name: tests.client.test_sender -*-
"""
Sends messages, commands and objects on a link, in the order in which they were typed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import BadCommand, BadObject
from ..wire.jsonlines import line as objectLine
from .dialect import ClientDialect, isQuit
from .outbox import MAX_WAITING_MESSAGES, Outbox, OutboxFull, PendingMessage

MAX_UNCONFIRMED_MESSAGES = 1000
"""Most messages in flight before further input is held."""


class MessageSender:
    """
    Sends lines, or keeps them waiting: messages until there is a connection, and any line until the
    command before it is answered, if the dialect requires that.

    @ivar dialect: the dialect of the present connection.
    @ivar open: whether the server has welcomed the client on the present connection.
    """

    def __init__(
        self,
        outbox: Outbox,
        dialect: ClientDialect,
        write: Callable[[bytes], None],
        quit: Callable[[], None],
    ) -> None:
        """
        @param write: sends bytes.
        @param quit: called when a line asks to leave, once everything before it was sent.
        """
        self.dialect = dialect
        self.open = False
        self._outbox = outbox
        self._write = write
        self._quit = quit
        self._typed: deque[str] = deque()

    @property
    def owes(self) -> bool:
        """
        Whether anything is still unsent or unanswered.
        """
        return bool(self._outbox.expected or self.dialect.busy or self._typed)

    @property
    def full(self) -> bool:
        """
        Whether a further line would have to wait.
        """
        return (
            not self.open
            or self.dialect.busy
            or bool(self._typed)
            or self._outbox.expected >= MAX_UNCONFIRMED_MESSAGES
        )

    @property
    def unconfirmed(self) -> int:
        """
        How many lines are unanswered, including those in doubt.
        """
        return len(self._outbox) + len(self._typed)

    def opened(self) -> None:
        """
        Send waiting lines: the server has welcomed the client.
        """
        self.open = True
        self._sendMessages(self._outbox.waiting())

    def closed(self) -> None:
        """
        Note that the connection is gone.

        An unanswered command may have changed the room, so messages typed after it might reach the
        wrong room: they are in doubt.
        """
        self.open = False
        for line in self._typed:
            message = self.dialect.compose(line)
            if message is not None:
                self._outbox.question(message)
        self._typed.clear()
        self.dialect.lost()

    def say(self, line: str) -> None:
        """
        Send a line as a user types it.

        @raise OutboxFull: if too many lines are waiting.
        @raise BadCommand: if it is a command and there is no connection.
        """
        if not self.dialect.busy and not self._typed:
            self._accept(line)
        elif len(self._typed) < MAX_WAITING_MESSAGES:
            self._typed.append(line)
        else:
            raise OutboxFull(
                f"{MAX_WAITING_MESSAGES} lines wait already: wait for the server's answer"
            )

    def send(self, fields: dict[str, Any]) -> None:
        """
        Send an object as a program writes it.

        @raise OutboxFull: as L{say}.
        @raise BadCommand: as L{say}.
        @raise BadObject: if programs must not send it.
        """
        kind = fields.get("type")
        if kind == "hello":
            raise BadObject("the client says hello itself: give the name by --name")
        if kind == "bye":
            self._quit()
        elif kind in ("say", "act", "tell"):
            key = fields.get("key")
            self._keep(
                PendingMessage(key if isinstance(key, str) else self._outbox.newKey(), "", fields)
            )
        else:
            self._needConnection()
            self._write(objectLine(**fields))

    def resend(self) -> int:
        """
        Send again what is in doubt.

        @return: how many messages that are.
        """
        messages = self._outbox.resend()
        if self.open:
            self._sendMessages(messages)
        return len(messages)

    def answered(self) -> None:
        """
        Send lines that were waiting for an answer that has just arrived.
        """
        rejected = self.dialect.takeRejected()
        if self.open and rejected:
            self._sendMessages(rejected)
        while self.open and self._typed and not self.dialect.busy:
            self._accept(self._typed.popleft())

    def _accept(self, line: str) -> None:
        if isQuit(line):
            self._typed.clear()
            self._quit()
            return
        message = self.dialect.compose(line)
        if message is not None:
            self._keep(message)
        else:
            self._needConnection()
            self._write(self.dialect.command(line))

    def _needConnection(self) -> None:
        if not self.open:
            raise BadCommand("there is no connection: only messages can wait for it")

    def _keep(self, message: PendingMessage) -> None:
        if not self.open and self._outbox.expected >= MAX_WAITING_MESSAGES:
            raise OutboxFull(
                f"{MAX_WAITING_MESSAGES} messages wait already: wait for the connection"
            )
        self._outbox.put(message)
        if self.open:
            self._sendMessages((message,))

    def _sendMessages(self, messages: Sequence[PendingMessage]) -> None:
        for message in messages:
            message.sent = True
        self._write(b"".join(map(self.dialect.encode, messages)))
