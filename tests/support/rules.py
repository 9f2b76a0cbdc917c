"""
A projection of the tests' own, as small as one can be that does everything a projection may do.
"""

from __future__ import annotations

import json
from typing import Any

from twisted_chat.errors import NotAllowed
from twisted_chat.stores.interfaces import MARK, Records, Selection
from twisted_chat.wire.events import (
    CLOSED,
    CREATED,
    CREDENTIALS,
    GRANTED,
    READ,
    REGISTERED,
    REMOVED,
    RESTORED,
    SERVER,
    SET,
    Draft,
    Event,
)


def rules(event: Event, records: Records) -> None:
    """
    See L{twisted_chat.stores.interfaces.Projection}.
    """
    data = json.loads(event.data) if event.data.startswith("{") else {}
    if event.kind == CREATED:
        records.put("place", str(event.id), {"owner": event.sid, "roles": {}})
    elif event.kind == CLOSED:
        records.put("place", event.data, None)
    elif event.kind == GRANTED:
        place = records.get("place", data["place"])
        if place is None:
            raise NotAllowed("there is no such place")
        place["roles"][data["who"]] = data["role"]
        records.put("place", data["place"], place)
    elif event.kind == REGISTERED:
        records.put("account", event.sid, {"name": event.name})
        if records.get("owned", event.name) is not None:
            raise NotAllowed("this name is somebody else's")
        records.put("owned", event.name, event.sid)
    elif event.kind == CREDENTIALS:
        former = records.get("credentials", event.sid)
        if former is not None:
            records.blank(former["at"])
        records.put("credentials", event.sid, {"at": event.id})
    elif event.kind == READ:
        key = f"{event.sid} {data['place']}"
        if data["id"] <= (records.get(MARK, key) or 0):
            raise NotAllowed("a mark only rises")
        records.put(MARK, key, data["id"])
    elif event.kind == REMOVED:
        records.put("removal", str(event.id), {"by": event.sid})
        records.hide(event.id, Selection(event.room, **data))
    elif event.kind == RESTORED:
        records.unhide(data["removal"])
    elif event.kind == SET:
        records.put("setting", event.text, "before the fault")
        raise ZeroDivisionError


def registered(sid: str, name: str) -> Draft:
    """
    @return: a draft of somebody who registers.
    """
    return Draft(REGISTERED, SERVER, name, sid=sid)


def granted(place: int, who: str, role: str = "owner") -> Draft:
    """
    @return: a draft that gives a role in a room, by its id.
    """
    data = json.dumps({"place": str(place), "who": who, "role": role})
    return Draft(GRANTED, "#tea", "Ann", data=data)


def read(sid: str, place: object, id: int) -> Draft:
    """
    @return: a draft that raises a mark.
    """
    return Draft(READ, SERVER, "Ann", sid=sid, data=json.dumps({"place": str(place), "id": id}))


def removed(room: str = "#lobby", **selected: Any) -> Draft:
    """
    @param selected: the fields of a L{Selection}.
    @return: a draft that removes messages.
    """
    return Draft(REMOVED, room, "Ann", sid="a1", data=json.dumps(selected))


def restored(removal: int, room: str = "#lobby") -> Draft:
    """
    @return: a draft that brings messages back.
    """
    return Draft(RESTORED, room, "Ann", sid="a1", data=json.dumps({"removal": removal}))
