# -*- test-case-name: tests.test_tap -*-
"""
The composition: the only file that knows options, ports, stores and doors together.
"""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from getopt import GetoptError, getopt
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NoReturn

from twisted import __version__ as twistedVersion
from twisted.application.service import IService
from twisted.internet.endpoints import (
    TCP4ServerEndpoint,
    TCP6ServerEndpoint,
    UNIXServerEndpoint,
    serverFromString,
)
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.logger import ILogObserver, Logger, textFileLogObserver
from twisted.python import usage

from . import __version__
from .chat.hub import LOBBY, Hub
from .chat.welcome import BACKLOG
from .counters import Counters
from .doors.admin.factory import AdminDoor
from .doors.admin.tool import ENDING
from .doors.gate import Gate
from .doors.lines.factory import ChatFactory
from .doors.stream import StreamDoor
from .errors import ChatError
from .monitor import Monitor
from .net.admission import AdmissionControl, Network
from .net.limits import ACCEPT_BACKLOG, SPARE_DESCRIPTORS, Limits
from .net.listener import Listener
from .net.proxy import ProxyEndpoint
from .net.sockets import raiseDescriptorLimit
from .net.tls import Identity, TLSEndpoint
from .ops.auditlog import AuditLog
from .ops.config import ConfigFile, Kind, Setting, readConfig
from .ops.jsonlog import jsonObserver
from .ops.logfile import FollowingLogFile
from .ops.reloading import Change, Reloader, whenChanged
from .service import ChatService
from .stores.interfaces import IStore
from .stores.memory import MemoryLog
from .stores.sqlite.retention import parseKeep
from .text.cleaning import showable
from .text.names import cleanRoom
from .wire.fingerprint import ConfigError, fingerprint

_log = Logger("chat")

DEFAULT_PORT = "5000"

_FEW_CONNECTIONS = 500
"""Of fewer the operator is told: most systems let a process open 1,024 files."""

_SOCKET_PATH = 100
"""Bytes of a socket's path, of the 107 that Linux allows: its lock has a longer name."""

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
        ["log-file", None, None, "File for the log; may be renamed at any time (logrotate)."],
        ["tls", None, None, "Port for TLS; without --cert, a certificate is made and kept."],
        ["cert", None, None, "Certificate chain for --tls, in PEM form."],
        ["key", None, None, "Private key for --cert, in PEM form (default: in the same file)."],
        ["admin", None, None, "Socket for twisted_chat.admin (default: beside the history)."],
        ["metrics", None, None, "Port of this machine, or endpoint, for Prometheus."],
        ["config", None, None, "File of options in TOML; those of the command line go first."],
    ]

    optFlags = [
        ["no-transcript", None, "Do not write what people say into the server's log."],
        ["log-json", None, "Write the log as one JSON object a line."],
        ["check", None, "Read the options and all files, say what is wrong, and end."],
    ]

    def __init__(self) -> None:
        super().__init__()
        self.arguments: Sequence[str] = ()
        self["port"] = []
        self["trusted"] = []
        self["proxy"] = []

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
        self["trusted"].append(_network("--trusted", value))

    def opt_proxy(self, value: str) -> None:
        """
        Network of proxies, whose connections must begin with a PROXY header (version 1 or 2) that
        tells where the client comes from; may be repeated.
        """
        self["proxy"].append(_network("--proxy", value))

    def opt_version(self) -> NoReturn:
        """
        Display the version of this server and of Twisted, and exit.
        """
        print(f"twisted_chat {__version__} (Twisted {twistedVersion})")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """
        Read the options, and with C{--check} all files that they name, and end.

        @raise SystemExit: with one sentence, if they cannot be used; with the status 0 at the end
            of a check.
        """
        try:
            self.parse(sys.argv[1:] if options is None else options)
        except usage.UsageError as error:
            _giveUp(f"{error}; chatserver --help tells more")
        if self["check"]:
            from twisted.internet import reactor

            try:
                checkFiles(self, reactor)
            except ChatError as error:
                _giveUp(error.sentence)
            print("chatserver: all is well")
            raise SystemExit(0)

    def parse(self, arguments: Sequence[str]) -> None:
        """
        Read the options: the defaults, over them those of a file, over these the command line.

        @param arguments: the command line, which is kept for another reading.
        @raise usage.UsageError: if they cannot be used.
        """
        self.arguments = tuple(arguments)
        given = self._given(arguments)
        path = given.get("config")
        if path is None:
            super().parseOptions(arguments)
            return
        try:
            file = readConfig(path, settings())
        except ChatError as error:
            raise usage.UsageError(error.sentence) from None
        names = [name for name in file.names if name not in given]
        try:
            super().parseOptions([*file.arguments(names), *arguments])
        except usage.UsageError as error:
            raise usage.UsageError(_located(str(error), file, names)) from None

    def _given(self, arguments: Sequence[str]) -> dict[str, str]:
        """
        @return: the options of a command line by their long names, each as it was given last;
            nothing if it is none.
        """
        try:
            found, _ = getopt(list(arguments), self.shortOpt, self.longOpt)
        except GetoptError:
            return {}
        return {self.synonyms[name.lstrip("-")]: value for name, value in found}

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
        if self["log-file"] == "":
            raise usage.UsageError("--log-file: name a file")
        if not self["history"]:
            raise usage.UsageError("--history: name a file, or write memory")
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
        try:
            parseKeep(self["keep"])
        except ChatError as error:
            raise usage.UsageError(f"--keep {self['keep']}: {error}") from None


