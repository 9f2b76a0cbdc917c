# -*- test-case-name: tests.net.test_admission -*-
"""
Who may come in: how many connections there may be, of one address and of all together.

It counts, and knows no socket: time comes in as a callable, and who is refused is closed by the
caller.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from random import SystemRandom
from typing import TYPE_CHECKING, Final

from ..errors import ServerFull

if TYPE_CHECKING:
    from .limits import Limits

#: The span in which new connections of one address are counted, in seconds.
MINUTE: Final = 60.0

#: Addresses remembered only because they were here within the last minute.  At about 1 KiB each
#: this is 16 MiB, whatever a botnet does.
MAX_ADDRESSES: Final = 16_384

#: So few addresses are not worth a search for those that can be forgotten.
_SOME: Final = 1024

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


@lru_cache(maxsize=_SOME)
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
        self._sweepAt = _SOME

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
        self._sweepAt = max(kept + _SOME, min(2 * kept, MAX_ADDRESSES))
