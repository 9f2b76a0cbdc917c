# -*- test-case-name: tests.chat.test_privacy -*-
"""
The right to read: a model of rooms, compared with everything that people are ever sent.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import (
    NOW,
    FakeClient,
    FaultyLog,
    Turn,
    enter,
    enterAll,
    makeHub,
    makeTurnHub,
    resume,
)
from twisted_chat.chat.emptyrooms import DAY, FORGET_DAYS
from twisted_chat.chat.member import membersOf
from twisted_chat.chat.room import Room
from twisted_chat.steadyclock import PROOF
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.jsonlines import JSON
from twisted_chat.wire.textlines import TEXT

PEOPLE = ("Ann", "Bob", "Cem")
ROOMS = ("#plans", "#PLANS", "#den")
LOBBIES = ("#lobby", "#plans", "#DEN")
PASSWORDS = ("", "sesame1", "sesame2")
STRANGER = "Mallory"
WEEK = FORGET_DAYS * DAY


class FragileLog(MemoryLog):
    """
    A log on a disk that may stop at any time: what is kept of rooms and sessions is durable with
    the next batch of events, as on a real one.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._save()

    def _save(self) -> None:
        sessions = copy(self._sessions)
        sessions._bySid, sessions._byHash = dict(sessions._bySid), dict(sessions._byHash)
        self._durable = sessions, dict(self._rooms), self._reflected

    def _handOver(self) -> None:
        self._save()
        super()._handOver()

    def crash(self) -> None:
        """Lose what is not durable."""
        self._sessions, self._rooms, self._reflected = self._durable
        self._taken = []
        self._save()


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
        self.log = FragileLog(self.turn.later, lambda: self.wall)
        self.lobby = LOBBIES[0]
        self.hub = self.makeHub()
        self.models: dict[int, RoomModel] = {}
        self.readers: dict[str, set[str] | None] = {}
        self.said: dict[int, list[str]] = {}
        self.clients: dict[str, FakeClient | None] = {}
        self.all: dict[str, list[FakeClient]] = {}
        self.welcomes: dict[str, dict[str, Any]] = {}
        self.count = 0
        # These may not be where they were, and yet have their rights; nobody gains any.
        self.slept: set[str] = set()
        for person in PEOPLE:
            self.enter(person)

    def makeHub(self) -> Any:
        clocks = {"seconds": lambda: self.wall, "monotonic": lambda: self.clock}
        hub = makeHub(self.log, lobby=self.lobby, **clocks)
        restored = Deferred.fromCoroutine(hub.restore())
        assert restored.called
        return hub

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
        if room is self.hub.lobby:
            expected = not password
        elif room is None and self.hub.rooms.lookalike(name) is not None:
            expected = False
        elif room is not None and room.id in self.models:
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
        if done != expected:
            isLost = expected and person in self.slept
            assert isLost, (person, name, password, done, expected)
        if not done:
            return
        room = self.current(person)
        if room is self.hub.lobby:
            return
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
        return client is not None and client.user.member in room

    def invite(self, person: str, guest: str) -> None:
        room = self.current(person)
        if self.do(person, f"/invite {self.nameOf(guest)}") and room.id in self.models:
            now = self.model(room).now
            if now.private:
                now.invited.add(guest)
                now.expelled.discard(guest)

    def kick(self, person: str, target: str) -> None:
        room = self.current(person)
        if self.do(person, f"/kick {self.nameOf(target)}"):
            now = self.model(room).now
            now.members.discard(target)
            now.invited.discard(target)
            now.expelled.add(target)

    def say(self, person: str) -> None:
        room = self.current(person)
        text = self.word()
        client = self.clients[person]
        assert client is not None
        client.asks("say", text=text, room=room.name)
        self.turn.end()
        self.noteSaid(room, text)
        self.said.setdefault(room.id, []).append(text)

    def topic(self, person: str) -> None:
        room = self.current(person)
        text = self.word()
        if self.do(person, f"/topic {text}"):
            self.noteSaid(room, text)

    def tell(self, person: str, other: str) -> None:
        text = self.word()
        self.do(person, f"/msg {self.nameOf(other)} {text}")
        self.readers[text] = {person, other}

    def word(self) -> str:
        """A word that nobody wrote before."""
        self.count += 1
        return f"word{self.count}x"

    def nameOf(self, person: str) -> str:
        """The name that somebody had last."""
        name: str = self.all[person][-1].user.name
        return name

    def nick(self, person: str, other: str, isOwn: bool) -> None:
        """Take a new name, or the one of somebody else."""
        if isOwn:
            self.count += 1
            self.do(person, f"/nick {person}{self.count}")
        elif other != person:
            assert not self.do(person, f"/nick {self.nameOf(other)}"), (person, other)

    def noteSaid(self, room: Room, text: str) -> None:
        """Note who may read what was said now."""
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

    def quit(self, person: str) -> None:
        client = self.clients[person]
        assert client is not None
        client.asks("bye")
        self.turn.end()
        self.clients[person] = None

    def resume(self, person: str) -> None:
        client = resume(self.hub, {**self.welcomes[person], "name": self.nameOf(person)}, 0)
        self.turn.end()
        if client.user is None:
            # Who said goodbye, and whose name was taken since.
            self.count += 1
            client = resume(self.hub, {**self.welcomes[person], "name": f"{person}{self.count}"}, 0)
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
            elif self.hub.rooms.byId.get(id) is None:
                # The lobby has its name for now; its members may enter again later.
                self.slept.add(person)
            elif person not in self.slept:
                assert not isMember or not model.now.private, (person, id)
                model.now.members.discard(person)

    def restart(self, lobby: str, isCrash: bool) -> None:
        if isCrash:
            self.log.crash()
        for person, client in self.clients.items():
            if client is not None:
                client.closed = client.isOver = True
                self.clients[person] = None
        self.turn.end()
        self.lobby = lobby
        self.hub = self.makeHub()

    def play(self, actions: list[Action]) -> None:
        """
        Do one after the other what can be done.
        """
        for person, action, first, second in actions:
            isHere = self.clients[person] is not None
            if action == "resume":
                if not isHere:
                    self.resume(person)
            elif action in ("restart", "crash"):
                self.restart(LOBBIES[first if second else 0], action == "crash")
            elif action == "forget":
                self.forgetRooms()
            elif not isHere:
                continue
            elif action == "join":
                self.join(person, ROOMS[first], PASSWORDS[second])
            elif action == "lock":
                self.lock(person, PASSWORDS[first])
            elif action == "nick":
                self.nick(person, PEOPLE[first], second > 0)
            elif action in ("invite", "kick", "tell"):
                if self.clients[PEOPLE[first]] is not None:
                    getattr(self, action)(person, PEOPLE[first])
            else:
                getattr(self, action)(person)

    def forgetRooms(self) -> None:
        self.hub.tidy()
        for seconds in (PROOF, WEEK + 1):
            self.wall += seconds
            self.clock += seconds
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
        client.asks("rooms")
        for line in ("/rooms", "/topic"):
            client.asks("command", line=line)
        self.turn.end()

    def checkKept(self, case: SynchronousTestCase, person: str) -> None:
        """
        Compare what somebody finds in the history of their rooms with what they may read there.
        """
        client = self.clients[person]
        assert client is not None
        for room in client.user.rooms:
            client.asks("history", room=room.name, count=1000)
            self.turn.end()
            found = [event["text"] for event in client.objects[-1]["events"]]
            allowed = [
                text
                for text in self.said.get(room.id, ())
                if (readers := self.readers[text]) is None or person in readers
            ]
            if room.id:
                case.assertEqual(found, allowed, (person, room.name))

    def check(self, case: SynchronousTestCase) -> None:
        """
        Compare what everybody was ever sent with what they may read.
        """
        for person, clients in self.all.items():
            seen = "".join("".join(client.lines) for client in clients)
            for text, readers in self.readers.items():
                if readers is not None and text in seen:
                    case.assertIn(person, readers, (text, person))


