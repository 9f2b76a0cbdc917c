# -*- test-case-name: tests.net.test_listener -*-
"""
A port of the server: bound early, so that a port below 1024 is available before privileges are
dropped, and opened later.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint

from .limits import ACCEPT_BACKLOG
from .sockets import prepare

_WILDCARDS: Final = ("0.0.0.0", "::", "")
"""The wildcard addresses, which stand for every address of this machine."""

_TAKEN: Final = frozenset({errno.EADDRINUSE, errno.EACCES})
"""Errors of a port that is unavailable although the system supports its address family."""


class Listener:
    """
    Where a server listens.

    @ivar text: how the operator called it.
    @ivar options: what the client needs besides address and port, after a blank, or nothing.
    """

    _port: IListeningPort

    def __init__(
        self,
        endpoint: IStreamServerEndpoint,
        text: str,
        spare: IStreamServerEndpoint | None = None,
        options: str = "",
    ) -> None:
        """
        @param endpoint: the endpoint to listen on.
        @param text: how the operator called it.
        @param spare: the endpoint to use if the system lacks the address family of the first.
        @param options: what the client needs besides address and port, after a blank.
        """
        self.text = text
        self.options = options
        self._endpoint = endpoint
        self._spare = spare

    def bind(self, factory: IProtocolFactory) -> None:
        """
        Bind the port, and accept nobody yet: new connections wait in the kernel.

        @raise CannotListenError: if the port is unavailable.
        """
        self._port = self._listen(factory)
        # An operator's own number is kept.
        prepare(self._port, None if "backlog=" in self.text else ACCEPT_BACKLOG)
        self._turn("stopReading")

    def _listen(self, factory: IProtocolFactory) -> IListeningPort:
        try:
            return self._bound(self._endpoint, factory)
        except CannotListenError as error:
            refused = error.socketError
            missing = isinstance(refused, OSError) and refused.errno not in _TAKEN
            if self._spare is None or not missing:
                raise
        return self._bound(self._spare, factory)

    def _bound(self, endpoint: IStreamServerEndpoint, factory: IProtocolFactory) -> IListeningPort:
        result: list[Any] = []
        endpoint.listen(factory).addBoth(result.append)
        # All endpoints bind synchronously, which allows binding before the reactor runs.
        (found,) = result
        if hasattr(found, "raiseException"):
            if found.check(OSError):
                # Of the lock file beside a UNIX socket.
                raise CannotListenError(None, self.text, found.value)
            found.raiseException()
        port: IListeningPort = found
        return port

    def open(self) -> None:
        """
        Accept the connections that wait in the kernel, and all that follow.
        """
        self._turn("startReading")

    def _turn(self, name: str) -> None:
        switch: Callable[[], None] | None = getattr(self._port, name, None)
        if switch is not None:
            switch()

    def close(self) -> Deferred[Any]:
        """
        Close the port.

        @return: fires when connections are no longer accepted.
        """
        return maybeDeferred(self._port.stopListening)

    @property
    def number(self) -> int | None:
        """
        The port's number, or C{None} if it has none.
        """
        number: int | None = getattr(self._port.getHost(), "port", None)
        return number

    @property
    def addresses(self) -> list[str]:
        """
        The addresses at which others may reach the server.
        """
        host = str(getattr(self._port.getHost(), "host", ""))
        return _ownAddresses() if host in _WILDCARDS else [host]


def _ownAddresses() -> list[str]:
    """
    @return: the addresses of this machine, loopback first.
    """
    found = ["127.0.0.1"]
    # No packet is sent: connecting a datagram socket only selects the source address of the route.
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))
                address = str(probe.getsockname()[0])
        except OSError:
            continue
        if address not in found:
            found.append(address)
    return found
