# -*- test-case-name: tests.net.test_addresses -*-
"""
Finds the address of a client.
"""

from __future__ import annotations

from typing import Any


def peerOf(transport: Any) -> tuple[str, int]:
    """
    @return: the address and port of the transport's peer; empty and 0 if it has none.
    """
    return hostOf(transport.getPeer())


def plainHost(host: str) -> str:
    """
    @param host: a numeric address.
    @return: the address; as IPv4 if it is an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2).
    """
    return host.removeprefix("::ffff:")


def hostOf(address: Any) -> tuple[str, int]:
    """
    @param address: an L{IAddress}.
    @return: its host and port; empty and 0 if it has none.
    """
    host = str(getattr(address, "host", "") or "")
    return host, int(address.port) if host else 0
