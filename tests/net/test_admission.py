"""
Tests for L{twisted_chat.net.admission}.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from ipaddress import ip_network

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import ServerFull
from twisted_chat.net.admission import MAX_ADDRESSES, Doorkeeper, Place
from twisted_chat.net.limits import KIB, Limits

ROOMY = Limits(maxNameless=10**6, namelessRefusedFrom=10**6, maxConnections=10**6)


class DoorkeeperTests(SynchronousTestCase):
    """
    Tests for L{Doorkeeper}.
    """

    def setUp(self) -> None:
        self.clock = Clock()

    def keeper(
        self, limits: Limits = ROOMY, *trusted: str, random: Callable[[], float] = lambda: 0.5
    ) -> Doorkeeper:
        """
        A doorkeeper on this test's clock.
        """
        return Doorkeeper(limits, self.clock.seconds, map(ip_network, trusted), random)

    def fill(self, keeper: Doorkeeper, host: str, tries: int = 100) -> list[Place]:
        """
        Come in from one address until it is refused.
        """
        places: list[Place] = []
        with contextlib.suppress(ServerFull):
            places.extend(keeper.admit(host) for _ in range(tries))
        return places

    def test_sixteenPerAddress(self) -> None:
        """The seventeenth connection of an address is refused until one of the others is gone."""
        keeper = self.keeper()
        places = self.fill(keeper, "192.0.2.1")
        self.assertEqual(len(places), 16)
        self.assertEqual(len(self.fill(keeper, "192.0.2.2")), 16)
        self.assertRaises(ServerFull, keeper.admit, "192.0.2.1")
        places[3].gone()
        keeper.admit("192.0.2.1")
        self.assertRaises(ServerFull, keeper.admit, "192.0.2.1")

    def test_thirtyTwoNewAMinute(self) -> None:
        """The thirty-third connection within any minute is refused, however short the others."""
        keeper = self.keeper()
        for _ in range(32):
            keeper.admit("192.0.2.1").gone()
            self.clock.advance(1)
        self.assertRaises(ServerFull, keeper.admit, "192.0.2.1")
        self.clock.advance(28)
        keeper.admit("192.0.2.1").gone()
        self.assertRaises(ServerFull, keeper.admit, "192.0.2.1")

    def test_refusedIsNotCounted(self) -> None:
        """Who keeps knocking while it is refused is let in no later."""
        keeper = self.keeper()
        for _ in range(32):
            keeper.admit("192.0.2.1").gone()
        for _ in range(60):
            self.assertRaises(ServerFull, keeper.admit, "192.0.2.1")
            self.clock.advance(1)
        keeper.admit("192.0.2.1")

    def test_boundsLifted(self) -> None:
        """Bounds of 0 let any number of one address in."""
        keeper = self.keeper(dataclasses.replace(ROOMY, maxPerAddress=0, newPerMinute=0))
        self.assertEqual(len(self.fill(keeper, "192.0.2.1", 200)), 200)

    def test_onePerNetworkOfIPv6(self) -> None:
        """The addresses of one IPv6 /64 count together, those of the next do not."""
        keeper = self.keeper()
        for n in range(16):
            keeper.admit(f"2001:db8::{n:x}:1")
        self.assertRaises(ServerFull, keeper.admit, "2001:db8:0:0:ffff::1")
        keeper.admit("2001:db8:0:1::1")

    def test_mappedAddress(self) -> None:
        """An IPv4 address written as IPv6 is the same address, and no other of that range."""
        keeper = self.keeper()
        self.fill(keeper, "::ffff:192.0.2.1")
        self.assertRaises(ServerFull, keeper.admit, "192.0.2.1")
        keeper.admit("::ffff:192.0.2.2")

    def test_exempt(self) -> None:
        """Loopback, trusted networks, and sockets of this machine have no limit per address."""
        keeper = self.keeper(ROOMY, "198.51.100.0/24", "2001:db8:5::/48")
        for host in [
            "127.0.0.1",
            "127.8.9.1",
            "::1",
            "::ffff:127.0.0.1",
            "198.51.100.7",
            "::ffff:198.51.100.7",
            "2001:db8:5:1::1",
            "",
        ]:
            self.assertEqual(len(self.fill(keeper, host, 50)), 50, host)
        self.assertEqual(len(self.fill(keeper, "198.51.101.7")), 16)

    def test_scopedAddress(self) -> None:
        """A link-local address with its interface is an address like any other."""
        self.assertEqual(len(self.fill(self.keeper(), "fe80::1%eth0")), 16)

    def test_full(self) -> None:
        """At the limit of connections nobody comes in, until somebody leaves."""
        keeper = self.keeper(dataclasses.replace(ROOMY, maxConnections=3))
        places = [keeper.admit("127.0.0.1") for _ in range(3)]
        for place in places:
            place.named()
        with self.assertRaises(ServerFull) as refused:
            keeper.admit("127.0.0.1")
        self.assertIn("full", refused.exception.sentence)
        places[0].gone()
        keeper.admit("127.0.0.1")

    def test_nameless(self) -> None:
        """Never more than a hundred are without a name; who has one makes room."""
        keeper = self.keeper(Limits(maxConnections=1000), random=lambda: 0.9999)
        places = self.fill(keeper, "127.0.0.1", 200)
        self.assertEqual(len(places), 100)
        places[0].named()
        places[0].named()
        self.assertEqual(len(self.fill(keeper, "127.0.0.1")), 1)

    def test_randomEarlyRefusal(self) -> None:
        """From fifty on the share of the refused rises from 30 % to all."""
        drawn = [0.0]
        keeper = self.keeper(Limits(), random=lambda: drawn[0])
        self.assertEqual(len(self.fill(keeper, "127.0.0.1")), 50)
        drawn[0] = 0.2999
        self.assertRaises(ServerFull, keeper.admit, "127.0.0.1")
        drawn[0] = 0.3
        keeper.admit("127.0.0.1")
        self.assertRaises(ServerFull, keeper.admit, "127.0.0.1")
        drawn[0] = 0.649
        self.assertEqual(keeper.nameless + len(self.fill(keeper, "127.0.0.1")), 75)

    def test_goneCountsOnce(self) -> None:
        """A connection that is gone frees its places once, whatever it is told afterwards."""
        keeper = self.keeper()
        first, second = keeper.admit("192.0.2.1"), keeper.admit("192.0.2.1")
        first.gone()
        first.gone()
        first.named()
        self.assertEqual((keeper.connections, keeper.nameless), (1, 1))
        second.named()
        self.assertEqual((keeper.connections, keeper.nameless), (1, 0))
        second.gone()
        self.assertEqual((keeper.connections, keeper.nameless), (0, 0))

    def test_oldAddressesAreForgotten(self) -> None:
        """Addresses that come and go over time do not add up."""
        keeper = self.keeper()
        stayed = self.fill(keeper, "192.0.2.1")
        for n in range(20 * KIB):
            keeper.admit(f"2001:db8:{n:x}::1").gone()
            self.clock.advance(0.1)
        self.assertLess(len(keeper._addresses), 3 * KIB)
        self.assertEqual(len(stayed), 16)
        self.assertRaises(ServerFull, keeper.admit, "192.0.2.1")

    def test_manyAddressesAtOnce(self) -> None:
        """More addresses in a minute than are remembered leave no more than the bound."""
        keeper = self.keeper()
        self.fill(keeper, "192.0.2.1")
        for n in range(MAX_ADDRESSES + 5 * KIB):
            keeper.admit(f"2001:db8:{n:x}::1").gone()
            self.assertLessEqual(len(keeper._addresses), MAX_ADDRESSES)
        self.assertRaises(ServerFull, keeper.admit, "192.0.2.1")

    def test_sentences(self) -> None:
        """A refusal is one sentence that says what to do."""
        keeper = self.keeper(dataclasses.replace(ROOMY, maxPerAddress=1))
        keeper.admit("192.0.2.1")
        with self.assertRaises(ServerFull) as refused:
            keeper.admit("192.0.2.1")
        self.assertEqual(
            refused.exception.sentence,
            "your address has all the connections it may have: close one first",
        )
