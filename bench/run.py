"""One run: a fresh server, a crowd, a sample."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.cells import Cell, Sample, sampleOf
from bench.compiler import build
from bench.contestants import Server
from bench.errors import BenchError
from bench.machine import allowOpenFiles, cores, freePort

ROOT = Path(__file__).resolve().parent.parent
START = 20.0
"""Seconds a server may take until it listens."""
STOP = 10.0
"""Seconds a server may take to end before it is killed."""


@dataclass(frozen=True)
class Timing:
    """
    How long a run is.

    @ivar warmup: seconds of talk before the measured ones.
    @ivar seconds: seconds that are measured.
    @ivar patience: seconds for the logins, and for what is still on its way at the end.
    """

    warmup: float = 0.5
    seconds: float = 1.5
    patience: float = 90.0


def spawn(command: list[str], on: list[int], **how: object) -> subprocess.Popen[str]:
    """
    Start a process on some cores only.

    @param command: program and arguments.
    @param on: the cores.
    @param how: further arguments of C{Popen}.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, on)
    try:
        return subprocess.Popen(command, cwd=ROOT, text=True, **how)  # type: ignore[call-overload,no-any-return]
    finally:
        os.sched_setaffinity(0, before)


def awaitPort(server: subprocess.Popen[str], port: int) -> bool:
    """
    Wait until a server listens.

    @return: whether it does, within L{START} seconds and before its process ended.
    """
    deadline = time.monotonic() + START
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False


@contextmanager
def running(server: Server, port: int, on: list[int]) -> Iterator[int]:
    """
    Keep a server running for the length of a C{with} block.

    @param server: what to start.
    @param port: the loopback port it is to listen on.
    @param on: the cores it may use.
    @return: its process id.
    @raise BenchError: if it does not come up; with the last it said.
    """
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        said = folder / "output.txt"
        with said.open("w", encoding="utf-8") as output:
            command = server.command(folder, port)
            process = spawn(command, on, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            if not awaitPort(process, port):
                last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
                raise BenchError(f"{server.name} does not listen: " + " / ".join(last))
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def measure(server: Server, cell: Cell, timing: Timing) -> Sample:
    """
    Make one run.

    @param server: what is measured.
    @param cell: in which situation.
    @param timing: for how long.
    @return: the figures.
    @raise BenchError: if the server does not come up, the crowd does not get in, or the machine
        has no room for it.
    """
    allowOpenFiles(cell.users)
    serverCores, loadCores = cores()
    generator = build("load")
    port = freePort()
    with running(server, port, serverCores) as pid:
        settings = {
            "port": port,
            "pid": pid,
            "users": cell.users,
            "senders": cell.senders,
            "window": cell.window,
            "rate": cell.rate,
            "idle": cell.idle,
            "join": int(cell.senders > 0),
            "irc": int(server.irc),
            "underway": server.underway,
            "threads": len(loadCores),
            "warmup": timing.warmup,
            "seconds": timing.seconds,
            "patience": timing.patience,
        }
        command = [str(generator), *(f"{key}={value}" for key, value in settings.items())]
        load = spawn(command, loadCores, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            limit = timing.warmup + timing.seconds + cell.idle + 2 * timing.patience + START
            report, complaint = load.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{server.name}, {cell.label}: no end after {limit:.0f} s") from None
        finally:
            load.kill()
            load.wait()
    if load.returncode:
        raise BenchError(f"{server.name}, {cell.label}: {complaint.strip()}")
    return sampleOf(json.loads(report), cell.users)
