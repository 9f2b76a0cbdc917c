# -*- test-case-name: tests.client.test_view -*-
"""
Lays out the server's messages for a terminal: times, days, colours of names, mentions.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..console.styledtext import (
    MENTION,
    NOTICE,
    PLAIN,
    PRIVATE,
    REFUSAL,
    STATUS,
    TIME,
    Line,
    Segment,
    Style,
    nameStyle,
)
from ..wire.events import (
    ACTED,
    JOINED,
    MODERATION,
    REMOVED,
    RENAMED,
    RESTORED,
    SPOKEN,
    TOLD,
    Event,
    accountOf,
    asData,
    publicValues,
)
from .dialect import SessionState
from .knownnames import KnownNames
from .mentions import mentions
from .messages import ERROR, HISTORY, LINE, OK, ServerMessage
from .reading import DIRECT, Reading
from .rendering import asLines
from .settings import Settings

_MAX_REMOVED = 10_000
"""Most messages that one removal can hide."""

UNREAD_LINE = "--- unread from here on ---"
"""Marks where the owner of an account stopped reading, on any of their devices."""


class View:
    """
    Turns messages into lines, and keeps the state that later lines depend on.

    @ivar known: the names and rooms that have appeared.
    @ivar alert: whether a line since the last reset is worth a bell.
    """

    def __init__(self, settings: Settings, session: SessionState, reading: Reading) -> None:
        """
        @param settings: the user's preferences; an ignored user's new name is stored there.
        @param session: the state of the client's session.
        @param reading: told what is shown, and knows where the user stopped reading.
        """
        self._settings = settings
        self._session = session
        self.known = KnownNames()
        self._day = ""
        self._reading = reading
        self._marked: int | None = None
        self._marking: dict[str, bool] = {}
        self._about = 0
        self.alert = False

    def markAfter(self, last: int | None) -> None:
        """
        Set where the unseen part of a guest's backlog begins.

        @param last: the id of the last event seen in an earlier run.
        """
        self._marked = last

    def entered(self, room: str = "") -> None:
        """
        Show again where the user stopped reading.

        @param room: the room; empty for all rooms.
        """
        if room:
            self._marking.pop(room, None)
        else:
            self._marking.clear()

    def begin(self, now: float) -> None:
        """
        Set the day that needs no line of its own: today.

        @param now: the wall time, in seconds since the epoch, UTC.
        """
        self._day = self._day or _dayOf(now)

    def own(self, text: str, now: float) -> list[Line]:
        """
        @return: the lines that stay on the screen for a line that the user entered, preceded by a
            line for the day if it is new.
        """
        return [*self._newDay(now, now), Line.of(*self._clock(now), text)]

    def lines(self, batch: Sequence[ServerMessage], now: float) -> Iterator[Line]:
        """
        Lay out messages that arrived together.

        @param now: the wall time, in seconds since the epoch, UTC.
        """
        quiet: list[ServerMessage] = []
        for message in self._whole(batch):
            event = message.event
            self.known.heardOf(message.room)
            if message.kind == OK and message.id:
                self._reading.shown(self._session.room, message.id)
            if event is not None:
                if not message.old:
                    self.known.happened(event, self._session.lobby)
                if event.kind not in MODERATION and self._ignored(event):
                    self._seen(event)
                    continue
            if event is not None and event.kind in SPOKEN:
                yield from self._notices(quiet, now)
                quiet = []
                yield from self._spoken(message, event, now)
            elif message.kind in (OK, ERROR, HISTORY, LINE):
                yield from self._notices(quiet, now)
                quiet = []
                style = (
                    REFUSAL if message.kind == ERROR else STATUS if message.kind == OK else PLAIN
                )
                for part in self._parts(message):
                    for text in self._asLines([part], now):
                        yield Line.of(Segment(text, style))
                    if part is not message and part.more:
                        yield Line.of(Segment(UNREAD_LINE, STATUS))
            else:
                quiet.append(message)
        yield from self._notices(quiet, now)

    def _whole(self, batch: Sequence[ServerMessage]) -> Iterator[ServerMessage]:
        """
        @return: the batch, with the parts of one removal joined into one message.
        """
        for message in batch:
            event = message.event
            if event is None or event.kind not in (REMOVED, RESTORED):
                yield message
                continue
            ids = publicValues(event).get("ids", ())
            self._about = min(self._about + len(ids), _MAX_REMOVED)
            if not message.more:
                values = {"ids": [0] * self._about}
                self._about = 0
                yield replace(message, event=event._replace(data=asData(values)))

    def _parts(self, message: ServerMessage) -> list[ServerMessage]:
        """
        @return: an answer from the history; split into its read and its unread part if it holds
            both for one room, with C{more} set in the first.
        """
        rooms = {event.room for event in message.events}
        stop = self._reading.stopped(rooms.pop()) if len(rooms) == 1 else None
        if stop is None:
            return [message]
        read = tuple(event for event in message.events if event.id <= stop)
        unread = tuple(event for event in message.events if event.id > stop)
        if not (read and unread):
            return [message]
        return [replace(message, events=read, more=True), replace(message, events=unread)]

    def _asLines(self, batch: Sequence[ServerMessage], now: float) -> list[str]:
        mine = self._session
        return asLines(batch, mine.name, mine.room, mine.lobby, now)

    def _notices(self, batch: Sequence[ServerMessage], now: float) -> Iterator[Line]:
        for text in self._asLines(batch, now):
            yield from self._newDay(now, now)
            yield Line.of(*self._clock(now), Segment(text, NOTICE))

    def _ignored(self, event: Event) -> bool:
        """
        @return: whether the user ignores the event's author; if they take a new name, it is
            ignored, too.
        """
        ignored = self._settings.ignored
        # The text dialect carries neither ids nor accounts.
        isKnown = bool(event.id) and (event.kind in SPOKEN or event.kind == JOINED)
        if not ignored.covers(event.name, accountOf(event) if isKnown else None):
            return False
        if event.kind == RENAMED and ignored.renamed(event.name, event.to):
            self._settings.save()
        return True

    def _seen(self, event: Event) -> None:
        """
        Note that the user sees an event, or need not see it.
        """
        room = DIRECT if event.kind == TOLD else event.room
        if event.kind in SPOKEN and room in (DIRECT, self._session.room):
            self._reading.shown(room, event.id)

    def _border(self, message: ServerMessage, event: Event) -> Iterator[Line]:
        """
        Show where the user stopped reading, before the first message above the mark, if there are
        or may be older ones.
        """
        if message.old and self._marked is not None and event.id > self._marked:
            self._marked = None
            yield Line.of(Segment("--- new since you left ---", STATUS))
        stop, room = self._reading.stopped(event.room), event.room
        if (
            stop is None
            or event.kind == TOLD
            or not (message.old or event.id <= self._reading.newest)
        ):
            return
        if event.id <= stop:
            self._marking.setdefault(room, True)
        elif self._marking.get(room, message.old):
            yield Line.of(Segment(UNREAD_LINE, STATUS))
            self._marking[room] = False

    def _spoken(self, message: ServerMessage, event: Event, now: float) -> Iterator[Line]:
        when = event.time or now
        yield from self._border(message, event)
        self._seen(event)
        yield from self._newDay(when, now)
        mine, name = self._session, Segment(event.name, nameStyle(event.name))
        elsewhere = event.kind != TOLD and event.room not in (mine.room, "@", "")
        where = [Segment(f"{event.room} ", STATUS)] if elsewhere else []
        look = self._look(message, event, elsewhere)
        text = Segment(event.text, look)
        if event.kind == TOLD:
            to = event.to if event.name == mine.name else "you"
            yield Line.of(*self._clock(when), name, f" -> {to} :: ", text)
        elif event.kind == ACTED:
            yield Line.of(*self._clock(when), "* ", *where, name, " ", text)
        else:
            yield Line.of(*self._clock(when), *where, name, " :: ", text)

    def _look(self, message: ServerMessage, event: Event, elsewhere: bool) -> Style:
        """
        @return: the style of the text; also counts unread messages and sets L{alert}.
        """
        own = event.name == self._session.name
        mentioned = not own and mentions(event.text, self._session.name)
        if not message.old and not own:
            if elsewhere:
                self._reading.came(event.room, event.id)
            bell = self._settings.bell
            if bell == "all" or (bell == "mention" and (mentioned or event.kind == TOLD)):
                self.alert = True
        return MENTION if mentioned else PRIVATE if event.kind == TOLD else PLAIN

    def _clock(self, when: float) -> list[Segment]:
        if not self._settings.time:
            return []
        return [Segment(time.strftime("%H:%M ", time.localtime(when)), TIME)]

    def _newDay(self, when: float, now: float) -> Iterator[Line]:
        """
        Show the day of a line if it differs from that of the line before; for the first line, if it
        is not today.
        """
        day = _dayOf(when)
        if day != (self._day or _dayOf(now)) and self._settings.time:
            yield Line.of(Segment(f"--- {day} ---", STATUS))
        self._day = day


def _dayOf(when: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(when))
