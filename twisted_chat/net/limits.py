# -*- test-case-name: tests.net.test_limits -*-
"""
Bounds how much of the server one client, one address and all together may use.

Every bound stands in L{Limits} with its unit and its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..text.cleaning import MAX_LINE

KIB: Final = 1024
MIB: Final = 1024 * KIB

ACCEPT_BACKLOG: Final = 4096
"""Connections that may wait in the kernel until they are accepted, as far as the system allows
(C{net.core.somaxconn}): a crowd that comes in one instant."""

SPARE_DESCRIPTORS: Final = 64
"""Descriptors kept back from clients: for listeners, the log's files, threads and name lookups."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """
    The bounds of one server.  Sizes are in bytes, times in seconds.

    @ivar maxLine: longest line of a person, without its line end.
    @ivar maxObject: longest line of a program: the same text with JSON's escapes and fields.
    @ivar rate: sustained lines a second of one client, faster than people read; 0 for no limit.
    @ivar burst: lines at once before C{rate} applies: a paste of 50 lines.
    @ivar maxTransport: output in the transport's own buffer before it counts as backlog, which is
        where Twisted starts to pause producers.
    @ivar maxQueue: backlog of one client before it is cut: some minutes of a busy room.
    @ivar maxQueueBeforeLogin: the same before login, when a client is sent only a prompt and
        refusals (compare CVE-2025-21605 of Redis).
    @ivar maxAllQueues: backlog of all clients, both directions, before the largest are cut.
    @ivar stallTimeout: time after which a client that reads nothing of its backlog is cut.
    @ivar loginTimeout: time from accept to login, through all handshakes, however many bytes drip
        in.
    @ivar unreachableAfter: time without any acknowledgement of sent data after which others are
        told that a client may be unreachable.
    @ivar eofTimeout: time for which waiting lines are still taken, at the client's rate, after it
        has closed its side: nobody stays in the chat for an hour's worth of lines after leaving.
    @ivar silentAfter: time after which a connection without a name counts as silent: a program
        sends its name within milliseconds.
    @ivar maxSilent: silent connections, but at most a quarter of all; beyond it each newcomer
        replaces one of them.  A person types for ten seconds, so a flood must take longer than that
        to replace them all: 250 addresses open 133 connections a second.
    @ivar maxPerAddress: simultaneous connections of one address (IPv4 /32, IPv6 /64), enough for an
        office behind one router; 0 for no limit.
    @ivar newPerMinute: new connections a minute of one address; 0 for no limit.
    @ivar maxConnections: connections in all; the descriptor limit less L{SPARE_DESCRIPTORS}.
    @ivar closeTimeout: time for a client to read the last lines before the connection is aborted.
    @ivar drainTimeout: time for all clients to read their last lines when the server shuts down.
    """

    maxLine: int = MAX_LINE
    maxObject: int = 2 * MAX_LINE
    rate: float = 10.0
    burst: int = 50
    maxTransport: int = 64 * KIB
    maxQueue: int = 1 * MIB
    maxQueueBeforeLogin: int = 4 * KIB
    maxAllQueues: int = 256 * MIB
    stallTimeout: float = 30.0
    loginTimeout: float = 30.0
    unreachableAfter: float = 15.0
    eofTimeout: float = 60.0
    silentAfter: float = 1.0
    maxSilent: int = 2000
    maxPerAddress: int = 16
    newPerMinute: int = 32
    maxConnections: int = 1024 - SPARE_DESCRIPTORS
    closeTimeout: float = 5.0
    drainTimeout: float = 5.0
