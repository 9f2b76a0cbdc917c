# -*- test-case-name: tests.test_looks -*-
"""
What a name looks like, so that nobody can pass for another.

The table of look-alikes is loaded when it is first needed.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from unicodedata import normalize

from .text import INVISIBLE

# The small Turkish dotted i is i, the capital folds to i and a dot above; j has its own dot, too.
_SECOND_DOT = re.compile("(?<=[ij])\u0307")


@lru_cache(maxsize=256)
def looks(name: str) -> frozenset[str]:
    """
    @return: the keys of which two names that look alike share one: the L{skeleton} by the letters'
        capitals, and that by their small forms.  A Greek C{\u03bd} is v when it is small and N as a
        capital; names are shown as they were typed.
    """
    if name.isascii():
        return frozenset((skeleton(name),))
    return frozenset((skeleton(name), _reduce(name, _smallLooks())))


@lru_cache(maxsize=256)
def skeleton(name: str) -> str:
    """
    Reduce a name to what the eye sees of it.

    Two names have the same skeleton if they differ by case, by compatibility forms (NFKC) or by
    look-alikes of UTS #39 section 4.  As case does not count, a letter looks like whatever its
    capital looks like: C{i}, C{I}, C{l} and C{1} are all one.

    @param name: any text, also a room's name.
    @return: a key to compare with, never to be shown.  It is its own skeleton.
    """
    return _reduce(name, _looks())


def _reduce(name: str, looks: dict[int, str]) -> str:
    while True:
        if name.isascii():
            reduced = name.lower().translate(looks)
        else:
            folded = normalize("NFKD", INVISIBLE.sub("", name)).casefold()
            reduced = _SECOND_DOT.sub("", folded).translate(looks)
        if reduced == name:
            return name
        name = reduced


@lru_cache(maxsize=1)
def _smallLooks() -> dict[int, str]:
    """
    @return: as L{_looks}, but a small letter decides for itself where it looks like a Latin one.
    """
    table = dict(_looks())
    for char, look in _confusables().items():
        if char == char.casefold() and not char.isascii() and look.isascii():
            table[ord(char)] = look.casefold().translate(_looks())
    return table


@lru_cache(maxsize=1)
def _looks() -> dict[int, str]:
    """
    Make the translation table of L{skeleton} of the Unicode data that C{homoglyphs_fork} carries.

    A letter is taken by its capital first: capitals of Latin, Cyrillic and Greek share their
    glyphs (C{ТОМ} and C{TOM}), small letters only resemble each other.  If the capital looks like
    nothing Latin, the small letter decides.

    @return: what a folded, decomposed character looks like, where that is not itself.
    """
    prototypes = _confusables()

    def prototype(text: str) -> str:
        return "".join(prototypes.get(char, char) for char in normalize("NFKD", text))

    looks: dict[int, str] = {}
    for char in {*prototypes, *"".join(prototypes).casefold()}:
        look = prototype(char.upper()).casefold()
        if not look.isascii():
            look = prototype(char).casefold()
        # A capital M looks like itself, but a small m like r and n.
        look = prototype(look)
        if look != char:
            looks[ord(char)] = look
    return looks


@lru_cache(maxsize=1)
def _confusables() -> dict[str, str]:
    """
    @return: each confusable character, and the text that stands for it.
    """
    from importlib import resources

    source = resources.files("homoglyphs_fork") / "confusables.json"
    return _prototypes(json.loads(source.read_text("utf-8")))


def _prototypes(pairs: dict[str, list[str]]) -> dict[str, str]:
    """
    Find out which of two confusable texts stands for the other.

    UTS #39 maps every confusable character to one prototype, and no prototype further on.  The
    data has both directions, so a prototype is known by its many partners; of a text and a
    character the text is the prototype, and of two characters that have only each other, either
    will do.

    @param pairs: each text, and the texts it is confusable with; those written from right to left
        stand between left-to-right marks.
    @return: each confusable character, and the text that stands for it.
    """
    prototypes: dict[str, str] = {}
    for text, partners in pairs.items():
        char = text.strip("\u200e")
        if len(char) != 1 or len(partners) != 1:
            continue
        partner = partners[0].strip("\u200e")
        mutual = len(partner) == 1 and len(pairs[partners[0]]) == 1
        if not mutual or partner < char:
            prototypes[char] = partner
    return prototypes
