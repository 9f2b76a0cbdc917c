# -*- test-case-name: tests.chat.test_audience -*-
"""
Who hears the same events.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..wire.interfaces import IView
    from .user import User


class Audience:
    """
    People who hear the same events.  It can be asked who is in it, and how many.

    @ivar views: the people by their view of it: who shares a view shares its bytes.
    """

    __slots__ = ("views",)

    def __init__(self) -> None:
        self.views: dict[IView, dict[User, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self.views.values()))

    def __iter__(self) -> Iterator[User]:
        return chain.from_iterable(self.views.values())

    def __contains__(self, user: User) -> bool:
        return self.viewOf(user) is not None

    def viewOf(self, user: User) -> IView | None:
        """
        @return: how somebody sees it, or C{None} if he does not hear it.
        """
        for view, users in self.views.items():
            if user in users:
                return view
        return None

    def add(self, user: User, view: IView) -> None:
        """
        Let somebody hear, or change the view of one who does.
        """
        self.remove(user)
        self.views.setdefault(view, {})[user] = None

    def remove(self, user: User) -> None:
        """
        Let somebody hear no more; nothing happens if he did not.
        """
        view = self.viewOf(user)
        if view is not None:
            users = self.views[view]
            del users[user]
            if not users:
                del self.views[view]
