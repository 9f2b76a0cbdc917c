# -*- test-case-name: tests.client.test_textdialect -*-
"""
Implements the client's side of the text dialect.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

from ..wire.events import TOLD
from .dialect import ME, MSG, REPLY, Proof, SessionState
from .messages import CONNECTED, ERROR, OK, PROMPT, REFUSED, WELCOME, ServerMessage, readLine
from .outbox import Outbox, PendingMessage

_RENAMED = re.compile(r"You are now (\S+)")
_LOGGED_IN = re.compile(r"(\S+) is now (\S+)")


class TextClientDialect:
    """
    The text dialect.  The server answers lines in order, so answers are matched by counting; a
    refusal that may belong to a command is taken for the command's.
    """

    busy = False

    def __init__(self, session: SessionState, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox
        self._pending: deque[str | None] = deque()
        self.connected()

    @property
    def needsGoodbye(self) -> bool:
        """See L{ClientDialect.needsGoodbye}.  Answers to commands have no end mark."""
        return None in self._pending

    def connected(self) -> None:
        """See L{ClientDialect.connected}."""
        self._pending.clear()
        self._entered = False
        self._prompts = 0
        self._refusal = ""

    def hello(self, proof: Proof) -> bytes:
        """See L{ClientDialect.hello}.  Names have no blanks, so a password may follow one."""
        return f"{self._session.name} {proof.password}".rstrip(" ").encode() + b"\r\n"

    def prove(self, answer: str) -> bytes:
        """See L{ClientDialect.prove}."""
        return b""

    def receive(self, raw: bytes) -> Sequence[ServerMessage]:
        """See L{ClientDialect.receive}."""
        if not self._entered:
            return self._beforeWelcome(raw)
        message = readLine(raw, self._session.room)
        if message.kind == OK:
            while self._pending:
                key = self._pending.popleft()
                if key is not None:
                    self._outbox.confirm(key)
                    break
        elif message.kind == ERROR and self._pending:
            self._outbox.confirm(self._pending.popleft())
        elif message.event is not None and message.kind == TOLD:
            self._session.lastSender = message.event.name
        renamed = _RENAMED.fullmatch(message.text)
        entered = _LOGGED_IN.fullmatch(message.text)
        if renamed is not None:
            self._session.name = renamed[1]
        elif entered is not None and entered[1] == self._session.name:
            self._session.name = entered[2]
        return (message,)

    def _beforeWelcome(self, raw: bytes) -> Sequence[ServerMessage]:
        """
        Handle a line before the welcome.  A refused name is a refusal followed by the prompt; a
        refusal without a prompt precedes the end of the connection.
        """
        line = raw.decode("utf-8", "replace")
        if line.startswith(PROMPT):
            self._prompts += 1
            line = line[len(PROMPT) :].lstrip(" ")
            refusal, self._refusal = self._refusal, ""
            if not line and (refusal or self._prompts > 1):
                return (ServerMessage(REFUSED, refusal or "the server did not take this name"),)
        if line == CONNECTED:
            self._entered = True
            return (ServerMessage(WELCOME, line=line),)
        message = readLine(line.encode("utf-8", "replace"))
        if message.kind == ERROR:
            self._refusal = message.text
        return (message,) if line else ()

    def compose(self, line: str) -> PendingMessage | None:
        """See L{ClientDialect.compose}."""
        message = (
            not line.startswith("/")
            or line.startswith("//")
            or any(each.fullmatch(line) for each in (ME, MSG, REPLY))
        )
        if found := MSG.fullmatch(line):
            line = f"/msg {found[1]} {found[2]}"
        return PendingMessage(self._outbox.newKey(), line) if message else None

    def encode(self, message: PendingMessage) -> bytes:
        """See L{ClientDialect.encode}."""
        self._pending.append(message.key)
        return f"{message.line}\r\n".encode()

    def takeRejected(self) -> Sequence[PendingMessage]:
        """See L{ClientDialect.takeRejected}."""
        return ()

    def command(self, line: str) -> bytes:
        """See L{ClientDialect.command}."""
        self._pending.append(None)
        return f"{line}\r\n".encode()

    def ping(self) -> bytes:
        """See L{ClientDialect.ping}."""
        return b""

    def names(self) -> bytes:
        """See L{ClientDialect.names}."""
        return b""

    def commands(self) -> bytes:
        """See L{ClientDialect.commands}."""
        return b""

    def history(self, room: str, count: int) -> bytes:
        """See L{ClientDialect.history}."""
        return b""

    def search(self, words: str, count: int) -> bytes:
        """See L{ClientDialect.search}."""
        return b""

    def register(self, label: str, verifier: str) -> bytes:
        """See L{ClientDialect.register}."""
        return b""

    def read(self, room: str, id: int) -> bytes:
        """See L{ClientDialect.read}."""
        return b""

    def account(self) -> bytes:
        """See L{ClientDialect.account}."""
        return b""

    def lost(self) -> None:
        """See L{ClientDialect.lost}.  Without sessions, sent messages are in doubt."""
        self._outbox.doubt()

    def bye(self) -> bytes:
        """See L{ClientDialect.bye}."""
        return b"/quit\r\n"
