# -*- test-case-name: tests.net.test_budget -*-
"""
The backlog of all clients together, and which of them to cut when it grows too large.
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
        """Cut the connection: the queue is too large, and is forgotten by the budget already."""

    def __hash__(self) -> int: ...


class BacklogBudget(Generic[Owner]):
    """
    The memory that the queues of all clients may use together, in bytes.

    Tracks only queues that hold something: clients that keep up cost nothing.

    @ivar total: what is queued now, in bytes.
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
        What the largest queue holds, in bytes.
        """
        return max(self._sizes.values(), default=0)

    def grow(self, owner: Owner, n: int) -> Sequence[Owner]:
        """
        Count what was added to a queue.

        @param n: how many bytes.
        @return: the queues to cut at once, largest first; empty while the total is within its
            limit.  They are forgotten already.  Enough are named to bring the total an eighth below
            the limit: at the limit, the search for the largest would otherwise be repeated for
            every message.
        """
        self._sizes[owner] = self._sizes.get(owner, 0) + n
        self.total += n
        return () if self.total <= self._limit else self._largest()

    def account(self: BacklogBudget[Backlog], backlog: Backlog, change: int) -> None:
        """
        Count what was added to a queue or taken from it, and cut the largest queues if that is too
        much for all together.

        @param change: how many bytes more; less than 0 if some were taken.
        """
        if change <= 0:
            self.shrink(backlog, -change)
            return
        for largest in self.grow(backlog, change):
            largest.overflow()

    def shrink(self, owner: Owner, n: int) -> None:
        """
        Count what was taken from a queue; nothing happens if it is forgotten already.

        @param n: how many bytes, at most what it holds.
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
        Forget a queue and all it holds; nothing happens if it held nothing.
        """
        self.total -= self._sizes.pop(owner, 0)

    def _largest(self) -> list[Owner]:
        """
        Take out the largest queues until there is room again.
        """
        cut: list[Owner] = []
        enough = self._limit - self._limit // 8
        for owner in sorted(self._sizes, key=self._sizes.__getitem__, reverse=True):
            if self.total <= enough:
                break
            self.forget(owner)
            cut.append(owner)
        return cut
