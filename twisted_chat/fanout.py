# -*- test-case-name: tests.test_fanout -*-
"""
The fan-out of a batch: from events to one call for each listener.

The cost of a message is paid once a dialect, not once a listener: a batch is rendered and joined
once, and every listener is given the same C{bytes} in one call.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .events import Event
    from .interfaces import IView
    from .room import Audience
    from .user import User


class _Share:
    """
    What a batch holds for one audience.

    @ivar places: where in the batch each event stands.
    """

    __slots__ = ("_rendered", "events", "places")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.places: list[int] = []
        self._rendered: dict[IView, list[bytes]] = {}

    def lines(self, view: IView, lobby: str) -> list[bytes]:
        """
        @return: the share's lines as this view reads them, rendered once.
        """
        lines = self._rendered.get(view)
        if lines is None:
            lines = self._rendered[view] = view.events(self.events, lobby)
        return lines


class FanOut:
    """
    One batch on its way out: put together first, then sent.

    Authors come first, with the answers in the places of their own events; then everybody else.
    Each listener gets one C{put}, in the order of the ids, so that the last id that reached a
    client is exact.
    """

    __slots__ = ("_answers", "_lobby", "_shares", "_size")

    def __init__(self, lobby: str, size: int) -> None:
        """
        @param lobby: the name of the lobby.
        @param size: how many events the batch has.
        """
        self._lobby = lobby
        self._size = size
        self._shares: dict[Audience, _Share] = {}
        self._answers: dict[User, dict[int, bytes]] = {}

    def show(self, place: int, event: Event, audience: Audience) -> None:
        """
        Let an audience hear the event at this place of the batch.
        """
        share = self._shares.get(audience)
        if share is None:
            share = self._shares[audience] = _Share()
        share.events.append(event)
        share.places.append(place)

    def answer(self, place: int, author: User, data: bytes) -> None:
        """
        Give an author this in the place of his own event.
        """
        answers = self._answers.get(author)
        if answers is None:
            self._answers[author] = {place: data}
        else:
            answers[place] = data

    def send(self, apart: Container[User] = ()) -> None:
        """
        Put to each listener what he is to hear.

        @param apart: those who are told in another way.
        """
        if len(self._shares) == 1:
            ((audience, share),) = self._shares.items()
            if len(share.events) == self._size:
                self._sendWhole(audience, share, apart)
                return
        self._sendMerged(apart)

    def _sendWhole(self, audience: Audience, share: _Share, apart: Container[User]) -> None:
        """
        All events of the batch are for one audience: the usual case, and the fast one.
        """
        answers = self._answers
        for author, answered in answers.items():
            view = audience.viewOf(author)
            if view is None:
                data = b"".join(answered.values())
            else:
                data = _overlay(share.lines(view, self._lobby), answered)
            if data:
                author.put(data)
        for view, listeners in audience.views.items():
            whole = b"".join(share.lines(view, self._lobby))
            if whole:
                for listener in listeners:
                    if listener not in answers and listener not in apart:
                        listener.put(whole)

    def _sendMerged(self, apart: Container[User]) -> None:
        """
        Several audiences: those who belong to the same of them share their bytes.
        """
        belongs: dict[User, list[tuple[_Share, IView]]] = {}
        for audience, share in self._shares.items():
            for view, listeners in audience.views.items():
                pair = (share, view)
                for listener in listeners:
                    if listener not in apart:
                        belongs.setdefault(listener, []).append(pair)
        merged: dict[tuple[tuple[_Share, IView], ...], list[bytes]] = {}
        joined: dict[tuple[tuple[_Share, IView], ...], bytes] = {}
        for listener in self._authorsFirst(belongs):
            pairs = tuple(belongs.get(listener, ()))
            lines = merged.get(pairs)
            if lines is None:
                lines = merged[pairs] = self._merge(pairs)
                joined[pairs] = b"".join(lines)
            answered = self._answers.get(listener)
            data = joined[pairs] if answered is None else _overlay(lines, answered)
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
        lines = [b""] * self._size
        taken: set[int] = set()
        for share, view in pairs:
            places, rendered = share.places, share.lines(view, self._lobby)
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


def _overlay(lines: list[bytes], answers: dict[int, bytes]) -> bytes:
    own = lines.copy()
    for place, answer in answers.items():
        own[place] = answer
    return b"".join(own)
