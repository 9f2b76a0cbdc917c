"""
What a console asks of its owner, and what an owner may ask of any console.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted_chat.console.line import Line, Style


class ConsoleDelegate(Protocol):
    """
    The owner of a console: what it is told of.

    All methods are called in the reactor's thread, and may call the console back at once.
    """

    def lineEntered(self, text: str) -> None:
        """
        The person pressed Enter.  The line stays on the screen already.

        @param text: what was typed, without a line end at its end; it holds line ends where the
            person typed Alt-Enter or pasted them.  It may be empty.
        """

    def complete(self, text: str, cursor: int) -> Sequence[str]:
        """
        The person pressed Tab.

        @param text: what stands in the input.
        @param cursor: where the cursor stands, in characters from the start of C{text}.
        @return: what may stand in place of the word before the cursor (all since the last blank),
            best first, each with the blank or C{": "} that should follow it; or nothing.
        """

    def interrupted(self) -> None:
        """The person pressed Ctrl-C on an empty input twice: leave."""

    def eof(self) -> None:
        """No more input will come: Ctrl-D on an empty input, or the end of a file or a pipe."""


class AnyConsole(Protocol):
    """
    What every console can do, be it a terminal or a pipe.
    """

    def show(self, line: str | Line, style: Style | None = None) -> None:
        """Show a line above the input."""

    def ask(self, question: str, answered: Callable[[str], None], secret: bool = False) -> None:
        """Let the next entered line be the answer of a question."""

    def setPrompt(self, text: str) -> None:
        """Say what stands before the input, for instance C{"Ann> "}."""

    def setStatus(self, text: str) -> None:
        """Say what stands before the prompt, for instance C{"[#dev] [offline, retry 4 s]"}."""

    def setTitle(self, text: str) -> None:
        """Set the title of the terminal's window."""

    def setColor(self, color: bool) -> None:
        """Turn colours and other looks on or off."""

    def bell(self) -> None:
        """Ring, at most once in a few seconds."""

    def clear(self) -> None:
        """Begin with an empty screen; what stood there goes into the terminal's own scrollback."""

    def close(self) -> None:
        """Write what waits, take the input off the screen, and do nothing ever after."""
