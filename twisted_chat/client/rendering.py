# -*- test-case-name: tests.client.test_rendering -*-
"""
What was heard, and why there is no connection, in words for people.
"""

from __future__ import annotations

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
from ..wire.events import ACTED, SAID, Event
from ..wire.textlines import TEXT
from .messages import BYE, ERROR, GAP, HISTORY, NOTICE, OK, RECEIPT, ROOM, Heard


def asLines(batch: Iterable[Heard], name: str, room: str, lobby: str, now: float) -> list[str]:
    """
    Write what was heard as the text dialect does, whatever the dialect it came in.

    @param batch: what came at once; comings and goings in it are folded.
    @param name: the reader's own name.
    @param room: his current room.
    @param lobby: the lobby's name.
    @param now: the wall time, in seconds since the epoch, UTC.
    @return: lines without line ends.
    """
    lines: list[str] = []

    def sort(heard: Heard) -> tuple[bool, str]:
        live = heard.line is None and heard.event is not None and not heard.old
        return live, heard.event.room if live and heard.event is not None else ""

    for (live, where), group in groupby(batch, sort):
        if live:
            events = [heard.event for heard in group if heard.event is not None]
            lines += _liveLines(events, name, where in (room, "@"), lobby)
        else:
            for heard in group:
                lines += [heard.line] if heard.line is not None else _otherLines(heard, now)
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


def _otherLines(heard: Heard, now: float) -> Iterable[str]:
    if heard.kind == OK:
        return (RECEIPT,)
    if heard.kind == ERROR:
        return (f"! {heard.text}",)
    if heard.kind in (NOTICE, BYE):
        return (f"* {heard.text}",)
    if heard.kind == ROOM:
        return _split(TEXT.moved(heard.room, heard.text, heard.count or 0))
    if heard.kind == GAP:
        return _split(TEXT.gap(heard.count))
    if heard.kind == HISTORY:
        return _split(TEXT.found(heard.events, now))
    if heard.event is not None:
        return _split(TEXT.backlog((heard.event,), now))
    return ()


def _split(lines: bytes) -> Iterable[str]:
    return lines.decode().splitlines()


def explain(failure: Failure, where: str) -> str:
    """
    @param where: the server, in words.
    @return: why there is no connection, in one sentence.
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
    reason = error.osError if isinstance(error, ConnectError) and error.osError else error
    return f"There is no connection to {where}: {reason or type(error).__name__}."


def asSentence(words: str) -> str:
    """
    @param words: why something is so, as a server or this client says it.
    @return: the words as a sentence that others may follow.
    """
    return words if words.endswith((".", "!", "?")) else f"{words}."


def reconnected(heard: Heard) -> str:
    """
    @param heard: what the server said when it let one in again.
    @return: the words for it, and how much was missed as far as anybody knows.
    """
    if heard.welcome is None:
        return "Reconnected"
    if not heard.welcome.resumed:
        return "Reconnected to a server that does not know you: what was said meanwhile is unknown"
    return f"Reconnected, {heard.welcome.missed} missed"
