# -*- test-case-name: tests.console.test_completion -*-
"""
Completion of the word before the cursor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def wordBefore(text: str, cursor: int) -> str:
    """
    What stands between the last blank and the cursor.
    """
    words = text[:cursor].split()
    return words[-1] if words and not text[cursor - 1].isspace() else ""


def candidates(
    text: str,
    cursor: int,
    commands: Iterable[str],
    names: Iterable[str],
    rooms: Iterable[str],
) -> list[str]:
    """
    What may stand in place of the word before the cursor, with what should follow it.

    Commands come where a line begins with C{/}; rooms where the word begins with C{#}; else names,
    as an address (C{"Ann: "}) at the start of a line.  A C{@} before a name stays.  Case does not
    matter.

    @param text: what stands in the input.
    @param cursor: where the cursor stands, in characters.
    @param commands: with their C{/}, in the order they are to be offered.
    @param names: those who may be meant, the most likely first.
    @param rooms: with their C{#}.
    """
    word = wordBefore(text, cursor)
    atStart = len(word) == cursor
    if atStart and word.startswith("/"):
        return _matching(word, commands, " ")
    if word.startswith("#"):
        return _matching(word, rooms, " ")
    if word.startswith("@"):
        return _matching(word, (f"@{name}" for name in names), " ")
    if not word and not atStart and not text.startswith("/"):
        return []
    return _matching(word, names, ": " if atStart else " ")


def _matching(word: str, offered: Iterable[str], follower: str) -> list[str]:
    wanted = word.casefold()
    return [each + follower for each in offered if each.casefold().startswith(wanted)]


class Cycle:
    """
    The candidates of one completion, gone through by pressing Tab; last comes what was typed.
    """

    def __init__(self, word: str, offered: Sequence[str]) -> None:
        """
        @param word: what was typed.
        @param offered: what may stand in its place; not empty.
        """
        self._choices = [*offered, word]
        self._place = len(offered)

    def next(self, step: int) -> str:
        """
        @param step: 1 for the next candidate, -1 for the one before.
        @return: what is to stand in the input now.
        """
        self._place = (self._place + step) % len(self._choices)
        return self._choices[self._place]
