"""What is measured: the cells of the tables, and one run's sample of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.figures import percentile

FAULTS = {
    "missing": "never came",
    "skipped": "came out of order",
    "doubled": "came twice",
    "own": "came back to their sender",
    "strange": "make no sense",
    "unanswered": "got no receipt",
}
"""The faults that the load generator counts, and how the tables word them."""


@dataclass(frozen=True)
class Cell:
    """
    One situation.

    @ivar section: the table it belongs to.
    @ivar users: people in the one room.
    @ivar senders: how many of them talk.
    @ivar window: messages each sender has in flight without a receipt (closed loop).
    @ivar rate: messages per second of all senders together (open loop); 0 for the closed loop.
    @ivar idle: seconds the server's CPU is watched while nobody talks.
    """

    section: str
    users: int
    senders: int = 0
    window: int = 1
    rate: float = 0.0
    idle: float = 0.0

    @property
    def label(self) -> str:
        """The cell in the words of the tables."""
        if not self.senders:
            return f"N={self.users}"
        how = f"{self.rate:g} msg/s" if self.rate else f"W={self.window}"
        return f"N={self.users} S={self.senders} {how}"


@dataclass(frozen=True)
class Sample:
    """
    The figures of one run. Rates are per second, times in seconds, latencies in milliseconds,
    memory in bytes; what a cell does not measure is 0.

    @ivar perCpu: deliveries per second of the server's CPU time.
    @ivar perSecond: deliveries per second of wall clock.
    @ivar answered: receipts per second of wall clock, which is messages accepted.
    @ivar answeredPerCpu: receipts per second of the server's CPU time.
    @ivar delivery: latencies p50, p99 and p99.9 from due time to receiver.
    @ivar receipt: the same from due time to receipt.
    @ivar serverBusy: share of its time the server used, 1 for a whole core.
    @ivar serverWaited: share of the time the server's main thread waited for its core.
    @ivar loadBusy: share of its core the busiest thread of the load generator used.
    @ivar logins: logins per second.
    @ivar loginCpu: seconds of the server's CPU time per login.
    @ivar memory: resident bytes of the server per user.
    @ivar memoryAll: resident bytes of the server with all users in.
    @ivar idleCpu: seconds of the server's CPU time per second while nobody talks.
    @ivar faults: what was wrong, as a sentence; empty when every line came once and in order.
    """

    perCpu: float = 0.0
    perSecond: float = 0.0
    answered: float = 0.0
    answeredPerCpu: float = 0.0
    delivery: tuple[float, float, float] = (0.0, 0.0, 0.0)
    receipt: tuple[float, float, float] = (0.0, 0.0, 0.0)
    serverBusy: float = 0.0
    serverWaited: float = 0.0
    loadBusy: float = 0.0
    logins: float = 0.0
    loginCpu: float = 0.0
    memory: float = 0.0
    memoryAll: float = 0.0
    idleCpu: float = 0.0
    faults: str = ""


def faultsOf(report: Mapping[str, object]) -> str:
    """
    Say what was wrong with the lines of a run.

    @param report: what the load generator printed.
    @return: a sentence, or an empty string.
    """
    found = [f"{report[key]} {words}" for key, words in FAULTS.items() if report.get(key)]
    if not found:
        return ""
    example = str(report.get("firstStrange") or "")
    return (
        f"of {report['sent']} messages lines "
        + ", ".join(found)
        + (f" ({example})" if example else "")
    )


def sampleOf(report: Mapping[str, object], users: int) -> Sample:
    """
    Turn what the load generator printed into figures.

    @param report: its JSON object.
    @param users: how many users were logged in.
    """

    def number(key: str) -> float:
        return float(report.get(key) or 0)  # type: ignore[arg-type]

    def latencies(key: str) -> tuple[float, float, float]:
        histogram: list[list[float]] = report.get(key) or []  # type: ignore[assignment]
        p50, p99, p999 = (percentile(histogram, share) / 1000 for share in (0.5, 0.99, 0.999))
        return p50, p99, p999

    def per(value: str, base: str) -> float:
        return number(value) / number(base) if number(base) else 0.0

    talked = number("wall") > 0
    return Sample(
        perCpu=per("delivered", "serverCpu"),
        perSecond=per("delivered", "wall"),
        answered=per("answered", "wall"),
        answeredPerCpu=per("answered", "serverCpu"),
        delivery=latencies("delivery") if talked else (0.0, 0.0, 0.0),
        receipt=latencies("receipt") if talked else (0.0, 0.0, 0.0),
        serverBusy=per("serverCpu", "wall"),
        serverWaited=per("serverWaited", "wall"),
        loadBusy=number("loadBusy"),
        logins=users / number("loginSeconds"),
        loginCpu=number("loginCpu") / users,
        memory=(number("memoryAfter") - number("memoryBefore")) / users,
        memoryAll=number("memoryAfter"),
        idleCpu=per("idleCpu", "idleSeconds"),
        faults=faultsOf(report) if talked else "",
    )
