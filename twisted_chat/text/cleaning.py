# -*- test-case-name: tests.text.test_cleaning -*-
"""
What a text may contain.

A text comes from a stranger and ends up in the terminals, files and eyes of others.  Three kinds of
characters cause trouble on the way, and each is handled differently:

  - Characters that command a terminal or end a line: the server refuses them with a sentence
    (L{parseText}, L{cleanText}), because dropping them silently would change what was meant.  The
    client and the server's log cannot refuse a text, so they make these characters visible
    (L{showable}, L{escapeLog}).
  - Characters that reorder or hide what stands beside them (UTS #55, CVE-2021-42574): they are
    removed (L{neutralise}), except where a script or an emoji needs them.
  - Combining marks: a letter carries at most L{MAX_MARKS}, since more of them only smear over
    neighbouring lines, and terminals have crashed on them (CVE-2021-26937).

Server and client both call these functions: a server cleans for its users, and a client trusts no
server.
"""

from __future__ import annotations

import re
from unicodedata import category, combining

from ..errors import BadText

MAX_LINE = 4096
"""The longest line, in bytes of UTF-8 without its line end."""

MAX_MARKS = 4
"""
Combining marks that are kept on one base: Vietnamese and Thai need two, Hebrew with cantillation
three or four.
"""

_FORBIDDEN = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)

# Bidirectional controls, zero-width blanks, fillers, annotations, and the code points that Unicode
# reserves for more of them (Default_Ignorable_Code_Point).
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
)
_TAGS = "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
_ZWNJ = "\u200c"
_ZWJ = "\u200d"
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"

INVISIBLE = re.compile(f"[{_UNSEEN}{_TAGS}{_ZWNJ}{_ZWJ}{_SELECTORS}]")
"""The characters without a shape of their own, including those that a script or emoji needs."""

# A run of characters that may be marks: anything but letters, digits and Latin signs.  It is a fast
# test: a text without such a run cannot have too many marks.
_MARK_RUN = re.compile(rf"[^\w\x00-\u02ff][^\w\x00-\u02ff]{{{MAX_MARKS}}}")

