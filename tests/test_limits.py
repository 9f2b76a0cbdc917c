"""
Tests for L{twisted_chat.limits}.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import Logger, LogLevel
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat import limits as module
from twisted_chat.errors import ServerFull
from twisted_chat.limits import (
    KIB,
    MAX_ADDRESSES,
    Doorkeeper,
    Limits,
    Place,
    QueueLedger,
    RateLimitedLog,
    TokenBucket,
    keepAlive,
    raiseDescriptorLimit,
)

ROOMY = Limits(maxNameless=10**6, namelessRefusedFrom=10**6, maxConnections=10**6)


class LimitsTests(SynchronousTestCase):
    """
    Tests for L{Limits}.
    """

    def test_frozen(self) -> None:
        """Nobody changes the bounds of a running server by accident."""
        with self.assertRaises(dataclasses.FrozenInstanceError):
            Limits().rate = 0  # type: ignore[misc]

    def test_onlyByName(self) -> None:
        """A bound is given by its name, since so many numbers are told apart by nothing else."""
        with self.assertRaises(TypeError):
            Limits(4096)  # type: ignore[call-arg]


class TokenBucketTests(SynchronousTestCase):
    """
    Tests for L{TokenBucket}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1234.5)

    def test_burstAtOnce(self) -> None:
        """As many as the burst pass at once, the next waits for one token."""
        bucket = TokenBucket(10, 50, self.clock.seconds)
        self.assertEqual([bucket.take() for _ in range(50)], [0.0] * 50)
        self.assertAlmostEqual(bucket.take(), 0.1)

    def test_refusedTakesNothing(self) -> None:
        """Asking in vain does not lengthen the wait."""
        bucket = TokenBucket(10, 1, self.clock.seconds)
        bucket.take()
        waits = {bucket.take() for _ in range(100)}
        self.assertEqual(len(waits), 1)

    def test_waitIsEnough(self) -> None:
        """Who waits as long as it was told is served, at the rate over any length of time."""
        bucket = TokenBucket(3, 5, self.clock.seconds)
        begun = self.clock.seconds()
        for _ in range(305):
            wait = bucket.take()
            if wait:
                self.clock.advance(wait)
                self.assertEqual(bucket.take(), 0.0)
        self.assertAlmostEqual(self.clock.seconds() - begun, 100.0, places=3)

    def test_fillsUpToTheBurst(self) -> None:
        """A long silence earns one burst, not more."""
        bucket = TokenBucket(10, 5, self.clock.seconds)
        self.clock.advance(3600)
        self.assertEqual([bucket.take() for _ in range(5)], [0.0] * 5)
        self.assertGreater(bucket.take(), 0.0)

    def test_severalTokens(self) -> None:
        """Several tokens are taken together or not at all."""
        bucket = TokenBucket(10, 5, self.clock.seconds)
        self.assertEqual(bucket.take(4), 0.0)
        self.assertAlmostEqual(bucket.take(3), 0.2)
        self.assertEqual(bucket.take(1), 0.0)

    def test_moreThanTheBurst(self) -> None:
        """What costs more than the burst passes from a full bucket and is paid for after."""
        bucket = TokenBucket(10, 5, self.clock.seconds)
        self.assertEqual(bucket.take(20), 0.0)
        self.assertAlmostEqual(bucket.take(), 1.6)

    def test_noRate(self) -> None:
        """A rate of 0 lifts the limit."""
        bucket = TokenBucket(0, 1, self.clock.seconds)
        self.assertEqual({bucket.take() for _ in range(1000)}, {0.0})

    @settings(deadline=None, derandomize=True, max_examples=50)
    @given(
        st.floats(0.1, 1000),
        st.integers(1, 100),
        st.lists(st.tuples(st.floats(0, 10), st.integers(1, 5)), max_size=60),
    )
    def test_neverMoreThanPromised(
        self, rate: float, burst: int, steps: list[tuple[float, int]]
    ) -> None:
        """Over any time no more pass than the burst and the rate allow."""
        clock = Clock()
        bucket = TokenBucket(rate, burst, clock.seconds)
        passed = 0
        for pause, n in steps:
            clock.advance(pause)
            if n <= burst and bucket.take(n) == 0:
                passed += n
            self.assertLessEqual(passed, burst + clock.seconds() * rate + 0.01)


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