Action = tuple[str, str, int, int]
"""A person, the word for what they do, and two choices."""


def actions(words: str, least: int, most: int) -> st.SearchStrategy[list[Action]]:
    """
    @param words: the actions to choose from.
    @param least: how many there are at least.
    @param most: and at most.
    """
    action = st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(words.split()),
        st.integers(0, 2),
        st.integers(0, 2),
    )
    return st.lists(action, min_size=least, max_size=most)


ACTIONS = actions(
    "join join join say say topic tell leave lock lock unlock invite kick nick drop quit resume "
    "resume restart crash forget look",
    0,
    40,
)

LIVES = st.lists(
    actions("join say lock unlock invite kick leave drop resume topic", 1, 4),
    max_size=6,
)
"""What is done in each life of a server."""


class PrivacyTests(SynchronousTestCase):
    """
    Private means private.
    """

    @settings(deadline=None, max_examples=150, derandomize=True)
    @given(ACTIONS)
    def test_everySequence(self, actions: list[Action]) -> None:
        """
        Whatever people do, nobody is ever sent a word of a private time that they were no member
        of, everybody finds all words of those that they were a member of, and everybody gets in
        exactly where the rules say so.
        """
        world = World()
        world.play(actions)
        self.compare(world)

    @settings(deadline=None, max_examples=150, derandomize=True)
    @given(st.sampled_from(("", "sesame1")), LIVES)
    def test_everyCrash(self, password: str, lives: list[list[Action]]) -> None:
        """
        The same holds where the server ends again and again, each time right after the last answer,
        before anything is stored that came of it.
        """
        world = World()
        for person in PEOPLE:
            world.join(person, "#plans", password)
        for actions in lives:
            world.play(actions)
            world.restart(world.lobby, isCrash=True)
            for person in PEOPLE:
                world.resume(person)
        self.compare(world)

    def compare(self, world: World) -> None:
        """
        Let everybody, and a stranger, look for everything.
        """
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
                world.join(person, name, "")
            world.look(person)
            world.checkKept(self, person)
        world.check(self)


