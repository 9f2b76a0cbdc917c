"""
The command line: C{python -m bench}.

C{python -m bench} measures everything in about an hour, C{--quick} in some ten minutes;
C{python -m bench crowd lone --servers ours,naive,ngircd} only what is named;
C{python -m bench plot results.json} draws the pictures again.  C{python -m bench returns},
like C{door}, C{absent}, C{churn}, C{growth}, C{costs} and C{restart}, measures this server alone,
against bounds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from bench import absent, churn, costs, door, growth, restart, returns, tables
from bench import results as resultsFile
from bench.cells import Cell
from bench.contestants import SERVERS, Server
from bench.errors import BenchError
from bench.figures import short
from bench.machine import cores, describe
from bench.pictures import draw
from bench.results import Results
from bench.run import Timing, measure

CELLS: dict[str, list[tuple[int, int, float]]] = {
    "crowd": [(100, 10, 16), (1000, 10, 16), (1000, 100, 1)],
    "lone": [(10, 1, 1), (100, 1, 1), (1000, 1, 1)],
    "openloop": [(100, 10, 1000.0), (1000, 10, 50.0), (1000, 100, 1500.0)],
    "load": [(100, 10, rate) for rate in (250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)],
    "scale": [(users, 10, 4) for users in (11, 30, 100, 300, 1000, 3000, 10000)],
    "stored": [(11, 10, 16), (100, 100, 16), (1000, 100, 1)],
    "idle": [(1000, 0, 1), (10000, 0, 1)],
}
"""Per section: users, senders, and the window of a closed or the rate of an open loop."""

OPEN = ("openloop", "load")
"""The sections with a fixed rate."""

LEFT_OUT = {
    "scale": ["threads", "streams", "ngircd", "inspircd"],
    "stored": ["threads", "streams", "ngircd", "inspircd", "c-limit", "naive"],
    "idle": [],
    "load": ["threads", "streams"],
}
"""Servers a section goes without unless they are named: they would only make it longer."""

TITLES = {
    "crowd": "Crowds",
    "lone": "Lone messages",
    "openloop": "Latency at fixed rates (open loop)",
    "load": "Latency over the load (open loop)",
    "scale": "Cost over the number of users",
    "stored": "Messages accepted, which with SQLite means: on the disk",
    "idle": "Logins, memory and idle users",
}

ALONE: dict[str, Callable[[Sequence[str]], int]] = {
    "door": door.main,
    "returns": returns.main,
    "absent": absent.main,
    "churn": churn.main,
    "growth": growth.main,
    "costs": costs.main,
    "restart": restart.main,
}
"""What is measured of this server alone: a crowd at the door, one that comes back after a restart,
people who were away for long, guests who come and go, a history that grows, what each thing costs
at three sizes, and one program over a restart.  Each has options of its own."""

IDLE_SECONDS = 3.0
"""How long idle users are watched."""


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "sections",
        nargs="*",
        help=f"what to measure: {', '.join(CELLS)} (all), or: plot FILE, or alone:"
        f" {', '.join(ALONE)}",
    )
    parser.add_argument("--quick", action="store_true", help="two short runs of each cell")
    parser.add_argument(
        "--servers", help=f"of {','.join(SERVERS)}; default: all that are installed"
    )
    parser.add_argument("--runs", type=int, help="runs of each cell and server (5)")
    parser.add_argument("--seconds", type=float, help="measured seconds of a run (1.5)")
    parser.add_argument("--users", type=int, help="instead of the section's cells: users,")
    parser.add_argument("--senders", type=int, default=1, help="of whom so many talk,")
    parser.add_argument("--window", type=int, default=1, help="with so many messages in flight,")
    parser.add_argument("--rate", type=float, default=0.0, help="or at so many messages a second")
    parser.add_argument("--save", type=Path, help="file for the results (JSON)")
    parser.add_argument("--plots", type=Path, help="folder for the pictures (SVG)")
    return parser.parse_args(words)


def chosenCells(options: argparse.Namespace) -> list[Cell]:
    """
    @return: the sections to measure.

    @raise BenchError: for a section that does not exist.
    """
    names = options.sections or list(CELLS)
    for name in names:
        if name not in CELLS:
            raise BenchError(f"There is no section {name}; there are {', '.join(CELLS)}.")
    if options.users:
        senders = 0 if names[0] == "idle" else options.senders
        idle = IDLE_SECONDS if names[0] == "idle" else 0.0
        return [Cell(names[0], options.users, senders, options.window, options.rate, idle)]
    cells = []
    for name in names:
        for users, senders, pace in CELLS[name]:
            if name in OPEN:
                cells.append(Cell(name, users, senders, rate=pace))
            else:
                idle = 0.0 if senders else IDLE_SECONDS
                cells.append(Cell(name, users, senders, int(pace), idle=idle))
    return cells


def chosenServers(names: str | None, say: Callable[[str], object]) -> list[Server]:
    """
    Return the servers that can run here; say which cannot.

    @raise BenchError: for a name nobody has, or a named server that is not there.
    """
    if names is None:
        chosen = []
        for server in SERVERS.values():
            if missing := server.missing():
                say(f"without {server.name}: {missing}")
            else:
                chosen.append(server)
        return chosen
    for name in names.split(","):
        if name not in SERVERS:
            raise BenchError(f"There is no server {name}; there are {', '.join(SERVERS)}.")
        if missing := SERVERS[name].missing():
            raise BenchError(f"{name} cannot run: {missing}")
    return [SERVERS[name] for name in names.split(",")]


def measureAll(
    cells: Sequence[Cell],
    contestants: Callable[[Cell], list[Server]],
    runs: int,
    timing: Timing,
    say: Callable[[str], object],
) -> tuple[Results, list[str]]:
    """
    Make all runs, the servers of a cell by turns and each round beginning with another one, so that
    what else the machine does weighs on all alike.

    @param contestants: the servers of a cell.
    @param say: gets a line about each run.
    @return: the figures, and a sentence for each run that failed; a server that failed in a cell is
        not tried again there.
    """
    results = Results(date.today().isoformat(), describe())  # noqa: DTZ011
    failures = []
    for cell in cells:
        going = contestants(cell)
        for run in range(runs):
            shift = run % len(going) if going else 0
            for server in going[shift:] + going[:shift]:
                try:
                    sample = measure(server, cell, timing)
                except BenchError as error:
                    failures.append(str(error))
                    going = [other for other in going if other is not server]
                    say(f"  failed: {error}")
                    continue
                results.add(cell, server.name, sample)
                rate = (
                    f"{short(sample.perCpu)}/CPU-s"
                    if cell.senders
                    else f"{sample.memory:.0f} B/user"
                )
                trouble = f"  WRONG: {sample.faults}" if sample.faults else ""
                say(f"  {cell.section} {cell.label} {server.name} run {run + 1}: {rate}{trouble}")
    return results, failures


def show(results: Results, say: Callable[[str], object]) -> None:
    """Print the tables of all sections that were measured."""
    peers = [server.name for server in SERVERS.values() if server.peer]
    for section, title in TITLES.items():
        if not results.cells(section):
            continue
        if section in OPEN:
            table = tables.openLoop(results, section)
        elif section == "idle":
            table = tables.crowdAtRest(results, section)
        elif section == "stored":
            table = tables.stored(results, section)
        else:
            table = tables.throughput(results, section, peers)
        say(f"\n## {title}\n\n{table}")
    for warning in tables.warnings(results):
        say(f"\nWarning: {warning}.")


def bench(options: argparse.Namespace, say: Callable[[str], object]) -> int:
    """
    Measure, print, save and draw.

    @return: the exit code: 1 where a run failed or a line was lost, doubled or out of order.
    """
    servers = chosenServers(options.servers, say)
    cells = chosenCells(options)
    runs = options.runs or (2 if options.quick else 5)
    seconds = options.seconds or (0.8 if options.quick else 1.5)
    timing = Timing(warmup=0.3 if options.quick else 0.5, seconds=seconds)

    def contestants(cell: Cell) -> list[Server]:
        skipped = [] if options.servers else LEFT_OUT.get(cell.section, [])
        return [server for server in servers if server.name not in skipped]

    if options.quick and not options.users:
        cells = [cell for cell in cells if cell.users <= 1000]
    on, others = cores()
    if on == others:
        say("Warning: one core only; the crowd and the server share it.")
    results, failures = measureAll(
        cells, contestants, runs, timing, lambda line: print(line, file=sys.stderr)
    )
    machine = ", ".join(f"{key} {value}" for key, value in results.machine.items())
    say(f"{results.date}; {machine}; {runs} runs of {seconds:g} s; +- is half the quartile range")
    show(results, say)
    for failure in failures:
        say(f"\nFailed: {failure}")
    if options.save:
        results.save(options.save)
    if options.plots:
        for path in draw(results, options.plots):
            say(f"\nDrawn: {path}")
    wrong = any(
        run.faults
        for servers in results.samples.values()
        for runs in servers.values()
        for run in runs
    )
    return int(wrong or bool(failures))


def main(words: Sequence[str]) -> int:
    """
    Run the command line.

    @param words: its arguments.
    @return: the exit code.
    """
    try:
        if words and words[0] in ALONE:
            return ALONE[words[0]](words[1:])
        options = arguments(words)
        if options.sections[:1] == ["plot"]:
            if len(options.sections) != 2:
                raise BenchError(
                    "Say which file: python -m bench plot results.json --plots docs/bench"
                )
            for path in draw(
                resultsFile.load(Path(options.sections[1])), options.plots or Path("docs/bench")
            ):
                print(f"Drawn: {path}")
            return 0
        return bench(options, print)
    except KeyboardInterrupt:
        return 130
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