_DROPPED = re.compile(f"[{_UNSEEN}]")
# UTS #51: the flag of a region is a black flag, then tag letters, then a closing tag.
_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f"
_STRAY_TAG = re.compile(f"({_FLAG})|[{_TAGS}]")
_SELECTOR = re.compile(f"[{_SELECTORS}]")
# A base and a selector that it allows: an emoji or keycap with its text or emoji form, a Han
# ideograph with its variant (UTS #37), a Mongolian letter with its form.
_SELECTED = re.compile(
    "[#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001faff][\ufe0e\ufe0f]"
    "|[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff][\U000e0100-\U000e01ef]"
    "|[\u1820-\u18aa][\u180b-\u180d\u180f]"
)
_PICTURE = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
# Blocks of the scripts whose letters join or are stacked: Arabic, Syriac, N'Ko, Mandaic; Indic,
# Tibetan, Myanmar; Khmer, Mongolian; Balinese to Lepcha; Phags-pa to Meetei Mayek; Arabic forms;
# the Brahmic scripts and Adlam of plane 1.
_JOINING = re.compile(
    "[\u0600-\u07ff\u0840-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1aaf\u1b00-\u1c4f\ua800-\ua8ff"
    "\ua930-\uabff\ufb50-\ufdff\ufe70-\ufefe\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)


def parseText(raw: bytes) -> str:
    """
    Read a line that a client sent.

    @param raw: the line without its line end.
    @return: the text as L{cleanText} leaves it; empty if it held nothing visible.
    @raise BadText: if the line is not UTF-8 (RFC 3629), or L{cleanText} refuses it.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise BadText(
            "this line is not UTF-8: set your terminal to UTF-8 and send it again"
        ) from None
    if text.isascii() and text.isprintable():
        return text
    return cleanText(text)


def cleanText(text: str) -> str:
    """
    Check and clean a decoded text.

    @return: the text without what L{neutralise} removes; empty if it held nothing visible.
    @raise BadText: if the text holds a control character other than the tab, a line end or
        separator, half a surrogate pair or a noncharacter.
    """
    if not text.isprintable():
        found = _FORBIDDEN.search(text)
        if found is not None:
            raise BadText(_refusal(found[0]))
    return neutralise(text)


def _refusal(char: str) -> str:
    """
    @param char: a forbidden character.
    @return: a sentence for people that says what the character is and what to do.
    """
    code = f"U+{ord(char):04X}"
    if char in "\n\x85\u2028\u2029":
        return f"a message is one line and this one holds a line end ({code}): send line by line"
    if char == "\r":
        return f"this line holds a carriage return ({code}): end lines with LF or CR LF"
    if char == "\x1b":
        return f"this line holds an escape ({code}), perhaps of an arrow key: type it again"
    kind = category(char)
    if kind == "Cs":
        return f"this text holds half a character ({code}): send surrogates in pairs"
    if kind == "Cn":
        return f"this text holds {code}, which is no character: remove it and send it again"
    return f"this text holds a control character ({code}): remove it and send it again"


def neutralise(text: str) -> str:
    """
    Remove what deceives the eye: bidirectional controls, characters without a shape, tags outside
    flags, joiners and variation selectors where no script or emoji needs them, and combining marks
    beyond L{MAX_MARKS} on one base.

    The function is total and idempotent.  It leaves control characters alone.
    """
    if text.isascii() or (INVISIBLE.search(text) is None and _MARK_RUN.search(text) is None):
        return text
    return _sift(_STRAY_TAG.sub(r"\1", _DROPPED.sub("", text)))


def _sift(text: str) -> str:
    """
    Keep or drop each joiner, selector and mark, judged by the last character that was kept and by
    the next one.
    """
    kept: list[str] = []
    before = " "
    joiner = ""
    marks = 0
    for char in text:
        if char in (_ZWNJ, _ZWJ):
            joiner = joiner or char
            continue
        if _SELECTOR.match(char):
            joiner = ""
            if _SELECTED.match(before + char):
                kept.append(char)
                before = char
            continue
        if category(char)[0] != "M":
            marks = 0
        elif marks == MAX_MARKS:
            continue
        else:
            marks += 1
        if joiner:
            if _joins(before, joiner, char):
                kept.append(joiner)
            joiner = ""
        kept.append(char)
        before = char
    if joiner == _ZWJ and _endsInVirama(before):
        kept.append(joiner)
    return "".join(kept)


def _joins(before: str, joiner: str, after: str) -> bool:
    """
    @return: whether C{joiner} has a meaning between these two characters (UAX #31 section 2.3 for
        scripts, UTS #51 for emoji).
    """
    if joiner == _ZWJ:
        if before == "\ufe0f" or _PICTURE.match(before):
            return _PICTURE.match(after) is not None
        if _endsInVirama(before):
            return True
        if not (_JOINING.match(before) and _JOINING.match(after)):
            return False
    return category(before)[0] in "LM" and category(after)[0] in "LM"


def _endsInVirama(before: str) -> bool:
    """
    @return: whether C{before} is a virama.  A joiner after it selects the form of the letter before
        it (RFC 5892 appendix A.2), even at the end of a word.
    """
    return combining(before) == 9


def showable(text: str) -> str:
    """
    Make any text fit to be printed on one line of a terminal.

    A tab becomes a blank.  Each character that L{cleanText} refuses becomes U+FFFD, so that a trick
    shows.  The rest is neutralised.  The function is total and idempotent, and its result can
    always be encoded in UTF-8.
    """
    if not text.isprintable():
        text = _FORBIDDEN.sub("\ufffd", text.replace("\t", " "))
    return neutralise(text)


def escapeLog(text: str) -> str:
    r"""
    Make any text fit for a line of a log, without losing which characters it held.

    Characters that are not printable or not visible are written as C{\xNN}, C{\uNNNN} or
    C{\UNNNNNNNN}, and a backslash is doubled.  The result is printable, holds no line end and is
    unambiguous.
    """
    if text.isprintable() and "\\" not in text and (text.isascii() or not INVISIBLE.search(text)):
        return text
    return "".join(map(_escape, text))


def _escape(char: str) -> str:
    r"""
    @return: the character itself if it is plain and visible, else its escape.
    """
    if char == "\\":
        return r"\\"
    if char.isprintable() and not INVISIBLE.match(char):
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
