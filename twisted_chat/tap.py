# -*- test-case-name: tests.test_tap -*-
"""
The composition: the only file that knows options, ports, stores and doors together.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NoReturn

from twisted.application.service import IService
from twisted.internet.endpoints import (
    TCP4ServerEndpoint,
    TCP6ServerEndpoint,
    serverFromString,
)
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.python import usage

from .chat.hub import LOBBY, Hub
from .chat.welcome import BACKLOG
from .doors.gate import Gate
from .doors.interfaces import IDoor
from .doors.lines.factory import ChatFactory
from .errors import ChatError
from .net.admission import AdmissionControl, Network
from .net.limits import SPARE_DESCRIPTORS, Limits
from .net.listener import Listener
from .net.sockets import raiseDescriptorLimit
from .ops.auditlog import AuditLog
from .service import ChatService
from .stores.interfaces import IStore
from .stores.memory import MemoryLog
from .text.cleaning import showable
from .text.names import cleanRoom

DEFAULT_PORT = "5000"

ACCEPT_BACKLOG = 512
"""Connections that may wait in the kernel: Twisted's own 50 are too few when a crowd returns."""

MAX_MOTD = 8 * 1024
"""Bytes of the message of the day."""


def _number(text: str | int) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("write a whole number") from None


def _rate(text: str | float) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("write a number, such as 10 or 0.5") from None


