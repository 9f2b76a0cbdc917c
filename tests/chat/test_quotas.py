# -*- test-case-name: tests.chat.test_quotas -*-
"""
Tests for L{twisted_chat.chat.quotas}.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import FakeClient, FaultyLog, enter, enterAll, makeHub
from twisted_chat.accounts import throttle
from twisted_chat.chat import quotas
from twisted_chat.chat.emptyrooms import MAX_UNUSED
from twisted_chat.chat.hub import Hub
from twisted_chat.chat.interfaces import IClient, LoginRequest
from twisted_chat.chat.quotas import (
    CHANGE_SECONDS,
    CHANGES,
    HOUR,
    MAX_NEW_ROOMS,
    NETWORK_CHANGE_SECONDS,
    NETWORK_CHANGES,
    ChangePace,
    RoomQuota,
)
from twisted_chat.errors import NotAllowed, TooManyTries
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import CREATED, TOPIC, Draft
from twisted_chat.wire.jsonlines import JSON
from twisted_chat.wire.textlines import TEXT

TIMES = st.lists(st.floats(0.0, 20.0), min_size=1, max_size=200)
"""Seconds between one try and the next."""


def clientAt(host: str, isTrusted: bool = False) -> IClient:
    """
    @return: a client with this address.
    """
    client = FakeClient(makeHub())
    client.host, client.isTrusted = host, isTrusted
    return client


class RoomQuotaTests(SynchronousTestCase):
    """
    The rooms that one address may make.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.quota = RoomQuota(self.clock.seconds)

    def make(self, host: str = "192.0.2.1", tries: int = 1, isTrusted: bool = False) -> int:
        """
        @return: how many rooms of so many could be made.
        """
        client = clientAt(host, isTrusted)

        def isMade() -> bool:
            try:
                with self.quota.making(client):
                    return True
            except TooManyTries as error:
                self.refusal = str(error)
                return False

        return sum(isMade() for _ in range(tries))

    def test_hour(self) -> None:
        """An address makes thirty rooms within an hour, and is then told how long to wait."""
        self.assertEqual(self.make(tries=20), 20)
        self.clock.advance(HOUR / 2)
        self.assertEqual(self.make(tries=20), 10)
        self.assertRegex(self.refusal, "^30 rooms .*: try again in 30 min$")
        self.clock.advance(HOUR / 2 - 60)
        self.assertEqual(self.make(), 0)
        self.assertRegex(self.refusal, "try again in 60 s$")
        self.clock.advance(60)
        self.assertEqual(self.make(tries=100), 20)

    def test_addresses(self) -> None:
        """Each IPv4 address is counted for itself, and each IPv6 network."""
        self.make("2001:db8::1", MAX_NEW_ROOMS)
        self.assertEqual(self.make("2001:db8::ffff:1"), 0)
        self.assertEqual(self.make("2001:db8:0:1::1"), 1)
        self.assertEqual(self.make("192.0.2.1"), 1)

    def test_trusted(self) -> None:
        """A trusted address makes any number of rooms, and none is remembered."""
        self.assertEqual(self.make(tries=100, isTrusted=True), 100)
        self.assertEqual(len(self.quota), 0)

    def test_notMade(self) -> None:
        """A room that is refused in the end is not counted."""
        client = clientAt("192.0.2.1")
        for _ in range(100):
            with self.assertRaises(NotAllowed), self.quota.making(client):
                raise NotAllowed("no")
        self.assertEqual(self.make(tries=100), MAX_NEW_ROOMS)

    def test_bounded(self) -> None:
        """No more addresses than the bound are remembered, the newest ones."""
        self.patch(throttle, "MAX_ENTRIES", 5)
        for number in range(20):
            self.make(f"192.0.2.{number}", MAX_NEW_ROOMS)
        self.assertEqual(len(self.quota), 5)
        self.assertEqual([self.make("192.0.2.19"), self.make("192.0.2.1")], [0, 1])

    @settings(deadline=None, max_examples=50, derandomize=True)
    @given(st.lists(st.floats(0.0, HOUR / 10), min_size=1, max_size=100))
    def test_anyHour(self, pauses: list[float]) -> None:
        """No span of an hour holds more than thirty rooms, whenever the requests come."""
        clock = Clock()
        self.quota = RoomQuota(clock.seconds)
        made = []
        for pause in pauses:
            clock.advance(pause)
            if self.make():
                made.append(clock.seconds())
        for at in made:
            self.assertLessEqual(sum(at <= each < at + HOUR for each in made), MAX_NEW_ROOMS)


