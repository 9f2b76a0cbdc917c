"""
Tests for L{twisted_chat.ops.metrics}.
"""

from __future__ import annotations

import os
import time

from prometheus_client.parser import text_string_to_metric_families
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.counters import Histogram
from twisted_chat.ops.metrics import ProcessFigures, counters, gauge, histogram, render


class RenderTests(SynchronousTestCase):
    """
    Tests for L{render}, whose pages are read by Prometheus' own parser.
    """

    def test_page(self) -> None:
        """Every kind of figure is read as what it is."""
        values = Histogram((1.0, 2.0))
        for value in (0.5, 1.5, 9):
            values.add(value)
        page = render(
            [
                gauge("up", "Whether.", 1),
                counters("lines_total", "Lines.", "door", {"lines": 3, "admin": 0}),
                histogram("late_seconds", "How late.", values),
            ]
        )
        found = {each.name: each for each in text_string_to_metric_families(page.decode())}
        self.assertEqual([each.type for each in found.values()], ["gauge", "counter", "histogram"])
        lines = {each.labels["door"]: each.value for each in found["lines"].samples}
        self.assertEqual(lines, {"lines": 3, "admin": 0})
        self.assertEqual(
            [(each.labels.get("le"), each.value) for each in found["late_seconds"].samples],
            [("1.0", 1), ("2.0", 2), ("+Inf", 3), (None, 11.0), (None, 3)],
        )


class ProcessTests(SynchronousTestCase):
    """
    Tests for L{ProcessFigures}.
    """

    def test_figures(self) -> None:
        """The process is as large and as old as it is."""
        figures = {each.name: each.values[""] for each in ProcessFigures("1")()}
        now = time.time()
        begun = figures["process_start_time_seconds"]
        assert isinstance(begun, float)
        self.assertTrue(now - 3600 < begun <= now + 1)
        if os.path.exists("/proc/self/statm"):
            self.assertGreater(figures["process_resident_memory_bytes"], 1_000_000)  # type: ignore[arg-type]
            self.assertGreater(figures["process_open_fds"], 2)  # type: ignore[arg-type]

    def test_build(self) -> None:
        """The versions are labels."""
        ((family),) = text_string_to_metric_families(ProcessFigures("1.2").build.decode())
        self.assertEqual(family.samples[0].labels["version"], "1.2")
