# -*- test-case-name: tests.contracts.test_interfaces -*-
"""
Answers of the server that both dialects write and a client reads, as plain values.
"""

from __future__ import annotations

from typing import NamedTuple


class Welcome(NamedTuple):
    """
    What a newcomer is told first.

    @ivar name: the name he has now.
    @ivar token: his session's secret, or C{None} where the dialect has no sessions.
    @ivar epoch: the log's epoch.
    @ivar last: the id of the newest event.
    @ivar room: his current room.
    @ivar rooms: name and topic of each of his rooms.
    @ivar resumed: whether an earlier session goes on.
    @ivar missed: how many events follow that he has missed.
    """

    name: str
    token: str | None
    epoch: str
    last: int
    room: str
    rooms: tuple[tuple[str, str], ...]
    resumed: bool
    missed: int
