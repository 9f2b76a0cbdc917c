# -*- test-case-name: tests.text.test_names -*-
"""
Checks the names of people and rooms.

A name is one token of one script, so that every line of the protocol can be read without guessing
and nobody can write C{раураl} with Cyrillic letters among Latin ones.  The base is the profile
UsernameCasePreserved of PRECIS (RFC 8265); scripts are resolved as UTS #39 section 5.1 does, among
those that UAX #31 tables 5 and 7 call recommended or of limited use.

C{confusables} decides which names are the same, and which look alike.

Names in ASCII need neither libraries nor tables: these are loaded when the first other name is
checked, and a server calls the loaders in L{TABLES} one by one soon after its start.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from unicodedata import category

from ..errors import BadName, BadRoom
from . import confusables
from .cleaning import MAX_MARKS, neutralise, showable
from .confusables import looks

if TYPE_CHECKING:
    from precis_i18n.profile import Profile

MAX_NAME = 32
"""The longest name, in characters (code points in NFC); for a room, without its C{#}."""

MAX_TYPED = MAX_NAME * (1 + MAX_MARKS)
"""The longest name as typed, in characters: PRECIS takes a microsecond for each, too much for a
stranger's 4 KiB."""

SIGNS = "-_.'"
"""The characters that a name may hold besides letters, digits and marks."""

_PLAIN = re.compile(rf"[A-Za-z0-9][A-Za-z0-9{re.escape(SIGNS)}]{{0,{MAX_NAME - 1}}}")

_JOINERS = "\u200c\u200d"

# Names that a reader could take for the server or its operator, or that make a line look like the
# server's: "OK :: . ." is too much like a receipt.  "all" is missing, because Ali looks like it.
_RESERVED = (
    "server system service console daemon twisted_chat twistedchat chat "
    "admin admins administrator root sysadmin sysop superuser owner webmaster postmaster "
    "mod mods moderator moderators operator operators staff support official security help "
    "everyone everybody channel room here you me myself nobody anonymous unknown "
    # The beginnings and the words of the server's own lines.
    "ok okay error warning notice info connected disconnected welcome enter goodbye bye"
)

# UAX #31 tables 5 and 7, and Mongolian: scripts that people write today.
_SCRIPTS = (
    "Latin Cyrillic Greek Armenian Georgian Hebrew Arabic Syriac Thaana Devanagari Bengali "
    "Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar "
    "Ethiopic Khmer Han Hiragana Katakana Bopomofo Hangul "
    "Adlam Balinese Bamum Batak Canadian_Aboriginal Chakma Cham Cherokee Hanifi_Rohingya Javanese "
    "Kayah_Li Lepcha Limbu Lisu Mandaic Meetei_Mayek Miao Mongolian Newa Nko "
    "Nyiakeng_Puachue_Hmong Ol_Chiki Osage Saurashtra Sundanese Syloti_Nagri Tai_Le New_Tai_Lue "
    "Tai_Tham Tai_Viet Tifinagh Vai Wancho Yi"
)
# UTS #39 section 5.1: the scripts that are written together.
_SCRIPT_MIXTURES = ("Han Hiragana Katakana", "Han Bopomofo", "Han Hangul")


def cleanName(text: str) -> str:
    """
    Check and normalise a name that somebody asks for.

    @param text: what was typed; blanks around it do not count.
    @return: the name as others see it, in NFC, with full-width letters made plain.  The function is
        idempotent.
    @raise BadName: if it breaks a rule, or is reserved.
    """
    name = _clean(text, "name", BadName)
    if isReserved(name):
        raise BadName(f"the name {name} is reserved: choose another")
    return name


def cleanRoom(text: str) -> str:
    """
    Check a room's name.

    @param text: what was typed, with its C{#}; blanks around it do not count.
    @return: the name as others see it, with its C{#}; idempotent as L{cleanName}.
    @raise BadRoom: if it does not begin with C{#}, or the rest breaks a rule for names.
    """
    text = text.strip()
    if not text.startswith("#"):
        raise BadRoom("room names begin with #, for example #dev")
    return "#" + _clean(text[1:], "room name", BadRoom)


def cleanLabel(text: str) -> str:
    """
    Check the label of a device.

    @param text: what was typed; blanks around it do not count.
    @return: the label as its owner sees it; idempotent as L{cleanName}.
    @raise BadName: if it breaks a rule for names; none is reserved.
    """
    return _clean(text, "label", BadName)


def _clean(text: str, what: str, refused: type[BadName | BadRoom]) -> str:
    """
    @param what: what the sentences call it: C{"name"}, C{"room name"} or C{"label"}.
    @param refused: the error to raise.
    @return: the name to be shown.
    """
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return text
    if len(text) > MAX_TYPED:
        raise refused(f"a {what} has at most {MAX_NAME} characters; yours has {len(text)}")
    text = neutralise(text).strip()
    if not text:
        raise refused(f"a {what} has at least one letter or digit: choose one")
    words = text.split()
    if len(words) > 1:
        raise refused(f"a {what} has no blanks{_suggestion('_'.join(words), what, refused)}")
    try:
        name: str = _profile().enforce(text)
    except UnicodeEncodeError as error:
        raise refused(_refusal(error, what)) from None
    if len(name) > MAX_NAME:
        raise refused(f"a {what} has at most {MAX_NAME} characters; yours has {len(name)}")
    for char in name:
        if not (_isCounted(char) or category(char)[0] == "M" or char in SIGNS + _JOINERS):
            raise refused(_foreign(char, what))
    if not _isCounted(name[0]):
        raise refused(f"a {what} begins with a letter or a digit")
    if neutralise(name) != name:
        raise refused(f"a {what} has at most {MAX_MARKS} marks on a letter")
    if _oneScript().fullmatch(name) is None:
        raise refused(_mixture(name, what))
    return name


def _isCounted(char: str) -> bool:
    """
    @return: whether this is a letter or a decimal digit.
    """
    return category(char) == "Nd" or category(char)[0] == "L"


def _suggestion(better: str, what: str, refused: type[BadName | BadRoom]) -> str:
    """
    @return: the end of a sentence that offers C{better}, or nothing if C{better} breaks a rule
        itself.
    """
    try:
        better = _clean(better, what, refused)
    except refused:
        return ""
    return f": try {'#' if refused is BadRoom else ''}{better}"


def _foreign(char: str, what: str) -> str:
    """
    @return: the sentence about a character that is neither letter, digit, mark nor sign.
    """
    shown = f"{showable(char)} (U+{ord(char):04X})" if char.isprintable() else f"U+{ord(char):04X}"
    return f"a {what} has letters, digits and {' '.join(SIGNS)} only: leave out {shown}"


def _refusal(error: UnicodeEncodeError, what: str) -> str:
    """
    @param error: raised by the PRECIS profile; its reason ends with the name of the rule.
    @return: the sentence for people.
    """
    if error.reason.endswith("bidi_rule"):
        return (
            f"a {what} written from right to left begins with a letter and does not mix in letters "
            "of the other direction (RFC 5893)"
        )
    char = error.object[error.start]
    if _isCounted(char) or category(char)[0] == "M":
        return f"a {what} cannot hold {showable(char)} (U+{ord(char):04X}): leave it out"
    return _foreign(char, what)


def _mixture(name: str, what: str) -> str:
    """
    @return: the sentence about a name whose letters are not of one script in use.
    """
    import regex

    found = [
        script.replace("_", " ")
        for script in _SCRIPTS.split()
        if regex.search(
            rf"[\p{{scx={script}}}--[\p{{scx=Common}}\p{{scx=Inherited}}]]", name, regex.V1
        )
    ]
    if not found:
        return f"this {what} is of an alphabet that is not written today: use another"
    others = f"and {found[-1]} letters" if len(found) > 1 else "letters with others"
    return f"this {what} mixes {', '.join(found[:-1] or found)} {others}: use one alphabet"


@lru_cache(maxsize=1)
def _profile() -> Profile:
    """
    @return: the PRECIS profile (RFC 8265 section 3.4) on which the rules for names are based.
    """
    from precis_i18n import get_profile

    return get_profile("UsernameCasePreserved")


@lru_cache(maxsize=1)
def _oneScript() -> re.Pattern[str]:
    """
    @return: the pattern of a token whose characters share a script, by the property
        Script_Extensions; characters of no particular script (Common, Inherited) fit all.
    """
    import regex

    sets = (
        "".join(rf"\p{{scx={script}}}" for script in [*group.split(), "Common", "Inherited"])
        for group in (*_SCRIPTS.split(), *_SCRIPT_MIXTURES)
    )
    pattern: re.Pattern[str] = regex.compile("|".join(f"[{members}]+" for members in sets))
    return pattern


def isReserved(name: str) -> bool:
    """
    @return: whether a user of this name could be taken for the server or its operator, such as
        C{admin} or C{help}.
    """
    return not looks(name).isdisjoint(_reservedLooks())


@lru_cache(maxsize=1)
def _reservedLooks() -> frozenset[str]:
    """
    @return: what the reserved names look like.
    """
    return frozenset().union(*map(looks, _RESERVED.split()))


TABLES: Final[tuple[Callable[[], object], ...]] = (_profile, _oneScript, *confusables.TABLES)
"""Each loads a library or a table when it is first called, in 60 ms at most."""
