# -*- test-case-name: tests.test_console_editor -*-
"""
Where words, blanks and rows of a text begin and end, counted in graphemes.

All functions take a text in graphemes and an index in it, and return an index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence


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
    The start of the word before, a word being a run of letters and digits.
    """
    return _back(cells, _back(cells, at, lambda cell: not _isWord(cell)), _isWord)


def wordEnd(cells: Sequence[str], at: int) -> int:
    """
    The end of the word after.
    """
    return _on(cells, _on(cells, at, lambda cell: not _isWord(cell)), _isWord)


def blankStart(cells: Sequence[str], at: int) -> int:
    """
    The start of what stands between blanks before.
    """
    return _back(cells, _back(cells, at, str.isspace), lambda cell: not cell.isspace())


def rowStart(cells: Sequence[str], at: int) -> int:
    """
    The start of the row, as the person broke the text into rows.
    """
    return _back(cells, at, lambda cell: cell != "\n")


def rowEnd(cells: Sequence[str], at: int) -> int:
    """
    The end of the row, before its line end.
    """
    return _on(cells, at, lambda cell: cell != "\n")
