"""The figures as tables in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bench.cells import Cell, Sample
from bench.figures import ratio, short, spread
from bench.results import Results

BUSY = 0.9
"""Share of its core from which the load generator bounds a figure."""


def grid(head: list[str], rows: Iterable[list[str]]) -> str:
    """Render a table, columns aligned for a terminal."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )


def bestPeer(
    results: Results, cell: Cell, peers: Iterable[str], figure: Callable[[Sample], float]
) -> float | None:
    """Return the highest median of the peers that were measured."""
    values = [value for peer in peers if (value := results.middle(cell, peer, figure))]
    return max(values, default=None)


def servers(results: Results, cell: Cell) -> Iterable[tuple[str, list[Sample]]]:
    """Return the servers of a cell with their runs."""
    return results.samples[cell].items()


def throughput(results: Results, section: str, peers: list[str]) -> str:
    """
    Render the closed loop: deliveries per second of the server's CPU and of wall clock.

    @param peers: names of the servers ours is compared with as with products.
    """
    head = [
        "cell",
        "server",
        "per CPU-s",
        "+-",
        "x naive",
        "x best peer",
        "per second",
        "x naive",
        "x best peer",
    ]
    head += ["p50/p99 ms", "receipt p50/p99 ms", "server busy", "kept waiting", "load busy"]
    rows = []
    for cell in results.cells(section):
        for name, runs in servers(results, cell):
            row = [cell.label, name]
            for figure in (lambda s: s.perCpu, lambda s: s.perSecond):  # type: Callable[[Sample], float]
                value = results.middle(cell, name, figure) or 0.0
                row.append(short(value))
                if len(row) == 3:
                    row.append(f"{spread([figure(run) for run in runs]):.0%}")
                row.append(ratio(value, results.middle(cell, "naive", figure)))
                row.append(ratio(value, bestPeer(results, cell, peers, figure)))
            rows.append(row + latencies(results, cell, name, 2) + shares(results, cell, name))
    return grid(head, rows)


def latencies(results: Results, cell: Cell, name: str, count: int) -> list[str]:
    """Render the first C{count} percentiles of deliveries and receipts."""

    def at(index: int, kind: str) -> str:
        value = results.middle(cell, name, lambda sample: getattr(sample, kind)[index])
        return f"{value:.2f}"

    return ["/".join(at(index, kind) for index in range(count)) for kind in ("delivery", "receipt")]


def shares(results: Results, cell: Cell, name: str) -> list[str]:
    """Render how busy the server was, how long it waited, and how busy the generator was."""
    figures: list[Callable[[Sample], float]] = [
        lambda sample: sample.serverBusy,
        lambda sample: sample.serverWaited,
        lambda sample: sample.loadBusy,
    ]
    return [f"{results.middle(cell, name, figure) or 0.0:.0%}" for figure in figures]


def openLoop(results: Results, section: str) -> str:
    """Render latencies at fixed rates."""
    head = [
        "cell",
        "server",
        "delivery p50/p99/p99.9 ms",
        "receipt p50/p99/p99.9 ms",
        "delivered/s",
    ]
    head += ["server busy", "kept waiting", "load busy"]
    rows = []
    for cell in results.cells(section):
        for name, _ in servers(results, cell):
            rate = results.middle(cell, name, lambda sample: sample.perSecond) or 0.0
            row = [cell.label, name, *latencies(results, cell, name, 3), short(rate)]
            rows.append(row + shares(results, cell, name))
    return grid(head, rows)


def crowdAtRest(results: Results, section: str) -> str:
    """Render logins, memory and the cost of idle users."""
    head = ["cell", "server", "logins/s", "CPU us/login", "RSS bytes/user", "RSS MiB", "idle CPU"]
    figures: list[tuple[Callable[[Sample], float], Callable[[float], str]]] = [
        (lambda s: s.logins, short),
        (lambda s: s.loginCpu * 1e6, "{:.1f}".format),
        (lambda s: s.memory, "{:.0f}".format),
        (lambda s: s.memoryAll / 2**20, "{:.0f}".format),
        (lambda s: s.idleCpu, "{:.2%}".format),
    ]
    rows = []
    for cell in results.cells(section):
        for name, _ in servers(results, cell):
            values = (
                render(results.middle(cell, name, figure) or 0.0) for figure, render in figures
            )
            rows.append([cell.label, name, *values])
    return grid(head, rows)


def stored(results: Results, section: str) -> str:
    """Render how many messages per second were accepted, which for a store means: are durable."""
    head = [
        "cell",
        "server",
        "messages/s",
        "per CPU-s",
        "receipt p50/p99 ms",
        "server busy",
        "load busy",
    ]
    rows = []
    for cell in results.cells(section):
        for name, _ in servers(results, cell):
            rate = results.middle(cell, name, lambda sample: sample.answered) or 0.0
            cpu = results.middle(cell, name, lambda sample: sample.answeredPerCpu) or 0.0
            busy, _waited, load = shares(results, cell, name)
            row = [cell.label, name, short(rate), short(cpu), latencies(results, cell, name, 2)[1]]
            rows.append([*row, busy, load])
    return grid(head, rows)


def warnings(results: Results) -> list[str]:
    """Say which figures are not to be trusted, and why."""
    found = []
    for cell, measured in results.samples.items():
        for name, runs in measured.items():
            found += [
                f"{cell.section}, {cell.label}, {name}: {run.faults}" for run in runs if run.faults
            ]
            busy = results.middle(cell, name, lambda sample: sample.loadBusy) or 0.0
            if busy > BUSY and not cell.rate:
                found.append(
                    f"{cell.section}, {cell.label}, {name}: the load generator was {busy:.0%} busy;"
                    " the server could do more than its wall clock figure"
                )
    return found
