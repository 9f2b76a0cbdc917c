# -*- test-case-name: tests.console.test_screen -*-
"""
Implements the output half of a console: collects lines, and decides when to draw.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from .ansi import Painter, View
from .styledtext import NOTICE, PLAIN, Line, Style

GATHER_DELAY = 0.030
"""
Seconds for which lines are collected before they are drawn, so that a thousand a second cost thirty
frames.  Typed text is drawn at once.
"""

RESIZE_DELAY = 0.050
"""Seconds for which sizes are collected: dragging the edge of a window makes dozens."""

BELL_DELAY = 3.0
"""Seconds between two rings of the bell."""

MAX_WAITING_LINES = 5000
"""Most lines that wait for a terminal that takes none; the oldest are skipped, which a line
reports."""

DEFAULT_SIZE = (80, 24)
"""The assumed size of a terminal that does not report one, in columns and rows."""


class Written(Protocol):
    """
    What a screen requires of a transport.
    """

    def write(self, data: bytes) -> object:
        """Send bytes to the terminal."""


class Screen:
    """
    Collects lines, draws them and the input in frames, and holds them while the terminal belongs to
    another program or takes no more.

    It provides L{IPushProducer<twisted.internet.interfaces.IPushProducer>} for a transport that
    cannot keep up: while it is paused, lines wait, at most L{MAX_WAITING_LINES}.

    @ivar paused: whether the terminal takes no more for now.
    @ivar throttled: called with L{True} when the terminal takes no more, and with L{False} when it
        does again; the source of the lines should pause meanwhile.
    """

    def __init__(
        self,
        clock: IReactorTime,
        transport: Written,
        painter: Painter,
        view: Callable[[], View],
    ) -> None:
        """
        @param clock: schedules drawing.
        @param transport: takes the bytes for the terminal.
        @param painter: makes these bytes.
        @param view: returns the present input.
        """
        self.paused = False
        self.throttled: Callable[[bool], object] = lambda full: None
        self._clock = clock
        self._transport = transport
        self._painter = painter
        self._view = view
        self._waiting: deque[Line] = deque()
        self._skipped = 0
        self._rung: float | None = None
        self._timer: IDelayedCall | None = None
        self._shown = False
        self._closed = False

    # What a host calls.

    def start(self) -> None:
        """
        Take the terminal, whatever it shows, and draw the input.
        """
        self._shown = True
        self._write(self._painter.start())
        self.draw()

    def resize(self, columns: int, rows: int) -> None:
        """
        Take note of another size of the terminal.

        @param columns: its width, in cells; zero if it does not tell.
        @param rows: its height, in cells; zero if it does not tell.
        """
        self._painter.resize(columns or DEFAULT_SIZE[0], rows or DEFAULT_SIZE[1])
        self.drawSoon(RESIZE_DELAY)

    def suspend(self) -> None:
        """
        Give the terminal away for a while.  Lines wait until L{resume}.
        """
        if self._shown:
            self._takeOff()

    def resume(self) -> None:
        """
        Take the terminal back: its screen may show anything now.
        """
        if not self._shown and not self._closed:
            self.start()

    def close(self) -> None:
        """
        Write waiting lines and erase the input; ignore all later calls.
        """
        self._closed = True
        self.paused = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._shown:
            self._takeOff()
        self._waiting.clear()

    def pauseProducing(self) -> None:
        """Stop drawing: the terminal takes no more for now."""
        self.paused = True
        self.throttled(True)

    def resumeProducing(self) -> None:
        """Draw again: the terminal takes bytes."""
        self.paused = False
        self.draw()
        self.throttled(False)

    def stopProducing(self) -> None:
        """Close: the terminal is gone."""
        self._shown = False
        self.close()

    # What an owner calls.

    def show(self, line: str | Line, style: Style | None = None) -> None:
        """
        Show a line above the input.

        It is cleaned first; a line end in it begins a marked continuation row.

        @param line: the line, or its text.
        @param style: the look of a line that is given as text.
        """
        if self._closed:
            return
        whole = line if isinstance(line, Line) else Line.of(line, style=style or PLAIN)
        self._waiting.extend(whole.rows())
        if len(self._waiting) > MAX_WAITING_LINES:
            self.draw()
            while len(self._waiting) > MAX_WAITING_LINES:
                self._waiting.popleft()
                self._skipped += 1
        self.drawSoon()

    def setColor(self, color: bool) -> None:
        """
        Turn colours and other styles on or off for later lines.
        """
        self._painter.color = color

    @property
    def visible(self) -> bool:
        """
        Whether output is visible: the console has the terminal, and the terminal takes output.
        """
        return self._shown and not self.paused

    def bell(self) -> None:
        """
        Ring, at most once in L{BELL_DELAY} seconds.
        """
        now = self._clock.seconds()
        rings = self._rung is None or now - self._rung >= BELL_DELAY
        if rings and self.visible:
            self._rung = now
            self._write("\a")

    def clear(self) -> None:
        """
        Clear the screen; its content moves into the terminal's scrollback.
        """
        if self.visible:
            self.draw()
            self._write(self._painter.clear())
            self.draw()

    # Drawing.

    def drawSoon(self, delay: float = GATHER_DELAY) -> None:
        """
        Draw all changes within C{delay} seconds.
        """
        if self._timer is None and not self._closed:
            self._timer = self._clock.callLater(delay, self._timeToDraw)

    def draw(self) -> None:
        """
        Write one frame with all waiting lines, if anything changed.
        """
        if not self.visible:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._write(self._painter.frame(self._finished(), self._view()))

    def _timeToDraw(self) -> None:
        self._timer = None
        self.draw()

    def _write(self, text: str) -> None:
        if text:
            self._transport.write(text.encode("utf-8", "replace"))

    def _takeOff(self) -> None:
        self._shown = False
        try:
            self._write(self._painter.frame(self._finished(), None))
        finally:
            self._write(self._painter.stop())

    def _finished(self) -> list[Line]:
        lines = list(self._waiting)
        self._waiting.clear()
        if self._skipped:
            lines.insert(0, Line.of(f"... {self._skipped} lines skipped", style=NOTICE))
            self._skipped = 0
        return lines
