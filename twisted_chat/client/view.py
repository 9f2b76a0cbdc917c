# -*- test-case-name: tests.client.test_view -*-
"""
Lays out what the server said for a terminal: times, days, colours of names, mentions.
"""

from __future__ import annotations

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
from ..wire.events import ACTED, RENAMED, SPOKEN, TOLD, Event
from .dialect import SessionState
from .knownnames import KnownNames
from .mentions import mentions
from .messages import ERROR, HISTORY, LINE, OK, ServerMessage
from .rendering import asLines
from .settings import Settings

_MAX_UNREAD_ROOMS = 500
"""For how many rooms unread messages are counted."""


class View:
    """
    Turns what the server said into lines, and keeps what is needed for the next.

    @ivar known: the names and rooms that were mentioned.
    @ivar unread: how many messages came in each other room since the user was there.
    @ivar alert: whether something since it was last reset is worth a bell.
    """

    def __init__(self, settings: Settings, session: SessionState) -> None:
        """
        @param settings: the user's preferences; an ignored user's new name is stored there.
        @param session: what the client is to the server.
        """
        self._settings = settings
        self._session = session
        self.known = KnownNames()
        self._day = ""
        self._marked: int | None = None
        self.unread: dict[str, int] = {}
        self.alert = False

    def markAfter(self, last: int | None) -> None:
        """
        Set where the unseen part of the backlog begins.

        @param last: the id of the last event seen in an earlier run.
        """
        self._marked = last

    def begin(self, now: float) -> None:
        """
        Take the day on which the first line is shown for known.

        @param now: the wall time, in seconds since the epoch, UTC.
        """
        self._day = self._day or _dayOf(now)

    def own(self, text: str, now: float) -> list[Line]:
        """
        @return: how a line that the user entered stays on the screen; before it, the day's line if
            the day is a new one.
        """
        return [*self._newDay(now, now), Line.of(*self._clock(now), text)]

    def lines(self, batch: Sequence[ServerMessage], now: float) -> Iterator[Line]:
        """
        Lay out what came at once.

        @param now: the wall time, in seconds since the epoch, UTC.
        """
        quiet: list[ServerMessage] = []
        for message in batch:
            event = message.event
            self.known.heardOf(message.room)
            if event is not None:
                if not message.old:
                    self.known.happened(event, self._session.lobby)
                if self._ignored(event):
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
                for text in self._asLines([message], now):
                    yield Line.of(Segment(text, style))
            else:
                quiet.append(message)
        yield from self._notices(quiet, now)

    def _asLines(self, batch: Sequence[ServerMessage], now: float) -> list[str]:
        mine = self._session
        return asLines(batch, mine.name, mine.room, mine.lobby, now)

    def _notices(self, batch: Sequence[ServerMessage], now: float) -> Iterator[Line]:
        for text in self._asLines(batch, now):
            yield from self._newDay(now, now)
            yield Line.of(*self._clock(now), Segment(text, NOTICE))

    def _ignored(self, event: Event) -> bool:
        """
        @return: whether the user ignores the event's author, whose new name is ignored as well.
        """
        ignored = self._settings.ignored
        if not ignored.covers(event.name):
            return False
        if event.kind == RENAMED and ignored.renamed(event.name, event.to):
            self._settings.save()
        return True

    def _spoken(self, message: ServerMessage, event: Event, now: float) -> Iterator[Line]:
        when = event.time or now
        if message.old and self._marked is not None and event.id > self._marked:
            self._marked = None
            yield Line.of(Segment("--- new since you left ---", STATUS))
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
        @return: the look of the text; notes what is unread and worth a bell.
        """
        own = event.name == self._session.name
        mentioned = not own and mentions(event.text, self._session.name)
        if not message.old and not own:
            if elsewhere and (event.room in self.unread or len(self.unread) < _MAX_UNREAD_ROOMS):
                self.unread[event.room] = self.unread.get(event.room, 0) + 1
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
        Show the day of a line if that of the line before it was another, or if it is the first line
        and not of today.
        """
        day = _dayOf(when)
        if day != (self._day or _dayOf(now)) and self._settings.time:
            yield Line.of(Segment(f"--- {day} ---", STATUS))
        self._day = day


def _dayOf(when: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(when))