class ChangePaceTests(SynchronousTestCase):
    """
    The pace at which rooms are changed.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.pace = ChangePace(self.clock.seconds)
        self.refusal = ""

    def change(
        self, sid: str, tries: int = 1, host: str = "192.0.2.1", trusted: bool = False
    ) -> int:
        """
        @return: how many changes of so many were allowed.
        """
        client = clientAt(host, trusted)

        def isMade() -> bool:
            try:
                self.pace.take(sid, client)
            except TooManyTries as error:
                self.refusal = str(error)
                return False
            return True

        return sum(isMade() for _ in range(tries))

    def test_user(self) -> None:
        """A user makes ten changes at once, and then one in ten seconds."""
        self.assertEqual(self.change("ann", 50), CHANGES)
        self.assertRegex(self.refusal, "^you have .*: try again in 10 s$")
        self.clock.advance(CHANGE_SECONDS - 1)
        self.assertEqual(self.change("ann"), 0)
        self.assertRegex(self.refusal, "try again in 1 s$")
        self.clock.advance(1)
        self.assertEqual(self.change("ann", 50), 1)
        self.clock.advance(CHANGES * CHANGE_SECONDS)
        self.assertEqual(self.change("ann", 50), CHANGES)

    def test_network(self) -> None:
        """All users of one address make thirty changes at once, and then one in five seconds."""
        made = sum(self.change(f"guest{number}", 2) for number in range(50))
        self.assertEqual(made, NETWORK_CHANGES)
        self.assertRegex(self.refusal, "^your address has .*: try again in 5 s$")
        self.clock.advance(NETWORK_CHANGE_SECONDS)
        self.assertEqual(self.change("new", 5), 1)
        self.assertEqual(self.change("other", 5, "192.0.2.2"), 5)

    def test_trusted(self) -> None:
        """Only each user is counted in a trusted network."""
        made = sum(self.change(f"guest{number}", 20, trusted=True) for number in range(50))
        self.assertEqual(made, 50 * CHANGES)

    def test_refusedIsNotCounted(self) -> None:
        """A refused change makes nobody wait longer: neither the user nor the others."""
        self.change("ann", 1000)
        self.assertEqual(self.change("bob", 5), 5)
        self.clock.advance(CHANGE_SECONDS)
        self.assertEqual(self.change("ann"), 1)

    def test_bounded(self) -> None:
        """No more users and networks than the bounds are remembered."""
        self.patch(quotas, "MAX_ENTRIES", 5)
        for number in range(20):
            self.change(f"guest{number}", 1, f"192.0.2.{number}")
        self.assertEqual(len(self.pace), 10)

    def test_forgotten(self) -> None:
        """A user who may make all their changes again is not remembered."""
        for number in range(20):
            self.change(f"guest{number}", 1, f"192.0.2.{number}")
        self.clock.advance(CHANGES * CHANGE_SECONDS)
        self.change("ann", 1, "198.51.100.1")
        self.assertEqual(len(self.pace), 2)

    @settings(deadline=None, max_examples=50, derandomize=True)
    @given(TIMES)
    def test_anySpan(self, pauses: list[float]) -> None:
        """No span holds more changes than the burst and the pace allow, whenever they come."""
        clock = Clock()
        self.pace = ChangePace(clock.seconds)
        made = []
        for pause in pauses:
            clock.advance(pause)
            if self.change("ann"):
                made.append(clock.seconds())
        for place, at in enumerate(made):
            allowed = CHANGES + (made[-1] - at) / CHANGE_SECONDS
            self.assertLessEqual(len(made) - place, allowed + 1e-6)


class CommandTests(SynchronousTestCase):
    """
    The quotas, as users meet them.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.hub = makeHub(monotonic=self.clock.seconds)

    def test_changes(self) -> None:
        """Topics, locks, unlocks and invitations are counted together, and messages are not."""
        ann, _ = enterAll(self.hub, "Ann", "Bob")
        ann.types("/join #dev", "/topic a", "/lock", "/invite Bob", "/unlock", "/topic b", "/lock")
        ann.types("/topic c", "/topic d", "/unlock", "/topic e")
        ann.forget()
        for line in ("/topic f", "/lock", "/invite Bob"):
            ann.types(line)
        self.assertEqual([line[:8] for line in ann.lines], ["! you ha"] * 3)
        self.assertEqual(self.hub.rooms["#dev"].topic, "e")
        self.assertFalse(self.hub.rooms["#dev"].private)
        ann.forget()
        ann.types("hello", "/topic")
        self.assertEqual(ann.lines, ["OK . .", "* #dev is about e"])

    def test_refusedCommandsAreNotCounted(self) -> None:
        """A change that a command refuses for another reason is not counted."""
        (ann,) = enterAll(self.hub, "Ann")
        ann.types("/join #dev", *["/lock two words", "/unlock", "/invite Nobody"] * 10)
        ann.types(*(f"/topic {number}" for number in range(CHANGES)))
        self.assertEqual(self.hub.rooms["#dev"].topic, str(CHANGES - 1))

    def test_code(self) -> None:
        """A program is told the code, and makes the change once the wait is over."""
        ann = enter(self.hub, "Ann", JSON)
        for number in range(CHANGES + 1):
            ann.asks("command", line=f"/topic {number}", key=f"k{number}")
        (error,) = ann.objectsOf("error")
        self.assertEqual((error["code"], error["key"]), ("too-many-tries", f"k{CHANGES}"))
        self.clock.advance(CHANGE_SECONDS)
        ann.asks("command", line="/topic late")
        self.assertEqual(self.hub.lobby.topic, "late")

    def test_rooms(self) -> None:
        """
        The thirty-first room from an address is refused, whoever makes it; rooms can still be
        joined.
        """
        makers = enterAll(self.hub, "Ann", "Bob")
        for number in range(MAX_NEW_ROOMS):
            makers[number % 2].types(f"/join #room{number}x", "hello", "/leave")
        (cem,) = enterAll(self.hub, "Cem")
        cem.types("/join #more")
        self.assertRegex(cem.lines[0], "^! 30 rooms .*: try again in 60 min$")
        self.assertNotIn("#more", self.hub.rooms)
        cem.types("/join #room1x")
        self.assertEqual(cem.user.current.name, "#room1x")

    def test_notStored(self) -> None:
        """A room that could not be stored is not counted."""
        log = FaultyLog()
        self.hub = makeHub(log, monotonic=self.clock.seconds)
        (ann,) = enterAll(self.hub, "Ann")
        log.fail()
        ann.types(*(f"/join #room{number}x" for number in range(2 * MAX_NEW_ROOMS)))
        self.assertEqual(ann.lines, ["! the message was not stored: send it again later"] * 60)


