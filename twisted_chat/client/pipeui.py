# -*- test-case-name: tests.client.test_pipeui -*-
"""
The plain face: lines in, lines out, for pipes, files, simple terminals and scripts.

Nothing but whole lines of UTF-8 is written, whatever the locale: no colour, no bell, no escape.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ..console.process import BAD_DATA, DONE, LOST, PIPE_CLOSED, REFUSED, UNREACHABLE, USAGE
from ..errors import ChatError, NotStored
from ..text.cleaning import MAX_LINE, neutralise, showable
from ..wire.framing import FLOODED, Excess, LineSplitter
from ..wire.jsonlines import MAX_OBJECT, parseObject
from .messages import CONNECTED, ERROR, OK, PROMPT, Heard
from .rendering import asLines, asSentence, reconnected
from .ui import Unconfirmed

if TYPE_CHECKING:
    from twisted.internet.stdio import StandardIO

    from ..console.process import Ends
    from .link import ChatLink

_NO_NAME = "There is no name: give it by --name, or as the first line of the input."
_NOT_LINES = f"The input has no line end in {64 * 1024} bytes: send text, line by line."


@implementer(IHalfCloseableProtocol)
class PlainFace(Protocol):
    """
    Shows a link on a stream, and reads from it what is said.  See L{ui.Face}.
    """

    transport: StandardIO

    longest = MAX_LINE
    """Bytes of an input line."""

    def __init__(
        self, ends: Ends, now: Callable[[], float], typed: bool = False, echoed: bool = False
    ) -> None:
        """
        @param now: the wall time, in seconds since the epoch, UTC.
        @param typed: whether a person types the input, who can be asked for another name.
        @param echoed: whether what he types is seen in the output.
        """
        self._ends = ends
        self._now = now
        self._typed = typed
        self._echoed = echoed
        self._splitter = LineSplitter(self.longest)
        self._lines: deque[bytes | Excess] = deque()
        self._asking = False
        self._held = True
        self._eof = False
        self._verdict: tuple[int, str] | None = None

    def begin(self, link: ChatLink) -> None:
        """
        Show this link.  The transport has to be there.
        """
        self.link = link
        self.transport.pauseProducing()
        self.transport.registerProducer(link, True)
        link.start()

    def interrupted(self, code: int) -> None:
        """
        A signal ends the process.
        """
        self._finish(code)
        self._ends.hurry()

    # The input.

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.
        """
        self._lines += self._splitter.feed(data)
        self._give()

    def readConnectionLost(self) -> None:
        """
        See L{IHalfCloseableProtocol}.  The last line may lack its end.
        """
        if self._splitter.pending:
            self._lines += self._splitter.feed(b"\n")
        self._eof = True
        self._give()

    def _give(self) -> None:
        """
        Give the link as many lines as it wants.
        """
        while self._lines and (self._asking or not self._held):
            each = self._lines.popleft()
            if each is FLOODED:
                self._finish(BAD_DATA, _NOT_LINES)
                return
            if self._asking:
                self._named(each)
            else:
                self._said(each)
        if self._eof and not self._lines:
            if not self._asking:
                self.link.finish()
            elif self._typed:
                self._finish(DONE)
            else:
                self._finish(USAGE, _NO_NAME)

    def _named(self, line: bytes | Excess) -> None:
        name = "" if isinstance(line, Excess) else line.decode("utf-8", "replace").strip()
        if name:
            self._asking = False
            if not self._echoed:
                self.write("")
            self.transport.pauseProducing()
            self.link.enter(name)
        elif self._typed:
            self._prompt()

    def _said(self, line: bytes | Excess) -> None:
        try:
            if isinstance(line, Excess):
                raise ChatError(f"this line is longer than {self.longest} bytes: it was not sent")
            self._sayLine(line)
        except ChatError as error:
            self.heard((Heard(ERROR, error.sentence, code=error.code),))

    def _sayLine(self, line: bytes) -> None:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise ChatError("this line is not UTF-8: it was not sent") from None
        if neutralise(text).strip():
            self.link.say(text)

    def hold(self) -> None:
        """See L{ui.Face.hold}."""
        self._held = True
        if not self._asking:
            self.transport.pauseProducing()

    def release(self) -> None:
        """See L{ui.Face.release}."""
        self._held = False
        self._give()
        if not self._held:
            self.transport.resumeProducing()

    # The output.

    def write(self, *lines: str) -> None:
        """
        Write lines.
        """
        self.transport.write("".join(f"{each}\n" for each in lines).encode("utf-8", "replace"))

    def _prompt(self) -> None:
        self._asking = True
        self.transport.write(f"{PROMPT} ".encode())

    def _endPrompt(self) -> None:
        if self._asking:
            self._asking = False
            self.write("")

    def nameWanted(self, refusal: str | None) -> None:
        """See L{ui.Face.nameWanted}."""
        if refusal is not None and not self._typed:
            self._finish(REFUSED, refusal)
            return
        if refusal is not None:
            self.write(f"! {refusal}")
        self._prompt()
        self._give()
        self.transport.resumeProducing()

    def entered(self, heard: Heard, again: bool) -> None:
        """See L{ui.Face.entered}."""
        if not again:
            self.write(CONNECTED)
        else:
            self.write(f"* {reconnected(heard)}")

    def heard(self, batch: Sequence[Heard]) -> None:
        """See L{ui.Face.heard}."""
        mine = self.link.standing
        self.write(*asLines(batch, mine.name, mine.room, mine.lobby, self._now()))

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """See L{ui.Face.offline}."""
        doubt = f" Unconfirmed messages: {unconfirmed}." if unconfirmed else ""
        why = asSentence(showable(sentence))
        self.write(f"* {why}{doubt} The next attempt is in {delay:.1f} s.")

    # The end.

    def ended(self, error: ChatError | None) -> None:
        """See L{ui.Face.ended}."""
        self._endPrompt()
        if self._verdict is not None:
            self._ends.end(*self._verdict)
        elif error is None:
            self._ends.end(DONE)
        else:
            code = LOST if isinstance(error, Unconfirmed) else UNREACHABLE
            self._ends.end(code, error.sentence)

    def _finish(self, code: int, sentence: str = "") -> None:
        """
        End the link, and then the process, with this code unless there is one already.
        """
        self._verdict = self._verdict or (code, sentence)
        self.link.leave()

    def writeConnectionLost(self) -> None:
        """
        See L{IHalfCloseableProtocol}.  Nobody reads us any more.
        """
        self._ends.gone()
        self._finish(PIPE_CLOSED)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        self._ends.stop()


