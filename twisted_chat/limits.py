# -*- test-case-name: tests.test_limits -*-
"""
How much of the server one peer, one address and all of them together may use.

Every bound stands in L{Limits} with its unit and its reason.  The rest of this file counts: time
comes in as a callable, nobody is refused, slowed or cut here, the caller is only told to do so.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from random import SystemRandom
from typing import Any, Final, Generic, TypeVar

from twisted.logger import Logger, LogLevel

from .errors import ServerFull
from .framing import MAX_LINE

KIB: Final = 1024
MIB: Final = 1024 * KIB

#: Descriptors kept back from clients: for the listeners, the log's files, threads and name lookups.
SPARE_DESCRIPTORS: Final = 64

#: The span in which new connections of one address are counted, in seconds.
MINUTE: Final = 60.0

#: Addresses remembered only because they were here within the last minute.  At about 1 KiB each
#: this is 16 MiB, whatever a botnet does.
MAX_ADDRESSES: Final = 16_384


@dataclass(frozen=True, kw_only=True)
class Limits:
    """
    The bounds of one server.  Sizes are in bytes, times in seconds.

    @ivar maxLine: longest line of a person, without its line end.
    @ivar maxObject: longest line of a program: the same text with JSON's escapes and fields.
    @ivar maxInput: lines of one client that wait for their turn before its socket is not read any
        more; one read of the reactor, so that a paste is never split by the bound alone.
    @ivar rate: messages a second one client may go on sending, 0 for any number; faster than
        people read.
    @ivar burst: messages at once before C{rate} holds: a paste of 50 lines.
    @ivar maxTransport: output in the transport's own buffer before it counts as backlog, which is
        where Twisted begins to call for a pause.
    @ivar maxQueue: backlog of one client before it is cut: some minutes of a busy room.
    @ivar maxQueueBeforeLogin: the same for a client without a name, who gets a prompt and refusals
        and nothing else; Redis needed CVE-2025-21605 to learn it.
    @ivar maxAllQueues: backlog of all clients before the largest are cut.
    @ivar stallTimeout: time in which a client takes nothing of its backlog before it is cut.
    @ivar loginTimeout: time from accept to a name, through all handshakes, however many bytes
        drip in.
    @ivar maxNameless: connections without a name in all.
    @ivar namelessRefusedFrom: nameless connections from which on new ones are refused at random, so
        that a crowd of strangers does not lock out everybody (C{MaxStartups} of OpenSSH).
    @ivar namelessRefusedShare: the share refused at that point, from 0 to 1; it rises to 1 at
        C{maxNameless}.
    @ivar maxPerAddress: connections at once of one address (IPv4 /32, IPv6 /64): an office behind
        one router; 0 for any number.
    @ivar newPerMinute: new connections a minute of one address; 0 for any number.
    @ivar maxConnections: connections in all; the descriptor limit less L{SPARE_DESCRIPTORS}.
    @ivar closeTimeout: time for a peer to take the last words before the connection is aborted.
    @ivar drainTimeout: time for all clients to take theirs when the server goes down.
    """

    maxLine: int = MAX_LINE
    maxObject: int = 2 * MAX_LINE
    maxInput: int = 64 * KIB
    rate: float = 10.0
    burst: int = 50
    maxTransport: int = 64 * KIB
    maxQueue: int = 1 * MIB
    maxQueueBeforeLogin: int = 4 * KIB
    maxAllQueues: int = 256 * MIB
    stallTimeout: float = 30.0
    loginTimeout: float = 30.0
    maxNameless: int = 100
    namelessRefusedFrom: int = 50
    namelessRefusedShare: float = 0.3
    maxPerAddress: int = 16
    newPerMinute: int = 32
    maxConnections: int = 1024 - SPARE_DESCRIPTORS
    closeTimeout: float = 5.0
    drainTimeout: float = 5.0


class TokenBucket:
    """
    The pace of one client: C{burst} at once, then C{rate} a second.

    It keeps one number, the time at which it will be full again, and needs no timer.
    """

    __slots__ = ("_capacity", "_fullAt", "_perToken", "_seconds")

    #: Time that rounding may take away from a wait, in seconds: who comes back after just the wait
    #: it was told must not be told to wait again.
    _GRACE: Final = 1e-6

    def __init__(self, rate: float, burst: int, seconds: Callable[[], float]) -> None:
        """
        @param rate: tokens a second that come in; 0 for a bucket that never runs empty.
        @param burst: tokens it holds; it begins full.
        @param seconds: the time on a clock that does not jump, in seconds.
        """
        self._perToken = 1.0 / rate if rate > 0 else 0.0
        self._capacity = burst * self._perToken
        self._seconds = seconds
        self._fullAt = seconds()

    def take(self, n: int = 1) -> float:
        """
        Take tokens out, if there are enough.

        @param n: how many; more than the burst are given when the bucket is full.
        @return: 0 if they were taken; otherwise nothing was, and this is the time after which they
            can be, in seconds.
        """
        now = self._seconds()
        fullAt = max(self._fullAt, now)
        cost = n * self._perToken
        wait = fullAt - now - max(self._capacity - cost, 0.0)
        if wait > self._GRACE:
            return wait
        self._fullAt = fullAt + cost
        return 0.0


Network = IPv4Network | IPv6Network


class _Address:
    """
    What is known of one address: its connections now, and when its last ones came.
    """

    __slots__ = ("connections", "times")

    def __init__(self, newPerMinute: int) -> None:
        self.connections = 0
        self.times: deque[float] = deque(maxlen=newPerMinute)


class Place:
    """
    The place of one admitted connection; to be told when it has a name, and when it is gone.
    """

    __slots__ = ("_address", "_doorkeeper", "_nameless")

    def __init__(self, doorkeeper: Doorkeeper, address: _Address | None) -> None:
        self._doorkeeper: Doorkeeper | None = doorkeeper
        self._address = address
        self._nameless = True

    def named(self) -> None:
        """
        The connection has a name now, and counts no longer among the nameless.
        """
        if self._nameless and self._doorkeeper is not None:
            self._nameless = False
            self._doorkeeper.nameless -= 1

    def gone(self) -> None:
        """
        The connection is closed.  Only the first call counts.
        """
        if self._doorkeeper is not None:
            self.named()
            self._doorkeeper.connections -= 1
            self._doorkeeper = None
            if self._address is not None:
                self._address.connections -= 1


_random: Final = SystemRandom().random


@lru_cache(maxsize=KIB)
def _parse(host: str) -> IPv4Address | IPv6Address:
    """
    @return: the address; most of those who come have been here before.
    @raise ValueError: if it is none.
    """
    return ip_address(host)


class Doorkeeper:
    """
    Decides who may come in, by how many are here.

    @ivar connections: admitted connections that are not gone.
    @ivar nameless: those of them that have no name yet.
    """

    def __init__(
        self,
        limits: Limits,
        seconds: Callable[[], float],
        trusted: Iterable[Network] = (),
        random: Callable[[], float] = _random,
    ) -> None:
        """
        @param limits: the bounds that hold.
        @param seconds: the time on a clock that does not jump, in seconds.
        @param trusted: networks that, as loopback, have no limits per address.
        @param random: a number from 0 up to 1 that no stranger can foretell.
        """
        self.connections = 0
        self.nameless = 0
        self._limits = limits
        self._seconds = seconds
        self._trusted = tuple(trusted)
        self._random = random
        self._addresses: dict[int | IPv4Address, _Address] = {}
        self._sweepAt = KIB

    def admit(self, host: str) -> Place:
        """
        Let a new connection in, or not.

        @param host: its numeric address; anything else is a socket of this machine.
        @return: its place, held until it is C{gone}.
        @raise ServerFull: with the sentence for the peer, if it has to be closed at once.
        """
        limits = self._limits
        if self.connections >= limits.maxConnections:
            raise ServerFull("the server is full: try again later")
        if self._isCrowded():
            raise ServerFull("too many people are just coming in: try again in a minute")
        key = self._key(host)
        address = None
        if key is not None:
            address = self._addresses.get(key)
            if address is None:
                self._sweep()
                address = self._addresses[key] = _Address(limits.newPerMinute)
            self._count(address)
        self.connections += 1
        self.nameless += 1
        return Place(self, address)

    def _isCrowded(self) -> bool:
        """
        Whether this one is refused for the many who have not given a name: never below the first
        bound, by chance above it, always at the last.
        """
        limits = self._limits
        if self.nameless >= limits.maxNameless:
            return True
        excess = self.nameless - limits.namelessRefusedFrom
        if excess < 0:
            return False
        width = limits.maxNameless - limits.namelessRefusedFrom
        share = limits.namelessRefusedShare
        return self._random() < share + (1 - share) * excess / width

    def _key(self, host: str) -> int | IPv4Address | None:
        """
        What connections are counted by: an IPv4 address, also when it is written as IPv6 (RFC 4291
        section 2.5.5.2), or the upper 64 bits of an IPv6 one, since the lower are the peer's to
        choose (RFC 4291 section 2.5.4).  L{None} for whom no limits per address hold.
        """
        try:
            address = _parse(host)
        except ValueError:
            return None
        if isinstance(address, IPv6Address):
            address = address.ipv4_mapped or address
        if address.is_loopback or any(address in network for network in self._trusted):
            return None
        return address if isinstance(address, IPv4Address) else int(address) >> 64

    def _count(self, address: _Address) -> None:
        """
        Count a new connection of this address.

        @raise ServerFull: if it has too many, or had too many in the last minute.
        """
        limits = self._limits
        if 0 < limits.maxPerAddress <= address.connections:
            raise ServerFull("your address has all the connections it may have: close one first")
        now = self._seconds()
        times = address.times
        if 0 < limits.newPerMinute <= len(times) and now - times[0] < MINUTE:
            raise ServerFull("your address connects too often: try again in a minute")
        times.append(now)
        address.connections += 1

    def _sweep(self) -> None:
        """
        Forget addresses without connections that were not here for a minute; all without
        connections if there are too many to remember.  Each address pays for one look at it.
        """
        if len(self._addresses) < self._sweepAt:
            return
        since = self._seconds() - MINUTE
        for oldest in (since, float("inf")):
            self._addresses = {
                key: address
                for key, address in self._addresses.items()
                if address.connections or (address.times and address.times[-1] > oldest)
            }
            if len(self._addresses) < MAX_ADDRESSES:
                break
        kept = len(self._addresses)
        self._sweepAt = max(kept + KIB, min(2 * kept, MAX_ADDRESSES))


Owner = TypeVar("Owner", bound=Hashable)


class QueueLedger(Generic[Owner]):
    """
    The backlog of all clients together, in bytes.

    Only clients that have a backlog stand in it, so those who read cost nothing.

    @ivar total: what is queued now, in bytes.
    """

    def __init__(self, limit: int = Limits.maxAllQueues) -> None:
        """
        @param limit: the largest total, in bytes.
        """
        self.total = 0
        self._limit = limit
        self._sizes: dict[Owner, int] = {}

    def grow(self, owner: Owner, n: int) -> Sequence[Owner]:
        """
        The backlog of an owner has grown.

        @param n: by how many bytes.
        @return: the owners to cut at once, largest first; empty as long as the total is within its
            limit.  They are forgotten already.  Enough are named to bring the total down by an
            eighth of the limit, so that a crowd at the limit is not searched for each message.
        """
        self._sizes[owner] = self._sizes.get(owner, 0) + n
        self.total += n
        return () if self.total <= self._limit else self._largest()

    def shrink(self, owner: Owner, n: int) -> None:
        """
        The backlog of an owner has shrunk; nothing happens if it is forgotten already.

        @param n: by how many bytes, at most what it has.
        """
        size = self._sizes.get(owner)
        if size is None:
            return
        self.total -= n
        if size > n:
            self._sizes[owner] = size - n
        else:
            del self._sizes[owner]

    def forget(self, owner: Owner) -> None:
        """
        The owner is gone, and its backlog with it; nothing happens if it had none.
        """
        self.total -= self._sizes.pop(owner, 0)

    def _largest(self) -> list[Owner]:
        """
        Take the largest owners out until there is room again.
        """
        cut: list[Owner] = []
        enough = self._limit - self._limit // 8
        for owner in sorted(self._sizes, key=self._sizes.__getitem__, reverse=True):
            if self.total <= enough:
                break
            self.forget(owner)
            cut.append(owner)
        return cut


class RateLimitedLog:
    """
    A log for what strangers can cause: each kind of line at most once in an interval.

    The next line that is written of a kind says how many of it were left out before.
    """

    def __init__(self, log: Logger, seconds: Callable[[], float], interval: float = 1.0) -> None:
        """
        @param log: where the lines go.
        @param seconds: the time on a clock that does not jump, in seconds.
        @param interval: the time between two lines of a kind, in seconds.
        """
        self._log = log
        self._seconds = seconds
        self._interval = interval
        self._kinds: dict[str, tuple[float, int]] = {}

    def warn(self, format: str, **values: Any) -> None:
        """
        Log a warning, or count it.

        @param format: the line, as for L{Logger.warn}, which is also its kind: never made of what
            a peer sent.
        @param values: what it names; text of peers as C{!r} only.
        """
        self._write(LogLevel.warn, format, values)

    def info(self, format: str, **values: Any) -> None:
        """
        Log an information, or count it; the parameters are those of L{warn}.
        """
        self._write(LogLevel.info, format, values)

    def _write(self, level: Any, format: str, values: dict[str, Any]) -> None:
        """
        Write the line if its kind was silent for an interval.
        """
        now = self._seconds()
        silentUntil, suppressed = self._kinds.get(format, (now, 0))
        if now < silentUntil:
            self._kinds[format] = (silentUntil, suppressed + 1)
            return
        self._kinds[format] = (now + self._interval, 0)
        text = f"{format} ({{suppressed}} more like it before)" if suppressed else format
        self._log.emit(level, text, suppressed=suppressed, **values)


#: What makes the kernel find a vanished peer within 150 s: a probe after 60 s of silence, then
#: every 15 s, gone after 4 without answer; 60,000 ms for data that is not acknowledged (RFC 9293
#: section 3.8.4, RFC 5482).  Each system has its own part of these.
_KEEPALIVE: Final = (
    ("TCP_KEEPIDLE", 60),
    ("TCP_KEEPALIVE", 60),
    ("TCP_KEEPINTVL", 15),
    ("TCP_KEEPCNT", 4),
    ("TCP_USER_TIMEOUT", 60_000),
)


def keepAlive(transport: Any) -> None:
    """
    Have the kernel find out when this peer vanishes without a word.

    @param transport: a transport over a socket, also one inside TLS.  Where the socket or the
        system does not know an option it is left out, so a UNIX socket or a transport without a
        socket is no error.
    """
    while hasattr(transport, "transport"):
        transport = transport.transport
    handle = transport.getHandle() if hasattr(transport, "getHandle") else None
    if handle is None or not hasattr(handle, "setsockopt"):
        return
    with suppress(OSError):
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            with suppress(OSError):
                handle.setsockopt(socket.IPPROTO_TCP, option, value)


def raiseDescriptorLimit(wanted: int = 65_536) -> int:
    """
    Ask the system for more file descriptors.

    @param wanted: how many; the limit is never lowered.
    @return: how many this process may have open now.
    """
    try:
        import resource
    except ImportError:
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    asked = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if asked > soft:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (asked, hard))
            soft = asked
    return soft
