# -*- test-case-name: tests.ops.test_signals -*-
"""
What the process does at a signal.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger

_log = Logger()


def ownsTerminal() -> bool:
    """
    Tell whether this process runs in the foreground of a terminal.  Ask at the start: when SIGHUP
    tells of the terminal's end, the terminal is gone already.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def handleSignals(
    reactor: IReactorFromThreads,
    end: Callable[[], None],
    reload: Callable[[], None] | None = None,
) -> None:
    """
    Call C{end} in the reactor's own turn at SIGTERM and SIGINT, and at SIGHUP if the server runs in
    the foreground of a terminal, which is gone then.  Elsewhere SIGHUP calls C{reload}; without it
    it does no harm, nor does SIGUSR1: both end a process by default.  A handler that somebody else
    has set for them stays: C{twistd} rotates its log at SIGUSR1, and C{nohup} ignores SIGHUP.

    Twisted's own handlers would end the process by the signal, so that its exit status tells of a
    crash, and complain about a second one.
    """

    def handle(*_: object) -> None:
        reactor.callFromThread(end)

    def reloads(*_: object) -> None:
        if reload is not None:
            reactor.callFromThread(reload)

    def ignore(number: int, _: object) -> None:
        name = signal.Signals(number).name
        reactor.callFromThread(_log.info, "{name} does nothing here: the server goes on", name=name)

    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, handle)
        elsewhere = ignore if reload is None else reloads
        hangUp = handle if ownsTerminal() else elsewhere
        for name, handler in (("SIGHUP", hangUp), ("SIGUSR1", ignore)):
            # Windows has neither.
            harmless = getattr(signal, name, None)
            if harmless is not None and signal.getsignal(harmless) is signal.SIG_DFL:
                signal.signal(harmless, handler)
    except ValueError:
        # Signals belong to the main thread: the program that runs it handles them.
        return
