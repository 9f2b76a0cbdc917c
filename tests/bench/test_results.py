"""Tests for L{bench.results}, L{bench.tables} and L{bench.pictures}."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from bench.cells import Cell, Sample
from bench.errors import BenchError
from bench.pictures import draw
from bench.plots import bars, lines, place, ticks
from bench.results import Results, load
from bench.tables import openLoop, throughput, warnings

CROWD = Cell("crowd", 100, 10, 16)


def someResults() -> Results:
    """Return three runs of three servers in one cell."""
    machine = dict.fromkeys(("processor", "cores", "system", "python", "twisted"), "x")
    results = Results("2026-11-22", machine)
    for run in (0.9, 1.0, 1.2):
        for server, rate in (("ours", 16e6), ("naive", 1e6), ("ngircd", 4e6)):
            sample = Sample(perCpu=rate * run, perSecond=rate * run / 2, delivery=(1.0, 2.0, 3.0))
            results.add(CROWD, server, sample)
    return results


class ResultsTests(SynchronousTestCase):
    def test_roundTrip(self) -> None:
        """What is saved is what is read again."""
        path, results = Path(self.mktemp()), someResults()
        results.save(path)
        self.assertEqual(load(path), results)

    def test_badFile(self) -> None:
        """A file that holds no results is refused with a sentence."""
        path = Path(self.mktemp())
        for content in ("", "[]", '{"format": 1}', '{"format": 99}'):
            path.write_text(content, encoding="utf-8")
            self.assertRaises(BenchError, load, path)

    def test_middle(self) -> None:
        """The figure of a cell is the median of its runs."""
        results = someResults()
        self.assertEqual(results.middle(CROWD, "ours", lambda sample: sample.perCpu), 16e6)
        self.assertIsNone(results.middle(CROWD, "inspircd", lambda sample: sample.perCpu))


class TableTests(SynchronousTestCase):
    def test_ratios(self) -> None:
        """Each server stands beside the naive one and beside the best peer."""
        rows = throughput(someResults(), "crowd", ["ngircd", "inspircd"]).splitlines()
        cells = [cell.strip() for cell in rows[2].split("|")[1:7]]
        self.assertEqual(cells, ["N=100 S=10 W=16", "ours", "16.00M", "8%", "16.00", "4.00"])

    def test_openLoop(self) -> None:
        """Fixed rates show all three percentiles."""
        results = someResults()
        cell = Cell("openloop", 100, 10, rate=1000.0)
        results.add(cell, "ours", Sample(delivery=(0.3, 0.7, 2.87)))
        self.assertIn("0.30/0.70/2.87", openLoop(results, "openloop"))

    def test_warnings(self) -> None:
        """Lost lines and a generator at its end are told."""
        results = someResults()
        self.assertEqual(warnings(results), [])
        results.add(Cell("lone", 10, 1), "ours", Sample(loadBusy=0.97, faults="3 never came"))
        lost, busy = warnings(results)
        self.assertIn("3 never came", lost)
        self.assertIn("97% busy", busy)


class PlotTests(SynchronousTestCase):
    def test_place(self) -> None:
        """On a logarithmic axis a value lies by its share of the decades."""
        self.assertAlmostEqual(place(10.0, (1.0, 100.0), 0.0, 200.0), 100.0)

    def test_ticks(self) -> None:
        """A few decades are marked at one, two and five, many only at one."""
        self.assertEqual(ticks(1.0, 12.0), [1, 2, 5, 10])
        self.assertEqual(ticks(1.0, 1e4), [1, 10, 100, 1000, 10000])

    def test_bars(self) -> None:
        """Twice the value is a higher bar, and every bar tells its value."""
        picture = bars("t", "n", "times", {"g": {"ours": 8.0, "naive": 1.0}})
        shapes = [
            e for e in ElementTree.fromstring(picture).iter() if len(e) and "width" in e.attrib
        ]
        heights = [float(shape.attrib["height"]) for shape in shapes]
        self.assertEqual([shape[0].text for shape in shapes], ["ours: 8", "naive: 1"])
        self.assertGreater(heights[0], heights[1])

    def test_lines(self) -> None:
        """A line has a dot for each point, rising to the right and upwards with the values."""
        picture = lines("t", "n", ("a & b", "ms"), {"ours": [(10.0, 1.0), (100.0, 3.0)]})
        dots = [e for e in ElementTree.fromstring(picture).iter() if e.tag.endswith("circle")]
        (x1, y1), (x2, y2) = ((float(d.attrib["cx"]), float(d.attrib["cy"])) for d in dots)
        self.assertTrue(x1 < x2 and y1 > y2)

    def test_draw(self) -> None:
        """Only pictures of what was measured are drawn."""
        folder = Path(self.mktemp())
        self.assertEqual([path.name for path in draw(someResults(), folder)], ["ratios.svg"])
        self.assertIn("16", (folder / "ratios.svg").read_text(encoding="utf-8"))
