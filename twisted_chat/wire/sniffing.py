# -*- test-case-name: tests.wire.test_sniffing -*-
"""
Recognises other protocols by the first bytes that a peer sends.
"""

from __future__ import annotations

import re
from typing import Final

SNIFF_LENGTH: Final = 512
"""Bytes that L{sniff} examines: far fewer tell a request line or a banner."""

# The beginnings of other protocols.  None of them can begin a name, because each holds a blank, a
# control character, a byte that UTF-8 does not use, or a whole banner.
_OTHER_PROTOCOLS: Final = re.compile(
    # RFC 9112 section 3 and RFC 9113 section 3.4
    rb"(?P<http>(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) "
    rb"(?:/|\*|https?://|\S+ HTTP/))"
    # RFC 8446 section 5.1: a record of type handshake
    rb"|(?P<tls>\x16)"
    # RFC 4253 section 4.2
    rb"|(?P<ssh>SSH-[12]\.[0-9]+-)"
    # RFC 2812 section 3.1, and capability negotiation
    rb"|(?P<irc>CAP (?:LS|REQ)|(?:PASS|NICK) [^\r\n]+\r?\n(?:USER|NICK) )"
    # The PROXY protocol, versions 1 and 2
    rb"|(?P<proxy>PROXY (?:TCP[46]|UNKNOWN)|\r\n\r\n\x00\r\nQUIT\n)"
)

NO_PROXY: Final = "this port does not take the PROXY protocol: turn it off at the proxy"
"""The sentence for a proxy at a port that expects none."""

_SENTENCES: Final = {
    "http": "this is a chat of plain lines, not a web server: connect with nc",
    "tls": "this port speaks plain lines, not TLS: connect without TLS, or to the TLS port",
    "ssh": "this is a chat of plain lines, not an SSH server: connect with nc",
    "irc": "this is a chat of plain lines, not an IRC server: connect with nc",
    "proxy": NO_PROXY,
}


def sniff(firstBytes: bytes) -> str | None:
    """
    Recognise a peer of another protocol by its first bytes, before they are read as a name.

    Call it with everything that an unauthenticated peer has sent of its current line:
    L{LineSplitter.pending} and the new chunk.  A protocol that takes more bytes to recognise is
    found by a later call.

    @param firstBytes: the bytes so far; those beyond L{SNIFF_LENGTH} are ignored.
    @return: a sentence for the peer, whose connection is then closed; C{None} if the peer may be a
        client that speaks lines.
    """
    found = _OTHER_PROTOCOLS.match(firstBytes[:SNIFF_LENGTH])
    return _SENTENCES[found.lastgroup] if found and found.lastgroup else None
