# -*- test-case-name: tests.chat.test_networks -*-
"""
Tests for L{twisted_chat.chat.networks}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.networks import networkOf


class NetworkTests(SynchronousTestCase):
    """
    What addresses are counted by.
    """

    def test_four(self) -> None:
        """An IPv4 address stands for itself."""
        self.assertEqual(networkOf("192.0.2.1"), "192.0.2.1")

    @settings(deadline=None, max_examples=60, derandomize=True)
    @given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
    def test_six(self, address: object, low: int) -> None:
        """The lower half of an IPv6 address makes no difference, the upper half does."""
        high = int(address) >> 64 << 64  # type: ignore[call-overload]
        same, other = type(address)(high | low), type(address)(high ^ (1 << 64))  # type: ignore[call-arg]
        self.assertEqual(networkOf(str(address)), networkOf(str(same)))
        self.assertNotEqual(networkOf(str(address)), networkOf(str(other)))

    @settings(deadline=None, max_examples=100, derandomize=True)
    @given(st.text())
    def test_other(self, host: str) -> None:
        """What is no IPv6 address stands for itself, whatever it is."""
        self.assertTrue(networkOf(host) == host or ":" in host)