class CountingLog(MemoryLog):
    """
    A log that counts.

    @ivar taken: how many drafts came, by their kind.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        super().__init__(seconds=seconds)
        self.taken: Counter[str] = Counter()

    def append(self, draft: Draft, origin: object) -> None:
        """See L{MemoryLog.append}."""
        self.taken[draft.kind] += 1
        super().append(draft, origin)


class ChurnTests(SynchronousTestCase):
    """
    The traces of guests who come and go for a long time.
    """

    STEP = 5.0

    def setUp(self) -> None:
        self.clock = Clock()
        self.log = CountingLog(self.now)
        self.hub = Hub(self.log, seconds=self.now, monotonic=self.clock.seconds)
        self.came = 0

    def now(self) -> float:
        """The wall time."""
        return 1e9 + self.clock.seconds()

    def come(self, host: str, isTrusted: bool) -> FakeClient:
        """Somebody enters who was never here."""
        self.came += 1
        client = FakeClient(self.hub, TEXT, f"{host}:1")
        client.isTrusted = isTrusted
        client.login(LoginRequest(f"Guest{self.came}x"))
        return client

    def churn(self, minutes: int, isTrusted: bool = False) -> None:
        """
        Let sixteen guests of one address set topics as fast as they may, and forty of another make
        private rooms and leave, again and again.
        """
        guests = [self.come("192.0.2.1", isTrusted) for _ in range(16)]
        for step in range(int(minutes * 60 / self.STEP)):
            for guest in guests:
                guest.types("/topic one", "/topic two")
            for _ in range(40):
                maker = self.come("198.51.100.1", isTrusted)
                maker.types(f"/join #den{self.came}x sesame", "/quit")
            self.clock.advance(self.STEP)
            if step % 12 == 0:
                self.hub.tidy()
        for guest in guests:
            guest.types("/quit")

    def test_guests(self) -> None:
        """
        Guests who churn for ten minutes leave thirty rooms and as many topics as the pace allows.
        """
        self.churn(10)
        self.assertEqual(self.came, 16 + 40 * 120)
        self.assertEqual(len(self.hub.rooms), 1 + MAX_NEW_ROOMS)
        self.assertEqual(self.log.taken[CREATED], MAX_NEW_ROOMS)
        most = NETWORK_CHANGES + 600 / NETWORK_CHANGE_SECONDS
        self.assertLessEqual(self.log.taken[TOPIC], most + 1)
        self.assertLessEqual(len(self.hub.state.newRooms) + len(self.hub.state.changes), 50)

    def test_longer(self) -> None:
        """
        Guests who churn for twice as long leave no more in memory, nor more to be read at a start.
        """
        sizes = []
        for _ in range(2):
            self.churn(5)
            state = self.hub.state
            stored = self.successResultOf(self.log.rooms())
            rooms = state.rooms
            sizes.append((len(rooms), len(rooms.owned), len(rooms.eras), len(stored.records)))
        self.assertEqual(sizes[0], sizes[1])

    def test_trusted(self) -> None:
        """Guests of a trusted network leave no more rooms than the bound for unused ones."""
        self.churn(3, isTrusted=True)
        self.assertGreater(self.log.taken[CREATED], MAX_UNUSED)
        self.assertEqual(len(self.hub.rooms), 1 + MAX_UNUSED)
        stored = self.successResultOf(self.log.rooms())
        self.assertLessEqual(len(stored.records), 1 + MAX_UNUSED)
