# -*- test-case-name: tests.chat.test_audience -*-
"""
An audience: the listeners of the same events, grouped by view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Protocol

from ..wire.interfaces import IView


class Listener(Protocol):
    """
    A connection to which events are broadcast.

    @ivar put: sends whole lines; never blocks and never raises.
    """

    put: Callable[[bytes], None]


class Audience:
    """
    A collection of listeners.

    @ivar views: the listeners by view: those who share a view share its bytes.
    """

    __slots__ = ("views",)

    def __init__(self) -> None:
        self.views: dict[IView, dict[Listener, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self.views.values()))

    def __iter__(self) -> Iterator[Listener]:
        return chain.from_iterable(self.views.values())

    def __contains__(self, listener: object) -> bool:
        return any(listener in listeners for listeners in self.views.values())

    def viewOf(self, listener: Listener) -> IView | None:
        """
        @return: the listener's view, or C{None} if they are not in the audience.
        """
        for view, listeners in self.views.items():
            if listener in listeners:
                return view
        return None

    def add(self, listener: Listener, view: IView) -> None:
        """
        Add a listener, or change the view of an existing one.
        """
        for other, listeners in self.views.items():
            if listener in listeners:
                if other is view:
                    return
                self.remove(listener)
                break
        self.views.setdefault(view, {})[listener] = None

    def remove(self, listener: Listener) -> None:
        """
        Remove a listener; do nothing if they are not in the audience.
        """
        view = self.viewOf(listener)
        if view is not None:
            listeners = self.views[view]
            del listeners[listener]
            if not listeners:
                del self.views[view]
