# -*- test-case-name: tests.stores.test_search -*-
"""
What "contains these words" means, for every store alike.

Text is searched by its I{terms}: what is left of it without case, accents and punctuation.  A word
of a query matches where all of its terms follow one another.  In scripts that are written without
blanks between words every character is a term of its own, so a word is found inside of a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from ..errors import BadCommand
from ..wire.events import PRESENCE, SPOKEN, TOLD, Event, Place, Query, Scope

RULES: Final = f"1/{unicodedata.unidata_version}"
"""Names the rules by which L{terms} works: an index made by other rules is to be made anew."""

_ASCII_TERM: Final = re.compile(r"[0-9a-z]+")

_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\U00020000-\U0003ffff][\u0300-\u036f\u3099\u309a]*"
)
"""A character of Thai, Lao, Burmese, Khmer, Japanese or Chinese, with its marks."""


def _isAccent(character: str) -> bool:
    """
    @return: whether people leave this mark out when they search: points and vowel signs of Hebrew
        and Arabic, marks above and below.  Other marks (of the Indic scripts, voiced kana) make
        another letter.  See the canonical combining classes in UAX #44, table 15.
    """
    kind = unicodedata.combining(character)
    return kind >= 200 or 10 <= kind <= 36


def _isLetter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"


def terms(text: str) -> list[str]:
    """
    @return: the terms of a text, in its order, without case and accents.
    """
    if text.isascii():
        return _ASCII_TERM.findall(text.lower())
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not _isAccent(c))
    bare = _UNSPACED.sub(r" \g<0> ", unicodedata.normalize("NFC", bare.casefold()))
    return "".join(c if _isLetter(c) else " " for c in bare).split()


def phrases(query: Query) -> list[str]:
    """
    @return: each word of a query as its terms, with one blank between.
    @raise BadCommand: there are words, but not one has a letter or a digit.
    """
    found = [" ".join(terms(word)) for word in query.words]
    wanted = [phrase for phrase in found if phrase]
    if found and not wanted:
        raise BadCommand("nothing to search for: give a word that has letters or digits")
    return wanted


def matcher(query: Query) -> Callable[[Event], bool]:
    """
    @return: a function that tells whether an event is what the query asks for.
    @raise BadCommand: see L{phrases}.
    """
    wanted = [f" {phrase} " for phrase in phrases(query)]
    author = terms(query.name) or [query.name]

    def matches(event: Event) -> bool:
        if event.kind not in SPOKEN or event.time < query.since:
            return False
        if query.room and event.room != query.room:
            return False
        if query.name and terms(event.name) != author:
            return False
        text = f" {' '.join(terms(event.text))} "
        return all(phrase in text for phrase in wanted)

    return matches


def readable(scope: Scope) -> Callable[[Event], bool]:
    """
    @return: a function that tells whether an event is in the scope.
    """
    places: dict[str, list[Place]] = {}
    for place in scope.places:
        places.setdefault(place.room, []).append(place)
    sid = scope.sid
    own = f"@{sid}"

    def isReadable(event: Event) -> bool:
        for place in places.get(event.room, ()):
            if event.kind in PRESENCE and event.id < place.presenceFrom:
                continue
            for first, last in place.ranges:
                if first <= event.id <= last:
                    return True
        return bool(sid) and (event.room == own or (event.kind == TOLD and event.sid == sid))

    return isReadable
