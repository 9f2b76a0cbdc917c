# -*- test-case-name: tests.test_console_local -*-
"""
The console of this process: standard input and output, signals, and a way out that always leaves
the terminal as it was.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType
from typing import Any

from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IPullProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.logger import (
    ILogObserver,
    LimitedHistoryLogObserver,
    LogEvent,
    LogLevel,
    globalLogBeginner,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_chat.console.console import Console
from twisted_chat.console.history import History
from twisted_chat.console.interfaces import ConsoleDelegate
from twisted_chat.console.modes import Mode
from twisted_chat.console.paint import reflows
from twisted_chat.console.plain import PlainConsole
from twisted_chat.console.terminal import Terminal

#: Seconds a terminal has to take the last bytes before it is left without them.
GUARD_DELAY = 1.0

#: Seconds after which we are back from a stop that did not stop us.
STOP_DELAY = 0.1

#: How many events of the log are kept for whoever looks for a bug.
LOG_SIZE = 500

#: What a process ends with when it has a bug (sysexits.h).
EX_SOFTWARE = 70

#: What a process ends with when a signal ends it: 128 and the signal's number.
HANGUP, INTERRUPT, BROKEN_PIPE, TERMINATED = 129, 130, 141, 143

# What gives a terminal back when the console itself is broken.
_LAST_RESORT = b"\r\n\x1b[?2004l\x1b[?25h\x1b[?7h\x1b[0m"


@implementer(ILogObserver)
class _FailureObserver:
    """
    Looks for bugs in what is logged: failures that came so far that nobody caught them.
    """

    def __init__(self, failed: Callable[[Failure], object]) -> None:
        """
        @param failed: called with each such failure, in the thread that logged it.
        """
        self._failed = failed

    def __call__(self, event: LogEvent) -> None:
        """See L{ILogObserver}."""
        failure = event.get("log_failure")
        if failure is not None and event.get("log_level") is LogLevel.critical:
            self._failed(failure)


@implementer(IPullProducer)
class _Drained:
    """
    Calls back when a transport has written all it holds.
    """

    def __init__(self, callback: Callable[[], object]) -> None:
        """
        @param callback: called once, without arguments.
        """
        self._asked = 0
        self._callback = callback

    def resumeProducing(self) -> None:
        """Called on registration, and then when there is nothing left to write."""
        self._asked += 1
        if self._asked == 2:
            self._callback()

    def stopProducing(self) -> None:
        """The transport is gone; so is the terminal."""


@implementer(IHalfCloseableProtocol)
class LocalHost(Protocol):
    """
    Gives a console the terminal, or the files and pipes, of this process.

    Use: C{console = host.open(delegate)}, then start whatever talks to it, then
    C{sys.exit(host.run())}.  Whatever happens in between, the terminal is as it was before
    C{run} returns, and L{leave} decides on the exit code:

      - 129, 130, 143: SIGHUP or a vanished terminal, SIGINT, SIGTERM;
      - 141: nobody reads the output any more;
      - 70: an exception that nobody caught, here or anywhere the reactor calls; its traceback goes
        to standard error after the terminal was given back.

    Nothing is ever logged to the terminal.

    @ivar log: the last events logged, for replaying.
    @ivar exitCode: what L{leave} was called with.
    """

    transport: StandardIO

    def __init__(self, reactor: Any, mode: Mode, environ: Mapping[str, str]) -> None:
        """
        @param reactor: provides C{IReactorTime}, C{IReactorFDSet}, C{IReactorCore} and
            C{IReactorFromThreads}.
        @param mode: what L{chooseMode<twisted_chat.console.modes.chooseMode>} chose.
        @param environ: the environment: C{TERM}, C{NO_COLOR}, and what tells which terminal it is.
        """
        self.log = LimitedHistoryLogObserver(LOG_SIZE)
        self.exitCode = 0
        self._reactor = reactor
        self._mode = mode
        self._environ = environ
        self._terminal: Terminal | None = None
        self._console: Console | PlainConsole | None = None
        self._failure: Failure | None = None
        self._flags: dict[int, int] = {}
        self._guard: IDelayedCall | None = None
        self._suspended = False
        self._leaving = False
        self._over = False

    def open(
        self, delegate: ConsoleDelegate, history: History | None = None
    ) -> Console | PlainConsole:
        """
        Take the terminal, and catch signals and failures as soon as the reactor runs.

        @param delegate: who is told of entered lines.
        @param history: earlier lines.
        @return: the console, which shows its input already.
        """
        failures = _FailureObserver(
            lambda failure: self._reactor.callFromThread(self._failed, failure)
        )
        globalLogBeginner.beginLoggingTo(
            [self.log, failures], discardBuffer=True, redirectStandardIO=False
        )
        atexit.register(self._giveBack)
        if self._mode == "plain":
            self._console = self._openPlain(delegate)
        else:
            self._console = self._openTerminal(delegate, history)
        self.transport.registerProducer(self._console, True)
        self._reactor.callWhenRunning(self._catchSignals)
        return self._console

    def run(self) -> int:
        """
        Run the reactor until somebody leaves.

        @return: the exit code.
        """
        try:
            self._reactor.run()
        finally:
            self._giveBack()
        if self._failure is not None:
            self._failure.printTraceback(file=sys.stderr)
        return self.exitCode

    def leave(self, code: int = 0) -> None:
        """
        Write what waits, give the terminal back and stop the reactor.

        @param code: the exit code; the first one counts.
        """
        if self._leaving:
            return
        self._leaving = True
        self.exitCode = code
        self._endGuard()
        self._guard = self._reactor.callLater(GUARD_DELAY, self._end)
        self.transport.unregisterProducer()
        if self._console is not None and not self._suspended:
            try:
                self._console.close()
            except Exception:
                self._failed(Failure())
                self._lastResort()
        self.transport.loseConnection()

    # From the transport.

    def dataReceived(self, data: bytes) -> None:
        """
        Bytes came from standard input.
        """
        if self._console is not None and not self._leaving:
            try:
                self._console.dataReceived(data)
            except Exception:
                self._failed(Failure())

    def readConnectionLost(self) -> None:
        """
        Standard input is at its end: no more lines, or no terminal any more.
        """
        if isinstance(self._console, PlainConsole):
            self._console.ended()
        else:
            self.leave(HANGUP)

    def writeConnectionLost(self) -> None:
        """
        Nobody reads standard output.
        """
        self.leave(BROKEN_PIPE if self._mode == "plain" else HANGUP)
        self._end()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Everything was written.
        """
        self.leave(HANGUP)
        self._end()

    # Opening.

    def _openTerminal(self, delegate: ConsoleDelegate, history: History | None) -> Console:
        terminal = self._terminal = Terminal()
        terminal.take()
        self._connect(terminal.descriptor, terminal.descriptor)
        term = self._environ.get("TERM", "") if self._mode == "ansi" else ""
        console = Console(
            self._reactor,
            self.transport,
            terminal.size(),
            term,
            delegate,
            history=history,
            color=not self._environ.get("NO_COLOR"),
            reflow=self._reflows(term),
        )
        console.suspender = self._suspend
        console.start()
        return console

    def _connect(self, source: int, target: int) -> None:
        """
        Read and write through descriptors of our own: a reactor knows each only once.
        """
        connect: Any = StandardIO
        connect(self, os.dup(source), os.dup(target), reactor=self._reactor)

    def _reflows(self, term: str) -> bool:
        """
        tmux calls itself screen where it is told to, and xterm tells by its version that it is no
        other terminal under its name.
        """
        if "TMUX" in self._environ and term.startswith(("screen", "tmux")):
            return True
        return reflows(term) and "XTERM_VERSION" not in self._environ

    def _openPlain(self, delegate: ConsoleDelegate) -> PlainConsole:
        self._flags = {number: fcntl.fcntl(number, fcntl.F_GETFL) for number in (0, 1)}
        self._connect(0, 1)
        echoed = os.isatty(0) and os.isatty(1)
        return PlainConsole(self.transport.write, delegate, echoed)

    # Signals.

    def _catchSignals(self) -> None:
        """
        Set our handlers after the reactor set its own.  A handler only wakes the reactor.
        """
        for number, code in (
            (signal.SIGINT, INTERRUPT),
            (signal.SIGTERM, TERMINATED),
            (signal.SIGHUP, HANGUP),
        ):
            if signal.getsignal(number) != signal.SIG_IGN:
                self._catch(number, self.leave, code)
        if self._terminal is not None:
            self._catch(signal.SIGWINCH, self._resized)
            self._catch(signal.SIGTSTP, self._suspend)
            self._catch(signal.SIGCONT, self._continued)

    def _catch(self, number: int, action: Any, *arguments: object) -> None:
        def caught(number: int, frame: FrameType | None) -> None:
            self._reactor.callFromThread(action, *arguments)

        signal.signal(number, caught)

    def _resized(self) -> None:
        if isinstance(self._console, Console) and self._terminal is not None:
            self._console.resize(*self._terminal.size())

    def _suspend(self) -> None:
        """
        Give the terminal to the shell: first what waits to be written, then its settings, then
        stop, with all of our process group as the terminal itself would do it.
        """
        if self._suspended or self._leaving or not isinstance(self._console, Console):
            return
        self._suspended = True
        self.transport.pauseProducing()
        self.transport.unregisterProducer()
        self._console.suspend()
        self.transport.write(b"\r")
        self._guard = self._reactor.callLater(GUARD_DELAY, self._stop)
        self.transport.registerProducer(_Drained(self._stop), False)

    def _stop(self) -> None:
        if self._leaving:
            return
        self._endGuard()
        assert self._terminal is not None
        self.transport.unregisterProducer()
        self._terminal.giveBack()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)
        self._catch(signal.SIGTSTP, self._suspend)
        # SIGCONT brings us back; unless nothing stopped us, as in a group without a shell.
        self._guard = self._reactor.callLater(STOP_DELAY, self._continued)

    def _continued(self) -> None:
        """
        We run again, after a stop of our own or somebody else's: the terminal may be in any state.
        """
        if self._leaving or not isinstance(self._console, Console) or self._terminal is None:
            return
        self._endGuard()
        self._terminal.take()
        self._console.resize(*self._terminal.size())
        if not self._suspended:
            self._console.start()
            return
        self._suspended = False
        self._console.resume()
        self.transport.registerProducer(self._console, True)
        self.transport.resumeProducing()

    # The way out.

    def _failed(self, failure: Failure) -> None:
        if self._failure is None:
            self._failure = failure
            self.leave(EX_SOFTWARE)
            self.exitCode = EX_SOFTWARE

    def _end(self) -> None:
        if self._over:
            return
        self._over = True
        self._endGuard()
        self._giveBack()
        with suppress(ReactorNotRunning):
            self._reactor.stop()

    def _endGuard(self) -> None:
        guard, self._guard = self._guard, None
        if guard is not None and guard.active():
            guard.cancel()

    def _lastResort(self) -> None:
        if self._terminal is not None and self._mode == "ansi":
            with suppress(OSError):
                os.write(self._terminal.descriptor, _LAST_RESORT)

    def _giveBack(self) -> None:
        if self._terminal is not None:
            self._terminal.giveBack()
        for number, flags in self._flags.items():
            with suppress(OSError):
                fcntl.fcntl(number, fcntl.F_SETFL, flags)
        self._flags.clear()
