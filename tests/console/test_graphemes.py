"""
Tests of L{twisted_chat.console.graphemes}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.console.graphemes import (
    Row,
    cells,
    graphemes,
    layOut,
    reflowed,
    seen,
    typeable,
    width,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"


class GraphemeTests(SynchronousTestCase):
    """
    Counting text.
    """

    def test_graphemes(self) -> None:
        """A character as people see it is one grapheme."""
        parts = ["a", "ж", "日", "e\u0301", FAMILY, FLAG, "\U0001f44d\U0001f3fd", "\u2764\ufe0f"]
        self.assertEqual(graphemes("".join(parts)), parts)

    def test_cells(self) -> None:
        """Wide characters and emoji take two cells, marks none, and no text less than none."""
        for grapheme, size in (
            ("a", 1),
            ("ж", 1),
            ("日", 2),
            (FAMILY, 2),
            (FLAG, 2),
            ("\u0301", 0),
        ):
            self.assertEqual(cells(grapheme), size)
        self.assertEqual(cells("\x1b"), 0)
        self.assertEqual(width(f"ab日{FAMILY}"), 6)

    def test_loneMarks(self) -> None:
        """A mark without a base is drawn on a dotted circle, so that it can be seen."""
        self.assertEqual(seen("\u0301"), ("\u25cc\u0301", 1))
        self.assertEqual(seen("日"), ("日", 2))

    @given(st.text())
    @settings(deadline=None, derandomize=True, max_examples=100)
    def test_typeable(self, text: str) -> None:
        """A character that commands a terminal is dropped, and every other stays as it is."""
        found = typeable(text)
        self.assertEqual(typeable(found), found)
        self.assertTrue(all(char == "\n" or char >= " " for char in found))
        self.assertNotRegex(found, "[\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]")

    def test_emojiCanBeTyped(self) -> None:
        """The parts of an emoji stay, also piece by piece."""
        for text in (FAMILY, FLAG, "\u2764\ufe0f", "\u200d", "\U000e0067", "क्‍ष"):
            self.assertEqual(typeable(text), text)


class LayoutTests(SynchronousTestCase):
    """
    Breaking an input into rows.
    """

    def rows(self, prompt: str, text: str, cursor: int, columns: int) -> tuple[list[str], int, str]:
        """
        @return: the rows, the index of the cursor's row and what is before the cursor in it.
        """
        layout = layOut(prompt, graphemes(text), cursor, columns)
        rows = [f"{row.prompt}{row.text}" for row in layout.rows]
        return rows, layout.cursorRow, layout.beforeCursor.prompt + layout.beforeCursor.text

    def test_empty(self) -> None:
        """An empty input has its prompt, and the cursor behind it."""
        self.assertEqual(self.rows("> ", "", 0, 10), (["> "], 0, "> "))
        self.assertEqual(self.rows("", "", 0, 10), ([""], 0, ""))

    def test_lastColumnStaysFree(self) -> None:
        """A row never fills the last column, which the cursor behind a full row needs."""
        self.assertEqual(self.rows("> ", "abcdefg", 7, 10), (["> abcdefg"], 0, "> abcdefg"))
        self.assertEqual(self.rows("> ", "abcdefgh", 8, 10), (["> abcdefg", "h"], 1, "h"))
        self.assertEqual(self.rows("> ", "abcdefgh", 7, 10), (["> abcdefg", "h"], 1, ""))

    def test_wideStaysWhole(self) -> None:
        """A wide character that does not fit goes to the next row whole."""
        self.assertEqual(self.rows("> ", "abcdef日", 7, 10), (["> abcdef", "日"], 1, "日"))

    def test_longPrompt(self) -> None:
        """A prompt wider than the terminal is wrapped like text."""
        self.assertEqual(
            self.rows("Enter name > ", "Ann", 3, 8), (["Enter n", "ame > A", "nn"], 2, "nn")
        )
        layout = layOut("Enter name > ", ["A"], 0, 8)
        self.assertEqual(layout.rows[1], Row("ame > ", "A"))

    def test_newlines(self) -> None:
        """A line end begins a row."""
        self.assertEqual(self.rows("> ", "a\n\nb", 2, 10), (["> a", "", "b"], 1, ""))
        self.assertEqual(self.rows("> ", "a\n", 2, 10), (["> a", ""], 1, ""))
        self.assertEqual(self.rows("> ", "abcdefg\nh", 7, 10), (["> abcdefg", "h"], 0, "> abcdefg"))

    @given(st.text("ab \n日ж", max_size=60), st.integers(0, 60), st.integers(4, 30))
    @settings(deadline=None, derandomize=True, max_examples=100)
    def test_nothingIsLost(self, text: str, cursor: int, columns: int) -> None:
        """The rows hold the whole text, none is too wide, and the cursor is where it should be."""
        parts = graphemes(text)
        layout = layOut("> ", parts, min(cursor, len(parts)), columns)
        self.assertEqual("".join(row.text for row in layout.rows), text.replace("\n", ""))
        self.assertTrue(all(width(row.prompt + row.text) < columns for row in layout.rows))
        before = "".join(row.text for row in layout.rows[: layout.cursorRow])
        before += layout.beforeCursor.text
        self.assertEqual(before, "".join(parts[:cursor]).replace("\n", ""))

    def test_reflowed(self) -> None:
        """A drawn row takes as many rows as a narrower terminal breaks it into."""
        self.assertEqual(reflowed(["> ", "abcdefgh"], 20), 1)
        self.assertEqual(reflowed(["> ", "abcdefgh"], 10), 1)
        self.assertEqual(reflowed(["> ", "abcdefgh"], 9), 2)
        self.assertEqual(reflowed(["> ", "日日日日"], 5), 3)
        self.assertEqual(reflowed([""], 5), 1)
