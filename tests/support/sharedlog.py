"""
One log that several hubs share, as the nodes of a cluster do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from twisted.internet.defer import Deferred, succeed

from tests.support.helpers import NOW, Turn
from twisted_chat.accounts.rules import project
from twisted_chat.errors import ChatError
from twisted_chat.stores.interfaces import IFollower, StoredRooms
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.stores.session import RoomRecord
from twisted_chat.wire.events import Draft, Event


class SharedLog:
    """
    The log itself: each node hears all events, and an origin only with its own.
    """

    def __init__(self) -> None:
        self.turn = Turn()
        self._log = MemoryLog(self.turn.later, lambda: NOW, projection=project)
        self._log.follow(self)  # type: ignore[arg-type]
        self.nodes: list[NodeLog] = []

    def node(self) -> Any:
        """
        @return: the log as one more node sees it.
        """
        node = NodeLog(self, self._log)
        self.nodes.append(node)
        return node

    def append(self, node: NodeLog, draft: Draft, origin: object) -> None:
        """Take a draft of a node."""
        self._log.append(draft, (node, origin))

    def _split(self, node: NodeLog, batch: Sequence[tuple[Any, object]]) -> list[tuple[Any, Any]]:
        split = []
        for item, origin in batch:
            author, own = cast("tuple[NodeLog, object]", origin)
            split.append((item, own if author is node else None))
        return split

    def stored(self, batch: Sequence[tuple[Event, object]]) -> None:
        """See L{IFollower.stored}."""
        for node in self.nodes:
            node.follower.stored(self._split(node, batch))

    def repeated(self, batch: Sequence[tuple[Event, object]]) -> None:
        """See L{IFollower.repeated}."""
        for item, origin in batch:
            node, own = cast("tuple[NodeLog, object]", origin)
            node.follower.repeated([(item, own)])

    def refused(self, batch: Sequence[tuple[Draft, object]], error: ChatError) -> None:
        """See L{IFollower.refused}."""
        for item, origin in batch:
            node, own = cast("tuple[NodeLog, object]", origin)
            node.follower.refused([(item, own)], error)


class NodeLog:
    """
    A shared log as one node sees it; the past and the sessions are those of the shared one.
    """

    follower: IFollower

    def __init__(self, shared: SharedLog, log: MemoryLog) -> None:
        self._shared = shared
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def follow(self, follower: IFollower) -> None:
        """See L{ILog.follow}."""
        self.follower = follower

    def append(self, draft: Draft, origin: object) -> None:
        """See L{ILog.append}."""
        self._shared.append(self, draft, origin)

    def keepRoom(self, record: RoomRecord) -> None:
        """See L{IRooms.keepRoom}: a node has its own projection, which these tests do not read."""

    def dropRoom(self, id: int) -> None:
        """See L{IRooms.dropRoom}."""

    def rooms(self) -> Deferred[StoredRooms]:
        """See L{IRooms.rooms}."""
        return succeed(StoredRooms([], 0))

    def movesAfter(self, id: int, limit: int) -> Deferred[list[Event]]:
        """See L{IRooms.movesAfter}."""
        return succeed([])

    def stateAfter(self, id: int, limit: int) -> Deferred[list[Event]]:
        """See L{IRooms.stateAfter}."""
        return succeed([])
