# -*- test-case-name: tests.text.test_networks -*-
"""
Parses numeric addresses, and finds the networks by which their users are counted.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

HOST_BITS: Final = 64
"""Bits of an IPv6 address that its client is free to choose (RFC 4291 section 2.5.4)."""

_CACHED_ADDRESSES: Final = 1024
"""Parsed addresses that are cached: most clients have connected before."""


@lru_cache(maxsize=_CACHED_ADDRESSES)
def addressOf(host: str) -> IPv4Address | IPv6Address | None:
    """
    Parse an address, including an IPv4 address that is written as IPv6 (RFC 4291 section 2.5.5.2).

    @return: the address, or C{None} if the text is not one.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


@lru_cache(maxsize=_CACHED_ADDRESSES)
def networkOf(host: str) -> str:
    """
    Find the network by which an address is counted.

    @return: an IPv4 address itself; the /64 of an IPv6 address, such as C{2001:db8::/64}; any other
        text unchanged, such as the empty host of a UNIX socket.
    """
    address = addressOf(host)
    if address is None:
        return host
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address) >> HOST_BITS << HOST_BITS, 128 - HOST_BITS)))
