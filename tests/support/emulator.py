"""
Terminals for tests: L{pyte.Screen<pyte.screens.Screen>} with what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyte
from pyte import modes
from wcwidth import wcwidth

from twisted_chat.console.graphemes import cells, graphemes


def cellsOfPoints(grapheme: str) -> int:
    """
    The notion of width of a terminal that knows no graphemes: a family of three has six cells.
    """
    return sum(max(0, wcwidth(point)) for point in grapheme)


class Emulator(pyte.Screen):
    """
    A terminal with a scrollback, with graphemes in its cells, which wraps wide characters whole.

    Like the real ones it knows which rows are one line that it wrapped itself, and can wrap them
    again when its width changes.

    @ivar scrollback: the rows that left the screen at its top, each with whether it goes on.
    @ivar sent: all that was written to it.
    """

    def __init__(
        self, columns: int, lines: int, widthOf: Callable[[str], int] = cells, reflow: bool = False
    ) -> None:
        """
        @param columns: the width, in cells.
        @param lines: the height, in cells.
        @param widthOf: how many cells the terminal gives a grapheme.
        @param reflow: whether rows are rewrapped when the width changes.
        """
        self.scrollback: list[tuple[list[str], bool]] = []
        self.sent = b""
        self.bells = 0
        self.answers: list[str] = []
        self._widthOf = widthOf
        self._reflow = reflow
        super().__init__(columns, lines)
        self._stream = pyte.ByteStream(self)

    def write(self, data: bytes) -> None:
        """Take bytes, as a transport does."""
        self.sent += data
        self._stream.feed(data)

    def bell(self, *arguments: object) -> None:
        """Count it."""
        self.bells += 1

    def write_process_input(self, data: str) -> None:
        """Note what the terminal would have typed by itself."""
        self.answers.append(data)

    def draw(self, data: str) -> None:
        """Put text at the cursor, grapheme by grapheme."""
        for grapheme in graphemes(data):
            self._put(grapheme, min(self._widthOf(grapheme), self.columns))

    def _put(self, grapheme: str, size: int) -> None:
        wraps = modes.DECAWM in self.mode
        if size == 0:
            x = max(0, self.cursor.x - 1)
            line = self.buffer[self.cursor.y]
            line[x] = line[x]._replace(data=line[x].data + grapheme)
            return
        if self.cursor.x + size > self.columns:
            if wraps:
                line = self.buffer[self.cursor.y]
                for x in range(self.cursor.x, self.columns):
                    line.pop(x, None)
                line.wrapped = True  # type: ignore[attr-defined]
                self.carriage_return()
                self.linefeed()
            else:
                self.cursor.x = self.columns - size
        line = self.buffer[self.cursor.y]
        line[self.cursor.x] = self.cursor.attrs._replace(data=grapheme)
        for x in range(self.cursor.x + 1, self.cursor.x + size):
            line[x] = self.cursor.attrs._replace(data="")
        self.cursor.x += size

    def index(self) -> None:
        """Go down; at the bottom the first row goes to the scrollback."""
        if self.cursor.y == self.lines - 1:
            self.scrollback.append(self._row(0))
        super().index()

    def erase_in_display(self, how: int = 0, *args: object, **kwargs: object) -> None:
        """Erase from the cursor on, without leaving blanks behind."""
        if how != 0:
            super().erase_in_display(how)
            return
        for y in range(self.cursor.y + 1, self.lines):
            self.buffer.pop(y, None)
        line = self.buffer[self.cursor.y]
        for x in [x for x in line if x >= self.cursor.x]:
            del line[x]
        line.wrapped = False  # type: ignore[attr-defined]

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Become another size."""
        lines, columns = lines or self.lines, columns or self.columns
        if self._reflow:
            self._rewrap(columns, lines)
        else:
            self._cut(columns, lines)

    def _cut(self, columns: int, lines: int) -> None:
        """Drop what is right of the screen, and keep the cursor on it, as xterm does."""
        while self.cursor.y >= lines:
            self.scrollback.append(self._row(0))
            rows = {y - 1: row for y, row in self.buffer.items() if y}
            self.buffer.clear()
            self.buffer.update(rows)
            self.cursor.y -= 1
        for y in [y for y in self.buffer if y >= lines]:
            del self.buffer[y]
        for row in self.buffer.values():
            for x in [x for x in row if x >= columns]:
                del row[x]
        self.cursor.x = min(self.cursor.x, columns - 1)
        self.columns, self.lines = columns, lines

    def _row(self, y: int) -> tuple[list[str], bool]:
        line = self.buffer[y]
        end = max((x for x in line if line[x].data != " "), default=-1) + 1
        wrapped = getattr(line, "wrapped", False)
        if wrapped:
            end = max(line, default=-1) + 1
        return [line[x].data for x in range(end)], wrapped

    def _rows(self) -> list[tuple[list[str], bool]]:
        rows = self.scrollback + [self._row(y) for y in range(self.lines)]
        last = len(self.scrollback) + self.cursor.y
        while len(rows) > last + 1 and not rows[-1][0]:
            rows.pop()
        return rows

    def _rewrap(self, columns: int, lines: int) -> None:
        at = len(self.scrollback) + self.cursor.y
        fresh: list[tuple[list[str], bool]] = []
        cursor = (0, 0)
        line: list[str] = []
        offset: int | None = None
        for number, (row, wrapped) in enumerate(self._rows()):
            if number == at:
                offset = len(line) + self.cursor.x
            line += row
            if wrapped:
                continue
            broken = list(self._break(line, columns))
            if offset is not None:
                place = offset
                y = 0
                while y < len(broken) - 1 and place > len(broken[y]):
                    place -= len(broken[y])
                    y += 1
                if y < len(broken) - 1 and place == len(broken[y]):
                    y, place = y + 1, 0
                cursor = (len(fresh) + y, place)
                offset = None
            fresh += [(each, True) for each in broken[:-1]] + [(broken[-1], False)]
            line = []
        self.columns, self.lines = columns, lines
        top = max(0, len(fresh) - lines)
        self.scrollback = fresh[:top]
        self.buffer.clear()
        for y, (row, wrapped) in enumerate(fresh[top:]):
            for x, data in enumerate(row):
                self.buffer[y][x] = self.default_char._replace(data=data)
            self.buffer[y].wrapped = wrapped  # type: ignore[attr-defined]
        self.cursor.y, self.cursor.x = max(0, cursor[0] - top), min(cursor[1], columns)

    @staticmethod
    def _break(line: list[str], columns: int) -> Iterator[list[str]]:
        row: list[str] = []
        for x, data in enumerate(line):
            size = 1
            while x + size < len(line) and line[x + size] == "":
                size += 1
            if data != "" and len(row) + size > columns:
                yield row
                row = []
            row.append(data)
        yield row

    # What a test looks at.

    def screenRows(self) -> list[str]:
        """The rows of the screen down to the last that shows anything, without final blanks."""
        rows = ["".join(self._row(y)[0]).rstrip() for y in range(self.lines)]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def allLines(self) -> list[str]:
        """All lines there ever were, with wrapped rows joined, without blanks at the end."""
        found: list[str] = []
        line = ""
        for row, wrapped in self._rows():
            line += "".join(row)
            if not wrapped:
                found.append(line.rstrip())
                line = ""
        return found

    def beforeCursor(self) -> str:
        """What the cursor's row shows before the cursor."""
        line = self.buffer[self.cursor.y]
        return "".join(line[x].data for x in range(self.cursor.x))
