# -*- test-case-name: tests.text.test_confusables -*-
"""
Decides when two names are the same, and when one can be taken for the other.

The two questions have different answers.  To B{find} somebody, a name may differ only in case and
Unicode form (L{nameKey}): a message for Nell never reaches Neil.  To B{reserve} a name is to
reserve every look-alike, too (L{looks}): nobody enters as NeiI, with a capital I, beside Neil.

The table of look-alikes is loaded for the first text that is not ASCII.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from unicodedata import normalize

from .cleaning import INVISIBLE

# The Turkish capital dotted I folds to i and a combining dot, its small form to plain i; j has a
# dot of its own, too.
_SECOND_DOT = re.compile("(?<=[ij])\u0307")

# A capital I after a small letter looks like a small L; at the beginning of a name it reads as I.
_INNER_I = re.compile("(?<=[a-z])I")

_DIGITS = str.maketrans("01", "ol")

# The part of the table that ASCII text needs, where a skeleton is one translation: a server starts
# without the table.
_ASCII_LOOKS = str.maketrans(
    {'"': "''", "%": "\u00ba/\u2080", "0": "O", "1": "l", "I": "l", "`": "'", "m": "rn", "|": "l"}
)


@lru_cache(maxsize=256)
def nameKey(name: str) -> str:
    """
    Reduce a name to the key by which it is found: two names with the same key are one name.

    @param name: any text, also a room's name.
    @return: a key for comparison only, never shown.  The key of a key is that key.
    """
    if name.isascii():
        return name.lower()
    return _fold(name)


@lru_cache(maxsize=256)
def looks(name: str) -> frozenset[str]:
    """
    List the keys of what a name looks like.  If one name can be taken for another, the two share a
    key:

      - the L{nameKey};
      - the skeleton of UTS #39 section 4 of the name B{as it is written}, case included, so that
        C{NeiI} is C{Neil} but C{Elia} is not C{Ella};
      - the name in Latin letters, where its letters or digits look like them: once by the shapes of
        the capitals (C{\u0422\u041e\u041c} and C{TOM} share their glyphs), once by those of the
        small letters.  A Greek C{\u03bd} looks like v, its capital like N.

    @param name: any text, also a room's name.
    @return: keys for comparison only, never shown.
    """
    latin = _INNER_I.sub("l", name) if "I" in name else name
    if name.isascii():
        # A skeleton keeps its case; the prefix "=" sets it apart from the folded keys.
        skeleton = "=" + name.translate(_ASCII_LOOKS)
        return frozenset((name.lower(), skeleton, latin.lower().translate(_DIGITS)))
    return frozenset(
        (
            nameKey(name),
            "=" + _skeleton(name),
            _reduce(latin, _capitalLooks()),
            _reduce(latin, _smallLooks()),
        )
    )


def isOneEditAway(one: str, other: str) -> bool:
    """
    @return: whether one edit turns one text into the other: a character added, removed or replaced,
        or two neighbours swapped.
    """
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1 or one == other:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[:at] + one[at + 1 : at + 2] + one[at : at + 1] + one[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or swapped == other


def nearest(name: str, names: Iterable[str]) -> str | None:
    """
    Find the name that a user may have mistyped.

    @param name: what was typed.
    @param names: the candidates.
    @return: the first candidate that is one edit away, or C{None}.
    """
    key = nameKey(name)
    return next((each for each in names if isOneEditAway(key, nameKey(each))), None)


def _fold(name: str) -> str:
    while True:
        folded = normalize("NFKD", INVISIBLE.sub("", name)).casefold()
        folded = _SECOND_DOT.sub("", folded)
        if folded == name:
            return name
        name = folded


def _skeleton(name: str) -> str:
    """
    @return: the skeleton of UTS #39 section 4.
    """
    prototypes = _confusables()
    text = normalize("NFD", INVISIBLE.sub("", normalize("NFKC", name)))
    return normalize("NFD", "".join([prototypes.get(char, char) for char in text]))


def _reduce(name: str, table: dict[int, str]) -> str:
    """
    @return: the folded name with look-alikes of Latin letters replaced, repeated until nothing
        changes.
    """
    while True:
        reduced = _fold(name).translate(table).translate(_DIGITS)
        if reduced == name:
            return name
        name = reduced


@lru_cache(maxsize=1)
def _smallLooks() -> dict[int, str]:
    """
    @return: the table of L{_capitalLooks}, except that a small letter that looks like a Latin one
        maps to that one.
    """
    table = dict(_capitalLooks())
    for char, look in _confusables().items():
        if char == char.casefold() and not char.isascii() and look.isascii():
            table[ord(char)] = look.casefold()
    return table


@lru_cache(maxsize=1)
def _capitalLooks() -> dict[int, str]:
    """
    Make a translation table from the Unicode data in C{homoglyphs_fork}.

    The capital of a letter is tried first: capitals of Latin, Cyrillic and Greek share their
    glyphs, small letters only resemble each other.  If the capital looks like nothing Latin, the
    small letter decides.

    @return: for each folded, decomposed character outside ASCII, the text that it looks like,
        unless it only looks like itself.
    """
    prototypes = _confusables()

    def prototype(text: str) -> str:
        return "".join(prototypes.get(char, char) for char in normalize("NFKD", text))

    table: dict[int, str] = {}
    for char in {*prototypes, *"".join(prototypes).casefold()}:
        if char.isascii():
            continue
        look = prototype(char.upper()).casefold()
        if not look.isascii():
            look = prototype(char).casefold()
        if not look.isascii():
            look = prototype(look).casefold()
        if look != char:
            table[ord(char)] = look
    return table


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
    Determine which of two confusable texts is the prototype of the other.

    UTS #39 maps every confusable character to one prototype, and a prototype to itself.  The data
    holds both directions, so a prototype is recognised by its many partners; of a text and a
    character the text is the prototype, and of two characters that have only each other, either
    will do.

    @param pairs: each text, with the texts that it is confusable with; right-to-left ones stand
        between left-to-right marks.
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


TABLES: Final[tuple[Callable[[], Mapping[Any, str]], ...]] = (
    _confusables,
    _capitalLooks,
    _smallLooks,
)
"""Each loads a table when it is first called, in 60 ms at most."""
