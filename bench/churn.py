"""
Measures what is left of guests who come and go: C{python -m bench.churn}.

Sixteen guests of one address set topics as fast as they may, and forty of three others make private
rooms, leave, quit, and come again under another name.  Prints how much memory the server has at
each quarter of the time, and how long it takes to start before and afterwards.  Then the same from
this machine, to which no limit for addresses applies.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.crash import serve
from bench.machine import freePort, residentBytes
from twisted_chat.net.limits import MIB, Limits

TOPICS, MAKERS = 16, 40
"""Guests who set topics, and those who make rooms."""

ROOMS = 10
"""Rooms that one of these makes before they quit."""

PROXY = "127.0.0.2"
"""The address from which connections come with a header that says where they are from."""

PARTS = 4
"""How often the memory is looked at."""

GROWTH, DELAY = 16 * MIB, 1.0
"""Bytes that the server may grow by in the second half of the time, and seconds by which its start
may take longer than before."""


@dataclass
class Churn:
    """
    What came of it.

    @ivar came: how many guests entered.
    @ivar refused: how often it was said to wait.
    @ivar asked: how many topics were set and rooms were made, or refused.
    @ivar memory: the server's memory at the end of each part, in bytes.
    @ivar starts: seconds that a start takes, before and afterwards.
    """

    came: int = 0
    refused: int = 0
    asked: int = 0
    memory: list[int] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether it makes no difference how many came and went."""
        grown = self.memory[-1] - self.memory[len(self.memory) // 2 - 1]
        return grown <= GROWTH and self.starts[-1] - self.starts[0] <= DELAY


_names = count()


class Guest:
    """
    A connection in the text dialect.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def enter(cls, port: int, host: str) -> Guest:
        """
        Log in under a new name.

        @param host: the address that it is from, or empty for this machine's own.
        """
        source = (PROXY if host else "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=source)
        guest = cls(reader, writer)
        if host:
            guest._send(f"PROXY TCP4 {host} 127.0.0.1 4000 {port}\r")
        guest._send(f"Guest{next(_names)}")
        while not (line := await guest._line()).startswith(b"Connected"):
            if line.startswith(b"! "):
                raise ConnectionError(line.decode())
        return guest

    def _send(self, line: str) -> None:
        self._writer.write(f"{line}\n".encode())

    async def _line(self) -> bytes:
        line = await self._reader.readline()
        if not line:
            raise ConnectionError("a guest was cut off")
        return line

    async def asks(self, line: str) -> int:
        """
        Send a command, and wait until it is answered.

        @return: how many refusals came meanwhile.
        """
        self._send(line)
        # Of somebody who cannot be here: what is said of them comes after the answer.
        self._send("/who nobody")
        refused = 0
        while True:
            answer = await self._line()
            if answer.startswith(b"! nobody of this name"):
                return refused
            refused += answer.startswith(b"! ")

    def close(self) -> None:
        """Close without a word."""
        self._writer.transport.abort()


async def setTopics(port: int, host: str, churn: Churn) -> None:
    """Set topics for as long as the connection lasts."""
    guest = await Guest.enter(port, host)
    churn.came += 1
    try:
        while True:
            refused = await guest.asks(f"/topic {next(_names)}")
            churn.refused += refused
            churn.asked += 1
    finally:
        guest.close()


async def makeRooms(port: int, host: str, churn: Churn) -> None:
    """Make rooms, leave them, and quit."""
    guest = await Guest.enter(port, host)
    churn.came += 1
    try:
        for _ in range(ROOMS):
            refused = await guest.asks(f"/join #room{next(_names)} sesame")
            churn.refused += refused
            await guest.asks("/leave")
            churn.asked += 1
        guest._send("/quit")
        await asyncio.sleep(0.1)
    finally:
        guest.close()


async def _insist(visit: Callable[[], Awaitable[None]]) -> None:
    """Come again and again."""
    while True:
        with suppress(OSError):
            await visit()
        await asyncio.sleep(0.5)


async def _crowd(port: int, isNear: bool, seconds: float, churn: Churn, server: int) -> None:
    """Let them come and go."""

    def visitor(
        visit: Callable[[int, str, Churn], Awaitable[None]], host: str
    ) -> asyncio.Future[None]:
        place = "" if isNear else host
        return asyncio.ensure_future(_insist(lambda: visit(port, place, churn)))

    visitors = [visitor(setTopics, "192.0.2.1") for _ in range(TOPICS)]
    visitors += [visitor(makeRooms, f"198.51.100.{number % 3}") for number in range(MAKERS)]
    for _ in range(PARTS):
        await asyncio.sleep(seconds / PARTS)
        churn.memory.append(residentBytes(server))
    for each in visitors:
        each.cancel()
    await asyncio.gather(*visitors, return_exceptions=True)


def measure(seconds: float, isNear: bool) -> Churn:
    """
    Make one run with a server of its own, at its default limits.

    @param isNear: whether the guests are of this machine, without limits for addresses.
    """
    churn = Churn()
    port = freePort()
    options = ["--proxy", PROXY]
    with tempfile.TemporaryDirectory(prefix="churn-") as name:
        folder = Path(name)
        for isLast in (False, True):
            begun = time.monotonic()
            server = serve(folder, port, Limits.rate, options=options)
            try:
                churn.starts.append(time.monotonic() - begun)
                if not isLast:
                    asyncio.run(_crowd(port, isNear, seconds, churn, server.pid))
            finally:
                server.terminate()
                server.wait()
    return churn


def main(words: Sequence[str]) -> int:
    """
    Run the command line.

    @return: the exit code: 1 where it made a difference how many came and went.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.churn", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of both (60)")
    options = parser.parse_args(words)
    kept = True
    for isNear in (False, True):
        churn = measure(options.seconds, isNear)
        kept = kept and churn.kept
        memory = ", ".join(f"{each / MIB:.0f}" for each in churn.memory)
        print(
            f"{'from this machine' if isNear else 'from four addresses'}, {options.seconds:g} s:"
            f" {churn.came} came, {churn.asked} topics and rooms, {churn.refused} refused;"
            f" memory {memory} MiB; start {churn.starts[0]:.2f} s before,"
            f" {churn.starts[1]:.2f} s afterwards; load {os.getloadavg()[0]:.1f}"
        )
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
