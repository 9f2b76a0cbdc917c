# -*- test-case-name: tests.test_limits -*-
"""
How much of the server one peer, one address and all of them together may use.

Every bound stands in L{Limits} with its unit and its reason.  Nobody is slowed or cut here: the
caller is only told to do so, and time comes in as a callable.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from twisted.logger import Logger, LogLevel

from .text import MAX_LINE

KIB: Final = 1024
MIB: Final = 1024 * KIB

#: Descriptors kept back from clients: for the listeners, the log's files, threads and name lookups.
SPARE_DESCRIPTORS: Final = 64


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

    It keeps one number, the time at which it will be full again, and needs no timer.  The others
    are those it was given: buckets of the same pace share them.
    """

    __slots__ = ("_burst", "_fullAt", "_rate", "_seconds")

    #: Time that rounding may take away from a wait, in seconds: who comes back after just the wait
    #: it was told must not be told to wait again.
    _GRACE: Final = 1e-6

    def __init__(self, rate: float, burst: int, seconds: Callable[[], float]) -> None:
        """
        @param rate: tokens a second that come in; 0 for a bucket that never runs empty.
        @param burst: tokens it holds; it begins full.
        @param seconds: the time on a clock that does not jump, in seconds.
        """
        self._rate = rate
        self._burst = burst
        self._seconds = seconds
        self._fullAt = seconds()

    def take(self, n: int = 1) -> float:
        """
        Take tokens out, if there are enough.

        @param n: how many; more than the burst are given when the bucket is full.
        @return: 0 if they were taken; otherwise nothing was, and this is the time after which they
            can be, in seconds.
        """
        rate = self._rate
        if rate <= 0:
            return 0.0
        now = self._seconds()
        fullAt = self._fullAt
        if fullAt < now:
            fullAt = now
        spare = self._burst - n
        wait = fullAt - now - (spare / rate if spare > 0 else 0.0)
        if wait > self._GRACE:
            return wait
        self._fullAt = fullAt + n / rate
        return 0.0


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
