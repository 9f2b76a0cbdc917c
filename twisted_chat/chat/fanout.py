# -*- test-case-name: tests.chat.test_fanout -*-
"""
The fan-out of a batch: from events to one call for each listener.

The cost of a message is paid once a dialect, not once a listener: a batch is rendered and joined
once, and every listener is given the same C{bytes} in one call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..wire.events import Event
    from ..wire.interfaces import IView
    from .audience import Audience
    from .user import User


class _Sheet:
    """
    Lines as one view reads them, put together once.

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
        @param answers: by the places of the lines that they replace, in their order.
        @return: all lines, with answers in the places of some.
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
    What a batch holds for one audience.

    @ivar places: where in the batch each event stands.
    @ivar events: these events.
    """

    __slots__ = ("_sheets", "events", "places")

    def __init__(self, places: list[int], events: Sequence[Event]) -> None:
        self.places = places
        self.events = events
        self._sheets: dict[IView, _Sheet] = {}

    def sheet(self, view: IView, lobby: str) -> _Sheet:
        """
        @return: the share as this view reads it, rendered once.
        """
        sheet = self._sheets.get(view)
        if sheet is None:
            sheet = self._sheets[view] = _Sheet(view.events(self.events, lobby))
        return sheet


class FanOut:
    """
    One batch on its way out: put together first, then sent.

    Authors come first, with the answers in the places of their own events; then everybody else.
    Each listener gets one C{put}, in the order of the ids, so that the last id that reached a
    client is exact.
    """

    __slots__ = ("_answers", "_events", "_lobby", "_places")

    def __init__(self, lobby: str, events: Sequence[Event]) -> None:
        """
        @param lobby: the name of the lobby.
        @param events: the batch.
        """
        self._lobby = lobby
        self._events = events
        self._places: defaultdict[Audience, list[int]] = defaultdict(list)
        self._answers: defaultdict[User, dict[int, bytes]] = defaultdict(dict)

    def show(self, place: int, audience: Audience) -> None:
        """
        Let an audience hear the event at this place of the batch.  Places come in their order.
        """
        self._places[audience].append(place)

    def answer(self, place: int, author: User, data: bytes) -> None:
        """
        Give an author this in the place of his own event.  Places come in their order.
        """
        self._answers[author][place] = data

    def send(self, apart: Collection[User] = ()) -> None:
        """
        Put to each listener what he is to hear.

        @param apart: those who are told in another way.
        """
        if len(self._places) == 1:
            ((audience, places),) = self._places.items()
            if len(places) == len(self._events):
                self._sendWhole(audience, apart)
                return
        self._sendMerged(apart)

    def _sendWhole(self, audience: Audience, apart: Collection[User]) -> None:
        """
        All events of the batch are for one audience: the usual case, and the fast one.
        """
        answers = self._answers
        sheets: dict[IView | None, _Sheet] = {}
        for view in audience.views:
            sheets[view] = _Sheet(view.events(self._events, self._lobby))
        for author, answered in answers.items():
            sheet = sheets.get(audience.viewOf(author))
            data = b"".join(answered.values()) if sheet is None else sheet.answering(answered)
            if data:
                author.put(data)
        told: Collection[User] = {*answers, *apart} if apart else answers
        for view, listeners in audience.views.items():
            whole = sheets[view].whole
            if whole:
                for listener in listeners:
                    if listener not in told:
                        listener.put(whole)

    def _sendMerged(self, apart: Collection[User]) -> None:
        """
        Several audiences: those who belong to the same of them share their bytes.
        """
        events = self._events
        belongs: dict[User, list[tuple[_Share, IView]]] = {}
        for audience, places in self._places.items():
            share = _Share(places, [events[place] for place in places])
            for view, listeners in audience.views.items():
                pair = (share, view)
                for listener in listeners:
                    if listener not in apart:
                        belongs.setdefault(listener, []).append(pair)
        merged: dict[tuple[tuple[_Share, IView], ...], _Sheet] = {}
        for listener in self._authorsFirst(belongs):
            pairs = tuple(belongs.get(listener, ()))
            sheet = merged.get(pairs)
            if sheet is None:
                sheet = merged[pairs] = _Sheet(self._merge(pairs))
            answered = self._answers.get(listener)
            data = sheet.whole if answered is None else sheet.answering(answered)
            if data:
                listener.put(data)

    def _authorsFirst(self, belongs: dict[User, list[tuple[_Share, IView]]]) -> Iterator[User]:
        yield from self._answers
        for listener in belongs:
            if listener not in self._answers:
                yield listener

    def _merge(self, pairs: Sequence[tuple[_Share, IView]]) -> list[bytes]:
        """
        @return: the lines of all shares; what several of them hold stands there once.
        """
        lines = [b""] * len(self._events)
        taken: set[int] = set()
        for share, view in pairs:
            places, rendered = share.places, share.sheet(view, self._lobby).lines
            if not taken.isdisjoint(places):
                rest = [
                    pair for pair in zip(places, share.events, strict=True) if pair[0] not in taken
                ]
                places = [place for place, _ in rest]
                rendered = view.events([event for _, event in rest], self._lobby)
            taken.update(places)
            for place, line in zip(places, rendered, strict=True):
                lines[place] = line
        return lines
