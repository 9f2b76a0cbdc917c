"""
Tests for L{twisted_chat.ops.signals}.
"""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from twisted_chat.ops import signals
from twisted_chat.ops.signals import handleSignals, ownsTerminal


class TurningReactor(Clock):
    """
    A reactor whose next turn runs what was called from a signal handler.
    """

    def callFromThread(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        """See C{IReactorFromThreads}."""
        self.callLater(0, call, *arguments, **named)


class HandleSignalsTests(SynchronousTestCase):
    """
    Tests for L{handleSignals}.
    """

    def setUp(self) -> None:
        self.reactor: Any = TurningReactor()
        self.ends = 0
        self.entries: list[str] = []
        self.set: dict[int, Any] = {}
        self.patch(signal, "signal", self.set.__setitem__)
        self.patch(signal, "getsignal", lambda number: self.set.get(number, signal.SIG_DFL))

        @implementer(ILogObserver)
        def observe(event: LogEvent) -> None:
            self.entries.append(formatEvent(event))

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)

    def handle(self, isForeground: bool = False, reload: Callable[[], None] | None = None) -> None:
        """
        Handle signals, in the foreground of a terminal or not.
        """
        self.patch(signals, "ownsTerminal", lambda: isForeground)

        def end() -> None:
            self.ends += 1

        handleSignals(self.reactor, end, reload)

    def signalled(self, number: int) -> None:
        """
        A signal comes, and the reactor turns.
        """
        self.set[number](number, None)
        self.reactor.advance(0)

    def test_ends(self) -> None:
        """SIGTERM and SIGINT end the server, in the reactor's own turn."""
        self.handle()
        self.set[signal.SIGTERM](signal.SIGTERM, None)
        self.assertEqual(self.ends, 0)
        self.reactor.advance(0)
        self.signalled(signal.SIGINT)
        self.assertEqual((self.ends, self.entries), (2, []))

    def test_hangUpOfTheTerminal(self) -> None:
        """The end of the terminal ends a server in its foreground as SIGTERM does."""
        self.handle(isForeground=True)
        self.signalled(signal.SIGHUP)
        self.assertEqual(self.ends, 1)

    def test_harmless(self) -> None:
        """Elsewhere SIGHUP does no harm, and SIGUSR1 nowhere: each writes one line."""
        self.handle()
        for number in (signal.SIGHUP, signal.SIGUSR1):
            self.signalled(number)
        self.assertEqual(self.ends, 0)
        self.assertEqual(
            self.entries,
            [
                "SIGHUP does nothing here: the server goes on",
                "SIGUSR1 does nothing here: the server goes on",
            ],
        )

    def test_reload(self) -> None:
        """Elsewhere SIGHUP reloads, in the reactor's own turn, where that can be done."""
        reloads: list[None] = []
        self.handle(reload=lambda: reloads.append(None))
        self.signalled(signal.SIGHUP)
        self.assertEqual((len(reloads), self.ends, self.entries), (1, 0, []))

    def test_handlersOfOthers(self) -> None:
        """The log rotation of twistd and the deafness of nohup stay."""
        others: dict[int, Any] = {signal.SIGUSR1: "rotate", signal.SIGHUP: signal.SIG_IGN}
        self.set.update(others)
        self.handle(isForeground=True)
        self.assertEqual({number: self.set[number] for number in others}, others)

    def test_otherThread(self) -> None:
        """Outside of the main thread signals are left to the program that runs it."""

        def refuse(number: int, handler: object) -> None:
            raise ValueError("signal only works in main thread")

        self.patch(signal, "signal", refuse)
        self.handle()
        self.assertEqual(self.set, {})


class OwnsTerminalTests(SynchronousTestCase):
    """
    Tests for L{ownsTerminal}, each in a process of its own session.
    """

    SCRIPT = "from twisted_chat.ops.signals import ownsTerminal; print(ownsTerminal())"

    def test_foreground(self) -> None:
        """A session's leader on a terminal is in its foreground."""
        child, terminal = pty.fork()
        if not child:
            os.execv(sys.executable, [sys.executable, "-c", self.SCRIPT])
        said = b""
        while not said.endswith(b"\n"):
            said += os.read(terminal, 100)
        os.waitpid(child, 0)
        os.close(terminal)
        self.assertEqual(said.split(), [b"True"])

    def test_withoutTerminal(self) -> None:
        """A process without a terminal is in nobody's foreground, as a daemon."""
        run = subprocess.run(
            [sys.executable, "-c", self.SCRIPT],
            check=True,
            capture_output=True,
            start_new_session=True,
            timeout=60,
        )
        self.assertEqual(run.stdout.split(), [b"False"])

    def test_noForeground(self) -> None:
        """A terminal that cannot tell its foreground has none."""
        self.patch(os, "open", lambda *arguments: os.dup(2))

        def refuse(terminal: int) -> int:
            raise OSError

        self.patch(os, "tcgetpgrp", refuse)
        self.assertFalse(ownsTerminal())