class Options(usage.Options):
    """
    The command line of C{twistd chatserver}.
    """

    synopsis = "[options]"
    longdesc = "A chat server: rooms over plain lines for people and JSON lines for programs."

    optParameters = [
        ["host", None, None, "Address to listen on (default: all, IPv4 and IPv6)."],
        ["room", "r", LOBBY, "Name of the room where everybody is."],
        ["motd", None, None, "File with lines that everybody is shown who enters."],
        ["history", None, "chat.sqlite", "File where everything is kept, or: memory."],
        ["keep", None, "all", "How much history to keep: all, a number of messages, or 30d."],
        ["backlog", None, BACKLOG, "Old messages that a newcomer to a room is shown.", _number],
        ["rate", None, Limits.rate, "Lines a second one client may go on sending; 0: any.", _rate],
        ["burst", None, Limits.burst, "Lines one client may send at once.", _number],
        ["tls", None, None, "Port for TLS; without --cert, a certificate is made and kept."],
        ["cert", None, None, "Certificate chain for --tls, in PEM form."],
        ["key", None, None, "Private key for --cert, in PEM form (default: in the same file)."],
    ]

    optFlags = [
        ["no-transcript", None, "Do not write what people say into the server's log."],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["port"] = []
        self["trusted"] = []

    def opt_port(self, value: str) -> None:
        """
        Port number or Twisted endpoint, such as tcp:5000:interface=127.0.0.1; may be repeated.
        """
        self["port"].append(value)

    opt_p = opt_port

    def opt_trusted(self, value: str) -> None:
        """
        Network without limits per address, such as 10.0.0.0/8; may be repeated.
        """
        try:
            self["trusted"].append(ip_network(value, strict=False))
        except ValueError:
            raise usage.UsageError(
                f"--trusted {value}: write a network like 10.0.0.0/8 or 2001:db8::/32"
            ) from None

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """
        @raise SystemExit: with one sentence, if they cannot be used.
        """
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            _giveUp(f"{error}; chatserver --help tells more")

    def postOptions(self) -> None:
        """
        Check options against each other.

        @raise usage.UsageError: if they do not go together.
        """
        if not self["port"]:
            self["port"] = [] if self["tls"] is not None else [DEFAULT_PORT]
        for port in [*self["port"], *([] if self["tls"] is None else [self["tls"]])]:
            if port.isdecimal() and int(port) > 65535:
                raise usage.UsageError(f"--port {port}: ports go from 0 to 65535")
        if self["tls"] is not None and not self["tls"].isdecimal():
            raise usage.UsageError(f"--tls {self['tls']}: give a port number")
        if self["cert"] and self["tls"] is None:
            raise usage.UsageError("--cert goes with --tls PORT")
        if self["key"] and not self["cert"]:
            raise usage.UsageError("--key goes with --cert FILE")
        if not 0 <= self["rate"] < float("inf") or self["burst"] < 1:
            raise usage.UsageError("--rate must not be negative, and --burst at least 1")
        if not 0 <= self["backlog"] <= 1000:
            raise usage.UsageError("--backlog goes from 0 to 1000")
        try:
            self["room"] = cleanRoom(self["room"])
        except ChatError as error:
            raise usage.UsageError(f"--room {self['room']}: {error}") from None
        if self["motd"] is not None:
            self["motd"] = _readMotd(self["motd"])


def _giveUp(sentence: str) -> NoReturn:
    """
    End the start with a sentence on standard error and the status 1.
    """
    raise SystemExit(f"chatserver: {sentence}")


def _readMotd(path: str) -> str:
    try:
        text = Path(path).read_bytes()[:MAX_MOTD].decode("utf-8", "replace")
    except OSError as error:
        raise usage.UsageError(f"--motd {path}: {error.strerror}") from None
    return "\n".join(showable(line) for line in text.splitlines())


def makeService(options: Options) -> IService:
    """
    Put a server together.

    @raise SystemExit: with one sentence, if it cannot be.
    """
    from twisted.internet import reactor

    return buildService(options, reactor)


def buildService(options: Options, reactor: Any) -> IService:
    """
    Put a server together on this reactor.

    @raise SystemExit: with one sentence, if it cannot be.
    """
    # Twisted's clock is the wall clock: set back, timers would not fire; set on, all at once.
    reactor.seconds = time.monotonic
    # Under twistd -n nobody else has set it, and the history is nobody else's business.
    os.umask(0o077)
    limits = Limits(
        rate=options["rate"],
        burst=options["burst"],
        maxConnections=raiseDescriptorLimit() - SPARE_DESCRIPTORS,
    )
    auditLog = AuditLog(time.time, reactor, not options["no-transcript"])
    store = _store(options, reactor)
    hub = Hub(
        store,
        options["room"],
        audit=auditLog,
        backlog=options["backlog"],
        motd=options["motd"] or "",
    )
    trusted: list[Network] = options["trusted"]
    gate = Gate(hub, limits, reactor, AdmissionControl(limits, reactor.seconds, trusted))
    try:
        doors: list[IDoor] = [
            ChatFactory(gate=gate, listeners=_listeners(options, reactor)),
        ]
    except (ValueError, TypeError, LookupError) as error:
        # What a TypeError says is about Twisted's own functions.
        reason = "this is no endpoint" if isinstance(error, TypeError) else error
        _giveUp(f"--port: {reason}; write a number, or an endpoint like tcp:5000")
    except ChatError as error:
        _giveUp(error.sentence)
    return ChatService(reactor, doors, store, hub, auditLog)


def _store(options: Options, reactor: Any) -> IStore:
    """
    @return: the log that the options ask for, not yet started.
    """
    from .stores.sqlite.retention import parseKeep

    try:
        keep = parseKeep(options["keep"])
    except ChatError as error:
        _giveUp(f"--keep {options['keep']}: {error}")
    if options["history"] == "memory":
        return MemoryLog(lambda flush: reactor.callLater(0, flush))
    from .stores.sqlite.store import SQLiteLog

    return SQLiteLog(options["history"], reactor, keep=keep)


def _listeners(options: Options, reactor: Any) -> list[Listener]:
    found = [_listener(port, options["host"], reactor) for port in options["port"]]
    if options["tls"] is not None:
        found.append(_tlsListener(options, reactor))
    return found


def _listener(port: str, host: str | None, reactor: Any) -> Listener:
    """
    @param port: a number, or an endpoint in Twisted's words.
    """
    if not port.isdecimal():
        return Listener(serverFromString(reactor, port), port)
    endpoint, spare = _endpoints(int(port), host, reactor)
    where = "" if host is None else f" of {host}"
    return Listener(endpoint, f"port {port}{where}", spare)


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


def _tlsListener(options: Options, reactor: Any) -> Listener:
    """
    @raise ChatError: if the certificate cannot be used.
    """
    from .net.certificates import keptCertificate, serverContextFactory
    from .net.tls import TLSEndpoint
    from .wire.fingerprint import fingerprint

    host = options["host"]
    cert = options["cert"]
    if cert is None:
        directory = "." if options["history"] == "memory" else os.path.dirname(options["history"])
        cert = keptCertificate(directory or ".", [host] if host else [])
    context = serverContextFactory(cert, options["key"] or cert)
    print(f"TLS certificate: {fingerprint(Path(cert).read_bytes())}", file=sys.stderr)
    number = int(options["tls"])
    endpoint, spare = _endpoints(number, host, reactor)
    return Listener(
        TLSEndpoint(endpoint, context),
        f"TLS port {number}",
        None if spare is None else TLSEndpoint(spare, context),
        " --tls",
    )
