"""
What every store has to answer of the past: a mixin as those in L{tests.contracts.store}.
"""

from __future__ import annotations

from typing import Any

from tests.contracts.store import WALL_TIME, StoreContract, said, scopeOf, wholeOf
from twisted_chat.errors import BadCommand
from twisted_chat.wire.events import (
    ACTED,
    BANNED,
    CREATED,
    FOREVER,
    GRANTED,
    JOINED,
    LEFT,
    LIFTED,
    REMOVED,
    RENAMED,
    SAID,
    SERVER,
    SET,
    TOLD,
    TOPIC,
    Draft,
    Place,
    Query,
    Scope,
    accountOf,
    joinedData,
    withoutSecrets,
)


class HistoryContract(StoreContract):
    """
    L{twisted_chat.stores.interfaces.IHistory}.
    """

    def test_boundsOfNothing(self) -> None:
        """
        The bounds of an empty log are 1 and 0.
        """
        self.assertEqual(self.result(self.store.bounds()), (1, 0))

    def test_bounds(self) -> None:
        """
        The bounds are the oldest id kept and the newest.
        """
        self.appendAll(said(), said(), said())
        self.assertEqual(self.result(self.store.bounds()), (1, 3))

    def test_moderation(self) -> None:
        """
        Acts of moderators in one room, or in all of them, come oldest first, with their values.
        """
        stored = self.appendAll(
            Draft(BANNED, "#tea", "Ann", "spam", "Bob", data="1"),
            said("hello", "#tea"),
            Draft(TOPIC, "#tea", "Ann", "green"),
            Draft(SET, SERVER, "Ann", "all", data="2"),
            Draft(GRANTED, "#tea", "Ann", "", "Cem", data="3"),
            Draft(REMOVED, "#lobby", "Ann", "", "Bob", data="4"),
            Draft(LIFTED, "#tea", "Ann", "", "Bob", data="5"),
        )
        acts = [stored[place] for place in (0, 3, 4, 5, 6)]
        inTea = [event for event in acts if event.room == "#tea"]
        self.assertEqual(self.result(self.store.moderation("#tea", 9)), inTea)
        self.assertEqual(self.result(self.store.moderation("#tea", 2)), inTea[-2:])
        self.assertEqual(self.result(self.store.moderation(None, 9)), acts)
        self.assertEqual(self.result(self.store.moderation(None, 2)), acts[-2:])
        self.assertEqual(self.result(self.store.moderation(SERVER, 9)), [stored[3]])
        self.assertEqual(self.result(self.store.moderation("#none", 9)), [])
        self.assertEqual(self.result(self.store.moderation(None, 0)), [])

    def test_last(self) -> None:
        """
        The last messages of one room come oldest first, without comings and goings.
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
        Messages since the last question are part of the next answer.
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
        Only the part of a room within the ranges is given, whether these touch, are empty, lie
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
        Events after an id are given within the ranges, comings and goings included, page by page.
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
        A search stays within the ranges, with words, a name, a room or none, and with more ranges
        than a statement of SQL has room for.
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

    def test_count(self) -> None:
        """
        The messages of a place after an id are counted, up to a bound.
        """
        self.appendAll(
            *(said(str(number)) for number in range(1, 9)),
            Draft(JOINED, "#lobby", "Bob"),
            Draft(TOPIC, "#lobby", "Bob", "x"),
            Draft(ACTED, "#lobby", "Bob", "waves"),
            said("elsewhere", "#tea"),
        )
        ranges = ((2, 4), (6, 5), (7, FOREVER))
        for after, most, place, expected in (
            (0, 99, wholeOf("#lobby"), 9),
            (0, 5, wholeOf("#lobby"), 5),
            (0, 0, wholeOf("#lobby"), 0),
            (3, 99, wholeOf("#lobby"), 6),
            (11, 99, wholeOf("#lobby"), 0),
            (FOREVER, 99, wholeOf("#lobby"), 0),
            (0, 99, wholeOf("#nowhere"), 0),
            (0, 99, Place("#lobby", ranges), 6),
            (0, 4, Place("#lobby", ranges), 4),
            (3, 99, Place("#lobby", ranges), 4),
            (5, 99, Place("#lobby", ranges), 3),
            (0, 99, Place("#lobby", ()), 0),
        ):
            found = self.result(self.store.count(place, after, most))
            self.assertEqual(found, expected, (after, most, place))

    def test_noSecrets(self) -> None:
        """
        No answer holds a secret of the log, which only the follower hears; accounts are no secret.
        """
        drafts = [
            Draft(CREATED, "#tea", "Ann", "private", data="hash"),
            Draft(SAID, "#tea", "Ann", "word", data="Ann"),
            Draft(TOLD, "@x9", "Ann", "word", data="Ann"),
            Draft(JOINED, "#tea", "Ann", data=joinedData("12", "Ann")),
            Draft(JOINED, "#tea", "Ann", data=joinedData("12", "")),
            Draft(JOINED, "#tea", "Ann", data=joinedData("", "Ann")),
            Draft(LEFT, "#tea", "Ann", data="held"),
        ]
        stored = self.appendAll(*drafts)
        self.assertEqual([event.data for event in stored], [draft.data for draft in drafts])
        bare = [withoutSecrets(event) for event in stored]
        self.assertEqual(list(map(accountOf, bare)), ["", "Ann", "Ann", "Ann", "", "Ann", ""])
        scope = scopeOf("#tea", sid="x9")
        self.assertEqual(self.result(self.store.last(wholeOf("#tea"), 9)), [bare[1]])
        self.assertEqual(self.result(self.store.after(scope, 0, 9)), bare)
        for query in (Query(("word",)), Query((), since=1.0)):
            self.assertEqual(self.result(self.store.search(scope, query, 9)), bare[1:3])

    def test_after(self) -> None:
        """
        All events after an id in the reader's rooms come oldest first, comings and goings included.
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
        A direct message is in the scope of its author and its reader alone.
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
        A direct message to its own author is there once.
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
        All words of a search have to occur, in any order and case; the newest messages are found,
        oldest first.
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
        Accents do not matter to a search, and characters of Chinese or Japanese are found in a
        sentence.
        """
        self.appendAll(said("Zoë's Café"), said("我们喝绿茶吧"), said("İstanbul"), said("straße"))
        self.assertEqual(self.find("cafe", "ZOE"), ["Zoë's Café"])
        self.assertEqual(self.find("绿茶"), ["我们喝绿茶吧"])
        self.assertEqual(self.find("茶绿"), [])
        self.assertEqual(self.find("istanbul"), ["İstanbul"])
        self.assertEqual(self.find("STRASSE"), ["straße"])

    def test_searchIsNoSyntax(self) -> None:
        """
        Operators and quotes in a word have no meaning of their own.
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
        A search for an author whose name nobody can have says what to do, too.
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
        The beginning of a word finds it where very many words begin so, and nothing where none
        does.
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
        No search finds anything outside of the scope, even if it names its room.
        """
        self.appendAll(said("secret tea", "#secret"))
        self.assertEqual(self.find("tea"), [])
        self.assertEqual(self.find("tea", room="#secret"), [])
        self.assertEqual(self.find(room="#secret"), [])

    def test_searchFindsWhatPeopleWrote(self) -> None:
        """
        A search does not look at the names of newcomers, nor at topics.
        """
        self.appendAll(Draft(JOINED, "#tea", "Ann"), Draft(TOPIC, "#tea", "Ann", "green"))
        self.assertEqual(self.find("green") + self.find(name="Ann"), [])
