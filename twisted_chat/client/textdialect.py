# -*- test-case-name: tests.client.test_textdialect -*-
"""
A client's side of the text dialect.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

from ..wire.events import TOLD
from .dialect import ME, MSG, REPLY, Standing
from .messages import CONNECTED, ERROR, OK, PROMPT, REFUSED, WELCOME, Heard, readLine
from .outbox import Letter, Outbox

_RENAMED = re.compile(r"You are now (\S+)")


class TextSpeech:
    """
    The text dialect.  The server answers in the order of the lines, so what an answer is for is
    known by counting; a refusal that may belong to a command is taken for the command's.
    """

    busy = False

    def __init__(self, standing: Standing, outbox: Outbox) -> None:
        self._standing = standing
        self._outbox = outbox
        self._pending: deque[str | None] = deque()
        self.connected()

    @property
    def unanswered(self) -> int:
        """See L{Speech.unanswered}."""
        return self._pending.count(None)

    def connected(self) -> None:
        """See L{Speech.connected}."""
        self._pending.clear()
        self._entered = False
        self._prompts = 0
        self._refusal = ""

    def hello(self) -> bytes:
        """See L{Speech.hello}."""
        return f"{self._standing.name}\r\n".encode()

    def hear(self, raw: bytes) -> Sequence[Heard]:
        """See L{Speech.hear}."""
        if not self._entered:
            return self._beforeWelcome(raw)
        heard = readLine(raw, self._standing.room)
        if heard.kind == OK:
            while self._pending:
                key = self._pending.popleft()
                if key is not None:
                    self._outbox.confirm(key)
                    break
        elif heard.kind == ERROR and self._pending:
            self._outbox.confirm(self._pending.popleft())
        elif heard.event is not None and heard.kind == TOLD:
            self._standing.reply = heard.event.name
        renamed = _RENAMED.fullmatch(heard.text)
        if renamed is not None:
            self._standing.name = renamed[1]
        return (heard,)

    def _beforeWelcome(self, raw: bytes) -> Sequence[Heard]:
        """
        A refused name is a refusal and the prompt once more; a refusal alone comes before the end
        of the connection.
        """
        line = raw.decode("utf-8", "replace")
        if line.startswith(PROMPT):
            self._prompts += 1
            line = line[len(PROMPT) :].lstrip(" ")
            refusal, self._refusal = self._refusal, ""
            if not line and (refusal or self._prompts > 1):
                return (Heard(REFUSED, refusal or "the server did not take this name"),)
        if line == CONNECTED:
            self._entered = True
            return (Heard(WELCOME, line=line),)
        heard = readLine(line.encode("utf-8", "replace"))
        if heard.kind == ERROR:
            self._refusal = heard.text
        return (heard,) if line else ()

    def compose(self, line: str) -> Letter | None:
        """See L{Speech.compose}."""
        message = (
            not line.startswith("/")
            or line.startswith("//")
            or any(each.fullmatch(line) for each in (ME, MSG, REPLY))
        )
        return Letter(self._outbox.newKey(), line) if message else None

    def letter(self, letter: Letter) -> bytes:
        """See L{Speech.letter}."""
        self._pending.append(letter.key)
        return f"{letter.line}\r\n".encode()

    def command(self, line: str) -> bytes:
        """See L{Speech.command}."""
        self._pending.append(None)
        return f"{line}\r\n".encode()

    def ping(self) -> bytes:
        """See L{Speech.ping}."""
        return b""

    def names(self) -> bytes:
        """See L{Speech.names}."""
        return b""

    def lost(self) -> None:
        """See L{Speech.lost}.  There are no sessions: whether what was sent arrived is unknown."""
        self._outbox.doubt()

    def bye(self) -> bytes:
        """See L{Speech.bye}."""
        return b"/quit\r\n"
