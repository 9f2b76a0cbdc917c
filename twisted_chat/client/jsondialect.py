# -*- test-case-name: tests.client.test_jsondialect -*-
"""
A client's side of the JSON dialect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..wire.events import RENAMED, TOLD
from ..wire.jsonlines import line as objectLine
from .dialect import ME, MSG, REPLY, Standing
from .messages import (
    BYE,
    CONNECTED,
    ERROR,
    EVENTS,
    NAMES,
    NOTICE,
    OK,
    PONG,
    PROMPT,
    REFUSED,
    ROOM,
    WELCOME,
    Heard,
    readLine,
    readObject,
)
from .outbox import Letter, Outbox

TEXT_ONLY = "text only"
"""The kind of what is heard from a server that does not know the dialect."""

_NAMES_KEY = "names"
"""The key of a question nobody typed; those of an L{Outbox} hold a number."""


class JSONSpeech:
    """
    The JSON dialect.  Every command is followed by a ping, and nothing follows it before the pong:
    so a message never gets into another room than the one its author saw when he wrote it.
    """

    def __init__(self, standing: Standing, outbox: Outbox) -> None:
        self._standing = standing
        self._outbox = outbox
        self._pongs: set[str | None] = set()
        self._owed = 0
        self._newest = 0
        self.connected()

    @property
    def busy(self) -> bool:
        """See L{Speech.busy}."""
        return self._barrier is not None

    @property
    def unanswered(self) -> int:
        """See L{Speech.unanswered}."""
        return int(self.busy)

    def connected(self) -> None:
        """See L{Speech.connected}."""
        self._entered = False
        self._greeted = False
        self._prompted = False
        self._barrier: str | None = None
        self._asked: str | None = None
        self._lastPing: str | None = None
        self._pongs.clear()

    def hello(self) -> bytes:
        """See L{Speech.hello}."""
        self._greeted = True
        mine = self._standing
        if mine.token is None:
            return objectLine(type="hello", name=mine.name, backlog=mine.backlog)
        return objectLine(
            type="hello", name=mine.name, token=mine.token, epoch=mine.epoch, last=mine.last
        )

    def hear(self, raw: bytes) -> Sequence[Heard]:
        """See L{Speech.hear}."""
        if not raw.startswith(b"{") and not self._entered:
            return self._beforeWelcome(raw.decode("utf-8", "replace"))
        heard = readObject(raw)
        if not self._entered:
            if heard.kind == WELCOME:
                return self._welcomed(heard)
            if heard.kind == ERROR:
                return (replace(heard, kind=REFUSED),)
            return (heard,) if heard.kind == BYE else ()
        if heard.kind in EVENTS:
            return self._event(heard)
        mine = self._standing
        if self._asked is not None and heard.key == self._asked:
            return (replace(heard, kind=NAMES),) if heard.kind == NOTICE else ()
        if heard.kind == OK:
            mine.last = max(mine.last, heard.id)
            if not self._outbox.confirm(heard.key) and heard.key is not None:
                # The replay has shown the message before its receipt came once more.
                return ()
        elif heard.kind == ERROR:
            self._outbox.confirm(heard.key)
        elif heard.kind == ROOM:
            mine.room = heard.room
        elif heard.kind == PONG and heard.key in self._pongs:
            self._pongs.discard(heard.key)
            if heard.key == self._barrier:
                self._barrier = None
            return ()
        return (heard,)

    def _beforeWelcome(self, line: str) -> Sequence[Heard]:
        """
        A server of both dialects answers a hello by objects alone.  One that prompts again, refuses
        or welcomes in words has taken the hello for a name.
        """
        if line.startswith(PROMPT):
            again, self._prompted = self._prompted, True
            line = line[len(PROMPT) :].lstrip(" ")
            if again and self._greeted and not line:
                return (Heard(TEXT_ONLY),)
        heard = readLine(line.encode("utf-8", "replace"))
        if self._greeted and (line == CONNECTED or (heard.kind == ERROR and self._prompted)):
            return (Heard(TEXT_ONLY),)
        return (heard,) if heard.kind == ERROR else ()

    def _welcomed(self, heard: Heard) -> Sequence[Heard]:
        welcome, mine = heard.welcome, self._standing
        assert welcome is not None
        self._entered = True
        if not welcome.resumed:
            self._outbox.doubt()
            mine.lobby = welcome.room
            mine.last = welcome.last
        elif welcome.epoch != mine.epoch:
            mine.last = 0
        mine.name, mine.room = welcome.name or mine.name, welcome.room
        mine.token, mine.epoch = welcome.token, welcome.epoch
        self._owed, self._newest = welcome.missed, welcome.last
        self._settle()
        return (heard,)

    def _settle(self) -> None:
        """
        Once the replay is complete, everything up to the welcome's id counts as seen.
        """
        if not self._owed:
            self._standing.last = max(self._standing.last, self._newest)

    def _event(self, heard: Heard) -> Sequence[Heard]:
        event, mine = heard.event, self._standing
        assert event is not None
        if heard.old:
            return (heard,)
        if self._owed:
            self._owed -= 1
        known = event.id <= mine.last
        mine.last = max(mine.last, event.id)
        self._settle()
        if self._outbox.confirm(heard.key):
            return (replace(heard, kind=OK, id=event.id, event=None),)
        if known:
            return ()
        if event.name == mine.name:
            if event.kind == RENAMED:
                mine.name = event.to
        elif event.kind == TOLD:
            mine.reply = event.name
        return (heard,)

    def compose(self, line: str) -> Letter | None:
        """See L{Speech.compose}."""
        fields: dict[str, Any] | None = None
        if not line.startswith("/"):
            fields = {"type": "say", "text": line}
        elif line.startswith("//"):
            fields = {"type": "say", "text": line[1:]}
        elif found := ME.fullmatch(line):
            fields = {"type": "act", "text": found[1]}
        elif found := MSG.fullmatch(line):
            fields = {"type": "tell", "to": found[1], "text": found[2]}
        elif self._standing.reply and (found := REPLY.fullmatch(line)):
            fields = {"type": "tell", "to": self._standing.reply, "text": found[1]}
        if fields is None:
            return None
        if fields["type"] != "tell" and self._standing.room:
            fields["room"] = self._standing.room
        return Letter(self._outbox.newKey(), line, fields)

    def letter(self, letter: Letter) -> bytes:
        """See L{Speech.letter}."""
        return self.verbatim({**letter.fields, "key": letter.key})

    @staticmethod
    def verbatim(fields: dict[str, Any]) -> bytes:
        """
        @return: the line of any object.
        """
        return objectLine(**fields)

    def command(self, line: str) -> bytes:
        """See L{Speech.command}."""
        command = objectLine(type="command", key=self._outbox.newKey(), line=line)
        ping = self.ping()
        self._barrier = self._lastPing
        return command + ping

    def ping(self) -> bytes:
        """See L{Speech.ping}."""
        self._lastPing = self._outbox.newKey()
        self._pongs.add(self._lastPing)
        return objectLine(type="ping", key=self._lastPing)

    def names(self) -> bytes:
        """See L{Speech.names}."""
        self._asked = _NAMES_KEY
        return objectLine(type="command", key=_NAMES_KEY, line="/names")

    def lost(self) -> None:
        """See L{Speech.lost}.  What was sent is asked for when the session goes on."""

    def bye(self) -> bytes:
        """See L{Speech.bye}."""
        return objectLine(type="bye")
