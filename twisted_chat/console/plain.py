# -*- test-case-name: tests.test_console_plain -*-
"""
A console for files and pipes: lines in, lines out, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted_chat.console.interfaces import ConsoleDelegate
from twisted_chat.console.line import Line, Style
from twisted_chat.text import showable

#: How much of a line is kept, in bytes; the rest of it is dropped.  The protocol takes less.
MAX_LINE = 65536


class PlainConsole:
    """
    Provides L{AnyConsole<twisted_chat.console.interfaces.AnyConsole>} without colours, bells,
    titles, prompts and escapes.  Only questions are written without a line end.

    @ivar delegate: who is told of the lines that come.
    @ivar throttled: called with L{True} when the output takes no more, and with L{False} when it
        does again: whoever can hold back what is to be shown, should.
    """

    def __init__(
        self, write: Callable[[bytes], object], delegate: ConsoleDelegate, echoed: bool = False
    ) -> None:
        """
        @param write: takes the bytes of the output.
        @param delegate: who is told of the lines that come.
        @param echoed: whether typed lines appear in the output without our doing.
        """
        self.delegate = delegate
        self.throttled: Callable[[bool], object] = lambda full: None
        self._write = write
        self._echoed = echoed
        self._held = b""
        self._answered: Callable[[str], None] | None = None
        self._midLine = False
        self._closed = False

    def dataReceived(self, data: bytes) -> None:
        """
        Bytes came from the input, cut anywhere.
        """
        *lines, held = (self._held + data).split(b"\n")
        self._held = held[:MAX_LINE]
        for line in lines:
            self._entered(line[:MAX_LINE])

    def ended(self) -> None:
        """
        The input is at its end; what came after the last line end is a line too.
        """
        held, self._held = self._held, b""
        if held:
            self._entered(held)
        if not self._closed:
            self.delegate.eof()

    def close(self) -> None:
        """See L{AnyConsole<twisted_chat.console.interfaces.AnyConsole>}."""
        if not self._closed:
            self._endLine()
            self._closed = True

    def pauseProducing(self) -> None:
        """The output takes no more for now."""
        self.throttled(True)

    def resumeProducing(self) -> None:
        """The output takes bytes again."""
        self.throttled(False)

    def stopProducing(self) -> None:
        """The output is gone."""
        self._closed = True

    def show(self, line: str | Line, style: Style | None = None) -> None:
        """See L{AnyConsole<twisted_chat.console.interfaces.AnyConsole>}."""
        if self._closed:
            return
        self._endLine()
        whole = line if isinstance(line, Line) else Line.of(line)
        text = "".join(row.text + "\n" for row in whole.rows())
        self._write(text.encode("utf-8", "replace"))

    def ask(self, question: str, answered: Callable[[str], None], secret: bool = False) -> None:
        """See L{AnyConsole<twisted_chat.console.interfaces.AnyConsole>}."""
        if self._closed:
            return
        self._endLine()
        self._answered = answered
        self._midLine = True
        self._write(showable(question).encode("utf-8", "replace"))

    def setPrompt(self, text: str) -> None:
        """There is no prompt."""

    def setStatus(self, text: str) -> None:
        """There is no status."""

    def setTitle(self, text: str) -> None:
        """There is no title."""

    def setColor(self, color: bool) -> None:
        """There are no colours."""

    def bell(self) -> None:
        """There is no bell."""

    def clear(self) -> None:
        """There is nothing to clear."""

    def _entered(self, raw: bytes) -> None:
        if self._closed:
            return
        text = raw.removesuffix(b"\r").decode("utf-8", "replace")
        answered, self._answered = self._answered, None
        if answered is None:
            self.delegate.lineEntered(text)
            return
        self._midLine = self._midLine and not self._echoed
        self._endLine()
        answered(text)

    def _endLine(self) -> None:
        """
        Nothing may follow a question on its line.
        """
        if self._midLine:
            self._midLine = False
            self._write(b"\n")
