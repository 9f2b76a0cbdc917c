"""
People with accounts, and their devices.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import NOW, FakeClient, enter, makeHub, makeTurnHub
from twisted_chat.accounts.rules import project
from twisted_chat.chat.hub import Hub
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.text.secrets import makeDeviceSecret
from twisted_chat.wire.interfaces import IDialect
from twisted_chat.wire.jsonlines import JSON
from twisted_chat.wire.scram import MIN_ITERATIONS, ClientExchange, makeVerifier
from twisted_chat.wire.textlines import TEXT

SECRET = r"(\w{4}-){3}\w{4}"
"""A secret or one-time code as it is shown, as a regular expression."""


def register(client: FakeClient) -> str:
    """
    Let a user of the text dialect register.

    @return: the secret that they were shown.
    """
    client.types("/register")
    return client.lines[-1].rpartition(" ")[2]


def logIn(hub: Hub, line: str, host: str = "192.0.2.7") -> FakeClient:
    """
    @param line: what somebody types at the prompt.
    @return: their client.
    """
    client = FakeClient(hub, TEXT, f"{host}:51234")
    client.login(LoginRequest(line))
    return client


def helloWith(hub: Hub, name: str, secret: str, **fields: Any) -> FakeClient:
    """
    @return: the client of a program that logs in with a password.
    """
    client = FakeClient(hub, JSON)
    client.asks("hello", name=name, password=secret, **fields)
    return client


def addDevice(client: FakeClient, label: str) -> str:
    """
    Let a program register, or add itself as a device.

    @return: its secret.
    """
    secret = makeDeviceSecret()
    verifier = makeVerifier(secret, MIN_ITERATIONS)
    client.asks("register", key="r1", label=label, verifier=str(verifier))
    return secret


def prove(hub: Hub, name: str, secret: str, **hello: Any) -> FakeClient:
    """
    @param name: that of an account, and behind a slash the label of a device.
    @param hello: further fields of the first object.
    @return: the client of a program that logs in by SCRAM.
    """
    client = FakeClient(hub, JSON)
    exchange = ClientExchange(name, secret)
    client.asks("hello", name=name.partition("/")[0], scram=exchange.first, **hello)
    if client.objects[-1]["type"] == "challenge":
        client.asks("proof", scram=exchange.answer(client.objects[-1]["scram"]))
    welcome = client.objectsOf("welcome")
    if welcome:
        exchange.verify(welcome[0]["scram"])
    return client


class AccountsTestCase(SynchronousTestCase):
    """
    A chat with Ann, who is registered, and Bob, who is a guest.

    @ivar secret: Ann's.
    @ivar now: the wall time.
    @ivar passed: the time on the other clock.
    """

    def setUp(self) -> None:
        self.now, self.passed = NOW, 1_000.0
        self.log = self.makeLog()
        self.hub = self.makeHub()
        self.ann, self.bob = enter(self.hub, "Ann"), enter(self.hub, "Bob")
        self.secret = register(self.ann)
        self.forget(self.ann, self.bob)

    def makeLog(self) -> MemoryLog:
        """
        @return: the log of the chat.
        """
        return MemoryLog(seconds=lambda: self.now, projection=project)

    def makeHub(self) -> Hub:
        """
        @return: a hub over the log.
        """
        return makeHub(self.log, seconds=lambda: self.now, monotonic=lambda: self.passed)

    def restart(self) -> None:
        """
        Start another hub over the same log.
        """
        self.hub = self.makeHub()
        self.successResultOf(Deferred.fromCoroutine(self.hub.restore()))

    def logIn(self, line: str, host: str = "192.0.2.7") -> FakeClient:
        """
        @param line: what somebody types at the prompt.
        @return: their client.
        """
        return logIn(self.hub, line, host)

    def annAgain(self) -> FakeClient:
        """
        @return: one more connection of Ann's.
        """
        client = self.logIn(f"Ann {self.secret}")
        self.assertIsNone(client.loginError)
        client.forget()
        return client

    def refusal(self, line: str, host: str = "192.0.2.7") -> str:
        """
        @return: why somebody who types this at the prompt is refused.
        """
        error = self.logIn(line, host).loginError
        assert error is not None, line
        return f"{error.code}: {error.sentence}"

    def said(self, client: FakeClient, *lines: str) -> list[str]:
        """
        @return: the lines that somebody reads in answer to these.
        """
        client.forget()
        client.types(*lines)
        return client.lines

    def forget(self, *clients: FakeClient) -> None:
        """
        Look only at what comes from now on.
        """
        for client in clients:
            client.forget()


class TurnTestCase(SynchronousTestCase):
    """
    A chat whose log hands over one batch a turn, with Ann, who is registered.

    @ivar secret: Ann's.
    """

    def setUp(self) -> None:
        self.hub, self.turn = makeTurnHub()
        self.ann = self.enter("Ann")
        self.ann.types("/register")
        self.turn.end()
        self.secret = self.ann.lines[-1].rpartition(" ")[2]
        self.ann.forget()

    def enter(self, name: str, dialect: IDialect = TEXT) -> FakeClient:
        """
        @return: the client of somebody who has logged in.
        """
        client = enter(self.hub, name, dialect)
        self.turn.end()
        return client

    def logIn(self, line: str) -> FakeClient:
        """
        @param line: what somebody types at the prompt.
        @return: their client, before the log has returned anything.
        """
        return logIn(self.hub, line)
