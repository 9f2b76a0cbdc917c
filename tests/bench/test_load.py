"""Tests for the line check of C{bench/load.c}, and for what L{bench.cells} makes of its report."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from bench import compiler as programs
from bench.cells import Cell, faultsOf, sampleOf

PADDING = "about as many words as people write in a line."


def line(sender: int, number: int, due: int = 0) -> bytes:
    """Return a message as the server shows it."""
    return f"u{sender:05d} :: {number:08x} {due:08x} {PADDING}\r\n".encode()


def irc(sender: int, number: int) -> bytes:
    """Return a message as an IRC server shows it."""
    text = f"{number:08x} {0:08x} {PADDING}"
    return f":u{sender:05d}!~bench@localhost PRIVMSG #bench :{text}\r\n".encode()


def faulty(report: dict[str, Any]) -> dict[str, Any]:
    """Return what a report counts as wrong."""
    kinds = ("missing", "skipped", "doubled", "own", "strange")
    return {kind: report[kind] for kind in kinds if report[kind]}


class CheckTests(SynchronousTestCase):
    """
    The check of one receiver, user 2 of 3, of whom 0 and 1 have sent three messages each.
    """

    if programs.compiler() is None:
        skip = "no C compiler here"

    def setUp(self) -> None:
        """Keep what is compiled in the folder of this test run."""
        self.patch(programs, "cacheFolder", lambda: Path("programs").absolute())

    def check(self, stream: bytes, **settings: int) -> dict[str, Any]:
        """Let the load generator check a stream, a few bytes at a time."""
        values = {"users": 3, "senders": 2, "listener": 2, "sent": 3, "chunk": 50, **settings}
        words = [f"{key}={value}" for key, value in values.items()]
        command = [str(programs.build("load")), "check", *words]
        done = subprocess.run(command, input=stream, capture_output=True, check=True)
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def right(self) -> list[bytes]:
        """Return the lines the receiver ought to get, in one of the orders that are right."""
        return [line(sender, number) for number in range(3) for sender in (1, 0)]

    def test_right(self) -> None:
        """Every message of each sender once and in order is right, notices between them or not."""
        lines = [b"* Ann is now connected\r\n", *self.right()]
        report = self.check(b"".join(lines))
        self.assertEqual((report["delivered"], faulty(report)), (6, {}))

    def test_chunks(self) -> None:
        """How the bytes are cut into pieces makes no difference."""
        stream = b"".join(self.right())
        for chunk in (1, 75, 76, 77, 1000):
            report = self.check(stream, chunk=chunk)
            self.assertEqual((report["delivered"], faulty(report)), (6, {}), chunk)

    def test_missing(self) -> None:
        """A line left out at the end is missing."""
        self.assertEqual(faulty(self.check(b"".join(self.right()[:-1]))), {"missing": 1})

    def test_doubled(self) -> None:
        """A line that comes again is seen."""
        lines = self.right()
        self.assertEqual(faulty(self.check(b"".join([*lines, lines[2]]))), {"doubled": 1})

    def test_disordered(self) -> None:
        """Two lines of one sender that changed places are seen."""
        lines = self.right()
        lines[0], lines[2] = lines[2], lines[0]
        self.assertEqual(faulty(self.check(b"".join(lines))), {"skipped": 1, "doubled": 1})

    def test_hole(self) -> None:
        """A line left out in the middle is seen."""
        lines = self.right()
        del lines[2]
        self.assertEqual(faulty(self.check(b"".join(lines))), {"skipped": 1})

    def test_own(self) -> None:
        """A sender's own line coming back is seen."""
        lines = [line(1, 0), line(1, 1), line(1, 2), line(0, 0)]
        self.assertEqual(faulty(self.check(b"".join(lines), listener=0)), {"own": 1})

    def test_garbled(self) -> None:
        """A line with one wrong byte anywhere is no message."""
        lines = self.right()
        for place in (0, 3, 7, 18, 40, 75):
            wrong = bytearray(lines[5])
            wrong[place] ^= 1
            report = self.check(b"".join([*lines[:5], bytes(wrong), b"\n"]))
            self.assertEqual((report["missing"], report["strange"] > 0), (1, True), place)

    def test_irc(self) -> None:
        """Lines of IRC are checked alike; their layout is learned from the first."""
        lines = [irc(sender, number) for number in range(3) for sender in (0, 1)]
        noise = b":irc.example.org 366 u00002 #bench :End of NAMES list\r\n"
        report = self.check(noise + b"".join(lines), irc=1)
        self.assertEqual((report["delivered"], faulty(report)), (6, {}))
        self.assertEqual(faulty(self.check(b"".join(lines[1:]), irc=1)), {"skipped": 1})


class SampleTests(SynchronousTestCase):
    report: dict[str, object] = {
        "loginSeconds": 0.5,
        "loginCpu": 0.01,
        "memoryBefore": 1000,
        "memoryAfter": 5000,
        "idleSeconds": 2.0,
        "idleCpu": 0.1,
        "wall": 2.0,
        "delivered": 3000,
        "answered": 100,
        "sent": 40,
        "serverCpu": 1.5,
        "serverWaited": 0.2,
        "loadBusy": 0.4,
        "delivery": [[1000.0, 98], [2000.0, 1], [5000.0, 1]],
        "receipt": [[500.0, 10]],
        "missing": 0,
    }

    def test_figures(self) -> None:
        """Rates, shares and latencies come in the units the sample promises."""
        sample = sampleOf(self.report, users=10)
        self.assertEqual((sample.perCpu, sample.perSecond, sample.answered), (2000, 1500, 50))
        self.assertEqual((sample.delivery, sample.receipt[0]), ((1.0, 2.0, 5.0), 0.5))
        self.assertEqual((sample.logins, sample.loginCpu, sample.memory), (20, 0.001, 400))
        self.assertEqual(
            (sample.serverBusy, sample.serverWaited, sample.idleCpu), (0.75, 0.1, 0.05)
        )
        self.assertEqual(sample.faults, "")

    def test_faults(self) -> None:
        """What went wrong is said in words, with an example."""
        report = {**self.report, "missing": 3, "strange": 1, "firstStrange": "u00001 got: x"}
        expected = "of 40 messages lines 3 never came, 1 make no sense (u00001 got: x)"
        self.assertEqual(faultsOf(report), expected)

    def test_silent(self) -> None:
        """A run in which nobody talked has no rates and no faults."""
        quiet = {key: self.report[key] for key in ("loginSeconds", "loginCpu", "memoryAfter")}
        sample = sampleOf(quiet, users=10)
        self.assertEqual((sample.perCpu, sample.delivery, sample.faults), (0, (0, 0, 0), ""))


class CellTests(SynchronousTestCase):
    def test_labels(self) -> None:
        """A cell names what sets it apart."""
        cells = [Cell("crowd", 100, 10, 16), Cell("load", 9, 3, rate=50.0), Cell("idle", 1000)]
        expected = ["N=100 S=10 W=16", "N=9 S=3 50 msg/s", "N=1000"]
        self.assertEqual([cell.label for cell in cells], expected)
