"""
Measures what it takes to welcome people who were away for long: C{python -m bench.absent}.

Forty sessions in 32 rooms come back at the same instant; each has missed some 102,000 events of a
history of a million.  Somebody else asks for the last twenty messages again and again meanwhile.
Prints the seconds until all are welcomed and until all have what they are sent of the past, and how
long the other had to wait for their answers.
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
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles

from bench.crash import serve
from bench.largehistory import makeHistory
from bench.machine import cpuSeconds, freePort
from bench.programs import Crowd, Program

EVENTS, ROOMS = 1_000_000, 100
"""Events of the history, and its rooms beside the lobby."""

SESSIONS, ROOMS_OF_EACH = 40, 31
"""Sessions that come back, and the rooms beside the lobby that each is in."""

AGO = 0.2
"""The part of all events since they were there."""

WELCOMED, ANSWERED = 10.0, 0.05
"""Seconds within which all are welcomed, and within which the other has each answer."""

PATIENCE = 120.0
"""Seconds until the forty are given up."""

PAUSE = 0.02
"""Seconds between an answer to the other and their next question."""


@dataclass
class Welcome:
    """
    How a crowd that was away for long was welcomed.

    @ivar welcomed: seconds until the last of them was.
    @ivar told: seconds until the last of them had what it is sent of the past.
    @ivar cpu: seconds of processor time that the server took meanwhile.
    @ivar asked: how long each answer to the other took, in seconds.
    @ivar wrong: how many were not let in, or were sent anything twice, out of order, or with a hole
        that they were not told of.
    """

    welcomed: float
    told: float
    cpu: float
    asked: list[float]
    wrong: int


def ask(port: int, told: Connection) -> None:
    """
    Ask for the last twenty messages again and again, in a process of its own, until the connection
    is lost.

    @param told: is told how long each answer took, in seconds.
    """
    asker = Program("Asker")
    with closing(Crowd(port, [asker])) as crowd:
        crowd.come()
        crowd.wait(lambda: bool(asker.welcomedAt), PATIENCE)
        while not asker.trouble:
            time.sleep(PAUSE)
            count = asker.answered + 1
            begun = time.perf_counter()
            crowd.send(asker, type="history", count=20)
            if crowd.wait(lambda count=count: asker.answered >= count, PATIENCE):  # type: ignore[misc]
                told.send(time.perf_counter() - begun)


def _received(connection: Connection) -> list[float]:
    """
    @return: what has been told since the last time.
    """
    found = []
    while connection.poll():
        found.append(connection.recv())
    return found


def welcome(events: int = EVENTS, sessions: int = SESSIONS) -> Welcome:
    """
    Make one run with a history and a server of its own.
    """
    port = freePort()
    with tempfile.TemporaryDirectory(prefix="absent-") as name:
        away = makeHistory(Path(name, "chat.sqlite"), events, ROOMS, sessions, ROOMS_OF_EACH)
        last = int(events * (1 - AGO))
        programs = [Program(each.name, each.token, each.epoch, last) for each in away]
        server = serve(Path(name), port)
        took, told = Pipe(duplex=False)
        asker = Process(target=ask, args=(port, told), daemon=True)
        asker.start()
        try:
            time.sleep(1)
            _received(took)
            before, begun = cpuSeconds(server.pid), time.monotonic()
            with closing(Crowd(port, programs)) as crowd:
                crowd.come()
                crowd.wait(lambda: all(each.welcomedAt for each in programs), PATIENCE)
                crowd.wait(lambda: _areTold(programs), PATIENCE)
                cpu = cpuSeconds(server.pid) - before
                asked = _received(took)
                wrong = sum(_isWrong(each, last) for each in programs)
            welcomed = max(each.welcomedAt or begun + PATIENCE for each in programs)
            ended = max(each.heardAt or begun + PATIENCE for each in programs)
            return Welcome(welcomed - begun, ended - begun, cpu, asked, wrong)
        finally:
            asker.kill()
            asker.join()
            server.kill()
            server.wait()


def _areTold(programs: Sequence[Program]) -> bool:
    """
    @return: whether all have had their part of the past: the gap comes next to last, and what
        follows it in the same write.
    """
    return all(each.gaps for each in programs)


def _isWrong(program: Program, last: int) -> bool:
    ids = program.heard
    rising = ids == sorted(set(ids)) and (not ids or ids[0] > last)
    return not (rising and ids and program.gaps and program.welcomedAt and not program.trouble)


def main(words: Sequence[str]) -> int:
    """
    Run the command line.

    @return: the exit code: 1 where a bound was not kept.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.absent", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="of the history (1,000,000)")
    parser.add_argument("--sessions", type=int, default=SESSIONS, help="that come back (40)")
    parser.add_argument("--runs", type=int, default=1, help="runs, by their median (1)")
    options = parser.parse_args(words)
    runs = [welcome(options.events, options.sessions) for _ in range(options.runs)]
    asked = [each for run in runs for each in run.asked]
    p99 = quantiles(asked, n=100, method="inclusive")[98]
    welcomed, wrong = median(run.welcomed for run in runs), max(run.wrong for run in runs)
    print(
        f"{options.sessions} come back after {int(options.events * AGO)} of {options.events}"
        f" events: all welcomed after {welcomed:.2f} s (at most {WELCOMED:g}), all told after"
        f" {median(run.told for run in runs):.2f} s, server {median(run.cpu for run in runs):.2f} s"
        f" of CPU, {wrong} with anything missing or doubled"
    )
    print(
        f"another's /history 20 meanwhile: p50 {1000 * median(asked):.1f} p99 {1000 * p99:.1f}"
        f" max {1000 * max(asked):.1f} ms of {len(asked)} (at most {1000 * ANSWERED:g});"
        f" load {os.getloadavg()[0]:.1f}"
    )
    return int(bool(wrong) or welcomed > WELCOMED or max(asked) > ANSWERED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