class LeakTests(SynchronousTestCase):
    """
    Ways by which a word could get out that are not sequences of the model.
    """

    def test_topic(self) -> None:
        """
        What a private era is about is told to nobody after it, whatever ends it.
        """
        for end in ("/unlock", "/lock", "/lock sesame2"):
            ann, mallory = enterAll(makeHub(), "Ann", "Mallory")
            ann.types("/join #den sesame1", "/topic secret", end, "/invite Mallory")
            mallory.types("/rooms", "/join #den", "/topic", "/rooms", "/search secret")
            self.assertEqual(mallory.user.current.name, "#den")
            self.assertNotIn("secret", "".join(mallory.lines), end)

    def test_topicOfAPublicRoom(self) -> None:
        """
        What a public room is about, its members of a private era know, too.
        """
        (ann,) = enterAll(makeHub(), "Ann")
        ann.types("/join #den", "/topic tests", "/lock", "/topic")
        self.assertEqual(ann.lines[-1], "* #den is about tests")

    def test_listed(self) -> None:
        """
        A list of rooms that was made before a lock shows nothing of the room after it.
        """
        hub = makeHub(monotonic=lambda: 10.0)
        ann, mallory = enterAll(hub, "Ann", "Mallory")
        ann.types("/join #den")
        mallory.types("/rooms")
        self.assertIn("#den", "".join(mallory.lines))
        mallory.forget()
        ann.types("/lock", "/topic secret")
        mallory.types("/rooms")
        self.assertNotIn("#den", "".join(mallory.lines))

    def test_leftWhileMaking(self) -> None:
        """
        A user who leaves while a room is being made for them, or joined by them, is in no room,
        and an empty room ends.
        """
        for lines in (["/join #den"], ["/join #den sesame1"]):
            hub, turn = makeTurnHub()
            ann, bob = enterAll(hub, "Ann", "Bob")
            turn.end()
            bob.forget()
            ann.types(*lines)
            ann.drops()
            turn.end()
            self.assertEqual([member.name for member in membersOf(hub.lobby)], ["Bob"])
            for room in hub.rooms.values():
                self.assertTrue(room is hub.lobby or (not len(room) and room.emptyAt))
            bob.types("/join #den", "/names")
            turn.end()
            self.assertNotIn("Ann", bob.lines[-1])

    def test_removedAtTheEnd(self) -> None:
        """
        A server that ends right after a removal, or after somebody left, lets nobody in again; not
        even with the password if they were removed.
        """
        for line, isRemoval in (("/kick Bob", True), ("/leave", False)):
            turn = Turn()
            log = FragileLog(turn.later, lambda: NOW)
            hub = makeHub(log)
            ann, bob = enter(hub, "Ann", JSON), enter(hub, "Bob", JSON)
            turn.end()
            ann.asks("command", line="/join #den sesame1")
            turn.end()
            bob.asks("command", line="/join #den sesame1")
            turn.end()
            bob.asks("say", text="all of this is durable")
            turn.end()
            (ann if isRemoval else bob).asks("command", line=line)
            turn.end()
            log.crash()
            hub = makeHub(log)
            Deferred.fromCoroutine(hub.restore())
            bob = resume(hub, bob.objects[0], 0)
            turn.end()
            self.assertEqual([room.name for room in bob.user.rooms], ["#lobby"], line)
            self.assertFalse(bob.user.rights and 0 in bob.user.rights.values())
            bob.asks("command", line="/join #den sesame1")
            turn.end()
            self.assertEqual(len(bob.user.rooms), 1 if isRemoval else 2)

    def test_removalRefused(self) -> None:
        """
        A removal that came to nothing leaves everything as it was, after a restart, too.
        """
        log = FaultyLog(seconds=lambda: NOW)
        hub = makeHub(log)
        ann, bob, cem = (enter(hub, name, JSON) for name in ("Ann", "Bob", "Cem"))
        for client in (ann, bob, cem):
            client.asks("command", line="/join #den sesame1")
        log.fail()
        ann.asks("command", line="/kick Bob")
        cem.asks("command", line="/leave")
        self.assertEqual(ann.objects[-1]["code"], cem.objects[-1]["code"])
        log.fault = None
        hub = makeHub(log)
        Deferred.fromCoroutine(hub.restore())
        for client in (bob, cem):
            again = resume(hub, client.objects[0], 0)
            self.assertEqual([room.name for room in again.user.rooms], ["#lobby", "#den"])

    def test_removedAndRestarted(self) -> None:
        """
        A removal outlasts a restart while the room goes on.
        """
        log = MemoryLog(seconds=lambda: NOW)
        hub = makeHub(log)
        clients = [enter(hub, name, JSON) for name in ("Ann", "Bob", "Cem")]
        for client in clients:
            client.asks("command", line="/join #den sesame1")
        clients[0].asks("command", line="/kick Bob")
        hub = makeHub(log)
        Deferred.fromCoroutine(hub.restore())
        bob = resume(hub, clients[1].objects[0], 0)
        bob.asks("command", line="/join #den sesame1")
        self.assertEqual(bob.objects[-1]["code"], "not-allowed")

    def test_removedIsInvitedByTheOwner(self) -> None:
        """
        No other member lets in again somebody whom the owner removed.
        """
        ann, bob, cem = enterAll(makeHub(), "Ann", "Bob", "Cem")
        for client in (ann, bob, cem):
            client.types("/join #den sesame1")
        ann.types("/kick Bob")
        cem.types("/invite Bob")
        self.assertIn("! only the owner of #den may do this", cem.lines[-1])
        bob.types("/join #den")
        self.assertEqual(bob.user.current.name, "#lobby")
        ann.types("/invite Bob")
        bob.types("/join #den")
        self.assertEqual(bob.user.current.name, "#den")

    def test_ownerWhoResumes(self) -> None:
        """
        A member who comes back into a private room may read it, by whatever right they came back.
        """
        hub = makeHub()
        ann = enter(hub, "Ann", JSON)
        ann.asks("command", line="/join #den sesame1")
        ann.drops()
        session = ann.user.session
        hub.log.remember(session._replace(rights={}))
        again = resume(hub, ann.objects[0], 0)
        again.asks("say", text="hello", room="#den")
        again.asks("history", room="#den")
        self.assertEqual([event["text"] for event in again.objects[-1]["events"]], ["hello"])

    def test_nameOfWhoResumedUnderAnother(self) -> None:
        """
        A member who comes back under another name does not keep the old one.
        """
        hub = makeHub()
        ann = enter(hub, "Ann", JSON)
        ann.drops()
        self.assertEqual(enter(hub, "Ann", JSON).objects[0]["code"], "name-taken")
        self.assertEqual(resume(hub, ann.objects[0], 0, name="Anna").objects[0]["name"], "Anna")
        self.assertEqual(enter(hub, "ANN", JSON).objects[0]["type"], "welcome")

    def test_hungUp(self) -> None:
        """
        A program that ends without a word keeps its session's name, as one that is cut off; one
        that says goodbye does not, and nobody has a name kept without a session.
        """
        for end, kept in (("hangUp", True), ("drop", True), ("quit", False)):
            for dialect in (JSON, TEXT):
                hub = makeHub()
                ann, bob = enter(hub, "Ann", dialect), enter(hub, "Bob", JSON)
                getattr(ann.user, end)()
                bob.asks("command", line="/nick Ann")
                isRefused = bob.objects[-1]["type"] == "error"
                self.assertEqual(isRefused, kept and dialect is JSON, (end, dialect))
