# -*- test-case-name: tests.wire.test_textlines -*-
"""
The text dialect: what people see in C{nc}, telnet or the plain client.

Names and rooms contain no blank and never begin with C{*} or C{!}, so that every kind of line can
be recognised without guessing.  docs/protocol.md is the contract.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache

from zope.interface import implementer

from ..errors import ChatError
from .answers import Answer, Backlog, Found, Inbox, Mark, Replay, Welcome
from .events import (
    ACTED,
    CREATED,
    INVITED,
    JOINED,
    LEFT,
    LOCKED,
    MODERATION,
    PRIVATE,
    RENAMED,
    SAID,
    TOLD,
    TOPIC,
    UNLOCKED,
    UNREADABLE,
    Event,
)
from .interfaces import IDialect, IView
from .prose import REMOVED_TEXT, act, lines

PROMPT = b"Enter your name to enter the chat >\r\n"
CONNECTED = b"Connected... Start sending messages\r\n"
RECEIPT = b"OK . .\r\n"

_FOLDED_NAMES = 2
"""Names that a folded line lists before C{and N more}."""


def _list(names: Sequence[str]) -> str:
    """
    @return: C{Ann}, C{Ann and Bob} or C{Ann, Bob and 3 more}.
    """
    if len(names) <= _FOLDED_NAMES:
        return " and ".join(names)
    return f"{', '.join(names[:_FOLDED_NAMES])} and {len(names) - _FOLDED_NAMES} more"


def _inflect(names: Sequence[str], one: str, many: str) -> str:
    return one if len(names) == 1 else many


def _joinedLine(room: str, names: Sequence[str], lobby: bool) -> str:
    if lobby:
        return f"* {_list(names)} {_inflect(names, 'is', 'are')} now connected\r\n"
    return f"* {_list(names)} {_inflect(names, 'has', 'have')} joined {room}\r\n"


def _leftLine(room: str, names: Sequence[str], lobby: bool) -> str:
    suffix = "" if lobby else f" {room}"
    return f"* {_list(names)} {_inflect(names, 'has', 'have')} left{suffix}\r\n"


_NOTICES: dict[str, Callable[[Event], str]] = {
    RENAMED: lambda e: f"* {e.name} is now {e.to}\r\n",
    TOPIC: lambda e: (
        f"* {e.name} set the topic of {e.room}: {e.text}\r\n"
        if e.text
        else f"* {e.name} cleared the topic of {e.room}\r\n"
    ),
    CREATED: lambda e: f"* {e.name} made {e.room} private\r\n" if e.text == PRIVATE else "",
    LOCKED: lambda e: f"* {e.name} made {e.room} private\r\n",
    UNLOCKED: lambda e: f"* {e.name} opened {e.room} to everybody\r\n",
    INVITED: lambda e: f"* {e.name} invited {e.to} to {e.room}\r\n",
}
"""The kinds that read the same in every room."""


@implementer(IView)
class TextView:
    """
    Renders a room's events for people whose current room it is, or is not.
    """

    def __init__(self, here: bool) -> None:
        """
        @param here: whether it is the readers' current room.
        """
        self._here = here

    def events(self, events: Sequence[Event], lobby: str) -> list[bytes]:
        """
        See L{IView.events}.  Everybody who joined shares a line in the place of the first, and
        everybody who left shares one in the place of the last, so nobody speaks before they join or
        after they leave.
        """
        if self._here:
            lines = [
                f"{event.name} :: {event.text}\r\n".encode()
                if event.kind == SAID
                else self._rare(event)
                for event in events
            ]
        else:
            lines = [
                f"{event.room} {event.name} :: {event.text}\r\n".encode()
                if event.kind == SAID
                else self._rare(event)
                for event in events
            ]
        if not all(lines):
            _fold(events, lines, lobby)
        return lines

    def _rare(self, event: Event) -> bytes:
        """
        @return: the line of an event that is not a plain message; empty if it is folded into
            another line.
        """
        if event.kind == TOLD:
            return f"{event.name} -> you :: {event.text}\r\n".encode()
        if event.kind == ACTED:
            where = "" if self._here else f"{event.room} "
            return f"* {where}{event.name} {event.text}\r\n".encode()
        if event.kind == LEFT and event.to:
            reason = f": {event.text}" if event.text else ""
            return _notice(f"{event.to} removed {event.name} from {event.room}{reason}")
        notice = _NOTICES.get(event.kind)
        if notice is not None:
            return notice(event).encode()
        return _notice(act(event)) if event.kind in MODERATION else b""


@implementer(IView)
class SentView:
    """
    Renders direct messages for the other connections of their author.
    """

    def events(self, events: Sequence[Event], lobby: str) -> list[bytes]:
        """See L{IView.events}."""
        return [_notice(f"you -> {event.to} :: {event.text}") for event in events]


def _fold(events: Sequence[Event], lines: list[bytes], lobby: str) -> None:
    """
    Write one line for everybody who joined a room and one for everybody who left it, each named
    once.
    """
    came: dict[str, list[int]] = {}
    went: dict[str, list[int]] = {}
    for place, event in enumerate(events):
        if event.kind == JOINED:
            came.setdefault(event.room, []).append(place)
        elif event.kind == LEFT and not event.to:
            went.setdefault(event.room, []).append(place)
    for room, places in came.items():
        names = list(dict.fromkeys(events[place].name for place in places))
        lines[places[0]] = _joinedLine(room, names, room == lobby).encode()
    for room, places in went.items():
        names = list(dict.fromkeys(events[place].name for place in places))
        lines[places[-1]] += _leftLine(room, names, room == lobby).encode()


@implementer(IDialect)
class TextDialect:
    """
    Renders receipts, answers and refusals as lines for people.
    """

    here = TextView(True)
    elsewhere = TextView(False)
    sent = SentView()

    def receipt(self, event: Event) -> bytes:
        """See L{IDialect.receipt}."""
        return RECEIPT

    def own(self, event: Event, key: str | None = None) -> bytes:
        """See L{IDialect.own}."""
        if event.kind == RENAMED:
            return _notice(f"You are now {event.to}")
        if event.kind in (JOINED, LEFT) and not event.to:
            return b""
        return self.here.events((event,), "")[0]

    def refusal(self, error: ChatError, key: str | None = None) -> bytes:
        """See L{IDialect.refusal}."""
        return f"! {error.sentence}\r\n".encode()

    def answer(self, value: Answer, key: str | None = None) -> bytes:
        """See L{IDialect.answer}.  A text client cannot resume a session, so it gets no replay."""
        match value:
            case Welcome():
                return CONNECTED
            case Backlog(events, now):
                return _backlog(events, now)
            case Inbox():
                return _inbox(value)
            case Found(events):
                return _found(events)
            case Replay() | Mark():
                return b""
            case _:
                return b"".join(map(_notice, lines(value)))


def _notice(text: str) -> bytes:
    return f"* {text}\r\n".encode()


def _backlog(events: Sequence[Event], now: float) -> bytes:
    """
    @return: old messages as notices, so that nobody takes them for new ones.
    """
    if not events:
        return b""
    today = time.localtime(now)[:3]
    return b"".join(
        _gap()
        if event.kind == UNREADABLE
        else _notice(f"{_when(int(event.time) // 60, today, time.tzname)} {_quote(event)}")
        for event in events
    )


def _inbox(inbox: Inbox) -> bytes:
    """
    @return: a line with the number of direct messages, then the newest of them.
    """
    count = f"{inbox.total} message{'' if inbox.total == 1 else 's'}"
    more = f" (/inbox {inbox.total} shows all)" if inbox.total > len(inbox.events) else ""
    return _notice(f"{count} for you alone while you were away{more}:") + _backlog(
        [event._replace(to="you") for event in inbox.events], inbox.now
    )


def _found(events: Sequence[Event]) -> bytes:
    """
    @return: lines that begin with their ids, for C{/history before ID}.
    """
    if not events:
        return _notice("Nothing found")
    found = []
    for event in events:
        if event.kind == UNREADABLE:
            found.append(_gap())
            continue
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(event.time))
        where = "" if event.kind == TOLD else f"{event.room} "
        found.append(_notice(f"{event.id} {when} {where}{_quote(event)}"))
    return b"".join(found)


def _gap() -> bytes:
    return _notice("A message here cannot be read")


@lru_cache(maxsize=256)
def _when(minute: int, today: tuple[int, int, int], zone: tuple[str, str]) -> str:
    """
    @param minute: the time, in minutes since the epoch.
    @param zone: the time zone of the process: part of the cache's key, since the result depends on
        it.
    @param today: year, month and day where the server is.
    @return: the time of day, with the day if it is not today.
    """
    at = time.localtime(minute * 60)
    return time.strftime("%H:%M" if at[:3] == today else "%Y-%m-%d %H:%M", at)


def _quote(event: Event) -> str:
    """
    @return: the wording of an old message.
    """
    text = event.text or REMOVED_TEXT
    if event.kind == ACTED:
        return f"{event.name} {text}"
    if event.kind == TOLD:
        return f"{event.name} -> {event.to} :: {text}"
    return f"{event.name} :: {text}"


TEXT = TextDialect()
"""The only instance that is needed: it keeps no state."""
