# -*- test-case-name: tests.client.test_sender -*-
"""
What goes out on a link: messages, commands and objects, in the order in which they were typed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import BadCommand, BadObject
from .dialect import Speech, isQuit
from .jsondialect import JSONSpeech
from .outbox import MAX_WAITING, Letter, Outbox, OutboxFull

MAX_UNCONFIRMED = 1000
"""So many messages may be under way before more input is held."""


class Postbox:
    """
    Sends what can be sent, and keeps what has to wait: messages for a connection, and every line
    for the answer to the command before it, if the dialect wants that.

    @ivar speech: the dialect.
    @ivar open: whether the server has said welcome and the connection stands.
    """

    def __init__(
        self,
        outbox: Outbox,
        speech: Speech,
        write: Callable[[bytes], None],
        quit: Callable[[], None],
    ) -> None:
        """
        @param write: sends bytes.
        @param quit: called when a line asks to leave and everything before it was sent.
        """
        self.speech = speech
        self.open = False
        self._outbox = outbox
        self._write = write
        self._quit = quit
        self._typed: deque[str] = deque()

    @property
    def owes(self) -> bool:
        """
        Whether anything is still to be sent or to be answered.
        """
        return bool(self._outbox.expected or self.speech.busy or self._typed)

    @property
    def full(self) -> bool:
        """
        Whether a line given now would have to wait.
        """
        return (
            not self.open
            or self.speech.busy
            or bool(self._typed)
            or self._outbox.expected >= MAX_UNCONFIRMED
        )

    @property
    def unconfirmed(self) -> int:
        """
        How many lines have no answer, those in doubt included.
        """
        return len(self._outbox) + len(self._typed)

    def opened(self) -> None:
        """
        The server has said welcome: send what waits.
        """
        self.open = True
        self._mail(self._outbox.waiting())

    def closed(self) -> None:
        """
        The connection is gone.

        Nobody knows in which room the lines behind an unanswered command would end: messages among
        them are in doubt.
        """
        self.open = False
        for line in self._typed:
            letter = self.speech.compose(line)
            if letter is not None:
                self._outbox.question(letter)
        self._typed.clear()
        self.speech.lost()

    def say(self, line: str) -> None:
        """
        Send a line as a person types it.

        @raise OutboxFull: if too many lines wait already.
        @raise BadCommand: if it is a command and there is no connection.
        """
        if not self.speech.busy and not self._typed:
            self._accept(line)
        elif len(self._typed) < MAX_WAITING:
            self._typed.append(line)
        else:
            raise OutboxFull(f"{MAX_WAITING} lines wait already: wait for the server's answer")

    def send(self, fields: dict[str, Any]) -> None:
        """
        Send an object as a program writes it.

        @raise OutboxFull: as L{say}.
        @raise BadCommand: as L{say}.
        @raise BadObject: if it is not for programs to send.
        """
        kind = fields.get("type")
        if kind == "hello":
            raise BadObject("the client says hello itself: give the name by --name")
        if kind == "bye":
            self._quit()
        elif kind in ("say", "act", "tell"):
            key = fields.get("key")
            self._post(Letter(key if isinstance(key, str) else self._outbox.newKey(), "", fields))
        else:
            self._needConnection()
            self._write(JSONSpeech.verbatim(fields))

    def resend(self) -> int:
        """
        Send again what is in doubt.

        @return: how many messages that are.
        """
        letters = self._outbox.resend()
        if self.open:
            self._mail(letters)
        return len(letters)

    def answered(self) -> None:
        """
        The server has said something: lines that waited for it may go.
        """
        while self.open and self._typed and not self.speech.busy:
            self._accept(self._typed.popleft())

    def _accept(self, line: str) -> None:
        if isQuit(line):
            self._typed.clear()
            self._quit()
            return
        letter = self.speech.compose(line)
        if letter is not None:
            self._post(letter)
        else:
            self._needConnection()
            self._write(self.speech.command(line))

    def _needConnection(self) -> None:
        if not self.open:
            raise BadCommand("there is no connection: only messages can wait for it")

    def _post(self, letter: Letter) -> None:
        if not self.open and self._outbox.expected >= MAX_WAITING:
            raise OutboxFull(f"{MAX_WAITING} messages wait already: wait for the connection")
        self._outbox.put(letter)
        if self.open:
            self._mail((letter,))

    def _mail(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            letter.sent = True
        self._write(b"".join(map(self.speech.letter, letters)))
