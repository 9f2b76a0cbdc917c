# -*- test-case-name: tests.doors.admin.test_requests -*-
"""
What the operator may ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred

from ... import __version__
from ...chat.hub import Hub
from ...chat.user import User
from ...errors import BadObject, ChatError
from ...wire.jsonlines import textField
from ..stream import StreamDoor

Fields = dict[str, Any]
"""What an answer holds besides its type."""


class House(NamedTuple):
    """
    What the operator looks after.

    @ivar hub: the chat.
    @ivar doors: the ways into it.
    @ivar reload: reads the options once more; returns a sentence, or raises a L{ChatError}.
    """

    hub: Hub
    doors: Sequence[StreamDoor]
    reload: Callable[[], str]


class NotReady(ChatError):
    """Nothing can be stored at the moment."""

    code = "not-ready"


async def _status(house: House, value: Fields) -> Fields:
    hub = house.hub
    return {
        "version": __version__,
        "people": len(hub.users),
        "rooms": len(hub.rooms),
        "connections": {door.name: len(door.connections) for door in house.doors},
        "last": hub.lastId,
        "waiting": hub.log.waiting,
        "trouble": hub.log.trouble,
    }


async def _health(house: House, value: Fields) -> Fields:
    trouble = house.hub.log.trouble
    if trouble:
        raise NotReady(trouble)
    return {"text": "all is well"}


async def _names(house: House, value: Fields) -> Fields:
    people = [
        {
            "name": member.name,
            "address": member.client.address if isinstance(member, User) else None,
            "since": round(member.joinedAt),
            "rooms": [room.name for room in member.rooms],
        }
        for member in house.hub.users.values()
    ]
    return {"people": people}


async def _rooms(house: House, value: Fields) -> Fields:
    rooms = [
        {"room": room.name, "members": len(room), "private": room.private, "topic": room.topic}
        for room in house.hub.rooms.values()
    ]
    return {"rooms": rooms}


async def _open(house: House, value: Fields) -> Fields:
    room = await house.hub.operator.open(textField(value, "room"))
    return {"room": room.name, "text": f"{room.name} is open to everybody"}


async def _close(house: House, value: Fields) -> Fields:
    room = await house.hub.operator.close(textField(value, "room"))
    return {"room": room.name, "text": f"{room.name} is closed"}


async def _reload(house: House, value: Fields) -> Fields:
    return {"text": house.reload()}


REQUESTS: dict[str, Callable[[House, Fields], Coroutine[Deferred[Any], Any, Fields]]] = {
    "status": _status,
    "health": _health,
    "names": _names,
    "rooms": _rooms,
    "open": _open,
    "close": _close,
    "reload": _reload,
}
"""What the operator may ask for, by its type."""


async def perform(house: House, value: Fields) -> Fields:
    """
    Do what an object asks for.

    @return: the fields of the answer.
    @raise ChatError: if it is refused.
    """
    kind = textField(value, "type")
    request = REQUESTS.get(kind)
    if request is None:
        raise BadObject(f"there is no such type: one of {', '.join(REQUESTS)}")
    return {"type": kind, **await request(house, value)}
