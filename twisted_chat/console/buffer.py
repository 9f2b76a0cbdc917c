# -*- test-case-name: tests.console.test_editor -*-
"""
Edits a text with a cursor.

The functions take a text in graphemes and an index in it, and return the index at which a word, a
run of non-blanks or a row begins or ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .graphemes import graphemes, typeable


def _isWord(grapheme: str) -> bool:
    return grapheme[0].isalnum()


def _back(cells: Sequence[str], at: int, test: Callable[[str], bool]) -> int:
    while at > 0 and test(cells[at - 1]):
        at -= 1
    return at


def _on(cells: Sequence[str], at: int, test: Callable[[str], bool]) -> int:
    while at < len(cells) and test(cells[at]):
        at += 1
    return at


def wordStart(cells: Sequence[str], at: int) -> int:
    """
    Find the start of the word before the cursor; a word is a run of letters and digits.
    """
    return _back(cells, _back(cells, at, lambda cell: not _isWord(cell)), _isWord)


def wordEnd(cells: Sequence[str], at: int) -> int:
    """
    Find the end of the word after the cursor.
    """
    return _on(cells, _on(cells, at, lambda cell: not _isWord(cell)), _isWord)


def blankStart(cells: Sequence[str], at: int) -> int:
    """
    Find the start of the run of non-blanks before the cursor.
    """
    return _back(cells, _back(cells, at, str.isspace), lambda cell: not cell.isspace())


def rowStart(cells: Sequence[str], at: int) -> int:
    """
    Find the start of the row, as the user broke the text into rows.
    """
    return _back(cells, at, lambda cell: cell != "\n")


def rowEnd(cells: Sequence[str], at: int) -> int:
    """
    Find the end of the row, before its line end.
    """
    return _on(cells, at, lambda cell: cell != "\n")


MAX_INPUT = 8000
"""The longest input, in characters: twice the longest line of the protocol."""

MAX_KILLS = 16
"""Killed texts that are kept for yanking."""

MAX_UNDO = 100
"""Changes that can be undone."""

_KILLERS = frozenset(
    ("ctrl-w", "alt-backspace", "ctrl-backspace", "alt-d", "ctrl-delete", "ctrl-u", "ctrl-k")
)


class Buffer:
    """
    A text with its cursor, kill ring and undo list.

    All counts are in graphemes, which people see as single characters.

    @ivar cells: the text in graphemes.
    @ivar cursor: the index of the grapheme the cursor stands before.
    @ivar full: whether the last insertion was cut because L{MAX_INPUT} was reached.
    """

    def __init__(self) -> None:
        """
        Begin with an empty text.
        """
        self.cells: list[str] = []
        self.cursor = 0
        self.full = False
        self._kills: list[str] = []
        self._yanked: tuple[int, int] | None = None
        self._undo: list[tuple[str, int]] = []
        # The key pressed last, and the kind of the change made last.
        self._last = ""
        self._change = ""

    @property
    def text(self) -> str:
        """The text."""
        return "".join(self.cells)

    @property
    def place(self) -> int:
        """The position of the cursor, in characters from the start of the text."""
        return len("".join(self.cells[: self.cursor]))

    def insert(self, text: str) -> None:
        """
        Insert text at the cursor.

        Characters that an input must not hold are dropped, and so is everything beyond
        L{MAX_INPUT}.
        """
        text = typeable(text)
        room = MAX_INPUT - sum(map(len, self.cells))
        self.full = len(text) > room
        if self.full:
            text = text[:room]
        if text:
            self._remember("insert" if text.isalnum() else "")
            self._splice(self.cursor, self.cursor, text)
        self._last = "insert"

    def undo(self) -> None:
        """
        Undo the last change.
        """
        if self._undo:
            self._place(*self._undo.pop())
            self._change = ""

    def _place(self, text: str, place: int) -> None:
        """
        @param place: the place of the cursor in characters; it moves to the end of the grapheme
            that spans it.
        """
        self.cells = graphemes(text)
        self.cursor = 0
        while place > 0 and self.cursor < len(self.cells):
            place -= len(self.cells[self.cursor])
            self.cursor += 1

    def _splice(self, start: int, end: int, text: str) -> None:
        """
        Replace some graphemes with C{text}, and put the cursor after it.

        It may merge into one grapheme with its neighbours, unless both are ASCII.
        """
        start = max(0, start)
        before, after = self.cells[:start], self.cells[end:]
        if (
            text.isascii()
            and (not before or before[-1].isascii())
            and (not after or after[0].isascii())
        ):
            self.cells[start:end] = text
            self.cursor = start + len(text)
        else:
            head = "".join(before) + text
            self._place(head + "".join(after), len(head))

    def _remember(self, kind: str) -> None:
        """
        Save the present text for L{undo}; a run of changes of one kind counts as one.
        """
        if not kind or kind != self._change:
            self._undo.append((self.text, self.place))
            del self._undo[:-MAX_UNDO]
        self._change = kind

    def _move(self, cursor: int) -> None:
        self._change = ""
        self.cursor = min(max(0, cursor), len(self.cells))

    def _to(self, motion: Callable[[Sequence[str], int], int]) -> int:
        """
        Find where a motion leads from the cursor.
        """
        return motion(self.cells, self.cursor)

    def _erase(self, start: int, end: int) -> None:
        if 0 <= start < end <= len(self.cells):
            self._remember("erase")
            self._splice(start, end, "")

    def _kill(self, start: int, end: int) -> None:
        if start == end:
            return
        killed = "".join(self.cells[start:end])
        self._remember("")
        if self._last in _KILLERS and self._kills:
            last = self._kills[-1]
            self._kills[-1] = killed + last if end == self.cursor else last + killed
        else:
            self._kills.append(killed)
            del self._kills[:-MAX_KILLS]
        self._splice(start, end, "")

    def _killRow(self) -> None:
        end = self._to(rowEnd)
        self._kill(self.cursor, end + 1 if end == self.cursor < len(self.cells) else end)

    def _yank(self) -> None:
        if self._kills:
            start = self.cursor
            self.insert(self._kills[-1])
            self._yanked = start, self.cursor

    def _yankPop(self) -> None:
        """
        Replace the text that was just yanked with an older killed one.
        """
        if self._last in ("ctrl-y", "alt-y") and self._yanked is not None:
            self._kills.insert(0, self._kills.pop())
            start, end = self._yanked
            self._splice(start, end, "")
            self.insert(self._kills[-1])
            self._yanked = start, self.cursor

    def _transpose(self) -> None:
        at = min(self.cursor, len(self.cells) - 1)
        if at > 0:
            self._remember("")
            self._splice(at - 1, at + 1, self.cells[at] + self.cells[at - 1])
