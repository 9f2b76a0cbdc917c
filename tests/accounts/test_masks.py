# -*- test-case-name: tests.accounts.test_masks -*-
"""
Tests for L{twisted_chat.accounts.masks}.
"""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.accounts.test_bans import NOW, ban
from tests.support.laws import visitor
from twisted_chat.accounts.bans import BanIndex
from twisted_chat.accounts.masks import (
    MAX_PATTERN,
    MAX_STARS,
    Pattern,
    checkedNet,
    checkedPattern,
    hostNet,
    isOneHost,
    networkHolds,
    parseNetwork,
    shapes,
)
from twisted_chat.errors import BadCommand, ChatError

FAST = settings(deadline=None, max_examples=200, derandomize=True, database=None)


class PatternTests(SynchronousTestCase):
    """
    Patterns with stars.
    """

    @FAST
    @given(st.text("ab*", max_size=8), st.text("ab", max_size=10))
    def test_likeAnExpression(self, shape: str, name: str) -> None:
        """A star stands for any characters or none, and everything else for itself."""
        expression = ".*".join(map(re.escape, shape.split("*")))
        assert Pattern(shape).matches(name) == (re.fullmatch(expression, name) is not None)

    def test_bounds(self) -> None:
        """A pattern has a bounded number of stars, and other characters beside them."""
        for text in ("ab*", "*ab", "a*b", "*a*b*c*"):
            self.assertEqual(checkedPattern(text), text)
        for text in ("ab", "", "*", "a*", "*a*b*c*d*", "x" * MAX_PATTERN + "*"):
            self.assertRaises(BadCommand, checkedPattern, text)
        self.assertEqual(MAX_STARS, 4)

    def test_shapes(self) -> None:
        """A pattern is compared by all its looks, and keeps its stars."""
        self.assertIn("*neil*", shapes("*NeiI*"))
        self.assertTrue(all(shape.count("*") == 2 for shape in shapes("*NeiI*")))

    @FAST
    @given(st.text(max_size=MAX_PATTERN + 2))
    def test_anything(self, text: str) -> None:
        """Any text is a pattern that can be tried, or refused."""
        try:
            checkedPattern(text)
        except ChatError as error:
            assert error.sentence.isprintable()
            return
        for shape in shapes(text):
            Pattern(shape).matches("name")


class NetworkTests(SynchronousTestCase):
    """
    Networks in their one spelling.
    """

    def test_checked(self) -> None:
        """A network is accepted in its one spelling, unless it is half the world."""
        for text in ("10.0.0.0/8", "192.0.2.1/32", "2001:db8::/64", "2001::/16"):
            self.assertEqual(checkedNet(text), text)
        for text in (
            *(
                "192.0.2.1",
                "192.0.2.1/24",
                "2001:DB8::/64",
                "2001:db8::1/128",
                "::ffff:1.2.3.4/128",
            ),
            *("0.0.0.0/0", "0.0.0.0/7", "::/0", "2000::/15", "x", "", "fe80::%eth0/64"),
        ):
            self.assertRaises(BadCommand, checkedNet, text)

    def test_oneHost(self) -> None:
        """One household has an address of IPv4, or a /64."""
        self.assertTrue(isOneHost("192.0.2.1/32"))
        self.assertTrue(isOneHost("2001:db8::/64"))
        self.assertFalse(isOneHost("192.0.2.0/31"))
        self.assertFalse(isOneHost("2001:db8::/63"))

    @FAST
    @given(st.ip_addresses(), st.ip_addresses(), st.integers(16, 64))
    def test_networkHolds(self, base: Any, other: Any, bits: int) -> None:
        """A network holds the hosts that are found in a ban of it."""
        net = parseNetwork(f"{base}/{min(bits, base.max_prefixlen)}")
        assert net is not None
        index = BanIndex()
        index.put(ban(1, net=net))
        for host in (str(base), str(other), f"::ffff:{base}" if base.version == 4 else "x", ""):
            found = index.find("!", "enter", visitor("A", host), NOW)
            assert networkHolds(net)(host) == (found is not None), host

    def test_hostNet(self) -> None:
        """A guest's ban names the host that they came from, but never this machine."""
        self.assertEqual(hostNet("192.0.2.1"), "192.0.2.1/32")
        self.assertEqual(hostNet("::ffff:192.0.2.1"), "192.0.2.1/32")
        self.assertEqual(hostNet("2001:db8::1"), "2001:db8::/64")
        for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "", "socket"):
            self.assertIsNone(hostNet(host), host)

    @FAST
    @given(
        st.one_of(
            st.text(max_size=20),
            st.ip_addresses().map(str),
            st.tuples(st.ip_addresses(), st.integers(0, 128)).map(
                lambda pair: f"{pair[0]}/{pair[1]}"
            ),
        )
    )
    def test_parsed(self, text: str) -> None:
        """Any text is a network whose spelling is its own, or none."""
        net = parseNetwork(text)
        assert net is None or parseNetwork(net) == net
