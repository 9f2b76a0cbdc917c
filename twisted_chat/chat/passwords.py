# -*- test-case-name: tests.chat.test_passwords -*-
"""
Slows down guessing of room passwords.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from ..errors import TooManyTries
from ..text.networks import networkOf

FREE_TRIES = 3
"""Wrong passwords for a room from an address that cause no wait: people mistype."""

LONGEST_PAUSE = 3_600.0
"""The longest wait between two tries, in seconds."""

FORGET_SECONDS = 24 * 3_600.0
"""Seconds after which wrong passwords no longer count."""

MAX_ENTRIES = 10_000
"""Most pairs of room and address that are remembered: some 2 MiB."""


class PasswordGuard:
    """
    Counts wrong passwords by room and address; after the first few, each doubles the wait for the
    next try.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """
        @param monotonic: the time on a clock that does not jump, in seconds.
        """
        self._monotonic = monotonic
        self._wrong: dict[tuple[int, str], tuple[int, float]] = {}

    def check(self, room: int, host: str) -> None:
        """
        Check that a password may be tried now.

        @param room: the room's id.
        @param host: the numeric address of the client.
        @raise TooManyTries: with the time to wait.
        """
        host = networkOf(host)
        wait = self._wait(*self._wrong.get((room, host), (0, 0.0)))
        if wait > 0:
            raise TooManyTries(
                f"too many wrong passwords came from your address: try again in {ceil(wait)} s",
                ceil(wait),
            )

    def failed(self, room: int, host: str) -> int:
        """
        Count a wrong password.

        @return: how many wrong passwords came from this address for this room.
        """
        now = self._monotonic()
        host = networkOf(host)
        count, last = self._wrong.pop((room, host), (0, now))
        if now - last > FORGET_SECONDS:
            count = 0
        while len(self._wrong) >= MAX_ENTRIES:
            del self._wrong[next(iter(self._wrong))]
        self._wrong[(room, host)] = (count + 1, now)
        return count + 1

    def _wait(self, count: int, last: float) -> float:
        """
        @return: seconds until the next try.
        """
        if count < FREE_TRIES:
            return 0.0
        pause = min(LONGEST_PAUSE, 2.0 ** min(count - FREE_TRIES, 20))
        return last + pause - self._monotonic()
