"""
Cuts the connections of two real clients at random, on both ends, and counts what that cost.

C{python -m bench.cuts --seeds 5} lets two clients (C{--retry}) say a thousand lines each through a
relay that now and then aborts a connection in the middle of whatever passes.  Every line must be
shown to the other person exactly once and in order, and answered exactly once.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.crash import serve
from bench.machine import freePort
from bench.run import ROOT

PATIENCE = 180.0
"""Seconds that one seed may take."""


class Relay:
    """
    Passes bytes between clients and the server, and cuts.

    @ivar cuts: connections cut so far.
    """

    def __init__(self, target: int, chance: random.Random, mean: float) -> None:
        self.cuts = 0
        self._target = target
        self._chance = chance
        self._mean = mean
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, port: int) -> asyncio.Server:
        """Begin to listen."""
        return await asyncio.start_server(self._meet, "127.0.0.1", port)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = writer, there[1]
        passing = [
            asyncio.ensure_future(self._pass(reader, there[1])),
            asyncio.ensure_future(self._pass(there[0], writer)),
        ]
        self._tasks.update(passing)
        alive = self._chance.expovariate(1 / self._mean)
        _, pending = await asyncio.wait(passing, timeout=alive, return_when=asyncio.FIRST_COMPLETED)
        if len(pending) == len(passing):
            self.cuts += 1
        for each in self._chance.sample(ends, 2):
            each.transport.abort()
            await asyncio.sleep(self._chance.choice((0, 0, 0.05)))
        for task in passing:
            task.cancel()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            # Small portions of uneven length, so that cuts fall inside lines.
            while data := await reader.read(self._chance.randint(1, 700)):
                writer.write(data)
                await writer.drain()


@dataclass
class Person:
    """
    A real client, and what it printed.

    @ivar receipts: how often it showed C{OK . .}.
    @ivar heard: numbers of the other's lines, as they came.
    """

    name: str
    process: asyncio.subprocess.Process
    receipts: int = 0
    heard: list[int] | None = None

    async def read(self, other: str) -> None:
        """Take what it prints, until it ends."""
        assert self.process.stdout is not None
        self.heard = []
        async for line in self.process.stdout:
            text = line.decode().rstrip("\n")
            if text == "OK . .":
                self.receipts += 1
            elif text.startswith(f"{other} :: "):
                self.heard.append(int(text.split()[2]))


async def person(name: str, port: int, home: str) -> Person:
    """Start a client."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "twisted_chat.client",
        "--retry",
        "--name",
        name,
        "127.0.0.1",
        str(port),
        cwd=ROOT,
        env={"HOME": home, "PATH": "/usr/bin:/bin"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    return Person(name, process)


async def ordeal(seed: int, lines: int, mean: float) -> tuple[list[str], int, float]:
    """
    Let two people talk over bad connections.

    @param lines: how many each of them says.
    @param mean: seconds that a connection lives on average.
    @return: what went wrong, the number of cuts, and the seconds it took.
    """
    began = time.monotonic()
    server, near = freePort(), freePort()
    with tempfile.TemporaryDirectory(prefix="cuts-") as home:
        process = await asyncio.to_thread(serve, Path(home), server)
        relay = Relay(server, random.Random(seed), mean)
        listening = await relay.serve(near)
        people = [await person(name, near, home) for name in ("Ann", "Bob")]
        reading = [
            asyncio.ensure_future(one.read(other.name))
            for one, other in zip(people, people[::-1], strict=True)
        ]
        await asyncio.sleep(1.5)
        talking = asyncio.gather(*(_talk(each, lines) for each in people))
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            done = [each.receipts >= lines and len(each.heard or ()) >= lines for each in people]
            if all(done):
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        talking.cancel()
        for each in people:
            if each.process.stdin is not None:
                each.process.stdin.close()
        codes = [await asyncio.wait_for(each.process.wait(), 60) for each in people]
        await asyncio.gather(*reading)
        listening.close()
        process.terminate()
        await asyncio.to_thread(process.wait)
    wrong = []
    for each, code in zip(people, codes, strict=True):
        heard = each.heard or []
        if heard != list(range(lines)):
            missing = len(set(range(lines)) - set(heard))
            doubled = len(heard) - len(set(heard))
            wrong.append(f"{each.name} heard {len(heard)}: {missing} missing, {doubled} doubled")
        if each.receipts != lines or code:
            wrong.append(f"{each.name}: {each.receipts} receipts, exit {code}")
    return wrong, relay.cuts, time.monotonic() - began


async def _talk(each: Person, lines: int) -> None:
    assert each.process.stdin is not None
    for number in range(lines):
        each.process.stdin.write(f"{number} said by {each.name}\n".encode())
        await each.process.stdin.drain()
        if number % 10 == 9:
            await asyncio.sleep(0.05)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.cuts", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--mean", type=float, default=0.4, help="mean life of a connection (s)")
    words = parser.parse_args()
    failed = 0
    for seed in range(1, words.seeds + 1):
        wrong, cuts, took = asyncio.run(ordeal(seed, words.lines, words.mean))
        failed += bool(wrong)
        verdict = "; ".join(wrong) or "every line once, in order, with one receipt"
        print(f"seed {seed}: 2 x {words.lines} lines, {cuts} cuts, {took:.1f} s: {verdict}")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
