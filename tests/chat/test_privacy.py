# -*- test-case-name: tests.chat.test_privacy -*-
"""
Who may read what: a model of rooms, compared with everything that people are ever sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import NOW, FakeClient, Turn, enter, makeHub, resume
from twisted_chat.chat.hub import FORGET_ROOMS_SECONDS
from twisted_chat.chat.room import Room
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.jsonlines import JSON

PEOPLE = ("Ann", "Bob", "Cem")
ROOMS = ("#plans", "#PLANS", "#den")
PASSWORDS = ("", "sesame1", "sesame2")
STRANGER = "Mallory"


@dataclass
class Time:
    """
    A stretch of a room's life in which its law stays the same.

    @ivar private: whether only members may read it.
    @ivar password: what opens the room, or empty.
    @ivar said: the messages of this time, with those who may read each.
    @ivar members: those who are members now, connected or not.
    """

    private: bool
    password: str = ""
    said: dict[str, set[str]] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    invited: set[str] = field(default_factory=set)
    expelled: set[str] = field(default_factory=set)

    def admit(self, person: str) -> None:
        """Make somebody a member: they may read this time from its beginning."""
        self.members.add(person)
        for readers in self.said.values():
            readers.add(person)


@dataclass
class RoomModel:
    """
    A room, as the rules say that it should be.
    """

    owner: str
    times: list[Time]

    @property
    def now(self) -> Time:
        """The newest time."""
        return self.times[-1]


class World:
    """
    A server, its people, and the model of them.
    """

    def __init__(self) -> None:
        self.wall = NOW
        self.clock = 0.0
        self.turn = Turn()
        self.log = MemoryLog(self.turn.later, lambda: self.wall)
        self.hub = self.makeHub()
        self.models: dict[int, RoomModel] = {}
        self.readers: dict[str, set[str] | None] = {}
        self.clients: dict[str, FakeClient | None] = {}
        self.all: dict[str, list[FakeClient]] = {}
        self.welcomes: dict[str, dict[str, Any]] = {}
        self.count = 0
        for person in PEOPLE:
            self.enter(person)

    def makeHub(self) -> Any:
        return makeHub(self.log, seconds=lambda: self.wall, monotonic=lambda: self.clock)

    def enter(self, person: str) -> None:
        client = enter(self.hub, person, JSON)
        self.turn.end()
        self.clients[person] = client
        self.all.setdefault(person, []).append(client)
        self.welcomes[person] = client.objects[0]

    def do(self, person: str, line: str) -> bool:
        """
        @return: whether it was not refused.
        """
        client = self.clients[person]
        assert client is not None
        before = len(client.objectsOf("error"))
        client.asks("command", line=line)
        self.turn.end()
        return len(client.objectsOf("error")) == before

    def current(self, person: str) -> Room:
        client = self.clients[person]
        assert client is not None
        room: Room = client.user.current
        return room

    def model(self, room: Room) -> RoomModel:
        return self.models[room.id]

    # What people do, and what it should come to

    def join(self, person: str, name: str, password: str) -> None:
        room = self.hub.rooms.known(name)
        expected = True
        if room is not None and room.id in self.models:
            model = self.model(room)
            now = model.now
            if person in now.members:
                expected = not (password and not now.private)
            elif now.private and person != model.owner:
                right = bool(now.password) and password == now.password
                expected = person not in now.expelled and (person in now.invited or right)
                if person in now.invited:
                    expected = True
            else:
                expected = not (password and not now.private)
        done = self.do(person, f"/join {name} {password}".strip())
        assert done == expected, (person, name, password, done, expected)
        if not done:
            return
        room = self.current(person)
        if room.id not in self.models:
            self.models[room.id] = RoomModel(person, [Time(bool(password), password)])
        self.model(room).now.admit(person)

    def leave(self, person: str) -> None:
        room = self.current(person)
        if self.do(person, "/leave"):
            self.model(room).now.members.discard(person)

    def lock(self, person: str, password: str) -> None:
        room = self.current(person)
        done = self.do(person, f"/lock {password}".strip())
        assert done == (room.id in self.models and self.model(room).owner == person)
        if done:
            model = self.model(room)
            present = {each for each in PEOPLE if self.isIn(each, room)}
            model.times.append(Time(True, password, members=present))

    def unlock(self, person: str) -> None:
        room = self.current(person)
        if self.do(person, "/unlock"):
            model = self.model(room)
            assert model.owner == person
            model.times.append(Time(False, members=set(model.now.members)))

    def isIn(self, person: str, room: Room) -> bool:
        client = self.clients[person]
        return client is not None and client.user in room

    def invite(self, person: str, guest: str) -> None:
        room = self.current(person)
        if self.do(person, f"/invite {guest}") and room.id in self.models:
            now = self.model(room).now
            if now.private:
                now.invited.add(guest)
                now.expelled.discard(guest)

    def kick(self, person: str, target: str) -> None:
        room = self.current(person)
        if self.do(person, f"/kick {target}"):
            now = self.model(room).now
            now.members.discard(target)
            now.invited.discard(target)
            now.expelled.add(target)

    def say(self, person: str) -> None:
        room = self.current(person)
        self.count += 1
        text = f"word{self.count}x"
        client = self.clients[person]
        assert client is not None
        client.asks("say", text=text, room=room.name)
        self.turn.end()
        if room.id in self.models and self.model(room).now.private:
            now = self.model(room).now
            now.said[text] = self.readers[text] = set(now.members)
        else:
            self.readers[text] = None

    def drop(self, person: str) -> None:
        client = self.clients[person]
        assert client is not None
        client.drops()
        self.turn.end()
        self.clients[person] = None

    def resume(self, person: str) -> None:
        client = resume(self.hub, self.welcomes[person], 0)
        self.turn.end()
        self.clients[person] = client
        self.all[person].append(client)
        rooms = {room.id for room in client.user.rooms}
        for id, model in self.models.items():
            isMember = person in model.now.members
            if id in rooms:
                assert (
                    isMember
                    or person in model.now.invited | {model.owner}
                    or not (model.now.private)
                ), (person, id)
                model.now.admit(person)
            elif self.hub.rooms.byId.get(id) is not None:
                assert not isMember or not model.now.private, (person, id)
                model.now.members.discard(person)

    def restart(self) -> None:
        for person, client in self.clients.items():
            if client is not None:
                client.closed = client.isOver = True
                self.clients[person] = None
        self.turn.end()
        self.hub = self.makeHub()
        restored = Deferred.fromCoroutine(self.hub.restore())
        assert restored.called

    def forgetRooms(self) -> None:
        self.wall += FORGET_ROOMS_SECONDS + 1
        self.hub.tidy()
        self.turn.end()

    def look(self, person: str) -> None:
        """Ask for everything that can be asked for."""
        client = self.clients[person]
        assert client is not None
        for room in list(client.user.rooms):
            client.asks("history", room=room.name, count=1000)
        for number in range(1, self.count + 1):
            client.asks("search", words=f"word{number}x")
        for name in ROOMS:
            client.asks("search", words=f"in:{name}")
            client.asks("history", room=name, count=1000)
        self.turn.end()

    def check(self, case: SynchronousTestCase) -> None:
        """
        Compare what everybody was ever sent with what they may read.
        """
        for person, clients in self.all.items():
            seen = "".join("".join(client.lines) for client in clients)
            for text, readers in self.readers.items():
                if readers is not None and text in seen:
                    case.assertIn(person, readers, (text, person))


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(
            "join join join say say leave lock lock unlock invite kick drop resume restart forget "
            "look".split()
        ),
        st.integers(0, 2),
        st.integers(0, 2),
    ),
    max_size=40,
)


class PrivacyTests(SynchronousTestCase):
    """
    Private means private.
    """

    @settings(deadline=None, max_examples=300, derandomize=True)
    @given(ACTIONS)
    def test_everySequence(self, actions: list[tuple[str, str, int, int]]) -> None:
        """
        Whatever people do, nobody is ever sent a word of a private time that they were no member
        of, and everybody gets in exactly where the rules say so.
        """
        world = World()
        for person, action, first, second in actions:
            isHere = world.clients[person] is not None
            if action == "resume":
                if not isHere:
                    world.resume(person)
            elif action == "restart":
                world.restart()
            elif action == "forget":
                world.forgetRooms()
            elif not isHere:
                continue
            elif action == "join":
                world.join(person, ROOMS[first], PASSWORDS[second])
            elif action == "lock":
                world.lock(person, PASSWORDS[first])
            elif action in ("invite", "kick"):
                if world.clients[PEOPLE[first]] is not None:
                    getattr(world, action)(person, PEOPLE[first])
            elif action == "drop":
                world.drop(person)
            else:
                getattr(world, action)(person)
        for person in PEOPLE:
            if world.clients[person] is None:
                world.resume(person)
            world.look(person)
        world.enter(STRANGER)
        for name in ROOMS:
            world.clients[STRANGER].asks("command", line=f"/join {name}")  # type: ignore[union-attr]
            world.turn.end()
        world.look(STRANGER)
        for person in PEOPLE:
            for name in ROOMS:
                world.do(person, f"/join {name}")
            world.look(person)
        world.check(self)
