# -*- test-case-name: tests.test_listening -*-
"""
Where a server listens: from the options to endpoints.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.internet.endpoints import (
    TCP4ServerEndpoint,
    TCP6ServerEndpoint,
    UNIXServerEndpoint,
    serverFromString,
)
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.logger import Logger

from .doors.admin.tool import ENDING
from .doors.gate import Gate
from .errors import ConfigError
from .net.admission import Network
from .net.limits import ACCEPT_BACKLOG
from .net.listener import Listener
from .net.proxy import ProxyEndpoint
from .net.tls import Identity, TLSEndpoint

_log = Logger("chat")

_SOCKET_PATH = 100
"""Bytes of a socket's path, of the 107 that Linux allows: its lock has a longer name."""

_Wrapper = Callable[[IStreamServerEndpoint], IStreamServerEndpoint]


def portListeners(
    options: Mapping[str, Any], reactor: Any, proxies: Sequence[Network], gate: Gate
) -> list[Listener]:
    """
    @param proxies: networks whose connections come through a proxy; may change at any time.
    @return: where C{--port} says to listen.
    @raise ChatError: if one of the ports cannot be used.
    """
    behind = _behind(proxies, gate)
    host = options["host"]
    return [_listener("--port", port, host, reactor, behind) for port in options["port"]]


def tlsListener(
    options: Mapping[str, Any],
    reactor: Any,
    proxies: Sequence[Network],
    gate: Gate,
    identity: Identity,
) -> Listener:
    """
    @param proxies: networks whose connections come through a proxy; may change at any time.
    @param identity: what clients are shown.
    @return: where C{--tls} says to listen.
    """
    behind = _behind(proxies, gate)
    port = int(options["tls"])
    endpoint, spare = _endpoints(port, options["host"], reactor)
    return Listener(
        TLSEndpoint(behind(endpoint), identity, gate.log),
        f"TLS port {port}",
        None if spare is None else TLSEndpoint(behind(spare), identity, gate.log),
        " --tls",
    )


def _behind(proxies: Sequence[Network], gate: Gate) -> _Wrapper:
    """
    @return: wraps an endpoint so that it awaits the header of a proxy from these networks.
    """
    return lambda endpoint: ProxyEndpoint(endpoint, proxies, gate)


def _direct(endpoint: IStreamServerEndpoint) -> IStreamServerEndpoint:
    """
    @return: the endpoint itself, which awaits no proxy.
    """
    return endpoint


def adminListener(options: Mapping[str, Any], reactor: Any) -> Listener | None:
    """
    @return: where the operator is listened to: beside the history, unless the options say
        otherwise.
    """
    path = options["admin"]
    if path is None:
        if options["history"] == "memory":
            return None
        path = options["history"] + ENDING
        if len(os.fsencode(os.path.abspath(path))) > _SOCKET_PATH:
            _log.warn("the path {path} is too long for a socket: use --admin PATH", path=path)
            return None
    # With a lock beside it, what a server left behind that was killed is removed.
    endpoint = UNIXServerEndpoint(reactor, path, mode=0o600, wantPID=True)
    return Listener(endpoint, f"--admin {path}")


def metricsListener(options: Mapping[str, Any], reactor: Any) -> Listener | None:
    """
    @return: where the server is asked how it is: without a word on it, by this machine alone.
    @raise ChatError: if that cannot be.
    """
    port = options["metrics"]
    if port is None:
        return None
    listener = _listener("--metrics", port, "127.0.0.1", reactor, _direct)
    listener.text = f"--metrics {port}"
    return listener


def checkPorts(options: Mapping[str, Any], reactor: Any) -> None:
    """
    Look at the ports, and bind none.

    @raise ChatError: if one of them cannot be used.
    """
    metricsListener(options, reactor)
    for port in options["port"]:
        _listener("--port", port, options["host"], reactor, _direct)


def _listener(option: str, port: str, host: str | None, reactor: Any, behind: _Wrapper) -> Listener:
    """
    @param option: which one says so.
    @param port: a number, or an endpoint in Twisted's words.
    @raise ChatError: if it is neither.
    """
    if port.isdecimal():
        endpoint, spare = _endpoints(int(port), host, reactor)
        where = "" if host is None else f" of {host}"
        return Listener(
            behind(endpoint), f"port {port}{where}", None if spare is None else behind(spare)
        )
    try:
        if port.startswith("haproxy:"):
            raise ValueError(
                "a port behind a proxy is given without haproxy:, and the proxy's network by "
                "--proxy"
            )
        return Listener(behind(serverFromString(reactor, port)), port)
    except (ValueError, TypeError, LookupError) as error:
        # What a TypeError says is about Twisted's own functions.
        reason = "this is no endpoint" if isinstance(error, TypeError) else error
        raise ConfigError(
            f"{option} {port}: {reason}; write a number, or an endpoint like tcp:5000"
        ) from None


def _endpoints(
    port: int, host: str | None, reactor: Any
) -> tuple[IStreamServerEndpoint, IStreamServerEndpoint | None]:
    """
    @return: where to listen, and what else to listen on where that kind is not to be had.
    """
    if host is not None:
        kind = TCP6ServerEndpoint if ":" in host else TCP4ServerEndpoint
        return kind(reactor, port, ACCEPT_BACKLOG, host), None
    # On Linux and macOS one IPv6 socket serves IPv4, too (RFC 3493 section 3.7).
    return (
        TCP6ServerEndpoint(reactor, port, ACCEPT_BACKLOG, "::"),
        TCP4ServerEndpoint(reactor, port, ACCEPT_BACKLOG, ""),
    )
