"""
People with accounts and roles, without their logins.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import NOW, FakeClient, makeHub, useZone
from twisted_chat.accounts.rules import project
from twisted_chat.chat.hub import Hub
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.text.confusables import looks
from twisted_chat.wire.events import GRANTED, REGISTERED, SERVER, Draft, asData
from twisted_chat.wire.interfaces import IDialect
from twisted_chat.wire.textlines import TEXT


def register(hub: Hub, client: FakeClient) -> None:
    """
    Let somebody who is here register.
    """
    user = client.user
    data = asData({"looks": sorted(looks(user.name))})
    hub.log.append(Draft(REGISTERED, SERVER, user.name, "", "", user.sid, None, data), None)
    user.isProved = True


def appoint(hub: Hub, client: FakeClient, role: str, place: str = SERVER) -> None:
    """
    Let the server give somebody a role.
    """
    user = client.user
    room = SERVER if place == SERVER else hub.rooms.byId[int(place)].name
    data = asData({"place": place, "who": user.sid, "role": role})
    hub.log.append(Draft(GRANTED, room, "server", "", user.name, "", None, data), None)


class Moderated(SynchronousTestCase):
    """
    A chat with Ann, who owns #dev, with Max, its moderator, with Bob and Cid, who is a guest, and
    with Rob, an operator.  All of them are in #dev.
    """

    def setUp(self) -> None:
        useZone(self, "UTC0")
        self.now = NOW
        self.log = MemoryLog(seconds=lambda: self.now, projection=project)
        self.hub = makeHub(self.log, seconds=lambda: self.now)
        self.ann = self.enter("Ann", "192.0.2.1", True)
        self.ann.types("/join #dev")
        self.max = self.enter("Max", "192.0.2.2", True)
        self.bob = self.enter("Bob", "192.0.2.3", True)
        self.cid = self.enter("Cid", "192.0.2.4")
        self.rob = self.enter("Rob", "192.0.2.5", True)
        self.dev = self.hub.rooms["#dev"]
        appoint(self.hub, self.rob, "operator")
        self.all = [self.ann, self.max, self.bob, self.cid, self.rob]
        for client in self.all[1:]:
            client.types("/join #dev")
        appoint(self.hub, self.max, "moderator", self.dev.place)
        self.forget()

    def enter(
        self, name: str, host: str, isRegistered: bool = False, dialect: IDialect = TEXT
    ) -> FakeClient:
        """
        @return: the client of somebody who has logged in from this host.
        """
        client = FakeClient(self.hub, dialect, f"{host}:4000")
        if dialect is TEXT:
            client.login(LoginRequest(name))
        else:
            client.asks("hello", name=name)
        if isRegistered:
            register(self.hub, client)
        return client

    def forget(self) -> None:
        """Look only at what comes from now on."""
        for client in self.all:
            client.forget()

    def said(self, client: FakeClient, *lines: str) -> list[str]:
        """
        @return: the lines that somebody reads in answer to these, and in their wake.
        """
        self.forget()
        client.types(*lines)
        return client.lines

    def restart(self) -> Hub:
        """
        @return: another hub over the same log, as after a restart.
        """
        hub = makeHub(self.log, seconds=lambda: self.now)
        self.successResultOf(Deferred.fromCoroutine(hub.restore()))
        return hub

    def isIn(self, client: FakeClient) -> bool:
        """
        @return: whether somebody is in #dev.
        """
        return client.user.member in self.dev

    def toLobby(self, *clients: FakeClient) -> None:
        """Let people speak in the lobby."""
        for client in clients:
            client.types("/join #lobby")
        self.forget()
