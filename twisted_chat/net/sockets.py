# -*- test-case-name: tests.net.test_sockets -*-
"""
Uses features of the socket under a transport that the transport does not offer.

If there is no socket, or the system lacks a feature, each function returns a safe answer.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

try:
    import fcntl
    import termios
except ImportError:  # pragma: no cover
    # Windows cannot tell what has arrived, so the peer gets the whole timeout.
    fcntl = termios = None  # type: ignore[assignment]

_OPTIONS: Final = (
    ("IPPROTO_TCP", "TCP_NODELAY", 1),
    ("IPPROTO_TCP", "TCP_KEEPIDLE", 60),
    ("IPPROTO_TCP", "TCP_KEEPALIVE", 60),
    ("IPPROTO_TCP", "TCP_KEEPINTVL", 15),
    ("IPPROTO_TCP", "TCP_KEEPCNT", 4),
    ("IPPROTO_TCP", "TCP_USER_TIMEOUT", 60_000),
    # Urgent data of telnet stays in its place in the stream (RFC 1123 section 3.2.4).
    ("SOL_SOCKET", "SO_OOBINLINE", 1),
    ("SOL_SOCKET", "SO_KEEPALIVE", 1),
)
"""Lines are sent at once, without Nagle's algorithm, and the kernel detects a vanished peer within
150 s: it probes after 60 s of silence, then every 15 s, and gives up after 4 probes without an
answer, or after 60,000 ms for unacknowledged data (RFC 9293 section 3.8.4, RFC 5482).  Each system
supports only some of these.  If a socket has the last one, it has inherited them all."""


def _handleOf(transport: Any) -> Any:
    """
    @return: the socket below a transport, also below TLS, or C{None}.
    """
    while hasattr(transport, "transport"):
        transport = transport.transport
    getHandle = getattr(transport, "getHandle", None)
    return None if getHandle is None else getHandle()


def _set(handle: Any) -> None:
    """
    Set L{_OPTIONS} on a socket, except those that it or the system lacks.
    """
    for level, name, value in _OPTIONS:
        option = getattr(socket, name, None)
        if option is not None:
            with suppress(OSError):
                handle.setsockopt(getattr(socket, level), option, value)


def prepare(port: Any, backlog: int | None = None) -> None:
    """
    Set the backlog of a listening socket, and the options for its connections: on Linux they
    inherit them, which saves a system call for each option and connection.

    @param port: an L{IListeningPort}; nothing happens if it has no socket.
    @param backlog: connections that may wait in the kernel; C{None} leaves it unchanged.
    """
    if sys.platform != "linux" or not hasattr(port, "fileno"):
        return
    with suppress(OSError), socket.socket(fileno=os.dup(port.fileno())) as handle:
        if backlog is not None:
            handle.listen(backlog)
        _set(handle)


def tune(transport: Any) -> None:
    """
    Make the kernel send lines at once, and detect a peer that vanishes.

    @param transport: a transport over a socket, also one inside TLS; nothing happens for a UNIX
        socket, or without a socket.
    """
    handle = _handleOf(transport)
    if handle is not None and hasattr(handle, "setsockopt") and not _isTuned(handle):
        _set(handle)


def _isTuned(handle: Any) -> bool:
    level, name, value = _OPTIONS[-1]
    if sys.platform != "linux":
        return False
    try:
        return bool(handle.getsockopt(getattr(socket, level), getattr(socket, name)) == value)
    except OSError:
        return False


def unacknowledged(transport: Any) -> int | None:
    """
    Ask the kernel how much of its send buffer the peer's system has not acknowledged.  Only this
    tells a slow peer from a dead one: the kernel asks for more data only when a third of its buffer
    is free, and until then a transport sees no progress.

    @param transport: a transport over a socket, also one inside TLS.
    @return: bytes that the peer's system has not acknowledged; C{None} if this system cannot tell.
    """
    return _ask(transport, "TIOCOUTQ")


def hasUnread(transport: Any) -> bool:
    """
    @return: whether the kernel holds input that the transport has not read; false if this system
        cannot tell.
    """
    return bool(_ask(transport, "FIONREAD"))


def _ask(transport: Any, question: str) -> int | None:
    """
    Ask the kernel for a number about the socket under a transport.

    @return: the number; C{None} if there is no such socket, or no answer.
    """
    handle = _handleOf(transport)
    if termios is None or handle is None:
        return None
    try:
        answer = fcntl.ioctl(handle, getattr(termios, question), bytes(4))
    except (OSError, TypeError, ValueError):
        return None
    return int.from_bytes(answer, sys.byteorder)


_TCP_INFO: Final = struct.Struct("=2xBxB3xI12xI28xI")
"""The layout of a Linux kernel's C{struct tcp_info}, as far as L{isUnreachable} needs it."""

_MANY_TRIES: Final = 10
"""Retransmissions that count as enough whatever their time: the kernel does not double the interval
if it cannot even send, for example because a cable is unplugged."""


def isUnreachable(transport: Any, seconds: float) -> bool:
    """
    Tell whether a peer has vanished, as far as the kernel knows: nothing was acknowledged for this
    long, and data was retransmitted for as long.  The interval between retransmissions doubles, so
    the last one tells for how long that has gone on.  A peer that merely does not read still
    acknowledges.

    @param transport: a transport over a socket, also one inside TLS.
    @param seconds: for how long, in seconds.
    @return: also false where this system cannot tell.
    """
    handle = _handleOf(transport)
    option = getattr(socket, "TCP_INFO", None)
    if sys.platform != "linux" or option is None or handle is None:
        return False
    try:
        answer = handle.getsockopt(socket.IPPROTO_TCP, option, _TCP_INFO.size)
        tries, backoff, timeout, unacknowledged, silence = _TCP_INFO.unpack(answer)
    except (OSError, AttributeError, TypeError, struct.error):
        return False
    if not unacknowledged or silence < seconds * 1000:
        return False
    # The next retransmission is due at twice this time, so err on the early side instead of waiting
    # twice as long.
    tried: float = timeout * (1 - 0.5**backoff) / 1e6
    return tried >= seconds * 0.8 or tries >= _MANY_TRIES


def allArrived(transport: Any) -> bool:
    """
    @return: whether the peer's system has acknowledged everything; false if this system cannot
        tell.
    """
    return unacknowledged(transport) == 0


def peerEnded(transport: Any) -> bool:
    """
    Ask the kernel whether the peer has closed its side, without reading: the end of the stream
    comes after all input, so a transport that has paused reading does not see it.

    @param transport: a transport over a socket, also one inside TLS.
    @return: also false where this system cannot tell.
    """
    handle = _handleOf(transport)
    flag = getattr(select, "POLLRDHUP", None)
    if flag is None or handle is None:
        return False
    try:
        poll = select.poll()
        poll.register(handle, flag)
        return bool(poll.poll(0))
    except (OSError, TypeError, ValueError):
        return False


def plainSend(transport: Any) -> Callable[[bytes], int] | None:
    """
    @return: the C{send} method of the plain socket; C{None} for TLS, or a transport without a
        socket.
    """
    getHandle = getattr(transport, "getHandle", None)
    handle = None if getHandle is None else getHandle()
    return handle.send if type(handle) is socket.socket else None


def raiseDescriptorLimit(wanted: int = 65_536) -> int:
    """
    Ask the system for more file descriptors.

    @param wanted: how many; the limit is never lowered.
    @return: how many this process may now have open.
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
