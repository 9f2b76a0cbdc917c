# -*- test-case-name: tests.net.test_receiving -*-
"""
The one way in from a client: its bytes become lines, and the lines wait for their turn.

What must wait is kept here, in order; and as long as anything waits, the socket is not read, so
that it is the peer who has to keep the rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..errors import ChatError
from ..wire.framing import FLOODED, Excess, LineSplitter

if TYPE_CHECKING:
    from .ratelimit import TokenBucket

WINDOW: Final = 1024
"""Lines of one client that may wait for the log before it is not read any more: with a slow disk
this bounds what the server holds for it."""

# Why nothing is taken; several reasons may hold at once, each of them once.

ANSWERING: Final = 1
"""A question has to be answered before the next line is taken."""

TOO_FAST: Final = 2
"""The client is over its pace."""

FULL: Final = 4
"""More than L{WINDOW} of its lines wait for the log."""

BLOCKED: Final = 8
"""It does not read what it is sent."""

ENDING: Final = 16
"""The server takes no more of anybody."""

_CLOSED: Final = 32
"""The connection is lost, or is to be; this never ends."""


class IntakeOwner(Protocol):
    """
    Whose way in it is.
    """

    @property
    def isDone(self) -> bool:
        """Whether nothing that comes now matters any more."""

    @property
    def unanswered(self) -> int:
        """How many lines wait for the log."""

    def lineReceived(self, line: bytes) -> None:
        """
        It is this line's turn.

        @param line: without its end, not empty.
        @raise ChatError: if it is refused.
        """

    def lineLengthExceeded(self, line: bytes) -> None:
        """
        It is the turn of a line that was too long to be kept.

        @raise ChatError: always.
        """

    def intakeRefused(self, error: ChatError) -> None:
        """A line was refused: the client is to be told."""

    def intakeFlooded(self) -> None:
        """No line end came for very long: the connection is to be closed."""

    def intakeTooFast(self, delay: float) -> None:
        """
        The next line is not taken before the reason L{TOO_FAST} is gone.

        @param delay: when that should be, in seconds from now.
        """

    def intakeEnded(self) -> None:
        """The client sends no more, and all that it sent is taken."""


class Intake:
    """
    A client's way in.

    @ivar bucket: the client's pace, or C{None} for any.
    @ivar ended: whether the client sends no more.
    """

    __slots__ = (
        "_owner",
        "_splitter",
        "_stops",
        "_transport",
        "_waiting",
        "bucket",
        "ended",
    )

    def __init__(
        self, transport: Any, owner: IntakeOwner, maxLength: int, bucket: TokenBucket | None
    ) -> None:
        """
        @param transport: connected.
        @param owner: takes the lines.
        @param maxLength: the longest line that is kept, in bytes without its line end.
        @param bucket: the client's pace, or C{None} for any.
        """
        self._transport = transport
        self._owner = owner
        self._splitter = LineSplitter(maxLength)
        self._waiting: deque[bytes | Excess] | None = None
        self._stops = 0
        self.ended = False
        self.bucket = bucket

    @property
    def pending(self) -> bytes:
        """
        The unfinished line so far; see L{LineSplitter.pending}.
        """
        return self._splitter.pending

    def take(self, data: bytes) -> None:
        """
        Take what the socket gave, as far as that may be now.
        """
        lines = self._splitter.feed(data)
        if self._waiting is not None:
            self._waiting.extend(lines)
        else:
            self._pass(iter(lines))

    def _pass(self, lines: Iterator[bytes | Excess]) -> None:
        """
        Go through lines until there are no more, or this client must wait.
        """
        owner = self._owner
        for line in lines:
            bucket = self.bucket
            if bucket is not None and not self._stops:
                delay = bucket.take()
                if delay:
                    self.stop(TOO_FAST)
                    owner.intakeTooFast(delay)
            if self._stops:
                self._waiting = deque((line, *lines))
                return
            if not line:
                continue
            try:
                if type(line) is bytes:
                    owner.lineReceived(line)
                elif line is FLOODED:
                    owner.intakeFlooded()
                else:
                    owner.lineLengthExceeded(b"")
            except ChatError as error:
                owner.intakeRefused(error)
            if owner.isDone:
                return
        if owner.unanswered > WINDOW:
            self.stop(FULL)

    def stop(self, reason: int) -> None:
        """
        Read no more until this reason is gone.

        @param reason: one of those above; nothing happens if it holds already.
        """
        stops, self._stops = self._stops, self._stops | reason
        if not stops:
            self._transport.pauseProducing()

    def go(self, reason: int) -> None:
        """
        This reason is gone: if it was the last, take what waits, and read on.

        @param reason: one of those above; nothing happens if it does not hold.
        """
        if not self._stops & reason:
            return
        self._stops &= ~reason
        if self._stops:
            return
        waiting, self._waiting = self._waiting, None
        if waiting:
            self._pass(iter(waiting))
        if self._stops:
            return
        if self.ended:
            self._owner.intakeEnded()
        else:
            self._transport.resumeProducing()

    def answered(self) -> None:
        """
        The log has answered some lines.
        """
        if self._stops & FULL and self._owner.unanswered <= WINDOW // 2:
            self.go(FULL)

    def end(self) -> None:
        """
        The client sends no more.
        """
        self.ended = True
        if not (self._waiting or self._stops & _CLOSED):
            self._owner.intakeEnded()

    def discard(self) -> None:
        """
        Throw away what waits, and what still comes: it is read again, since to close a socket
        with something unread in it resets the connection.
        """
        stops = self._stops
        self.forget()
        if stops:
            self._transport.resumeProducing()

    def forget(self) -> None:
        """
        The connection is lost, or is to be: nothing more is taken.
        """
        self._stops |= _CLOSED
        self._waiting = None
