# -*- test-case-name: tests.wire.test_jsonlines -*-
"""
The JSON dialect: one object a line, for programs (RFC 8259, UTF-8).

It carries what the text dialect cannot: ids, times, keys, sessions, gaps and error codes.
docs/protocol.md describes every object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from zope.interface import implementer

from ..errors import BadObject, ChatError, TooLong
from ..text.cleaning import MAX_LINE
from .answers import (
    Account,
    Answer,
    Backlog,
    Entered,
    Found,
    Gap,
    Goodbye,
    Help,
    Inbox,
    LoggedIn,
    Mark,
    Members,
    Replay,
    RoomList,
    RoomSummary,
    Welcome,
    Whois,
)
from .events import (
    ACCOUNTS,
    BANNED,
    DONE,
    GRANTED,
    INVITED,
    LEFT,
    LIFTED,
    MODERATION,
    PRESENCE,
    REGISTERED,
    REMOVED,
    RENAMED,
    REPORTED,
    RESTORED,
    SPOKEN,
    TOLD,
    TOPIC,
    UNREADABLE,
    Event,
    accountOf,
    publicValues,
)
from .interfaces import IDialect, IView
from .prose import REMOVED_TEXT, lines

MAX_OBJECT = 2 * MAX_LINE
"""The longest line of a client, in bytes: JSON may take two bytes for one of the text."""

_MAX_ANSWER = 48 * 1024
"""The longest line of an answer, in estimated bytes: clients need not accept more than 64 KiB."""

_FIELDS_SIZE = 400
"""An upper bound of the bytes of an event without its text: names may have 128 bytes each."""

_CACHED_EVENTS = 1024
"""Events whose lines are cached, more than a page of a replay: some 0.5 MiB, at most 16 MiB."""

MAX_KEY = 64
"""The longest key of a message, in characters."""

_T = TypeVar("_T")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_ERROR_FIELDS = ("login", "wait", "until", "reason")
"""Attributes of errors that become fields of a refusal, unless they are empty."""

_TO = frozenset({TOLD, RENAMED, INVITED, GRANTED, BANNED, LIFTED, REPORTED, DONE})
"""Kinds with a C{to}."""

_OF = frozenset({REMOVED, RESTORED})
"""Kinds about messages of C{to}, whose field is called C{of} in their objects."""

MAX_IDS = 1_000
"""Most ids in one object about removed or restored messages."""


def line(**fields: Any) -> bytes:
    """
    @param fields: the fields of an object in order; those that are C{None} are left out.
    @return: the object on one line.
    """
    return _line({name: value for name, value in fields.items() if value is not None})


def _line(value: dict[str, Any]) -> bytes:
    return (_encode(value) + "\r\n").encode()


def parseObject(raw: bytes) -> dict[str, Any]:
    """
    @param raw: a line without its line end.
    @return: the object on it.
    @raise BadObject: if it is not valid JSON, or not an object.
    """
    try:
        # RFC 8259 has no NaN and no Infinity; Python would read them.
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuseConstant)
    except (ValueError, RecursionError):
        raise BadObject("this line is not a JSON object in UTF-8: send one object a line") from None
    if not isinstance(value, dict):
        raise BadObject("this line is JSON, but not an object: send one object a line")
    return value


def _refuseConstant(name: str) -> None:
    raise ValueError(name)


def textField(
    value: dict[str, Any], name: str, default: str | None = None, limit: int = MAX_LINE
) -> str:
    """
    @param default: the value of an absent field; C{None} if the field is required.
    @param limit: its greatest length, in bytes of UTF-8.
    @return: the value of a text field.
    @raise BadObject: if it is missing, or not a text.
    @raise TooLong: if it is longer than the limit.
    """
    text = value.get(name, default)
    if not isinstance(text, str):
        raise BadObject(f'the field "{name}" must be text')
    if len(text.encode("utf-8", "surrogatepass")) > limit:
        raise TooLong(f'the field "{name}" is longer than {limit} bytes: shorten it')
    return text


def numberField(value: dict[str, Any], name: str, default: int, most: int) -> int:
    """
    @return: the value of a field that holds a whole number from 0 to C{most}.
    @raise BadObject: if it holds anything else.
    """
    number = value.get(name, default)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= most:
        raise BadObject(f'the field "{name}" must be a whole number from 0 to {most}')
    return number


def keyField(value: dict[str, Any]) -> str | None:
    """
    @return: the object's key, or C{None}.
    @raise BadObject: if it is not 1 to 64 printable ASCII characters.
    """
    key = value.get("key")
    if key is None:
        return None
    if isinstance(key, str) and 0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable():
        return key
    raise BadObject(f'the field "key" must be 1 to {MAX_KEY} printable ASCII characters')


def fields(event: Event) -> dict[str, Any]:
    """
    @return: the fields of an event that everybody who may see it may see.
    """
    shown: dict[str, Any] = {"type": event.kind, "id": event.id, "time": round(event.time, 3)}
    if event.kind != TOLD:
        shown["room"] = event.room
    shown["name"] = event.name
    if event.data and (account := accountOf(event)):
        shown["account"] = account
    if event.kind in _TO:
        shown["to"] = event.to
    elif event.kind in _OF:
        shown["of"] = event.to
    if event.kind == LEFT and event.to:
        shown["by"] = event.to
    if event.text or event.kind == TOPIC:
        shown["text"] = event.text
    elif event.kind in SPOKEN:
        shown |= {"text": REMOVED_TEXT, "removed": True}
    if event.kind in MODERATION:
        shown |= publicValues(event)
    return shown


@implementer(IDialect, IView)
class JSONDialect:
    """
    Renders everything as objects.  Having no state, it is its own view of every room.
    """

    @property
    def here(self) -> IView:
        """See L{IDialect}."""
        return self

    @property
    def elsewhere(self) -> IView:
        """See L{IDialect}."""
        return self

    @property
    def sent(self) -> IView:
        """See L{IDialect}."""
        return self

    def events(self, events: Sequence[Event], lobby: str) -> list[bytes]:
        """See L{IView.events}.  Nothing is folded: programs count."""
        return [
            _rendered(event) if event.kind in PRESENCE else _lines(fields(event))
            for event in events
        ]

    def receipt(self, event: Event) -> bytes:
        """See L{IDialect.receipt}."""
        return line(type="ok", key=event.key, id=event.id, time=round(event.time, 3))

    def own(self, event: Event, key: str | None = None) -> bytes:
        """See L{IDialect.own}."""
        if event.kind in ACCOUNTS:
            return b"" if key is None else _registered(event, key)
        if key is None and event.key is None and event.kind not in _OF:
            return _rendered(event)
        shown = _ownFields(event)
        if key is not None:
            shown["key"] = key
        return _lines(shown)

    def refusal(self, error: ChatError, key: str | None = None) -> bytes:
        """See L{IDialect.refusal}."""
        more = {name: getattr(error, name, None) or None for name in _ERROR_FIELDS}
        return line(type="error", code=error.code, text=error.sentence, **more, key=key)

    def answer(self, value: Answer, key: str | None = None) -> bytes:
        """
        See L{IDialect.answer}.  The answer to a command is told in sentences; programs that want
        values ask for them (L{object}).
        """
        match value:
            case Welcome():
                return _welcome(value)
            case Goodbye(text):
                return line(type="bye", text=text)
            case Entered(room, topic, count):
                return line(type="room", room=room, topic=topic, names=count)
            case Gap(count):
                return _gap(count)
            case Mark(room, id):
                return line(type="read", room=room, id=id)
            case LoggedIn(_, name, account):
                return line(type="login", name=name, account=account, key=key)
            case Backlog(events) | Inbox(events):
                return b"".join([_old(event) for event in events])
            case Replay(events, sid):
                return b"".join([_replayed(event, sid) for event in events])
            case Found(events):
                return _found(events, key)
            case _:
                return b"".join(line(type="notice", text=text, key=key) for text in lines(value))

    def object(
        self, value: Members | RoomList | Whois | Account | Help, key: str | None = None
    ) -> bytes:
        """
        @param value: the value that a program asked for.
        @param key: the client's own id of the request.
        @return: the value as objects.
        """
        match value:
            case Members(room, names, unreachable):
                portions = _portions(names, lambda name: 4 * len(name) + 3)
                *more, last = [{"type": "names", "room": room, "names": part} for part in portions]
                lost = list(unreachable) or None
                return b"".join([line(**part, key=key, more=True) for part in more]) + line(
                    **last, unreachable=lost, key=key
                )
            case RoomList(rooms, more_):
                listed = [_summary(room) for room in rooms]
                return line(type="rooms", rooms=listed, more=more_, key=key)
            case Whois(name, joinedAt, idle, rooms_, unreachable_, account):
                since = round(joinedAt, 3)
                return line(
                    type="who",
                    name=name,
                    since=since,
                    idle=round(idle),
                    rooms=rooms_,
                    unreachable=unreachable_ or None,
                    account=account or None,
                    key=key,
                )
            case Account(names_, since_, devices, connections):
                return line(
                    type="account",
                    names=names_,
                    since=round(since_, 3),
                    devices=[{"label": each.label, "since": round(each.since)} for each in devices],
                    connections=connections,
                    key=key,
                )
            case Help(commands):
                listed = [command._asdict() for command in commands]
                return line(type="commands", commands=listed, key=key)


def _registered(event: Event, key: str) -> bytes:
    """
    @return: the answer to a user who has registered, or changed the credentials of their account.
    """
    time = round(event.time, 3)
    return line(type=REGISTERED, id=event.id, time=time, name=event.name, key=key)


def _welcome(welcome: Welcome) -> bytes:
    return line(
        type="welcome",
        name=welcome.name,
        token=welcome.token,
        epoch=welcome.epoch,
        last=welcome.last,
        room=welcome.room,
        rooms=[{"name": name, "topic": topic} for name, topic in welcome.rooms],
        resumed=welcome.resumed,
        missed=welcome.missed,
        account=welcome.account,
        scram=welcome.proof,
        marks=_object(welcome.marks),
        unread=_object(welcome.unread),
    )


def _object(values: Mapping[str, int] | None) -> dict[str, int] | None:
    return None if values is None else dict(values)


def _gap(count: int | None) -> bytes:
    return _line({"type": "gap", "count": count})


def _summary(room: RoomSummary) -> dict[str, Any]:
    return {
        "name": room.name,
        "topic": room.topic,
        "names": room.people,
        "private": room.private,
        "joined": room.joined,
        "current": room.current,
    }


def _found(events: Sequence[Event], key: str | None) -> bytes:
    shown = [fields(event) for event in events if event.kind != UNREADABLE]
    *more, last = _portions(shown, lambda each: len(each.get("text", "")) * 4 + _FIELDS_SIZE)
    first = b"".join([line(type="history", key=key, events=part, more=True) for part in more])
    lost = _gap(len(events) - len(shown)) if len(shown) < len(events) else b""
    return lost + first + line(type="history", key=key, events=last)


def _replayed(event: Event, sid: str) -> bytes:
    if event.kind == UNREADABLE:
        return _gap(1)
    return _lines(_ownFields(event)) if event.sid == sid else _rendered(event)


def _lines(value: dict[str, Any]) -> bytes:
    """
    @return: an event as one object, or as several if it has many ids.
    """
    if "ids" not in value:
        return _line(value)
    ids = value["ids"]
    if len(ids) > MAX_IDS:
        value = {**value, "count": len(ids)}
    parts = [ids[at : at + MAX_IDS] for at in range(0, len(ids), MAX_IDS)]
    more = b"".join([_line({**value, "ids": part, "more": True}) for part in parts[:-1]])
    return more + _line({**value, "ids": parts[-1] if parts else []})


@lru_cache(maxsize=_CACHED_EVENTS)
def _old(event: Event) -> bytes:
    """
    @return: the line of an event in a backlog; cached, since all newcomers are shown the same.
    """
    return _gap(1) if event.kind == UNREADABLE else _line({**fields(event), "old": True})


@lru_cache(maxsize=_CACHED_EVENTS)
def _rendered(event: Event) -> bytes:
    """
    @return: the line of an event for others; cached, since users who resume at the same time have
        missed the same events.
    """
    return _lines(fields(event))


def _portions(items: Sequence[_T], size: Callable[[_T], int]) -> list[list[_T]]:
    """
    Divide a long list into portions that fit on a line.

    @param size: estimates the size of an item, in bytes.
    @return: at least one portion.
    """
    portions: list[list[_T]] = [[]]
    total = 0
    for item in items:
        total += size(item)
        if total > _MAX_ANSWER and portions[-1]:
            portions.append([])
            total = size(item)
        portions[-1].append(item)
    return portions


def _ownFields(event: Event) -> dict[str, Any]:
    """
    @return: the fields of an event for its author, whose own key is among them.
    """
    shown = fields(event)
    if event.key is not None:
        shown["key"] = event.key
    return shown


JSON = JSONDialect()
"""The only instance that is needed: it keeps no state."""
