# -*- test-case-name: tests.net.test_receiving -*-
"""
The receive queue of one client, which cuts its bytes into lines and keeps them until their turn.

Backpressure: while anything waits here the socket is not read.  The kernel's receive buffer fills,
TCP closes its window, and the client has to keep what it has not sent yet.  So the queue holds at
most the bytes of one read of the reactor.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Protocol

from ..counters import DoorCounters
from ..errors import ChatError
from ..wire.framing import FLOODED, Excess
from .budget import Backlog, BacklogBudget
from .limits import KIB
from .ratelimit import TokenBucket

WINDOW: Final = 1024
"""Lines of one client that may wait for the log before its socket is no longer read: with a slow
disk this bounds the memory that the server holds for it."""

CHECKED_LINES: Final = 64
"""Lines between two checks whether the window is full."""

LINE_COST: Final = 48
"""Overhead of a waiting line besides its text, in bytes: the object's header and its slot in the
queue.  A chunk of two-byte lines takes twenty times its own size."""

PORTION: Final = 4 * KIB
"""Bytes that are cut into lines at once.  The rest stays uncut: thousands of short lines would take
a millisecond to make, and twenty times the memory."""

_MAX_BARE_RETURNS: Final = 64
"""A chunk of more bare CRs than this is shortened to this number."""

# Why reading is paused.  Several reasons may hold at once, each of them once.

ANSWERING: Final = 1
"""A request has to be answered before the next line is taken."""

TOO_FAST: Final = 2
"""The client is over its rate."""

FULL: Final = 4
"""More than L{WINDOW} of its lines are waiting for the log."""

BLOCKED: Final = 8
"""The client does not read what it is sent."""

ENDING: Final = 16
"""The server takes no more lines from anybody."""

_CLOSED: Final = 32
"""The connection is lost or closing; this reason is never removed."""


class Splitter(Protocol):
    """
    Cuts a stream into lines: see L{wire.framing.LineSplitter}.
    """

    @property
    def pending(self) -> bytes:
        """The unfinished line so far."""

    def feed(self, data: bytes) -> Sequence[bytes | Excess]:
        """
        @return: the lines that are now complete.
        """


class ReceiveQueueOwner(Protocol):
    """
    The connection behind a receive queue.
    """

    @property
    def isDone(self) -> bool:
        """Whether further input is discarded."""

    @property
    def unanswered(self) -> int:
        """How many lines are waiting for the log."""

    def lineReceived(self, line: bytes) -> None:
        """
        Handle a line whose turn it is.

        @param line: without its end, not empty.
        @raise ChatError: if it is refused.
        """

    def emptyLineReceived(self) -> None:
        """Handle an empty line; several that arrive at once are reported once."""

    def lineLengthExceeded(self, line: bytes) -> None:
        """
        Handle a line that was too long to be kept.

        @raise ChatError: always.
        """

    def receiveRefused(self, error: ChatError) -> None:
        """Tell the client that a line was refused."""

    def receiveFlooded(self) -> None:
        """Close the connection: too many bytes came without a line end."""

    def receiveFull(self) -> None:
        """Call L{ReceiveQueue.answered} when the log has answered some of the client's lines."""

    def receiveTooFast(self, delay: float) -> None:
        """
        Remove the reason L{TOO_FAST} after a delay: the next line has to wait.

        @param delay: the delay, in seconds.
        """

    def receiveEnded(self) -> None:
        """Say goodbye: the client sends no more, and everything that it sent is answered."""

    def receiveOverflowed(self) -> None:
        """Cut the connection: the queue is too large."""


