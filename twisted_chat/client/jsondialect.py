# -*- test-case-name: tests.client.test_jsondialect -*-
"""
Implements the client's side of the JSON dialect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..errors import BadObject
from ..wire.events import REMOVED, RENAMED, RESTORED, TOLD
from ..wire.jsonlines import line as objectLine
from .dialect import ME, MSG, REPLY, Proof, SessionState
from .messages import (
    ACCOUNT,
    BYE,
    CHALLENGE,
    COMMANDS,
    CONNECTED,
    ERROR,
    EVENTS,
    HISTORY,
    LOGIN,
    NAMES,
    OK,
    PONG,
    PROMPT,
    READ,
    REFUSED,
    REGISTERED,
    ROOM,
    WELCOME,
    ServerMessage,
    readLine,
    readObject,
)
from .outbox import Outbox, PendingMessage

TEXT_ONLY = "text only"
"""The kind of the message that reports a server which speaks only the text dialect."""

_LATE = frozenset({REMOVED, RESTORED})
"""Kinds that arrive once the server has found their messages, so that their ids may be smaller than
those of earlier lines."""

_READ_KEY = "read"
"""The key of requests that move a read mark.  Their refusals are not for the user: they only mean
that the user has left the room meanwhile."""


class JSONClientDialect:
    """
    The JSON dialect.

    Every command is followed by a ping, and nothing else is sent before the pong.  So a message
    never reaches a room other than the one that its author saw while writing it.
    """

    needsGoodbye = True

    def __init__(self, session: SessionState, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox
        self._pongs: set[str | None] = set()
        self._owed = 0
        self._newest = 0
        self._questions = 0
        self._replyKnown = True
        self._tellsRead = False
        self._rejected: list[PendingMessage] = []
        self.connected()

    @property
    def busy(self) -> bool:
        """See L{ClientDialect.busy}."""
        return self._barrier is not None

    def connected(self) -> None:
        """See L{ClientDialect.connected}."""
        self._entered = False
        self._greeted = False
        self._prompted = False
        self._barrier: str | None = None
        self._asked: dict[str, tuple[str, str]] = {}
        self._lastPing: str | None = None
        self._pongs.clear()

    def hello(self, proof: Proof) -> bytes:
        """See L{ClientDialect.hello}."""
        self._greeted = True
        mine = self._session
        shown = {"scram": proof.scram or None, "password": proof.password or None}
        if mine.token is None:
            return objectLine(type="hello", name=mine.name, backlog=mine.backlog, **shown)
        return objectLine(
            type="hello",
            name=mine.name,
            token=mine.token,
            epoch=mine.epoch,
            last=mine.last,
            **shown,
        )

    def prove(self, answer: str) -> bytes:
        """See L{ClientDialect.prove}."""
        return objectLine(type="proof", scram=answer)

    def receive(self, raw: bytes) -> Sequence[ServerMessage]:
        """See L{ClientDialect.receive}."""
        if not raw.startswith(b"{") and not self._entered:
            return self._beforeWelcome(raw.decode("utf-8", "replace"))
        message = readObject(raw)
        if not self._entered:
            if message.kind == WELCOME:
                return self._welcomed(message)
            if message.kind == ERROR:
                return (replace(message, kind=REFUSED),)
            return (message,) if message.kind in (BYE, CHALLENGE) else ()
        if message.kind in EVENTS:
            return self._event(message)
        mine = self._session
        if message.key in self._asked:
            return self._answered(message)
        if message.kind == OK:
            mine.last = max(mine.last, message.id)
            if not self._outbox.confirm(message.key) and message.key is not None:
                # The replay has shown the message before its receipt was repeated.
                return ()
        elif message.kind == ERROR:
            if (self._tellsRead and message.key == _READ_KEY) or self._rejects(message):
                return ()
            self._outbox.confirm(message.key)
        elif message.kind == ROOM:
            message = replace(message, forced=not self.busy and message.room != mine.room)
            mine.room = message.room
        elif message.kind == LOGIN:
            mine.name, mine.account = message.name or mine.name, message.account
            mine.room = mine.lobby
        elif message.kind == PONG and message.key in self._pongs:
            self._pongs.discard(message.key)
            if message.key == self._barrier:
                self._barrier = None
            return ()
        return (message,)

    def _answered(self, message: ServerMessage) -> Sequence[ServerMessage]:
        """
        @return: the answer to a request of the client itself; empty if the server does not know the
            request.
        """
        assert message.key is not None
        kind, request = self._asked[message.key]
        if not message.more:
            del self._asked[message.key]
        mine = self._session
        if message.kind == REGISTERED:
            mine.account = mine.account or message.name
        elif kind == ACCOUNT:
            mine.account = message.names[0] if message.names else ""
        # Requests that only add comfort fail silently.
        isTold = message.kind == kind or kind in (HISTORY, REGISTERED)
        return (replace(message, answers=request),) if isTold else ()

    def _rejects(self, message: ServerMessage) -> bool:
        """
        @return: whether this refuses C{reply}, which older servers do not know; they know the
            command C{/r}, which means the same.
        """
        if message.code != BadObject.code:
            return False
        pending = self._outbox.find(message.key)
        if pending is None or pending.fields.get("type") != "reply":
            return False
        self._replyKnown = False
        pending.fields = {"type": "command", "line": f"/r {pending.fields['text']}"}
        self._rejected.append(pending)
        return True

    def takeRejected(self) -> Sequence[PendingMessage]:
        """See L{ClientDialect.takeRejected}."""
        rejected, self._rejected = self._rejected, []
        return rejected

    def _beforeWelcome(self, line: str) -> Sequence[ServerMessage]:
        """
        Recognise a server that knows only the text dialect.  A server of both dialects answers a
        hello with objects only; one that prompts again, refuses or welcomes in words has taken the
        hello for a name.
        """
        if line.startswith(PROMPT):
            again, self._prompted = self._prompted, True
            line = line[len(PROMPT) :].lstrip(" ")
            if again and self._greeted and not line:
                return (ServerMessage(TEXT_ONLY),)
        message = readLine(line.encode("utf-8", "replace"))
        if self._greeted and (line == CONNECTED or (message.kind == ERROR and self._prompted)):
            return (ServerMessage(TEXT_ONLY),)
        return (message,) if message.kind == ERROR else ()

    def _welcomed(self, message: ServerMessage) -> Sequence[ServerMessage]:
        welcome, mine = message.welcome, self._session
        assert welcome is not None
        self._entered = True
        if not welcome.resumed:
            self._outbox.doubt()
            mine.last = welcome.last
        elif welcome.epoch != mine.epoch:
            mine.last = 0
        # The first of a user's rooms is the lobby.
        mine.lobby = welcome.rooms[0][0] if welcome.rooms else mine.lobby or welcome.room
        mine.name, mine.room = welcome.name or mine.name, welcome.room
        mine.token, mine.epoch = welcome.token, welcome.epoch
        mine.account = welcome.account or ""
        self._owed, self._newest = welcome.missed, welcome.last
        self._settle()
        return (message,)

    def _settle(self) -> None:
        """
        Count everything up to the welcome's id as seen, once the replay is complete.
        """
        if not self._owed:
            self._session.last = max(self._session.last, self._newest)

    def _event(self, message: ServerMessage) -> Sequence[ServerMessage]:
        event, mine = message.event, self._session
        assert event is not None
        if message.old:
            return (message,)
        if self._owed:
            self._owed -= 1
        known = event.id <= mine.last
        mine.last = max(mine.last, event.id)
        self._settle()
        if self._outbox.confirm(message.key):
            return (replace(message, kind=OK, id=event.id, event=None),)
        if message.more or (known and event.kind not in _LATE):
            return ()
        if event.name == mine.name:
            if event.kind == RENAMED:
                mine.name = event.to
        elif event.kind == TOLD:
            mine.lastSender = event.name
        elif event.kind == RENAMED and event.name == mine.lastSender:
            mine.lastSender = event.to
        return (message,)

    def compose(self, line: str) -> PendingMessage | None:
        """See L{ClientDialect.compose}."""
        fields: dict[str, Any] | None = None
        if not line.startswith("/"):
            fields = {"type": "say", "text": line}
        elif line.startswith("//"):
            fields = {"type": "say", "text": line[1:]}
        elif found := ME.fullmatch(line):
            fields = {"type": "act", "text": found[1]}
        elif found := MSG.fullmatch(line):
            fields = {"type": "tell", "to": found[1], "text": found[2]}
        elif self._session.lastSender and (found := REPLY.fullmatch(line)):
            # The name may belong to somebody else by now, so the server finds the intended session.
            # It refuses if the last sender is not the one whom the user saw while typing.
            to = self._session.lastSender
            if self._replyKnown:
                fields = {"type": "reply", "to": to, "text": found[1]}
            else:
                fields = {"type": "command", "line": f"/r {found[1]}"}
        if fields is None:
            return None
        if fields["type"] in ("say", "act") and self._session.room:
            fields["room"] = self._session.room
        return PendingMessage(self._outbox.newKey(), line, fields)

    def encode(self, message: PendingMessage) -> bytes:
        """See L{ClientDialect.encode}."""
        return objectLine(**{**message.fields, "key": message.key})

    def command(self, line: str) -> bytes:
        """See L{ClientDialect.command}."""
        command = objectLine(type="command", key=self._outbox.newKey(), line=line)
        ping = self.ping()
        self._barrier = self._lastPing
        return command + ping

    def ping(self) -> bytes:
        """See L{ClientDialect.ping}."""
        self._lastPing = self._outbox.newKey()
        self._pongs.add(self._lastPing)
        return objectLine(type="ping", key=self._lastPing)

    def names(self) -> bytes:
        """See L{ClientDialect.names}."""
        return self._ask(NAMES)

    def commands(self) -> bytes:
        """See L{ClientDialect.commands}."""
        return self._ask(COMMANDS)

    def history(self, room: str, count: int) -> bytes:
        """See L{ClientDialect.history}."""
        return self._ask(HISTORY, room=room, count=count)

    def search(self, words: str, count: int) -> bytes:
        """See L{ClientDialect.search}."""
        return self._ask(HISTORY, "search", words=words, count=count)

    def register(self, label: str, verifier: str) -> bytes:
        """See L{ClientDialect.register}."""
        return self._ask(REGISTERED, "register", label=label, verifier=verifier)

    def read(self, room: str, id: int) -> bytes:
        """See L{ClientDialect.read}."""
        self._tellsRead = True
        return objectLine(type=READ, key=_READ_KEY, room=room, id=id)

    def account(self) -> bytes:
        """See L{ClientDialect.account}."""
        return self._ask(ACCOUNT)

    def _ask(self, answer: str, request: str = "", **fields: str | int) -> bytes:
        """
        @param answer: the kind of the answer.
        @param request: the type of the request, if it has another name than its answer.
        @return: a request whose key differs from those of all messages: keys of an L{Outbox} have a
            prefix.
        """
        self._questions += 1
        request = request or answer
        key = f"{request}-{self._questions}"
        self._asked[key] = answer, request
        return objectLine(type=request, key=key, **fields)

    def lost(self) -> None:
        """See L{ClientDialect.lost}.  The fate of sent messages is learned when the session is
        resumed."""

    def bye(self) -> bytes:
        """See L{ClientDialect.bye}."""
        return objectLine(type="bye")
