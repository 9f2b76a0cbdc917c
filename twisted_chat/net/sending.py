# -*- test-case-name: tests.net.test_sending,tests.net.test_streamsending -*-
"""
The send queue of one client: never blocking, bounded, and fast.

The socket is tried first: most of the time the kernel takes everything, and the reactor is not
involved.  The rest is queued here and given to the transport as fast as the client reads.  Only
public API is used: C{getHandle}, and a pull producer (L{IPullProducer}) that the transport calls
whenever its own buffer has run empty.
"""

from __future__ import annotations

import errno
from collections import deque
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPullProducer, IPushProducer
from zope.interface import implementer

from .budget import Backlog, BacklogBudget
from .sockets import allArrived, plainSend


class SendQueueOwner(Protocol):
    """
    The connection behind a send queue.
    """

    def sendBlocked(self) -> None:
        """Note that the client reads more slowly than output comes: something is queued now."""

    def sendProgressed(self) -> None:
        """Note that the client has read some of what is queued."""

    def sendDrained(self) -> None:
        """Note that the queue is empty again."""

    def sendEnded(self) -> None:
        """
        Close the connection once the last lines have arrived: a lingering close.  Everything is
        sent and this direction is closed; until then, input from the client must be read and
        discarded.
        """

    def sendOverflowed(self) -> None:
        """Cut the connection: more is queued than allowed."""

    def sendFailed(self) -> None:
        """Note that the kernel refused to send: the connection is broken."""


class Cork:
    """
    One reason to hold back a client's output: see L{chat.interfaces.ICork}.

    Several may hold at once: while a user is shown the past of a room that they joined, they may
    join another.  If the first release let everything go, output would arrive before the other
    room's past, so the queue keeps the set of corks and waits for the last.
    """

    __slots__ = ("_queue",)

    def __init__(self, queue: SendQueue) -> None:
        self._queue = queue

    def send(self, data: bytes) -> Deferred[None]:
        """
        Send whole lines ahead of what is held back.

        @return: fires when there is room for more; never if the connection is lost first.
        """
        return self._queue.sendAhead(data)

    def release(self, data: bytes) -> None:
        """
        Send C{data}, then the output that was held back, unless another cork still holds it.
        """
        self._queue.release(self, data)

    def discard(self) -> None:
        """
        Discard the output that all corks hold back, and remove the corks.
        """
        self._queue.discard()


