# -*- test-case-name: tests.chat.test_quotas -*-
"""
Limits how many rooms one address makes, and how fast one user or one address changes them.

Rooms and their settings are stored for a long time, so patience alone must not be enough to pile
them up.  Messages are not counted here.
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
"""Seconds for which a new room is counted, whether it still exists or not."""

MAX_NEW_ROOMS = 30
"""Most rooms made from one address within an hour: two for each of the simultaneous connections
that it may have."""

CHANGES = 10
"""Changes that a user may make at once: enough to set up a room and invite a team."""

CHANGE_SECONDS = 10.0
"""Seconds between two changes of a user after that."""

NETWORK_CHANGES = 30
"""Changes that all users at one address together may make at once."""

NETWORK_CHANGE_SECONDS = 5.0
"""Seconds between two changes from one address after that."""

MAX_ENTRIES = 10_000
"""Most users, and most addresses, whose changes are remembered: some 2 MiB."""


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
        Count a room that is made inside the block, unless it is refused.

        @param client: the connection of its maker; a trusted one may make any number.
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
    Token buckets: each key may take C{burst} tokens at once, then one every C{period} seconds.
    """

    def __init__(self, burst: int, period: float) -> None:
        self._burst = burst
        self._period = period
        self._fullAt: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._fullAt)

    def wait(self, key: str, now: float) -> float:
        """
        @return: seconds until this key may take a token; 0 or less if it may now.
        """
        return self._fullAt.get(key, now) - now - (self._burst - 1) * self._period

    def take(self, key: str, now: float) -> None:
        """
        Take a token, and forget buckets that are full again, or the least recently used if there
        are too many.
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
    Limits how fast topics, locks and invitations change.
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
        @param client: the user's connection; for a trusted one only the user is counted.
        @raise TooManyTries: with the time to wait; nothing is counted then.
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
