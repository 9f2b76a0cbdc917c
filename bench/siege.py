"""
Measures how long people wait for their receipts while strangers send lines that are cheap to send
and may be costly to answer.

C{python -m bench.siege} starts a server with its default limits and a history on the disk, lets
four people say two lines a second each, and measures their receipts by turns without and with 16
attackers, who are another process.  Compare the two columns with each other: other load on the
machine weighs on both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypeVar

from bench.crash import serve
from bench.machine import freePort
from bench.run import ROOT
from twisted_chat.net.limits import Limits

ATTACKERS = 16
"""Connections of the attackers."""

PEOPLE = 4
"""People whose receipts are measured."""

PAUSE = 0.5
"""Seconds between two lines of one of them."""

WORDS = "lorem ipsum dolor sit amet consectetur adipiscing elit sed eiusmod tempor".split()
"""The words of the messages in the history."""

READ = 1 << 18
"""Bytes that are read at once."""


_P = TypeVar("_P", bound="Peer")


class Peer:
    """
    A connection in the JSON dialect that notes nothing but its receipts.

    @ivar welcome: the C{welcome} object.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.welcome: dict[str, Any] = {}

    @classmethod
    async def enter(cls: type[_P], port: int, name: str, **fields: Any) -> _P:
        """
        Log in.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
        peer = cls(reader, writer)
        await peer.send(type="hello", name=name, backlog=0, **fields)
        while peer.welcome.get("type") != "welcome":
            line = await reader.readline()
            if not line:
                raise ConnectionError(f"{name} was not let in")
            if line.startswith(b"{"):
                peer.welcome = json.loads(line)
        return peer

    async def send(self, **fields: Any) -> None:
        """
        Send an object, when the server takes more.
        """
        self._writer.write(json.dumps(fields).encode() + b"\n")
        await self._writer.drain()

    async def drink(self) -> None:
        """
        Read whatever comes.
        """
        while await self._reader.read(READ):
            pass

    async def answered(self, key: str) -> float:
        """
        @return: when the receipt of this key came.
        """
        mark = f'"key":"{key}"'.encode()
        while True:
            line = await self._reader.readline()
            if not line:
                raise ConnectionError("a person was cut off")
            if mark in line:
                return time.perf_counter()

    def close(self) -> None:
        """
        Close without a word.
        """
        self._writer.transport.abort()


# Attacks: each is done by one attacker for as long as the siege lasts.

Attack = Callable[[int, str], Awaitable[None]]


def flood(*makers: Callable[[], dict[str, Any]]) -> Attack:
    """
    @param makers: make the objects that are sent in turn, as fast as the server takes them.
    """

    async def attack(port: int, name: str) -> None:
        peer = await Peer.enter(port, name)
        reading = asyncio.ensure_future(peer.drink())
        while not reading.done():
            for make in makers:
                await peer.send(**make())

    return attack


def _command(line: str) -> Callable[[], dict[str, Any]]:
    return lambda: {"type": "command", "line": line}


async def lineEnds(port: int, name: str) -> None:
    """
    Send line ends or lines of one character, all in one write, and close.
    """
    for number in range(1_000_000):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{name}{number}\n".encode())
        await reader.readline()
        await reader.readline()
        writer.write(b"\n" * 65_536 if number % 2 else b"x\n" * 32_768)
        await asyncio.sleep(0.2)
        writer.close()
        # Eight connections a second in all: sixteen times what the server takes of one address.
        await asyncio.sleep(1.8)


_shared: dict[str, Any] = {}


async def comeBack(port: int, name: str) -> None:
    """
    Resume one session from its beginning, all attackers the same one, and close soon after: some
    150 times a second in all.
    """
    if not _shared:
        first = await Peer.enter(port, name)
        _shared.update({key: first.welcome[key] for key in ("name", "token", "epoch")})
        first.close()
    for _ in range(1_000_000):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(json.dumps({"type": "hello", "last": 0, **_shared}).encode() + b"\n")
        await asyncio.sleep(ATTACKERS / 150)
        writer.transport.abort()


async def askForAll(port: int, name: str) -> None:
    """
    Fill a room with texts that grow when they are quoted, and ask for all of it again and again.
    """
    peer = await Peer.enter(port, name)
    reading = asyncio.ensure_future(peer.drink())
    await peer.send(type="command", line=f"/join #{name}")
    for _ in range(40):
        await peer.send(type="say", text='"' * 2_000, room=f"#{name}")
    while not reading.done():
        await peer.send(type="history", count=1000, room=f"#{name}")


LONG = "n" * 4_000

SEARCHES = flood(
    lambda: {"type": "search", "words": "from:---", "count": 1000},
    lambda: {"type": "search", "words": " ".join(random.sample(WORDS, 3)), "count": 1000},
    lambda: {"type": "search", "words": "in:#lobby nothing-like-it", "count": 1000},
)

ATTACKS: dict[str, Attack] = {
    "expanding text": flood(lambda: {"type": "say", "text": "\ufdfa" * 1_365}),
    "long names": flood(
        lambda: {"type": "tell", "to": "\ufdfa" * 1_300, "text": "x"},
        _command(f"/msg {LONG} x"),
        _command(f"/who {LONG}"),
        _command(f"/invite {LONG}"),
    ),
    "line ends": lineEnds,
    "searches": SEARCHES,
    "searches, indexing": SEARCHES,
    "resumed sessions": comeBack,
    "large answers": askForAll,
    "topics": flood(_command("/topic one"), _command("/topic another")),
}
"""The attacks, by name."""

UNINDEXED = (
    "SELECT (SELECT value FROM notes WHERE name = 'indexedFrom') + "
    "(SELECT max(id) FROM events) - (SELECT value FROM notes WHERE name = 'indexed')"
)
"""How many events are not in the index of words."""

INDEXED = 300.0
"""Seconds that the index of words may take until the searches begin."""

CROWDS = {"topics": 150}
"""How many more people listen during an attack."""


async def besiege(port: int, name: str) -> None:
    """
    Attack until this process is ended.
    """
    attack = ATTACKS[name]

    async def insist(who: str) -> None:
        while True:
            with suppress(OSError, ConnectionError):
                await attack(port, f"{who}x{random.randrange(10**9)}")
            await asyncio.sleep(0.2)

    await asyncio.gather(*(insist(f"a{number}") for number in range(ATTACKERS)))


# Measuring


class Person:
    """
    Somebody who says two lines a second.
    """

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._count = 0

    async def talk(self, seconds: float) -> list[float]:
        """
        @return: how long each receipt took, in milliseconds.
        """
        took = []
        until = time.perf_counter() + seconds
        await asyncio.sleep(random.uniform(0, PAUSE))
        while (begun := time.perf_counter()) < until:
            self._count += 1
            key = f"k{self._count}"
            await self._peer.send(type="say", text="is anybody here?", key=key)
            took.append(1000 * (await self._peer.answered(key) - begun))
            await asyncio.sleep(max(0.0, PAUSE - took[-1] / 1000))
        return took


async def fill(port: int, count: int) -> None:
    """
    Say many things, so that there is much to search.
    """
    peer = await Peer.enter(port, "Filler")
    reading = asyncio.ensure_future(peer.drink())
    for _ in range(count):
        await peer.send(type="say", text=" ".join(random.choices(WORDS, k=8)))
    await peer.send(type="bye")
    await reading


async def untilIndexed(history: Path) -> None:
    """
    Wait until the index of words is whole, so that the searches are measured and not its making.
    """
    deadline = time.monotonic() + INDEXED
    with closing(sqlite3.connect(f"{history.as_uri()}?mode=ro", uri=True)) as connection:
        while connection.execute(UNINDEXED).fetchone() != (0,):
            if time.monotonic() > deadline:
                raise SystemExit("the index of words is not finished")
            await asyncio.sleep(0.5)


async def measure(
    port: int, name: str, rounds: int, seconds: float
) -> tuple[list[float], list[float]]:
    """
    @return: what receipts took without attackers, and with them, in milliseconds.
    """
    people = [Person(await Peer.enter(port, f"P{n}x{time.time_ns()}")) for n in range(PEOPLE)]
    crowd = [await Peer.enter(port, f"c{n}x{time.time_ns()}") for n in range(CROWDS.get(name, 0))]
    listening = [asyncio.ensure_future(each.drink()) for each in crowd]

    async def talk(length: float) -> list[float]:
        spoken = await asyncio.gather(*(person.talk(length) for person in people))
        return [each for one in spoken for each in one]

    quiet, besieged = [], []
    for _ in range(rounds):
        quiet += await talk(seconds)
        command = [sys.executable, "-m", "bench.siege", "--attack", name, "--port", str(port)]
        with subprocess.Popen(command, cwd=ROOT) as attackers:
            try:
                await asyncio.sleep(1.0)
                besieged += await talk(seconds)
            finally:
                attackers.kill()
        await asyncio.sleep(1.0)
    for task, each in zip(listening, crowd, strict=True):
        task.cancel()
        each.close()
    return quiet, besieged


def describe(took: list[float]) -> str:
    """
    @return: the median, the 99th of a hundred and the longest.
    """
    return f"{median(took):8.1f} {quantiles(took, n=100)[98]:8.1f} {max(took):8.1f}"


async def siege(names: list[str], messages: int, rounds: int, seconds: float) -> None:
    """
    Measure and print.
    """
    print(f"receipts in ms: {'p50':>14} {'p99':>8} {'max':>8}   besieged: p50      p99      max")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            port = freePort()
            if ATTACKS[name] is SEARCHES and messages:
                filled = serve(Path(folder), port)
                await fill(port, messages)
                filled.terminate()
                filled.wait()
            server = serve(Path(folder), port, Limits.rate)
            try:
                if name == "searches":
                    await untilIndexed(Path(folder) / "chat.sqlite")
                quiet, besieged = await measure(port, name, rounds, seconds)
            finally:
                server.kill()
                server.wait()
        print(f"{name:20} {describe(quiet)}   {describe(besieged)}", flush=True)


def main() -> None:
    """
    Run the command line.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.siege", description=__doc__)
    parser.add_argument("attacks", nargs="*", help=f"of {', '.join(ATTACKS)}; default: all")
    parser.add_argument("--rounds", type=int, default=3, help="without and with, so often (3)")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each of them (8)")
    parser.add_argument("--messages", type=int, default=500_000, help="to search (500,000)")
    parser.add_argument("--attack", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.attack:
        asyncio.run(besiege(options.port, options.attack))
        return
    for name in options.attacks:
        if name not in ATTACKS:
            parser.error(f"there is no attack {name!r}; there are {', '.join(ATTACKS)}")
    names = options.attacks or list(ATTACKS)
    asyncio.run(siege(names, options.messages, options.rounds, options.seconds))


if __name__ == "__main__":
    main()
