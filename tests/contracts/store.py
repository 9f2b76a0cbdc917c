"""
What every store has to keep to: mixins that run the same tests for each of them.

A mixin's user is a test case that gives C{store} (started, with C{follower} following) and
C{settle}, which lets everything happen that is under way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from twisted.internet.base import DelayedCall
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from twisted_chat.errors import BadCommand, ChatError
from twisted_chat.stores.interfaces import IFollower, IStore
from twisted_chat.stores.session import Session
from twisted_chat.stores.sqlite.worker import IClockWithThreads
from twisted_chat.wire.events import (
    ACTED,
    CREATED,
    INVITED,
    JOINED,
    LEFT,
    SAID,
    TOLD,
    TOPIC,
    Draft,
    Event,
    Query,
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


@implementer(IClockWithThreads)
class ThreadlessClock(Clock):
    """
    A clock for L{InlineWorker}.
    """

    def callFromThread(
        self, callable: Callable[..., object], *arguments: object, **keywords: object
    ) -> None:
        self.callLater(0, callable, *arguments, **keywords)

    def turn(self) -> None:
        """
        Run what is due now: one turn of a reactor.
        """
        for call in cast("Sequence[DelayedCall]", self.getDelayedCalls()):
            if call.active() and call.getTime() <= self.seconds():
                function, arguments, keywords = call.func, call.args, call.kw
                call.cancel()
                function(*arguments, **keywords)

    def settle(self) -> None:
        """
        Run what is due now, and what that makes due.
        """
        while any(call.getTime() <= self.seconds() for call in self.getDelayedCalls()):
            self.advance(0)


class InlineWorker:
    """
    A L{twisted_chat.stores.sqlite.worker.Worker} without a thread: it does its task at once, and
    tells the result in a later turn as the real one does.
    """

    def __init__(self, reactor: ThreadlessClock, name: str) -> None:
        self._reactor = reactor
        self.isStopped = False

    def do(self, task: Callable[..., _T], *arguments: Any) -> Deferred[_T]:
        result: Deferred[_T] = Deferred()
        try:
            value = task(*arguments)
        except Exception as error:
            self._reactor.callLater(0, result.errback, error)
        else:
            self._reactor.callLater(0, result.callback, value)
        return result

    def stop(self) -> None:
        self.isStopped = True


def said(text: str = "Hello!", room: str = "#lobby", name: str = "Ann", **more: Any) -> Draft:
    """
    @return: a draft of something said.
    """
    return Draft(SAID, room, name, text, **{"sid": "a1", **more})


if TYPE_CHECKING:
    _Base = SynchronousTestCase
else:
    # A loader must not take the mixins for test cases.
    _Base = object


class StoreContract(_Base):
    """
    What the contracts below share.
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
        It provides what the hub needs.
        """
        self.assertTrue(verifyObject(IStore, self.store))

    def test_appendedIsStored(self) -> None:
        """
        A draft becomes an event with an id, the time and everything that the draft had, and is
        handed over with its origin.
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
        What the follower appends while it is told is stored afterwards, in order, however long
        the chain is.
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
        self.assertEqual(self.result(self.store.last("#lobby", 5)), [first])

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
        Another session's key, or none, is no repetition.
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
        After C{stop} fired, all that was appended was handed over.
        """
        self.store.append(said("last words"), None)
        self.result(self.store.stop())
        self.assertEqual([event.text for event in self.follower.of("stored")], ["last words"])

    def test_epoch(self) -> None:
        """
        The epoch is text that is not guessed.
        """
        self.assertGreaterEqual(len(self.store.epoch), 8)


class HistoryContract(StoreContract):
    """
    L{twisted_chat.stores.interfaces.IHistory}.
    """

    def test_boundsOfNothing(self) -> None:
        """
        Where nothing was ever stored the bounds are 1 and 0.
        """
        self.assertEqual(self.result(self.store.bounds()), (1, 0))

    def test_bounds(self) -> None:
        """
        The bounds are the oldest id kept and the newest.
        """
        self.appendAll(said(), said(), said())
        self.assertEqual(self.result(self.store.bounds()), (1, 3))

    def test_state(self) -> None:
        """
        The events that rooms are rebuilt from, oldest first, and no others.
        """
        stored = self.appendAll(
            Draft(CREATED, "#tea", "Ann", "private"),
            said(),
            Draft(JOINED, "#tea", "Ann"),
            Draft(TOPIC, "#tea", "Ann", "green"),
            Draft(INVITED, "#tea", "Ann", "b2", "Bob"),
        )
        self.assertEqual(self.result(self.store.state()), [stored[0], *stored[3:]])

    def test_last(self) -> None:
        """
        The last things said and done in one room, oldest first, without comings and goings.
        """
        stored = self.appendAll(
            said("1"),
            said("2"),
            said("elsewhere", "#tea"),
            Draft(ACTED, "#lobby", "Bob", "waves"),
            Draft(LEFT, "#lobby", "Bob"),
            Draft(TOPIC, "#lobby", "Bob", "nothing"),
        )
        self.assertEqual(self.result(self.store.last("#lobby", 2)), [stored[1], stored[3]])
        self.assertEqual(len(self.result(self.store.last("#lobby", 9))), 3)
        self.assertEqual(self.result(self.store.last("#lobby", 0)), [])
        self.assertEqual(self.result(self.store.last("#nowhere", 9)), [])

    def test_lastAgain(self) -> None:
        """
        What came since the last question is part of the next answer.
        """
        self.appendAll(said("1"))
        self.result(self.store.last("#lobby", 9))
        self.appendAll(said("2"))
        texts = [event.text for event in self.result(self.store.last("#lobby", 9))]
        self.assertEqual(texts, ["1", "2"])

    def test_lastBefore(self) -> None:
        """
        C{before} pages back.
        """
        stored = self.appendAll(*(said(str(number)) for number in range(10)))
        found = self.result(self.store.last("#lobby", 3, before=stored[5].id))
        self.assertEqual(found, stored[2:5])
        self.assertEqual(self.result(self.store.last("#lobby", 3, before=stored[0].id)), [])

    def test_after(self) -> None:
        """
        Everything after an id in the reader's rooms, comings and goings too, oldest first.
        """
        stored = self.appendAll(
            said("seen"),
            Draft(JOINED, "#tea", "Bob"),
            said("not his", "#secret"),
            said("his", "#tea"),
            Draft(TOPIC, "#lobby", "Bob", "new"),
        )
        scope = Scope(frozenset({"#lobby", "#tea"}), "x9")
        found = self.result(self.store.after(scope, stored[0].id, 10))
        self.assertEqual(found, [stored[1], stored[3], stored[4]])
        self.assertEqual(self.result(self.store.after(scope, stored[0].id, 2)), found[:2])
        self.assertEqual(self.result(self.store.after(scope, stored[-1].id, 2)), [])

    def test_toldIsForTwo(self) -> None:
        """
        What was told is in the scope of its two people only.
        """
        told, *_ = self.appendAll(Draft(TOLD, "@b2", "Ann", "psst", "Bob", "a1"), said())
        for sid, expected in (("a1", [told]), ("b2", [told]), ("c3", []), ("", [])):
            scope = Scope(frozenset(), sid)
            self.assertEqual(self.result(self.store.after(scope, 0, 9)), expected, sid)
            self.assertEqual(
                self.result(self.store.search(scope, Query(("psst",)), 9)), expected, sid
            )

    def test_toldToOneself(self) -> None:
        """
        What one tells oneself is there once.
        """
        stored = self.appendAll(Draft(TOLD, "@a1", "Ann", "note", "Ann", "a1"))
        self.assertEqual(self.result(self.store.after(Scope(frozenset(), "a1"), 0, 9)), stored)

    def test_withoutSessionNothingPrivate(self) -> None:
        """
        A reader without a session id sees none of the events that have none either.
        """
        self.appendAll(Draft(TOLD, "@", "Ann", "psst", "Bob", ""))
        self.assertEqual(self.result(self.store.after(Scope(frozenset(), ""), 0, 9)), [])

    def test_manyRooms(self) -> None:
        """
        A reader may be in more rooms than one statement of SQL has room for.
        """
        rooms = [f"#room{number}" for number in range(1200)]
        stored = self.appendAll(*(said(room=room) for room in rooms))
        scope = Scope(frozenset(rooms), "a1")
        self.assertEqual(self.result(self.store.after(scope, 0, 2000)), stored)
        self.assertEqual(len(self.result(self.store.search(scope, Query(("hello",)), 2000))), 1200)

    def find(self, *words: str, **more: Any) -> list[str]:
        scope = Scope(frozenset({"#lobby", "#tea"}), "x9")
        found = self.result(self.store.search(scope, Query(words, **more), 20))
        return [event.text for event in found]

    def test_search(self) -> None:
        """
        All words have to be there, in any order and case; the newest are found, oldest first.
        """
        self.appendAll(
            said("green tea"), said("Tea, black or GREEN"), said("teapot"), said("only green")
        )
        self.assertEqual(self.find("green", "TEA"), ["green tea", "Tea, black or GREEN"])
        scope = Scope(frozenset({"#lobby"}), "")
        [newest] = self.result(self.store.search(scope, Query(("green",)), 1))
        self.assertEqual(newest.text, "only green")

    def test_searchFolds(self) -> None:
        """
        Accents do not matter, and characters of Chinese or Japanese are found in a sentence.
        """
        self.appendAll(said("Zoë's Café"), said("我们喝绿茶吧"), said("İstanbul"), said("straße"))
        self.assertEqual(self.find("cafe", "ZOE"), ["Zoë's Café"])
        self.assertEqual(self.find("绿茶"), ["我们喝绿茶吧"])
        self.assertEqual(self.find("茶绿"), [])
        self.assertEqual(self.find("istanbul"), ["İstanbul"])
        self.assertEqual(self.find("STRASSE"), ["straße"])

    def test_searchIsNoSyntax(self) -> None:
        """
        Operators and quotes in a word are not understood as such.
        """
        self.appendAll(said('say "this" and that'), said("nothing"))
        self.assertEqual(self.find('"this'), ['say "this" and that'])
        self.assertEqual(self.find("nothing OR this"), [])
        for word in ("NOT", "text:this", "thi*", '") OR ("', "NEAR(say)", "^sa\0", "-that-x"):
            self.assertEqual(self.find(word), [], word)

    def test_searchNeedsLetters(self) -> None:
        """
        A search for punctuation alone says what to do.
        """
        self.appendAll(said("?!"))
        asked = self.store.search(Scope(frozenset({"#lobby"}), ""), Query(("?!",)), 5)
        self.settle()
        error = self.failureResultOf(asked, BadCommand).value
        self.assertIn("letters or digits", str(error))

    def test_searchByAuthor(self) -> None:
        """
        C{name} is the whole name, in any case.
        """
        self.appendAll(
            said("one", name="Ann"), said("two", name="ann"), said("three", name="Ann-Marie")
        )
        self.assertEqual(self.find(name="ANN"), ["one", "two"])
        self.assertEqual(self.find("two", name="Ann"), ["two"])
        self.assertEqual(self.find("three", name="Ann"), [])

    def test_searchByRoomAndTime(self) -> None:
        """
        C{room} and C{since} narrow the search, with and without words.
        """
        self.appendAll(said("tea here"), said("tea there", "#tea"))
        self.assertEqual(self.find("tea", room="#tea"), ["tea there"])
        self.assertEqual(self.find(room="#tea"), ["tea there"])
        self.assertEqual(self.find("tea", since=WALL_TIME + 1), [])
        self.assertEqual(self.find(since=WALL_TIME), ["tea here", "tea there"])

    def test_searchScope(self) -> None:
        """
        Nothing outside of the scope is found, even if asked for by its room.
        """
        self.appendAll(said("secret tea", "#secret"))
        self.assertEqual(self.find("tea"), [])
        self.assertEqual(self.find("tea", room="#secret"), [])
        self.assertEqual(self.find(room="#secret"), [])

    def test_searchFindsWhatPeopleWrote(self) -> None:
        """
        Names of those who come and topics are not searched.
        """
        self.appendAll(Draft(JOINED, "#tea", "Ann"), Draft(TOPIC, "#tea", "Ann", "green"))
        self.assertEqual(self.find("green") + self.find(name="Ann"), [])


class SessionsContract(StoreContract):
    """
    L{twisted_chat.stores.interfaces.ISessions}.
    """

    session = Session("a1", "hash1", "Ann", ("#tea", "#cake"), "#tea", WALL_TIME)

    def test_recallUnknown(self) -> None:
        """
        Nobody has an unknown token, nor the empty one.
        """
        self.store.remember(Session("b2", "", "Bob", (), "", WALL_TIME))
        self.assertIsNone(self.result(self.store.recall("hash1")))
        self.assertIsNone(self.result(self.store.recall("")))

    def test_recallAtOnce(self) -> None:
        """
        What was remembered is known at once, and stays known.
        """
        self.store.remember(self.session)
        self.assertEqual(self.result(self.store.recall("hash1")), self.session)
        self.appendAll(said())
        self.assertEqual(self.result(self.store.recall("hash1")), self.session)

    def test_rememberChanges(self) -> None:
        """
        The newest that was remembered of a session counts, waiting or stored.
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
        After a session got another token, or none, the old one is unknown.
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
