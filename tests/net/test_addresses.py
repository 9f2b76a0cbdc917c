"""
Tests for L{twisted_chat.net.addresses}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.net.addresses import peerOf


class AddressTests(SynchronousTestCase):
    """
    Tests for L{peerOf}.
    """

    def test_peerOf(self) -> None:
        """A transport has the address and port of its peer, or neither."""
        for address, expected in (
            (IPv4Address("TCP", "192.0.2.7", 5), ("192.0.2.7", 5)),
            (IPv6Address("TCP", "2001:db8::7", 6), ("2001:db8::7", 6)),
            (UNIXAddress("/run/chat"), ("", 0)),
            (None, ("", 0)),
        ):
            transport: Any = StringTransport()
            transport.getPeer = lambda address=address: address
            self.assertEqual(peerOf(transport), expected)
