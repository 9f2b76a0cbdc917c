# -*- test-case-name: tests.wire.test_proxyheader -*-
"""
Parses the header of the PROXY protocol, versions 1 and 2, which tells where a proxy's client comes
from.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple

_MAX_TEXT: Final = 107
"""The longest header of version 1, in bytes with its line end."""

MAX_BINARY: Final = 4096
"""Bytes that may follow the fixed part of a header of version 2: addresses and extensions."""

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
"""The first bytes of version 2."""

TEXT: Final = b"PROXY "
"""The first bytes of version 1."""

_FIXED: Final = 16

_LINE: Final = re.compile(
    rb"PROXY (?:UNKNOWN(?: [^\r\n]*)?|(TCP[46]) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+)"
    rb" (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4}))\r\n"
)

_KINDS: Final = {0x00: 0, 0x11: 12, 0x21: 36, 0x31: 216}
"""Address families over streams, and the bytes that their addresses take; 0 for none."""


class BadHeader(Exception):
    """The bytes are not a header; the message says why."""


class Header(NamedTuple):
    """
    The content of a header.

    @ivar length: its length, in bytes.
    @ivar host: the client's numeric address; empty if the proxy speaks for itself, or cannot tell.
    @ivar port: the client's port.
    """

    length: int
    host: str = ""
    port: int = 0


def parseHeader(data: bytes) -> Header | None:
    """
    Parse the header at the beginning of a connection.

    @param data: everything received so far.
    @return: the header; C{None} if it is incomplete.
    @raise BadHeader: if no header begins with these bytes.
    """
    if data.startswith(SIGNATURE[: len(data)]):
        return _binary(data)
    if data.startswith(TEXT[: len(data)]):
        return _text(data)
    raise BadHeader("is missing")


def _text(data: bytes) -> Header | None:
    end = data.find(b"\n", 0, _MAX_TEXT) + 1
    if not end:
        if len(data) >= _MAX_TEXT:
            raise BadHeader("is too long")
        return None
    found = _LINE.fullmatch(data, 0, end)
    if found is None:
        raise BadHeader("is malformed")
    if found[1] is None:
        return Header(end)
    family, host, target, *ports = (each.decode() for each in found.groups())
    try:
        versions = {ip_address(host).version, ip_address(target).version}
    except ValueError:
        raise BadHeader("names no address") from None
    if versions != {int(family[-1])} or any(int(port) > 65535 for port in ports):
        raise BadHeader("names no address")
    return Header(end, host, int(ports[0]))


def _binary(data: bytes) -> Header | None:
    if len(data) < _FIXED:
        return None
    version, command = divmod(data[12], 16)
    size = int.from_bytes(data[14:_FIXED], "big")
    needed = _KINDS.get(data[13])
    if version != 2 or command > 1:
        raise BadHeader("has an unknown version")
    if size > MAX_BINARY:
        raise BadHeader("is too long")
    if command and (needed is None or size < needed):
        raise BadHeader("names no address")
    length = _FIXED + size
    if len(data) < length:
        return None
    if command and data[13] == 0x11:
        port = int.from_bytes(data[24:26], "big")
        return Header(length, str(IPv4Address(data[16:20])), port)
    if command and data[13] == 0x21:
        port = int.from_bytes(data[48:50], "big")
        return Header(length, str(IPv6Address(data[16:32])), port)
    return Header(length)
