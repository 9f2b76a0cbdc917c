"""
Measures what a large history costs: C{python -m bench.growth --events 1000000 5000000}.

Makes a history of each size, starts a server on it, and measures from outside how long the start
and every way to read the past take, what others wait for their receipts meanwhile, and what they
wait for while the store does what may wait (L{background}).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from bench.background import WORKS, measureWork
from bench.crash import serve
from bench.largehistory import COMMON, LOBBY, MILLE, PERCENT, RARE, growHistory
from bench.machine import freePort, residentBytes
from bench.siege import Peer, Person
from twisted_chat.net.limits import MIB

EVENTS = 1_000_000
"""Events of the history."""

BIG, ROOMS, SESSIONS = 2_000_000, 10_000, 100_000
"""From so many events on a history has so many rooms and sessions, else a hundredth."""

STARTED, READ, ALL_READ, RECEIPT = 2.0, 0.1, 2.0, 0.05
"""Seconds: from the start to the first prompt; the median of what one person asks for; the last
answer where ten ask at once; the 99th of a hundred receipts meanwhile, and beside other work by how
much it is longer than that of an idle server."""

MEMORY = 128 * MIB
"""Bytes of memory that the server has afterwards."""

PEOPLE = 10
"""People whose receipts are measured while somebody asks."""

SECONDS = 15.0
"""How long somebody asks, at least."""

ASKERS = 10
"""People who search at once."""

NEW = f"{COMMON} since:1m"
"""A search for what is common, but not of late."""


class Asker(Peer):
    """
    Somebody who asks for the past.
    """

    _asked = 0

    async def ask(self, **fields: object) -> tuple[float, int]:
        """
        Ask for something, and wait for all of the answer.

        @return: how long it took, in seconds, and how many objects came meanwhile that have an id.
        """
        self._asked += 1
        key = f"q{self._asked}"
        mark = f'"key":"{key}"'.encode()
        begun = time.perf_counter()
        await self.send(**fields, key=key)
        return await self._until(mark, begun)

    async def do(self, line: str) -> tuple[float, int]:
        """
        Type a command, and wait until it is done.
        """
        self._asked += 1
        key = f"q{self._asked}"
        begun = time.perf_counter()
        await self.send(type="command", line=line)
        await self.send(type="ping", key=key)
        return await self._until(f'"key":"{key}"'.encode(), begun)

    async def _until(self, mark: bytes, begun: float) -> tuple[float, int]:
        count = 0
        while True:
            line = await self._reader.readline()
            if not line:
                raise ConnectionError("an asker was cut off")
            count += line.count(b'"id":')
            if mark in line and b'"more":true' not in line:
                # A refusal counts as what it took.
                return time.perf_counter() - begun, count


def _searches(words: str, count: int = 50) -> dict[str, object]:
    return {"type": "search", "words": words, "count": count}


def reads(events: int) -> dict[str, dict[str, object]]:
    """
    @return: what is asked for, by what it is called.
    """
    deep = {"type": "history", "room": LOBBY, "before": events // 3}
    return {
        "/history 50": {"type": "history", "room": LOBBY, "count": 50},
        "/history 50, deep": {**deep, "count": 50},
        "/history 1000, deep": {**deep, "count": 1000},
        **{
            f"/search {words}": _searches(words)
            for words in (
                RARE,
                MILLE,
                PERCENT,
                COMMON,
                "absentword",
                f"{COMMON} in:#r1",
                f"{MILLE} in:#r1",
                "absentword in:#r1",
                f"{COMMON} from:user3",
                "from:user3",
                "since:1m",
                NEW,
                f"{COMMON} since:7d in:#r1",
            )
        },
        f"/search {COMMON}, 1000": _searches(COMMON, 1000),
    }


@dataclass
class Growth:
    """
    What a history of one size costs.

    @ivar size: of its file, in bytes.
    @ivar started: seconds from the start of the server to its first prompt.
    @ivar memory: of the server, in bytes, after the start and at the end.
    @ivar took: seconds that each answer took, by what was asked for.
    @ivar found: how many events the last answer had, by what was asked for.
    @ivar atOnce: seconds until the last of those who asked at once was answered.
    @ivar receipts: milliseconds of others' receipts meanwhile.
    """

    size: int = 0
    started: float = 0.0
    memory: list[int] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    atOnce: float = 0.0
    receipts: list[float] = field(default_factory=list)

    def note(self, name: str, took: float, found: int) -> None:
        """
        Take down an answer.
        """
        self.took.setdefault(name, []).append(took)
        self.found[name] = found

    @property
    def broken(self) -> list[str]:
        """The bounds that are not kept."""
        figures = [
            ("start", self.started, STARTED),
            ("ten at once", self.atOnce, ALL_READ),
            ("receipts", p99(self.receipts) / 1000, RECEIPT),
            ("memory", self.memory[-1], MEMORY),
            *((name, median(took), READ) for name, took in self.took.items()),
        ]
        return [name for name, figure, bound in figures if figure > bound]


def p99(took: Sequence[float]) -> float:
    """
    @return: the 99th of a hundred.
    """
    return quantiles(took, n=100, method="inclusive")[98] if len(took) > 1 else max(took)


async def _read(growth: Growth, port: int, events: int, rooms: int, seconds: float) -> None:
    """
    Let one person ask for everything by turns, while others talk.
    """
    # The names of those who were here a moment ago are kept for them.
    stamp = time.time_ns()
    people = [Person(await Peer.enter(port, f"P{n}x{stamp}")) for n in range(PEOPLE)]
    asker = await Asker.enter(port, f"A{stamp}")
    for number in range(4):
        await asker.do(f"/join #r{number}")
    isOver = asyncio.Event()

    async def talk(person: Person) -> None:
        while not isOver.is_set():
            growth.receipts += await person.talk(1.0)

    talking = [asyncio.ensure_future(talk(person)) for person in people]
    begun = time.monotonic()
    turn = 0
    while turn < 3 or time.monotonic() - begun < seconds:
        room = f"#r{4 + turn % (rooms - 4)}"
        growth.note("/join", *await asker.do(f"/join {room}"))
        for name, fields in reads(events).items():
            growth.note(name, *await asker.ask(**fields))
        await asker.do(f"/leave {room}")
        turn += 1
    askers = [await Asker.enter(port, f"A{n}x{stamp}") for n in range(ASKERS)]
    begun = time.monotonic()
    await asyncio.gather(*(each.ask(**_searches(NEW)) for each in askers))
    growth.atOnce = time.monotonic() - begun
    isOver.set()
    await asyncio.gather(*talking)


def measure(history: Path, events: int, rooms: int, seconds: float = SECONDS) -> Growth:
    """
    Measure one history.

    @param history: is named C{chat.sqlite}.
    @param rooms: how many it has beside the lobby, at least five.
    @param seconds: how long somebody asks, at least.
    """
    growth = Growth(size=history.stat().st_size)
    port = freePort()
    begun = time.monotonic()
    server = serve(history.parent, port)
    try:
        growth.started = time.monotonic() - begun
        growth.memory.append(residentBytes(server.pid))
        asyncio.run(_read(growth, port, events, rooms, seconds))
        growth.memory.append(residentBytes(server.pid))
    finally:
        server.terminate()
        server.wait()
    return growth


def _show(growth: Growth) -> None:
    before, after = (f"{each / MIB:.0f}" for each in growth.memory)
    print(
        f"  file {growth.size / MIB:.0f} MiB; first prompt after {growth.started:.2f} s (at most"
        f" {STARTED:g}); memory {before}, afterwards {after} MiB (at most {MEMORY / MIB:.0f})"
    )
    print(f"  milliseconds: p50, max (p50 at most {1000 * READ:g}), and how many were found")
    for name, took in growth.took.items():
        print(
            f"    {name:32} {1000 * median(took):8.1f} {1000 * max(took):8.1f}"
            f" {growth.found[name]:6}"
        )
    print(
        f"  {ASKERS} at once '/search {NEW}': the last after {growth.atOnce:.2f} s (at most"
        f" {ALL_READ:g})"
    )
    print(f"  others' receipts meanwhile: {_describe(growth.receipts)}")


def _describe(took: Sequence[float]) -> str:
    return (
        f"p50 {median(took):.1f} p99 {p99(took):.1f} max {max(took):.1f} ms of {len(took)}"
        f" (p99 at most {1000 * RECEIPT:g})"
    )


def main(words: Sequence[str]) -> int:
    """
    Run the command line.

    @return: the exit code: 1 where a bound was not kept.
    """
    names = [work.name for work in WORKS]
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument(
        "--events", type=int, nargs="+", default=[EVENTS], help="of each history (1,000,000)"
    )
    parser.add_argument(
        "--works", nargs="*", default=names, help=f"to measure beside: of {names}; default: all"
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="of each work (30)")
    parser.add_argument("--folder", type=Path, help="where histories are made, and found again")
    options = parser.parse_args(words)
    for name in options.works:
        if name not in names:
            parser.error(f"there is no work {name!r}; there are {names}")
    broken = []
    with tempfile.TemporaryDirectory(prefix="growth-", dir=options.folder) as passing:
        for events in options.events:
            isBig = events >= BIG
            rooms, sessions = (ROOMS, SESSIONS) if isBig else (ROOMS // 100, SESSIONS // 100)
            folder = Path(options.folder or passing, f"history-{events}")
            history = folder / "chat.sqlite"
            if not history.exists():
                folder.mkdir(exist_ok=True)
                growHistory(history, events, rooms, sessions)
            print(f"{events} events, load {os.getloadavg()[0]:.1f}", flush=True)
            growth = measure(history, events, rooms)
            _show(growth)
            broken += [f"{events} events: {each}" for each in growth.broken]
            for work in WORKS:
                if work.name not in options.works:
                    continue
                beside = measureWork(work, history, options.seconds)
                print(
                    f"  receipts beside {work.name}: {_describe(beside.took)}; of an idle server"
                    f" meanwhile: p50 {median(beside.idle):.1f} p99 {p99(beside.idle):.1f} max"
                    f" {max(beside.idle):.1f}; {beside.done} {work.unit} in {beside.seconds:.0f} s;"
                    f" load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
                # On a quiet machine the idle server's are next to nothing.
                if p99(beside.took) - p99(beside.idle) > 1000 * RECEIPT:
                    broken.append(f"{events} events: receipts beside {work.name}")
    for each in broken:
        print(f"not kept: {each}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
