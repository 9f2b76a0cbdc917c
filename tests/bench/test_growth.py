"""
Tests for L{bench.growth}, L{bench.background} and the histories that they measure.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench import background
from bench.background import WORKS, measureWork
from bench.growth import Growth, measure, reads
from bench.largehistory import COMMON, LOUD, MILLE, PERCENT, RARE, RARE_COUNT, growHistory
from twisted_chat.net.limits import MIB
from twisted_chat.stores.search import terms

EVENTS, ROOMS, SESSIONS = 20_000, 10, 50


class GrowthTests(SynchronousTestCase):
    """
    A small history.
    """

    def setUp(self) -> None:
        # The path of the operator's socket has to be short.
        folder = tempfile.TemporaryDirectory(prefix="growth-")
        self.addCleanup(folder.cleanup)
        self.history = Path(folder.name, "chat.sqlite")
        growHistory(self.history, EVENTS, ROOMS, SESSIONS)

    def count(self, question: str, *values: object) -> int:
        with closing(sqlite3.connect(self.history)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {question}", values).fetchone()[0])

    def test_words(self) -> None:
        """The words have the frequencies that they are called by, and all are in the index."""
        self.assertEqual(self.count("events"), EVENTS)
        spoken = self.count("events WHERE text != ''")
        for word, share in ((COMMON, 0.1), (PERCENT, 0.01), (MILLE, 0.001)):
            found = self.count("terms WHERE terms MATCH ?", f"text : {word}")
            self.assertEqual(found, self.count("events WHERE text LIKE ?", f"%{word}%"), word)
            self.assertLess(abs(found / spoken - share), share / 2, word)
        self.assertEqual(self.count("terms WHERE terms MATCH ?", RARE), RARE_COUNT)
        loud = self.count("events WHERE name = ?", LOUD)
        self.assertLess(abs(loud / EVENTS - 0.05), 0.02)

    def test_terms(self) -> None:
        """A text is its own terms: the index is the one that a server would make."""
        with closing(sqlite3.connect(self.history)) as connection:
            texts = connection.execute("SELECT text FROM events WHERE text != '' LIMIT 500")
            for (text,) in texts:
                self.assertEqual(" ".join(terms(text)), text)

    def test_measure(self) -> None:
        """Everything is answered, others have their receipts, and what must be found is found."""
        growth = measure(self.history, EVENTS, ROOMS, seconds=0.5)
        self.assertEqual(set(growth.found), {"/join", *reads(EVENTS)})
        for name, least in (
            ("/history 50", 50),
            ("/history 50, deep", 50),
            (f"/search {COMMON}", 50),
            (f"/search {COMMON} in:#r1", 50),
            ("/search from:user3", 20),
        ):
            self.assertGreaterEqual(growth.found[name], least, name)
        self.assertGreater(len(growth.receipts), 10)
        self.assertGreater(growth.atOnce, 0.0)

    def test_works(self) -> None:
        """Each kind of work is done while people have their receipts."""
        self.patch(background, "ROUNDS", 1)
        self.patch(background, "PEOPLE", 3)
        works = {work.name: work for work in WORKS}
        for name in ("a new index of words", "pruning (--keep 30d)", "removal"):
            beside = measureWork(works[name], self.history, 3.0)
            self.assertGreater(beside.done, 0, name)
            self.assertGreater(len(beside.took), 3, name)
            self.assertGreater(len(beside.idle), 3, name)


class BoundTests(SynchronousTestCase):
    """
    Which bounds are kept.
    """

    def test_broken(self) -> None:
        """A figure above its bound is found, and no other."""
        good = {"started": 0.5, "atOnce": 0.1, "memory": [60 * MIB, 70 * MIB], "receipts": [5.0]}
        took = {"/history 50": [0.01, 0.01, 9.0]}
        for change, broken in (
            ({}, []),
            ({"started": 9.0}, ["start"]),
            ({"atOnce": 9.0}, ["ten at once"]),
            ({"memory": [60 * MIB, 600 * MIB]}, ["memory"]),
            ({"receipts": [5.0] * 50 + [500.0] * 5}, ["receipts"]),
            ({"took": {"/history 50": [0.01, 9.0, 9.0]}}, ["/history 50"]),
        ):
            figures = {"took": took, **good, **change}
            self.assertEqual(Growth(**figures).broken, broken)  # type: ignore[arg-type]
