"""
Tests for L{twisted_chat.net.connection}.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.support.transports import SocketTransport
from twisted_chat.counters import Counters
from twisted_chat.errors import BadName, BadText, ChatError
from twisted_chat.net.admission import AdmissionControl
from twisted_chat.net.budget import Backlog, BacklogBudget
from twisted_chat.net.connection import Connection
from twisted_chat.net.deadlines import Deadlines
from twisted_chat.net.limits import KIB, Limits
from twisted_chat.net.ratelimit import TokenBucket
from twisted_chat.wire.answers import Notice

LIMITS = Limits(rate=10, burst=5, maxPerAddress=2)


class FakeDoor:
    """
    A door, and what its connections share.

    @ivar connections: those that are not lost.
    @ivar lines: what was logged.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.gate = self
        self.clock = Clock()
        self.limits = limits
        self.admission = AdmissionControl(limits, self.clock.seconds)
        self.budget = BacklogBudget[Backlog]()
        self.deadlines = Deadlines(self.clock)
        self.log = self
        self.counters: Any = AllCounters()
        self.connections: list[Connection] = []
        self.lines: list[str] = []

    def info(self, format: str, **values: Any) -> None:
        """See L{twisted_chat.net.interfaces.EventLog}."""
        self.lines.append(format.format(**values))

    def makeBucket(self) -> TokenBucket | None:
        """See L{twisted_chat.net.interfaces.Shared}."""
        return TokenBucket(self.limits.rate, self.limits.burst, self.clock.seconds)

    def opened(self, connection: Connection) -> None:
        """See L{twisted_chat.net.interfaces.ConnectionDoor}."""
        self.connections.append(connection)

    def closed(self, connection: Connection) -> None:
        """See L{twisted_chat.net.interfaces.ConnectionDoor}."""
        self.connections.remove(connection)

    def pass_(self, seconds: float) -> None:
        """
        Let time pass in small steps.
        """
        self.clock.pump([0.1] * round(seconds * 10))


class AllCounters(Counters):
    """
    The figures of a door and of the server in one.
    """

    lines = 0


class FakeAvatar:
    """
    Somebody who has logged in, in a chat that answers at once.

    @ivar calls: what was asked of it.
    """

    def __init__(self, client: Connection) -> None:
        self.client: Any = client
        self.leaving = False
        self.waits = False
        self.unanswered = 0
        self.calls: list[str] = []

    def answer(self, value: Notice, key: str | None = None) -> None:
        """See L{twisted_chat.net.interfaces.Avatar}."""
        self.calls.append(f"* {value.text}")

    def refuse(self, error: ChatError, key: str | None = None) -> None:
        """See L{twisted_chat.net.interfaces.Avatar}."""
        self.calls.append(f"! {error}")

    def quit(self) -> None:
        """See L{twisted_chat.net.interfaces.Avatar}."""
        self.calls.append("quit")
        self.leaving = True
        self.client.close(b"bye\r\n")

    def hangUp(self) -> None:
        """See L{twisted_chat.net.interfaces.Avatar}."""
        self.calls.append("hangUp")
        self.leaving = True
        self.client.close(b"bye\r\n")

    def drop(self) -> None:
        """See L{twisted_chat.net.interfaces.Avatar}."""
        self.calls.append("drop")


class EchoConnection(Connection):
    """
    A connection whose lines are kept, and some of which do something.

    @ivar lines: what arrived.
    @ivar answers: the answers that are waited for.
    """

    def __init__(self, door: FakeDoor, transport: Any) -> None:
        self.factory = door
        self.transport = transport
        self.lines: list[bytes] = []
        self.answers: list[Deferred[None]] = []

    def lineReceived(self, line: bytes) -> None:
        """See L{Connection.lineReceived}."""
        self.lines.append(line)
        if line == b"bad":
            raise BadText("bad")
        if line.startswith(b"dear "):
            self.charge(int(line.split()[1]))
        if line == b"ask":
            self.answers.append(Deferred())
            self.wait(self.answers[-1])

    def refusal(self, error: ChatError) -> bytes:
        """See L{Connection.refusal}."""
        return f"! {error}\r\n".encode()


