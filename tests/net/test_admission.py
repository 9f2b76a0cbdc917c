"""
Tests for L{twisted_chat.net.admission}.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
from collections.abc import Callable
from ipaddress import ip_network

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import ServerFull
from twisted_chat.net.admission import MAX_ADDRESSES, Admission, AdmissionControl
from twisted_chat.net.limits import KIB, Limits

ROOMY = Limits(maxSilent=10**6, maxConnections=10**7)


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
        @return: admission control on this test's clock.
        """
        return AdmissionControl(limits, self.clock.seconds, map(ip_network, trusted), random)

    def fill(self, control: AdmissionControl, host: str, tries: int = 100) -> list[Admission]:
        """
        Connect from one address until it is refused.
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
        """A bound of 0 lets any number of connections of one address in."""
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

    def test_trusted(self) -> None:
        """An admission tells whether there are no limits per address for it."""
        control = self.control(ROOMY, "10.0.0.0/8")
        for host, isTrusted in (
            ("10.1.2.3", True),
            ("127.0.0.1", True),
            ("::1", True),
            ("", True),
            ("192.0.2.1", False),
            ("2001:db8::1", False),
        ):
            self.assertEqual(control.admit(host).isTrusted, isTrusted, host)

    def test_scopedAddress(self) -> None:
        """A link-local address with its interface is an address like any other."""
        self.assertEqual(len(self.fill(self.control(), "fe80::1%eth0")), 16)

    def test_full(self) -> None:
        """A server at its limit of connections admits nobody until somebody leaves."""
        control = self.control(dataclasses.replace(ROOMY, maxConnections=3))
        admissions = [control.admit("127.0.0.1") for _ in range(3)]
        for admission in admissions:
            admission.loggedIn()
        with self.assertRaises(ServerFull) as refused:
            control.admit("127.0.0.1")
        self.assertIn("full", refused.exception.sentence)
        admissions[0].released()
        control.admit("127.0.0.1")

    def test_goneCountsOnce(self) -> None:
        """A connection that is gone frees its admission once, however often it is ended."""
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
        """Addresses that come and go over time are forgotten."""
        control = self.control()
        stayed = self.fill(control, "192.0.2.1")
        for n in range(20 * KIB):
            control.admit(f"2001:db8:{n:x}::1").released()
            self.clock.advance(0.1)
        self.assertLess(len(control._addresses), 3 * KIB)
        self.assertEqual(len(stayed), 16)
        self.assertRaises(ServerFull, control.admit, "192.0.2.1")

    def test_manyAddressesAtOnce(self) -> None:
        """No more addresses than the bound are remembered, however many come in a minute."""
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


class RoomTests(SynchronousTestCase):
    """
    Newcomers beside silent connections.

    @ivar gone: who was closed to make room, in order.
    """

    limits = Limits(maxSilent=4, silentAfter=1.0, maxConnections=1000)

    def setUp(self) -> None:
        self.clock = Clock()
        self.gone: list[str] = []
        self.drawn = 0.0
        self.control = self.makeControl(self.limits)

    def makeControl(self, limits: Limits) -> AdmissionControl:
        """
        @return: admission control that draws the number that the test says.
        """
        return AdmissionControl(limits, self.clock.seconds, (), lambda: self.drawn)

    def come(self, *hosts: str) -> list[Admission]:
        """
        Connect from these addresses, one after the other.
        """

        def come(host: str) -> Admission:
            def giveWay() -> bool:
                self.gone.append(host)
                admission.released()
                return True

            admission = self.control.admit(host, giveWay)
            return admission

        return [come(host) for host in hosts]

    def test_crowd(self) -> None:
        """A crowd that comes at one instant is let in, and no connection is closed for it."""
        self.control = self.makeControl(Limits(maxConnections=10_000))
        self.come(*(f"10.{n >> 8}.{n & 255}.1" for n in range(9_000)))
        self.assertEqual((self.control.connections, self.gone), (9_000, []))

    def test_silentMakeRoom(self) -> None:
        """A newcomer replaces one of the silent connections when these are too many."""
        self.come(*(f"10.0.{n}.1" for n in range(6)))
        self.clock.advance(0.9)
        self.come("10.1.0.1")
        self.assertEqual(self.gone, [])
        self.clock.advance(0.1)
        self.drawn = 0.5
        self.come("10.2.0.1")
        self.assertEqual(self.gone, ["10.0.3.1"])

    def test_byChance(self) -> None:
        """Any silent connection may be replaced, the first and the last as well."""
        for drawn, gone in ((0.0, "10.0.0.1"), (0.99999, "10.0.3.1")):
            self.setUp()
            self.come(*(f"10.0.{n}.1" for n in range(4)))
            self.clock.advance(1)
            self.drawn = drawn
            self.come("10.1.0.1")
            self.assertEqual(self.gone, [gone])

    def test_ownAddressFirst(self) -> None:
        """A newcomer replaces the oldest of its own address or, without one, of its network."""
        self.come("10.0.0.1", "10.0.0.2", "10.0.0.2", "2001:db8:1:1::1", "2001:db8:1:2::1")
        self.clock.advance(1)
        self.come("::ffff:10.0.0.2", "2001:db8:1:2::5", "2001:db8:1:3::1", "10.0.0.9")
        expected = ["10.0.0.2", "2001:db8:1:2::1"]
        self.assertEqual(self.gone, expected)

    def test_loggingIn(self) -> None:
        """A client that has sent a name is not silent while the server works on it, nor after."""
        waiting = self.come(*(f"10.0.{n}.1" for n in range(4)))
        for admission in waiting:
            admission.loginBegun()
        self.clock.advance(30)
        self.come("10.1.0.1")
        for admission in waiting:
            admission.loginFailed()
        self.come("10.1.0.2")
        self.clock.advance(1)
        self.assertEqual(self.gone, [])
        self.come("10.1.0.3")
        self.assertEqual(len(self.gone), 1)

    def test_loggedIn(self) -> None:
        """A client that is logged in replaces nobody."""
        for admission in self.come(*(f"10.0.{n}.1" for n in range(10))):
            admission.loginBegun()
            admission.loggedIn()
            admission.loginFailed()
        self.clock.advance(60)
        self.come(*(f"10.1.{n}.1" for n in range(4)))
        self.assertEqual((self.gone, self.control.unauthenticated), ([], 4))

    def test_unreadIsNotSilent(self) -> None:
        """A client whose bytes are not read yet stays, and another one is replaced."""
        kept = [self.control.admit(f"10.0.{n}.1", lambda: False) for n in range(3)]
        self.come("10.0.3.1", "10.0.4.1")
        self.clock.advance(1)
        self.come("10.1.0.1")
        self.assertEqual(len(self.gone), 1)
        self.assertEqual(self.control.connections, 5)
        for admission in kept:
            admission.released()
        self.assertEqual(self.control.connections, 2)

    def test_nobodyIsSilent(self) -> None:
        """A newcomer is let in beside any number of connections that are only unread."""
        for n in range(50):
            self.control.admit(f"10.0.{n}.1", lambda: False)
        self.clock.advance(1)
        self.come("10.1.0.1")
        self.assertEqual(self.control.connections, 51)

    def test_full(self) -> None:
        """A full server has room for a newcomer while anybody is silent."""
        self.control = self.makeControl(Limits(maxConnections=3))
        first, *_ = self.come("10.0.0.1", "10.0.1.1", "10.0.2.1")
        first.loggedIn()
        self.clock.advance(1)
        waiting = self.come("10.1.0.1", "10.1.0.2")
        self.assertEqual(sorted(self.gone), ["10.0.1.1", "10.0.2.1"])
        self.come("10.1.0.3")
        self.assertEqual(self.gone[2:], ["10.1.0.1"])
        waiting[1].loggedIn()
        for admission in self.come("10.1.0.4"):
            admission.loginBegun()
        with self.assertRaises(ServerFull) as refused:
            self.control.admit("10.1.0.5")
        self.assertEqual(refused.exception.sentence, "the server is full: try again later")
        self.assertEqual(self.gone[3:], ["10.1.0.3"])

    def test_refusedTakesNoPlace(self) -> None:
        """An address at its own limit costs nobody a place."""
        self.come(*["10.0.0.1"] * 16)
        self.clock.advance(1)
        self.assertRaises(ServerFull, self.control.admit, "10.0.0.1")
        self.assertEqual(self.gone, [])

    def test_nothingIsKept(self) -> None:
        """No record is kept of connections that are gone, in whichever way."""
        admissions = self.come(*(f"10.0.{n}.1" for n in range(8)))
        self.clock.advance(1)
        admissions += self.come("10.1.0.1")
        admissions[3].loginBegun()
        admissions[4].loggedIn()
        for admission in admissions:
            admission.released()
            admission.loginFailed()
        silent = self.control._silent
        self.assertEqual((len(silent), silent._groups, silent._places), (0, {}, {}))
        self.assertEqual(len(self.control._young), 0)


class FloodTests(SynchronousTestCase):
    """
    Users and programs beside a flood of silent connections, simulated on a clock.
    """

    def flood(self, hosts: list[str], people: list[str], held: int, limits: Limits) -> list[int]:
        """
        Hold C{held} connections from C{hosts} open, each renewed as soon as it is closed and the
        limits allow it, while newcomers come from C{people}, two a second by turns: programs, and
        persons who type for 8 seconds.

        @return: how many programs and how many persons got in.
        """
        clock, chance = Clock(), random.Random(1)
        control = AdmissionControl(limits, clock.seconds, (), chance.random)
        lost: set[int] = set()
        entered = [0, 0]
        count = 0

        def connect(host: str) -> int | None:
            nonlocal count
            count += 1
            number = count

            def giveWay() -> bool:
                lost.add(number)
                admission.released()
                return True

            try:
                admission = control.admit(host, giveWay)
            except ServerFull:
                return None
            admissions[number] = admission
            return number

        admissions: dict[int, Admission] = {}
        silent: list[tuple[float, int]] = []
        typing: list[tuple[float, int, int]] = []
        for step in range(600):
            now = clock.seconds()
            for begun, number in silent:
                if now - begun >= 30:
                    lost.add(number)
                    admissions[number].released()
            silent = [each for each in silent if each[1] not in lost]
            for host in chance.choices(hosts, k=min(1000, held - len(silent))):
                came = connect(host)
                if came is not None:
                    silent.append((now, came))
            if step >= 100 and step % 5 == 0 and len(typing) < 200:
                kind = step // 5 % 2
                came = connect(people[len(typing) % len(people)])
                if came is not None:
                    typing.append((now + 8 * kind, kind, came))
            for due, kind, number in typing:
                if due <= now < due + 0.099 and number not in lost:
                    entered[kind] += 1
                    admissions[number].loggedIn()
            clock.advance(0.1)
        return entered

    PEOPLE = [f"198.51.{n}.7" for n in range(100)]
    FEW = Limits(maxConnections=960)

    def assertEntered(self, entered: list[int], persons: int = 38) -> None:
        """
        Assert that all 50 programs got in, and of 42 persons who had the time for it at least as
        many as this: 18 of 20.
        """
        self.assertEqual(entered[0], 50)
        self.assertGreaterEqual(entered[1], persons)

    def test_oneNetwork(self) -> None:
        """1,000 connections of 250 addresses in one network keep nobody out."""
        hosts = [f"203.0.113.{n}" for n in range(250)]
        self.assertEntered(self.flood(hosts, self.PEOPLE, 1000, Limits(maxConnections=65_000)))
        self.assertEntered(self.flood(hosts, self.PEOPLE, 1000, self.FEW))

    def test_manyNetworks(self) -> None:
        """1,000 connections of 250 addresses in as many networks keep nobody out."""
        hosts = [f"203.{n}.113.1" for n in range(250)]
        self.assertEntered(self.flood(hosts, self.PEOPLE, 1000, Limits(maxConnections=65_000)))
        self.assertEntered(self.flood(hosts, self.PEOPLE, 1000, self.FEW))

    def test_neighbours(self) -> None:
        """Users get in beside a flood of their own network."""
        hosts = [f"203.0.113.{n}" for n in range(200)]
        people = [f"203.0.113.{n}" for n in range(200, 256)]
        self.assertEntered(self.flood(hosts, people, 1000, self.FEW))

    def test_largeFlood(self) -> None:
        """4,000 connections of 250 addresses keep nobody out."""
        hosts = [f"203.{n}.113.1" for n in range(250)]
        self.assertEntered(self.flood(hosts, self.PEOPLE, 4000, Limits(maxConnections=65_000)))

    def test_strangersOnly(self) -> None:
        """A flood of 3,000 single addresses in as many networks keeps few out, and no program."""
        hosts = [f"203.{n >> 8}.{n & 255}.1" for n in range(3000)]
        limits = Limits(maxConnections=65_000)
        self.assertEntered(self.flood(hosts, self.PEOPLE, 3000, limits), 20)
