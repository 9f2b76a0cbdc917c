# -*- test-case-name: tests.net.test_addresses -*-
"""
Where a client comes from.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

_KEPT: Final = 1024
"""Addresses that are parsed once: most clients have connected before."""


def peerOf(transport: Any) -> tuple[str, int]:
    """
    @return: the address and port of the transport's peer; empty and 0 where it has none.
    """
    return hostOf(transport.getPeer())


def hostOf(address: Any) -> tuple[str, int]:
    """
    @param address: an L{IAddress}.
    @return: its host and port; empty and 0 where it has none.
    """
    host = str(getattr(address, "host", "") or "")
    return host, int(address.port) if host else 0


@lru_cache(maxsize=_KEPT)
def addressOf(host: str) -> IPv4Address | IPv6Address | None:
    """
    Parse an address, also an IPv4 one that is written as IPv6 (RFC 4291 section 2.5.5.2).

    @return: C{None} if it is none.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address
