"""
A send queue, its owner and its budget.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted_chat.net.budget import Backlog, BacklogBudget
from twisted_chat.net.limits import KIB, MIB
from twisted_chat.net.sending import SendQueue

BLOCK = b"x" * 1023 + b"\n"


BIG = BLOCK * 8192
"""More than any socket's buffers hold on loopback, and within the limit of L{OwnedQueue}."""


class Owner:
    """
    Notes what becomes of a queue.

    @ivar calls: what it was told, without progress.
    @ivar moves: how often something was read.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.moves = 0
        self.overflowed: Callable[[], object] = lambda: None

    def sendBlocked(self) -> None:
        """See L{twisted_chat.net.sending.SendQueueOwner}."""
        self.calls.append("blocked")

    def sendProgressed(self) -> None:
        """See L{twisted_chat.net.sending.SendQueueOwner}."""
        self.moves += 1

    def sendDrained(self) -> None:
        """See L{twisted_chat.net.sending.SendQueueOwner}."""
        self.calls.append("drained")

    def sendEnded(self) -> None:
        """See L{twisted_chat.net.sending.SendQueueOwner}."""
        self.calls.append("ended")

    def sendOverflowed(self) -> None:
        """See L{twisted_chat.net.sending.SendQueueOwner}."""
        self.calls.append("overflowed")
        self.overflowed()

    def sendFailed(self) -> None:
        """See L{twisted_chat.net.sending.SendQueueOwner}."""
        self.calls.append("failed")


class OwnedQueue:
    """
    A queue, and all that stands around it.
    """

    def __init__(
        self,
        transport: Any,
        budget: BacklogBudget[Backlog] | None = None,
        limit: int = 16 * MIB,
        chunk: int = 64 * KIB,
    ) -> None:
        self.owner = Owner()
        self.budget = BacklogBudget[Backlog]() if budget is None else budget
        self.queue = SendQueue(transport, self.owner, self.budget, limit, chunk)
        self.owner.overflowed = self.queue.abort
