# -*- test-case-name: tests.doors.lines -*-
"""
Performs the requests of programs in the JSON dialect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed

from ...accounts.credentials import added, deviceCredential
from ...chat.commands.account import change, details, mustProve, registerWith
from ...chat.commands.queries import MAX_EVENTS, find, members, past, roomList, whois
from ...chat.commands.table import commands
from ...chat.interfaces import Challenge, LoginRequest
from ...chat.user import User
from ...errors import BadObject, ChatError
from ...text.cleaning import cleanText
from ...text.secrets import hashCode
from ...wire.answers import Help, Members, RoomList, Whois
from ...wire.events import ACTED, FOREVER
from ...wire.interfaces import IDialect
from ...wire.jsonlines import JSON, keyField, line, numberField, parseObject, textField
from ...wire.scram import MAX_MESSAGE


class Requester(Protocol):
    """
    What requests require of their connection.
    """

    dialect: IDialect
    user: User | None
    put: Callable[[bytes], None]

    def refuseLogin(self, error: ChatError) -> None:
        """
        Count a refused login, and tell the client why.
        """

    def login(self, request: LoginRequest, key: str | None = None) -> None:
        """
        Log in, or refuse and say why; take no more lines until that is done.

        @param key: the client's own id of this request.
        """

    def challenge(self, message: str, key: str | None = None) -> Deferred[Challenge]:
        """
        Begin a login by SCRAM.

        @param message: the client's first message.
        @param key: the client's own id of this request.
        """

    def wait(self, result: Deferred[None]) -> None:
        """
        Take no more lines until this fires.
        """


class JSONRequests:
    """
    The requests of one program.  The first must be C{hello}.
    """

    def __init__(self, requester: Requester) -> None:
        """
        @param requester: the connection, which speaks JSON from now on.
        """
        self._requester = requester
        self._proving: LoginRequest | None = None
        requester.dialect = JSON

    def take(self, raw: bytes) -> None:
        """
        Perform the request on a line.

        @param raw: without its line end.
        @raise ChatError: if it is refused and has no key that a refusal could carry.
        """
        if not raw.strip():
            return
        value = parseObject(raw)
        key = keyField(value)
        try:
            self._take(value, key)
        except ChatError as error:
            user = self._requester.user
            if user is not None:
                user.refuse(error, key)
            else:
                self._requester.put(JSON.refusal(error, key))

    def _take(self, value: dict[str, Any], key: str | None) -> None:
        kind = textField(value, "type")
        user = self._requester.user
        if user is None:
            self._logIn(kind, value, key)
            return
        if user.leaving:
            return
        handler = _HANDLERS.get(kind)
        if handler is None:
            raise BadObject(f"there is no such type: one of {', '.join(_HANDLERS)}")
        asked = handler(user, value, key)
        if asked is not None:
            self._requester.wait(asked)

    def _logIn(self, kind: str, value: dict[str, Any], key: str | None) -> None:
        proving, self._proving = self._proving, None
        if kind == "proof" and proving is not None:
            answer = textField(value, "scram", limit=MAX_MESSAGE)
            self._requester.login(proving._replace(answer=answer), key)
        elif kind == "hello":
            request = _loginRequest(value)
            message = textField(value, "scram", "", MAX_MESSAGE)
            if message:
                self._requester.wait(Deferred.fromCoroutine(self._challenge(request, message, key)))
            else:
                self._requester.login(request, key)
        else:
            raise BadObject('say who you are first: {"type":"hello","name":"..."}')

    async def _challenge(self, request: LoginRequest, message: str, key: str | None) -> None:
        try:
            challenge = await self._requester.challenge(message, key)
        except ChatError as error:
            self._requester.refuseLogin(error)
            return
        self._proving = request._replace(challenge=challenge)
        self._requester.put(line(type="challenge", scram=challenge.message, key=key))


def _loginRequest(value: dict[str, Any]) -> LoginRequest:
    return LoginRequest(
        cleanText(textField(value, "name", "")),
        textField(value, "token", ""),
        numberField(value, "last", 0, FOREVER) if "last" in value else None,
        textField(value, "epoch", ""),
        numberField(value, "backlog", 0, MAX_EVENTS) if "backlog" in value else None,
        textField(value, "password", ""),
    )


def _room(value: dict[str, Any]) -> str:
    return cleanText(textField(value, "room", ""))


def _say(user: User, value: dict[str, Any], key: str | None) -> Deferred[None] | None:
    return user.say(cleanText(textField(value, "text")), _room(value), key)


def _act(user: User, value: dict[str, Any], key: str | None) -> Deferred[None] | None:
    return user.say(cleanText(textField(value, "text")), _room(value), key, ACTED)


def _tell(user: User, value: dict[str, Any], key: str | None) -> Deferred[None] | None:
    return user.tell(cleanText(textField(value, "to")), cleanText(textField(value, "text")), key)


def _reply(user: User, value: dict[str, Any], key: str | None) -> None:
    name = cleanText(textField(value, "to", ""))
    user.tellLastSender(cleanText(textField(value, "text")), key, name)


def _command(user: User, value: dict[str, Any], key: str | None) -> Deferred[None] | None:
    text = cleanText(textField(value, "line"))
    if text[:1] != "/":
        raise BadObject('the field "line" must begin with /: a message is of the type "say"')
    return user.perform(text, key)


def _give(
    user: User, key: str | None, read: Callable[[], Members | RoomList | Whois | Help]
) -> Deferred[None]:
    """
    Answer with a value, after the answers to everything before it.  The answer may exceed the limit
    of the send queue.

    @param read: returns the value; raises a L{ChatError} if it is refused.
    """

    async def give() -> None:
        await user.whenAnswered()
        user.client.reply(JSON.object(read(), key))

    return user.finish(give(), key)


def _names(user: User, value: dict[str, Any], key: str | None) -> Deferred[None]:
    room = _room(value)
    return _give(user, key, lambda: members(user, room))


def _rooms(user: User, value: dict[str, Any], key: str | None) -> Deferred[None]:
    return _give(user, key, lambda: roomList(user))


def _who(user: User, value: dict[str, Any], key: str | None) -> Deferred[None]:
    name = cleanText(textField(value, "name"))
    return _give(user, key, lambda: whois(user, name))


def _commands(user: User, value: dict[str, Any], key: str | None) -> Deferred[None]:
    return _give(user, key, lambda: commands(user))


def _register(user: User, value: dict[str, Any], key: str | None) -> Deferred[None]:
    label = cleanText(textField(value, "label"))
    verifier = textField(value, "verifier", limit=MAX_MESSAGE)
    code = textField(value, "code", "", MAX_MESSAGE)

    async def register() -> None:
        new = deviceCredential(label, verifier, user.state.seconds())
        if user.member.isRegistered:
            mustProve(user)
            await change(user, lambda former: added(former, new), key)
        else:
            hash = hashCode(code) if code else ""
            await registerWith(user, lambda: succeed(new), hash, key)
        user.proved(new.label)

    return user.finish(register(), key)


def _account(user: User, value: dict[str, Any], key: str | None) -> Deferred[None]:
    async def give() -> None:
        answer = await details(user)
        await user.whenAnswered()
        user.client.reply(JSON.object(answer, key))

    return user.finish(give(), key)


def _read(user: User, value: dict[str, Any], key: str | None) -> Deferred[None]:
    return user.read(_room(value), numberField(value, "id", 0, FOREVER), key)


def _history(user: User, value: dict[str, Any], key: str | None) -> Deferred[None]:
    count = numberField(value, "count", 50, MAX_EVENTS)
    before = numberField(value, "before", 0, FOREVER) if "before" in value else None
    return user.finish(past(user, _room(value), count, before, key), key)


def _search(user: User, value: dict[str, Any], key: str | None) -> Deferred[None]:
    words = cleanText(textField(value, "words"))
    count = numberField(value, "count", 50, MAX_EVENTS)
    return user.finish(find(user, words, count, key), key)


def _ping(user: User, value: dict[str, Any], key: str | None) -> None:
    user.reply(line(type="pong", key=key))


def _bye(user: User, value: dict[str, Any], key: str | None) -> None:
    user.quit()


_HANDLERS: dict[str, Callable[[User, dict[str, Any], str | None], Deferred[None] | None]] = {
    "say": _say,
    "act": _act,
    "tell": _tell,
    "reply": _reply,
    "command": _command,
    "names": _names,
    "rooms": _rooms,
    "who": _who,
    "commands": _commands,
    "register": _register,
    "account": _account,
    "read": _read,
    "history": _history,
    "search": _search,
    "ping": _ping,
    "bye": _bye,
}
"""The requests of a program that is logged in, by type."""
