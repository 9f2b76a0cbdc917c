# -*- test-case-name: tests.net.test_sending -*-
"""
The one way out to a client: never blocking, bounded, and fast.

The socket is tried first: most of the time the kernel takes everything, and the reactor need not
be told.  What it does not take is kept here and given to the transport as fast as the peer reads.
Only public API is used: C{getHandle}, and a pull producer (L{IPullProducer}) that the transport
calls whenever its own buffer has run empty.
"""

from __future__ import annotations

import errno
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IPullProducer, IPushProducer
from zope.interface import implementer

from .sockets import allArrived, plainSend

if TYPE_CHECKING:
    from .budget import QueueLedger


class OutletOwner(Protocol):
    """
    Whose way out it is.
    """

    def outletBlocked(self) -> None:
        """The peer reads slower than it is sent to: something is queued now."""

    def outletMoved(self) -> None:
        """The peer has taken some of what is queued."""

    def outletDrained(self) -> None:
        """Nothing is queued any more."""

    def outletEnded(self) -> None:
        """
        All is sent, and this direction is closed: what comes is to be read, and thrown away,
        until all has arrived; then the connection is to be closed.
        """

    def outletOverflowed(self) -> None:
        """More is queued than may be: the connection is to be cut."""


@implementer(IPushProducer, IPullProducer)
class Outlet:
    """
    A client's way out.

    @ivar limit: bytes that may be queued here.
    @ivar size: bytes that are queued here.
    """

    __slots__ = (
        "_asked",
        "_busy",
        "_chunk",
        "_closing",
        "_holds",
        "_kept",
        "_lastWords",
        "_ledger",
        "_owner",
        "_paused",
        "_queue",
        "_roomFor",
        "_send",
        "_transport",
        "limit",
        "size",
    )

    def __init__(
        self,
        transport: Any,
        owner: OutletOwner,
        ledger: QueueLedger[Outlet],
        limit: int,
        chunk: int,
    ) -> None:
        """
        @param transport: connected.
        @param owner: hears when the peer is slow.
        @param ledger: what all clients together have queued.
        @param limit: bytes that may be queued here.
        @param chunk: bytes that the transport is given at once.
        """
        self._transport = transport
        self._owner = owner
        self._ledger = ledger
        self._chunk = chunk
        self._send = plainSend(transport)
        self._asked = 0
        self._busy = False
        self._closing = False
        self._queue: deque[bytes] | None = None
        self._kept: list[bytes] | None = None
        self._lastWords: bytes | None = None
        self._holds = 0
        self._paused = False
        self._roomFor: Deferred[None] | None = None
        self.limit = limit
        self.size = 0
        if self._send is None:
            transport.registerProducer(self, True)

    def put(self, data: bytes) -> None:
        """
        Send whole lines; see L{chat.interfaces.IChatClient.put}.
        """
        if self._busy:
            self._keep(data)
        elif self._send is None:
            self._transport.write(data)
        else:
            try:
                sent = self._send(data)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    return  # The reactor finds out by itself, and reports the loss.
                sent = 0
            if sent < len(data):
                self._block(data[sent:])

    def answer(self, data: bytes) -> None:
        """
        Send what this client has asked for.  However much it is, it does not count against
        C{limit} until the client has taken it: a page of history can be larger.
        """
        self._asked += len(data)
        self.put(data)
        if not self._busy:
            self._asked = 0

    def hold(self) -> None:
        """
        Keep back what is put, until as many calls of L{release}.
        """
        self._holds += 1
        if self._kept is None:
            self._kept = []
            self._busy = True

    def release(self, data: bytes) -> None:
        """
        Send C{data}; at the last release also what was kept back.
        """
        self._asked += len(data)
        self._write(data)
        if self._queue is None:
            self._asked = 0
        self._holds = max(0, self._holds - 1)
        if self._holds == 0:
            self._write(b"".join(self._letGo()))
            self._say(self._lastWords)

    def drop(self) -> None:
        """
        Throw away what is kept back, and hold nothing back any more, whoever asked for it.
        """
        self._holds = 0
        self._letGo()
        self._say(self._lastWords)

    def _letGo(self) -> list[bytes]:
        """
        @return: what was kept back, which counts no longer as queued.
        """
        kept, self._kept = self._kept, None
        if kept is None:
            return []
        self._busy = self._queue is not None or self._closing
        self._account(-sum(map(len, kept)))
        return kept

    def page(self, data: bytes) -> Deferred[None]:
        """
        Send C{data} ahead of what is kept back.

        @return: fires when the peer has taken so much that nothing is queued before the next page.
        """
        self._write(data)
        if self._queue is None and not self._closing:
            return succeed(None)
        self._roomFor = Deferred()
        return self._roomFor

    def bye(self, data: bytes) -> None:
        """
        Send C{data} after everything else, then close; also after what is kept back, when it is
        released.  What is put later is thrown away.
        """
        if self._closing or self._lastWords is not None:
            return
        if self._kept is None:
            self._say(data)
        else:
            self._lastWords = data
            self._account(len(data))

    def _say(self, lastWords: bytes | None) -> None:
        """
        Send the last words, if there are any, and close.
        """
        if lastWords is None:
            return
        if self._lastWords is not None:
            self._lastWords = None
            self._account(-len(lastWords))
        self._write(lastWords)
        if self._closing:
            return  # They were too much, and the connection is cut.
        self._closing = self._busy = True
        if self._queue is None:
            self._end()

    def _end(self) -> None:
        """
        Close at least this direction.  To close a socket with something unread in it resets the
        connection, and what is still on its way is lost (RFC 1122 section 4.2.2.13).
        """
        if self._send is None:
            self._transport.unregisterProducer()
            self._transport.loseConnection()
        else:
            self._transport.loseWriteConnection()
            self._owner.outletEnded()

    @property
    def arrived(self) -> bool:
        """
        Whether the peer's system has all that was sent; also false where this one cannot tell.
        """
        return allArrived(self._transport)

    def abort(self) -> None:
        """
        Throw everything away and cut the connection.
        """
        self.forget()
        self._transport.abortConnection()

    def forget(self) -> None:
        """
        The connection is lost, or is to be: nothing more can be sent.
        """
        self._closing = self._busy = True
        self._ledger.forget(self)
        self._queue = None
        self._kept = None
        self._lastWords = None
        self._roomFor = None
        self.size = 0

    def _write(self, data: bytes) -> None:
        """
        Send what is not to be kept back.
        """
        if self._closing or not data:
            return
        if self._queue is not None:
            self._queue.append(data)
            self._account(len(data))
            return
        busy, self._busy = self._busy, False
        self.put(data)
        self._busy = self._busy or busy

    def _keep(self, data: bytes) -> None:
        if self._closing or self._lastWords is not None or not data:
            return
        if self._kept is not None:
            self._kept.append(data)
        elif self._queue is not None:
            self._queue.append(data)
        self._account(len(data))

    def _account(self, change: int) -> None:
        """
        Count what is queued, and cut who has too much of it: this client by its own limit, the
        largest ones by the limit for all.
        """
        self.size += change
        if change <= 0:
            self._ledger.shrink(self, -change)
            return
        for largest in self._ledger.grow(self, change):
            largest.overflow()
        if self.size > self.limit + self._asked and not self._closing:
            self.overflow()

    def overflow(self) -> None:
        """
        Too much is queued.
        """
        self._ledger.forget(self)
        self._owner.outletOverflowed()

    def _block(self, data: bytes) -> None:
        """
        The socket is full: keep the rest until the transport asks for it.
        """
        self._busy = True
        self._queue = deque((data,))
        self._account(len(data))
        self._owner.outletBlocked()
        if not self._closing:
            self._transport.registerProducer(self, False)

    # What the transport calls

    def pauseProducing(self) -> None:
        """
        See L{IPushProducer}: the transport's own buffer is full.
        """
        self._paused = True
        if self._queue is None and not self._closing:
            self._busy = True
            self._queue = deque()
            self._owner.outletBlocked()

    def resumeProducing(self) -> None:
        """
        See L{IPullProducer}: the transport's own buffer is empty.
        """
        self._paused = False
        queue = self._queue
        if queue is None:
            return
        while queue:
            self._owner.outletMoved()
            self._transport.write(self._next(queue))
            if self._send is not None or self._paused or self._queue is not queue:
                return
        self._drained()

    def stopProducing(self) -> None:
        """
        See L{IPushProducer}: the connection is lost.
        """
        self.forget()

    def _next(self, queue: deque[bytes]) -> bytes:
        """
        @return: the next of what is queued, in portions of at most one chunk.
        """
        portion = [queue.popleft()]
        size = len(portion[0])
        while queue and size + len(queue[0]) <= self._chunk:
            portion.append(queue.popleft())
            size += len(portion[-1])
        data = b"".join(portion)
        if size > self._chunk:
            queue.appendleft(data[self._chunk :])
            data = data[: self._chunk]
        self._account(-len(data))
        return data

    def _drained(self) -> None:
        self._asked = 0
        self._queue = None
        self._busy = self._kept is not None or self._closing
        if self._send is not None:
            self._transport.unregisterProducer()
        self._owner.outletDrained()
        if self._closing:
            self._end()
        elif self._roomFor is not None:
            waiting, self._roomFor = self._roomFor, None
            waiting.callback(None)
