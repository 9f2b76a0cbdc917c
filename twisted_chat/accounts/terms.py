# -*- test-case-name: tests.accounts.test_terms -*-
"""
Parses the targets and the times that moderators type.
"""

from __future__ import annotations

import re
import time
from typing import Final, NamedTuple

from ..errors import BadCommand
from .masks import checkedNet, checkedPattern, parseNetwork

MAX_SPAN: Final = 3_650 * 86_400
"""The longest time that can be typed, in seconds: ten years.  Anything longer has no end."""

_UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
"""Seconds in each unit in which a time is shown, the longest first."""

_SECONDS: Final = {"w": 7 * 86_400, **_UNITS}

_SPAN: Final = re.compile(r"([0-9]{1,9})([smhdwSMHDW])")


class Target(NamedTuple):
    """
    The target of a ban, as typed.

    @ivar name: a name as typed, or empty.
    @ivar pattern: a pattern of names, or empty.
    @ivar net: a network in its canonical spelling, or empty.
    """

    name: str = ""
    pattern: str = ""
    net: str = ""


def parseTarget(text: str) -> Target:
    """
    @param text: a word: an address or a network, a pattern with stars, or else a name.  A leading
        C{@} marks a name, such as C{@10.0.0.1}.
    @raise BadCommand: if it looks like a network or a pattern that cannot be banned.
    """
    if text.startswith("@"):
        return Target(name=text[1:])
    if "*" in text:
        return Target(pattern=checkedPattern(text))
    net = parseNetwork(text)
    if net is not None:
        return Target(net=checkedNet(net))
    if "/" in text:
        raise BadCommand("this is no network: write it as 203.0.113.0/24 or 2001:db8::/48")
    return Target(name=text)


def parseSpan(text: str) -> int | None:
    """
    @param text: a word such as C{30s}, C{10m}, C{2h}, C{7d}, C{4w}.
    @return: the time in seconds; C{None} if the word does not look like a time.
    @raise BadCommand: if it is zero, or too long.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        return None
    seconds = int(match[1]) * _SECONDS[match[2].lower()]
    if not 0 < seconds <= MAX_SPAN:
        raise BadCommand("a time is from 1s to 3650d: leave it out for no end")
    return seconds


def showSpan(seconds: int) -> str:
    """
    @param seconds: a positive time, in whole seconds.
    @return: the time as L{parseSpan} reads it, in the longest unit that fits.
    """
    unit, size = next((unit, size) for unit, size in _UNITS.items() if seconds % size == 0)
    return f"{seconds // size}{unit}"


def showEnd(until: float) -> str:
    """
    @param until: when something ends, in seconds since the epoch; 0 if never.
    @return: words for the end of a sentence, with a leading blank, in the server's time zone.
    """
    if not until:
        return ""
    return time.strftime(" until %Y-%m-%d %H:%M", time.localtime(until))
