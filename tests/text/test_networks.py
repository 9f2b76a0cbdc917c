"""
Tests for L{twisted_chat.text.networks}.
"""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import given
from hypothesis.strategies import characters, ip_addresses, text
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.text.networks import addressOf, networkOf


class NetworkTests(SynchronousTestCase):
    """
    Tests for L{addressOf} and L{networkOf}.
    """

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

    def test_networkOf(self) -> None:
        """
        An IPv4 address is counted alone, and an IPv6 one with all that its client may choose from.
        """
        for host, expected in (
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::ffff:c000:207", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::/64"),
            ("2001:DB8:0:0:ffff::7", "2001:db8::/64"),
            ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("", ""),
            ("not:an:address", "not:an:address"),
        ):
            self.assertEqual(networkOf(host), expected, host)

    @given(ip_addresses(v=6))
    def test_neighbours(self, address: object) -> None:
        """The last address of a network is counted with the first."""
        network = networkOf(str(address))
        if ":" in network:
            self.assertEqual(networkOf(network.replace("::/64", "::")), network)

    @given(text(characters()))
    def test_anyText(self, host: str) -> None:
        """Any text is counted under some key."""
        self.assertIsInstance(networkOf(host), str)
