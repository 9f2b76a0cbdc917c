# -*- test-case-name: tests.chat.test_quotas -*-
"""
How many rooms one address makes, and how fast one user or one address changes them.

Rooms and what is set in them are kept for a long time, so it must not be a matter of patience how
much of both there is.  Messages are not counted here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil

from ..accounts.throttle import Attempt, Tally
from ..errors import ChatError, TooManyTries
from ..text.networks import networkOf
from .interfaces import IClient

HOUR = 3_600.0
"""Seconds for which a room counts that was made, whether it still exists or not."""

MAX_NEW_ROOMS = 30
"""Rooms that are made from one address within an hour: two for each of the people who may connect
from there at once."""

CHANGES = 10
"""Changes that a user may make at once: to set up a room and invite a team."""

CHANGE_SECONDS = 10.0
"""Seconds from one change of a user to the next, after that."""

NETWORK_CHANGES = 30
"""Changes that all users of an address may make at once."""

NETWORK_CHANGE_SECONDS = 5.0
"""Seconds from one change from an address to the next, after that."""

MAX_ENTRIES = 10_000
"""Users, and addresses, whose changes are remembered: some 2 MiB."""


class RoomQuota:
    """
    Counts the rooms that are made from each address.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """
        @param monotonic: the time on a clock that does not jump, in seconds.
        """
        self._made = Tally(MAX_NEW_ROOMS, HOUR, monotonic)

    def __len__(self) -> int:
        """
        How many addresses are remembered.
        """
        return len(self._made)

    @contextmanager
    def making(self, client: IClient) -> Iterator[None]:
        """
        Count a room that is made meanwhile, unless that is refused.

        @param client: where it is made from; a trusted one may make any number.
        @raise TooManyTries: with the time to wait.
        """
        if client.isTrusted:
            yield
            return
        refusal = (
            f"{MAX_NEW_ROOMS} rooms were made from your address within an hour: the next must wait"
        )
        attempt = Attempt([(self._made, networkOf(client.host))], refusal)
        try:
            yield
        except ChatError:
            attempt.forgive()
            raise


class _Buckets:
    """
    Token buckets: each key may take C{burst} at once, then one in C{period} seconds.
    """

    def __init__(self, burst: int, period: float) -> None:
        self._burst = burst
        self._period = period
        self._fullAt: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._fullAt)

    def wait(self, key: str, now: float) -> float:
        """
        @return: seconds until this key may take another one; 0 or less: now.
        """
        return self._fullAt.get(key, now) - now - (self._burst - 1) * self._period

    def take(self, key: str, now: float) -> None:
        """
        Take one out, and forget buckets that are full again, or that come first if there are too
        many.
        """
        fullAt = max(self._fullAt.pop(key, now), now) + self._period
        while self._fullAt:
            first = next(iter(self._fullAt))
            if self._fullAt[first] > now and len(self._fullAt) < MAX_ENTRIES:
                break
            del self._fullAt[first]
        self._fullAt[key] = fullAt


class ChangePace:
    """
    Slows down those who change topics, locks and invitations again and again.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """
        @param monotonic: the time on a clock that does not jump, in seconds.
        """
        self._monotonic = monotonic
        self._users = _Buckets(CHANGES, CHANGE_SECONDS)
        self._networks = _Buckets(NETWORK_CHANGES, NETWORK_CHANGE_SECONDS)

    def __len__(self) -> int:
        """
        How many users and addresses are remembered.
        """
        return len(self._users) + len(self._networks)

    def take(self, sid: str, client: IClient) -> None:
        """
        Count a change that is about to be made.

        @param sid: the user's session id.
        @param client: where they come from; of a trusted one only the user is counted.
        @raise TooManyTries: with the time to wait; nothing was counted.
        """
        now = self._monotonic()
        network = networkOf(client.host)
        wait, whose = self._users.wait(sid, now), "you have"
        if not client.isTrusted:
            longer = self._networks.wait(network, now)
            if longer > wait:
                wait, whose = longer, "your address has"
        if wait > 0:
            raise TooManyTries(
                f"{whose} changed topics, locks or invitations too often, and nothing was changed: "
                f"try again in {ceil(wait)} s",
                ceil(wait),
            )
        self._users.take(sid, now)
        if not client.isTrusted:
            self._networks.take(network, now)
