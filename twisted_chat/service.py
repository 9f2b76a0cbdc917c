# -*- test-case-name: tests.test_service -*-
"""
The life of a server: start, serve, and shut down without losing what was accepted.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import ILogObserver, Logger, globalLogPublisher
from twisted.python.components import Componentized
from twisted.python.failure import Failure

from .chat.hub import Hub
from .doors.interfaces import CannotBind, IDoor
from .errors import ChatError
from .net.limits import Limits
from .ops import systemd
from .ops.auditlog import AuditLog
from .ops.signals import handleSignals
from .stores.interfaces import IStore
from .text.names import TABLES

_TIDY_SECONDS = 60.0
"""How often the hub marks sessions as used and closes rooms that nobody uses."""

_TABLE_SECONDS = 0.1
"""From the start to the first table for names that are not ASCII, and from each to the next, in
seconds: clients that come back after a restart are served first, and nobody waits for more than one
table."""


class CannotStart(SystemExit, Exception):
    """
    The server cannot start: a sentence on standard error and the status 1.  It is also an
    C{Exception} because C{twistd} reports only those to the parent process while daemonizing.
    """


class IMonitor(Protocol):
    """
    Tells how the server is: see L{monitor.Monitor}.

    @ivar isReady: whether people are let in.
    """

    isReady: bool

    def bind(self) -> None:
        """Bind the port, or raise L{CannotBind}."""

    def open(self) -> None:
        """Answer from now on."""

    def describe(self) -> str:
        """Say where it is, in a line for the log."""

    async def close(self) -> None:
        """Answer no more."""


class ChatService(Service):
    """
    Binds first, so that a port below 1024 can be had before the privileges are dropped; opens the
    log after that; and only then accepts connections: until then they wait in the kernel.
    """

    _log = Logger("chat")

    def __init__(
        self,
        reactor: Any,
        doors: Sequence[IDoor],
        store: IStore,
        hub: Hub,
        auditLog: AuditLog,
        reload: Callable[[], object] | None = None,
        monitor: IMonitor | None = None,
        logObserver: ILogObserver | None = None,
        atEnd: Callable[[], None] | None = None,
    ) -> None:
        """
        @param reactor: to be stopped when the log cannot be opened, and at a signal.
        @param doors: not yet bound.
        @param store: the log behind the hub, not yet started.
        @param hub: the chat behind the doors.
        @param auditLog: to be written out at the end.
        @param reload: reads the options once more; raises a L{ChatError} that is logged already.
        @param monitor: tells how the server is, from before the log is opened until the end.
        @param logObserver: where the log goes; without it, where C{twistd} has it go.
        @param atEnd: called when everybody is gone.
        """
        self._reactor = reactor
        self._doors = doors
        self._store = store
        self._hub = hub
        self._auditLog = auditLog
        self._reload = reload
        self._monitor = monitor
        self._logObserver = logObserver
        self._atEnd = atEnd
        self._tidying: IDelayedCall | None = None
        self._loading: IDelayedCall | None = None
        self._bound = False
        self._open = False

    def setServiceParent(self, parent: Any) -> None:
        """
        Become part of an application, and give it its log: C{twistd} starts it next, before it
        gives away its rights or leaves its shell.
        """
        super().setServiceParent(parent)
        if self._logObserver is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._logObserver)

    # The start

    def privilegedStartService(self) -> None:
        """
        Bind every port, and accept nobody yet.

        @raise CannotStart: with a sentence, if a port cannot be had.
        """
        super().privilegedStartService()
        self._bound = True
        try:
            for door in self._doors:
                door.bind()
            if self._monitor is not None:
                self._monitor.bind()
        except CannotBind as error:
            option = error.place.split()[0] if error.place.startswith("--") else "--port"
            raise CannotStart(
                f"chatserver: {error}. Choose another {option}, or end the program that has it."
            ) from None

    def startService(self) -> None:
        """
        Open the log, then let people in.
        """
        super().startService()
        if self._logObserver is not None:
            # twistd has done so by now, and then this does nothing.  python -m twisted begins a log
            # of its own before the reactor runs, and would give again what came before.
            self._reactor.callWhenRunning(globalLogPublisher.addObserver, self._logObserver)
        # What exists now lives as long as the server: the collector need not look at it again.  The
        # little garbage among it is not worth the time that a collection takes.
        gc.freeze()
        if not self._bound:
            self.privilegedStartService()
        self._reactor.callWhenRunning(
            handleSignals,
            self._reactor,
            self._signalled,
            None if self._reload is None else self._hungUp,
        )
        self._reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
        Deferred.fromCoroutine(self._openDoors()).addErrback(self._fail)

    async def _openDoors(self) -> None:
        monitor = self._monitor
        if monitor is not None:
            monitor.open()
            self._log.info("{line}", line=monitor.describe())
        try:
            await self._store.start()
            await self._hub.restore()
        except ChatError as error:
            self._end(error.sentence)
            return
        if not self.running:
            # It was stopped meanwhile, and C{_close} had nothing to stop yet.
            await self._store.stop()
            return
        self._open = True
        self._tidying = self._reactor.callLater(_TIDY_SECONDS, self._tidy)
        self._loading = self._reactor.callLater(_TABLE_SECONDS, self._load, TABLES)
        for door in self._doors:
            door.open()
            for line in door.describe():
                self._log.info("{line}", line=line)
        if monitor is not None:
            monitor.isReady = True
        systemd.ready()

    def _fail(self, failure: Failure) -> None:
        self._log.failure("the server cannot start", failure)
        self._end("the server cannot start")

    def _end(self, sentence: str) -> None:
        self._log.critical("{sentence}", sentence=sentence)
        # The reactor ends as usual, and twistd exits with status 0 whatever went wrong; by then all
        # that is left to do is to tell whoever watches the process.
        atexit.register(_exitFailed)
        self._reactor.stop()

    def _tidy(self) -> None:
        self._tidying = self._reactor.callLater(_TIDY_SECONDS, self._tidy)
        try:
            self._hub.tidy()
        except Exception:
            self._log.failure("the chat cannot be tidied")

    def _load(self, tables: Sequence[Callable[[], object]]) -> None:
        """
        Load one of these tables now, and the others later.
        """
        first, *others = tables
        first()
        self._loading = None
        if others:
            self._loading = self._reactor.callLater(_TABLE_SECONDS, self._load, others)

    # The end

    def stopService(self) -> Deferred[None]:
        """
        Accept and read nothing more, store and answer what was taken, say goodbye.

        @return: fires when everybody was told, or is cut.
        """
        super().stopService()
        return Deferred.fromCoroutine(self._close())

    async def _close(self) -> None:
        systemd.stopping()
        if self._monitor is not None:
            self._monitor.isReady = False
        for call in (self._tidying, self._loading):
            if call is not None:
                call.cancel()
        for door in self._doors:
            door.stopReading()
        if self._open:
            await self._store.stop()
        gone = DeferredList([door.sayGoodbye("server is going down") for door in self._doors])
        timer = self._reactor.callLater(Limits.drainTimeout, self._abort)
        await gone
        if timer.active():
            timer.cancel()
        if self._monitor is not None:
            await self._monitor.close()
        if self._atEnd is not None:
            self._atEnd()
        self._auditLog.stop()

    def _abort(self) -> None:
        """
        Wait for nobody any more.
        """
        for door in self._doors:
            door.abort()

    def _hungUp(self) -> None:
        """
        Reload; what is wrong with the options is in the log.
        """
        if self._reload is not None:
            with suppress(ChatError):
                self._reload()

    def _signalled(self) -> None:
        """
        Shut down at the first signal, at once at the second.
        """
        if self.running:
            self._reactor.stop()
        else:
            self._abort()


def _exitFailed() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)
