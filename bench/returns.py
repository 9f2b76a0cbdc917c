"""
Measures how fast a crowd is back after a restart of the server: C{python -m bench.returns}.

Everybody is in, hears twenty messages, and the server is ended and started again on the same file.
Then all come back at the same instant, and each says that it has seen only a part of the twenty.
Prints the seconds until the last one is in, the processor time that this took the server, and how
many were not sent exactly what they had missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.crash import serve
from bench.machine import allowOpenFiles, cpuSeconds, freePort
from bench.programs import Crowd, Program

CROWDS = ((1_000, 3.0, 1.5), (10_000, 40.0, 20.0))
"""How many come back, and the seconds and the seconds of CPU within which all have to be in."""

MESSAGES = 20
"""Messages that the crowd heard before the restart."""

PATIENCE = 120.0
"""Seconds until a crowd is given up."""


@dataclass
class Return:
    """
    How a crowd came back.

    @ivar size: how many came.
    @ivar seconds: until the last of them was in and had what it missed.
    @ivar cpu: seconds of processor time that the server took meanwhile.
    @ivar wrong: how many did not get in, or were not sent exactly what they had missed.
    """

    size: int
    seconds: float
    cpu: float
    wrong: int


def comeBack(size: int) -> Return:
    """
    Make one run with a server of its own.
    """
    port = freePort()
    crowd = Crowd(port, [Program(f"Crowd{n}") for n in range(size)])
    with tempfile.TemporaryDirectory(prefix="returns-") as name, closing(crowd):
        server = serve(Path(name), port)
        try:
            said = _listen(crowd)
            server.terminate()
            server.wait()
            crowd.close()
            expected = []
            for number, program in enumerate(crowd.programs):
                seen = len(said) - number % (len(said) + 1)
                program.last = said[seen - 1] if seen else said[0] - 1
                expected.append(said[seen:])
            server = serve(Path(name), port)
            return _measure(crowd, expected, server.pid)
        finally:
            server.kill()
            server.wait()


def _listen(crowd: Crowd) -> list[int]:
    """
    Let the crowd in, and hear what one of them says.

    @return: the ids of that.
    """
    speaker, *listeners = crowd.programs
    crowd.come()
    if not crowd.wait(lambda: all(each.welcomedAt for each in crowd.programs), PATIENCE):
        raise SystemExit("the crowd did not get in")
    for number in range(MESSAGES):
        crowd.send(speaker, type="say", text=f"message {number}")
    if not crowd.wait(lambda: all(len(each.heard) == MESSAGES for each in listeners), PATIENCE):
        raise SystemExit("the crowd did not hear everything")
    # To its author a message comes as a receipt.
    speaker.heard = list(listeners[0].heard)
    return list(listeners[0].heard)


def _measure(crowd: Crowd, expected: Sequence[list[int]], server: int) -> Return:
    for program in crowd.programs:
        program.heard = []
        program.trouble = []
    before, begun = cpuSeconds(server), time.monotonic()
    crowd.come()

    def isIn() -> bool:
        return all(
            program.welcomedAt and len(program.heard) >= program.missed
            for program in crowd.programs
        )

    crowd.wait(isIn, PATIENCE)
    cpu = cpuSeconds(server) - before
    # What comes twice comes late.
    crowd.wait(lambda: False, 0.5)
    wrong = sum(
        bool(program.heard != wanted or program.gaps or program.trouble or not program.welcomedAt)
        for program, wanted in zip(crowd.programs, expected, strict=True)
    )
    last = max(program.heardAt if program.welcomedAt else PATIENCE for program in crowd.programs)
    return Return(len(crowd.programs), last - begun, cpu, wrong)


def main(words: Sequence[str]) -> int:
    """
    Run the command line.

    @return: the exit code: 1 where a bound was not kept.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.returns", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, help="how many come back (1000 10000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each, by their median (3)")
    options = parser.parse_args(words)
    bounds = {size: (seconds, cpu) for size, seconds, cpu in CROWDS}
    sizes = options.sizes or list(bounds)
    allowOpenFiles(max(sizes))
    kept = True
    for size in sizes:
        runs = [comeBack(size) for _ in range(options.runs)]
        seconds, cpu = median(run.seconds for run in runs), median(run.cpu for run in runs)
        wrong = max(run.wrong for run in runs)
        most, mostCpu = bounds.get(size, (float("inf"), float("inf")))
        kept = kept and not wrong and seconds <= most and cpu <= mostCpu
        print(
            f"{size} come back: all in after {seconds:.2f} s (at most {most:g}), server"
            f" {cpu:.2f} s of CPU (at most {mostCpu:g}), {wrong} with anything missing or doubled;"
            f" load {os.getloadavg()[0]:.1f}"
        )
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
