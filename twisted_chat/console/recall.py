# -*- test-case-name: tests.console.test_recall -*-
"""
Finds earlier lines: one by one, or by their words.
"""

from __future__ import annotations

from collections.abc import Sequence


class Recall:
    """
    Walks through earlier lines without losing edits on the way.

    Each visited line, including the new one, keeps its edits until a line is entered.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        """
        @param lines: the earlier lines, oldest first; may grow while no walk is in progress.
        """
        self._lines = lines
        self._place: int | None = None
        self._edited: dict[int, str] = {}

    def move(self, text: str, step: int) -> str | None:
        """
        Go to another line.

        @param text: the present text of the input.
        @param step: -1 for the line before, 1 for the line after.
        @return: the text of that line, or L{None} if there is none.
        """
        return self.go(text, self._current() + step)

    def ends(self, text: str, last: bool) -> str | None:
        """
        Go to the oldest line, or back to the new one.
        """
        return self.go(text, len(self._lines) if last else 0)

    def go(self, text: str, place: int) -> str | None:
        """
        Go to the line with an index; the index after the last is that of the new line.
        """
        current = self._current()
        if not 0 <= place <= len(self._lines) or place == current:
            return None
        self._edited[current] = text
        self._place = place
        return self._edited.get(place, self._lines[place] if place < len(self._lines) else "")

    def find(self, words: str, before: int | None = None, newer: bool = False) -> int | None:
        """
        Find a line that contains some words, whatever their case.

        @param before: the index to start from, exclusive; L{None} to start at the newest line.
        @param newer: whether to search the newer lines instead of the older ones.
        @return: the index of the nearest such line, or L{None}.
        """
        wanted = words.casefold()
        start = len(self._lines) if before is None else before
        places = range(start + 1, len(self._lines)) if newer else range(start - 1, -1, -1)
        return next((place for place in places if wanted in self._lines[place].casefold()), None)

    def line(self, place: int) -> str:
        """
        Get the line with an index, as it was entered.
        """
        return self._lines[place]

    def reset(self) -> None:
        """
        Go back to a new line, because one was entered.
        """
        self._place = None
        self._edited.clear()

    def _current(self) -> int:
        return len(self._lines) if self._place is None else self._place


class Search:
    """
    An incremental search for an earlier line, the newest first.

    @ivar words: the words to search for.
    @ivar place: the index of the line found, or L{None} if none was found yet.
    @ivar failed: whether no (further) line contains the words.
    """

    def __init__(self, recall: Recall) -> None:
        self._recall = recall
        self.words = ""
        self.place: int | None = None
        self.failed = False

    @property
    def found(self) -> str:
        """The line that was found, or nothing."""
        return "" if self.place is None else self._recall.line(self.place)

    def extend(self, text: str) -> None:
        """
        Add to the words; the line that was found stays if it contains them.
        """
        self.words += text
        start = None if self.place is None else self.place + 1
        self._take(self._recall.find(self.words, start))

    def shorten(self) -> None:
        """
        Remove the last character of the words, and search from the newest line again.
        """
        self.words = self.words[:-1]
        self.place, self.failed = None, False
        if self.words:
            self._take(self._recall.find(self.words))

    def again(self, newer: bool = False) -> None:
        """
        Find the next line that contains the words.
        """
        if self.words:
            self._take(self._recall.find(self.words, self.place, newer))

    def _take(self, place: int | None) -> None:
        self.failed = place is None
        if place is not None:
            self.place = place
