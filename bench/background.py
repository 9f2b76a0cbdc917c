"""
Measures how long people wait for their receipts while the store does what may wait.

Each kind of work is done on a copy of a large history, by a server of its own.  A second server,
which has nothing to do, is measured at the same time: what its people wait for is the machine.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench.crash import serve
from bench.largehistory import DAYS, LOBBY, LOUD, addTopics
from bench.machine import freePort
from bench.run import ROOT
from bench.siege import UNINDEXED, Peer, Person
from twisted_chat.stores.sqlite import fulltext
from twisted_chat.stores.sqlite.schema import IS_OTHER, connect

PEOPLE = 30
"""People whose receipts are measured at each of the two servers: two lines a second of each."""

SAMPLES = 200
"""Receipts that are measured at least: a work that ends sooner is done again."""

ROUNDS = 5
"""How often it is done at most."""

LOOK = 1.0
"""Seconds between two looks at how much is left to be done."""

KEPT_DAYS = 30
"""Days that are kept where the past is pruned."""

REMOVED = 10_000
"""Messages that are removed, where there are so many."""

RATE = 100
"""Lines a second where the write-ahead log is copied into the file again and again."""

HURRIED = (
    "import sys\n"
    "from twisted.application.twist._twist import Twist\n"
    "from twisted_chat.stores.sqlite import store\n"
    "store.FORGET_SECONDS = 4.0\n"
    "sys.exit(Twist.main())\n"
)
"""A server that looks for old sessions soon after its start, not after an hour."""


async def _nothing(folder: Path, port: int) -> None:
    """Do nothing: the server does it all."""


@dataclass(frozen=True)
class Work:
    """
    Something that a server does beside the messages.

    @ivar name: what it is.
    @ivar unit: what is counted.
    @ivar left: SQL that says how much is left to be done; empty if it has no end.
    @ivar prepare: makes the file ready.
    @ivar begin: lets the work begin; given the server's folder and port, once it runs.
    @ivar options: of the server.
    @ivar program: what Python runs.
    """

    name: str
    unit: str
    left: str = ""
    prepare: Callable[[Path], None] = lambda path: None
    begin: Callable[[Path, int], Awaitable[None]] = _nothing
    options: Sequence[str] = ()
    program: Sequence[str] = ("-m", "twisted")


@dataclass
class Beside:
    """
    What came of it.

    @ivar took: milliseconds of each receipt beside the work.
    @ivar idle: the same of the server that has nothing to do.
    @ivar done: how much was done.
    @ivar seconds: how long that took.
    """

    took: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    done: int = 0
    seconds: float = 0.0


def _change(path: Path, statement: str) -> None:
    with closing(connect(str(path), isWriter=True)) as connection:
        connection.execute(statement)


def _forgetIndex(path: Path) -> None:
    with closing(connect(str(path), isWriter=True)) as connection:
        fulltext.abandon(connection)


def _age(path: Path) -> None:
    """Let nobody have used their session for long."""
    _change(path, f"UPDATE sessions SET seen = {time.time() - 40 * 86_400}")


async def _remove(folder: Path, port: int) -> None:
    """Remove what somebody said."""
    words = ["-m", "twisted_chat.admin", str(folder / "chat.sqlite")]
    words += ["remove", "--room", LOBBY, LOUD, f"{DAYS:g}d"]
    tool = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT)
    if await tool.wait():
        raise SystemExit("nothing was removed")


async def _flood(folder: Path, port: int) -> None:
    """Say much."""
    peer = await Peer.enter(port, "Flood")
    reading = asyncio.ensure_future(peer.drink())
    while not reading.done():
        await peer.send(type="say", text="lorem ipsum dolor sit amet " * 4)
        await asyncio.sleep(1 / RATE)


WORKS = (
    Work("nothing", "events"),
    Work("a new index of words", "events", UNINDEXED, _forgetIndex),
    Work(
        f"pruning (--keep {KEPT_DAYS}d)",
        "ids",
        f"SELECT (SELECT max(id) FROM events) * {1 - KEPT_DAYS / DAYS} - "
        "coalesce((SELECT value FROM notes WHERE name = 'pruned'), 0)",
        options=("--keep", f"{KEPT_DAYS}d"),
    ),
    Work(
        "sessions that end",
        "sessions",
        "SELECT count(*) FROM sessions WHERE seen < strftime('%s', 'now') - 2592000",
        _age,
        program=("-c", HURRIED),
    ),
    Work(
        "removal",
        "messages",
        f"SELECT {REMOVED} - count(*) FROM removed WHERE text IS NOT NULL",
        begin=_remove,
    ),
    Work(
        "topics that others replaced",
        "topics",
        f"SELECT max(count(*) - 10000, 0) FROM events WHERE kind = 'topic' AND {IS_OTHER}",
        lambda path: addTopics(path, 1_000_000),
    ),
    Work(f"{RATE} lines a second", "events", begin=_flood),
)
"""All kinds of it."""


def _left(history: Path, work: Work) -> int:
    """
    @return: how much is left to be done; of a work without an end, how much was done, below 0.
    """
    statement = work.left or "SELECT -max(id) FROM events"
    with closing(sqlite3.connect(f"{history.as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute(statement).fetchone()[0] or 0)


async def _people(port: int) -> list[Person]:
    """
    @return: people who have entered, each of them in a room of their own.
    """
    people, stamp = [], time.time_ns()
    for number in range(PEOPLE):
        # The names of those who were here a moment ago are kept for them.
        peer = await Peer.enter(port, f"P{number}x{stamp}")
        await peer.send(type="command", line=f"/join #own{number}")
        people.append(Person(peer))
    return people


async def _talk(people: Sequence[Person], seconds: float) -> list[float]:
    spoken = await asyncio.gather(*(person.talk(seconds) for person in people))
    return [each for one in spoken for each in one]


async def _round(
    work: Work, folder: Path, port: int, idlePort: int, seconds: float, beside: Beside
) -> None:
    """
    Measure until the work is done, or so much time has passed.
    """
    people, others = await _people(port), await _people(idlePort)
    history = folder / "chat.sqlite"
    begin = asyncio.ensure_future(work.begin(folder, port))
    first = left = _left(history, work)
    begun = time.monotonic()
    while time.monotonic() - begun < seconds and (left > 0 or not work.left):
        took, idle = await asyncio.gather(_talk(people, LOOK), _talk(others, LOOK))
        beside.took += took
        beside.idle += idle
        left = _left(history, work)
    beside.seconds += time.monotonic() - begun
    beside.done += first - max(left, 0) if work.left else first - left
    if begin.done():
        begin.result()
    begin.cancel()


def measureWork(work: Work, source: Path, seconds: float) -> Beside:
    """
    @param source: a large history, which nobody uses.
    @param seconds: how long each round takes at most.
    """
    beside = Beside()
    for _ in range(ROUNDS):
        with (
            tempfile.TemporaryDirectory(dir=source.parent) as name,
            tempfile.TemporaryDirectory() as idle,
        ):
            history = Path(name, "chat.sqlite")
            shutil.copyfile(source, history)
            work.prepare(history)
            # What the kernel has still to write would delay every commit.
            with history.open("rb") as file:
                os.fsync(file.fileno())
            port, idlePort = freePort(), freePort()
            servers = [serve(Path(idle), idlePort)]
            try:
                servers.append(serve(Path(name), port, options=work.options, program=work.program))
                asyncio.run(_round(work, Path(name), port, idlePort, seconds, beside))
            finally:
                for server in servers:
                    server.kill()
                    server.wait()
        if len(beside.took) >= SAMPLES:
            break
    return beside