@implementer(IPushProducer, IPullProducer)
class SendQueue:
    """
    Output for a client that it has not read yet.

    @ivar limit: bytes that may be queued here.
    @ivar size: bytes that are queued here.
    """

    __slots__ = (
        "_budget",
        "_busy",
        "_chunk",
        "_closing",
        "_corks",
        "_kept",
        "_lastLines",
        "_owner",
        "_paused",
        "_queue",
        "_roomFor",
        "_send",
        "_solicited",
        "_transport",
        "limit",
        "size",
    )

    def __init__(
        self,
        transport: Any,
        owner: SendQueueOwner,
        budget: BacklogBudget[Backlog],
        limit: int,
        chunk: int,
    ) -> None:
        """
        @param transport: connected.
        @param owner: told when the client is slow.
        @param budget: the memory that the queues of all clients share.
        @param limit: bytes that may be queued here.
        @param chunk: the most bytes given to the transport at once.
        """
        self._transport = transport
        self._owner = owner
        self._budget = budget
        self._chunk = chunk
        self._send = plainSend(transport)
        self._solicited = 0
        self._busy = False
        self._closing = False
        self._queue: deque[bytes] | None = None
        self._corks: set[Cork] | None = None
        self._kept: list[bytes] | None = None
        self._lastLines: bytes | None = None
        self._paused = False
        self._roomFor: list[Deferred[None]] | None = None
        self.limit = limit
        self.size = 0
        if self._send is None:
            transport.registerProducer(self, True)

    def put(self, data: bytes) -> None:
        """
        Send whole lines.  Never blocks and never raises.
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
                    self._owner.sendFailed()
                    return
                sent = 0
            if sent < len(data):
                self._block(data[sent:])

    def reply(self, data: bytes) -> None:
        """
        Send the answer to a request.  It is exempt from C{limit} until the client has read it: one
        page of history may be larger.
        """
        self._solicited += len(data)
        self.put(data)
        if not self._busy:
            self._solicited = 0

    # Corks

    def cork(self) -> Cork:
        """
        Hold back all output from now on.
        """
        cork = Cork(self)
        if self._corks is None:
            self._corks = set()
            self._kept = []
            self._busy = True
        self._corks.add(cork)
        return cork

    def sendAhead(self, data: bytes) -> Deferred[None]:
        """
        See L{Cork.send}.  Like a reply it is exempt from the limit: the next page is not sent
        before the client has read this one.
        """
        self._solicited += len(data)
        self._write(data)
        room: Deferred[None] = Deferred()
        if self._closing:
            return room
        if self._queue is None:
            self._solicited = 0
            room.callback(None)
        elif self._roomFor is None:
            self._roomFor = [room]
        else:
            self._roomFor.append(room)
        return room

    def release(self, cork: Cork, data: bytes) -> None:
        """
        See L{Cork.release}.  A cork that is released or discarded already only sends.
        """
        self._solicited += len(data)
        self._write(data)
        if self._queue is None:
            self._solicited = 0
        corks = self._corks
        if corks is not None and cork in corks:
            corks.remove(cork)
            if not corks:
                self._write(b"".join(self._uncork()))
                self._sendLast(self._lastLines)

    def discard(self) -> None:
        """
        See L{Cork.discard}.
        """
        self._uncork()
        self._sendLast(self._lastLines)

    def _uncork(self) -> list[bytes]:
        """
        @return: the output that was held back, no longer counted as queued.
        """
        self._corks = None
        kept, self._kept = self._kept, None
        if kept is None:
            return []
        self._busy = self._queue is not None or self._closing
        self._account(-sum(map(len, kept)))
        return kept

    # The end

    def close(self, lastLines: bytes) -> None:
        """
        Send the last lines after everything else, including output that was held back, then close.
        Later output is discarded.
        """
        if self._closing or self._lastLines is not None:
            return
        if self._kept is None:
            self._sendLast(lastLines)
        else:
            self._lastLines = lastLines
            self._account(len(lastLines))

    def _sendLast(self, lastLines: bytes | None) -> None:
        """
        Send the last lines, if there are any, and close.
        """
        if lastLines is None:
            return
        if self._lastLines is not None:
            self._lastLines = None
            self._account(-len(lastLines))
        self._write(lastLines)
        if self._closing:
            return  # The last lines were too much, and the connection was cut.
        self._closing = self._busy = True
        if self._queue is None:
            self._end()

    def _end(self) -> None:
        """
        Close at least this direction.  Closing a socket that holds unread data would reset the
        connection, and output still on its way would be lost (RFC 1122 section 4.2.2.13).
        """
        if self._send is None:
            self._transport.unregisterProducer()
            self._transport.loseConnection()
        else:
            self._transport.loseWriteConnection()
            self._owner.sendEnded()

    @property
    def arrived(self) -> bool:
        """
        Whether the client's system has acknowledged all output; false if this system cannot tell.
        """
        return allArrived(self._transport)

    def abort(self) -> None:
        """
        Discard everything and cut the connection.
        """
        self.forget()
        self._transport.abortConnection()

    def forget(self) -> None:
        """
        Send no more: the connection is lost or cut.
        """
        self._closing = self._busy = True
        self._budget.forget(self)
        self._queue = None
        self._corks = None
        self._kept = None
        self._lastLines = None
        self._roomFor = None
        self.size = 0

    # The queue

    def _write(self, data: bytes) -> None:
        """
        Send data that no cork holds back.
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
        if self._closing or self._lastLines is not None or not data:
            return
        if self._kept is not None:
            self._kept.append(data)
        elif self._queue is not None:
            self._queue.append(data)
        self._account(len(data))

    def _account(self, change: int) -> None:
        """
        Count queued bytes, and cut clients that exceed a limit: this one its own, the largest ones
        the limit for all.
        """
        self.size += change
        self._budget.account(self, change)
        if change > 0 and self.size > self.limit + self._solicited and not self._closing:
            self.overflow()

    def overflow(self) -> None:
        """
        See L{Backlog.overflow}.
        """
        self._budget.forget(self)
        self._owner.sendOverflowed()

    def _block(self, data: bytes) -> None:
        """
        Queue the data that the full socket did not take, until the transport asks for it.
        """
        self._busy = True
        self._queue = deque((data,))
        self._account(len(data))
        self._owner.sendBlocked()
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
            self._owner.sendBlocked()

    def resumeProducing(self) -> None:
        """
        See L{IPullProducer}: the transport's own buffer is empty.
        """
        self._paused = False
        queue = self._queue
        if queue is None:
            return
        while queue:
            self._owner.sendProgressed()
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
        Take the next portion off the queue: small pieces joined, at most one chunk.
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
        self._solicited = 0
        self._queue = None
        self._busy = self._kept is not None or self._closing
        if self._send is not None:
            self._transport.unregisterProducer()
        self._owner.sendDrained()
        if self._closing:
            self._end()
        elif self._roomFor is not None:
            waiting, self._roomFor = self._roomFor, None
            for each in waiting:
                each.callback(None)
