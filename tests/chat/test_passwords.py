# -*- test-case-name: tests.chat.test_passwords -*-
"""
Tests for L{twisted_chat.chat.passwords}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.passwords import FREE_TRIES, PasswordGuard
from twisted_chat.errors import TooManyTries


class GuardTests(SynchronousTestCase):
    """
    The addresses whose wrong passwords are counted together.
    """

    def isSlowed(self, first: str, second: str) -> bool:
        """
        @return: whether the wrong passwords of one address slow down another one.
        """
        guard = PasswordGuard(lambda: 0.0)
        for _ in range(FREE_TRIES):
            guard.check(1, first)
            guard.failed(1, first)
        guard.check(2, first)
        try:
            guard.check(1, second)
        except TooManyTries:
            return True
        return False

    def test_addresses(self) -> None:
        """Wrong passwords slow their own address down, and no other one."""
        self.assertTrue(self.isSlowed("192.0.2.1", "192.0.2.1"))
        self.assertFalse(self.isSlowed("192.0.2.1", "192.0.2.2"))

    def test_network(self) -> None:
        """All addresses that one client of IPv6 may choose from are counted together."""
        self.assertTrue(self.isSlowed("2001:db8::1", "2001:db8::ffff:2"))
        self.assertFalse(self.isSlowed("2001:db8::1", "2001:db8:0:1::1"))
        self.assertTrue(self.isSlowed("fe80::1%eth0", "fe80::2%eth0"))

    def test_noAddress(self) -> None:
        """A user who connects over a socket of this machine is counted, too."""
        self.assertTrue(self.isSlowed("", ""))
        self.assertTrue(self.isSlowed("not:an:address", "not:an:address"))
