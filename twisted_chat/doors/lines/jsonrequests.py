# -*- test-case-name: tests.doors.lines.test_jsonrequests -*-
"""
What programs ask for in the JSON dialect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ...chat.commands.queries import MOST, find, past
from ...chat.commands.table import dispatch
from ...chat.interfaces import IChatClient
from ...chat.welcome import Arrival
from ...errors import BadObject, ChatError, NoHistory
from ...stores.session import Session, hashToken, newSid, newToken
from ...text.cleaning import cleanText
from ...wire.events import ACTED
from ...wire.jsonlines import JSON, keyField, line, numberField, parseObject, textField

if TYPE_CHECKING:
    from ...chat.hub import Hub
    from ...chat.user import User
    from ...wire.interfaces import IDialect

_MOST_ID = 2**63 - 1
"""The largest id that a log can have."""


class Door(Protocol):
    """
    What the requests of a connection need of it.
    """

    dialect: IDialect
    user: User | None
    put: Callable[[bytes], None]

    @property
    def isOpen(self) -> bool:
        """Whether what is sent can still arrive."""

    def loggedIn(self, user: User) -> None:
        """He has a name now."""

    def wait(self, result: Deferred[None]) -> None:
        """Take no further line before this fires."""


class Requests:
    """
    One program's requests.  The first is C{hello}; nothing else is taken before it.
    """

    _log = Logger()

    def __init__(self, door: Door, hub: Hub) -> None:
        """
        @param door: the connection; it speaks JSON from now on.
        """
        self._door = door
        self._hub = hub
        door.dialect = JSON

    def take(self, raw: bytes) -> None:
        """
        Do what one line asks for.

        @param raw: without its end.
        @raise ChatError: if it is refused and has no key to say so under.
        """
        if not raw.strip():
            return
        value = parseObject(raw)
        key = keyField(value)
        try:
            self._take(value, key)
        except ChatError as error:
            user = self._door.user
            if user is not None:
                user.refuse(error, key)
            else:
                self._door.put(JSON.refusal(error, key))

    def _take(self, value: dict[str, Any], key: str | None) -> None:
        kind = textField(value, "type")
        user = self._door.user
        if user is None:
            if kind != "hello":
                raise BadObject('say who you are first: {"type":"hello","name":"..."}')
            self._hello(value)
            return
        handler = _HANDLERS.get(kind)
        if handler is None:
            raise BadObject(f"there is no such type: one of {', '.join(_HANDLERS)}")
        asked = handler(user, value, key)
        if asked is not None:
            self._door.wait(asked)

    def _hello(self, value: dict[str, Any]) -> None:
        name = cleanText(textField(value, "name", ""))
        token = textField(value, "token", "")
        last = numberField(value, "last", 0, _MOST_ID) if "last" in value else None
        backlog = numberField(value, "backlog", 0, MOST) if "backlog" in value else None
        arrival = Arrival(token, last, textField(value, "epoch", ""), backlog)
        if not token:
            self._enter(name, None, arrival)
            return
        recalled = self._hub.log.recall(hashToken(token))
        done = recalled.addCallbacks(
            lambda session: self._enter(name, session, arrival), self._unreadable
        )
        done.addErrback(self._refuse)
        self._door.wait(done)

    def _enter(self, name: str, session: Session | None, arrival: Arrival) -> None:
        """
        Go on with a session, or begin one.

        @raise ChatError: if the name cannot be had.
        """
        hub, door = self._hub, self._door
        if not door.isOpen:
            return
        if session is None:
            token = newToken()
            session = Session(newSid(), hashToken(token), name)
            arrival = Arrival(token, None, "", arrival.backlog)
        elif arrival.last is None:
            arrival = arrival._replace(last=0, epoch="")
        present = hub.bySid(session.sid)
        client: IChatClient = door  # type: ignore[assignment]
        if present is not None:
            door.loggedIn(present)
            hub.takeOver(client, present, arrival)
        else:
            user = hub.enter(client, name or session.name, session, arrival)
            door.loggedIn(user)
            user.remember()

    def _unreadable(self, failure: Failure) -> None:
        self._log.failure("a session cannot be read", failure)
        raise NoHistory("your session cannot be read now: try again later")

    def _refuse(self, failure: Failure) -> None:
        error = failure.value
        if isinstance(error, ChatError):
            self._door.put(JSON.refusal(error))
        else:
            self._log.failure("somebody cannot be let in", failure)


def _room(user: User, value: dict[str, Any]) -> str:
    return cleanText(textField(value, "room", user.current))


def _say(user: User, value: dict[str, Any], key: str | None) -> None:
    user.say(cleanText(textField(value, "text")), _room(user, value), key)


def _act(user: User, value: dict[str, Any], key: str | None) -> None:
    user.say(cleanText(textField(value, "text")), _room(user, value), key, ACTED)


def _tell(user: User, value: dict[str, Any], key: str | None) -> None:
    user.tell(cleanText(textField(value, "to")), cleanText(textField(value, "text")), key)


def _command(user: User, value: dict[str, Any], key: str | None) -> Deferred[None] | None:
    text = cleanText(textField(value, "line"))
    if text[:1] != "/":
        raise BadObject('the field "line" must begin with /: a message is of the type "say"')
    return dispatch(user, text, key)


def _history(user: User, value: dict[str, Any], key: str | None) -> Deferred[None]:
    count = numberField(value, "count", 50, MOST)
    before = numberField(value, "before", 0, _MOST_ID) if "before" in value else None
    return past(user, _room(user, value), count, before, key)


def _search(user: User, value: dict[str, Any], key: str | None) -> Deferred[None]:
    words = cleanText(textField(value, "words"))
    return find(user, words, numberField(value, "count", 50, MOST), key)


def _ping(user: User, value: dict[str, Any], key: str | None) -> None:
    user.reply(line(type="pong", key=key))


def _bye(user: User, value: dict[str, Any], key: str | None) -> None:
    user.quit()


_HANDLERS: dict[str, Callable[[User, dict[str, Any], str | None], Deferred[None] | None]] = {
    "say": _say,
    "act": _act,
    "tell": _tell,
    "command": _command,
    "history": _history,
    "search": _search,
    "ping": _ping,
    "bye": _bye,
}
"""What a program may ask for once it has a name."""
