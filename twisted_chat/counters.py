# -*- test-case-name: tests.test_counters -*-
"""
The server's figures about itself: plain attributes that every level may add to.

To add to one costs some 40 ns, and what happens to every message is counted once a batch.  Labels
are fixed words, never names or rooms.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Bounds of times: 1 ms is what a batch takes at best, 5 s what people take for broken."""

SIZES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 4096.0)
"""Bounds of the events in a commit, up to the largest there is."""


class Histogram:
    """
    How values are distributed.

    @ivar bounds: the upper bounds of all but the last bucket, rising.
    @ivar counts: the values in each bucket alone.
    @ivar sum: of all values.
    """

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """
        Take a value.
        """
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class DoorCounters:
    """
    The figures of one door.

    @ivar lines: lines that came in, whatever became of them.
    """

    __slots__ = ("lines",)

    def __init__(self) -> None:
        self.lines = 0


class Counters:
    """
    The figures of one server since its start.

    @ivar seconds: the time on a clock that does not jump, in seconds.
    @ivar watched: whether somebody reads how long things take; otherwise that is not noted.
    @ivar logins: by how they came: C{new}, C{resumed}, C{taken-over} from
        another connection, or C{another} connection of somebody who is here.
    @ivar loginFailures: by the code of the error.
    @ivar refusedConnections: by why: C{full}, C{address}, C{often}, C{overrun}.
    @ivar refusals: by the code of the error.
    @ivar cut: connections that were cut, by why: C{flooding}, C{silent}, C{slow}, C{stalled}.
    @ivar shown: events that people were shown, without joining and leaving.
    @ivar changes: those among them that are no messages.
    @ivar deliveries: events times the people who were shown each.
    @ivar receipts: from the oldest line of a batch to the receipts for it, in seconds.
    @ivar delivery: from the oldest line of a batch to the last put of it, in seconds.
    @ivar commits: how long the store takes for a batch, in seconds.
    @ivar commitEvents: the events of a batch.
    @ivar lag: how late timers are, in seconds.
    @ivar answeredAt: when the authors of the batch that is being shown got their receipts, or
        C{None}.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """
        @param seconds: see the attribute.
        """
        self.seconds = seconds
        self.watched = True
        self.logins: Counter[str] = Counter()
        self.loginFailures: Counter[str] = Counter()
        self.refusedConnections: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()
        self.shown = 0
        self.changes = 0
        self.deliveries = 0
        self.receipts = Histogram()
        self.delivery = Histogram()
        self.commits = Histogram()
        self.commitEvents = Histogram(SIZES)
        self.lag = Histogram()
        self.answeredAt: float | None = None

    @property
    def messages(self) -> int:
        """
        Messages that people were shown.
        """
        return self.shown - self.changes

    def batchDone(
        self, oldest: float | None, events: int = 0, begun: float = 0.0, committed: float = 0.0
    ) -> None:
        """
        Note that everybody has been given a batch.  One call for each batch takes all its figures.

        @param oldest: when its oldest draft was taken, in seconds on the counters' clock, or
            C{None}.
        @param events: how many events a commit stored; 0 where there was none.
        @param begun: when the commit began.
        @param committed: when it ended.
        """
        if events:
            self.commits.add(committed - begun)
            self.commitEvents.add(events)
        answeredAt, self.answeredAt = self.answeredAt, None
        if oldest is not None and answeredAt is not None:
            self.receipts.add(answeredAt - oldest)
            self.delivery.add(self.seconds() - oldest)
