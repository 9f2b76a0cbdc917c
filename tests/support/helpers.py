"""
Builders for tests: a client that records, a hub with its log in memory, people who enter.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from twisted_chat.accounts.rules import project
from twisted_chat.chat.hub import Hub
from twisted_chat.chat.interfaces import Challenge, IClient, ICork, LoginRequest
from twisted_chat.chat.user import User
from twisted_chat.doors.lines.jsonrequests import JSONRequests
from twisted_chat.errors import ChatError, NotStored
from twisted_chat.stores.interfaces import IFollower
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.text.cleaning import cleanText
from twisted_chat.wire.events import Draft
from twisted_chat.wire.interfaces import IDialect
from twisted_chat.wire.jsonlines import JSON
from twisted_chat.wire.textlines import TEXT

NOW = 1_763_822_000.0
"""The wall time of every hub that L{makeHub} makes: it stands still."""

CONNECTED = "Connected... Start sending messages"
"""The first line that a user of the text dialect reads in the chat."""


def useZone(case: SynchronousTestCase, zone: str) -> None:
    """
    Let this be the local time zone for the time of a test, in POSIX form: C{UTC0}, C{EST5}.
    """

    def put(zone: str | None) -> None:
        if zone is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = zone
        time.tzset()

    case.addCleanup(put, os.environ.get("TZ"))
    put(zone)


class Turn:
    """
    The end of the reactor's turn, which comes when the test says so.
    """

    def __init__(self) -> None:
        self._due: list[Callable[[], None]] = []

    def later(self, call: Callable[[], None]) -> None:
        """
        Run this when the turn ends: a log's C{schedule}.
        """
        self._due.append(call)

    def end(self) -> None:
        """
        End the turn, and every turn that follows from it.
        """
        while self._due:
            due, self._due = self._due, []
            for call in due:
                call()


class Clerk:
    """
    An audit that keeps its lines.
    """

    wantsMessages = True

    def __init__(self) -> None:
        self.entries: list[tuple[str, ...]] = []

    def said(self, name: str, text: str, address: str) -> None:
        """See L{twisted_chat.chat.interfaces.Audit.said}."""
        self.entries.append((name, text, address))

    def tell(self, text: str, address: str) -> None:
        """See L{twisted_chat.chat.interfaces.Audit.tell}."""
        self.entries.append((text, address))


class FaultyLog(MemoryLog):
    """
    A log whose disk fails while the test says so.

    @ivar fault: why drafts are refused, or C{None} while all is well.
    """

    fault: ChatError | None = None

    def follow(self, follower: IFollower) -> None:
        """See L{twisted_chat.stores.interfaces.ILog.follow}."""
        super().follow(follower)
        self._follower = follower

    def append(self, draft: Draft, origin: object) -> None:
        """See L{twisted_chat.stores.interfaces.ILog.append}."""
        if self.fault is None:
            super().append(draft, origin)
        else:
            self._follower.refused([(draft, origin)], self.fault)

    def fail(self) -> None:
        """
        Refuse everything from now on.
        """
        self.fault = NotStored("the message was not stored: send it again later")


@implementer(ICork)
class FakeCork:
    """
    A cork of a L{FakeClient}.
    """

    def __init__(self, client: FakeClient) -> None:
        self._client = client

    def send(self, data: bytes) -> Deferred[None]:
        """See L{ICork.send}."""
        return self._client.sendPage(data)

    def release(self, data: bytes) -> None:
        """See L{ICork.release}."""
        self._client.release(self, data)

    def discard(self) -> None:
        """See L{ICork.discard}."""
        self._client.discard()


@implementer(IClient)
class FakeClient:
    """
    A person's connection without a connection: it keeps what it is given, and passes on what its
    person types.

    @ivar user: the person, once they have logged in.
    @ivar puts: what each call sent, in order; what was corked is one item.
    @ivar isTrusted: whether there are no limits per address for it.
    @ivar isExposed: whether others on the way can read it.
    @ivar unreachable: whether it is taken for vanished; the test says so.
    @ivar answeredCalls: how often it was told that something was answered.
    @ivar charged: what each request was charged besides its own line, in lines.
    @ivar closed: whether it was told to close.
    @ivar isOver: whether nothing more is sent: the last lines were, or it is lost.
    @ivar slow: whether a page waits until the test fires C{roomFor}.
    @ivar roomFor: the page that waits, if any.
    @ivar loginError: why the last login was refused, or C{None}.
    """

    def __init__(
        self, hub: Hub, dialect: IDialect = TEXT, address: str = "192.0.2.7:51234"
    ) -> None:
        self.hub = hub
        self.dialect = dialect
        self.address = address
        self.host = address.partition(":")[0]
        self.user: Any = None
        self.put: Callable[[bytes], None] = self._put
        self.puts: list[bytes] = []
        self.isTrusted = False
        self.isExposed = False
        self.unreachable = False
        self.answeredCalls = 0
        self.charged: list[int] = []
        self.closed = False
        self.slow = False
        self.roomFor: Deferred[None] | None = None
        self.loginError: ChatError | None = None
        self._kept: list[bytes] = []
        self._lastLines: bytes | None = None
        self.isOver = False
        self._corks: set[FakeCork] = set()
        self._waits = 0
        self._sent: deque[Callable[[], None]] = deque()
        self._requests: JSONRequests | None = None
        self._loggingIn: Deferred[Any] | None = None

    def _put(self, data: bytes) -> None:
        if not data.endswith(b"\r\n"):
            raise AssertionError(f"not whole lines: {data!r}")
        if self._corks:
            if not self.closed:
                self._kept.append(data)
        else:
            self._send(data)

    def _send(self, data: bytes) -> None:
        if data and not self.isOver:
            self.puts.append(data)

    # What the chat calls

    def cork(self) -> FakeCork:
        """See L{IClient.cork}."""
        cork = FakeCork(self)
        self._corks.add(cork)
        return cork

    def release(self, cork: FakeCork, data: bytes) -> None:
        """See L{ICork.release}."""
        self._send(data)
        if cork in self._corks:
            self._corks.remove(cork)
            if not self._corks:
                kept, self._kept = self._kept, []
                self._send(b"".join(kept))
                self._end()

    def discard(self) -> None:
        """Throw away what is corked."""
        self._kept.clear()
        self._corks.clear()
        self._end()

    def _end(self) -> None:
        if self._lastLines is not None:
            self._send(self._lastLines)
            self.isOver = True

    def reply(self, data: bytes) -> None:
        """See L{IClient.reply}."""
        self.put(data)

    def sendPage(self, data: bytes) -> Deferred[None]:
        """Send ahead of what is corked."""
        self._send(data)
        if not self.slow:
            return succeed(None)
        self.roomFor = Deferred()
        return self.roomFor

    def answered(self) -> None:
        """See L{IClient.answered}."""
        self.answeredCalls += 1

    def charge(self, lines: int) -> None:
        """See L{IClient.charge}."""
        self.charged.append(lines)

    def close(self, lastLines: bytes) -> None:
        """See L{IClient.close}."""
        if not self.closed:
            self.closed = True
            self._lastLines = lastLines
            if not self._corks:
                self._end()

    # What a door does

    def login(self, request: LoginRequest, key: str | None = None) -> None:
        """
        Log in, and note why not; see L{twisted_chat.doors.lines.jsonrequests.Requester}.
        """
        self._loggingIn = login = self.hub.login(self, request)

        def isIn(user: User) -> None:
            self.user = user

        def isRefused(failure: Failure) -> None:
            if failure.check(CancelledError):
                return
            failure.trap(ChatError)
            self.loginError = failure.value  # type: ignore[assignment]
            if self.dialect is JSON:
                self.put(JSON.refusal(failure.value, key))  # type: ignore[arg-type]

        done = login.addCallbacks(isIn, isRefused)
        self.wait(done)

    def wait(self, result: Deferred[None]) -> None:
        """See L{twisted_chat.doors.lines.jsonrequests.Requester}."""
        if not result.called:
            self._waits += 1
            result.addBoth(lambda _: self._goOnAgain())

    def _goOnAgain(self) -> None:
        self._waits -= 1
        self._goOn()

    # What the person does

    def challenge(self, message: str, key: str | None = None) -> Deferred[Challenge]:
        """See L{Requester.challenge}."""
        return self.hub.challenge(self, message)

    def refuseLogin(self, error: ChatError) -> None:
        """See L{Requester.refuseLogin}."""
        self.loginError = error
        self.put(self.dialect.refusal(error, None))

    def types(self, *lines: str) -> None:
        """
        Send lines in the text dialect, as a door passes them on.
        """
        self._sent.extend(partial(self._type, line) for line in lines)
        self._goOn()

    def _type(self, line: str) -> None:
        try:
            asked = self.user.perform(cleanText(line))
        except ChatError as error:
            self.user.refuse(error)
        else:
            if asked is not None:
                self.wait(asked)

    def _goOn(self) -> None:
        while self._sent and not self._waits and not (self.user and self.user.leaving):
            self._sent.popleft()()

    def asks(self, type: str, **fields: Any) -> None:
        """
        Send an object in the JSON dialect.
        """
        if self._requests is None:
            self._requests = JSONRequests(self)
        raw = json.dumps({"type": type, **fields}).encode()
        self._sent.append(partial(self._requests.take, raw))
        self._goOn()

    def drops(self) -> None:
        """
        Lose the connection: nothing that is sent from now on arrives, and the person leaves.
        """
        self.closed = self.isOver = True
        if self.user is None:
            if self._loggingIn is not None:
                self._loggingIn.cancel()
        elif self.user.client is self:
            self.user.put = lambda data: None
            self.user.drop()

    # What the person has seen

    @property
    def lines(self) -> list[str]:
        """
        All lines that arrived, without their ends.
        """
        return b"".join(self.puts).decode().split("\r\n")[:-1]

    @property
    def objects(self) -> list[dict[str, Any]]:
        """
        All objects that arrived.
        """
        return [json.loads(line) for line in self.lines]

    def objectsOf(self, *types: str) -> list[dict[str, Any]]:
        """
        @return: the objects of these types that arrived.
        """
        return [value for value in self.objects if value["type"] in types]

    def forget(self) -> None:
        """
        Look only at what comes from now on.
        """
        self.puts.clear()


def makeHub(log: MemoryLog | None = None, **options: Any) -> Hub:
    """
    @param log: without it, one that hands over every draft at once.
    @param options: for L{Hub}.
    @return: a hub whose wall clock stands still at L{NOW}, and for which each look at the other
        clock is 1.5 s after the last.
    """
    clock = {"seconds": lambda: NOW, "monotonic": count(0.0, 1.5).__next__, **options}
    if log is None:
        log = MemoryLog(seconds=clock["seconds"], projection=project)
    return Hub(log, **clock)


def makeTurnHub(**options: Any) -> tuple[Hub, Turn]:
    """
    @return: a hub that gets one batch a turn, and its turn.
    """
    turn = Turn()
    return makeHub(MemoryLog(turn.later, lambda: NOW, projection=project), **options), turn


def enter(hub: Hub, name: str, dialect: IDialect = TEXT) -> FakeClient:
    """
    @return: the client of somebody who logs in; in the text dialect without a session to resume,
        in the JSON dialect with one.
    """
    client = FakeClient(hub, dialect)
    if dialect is JSON:
        client.asks("hello", name=name)
    else:
        client.login(LoginRequest(name))
    return client


def enterAll(hub: Hub, *names: str, dialect: IDialect = TEXT) -> list[FakeClient]:
    """
    @return: the clients of people who enter one after the other and forget what they saw of it.
    """
    clients = [enter(hub, name, dialect) for name in names]
    for client in clients:
        client.forget()
    return clients


def resume(hub: Hub, welcome: dict[str, Any], last: int, **fields: Any) -> FakeClient:
    """
    @param welcome: the C{welcome} object of the session.
    @param last: the last id that was seen.
    @param fields: what else, or otherwise, is in the C{hello}.
    @return: the client that goes on with the session.
    """
    client = FakeClient(hub, JSON)
    hello = {"name": welcome["name"], "token": welcome["token"], "epoch": welcome["epoch"]}
    client.asks("hello", **{**hello, "last": last, **fields})
    return client


def newest(client: FakeClient) -> int:
    """
    @return: the last id that this client has seen, as docs/protocol.md says that it counts.
    """
    ids = [value["last"] for value in client.objectsOf("welcome") if not value["missed"]]
    ids += [value["id"] for value in client.objects if "id" in value and "old" not in value]
    return max(ids, default=0)
