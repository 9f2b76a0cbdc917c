# -*- test-case-name: tests.net.test_proxy -*-
"""
A port behind a proxy, whose first bytes tell the address of the client.

Twisted's own wrapper for this protocol connects the wrapped protocol before the header arrives, so
that limits, log and bans would see the proxy's address.  Here it is connected after the header, and
then owns the transport.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ..text.networks import addressOf
from ..wire.proxyheader import BadHeader, parseHeader
from .addresses import hostOf
from .admission import Network
from .interfaces import Shared


class ProxyHead(Protocol):
    """
    A connection from a proxy, until its header is complete.
    """

    def __init__(self, factory: IProtocolFactory, shared: Shared) -> None:
        """
        @param factory: makes the protocol behind the header.
        @param shared: provides the time limit of the header, and the log.
        """
        self._behind = factory
        self._shared = shared
        self._data = b""
        self._timer: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """
        Wait a limited time for the header.
        """
        clock = self._shared.clock
        if clock is not None:
            self._timer = clock.callLater(
                self._shared.limits.loginTimeout, self._refuse, "did not come"
            )

    def dataReceived(self, data: bytes) -> None:
        """
        Collect the header, and pass everything after it to the client's protocol.
        """
        self._data += data
        try:
            header = parseHeader(self._data)
        except BadHeader as error:
            self._refuse(str(error))
            return
        if header is None:
            return
        self._stopWaiting()
        transport: Any = self.transport
        kind = IPv6Address if ":" in header.host else IPv4Address
        client = kind("TCP", header.host, header.port) if header.host else transport.getPeer()
        behind = self._behind.buildProtocol(client)
        if behind is None:
            transport.abortConnection()
            return
        transport.protocol = behind
        behind.makeConnection(transport)
        rest = self._data[header.length :]
        if rest:
            behind.dataReceived(rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Forget the timeout.
        """
        self._stopWaiting()

    def _refuse(self, why: str) -> None:
        """
        Log the reason and cut the connection.
        """
        self._stopWaiting()
        transport: Any = self.transport
        self._shared.log.info(
            "refused a connection of the proxy {host}: its PROXY header {why}",
            host=transport.getPeer().host,
            why=why,
        )
        transport.abortConnection()

    def _stopWaiting(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()


@implementer(IStreamServerEndpoint)
class ProxyEndpoint:
    """
    Wraps an endpoint at which connections from some networks begin with a header.
    """

    def __init__(
        self, endpoint: IStreamServerEndpoint, networks: Sequence[Network], shared: Shared
    ) -> None:
        """
        @param endpoint: where to listen.
        @param networks: the networks of the proxies; connections from elsewhere have no header.
        @param shared: what all connections share.
        """
        self._endpoint = endpoint
        self._networks = networks
        self._shared = shared

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        See L{IStreamServerEndpoint.listen}.
        """
        return self._endpoint.listen(_ProxyFactory(protocolFactory, self._networks, self._shared))


@implementer(IProtocolFactory)
class _ProxyFactory:
    """
    Builds a L{ProxyHead} for proxies, and the protocol of the wrapped factory for everybody else.
    """

    def __init__(
        self, behind: IProtocolFactory, networks: Sequence[Network], shared: Shared
    ) -> None:
        self._behind = behind
        self._networks = networks
        self._shared = shared

    def doStart(self) -> None:
        """See L{IProtocolFactory.doStart}."""
        self._behind.doStart()

    def doStop(self) -> None:
        """See L{IProtocolFactory.doStop}."""
        self._behind.doStop()

    def buildProtocol(self, addr: Any) -> Any:
        """See L{IProtocolFactory.buildProtocol}."""
        if self._networks:
            host = addressOf(hostOf(addr)[0])
            if host is not None and any(host in network for network in self._networks):
                return ProxyHead(self._behind, self._shared)
        return self._behind.buildProtocol(addr)
