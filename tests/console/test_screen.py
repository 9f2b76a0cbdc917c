"""
Tests of L{twisted_chat.console.screen}, and of console and painter against emulated terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.support.emulator import Emulator, cellsOfPoints
from twisted_chat.console.ansi import MAX_ROWS, AnsiPainter, View
from twisted_chat.console.console import Console
from twisted_chat.console.graphemes import cells, layOut
from twisted_chat.console.screen import (
    BELL_DELAY,
    GATHER_DELAY,
    MAX_WAITING_LINES,
    RESIZE_DELAY,
    Screen,
)
from twisted_chat.console.styledtext import Line, nameStyle

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"
THUMB = "\U0001f44d\U0001f3fd"
HEART = "\u2764\ufe0f"
ACUTE = "e\u0301"

HOSTILE = [
    "\x1b[2J\x1b[H\x1b[31mred",
    "\x1b]0;title\x07\x1b]52;c;aGk=\x07",
    "\x9b2J\x9d0;t\x9c",
    "Ann\rBob :: forged",
    "one\nBob :: forged",
    "\x08\x08\x08gone",
    "\u202etxet desrever",
    "\x1b[6n\x1b[c\x1bP$q q\x1b\\",
    "\x0e\x0f\x00\x7f",
    "a" + "\u0301" * 50,
    "\ud800 half",
    "\x1b[?1049h\x1b[?1000h\x1bc",
    "\u2028\u2029\x85next",
]


class Recorder:
    """
    A delegate that answers nothing and notes all.
    """

    def __init__(self) -> None:
        """Nothing happened yet."""
        self.entered: list[str] = []

    def lineEntered(self, text: str) -> None:
        """Note it."""
        self.entered.append(text)

    def complete(self, text: str, cursor: int) -> Sequence[str]:
        """Offer two names."""
        return ["Ann: ", f"{FAMILY}日本: "]

    def interrupted(self) -> None:
        """Stay."""

    def eof(self) -> None:
        """Stay."""


class Session:
    """
    A console on an emulated terminal, and what that terminal should show.

    @ivar shown: the lines that should stand above the input, each once.
    """

    def __init__(
        self,
        columns: int,
        rows: int,
        widthOf: Callable[[str], int] = cells,
        reflow: bool = False,
    ) -> None:
        """
        @param columns: the width of the terminal.
        @param rows: its height.
        @param widthOf: its notion of width.
        @param reflow: whether it reflows.
        """
        self.clock = Clock()
        self.terminal = Emulator(columns, rows, widthOf, reflow)
        self.delegate = Recorder()
        self.console = Console(
            self.clock, self.terminal, (columns, rows), "xterm", self.delegate, reflow=reflow
        )
        self.shown: list[str] = []
        self.console.ownLine = self.own
        self.console.start()
        self.console.setPrompt("Ann> ")
        self.clock.advance(GATHER_DELAY)

    def own(self, text: str) -> list[Line]:
        """Note an entered line, which stays on the screen."""
        line = Line.of(text)
        self.shown += [row.text.rstrip() for row in line.rows()]
        return [line]

    def show(self, text: str) -> None:
        """Show a line."""
        line = Line.of(text, style=nameStyle(text))
        self.shown += [row.text.rstrip() for row in line.rows()]
        self.console.show(line)

    def resize(self, columns: int, rows: int) -> None:
        """Let the person resize the window, and wait for the end of it."""
        self.terminal.resize(rows, columns)
        self.console.resize(columns, rows)
        self.clock.advance(RESIZE_DELAY)

    def settle(self) -> None:
        """Let everything be drawn."""
        self.clock.advance(GATHER_DELAY)

    def expected(self) -> tuple[list[str], str]:
        """
        @return: the rows of the input as they should be drawn, and what is before the cursor.
        """
        view = self.console._view()
        layout = layOut(view.prompt, view.text, view.cursor, self.terminal.columns)
        limit = min(MAX_ROWS, self.terminal.lines - 1)
        rows = [row.prompt + row.text for row in layout.rows]
        before = layout.beforeCursor.prompt + layout.beforeCursor.text
        if len(rows) <= limit:
            return rows, before
        windows = [rows[at : at + limit] for at in range(len(rows) - limit + 1)]
        screen = self.terminal.screenRows()
        bottom = next(
            (
                window
                for at, window in enumerate(windows)
                if at <= layout.cursorRow < at + limit and _ends(screen, window)
            ),
            windows[-1],
        )
        return bottom, before


def _ends(screen: Sequence[str], rows: Sequence[str]) -> bool:
    """
    @return: whether a screen's last rows are these; blank ones at the end are not seen on it.
    """
    wanted = [row.rstrip() for row in rows]
    while wanted and not wanted[-1]:
        wanted.pop()
    return list(screen[len(screen) - len(wanted) :]) == wanted


CHARACTERS = st.sampled_from(
    [
        *"ab yz,.",
        "я",
        "ж",
        "日",
        "語",
        ACUTE,
        FAMILY,
        FLAG,
        THUMB,
        HEART,
        "\U0001f1e9",
        "\u200d",
        "ñ",
    ]
)
TEXTS = st.lists(CHARACTERS, min_size=1, max_size=12).map("".join)
LONG = st.lists(CHARACTERS, min_size=20, max_size=90).map("".join)
KEYS = st.sampled_from(
    [
        *(b"\x01", b"\x05", b"\x02", b"\x06", b"\x7f", b"\x04", b"\x17", b"\x15", b"\x0b", b"\x19"),
        *(
            b"\x14",
            b"\x1f",
            b"\x10",
            b"\x0e",
            b"\x12",
            b"\x07",
            b"\x0c",
            b"\t",
            b"\x1b[Z",
            b"\x1b\r",
        ),
        *(
            b"\x1b[A",
            b"\x1b[B",
            b"\x1b[C",
            b"\x1b[D",
            b"\x1b[H",
            b"\x1b[F",
            b"\x1b[3~",
            b"\x1b[1;5D",
        ),
        *(
            b"\x1bb",
            b"\x1bf",
            b"\x1bd",
            b"\x1b\x7f",
            b"\x1by",
            b"\x1b",
            b"\x03",
            b"\r",
            b"\r",
            b"\x1a",
        ),
    ]
)
ACTIONS = st.one_of(
    TEXTS.map(lambda text: ("type", text.encode())),
    LONG.map(lambda text: ("type", text.encode())),
    KEYS.map(lambda key: ("type", key)),
    st.lists(TEXTS, min_size=1, max_size=7).map(
        lambda rows: ("type", b"\x1b[200~" + "\r".join(rows).encode() + b"\x1b[201~")
    ),
    st.one_of(TEXTS, LONG, st.sampled_from(HOSTILE)).map(lambda text: ("show", text)),
    st.just(("settle", "")),
)
SIZES = st.tuples(st.integers(20, 90), st.integers(5, 30))


class PropertyTests(SynchronousTestCase):
    """
    Random people, random messages, emulated terminals.
    """

    def play(self, session: Session, actions: Sequence[tuple[str, object]]) -> None:
        """
        Do what is to be done.
        """
        for kind, value in actions:
            if kind == "type":
                assert isinstance(value, bytes)
                session.console.dataReceived(value)
            elif kind == "show":
                session.show(str(value))
            elif kind == "resize":
                assert isinstance(value, tuple)
                session.resize(*value)
            else:
                session.settle()
        session.settle()

    def check(self, session: Session) -> None:
        """
        The screen's end is the input, the cursor stands where it should, and above is each line
        once and in order.
        """
        rows, before = session.expected()
        self.assertTrue(
            _ends(session.terminal.screenRows(), rows), (session.terminal.screenRows(), rows)
        )
        self.assertEqual(session.terminal.beforeCursor(), before)
        self.checkShown(session, rows)
        self.assertEqual(session.terminal.answers, [])
        self.assertEqual(session.terminal.title, "")

    def checkShown(self, session: Session, rows: Sequence[str]) -> None:
        """
        What stands above the input; clearing the screen leaves blank rows, which do not count.
        """
        lines = [line for line in session.terminal.allLines() if line]
        wanted = [line for line in session.shown if line]
        wanted += [row for each in rows if (row := each.rstrip())]
        self.assertEqual(lines, wanted)

    @given(SIZES, st.lists(ACTIONS, min_size=10, max_size=40))
    @settings(deadline=None, derandomize=True, max_examples=60)
    def test_screenShowsTheModel(
        self, size: tuple[int, int], actions: list[tuple[str, object]]
    ) -> None:
        """The screen shows the input and each line once, whatever is typed, pasted and shown."""
        session = Session(*size)
        self.play(session, actions)
        self.check(session)

    @given(SIZES, st.lists(ACTIONS, min_size=10, max_size=30))
    @settings(deadline=None, derandomize=True, max_examples=40)
    def test_terminalThatKnowsNoGraphemes(
        self, size: tuple[int, int], actions: list[tuple[str, object]]
    ) -> None:
        """Each line is shown once also if the terminal takes more cells for an emoji."""
        session = Session(*size, widthOf=cellsOfPoints)
        self.play(session, actions)
        shown = [line for line in session.terminal.allLines() if line]
        count = len([line for line in session.shown if line])
        self.assertEqual(shown[:count], [line for line in session.shown if line])

    @given(
        st.lists(
            st.one_of(
                TEXTS.map(lambda text: ("type", text.encode())),
                st.sampled_from([b"\x1b[D", b"\x01", b"\x05", b"\x7f", b"\r"]).map(
                    lambda key: ("type", key)
                ),
                LONG.map(lambda text: ("show", text)),
                st.tuples(st.integers(20, 90), st.integers(14, 30)).map(
                    lambda size: ("resize", size)
                ),
                st.just(("settle", "")),
            ),
            min_size=10,
            max_size=30,
        )
    )
    @settings(deadline=None, derandomize=True, max_examples=80)
    def test_resizeOfATerminalThatReflows(self, actions: list[tuple[str, object]]) -> None:
        """
        A window that is resized, however often, keeps no ghost of the input and loses no line.
        """
        session = Session(60, 24, reflow=True)
        total = 0
        kept = []
        for kind, value in actions:
            if kind == "type" and isinstance(value, bytes) and len(value) > 4:
                total += len(value.decode())
            if value == b"\r":
                total = 0
            if total < 90:
                kept.append((kind, value))
        self.play(session, kept)
        self.check(session)

    @given(
        st.lists(
            st.one_of(ACTIONS, SIZES.map(lambda size: ("resize", size))), min_size=10, max_size=30
        )
    )
    @settings(deadline=None, derandomize=True, max_examples=40)
    def test_resizeOfATerminalThatCuts(self, actions: list[tuple[str, object]]) -> None:
        """A terminal that cuts its rows shows the right input after each resize."""
        session = Session(80, 24)
        self.play(session, actions)
        rows, before = session.expected()
        self.assertTrue(
            _ends(session.terminal.screenRows(), rows), (session.terminal.screenRows(), rows)
        )
        self.assertEqual(session.terminal.beforeCursor(), before)


class HostileTests(SynchronousTestCase):
    """
    Text of strangers.
    """

    def test_nothingReachesTheTerminal(self) -> None:
        """No text, name, prompt, status or question makes the terminal do anything."""
        for text in HOSTILE:
            session = Session(80, 24)
            session.console.dataReceived(b"typed")
            sent = len(session.terminal.sent)
            console = session.console
            for act in (console.show, console.setPrompt, console.setStatus):
                act(text)
                session.settle()
            console.ask(text, session.delegate.lineEntered)
            session.settle()
            sequences = session.terminal.sent[sent:].decode()
            self.assertNotIn("\x1b[2J", sequences)
            self.assertNotIn("\x1b]52", sequences)
            self.assertNotIn("\x1b]0", sequences)
            for control in "\x00\x08\x0e\x0f\x7f\x85\x9b\x9d\u2028\u202e":
                self.assertNotIn(control, sequences)
            self.assertEqual(session.terminal.answers, [])

    def test_forgedLine(self) -> None:
        """A line end in a message begins a row that looks like no message."""
        session = Session(80, 24)
        session.show("Ann :: one\nBob :: forged")
        session.settle()
        self.assertEqual(session.terminal.screenRows()[:2], ["Ann :: one", "  | Bob :: forged"])


class ScreenTests(SynchronousTestCase):
    """
    The times at which frames are drawn.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.transport = StringTransport()
        painter = AnsiPainter(80, 24, color=False, manyColours=False, reflow=False)
        self.screen = Screen(self.clock, self.transport, painter, lambda: View("> ", "", 0))

    def sent(self) -> str:
        """
        @return: what was written since the last call.
        """
        data: bytes = self.transport.value()
        self.transport.clear()
        return data.decode()

    def test_gathers(self) -> None:
        """Lines shown within a short time are one frame, in one write."""
        self.screen.start()
        self.sent()
        writes: list[bytes] = []
        self.transport.write = writes.append  # type: ignore[method-assign]
        for number in range(100):
            self.screen.show(str(number))
        self.assertEqual(writes, [])
        self.clock.advance(GATHER_DELAY)
        self.assertEqual(len(writes), 1)
        self.assertIn(b"0\r\n1\r\n2\r\n", writes[0])

    def test_unchangedIsNotDrawn(self) -> None:
        """A frame that would change nothing is not written."""
        self.screen.start()
        self.sent()
        self.screen.draw()
        self.assertEqual(self.sent(), "")

    def test_suspended(self) -> None:
        """Lines shown while another program has the terminal wait, and then are shown."""
        self.screen.start()
        self.screen.suspend()
        self.assertTrue(self.sent().endswith("\x1b[?2004l\x1b[?25h\x1b[?7h\x1b[0m"))
        self.screen.show("meanwhile")
        self.clock.advance(GATHER_DELAY)
        self.assertEqual(self.sent(), "")
        self.screen.resume()
        self.assertIn("meanwhile\r\n", self.sent())

    def test_stuckTerminal(self) -> None:
        """
        A terminal that takes nothing costs bounded memory, and the user is told what was skipped.
        """
        told: list[bool] = []
        self.screen.throttled = told.append
        self.screen.start()
        self.screen.pauseProducing()
        self.sent()
        for number in range(MAX_WAITING_LINES + 7):
            self.screen.show(f"line {number}")
        self.clock.advance(GATHER_DELAY)
        self.assertEqual(self.sent(), "")
        self.screen.resumeProducing()
        sent = self.sent()
        self.assertIn("... 7 lines skipped\r\nline 7\r\nline 8\r\n", sent)
        self.assertIn(f"line {MAX_WAITING_LINES + 6}\r\n", sent)
        self.assertEqual(told, [True, False])

    def test_floodOnAWorkingTerminal(self) -> None:
        """No line is skipped while the terminal takes them, however many are shown at once."""
        self.screen.start()
        for number in range(3 * MAX_WAITING_LINES):
            self.screen.show(f"line {number}")
        self.clock.advance(GATHER_DELAY)
        lines = [line for line in self.sent().split("\r\n") if "line" in line]
        self.assertEqual(len(lines), 3 * MAX_WAITING_LINES)
        self.assertNotIn("skipped", "".join(lines))

    def test_terminalGone(self) -> None:
        """Nothing is written to a terminal that is gone."""
        self.screen.start()
        self.sent()
        self.screen.show("never seen")
        self.screen.stopProducing()
        self.clock.advance(GATHER_DELAY)
        self.assertEqual((self.sent(), self.clock.getDelayedCalls()), ("", []))

    def test_close(self) -> None:
        """
        Closing writes the lines that wait and takes the input off; nothing is drawn afterwards.
        """
        self.screen.start()
        self.sent()
        self.screen.show("last words")
        self.screen.close()
        sent = self.sent()
        self.assertIn("last words\r\n\x1b[?2004l", sent)
        self.screen.close()
        self.screen.show("too late")
        self.screen.bell()
        self.screen.clear()
        self.screen.resize(10, 10)
        self.screen.resume()
        self.assertEqual((self.sent(), self.clock.getDelayedCalls()), ("", []))

    def test_closeWithABug(self) -> None:
        """The terminal gets its settings back although the screen cannot be drawn."""
        self.screen.start()
        self.sent()
        self.screen.show("x")
        self.screen._painter.frame = lambda finished, view: 1 // 0  # type: ignore[assignment, method-assign, return-value]
        self.assertRaises(ZeroDivisionError, self.screen.close)
        self.assertEqual(self.sent(), "\x1b[?2004l\x1b[?25h\x1b[?7h\x1b[0m")

    def test_bell(self) -> None:
        """The bell rings at most once in a few seconds."""
        self.screen.start()
        self.sent()
        self.screen.bell()
        self.screen.bell()
        self.assertEqual(self.sent(), "\a")
        self.clock.advance(BELL_DELAY)
        self.screen.bell()
        self.assertEqual(self.sent(), "\a")

    def test_clearLosesNothing(self) -> None:
        """Clearing scrolls away what stood on the screen, and draws the input at the top."""
        session = Session(40, 8)
        session.show("kept")
        session.settle()
        session.console.clear()
        self.assertEqual(session.terminal.screenRows(), ["Ann>"])
        self.assertIn("kept", session.terminal.allLines())
        self.assertEqual(session.terminal.cursor.y, 0)

    def test_resizesAreGathered(self) -> None:
        """Many sizes in a short time are one frame."""
        self.screen.start()
        self.sent()
        for columns in range(70, 40, -1):
            self.screen.resize(columns, 24)
        self.assertEqual(self.sent(), "")
        self.clock.advance(RESIZE_DELAY)
        self.assertEqual(self.sent().count("\x1b[?2026h"), 1)
