# -*- test-case-name: tests.doors.lines.test_protocol -*-
"""
One connection at the door for lines.

It turns bytes into calls on the person's avatar and knows the socket's bounds; what is said, to
whom and in which order is the hub's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from ...chat.commands.table import dispatch
from ...chat.interfaces import IChatClient
from ...chat.user import User
from ...errors import ChatError, LoginTimeout, ServerFull, TooLong, WrongProtocol
from ...net.admission import Place
from ...net.receiving import ANSWERING, BLOCKED, ENDING, TOO_FAST, Intake
from ...net.sending import Outlet
from ...net.sockets import tune, unacknowledged
from ...stores.session import Session, newSid
from ...text.cleaning import parseText
from ...wire.interfaces import IDialect
from ...wire.sniffing import sniff
from ...wire.textlines import PROMPT, TEXT
from .jsonrequests import Requests

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

    from ...chat.hub import Hub
    from ...net.admission import Doorkeeper
    from ...net.budget import QueueLedger
    from ...net.deadlines import Deadlines
    from ...net.limits import Limits
    from ...net.ratelimit import TokenBucket
    from ...ops.limitedlog import RateLimitedLog


class Shared(Protocol):
    """
    What all connections of this door share: see L{doors.lines.factory.ChatFactory}.
    """

    hub: Hub
    clock: IReactorTime | None
    limits: Limits
    doorkeeper: Doorkeeper
    ledger: QueueLedger[Outlet]
    deadlines: Deadlines
    noise: RateLimitedLog
    protocols: dict[ChatProtocol, None]

    def makeBucket(self) -> TokenBucket | None:
        """
        @return: the pace of one more client, or C{None} where there is none.
        """

    def oneGone(self) -> None:
        """A connection was lost."""


@implementer(IChatClient, IHalfCloseableProtocol)
class ChatProtocol(LineReceiver):
    """
    One connection.

    @ivar factory: what all connections share.
    @ivar dialect: L{TEXT} until the first line says otherwise.
    @ivar user: the person, once he has a name.
    @ivar address: where he comes from.
    """

    delimiter = b"\n"
    factory: Shared
    transport: Any
    put: Callable[[bytes], None]
    dialect: IDialect = TEXT
    user: User | None = None
    address = ""

    _place: Place | None = None
    _requests: Requests | None = None
    _told = False
    _unsent: int | None = None
    _closing = False

    def connectionMade(self) -> None:
        """
        Somebody came: ask for his name, or tell him why he cannot come in.
        """
        factory = self.factory
        transport = self.transport
        peer = transport.getPeer()
        host = str(getattr(peer, "host", "")).removeprefix("::ffff:")
        self.address = f"{host}:{peer.port}" if host else "local"
        self._intake = Intake(transport, self, factory.limits.maxObject, factory.makeBucket())
        self._outlet = Outlet(
            transport,
            self,
            factory.ledger,
            factory.limits.maxQueueBeforeLogin,
            factory.limits.maxTransport,
        )
        self.put = self._outlet.put
        factory.protocols[self] = None
        try:
            self._place = factory.doorkeeper.admit(host)
        except ServerFull as error:
            factory.noise.info("refused a connection: {error}", error=error.sentence)
            self._refuseAndClose(error)
            return
        tune(transport)
        factory.deadlines.set(self, factory.limits.loginTimeout, self._tooLate)
        self.put(PROMPT)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        He is gone: his name is free, and the others are told.
        """
        self._closing = True
        self._intake.forget()
        self._outlet.forget()
        factory = self.factory
        factory.deadlines.clear(self)
        factory.deadlines.clear(self._outlet)
        factory.protocols.pop(self, None)
        if self._place is not None:
            self._place.gone()
        user, self.user = self.user, None
        if user is not None and user.client is self:
            user.put = _discard
            user.quit()
        factory.oneGone()

    def readConnectionLost(self) -> None:
        """
        He sends no more, as C{nc} at the end of its input: what he said is answered, then he goes.
        """
        closing = self._closing
        self._intake.end()
        if closing:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """
        This side sends no more: see L{outletEnded}.
        """

    # The way in

    def dataReceived(self, data: bytes) -> None:
        """
        Take what the socket gave.  L{LineReceiver}'s own loop is not used: it copies what is left
        of a chunk for every line of it.
        """
        if self.isDone:
            return
        if self.user is None and self._requests is None:
            stranger = sniff(self._intake.pending + data)
            if stranger is not None:
                self._refuseAndClose(WrongProtocol(stranger))
                return
        self._intake.take(data)

    def lineReceived(self, line: bytes) -> None:
        """
        Take one line of what this client sends.

        @param line: without its end.
        @raise ChatError: if it is refused.
        """
        user = self.user
        if self._requests is not None:
            self._requests.take(line)
        elif user is not None:
            if len(line) > self.factory.limits.maxLine:
                self.lineLengthExceeded(line)
            elif line:
                asked = dispatch(user, parseText(line))
                if asked is not None:
                    self.wait(asked)
        elif line[:1] == b"{":
            self._requests = Requests(self, self.factory.hub)
            self._requests.take(line)
        elif line.strip():
            self._logIn(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        """
        A line is too long: it is answered once and thrown away up to its end.
        """
        limits = self.factory.limits
        most = limits.maxLine if self._requests is None else limits.maxObject
        raise TooLong(f"this line is longer than {most} bytes, and nothing was sent: shorten it")

    def _logIn(self, line: bytes) -> None:
        try:
            name = parseText(line)
            user = self.factory.hub.enter(self, name, Session(newSid()))
        except ChatError as error:
            self.put(TEXT.refusal(error) + PROMPT)
        else:
            self.loggedIn(user)

    def loggedIn(self, user: User) -> None:
        """
        He has a name now: the limits of those who have one hold from here on.
        """
        factory = self.factory
        self.user = user
        self._outlet.limit = factory.limits.maxQueue
        factory.deadlines.clear(self)
        if self._place is not None:
            self._place.named()
        self._intake.bucket = factory.makeBucket()

    def _refuseAndClose(self, error: ChatError) -> None:
        """
        Say why, and close; what was said before is answered first.
        """
        if self.user is not None:
            self.user.refuse(error)
            self.user.quit()
        else:
            self.bye(self.dialect.refusal(error))

    def _tooLate(self) -> None:
        seconds = int(self.factory.limits.loginTimeout)
        self._refuseAndClose(LoginTimeout(f"no name came in {seconds} seconds: connect again"))

    @property
    def isOpen(self) -> bool:
        """
        Whether what is sent can still arrive.
        """
        return not self._closing

    @property
    def isDone(self) -> bool:
        """See L{net.receiving.IntakeOwner}: closing, or saying goodbye already."""
        return self._closing or (self.user is not None and self.user.gone)

    @property
    def unanswered(self) -> int:
        """See L{net.receiving.IntakeOwner}."""
        return 0 if self.user is None else self.user.waiting

    def intakeRefused(self, error: ChatError) -> None:
        """See L{net.receiving.IntakeOwner}."""
        if self.user is not None:
            self.user.refuse(error)
        else:
            self.put(self.dialect.refusal(error))

    def intakeFlooded(self) -> None:
        """See L{net.receiving.IntakeOwner}."""
        self._refuseAndClose(TooLong("this is no chat of lines: connect again"))

    def intakeTooFast(self, delay: float) -> None:
        """See L{net.receiving.IntakeOwner}: nothing is dropped, it only takes longer."""
        clock = self.factory.clock
        assert clock is not None
        if not self._told and self.user is not None:
            self._told = True
            rate = self.factory.limits.rate
            self.user.notice(f"slow down: more than {rate:g} lines a second have to wait")
        clock.callLater(delay, self._intake.go, TOO_FAST)

    def intakeEnded(self) -> None:
        """See L{net.receiving.IntakeOwner}."""
        if self.user is not None:
            self.user.quit()
        else:
            self.bye(b"")

    def wait(self, result: Deferred[None]) -> None:
        """
        Take no further line before this fires.
        """
        if not result.called:
            self._intake.stop(ANSWERING)
            result.addBoth(lambda _: self._intake.go(ANSWERING))

    def settled(self) -> None:
        """See L{IChatClient.settled}."""
        self._intake.answered()

    def stopReading(self) -> None:
        """
        Take no more lines: what was taken will be answered.
        """
        self._intake.stop(ENDING)

    # The way out

    def sendLine(self, line: bytes) -> None:
        """
        Send one line on the one way out.

        @param line: without its end.
        """
        self.put(line + b"\r\n")

    def hold(self) -> None:
        """See L{IChatClient.hold}."""
        self._outlet.hold()

    def release(self, data: bytes) -> None:
        """See L{IChatClient.release}."""
        self._outlet.release(data)

    def answer(self, data: bytes) -> None:
        """See L{IChatClient.answer}."""
        self._outlet.answer(data)

    def page(self, data: bytes) -> Deferred[None]:
        """See L{IChatClient.page}."""
        return self._outlet.page(data)

    def drop(self) -> None:
        """See L{IChatClient.drop}."""
        self._outlet.drop()

    def bye(self, data: bytes) -> None:
        """See L{IChatClient.bye}."""
        if self._closing:
            return
        self._closing = True
        self.factory.deadlines.clear(self)
        self.factory.deadlines.set(
            self._outlet, self.factory.limits.closeTimeout, self._outlet.abort
        )
        self._intake.discard()
        self._outlet.bye(data)

    def outletBlocked(self) -> None:
        """
        See L{net.sending.OutletOwner}: who does not read is not read from, either; but a nameless
        one may have to shake hands before he can (RFC 8446), and has little to be sent.
        """
        self.outletMoved()
        if self.user is not None:
            self._intake.stop(BLOCKED)

    def outletMoved(self) -> None:
        """See L{net.sending.OutletOwner}."""
        if not self._closing:
            self._unsent = unacknowledged(self.transport)
            self.factory.deadlines.set(
                self._outlet, self.factory.limits.stallTimeout, self._stalled
            )

    def outletDrained(self) -> None:
        """See L{net.sending.OutletOwner}."""
        if not self._closing:
            self.factory.deadlines.clear(self._outlet)
        self._intake.go(BLOCKED)

    def outletEnded(self) -> None:
        """See L{net.sending.OutletOwner}."""
        if self._intake.ended or self.factory.clock is None or self._outlet.arrived:
            self.transport.loseConnection()
        else:
            self.factory.deadlines.set(self, 0.0, self.outletEnded)

    def outletOverflowed(self) -> None:
        """See L{net.sending.OutletOwner}."""
        self._cut("reads too slowly: too much is queued")

    def _stalled(self) -> None:
        """
        The kernel asks for more only when a third of its buffer is free, which a slow line can
        take minutes for: who has taken anything meanwhile has as much time again.
        """
        unsent = unacknowledged(self.transport)
        if unsent is not None and self._unsent is not None and unsent < self._unsent:
            self.outletMoved()
            return
        self._cut("reads nothing any more")

    def _cut(self, why: str) -> None:
        """
        End a connection that a goodbye would not reach.
        """
        self._closing = True
        self._intake.forget()
        self.factory.noise.info("cut {address}: it {why}", address=self.address, why=why)
        self._outlet.abort()


def _discard(data: bytes) -> None:
    """
    The way out of a connection that is lost.
    """
