# -*- test-case-name: tests.net.test_limits -*-
"""
How much of the server one peer, one address and all of them together may use.

Every bound stands in L{Limits} with its unit and its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..text.cleaning import MAX_LINE

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
