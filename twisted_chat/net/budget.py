# -*- test-case-name: tests.net.test_budget -*-
"""
What is queued for all clients together, and who of them has to go when it is too much.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from .limits import Limits

Owner = TypeVar("Owner", bound=Hashable)


class QueueLedger(Generic[Owner]):
    """
    The backlog of all clients together, in bytes.

    Only clients that have a backlog stand in it, so those who read cost nothing.

    @ivar total: what is queued now, in bytes.
    """

    def __init__(self, limit: int = Limits.maxAllQueues) -> None:
        """
        @param limit: the largest total, in bytes.
        """
        self.total = 0
        self._limit = limit
        self._sizes: dict[Owner, int] = {}

    def grow(self, owner: Owner, n: int) -> Sequence[Owner]:
        """
        The backlog of an owner has grown.

        @param n: by how many bytes.
        @return: the owners to cut at once, largest first; empty as long as the total is within its
            limit.  They are forgotten already.  Enough are named to bring the total down by an
            eighth of the limit, so that a crowd at the limit is not searched for each message.
        """
        self._sizes[owner] = self._sizes.get(owner, 0) + n
        self.total += n
        return () if self.total <= self._limit else self._largest()

    def shrink(self, owner: Owner, n: int) -> None:
        """
        The backlog of an owner has shrunk; nothing happens if it is forgotten already.

        @param n: by how many bytes, at most what it has.
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
        The owner is gone, and its backlog with it; nothing happens if it had none.
        """
        self.total -= self._sizes.pop(owner, 0)

    def _largest(self) -> list[Owner]:
        """
        Take the largest owners out until there is room again.
        """
        cut: list[Owner] = []
        enough = self._limit - self._limit // 8
        for owner in sorted(self._sizes, key=self._sizes.__getitem__, reverse=True):
            if self.total <= enough:
                break
            self.forget(owner)
            cut.append(owner)
        return cut
