# -*- test-case-name: tests.test_composition -*-
"""
The composition: the only file that knows ports, stores and doors together.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from twisted.application.service import IService
from twisted.logger import ILogObserver, Logger, textFileLogObserver
from twisted.python import usage

from .accounts.hashing import Hashing
from .accounts.law import Policies
from .accounts.pepper import Pepper, keptPepper, readPepper
from .accounts.rules import project
from .chat.hub import Hub
from .counters import Counters
from .doors.admin.factory import AdminDoor
from .doors.gate import Gate
from .doors.lines.factory import ChatFactory
from .doors.stream import StreamDoor
from .errors import ChatError, ConfigError
from .identity import checkIdentity, loadIdentity, pepperPath, renewal
from .listening import adminListener, checkPorts, metricsListener, portListeners, tlsListener
from .monitor import Monitor
from .net.admission import AdmissionControl, Network
from .net.limits import SPARE_DESCRIPTORS, Limits
from .net.sockets import raiseDescriptorLimit
from .ops.auditlog import AuditLog
from .ops.jsonlog import jsonObserver
from .ops.logfile import FollowingLogFile
from .ops.reloading import Change, Reloader, whenChanged
from .options import ServerOptions
from .service import ChatService
from .stores.interfaces import IStore
from .stores.memory import MemoryLog
from .stores.sqlite.retention import parseKeep
from .worker import Worker

_log = Logger("chat")

_FEW_CONNECTIONS = 500
"""Of fewer the operator is told: most systems let a process open 1,024 files."""


class Options(ServerOptions):
    """
    The command line of C{twistd chatserver}.
    """

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


def _giveUp(sentence: str) -> NoReturn:
    """
    End the start with a sentence on standard error and the status 1.
    """
    raise SystemExit(f"chatserver: {sentence}")


def makeService(options: Options) -> IService:
    """
    Put a server together.

    @raise SystemExit: with one sentence, if it cannot be.
    """
    from twisted.internet import reactor

    return buildService(options, reactor)


def buildService(options: ServerOptions, reactor: Any) -> IService:
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
    hasher = Worker(reactor, "password hasher")
    hashing = Hashing(hasher.do)
    try:
        pepper = _pepper(options)
    except ChatError as error:
        _giveUp(error.sentence)
    hub = Hub(
        store,
        options["room"],
        audit=auditLog,
        backlog=options["backlog"],
        motd=options["motd"] or "",
        counters=counters,
        forgetRooms=options["forget-rooms"],
        hashing=hashing,
        pepper=pepper,
    )
    hub.state.law.policies = _policies(options)
    maxConnections = _maxConnections(raiseDescriptorLimit())
    limits = _limits(options, maxConnections)
    trusted: list[Network] = options["trusted"]
    gate = Gate(hub, limits, reactor, AdmissionControl(limits, reactor.seconds, trusted))
    proxies: list[Network] = [*options["proxy"]]
    try:
        watched = metricsListener(options, reactor)
        listeners = portListeners(options, reactor, proxies, gate)
        identity = loadIdentity(options)
    except ChatError as error:
        _giveUp(error.sentence)
    if identity is not None:
        listeners.append(tlsListener(options, reactor, proxies, gate, identity))
    doors: list[StreamDoor] = [ChatFactory(gate=gate, listeners=listeners)]

    def changeTranscript(new: Mapping[str, Any]) -> None:
        auditLog.wantsMessages = not new["no-transcript"]

    def changeProxies(new: Mapping[str, Any]) -> None:
        proxies[:] = new["proxy"]

    def changePolicies(new: Mapping[str, Any]) -> None:
        hub.state.law.policies = _policies(new)

    def stopHashing() -> None:
        hashing.stop()
        hasher.stop()

    def changeForgetting(new: Mapping[str, Any]) -> None:
        hub.forgetRooms = new["forget-rooms"]

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
        whenChanged(("no-transcript",), options, changeTranscript),
        whenChanged(("forget-rooms",), options, changeForgetting),
        whenChanged(("guests", "registration"), options, changePolicies),
        whenChanged(("proxy",), options, changeProxies),
        *([] if identity is None else [Change(("cert", "key"), renewal(identity))]),
    ]
    reloader = Reloader(lambda: _readAgain(options, reactor), options, changes)
    admin = adminListener(options, reactor)
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
        atEnd=stopHashing,
    )


def _policies(options: Mapping[str, Any]) -> Policies:
    return Policies(options["guests"], options["registration"])


def _pepper(options: Mapping[str, Any]) -> Pepper | None:
    """
    @return: what the verifiers of passwords are masked with, kept beside the history; C{None} where
        accounts end with the process, or there is no place for a history.
    @raise ConfigError: if it cannot be used.
    """
    path = pepperPath(options)
    if options["history"] == "memory" or not path.parent.is_dir():
        return None
    return keptPepper(path)


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


def _readAgain(options: ServerOptions, reactor: Any) -> ServerOptions:
    """
    @return: the options as they are given now, with all that they name looked at.
    @raise ChatError: if they cannot be used.
    """
    new = ServerOptions()
    try:
        new.parse(options.arguments)
    except usage.UsageError as error:
        raise ConfigError(str(error)) from None
    checkPorts(new, reactor)
    return new


def checkFiles(options: ServerOptions, reactor: Any) -> None:
    """
    Read everything that the options name, make nothing, and bind no port.

    @raise ChatError: if it cannot be used.
    """
    checkPorts(options, reactor)
    checkIdentity(options)
    if options["history"] != "memory":
        readPepper(pepperPath(options))
    path = options["log-file"]
    if path is not None and not os.path.isdir(os.path.dirname(path) or "."):
        raise ConfigError(f"--log-file {path}: {os.strerror(errno.ENOENT)}")
    if options["history"] != "memory":
        from .stores.sqlite.tool import standing

        print(f"chatserver: {standing(options['history'])}")


def _logObserver(options: ServerOptions) -> ILogObserver | None:
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


def _store(options: ServerOptions, reactor: Any, counters: Counters) -> IStore:
    """
    @return: the log that the options ask for, not yet started.
    """
    if options["history"] == "memory":
        return MemoryLog(
            lambda flush: reactor.callLater(0, flush), counters=counters, projection=project
        )
    from .stores.sqlite.store import SQLiteLog

    keep = parseKeep(options["keep"])
    return SQLiteLog(options["history"], reactor, keep=keep, counters=counters, projection=project)
