# -*- test-case-name: tests.console.test_ansi -*-
"""
Turns lines and the input into bytes for a terminal.

A painter alone knows what is on the screen: the rows of the input at the bottom, and the cursor in
them.  A frame erases the input, prints the finished lines, which the terminal owns from then on
(wrapping, scrollback and search), and draws the input below.

L{AnsiPainter} needs a terminal with the controls of ECMA-48.
L{DumbPainter<twisted_chat.console.dumb.DumbPainter>} needs only the carriage return.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .graphemes import Row, layOut, reflowed
from .styledtext import PLAIN, PROMPT, Line, Style

MAX_ROWS = 10
"""The most rows of a long input that are drawn at once."""

MIN_COLUMNS = 4
"""A narrower terminal is drawn as if it had this many columns."""

_SYNC_ON, _SYNC_OFF = "\x1b[?2026h", "\x1b[?2026l"
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
_WRAP_OFF, _WRAP_ON = "\x1b[?7l", "\x1b[?7h"
_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
_RESET = "\x1b[0m"

# Colours of the 256 that are readable on black and on white and easy to distinguish, and those of
# the 16.
_HUES_256 = (
    *(*range(31, 34), *range(35, 38), *range(61, 70), 71, 72, *range(96, 105), 106, 107),
    *(*range(125, 140), 142, 143, *range(160, 165), *range(166, 170)),
    *(*range(172, 176), *range(202, 205)),
)
_HUES_16 = (1, 2, 3, 4, 5, 6)

# Terminals that show 256 colours although their names do not tell.
_RICH = ("alacritty", "contour", "foot", "ghostty", "iterm", "kitty", "ms-terminal", "wezterm")

# Terminals that cut or keep rows instead of rewrapping them when they become narrower.
_RIGID = ("linux", "rxvt", "screen", "vt", "cons25", "dumb")


def hasManyColours(term: str) -> bool:
    """
    @param term: the name of a terminal, as in C{TERM}.
    @return: whether it shows 256 colours.
    """
    return "256" in term or any(name in term for name in _RICH)


def reflows(term: str) -> bool:
    """
    @param term: the name of a terminal, as in C{TERM}.
    @return: whether it probably rewraps its rows when its width changes.
    """
    return not term.startswith(_RIGID)


@dataclass(frozen=True)
class View:
    """
    What the input shows.

    @ivar prompt: stands before the text.
    @ivar text: the text in graphemes.
    @ivar cursor: the index of the grapheme the cursor stands before.
    """

    prompt: str
    text: Sequence[str]
    cursor: int


class Painter(Protocol):
    """
    Draws for a console.  Each method except L{resize} returns the text to write.

    @ivar color: whether styles are shown.
    """

    color: bool

    def frame(self, finished: Iterable[Line], view: View | None) -> str:
        """
        @param finished: cleaned lines to print above the input.
        @param view: the input; L{None} takes it off the screen.
        @return: the text to write; empty if the screen shows everything already.
        """

    def resize(self, columns: int, rows: int) -> None:
        """Take note of the terminal's size, in cells."""

    def start(self) -> str:
        """Take the terminal."""

    def stop(self) -> str:
        """Give the terminal back; the input must be erased before."""

    def clear(self) -> str:
        """Empty the screen."""