class ConnectionCase(SynchronousTestCase):
    """
    Tests with one connection, over a transport in memory.
    """

    limits = LIMITS

    def setUp(self) -> None:
        self.door = FakeDoor(self.limits)
        self.transport: Any = StringTransport()
        self.connection = EchoConnection(self.door, self.transport)

    def open(self, host: str = "192.0.2.7") -> bool:
        """
        Open it.
        """
        return self.connection.open(host, 51234)

    def logIn(self) -> FakeAvatar:
        """
        Open it, and log in.
        """
        self.open()
        avatar = FakeAvatar(self.connection)
        self.connection.awaitLogin(succeed(avatar))
        return avatar

    @property
    def isReadFrom(self) -> bool:
        """Whether the socket is read."""
        state: str = self.transport.producerState
        return state == "producing"


class OpenTests(ConnectionCase):
    """
    Tests for L{Connection.open}.
    """

    def test_admitted(self) -> None:
        """A connection is counted until it is lost, and its address is what the door says."""
        self.assertTrue(self.open("::ffff:192.0.2.7"))
        self.assertEqual(self.connection.host, "192.0.2.7")
        self.assertEqual(self.connection.address, "192.0.2.7:51234")
        self.assertEqual((self.door.admission.connections, len(self.door.connections)), (1, 1))
        self.connection.connectionLost()
        self.assertEqual((self.door.admission.connections, self.door.connections), (0, []))

    def test_local(self) -> None:
        """A socket of this machine has no host."""
        self.assertTrue(self.open(""))
        self.assertEqual((self.connection.host, self.connection.address), ("", "local"))

    def test_refused(self) -> None:
        """A refused connection is told why, logged and closed, and counted until it is lost."""
        for _ in range(2):
            self.door.admission.admit("192.0.2.7")
        self.assertFalse(self.open())
        self.assertRegex(self.transport.value(), b"^! your address")
        self.assertTrue(self.transport.disconnecting)
        self.assertRegex(self.door.lines[0], "^refused a connection: your address")
        self.connection.dataReceived(b"line\n")
        self.assertEqual((self.connection.lines, len(self.door.connections)), ([], 1))
        self.connection.connectionLost()
        self.assertEqual((self.door.admission.connections, self.door.connections), (2, []))

    def test_givesWay(self) -> None:
        """A silent connection gives way and says why, but not with its name on the way."""
        transport = SocketTransport()
        self.addCleanup(transport.close)
        connection = EchoConnection(self.door, transport)
        connection.open("192.0.2.7")
        transport.peer.send(b"Ann\n")
        self.assertFalse(connection._giveWay())
        transport.handle.recv(100)
        self.assertTrue(connection._giveWay())
        transport.pump()
        self.assertRegex(transport.received, b"^! no name came, and many others .*: connect again")
        self.assertRegex(self.door.lines[-1], "^closed 192.0.2.7:0: no name came")

    def test_lostBefore(self) -> None:
        """A connection that is lost before it was opened is never counted."""
        self.connection.connectionLost()
        self.assertEqual(self.door.connections, [])