class QueueLedgerTests(SynchronousTestCase):
    """
    Tests for L{QueueLedger}.
    """

    def test_withinTheLimit(self) -> None:
        """Nobody is cut up to the limit, and what was read makes room."""
        ledger: QueueLedger[str] = QueueLedger(100)
        self.assertEqual(ledger.grow("ann", 60), ())
        self.assertEqual(ledger.grow("bob", 40), ())
        ledger.shrink("ann", 60)
        self.assertEqual(ledger.total, 40)
        self.assertEqual(ledger.grow("cid", 60), ())

    def test_largestFirst(self) -> None:
        """Above the limit the largest are cut, as few as bring an eighth of it back."""
        ledger: QueueLedger[str] = QueueLedger(800)
        for owner, size in [("ann", 50), ("bob", 500), ("cid", 60), ("dan", 190)]:
            ledger.grow(owner, size)
        self.assertEqual(ledger.grow("ann", 1), ["bob"])
        self.assertEqual(ledger.total, 301)
        self.assertEqual(ledger.grow("eve", 500), ["eve"])

    def test_severalAreCut(self) -> None:
        """A crowd of small backlogs is cut in one go."""
        ledger: QueueLedger[int] = QueueLedger(800)
        cut = [owner for n in range(100) for owner in ledger.grow(n, 10)]
        self.assertEqual(cut, list(range(11)) + list(range(11, 22)))
        self.assertLessEqual(ledger.total, 800)

    def test_cutIsForgotten(self) -> None:
        """Who was cut or is gone can be shrunk and forgotten again without harm."""
        ledger: QueueLedger[str] = QueueLedger(10)
        self.assertEqual(ledger.grow("ann", 11), ["ann"])
        ledger.shrink("ann", 11)
        ledger.forget("ann")
        ledger.grow("bob", 5)
        ledger.forget("bob")
        ledger.shrink("bob", 5)
        self.assertEqual(ledger.total, 0)

    @settings(deadline=None, derandomize=True, max_examples=50)
    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(-30, 60)), max_size=80))
    def test_totalIsTheSum(self, steps: list[tuple[int, int]]) -> None:
        """The total is the sum of all backlogs and never above the limit."""
        ledger: QueueLedger[int] = QueueLedger(100)
        sizes: dict[int, int] = {}
        for owner, n in steps:
            if n > 0:
                sizes[owner] = sizes.get(owner, 0) + n
                for cut in ledger.grow(owner, n):
                    self.assertEqual(sizes[cut], max(sizes.values()))
                    del sizes[cut]
            else:
                taken = min(-n, sizes.get(owner, 0))
                sizes[owner] = sizes.get(owner, 0) - taken
                ledger.shrink(owner, taken)
            self.assertEqual(ledger.total, sum(sizes.values()))
            self.assertLessEqual(ledger.total, 100)


