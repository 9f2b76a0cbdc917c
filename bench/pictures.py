"""Which pictures are drawn of which results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.cells import Cell, Sample
from bench.plots import Point, bars, lines
from bench.results import Results


def note(results: Results) -> str:
    """Say where and when the figures were measured."""
    machine = results.machine
    return (
        f"{results.date}: {machine['cores']} cores of {machine['processor']}, {machine['system']},"
        f" {machine['python']}, Twisted {machine['twisted']}; loopback, 64-byte texts"
    )


def ratios(results: Results) -> str | None:
    """Draw how many times the naive server's deliveries per CPU second each server makes."""
    groups: dict[str, dict[str, float]] = {}
    for cell in results.cells("lone") + results.cells("crowd"):
        base = results.middle(cell, "naive", lambda sample: sample.perCpu)
        if not base:
            continue
        for name in results.samples[cell]:
            value = results.middle(cell, name, lambda sample: sample.perCpu)
            if value and name != "naive":
                groups.setdefault(cell.label, {})[name] = value / base
    title = "Deliveries per second of the server's CPU, compared with a naive Twisted chat"
    return bars(title, note(results), "times naive", groups) if groups else None


def series(
    results: Results,
    section: str,
    across: Callable[[Cell], float],
    up: Callable[[Sample], float],
) -> dict[str, list[Point]]:
    """Collect one line per server from the cells of a section; what is not measured is left out."""
    found: dict[str, list[Point]] = {}
    for cell in sorted(results.cells(section), key=across):
        for name in results.samples[cell]:
            value = results.middle(cell, name, up)
            if value and value > 0:
                found.setdefault(name, []).append((across(cell), value))
    return found


def latency(results: Results) -> str | None:
    """Draw the 99th percentile of delivery latency over the load."""
    found = series(results, "load", lambda cell: cell.rate, lambda sample: sample.delivery[1])
    title = "Delivery latency, 99th percentile, 100 users (open loop, from the due time)"
    labels = ("messages per second", "ms")
    return lines(title, note(results), labels, found) if found else None


def cost(results: Results) -> str | None:
    """Draw the CPU time of one delivery over the number of users."""
    found = series(
        results,
        "scale",
        lambda cell: cell.users,
        lambda sample: 1e6 / sample.perCpu if sample.perCpu else 0.0,
    )
    title = "The server's CPU time for one delivery, 10 talking users, 4 messages in flight each"
    labels = ("users in the room", "microseconds")
    return lines(title, note(results), labels, found) if found else None


PICTURES: dict[str, Callable[[Results], str | None]] = {
    "ratios.svg": ratios,
    "latency.svg": latency,
    "cost.svg": cost,
}
"""File name and what draws it, or returns C{None} where nothing of it was measured."""


def draw(results: Results, folder: Path) -> list[Path]:
    """
    Draw all pictures the results have figures for.

    @return: the files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, picture in PICTURES.items():
        svg = picture(results)
        if svg is not None:
            path = folder / name
            path.write_text(svg, encoding="utf-8")
            written.append(path)
    return written
