# -*- test-case-name: tests.client.test_messages,tests.client.test_hostileserver -*-
"""
Parses the lines of a server, in either dialect, into one kind of value.

A server may be hostile, so every text is made fit for a terminal here, on arrival: the rest of the
client never sees another.  Every field has its declared type and a bounded size, whatever was sent.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeGuard

from ..errors import BadObject
from ..text.cleaning import showable
from ..wire.answers import Welcome
from ..wire.events import (
    FOREVER,
    JOINED,
    LEFT,
    MODERATION,
    PRESENCE,
    REMOVED,
    REPORTED,
    RESTORED,
    SAID,
    SERVER,
    SPOKEN,
    STATE,
    TOLD,
    Event,
    asData,
    joinedData,
)
from ..wire.textlines import CONNECTED as _CONNECTED
from ..wire.textlines import PROMPT as _PROMPT
from ..wire.textlines import RECEIPT as _RECEIPT

PROMPT = _PROMPT.decode().rstrip()
CONNECTED = _CONNECTED.decode().rstrip()
RECEIPT = _RECEIPT.decode().rstrip()

OK = "ok"
ERROR = "error"
NOTICE = "notice"
NAMES = "names"
COMMANDS = "commands"
LINE = "line"
WELCOME = "welcome"
REFUSED = "refused"
ROOM = "room"
CHALLENGE = "challenge"
REGISTERED = "registered"
LOGIN = "login"
READ = "read"
ACCOUNT = "account"
GAP = "gap"
HISTORY = "history"
PONG = "pong"
BYE = "bye"
UNKNOWN = "unknown"

EVENTS = SPOKEN | PRESENCE | STATE | MODERATION
_WITH_TEXT = frozenset({ERROR, NOTICE, BYE})

_OTHERS = {LEFT: "by", REMOVED: "of", RESTORED: "of"}
"""The field in which an event names another person, for kinds in which it is not C{to}."""

_MAX_TIME = 253402300799.0
"""The last second of a calendar with four-digit years, in seconds since the epoch."""

_MAX_ROOMS = 500
"""Most rooms with read marks that are taken.  On an honest server a person can be in 32 rooms."""

_MAX_SECRET = 1024
"""Most characters of a token or an epoch, which the client stores and sends back."""

_SPOKEN = re.compile(r"(?:(#\S+) )?([^\s*!#]\S*) :: (.*)", re.DOTALL)
_TOLD = re.compile(r"([^\s*!#]\S*) -> you :: (.*)", re.DOTALL)


@dataclass(frozen=True)
class ServerMessage:
    """
    One thing that a server said.

    @ivar kind: the kind of an event, or one of the words above.
    @ivar text: the sentence of a refusal, a notice or a goodbye; the topic of a room.
    @ivar event: the event, for the kinds of events; its C{id} and C{time} are 0 if the dialect does
        not tell them.
    @ivar key: the key of the request that it answers.
    @ivar code: the stable code of a refusal.
    @ivar id: the id of the event that a receipt confirms, or the id of a read mark; or 0.
    @ivar room: the name of the user's current room, or of the room that the message is about.
    @ivar count: how many people are in the room, or events in a gap; C{None} if unknown.
    @ivar old: whether the event happened before the user entered.
    @ivar forced: whether the current room changed without a command of the user.
    @ivar more: whether a further part of this answer follows.
    @ivar events: the events of an answer from the history.
    @ivar names: the names of the people in a room, of the server's commands, or of an account.
    @ivar welcome: the answer to a login.
    @ivar name: the user's new name.
    @ivar account: the name of their account.
    @ivar login: how the owner of a registered name may prove who they are.
    @ivar answers: the type of the request that this answers, if the client itself made it.
    @ivar line: the line itself, in the text dialect.
    @ivar raw: the object itself, in the JSON dialect.
    """

    kind: str
    text: str = ""
    event: Event | None = None
    key: str | None = None
    code: str = ""
    id: int = 0
    room: str = ""
    count: int | None = None
    old: bool = False
    forced: bool = False
    more: bool = False
    events: tuple[Event, ...] = ()
    names: tuple[str, ...] = ()
    welcome: Welcome | None = None
    name: str = ""
    account: str = ""
    login: tuple[str, ...] = ()
    answers: str = ""
    line: str | None = None
    raw: dict[str, Any] | None = None


def readLine(raw: bytes, room: str = "") -> ServerMessage:
    """
    Parse a line of the text dialect.

    @param raw: the line without its end.
    @param room: the name of the user's current room, as far as known.
    """
    line = showable(raw.decode("utf-8", "replace"))
    if line == RECEIPT:
        return ServerMessage(OK, line=line)
    if line.startswith("! "):
        return ServerMessage(ERROR, line[2:], code="refused", line=line)
    if line.startswith("* "):
        return ServerMessage(NOTICE, line[2:], line=line)
    found = _TOLD.fullmatch(line)
    if found is not None:
        event = Event(0, 0.0, TOLD, "@", found[1], found[2], "you")
        return ServerMessage(TOLD, event=event, line=line)
    found = _SPOKEN.fullmatch(line)
    if found is not None:
        return ServerMessage(
            SAID, event=Event(0, 0.0, SAID, found[1] or room, found[2], found[3]), line=line
        )
    return ServerMessage(LINE, line, line=line)


def readObject(raw: bytes) -> ServerMessage:
    """
    Parse a line of the JSON dialect.  A malformed field counts as absent.

    @param raw: the line without its end.
    @raise BadObject: if the line is not a JSON object.
    """
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuseConstant)
    except (ValueError, RecursionError):
        # For a number of more than 4,300 digits Python raises ValueError, too.
        raise BadObject("the server sent a line that is not JSON") from None
    if not isinstance(value, dict):
        raise BadObject("the server sent JSON that is not an object")
    kind = _text(value, "type")
    key = value.get("key")
    key = key if isinstance(key, str) else None
    if kind in EVENTS:
        return ServerMessage(
            kind,
            event=_event(value),
            key=key,
            old=value.get("old") is True,
            more=value.get("more") is True,
            raw=value,
        )
    if kind in _WITH_TEXT:
        return ServerMessage(
            kind,
            _text(value, "text"),
            key=key,
            code=_text(value, "code"),
            login=_texts(value, "login"),
            raw=value,
        )
    if kind == CHALLENGE:
        return ServerMessage(CHALLENGE, _secret(value, "scram") or "", key=key, raw=value)
    if kind == REGISTERED:
        return ServerMessage(REGISTERED, key=key, name=_text(value, "name"), raw=value)
    if kind == LOGIN:
        name, account = _text(value, "name"), _text(value, "account")
        return ServerMessage(LOGIN, key=key, name=name, account=account, raw=value)
    if kind == ACCOUNT:
        return ServerMessage(ACCOUNT, key=key, names=_texts(value, "names"), raw=value)
    if kind == READ:
        room, id = _text(value, "room"), _number(value, "id")
        return ServerMessage(READ, room=room, id=id, raw=value)
    if kind == OK:
        return ServerMessage(OK, key=key, id=_number(value, "id"), raw=value)
    if kind == WELCOME:
        return ServerMessage(WELCOME, welcome=_welcome(value), raw=value)
    if kind == ROOM:
        room, count = _text(value, "room"), _number(value, "names")
        return ServerMessage(ROOM, _text(value, "topic"), room=room, count=count, raw=value)
    if kind == GAP:
        known = _isWhole(value.get("count"))
        return ServerMessage(GAP, count=_number(value, "count") if known else None, raw=value)
    if kind == NAMES:
        return ServerMessage(
            NAMES,
            key=key,
            room=_text(value, "room"),
            names=_texts(value, "names"),
            more=value.get("more") is True,
            raw=value,
        )
    if kind == COMMANDS:
        names = tuple(_text(each, "name") for each in _objects(value, "commands"))
        return ServerMessage(COMMANDS, key=key, names=names, raw=value)
    if kind == HISTORY:
        events = tuple(map(_event, _objects(value, "events")))
        more = value.get("more") is True
        return ServerMessage(HISTORY, key=key, events=events, more=more, raw=value)
    return ServerMessage(PONG if kind == PONG else UNKNOWN, key=key, raw=value)


def _refuseConstant(name: str) -> None:
    """
    Refuse NaN and the infinities, which Python accepts and RFC 8259 does not have.
    """
    raise ValueError(name)


def _text(value: dict[str, Any], name: str) -> str:
    text = value.get(name)
    return showable(text) if isinstance(text, str) else ""


def _texts(value: dict[str, Any], name: str) -> tuple[str, ...]:
    texts = value.get(name)
    known = texts if isinstance(texts, list) else []
    return tuple(showable(each) for each in known if isinstance(each, str))


def _secret(value: dict[str, Any], name: str) -> str | None:
    secret = value.get(name)
    return secret if isinstance(secret, str) and 0 < len(secret) <= _MAX_SECRET else None


def _isWhole(value: object) -> TypeGuard[int]:
    """
    @return: whether this is a whole number; C{True} is one only to Python.
    """
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: dict[str, Any], name: str) -> int:
    number = value.get(name)
    return number if _isWhole(number) and 0 < number <= FOREVER else 0


def _numbers(value: dict[str, Any], name: str) -> dict[str, int] | None:
    """
    @return: a number for each room, or C{None} if the field is absent.
    """
    table = value.get(name)
    if not isinstance(table, dict):
        return None
    rooms = list(islice(table, _MAX_ROOMS))
    return {showable(room): _number(table, room) for room in rooms if _number(table, room)}


def _time(value: dict[str, Any], name: str) -> float:
    """
    @return: a time in seconds since the epoch; 0 if it is absent or beyond the calendar.
    """
    time = value.get(name)
    # NaN compares as false; comparing does not convert, so no integer is too large for it.
    known = (_isWhole(time) or isinstance(time, float)) and 0 <= time <= _MAX_TIME
    return float(time) if known and time is not None else 0.0


def _objects(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    objects = value.get(name)
    return [o for o in objects if isinstance(o, dict)] if isinstance(objects, list) else []


def _event(value: dict[str, Any]) -> Event:
    kind = _text(value, "type")
    return Event(
        _number(value, "id"),
        _time(value, "time"),
        kind,
        # C{room} of a report names where it happened; the report itself belongs to the server.
        SERVER if kind == REPORTED else _text(value, "room") or "@",
        _text(value, "name"),
        _text(value, "text"),
        _text(value, _OTHERS.get(kind, "to")),
        data=_data(value, kind),
    )


def _data(value: dict[str, Any], kind: str) -> str:
    """
    @return: the C{data} of an event: the account of its author, or the details of a moderator's
        act.
    """
    if kind in MODERATION:
        texts = {name: _text(value, name) for name in ("role", "what", "room")}
        ids = value.get("ids")
        more = {
            "until": _time(value, "until"),
            "count": _number(value, "count") or (len(ids) if isinstance(ids, list) else 0),
            "quiet": value.get("quiet") is True,
        }
        return asData({name: each for name, each in {**texts, **more}.items() if each})
    account = _text(value, "account")
    return joinedData("", account) if kind == JOINED else account if kind in SPOKEN else ""


def _welcome(value: dict[str, Any]) -> Welcome:
    return Welcome(
        _text(value, "name"),
        _secret(value, "token"),
        _secret(value, "epoch") or "",
        _number(value, "last"),
        _text(value, "room"),
        tuple((_text(o, "name"), _text(o, "topic")) for o in _objects(value, "rooms")),
        value.get("resumed") is True,
        _number(value, "missed"),
        _text(value, "account") or None,
        _secret(value, "scram"),
        _numbers(value, "marks"),
        _numbers(value, "unread"),
    )
