# -*- test-case-name: tests.doors.admin.test_requests -*-
"""
What the operator may ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, NamedTuple

from twisted.internet.defer import Deferred

from ... import __version__
from ...chat.hub import Hub
from ...chat.user import usersOf
from ...errors import BadObject, ChatError
from ...text.cleaning import cleanText
from ...wire.jsonlines import textField
from ..stream import StreamDoor

Fields = dict[str, Any]
"""The fields of an answer besides its type."""


ORDERS: Final = (
    "kick",
    "ban",
    "unban",
    "mute",
    "unmute",
    "bans",
    "slow",
    "readonly",
    "remove",
    "restore",
    "grant",
    "revoke",
    "reports",
    "done",
    "audit",
    "lockdown",
)
"""The moderators' commands, as in the chat: the server itself can perform no others."""


class Server(NamedTuple):
    """
    The server that requests act on.

    @ivar hub: the chat.
    @ivar doors: all doors of the server.
    @ivar reload: reads the options again; returns a sentence, or raises a L{ChatError}.
    """

    hub: Hub
    doors: Sequence[StreamDoor]
    reload: Callable[[], str]


class NotReady(ChatError):
    """The history accepts nothing now."""

    code = "not-ready"


async def _status(server: Server, value: Fields) -> Fields:
    hub = server.hub
    return {
        "version": __version__,
        "people": len(hub.users),
        "rooms": len(hub.rooms),
        "connections": {door.name: len(door.connections) for door in server.doors},
        "last": hub.lastId,
        "waiting": hub.log.waiting,
        "trouble": hub.log.trouble,
    }


async def _health(server: Server, value: Fields) -> Fields:
    trouble = server.hub.log.trouble
    if trouble:
        raise NotReady(trouble)
    return {"text": "all is well"}


async def _names(server: Server, value: Fields) -> Fields:
    people = [
        {
            "name": member.name,
            "address": ", ".join(user.client.address for user in usersOf(member)) or None,
            "since": round(member.joinedAt),
            "rooms": [room.name for room in member.rooms],
        }
        for member in server.hub.users.values()
    ]
    return {"people": people}


async def _rooms(server: Server, value: Fields) -> Fields:
    rooms = [
        {"room": room.name, "members": len(room), "private": room.private, "topic": room.topic}
        for room in server.hub.rooms.values()
    ]
    return {"rooms": rooms}


async def _open(server: Server, value: Fields) -> Fields:
    room = await server.hub.operator.open(textField(value, "room"))
    return {"room": room.name, "text": f"{room.name} is open to everybody"}


async def _close(server: Server, value: Fields) -> Fields:
    room = await server.hub.operator.close(textField(value, "room"))
    return {"room": room.name, "text": f"{room.name} is closed"}


async def _code(server: Server, value: Fields) -> Fields:
    name = textField(value, "name", "")
    code = await server.hub.operator.makeCode(name)
    enter = f"{name} {code}" if name else f"NAME {code}"
    return {"code": code, "text": f"within a day somebody can enter with: {enter}"}


async def _command(server: Server, value: Fields) -> Fields:
    line = cleanText(textField(value, "line"))
    name = line.split(" ", 1)[0]
    if name not in ORDERS:
        raise BadObject(f"the server itself can only do: {', '.join(ORDERS)}")
    room = textField(value, "room", "")
    return {"lines": await server.hub.operator.perform(line, room)}


async def _reload(server: Server, value: Fields) -> Fields:
    return {"text": server.reload()}


REQUESTS: dict[str, Callable[[Server, Fields], Coroutine[Deferred[Any], Any, Fields]]] = {
    "status": _status,
    "health": _health,
    "names": _names,
    "rooms": _rooms,
    "open": _open,
    "close": _close,
    "code": _code,
    "command": _command,
    "reload": _reload,
}
"""The requests of the operator, by type."""


async def perform(server: Server, value: Fields) -> Fields:
    """
    Perform a request.

    @return: the fields of the answer.
    @raise ChatError: if it is refused.
    """
    kind = textField(value, "type")
    request = REQUESTS.get(kind)
    if request is None:
        raise BadObject(f"there is no such type: one of {', '.join(REQUESTS)}")
    return {"type": kind, **await request(server, value)}
