"""
A law without a chat around it: events one after the other, as a log would return them.
"""

from __future__ import annotations

import json
from typing import Any

from twisted_chat.accounts.bans import Visitor
from twisted_chat.accounts.law import Law
from twisted_chat.accounts.records import MemoryRecords
from twisted_chat.accounts.rules import project
from twisted_chat.errors import ChatError
from twisted_chat.stores.interfaces import Selection
from twisted_chat.text.confusables import looks
from twisted_chat.wire.events import (
    BANNED,
    CLOSED,
    CODE,
    CREATED,
    CREDENTIALS,
    DONE,
    GRANTED,
    LIFTED,
    NAMED,
    READ,
    REGISTERED,
    REMOVED,
    REPORTED,
    RESTORED,
    SERVER,
    SET,
    UNREGISTERED,
    Event,
)

START = 1_763_822_000.0
"""The time of the first event."""

EVERYTHING = (
    "account credentials owned rooms place page ban code codes mark removal report count".split()
)
"""All kinds of records."""

_AUTHORS = {"": "server"}


class Paper(MemoryRecords):
    """
    Records of all kinds, with events and messages as far as rules touch them.

    @ivar blanked: the ids of events whose data was replaced.
    @ivar left: what is left of the data, by these ids.
    @ivar hidden: what each removal selects that was not undone.
    """

    def __init__(self) -> None:
        super().__init__(EVERYTHING)
        self.blanked: list[int] = []
        self.left: dict[int, str] = {}
        self.hidden: dict[int, Selection] = {}

    def blank(self, id: int, left: str = "") -> None:
        self.blanked.append(id)
        self.left[id] = left

    def hide(self, removal: int, selection: Selection) -> None:
        self.hidden[removal] = selection

    def unhide(self, removal: int) -> None:
        del self.hidden[removal]

    def snapshot(self) -> str:
        """
        @return: all that is here, as text.
        """
        return json.dumps([sorted(self.rows()), self.blanked, sorted(self.hidden.items())])


