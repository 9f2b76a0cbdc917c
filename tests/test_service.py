"""
Tests for L{twisted_chat.service}.
"""

from __future__ import annotations

import errno
import gc
import signal
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.support.peers import Peer
from tests.support.transports import FakeEndpoint
from twisted_chat import service as module
from twisted_chat.chat.hub import Hub
from twisted_chat.doors.gate import Gate
from twisted_chat.doors.interfaces import IDoor
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.errors import NoHistory
from twisted_chat.net.limits import Limits
from twisted_chat.net.listener import Listener
from twisted_chat.ops.auditlog import AuditLog
from twisted_chat.service import CannotStart, ChatService
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import CREATED, TOPIC, Event


class FakeReactor(Clock):
    """
    A reactor that runs what it is given as soon as it runs.

    @ivar stops: how often it was told to stop.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stops = 0
        self._whenRunning: list[tuple[Callable[..., object], tuple[object, ...]]] = []

    def callWhenRunning(self, call: Callable[..., object], *arguments: object) -> None:
        """See C{IReactorCore}."""
        self._whenRunning.append((call, arguments))

    def callFromThread(
        self, call: Callable[..., object], *arguments: object, **named: object
    ) -> None:
        """See C{IReactorFromThreads}: in the next turn."""
        self.callLater(0, call, *arguments, **named)

    def run(self) -> None:
        """
        Begin to run.
        """
        for call, arguments in self._whenRunning:
            call(*arguments)

    def stop(self) -> None:
        """See C{IReactorCore}."""
        self.stops += 1


class SlowLog(MemoryLog):
    """
    A log that opens and closes when the test says so.
    """

    def __init__(self) -> None:
        super().__init__()
        self.opened: Deferred[None] = Deferred()
        self.closed: Deferred[None] = Deferred()
        self.closing = False
        self.state: list[Event] = []

    def start(self) -> Deferred[None]:
        """See L{twisted_chat.stores.interfaces.ILog}."""
        return self.opened

    def stateAfter(self, id: int, limit: int) -> Deferred[list[Event]]:
        """See L{twisted_chat.stores.interfaces.IRooms}."""
        return succeed([event for event in self.state if event.id > id][:limit])

    def stop(self) -> Deferred[None]:
        """See L{twisted_chat.stores.interfaces.ILog}."""
        self.closing = True
        return self.closed


@implementer(IDoor)
class FakeDoor:
    """
    A door that notes what is asked of it, and closes when it is cut.
    """

    def __init__(self, name: str, calls: list[str]) -> None:
        self._name = name
        self._calls = calls
        self._closed: Deferred[None] = Deferred()

    def _note(self, call: str) -> None:
        self._calls.append(f"{self._name} {call}")

    def bind(self) -> None:
        """See L{IDoor.bind}."""
        self._note("bind")

    def open(self) -> None:
        """See L{IDoor.open}."""
        self._note("open")

    def describe(self) -> list[str]:
        """See L{IDoor.describe}."""
        return [f"{self._name} is open"]

    def stopReading(self) -> None:
        """See L{IDoor.stopReading}."""
        self._note("stopReading")

    def sayGoodbye(self, text: str) -> Deferred[None]:
        """See L{IDoor.sayGoodbye}."""
        self._note(text)
        return self._closed

    def abort(self) -> None:
        """See L{IDoor.abort}."""
        self._note("abort")
        self._closed.callback(None)


class ServiceTests(SynchronousTestCase):
    """
    Tests for L{ChatService}.
    """

    def setUp(self) -> None:
        self.reactor = FakeReactor()
        self.log = SlowLog()
        self.gate = Gate(Hub(self.log), clock=self.reactor)
        self.others: list[IDoor] = []
        self.calls: list[str] = []
        self.entries: list[str] = []
        self.handlers: dict[int, Callable[..., object]] = {}
        self.atExit: list[Callable[[], object]] = []
        self.patch(signal, "signal", self.handlers.__setitem__)
        self.patch(module, "atexit", SimpleNamespace(register=self.atExit.append))
        self.addCleanup(gc.unfreeze)

        @implementer(ILogObserver)
        def observe(event: LogEvent) -> None:
            self.entries.append(formatEvent(event))

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)

    def make(self, *listeners: Listener) -> ChatService:
        """
        A service that listens there, or on a fake port.
        """
        listeners = listeners or (self.listener(),)
        self.factory = ChatFactory(gate=self.gate, listeners=listeners)
        doors = [self.factory, *self.others]
        auditLog = AuditLog(self.reactor.seconds, self.reactor)
        return ChatService(self.reactor, doors, self.log, self.gate.hub, auditLog)

    def listener(self, error: Exception | None = None, host: Any = None) -> Listener:
        """
        A listener on a fake port.
        """
        endpoint: Any = FakeEndpoint(self.calls, error, host)
        return Listener(endpoint, "port 5000")

    def begin(self, *listeners: Listener) -> ChatService:
        """
        A service that has begun.
        """
        service = self.make(*listeners)
        service.privilegedStartService()
        service.startService()
        self.reactor.run()
        return service

    def test_order(self) -> None:
        """The service binds first, and lets nobody in before the log is open."""
        service = self.make()
        service.privilegedStartService()
        self.assertEqual(self.calls, ["listen", "wait"])
        service.startService()
        self.reactor.run()
        self.assertEqual((self.calls, self.entries), (["listen", "wait"], []))
        self.log.opened.callback(None)
        self.assertEqual(self.calls, ["listen", "wait", "accept"])

    def test_stopBeforeOpen(self) -> None:
        """A service that is stopped while the log opens closes the log and lets nobody in."""
        service = self.begin()
        service.stopService()
        self.assertFalse(self.log.closing)
        self.log.opened.callback(None)
        self.assertTrue(self.log.closing)
        self.assertNotIn("accept", self.calls)
        self.log.closed.callback(None)
        self.reactor.advance(Limits.drainTimeout)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_withoutPrivileges(self) -> None:
        """The service binds at the start where nobody has let it bind before."""
        self.make().startService()
        self.assertEqual(self.calls, ["listen", "wait"])

    def test_told(self) -> None:
        """The log says that the server has started, and what people type to come in."""
        self.begin()
        self.log.opened.callback(None)
        self.assertEqual(
            self.entries,
            [
                "Chat server started on port 5000",
                "People enter with: twisted-chat 192.0.2.1 5000",
            ],
        )

    def test_everywhere(self) -> None:
        """A server that listens everywhere tells addresses that can be reached."""
        self.begin(self.listener(host=IPv4Address("TCP", "0.0.0.0", 5000)))
        self.log.opened.callback(None)
        self.assertIn("People enter with: twisted-chat 127.0.0.1 5000", self.entries)
        self.assertNotIn("0.0.0.0", "".join(self.entries))

    def test_withoutPort(self) -> None:
        """Where there is no port number, the operator's own words are told."""
        self.begin(self.listener(host=UNIXAddress("/run/chat")))
        self.log.opened.callback(None)
        self.assertEqual(self.entries, ["Chat server started on port 5000"])

    def test_rooms(self) -> None:
        """The rooms are made again before anybody comes in."""
        self.log.state = [
            Event(1, 0.0, CREATED, "#dev", "Ann", sid="ann"),
            Event(2, 0.0, TOPIC, "#dev", "Ann", "Code", sid="ann"),
        ]
        self.begin()
        self.log.opened.callback(None)
        room = self.gate.hub.rooms.get("#dev")
        assert room is not None
        self.assertEqual(room.topic, "Code")

    def test_tables(self) -> None:
        """The tables of names are loaded one by one when people are in, and not beyond the end."""
        loaded: list[str] = []
        tables = [partial(loaded.append, name) for name in ("one", "two", "three")]
        self.patch(module, "TABLES", tables)
        service = self.begin()
        self.log.opened.callback(None)
        self.reactor.advance(0.09)
        self.assertEqual(loaded, [])
        self.reactor.advance(0.02)
        self.assertEqual(loaded, ["one"])
        self.reactor.advance(0.1)
        self.assertEqual(loaded, ["one", "two"])
        service.stopService()
        self.reactor.advance(0.1)
        self.assertEqual(loaded, ["one", "two"])

    def test_tidy(self) -> None:
        """The chat is tidied every minute; that it fails once is logged, and no more."""
        service = self.begin()
        tidied: list[float] = []

        def tidy() -> None:
            tidied.append(self.reactor.seconds())
            raise ZeroDivisionError

        self.gate.hub.tidy = tidy  # type: ignore[method-assign]
        self.reactor.advance(60)
        self.assertEqual(tidied, [])
        self.log.opened.callback(None)
        self.reactor.pump([60] * 2)
        self.assertEqual(tidied, [120, 180])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        self.log.closed.callback(None)
        self.assertIs(self.successResultOf(service.stopService()), None)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_manyDoors(self) -> None:
        """All doors are bound before the log is opened, then opened, told, and closed together."""
        calls: list[str] = []
        self.others = [FakeDoor("second", calls), FakeDoor("third", calls)]
        service = self.begin()
        self.assertEqual(calls, ["second bind", "third bind"])
        self.log.opened.callback(None)
        self.assertEqual(calls[2:], ["second open", "third open"])
        self.assertEqual(self.entries[-2:], ["second is open", "third is open"])
        del calls[:]
        peer = self.deaf()
        stopped = service.stopService()
        self.assertEqual(calls, ["second stopReading", "third stopReading"])
        self.log.closed.callback(None)
        text = "server is going down"
        self.assertEqual(calls[2:], [f"second {text}", f"third {text}"])
        self.signalled(signal.SIGTERM)
        self.assertTrue(peer.isLost)
        self.assertEqual(calls[4:], ["second abort", "third abort"])
        self.assertIs(self.successResultOf(stopped), None)

    def taken(self, number: int = errno.EADDRINUSE) -> CannotListenError:
        """
        What a port says that cannot be had.
        """
        return CannotListenError("", 5000, OSError(number, "Address already in use"))

    def test_portTaken(self) -> None:
        """A port in use ends the start with a sentence; a daemon's parent hears it, too."""
        service = self.make(self.listener(self.taken()))
        error = self.assertRaises(CannotStart, service.privilegedStartService)
        self.assertIsInstance(error, SystemExit)
        self.assertIsInstance(error, Exception)
        self.assertEqual(
            error.code,
            "chatserver: cannot listen on port 5000: Address already in use. Choose another "
            "--port, or end the program that has it.",
        )

    def test_noLog(self) -> None:
        """When the log cannot be opened, the server ends with a sentence and the status 1."""
        service = self.begin()
        self.log.opened.errback(NoHistory("there is no directory: make it"))
        self.assertEqual(self.entries, ["there is no directory: make it"])
        self.assertEqual(self.reactor.stops, 1)
        self.assertEqual(len(self.atExit), 1)
        self.assertIs(self.successResultOf(service.stopService()), None)
        self.assertEqual(self.calls, ["listen", "wait", "close"])
        self.assertFalse(self.log.closing)

    def test_brokenLog(self) -> None:
        """An error that nobody expected is logged, and ends the server, too."""
        self.begin()
        self.log.opened.errback(ZeroDivisionError())
        self.assertEqual(self.entries[-1], "the server cannot start")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(self.reactor.stops, 1)

    def test_stop(self) -> None:
        """The service stops reading, stores, answers, says goodbye and waits for all."""
        service = self.begin()
        self.log.opened.callback(None)
        peer = Peer(self.factory, "Ann")
        stopped = service.stopService()
        self.assertEqual(self.calls[-1], "close")
        self.assertFalse(peer.isReadFrom)
        self.assertTrue(self.log.closing)
        self.assertEqual(peer.lines, [])
        self.log.closed.callback(None)
        self.assertEqual(peer.lines, ["* server is going down"])
        self.assertTrue(peer.isClosed)
        self.assertNoResult(stopped)
        peer.drops()
        self.assertIs(self.successResultOf(stopped), None)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_stopWithNobody(self) -> None:
        """Where nobody is, the end comes at once."""
        service = self.begin()
        self.log.opened.callback(None)
        self.log.closed.callback(None)
        self.assertIs(self.successResultOf(service.stopService()), None)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def deaf(self) -> Peer:
        """
        Somebody who leaves only when they are cut.
        """
        peer = Peer(self.factory, "Ann")
        peer.transport.abortConnection = peer.drops
        return peer

    def test_stopTheDeaf(self) -> None:
        """A client that does not read the goodbye in 5 seconds is cut."""
        service = self.begin()
        self.log.opened.callback(None)
        self.log.closed.callback(None)
        self.deaf()
        stopped = service.stopService()
        self.reactor.pump([0.1] * 49)
        self.assertNoResult(stopped)
        self.reactor.pump([0.1] * 2)
        self.assertIs(self.successResultOf(stopped), None)

    def signalled(self, number: int) -> None:
        """
        A signal comes, and the reactor turns.
        """
        self.handlers[number](number, None)
        self.reactor.advance(0)

    def test_signals(self) -> None:
        """SIGTERM and SIGINT end the reactor in its own turn, so the exit status is 0."""
        self.begin()
        self.log.opened.callback(None)
        for number in (signal.SIGTERM, signal.SIGINT):
            self.handlers[number](number, None)
        self.assertEqual(self.reactor.stops, 0)
        self.reactor.advance(0)
        self.assertEqual(self.reactor.stops, 2)

    def test_secondSignal(self) -> None:
        """At the second signal nobody is waited for any more."""
        service = self.begin()
        self.log.opened.callback(None)
        self.log.closed.callback(None)
        self.deaf()
        stopped = service.stopService()
        self.signalled(signal.SIGINT)
        self.assertIs(self.successResultOf(stopped), None)
        self.assertEqual(self.reactor.stops, 0)

    def test_secondSignalWhileStoring(self) -> None:
        """A second signal that comes while the log closes is not forgotten."""
        service = self.begin()
        self.log.opened.callback(None)
        self.deaf()
        stopped = service.stopService()
        self.signalled(signal.SIGTERM)
        self.assertNoResult(stopped)
        self.log.closed.callback(None)
        self.assertIs(self.successResultOf(stopped), None)
