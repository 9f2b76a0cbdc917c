# -*- test-case-name: tests.net.test_admission -*-
"""
Admission control: how many connections there may be, of one address and of all together.

It counts and knows no socket: the time comes in as a callable, and the caller closes what is
refused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from random import SystemRandom
from typing import Final

from ..errors import ServerFull
from .limits import Limits

#: The span in which new connections of one address are counted, in seconds.
MINUTE: Final = 60.0

#: Addresses remembered only because they connected within the last minute.  At about 1 KiB each
#: this is 16 MiB, whatever a botnet does.
MAX_ADDRESSES: Final = 16_384

#: Up to this many addresses, a search for those that can be forgotten is not worth its time.
_FEW_ADDRESSES: Final = 1024

Network = IPv4Network | IPv6Network


class _Address:
    """
    What is known of one address: its connections now, and when the last ones were opened.
    """

    __slots__ = ("connections", "times")

    def __init__(self, newPerMinute: int) -> None:
        self.connections = 0
        self.times: deque[float] = deque(maxlen=newPerMinute)


class Admission:
    """
    One admitted connection.  Its holder reports when it has logged in, and when it is closed.
    """

    __slots__ = ("_address", "_control", "_unauthenticated")

    def __init__(self, control: AdmissionControl, address: _Address | None) -> None:
        self._control: AdmissionControl | None = control
        self._address = address
        self._unauthenticated = True

    def loggedIn(self) -> None:
        """
        Stop counting the connection as unauthenticated.
        """
        if self._unauthenticated and self._control is not None:
            self._unauthenticated = False
            self._control.unauthenticated -= 1

    def released(self) -> None:
        """
        Stop counting the connection: it is closed.  Only the first call counts.
        """
        if self._control is not None:
            self.loggedIn()
            self._control.connections -= 1
            self._control = None
            if self._address is not None:
                self._address.connections -= 1


_random: Final = SystemRandom().random


@lru_cache(maxsize=_FEW_ADDRESSES)
def _parse(host: str) -> IPv4Address | IPv6Address:
    """
    Parse an address; most clients have connected before.

    @raise ValueError: if it is none.
    """
    return ip_address(host)


class AdmissionControl:
    """
    Admits or refuses new connections, by how many there are.

    @ivar connections: admitted connections that are not closed.
    @ivar unauthenticated: those of them that have not logged in.
    """

    def __init__(
        self,
        limits: Limits,
        seconds: Callable[[], float],
        trusted: Iterable[Network] = (),
        random: Callable[[], float] = _random,
    ) -> None:
        """
        @param limits: the bounds that apply.
        @param seconds: the time on a clock that does not jump, in seconds.
        @param trusted: networks that, like loopback, have no limits per address.
        @param random: a number from 0 up to 1 that no stranger can foretell.
        """
        self.connections = 0
        self.unauthenticated = 0
        self._limits = limits
        self._seconds = seconds
        self._trusted = tuple(trusted)
        self._random = random
        self._addresses: dict[int | IPv4Address, _Address] = {}
        self._sweepAt = _FEW_ADDRESSES

    def admit(self, host: str) -> Admission:
        """
        Admit a new connection, or refuse it.

        @param host: its numeric address; anything else is a socket of this machine.
        @return: its admission, held until it is C{released}.
        @raise ServerFull: with the sentence for the client, which has to be closed at once.
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
        self.unauthenticated += 1
        return Admission(self, address)

    def _isCrowded(self) -> bool:
        """
        Decide whether to refuse this connection because many others have not logged in: never below
        the first bound, at random above it, always at the last.
        """
        limits = self._limits
        if self.unauthenticated >= limits.maxUnauthenticated:
            return True
        excess = self.unauthenticated - limits.unauthenticatedRefusedFrom
        if excess < 0:
            return False
        width = limits.maxUnauthenticated - limits.unauthenticatedRefusedFrom
        share = limits.unauthenticatedRefusedShare
        return self._random() < share + (1 - share) * excess / width

    def _key(self, host: str) -> int | IPv4Address | None:
        """
        Tell what connections are counted by: an IPv4 address, also when it is written as IPv6
        (RFC 4291 section 2.5.5.2), or the upper 64 bits of an IPv6 address, since the client is
        free to choose the lower ones (RFC 4291 section 2.5.4).  L{None} where no limits per address
        apply.
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
        Forget addresses without connections that did not connect for a minute; all without
        connections if there are too many to remember.  The next sweep waits until there are twice
        as many, so each new address pays for one look at an old one.
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
        self._sweepAt = max(kept + _FEW_ADDRESSES, min(2 * kept, MAX_ADDRESSES))
