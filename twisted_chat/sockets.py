# -*- test-case-name: tests.test_sockets -*-
"""
What the socket under a transport can do that the transport does not offer.

Where there is no socket, or the system does not know a thing, there is an answer all the same.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

try:
    import fcntl
    import termios
except ImportError:  # pragma: no cover
    # Windows: nobody can tell what has arrived, and the peer is given all the time there is.
    fcntl = termios = None  # type: ignore[assignment]

#: What makes the kernel find a vanished peer within 150 s: a probe after 60 s of silence, then
#: every 15 s, gone after 4 without answer; 60,000 ms for data that is not acknowledged (RFC 9293
#: section 3.8.4, RFC 5482).  Each system has its own part of these.
_KEEPALIVE: Final = (
    ("TCP_KEEPIDLE", 60),
    ("TCP_KEEPALIVE", 60),
    ("TCP_KEEPINTVL", 15),
    ("TCP_KEEPCNT", 4),
    ("TCP_USER_TIMEOUT", 60_000),
)


def keepAlive(transport: Any) -> None:
    """
    Have the kernel find out when this peer vanishes without a word.

    @param transport: a transport over a socket, also one inside TLS.  Where the socket or the
        system does not know an option it is left out, so a UNIX socket or a transport without a
        socket is no error.
    """
    while hasattr(transport, "transport"):
        transport = transport.transport
    handle = transport.getHandle() if hasattr(transport, "getHandle") else None
    if handle is None or not hasattr(handle, "setsockopt"):
        return
    with suppress(OSError):
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            with suppress(OSError):
                handle.setsockopt(socket.IPPROTO_TCP, option, value)


def unacknowledged(transport: Any) -> int | None:
    """
    @param transport: a transport over a socket, also one inside TLS.
    @return: bytes that this system holds and the peer's has not taken; C{None} where it cannot
        tell.
    """
    while hasattr(transport, "transport"):
        transport = transport.transport
    if termios is None or not hasattr(transport, "getHandle"):
        return None
    try:
        unsent = fcntl.ioctl(transport.getHandle(), termios.TIOCOUTQ, bytes(4))
    except (OSError, TypeError, ValueError):
        return None
    return int.from_bytes(unsent, sys.byteorder)


def allArrived(transport: Any) -> bool:
    """
    @return: whether the peer's system has all that was sent; also false where this one cannot
        tell.
    """
    return unacknowledged(transport) == 0


def plainSend(transport: Any) -> Callable[[bytes], int] | None:
    """
    @return: the plain socket's C{send}, or C{None} where bytes must go another way: TLS, or a
        transport without a socket.
    """
    getHandle = getattr(transport, "getHandle", None)
    handle = getHandle() if getHandle is not None else None
    return handle.send if type(handle) is socket.socket else None
