# -*- test-case-name: tests.client.test_pipeui -*-
"""
Displays a link as lines in and lines out, for pipes, files, simple terminals and scripts.

Only whole lines of UTF-8 are written, whatever the locale: no colour, no bell, no escape.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ..console.process import BAD_DATA, DONE, LOST, PIPE_CLOSED, REFUSED, UNREACHABLE, USAGE
from ..errors import BadName, ChatError, NameTaken, NotStored, WrongLogin
from ..text.cleaning import MAX_LINE, neutralise, showable
from ..wire.framing import FLOODED, Excess, LineSplitter
from ..wire.jsonlines import MAX_OBJECT, parseObject
from .messages import CONNECTED, ERROR, OK, PROMPT, ServerMessage
from .rendering import asLines, asSentence, reconnected
from .ui import Unconfirmed

if TYPE_CHECKING:
    from twisted.internet.stdio import StandardIO

    from ..console.process import ProcessIO
    from .link import ChatLink

_REGISTERED = (
    "{0} is registered: if it is yours, give its password by --password-file or after the name,"
    " else choose another name"
)
_NO_NAME = "There is no name: give it by --name, or as the first line of the input."
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""
Characters that JSON allows in a text but that must be escaped for a reader of the output: DEL and
C1 controls, line separators, bidirectional controls, characters without a shape, and halves of
surrogate pairs, which UTF-8 does not have.
"""

_NOT_LINES = f"The input has no line end in {64 * 1024} bytes: send text, line by line."


@implementer(IHalfCloseableProtocol)
class PipeUI(Protocol):
    """
    Displays a link on a stream, from which it reads the user's lines.  See L{ui.UserInterface}.
    """

    transport: StandardIO

    longest = MAX_LINE
    """The longest line of input, in bytes."""

    def __init__(
        self,
        process: ProcessIO,
        now: Callable[[], float],
        typed: bool = False,
        echoed: bool = False,
    ) -> None:
        """
        @param now: the wall time, in seconds since the epoch, UTC.
        @param typed: whether the input comes from a keyboard, so that another name can be asked
            for.
        @param echoed: whether typed input appears in the output.
        """
        self._process = process
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
        Display this link.  The transport must be set before.
        """
        self.link = link
        self.transport.pauseProducing()
        self.transport.registerProducer(link, True)
        link.start()

    def interrupted(self, code: int) -> None:
        """
        End because of a signal.
        """
        self._finish(code)
        self._process.hurry()

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
        Pass on as many lines as the link takes.
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
            # Names have no blanks, so a password may follow one.
            name, _, password = name.partition(" ")
            self.link.enter(name, password)
        elif self._typed:
            self._prompt()

    def _said(self, line: bytes | Excess) -> None:
        try:
            if isinstance(line, Excess):
                raise ChatError(f"this line is longer than {self.longest} bytes: it was not sent")
            self._sayLine(line)
        except ChatError as error:
            self.received((ServerMessage(ERROR, error.sentence, code=error.code),))

    def _sayLine(self, line: bytes) -> None:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise ChatError("this line is not UTF-8: it was not sent") from None
        if neutralise(text).strip():
            self.link.say(text)

    def hold(self) -> None:
        """See L{ui.UserInterface.hold}."""
        self._held = True
        if not self._asking:
            self.transport.pauseProducing()

    def release(self) -> None:
        """See L{ui.UserInterface.release}."""
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

    def nameWanted(self, refusal: str | None, code: str = "") -> None:
        """See L{ui.UserInterface.nameWanted}."""
        if refusal is not None and not self._typed:
            self._finish(REFUSED, refusal)
            return
        if refusal is not None:
            self.write(f"! {refusal}")
        self._prompt()
        self._give()
        self.transport.resumeProducing()

    def passwordWanted(self, name: str, refusal: str | None) -> None:
        """
        See L{ui.UserInterface.passwordWanted}.  Where what is typed would be seen, a password is
        not asked for by itself; it may follow the name, after a blank.
        """
        if refusal is None:
            self.nameWanted(_REGISTERED.format(name), NameTaken.code)
        else:
            self.nameWanted(refusal, WrongLogin.code)

    def entered(self, message: ServerMessage, again: bool) -> None:
        """See L{ui.UserInterface.entered}."""
        if not again:
            self.write(CONNECTED)
        else:
            self.write(f"* {reconnected(message)}")

    def received(self, batch: Sequence[ServerMessage]) -> None:
        """See L{ui.UserInterface.received}."""
        mine = self.link.session
        self.write(*asLines(batch, mine.name, mine.room, mine.lobby, self._now()))

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """See L{ui.UserInterface.offline}."""
        doubt = f" Unconfirmed messages: {unconfirmed}." if unconfirmed else ""
        why = asSentence(showable(sentence))
        self.write(f"* {why}{doubt} The next attempt is in {delay:.1f} s.")

    # The end.

    def ended(self, error: ChatError | None) -> None:
        """See L{ui.UserInterface.ended}."""
        self._endPrompt()
        if self._verdict is not None:
            self._process.end(*self._verdict)
        elif error is None:
            self._process.end(DONE)
        else:
            code = LOST if isinstance(error, Unconfirmed) else UNREACHABLE
            self._process.end(code, error.sentence)

    def _finish(self, code: int, sentence: str = "") -> None:
        """
        End the link, and then the process, with this exit code unless one is set already.
        """
        self._verdict = self._verdict or (code, sentence)
        self.link.leave()

    def writeConnectionLost(self) -> None:
        """
        See L{IHalfCloseableProtocol}.  The reader of the output is gone.
        """
        self._process.gone()
        self._finish(PIPE_CLOSED)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        self._process.stop()


class JSONPipeUI(PipeUI):
    """
    Passes objects of the JSON dialect between a program and the server.
    """

    longest = MAX_OBJECT

    def _sayLine(self, line: bytes) -> None:
        if line.strip():
            self.link.send(parseObject(line))

    def nameWanted(self, refusal: str | None, code: str = "") -> None:
        """See L{ui.UserInterface.nameWanted}."""
        if self.link.session.name or self._typed:
            super().nameWanted(refusal, code)
        else:
            self._finish(USAGE, "There is no name: give it by --name.")

    def entered(self, message: ServerMessage, again: bool) -> None:
        """See L{ui.UserInterface.entered}."""
        if message.raw is None:
            self._finish(UNREACHABLE, "The server speaks the text dialect only: leave out --json.")
        else:
            self.received((message,))

    def received(self, batch: Sequence[ServerMessage]) -> None:
        """See L{ui.UserInterface.received}."""
        for each in batch:
            if each.raw is not None:
                self._writeObject(each.raw)
            elif each.kind == ERROR:
                self._writeObject({"type": "error", "code": each.code, "text": each.text})

    def _writeObject(self, value: dict[str, Any]) -> None:
        """
        Write an object, whose texts were not cleaned.  JSON itself escapes only ASCII controls, so
        the rest is escaped here; a terminal gets pure ASCII.
        """
        text = json.dumps(value, ensure_ascii=self._echoed)
        self.write(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """See L{ui.UserInterface.offline}.  This is not one of the server's objects."""


