"""
Measures how fast a crowd gets in: C{python -m bench.door}.

First a crowd of either size connects at the same instant, and each connection sends a name at once.
Then programs and people come one after the other, beside connections from 250 addresses that send
nothing, stay open, and are renewed when the server closes them. Prints the medians of several runs,
each with a fresh server.
"""

from __future__ import annotations

import argparse
import select
import socket
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

from bench.crash import serve
from bench.machine import allowOpenFiles, freePort
from twisted_chat.net.limits import Limits

CROWDS = ((1000, 3.0), (5000, 15.0))
"""How many come at once, and the seconds in which all of them have to be in."""
SILENT = 1000
ADDRESSES = [f"127.0.{n}.1" for n in range(1, 251)]
PROGRAMS, PEOPLE, TYPING = 100, 20, 8.0
"""How many programs and people come beside the silent, and the seconds that people type."""
PATIENCE = 60.0

Result = TypeVar("Result")


def dial(port: int, source: str = "127.0.0.1") -> socket.socket:
    """Begin to connect, from an address of this machine."""
    connection = socket.socket()
    connection.setblocking(False)
    if source != "127.0.0.1":
        connection.bind((source, 0))
    connection.connect_ex(("127.0.0.1", port))
    return connection


class Comers:
    """
    People and programs who connect, and say a name at once or later.

    @ivar entered: the seconds from connecting, or from the name, to the welcome.
    @ivar refused: how many were closed.
    """

    def __init__(self, port: int) -> None:
        self.entered: list[float] = []
        self.refused = 0
        self._port = port
        self._poll = select.epoll()
        self._open: dict[int, tuple[socket.socket, bytes]] = {}
        self._typing: deque[tuple[float, int]] = deque()
        self._begun: dict[int, float] = {}

    def come(self, name: str, typing: float = 0.0) -> None:
        """Connect, and say this name after so many seconds."""
        connection = dial(self._port)
        number = connection.fileno()
        now = time.monotonic()
        self._open[number] = connection, name.encode() + b"\n"
        self._begun[number] = now + typing
        self._typing.append((now + typing, number))
        self._poll.register(connection, select.EPOLLIN)

    @property
    def isDone(self) -> bool:
        """Whether all have got in or were refused."""
        return not self._begun

    def wait(self, seconds: float) -> None:
        """Let this much time pass, or less when something happens."""
        while self._typing and self._typing[0][0] <= time.monotonic():
            _, number = self._typing.popleft()
            if number in self._open:
                self._poll.modify(number, select.EPOLLOUT)
        for number, event in self._poll.poll(seconds):
            connection, name = self._open[number]
            if event & select.EPOLLOUT and name:
                with suppress(OSError):
                    connection.send(name)
                self._open[number] = connection, b""
                self._poll.modify(connection, select.EPOLLIN)
                continue
            self._read(number, connection)

    def _read(self, number: int, connection: socket.socket) -> None:
        try:
            data = connection.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if b"Connected..." in data:
            self.entered.append(time.monotonic() - self._begun.pop(number))
            self._poll.unregister(connection)
        elif not data:
            self.refused += 1
            del self._begun[number], self._open[number]
            connection.close()

    def close(self) -> None:
        """Go."""
        for connection, _ in self._open.values():
            connection.close()
        self._poll.close()


class Silent:
    """Connections that say nothing, and come again when they are closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: dict[int, tuple[socket.socket, str]] = {}
        self._poll = select.epoll()
        for n in range(SILENT):
            self._dial(ADDRESSES[n % len(ADDRESSES)])

    def _dial(self, source: str) -> None:
        connection = dial(self._port, source)
        self._open[connection.fileno()] = connection, source
        self._poll.register(connection, select.EPOLLIN)

    def renew(self) -> None:
        """Connect again for each that was closed."""
        for number, _ in self._poll.poll(0):
            connection, source = self._open[number]
            with suppress(OSError):
                if connection.recv(1 << 12):
                    continue
            del self._open[number]
            connection.close()
            self._dial(source)

    def close(self) -> None:
        """Go."""
        for connection, _ in self._open.values():
            connection.close()
        self._poll.close()


def crowd(port: int, size: int) -> tuple[float, int]:
    """
    Let a crowd come in one instant.

    @return: the seconds until the last is in, and how many did not get in.
    """
    with closing(Comers(port)) as comers:
        for n in range(size):
            comers.come(f"Crowd{n}")
        deadline = time.monotonic() + PATIENCE
        while not comers.isDone and time.monotonic() < deadline:
            comers.wait(1)
        return max(comers.entered, default=PATIENCE), size - len(comers.entered)


def besideSilent(port: int) -> tuple[float, int, int]:
    """
    Let programs and people come beside a silent crowd.

    @return: the longest that a program took, and how many programs and people got in.
    """
    with (
        closing(Silent(port)) as silent,
        closing(Comers(port)) as programs,
        closing(Comers(port)) as people,
    ):
        begun = time.monotonic()
        came = 0
        while time.monotonic() < begun + 3 + TYPING + 4:
            passed = time.monotonic() - begun - 3
            while came < PROGRAMS and passed > came * 0.04:
                programs.come(f"Program{came}")
                if came % (PROGRAMS // PEOPLE) == 0:
                    people.come(f"Person{came}", TYPING)
                came += 1
            silent.renew()
            programs.wait(0.005)
            people.wait(0.005)
        return max(programs.entered, default=PATIENCE), len(programs.entered), len(people.entered)


def once(history: str, measure: Callable[[int], Result]) -> Result:
    """Make one run with a fresh server."""
    port = freePort()
    with tempfile.TemporaryDirectory(prefix="door-") as name:
        server = serve(Path(name), port, Limits.rate, history)
        try:
            return measure(port)
        finally:
            server.terminate()
            server.wait()


def main(words: Sequence[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.door", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each (3)")
    parser.add_argument("--history", default="memory", help="where the server keeps messages")
    options = parser.parse_args(words)
    allowOpenFiles(max(size for size, _ in CROWDS) + SILENT)
    kept = True
    for size, limit in CROWDS:
        measure = partial(crowd, size=size)
        results = [once(options.history, measure) for _ in range(options.runs)]
        took, left = median(r[0] for r in results), max(r[1] for r in results)
        kept = kept and not left and took <= limit
        print(f"{size} at once: the last in after {took:.2f} s (at most {limit:g}), {left} not in")
    beside = [once(options.history, besideSilent) for _ in range(options.runs)]
    took = median(r[0] for r in beside)
    programs, people = (int(median(r[n] for r in beside)) for n in (1, 2))
    kept = kept and took <= 1 and programs == PROGRAMS and people >= 18
    print(
        f"beside {SILENT} silent: {programs} of {PROGRAMS} programs in, slowest {took:.3f} s;"
        f" {people} of {PEOPLE} people who type for {TYPING:g} s"
    )
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
