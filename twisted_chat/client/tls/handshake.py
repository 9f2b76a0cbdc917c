# -*- test-case-name: tests.client.tls.test_handshake -*-
"""
Stands between TLS and the application, so that nothing is sent to a server before its certificate
is accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import NoProtocol, TimeoutError
from twisted.internet.interfaces import (
    IAddress,
    IHandshakeListener,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    ITCPTransport,
    ITransport,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ...errors import ChatError

HANDSHAKE_TIMEOUT: Final = 30.0
"""Time for a server to finish the TLS handshake, in seconds."""


class NotTLS(ChatError):
    """The peer does not speak TLS, or no safe version of it."""

    code = "not-tls"


@implementer(IHandshakeListener)
class HandshakeGate(Protocol):
    """
    Stands between TLS and the application, which is connected once the certificate is accepted.

    @ivar entered: fires with the application's protocol, or fails with the reason.
    """

    def __init__(
        self,
        clock: IReactorTime,
        factory: IProtocolFactory,
        accept: Callable[[], None],
        address: IAddress | None,
    ) -> None:
        self._clock = clock
        self._factory = factory
        self._accept = accept
        self._address = address
        self._protocol: IProtocol | None = None
        self._settled = False
        self.entered: Deferred[IProtocol] = Deferred(self._cancelled)

    def connectionMade(self) -> None:
        """
        Start the timeout of the handshake.
        """
        self._timeout = self._clock.callLater(
            HANDSHAKE_TIMEOUT, self._refuse, Failure(TimeoutError("no TLS handshake in time"))
        )

    def handshakeCompleted(self) -> None:
        """
        Judge the certificate, whose key the server has proved to have, and connect the application
        or leave.
        """
        if self._settled:
            return
        try:
            self._accept()
            protocol = self._factory.buildProtocol(cast(IAddress, self._address))
            if protocol is None:
                raise NoProtocol()
        except Exception:
            self._refuse(Failure())
            return
        self._protocol = protocol
        self._factory.doStart()
        self.dataReceived = protocol.dataReceived  # type: ignore[method-assign]
        protocol.makeConnection(cast(ITransport, self.transport))
        self._settle(protocol)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Tell the application, or else the caller that waits for it.
        """
        if self._protocol is not None:
            self._protocol.connectionLost(reason)
            self._factory.doStop()
            return
        from OpenSSL import SSL

        if reason.check(SSL.Error):
            reason = Failure(
                NotTLS(
                    f"the server does not speak TLS on this port ({_words(reason.value)}): connect "
                    "without --tls, or to its TLS port"
                )
            )
        self._settle(reason)

    def _refuse(self, reason: Failure) -> None:
        """
        Abort the connection.
        """
        self._settle(reason)
        cast(ITCPTransport, self.transport).abortConnection()

    def _cancelled(self, entered: Deferred[IProtocol]) -> None:
        """
        Abort, because the caller has cancelled the connection.
        """
        self._refuse(Failure(CancelledError()))

    def _settle(self, outcome: IProtocol | Failure) -> None:
        """
        Tell the outcome once.
        """
        if not self._settled:
            self._settled = True
            if self._timeout.active():
                self._timeout.cancel()
            self.entered.callback(outcome)


class HandshakeGateFactory(Factory):
    """
    Makes the L{HandshakeGate} of one connection.
    """

    noisy = False

    def __init__(
        self, clock: IReactorTime, factory: IProtocolFactory, accept: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._factory = factory
        self._accept = accept

    def buildProtocol(self, addr: IAddress | None) -> HandshakeGate:
        """
        @see: L{twisted.internet.interfaces.IProtocolFactory}
        """
        return HandshakeGate(self._clock, self._factory, self._accept, addr)


def _words(error: Any) -> str:
    """
    Extract OpenSSL's own reason from an error, which pyOpenSSL reports as a list of triples.
    """
    try:
        return str(error.args[0][-1][-1])
    except (IndexError, TypeError):
        return "the handshake failed"
