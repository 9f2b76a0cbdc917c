# -*- test-case-name: tests.net.test_connection -*-
"""
The transport half of a connection, the same at every stream door: bounded queues in both
directions, admission, and the timeouts of login, of a stalled client and of the end.

It knows no dialect and no chat: of a user it knows only L{interfaces.Avatar}, and the door that
subclasses L{Connection} supplies the words.

The life of a connection::

    open() --> admitted --awaitLogin()--> logged in -> user.hangUp() --+
      |           |                           |                       |
      | refused   | too late                  | taken over            v
      +-----------+---------------------------+------------------> close(): last lines, then closed

    at any time: lost, stalled or overflowed --> user.drop()
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..errors import ChatError, LoginTimeout, ServerFull, TooLong, WrongLogin
from ..wire.answers import Notice
from ..wire.framing import LineSplitter
from .addresses import plainHost
from .admission import Admission
from .interfaces import Avatar, ConnectionDoor, Shared
from .receiving import ANSWERING, BLOCKED, ENDING, TOO_FAST, ReceiveQueue, Splitter
from .sending import Cork, SendQueue
from .sockets import hasUnread, isUnreachable, peerEnded, tune, unacknowledged

_LOCAL: Final = "local"
"""The address of a client over a socket without a host, such as a UNIX socket."""

WRONG_LOGINS: Final = 3
"""Wrong passwords after which a connection is closed: whoever guesses has to connect again."""

_LOGGED_REFUSALS: Final = 3
"""Refused logins of one connection that are logged: further ones tell nothing new."""

_log = Logger()

AnyAvatar = TypeVar("AnyAvatar", bound=Avatar)


class Connection(ABC):
    """
    The transport half of one connection; together with a C{dialect} it is an C{IClient} of the
    chat.

    A door subclasses it together with a Twisted protocol: it calls L{open} as soon as it knows the
    client's address, lets the transport call L{dataReceived} and the C{...Lost} methods, and
    overrides the methods under "What a door adds".

    @ivar factory: the door, set by the door itself.
    @ivar user: the user who is logged in over it, or C{None}.
    @ivar isExempt: whether it is exempt from admission and from the login timeout; for doors that
        only the operator can open.
    @ivar put: sends whole lines; never blocks and never raises.
    @ivar host: the client's numeric address; empty if it has none.
    @ivar address: the client's address for the server's log.
    """

    factory: ConnectionDoor
    transport: Any
    put: Callable[[bytes], None]
    user: Avatar | None = None
    isExempt = False
    host = ""
    address = ""

    _receiving: ReceiveQueue
    _sending: SendQueue
    _admission: Admission | None = None
    _login: Deferred[Any] | None = None
    _refusedLogins = 0
    _wrongLogins = 0
    _warned = False
    _eofSeen = False
    _unsent: int | None = None
    _opened = False
    _closing = False

    # What a door adds: the abstract methods, and overrides of the others where it needs them

    @abstractmethod
    def lineReceived(self, line: bytes) -> None:
        """
        Handle one line.

        @param line: without its end, not empty.
        @raise ChatError: if it is refused.
        """

    def emptyLineReceived(self) -> None:  # noqa: B027 - a hook
        """
        Handle an empty line.
        """

    @abstractmethod
    def refusal(self, error: ChatError) -> bytes:
        """
        @return: a refusal in the words of the client's dialect.
        """

    def loginRefused(self, error: ChatError) -> None:
        """
        Tell a client that its login was refused; it may try again.
        """
        self.put(self.refusal(error))

    def lineLengthExceeded(self, line: bytes) -> None:
        """
        Refuse a line that is too long.  It is refused once, and discarded up to its end.

        @raise TooLong: always.
        """
        raise TooLong(
            f"this line is longer than {self.longestLine} bytes, and nothing was sent: shorten it"
        )

    @property
    def longestLine(self) -> int:
        """How long a line may be, in bytes without its end."""
        return self._shared.limits.maxLine

    def makeSplitter(self) -> Splitter:
        """
        @return: a splitter that cuts the client's stream into lines.
        """
        return LineSplitter(self.longestLine)

    # The beginning

    @property
    def _shared(self) -> Shared:
        return self.factory.gate

    def open(self, host: str, port: int = 0) -> bool:
        """
        Ask for admission, and start receiving and sending.

        The address comes from the door: behind a proxy it is not the transport's.

        @param host: the client's numeric address; empty for a socket that has none.
        @return: whether the connection was admitted; if not, it was refused and is closing.
        """
        shared, transport = self._shared, self.transport
        limits = shared.limits
        self.host = plainHost(host)
        self.address = f"{self.host}:{port}" if host else _LOCAL
        self._receiving = ReceiveQueue(
            transport,
            self,
            shared.budget,
            self.makeSplitter(),
            shared.makeBucket(),
            self.factory.counters,
        )
        self._sending = SendQueue(
            transport, self, shared.budget, limits.maxQueueBeforeLogin, limits.maxTransport
        )
        self.put = self._sending.put
        self._opened = True
        self.factory.opened(self)
        if self.isExempt:
            self._sending.limit = limits.maxQueue
            return True
        try:
            self._admission = shared.admission.admit(self.host, self._giveWay)
        except ServerFull as error:
            shared.counters.refusedConnections[error.why] += 1
            shared.log.info("refused a connection: {error}", error=error.sentence)
            self.refuseAndClose(error)
            return False
        tune(transport)
        shared.deadlines.set(self, limits.loginTimeout, self._loginTimedOut)
        return True

    @property
    def isTrusted(self) -> bool:
        """Whether there are no limits per address for it."""
        return self._admission is not None and self._admission.isTrusted

    @property
    def isLoggingIn(self) -> bool:
        """Whether a login is under way."""
        return self._login is not None

    def awaitLogin(self, login: Deferred[AnyAvatar]) -> None:
        """
        Take no more lines until this login has succeeded or failed.

        The limits for logged-in users apply from now on, since the welcome is sent before the
        result fires.  If the connection is lost first, the login is cancelled.

        @param login: fires with the user; fails with a L{ChatError} if the client may try again.
        """
        self._login = login
        if self._admission is not None:
            self._admission.loginBegun()
        self._sending.limit = self._shared.limits.maxQueue
        if not login.called:
            self._receiving.stop(ANSWERING)
        login.addCallbacks(self._loggedIn, self._loginFailed)

    def _loggedIn(self, user: Avatar) -> None:
        self._login = None
        if user.client is not self:
            return  # The session was taken over before this login was done.
        self.user = user
        if not self._closing:
            shared = self._shared
            shared.deadlines.clear(self)
            if self._admission is not None:
                self._admission.loggedIn()
            self._receiving.bucket = shared.makeBucket()
            self._receiving.go(ANSWERING)

    def _loginFailed(self, failure: Failure) -> None:
        self._login = None
        if self._closing or failure.check(CancelledError):
            return
        if self._admission is not None:
            self._admission.loginFailed()
        self._sending.limit = self._shared.limits.maxQueueBeforeLogin
        error = failure.value
        if not isinstance(error, ChatError):
            _log.failure("a login failed", failure)
            error = ChatError("you cannot log in now: try again later")
        self.refuseLogin(error)
        if not self._closing:
            self._receiving.go(ANSWERING)

    def refuseLogin(self, error: ChatError) -> None:
        """
        Count a refused login, and tell the client why; after too many wrong ones close the
        connection.
        """
        self._shared.counters.loginFailures[error.code] += 1
        self._refusedLogins += 1
        if self._refusedLogins <= _LOGGED_REFUSALS:
            _log.info("login refused: {code}", code=error.code, log_system=self.address)
        if isinstance(error, WrongLogin):
            self._wrongLogins += 1
        if self._wrongLogins >= WRONG_LOGINS:
            self.refuseAndClose(error)
            return
        self.loginRefused(error)

    def _loginTimedOut(self) -> None:
        seconds = int(self._shared.limits.loginTimeout)
        self._shared.counters.loginFailures[LoginTimeout.code] += 1
        self.refuseAndClose(LoginTimeout(f"no name came in {seconds} seconds: connect again"))

    def _giveWay(self) -> bool:
        """
        Close a connection that has sent no name, to make room for another.

        @return: whether it was closed; false if it has sent something that is not read yet.
        """
        if hasUnread(self.transport):
            return False
        self._shared.log.info(
            "closed {address}: no name came, and others are waiting", address=self.address
        )
        self._shared.counters.cut["silent"] += 1
        self.refuseAndClose(
            LoginTimeout("no name came, and many others are waiting: connect again")
        )
        return True

    # What arrives

    @property
    def pending(self) -> bytes:
        """
        The unfinished line so far.
        """
        return self._receiving.pending

    def dataReceived(self, data: bytes) -> None:
        """
        Take what was read from the socket.
        """
        if not self.isDone:
            self._receiving.take(data)

    def wait(self, result: Deferred[Any]) -> None:
        """
        Take no more lines until this request is answered.
        """
        result.addErrback(self._requestFailed)
        if not result.called:
            self._receiving.stop(ANSWERING)
            result.addCallback(lambda _: self._receiving.go(ANSWERING))

    def _requestFailed(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            return
        _log.failure("a request failed", failure)
        if not self.isDone:
            self.receiveRefused(ChatError("this went wrong here, and was logged: try again later"))

    @property
    def isDone(self) -> bool:
        """Whether further input is discarded, because the connection is closing or the user is
        leaving."""
        return self._closing or (self.user is not None and self.user.leaving)

    @property
    def unanswered(self) -> int:
        """How many of the client's lines are waiting for the log."""
        return 0 if self.user is None else self.user.unanswered

    def receiveRefused(self, error: ChatError) -> None:
        """See L{receiving.ReceiveQueueOwner}."""
        if self.user is not None:
            self.user.refuse(error, None)
        else:
            self._shared.counters.refusals[error.code] += 1
            self.put(self.refusal(error))

    def receiveFlooded(self) -> None:
        """See L{receiving.ReceiveQueueOwner}."""
        self.refuseAndClose(TooLong("no line end came for too long: send lines, and connect again"))

    def receiveFull(self) -> None:
        """See L{receiving.ReceiveQueueOwner}."""
        assert self.user is not None  # Nobody else has unanswered lines.
        self.user.waits = True

    def receiveTooFast(self, delay: float) -> None:
        """See L{receiving.ReceiveQueueOwner}: nothing is dropped, only delayed."""
        shared = self._shared
        assert shared.clock is not None
        if not self._warned and self.user is not None:
            self._warned = True
            rate = shared.limits.rate
            self.user.answer(
                Notice(f"slow down: more than {rate:g} lines a second have to wait"), None
            )
        shared.clock.callLater(delay, self._paced)

    def _paced(self) -> None:
        """
        Take the next line, now that the rate allows it.  The socket was not read meanwhile, so only
        the kernel knows whether the client is still there.
        """
        receiving = self._receiving
        if not self._closing and not receiving.ended and peerEnded(self.transport):
            self._eofFound()
        receiving.go(TOO_FAST)

    def receiveEnded(self) -> None:
        """See L{receiving.ReceiveQueueOwner}."""
        self._shared.deadlines.clear(self._receiving)
        self.leave()

    def receiveOverflowed(self) -> None:
        """See L{receiving.ReceiveQueueOwner}."""
        self._cut("flooding", "sends faster than it can be handled")

    def answered(self) -> None:
        """
        Note that some of the client's lines were answered: it may be read from again.
        """
        self._receiving.answered()

    def charge(self, lines: int) -> None:
        """
        Charge the request that is being handled as this many additional lines against the client's
        rate.
        """
        bucket = self._receiving.bucket
        if bucket is not None:
            bucket.charge(lines)

    def stopReading(self) -> None:
        """
        Take no more lines; those that were taken will be answered.
        """
        self._receiving.stop(ENDING)

    def limitsChanged(self) -> None:
        """
        Adopt the rate that applies now.
        """
        self._receiving.bucket = self._shared.makeBucket()

    # What is sent

    @property
    def unreachable(self) -> bool:
        """Whether the client seems to have vanished: its system acknowledges nothing."""
        return isUnreachable(self.transport, self._shared.limits.unreachableAfter)

    def reply(self, data: bytes) -> None:
        """
        Send the answer to a request: see L{SendQueue.reply}.
        """
        self._sending.reply(data)

    def cork(self) -> Cork:
        """
        Hold back all later output: see L{SendQueue.cork}.
        """
        return self._sending.cork()

    def sendBlocked(self) -> None:
        """
        See L{sending.SendQueueOwner}.  Stop reading from a client that does not read its output.
        Before login it is exempt: TLS may have to read before it can write (RFC 8446).
        """
        self.sendProgressed()
        if self.user is not None:
            self._receiving.stop(BLOCKED)

    def sendProgressed(self) -> None:
        """See L{sending.SendQueueOwner}."""
        if not self._closing:
            self._unsent = unacknowledged(self.transport)
            self._shared.deadlines.set(
                self._sending, self._shared.limits.stallTimeout, self._stalled
            )

    def sendDrained(self) -> None:
        """See L{sending.SendQueueOwner}."""
        if not self._closing:
            self._shared.deadlines.clear(self._sending)
        self._receiving.go(BLOCKED)

    def sendEnded(self) -> None:
        """See L{sending.SendQueueOwner}."""
        if self._receiving.ended or self._shared.clock is None or self._sending.arrived:
            self.transport.loseConnection()
        else:
            self._shared.deadlines.set(self, 0.0, self.sendEnded)

    def sendOverflowed(self) -> None:
        """See L{sending.SendQueueOwner}."""
        self._cut("slow", "reads too slowly: too much is queued")

    def sendFailed(self) -> None:
        """
        See L{sending.SendQueueOwner}.  The reactor finds a broken connection when it reads; one
        that is not read has to be cut here.
        """
        if not self._closing and self._receiving.isPaused:
            self._end(self._receiving.forget)
            self._sending.abort()

    def _stalled(self) -> None:
        """
        Cut a client that has read nothing for the whole timeout.  The kernel asks for more only
        when a third of its buffer is free, which can take minutes on a slow line, so the timeout
        starts again for a client whose system has acknowledged anything.
        """
        unsent = unacknowledged(self.transport)
        if unsent is not None and self._unsent is not None and unsent < self._unsent:
            self.sendProgressed()
            return
        self._cut("stalled", "reads nothing any more")

    # The end

    def leave(self) -> None:
        """
        Close the connection once everything before is answered.
        """
        if self.user is not None:
            self.user.hangUp()
        else:
            self.close(b"")

    def refuseAndClose(self, error: ChatError) -> None:
        """
        Send a refusal and close, after all earlier lines are answered.
        """
        if self.user is not None:
            self.user.refuse(error, None)
            self.user.quit()
        else:
            self.close(self.refusal(error))
            self._cancelLogin()

    def _cancelLogin(self) -> None:
        """
        Cancel the login of a connection that has ended.  It comes last, because a login that ends
        lets the next line in.
        """
        login, self._login = self._login, None
        if login is not None:
            login.cancel()

    def close(self, lastLines: bytes) -> None:
        """
        Send the last lines and close.  A client that does not read them in time is cut.
        """
        if self._closing:
            return
        self._end(self._receiving.discard)
        self._shared.deadlines.set(
            self._sending, self._shared.limits.closeTimeout, self._sending.abort
        )
        self._sending.close(lastLines)

    def abort(self) -> None:
        """
        Cut the connection at once.
        """
        self.transport.abortConnection()

    def _cut(self, kind: str, why: str) -> None:
        """
        Cut a connection that a goodbye would not reach.

        @param kind: the counter for it.
        """
        self._shared.counters.cut[kind] += 1
        self._end(self._receiving.forget)
        self._shared.log.info("cut {address}: it {why}", address=self.address, why=why)
        self._sending.abort()

    def _end(self, stopTaking: Callable[[], None]) -> None:
        """
        Begin the end: take no more lines, and cancel all timeouts.
        """
        self._closing = True
        stopTaking()
        deadlines = self._shared.deadlines
        for key in (self, self._receiving, self._sending):
            deadlines.clear(key)

    def readConnectionLost(self) -> None:
        """
        Answer everything that the client sent before it closed its side (as C{nc -N} does at the
        end of its input), then close.
        """
        closing = self._closing
        self._receiving.end()
        if closing:
            self.transport.loseConnection()
        elif not self.isDone:
            self._eofFound()

    def _eofFound(self) -> None:
        """
        Limit the time for the lines that are still waiting: a user who sends an hour's worth of
        lines and leaves must not stay in the chat for an hour.
        """
        deadlines, receiving = self._shared.deadlines, self._receiving
        if not self._eofSeen:
            self._eofSeen = True
            deadlines.set(receiving, self._shared.limits.eofTimeout, self._eofTimedOut)

    def _eofTimedOut(self) -> None:
        receiving = self._receiving
        if self.user is not None and receiving.waiting:
            seconds = int(self._shared.limits.eofTimeout)
            notice = f"{receiving.waiting} lines still waited {seconds} seconds after your last one"
            self.user.answer(Notice(f"{notice}, and were not sent"), None)
        receiving.discard()
        self.leave()

    def writeConnectionLost(self) -> None:  # noqa: B027 - nothing to do
        """
        See L{IHalfCloseableProtocol}: this side sends no more, which L{sendEnded} knows.
        """

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Discard waiting input, and free the user's name.
        """
        if not self._opened:
            return
        self._end(self._receiving.forget)
        self._sending.forget()
        self._cancelLogin()
        if self._admission is not None:
            self._admission.released()
        user, self.user = self.user, None
        if user is not None and user.client is self:
            user.drop()
        self.factory.closed(self)
