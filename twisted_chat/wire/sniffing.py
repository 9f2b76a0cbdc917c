# -*- test-case-name: tests.wire.test_sniffing -*-
"""
Recognises other protocols by the first bytes of a peer.
"""

from __future__ import annotations

import re
from typing import Final

SNIFF_LENGTH: Final = 512
"""How many bytes L{sniff} looks at: a request line or a banner is told by far fewer."""

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
)

NO_PROXY: Final = "this port does not take the PROXY protocol: turn it off at the proxy"
"""The sentence for a proxy that this port does not expect."""

_SENTENCES: Final = {
    "http": "this is a chat of plain lines, not a web server: connect with nc",
    "tls": "this port speaks plain lines, not TLS: connect without TLS, or to the TLS port",
    "ssh": "this is a chat of plain lines, not an SSH server: connect with nc",
    "irc": "this is a chat of plain lines, not an IRC server: connect with nc",
    "proxy": NO_PROXY,
}


def sniff(firstBytes: bytes) -> str | None:
    """
    Tell a peer of another protocol by its first bytes, before they are read as names.

    Call it with all that a nameless peer has sent of its current line, which is
    L{LineSplitter.pending} and the new chunk: a protocol that shows itself only after more bytes is
    recognised by a later call.

    @param firstBytes: the bytes so far; more than L{SNIFF_LENGTH} are not looked at.
    @return: a sentence for the peer, before the connection is closed; C{None} if this may be a
        client that speaks lines.
    """
    found = _STRANGERS.match(firstBytes[:SNIFF_LENGTH])
    return _SENTENCES[found.lastgroup] if found and found.lastgroup else None
