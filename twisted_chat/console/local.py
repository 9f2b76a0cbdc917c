# -*- test-case-name: tests.system.test_console -*-
"""
Connects a console to the terminal of this process: changes its settings, handles its signals, and
restores it at the end.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IPullProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from .ansi import reflows
from .console import Console, ConsoleDelegate
from .inputhistory import History
from .process import SIGNALLED, ProcessIO, privately
from .terminal import Mode, Terminal

DRAIN_DELAY = 1.0
"""Seconds for which a suspension waits for a stuck terminal to take the remaining output."""

STOP_DELAY = 0.1
"""Seconds after which a stop signal that did not stop the process counts as over."""

HANGUP = SIGNALLED + signal.SIGHUP
"""The exit code after the terminal vanished: that of the signal SIGHUP."""

_log = Logger()


@implementer(IPullProducer)
class _Drained:
    """
    Calls back when a transport has written everything that it holds.
    """

    def __init__(self, callback: Callable[[], object]) -> None:
        """
        @param callback: called once.
        """
        self._asked = 0
        self._callback = callback

    def resumeProducing(self) -> None:
        """Count calls: the first comes on registration, the second once everything is written."""
        self._asked += 1
        if self._asked == 2:
            self._callback()

    def stopProducing(self) -> None:
        """Do nothing: the transport is gone, and the terminal with it."""


@implementer(IHalfCloseableProtocol)
class LocalHost(Protocol):
    """
    Connects a console to the terminal of this process.

    Use: C{sys.exit(host.run(delegate, begin))}, and L{leave} from anywhere below it.  However the
    process ends (by L{leave}, by L{ProcessIO.end<twisted_chat.console.process.ProcessIO.end>}, by a
    signal or by a bug), the terminal is as it was before a sentence about it is written and before
    C{run} returns.

    Ctrl-Z and SIGTSTP give the terminal to the shell, C{fg} brings it back.

    @ivar console: the console, while C{run} runs.
    """

    transport: StandardIO
    console: Console

    def __init__(
        self,
        reactor: Any,
        process: ProcessIO,
        mode: Mode,
        environ: Mapping[str, str],
        history: History | None = None,
    ) -> None:
        """
        @param reactor: provides C{IReactorTime}, C{IReactorCore} and C{IReactorFromThreads}.
        @param process: the input, output and signals of this process.
        @param mode: what L{chooseMode<twisted_chat.console.terminal.chooseMode>} chose: C{"ansi"}
            or C{"dumb"}.
        @param environ: the environment: C{TERM}, C{NO_COLOR}, and variables that identify the
            terminal.
        @param history: earlier lines.
        """
        self._reactor = reactor
        self._process = process
        self._mode = mode
        self._environ = environ
        self._history = history
        self._terminal = Terminal()
        self._connected = False
        self._taken = False
        self._suspended = False
        self._timer: IDelayedCall | None = None

    def run(self, delegate: ConsoleDelegate, begin: Callable[[Console], object]) -> int:
        """
        Run until L{leave} is called.

        @param delegate: receives the entered lines.
        @param begin: called once with the console, when the reactor runs and the input is drawn.
        @return: the exit code.
        """
        self._delegate, self._whenDrawn = delegate, begin
        try:
            return self._process.run(self, self._begin, self.leave)
        finally:
            self._giveBack()

    def _begin(self) -> None:
        self._whenDrawn(self.console)

    def leave(self, code: int = 0, sentence: str = "") -> None:
        """
        Write waiting output, give the terminal back and stop the reactor.

        @param code: the exit code; the first one counts.
        @param sentence: a sentence to write to standard error afterwards.
        """
        if not self._suspended:
            self.console.close()
        self._process.end(code, sentence)
        self._process.hurry()

    # From the transport.

    def connectionMade(self) -> None:
        """
        Take the terminal.
        """
        term = self._environ.get("TERM", "") if self._mode == "ansi" else ""
        self.console = Console(
            self._reactor,
            self,
            self._terminal.size(),
            term,
            self._delegate,
            history=self._history,
            color=not self._environ.get("NO_COLOR"),
            reflow=self._reflows(term),
            drift=self._isTmux(term),
        )
        self.console.suspender = self._suspend
        self._connected = self._taken = True
        self._reactor.addSystemEventTrigger("before", "shutdown", self._giveBack)
        self._terminal.take()
        self.transport.registerProducer(self.console, True)
        self._catch(signal.SIGWINCH, self._resized)
        self._catch(signal.SIGTSTP, self._suspend)
        self._catch(signal.SIGCONT, self._continued)
        self.console.start()

    def dataReceived(self, data: bytes) -> None:
        """
        Take what the user typed.

        An exception is logged, where L{ProcessIO} sees it; if it reached the reactor, it would look
        like the end of the input.
        """
        try:
            self.console.dataReceived(data)
        except Exception:
            _log.failure("while the user typed")

    def readConnectionLost(self) -> None:
        """
        Leave: the terminal vanished, since input from a terminal does not end otherwise.
        """
        self.leave(HANGUP)

    def writeConnectionLost(self) -> None:
        """
        Leave: the terminal vanished.
        """
        self._connected = False
        self._process.gone()
        self.leave(HANGUP)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Stop: everything was written.
        """
        self._connected = False
        self._process.stop()

    def write(self, data: bytes) -> None:
        """
        Send bytes to the terminal; at the very end, when the transport is closed or stuck, bypass
        it and write as much as the terminal takes.
        """
        if self._connected:
            self.transport.write(data)
            return
        with suppress(OSError), privately(1, os.O_WRONLY) as descriptor:
            os.write(descriptor, data)

    def _reflows(self, term: str) -> bool:
        """
        tmux may be configured to call itself screen; only a real xterm sets its version variable.
        """
        if self._isTmux(term):
            return True
        return reflows(term) and "XTERM_VERSION" not in self._environ

    def _isTmux(self, term: str) -> bool:
        return "TMUX" in self._environ and term.startswith(("screen", "tmux"))

    # Signals about the terminal.

    def _catch(self, number: int, action: Callable[[], object]) -> None:
        """
        Run an action on a signal, in the reactor's thread.
        """
        signal.signal(number, lambda *_: self._reactor.callFromThread(action))

    def _resized(self) -> None:
        self.console.resize(*self._terminal.size())

    def _suspend(self) -> None:
        """
        Give the terminal to the shell: write waiting output, restore the settings, then stop the
        whole process group, as the terminal itself would.
        """
        if self._suspended or not self._connected or self.transport.disconnecting:
            return
        self._suspended = True
        self.transport.pauseProducing()
        self.transport.unregisterProducer()
        self.console.suspend()
        self.transport.write(b"\r")
        self._timer = self._reactor.callLater(DRAIN_DELAY, self._stop)
        self.transport.registerProducer(_Drained(self._stop), False)

    def _stop(self) -> None:
        self._endTimer()
        if not self._connected or self.transport.disconnecting:
            return
        self.transport.unregisterProducer()
        self._terminal.giveBack()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)
        self._catch(signal.SIGTSTP, self._suspend)
        # SIGCONT resumes the process; a timer does if nothing stopped it, as in a group without a
        # shell.
        self._timer = self._reactor.callLater(STOP_DELAY, self._continued)

    def _continued(self) -> None:
        """
        Take the terminal again after a stop, which another process may have caused.  The terminal
        may be in any state.
        """
        self._endTimer()
        if not self._connected or self.transport.disconnecting:
            return
        self._terminal.take()
        self.console.resize(*self._terminal.size())
        if not self._suspended:
            self.console.start()
            return
        self._suspended = False
        if self.console.paused:
            self.console.resumeProducing()
        self.console.resume()
        self.transport.registerProducer(self.console, True)
        self.transport.resumeProducing()

    def _endTimer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _giveBack(self) -> None:
        """
        Give the terminal back, because the reactor stops for any reason.
        """
        self._endTimer()
        if self._taken:
            self._taken = self._connected = False
            try:
                self.console.close()
            finally:
                self._terminal.giveBack()
