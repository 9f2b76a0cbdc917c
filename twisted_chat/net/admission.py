# -*- test-case-name: tests.net.test_admission -*-
"""
Admission control: limits the connections of one address and of all together.

It only counts, and knows no socket: the clock is a callable, and the caller closes a refused
connection.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from random import SystemRandom
from typing import Final

from ..errors import ServerFull
from ..text.networks import addressOf
from .limits import Limits

MINUTE: Final = 60.0
"""The time over which new connections of one address are counted, in seconds."""

MAX_ADDRESSES: Final = 16_384
"""Most addresses that are remembered only because they connected within the last minute.  At about
1 KiB each they take at most 16 MiB, whatever a botnet does."""

_FEW_ADDRESSES: Final = 1024
"""Up to this number of addresses, it is not worth searching for those that can be forgotten."""

_TRIES: Final = 16
"""Connections that are asked to give way before a newcomer is admitted in addition to them."""

Network = IPv4Network | IPv6Network


def _neverGiveWay() -> bool:
    """
    @return: C{False}: a connection whose user is logged in does not give way.
    """
    return False


class _Address:
    """
    The connections of one address, and when the latest were opened.
    """

    __slots__ = ("connections", "times")

    def __init__(self, newPerMinute: int) -> None:
        self.connections = 0
        self.times: deque[float] = deque(maxlen=newPerMinute)


class Admission:
    """
    One admitted connection.  Its holder reports the progress of its login, and when it is closed.

    @ivar groups: keys that it shares with other connections, the narrowest first: its address, its
        network.
    @ivar giveWay: closes the connection to make room for another.
    @ivar since: since when it has been awaiting a name, in seconds on the control's clock.
    """

    __slots__ = ("_address", "_control", "_unauthenticated", "giveWay", "groups", "since")

    def __init__(
        self,
        control: AdmissionControl,
        address: _Address | None,
        groups: Sequence[Hashable],
        giveWay: Callable[[], bool],
        since: float,
    ) -> None:
        self._control: AdmissionControl | None = control
        self._address = address
        self._unauthenticated = True
        self.groups = groups
        self.giveWay = giveWay
        self.since = since

    @property
    def isTrusted(self) -> bool:
        """
        Whether it is exempt from the limits per address.
        """
        return self._address is None

    def loginBegun(self) -> None:
        """
        Note that the client has sent its name: now it waits for the server.
        """
        if self._control is not None:
            self._control.heard(self)

    def loginFailed(self) -> None:
        """
        Note that the client has to send its name again.
        """
        if self._unauthenticated and self._control is not None:
            self._control.awaits(self)

    def loggedIn(self) -> None:
        """
        Stop counting the connection as unauthenticated.
        """
        if self._unauthenticated and self._control is not None:
            self._unauthenticated = False
            self._control.heard(self)
            self._control.unauthenticated -= 1
            self.giveWay = _neverGiveWay

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


class _Silent:
    """
    The connections that have not sent a name for a while.
    """

    def __init__(self) -> None:
        self._all: list[Admission] = []
        self._places: dict[Admission, int] = {}
        self._groups: dict[Hashable, OrderedDict[Admission, None]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, admission: Admission) -> None:
        """
        Add a connection that is not among them.
        """
        self._places[admission] = len(self._all)
        self._all.append(admission)
        for group in admission.groups:
            self._groups.setdefault(group, OrderedDict())[admission] = None

    def discard(self, admission: Admission) -> None:
        """
        Remove a connection, if it is among them.
        """
        place = self._places.pop(admission, None)
        if place is None:
            return
        last = self._all.pop()
        if last is not admission:
            self._all[place] = last
            self._places[last] = place
        for group in admission.groups:
            members = self._groups[group]
            del members[admission]
            if not members:
                del self._groups[group]

    def choose(self, groups: Sequence[Hashable], random: Callable[[], float]) -> Admission:
        """
        Choose the connection that gives way to a newcomer: the oldest of the same address, or else
        of the same network, so that a flood displaces itself; or else a random one.

        @param groups: those of the newcomer.
        """
        for group in groups:
            members = self._groups.get(group)
            if members is not None:
                return next(iter(members))
        return self._all[int(random() * len(self._all))]


_random: Final = SystemRandom().random


@lru_cache(maxsize=_FEW_ADDRESSES)
def _groups(address: IPv4Address | IPv6Address | None) -> Sequence[Hashable]:
    """
    @return: an address and its network: IPv4 /32 and /24, IPv6 /64 and /48.
    """
    if address is None:
        return ("local",)
    bits = int(address)
    if isinstance(address, IPv4Address):
        return (4, bits), (4, bits >> 8, "network")
    return (6, bits >> 64), (6, bits >> 80, "network")


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
        @param trusted: networks that, like loopback, are exempt from the limits per address.
        @param random: returns an unpredictable number from 0 up to 1.
        """
        self.connections = 0
        self.unauthenticated = 0
        self._limits = limits
        self._seconds = seconds
        self._trusted = tuple(trusted)
        self._random = random
        self._addresses: dict[Hashable, _Address] = {}
        self._young: OrderedDict[Admission, None] = OrderedDict()
        self._silent = _Silent()
        self._sweepAt = _FEW_ADDRESSES

    def change(self, limits: Limits, trusted: Iterable[Network]) -> None:
        """
        Apply other bounds to new connections; those that exist stay.
        """
        self._limits = limits
        self._trusted = tuple(trusted)

    def admit(self, host: str, giveWay: Callable[[], bool] = lambda: True) -> Admission:
        """
        Admit a new connection, or refuse it.  Silent connections do not cause a refusal: one of
        them is closed to make room.

        @param host: its numeric address; anything else is a socket of this machine.
        @param giveWay: called while the connection is silent and its place is needed; closes it, or
            returns C{False} if it has sent something that the server has not read yet.
        @return: the admission, which the caller holds until it calls C{released}.
        @raise ServerFull: with the sentence for the client, whose connection must be closed at
            once.
        """
        limits = self._limits
        now = self._seconds()
        self._grow(now)
        parsed = addressOf(host)
        key = self._key(parsed)
        address = None
        if key is not None:
            address = self._addresses.get(key)
            if address is None:
                self._sweep()
                address = self._addresses[key] = _Address(limits.newPerMinute)
            self._judge(address, now)
        groups = _groups(parsed)
        isFull = self.connections >= limits.maxConnections
        maxSilent = min(limits.maxSilent, max(1, limits.maxConnections // 4))
        if isFull or len(self._silent) >= maxSilent:
            hasRoom = self._makeRoom(groups, now, isFull)
            if isFull and not hasRoom:
                raise ServerFull("the server is full: try again later", "full")
        if address is not None:
            address.times.append(now)
            address.connections += 1
        self.connections += 1
        self.unauthenticated += 1
        admission = Admission(self, address, groups, giveWay, now)
        self._young[admission] = None
        return admission

    def _grow(self, now: float) -> None:
        """
        Move the connections that have not sent a name for a while to the silent ones.
        """
        since = now - self._limits.silentAfter
        young = self._young
        while young:
            oldest = next(iter(young))
            if oldest.since > since:
                return
            del young[oldest]
            self._silent.add(oldest)

    def _makeRoom(self, groups: Sequence[Hashable], now: float, isFull: bool) -> bool:
        """
        Close a silent connection.

        @param groups: those of the newcomer.
        @param isFull: whether a connection that has been silent only briefly may be closed, too.
        @return: whether one was closed.
        """
        for _ in range(_TRIES):
            if len(self._silent):
                chosen = self._silent.choose(groups, self._random)
            elif isFull and self._young:
                chosen = next(iter(self._young))
            else:
                return False
            self.heard(chosen)
            if chosen.giveWay():
                return True
            chosen.since = now
            self._young[chosen] = None
        return False

    def heard(self, admission: Admission) -> None:
        """
        Stop waiting for this client's name.
        """
        self._young.pop(admission, None)
        self._silent.discard(admission)

    def awaits(self, admission: Admission) -> None:
        """
        Wait for this client's name again.
        """
        self.heard(admission)
        admission.since = self._seconds()
        self._young[admission] = None

    def _key(self, address: IPv4Address | IPv6Address | None) -> Hashable | None:
        """
        Find the key under which connections are counted: an IPv4 address, or the upper 64 bits of
        an IPv6 address, since the client is free to choose the lower ones (RFC 4291 section 2.5.4).
        C{None} if no limits per address apply.
        """
        if address is None or address.is_loopback:
            return None
        if any(address in network for network in self._trusted):
            return None
        return _groups(address)[0]

    def _judge(self, address: _Address, now: float) -> None:
        """
        Refuse a new connection of this address if it has too many, or had too many in the last
        minute.

        @raise ServerFull: if it does.
        """
        limits = self._limits
        if 0 < limits.maxPerAddress <= address.connections:
            raise ServerFull(
                "your address has all the connections it may have: close one first", "address"
            )
        times = address.times
        if 0 < limits.newPerMinute <= len(times) and now - times[0] < MINUTE:
            raise ServerFull("your address connects too often: try again in a minute", "often")

    def _sweep(self) -> None:
        """
        Forget addresses that have no connections and opened none for a minute, or all that have
        none if there are too many.  The next sweep waits until their number has doubled, so the
        cost for each new address is constant.
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