class JSONFace(PlainFace):
    """
    The same for programs: objects of the JSON dialect as they come, and as they are written.
    """

    longest = MAX_OBJECT

    def _sayLine(self, line: bytes) -> None:
        if line.strip():
            self.link.send(parseObject(line))

    def nameWanted(self, refusal: str | None) -> None:
        """See L{ui.Face.nameWanted}."""
        if self.link.standing.name or self._typed:
            super().nameWanted(refusal)
        else:
            self._finish(USAGE, "There is no name: give it by --name.")

    def entered(self, heard: Heard, again: bool) -> None:
        """See L{ui.Face.entered}."""
        if heard.raw is None:
            self._finish(UNREACHABLE, "The server speaks the text dialect only: leave out --json.")
        else:
            self.heard((heard,))

    def heard(self, batch: Sequence[Heard]) -> None:
        """See L{ui.Face.heard}."""
        for each in batch:
            if each.raw is not None:
                # To a terminal nothing but ASCII: what the objects hold was not cleaned.
                self.write(json.dumps(each.raw, ensure_ascii=self._echoed))
            elif each.kind == ERROR:
                refusal = {"type": "error", "code": each.code, "text": each.text}
                self.write(json.dumps(refusal, ensure_ascii=self._echoed))

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """See L{ui.Face.offline}.  This is no object of the server's."""


_NOT_STORED: Final = "not stored"
"""How the text dialect begins to say that the server cannot store at the moment."""


class SendFace(PlainFace):
    """
    Says some lines and leaves: for C{--send}.  Nothing is read, and only receipts are shown.  What
    the server cannot store at the moment counts as lost, so that a script tries again; what it
    will not take, as bad data.
    """

    def sends(self, text: str) -> None:
        """
        @param text: what to say; each of its lines is a message.
        """
        self._refusal: tuple[int, str] | None = None
        self._lines += [each.encode("utf-8", "surrogateescape") for each in text.splitlines()]
        self._eof = True

    def dataReceived(self, data: bytes) -> None:
        """Nothing is read."""

    def readConnectionLost(self) -> None:
        """Nothing is read."""

    def release(self) -> None:
        """See L{ui.Face.release}."""
        self._held = False
        self._give()

    def entered(self, heard: Heard, again: bool) -> None:
        """See L{ui.Face.entered}."""

    def heard(self, batch: Sequence[Heard]) -> None:
        """See L{ui.Face.heard}."""
        for each in batch:
            if each.kind == OK:
                super().heard((each,))
            elif each.kind == ERROR:
                passing = each.code == NotStored.code or each.text.startswith(_NOT_STORED)
                self._refusal = self._refusal or (LOST if passing else BAD_DATA, each.text)

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """See L{ui.Face.offline}."""

    def ended(self, error: ChatError | None) -> None:
        """See L{ui.Face.ended}."""
        if error is None and self._refusal:
            self._verdict = self._verdict or self._refusal
        super().ended(error)
