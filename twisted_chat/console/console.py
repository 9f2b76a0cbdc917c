# -*- test-case-name: tests.console.test_console -*-
"""
Combines the parts of the console: keys in, lines out, and an input at the bottom that output does
not disturb.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ..text.cleaning import showable
from .ansi import AnsiPainter, Painter, View, hasManyColours, reflows
from .buffer import MAX_INPUT
from .dumb import DumbPainter
from .editor import LineEditor
from .graphemes import graphemes
from .inputhistory import History
from .keys import KeyParser, Kind
from .screen import DEFAULT_SIZE, Screen, Written
from .styledtext import PROMPT, Line, Segment
from .terminal import DUMB_TERMS


class ConsoleDelegate(Protocol):
    """
    What a console calls in its owner.

    All methods are called in the reactor's thread, and may call the console back at once.
    """

    def lineEntered(self, text: str) -> None:
        """
        Take a line: the user pressed Enter.  The line is on the screen already.

        @param text: the typed text, without a final line end; it holds line ends if the user typed
            Alt-Enter or pasted them.  It may be empty.
        """

    def complete(self, text: str, cursor: int) -> Sequence[str]:
        """
        Complete a word: the user pressed Tab.

        @param text: what stands in the input.
        @param cursor: where the cursor stands, in characters from the start of C{text}.
        @return: the candidates for the word before the cursor, best first, each with the blank or
            C{": "} that should follow it; or nothing.  The word is that of
            L{wordBefore<twisted_chat.console.completion.wordBefore>}.
        """

    def interrupted(self) -> None:
        """Leave: the user pressed Ctrl-C on an empty input twice."""

    def eof(self) -> None:
        """Leave: the user pressed Ctrl-D on an empty input."""


QUIT_WINDOW = 2.0
"""Seconds within which a second Ctrl-C leaves."""

FULL_HINT_DURATION = 3.0
"""Seconds for which a hint says that the input is full."""

CONFIRM_ROWS = 5
"""An input of more rows than this is sent only when Enter is pressed twice."""


@dataclass(frozen=True)
class _Question:
    """
    What the next line answers.

    @ivar words: the question.
    @ivar answered: called with the answer.
    @ivar shown: returns the visible form of an answer.
    @ivar aside: the input that was put aside.
    """

    words: str
    answered: Callable[[str], None]
    shown: Callable[[str], str]
    aside: LineEditor


class Console(Screen):
    """
    A terminal with an input at its bottom.

    Its host feeds it (L{dataReceived}, L{resize}), calls L{start} once, and L{suspend} and
    L{resume} when the terminal goes to another program and comes back.  It knows no descriptor, no
    signal and no network, so the terminal may also be at the other end of a network.

    @ivar delegate: receives the entered lines.
    @ivar ownLine: returns the lines that stay on the screen for an entered text; by default the
        text itself.
    @ivar confirmation: called with a text when Enter is pressed; returns a hint if Enter must be
        pressed again to enter it, or nothing.
    @ivar suspender: called when Ctrl-Z is pressed; by default the key does nothing.
    """

    def __init__(
        self,
        clock: IReactorTime,
        transport: Written,
        size: tuple[int, int],
        term: str,
        delegate: ConsoleDelegate,
        *,
        history: History | None = None,
        color: bool = True,
        reflow: bool | None = None,
        drift: bool | None = None,
    ) -> None:
        """
        @param clock: schedules drawing and hints.
        @param transport: takes the bytes for the terminal.
        @param size: columns and rows; zeros if unknown.
        @param term: the name of the terminal, as in C{TERM}.
        @param delegate: receives the entered lines.
        @param history: earlier lines, to which entered ones are added.
        @param color: whether colours and other looks are used.
        @param reflow: whether the terminal rewraps its rows when its width changes; L{None} to
            guess by its name.
        @param drift: whether it then scrolls even if there are blank rows below; L{None} to guess.
        """
        columns, rows = size[0] or DEFAULT_SIZE[0], size[1] or DEFAULT_SIZE[1]
        bends = reflows(term) if reflow is None else reflow
        drifts = term.startswith("tmux") if drift is None else drift
        painter: Painter = (
            DumbPainter(columns)
            if term in DUMB_TERMS
            else AnsiPainter(columns, rows, color, hasManyColours(term), bends, drifts)
        )
        super().__init__(clock, transport, painter, self._makeView)
        self.delegate = delegate
        self.ownLine: Callable[[str], Sequence[Line]] = lambda text: [Line.of(text)]
        self.confirmation: Callable[[str], str] = lambda text: ""
        self.suspender: Callable[[], object] = lambda: None
        self._history = History() if history is None else history
        self._keys = KeyParser(clock, self._typed)
        self._editor = LineEditor(self._history)
        self._prompt = self._status = ""
        self._hint: tuple[str, str] | None = None
        self._hintTimer: IDelayedCall | None = None
        self._question: _Question | None = None
        self._receiving = False
        self._actions: dict[str, Callable[[bool], object]] = {
            "enter": self._enter,
            "ctrl-c": self._interrupt,
            "ctrl-d": self._endOrErase,
            "ctrl-g": lambda again: self._editor.abort(),
            "escape": lambda again: self._editor.abort(),
            "ctrl-l": lambda again: self.clear(),
            "ctrl-z": lambda again: self.suspender(),
            "tab": lambda again: self._complete(1),
            "shift-tab": lambda again: self._complete(-1),
        }

    def dataReceived(self, data: bytes) -> None:
        """
        Take what the user typed.

        @param data: the bytes as received from the terminal.
        """
        if self._closed:
            return
        self._receiving = True
        try:
            self._keys.receive(data)
        finally:
            self._receiving = False
        self.draw()

    @property
    def typing(self) -> bool:
        """
        Whether the input holds text that was not entered yet.
        """
        editor = self._editor if self._question is None else self._question.aside
        return bool(editor.cells)

    def close(self) -> None:
        """
        Write waiting lines and erase the input; ignore all later calls.
        """
        self._keys.close()
        self._endHint()
        super().close()

    def ask(
        self,
        question: str,
        answered: Callable[[str], None],
        secret: bool = False,
        shown: Callable[[str], str] = str,
    ) -> None:
        """
        Ask a question, which the next entered line answers.

        The present input is put aside until then.  The question and its answer stay on the screen
        as they are.  An earlier question is dropped.

        @param question: shown in the place of the prompt.
        @param answered: called with the answer, instead of the delegate.
        @param secret: whether to hide the answer.
        @param shown: returns the visible form of the answer, while it is typed and afterwards.
        """
        aside = self._editor if self._question is None else self._question.aside
        self._question = _Question(
            showable(question), answered, _nothing if secret else shown, aside
        )
        self._editor = LineEditor()
        self.drawSoon()

    def setPrompt(self, text: str) -> None:
        """
        Set the prompt, which is shown before the input.

        @param text: for instance C{"Ann> "}; a blank at its end is part of it.
        """
        self._prompt = showable(text)
        self.drawSoon()

    def setStatus(self, text: str) -> None:
        """
        Set the status, which is shown before the prompt.

        @param text: for instance C{"[#dev] [offline, retry 4 s]"}, or nothing.
        """
        self._status = showable(text)
        self.drawSoon()

    def _makeView(self) -> View:
        editor = self._editor
        hint = f"[{self._hint[1]}] " if self._hint is not None else ""
        if self._question is not None:
            cells = graphemes(self._question.shown(editor.text))
            return View(hint + self._question.words, cells, min(editor.cursor, len(cells)))
        if editor.search is not None:
            state = "nothing earlier holds" if editor.search.failed else "earlier"
            found = graphemes(editor.search.found)
            return View(f"({state}: {editor.search.words}) ", found, len(found))
        status = f"{self._status} " if self._status else ""
        return View(f"{hint}{status}{self._prompt}", editor.cells, editor.cursor)

    def _setHint(self, kind: str, text: str, seconds: float | None = None) -> None:
        """
        Show a hint before the prompt, until the next key.

        @param kind: the key that has a special meaning if it is the next one.
        @param seconds: how long the hint lasts at most.
        """
        self._hint = kind, text
        if seconds is not None:
            self._hintTimer = self._clock.callLater(seconds, self._hintExpired)

    def _endHint(self) -> str:
        """
        @return: the kind of the hint that was shown, or nothing.
        """
        if self._hintTimer is not None:
            self._hintTimer.cancel()
            self._hintTimer = None
        hint, self._hint = self._hint, None
        return "" if hint is None else hint[0]

    def _hintExpired(self) -> None:
        self._hintTimer = self._hint = None
        self.draw()

    # Keys.

    def _typed(self, kind: Kind, value: str) -> None:
        if self._closed:
            return
        hint = self._endHint()
        if kind != "key":
            self._editor.insert(value)
        elif value in self._actions:
            self._actions[value](hint == value)
        else:
            self._editor.press(value)
        if self._editor.full:
            self._editor.full = False
            self._setHint("full", f"no more than {MAX_INPUT} characters", FULL_HINT_DURATION)
        if not self._receiving:
            self.draw()

    def _enter(self, again: bool) -> None:
        editor = self._editor
        if editor.search is not None:
            editor.acceptSearch()
            return
        if not again:
            hint = self._confirmation()
            if hint:
                self._setHint("enter", hint)
                return
        text = editor.take()
        question, self._question = self._question, None
        if question is None:
            self._history.add(text)
            if text:
                for line in self.ownLine(text):
                    self._waiting.extend(line.rows())
            self.delegate.lineEntered(text)
        else:
            self._editor = question.aside
            text = text.replace("\n", " ")
            answer = Line.of(Segment(question.words, PROMPT), question.shown(text))
            self._waiting.extend(answer.rows())
            question.answered(text)

    def _confirmation(self) -> str:
        """
        @return: why Enter must be pressed again, or nothing.
        """
        rows = self._editor.cells.count("\n") + 1
        if rows > CONFIRM_ROWS:
            return f"{rows} lines: Enter again to send, Ctrl-C to drop"
        if self._question is None and self._editor.cells:
            return showable(self.confirmation(self._editor.text))
        return ""

    def _interrupt(self, again: bool) -> None:
        if self._editor.search is not None:
            self._editor.abort()
        elif self._editor.cells:
            self._editor.clear()
        elif again:
            self.delegate.interrupted()
        else:
            self._setHint("ctrl-c", "Ctrl-C again to quit", QUIT_WINDOW)

    def _endOrErase(self, again: bool) -> None:
        if self._editor.cells or self._editor.search is not None:
            self._editor.press("ctrl-d")
        else:
            self.delegate.eof()

    def _complete(self, step: int) -> None:
        if self._question is None:
            self._editor.acceptSearch()
            self._editor.complete(step, self.delegate.complete)


def _nothing(text: str) -> str:
    return ""
