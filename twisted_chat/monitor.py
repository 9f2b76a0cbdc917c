# -*- test-case-name: tests.test_monitor -*-
"""
The monitor: what the server tells about itself, over a listener of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from twisted.internet.error import CannotListenError

from . import __version__
from .accounts.records import BAN, REPORT
from .chat.hub import Hub
from .doors.gate import Gate
from .doors.interfaces import CannotBind
from .doors.stream import StreamDoor
from .net.listener import Listener
from .ops.lag import LagMeter
from .ops.metrics import (
    Family,
    ProcessFigures,
    counter,
    counters,
    gauge,
    gauges,
    histogram,
    render,
)

LOGINS: Final = ("new", "resumed", "taken-over", "another")
"""How users come: see L{Counters.logins}."""

REFUSED_CONNECTIONS: Final = ("full", "address", "often", "overrun")
"""Why connections are refused: see L{Counters.refusedConnections}."""

CUT: Final = ("flooding", "silent", "slow", "stalled")
"""Why connections are cut: see L{Counters.cut}."""


def _known(words: Sequence[str], counted: Mapping[str, int]) -> Mapping[str, int]:
    """
    @return: what was counted, with a 0 for what never happened: a rate needs a beginning.
    """
    return {**dict.fromkeys(words, 0), **counted}


def figures(gate: Gate, doors: Sequence[StreamDoor]) -> list[Family]:
    """
    @return: the figures of a chat as they are now.
    """
    hub: Hub = gate.hub
    counted = gate.counters
    registered = sum(member.isRegistered for member in hub.users.values())
    records, hashing = hub.state.law.records, hub.state.authenticator.hashing
    return [
        gauges(
            "chat_connections",
            "Connections at each door, those included that are not logged in.",
            "door",
            {door.name: len(door.connections) for door in doors},
        ),
        gauges(
            "chat_people",
            "People who are logged in.",
            "kind",
            {"guest": len(hub.users) - registered, "registered": registered},
        ),
        gauge("chat_rooms", "Rooms, with the lobby.", len(hub.rooms)),
        counters("chat_logins_total", "Logins.", "how", _known(LOGINS, counted.logins)),
        counters("chat_login_failures_total", "Logins refused.", "why", counted.loginFailures),
        counters(
            "chat_refused_connections_total",
            "Connections refused before they said anything.",
            "why",
            _known(REFUSED_CONNECTIONS, counted.refusedConnections),
        ),
        counters(
            "chat_lines_total",
            "Lines that came in, commands included.",
            "door",
            {door.name: door.counters.lines for door in doors},
        ),
        counter("chat_messages_total", "Messages shown.", counted.messages),
        counter(
            "chat_deliveries_total",
            "Messages times the people each was shown to.",
            counted.deliveries,
        ),
        counters("chat_refusals_total", "Lines refused.", "code", counted.refusals),
        counters("chat_cut_total", "Connections cut.", "why", _known(CUT, counted.cut)),
        histogram(
            "chat_receipt_seconds",
            "From a line to its receipt: the oldest line of each batch.",
            counted.receipts,
        ),
        histogram(
            "chat_delivery_seconds",
            "From a line to the last person it is given to: the oldest line of each batch.",
            counted.delivery,
        ),
        histogram("chat_commit_seconds", "How long a batch takes to be stored.", counted.commits),
        histogram("chat_commit_events", "Events stored in one batch.", counted.commitEvents),
        gauge("chat_store_queue_events", "Events that wait to be stored.", hub.log.waiting),
        gauge("chat_store_up", "Whether events can be stored.", int(not hub.log.trouble)),
        gauge("chat_last_id", "The id of the newest event.", hub.lastId),
        gauge("chat_queue_bytes", "What is queued for all clients.", gate.budget.total),
        gauge(
            "chat_queue_max_bytes", "What is queued for the slowest client.", gate.budget.largest
        ),
        gauge("chat_bans", "Bans and mutes that are kept.", len(records.all(BAN))),
        gauge("chat_reports_open", "Reports that nobody has ended.", len(records.all(REPORT))),
        histogram("chat_password_seconds", "How long a password takes to hash.", hashing.spent),
        gauge("chat_password_waiting", "Passwords that wait to be hashed.", hashing.waiting),
        histogram("chat_reactor_lag_seconds", "How late timers are.", counted.lag),
    ]


class Monitor:
    """
    Answers those who ask how the server is, from before its history is open until its end.

    @ivar isReady: whether people are let in.
    """

    def __init__(
        self, reactor: Any, listener: Listener, gate: Gate, doors: Sequence[StreamDoor]
    ) -> None:
        """
        @param reactor: for timers.
        @param listener: where it is asked.
        @param gate: what the doors share, and the chat behind them.
        @param doors: whose figures it tells.
        """
        from .ops.pages import makeSite

        self.isReady = False
        self._listener = listener
        self._gate = gate
        self._doors = doors
        self._process = ProcessFigures(__version__)
        self._lag = LagMeter(reactor, gate.counters.lag)
        self._site = makeSite(self.page, self.trouble, reactor)
        self._isBound = False

    def page(self) -> bytes:
        """
        @return: all figures.
        """
        families = [*figures(self._gate, self._doors), *self._process()]
        return render(families) + self._process.build

    def trouble(self) -> str:
        """
        @return: why people cannot chat at the moment, or nothing.
        """
        if not self.isReady:
            return "the server is starting or ending"
        return self._gate.hub.log.trouble

    def bind(self) -> None:
        """
        Bind the port.

        @raise CannotBind: if it cannot be had.
        """
        try:
            self._listener.bind(self._site)
        except CannotListenError as error:
            raise CannotBind.fromError(self._listener.text, error) from None
        self._isBound = True

    def open(self) -> None:
        """
        Answer from now on.
        """
        self._listener.open()
        self._lag.start()

    def describe(self) -> str:
        """
        @return: a line for the server's log.
        """
        return f"Metrics on {self._listener.text}: /metrics, /healthz, /readyz"

    async def close(self) -> None:
        """
        Answer no more, and give the port back.
        """
        self._lag.stop()
        if self._isBound:
            await self._listener.close()
