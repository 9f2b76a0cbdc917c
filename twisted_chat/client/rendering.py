# -*- test-case-name: tests.client.test_rendering -*-
"""
Renders the server's messages, and connection errors, as text for people.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import groupby

from twisted.internet.error import (
    ConnectError,
    ConnectionClosed,
    ConnectionDone,
    ConnectionRefusedError,
    DNSLookupError,
    TimeoutError,
)
from twisted.python.failure import Failure

from ..errors import ChatError
from ..wire.answers import Answer, Backlog, Entered, Found, Gap, LoggedIn, Notice
from ..wire.events import ACTED, SAID, Event
from ..wire.textlines import TEXT
from .messages import (
    BYE,
    ERROR,
    GAP,
    HISTORY,
    LOGIN,
    NOTICE,
    OK,
    RECEIPT,
    ROOM,
    ServerMessage,
)


def asLines(
    batch: Iterable[ServerMessage], name: str, room: str, lobby: str, now: float
) -> list[str]:
    """
    Render messages as the text dialect does, whichever dialect they came in.

    @param batch: messages that arrived together; joins and leaves among them are folded.
    @param name: the reader's own name.
    @param room: the reader's current room.
    @param lobby: the lobby's name.
    @param now: the wall time, in seconds since the epoch, UTC.
    @return: lines without line ends.
    """
    lines: list[str] = []

    def sort(message: ServerMessage) -> tuple[bool, str]:
        live = message.line is None and message.event is not None and not message.old
        return live, message.event.room if live and message.event is not None else ""

    for (live, where), group in groupby(batch, sort):
        if live:
            events = [message.event for message in group if message.event is not None]
            lines += _liveLines(events, name, where in (room, "@"), lobby)
        else:
            for message in group:
                lines += [message.line] if message.line is not None else _otherLines(message, now)
    return lines


def _liveLines(events: Sequence[Event], name: str, here: bool, lobby: str) -> Iterable[str]:
    """
    @return: the lines of events of one room.
    """
    view = TEXT.here if here else TEXT.elsewhere
    for own, group in groupby(events, lambda event: event.name == name):
        if own:
            for event in group:
                said = event.kind in (SAID, ACTED)
                yield from _split((view.events((event,), lobby)[0]) if said else TEXT.own(event))
        else:
            yield from _split(b"".join(view.events(list(group), lobby)))


def _otherLines(message: ServerMessage, now: float) -> Iterable[str]:
    answer: Answer
    if message.kind == OK:
        return (RECEIPT,)
    if message.kind == ERROR:
        return (f"! {message.text}",)
    if message.kind in (NOTICE, BYE):
        answer = Notice(message.text)
    elif message.kind == LOGIN:
        answer = LoggedIn(message.name, message.name, message.account)
    elif message.kind == ROOM:
        answer = Entered(message.room, message.text, message.count or 0)
    elif message.kind == GAP:
        answer = Gap(message.count)
    elif message.kind == HISTORY:
        answer = Found(message.events, now)
    elif message.event is not None:
        answer = Backlog((message.event,), now)
    else:
        return ()
    return _split(TEXT.answer(answer))


def _split(lines: bytes) -> Iterable[str]:
    return lines.decode().splitlines()


def explain(failure: Failure, where: str) -> str:
    """
    @param where: the server, in words.
    @return: one sentence that says why there is no connection.
    """
    error = failure.value
    if isinstance(error, ChatError):
        return error.sentence
    if isinstance(error, DNSLookupError):
        return f"There is no host of this name: {where}. Check the name."
    if isinstance(error, ConnectionRefusedError):
        return f"Nobody listens at {where}. Check the port, and whether the server runs."
    if isinstance(error, TimeoutError):
        return f"There is no answer from {where}. Check the address and the network."
    if isinstance(error, ConnectionDone):
        return f"The server at {where} closed the connection."
    if isinstance(error, ConnectionClosed):
        return f"The connection to {where} was lost."
    reason: object = error
    if isinstance(error, ConnectError) and error.osError:
        number = error.osError
        reason = os.strerror(number) if isinstance(number, int) else number
    return f"There is no connection to {where}: {reason or type(error).__name__}."


def asSentence(words: str) -> str:
    """
    @param words: a reason, in the words of a server or of this client.
    @return: the words with a capital and a full stop, so that another sentence may follow.
    """
    return words if words.endswith((".", "!", "?")) else f"{words}."


def reconnected(message: ServerMessage) -> str:
    """
    @param message: the server's welcome after a reconnection.
    @return: a sentence about it, with the number of missed events if it is known.
    """
    if message.welcome is None:
        return "Reconnected"
    if not message.welcome.resumed:
        return "Reconnected to a server that does not know you: what was said meanwhile is unknown"
    return f"Reconnected, {message.welcome.missed} missed"
