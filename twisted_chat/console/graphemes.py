# -*- test-case-name: tests.console.test_graphemes -*-
"""
Counts text as people and terminals do: in graphemes (UAX #29), cells, and rows of cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from wcwidth import iter_graphemes, wcswidth

# Characters that an input must not hold: controls, separators, half surrogate pairs, and characters
# without a shape that reorder or hide their neighbours.  Joiners, selectors and tags stay: emoji
# and scripts need them, and they may arrive one by one.
_UNTYPEABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb]"
)


def typeable(text: str) -> str:
    """
    Make typed or pasted text fit for an input.

    Line ends become C{"\\n"}, tabs a blank; invisible characters that are not part of a letter or
    an emoji are dropped.  The function is total and idempotent.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _UNTYPEABLE.sub("", text)


def graphemes(text: str) -> list[str]:
    """
    Split a text without carriage returns into the units that people see as characters.
    """
    return list(text) if text.isascii() else list(iter_graphemes(text))


@lru_cache(maxsize=4096)
def cells(grapheme: str) -> int:
    """
    Count the cells of a terminal that a grapheme is expected to take.

    Terminals disagree about emoji, so this may lay out rows, but the position of the cursor is left
    to the terminal.
    """
    return max(0, wcswidth(grapheme))


def width(text: str) -> int:
    """
    Count the cells that a text without controls is expected to take.
    """
    return len(text) if text.isascii() else sum(map(cells, graphemes(text)))


def seen(grapheme: str) -> tuple[str, int]:
    """
    Choose the visible form of a grapheme of an input.

    A mark or joiner without a base gets a dotted circle, as Unicode recommends, so that it can be
    seen and erased, and does not attach to its neighbour.

    @return: the text to print, and the number of cells that it is expected to take.
    """
    size = 1 if " " <= grapheme <= "~" else cells(grapheme)
    return (grapheme, size) if size else ("\u25cc" + grapheme, 1)


@dataclass(frozen=True)
class Row:
    """
    One drawn row of the input.

    @ivar prompt: its part of the prompt; empty on most rows.
    @ivar text: its part of the text.
    """

    prompt: str
    text: str


@dataclass(frozen=True)
class Layout:
    """
    The input in rows.

    @ivar rows: all rows, at least one.
    @ivar cursorRow: the index of the row the cursor is in.
    @ivar beforeCursor: what that row shows before the cursor.
    """

    rows: Sequence[Row]
    cursorRow: int
    beforeCursor: Row


def layOut(prompt: str, text: Sequence[str], cursor: int, columns: int) -> Layout:
    """
    Break a prompt and an input into rows.

    The last column stays free, so that the terminal never wraps by itself and the cursor has a
    place after a full row.

    @param prompt: stands before the text; without line ends.
    @param text: the graphemes of the input; a line end begins a new row.
    @param cursor: the index in C{text} the cursor stands before.
    @param columns: the width of the terminal, in cells; at least 3.
    """
    room = columns - 1
    rows: list[Row] = []
    head: list[str] = []
    body: list[str] = []
    used = 0
    cursorRow, beforeCursor = 0, Row("", "")

    def endRow() -> None:
        nonlocal used
        rows.append(Row("".join(head), "".join(body)))
        head.clear()
        body.clear()
        used = 0

    for grapheme, size in map(seen, graphemes(prompt)):
        if used + size > room:
            endRow()
        head.append(grapheme)
        used += size
    for index, grapheme in enumerate(text):
        drawn, size = ("", 0) if grapheme == "\n" else seen(grapheme)
        if used + size > room:
            endRow()
        if index == cursor:
            cursorRow, beforeCursor = len(rows), Row("".join(head), "".join(body))
        if grapheme == "\n":
            endRow()
        else:
            body.append(drawn)
            used += size
    if cursor >= len(text):
        cursorRow, beforeCursor = len(rows), Row("".join(head), "".join(body))
    endRow()
    return Layout(rows, cursorRow, beforeCursor)


def reflowed(pieces: Iterable[str], columns: int) -> int:
    """
    Count the rows that a drawn row takes after a reflowing terminal became narrower.

    @param pieces: what was drawn, in parts.
    @param columns: the new width, in cells.
    """
    count, used = 1, 0
    for piece in pieces:
        for grapheme in graphemes(piece):
            size = cells(grapheme)
            if used + size > columns:
                count += 1
                used = 0
            used += size
    return count
