# -*- test-case-name: tests.console.test_completion -*-
"""
Completes the word before the cursor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import regex

_TAIL = regex.compile(r"(?r)[\p{L}\p{N}\p{M}_.'\-\u200c\u200d]*\Z")
"""
The end of a text that may be a name.  Brackets, quotation marks and other punctuation end a word.
It is searched from the right, so that a long input costs no more than its last word.
"""

_ARGUMENT = regex.compile(r"/(?!me\s|r\s)\w+\s+", regex.IGNORECASE)
"""The text before the first argument of a command whose argument is not free text."""


def wordBefore(text: str, cursor: int) -> str:
    """
    @return: the word that completion replaces: the text directly before the cursor that may belong
        to a name, a room or a command.
    """
    found = _TAIL.search(text[:cursor])
    word: str = "" if found is None else found[0].lstrip("_.'-")
    start = cursor - len(word)
    sign = text[start - 1 : start] if start else ""
    if sign in ("@", "#") or (sign == "/" and start == 1):
        return sign + word
    return word


def candidates(
    text: str,
    cursor: int,
    commands: Iterable[str],
    names: Iterable[str],
    rooms: Iterable[str],
) -> list[str]:
    """
    List the candidates for the word before the cursor, each with the text that should follow it.

    Commands are offered if the line begins with C{/}, rooms if the word begins with C{#}, otherwise
    names, as an address (C{"Ann: "}) at the start of a line.  An C{@} before a name stays, unless a
    command needs the bare name.  Case does not matter.

    @param text: what stands in the input.
    @param cursor: where the cursor stands, in characters.
    @param commands: with their C{/}, in the order in which they are offered.
    @param names: the people who may be meant, the most likely first.
    @param rooms: with their C{#}.
    """
    word = wordBefore(text, cursor)
    before = text[: cursor - len(word)]
    if not before and word.startswith("/"):
        return _matching(word, commands, " ")
    if word.startswith("#"):
        return _matching(word, rooms, " ")
    if word.startswith("@"):
        if _ARGUMENT.fullmatch(before):
            return _matching(word[1:], names, " ")
        return _matching(word, (f"@{name}" for name in names), " ")
    if not word and before and not text.startswith("/"):
        return []
    return _matching(word, names, " " if before else ": ")


def _matching(word: str, offered: Iterable[str], follower: str) -> list[str]:
    wanted = word.casefold()
    return [each + follower for each in offered if each.casefold().startswith(wanted)]


class Cycle:
    """
    The candidates of one completion, through which Tab cycles; the typed word comes last.
    """

    def __init__(self, word: str, offered: Sequence[str]) -> None:
        """
        @param word: the typed word.
        @param offered: the candidates; not empty.
        """
        self._choices = [*offered, word]
        self._place = len(offered)

    def next(self, step: int) -> str:
        """
        @param step: 1 for the next candidate, -1 for the one before.
        @return: the word to put into the input.
        """
        self._place = (self._place + step) % len(self._choices)
        return self._choices[self._place]
