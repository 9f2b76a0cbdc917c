# -*- test-case-name: tests.net.test_addresses -*-
"""
Where a client comes from.
"""

from __future__ import annotations

from typing import Any


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
