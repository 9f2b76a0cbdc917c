# -*- test-case-name: tests.chat.test_networks -*-
"""
What addresses are counted by.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def networkOf(host: str) -> str:
    """
    @param host: a numeric address; empty where there is none.
    @return: what it is counted by: of IPv6 its upper 64 bits, since the client is free to choose
        the lower ones (RFC 4291 section 2.5.4).
    """
    if ":" not in host:
        return host
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return f"{int(address) >> 64:x}::" if isinstance(address, IPv6Address) else host
