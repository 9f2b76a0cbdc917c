# -*- test-case-name: tests.ops.test_systemd -*-
"""
Reports the server's state to the service manager: C{sd_notify(3)}, without its library.
"""

from __future__ import annotations

import os
import socket
from typing import Final

from twisted.logger import Logger

TIMEOUT: Final = 1.0
"""The longest wait for a service manager that does not read, in seconds: the chat goes on."""

_log = Logger()


def ready() -> bool:
    """
    Report that everybody can connect now.

    @return: whether a service manager was told; without one nothing happens.
    """
    return _notify(b"READY=1")


def stopping() -> bool:
    """
    Report that nobody can connect any more, and that the server is closing; see L{ready}.
    """
    return _notify(b"STOPPING=1")


def _notify(state: bytes) -> bool:
    """
    Send one datagram to the socket that the service manager named in the environment.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        # An abstract socket (unix(7)), which has no file.
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
            service.settimeout(TIMEOUT)
            service.connect(address)
            service.sendall(state)
    except OSError as error:
        _log.warn("the service manager cannot be told: {error}", error=error)
        return False
    return True
