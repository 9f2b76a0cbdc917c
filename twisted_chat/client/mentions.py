# -*- test-case-name: tests.client.test_mentions -*-
"""
Finds a name in a text, in any script.

In scripts with blanks a name must be a whole word: word boundaries are those of UAX #29, except
that an apostrophe or a full stop ends a word, so that C{Ann's} mentions Ann.  Scripts that are
written without blanks, or add particles to names, have no such boundaries.
"""

from __future__ import annotations

from unicodedata import category, normalize

import regex

_UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    r"\p{Tibetan}\p{Tai_Le}\p{New_Tai_Lue}\p{Tai_Tham}\p{Tai_Viet}\p{Javanese}\p{Balinese}]"
)


def folded(text: str) -> str:
    """
    @return: the text in the form in which names are compared: case-folded and normalised (Unicode
        3.13, D145: canonical caseless matching).
    """
    if text.isascii():
        return text.lower()
    return normalize("NFC", normalize("NFD", text).casefold())


def mentions(text: str, name: str) -> bool:
    """
    @param text: any text.
    @param name: a user's name; an empty one is never mentioned.
    @return: whether the text mentions the user.
    """
    sought = folded(name)
    if not sought:
        return False
    held = folded(text)
    start = held.find(sought)
    while start >= 0:
        end = start + len(sought)
        if _border(held, start) and _border(held, end):
            return True
        start = held.find(sought, start + 1)
    return False


def _border(text: str, index: int) -> bool:
    """
    @return: whether a name may begin or end between two characters.
    """
    if index in (0, len(text)):
        return True
    before, after = text[index - 1], text[index]
    if category(after)[0] == "M":
        # A mark belongs to the letter before it: there is no boundary inside a character.
        return False
    if _UNSPACED.match(before) or _UNSPACED.match(after):
        return True
    return not (_inWord(before) and _inWord(after))


def _inWord(char: str) -> bool:
    return category(char)[0] in "LNM" or category(char) == "Pc"
