"""Tests for L{bench.__main__} and L{bench.contestants}, without starting anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench import __main__ as command
from bench import compiler
from bench.cells import Cell, Sample
from bench.contestants import SERVERS, Server
from bench.errors import BenchError
from bench.run import Timing

CELL = Cell("lone", 10, 1)


def server(name: str, missing: str = "") -> Server:
    """Return a server that is never started."""
    return Server(name, lambda folder, port: [], lambda: missing)


class MeasureTests(SynchronousTestCase):
    def measureAll(self, broken: str = "") -> tuple[list[str], dict[str, int], list[str]]:
        """
        Pretend to make three rounds with three servers.

        @return: the order of the runs, how many samples each server has, and the failures.
        """
        order = []

        def measure(server: Server, cell: Cell, timing: Timing) -> Sample:
            order.append(server.name)
            if server.name == broken:
                raise BenchError(f"{server.name} does not listen")
            return Sample()

        self.patch(command, "measure", measure)
        servers = [server(name) for name in "abc"]
        results, failures = command.measureAll(
            [CELL], lambda cell: list(servers), 3, Timing(), lambda line: None
        )
        samples = {name: len(runs) for name, runs in results.samples[CELL].items()}
        return order, samples, failures

    def test_turns(self) -> None:
        """Servers run by turns, and each round begins with another one."""
        order, samples, failures = self.measureAll()
        self.assertEqual("".join(order), "abc" + "bca" + "cab")
        self.assertEqual((samples, failures), ({"a": 3, "b": 3, "c": 3}, []))

    def test_failure(self) -> None:
        """A server that fails is told of once and left out of the later rounds."""
        order, samples, failures = self.measureAll(broken="b")
        self.assertEqual("".join(order), "abc" + "ca" + "ac")
        self.assertEqual((samples, failures), ({"a": 3, "c": 3}, ["b does not listen"]))


class ChoiceTests(SynchronousTestCase):
    def test_alone(self) -> None:
        """What is measured of this server alone gets the words behind its name."""
        asked = []

        def measure(words: Sequence[str]) -> int:
            asked.append(list(words))
            return 1

        self.patch(command, "ALONE", {"returns": measure})
        self.assertEqual(command.main(["returns", "100", "--runs", "1"]), 1)
        self.assertEqual(asked, [["100", "--runs", "1"]])

    def test_allSections(self) -> None:
        """Without a section named, every section has its cells."""
        cells = command.chosenCells(command.arguments([]))
        self.assertEqual({cell.section for cell in cells}, set(command.TITLES))

    def test_fixedRates(self) -> None:
        """An open loop has a rate, a closed one a window."""
        opened, closed = (
            command.chosenCells(command.arguments([name]))[0] for name in ("openloop", "crowd")
        )
        self.assertEqual((opened.rate, closed.rate, closed.window), (1000.0, 0.0, 16))

    def test_ownCell(self) -> None:
        """A person may set the figures of one cell."""
        words = ["crowd", "--users", "50", "--senders", "5", "--window", "8"]
        self.assertEqual(
            command.chosenCells(command.arguments(words)), [Cell("crowd", 50, 5, window=8)]
        )

    def test_unknown(self) -> None:
        """A section or a server nobody has is refused with the list of those there are."""
        error = self.assertRaises(BenchError, command.chosenCells, command.arguments(["crowds"]))
        self.assertIn("crowd, lone", str(error))
        error = self.assertRaises(BenchError, command.chosenServers, "apache", print)
        self.assertIn("naive, threads", str(error))

    def test_missing(self) -> None:
        """What is not installed is left out and said; named by the person, it is an error."""
        absent = server("absent", "apt-get install absent")
        self.patch(command, "SERVERS", {"absent": absent, "there": server("there")})
        said: list[str] = []
        chosen = command.chosenServers(None, said.append)
        self.assertEqual([server.name for server in chosen], ["there"])
        self.assertEqual(said, ["without absent: apt-get install absent"])
        self.assertRaises(BenchError, command.chosenServers, "absent", said.append)


class ContestantTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Keep what is compiled in the folder of this test run."""
        self.patch(compiler, "cacheFolder", lambda: Path("programs").absolute())

    def test_port(self) -> None:
        """Every server is told its port, in its command or in the configuration it gets."""
        for name, contestant in SERVERS.items():
            folder = Path(self.mktemp())
            folder.mkdir()
            if contestant.missing():
                continue
            told = " ".join(contestant.command(folder, 45678))
            told += "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
            self.assertIn("45678", told, name)

    def test_ours(self) -> None:
        """Ours runs in memory and on a file, with no limit of lines."""
        folder = Path(self.mktemp())
        memory, stored = (SERVERS[name].command(folder, 1) for name in ("ours", "ours-sqlite"))
        self.assertIn("memory", memory)
        self.assertIn(str(folder / "history.db"), stored)
        self.assertEqual(memory[memory.index("--rate") + 1], "0")