class LoginTests(ConnectionCase):
    """
    Tests for L{Connection.awaitLogin}.
    """

    def test_waits(self) -> None:
        """No line is taken while a login is under way; then all are, at the user's own rate."""
        self.open()
        login: Deferred[FakeAvatar] = Deferred()
        self.connection.awaitLogin(login)
        self.assertTrue(self.connection.isLoggingIn)
        self.connection.dataReceived(b"1\n2\n3\n4\n5\n")
        self.assertEqual((self.connection.lines, self.isReadFrom), ([], False))
        avatar = FakeAvatar(self.connection)
        login.callback(avatar)
        self.assertIs(self.connection.user, avatar)
        self.assertFalse(self.connection.isLoggingIn)
        self.assertEqual((len(self.connection.lines), self.isReadFrom), (5, True))
        self.assertEqual(self.door.admission.unauthenticated, 0)
        self.door.pass_(60)
        self.assertFalse(self.transport.disconnecting)

    def test_refused(self) -> None:
        """A refused login is told, and another may follow."""
        self.open()
        self.connection.awaitLogin(fail(BadName("no name")))
        self.assertEqual(self.transport.value(), b"! no name\r\n")
        self.connection.awaitLogin(succeed(FakeAvatar(self.connection)))
        self.assertIsNot(self.connection.user, None)

    def test_broken(self) -> None:
        """
        A login that fails unexpectedly is logged, and told in a sentence that gives nothing away.
        """
        self.open()
        self.connection.awaitLogin(fail(ZeroDivisionError("/etc/secret")))
        self.assertEqual(self.transport.value(), b"! you cannot log in now: try again later\r\n")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_queueLimit(self) -> None:
        """The limit of users applies from the login on, unless it is refused."""
        self.open()
        sending = self.connection._sending
        self.assertEqual(sending.limit, LIMITS.maxQueueBeforeLogin)
        login: Deferred[FakeAvatar] = Deferred()
        self.connection.awaitLogin(login)
        self.assertEqual(sending.limit, LIMITS.maxQueue)
        login.errback(BadName("no name"))
        self.assertEqual(sending.limit, LIMITS.maxQueueBeforeLogin)

    def test_timeout(self) -> None:
        """A client that does not log in is told so, and its login is cancelled."""
        self.open()
        cancelled: list[object] = []
        login: Deferred[FakeAvatar] = Deferred(cancelled.append)
        self.connection.awaitLogin(login)
        self.connection.dataReceived(b"line\n")
        self.door.pass_(30.6)
        self.assertEqual(self.transport.value(), b"! no name came in 30 seconds: connect again\r\n")
        self.assertEqual((cancelled, self.connection.lines), ([login], []))
        self.assertTrue(self.transport.disconnecting)

    def test_lost(self) -> None:
        """A login whose connection is lost is cancelled, and nobody is told of it."""
        self.open()
        login: Deferred[FakeAvatar] = Deferred()
        self.connection.awaitLogin(login)
        self.connection.connectionLost()
        self.assertTrue(login.called)
        self.assertEqual(self.transport.value(), b"")

    def test_closedMeanwhile(self) -> None:
        """A user who is logged in while the goodbye is on its way leaves when it is lost."""
        self.open()
        login: Deferred[FakeAvatar] = Deferred()
        self.connection.awaitLogin(login)
        self.connection.close(b"bye\r\n")
        avatar = FakeAvatar(self.connection)
        login.callback(avatar)
        self.connection.connectionLost()
        self.assertEqual(avatar.calls, ["drop"])

    def test_takenOverMeanwhile(self) -> None:
        """A user whose session goes on over another connection is not this one's user."""
        self.open()
        login: Deferred[FakeAvatar] = Deferred()
        self.connection.awaitLogin(login)
        avatar = FakeAvatar(EchoConnection(self.door, StringTransport()))
        login.callback(avatar)
        self.connection.connectionLost()
        self.assertEqual((avatar.calls, self.connection.user), ([], None))