class _Unchecked(Options):
    """
    Options each by itself.
    """

    def postOptions(self) -> None:
        """
        Check nothing.
        """


def settings() -> Mapping[str, Setting]:
    """
    @return: every option as a file may have it, by its name.
    """
    options = Options()
    found: dict[str, Setting] = {}
    # Those that may be repeated come first, as the ports do.
    for name, method in sorted(vars(Options).items()):
        option = name.removeprefix("opt_")
        isOption = name.startswith("opt_") and len(option) > 1 and f"{option}=" in options.longOpt
        if isOption:
            help = " ".join((method.__doc__ or "").split())
            default = [DEFAULT_PORT] if option == "port" else []
            found[option] = Setting(Kind.LIST, default, help)
    parameters: Any = Options.optParameters
    for option, _, default, help, *coerce in parameters:
        kind = Kind.NUMBER if coerce else Kind.TEXT
        found[option] = Setting(kind, default, help)
    flags: Any = Options.optFlags
    for option, _, help in flags:
        found[option] = Setting(Kind.FLAG, False, help)
    return found


def _located(sentence: str, file: ConfigFile, names: Iterable[str]) -> str:
    """
    @param sentence: what is wrong.
    @param names: the options that were taken from the file.
    @return: the same, with the place in the file that it is about.
    """
    blamed = [name for name in names if not _isGood(file.arguments([name]))]
    blamed += [name for name in names if re.search(rf"--{name}\b(?!-)", sentence)]
    if not blamed:
        return sentence
    name = blamed[0]
    # What usage says of a number that is none does not name the option.
    reason = sentence.removeprefix("Parameter type enforcement failed: ")
    if f"--{name}" not in reason:
        reason = f"--{name}: {reason}"
    return f"{reason} ({file.placeOf(name)})"


def _isGood(arguments: Sequence[str]) -> bool:
    """
    @return: whether options can be used as far as no others are concerned.
    """
    try:
        _Unchecked().parse(arguments)
    except usage.UsageError:
        return False
    return True


