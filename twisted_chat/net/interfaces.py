# -*- test-case-name: tests.net.test_connection -*-
"""
Declares what a connection requires of its neighbours: the user who is logged in over it, its door,
and what all connections share.
"""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.interfaces import IReactorTime

from ..counters import Counters, DoorCounters
from ..errors import ChatError
from ..wire.answers import Notice
from .admission import AdmissionControl
from .budget import Backlog, BacklogBudget
from .deadlines import Deadlines
from .limits import Limits
from .ratelimit import TokenBucket


class Avatar(Protocol):
    """
    What a connection requires of the user who is logged in over it: see L{chat.interfaces.IUser}.

    @ivar client: the user's connection; another one once the session was taken over.
    @ivar waits: whether the connection is told when some of the user's lines are answered.
    """

    client: Any
    waits: bool

    @property
    def leaving(self) -> bool:
        """Whether the user has left, or is leaving."""

    @property
    def unanswered(self) -> int:
        """How many of the user's drafts the log has not answered yet."""

    def answer(self, value: Notice, key: str | None = None) -> None:
        """Tell the user something, after the answers to everything before it."""

    def refuse(self, error: ChatError, key: str | None = None) -> None:
        """Tell the user that something was refused, after the answers to everything before it."""

    def quit(self) -> None:
        """Leave on purpose."""

    def hangUp(self) -> None:
        """Leave because the client has closed its side."""

    def drop(self) -> None:
        """Leave because the connection is lost."""


class EventLog(Protocol):
    """
    A log for events that strangers can cause: see L{ops.limitedlog.RateLimitedLog}.
    """

    def info(self, format: str, **values: Any) -> None:
        """Log a line, unless too many of its kind were logged."""


class Shared(Protocol):
    """
    What all connections of all doors share: see L{doors.gate.Gate}.
    """

    @property
    def clock(self) -> IReactorTime | None:
        """The clock for all timeouts and rates; without one there are none."""

    @property
    def counters(self) -> Counters:
        """The server's figures about itself."""

    @property
    def limits(self) -> Limits:
        """The bounds that apply."""

    @property
    def admission(self) -> AdmissionControl:
        """Admits connections."""

    @property
    def budget(self) -> BacklogBudget[Backlog]:
        """The memory that the queues of all clients share."""

    @property
    def deadlines(self) -> Deadlines:
        """The timeouts of all connections."""

    @property
    def log(self) -> EventLog:
        """The log for events that strangers can cause."""

    def makeBucket(self) -> TokenBucket | None:
        """
        @return: the rate limit of a new client, or C{None} if there is none.
        """


class ConnectionDoor(Protocol):
    """
    The door that a connection came through.
    """

    @property
    def gate(self) -> Shared:
        """What the connections of all doors share."""

    @property
    def counters(self) -> DoorCounters:
        """The door's own figures."""

    def opened(self, connection: Any) -> None:
        """Count a connection, refused or not."""

    def closed(self, connection: Any) -> None:
        """Stop counting a connection: it is lost."""
