"""
Tests of L{twisted_chat.console.styledtext}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.console.styledtext import (
    CONTINUATION,
    MENTION,
    PLAIN,
    TIME,
    Line,
    Segment,
    nameStyle,
)
from twisted_chat.text.cleaning import showable


class LineTests(SynchronousTestCase):
    """
    Lines of segments.
    """

    def test_of(self) -> None:
        """Strings among the parts get the line's style, segments keep their own."""
        line = Line.of(Segment("12:00 ", TIME), "hello", style=MENTION)
        self.assertEqual(line.segments, (Segment("12:00 ", TIME), Segment("hello", MENTION)))
        self.assertEqual(line.text, "12:00 hello")

    def test_rowsAreMarked(self) -> None:
        """A line end begins a row that is marked, and each piece keeps its style."""
        line = Line.of(Segment("Ann", MENTION), " :: one\r\ntwo\n", Segment("end", MENTION))
        self.assertEqual(
            list(line.rows()),
            [
                Line.of(Segment("Ann", MENTION), " :: one"),
                Line.of(Segment(CONTINUATION, TIME), "two"),
                Line.of(Segment(CONTINUATION, TIME), "", Segment("end", MENTION)),
            ],
        )

    @given(st.text())
    @settings(deadline=None, derandomize=True, max_examples=100)
    def test_rowsAreClean(self, text: str) -> None:
        """The rows of any text hold nothing that a terminal obeys."""
        for row in Line.of(text).rows():
            self.assertEqual(row.text, showable(row.text))
            self.assertNotIn("\n", row.text)

    def test_nameStyle(self) -> None:
        """A name looks the same in every run and in any case, and names differ."""
        self.assertEqual(nameStyle("Ann"), nameStyle("ann"))
        self.assertEqual(nameStyle("Ann").hue, 3877663347)
        self.assertNotEqual(nameStyle("Ann"), nameStyle("Bob"))
        self.assertNotEqual(nameStyle("Ann"), PLAIN)
        self.assertIsNotNone(nameStyle("\ud800").hue)
