"""
Tests of L{twisted_chat.console.ansi} and L{twisted_chat.console.dumb}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.support.emulator import Emulator
from twisted_chat.console.ansi import MAX_ROWS, AnsiPainter, View, hasManyColours, reflows
from twisted_chat.console.dumb import DumbPainter
from twisted_chat.console.graphemes import graphemes
from twisted_chat.console.styledtext import MENTION, NOTICE, TIME, Line, Segment, Style, nameStyle

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

# Synchronized update and the hidden cursor around a frame.
BEGIN = "\x1b[?2026h\x1b[?25l"
END = "\x1b[?7h\x1b[?25h\x1b[?2026l"


def view(text: str, cursor: int | None = None, prompt: str = "> ") -> View:
    """
    An input with the cursor at its end, or elsewhere.
    """
    parts = graphemes(text)
    return View(prompt, parts, len(parts) if cursor is None else cursor)


class AnsiTests(SynchronousTestCase):
    """
    Frames for terminals with escapes.
    """

    def setUp(self) -> None:
        self.painter = AnsiPainter(20, 10, color=False, manyColours=False, reflow=True)

    def test_frame(self) -> None:
        """A frame takes the input off, prints the lines, and draws the input and the cursor."""
        self.assertEqual(
            self.painter.frame([Line.of("one"), Line.of("two")], view("abc", 1)),
            BEGIN + "\r\x1b[Jone\r\ntwo\r\n\x1b[?7l> abc\r> a" + END,
        )
        self.assertEqual(
            self.painter.frame([], view("abc\nd\ne", 5)),
            BEGIN + "\r\x1b[J\x1b[?7l> abc\r\nd\r\ne\x1b[1A\rd" + END,
        )
        self.assertEqual(self.painter.frame([Line.of("x")], None), "\r\x1b[1A\x1b[Jx\r\n")
        self.assertEqual(self.painter.frame([Line.of("y")], None), "y\r\n")

    def test_nothingChanged(self) -> None:
        """A frame that would change nothing is empty."""
        self.painter.frame([], view("abc"))
        self.assertEqual(self.painter.frame([], view("abc")), "")

    def test_typing(self) -> None:
        """ASCII typed at the end of ASCII costs its own bytes, and every other change a frame."""
        self.painter.frame([], view("ab"))
        self.assertEqual(self.painter.frame([], view("abcd")), "cd")
        for changed in (
            view("abcd", 3),
            view("abcde"),
            view("xbcdef"),
            view("xbcdefж"),
            view("xy"),
        ):
            self.assertIn("\x1b[J", self.painter.frame([], changed))
        self.painter.frame([], view("ж"))
        self.assertIn("\x1b[J", self.painter.frame([], view("жa")))

    def test_typingAfterAChangeAbove(self) -> None:
        """A change in a row above the one typed in is drawn."""
        self.painter.frame([], view("ab\nc"))
        self.assertIn("> xb", self.painter.frame([], view("xb\ncd")))

    def test_viewport(self) -> None:
        """The rows of a long input around the cursor are drawn, and move no more than they must."""
        self.painter = AnsiPainter(20, 30, color=False, manyColours=False, reflow=True)
        terminal = Emulator(20, 30)
        text = "\n".join(f"row {number}" for number in range(15))
        for place, first in ((None, 5), (7 * 6, 5), (4 * 6, 4), (0, 0), (8 * 6, 0), (68, 2)):
            terminal.write(self.painter.frame([], view(text, place, "")).encode())
            rows = terminal.screenRows()
            self.assertEqual(len(rows), MAX_ROWS)
            self.assertEqual(rows[0], f"row {first}")

    def test_smallTerminal(self) -> None:
        """The input never takes the whole screen, unless there is only one row."""
        for rows, drawn in ((5, 4), (2, 1), (1, 1), (0, 1)):
            painter = AnsiPainter(20, rows, color=False, manyColours=False, reflow=True)
            frame = painter.frame([], view("a\nb\nc\nd\ne\nf"))
            self.assertEqual(frame.count("\r\n"), drawn - 1)

    def test_narrowTerminal(self) -> None:
        """A terminal of hardly any columns can be drawn on."""
        for columns in (0, 1, 2, 3):
            painter = AnsiPainter(columns, 5, color=False, manyColours=False, reflow=True)
            self.assertIn("日", painter.frame([], view("日本")))

    def test_resizeThatReflows(self) -> None:
        """The cursor goes up by the rows that the input has after the terminal became narrower."""
        self.painter = AnsiPainter(20, 10, color=False, manyColours=False, reflow=True)
        self.painter.frame([], view("a" * 30))
        self.painter.resize(10, 10)
        self.assertIn("\r\x1b[3A\x1b[J", self.painter.frame([], view("a" * 30)))
        self.painter.resize(20, 10)
        self.assertIn("\r\x1b[3A\x1b[J", self.painter.frame([], view("a" * 30)))

    def test_resizeThatDrifts(self) -> None:
        """An input that a resize scrolls up is scrolled back, until it stands low enough."""
        self.painter = AnsiPainter(20, 10, False, False, reflow=True, drift=True)
        self.painter.frame([], view("a" * 30))
        self.painter.resize(10, 10)
        up = "\r\x1b[3A\x1b[J"
        self.assertIn(f"{up}\x1b[2T\x1b[2B", self.painter.frame([], view("a" * 30)))
        self.painter.resize(20, 10)
        self.assertNotIn("T", self.painter.frame([], view("a" * 30)))
        self.painter.frame([Line.of("x")] * 6, view("a" * 30))
        self.painter.resize(10, 10)
        self.assertIn(f"{up}\x1b[?7l", self.painter.frame([], view("a" * 30)))
        self.painter.resize(5, 10)
        self.assertIn("\x1b[3T\x1b[3B", self.painter.frame([], view("a" * 30)))

    def test_resizeThatCuts(self) -> None:
        """A terminal that does not reflow keeps its rows."""
        self.painter = AnsiPainter(20, 10, color=False, manyColours=False, reflow=False)
        self.painter.frame([], view("a" * 30))
        self.painter.resize(10, 10)
        self.assertIn("\r\x1b[1A\x1b[J", self.painter.frame([], view("a" * 30)))

    def test_startForgets(self) -> None:
        """The input is drawn anew after another program had the terminal."""
        self.painter.frame([], view("a\nb"))
        self.assertEqual(self.painter.start(), "\x1b[?2004h")
        self.assertNotIn("\x1b[1A\x1b[J", self.painter.frame([], view("a\nb")))

    def test_styles(self) -> None:
        """Each style has its codes, which end with its text."""
        self.painter.color = True
        for style, codes in (
            (TIME, "2"),
            (NOTICE, "36"),
            (MENTION, "1;33"),
            (Style(colour=9), "91"),
            (Style(reverse=True), "7"),
            (Style(hue=7), "32"),
        ):
            frame = self.painter.frame([Line.of(Segment("x", style), "y")], None)
            self.assertEqual(frame, f"\x1b[{codes}mx\x1b[0my\r\n")
        self.assertIn("\x1b[1m> \x1b[0mab", self.painter.frame([], view("ab")))

    def test_manyColours(self) -> None:
        """A terminal of 256 colours has more of them for names."""
        painter = AnsiPainter(80, 24, color=True, manyColours=True, reflow=True)
        codes = {painter.frame([Line.of("x", style=nameStyle(str(n)))], None) for n in range(500)}
        self.assertGreater(len(codes), 50)
        self.assertTrue(all("\x1b[1;38;5;" in code for code in codes))

    def test_noColour(self) -> None:
        """A terminal without colours gets no styles."""
        line = Line.of("x", style=MENTION)
        self.assertEqual(self.painter.frame([line], None), "x\r\n")

    def test_terms(self) -> None:
        """The abilities of a terminal are guessed by its name."""
        for term in ("xterm-256color", "xterm-kitty", "alacritty", "foot", "tmux-256color"):
            self.assertTrue(hasManyColours(term))
            self.assertTrue(reflows(term))
        for term in ("linux", "screen", "rxvt", "vt100"):
            self.assertFalse(hasManyColours(term))
            self.assertFalse(reflows(term))


class DumbTests(SynchronousTestCase):
    """
    Frames for terminals without escapes.
    """

    def setUp(self) -> None:
        self.painter = DumbPainter(20)

    def test_typing(self) -> None:
        """A character typed at the end costs its own bytes."""
        self.assertEqual(self.painter.frame([], view("")), "\r> ")
        self.assertEqual(self.painter.frame([], view("жa")), "жa")
        self.assertEqual(self.painter.frame([], view("жa")), "")

    def test_editing(self) -> None:
        """A change elsewhere draws the row again over the old one, and goes back to the cursor."""
        self.painter.frame([], view("abcd"))
        self.assertEqual(self.painter.frame([], view("abd", 2)), "\r> abd \r> ab")
        self.assertEqual(self.painter.frame([], view("abd", 3)), "\r> abd")

    def test_lines(self) -> None:
        """Lines take the place of the input, which is drawn again below."""
        self.painter.frame([], view("ab"))
        self.assertEqual(self.painter.frame([Line.of("one")], view("ab")), "\r    \rone\r\n\r> ab")
        self.assertEqual(self.painter.frame([Line.of("two")], None), "\r    \rtwo\r\n")

    def test_rowsAreOneRow(self) -> None:
        """A line end in the input is shown as a sign."""
        self.assertEqual(self.painter.frame([], view("a\nb", 2)), "\r> a\\nb\r> a\\n")

    def test_others(self) -> None:
        """The frames to start, to end and to clear are empty."""
        self.assertEqual(self.painter.start() + self.painter.stop(), "")
        self.assertEqual(self.painter.clear(), "")

    @given(
        st.integers(10, 60),
        st.lists(
            st.tuples(
                st.lists(st.sampled_from([*"ab \n", "ж", "日", FAMILY, "\u0301"]), max_size=60),
                st.integers(0, 60),
                st.booleans(),
            ),
            min_size=1,
            max_size=12,
        ),
    )
    @settings(deadline=None, derandomize=True, max_examples=100)
    def test_anyInput(self, columns: int, steps: list[tuple[list[str], int, bool]]) -> None:
        """The row shows the input around the cursor, in one row, without a single escape."""
        terminal = Emulator(columns, 10)
        painter = DumbPainter(columns)
        shown = 0
        for parts, cursor, says in steps:
            text = graphemes("".join(parts))
            current = View("> ", text, min(cursor, len(text)))
            lines = [Line.of("said")] if says else []
            shown += len(lines)
            terminal.write(painter.frame(lines, current).encode())
            row, before = painter._window(current)
            self.assertEqual(terminal.beforeCursor(), before)
            self.assertEqual(terminal.allLines(), ["said"] * shown + [row.rstrip()])
        self.assertNotIn(b"\x1b", terminal.sent)
