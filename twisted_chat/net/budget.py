# -*- test-case-name: tests.net.test_budget -*-
"""
Bounds the backlog of all clients together, and cuts the largest when it is exceeded.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, Protocol, TypeVar

from .limits import Limits

Owner = TypeVar("Owner", bound=Hashable)


class Backlog(Protocol):
    """
    A queue of one client that counts in the budget.
    """

    def overflow(self) -> None:
        """Cut the connection: its queue is too large.  The budget has already forgotten it."""

    def __hash__(self) -> int: ...


class BacklogBudget(Generic[Owner]):
    """
    The memory that the queues of all clients may use together, in bytes.

    Tracks only queues that hold something: clients that keep up cost nothing.

    @ivar total: bytes that are queued now.
    """

    def __init__(self, limit: int = Limits.maxAllQueues) -> None:
        """
        @param limit: the largest total, in bytes.
        """
        self.total = 0
        self._limit = limit
        self._sizes: dict[Owner, int] = {}

    @property
    def largest(self) -> int:
        """
        The size of the largest queue, in bytes.
        """
        return max(self._sizes.values(), default=0)

    def grow(self, owner: Owner, n: int) -> Sequence[Owner]:
        """
        Count bytes that were added to a queue.

        @param n: how many bytes.
        @return: the queues to cut at once, largest first; empty while the total is within its
            limit.  They are already forgotten.  They bring the total an eighth below the limit:
            otherwise every message at the limit would search for the largest again.
        """
        self._sizes[owner] = self._sizes.get(owner, 0) + n
        self.total += n
        return () if self.total <= self._limit else self._largest()

    def account(self: BacklogBudget[Backlog], backlog: Backlog, change: int) -> None:
        """
        Count bytes that were added to a queue or taken from it, and cut the largest queues if the
        total exceeds its limit.

        @param change: bytes added; negative if some were taken.
        """
        if change <= 0:
            self.shrink(backlog, -change)
            return
        for largest in self.grow(backlog, change):
            largest.overflow()

    def shrink(self, owner: Owner, n: int) -> None:
        """
        Count bytes that were taken from a queue; do nothing if it is forgotten.

        @param n: how many, at most the size of the queue.
        """
        size = self._sizes.get(owner)
        if size is None:
            return
        self.total -= n
        if size > n:
            self._sizes[owner] = size - n
        else:
            del self._sizes[owner]

    def forget(self, owner: Owner) -> None:
        """
        Forget a queue and its bytes; do nothing if it is unknown.
        """
        self.total -= self._sizes.pop(owner, 0)

    def _largest(self) -> list[Owner]:
        """
        Forget the largest queues until the total is low enough.
        """
        cut: list[Owner] = []
        enough = self._limit - self._limit // 8
        for owner in sorted(self._sizes, key=self._sizes.__getitem__, reverse=True):
            if self.total <= enough:
                break
            self.forget(owner)
            cut.append(owner)
        return cut