_MAX_VARIANTS = 9
"""Names that are tried: the wanted one, and variants with a number."""

_MAX_ROUNDS = 3
"""How often all variants are tried."""

_ROUND_DELAY = 2.0
"""Seconds between two rounds: the users of the names may be about to leave."""

_MAX_STEM = 29
"""Characters of a name that a variant keeps; a name has at most 32."""


class SendUI(PipeUI):
    """
    Says some lines and leaves: for C{--send}.  Nothing is read, and only receipts are shown.  A
    message that the server cannot store now counts as lost, so that a script tries again; a refused
    one counts as bad data.

    The sender does not need a particular name: if the wanted one is taken or reserved, a variant is
    used.
    """

    def __init__(
        self,
        process: ProcessIO,
        now: Callable[[], float],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        """
        @param now: the wall time, in seconds since the epoch, UTC.
        @param later: calls a function after some seconds.
        """
        super().__init__(process, now)
        self._later = later
        self._refusal: tuple[int, str] | None = None
        self._wanted = ""
        self._tried = 0
        self._malformed = 0

    def sends(self, text: str) -> None:
        """
        Say a text.

        @param text: the text; each of its lines is a message.
        """
        self._lines += [each.encode("utf-8", "surrogateescape") for each in text.splitlines()]
        self._eof = True

    def nameWanted(self, refusal: str | None, code: str = "") -> None:
        """See L{ui.UserInterface.nameWanted}.  Try the next variant of the name."""
        self._tried += 1
        self._wanted = self._wanted or self.link.session.name
        if code == BadName.code:
            # The first name may be reserved.  If its variant is refused, too, the name itself is
            # bad.
            self._malformed += 1
        done, number = divmod(self._tried, _MAX_VARIANTS)
        passing = code in ("", NameTaken.code, BadName.code) and self._malformed < 2
        if not passing or done >= _MAX_ROUNDS:
            self._finish(REFUSED, f"{asSentence(refusal or '')} Give another name by --name.")
        elif number:
            self._enter(number)
        else:
            self._later(_ROUND_DELAY, lambda: self._enter(0))

    def _enter(self, number: int) -> None:
        if self._verdict is None:
            stem = self._wanted
            self.link.enter(f"{stem[:_MAX_STEM]}-{number + 1}" if number else stem)

    def dataReceived(self, data: bytes) -> None:
        """Ignore the input."""

    def readConnectionLost(self) -> None:
        """Ignore the input."""

    def release(self) -> None:
        """See L{ui.UserInterface.release}."""
        self._held = False
        self._give()

    def entered(self, message: ServerMessage, again: bool) -> None:
        """See L{ui.UserInterface.entered}."""

    def received(self, batch: Sequence[ServerMessage]) -> None:
        """See L{ui.UserInterface.received}."""
        for each in batch:
            if each.kind == OK:
                super().received((each,))
            elif each.kind == ERROR:
                status = LOST if each.code == NotStored.code else BAD_DATA
                self._refusal = self._refusal or (status, each.text)

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """See L{ui.UserInterface.offline}."""

    def ended(self, error: ChatError | None) -> None:
        """See L{ui.UserInterface.ended}."""
        if error is None and self._refusal:
            self._verdict = self._verdict or self._refusal
        super().ended(error)