class ReceiveQueue:
    """
    Input of a client that the server has not processed yet.

    @ivar bucket: the client's rate limit, or C{None} for none.
    @ivar ended: whether the client sends no more.
    @ivar isPaused: whether reading from the socket is paused.
    @ivar size: the memory that waiting lines take, in bytes.
    """

    __slots__ = (
        "_budget",
        "_counters",
        "_owner",
        "_passing",
        "_splitter",
        "_stops",
        "_transport",
        "_unchecked",
        "_uncut",
        "_waiting",
        "bucket",
        "ended",
        "isPaused",
        "size",
    )

    def __init__(
        self,
        transport: Any,
        owner: ReceiveQueueOwner,
        budget: BacklogBudget[Backlog],
        splitter: Splitter,
        bucket: TokenBucket | None,
        counters: DoorCounters,
    ) -> None:
        """
        @param transport: connected.
        @param owner: handles the lines.
        @param budget: the memory that the queues of all clients share.
        @param splitter: cuts this client's stream.
        @param bucket: the client's rate limit, or C{None} for none.
        @param counters: where to count lines.
        """
        self._transport = transport
        self._owner = owner
        self._budget = budget
        self._splitter = splitter
        self._counters = counters
        self._waiting: deque[bytes | Excess] | None = None
        self._uncut = b""
        self._stops = 0
        self._unchecked = 0
        self._passing = False
        self.isPaused = False
        self.ended = False
        self.bucket = bucket
        self.size = 0

    @property
    def pending(self) -> bytes:
        """
        The input that is not cut into lines yet: the unfinished line, and what waits behind it.
        """
        return self._splitter.pending + self._uncut

    @property
    def waiting(self) -> int:
        """
        How many lines are waiting for their turn.
        """
        return (len(self._waiting) if self._waiting else 0) + self._uncut.count(b"\n")

    def take(self, data: bytes) -> None:
        """
        Take data that was read from the socket; keep the lines whose turn has not come.
        """
        data = _collapseLineEnds(data)
        if self._stops:
            self._pause()
            self._keepUncut(data)
            return
        begin, end = 0, len(data)
        while begin < end:
            portion = data if end <= PORTION else _collapseLineEnds(data[begin : begin + PORTION])
            lines = self._splitter.feed(portion)
            begin += PORTION
            self._counters.lines += len(lines)
            if lines and not any(lines):
                self._owner.emptyLineReceived()
            if not self._passAll(iter(lines)):
                if begin < end:
                    self._keepUncut(data[begin:])
                return

    def _passAll(self, lines: Iterator[bytes | Excess]) -> bool:
        """
        Pass on lines until none are left or this client has to wait; keep the rest.

        @return: whether more may be passed on.
        """
        self._passing = True
        try:
            for line in lines:
                # An empty line costs no token and no memory, and gets no answer.
                if line and not self._pass(line):
                    self._keep(lines)
                    return False
        finally:
            self._passing = False
        return self._unchecked < CHECKED_LINES or self._hasRoom()

    def _hasRoom(self) -> bool:
        """
        @return: whether the log has answered enough of this client's lines for it to take more.
            Asking every L{CHECKED_LINES} lines is enough.
        """
        self._unchecked = 0
        if self._owner.unanswered > WINDOW:
            self.stop(FULL)
            self._owner.receiveFull()
            return False
        return True

    def _pass(self, line: bytes | Excess) -> bool:
        """
        Pass on one line, or keep it if the client is over its rate.

        @return: whether the next one may be passed on, too.
        """
        owner = self._owner
        self._unchecked += 1
        if self.bucket is not None:
            delay = self.bucket.take()
            if delay:
                self.stop(TOO_FAST)
                self._keep((line,), first=True)
                owner.receiveTooFast(delay)
                return False
        try:
            if type(line) is bytes:
                owner.lineReceived(line)
            elif line is FLOODED:
                owner.receiveFlooded()
            else:
                owner.lineLengthExceeded(b"")
        except ChatError as error:
            owner.receiveRefused(error)
        return not self._stops

    def _passWaiting(self) -> None:
        """
        Pass on waiting lines.  Each is popped when its turn comes and the rest stays in place:
        building a new queue for the rest at each token would take quadratic time.
        """
        self._passing = True
        try:
            while self._waiting or (self._uncut and self._hasRoom()):
                waiting = self._waiting
                if not waiting:
                    self._cutNext()
                    continue
                line = waiting.popleft()
                self._account(-_cost((line,)))
                if not self._pass(line):
                    return
        finally:
            self._passing = False
        self._waiting = None
        self._hasRoom()

    def _cutNext(self) -> None:
        """
        Cut the next portion of the uncut input into lines.
        """
        portion, self._uncut = self._uncut[:PORTION], self._uncut[PORTION:]
        self._account(-len(portion))
        lines = self._splitter.feed(_collapseLineEnds(portion))
        self._counters.lines += len(lines)
        self._keep(lines)

    def _keep(self, lines: Iterable[bytes | Excess], first: bool = False) -> None:
        """
        Queue lines, behind those that are waiting or in front of them.
        """
        if self._stops & _CLOSED or self._owner.isDone:
            return
        kept: list[bytes | Excess] = [line for line in lines if line]
        if not kept:
            return
        if not self._waiting:
            self._waiting = deque(kept)
        elif first:
            self._waiting.extendleft(kept)
        else:
            self._waiting.extend(kept)
        if self._stops:
            self._pause()
        self._account(_cost(kept))

    def _keepUncut(self, data: bytes) -> None:
        """
        Queue input without cutting it into lines.
        """
        if data and not (self._stops & _CLOSED or self._owner.isDone):
            self._uncut += data
            self._account(len(data))

    def _account(self, change: int) -> None:
        """
        Count the change in the budget of all clients, which cuts the largest queues if the total is
        too large.
        """
        self.size += change
        self._budget.account(self, change)

    def overflow(self) -> None:
        """
        See L{Backlog.overflow}.
        """
        self._owner.receiveOverflowed()

    def stop(self, reason: int) -> None:
        """
        Stop taking lines until this reason is removed, and stop reading the socket.  While an
        answer is awaited, reading stops only if input arrives (L{take}): mostly the answer comes
        first, which saves two system calls for each login and command.

        @param reason: one of those above; does nothing if it holds already.
        """
        self._stops |= reason
        if reason != ANSWERING:
            self._pause()

    def _pause(self) -> None:
        if not self.isPaused and not self._stops & _CLOSED:
            self.isPaused = True
            self._transport.pauseProducing()

    def _resume(self) -> None:
        if self.isPaused:
            self.isPaused = False
            self._transport.resumeProducing()

    def go(self, reason: int) -> None:
        """
        Remove this reason; if it was the last, take the waiting lines and read on.

        @param reason: one of those above; does nothing if it does not hold.
        """
        if not self._stops & reason:
            return
        self._stops &= ~reason
        if self._stops:
            return
        if not self._passing:
            # Otherwise the line that is being passed on ended the pause itself; those behind it
            # follow when it is done.
            self._passWaiting()
        if self._stops:
            return
        if not self.ended:
            self._resume()
        elif not self._passing:
            self._owner.receiveEnded()

    def answered(self) -> None:
        """
        Read on, if enough lines are answered to leave room for more.
        """
        if not self._stops & FULL:
            return
        if self._owner.unanswered <= WINDOW // 2:
            self.go(FULL)
        else:
            self._owner.receiveFull()

    def end(self) -> None:
        """
        Note that the client sends no more.  Waiting lines and an unanswered request are answered
        first.
        """
        self.ended = True
        if not (self._waiting or self._uncut or self._stops & (ANSWERING | _CLOSED)):
            self._owner.receiveEnded()

    def discard(self) -> None:
        """
        Discard waiting lines and all further input, but read the socket: closing one that holds
        unread data resets the connection.
        """
        self.forget()
        if not self.ended:
            self._resume()

    def forget(self) -> None:
        """
        Take no more input: the connection is lost or closing.
        """
        self._stops |= _CLOSED
        self._waiting = None
        self._uncut = b""
        self._budget.forget(self)
        self.size = 0


def _collapseLineEnds(data: bytes) -> bytes:
    """
    @return: a shorter chunk with the same meaning, if the chunk holds nothing but line ends;
        otherwise the chunk itself.
    """
    if data[:1] == b"\r" and len(data) > _MAX_BARE_RETURNS and not data.strip(b"\r"):
        # Inside a line CRs are refused, however many there are.
        return data[:_MAX_BARE_RETURNS]
    if data[:1] in b"\r\n" and not data.replace(b"\r\n", b"\n").strip(b"\n"):
        return data[: data.find(b"\n") + 1]
    return data


def _cost(lines: Sequence[bytes | Excess]) -> int:
    """
    @return: the memory that waiting lines take, in bytes.
    """
    try:
        # Nearly always all items are bytes, and thousands of them must not be examined one by one.
        text = sum(map(len, lines))  # type: ignore[arg-type]
    except TypeError:
        text = sum(len(line) for line in lines if type(line) is bytes)
    return len(lines) * LINE_COST + text
