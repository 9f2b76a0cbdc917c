# -*- test-case-name: tests.wire.test_telnet -*-
"""
Filters telnet (RFC 854) for clients that speak it: skips commands and refuses every option, so that
only lines are left.

Text in UTF-8 never holds the byte 255, so a client that does not speak telnet costs only a search
for that byte.
"""

from __future__ import annotations

import re
from typing import Final

IAC: Final = 255
"""The byte that begins a command."""

_SUBNEGOTIATION: Final = 250
_WILL, _WONT, _DO, _DONT = 251, 252, 253, 254
_FIRST_COMMAND: Final = 240
_TIMING_MARK: Final = 6

MAX_SUBNEGOTIATION: Final = 1024
"""Bytes after which an unfinished subnegotiation counts as text."""

MAX_COMMANDS: Final = 512
"""Commands in one chunk; a sender of more is no telnet client, where Ctrl-C sends two."""

_WHOLE: Final = re.compile(rb"\xff\xfa(?:[^\xff]|\xff[^\xf0])*\xff\xf0", re.DOTALL)


class TelnetFilter:
    """
    Strips the commands from the stream of one telnet client.

    Bytes that only look like a command, such as a name in an encoding other than UTF-8, stay in the
    text, which is then refused like all text that is not UTF-8.
    """

    __slots__ = ("_afterReturn", "_isTelnet", "_refused", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._refused: set[tuple[int, int]] = set()
        self._afterReturn = False
        self._isTelnet = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """
        Take the next chunk of the stream.

        @return: the text in it, and the reply to send: an option is refused once, and again only if
            the client withdrew it in between.
        """
        data, self._rest = self._rest + data, b""
        count = data.count(b"\xff")
        if count > MAX_COMMANDS:
            return data, b""
        if not count:
            return self._lines(data), b""
        before = b""
        text: list[bytes] = []
        replies: list[bytes] = []
        begin, end = 0, len(data)
        while begin < end:
            found = data.find(b"\xff", begin)
            if found < 0:
                text.append(data[begin:])
                break
            text.append(data[begin:found])
            length, reply = self._command(data, found)
            if not length:
                self._rest = data[found:]
                break
            if reply is None:
                text.append(b"\xff")
            else:
                replies.append(reply)
                if not self._isTelnet:
                    self._isTelnet = True
                    before, text = b"".join(text), []
            begin = found + length
        return before + self._lines(b"".join(text)), b"".join(replies)

    def _command(self, data: bytes, place: int) -> tuple[int, bytes | None]:
        """
        Parse the command that begins at C{place}.

        @return: its length, 0 if it is incomplete; and the reply, C{None} if the first byte is
            text.
        """
        code = data[place + 1] if place + 1 < len(data) else -1
        if code < 0:
            return 0, b""
        if code == IAC:
            return 2, None
        if code < _FIRST_COMMAND:
            return 1, None
        if code == _SUBNEGOTIATION:
            whole = _WHOLE.match(data, place, place + MAX_SUBNEGOTIATION)
            if whole is not None:
                return whole.end() - place, b""
            return (0, b"") if len(data) - place < MAX_SUBNEGOTIATION else (1, None)
        if code < _SUBNEGOTIATION:
            return 2, b""
        if place + 2 >= len(data):
            return 0, b""
        option = data[place + 2]
        if option in b"\r\n":
            # This is a line in another encoding: no client negotiates options 10 and 13.
            return 1, None
        return 3, self._answer(code, option)

    def _answer(self, code: int, option: int) -> bytes:
        """
        @return: the refusal of an option; empty if it was refused already.
        """
        if code == _DO and option == _TIMING_MARK:
            # RFC 860: the client discards everything until this arrives.
            return bytes((IAC, _WILL, option))
        if code in (_WONT, _DONT):
            self._refused.discard((code - 1, option))
            return b""
        if (code, option) in self._refused:
            return b""
        self._refused.add((code, option))
        return bytes((IAC, _DONT if code == _WILL else _WONT, option))

    def _lines(self, text: bytes) -> bytes:
        """
        @return: the text with CR NUL, which telnet sends for Enter, made a line end, and without
            any other NUL; unchanged before the first command.
        """
        if not text or not self._isTelnet:
            return text
        if self._afterReturn and text[:1] == b"\0":
            text = b"\n" + text[1:]
        self._afterReturn = text.endswith(b"\r")
        return text.replace(b"\r\0", b"\r\n").replace(b"\0", b"") if b"\0" in text else text
