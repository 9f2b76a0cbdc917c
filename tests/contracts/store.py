"""
What every store has to keep to: mixins that run the same tests for each of them.

A mixin's user is a test case that gives C{store} (started, with C{follower} following) and
C{settle}, which lets everything happen that is under way.  What has to be answered of the past is
in L{tests.contracts.history}.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from twisted_chat.errors import ChatError
from twisted_chat.stores.interfaces import IFollower, IStore
from twisted_chat.stores.session import RoomRecord, Session
from twisted_chat.wire.events import (
    CLOSED,
    CREATED,
    FOREVER,
    INVITED,
    JOINED,
    LEFT,
    LOCKED,
    RENAMED,
    SAID,
    TOLD,
    TOPIC,
    UNLOCKED,
    Draft,
    Event,
    Place,
    Scope,
)

_T = TypeVar("_T")

WALL_TIME = 1_790_000_000.0


@implementer(IFollower)
class Recorder:
    """
    A follower that writes down what it hears, in order.
    """

    def __init__(self) -> None:
        self.heard: list[tuple[str, object, object]] = []
        self.batches: list[int] = []
        self.errors: list[ChatError] = []
        self.whenStored: Callable[[Event], None] = lambda event: None

    def stored(self, batch: Sequence[tuple[Event, object]]) -> None:
        self.batches.append(len(batch))
        for event, origin in batch:
            self.heard.append(("stored", event, origin))
            self.whenStored(event)

    def repeated(self, batch: Sequence[tuple[Event, object]]) -> None:
        self.heard += [("repeated", event, origin) for event, origin in batch]

    def refused(self, batch: Sequence[tuple[Draft, object]], error: ChatError) -> None:
        self.errors.append(error)
        self.heard += [("refused", draft, origin) for draft, origin in batch]

    def of(self, fate: str) -> list[Any]:
        """
        @return: the events or drafts that had this fate.
        """
        return [what for heard, what, _ in self.heard if heard == fate]


def said(text: str = "Hello!", room: str = "#lobby", name: str = "Ann", **more: Any) -> Draft:
    """
    @return: a draft of something said.
    """
    return Draft(SAID, room, name, text, **{"sid": "a1", **more})


def wholeOf(room: str) -> Place:
    """
    @return: all of a room's past.
    """
    return Place(room, ((1, FOREVER),))


def scopeOf(*rooms: str, sid: str = "") -> Scope:
    """
    @return: all of these rooms' past, and what is told to or by this session.
    """
    return Scope(tuple(map(wholeOf, rooms)), sid)


if TYPE_CHECKING:
    _Base = SynchronousTestCase
else:
    # A loader must not take the mixins for test cases.
    _Base = object


class StoreContract(_Base):
    """
    The parts that the contracts below share.
    """

    store: Any
    follower: Recorder

    def settle(self) -> None:
        raise NotImplementedError

    def appendAll(self, *drafts: Draft) -> list[Event]:
        """
        @return: the events that all these drafts became.
        """
        before = len(self.follower.of("stored"))
        for draft in drafts:
            self.store.append(draft, None)
        self.settle()
        return self.follower.of("stored")[before:]

    def result(self, asked: Deferred[_T]) -> _T:
        self.settle()
        return self.successResultOf(asked)


class LogContract(StoreContract):
    """
    L{twisted_chat.stores.interfaces.ILog}.
    """

    def test_providesIStore(self) -> None:
        """
        A store provides what the hub needs.
        """
        self.assertTrue(verifyObject(IStore, self.store))

    def test_lastTime(self) -> None:
        """
        A new log has nothing that is older than the wall time of its start.
        """
        self.assertEqual(self.store.lastTime, WALL_TIME)

    def test_appendedIsStored(self) -> None:
        """
        A draft becomes an event with an id, the time and all that the draft had, and is handed over
        with its origin.
        """
        origin = object()
        draft = Draft(TOLD, "@b2", "Ann", "psst", "Bob", "a1", "k1")
        self.store.append(draft, origin)
        self.settle()
        [(fate, event, found)] = self.follower.heard
        self.assertEqual((fate, found), ("stored", origin))
        self.assertEqual(event, Event(1, WALL_TIME, *draft))

    def test_orderIsTheOrderOfAppending(self) -> None:
        """
        Ids rise in the order of appending, over all batches.
        """
        texts = [str(number) for number in range(300)]
        for part in (texts[:1], texts[1:100], texts[100:]):
            self.appendAll(*map(said, part))
        events = self.follower.of("stored")
        self.assertEqual([event.text for event in events], texts)
        self.assertEqual(sorted({event.id for event in events}), [event.id for event in events])

    def test_appendWhileTold(self) -> None:
        """
        A draft that the follower appends while it is told is stored afterwards, in order, however
        long the chain is.
        """

        def answer(event: Event) -> None:
            if event.id < 3000:
                self.store.append(said(str(event.id + 1)), None)

        self.follower.whenStored = answer
        self.store.append(said("1"), None)
        self.settle()
        self.assertEqual(
            [int(event.text) for event in self.follower.of("stored")], list(range(1, 3001))
        )

    def test_sameKeyIsRepeated(self) -> None:
        """
        The same key of the same session again is answered with the first event, and stores
        nothing.
        """
        [first] = self.appendAll(said("once", key="k1"))
        self.assertEqual(self.appendAll(said("twice", key="k1")), [])
        self.assertEqual(self.follower.heard[1:], [("repeated", first, None)])
        self.assertEqual(self.result(self.store.last(wholeOf("#lobby"), 5)), [first])

    def test_sameKeyInOneBatch(self) -> None:
        """
        Repetitions are found within one batch as well, and the others of the batch are stored.
        """
        [old] = self.appendAll(said("old", key="k0"))
        stored = self.appendAll(
            said("a"), said("b", key="k1"), said("b", key="k1"), said("old", key="k0"), said("c")
        )
        self.assertEqual([event.text for event in stored], ["a", "b", "c"])
        self.assertEqual(self.follower.of("repeated"), [stored[1], old])

    def test_keysBelongToSessions(self) -> None:
        """
        A key of another session, or none, makes no repetition.
        """
        stored = self.appendAll(
            said(key="k1", sid="a1"), said(key="k1", sid="b2"), said(key=None), said(key=None)
        )
        self.assertEqual(len(stored), 4)

    def test_failingFollower(self) -> None:
        """
        A follower that fails is logged, and the log goes on.
        """

        def fail(event: Event) -> None:
            raise ZeroDivisionError

        self.follower.whenStored = fail
        self.appendAll(said())
        self.follower.whenStored = lambda event: None
        [event] = self.appendAll(said("next"))
        self.assertEqual(event.text, "next")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_stopStoresWhatWasAppended(self) -> None:
        """
        All drafts that were appended are handed over when C{stop} fires.
        """
        self.store.append(said("last words"), None)
        self.result(self.store.stop())
        self.assertEqual([event.text for event in self.follower.of("stored")], ["last words"])

    def test_epoch(self) -> None:
        """
        The epoch is a text that cannot be guessed.
        """
        self.assertGreaterEqual(len(self.store.epoch), 8)


TEA = RoomRecord(
    1, "#tea", "绿茶", "a1", ((1, None), (3, "salt:hash"), (9, None)), ("b2", "c3"), ("d4",), 5.5
)

CAKE = RoomRecord(2, "#cake", "", "", ((2, None),))


class RoomsContract(StoreContract):
    """
    L{twisted_chat.stores.interfaces.IRooms}.
    """

    def rooms(self) -> tuple[list[RoomRecord], list[Event]]:
        """
        @return: what is stored of the rooms, in the order of their ids.
        """
        records, reflected = self.result(self.store.rooms())
        return sorted(records), self.result(self.store.stateAfter(reflected, 100))

    def test_moves(self) -> None:
        """
        Comings and goings after an id can be read, oldest first and with their secrets.
        """
        stored = self.appendAll(
            Draft(JOINED, "#tea", "Ann", sid="a1", data="1"),
            said(),
            Draft(RENAMED, "#lobby", "Ann", to="Anna", sid="a1"),
            Draft(LEFT, "#tea", "Bob", to="Ann", sid="b2", data="a1"),
            Draft(JOINED, "#lobby", "Cem", sid="c3"),
        )
        moves = [stored[0], stored[3], stored[4]]
        self.assertEqual(self.result(self.store.movesAfter(0, 100)), moves)
        self.assertEqual(self.result(self.store.movesAfter(moves[0].id, 1)), [moves[1]])
        self.assertEqual(self.result(self.store.movesAfter(moves[2].id, 100)), [])

    def test_none(self) -> None:
        """
        An empty store has no rooms.
        """
        self.assertEqual(self.rooms(), ([], []))

    def test_events(self) -> None:
        """
        A store in which no room is kept gives all events that rooms are made of, oldest first and
        with their secrets, and no others.
        """
        stored = self.appendAll(
            Draft(CREATED, "#tea", "Ann", "private", data="hash"),
            said(),
            Draft(JOINED, "#tea", "Ann", data="1"),
            Draft(TOPIC, "#tea", "Ann", "green"),
            Draft(INVITED, "#tea", "Ann", "", "Bob", data="b2"),
            Draft(LOCKED, "#tea", "Ann", data="other"),
            Draft(UNLOCKED, "#tea", "Ann"),
            Draft(CLOSED, "#tea", "", data="1"),
        )
        self.assertEqual(self.rooms(), ([], [stored[0], *stored[3:]]))

    def test_keepWhileTold(self) -> None:
        """
        A room that the follower keeps while it is told is there at once and after the next batch,
        and stands for the events up to then.
        """

        def keep(event: Event) -> None:
            if event.kind == CREATED:
                self.store.keepRoom(TEA)

        self.follower.whenStored = keep
        self.appendAll(said(), Draft(CREATED, "#tea", "Ann"))
        self.assertEqual(self.rooms(), ([TEA], []))
        topic, _ = self.appendAll(Draft(TOPIC, "#tea", "Ann", "green"), said())
        self.assertEqual(self.rooms(), ([TEA], [topic]))
        self.assertEqual(self.rooms(), ([TEA], [topic]))

    def test_newestCounts(self) -> None:
        """
        The newest state of a room counts, waiting or stored, and other rooms stay as they are.
        """
        self.store.keepRoom(TEA)
        self.store.keepRoom(CAKE)
        self.store.keepRoom(TEA._replace(topic="black"))
        self.assertEqual(self.rooms()[0], [TEA._replace(topic="black"), CAKE])
        self.appendAll(said())
        self.store.keepRoom(TEA)
        self.assertEqual(self.rooms()[0], [TEA, CAKE])
        self.appendAll(said())
        self.assertEqual(self.rooms()[0], [TEA, CAKE])

    def test_drop(self) -> None:
        """
        A dropped room is gone, waiting or stored, until it is kept again; dropping an absent one
        does no harm.
        """
        self.store.dropRoom(5)
        self.store.keepRoom(TEA)
        self.store.keepRoom(CAKE)
        self.store.dropRoom(1)
        self.assertEqual(self.rooms()[0], [CAKE])
        self.appendAll(said())
        self.assertEqual(self.rooms()[0], [CAKE])
        self.store.dropRoom(2)
        self.assertEqual(self.rooms()[0], [])
        self.store.keepRoom(TEA)
        self.assertEqual(self.rooms()[0], [TEA])
        self.appendAll(said())
        self.assertEqual(self.rooms()[0], [TEA])

    def test_lobby(self) -> None:
        """
        The lobby, which no event made, is kept like every room.
        """
        lobby = RoomRecord(0, "#lobby", "hello", "", ((0, None),))
        self.store.keepRoom(lobby)
        self.appendAll(said())
        self.assertEqual(self.rooms()[0], [lobby])


class SessionsContract(StoreContract):
    """
    L{twisted_chat.stores.interfaces.ISessions}.
    """

    session = Session("a1", "hash1", "Ann", (7, 4), 7, WALL_TIME, {9: 0, 2: 8}, 3)

    def test_recallUnknown(self) -> None:
        """
        An unknown token recalls nobody, and neither does the empty one.
        """
        self.store.remember(Session("b2", "", "Bob", seen=WALL_TIME))
        self.assertIsNone(self.result(self.store.recall("hash1")))
        self.assertIsNone(self.result(self.store.recall("")))

    def test_recallAtOnce(self) -> None:
        """
        A session that was remembered is known at once, and stays known.
        """
        self.store.remember(self.session)
        self.assertEqual(self.result(self.store.recall("hash1")), self.session)
        self.appendAll(said())
        self.assertEqual(self.result(self.store.recall("hash1")), self.session)

    def test_rememberChanges(self) -> None:
        """
        The newest state of a session counts, waiting or stored.
        """
        self.store.remember(self.session)
        self.appendAll(said())
        changed = self.session._replace(name="Anna", rooms=())
        self.store.remember(changed)
        self.assertEqual(self.result(self.store.recall("hash1")), changed)
        self.appendAll(said())
        self.assertEqual(self.result(self.store.recall("hash1")), changed)

    def test_oldTokenIsGone(self) -> None:
        """
        The old token of a session is unknown once it has another, or none.
        """
        self.store.remember(self.session)
        self.appendAll(said())
        self.store.remember(self.session._replace(tokenHash="hash2"))
        self.assertIsNone(self.result(self.store.recall("hash1")))
        self.assertIsNotNone(self.result(self.store.recall("hash2")))
        self.store.remember(self.session._replace(tokenHash=""))
        self.assertIsNone(self.result(self.store.recall("hash2")))
        self.appendAll(said())
        for tokenHash in ("hash1", "hash2", ""):
            self.assertIsNone(self.result(self.store.recall(tokenHash)), tokenHash)

    def test_bySid(self) -> None:
        """
        A session is found by its id as it is now, waiting or stored, until it is forgotten.
        """
        self.assertIsNone(self.result(self.store.session("a1")))
        self.store.remember(self.session)
        self.assertEqual(self.result(self.store.session("a1")), self.session)
        self.appendAll(said())
        self.assertEqual(self.result(self.store.session("a1")), self.session)
        self.store.remember(self.session._replace(name="Anna"))
        for _ in range(2):
            self.assertEqual(self.result(self.store.session("a1")).name, "Anna")
            self.appendAll(said())
        self.store.remember(self.session._replace(tokenHash=""))
        for _ in range(2):
            self.assertIsNone(self.result(self.store.session("a1")))
            self.appendAll(said())

    def test_ofAccounts(self) -> None:
        """
        The sessions of an account are those that are logged in to it now, waiting or stored.
        """
        own = self.session._replace(account="a1", device="laptop")
        phone = Session("b2", "hash2", "Ann", seen=WALL_TIME, account="a1", device="phone")
        other = Session("c3", "hash3", "Cem", seen=WALL_TIME, account="c3")
        guest = Session("d4", "hash4", "Dora", seen=WALL_TIME)

        def of(account: str) -> list[Session]:
            found: list[Session] = self.result(self.store.sessionsOf(account))
            return sorted(found, key=lambda session: session.sid)

        for session in (own, phone, other, guest):
            self.store.remember(session)
        for _ in range(2):
            self.assertEqual(of("a1"), [own, phone])
            self.assertEqual(of("c3"), [other])
            self.assertEqual((of("d4"), of(""), of("x9")), ([], [], []))
            self.assertEqual(self.result(self.store.recall("hash2")), phone)
            self.appendAll(said())
        self.store.remember(phone._replace(account="", device=""))
        self.store.remember(guest._replace(account="a1"))
        self.store.remember(other._replace(tokenHash=""))
        for _ in range(2):
            self.assertEqual([session.sid for session in of("a1")], ["a1", "d4"])
            self.assertEqual(of("c3"), [])
            self.appendAll(said())

    def test_recentSessions(self) -> None:
        """
        Sessions that were used lately and can be resumed are given as they are now, waiting or
        stored.
        """
        others = [
            Session("b2", "hash2", "Bob", seen=WALL_TIME - 50),
            Session("c3", "hash3", "Cem", seen=WALL_TIME - 100),
            Session("d4", "", "Dora", seen=WALL_TIME),
        ]
        for session in (self.session, *others):
            self.store.remember(session)
        for _ in range(2):
            self.assertEqual(self.recent(50), [self.session, others[0]])
            self.assertEqual(self.recent(49), [self.session])
            self.assertEqual(self.recent(100), [self.session, *others[:2]])
            self.appendAll(said())
        self.store.remember(self.session._replace(tokenHash=""))
        self.store.remember(others[1]._replace(seen=WALL_TIME))
        for _ in range(2):
            self.assertEqual([session.sid for session in self.recent(50)], ["b2", "c3"])
            self.appendAll(said())

    def recent(self, seconds: float) -> list[Session]:
        """
        @return: the sessions that were used lately, in the order of their ids.
        """
        found: list[Session] = self.result(self.store.recentSessions(seconds))
        return sorted(found, key=lambda session: session.sid)

    def test_recentByAWrongClock(self) -> None:
        """
        Lately is before the last use of any session where the clock is ahead of it; and before now
        where a session was last used by a clock that was ahead.
        """
        self.assertEqual(self.recent(50), [])
        long = [
            Session("b2", "hash2", "Bob", seen=WALL_TIME - 900_000),
            Session("c3", "hash3", "Cem", seen=WALL_TIME - 900_040),
            Session("d4", "hash4", "Dora", seen=WALL_TIME - 900_051),
        ]
        for session in long:
            self.store.remember(session)
        for _ in range(2):
            self.assertEqual(self.recent(50), long[:2])
            self.appendAll(said())
        self.store.remember(Session("e5", "hash5", "Eve", seen=WALL_TIME + 900_000))
        self.store.remember(self.session)
        for _ in range(2):
            self.assertEqual([session.sid for session in self.recent(50)], ["a1", "e5"])
            self.appendAll(said())
