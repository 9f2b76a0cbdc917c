# -*- test-case-name: tests.accounts.test_throttle -*-
"""
Slows down guessing of passwords and mass registration.

Tries are counted by network, and never by account alone: otherwise strangers could lock its owner
out.  A try counts as soon as it begins, so that a hundred simultaneous tries are counted, too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from math import ceil
from typing import Final

from ..errors import TooManyTries
from ..text.networks import networkOf

LOGIN_SPAN: Final = 600.0
"""The time over which wrong logins are counted, in seconds."""

WRONG_FOR_ACCOUNT: Final = 10
"""Wrong logins from one network for one account."""

WRONG_FROM_NETWORK: Final = 30
"""Wrong logins from one network for any account."""

NETWORK_SPAN: Final = 3_600.0
"""The time over which registrations from one network are counted, in seconds."""

REGISTERED_FROM_NETWORK: Final = 3
"""Registrations from one network."""

ALL_SPAN: Final = 600.0
"""The time over which all registrations are counted, in seconds."""

REGISTERED_IN_ALL: Final = 30
"""Registrations from all networks."""

MAX_ENTRIES: Final = 10_000
"""Most networks, or pairs of network and account, that are remembered: up to 10 MiB if each has
used all its tries."""


class Tally:
    """
    Counts how often something happened lately, by key.
    """

    def __init__(self, most: int, span: float, monotonic: Callable[[], float]) -> None:
        """
        @param most: how often it may happen.
        @param span: over how many seconds it is counted.
        @param monotonic: the time on a clock that does not jump, in seconds.
        """
        self._most = most
        self._span = span
        self._monotonic = monotonic
        self._times: OrderedDict[Hashable, list[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._times)

    def wait(self, key: Hashable) -> float:
        """
        @return: seconds until it may happen again; 0 if it may now.
        """
        times = self._times.get(key, ())
        if len(times) < self._most:
            return 0.0
        return max(0.0, times[-self._most] + self._span - self._monotonic())

    def add(self, key: Hashable) -> float:
        """
        Count one more, after L{wait} was asked.  If there are too many keys, the one that was
        counted least recently is forgotten.

        @return: the time, for L{takeBack}.
        """
        now = self._monotonic()
        times = self._times.setdefault(key, [])
        self._times.move_to_end(key)
        times[:] = [each for each in times if each + self._span > now]
        times.append(now)
        if len(self._times) > MAX_ENTRIES:
            self._times.popitem(last=False)
        return now

    def takeBack(self, key: Hashable, when: float) -> None:
        """
        Undo one L{add}.

        @param when: what L{add} returned.
        """
        times = self._times.get(key)
        if times is not None and when in times:
            times.remove(when)
            if not times:
                del self._times[key]


class Attempt:
    """
    One try, which counts until it is forgiven.
    """

    def __init__(self, tallies: Sequence[tuple[Tally, Hashable]], refusal: str) -> None:
        """
        @param tallies: the tallies that count it, each with its key.
        @param refusal: the sentence, without the time to wait.
        @raise TooManyTries: if one of them makes it wait; nothing is counted then.
        """
        wait = ceil(max(tally.wait(key) for tally, key in tallies))
        if wait > 0:
            shown = f"{wait} s" if wait < 120 else f"{ceil(wait / 60)} min"
            raise TooManyTries(f"{refusal}: try again in {shown}", wait)
        self._counted = [(tally, key, tally.add(key)) for tally, key in tallies]

    def forgive(self) -> None:
        """
        Stop counting it: it was right, or failed through no fault of the client.
        """
        for tally, key, when in self._counted:
            tally.takeBack(key, when)
        self._counted = []


class LoginThrottle:
    """
    Counts wrong logins.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """
        @param monotonic: the time on a clock that does not jump, in seconds.
        """
        self._byAccount = Tally(WRONG_FOR_ACCOUNT, LOGIN_SPAN, monotonic)
        self._byNetwork = Tally(WRONG_FROM_NETWORK, LOGIN_SPAN, monotonic)

    def begin(self, host: str, who: str) -> Attempt:
        """
        Begin a login.

        @param host: the numeric address that it comes from.
        @param who: the account's id; empty for a one-time code.
        @return: the attempt, to be forgiven if the login is right or is never checked.
        @raise TooManyTries: if too many were wrong.
        """
        network = networkOf(host)
        return Attempt(
            [(self._byAccount, (network, who)), (self._byNetwork, network)],
            "too many wrong logins came from your address",
        )


class RegistrationThrottle:
    """
    Counts registrations.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """
        @param monotonic: the time on a clock that does not jump, in seconds.
        """
        self._byNetwork = Tally(REGISTERED_FROM_NETWORK, NETWORK_SPAN, monotonic)
        self._all = Tally(REGISTERED_IN_ALL, ALL_SPAN, monotonic)

    def begin(self, host: str, isTrusted: bool = False) -> Attempt:
        """
        Begin a registration.

        @param host: the numeric address that it comes from.
        @param isTrusted: whether the address is exempt from limits.
        @return: the attempt, to be forgiven if nothing was registered.
        @raise TooManyTries: if there were too many.
        """
        if isTrusted or self._all.wait("") > 0:
            return Attempt([(self._all, "")], "too many people are registering")
        return Attempt(
            [(self._byNetwork, networkOf(host)), (self._all, "")],
            "too many names were registered from your address",
        )