class AnsiPainter:
    """
    Draws on a terminal with the controls of ECMA-48 and, where it knows them, synchronized update
    (mode 2026) and bracketed paste (mode 2004); others ignore these two.
    """

    def __init__(
        self,
        columns: int,
        rows: int,
        color: bool,
        manyColours: bool,
        reflow: bool,
        drift: bool = False,
    ) -> None:
        """
        @param columns: the width of the terminal, in cells.
        @param rows: its height, in cells.
        @param color: whether styles are shown.
        @param manyColours: whether the terminal has 256 colours.
        @param reflow: whether it rewraps rows when its width changes.
        @param drift: whether it then scrolls by the number of new rows even if there are blank ones
            below, as tmux does.
        """
        self.color = color
        self._hues = _HUES_256 if manyColours else _HUES_16
        self._reflow = reflow
        self._drift = drift
        self._above = 0
        self._drawn: Sequence[Row] = ()
        self._cursorRow = 0
        self._before = Row("", "")
        self._top = 0
        self.resize(columns, rows)
        self._drawnSize = self._size

    def resize(self, columns: int, rows: int) -> None:
        """See L{Painter}."""
        self._size = max(MIN_COLUMNS, columns), max(1, rows)

    def frame(self, finished: Iterable[Line], view: View | None) -> str:
        """See L{Painter}."""
        lines = "".join(map(self._line, finished))
        if view is None:
            erased = self._erase() if self._drawn else ""
            return erased + lines
        layout = layOut(view.prompt, view.text, view.cursor, self._size[0])
        rows = self._visible(layout.rows, layout.cursorRow)
        cursorRow = layout.cursorRow - self._top
        if self._drawn and not lines and self._size == self._drawnSize:
            if (rows, cursorRow, layout.beforeCursor) == (
                self._drawn,
                self._cursorRow,
                self._before,
            ):
                return ""
            typed = self._appended(rows, cursorRow, layout.beforeCursor)
            if typed:
                self._drawn, self._before = rows, layout.beforeCursor
                return typed
        erased = self._erase() if self._drawn else "\r\x1b[J"
        self._drawn, self._cursorRow, self._before = rows, cursorRow, layout.beforeCursor
        self._drawnSize = self._size
        up = len(rows) - 1 - cursorRow
        return "".join(
            (
                f"{_SYNC_ON}{_HIDE}{erased}{lines}{_WRAP_OFF}",
                "\r\n".join(map(self._row, rows)),
                f"\x1b[{up}A\r" if up else "\r",
                # Print the text again instead of moving the cursor over it, so that the terminal's
                # own widths of characters put the cursor into the right place.
                self._row(self._before),
                f"{_WRAP_ON}{_SHOW}{_SYNC_OFF}",
            )
        )

    def start(self) -> str:
        """See L{Painter}."""
        self._drawn = ()
        return _PASTE_ON

    def stop(self) -> str:
        """See L{Painter}."""
        return f"{_PASTE_OFF}{_SHOW}{_WRAP_ON}{_RESET}"

    def clear(self) -> str:
        """
        See L{Painter}.  What the screen shows is scrolled away, not erased: no line is lost.
        """
        erased = self._erase() if self._drawn else ""
        rows = self._size[1]
        scrolled = "\r\n" * rows
        self._above = 0
        return f"{erased}\x1b[{rows}B{scrolled}\x1b[H\x1b[J"

    def _visible(self, rows: Sequence[Row], cursorRow: int) -> Sequence[Row]:
        """
        @return: the rows to draw: those around the cursor, scrolled as little as possible.
        """
        limit = max(1, min(MAX_ROWS, self._size[1] - 1))
        self._top = max(cursorRow - limit + 1, min(self._top, cursorRow, len(rows) - limit), 0)
        return rows[self._top : self._top + limit]

    def _appended(self, rows: Sequence[Row], cursorRow: int, before: Row) -> str:
        """
        @return: the text that was typed since the last frame, if it is ASCII at the end of ASCII,
            otherwise nothing.  This is by far the most frequent change, and costs one byte instead
            of eighty.
        """
        if not (len(rows) == len(self._drawn) == cursorRow + 1 == self._cursorRow + 1):
            return ""
        old, new = self._drawn[-1], rows[-1]
        if not (self._before == old and before == new and old.prompt == new.prompt):
            return ""
        if not ((new.prompt + new.text).isascii() and new.text.startswith(old.text)):
            return ""
        if rows[:-1] != self._drawn[:-1]:
            return ""
        return new.text[len(old.text) :]

    def _erase(self) -> str:
        """
        @return: the sequence that erases the input and leaves the cursor at its beginning.
        """
        up = self._cursorRow
        columns = self._size[0]
        if self._reflow and columns < self._drawnSize[0]:
            above = self._drawn[:up]
            up = sum(reflowed((row.prompt, row.text), columns) for row in above)
            up += reflowed((self._before.prompt, self._before.text), columns) - 1
        back = self._drifted() if self._drift and columns < self._drawnSize[0] else ""
        self._drawn = ()
        return f"\r\x1b[{up}A\x1b[J{back}" if up else f"\r\x1b[J{back}"

    def _drifted(self) -> str:
        """
        Keep the input from drifting to the top of the screen, where its wrapped rows would scroll
        away before they can be erased.

        @return: the sequence that scrolls the screen back, while less than half of it is known to
            be above the input.
        """
        columns, rows = self._size
        count = sum(reflowed((row.prompt, row.text), columns) for row in self._drawn)
        drifted = count - len(self._drawn)
        if not drifted or self._above > rows // 2:
            self._above = max(0, self._above - drifted)
            return ""
        return f"\x1b[{drifted}T\x1b[{drifted}B"

    def _row(self, row: Row) -> str:
        return self._styled(row.prompt, PROMPT) + row.text

    def _line(self, line: Line) -> str:
        self._above = min(self._size[1], self._above + 1)
        return "".join(self._styled(each.text, each.style) for each in line.segments) + "\r\n"

    def _styled(self, text: str, style: Style) -> str:
        if not self.color or style == PLAIN or not text:
            return text
        codes = []
        if style.bold:
            codes.append("1")
        if style.dim:
            codes.append("2")
        if style.reverse:
            codes.append("7")
        if style.colour is not None:
            colour = style.colour & 15
            codes.append(str(30 + colour if colour < 8 else 82 + colour))
        elif style.hue is not None:
            hue = self._hues[style.hue % len(self._hues)]
            codes.append(f"38;5;{hue}" if hue > 15 else str(30 + hue))
        return f"\x1b[{';'.join(codes)}m{text}{_RESET}"
