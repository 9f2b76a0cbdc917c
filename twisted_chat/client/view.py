# -*- test-case-name: tests.client.test_view -*-
"""
How what was heard looks in a terminal: times, days, colours of names, mentions.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence

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
from ..wire.events import ACTED, LEFT, RENAMED, SPOKEN, TOLD, Event
from .dialect import Standing
from .messages import ERROR, HISTORY, LINE, NAMES, OK, Heard
from .rendering import asLines
from .settings import Settings

_MAX_NAMES = 500
"""So many names, and so many rooms, are remembered."""


class View:
    """
    Turns what was heard into lines, and remembers what is needed for the next.

    @ivar names: who is known to be here, spoke or came, the last one last.
    @ivar rooms: the rooms that something was heard of.
    @ivar unread: how many messages came in each room but the current one since one was there.
    @ivar alert: whether something since it was last reset is worth a bell.
    """

    def __init__(self, settings: Settings, standing: Standing) -> None:
        self._settings = settings
        self._standing = standing
        self._day = ""
        self._marked: int | None = None
        self.names: dict[str, None] = {}
        self.rooms: dict[str, None] = {}
        self.unread: dict[str, int] = {}
        self.alert = False

    def markAfter(self, last: int | None) -> None:
        """
        Say where the new begins among what was said before one came.

        @param last: the id of the last event seen in an earlier run.
        """
        self._marked = last

    def own(self, text: str, now: float) -> Line:
        """
        @return: how a line that the person entered stays on the screen.
        """
        return Line.of(*self._clock(now), text)

    def lines(self, batch: Sequence[Heard], now: float) -> Iterator[Line]:
        """
        @param batch: what came at once.
        @param now: the wall time, in seconds since the epoch, UTC.
        """
        kept = [heard for heard in batch if not self._ignored(heard.event)]
        quiet: list[Heard] = []
        for heard in kept:
            event = heard.event
            if event is not None:
                self._remember(event)
            _keep(self.rooms, heard.room)
            if event is not None and event.kind in SPOKEN:
                yield from self._notices(quiet, now)
                quiet = []
                yield from self._spoken(heard, event, now)
            elif heard.kind == NAMES:
                self._present(heard.text)
            elif heard.kind in (OK, ERROR, HISTORY, LINE):
                yield from self._notices(quiet, now)
                quiet = []
                style = REFUSAL if heard.kind == ERROR else STATUS if heard.kind == OK else PLAIN
                for text in self._asLines([heard], now):
                    yield Line.of(Segment(text, style))
            else:
                quiet.append(heard)
        yield from self._notices(quiet, now)

    def _asLines(self, batch: Sequence[Heard], now: float) -> list[str]:
        mine = self._standing
        return asLines(batch, mine.name, mine.room, mine.lobby, now)

    def _notices(self, batch: Sequence[Heard], now: float) -> Iterator[Line]:
        for text in self._asLines(batch, now):
            yield Line.of(*self._clock(now), Segment(text, NOTICE))

    def _ignored(self, event: Event | None) -> bool:
        return event is not None and event.name.casefold() in self._settings.ignored

    def _remember(self, event: Event) -> None:
        """
        Keep the names that may be meant next, the last speaker last.
        """
        self.names.pop(event.name, None)
        if event.kind != LEFT:
            _keep(self.names, event.to if event.kind == RENAMED else event.name)
        if event.room != "@":
            _keep(self.rooms, event.room)

    def _present(self, text: str) -> None:
        """
        Keep the names of those who are here; those who spoke are more likely to be meant.
        """
        words = [each.split() for each in text.partition(": ")[2].split(",")]
        spoken = list(self.names)
        self.names.clear()
        for name in [*(word[0] for word in words if word), *spoken]:
            _keep(self.names, name)

    def _spoken(self, heard: Heard, event: Event, now: float) -> Iterator[Line]:
        when = event.time or now
        if heard.old and self._marked is not None and event.id > self._marked:
            self._marked = None
            yield Line.of(Segment("--- new since you left ---", STATUS))
        yield from self._newDay(when, now)
        mine, name = self._standing, Segment(event.name, nameStyle(event.name))
        elsewhere = event.kind != TOLD and event.room not in (mine.room, "@", "")
        where = [Segment(f"{event.room} ", STATUS)] if elsewhere else []
        look = self._look(heard, event, elsewhere)
        text = Segment(event.text, look)
        if event.kind == TOLD:
            to = event.to if event.name == mine.name else "you"
            yield Line.of(*self._clock(when), name, f" -> {to} :: ", text)
        elif event.kind == ACTED:
            yield Line.of(*self._clock(when), "* ", *where, name, " ", text)
        else:
            yield Line.of(*self._clock(when), *where, name, " :: ", text)

    def _look(self, heard: Heard, event: Event, elsewhere: bool) -> Style:
        """
        @return: the look of the text; notes what is unread and worth a bell.
        """
        own = event.name == self._standing.name
        mentioned = not own and self._mentions(event.text)
        if not heard.old and not own:
            if elsewhere and (event.room in self.unread or len(self.unread) < _MAX_NAMES):
                self.unread[event.room] = self.unread.get(event.room, 0) + 1
            bell = self._settings.bell
            if bell == "all" or (bell == "mention" and (mentioned or event.kind == TOLD)):
                self.alert = True
        return MENTION if mentioned else PRIVATE if event.kind == TOLD else PLAIN

    def _mentions(self, text: str) -> bool:
        name = self._standing.name.casefold()
        return bool(name) and bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text.casefold()))

    def _clock(self, when: float) -> list[Segment]:
        if not self._settings.time:
            return []
        return [Segment(time.strftime("%H:%M ", time.localtime(when)), TIME)]

    def _newDay(self, when: float, now: float) -> Iterator[Line]:
        """
        Say of which day a message is if the one before was of another, or the first not of today.
        """
        day, today = (time.strftime("%Y-%m-%d", time.localtime(each)) for each in (when, now))
        if day != (self._day or today) and self._settings.time:
            yield Line.of(Segment(f"--- {day} ---", STATUS))
        self._day = day


def _keep(table: dict[str, None], name: str) -> None:
    """
    Put a name at the end of what is remembered, which stays small.
    """
    table.pop(name, None)
    if name:
        table[name] = None
    if len(table) > _MAX_NAMES:
        del table[next(iter(table))]
