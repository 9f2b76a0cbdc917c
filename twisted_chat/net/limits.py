# -*- test-case-name: tests.net.test_limits -*-
"""
How much of the server one client, one address and all of them together may use.

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
    @ivar rate: lines a second one client may go on sending, 0 for any number; faster than people
        read.
    @ivar burst: lines at once before C{rate} applies: a paste of 50 lines.
    @ivar maxTransport: output in the transport's own buffer before it counts as backlog, which is
        where Twisted starts to pause producers.
    @ivar maxQueue: backlog of one client before it is cut: some minutes of a busy room.
    @ivar maxQueueBeforeLogin: the same before login, when a client is sent a prompt and refusals
        and nothing else; Redis needed CVE-2025-21605 to learn it.
    @ivar maxAllQueues: backlog of all clients, both directions, before the largest are cut.
    @ivar stallTimeout: time in which a client reads nothing of its backlog before it is cut.
    @ivar loginTimeout: time from accept to login, through all handshakes, however many bytes drip
        in.
    @ivar unreachableAfter: time in which a client's system acknowledges nothing of what it is sent
        before others are told so.
    @ivar eofTimeout: time in which the lines of a client that has closed its side are still taken,
        at its rate: nobody stays in the chat for an hour of lines they sent before they left.
    @ivar silentAfter: time after which a connection without a name is silent: a program names
        itself within milliseconds of being read.
    @ivar maxSilent: silent connections, but at most a quarter of all.  Beyond it each newcomer
        takes the place of one of them.  A person types for ten seconds, so it must take a flood
        longer than that to replace all of them: 250 addresses open 133 connections a second.
    @ivar maxPerAddress: connections at once of one address (IPv4 /32, IPv6 /64): an office behind
        one router; 0 for any number.
    @ivar newPerMinute: new connections a minute of one address; 0 for any number.
    @ivar maxConnections: connections in all; the descriptor limit less L{SPARE_DESCRIPTORS}.
    @ivar closeTimeout: time for a client to read the last lines before the connection is aborted.
    @ivar drainTimeout: time for all clients to read theirs when the server shuts down.
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
