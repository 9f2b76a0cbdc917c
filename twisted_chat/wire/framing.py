# -*- test-case-name: tests.wire.test_framing -*-
"""
Splits a stream of bytes into lines.

Nothing here does I/O, and nothing here knows UTF-8: a line stays bytes until C{cleaning} has
checked it. The memory held for one connection is bounded by the longest line it may send, and each
chunk is split once, so a chunk of a thousand bare line ends costs no more than one long line.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from ..text.cleaning import MAX_LINE

MAX_FLOOD: Final = 64 * 1024
"""Bytes without a line end after which the peer is taken for a program that does not speak lines.
It exceeds L{MAX_LINE}, so that a clumsy paste is refused and the connection survives."""


class Excess(Enum):
    """Marks the place of a line that was discarded."""

    TOO_LONG = "too long"
    """The line was too long; it is discarded up to its line end."""

    FLOODED = "flooded"
    """No line end came for L{MAX_FLOOD} bytes; all further input is discarded."""


TOO_LONG: Final = Excess.TOO_LONG
FLOODED: Final = Excess.FLOODED


class LineSplitter:
    """
    Cuts one peer's stream into lines: C{LF} or C{CRLF} ends a line, a lone C{CR} is left in it.

    The lines are the same however the stream was cut into chunks.

    @ivar maxLength: the longest line that is kept, in bytes without its line end.  It may be
        changed between two calls of L{feed}, and applies from the next one.
    """

    __slots__ = ("_discarded", "_flooded", "_tail", "maxLength")

    def __init__(self, maxLength: int = MAX_LINE) -> None:
        """
        @param maxLength: the longest line that is kept, in bytes without its line end.
        """
        self.maxLength = maxLength
        self._tail = b""
        self._discarded = 0
        self._flooded = False

    @property
    def pending(self) -> bytes:
        """
        The unfinished line so far: at most C{maxLength + 1} bytes, and empty while a line that is
        too long is being discarded.
        """
        return self._tail

    def feed(self, data: bytes) -> Sequence[bytes | Excess]:
        """
        Take the next chunk of the stream.

        @param data: the bytes as received.
        @return: the lines that are now complete, in order and without their line ends.  L{TOO_LONG}
            stands in the place of a line that is longer than C{maxLength}, as soon as that is
            known.  L{FLOODED} is the last item: the caller closes the connection, and later calls
            return nothing.
        """
        if self._tail:
            data = self._tail + data
        if self._discarded or not self._isShort(data):
            return self._sift(data)
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        lines = data.split(b"\n")
        self._tail = lines.pop()
        return lines

    def _isShort(self, data: bytes) -> bool:
        """
        Tell whether every line of a chunk, and its tail, is short enough.  Each step jumps to the
        last line end within C{maxLength}, so thousands of short lines take a few steps.
        """
        longest = self.maxLength
        begin, end = 0, len(data)
        while end - begin > longest:
            begin = data.rfind(b"\n", begin, begin + longest + 1) + 1
            if not begin:
                return False
        return True

    def _sift(self, data: bytes) -> Sequence[bytes | Excess]:
        """
        Split a chunk in which a line, or the tail, may be too long.
        """
        if self._flooded:
            return []
        kept: list[bytes | Excess] = []
        *lines, tail = data.split(b"\n")
        for line in lines:
            if self._discarded + len(line) > MAX_FLOOD:
                return self._flood(kept)
            if self._discarded:
                self._discarded = 0
            else:
                content = line[:-1] if line.endswith(b"\r") else line
                kept.append(content if len(content) <= self.maxLength else TOO_LONG)

        if self._discarded + len(tail) > MAX_FLOOD:
            return self._flood(kept)
        if self._discarded or len(tail) > self.maxLength + tail.endswith(b"\r"):
            if not self._discarded:
                kept.append(TOO_LONG)
            self._discarded += len(tail)
            tail = b""
        self._tail = tail
        return kept

    def _flood(self, kept: list[bytes | Excess]) -> list[bytes | Excess]:
        """
        Report a flood, and discard everything that follows.
        """
        if not self._discarded:
            kept.append(TOO_LONG)
        kept.append(FLOODED)
        self._flooded = True
        self._discarded = MAX_FLOOD
        self._tail = b""
        return kept


class AnyEndSplitter(LineSplitter):
    """
    Cuts the stream of a peer into lines whose ends are not known in advance.  The first one
    decides: after C{LF} or C{CRLF} it is a L{LineSplitter}; after a lone C{CR}, which old terminals
    and telnet send (also as C{CR NUL}, RFC 854), every C{CR} ends a line as well.

    A C{CR} at the end of a chunk ends its line at once, since nothing may follow it; an C{LF} at
    the beginning of the next chunk belongs to it.
    """

    __slots__ = ("_afterReturn", "_ends")

    def __init__(self, maxLength: int = MAX_LINE) -> None:
        """
        @param maxLength: the longest line that is kept, in bytes without its line end.
        """
        super().__init__(maxLength)
        self._ends = b""
        self._afterReturn = False

    def feed(self, data: bytes) -> Sequence[bytes | Excess]:
        """See L{LineSplitter.feed}."""
        return super().feed(data if self._ends == b"\n" else self._translate(data))

    def _translate(self, data: bytes) -> bytes:
        """
        @return: the chunk with C{LF} for every line end.
        """
        if not data:
            return data
        if self._afterReturn:
            self._afterReturn = False
            if data[:1] == b"\n":
                self._ends = self._ends or b"\n"
                return data[1:] if self._ends == b"\n" else self._translate(data[1:])
            self._ends = b"\r"
            data = data.removeprefix(b"\0")
        if not self._ends:
            feed = data.find(b"\n")
            found = data.find(b"\r", 0, None if feed < 0 else feed)
            if found < 0 or found + 1 == feed:
                self._ends = b"" if feed < 0 else b"\n"
                return data
            if found + 1 == len(data):
                self._afterReturn = True
                return data[:-1] + b"\n"
            self._ends = b"\r"
        self._afterReturn = data.endswith(b"\r")
        for end in (b"\r\n", b"\r\0", b"\r"):
            data = data.replace(end, b"\n")
        return data