class Court:
    """
    A law and records of all kinds, both made of the same events.

    @ivar law: as the chat has it.
    @ivar paper: as a store has it.
    @ivar now: the time of the next event.
    @ivar last: the id of the last event.
    """

    def __init__(self) -> None:
        self.law = Law()
        self.paper = Paper()
        self.now = START
        self.last = 0

    def event(
        self,
        kind: str,
        sid: str,
        room: str,
        data: Any,
        to: str = "",
        text: str = "",
        name: str = "",
    ) -> Event:
        """
        @return: the next event of the log.
        """
        self.last += 1
        author = name or _AUTHORS.get(sid, sid.title())
        stored = data if isinstance(data, str) else json.dumps(data)
        return Event(self.last, self.now, kind, room, author, text, to, sid, None, stored)

    def happen(self, event: Event) -> int:
        """
        Let an event take effect in both.

        @return: its id.
        @raise ChatError: if it is void, in both.
        """
        error = None
        try:
            project(event, self.paper)
        except ChatError as void:
            error = void
        try:
            self.law.apply(event)
        except ChatError as void:
            assert error is not None, f"void for the chat alone: {void.sentence}"
            raise
        assert error is None, f"void for the store alone: {error.sentence}"
        return event.id

    def does(self, kind: str, sid: str, room: str, data: Any, **more: str) -> int:
        """
        Let somebody do something.
        """
        return self.happen(self.event(kind, sid, room, data, **more))

    # Accounts

    def registers(self, *names: str, code: str = "") -> None:
        """Let people register whose accounts are called as their names in small letters."""
        for name in names:
            data = {"looks": sorted(looks(name))} | ({"code": code} if code else {})
            self.does(REGISTERED, name.lower(), SERVER, data, name=name)

    def names(self, who: str, name: str, owned: bool = True, by: str | None = None) -> None:
        """Let an account take one more name, or give it back."""
        data = {"looks": sorted(looks(name)), "owned": owned, "who": who}
        self.does(NAMED, who if by is None else by, SERVER, data, name=name)

    def proves(self, who: str, *labels: str, code: str = "") -> int:
        """Give an account these credentials."""
        listed = [{"label": label, "salt": "AA==", "i": 4096, "since": 1.5} for label in labels]
        data = {"credentials": listed} | ({"code": code} if code else {})
        return self.does(CREDENTIALS, who, SERVER, data)

    def unregisters(self, who: str) -> None:
        """Let an account end."""
        self.does(UNREGISTERED, who, SERVER, "")

    def gives(self, by: str, hash: str, purpose: str, who: str = "", seconds: float = 600) -> None:
        """Let somebody give out a code."""
        until = self.now + seconds
        self.does(CODE, by, SERVER, {"hash": hash, "purpose": purpose, "who": who, "until": until})

    def reads(self, who: str, place: str, id: int) -> None:
        """Let an account read a place up to an id."""
        self.does(READ, who, SERVER, {"place": place, "id": id})

    # Order

    def makes(self, who: str, room: str = "#dev") -> str:
        """
        @return: the place of a room that somebody has made.
        """
        return str(self.does(CREATED, who, room, ""))

    def closes(self, place: str, room: str = "#dev") -> None:
        """Let a room end."""
        self.does(CLOSED, "", room, place)

    def grants(self, by: str, place: str, who: str, role: str) -> None:
        """Let somebody grant a role."""
        data = {"place": place, "who": who, "role": role}
        self.does(GRANTED, by, shown(place), data, to=who.title())

    def bans(
        self,
        by: str,
        place: str,
        what: str = "enter",
        seconds: float = 0,
        reason: str = "",
        **whom: Any,
    ) -> int:
        """
        @return: the id of a ban.
        """
        until = self.now + seconds if seconds else 0
        data = {"place": place, "what": what, "until": until, **whom}
        to = str(whom.get("who") or whom.get("net") or whom.get("pattern") or "Somebody").title()
        return self.does(BANNED, by, shown(place), data, to=to, text=reason)

    def mutes(self, by: str, place: str, who: str, seconds: float = 0, reason: str = "") -> int:
        """
        @return: the id of a mute.
        """
        return self.bans(by, place, "speak", seconds, reason, who=who)

    def lifts(self, by: str, place: str, ban: int) -> None:
        """Let somebody lift a ban."""
        self.does(LIFTED, by, shown(place), {"place": place, "ban": ban})

    def sets(self, by: str, place: str, what: str, value: Any, seconds: float = 0) -> None:
        """Let somebody set a rule."""
        until = self.now + seconds if seconds else 0
        data = {"place": place, "what": what, "value": value, "until": until}
        self.does(SET, by, shown(place), data)

    def removes(self, by: str, place: str, **which: Any) -> int:
        """
        @return: the id of a removal.
        """
        return self.does(REMOVED, by, shown(place), {"place": place, **which}, to="Somebody")

    def restores(self, by: str, place: str, removal: int, of: str) -> None:
        """Let somebody undo a removal."""
        self.does(RESTORED, by, shown(place), {"place": place, "removal": removal, "by": of})

    def reports(self, by: str, place: str, who: str) -> int:
        """
        @return: the id of a report.
        """
        data = {"place": place, "room": "#dev", "who": who, "message": 7, "copy": "buy this"}
        return self.does(REPORTED, by, SERVER, data, to=who.title(), text="spam")

    def ends(self, by: str, report: int) -> None:
        """Let somebody deal with a report."""
        self.does(DONE, by, SERVER, {"report": report})

    # To ask

    def restarted(self) -> Law:
        """
        @return: the law of a server that was started again.
        """
        law = Law(self.law.policies)
        rows: list[tuple[str, str, Any]] = json.loads(json.dumps(self.paper.rows()))
        law.load((kind, key, value) for kind, key, value in rows)
        return law


def shown(place: str) -> str:
    """
    @return: the room in which an event about a place is shown.
    """
    return place if place == SERVER else "#dev"


def visitor(name: str, host: str = "", account: bool = True, who: str = "") -> Visitor:
    """
    @return: somebody, whose account is called as their name in small letters.
    """
    return Visitor(who or name.lower(), looks(name), host, account)