class LineTests(ConnectionCase):
    """
    Tests for lines that arrive.
    """

    def test_refused(self) -> None:
        """A refused line is answered by the connection before login, and by the user after it."""
        self.open()
        self.connection.dataReceived(b"bad\n")
        self.assertEqual(self.transport.value(), b"! bad\r\n")
        avatar = FakeAvatar(self.connection)
        self.connection.awaitLogin(succeed(avatar))
        self.connection.dataReceived(b"bad\n" + b"x" * 5000 + b"\n")
        self.assertEqual(
            avatar.calls,
            ["! bad", "! this line is longer than 4096 bytes, and nothing was sent: shorten it"],
        )

    def test_flooded(self) -> None:
        """Endless bytes without a line end are told to stop, and end the connection."""
        avatar = self.logIn()
        self.connection.dataReceived(b"x" * 65 * KIB)
        self.assertEqual(
            avatar.calls[1:],
            ["! no line end came for too long: send lines, and connect again", "quit"],
        )

    def test_brokenRequest(self) -> None:
        """A request that fails unexpectedly is logged and answered, and the next line is taken."""
        avatar = self.logIn()
        self.connection.dataReceived(b"ask\nnext\n")
        self.connection.answers[0].errback(ZeroDivisionError("/etc/secret"))
        self.assertEqual(avatar.calls, ["! this went wrong here, and was logged: try again later"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(self.connection.lines, [b"ask", b"next"])

    def test_tooFast(self) -> None:
        """A client over its rate is warned once, and none of its lines is lost."""
        avatar = self.logIn()
        for _ in range(2):
            self.connection.dataReceived(b"x\n" * 10)
            self.door.pass_(5)
        self.assertEqual(avatar.calls, ["* slow down: more than 10 lines a second have to wait"])
        self.assertEqual(len(self.connection.lines), 20)

    def test_charge(self) -> None:
        """A charge of a request delays the lines behind it, and drops none of them."""
        self.logIn()
        self.connection.dataReceived(b"dear 14\nnext\n")
        self.assertEqual(self.connection.lines, [b"dear 14"])
        self.door.pass_(1.0)
        self.assertEqual(self.connection.lines, [b"dear 14"])
        self.door.pass_(0.2)
        self.assertEqual(self.connection.lines, [b"dear 14", b"next"])

    def test_chargeWithinTheBurst(self) -> None:
        """A charge that the burst covers delays nothing."""
        self.logIn()
        self.connection.dataReceived(b"dear 3\nnext\n")
        self.assertEqual(self.connection.lines, [b"dear 3", b"next"])

    def test_chargeWithoutARate(self) -> None:
        """A charge does nothing without a rate."""
        self.door.makeBucket = lambda: None  # type: ignore[method-assign]
        self.logIn()
        self.connection.dataReceived(b"dear 100000\nnext\n")
        self.assertEqual(len(self.connection.lines), 2)

    def test_tooMuchWaits(self) -> None:
        """The client whose waiting lines take most is cut when all together take too much."""
        self.door.budget = BacklogBudget[Backlog](10 * KIB)
        self.logIn()
        self.connection.dataReceived(b"x\n" * 1000)
        self.assertTrue(self.transport.disconnected)
        self.assertEqual(
            self.door.lines, ["cut 192.0.2.7:51234: it sends faster than it can be handled"]
        )
        self.assertEqual(self.door.budget.total, 0)


class EndOfInputTests(ConnectionCase):
    """
    Tests for clients that close their side.
    """

    def test_answeredFirst(self) -> None:
        """A request that is under way is answered before the goodbye."""
        avatar = self.logIn()
        self.connection.dataReceived(b"ask\nlast\n")
        self.connection.readConnectionLost()
        self.assertEqual(avatar.calls, [])
        self.connection.put(b"answer\r\n")
        self.connection.answers[0].callback(None)
        self.assertEqual(self.transport.value(), b"answer\r\nbye\r\n")
        self.assertEqual((self.connection.lines, avatar.calls), ([b"ask", b"last"], ["hangUp"]))

    def test_loginFirst(self) -> None:
        """A login that is under way is done first, and the lines behind it are said."""
        self.open()
        login: Deferred[FakeAvatar] = Deferred()
        self.connection.awaitLogin(login)
        self.connection.dataReceived(b"line\n")
        self.connection.readConnectionLost()
        avatar = FakeAvatar(self.connection)
        login.callback(avatar)
        self.assertEqual((self.connection.lines, avatar.calls), ([b"line"], ["hangUp"]))

    def test_unauthenticated(self) -> None:
        """A client that has not logged in is let go without a word."""
        self.open()
        self.connection.readConnectionLost()
        self.assertEqual((self.transport.value(), self.transport.disconnecting), (b"", True))

    def test_atTheRate(self) -> None:
        """
        Lines that wait are taken at the rate, then the client is let go, and no timer is left.
        """
        avatar = self.logIn()
        self.connection.dataReceived(b"x\n" * 100)
        self.connection.readConnectionLost()
        self.door.pass_(9.6)
        self.assertEqual((len(self.connection.lines), avatar.calls[1:]), (100, ["hangUp"]))
        self.connection.connectionLost()
        self.door.pass_(1)
        self.assertEqual(self.door.clock.getDelayedCalls(), [])

    def test_timeLimit(self) -> None:
        """The rest is thrown away after a minute, and the client is told how much that was."""
        avatar = self.logIn()
        self.connection.dataReceived(b"x\n" * 32_768)
        self.connection.readConnectionLost()
        self.door.pass_(59.8)
        self.assertEqual(len(avatar.calls), 1)
        self.door.pass_(0.8)
        told, quit = avatar.calls[1:]
        left = 32_768 - len(self.connection.lines)
        self.assertEqual(
            told, f"* {left} lines still waited 60 seconds after your last one, and were not sent"
        )
        self.assertEqual(quit, "hangUp")
        self.assertEqual(len(self.connection.lines), 605)
        self.assertEqual(self.door.budget.total, 0)

    def test_answerTimeLimit(self) -> None:
        """A request that is never answered keeps the client only for a bounded time."""
        avatar = self.logIn()
        self.connection.dataReceived(b"ask\n")
        self.connection.readConnectionLost()
        self.door.pass_(60.6)
        self.assertEqual(avatar.calls, ["hangUp"])

    def test_lost(self) -> None:
        """Lines that wait are thrown away as soon as the connection is lost."""
        avatar = self.logIn()
        self.connection.dataReceived(b"x\n" * 32_768)
        self.connection.connectionLost()
        self.door.pass_(10)
        self.assertEqual((len(self.connection.lines), avatar.calls[1:]), (5, ["drop"]))
        self.assertEqual(self.door.budget.total, 0)

    def test_afterTheGoodbye(self) -> None:
        """A client that closes its side after the goodbye is closed, since it has everything."""
        self.logIn()
        self.connection.close(b"bye\r\n")
        self.connection.readConnectionLost()
        self.assertTrue(self.transport.disconnecting)


class SocketTests(ConnectionCase):
    """
    Tests over a real socket, for what only the kernel knows of a client that is not read from.
    """

    def setUp(self) -> None:
        super().setUp()
        self.transport = SocketTransport()
        self.addCleanup(self.transport.close)
        self.connection.transport = self.transport
        self.avatar = self.logIn()

    def test_endBehindUnreadData(self) -> None:
        """The end of the stream is found behind unread bytes, and the minute begins."""
        self.connection.dataReceived(b"x\n" * 32_768)
        self.assertFalse(self.transport.reading)
        self.door.pass_(10)
        self.transport.peer.send(b"x\n" * 1000)
        self.transport.peer.shutdown(socket.SHUT_WR)
        self.door.pass_(59.9)
        self.assertEqual(len(self.avatar.calls), 1)
        self.door.pass_(0.9)
        self.assertEqual(self.avatar.calls[-1], "hangUp")

    def test_silentIsNotTheEnd(self) -> None:
        """A client that only waits for its turn is there for as long as that takes."""
        self.connection.dataReceived(b"x\n" * 1000)
        self.door.pass_(98)
        self.assertEqual(len(self.avatar.calls), 1)
        self.door.pass_(2)
        self.assertEqual(len(self.connection.lines), 1000)
        self.assertTrue(self.transport.reading)

    def test_brokenWhileNotRead(self) -> None:
        """A broken connection that is not read is cut at the next write."""
        self.connection.dataReceived(b"x\n" * 1000)
        self.transport.peer.close()
        self.connection.put(b"receipt\r\n")
        self.connection.put(b"receipt\r\n")
        self.assertEqual(self.transport.ends, ["abort"])
        self.assertEqual(self.door.budget.total, 0)

    def test_brokenWhileRead(self) -> None:
        """A broken connection that is read is left to the reactor, which reads the rest first."""
        self.transport.peer.close()
        self.connection.put(b"receipt\r\n")
        self.assertEqual(self.transport.ends, [])


class CloseTests(ConnectionCase):
    """
    Tests for the end.
    """

    def test_close(self) -> None:
        """The last lines are sent, nothing more is read, and a client that stays is cut."""
        self.open()
        self.connection.close(b"bye\r\n")
        self.connection.close(b"again\r\n")
        self.connection.dataReceived(b"line\n")
        self.assertEqual((self.transport.value(), self.connection.lines), (b"bye\r\n", []))
        self.assertTrue(self.transport.disconnecting)
        self.assertFalse(self.transport.disconnected)
        self.door.pass_(5.6)
        self.assertTrue(self.transport.disconnected)

    def test_lostUser(self) -> None:
        """A lost connection is told to its user, but not to one who already has another."""
        for isMine in (True, False):
            self.setUp()
            avatar = self.logIn()
            if not isMine:
                avatar.client = object()
            self.connection.connectionLost()
            self.assertEqual(avatar.calls, ["drop"] if isMine else [])

    def test_abort(self) -> None:
        """A connection can be cut at once."""
        self.open()
        self.connection.abort()
        self.assertTrue(self.transport.disconnected)


class ContractTests(SynchronousTestCase):
    """
    The methods that a door must add.
    """

    def test_abstract(self) -> None:
        """A connection without a door's lines and words cannot be made."""
        self.assertEqual(Connection.__abstractmethods__, {"lineReceived", "refusal"})
        made: Any = Connection
        self.assertRaises(TypeError, made)
