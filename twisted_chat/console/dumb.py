# -*- test-case-name: tests.console.test_ansi -*-
"""
Draws without any escape sequence.
"""

from __future__ import annotations

from collections.abc import Iterable

from .ansi import MIN_COLUMNS, View
from .graphemes import graphemes, seen, width
from .styledtext import Line


class DumbPainter:
    """
    Draws on a terminal that knows only the carriage return: the input is one row, of which the part
    around the cursor is shown.
    """

    def __init__(self, columns: int) -> None:
        """
        @param columns: the width of the terminal, in cells.
        """
        self.color = False
        self._columns = max(MIN_COLUMNS, columns)
        self._drawn: str | None = None
        self._before = ""

    def resize(self, columns: int, rows: int) -> None:
        """See L{Painter<twisted_chat.console.ansi.Painter>}."""
        self._columns = max(MIN_COLUMNS, columns)

    def frame(self, finished: Iterable[Line], view: View | None) -> str:
        """See L{Painter<twisted_chat.console.ansi.Painter>}."""
        lines = "".join(line.text + "\r\n" for line in finished)
        if view is None:
            return self._erase() + lines
        row, before = self._window(view)
        if not lines and self._drawn is not None:
            if (row, before) == (self._drawn, self._before):
                return ""
            if self._before == self._drawn and before == row and row.startswith(self._drawn):
                typed = row[len(self._drawn) :]
                self._drawn = self._before = row
                return typed
        erased = self._erase() if lines else ""
        blank = " " * (0 if self._drawn is None else max(0, width(self._drawn) - width(row)))
        self._drawn, self._before = row, before
        back = f"\r{before}" if blank or before != row else ""
        return f"{erased}{lines}\r{row}{blank}{back}"

    def start(self) -> str:
        """See L{Painter<twisted_chat.console.ansi.Painter>}."""
        self._drawn = None
        return ""

    def stop(self) -> str:
        """See L{Painter<twisted_chat.console.ansi.Painter>}."""
        return ""

    def clear(self) -> str:
        """See L{Painter<twisted_chat.console.ansi.Painter>}.  It cannot clear the screen."""
        return self._erase()

    def _erase(self) -> str:
        drawn, self._drawn = self._drawn, None
        return "" if drawn is None else f"\r{' ' * width(drawn)}\r"

    def _window(self, view: View) -> tuple[str, str]:
        """
        @return: the visible part of the input, and the part of that before the cursor.  It scrolls
            by half a row, so that most keys change little.
        """
        pieces = [seen(each) for each in graphemes(view.prompt)]
        cursor = len(pieces) + view.cursor
        pieces += [("\\n", 2) if each == "\n" else seen(each) for each in view.text]
        room = self._columns - 1
        half = max(1, room // 2)
        left = 0
        if sum(size for _, size in pieces) > room:
            left = max(0, sum(size for _, size in pieces[:cursor]) // half - 1) * half
        shown, before, column = [], [], 0
        for index, (text, size) in enumerate(pieces):
            if left <= column <= left + room - size:
                shown.append(text)
                if index < cursor:
                    before.append(text)
            column += size
        return "".join(shown), "".join(before)
