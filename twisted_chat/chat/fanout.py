# -*- test-case-name: tests.chat.test_fanout -*-
"""
The fan-out: broadcasts a batch of events with one call for each listener.

The cost of a message is paid once for each view, not for each listener: a batch is rendered and
joined once, and all listeners get the same C{bytes} in one call.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import accumulate

from ..wire.events import Event
from ..wire.interfaces import IView
from .audience import Audience, Listener


class _Sheet:
    """
    The lines of a share in one view, joined once.

    @ivar lines: one for each event.
    @ivar whole: all of them.
    """

    __slots__ = ("_bounds", "lines", "whole")

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines
        self.whole = b"".join(lines)
        self._bounds: list[int] | None = None

    def answering(self, answers: dict[int, bytes]) -> bytes:
        """
        @param answers: by the places of the lines that they replace, in order.
        @return: all lines, some of them replaced by answers.
        """
        if len(answers) == len(self.lines):
            return b"".join(answers.values())
        bounds = self._bounds
        if bounds is None:
            bounds = self._bounds = list(accumulate(map(len, self.lines), initial=0))
        whole = self.whole
        parts: list[bytes] = []
        done = 0
        for place, answer in answers.items():
            parts += (whole[done : bounds[place]], answer)
            done = bounds[place + 1]
        parts.append(whole[done:])
        return b"".join(parts)


class _Share:
    """
    The events of a batch for one audience.

    @ivar places: the place of each event in the batch.
    @ivar events: these events.
    """

    __slots__ = ("_sheets", "events", "places")

    def __init__(self, places: list[int], events: Sequence[Event]) -> None:
        self.places = places
        self.events = events
        self._sheets: dict[IView, _Sheet] = {}

    def sheet(self, view: IView, render: _Render) -> _Sheet:
        """
        @return: the share in this view, rendered once.
        """
        sheet = self._sheets.get(view)
        if sheet is None:
            sheet = self._sheets[view] = _Sheet(render(view, self.events))
        return sheet


_Render = Callable[[IView, Sequence[Event]], list[bytes]]


Places = defaultdict[Audience, list[int]]
"""The places in a batch of the events that each audience hears."""

Answers = defaultdict[Listener, dict[int, bytes]]
"""The answers that authors get in the places of their own events."""


class FanOut:
    """
    One batch on its way out: collected first, then sent.

    Authors are served first, with answers in the places of their own events, then everybody else.
    Each listener gets one C{put}, in the order of the ids, so that the last id that a client
    received tells exactly what it has seen.

    An event that a view cannot render, and a listener whose C{put} raises, are left out: all others
    are served.

    @ivar places: the places in the batch of the events that each audience hears, rising.
    @ivar answers: the answers that authors get in the places of their own events, rising.
    @ivar answeredAt: when all authors had their answers, or C{None}.
    @ivar deliveries: the number of listeners, summed over all events.
    @ivar faults: what was left out: the place of an event, or C{None} for a listener, and the
        error.
    """

    __slots__ = (
        "_events",
        "_lobby",
        "_refuse",
        "_seconds",
        "answeredAt",
        "answers",
        "deliveries",
        "faults",
        "places",
    )

    def __init__(
        self,
        lobby: str,
        events: Sequence[Event],
        places: Places | None = None,
        answers: Answers | None = None,
        refuse: Callable[[Listener, Event, bytes], bytes] | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        @param lobby: the name of the lobby.
        @param events: the batch.
        @param places: see above.
        @param answers: see above.
        @param refuse: called with the author of an event that a view cannot render, the event and
            the intended answer; returns the answer to send instead.
        @param seconds: the time on a clock that does not jump, in seconds.
        """
        self._lobby = lobby
        self._events = events
        self._refuse = refuse
        self._seconds = seconds
        self.answeredAt: float | None = None
        self.deliveries = 0
        self.places = Places(list) if places is None else places
        self.answers = Answers(dict) if answers is None else answers
        self.faults: list[tuple[int | None, Exception]] = []

    def show(self, place: int, audience: Audience) -> None:
        """
        Show the event at this place of the batch to an audience.  Places must rise from call to
        call.
        """
        self.places[audience].append(place)

    def answer(self, place: int, author: Listener, data: bytes) -> None:
        """
        Give an author this answer in the place of their own event.  Places must rise from call to
        call.
        """
        self.answers[author][place] = data

    def send(self, apart: Collection[Listener] = ()) -> None:
        """
        Put to each listener everything that they hear.

        @param apart: listeners that are left out, because they are told in another way.
        """
        if len(self.places) == 1:
            ((audience, places),) = self.places.items()
            if len(places) == len(self._events):
                self._sendWhole(audience, apart)
                return
        self._sendMerged(apart)

    def _render(self, view: IView, events: Sequence[Event]) -> list[bytes]:
        """
        @return: a line for each event; empty for an event that cannot be rendered.
        """
        try:
            return view.events(events, self._lobby)
        except Exception:
            return [self._renderOne(view, event) for event in events]

    def _renderOne(self, view: IView, event: Event) -> bytes:
        try:
            return view.events((event,), self._lobby)[0]
        except Exception as error:
            place = self._events.index(event)
            self.faults.append((place, error))
            for author, answers in self.answers.items():
                if place in answers and self._refuse is not None:
                    answers[place] = self._refuse(author, event, answers[place])
            return b""

    def _put(self, listener: Listener, data: bytes) -> None:
        try:
            listener.put(data)
        except Exception as error:
            self.faults.append((None, error))

    def _sendWhole(self, audience: Audience, apart: Collection[Listener]) -> None:
        """
        Send a batch whose events are all for one audience, which is the usual case and the fast
        one.
        """
        answers = self.answers
        sheets: dict[IView, _Sheet] = {}
        for view in audience.views:
            sheets[view] = _Sheet(self._render(view, self._events))
        for author, answered in answers.items():
            sheet = None
            for view, listeners in audience.views.items():
                if author in listeners:
                    sheet = sheets[view]
                    break
            data = b"".join(answered.values()) if sheet is None else sheet.answering(answered)
            if data:
                self._put(author, data)
        self.answeredAt = self._seconds()
        told: Collection[Listener] = {*answers, *apart} if apart else answers
        for view, listeners in audience.views.items():
            self.deliveries += len(listeners) * len(self._events)
            whole = sheets[view].whole
            if whole:
                for listener in listeners:
                    if listener not in told:
                        try:
                            listener.put(whole)
                        except Exception as error:
                            self.faults.append((None, error))

    def _sendMerged(self, apart: Collection[Listener]) -> None:
        """
        Send to several audiences; listeners who belong to the same ones share their bytes.
        """
        events = self._events
        belongs: dict[Listener, list[tuple[_Share, IView]]] = {}
        for audience, places in self.places.items():
            share = _Share(places, [events[place] for place in places])
            for view, listeners in audience.views.items():
                self.deliveries += len(listeners) * len(places)
                pair = (share, view)
                share.sheet(view, self._render)
                for listener in listeners:
                    if listener not in apart:
                        belongs.setdefault(listener, []).append(pair)
        merged: dict[tuple[tuple[_Share, IView], ...], _Sheet] = {}
        for listener in self._authorsFirst(belongs):
            pairs = tuple(belongs.get(listener, ()))
            sheet = merged.get(pairs)
            if sheet is None:
                sheet = merged[pairs] = _Sheet(self._merge(pairs))
            answered = self.answers.get(listener)
            data = sheet.whole if answered is None else sheet.answering(answered)
            if data:
                self._put(listener, data)

    def _authorsFirst(
        self, belongs: dict[Listener, list[tuple[_Share, IView]]]
    ) -> Iterator[Listener]:
        yield from self.answers
        self.answeredAt = self._seconds()
        for listener in belongs:
            if listener not in self.answers:
                yield listener

    def _merge(self, pairs: Sequence[tuple[_Share, IView]]) -> list[bytes]:
        """
        @return: the lines of all shares in order; an event that several shares hold appears once.
        """
        lines = [b""] * len(self._events)
        taken: set[int] = set()
        for share, view in pairs:
            places, rendered = share.places, share.sheet(view, self._render).lines
            if not taken.isdisjoint(places):
                rest = [
                    pair for pair in zip(places, share.events, strict=True) if pair[0] not in taken
                ]
                places = [place for place, _ in rest]
                rendered = self._render(view, [event for _, event in rest])
            taken.update(places)
            for place, line in zip(places, rendered, strict=True):
                lines[place] = line
        return lines
