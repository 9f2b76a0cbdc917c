# -*- test-case-name: tests.test_service -*-
"""
The life of a server: begin, serve, end without losing what was accepted.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.error import CannotListenError
from twisted.logger import Logger

from .errors import ChatError
from .net.listener import Listener
from .ops import systemd
from .text.names import loadTables

if TYPE_CHECKING:
    from .doors.lines.factory import ChatFactory
    from .ops.auditlog import Transcript
    from .stores.interfaces import IStore

_COLLECT = (20_000, 20, 50)
"""The collector's thresholds."""


class CannotStart(SystemExit, Exception):
    """
    The server cannot start: a sentence on standard error and the status 1.  Being an C{Exception},
    too, it reaches who waits for a daemon to start: C{twistd} tells him of nothing else.
    """


class ChatService(Service):
    """
    Binds first, so that a port below 1024 can be had before the privileges go; opens the log after
    that; and only then lets anybody in: who connects earlier waits in the kernel.
    """

    _log = Logger("chat")

    def __init__(
        self,
        reactor: Any,
        factory: ChatFactory,
        store: IStore,
        listeners: Sequence[Listener],
        transcript: Transcript,
    ) -> None:
        """
        @param reactor: to be stopped when the log cannot be opened, and at a signal.
        @param factory: the door.
        @param store: the log behind the door's hub, not yet started.
        @param listeners: where to listen.
        @param transcript: to be written out at the end.
        """
        self._reactor = reactor
        self._factory = factory
        self._store = store
        self._listeners = listeners
        self._transcript = transcript
        self._bound: list[Listener] = []
        self._open = False
        self.failed: str | None = None

    def privilegedStartService(self) -> None:
        """
        Bind every port, and take nobody yet.

        @raise CannotStart: with a sentence, if a port cannot be had.
        """
        super().privilegedStartService()
        for listener in self._listeners:
            try:
                listener.bind(self._factory)
            except CannotListenError as error:
                reason = getattr(error.socketError, "strerror", None) or error.socketError
                raise CannotStart(
                    f"chatserver: cannot listen on {listener.text}: {reason}. Choose another "
                    "--port, or end the program that has it."
                ) from None
            self._bound.append(listener)

    def startService(self) -> None:
        """
        Open the log, then let people in.
        """
        super().startService()
        # Some 50 ms that the first one to come would otherwise make everybody wait for.
        loadTables()
        # What exists now lives as long as the server: the collector need not look at it again, and
        # need not come after every 700 objects where a turn makes thousands.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT)
        if not self._bound:
            self.privilegedStartService()
        self._reactor.callWhenRunning(self._handleSignals)
        self._reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
        Deferred.fromCoroutine(self._open_()).addErrback(self._fail)

    async def _open_(self) -> None:
        try:
            await self._store.start()
            self._factory.hub.rooms.restore(await self._store.state())
        except ChatError as error:
            self._end(error.sentence)
            return
        self._open = True
        for listener in self._bound:
            listener.open()
            self._tell(listener)
        systemd.ready()

    def _fail(self, failure: Any) -> None:
        self._log.failure("the server cannot start", failure)
        self._end("the server cannot start")

    def _end(self, sentence: str) -> None:
        self.failed = sentence
        self._log.critical("{sentence}", sentence=sentence)
        # The reactor ends as usual, and twistd leaves with status 0 whatever went wrong; by then
        # nothing is left to do but to say so to whoever watches the process.
        atexit.register(_exitFailed)
        self._reactor.stop()

    def _tell(self, listener: Listener) -> None:
        """
        Say where people can come in, in words that they can type into the client.
        """
        if listener.number is None:
            self._log.info("Chat server started on {where}", where=listener.text)
            return
        self._log.info("Chat server started on port {port}", port=listener.number)
        for address in listener.addresses:
            self._log.info(
                "People enter with: twisted-chat {address} {port}{options}",
                address=address,
                port=listener.number,
                options=listener.options,
            )

    async def _close(self) -> None:
        """
        Take nobody any more, store and answer what was taken, say goodbye.
        """
        systemd.stopping()
        factory = self._factory
        await DeferredList([listener.close() for listener in self._bound])
        self._bound.clear()
        factory.stopReading()
        if self._open:
            await self._store.stop()
        gone = factory.goodbye("server is going down")
        timer = self._reactor.callLater(factory.limits.drainTimeout, self._hurry)
        await gone
        if timer.active():
            timer.cancel()
        self._transcript.stop()

    def stopService(self) -> Deferred[None]:
        """
        See L{ChatService}.

        @return: fires when everybody was told, or is cut.
        """
        super().stopService()
        return Deferred.fromCoroutine(self._close())

    def _hurry(self) -> None:
        """
        Wait for nobody any more.
        """
        for protocol in list(self._factory.protocols):
            protocol.transport.abortConnection()

    def _handleSignals(self) -> None:
        """
        End with status 0 at SIGTERM and SIGINT, and at once at the second of them.  Twisted's own
        handlers would end the process by the signal, and complain about a second one.
        """

        def handle(*_: object) -> None:
            self._reactor.callFromThread(self._signalled)

        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, handle)
        except ValueError:
            # Signals belong to the main thread; elsewhere whoever runs it handles them.
            return

    def _signalled(self) -> None:
        if self.running:
            self._reactor.stop()
        else:
            self._hurry()


def _exitFailed() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)
