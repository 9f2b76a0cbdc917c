# -*- test-case-name: tests.console.test_styledtext -*-
"""
Describes lines to show: text in segments, each with a style.

A style describes the look of a piece of text; only a painter turns it into bytes, after the text
was cleaned, so no text from a user or a server can colour anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from ..text.cleaning import showable

_LINE_END = re.compile("\r\n|\r|\n")

CONTINUATION = "  | "
"""Begins each further row of a message, so that a row cannot pass for another message."""


@dataclass(frozen=True)
class Style:
    """
    The look of a piece of text.

    @ivar colour: one of the 16 colours of every colour terminal (0-15), or L{None} for the default.
    @ivar hue: any number, by which the painter picks a readable colour; equal numbers get equal
        colours.  L{None} for no colour; C{colour} takes precedence.
    @ivar bold: brighter or heavier than the rest.
    @ivar dim: less bright than the rest.
    @ivar reverse: foreground and background exchanged.
    """

    colour: int | None = None
    hue: int | None = None
    bold: bool = False
    dim: bool = False
    reverse: bool = False


PLAIN = Style()
TIME = Style(dim=True)
NOTICE = Style(colour=6)
REFUSAL = Style(colour=1)
MENTION = Style(colour=3, bold=True)
PRIVATE = Style(colour=5)
PROMPT = Style(bold=True)
STATUS = Style(dim=True)


def nameStyle(name: str) -> Style:
    """
    Choose the style of a user's name: the same in every run and on every machine.

    @param name: the name, as shown; case does not matter.
    """
    return Style(hue=crc32(name.casefold().encode("utf-8", "replace")), bold=True)


@dataclass(frozen=True)
class Segment:
    """
    A piece of a line.

    @ivar text: any text; it is cleaned before it is shown.
    @ivar style: its look.
    """

    text: str
    style: Style = PLAIN


@dataclass(frozen=True)
class Line:
    """
    One line to show.

    @ivar segments: its pieces from left to right.
    """

    segments: tuple[Segment, ...]

    @classmethod
    def of(cls, *parts: str | Segment, style: Style = PLAIN) -> Line:
        """
        Build a line.

        @param parts: segments, or strings that get C{style}.
        @param style: the look of the strings among the parts.
        """
        return cls(tuple(Segment(part, style) if isinstance(part, str) else part for part in parts))

    @property
    def text(self) -> str:
        """The text alone."""
        return "".join(segment.text for segment in self.segments)

    def rows(self) -> Iterator[Line]:
        """
        Split the line into printable rows: cleaned by L{showable}, none with a line end.

        A line end inside the text begins a further row that starts with L{CONTINUATION}.
        """
        row: list[Segment] = []
        for segment in self.segments:
            first, *others = _LINE_END.split(segment.text)
            row.append(Segment(showable(first), segment.style))
            for other in others:
                yield Line(tuple(row))
                row = [Segment(CONTINUATION, TIME), Segment(showable(other), segment.style)]
        yield Line(tuple(row))
