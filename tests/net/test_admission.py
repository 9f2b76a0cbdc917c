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
from twisted_chat.net.admission import MAX_ADDRESSES, Admission, AdmissionControl
from twisted_chat.net.limits import KIB, Limits

ROOMY = Limits(maxUnauthenticated=10**6, unauthenticatedRefusedFrom=10**6, maxConnections=10**6)


class AdmissionControlTests(SynchronousTestCase):
    """
    Tests for L{AdmissionControl}.
    """

    def setUp(self) -> None:
        self.clock = Clock()

    def control(
        self, limits: Limits = ROOMY, *trusted: str, random: Callable[[], float] = lambda: 0.5
    ) -> AdmissionControl:
        """
        Admission control on this test's clock.
        """
        return AdmissionControl(limits, self.clock.seconds, map(ip_network, trusted), random)

    def fill(self, control: AdmissionControl, host: str, tries: int = 100) -> list[Admission]:
        """
        Come in from one address until it is refused.
        """
        admissions: list[Admission] = []
        with contextlib.suppress(ServerFull):
            admissions.extend(control.admit(host) for _ in range(tries))
        return admissions

    def test_sixteenPerAddress(self) -> None:
        """The seventeenth connection of an address is refused until one of the others is gone."""
        control = self.control()
        admissions = self.fill(control, "192.0.2.1")
        self.assertEqual(len(admissions), 16)
        self.assertEqual(len(self.fill(control, "192.0.2.2")), 16)
        self.assertRaises(ServerFull, control.admit, "192.0.2.1")
        admissions[3].released()
        control.admit("192.0.2.1")
        self.assertRaises(ServerFull, control.admit, "192.0.2.1")

    def test_thirtyTwoNewAMinute(self) -> None:
        """The thirty-third connection within any minute is refused, however short the others."""
        control = self.control()
        for _ in range(32):
            control.admit("192.0.2.1").released()
            self.clock.advance(1)
        self.assertRaises(ServerFull, control.admit, "192.0.2.1")
        self.clock.advance(28)
        control.admit("192.0.2.1").released()
        self.assertRaises(ServerFull, control.admit, "192.0.2.1")

    def test_refusedIsNotCounted(self) -> None:
        """A client that keeps trying while it is refused is admitted no later."""
        control = self.control()
        for _ in range(32):
            control.admit("192.0.2.1").released()
        for _ in range(60):
            self.assertRaises(ServerFull, control.admit, "192.0.2.1")
            self.clock.advance(1)
        control.admit("192.0.2.1")

    def test_boundsLifted(self) -> None:
        """Bounds of 0 let any number of one address in."""
        control = self.control(dataclasses.replace(ROOMY, maxPerAddress=0, newPerMinute=0))
        self.assertEqual(len(self.fill(control, "192.0.2.1", 200)), 200)

    def test_onePerNetworkOfIPv6(self) -> None:
        """The addresses of one IPv6 /64 count together, those of the next do not."""
        control = self.control()
        for n in range(16):
            control.admit(f"2001:db8::{n:x}:1")
        self.assertRaises(ServerFull, control.admit, "2001:db8:0:0:ffff::1")
        control.admit("2001:db8:0:1::1")

    def test_mappedAddress(self) -> None:
        """An IPv4 address written as IPv6 is the same address, and no other of that range."""
        control = self.control()
        self.fill(control, "::ffff:192.0.2.1")
        self.assertRaises(ServerFull, control.admit, "192.0.2.1")
        control.admit("::ffff:192.0.2.2")

    def test_exempt(self) -> None:
        """Loopback, trusted networks, and sockets of this machine have no limit per address."""
        control = self.control(ROOMY, "198.51.100.0/24", "2001:db8:5::/48")
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
            self.assertEqual(len(self.fill(control, host, 50)), 50, host)
        self.assertEqual(len(self.fill(control, "198.51.101.7")), 16)

    def test_scopedAddress(self) -> None:
        """A link-local address with its interface is an address like any other."""
        self.assertEqual(len(self.fill(self.control(), "fe80::1%eth0")), 16)

    def test_full(self) -> None:
        """At the limit of connections nobody comes in, until somebody leaves."""
        control = self.control(dataclasses.replace(ROOMY, maxConnections=3))
        admissions = [control.admit("127.0.0.1") for _ in range(3)]
        for admission in admissions:
            admission.loggedIn()
        with self.assertRaises(ServerFull) as refused:
            control.admit("127.0.0.1")
        self.assertIn("full", refused.exception.sentence)
        admissions[0].released()
        control.admit("127.0.0.1")

    def test_unauthenticated(self) -> None:
        """Never more than a hundred have not logged in; each login makes room."""
        control = self.control(Limits(maxConnections=1000), random=lambda: 0.9999)
        admissions = self.fill(control, "127.0.0.1", 200)
        self.assertEqual(len(admissions), 100)
        admissions[0].loggedIn()
        admissions[0].loggedIn()
        self.assertEqual(len(self.fill(control, "127.0.0.1")), 1)

    def test_randomEarlyRefusal(self) -> None:
        """From fifty on the share of the refused rises from 30 % to all."""
        drawn = [0.0]
        control = self.control(Limits(), random=lambda: drawn[0])
        self.assertEqual(len(self.fill(control, "127.0.0.1")), 50)
        drawn[0] = 0.2999
        self.assertRaises(ServerFull, control.admit, "127.0.0.1")
        drawn[0] = 0.3
        control.admit("127.0.0.1")
        self.assertRaises(ServerFull, control.admit, "127.0.0.1")
        drawn[0] = 0.649
        self.assertEqual(control.unauthenticated + len(self.fill(control, "127.0.0.1")), 75)

    def test_goneCountsOnce(self) -> None:
        """A connection that is gone frees its admissions once, whatever it is told afterwards."""
        control = self.control()
        first, second = control.admit("192.0.2.1"), control.admit("192.0.2.1")
        first.released()
        first.released()
        first.loggedIn()
        self.assertEqual((control.connections, control.unauthenticated), (1, 1))
        second.loggedIn()
        self.assertEqual((control.connections, control.unauthenticated), (1, 0))
        second.released()
        self.assertEqual((control.connections, control.unauthenticated), (0, 0))

    def test_oldAddressesAreForgotten(self) -> None:
        """Addresses that come and go over time do not add up."""
        control = self.control()
        stayed = self.fill(control, "192.0.2.1")
        for n in range(20 * KIB):
            control.admit(f"2001:db8:{n:x}::1").released()
            self.clock.advance(0.1)
        self.assertLess(len(control._addresses), 3 * KIB)
        self.assertEqual(len(stayed), 16)
        self.assertRaises(ServerFull, control.admit, "192.0.2.1")

    def test_manyAddressesAtOnce(self) -> None:
        """More addresses in a minute than are remembered leave no more than the bound."""
        control = self.control()
        self.fill(control, "192.0.2.1")
        for n in range(MAX_ADDRESSES + 5 * KIB):
            control.admit(f"2001:db8:{n:x}::1").released()
            self.assertLessEqual(len(control._addresses), MAX_ADDRESSES)
        self.assertRaises(ServerFull, control.admit, "192.0.2.1")

    def test_sentences(self) -> None:
        """A refusal is one sentence that says what to do."""
        control = self.control(dataclasses.replace(ROOMY, maxPerAddress=1))
        control.admit("192.0.2.1")
        with self.assertRaises(ServerFull) as refused:
            control.admit("192.0.2.1")
        self.assertEqual(
            refused.exception.sentence,
            "your address has all the connections it may have: close one first",
        )
