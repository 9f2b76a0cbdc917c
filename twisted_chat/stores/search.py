# -*- test-case-name: tests.stores.test_search -*-
"""
What "contains these words" means, for every store alike.

Text is searched by its I{terms}: what is left of it without case, accents and punctuation.  A word
of a query matches where all of its terms follow one another; its last term may be the beginning of
one, so that C{deploy} finds C{deployed} and a Korean noun is found with its particle.  What stands
in quotes is found as it is.  In scripts that are written without blanks between words every
character is a term of its own, so a word is found inside of a sentence; so is every emoji and sign
that is not ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain, zip_longest
from typing import Final, NamedTuple
from unicodedata import category, combining, normalize, unidata_version

from ..errors import BadCommand
from ..wire.events import PRESENCE, SPOKEN, TOLD, Event, Place, Query, Scope

RULES: Final = f"2/{unidata_version}"
"""Names the rules by which L{terms} works: an index made by other rules is to be made anew."""

MAX_TERMS: Final = 2_048
"""Terms that count in one text: more than people write, but one sign can stand for 18 letters."""

MAX_PHRASES: Final = 32
"""Words of one query."""

BEGINNING: Final = 3
"""Letters that a beginning needs: fewer are the beginning of too much."""

_MAX_LETTERS: Final = 8_192

_ASCII_TERM: Final = re.compile(r"[0-9a-z]+")

_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\U00020000-\U0003ffff]"
)
"""A character of Thai, Lao, Burmese, Khmer, Japanese or Chinese."""

_MARKED: Final = re.compile(f"{_UNSPACED.pattern}[\u0300-\u036f\u3099\u309a]+")
"""One with marks that have not become part of it."""

_HANGUL: Final = re.compile("[\uac00-\ud7a3]{2}")
"""Korean syllables, each of which has two or three letters."""

_KNOWN_CHARACTERS: Final = 20_000
"""Characters of which it is kept what becomes of them."""

# Letters that are no letter with an accent for Unicode, but for people without such a keyboard.
_PLAIN: Final = {
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "ø": "o",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ħ": "h",
    "ŧ": "t",
    "ı": "i",
}

# The forms that an emoji can have: its text or picture form, its key, its skin.
_FORM: Final = re.compile("[\u200d\u20e3\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")


class _Characters(dict[int, str]):
    """
    What becomes of each character, for L{str.translate}; worked out when it comes for the first
    time.
    """

    def __init__(self, become: Callable[[str], str]) -> None:
        super().__init__()
        self._become = become

    def __missing__(self, code: int) -> str:
        if len(self) >= _KNOWN_CHARACTERS:
            self.clear()
        value = self[code] = self._become(chr(code))
        return value


def _withoutAccent(character: str) -> str:
    """
    @return: nothing for a mark that people leave out when they search: points and vowel signs of
        Hebrew and Arabic, marks above and below.  Other marks (of the Indic scripts, voiced kana)
        make another letter.  See the canonical combining classes in UAX #44, table 15.
    """
    kind = combining(character)
    if kind >= 200 or 10 <= kind <= 36 or _FORM.match(character):
        return ""
    return _PLAIN.get(character, character)


def _asTerm(character: str) -> str:
    kind = category(character)[0]
    if _UNSPACED.match(character):
        return f" {character} "
    if kind in "LNM":
        return character
    isSign = kind == "S" and not character.isascii() and character != _FRACTION_SLASH
    return f" {character} " if isSign else " "


_FRACTION_SLASH: Final = "\u2044"

_bare: Final = _Characters(_withoutAccent)
_parted: Final = _Characters(_asTerm)


def terms(text: str) -> list[str]:
    """
    @return: the terms of a text, in its order, without case and accents; the first L{MAX_TERMS}.
    """
    if text.isascii():
        return _ASCII_TERM.findall(text.lower())[:MAX_TERMS]
    text = normalize("NFKD", text.casefold())[:_MAX_LETTERS].translate(_bare)
    text = normalize("NFC", text).casefold()
    marked = _MARKED.findall(text)
    if marked:
        between = (part.translate(_parted) for part in _MARKED.split(text))
        text = " ".join(chain.from_iterable(zip_longest(between, marked, fillvalue="")))
    else:
        text = text.translate(_parted)
    return text.split()[:MAX_TERMS]


class Phrase(NamedTuple):
    """
    Terms that follow one another.

    @ivar text: the terms, with one blank between.
    @ivar isBeginning: whether the last may be the beginning of one.
    """

    text: str
    isBeginning: bool


_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟«»", '"'))

_QUOTED: Final = re.compile(r'(?<!\S)"([^"]*)"(?!\S)')


def phrases(query: Query) -> list[Phrase]:
    """
    @return: what the text of an event must contain, each once.
    @raise BadCommand: nothing can be found, since no word has a letter, or the name has none; or
        there are too many words.
    """
    if query.name and not terms(query.name):
        raise BadCommand("nobody has such a name: from: takes the name of who wrote it")
    text = " ".join(query.words).translate(_QUOTES)
    found: dict[Phrase, None] = {}
    end = 0
    for quoted in _QUOTED.finditer(text):
        found.update(dict.fromkeys(map(_beginning, text[end : quoted.start()].split())))
        found[Phrase(" ".join(terms(quoted[1])), False)] = None
        end = quoted.end()
    found.update(dict.fromkeys(map(_beginning, text[end:].split())))
    wanted = [phrase for phrase in found if phrase.text]
    if query.words and not wanted:
        raise BadCommand("nothing to search for: give a word that has letters, digits or emoji")
    if len(wanted) > MAX_PHRASES:
        raise BadCommand(f"a search has at most {MAX_PHRASES} words: give fewer")
    return wanted


def _beginning(word: str) -> Phrase:
    """
    @return: a word that does not stand in quotes.
    """
    found = terms(word)
    mayBegin = bool(found) and (len(found[-1]) >= BEGINNING or bool(_HANGUL.match(found[-1])))
    return Phrase(" ".join(found), mayBegin)


def matcher(query: Query) -> Callable[[Event], bool]:
    """
    @return: a function that tells whether an event is what the query asks for.
    @raise BadCommand: see L{phrases}.
    """
    wanted = [f" {text}" if isBeginning else f" {text} " for text, isBeginning in phrases(query)]
    author = terms(query.name)

    def matches(event: Event) -> bool:
        if event.kind not in SPOKEN or event.time < query.since or not event.text:
            return False
        if query.room and event.room != query.room:
            return False
        if author and terms(event.name) != author:
            return False
        if not wanted:
            return True
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
