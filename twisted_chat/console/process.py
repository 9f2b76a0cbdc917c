# -*- test-case-name: tests.console.test_process -*-
"""
Runs a client's process: manages its descriptors, its signals and its end.

Whatever happens, the descriptors that the process shares with its shell are restored: a terminal
left in non-blocking mode breaks the programs that use it next.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import stat
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from twisted.internet.interfaces import IProtocol
from twisted.internet.stdio import StandardIO
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogBeginner
from twisted.python.failure import Failure
from zope.interface import implementer

DONE: Final = 0
USAGE: Final = 2
BAD_DATA: Final = 65
UNREACHABLE: Final = 69
BUG: Final = 70
LOST: Final = 74
REFUSED: Final = 77
SIGNALLED: Final = 128
PIPE_CLOSED: Final = 141
"""
The exit codes of a client: those of sysexits(3) if one fits, and a shell's numbers for signals.
"""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_SHUTDOWN_TIMEOUT = 1.0
"""Seconds to wait after a signal for the last bytes to be written, and at the end for threads to
finish."""

_MAX_NOTES = 100
"""Lines of the log that are kept."""


def fillGaps() -> None:
    """
    Open C{/dev/null} on each of the descriptors 0, 1 and 2 that is closed.  Otherwise the next file
    or socket would get that number, and be mistaken for a standard stream.
    """
    while True:
        fd = os.open(os.devnull, os.O_RDWR)
        if fd > 2:
            os.close(fd)
            return


def report(sentence: str) -> None:
    """
    Write a sentence for people to standard error, in UTF-8 whatever the locale.
    """
    with contextlib.suppress(OSError):
        os.write(2, f"twisted-chat: {sentence}\n".encode("utf-8", "replace"))


@contextlib.contextmanager
def privately(fd: int, access: int) -> Iterator[int]:
    """
    Make a descriptor whose flags are not shared with other processes.

    A terminal or a pipe is opened again, so that not even SIGKILL leaves changed flags behind.  If
    that is impossible, the descriptor is duplicated, and its flags are restored at the end.

    @param fd: a standard descriptor.
    @param access: C{os.O_RDONLY} or C{os.O_WRONLY}.
    @return: the new descriptor.
    """
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    own = _reopened(fd, access)
    if own is None:
        own = os.dup(fd)
    try:
        yield own
    finally:
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_SETFL, flags)


def _reopened(fd: int, access: int) -> int | None:
    mode = os.fstat(fd).st_mode
    if not (stat.S_ISFIFO(mode) or os.isatty(fd)):
        return None
    places = [f"/proc/self/fd/{fd}"] if sys.platform == "linux" else []
    if os.isatty(fd):
        with contextlib.suppress(OSError):
            places.append(os.ttyname(fd))
    for place in places:
        with contextlib.suppress(OSError):
            return os.open(place, access | os.O_NOCTTY | os.O_CLOEXEC | os.O_NONBLOCK)
    return None


@implementer(ILogObserver)
class ProcessIO:
    """
    Runs a process from its first byte to its exit code.

    It collects the log, which never goes to a terminal.  An unhandled failure is a bug, and ends
    the process.

    @ivar notes: the last lines of the log, for a bug report.
    """

    def __init__(self, reactor: Any) -> None:
        """
        @param reactor: the reactor to run and stop.
        """
        self._reactor = reactor
        self._code = DONE
        self._stdio: StandardIO | None = None
        self._ending = False
        self._gone = False
        self._stopping = False
        self._sentence = ""
        self.notes: deque[str] = deque(maxlen=_MAX_NOTES)

    def run(
        self,
        protocol: IProtocol,
        begin: Callable[[], None],
        interrupted: Callable[[int], None],
    ) -> int:
        """
        Run until L{end}.

        @param protocol: reads standard input, and writes standard output.
        @param begin: called once, when the reactor runs and the protocol has its transport.
        @param interrupted: called with the exit code of a signal; must call L{end}.
        @return: the exit code.
        """
        globalLogBeginner.beginLoggingTo([self], redirectStandardIO=False)
        self._interrupted = interrupted
        with privately(0, os.O_RDONLY) as stdin, privately(1, os.O_WRONLY) as stdout:

            def start() -> None:
                connect: Any = StandardIO
                self._stdio = connect(protocol, stdin, stdout, self._reactor)
                begin()

            self._reactor.callWhenRunning(start)
            with self._handlingSignals():
                self._reactor.run(installSignalHandlers=False)
        if self._sentence:
            report(self._sentence)
        return self._code

    def end(self, code: int, sentence: str = "") -> None:
        """
        Write waiting output, and stop.  Only the first call counts.

        @param sentence: a sentence to write to standard error after everything else.
        """
        if self._ending:
            return
        self._ending = True
        self._code, self._sentence = code, sentence
        if self._stdio is None or self._gone:
            self.stop()
        else:
            self._stdio.unregisterProducer()
            self._stdio.loseConnection()

    def hurry(self) -> None:
        """
        Discard output that is not written within a second.
        """
        self._reactor.callLater(_SHUTDOWN_TIMEOUT, self.stop)

    def gone(self) -> None:
        """
        Note that the reader of the output is gone, so that nothing needs to be written.
        """
        self._gone = True

    def stop(self) -> None:
        """
        Stop the reactor, because everything is written or cannot be.
        """
        if self._reactor.running and not self._stopping:
            self._stopping = True
            # A thread that resolves a host name cannot be stopped, and would delay the exit.
            guard = threading.Timer(_SHUTDOWN_TIMEOUT, os._exit, (self._code,))
            guard.daemon = True
            guard.start()
            self._reactor.addSystemEventTrigger("after", "shutdown", guard.cancel)
            self._reactor.stop()

    def __call__(self, event: LogEvent) -> None:
        """
        See L{ILogObserver}.  Any thread may log.
        """
        self.notes.append(formatEvent(event))
        failure = event.get("log_failure")
        if event.get("log_level") is LogLevel.critical and isinstance(failure, Failure):
            self._reactor.callFromThread(self._failed, failure.getTraceback())

    def _failed(self, trace: str) -> None:
        if self._code != BUG:
            self._ending = False
            self.end(BUG, f"this is a bug in the client:\n{trace}")
            self.hurry()

    @contextlib.contextmanager
    def _handlingSignals(self) -> Iterator[None]:
        """
        Handle signals, except those that were ignored from the start (nohup, a background job).
        """

        def handle(number: int, frame: object) -> None:
            self._reactor.callFromThread(self._interrupted, SIGNALLED + number)

        former = {
            number: signal.signal(number, handle)
            for number in _SIGNALS
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