def _network(option: str, value: str) -> Network:
    """
    @raise usage.UsageError: if it is none.
    """
    try:
        return ip_network(value, strict=False)
    except ValueError:
        raise usage.UsageError(
            f"{option} {value}: write a network like 10.0.0.0/8 or 2001:db8::/32"
        ) from None


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
    auditLog = AuditLog(time.time, reactor, not options["no-transcript"])
    counters = Counters(reactor.seconds)
    counters.watched = bool(options["metrics"])
    store = _store(options, reactor, counters)
    hub = Hub(
        store,
        options["room"],
        audit=auditLog,
        backlog=options["backlog"],
        motd=options["motd"] or "",
        counters=counters,
    )
    maxConnections = _maxConnections(raiseDescriptorLimit())
    limits = _limits(options, maxConnections)
    trusted: list[Network] = options["trusted"]
    gate = Gate(hub, limits, reactor, AdmissionControl(limits, reactor.seconds, trusted))
    proxies: list[Network] = [*options["proxy"]]
    try:
        watched = _metricsListener(options, reactor)
        listeners, identity = _listeners(options, reactor, proxies, gate)
    except ChatError as error:
        _giveUp(error.sentence)
    doors: list[StreamDoor] = [ChatFactory(gate=gate, listeners=listeners)]
    changes = [
        whenChanged(
            ("motd", "backlog"),
            options,
            lambda new: hub.changeWelcome(new["backlog"], new["motd"] or ""),
        ),
        whenChanged(
            ("rate", "burst", "trusted"),
            options,
            lambda new: _changeLimits(gate, doors, _limits(new, maxConnections), new["trusted"]),
        ),
        whenChanged(
            ("no-transcript",),
            options,
            lambda new: setattr(auditLog, "wantsMessages", not new["no-transcript"]),
        ),
        whenChanged(
            ("proxy",), options, lambda new: proxies.__setitem__(slice(None), new["proxy"])
        ),
        *([] if identity is None else [Change(("cert", "key"), _renewal(identity))]),
    ]
    reloader = Reloader(lambda: _readAgain(options, reactor), options, changes)
    admin = _adminListener(options, reactor)
    if admin is not None:
        isOptional = options["admin"] is None
        doors.append(AdminDoor(gate, [admin], [*doors], reloader.reload, isOptional))
    monitor = None if watched is None else Monitor(reactor, watched, gate, doors)
    return ChatService(
        reactor,
        doors,
        store,
        hub,
        auditLog,
        reload=reloader.reload,
        monitor=monitor,
        logObserver=_logObserver(options),
    )


def _limits(options: Mapping[str, Any], maxConnections: int) -> Limits:
    return Limits(rate=options["rate"], burst=options["burst"], maxConnections=maxConnections)


def _changeLimits(
    gate: Gate, doors: Iterable[StreamDoor], limits: Limits, trusted: Iterable[Network]
) -> None:
    """
    Have everybody keep to other bounds, whether they are here already or not.
    """
    gate.change(limits, trusted)
    for door in doors:
        door.limitsChanged()


def _readAgain(options: Options, reactor: Any) -> Options:
    """
    @return: the options as they are given now, with all that they name looked at.
    @raise ChatError: if they cannot be used.
    """
    new = Options()
    try:
        new.parse(options.arguments)
    except usage.UsageError as error:
        raise ConfigError(str(error)) from None
    _checkPorts(new, reactor)
    return new


def checkFiles(options: Options, reactor: Any) -> None:
    """
    Read everything that the options name, make nothing, and bind no port.

    @raise ChatError: if it cannot be used.
    """
    _checkPorts(options, reactor)
    if options["tls"] is not None and os.path.exists(_certificatePath(options)):
        _identity(options)
    if options["history"] != "memory":
        from .stores.sqlite.tool import standing

        print(f"chatserver: {standing(options['history'])}")


def _logObserver(options: Options) -> ILogObserver | None:
    """
    @return: where the log goes if the options say so.
    """
    # With another character set, entries that it cannot write would vanish, others with them.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    path = options["log-file"]
    makeObserver = jsonObserver if options["log-json"] else textFileLogObserver
    if path is None:
        return jsonObserver(sys.stdout) if options["log-json"] else None
    try:
        file: Any = FollowingLogFile(path)
        return makeObserver(file)
    except OSError as error:
        _giveUp(f"--log-file {path}: {error.strerror}")


