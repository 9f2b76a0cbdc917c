# -*- test-case-name: tests.net.test_tls -*-
"""
A port that speaks TLS, and the certificate that it shows.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IListeningPort,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from ..wire.fingerprint import tlsExtra
from ..wire.proxyheader import SIGNATURE, TEXT
from .interfaces import EventLog


@implementer(IOpenSSLServerConnectionCreator)
class Identity:
    """
    The certificate and key for new connections; established ones keep their own.

    @ivar context: what L{certificates.serverContextFactory} returns.
    @ivar fingerprint: the fingerprint of the certificate.
    """

    def __init__(self, context: Any, fingerprint: str) -> None:
        self.context = context
        self.fingerprint = fingerprint

    def become(self, other: Identity) -> None:
        """
        Adopt the certificate and key of another identity.
        """
        self.context, self.fingerprint = other.context, other.fingerprint

    def serverConnectionForTLS(self, tlsProtocol: Any) -> Any:
        """
        See L{IOpenSSLServerConnectionCreator.serverConnectionForTLS}.
        """
        from OpenSSL.SSL import Connection

        return Connection(self.context.getContext(), None)


@implementer(IStreamServerEndpoint)
class TLSEndpoint:
    """
    TLS over another endpoint.  Unlike C{SSL4ServerEndpoint} it works over IPv6, and a factory may
    refuse a connection by giving it no protocol.
    """

    def __init__(
        self, endpoint: IStreamServerEndpoint, context: Any, log: EventLog | None = None
    ) -> None:
        """
        @param endpoint: where to listen.
        @param context: an L{Identity}, or what L{certificates.serverContextFactory} returns.
        @param log: the log for peers that send the header of a proxy instead of a handshake.
        """
        self._endpoint = endpoint
        self._context = context
        self._log = log

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        See L{IStreamServerEndpoint.listen}.
        """
        with tlsExtra():
            from twisted.protocols.tls import TLSMemoryBIOFactory

        log = self._log

        base: Any = TLSMemoryBIOFactory.protocol

        class Handshake(base):
            """
            Refuses a connection that begins with the header of a proxy.
            """

            _begun = False

            def dataReceived(self, data: bytes) -> None:
                if not self._begun:
                    self._begun = True
                    if data.startswith((TEXT, SIGNATURE)):
                        if log is not None:
                            log.info(
                                "refused {host}: it sends a PROXY header, and no --proxy names it",
                                host=self.transport.getPeer().host,
                            )
                        self.abortConnection()
                        return
                super().dataReceived(data)

        class RefusingFactory(TLSMemoryBIOFactory):
            """
            Builds no protocol if the wrapped factory builds none.
            """

            protocol = Handshake

            def buildProtocol(self, addr: Any) -> Any:
                inner = self.wrappedFactory.buildProtocol(addr)
                return None if inner is None else self.protocol(self, inner)

        return self._endpoint.listen(RefusingFactory(self._context, False, protocolFactory))
