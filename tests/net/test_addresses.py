"""
Tests for L{twisted_chat.net.addresses}.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.net.addresses import addressOf, peerOf


class AddressTests(SynchronousTestCase):
    """
    Tests for L{peerOf} and L{addressOf}.
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

    def test_addressOf(self) -> None:
        """An IPv4 address inside IPv6 is an IPv4 address, and a name is none."""
        for host, expected in (
            ("192.0.2.7", ip_address("192.0.2.7")),
            ("::ffff:192.0.2.7", ip_address("192.0.2.7")),
            ("2001:db8::7", ip_address("2001:db8::7")),
            ("example.com", None),
            ("", None),
        ):
            self.assertEqual(addressOf(host), expected, host)