def _maxConnections(descriptors: int) -> int:
    """
    Tell how many connections there may be, and the operator if that is not many.

    @param descriptors: how many descriptors this process may have.
    """
    count = descriptors - min(SPARE_DESCRIPTORS, descriptors // 2)
    if count < _FEW_CONNECTIONS:
        _log.warn(
            "no more than {count} people can be here at once, since the system lets this process"
            " open {descriptors} files: raise its limit (ulimit -n, LimitNOFILE)",
            count=count,
            descriptors=descriptors,
        )
    return count


def _store(options: Options, reactor: Any, counters: Counters) -> IStore:
    """
    @return: the log that the options ask for, not yet started.
    """
    if options["history"] == "memory":
        return MemoryLog(lambda flush: reactor.callLater(0, flush), counters=counters)
    from .stores.sqlite.store import SQLiteLog

    keep = parseKeep(options["keep"])
    return SQLiteLog(options["history"], reactor, keep=keep, counters=counters)


Wrapper = Callable[[IStreamServerEndpoint], IStreamServerEndpoint]


def _listeners(
    options: Options, reactor: Any, proxies: Sequence[Network], gate: Gate
) -> tuple[list[Listener], Identity | None]:
    """
    @param proxies: networks whose connections come through a proxy; may change at any time.
    @return: where to listen, and what connections over TLS are shown, if there are any.
    @raise ChatError: if one of the ports or the certificate cannot be used.
    """
    host = options["host"]

    def behind(endpoint: IStreamServerEndpoint) -> IStreamServerEndpoint:
        """
        @return: the endpoint, where proxies are awaited.
        """
        return ProxyEndpoint(endpoint, proxies, gate)

    found = [_listener("--port", port, host, reactor, behind) for port in options["port"]]
    identity = _identity(options)
    if identity is not None:
        found.append(_tlsListener(int(options["tls"]), host, reactor, behind, gate, identity))
    return found, identity


def _adminListener(options: Options, reactor: Any) -> Listener | None:
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


def _metricsListener(options: Options, reactor: Any) -> Listener | None:
    """
    @return: where the server is asked how it is: without a word on it, by this machine alone.
    @raise ChatError: if that cannot be.
    """
    port = options["metrics"]
    if port is None:
        return None
    listener = _listener("--metrics", port, "127.0.0.1", reactor, lambda endpoint: endpoint)
    listener.text = f"--metrics {port}"
    return listener


def _checkPorts(options: Options, reactor: Any) -> None:
    """
    @raise ChatError: if one of the ports cannot be one.
    """
    _metricsListener(options, reactor)
    for port in options["port"]:
        _listener("--port", port, options["host"], reactor, lambda endpoint: endpoint)


def _listener(option: str, port: str, host: str | None, reactor: Any, behind: Wrapper) -> Listener:
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


def _tlsListener(
    port: int, host: str | None, reactor: Any, behind: Wrapper, gate: Gate, identity: Identity
) -> Listener:
    endpoint, spare = _endpoints(port, host, reactor)
    return Listener(
        TLSEndpoint(behind(endpoint), identity, gate.log),
        f"TLS port {port}",
        None if spare is None else TLSEndpoint(behind(spare), identity, gate.log),
        " --tls",
    )


def _certificatePath(options: Options) -> str:
    """
    @return: the file of the certificate, which is beside the history if the server makes it.
    """
    from .net.certificates import KEPT_FILE

    if options["cert"] is not None:
        return str(options["cert"])
    return os.path.join(_folder(options), KEPT_FILE)


def _folder(options: Options) -> str:
    history = options["history"]
    return "." if history == "memory" else os.path.dirname(history) or "."


def _identity(options: Options) -> Identity | None:
    """
    @return: the certificate that the options name, or one that is made and kept; C{None} without
        TLS.
    @raise ChatError: if it cannot be used.
    """
    if options["tls"] is None:
        return None
    from .net.certificates import keptCertificate

    if options["cert"] is None:
        keptCertificate(_folder(options), [options["host"]] if options["host"] else [])
    identity = _readIdentity(options)
    print(f"TLS certificate: {identity.fingerprint}", file=sys.stderr)
    return identity


def _readIdentity(options: Options) -> Identity:
    from .net.certificates import serverContextFactory

    path = _certificatePath(options)
    context = serverContextFactory(path, options["key"] or path)
    return Identity(context, fingerprint(Path(path).read_bytes()))


def _renewal(identity: Identity) -> Callable[[Any], Callable[[], None] | None]:
    """
    @param identity: what new connections are shown.
    @return: reads the certificate once more: see L{Change.prepare}.
    """

    def prepare(new: Any) -> Callable[[], None] | None:
        renewed = _readIdentity(new) if new["tls"] is not None else identity
        return None if renewed.fingerprint == identity.fingerprint else renew(renewed)

    def renew(renewed: Identity) -> Callable[[], None]:
        return lambda: identity.become(renewed)

    return prepare
