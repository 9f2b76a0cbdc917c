# -*- test-case-name: tests.net.test_tls -*-
"""
A port that speaks TLS.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from zope.interface import implementer

from ..wire.fingerprint import tlsExtra


@implementer(IStreamServerEndpoint)
class TLSEndpoint:
    """
    TLS over another endpoint.  Unlike C{SSL4ServerEndpoint} it works over IPv6, and a factory may
    refuse a connection by giving it no protocol.
    """

    def __init__(self, endpoint: IStreamServerEndpoint, context: Any) -> None:
        """
        @param endpoint: where to listen.
        @param context: what L{certificates.serverContextFactory} gives.
        """
        self._endpoint = endpoint
        self._context = context

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        See L{IStreamServerEndpoint.listen}.
        """
        with tlsExtra():
            from twisted.protocols.tls import TLSMemoryBIOFactory

        class RefusingFactory(TLSMemoryBIOFactory):
            """
            Gives no protocol where the wrapped factory gives none.
            """

            def buildProtocol(self, addr: Any) -> Any:
                inner = self.wrappedFactory.buildProtocol(addr)
                return None if inner is None else self.protocol(self, inner)

        return self._endpoint.listen(RefusingFactory(self._context, False, protocolFactory))
