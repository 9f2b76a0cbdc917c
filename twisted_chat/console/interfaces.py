"""
What a console asks of its owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


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
        """The person pressed Ctrl-D on an empty input: leave."""
