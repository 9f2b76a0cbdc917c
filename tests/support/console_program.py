"""
A small program with a console, for tests that need a process and a terminal of its own.

It understands C{/quit}, C{/raise}, C{/later} (raise in a timer), C{/flood COUNT} (lines, all at
once) and C{/burst COUNT} (a thousand lines a second); it answers all else with C{OK . .}.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from twisted_chat.console.console import Console
from twisted_chat.console.local import LocalHost
from twisted_chat.console.process import SIGNALLED, ProcessIO
from twisted_chat.console.terminal import chooseMode


class Program:
    """
    Answers lines.
    """

    def __init__(self, reactor: Any) -> None:
        """
        @param reactor: runs it.
        """
        self.reactor = reactor
        mode = chooseMode(os.isatty(0), os.isatty(1), os.environ.get("TERM", ""))
        self.host = LocalHost(reactor, ProcessIO(reactor), mode, os.environ)

    def begin(self, console: Console) -> None:
        """Ask for a name."""
        self.console = console
        console.ask("Enter your name to enter the chat > ", self.named)

    def named(self, name: str) -> None:
        """The question was answered."""
        self.console.setPrompt(f"{name}> ")
        self.console.show("Connected... Start sending messages")

    def lineEntered(self, text: str) -> None:
        """A line was entered."""
        command, _, rest = text.partition(" ")
        if command == "/quit":
            self.host.leave(0, "bye")
        elif command == "/raise":
            raise RuntimeError("raised on demand")
        elif command == "/later":
            self.reactor.callLater(0, int, "no number")
        elif command == "/flood":
            for number in range(int(rest)):
                self.console.show(f"Bob :: line {number} {'x' * 100}")
        elif command == "/burst":
            self.burst(0, int(rest))
        else:
            self.console.show("OK . .")

    def burst(self, done: int, count: int) -> None:
        """Show many lines, ten in each hundredth of a second."""
        for number in range(done, min(done + 10, count)):
            self.console.show(f"Bob :: line {number}")
        if done + 10 < count:
            self.reactor.callLater(0.01, self.burst, done + 10, count)

    def complete(self, text: str, cursor: int) -> Sequence[str]:
        """A completion is asked for."""
        return ["Ann: ", "Anton: "]

    def interrupted(self) -> None:
        """Ctrl-C twice."""
        self.host.leave(SIGNALLED + signal.SIGINT)

    def eof(self) -> None:
        """Ctrl-D."""
        self.host.leave(0)


def main() -> int:
    """
    @return: the exit code.
    """
    from twisted.internet import reactor

    program = Program(reactor)
    return program.host.run(program, program.begin)


if __name__ == "__main__":
    sys.exit(main())
