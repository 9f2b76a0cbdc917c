# -*- test-case-name: tests.text.test_networks -*-
"""
Numeric addresses, and the networks by which whoever comes from them is counted.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

HOST_BITS: Final = 64
"""Bits of an IPv6 address that a client is free to choose (RFC 4291 section 2.5.4)."""

_KEPT: Final = 1024
"""Addresses that are parsed once: most clients have connected before."""


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


@lru_cache(maxsize=_KEPT)
def networkOf(host: str) -> str:
    """
    Find what an address is counted by.

    @return: an IPv4 address itself; the network of an IPv6 one, with its 64 bits, such as
        C{2001:db8::/64}; any other text as it is, such as the empty one of a socket of this
        machine.
    """
    address = addressOf(host)
    if address is None:
        return host
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address) >> HOST_BITS << HOST_BITS, 128 - HOST_BITS)))
