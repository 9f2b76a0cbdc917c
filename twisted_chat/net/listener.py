# -*- test-case-name: tests.net.test_listener -*-
"""
A place where the server listens: bound early, so that a port below 1024 can be had before the
privileges are dropped, and opened later.
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
"""Addresses that stand for every address of this machine."""

_TAKEN: Final = frozenset({errno.EADDRINUSE, errno.EACCES})
"""The errors of a port that cannot be had although the system has its kind of address."""


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
        @param endpoint: what to listen on.
        @param text: how the operator called it.
        @param spare: what to listen on where the system lacks the endpoint's kind of address.
        @param options: what the client needs besides address and port, after a blank.
        """
        self.text = text
        self.options = options
        self._endpoint = endpoint
        self._spare = spare

    def bind(self, factory: IProtocolFactory) -> None:
        """
        Bind the port, and accept nobody yet: new connections wait in the kernel.

        @raise CannotListenError: if the port cannot be had.
        """
        self._port = self._listen(factory)
        # An operator who has written a number keeps it.
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
        # Endpoints of all kinds bind synchronously; only so can it be done before the reactor runs.
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

        @return: fires when nothing is accepted any more.
        """
        return maybeDeferred(self._port.stopListening)

    @property
    def number(self) -> int | None:
        """
        The port's number, or C{None} where it has none.
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
    # No packet is sent: connecting a datagram socket only chooses the address of the route.
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
