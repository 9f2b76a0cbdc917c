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
from twisted_chat.stores.session import RoomRecord, Session
from twisted_chat.stores.sqlite.worker import IClockWithThreads
from twisted_chat.wire.events import (
    ACTED,
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
        self.assertEqual(self.result(self.store.last(wholeOf("#lobby"), 2)), [stored[1], stored[3]])
        self.assertEqual(len(self.result(self.store.last(wholeOf("#lobby"), 9))), 3)
        self.assertEqual(self.result(self.store.last(wholeOf("#lobby"), 0)), [])
        self.assertEqual(self.result(self.store.last(wholeOf("#nowhere"), 9)), [])

    def test_lastAgain(self) -> None:
        """
        What came since the last question is part of the next answer.
        """
        self.appendAll(said("1"))
        self.result(self.store.last(wholeOf("#lobby"), 9))
        self.appendAll(said("2"))
        texts = [event.text for event in self.result(self.store.last(wholeOf("#lobby"), 9))]
        self.assertEqual(texts, ["1", "2"])

    def test_lastBefore(self) -> None:
        """
        C{before} pages back.
        """
        stored = self.appendAll(*(said(str(number)) for number in range(10)))
        found = self.result(self.store.last(wholeOf("#lobby"), 3, before=stored[5].id))
        self.assertEqual(found, stored[2:5])
        self.assertEqual(
            self.result(self.store.last(wholeOf("#lobby"), 3, before=stored[0].id)), []
        )

    def test_lastInRanges(self) -> None:
        """
        Of a room only what lies within the ranges is given, whether these touch, are empty, lie
        before or after everything, and with C{before} as well.
        """
        stored = self.appendAll(*(said(str(number)) for number in range(1, 11)), said("x", "#tea"))

        def texts(count: int, before: int | None, *ranges: tuple[int, int]) -> str:
            found = self.result(self.store.last(Place("#lobby", ranges), count, before))
            self.assertLessEqual(set(found), set(stored))
            return " ".join(event.text for event in found)

        for count, before, ranges, expected in (
            (9, None, (), ""),
            (9, None, ((2, 4),), "2 3 4"),
            (9, None, ((2, 4), (7, 8)), "2 3 4 7 8"),
            (9, None, ((2, 4), (5, 6)), "2 3 4 5 6"),
            (9, None, ((2, 2), (3, 3), (5, 4), (9, FOREVER)), "2 3 9 10"),
            (9, None, ((11, FOREVER),), ""),
            (9, None, ((500, FOREVER),), ""),
            (3, None, ((2, 4), (7, 8)), "4 7 8"),
            (2, None, ((2, 4), (7, 8)), "7 8"),
            (0, None, ((2, 4),), ""),
            (9, 8, ((2, 4), (7, 8)), "2 3 4 7"),
            (2, 7, ((2, 4), (7, 8)), "3 4"),
            (9, 2, ((2, 4), (7, 8)), ""),
            (9, 0, ((1, FOREVER),), ""),
            (9, FOREVER, ((9, FOREVER),), "9 10"),
        ):
            self.assertEqual(texts(count, before, *ranges), expected, (count, before, ranges))

    def test_afterInRanges(self) -> None:
        """
        So it is with what came after an id: comings and goings included, page by page.
        """
        drafts = [said(str(number)) for number in range(1, 9)]
        stored = self.appendAll(*drafts, Draft(JOINED, "#lobby", "Bob"), said("10"))
        ranges = ((2, 3), (4, 4), (6, 5), (7, 9))
        scope = Scope((Place("#lobby", ranges), Place("#tea", ((1, FOREVER),))), "")
        readable = [stored[id - 1] for id in (2, 3, 4, 7, 8, 9)]
        for limit in (1, 2, 4, 9):
            for after in range(11):
                expected = [event for event in readable if event.id > after][:limit]
                found = self.result(self.store.after(scope, after, limit))
                self.assertEqual(found, expected, (after, limit))
        self.assertEqual(self.result(self.store.after(scope, 0, 0)), [])

    def test_afterWithoutPresence(self) -> None:
        """
        Comings and goings of a room are left out up to an id, or all of them; nothing else is.
        """
        kinds = (JOINED, LEFT, RENAMED, TOPIC, SAID)
        stored = self.appendAll(*(Draft(kind, "#tea", "Ann", "x") for kind in kinds * 3))
        for presenceFrom in (0, 1, 7, 15, 16, FOREVER):
            place = wholeOf("#tea")._replace(presenceFrom=presenceFrom)
            expected = [e for e in stored if e.kind in (TOPIC, SAID) or e.id >= presenceFrom]
            for after in (0, 5, 8):
                found = self.result(self.store.after(Scope((place,), "x9"), after, 99))
                self.assertEqual(found, [e for e in expected if e.id > after], presenceFrom)

    def test_sameNameTwice(self) -> None:
        """
        A scope may hold a room's name twice, with ranges apart or not: no event comes twice.
        """
        stored = self.appendAll(*(said(f"tea {number}") for number in range(1, 7)))
        places = Place("#lobby", ((1, 2),)), Place("#lobby", ((2, 3), (5, 5)))
        scope = Scope(places, "")
        expected = [stored[id - 1] for id in (1, 2, 3, 5)]
        self.assertEqual(self.result(self.store.after(scope, 0, 9)), expected)
        for query in (Query(("tea",)), Query(("tea",), room="#lobby"), Query((), room="#lobby")):
            self.assertEqual(self.result(self.store.search(scope, query, 9)), expected)

    def test_searchInRanges(self) -> None:
        """
        What is searched lies within the ranges, with words, a name, a room or none, and with more
        ranges than a statement of SQL has room for.
        """
        stored = self.appendAll(*(said(f"tea {number}") for number in range(1, 301)))
        many = tuple((id, id) for id in range(2, 300, 2))
        for ranges in (((2, 3), (10, 9), (100, 100), (299, FOREVER)), many, ()):
            expected = [e for e in stored if any(a <= e.id <= b for a, b in ranges)]
            scope = Scope((Place("#lobby", ranges), Place("#tea", ((1, FOREVER),))), "x9")
            for query in (
                Query(("tea",)),
                Query(("tea",), room="#lobby"),
                Query((), name="Ann"),
                Query((), room="#lobby"),
                Query((), since=1.0),
            ):
                found = self.result(self.store.search(scope, query, 1000))
                self.assertEqual(found, expected, query)
                found = self.result(self.store.search(scope, query, 2))
                self.assertEqual(found, expected[-2:], query)

    def test_noSecrets(self) -> None:
        """
        What is a secret of the log's is in no answer, only in what the follower hears.
        """
        drafts = [
            Draft(CREATED, "#tea", "Ann", "private", data="hash"),
            Draft(SAID, "#tea", "Ann", "word", data="hash"),
            Draft(TOLD, "@x9", "Ann", "word", data="hash"),
        ]
        stored = self.appendAll(*drafts)
        self.assertEqual([event.data for event in stored], ["hash"] * 3)
        bare = [event._replace(data="") for event in stored]
        scope = scopeOf("#tea", sid="x9")
        self.assertEqual(self.result(self.store.last(wholeOf("#tea"), 9)), [bare[1]])
        self.assertEqual(self.result(self.store.after(scope, 0, 9)), bare)
        for query in (Query(("word",)), Query((), since=1.0)):
            self.assertEqual(self.result(self.store.search(scope, query, 9)), bare[1:])

    def test_after(self) -> None:
        """
        Everything after an id in the reader's rooms, comings and goings included, oldest first.
        """
        stored = self.appendAll(
            said("seen"),
            Draft(JOINED, "#tea", "Bob"),
            said("not theirs", "#secret"),
            said("theirs", "#tea"),
            Draft(TOPIC, "#lobby", "Bob", "new"),
        )
        scope = scopeOf("#lobby", "#tea", sid="x9")
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
            scope = Scope((), sid)
            self.assertEqual(self.result(self.store.after(scope, 0, 9)), expected, sid)
            self.assertEqual(
                self.result(self.store.search(scope, Query(("psst",)), 9)), expected, sid
            )

    def test_toldToOneself(self) -> None:
        """
        What one tells oneself is there once.
        """
        stored = self.appendAll(Draft(TOLD, "@a1", "Ann", "note", "Ann", "a1"))
        self.assertEqual(self.result(self.store.after(Scope((), "a1"), 0, 9)), stored)

    def test_withoutSessionNothingPrivate(self) -> None:
        """
        A reader without a session id sees none of the events that have none either.
        """
        self.appendAll(Draft(TOLD, "@", "Ann", "psst", "Bob", ""))
        self.assertEqual(self.result(self.store.after(Scope((), ""), 0, 9)), [])

    def test_manyRooms(self) -> None:
        """
        A reader may be in more rooms than one statement of SQL has room for.
        """
        rooms = [f"#room{number}" for number in range(1200)]
        stored = self.appendAll(*(said(room=room) for room in rooms))
        scope = scopeOf(*rooms, sid="a1")
        self.assertEqual(self.result(self.store.after(scope, 0, 2000)), stored)
        self.assertEqual(len(self.result(self.store.search(scope, Query(("hello",)), 2000))), 1200)

    def find(self, *words: str, **more: Any) -> list[str]:
        scope = scopeOf("#lobby", "#tea", sid="x9")
        found = self.result(self.store.search(scope, Query(words, **more), 20))
        return [event.text for event in found]

    def test_search(self) -> None:
        """
        All words have to be there, in any order and case; the newest are found, oldest first.
        """
        self.appendAll(
            said("green tea"), said("Tea, black or GREEN"), said("steam"), said("only green")
        )
        self.assertEqual(self.find("green", "TEA"), ["green tea", "Tea, black or GREEN"])
        scope = scopeOf("#lobby")
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
        self.assertEqual(self.find("thi*"), ['say "this" and that'])
        for word in ("OR", "text:this", "th*", '") OR ("', "NEAR(say)", "^sa\0", "-that-x"):
            self.assertEqual(self.find(word), [], word)

    def test_searchNeedsLetters(self) -> None:
        """
        A search for punctuation alone says what to do.
        """
        self.appendAll(said("?!"))
        asked = self.store.search(scopeOf("#lobby"), Query(("?!",)), 5)
        self.settle()
        error = self.failureResultOf(asked, BadCommand).value
        self.assertIn("letters, digits or emoji", str(error))

    def test_searchByNobody(self) -> None:
        """
        So does one for an author whose name can be nobody's.
        """
        asked = self.store.search(scopeOf("#lobby"), Query((), "---"), 5)
        self.settle()
        self.assertIn("from:", str(self.failureResultOf(asked, BadCommand).value))

    def test_searchBeginnings(self) -> None:
        """
        The beginning of a word finds it, from three letters or two Korean syllables on; what stands
        in quotes does not.
        """
        texts = ["we deployed it", "deploy!", "redeploy", "회의가 있어요", "no e-mails", "de facto"]
        self.appendAll(*map(said, texts))
        self.assertEqual(self.find("deploy"), texts[:2])
        self.assertEqual(self.find("dep"), texts[:2])
        self.assertEqual(self.find("de"), texts[5:])
        self.assertEqual(self.find("회의"), [texts[3]])
        self.assertEqual(self.find("회"), [])
        self.assertEqual(self.find("e-mail"), [texts[4]])
        self.assertEqual(self.find('"deploy"'), [texts[1]])
        self.assertEqual(self.find('"deploy', 'it"'), [])
        self.assertEqual(self.find('"we', "deployed", 'it"'), texts[:1])
        self.assertEqual(self.find("it", "we"), texts[:1])

    def test_searchManyBeginnings(self) -> None:
        """
        So it is where very many words begin so, and where none does.
        """
        texts = [f"word{number:03} stays" for number in range(150)]
        self.appendAll(*map(said, texts), said("worm stays"))
        self.assertEqual(self.find("word", "stay"), texts[-20:])
        self.assertEqual(self.find("wordy"), [])
        self.assertEqual(self.find("word", "nothing"), [])

    def test_searchSigns(self) -> None:
        """
        Emoji and signs are found like words.
        """
        self.appendAll(said("ship it 🚀!"), said("👍🏽 costs 5€"), said("☕️"), said("none"))
        self.assertEqual(self.find("🚀"), ["ship it 🚀!"])
        self.assertEqual(self.find("👍"), ["👍🏽 costs 5€"])
        self.assertEqual(self.find("👍🏻", "€"), ["👍🏽 costs 5€"])
        self.assertEqual(self.find("☕"), ["☕️"])

    def test_searchWithoutSuchAKey(self) -> None:
        """
        Letters that some keyboards lack are found by others.
        """
        self.appendAll(said("Łódź"), said("smørrebrød på Ærø"), said("Þór"))
        self.assertEqual(self.find("lodz"), ["Łódź"])
        self.assertEqual(self.find("Smorrebrod", "aero"), ["smørrebrød på Ærø"])
        self.assertEqual(self.find("thor"), ["Þór"])
        self.assertEqual(self.find("łódź"), ["Łódź"])

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
        records, events = self.result(self.store.rooms())
        return sorted(records), events

    def test_none(self) -> None:
        """
        Where nothing was ever stored there are no rooms.
        """
        self.assertEqual(self.rooms(), ([], []))

    def test_events(self) -> None:
        """
        Until a room is kept there are all the events that rooms are made of, oldest first and with
        their secrets, and no others.
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
        What the follower keeps while it is told is there at once and after the next batch, and
        stands for the events up to then.
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
        The newest of a room counts, waiting or stored, and other rooms stay as they are.
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
        What was dropped is gone, waiting or stored, until it is kept again; to drop what is not
        there does no harm.
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
        Nobody has an unknown token, nor the empty one.
        """
        self.store.remember(Session("b2", "", "Bob", seen=WALL_TIME))
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

    def test_recentSessions(self) -> None:
        """
        Those that were used lately and can be resumed are given as they are now, waiting or stored.
        """
        others = [
            Session("b2", "hash2", "Bob", seen=WALL_TIME - 50),
            Session("c3", "hash3", "Cem", seen=WALL_TIME - 100),
            Session("d4", "", "Dora", seen=WALL_TIME),
        ]
        for session in (self.session, *others):
            self.store.remember(session)

        def recent(since: float) -> list[Session]:
            found: list[Session] = self.result(self.store.recentSessions(since))
            return sorted(found, key=lambda session: session.sid)

        for _ in range(2):
            self.assertEqual(recent(WALL_TIME - 50), [self.session, others[0]])
            self.assertEqual(recent(WALL_TIME + 1), [])
            self.appendAll(said())
        self.store.remember(self.session._replace(tokenHash=""))
        self.store.remember(others[1]._replace(seen=WALL_TIME))
        for _ in range(2):
            self.assertEqual([session.sid for session in recent(WALL_TIME - 50)], ["b2", "c3"])
            self.appendAll(said())