class RateLimitedLogTests(SynchronousTestCase):
    """
    Tests for L{RateLimitedLog}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.events: list[dict[str, Any]] = []
        logger = Logger(namespace="test", observer=self.events.append)  # type: ignore[arg-type]
        self.log = RateLimitedLog(logger, self.clock.seconds)

    def test_onceASecondAKind(self) -> None:
        """A kind is written once a second, and the next line counts those left out."""
        for n in range(10):
            self.log.warn("refused {host!r}", host=f"h{n}")
        self.clock.advance(1)
        self.log.warn("refused {host!r}", host="last")
        self.assertEqual([event["host"] for event in self.events], ["h0", "last"])
        self.assertEqual(self.events[1]["suppressed"], 9)
        self.assertIn("{suppressed} more", self.events[1]["log_format"])
        self.assertEqual(self.events[0]["log_format"], "refused {host!r}")

    def test_countBeginsAnew(self) -> None:
        """What was counted once is not counted again."""
        for _ in range(3):
            self.log.warn("a")
        for _ in range(2):
            self.clock.advance(1)
            self.log.warn("a")
        self.assertEqual([event["suppressed"] for event in self.events], [0, 2, 0])

    def test_kindsAreApart(self) -> None:
        """A flood of one kind does not silence another."""
        self.log.warn("a")
        self.log.warn("a")
        self.log.info("b")
        self.assertEqual(
            [(event["log_format"], event["log_level"]) for event in self.events],
            [("a", LogLevel.warn), ("b", LogLevel.info)],
        )


class FakeSocket:
    """
    A socket that remembers its options.
    """

    def __init__(self, refused: tuple[int, ...] = ()) -> None:
        self.options: dict[tuple[int, int], int] = {}
        self.refused = refused

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """
        Remember an option, or refuse it as the kernel does.
        """
        if option in self.refused:
            raise OSError(92, "Protocol not available")
        self.options[level, option] = value


class FakeTransport:
    """
    A transport over a L{FakeSocket}.
    """

    def __init__(self, handle: object) -> None:
        self.handle = handle

    def getHandle(self) -> object:
        """
        The socket.
        """
        return self.handle


class Wrapping:
    """
    A transport inside another, as TLS is.
    """

    def __init__(self, transport: object) -> None:
        self.transport = transport

    def getHandle(self) -> object:
        """
        What TLS has for a handle.
        """
        raise AssertionError("not the socket")


class KeepAliveTests(SynchronousTestCase):
    """
    Tests for L{keepAlive}.
    """

    def test_options(self) -> None:
        """A socket gets keepalive and the time for what is not acknowledged."""
        handle = FakeSocket()
        keepAlive(FakeTransport(handle))
        self.assertEqual(handle.options[socket.SOL_SOCKET, socket.SO_KEEPALIVE], 1)
        for name, value in [
            ("TCP_KEEPIDLE", 60),
            ("TCP_KEEPINTVL", 15),
            ("TCP_KEEPCNT", 4),
            ("TCP_USER_TIMEOUT", 60_000),
        ]:
            option = getattr(socket, name, None)
            if option is not None:
                self.assertEqual(handle.options[socket.IPPROTO_TCP, option], value)

    def test_insideTLS(self) -> None:
        """The socket is found below TLS."""
        handle = FakeSocket()
        keepAlive(Wrapping(Wrapping(FakeTransport(handle))))
        self.assertTrue(handle.options)

    def test_missingOption(self) -> None:
        """An option that the kernel refuses does not keep the others away."""
        handle = FakeSocket(refused=(socket.SO_KEEPALIVE, socket.TCP_KEEPINTVL))
        keepAlive(FakeTransport(handle))
        self.assertIn((socket.IPPROTO_TCP, socket.TCP_KEEPCNT), handle.options)

    def test_missingName(self) -> None:
        """An option that this system does not have is left out."""
        self.patch(module, "_KEEPALIVE", (("TCP_NO_SUCH_OPTION", 1), ("TCP_KEEPCNT", 4)))
        handle = FakeSocket()
        keepAlive(FakeTransport(handle))
        self.assertEqual(handle.options[socket.IPPROTO_TCP, socket.TCP_KEEPCNT], 4)

    def test_noTCP(self) -> None:
        """A UNIX socket and a transport without a socket are no error."""
        one, other = socket.socketpair()
        self.addCleanup(one.close)
        self.addCleanup(other.close)
        keepAlive(FakeTransport(one))
        keepAlive(StringTransport())
        keepAlive(FakeTransport(None))

    def test_kernelKeepsThem(self) -> None:
        """The kernel of this machine takes the options of a TCP socket."""
        handle = socket.socket()
        self.addCleanup(handle.close)
        keepAlive(FakeTransport(handle))
        self.assertTrue(handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        self.assertEqual(handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT), 4)


class RaiseDescriptorLimitTests(SynchronousTestCase):
    """
    Tests for L{raiseDescriptorLimit}.
    """

    def setUp(self) -> None:
        import resource

        self.asked: list[tuple[int, int]] = []
        self.resource = resource

    def limits(self, soft: int, hard: int, refuse: bool = False) -> None:
        """
        Let this process have these limits.
        """

        def setrlimit(which: int, limits: tuple[int, int]) -> None:
            self.asked.append(limits)
            if refuse:
                raise ValueError("not allowed to raise maximum limit")

        self.patch(self.resource, "getrlimit", lambda which: (soft, hard))
        self.patch(self.resource, "setrlimit", setrlimit)

    def test_raised(self) -> None:
        """The soft limit is raised to what is wanted."""
        self.limits(1024, 1_048_576)
        self.assertEqual(raiseDescriptorLimit(), 65_536)
        self.assertEqual(self.asked, [(65_536, 1_048_576)])

    def test_hardLimit(self) -> None:
        """More than the hard limit is not asked for."""
        self.limits(1024, 4096)
        self.assertEqual(raiseDescriptorLimit(), 4096)

    def test_noHardLimit(self) -> None:
        """Without a hard limit what is wanted can be had."""
        self.limits(1024, self.resource.RLIM_INFINITY)
        self.assertEqual(raiseDescriptorLimit(2000), 2000)

    def test_neverLowered(self) -> None:
        """A limit that is high enough is left alone."""
        self.limits(100_000, 200_000)
        self.assertEqual(raiseDescriptorLimit(), 100_000)
        self.limits(self.resource.RLIM_INFINITY, self.resource.RLIM_INFINITY)
        self.assertEqual(raiseDescriptorLimit(), 65_536)
        self.assertEqual(self.asked, [])

    def test_refused(self) -> None:
        """A system that does not grant it leaves the limit that is."""
        self.limits(256, self.resource.RLIM_INFINITY, refuse=True)
        self.assertEqual(raiseDescriptorLimit(), 256)
