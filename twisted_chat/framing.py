# -*- test-case-name: tests.test_framing -*-
"""
From chunks of bytes to lines, and what the first bytes of a stranger give away.

Nothing here does I/O, and nothing here knows UTF-8: a line is bytes until C{text} has judged it.
The memory held for one connection is bounded by the longest line it may send, and each chunk is
split once, so a chunk of a thousand bare line ends costs no more than one long line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

from .text import MAX_LINE

#: Longest stretch without a line end, in bytes, before the peer is taken for something that does
#: not speak lines at all.  Above L{MAX_LINE} so that a clumsy paste is answered, not punished.
MAX_FLOOD: Final = 64 * 1024

#: The bytes that L{sniff} looks at: a request line or a banner is told by far fewer.
SNIFF_LENGTH: Final = 512


class Excess(Enum):
    """What stands in the place of a line that was not kept."""

    #: One line was longer than it may be; it is thrown away up to its line end.
    TOO_LONG = "too long"
    #: No line end came for L{MAX_FLOOD} bytes; nothing more comes of this peer.
    FLOODED = "flooded"


TOO_LONG: Final = Excess.TOO_LONG
FLOODED: Final = Excess.FLOODED


class LineSplitter:
    """
    Cuts one peer's stream into lines: C{LF} or C{CRLF} ends a line, a lone C{CR} is left in it.

    The lines are the same however the stream was cut into chunks.

    @ivar maxLength: the longest line that is kept, in bytes without its line end.  It may be
        changed between two calls of L{feed}, and holds from the next call on.
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
        too long is being thrown away.
        """
        return self._tail

    def feed(self, data: bytes) -> Sequence[bytes | Excess]:
        """
        Take the next chunk of the stream.

        @param data: the bytes as they came.
        @return: the lines that are now complete, in order and without their line ends.
            L{TOO_LONG} stands once in the place of a line that is longer than C{maxLength}, as
            soon as that is known.  L{FLOODED} is the last item ever: the caller closes the
            connection, and later calls return nothing.
        """
        if self._tail:
            data = self._tail + data
        if self._discarded or len(data) > self.maxLength:
            return self._sift(data)
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        lines = data.split(b"\n")
        self._tail = lines.pop()
        return lines

    def _sift(self, data: bytes) -> Sequence[bytes | Excess]:
        """
        The longer way for a chunk in which a line, or the tail, may be longer than allowed.
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
        Give this peer up.
        """
        if not self._discarded:
            kept.append(TOO_LONG)
        kept.append(FLOODED)
        self._flooded = True
        self._discarded = MAX_FLOOD
        self._tail = b""
        return kept


# How other protocols begin.  None of these can begin a name, because each holds a blank, a control
# or a byte that UTF-8 has not, or the whole banner of its protocol.
_STRANGERS: Final = re.compile(
    # RFC 9112 section 3 and RFC 9113 section 3.4
    rb"(?P<http>(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) "
    rb"(?:/|\*|https?://|\S+ HTTP/))"
    # RFC 8446 section 5.1: a record of type handshake
    rb"|(?P<tls>\x16)"
    # RFC 4253 section 4.2
    rb"|(?P<ssh>SSH-[12]\.[0-9]+-)"
    # RFC 2812 section 3.1, and the capability negotiation of today's clients
    rb"|(?P<irc>CAP (?:LS|REQ)|(?:PASS|NICK) [^\r\n]+\r?\n(?:USER|NICK) )"
    # The PROXY protocol, versions 1 and 2
    rb"|(?P<proxy>PROXY (?:TCP[46]|UNKNOWN)|\r\n\r\n\x00\r\nQUIT\n)"
    # RFC 854: IAC, then WILL, WONT, DO, DONT or SB, then an option.  The options 10, 13 and 32 are
    # left out, because they are line ends or a blank after a name in a wrong encoding.
    rb"|(?s:.*?)(?P<telnet>\xff[\xfa-\xfe][\x00-\x09\x0b\x0c\x0e-\x1f\x21-\x27])"
)

_SENTENCES: Final = {
    "http": "this is a chat of plain lines, not a web server: connect with nc",
    "tls": "this port speaks plain lines, not TLS: connect without TLS, or to the TLS port",
    "ssh": "this is a chat of plain lines, not an SSH server: connect with nc",
    "irc": "this is a chat of plain lines, not an IRC server: connect with nc",
    "proxy": "this port does not take the PROXY protocol: turn it off at the proxy",
    "telnet": "this port speaks plain lines, without telnet negotiation: connect with nc",
}


def sniff(firstBytes: bytes) -> str | None:
    """
    Tell a peer of another protocol by its first bytes, before they are read as names.

    To be called with all that a nameless peer has sent of its current line, which is
    L{LineSplitter.pending} and the new chunk: an answer that needs more bytes than have come is
    found by a later call, and no call ever has to wait.

    @param firstBytes: the bytes so far; more than L{SNIFF_LENGTH} are not looked at.
    @return: a sentence for the peer, before the connection is closed; L{None} if this may be
        somebody who speaks lines.
    """
    found = _STRANGERS.match(firstBytes[:SNIFF_LENGTH])
    return _SENTENCES[found.lastgroup] if found and found.lastgroup else None
