from __future__ import annotations

import os
import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.history import HistoryContract
from tests.contracts.store import said
from tests.stores.sqlite.storecase import LOBBY, SQLiteCase
from twisted_chat.errors import NoHistory
from twisted_chat.stores.search import Phrase, terms
from twisted_chat.stores.sqlite import fulltext, reader, schema, writer
from twisted_chat.stores.sqlite import store as sqlite
from twisted_chat.stores.sqlite.fulltext import (
    Extent,
    expression,
    extent,
    forget,
    indexStep,
    isAvailable,
    mergeStep,
    prepare,
    termsFrom,
)
from twisted_chat.wire.events import Event, Query


class ExpressionTests(SynchronousTestCase):
    """
    L{expression}.
    """

    def test_allOf(self) -> None:
        """
        All phrases and the name are asked for, each in quotes and in its own column.
        """
        asked = [Phrase("green tea", False), Phrase("cup", False)]
        self.assertEqual(
            expression(asked, "Ann-Marie", lambda beginning: iter(())),
            'text : "green tea" AND text : "cup" AND name : "ann marie"',
        )

    def test_beginnings(self) -> None:
        """
        A beginning is asked for as all terms that begin so, if they are not too many.
        """

        def asked(text: str, *found: str) -> str:
            return expression([Phrase(text, True)], "", lambda beginning: iter(found))

        self.assertEqual(asked("tea"), 'text : ("tea")')
        self.assertEqual(asked("tea", "tea", "teapot"), 'text : ("tea" OR "teapot")')
        self.assertEqual(asked("e mail", "mail", "mailer"), 'text : ("e mail" OR "e mailer")')
        self.patch(fulltext, "ALTERNATIVES", 2)
        self.assertEqual(asked("tea", "tea", "teapot"), 'text : ("tea" OR "teapot")')
        self.assertEqual(asked("e tea", "tea", "teapot", "team"), 'text : "e tea" *')

    def test_nothing(self) -> None:
        """
        There may be nothing to ask for.
        """
        self.assertEqual(expression([], "", lambda beginning: iter(())), "")


class IndexTests(SynchronousTestCase):
    """
    The index in a file.
    """

    def setUp(self) -> None:
        self.patch(fulltext, "STEP_SECONDS", 60.0)
        path = os.path.realpath(self.mktemp())
        schema.copy(None, path)
        self.connection = schema.connect(path, isWriter=True)
        self.addCleanup(self.connection.close)

    def add(self, *texts: str, kind: str = "said") -> None:
        self.connection.executemany(
            "INSERT INTO events VALUES (NULL, 5.0, ?, '#lobby', 'Zoë', ?, '', '', NULL, '')",
            [(kind, text) for text in texts],
        )

    def matches(self, asked: str) -> list[int]:
        rows = self.connection.execute(
            "SELECT rowid FROM terms WHERE terms MATCH ? ORDER BY rowid", (asked,)
        )
        return [row[0] for row in rows]

    def test_steps(self) -> None:
        """
        A step indexes the next events and tells how many are left; only what was said counts.
        """
        prepare(self.connection)
        self.patch(fulltext, "STEP", 2)
        self.add("Green Tea", "tea", "cup of tea")
        self.add("tea", kind="topic")
        steps = [indexStep(self.connection, 4) for _ in range(3)]
        self.assertEqual(steps, [(2, False), (0, True), (0, True)])
        self.assertEqual(self.matches('text : "tea"'), [1, 2, 3])
        self.assertEqual(self.matches('text : "green tea"'), [1])
        self.assertEqual(self.matches('name : "zoe"'), [1, 2, 3])

    def test_newestFirst(self) -> None:
        """
        An index that is made anew begins at the end: with what comes meanwhile, then backwards.
        """
        self.add(*("tea" for _ in range(5)))
        self.add("tea", kind="topic")
        self.connection.execute("UPDATE events SET id = id + 1000 WHERE id > 3")
        prepare(self.connection)
        self.patch(fulltext, "STEP", 2)
        self.assertEqual(extent(self.connection), Extent(1006, 1006))
        self.add("tea")
        found = []
        for _ in range(7):
            indexStep(self.connection, 1007)
            found.append(self.matches("tea"))
        self.assertEqual(
            found[:4], [[1007], [1005, 1007], [1004, 1005, 1007], [2, 3, 1004, 1005, 1007]]
        )
        self.assertEqual(found[-1], [1, 2, 3, 1004, 1005, 1007])
        self.assertEqual(indexStep(self.connection, 1007), (0, True))
        self.assertEqual(extent(self.connection), Extent(0, 1007))
        self.connection.execute("INSERT INTO terms (terms) VALUES ('integrity-check')")

    def test_timeIsUp(self) -> None:
        """
        A step ends when its time is up, in both directions, and goes on there.
        """
        self.patch(fulltext, "STEP_SECONDS", -1.0)
        self.add("tea", "tea")
        prepare(self.connection)
        self.add("tea", "tea")
        found = []
        for _ in range(4):
            indexStep(self.connection, 4)
            found.append(self.matches("tea"))
        self.assertEqual(found, [[3], [3, 4], [2, 3, 4], [1, 2, 3, 4]])

    def test_oneTextIsBounded(self) -> None:
        """
        What stands for much more than it is does not hold up the writer for long.
        """
        self.patch(fulltext, "STEP_SECONDS", 1e-3)
        prepare(self.connection)
        self.add(*["\ufdfa" * 1365] * 10)
        indexStep(self.connection, 10)
        self.assertLess(extent(self.connection).last, 5)

    def test_vocabulary(self) -> None:
        """
        All terms with a beginning are found, however often they come, and none besides.
        """
        prepare(self.connection)
        self.add("tea teapot tee team 茶 tea", "tea téa", "회의가 회의 회")
        indexStep(self.connection, 3)
        self.connection.execute(fulltext.OPEN_VOCABULARY)
        for beginning, expected in (
            ("tea", ["tea", "team", "teapot"]),
            ("te", ["tea", "team", "teapot", "tee"]),
            ("회의", ["회의", "회의가"]),
            ("x", []),
            ("teapots", []),
        ):
            self.assertEqual(list(termsFrom(self.connection, beginning)), expected)

    def test_forget(self) -> None:
        """
        What is forgotten is not found; what was never indexed can be forgotten too.
        """
        self.add("old tea")
        prepare(self.connection)
        self.add("green tea", "black tea", "no tea")
        indexStep(self.connection, 3)
        rows = [(1, "old tea", "Zoë"), (2, "green tea", "Zoë"), (4, "no tea", "Zoë")]
        forget(self.connection, rows)
        self.assertEqual(self.matches("tea"), [3])
        self.assertEqual(self.matches("green"), [])
        self.connection.execute("INSERT INTO terms (terms) VALUES ('integrity-check')")

    def test_prepareTwice(self) -> None:
        """
        An index that is there stays.
        """
        prepare(self.connection)
        self.add("tea")
        indexStep(self.connection, 1)
        prepare(self.connection)
        self.assertEqual(self.matches("tea"), [1])

    def segments(self) -> int:
        [[count]] = self.connection.execute("SELECT count(DISTINCT segid) FROM terms_idx")
        return int(count)

    def addSegments(self, count: int) -> None:
        self.patch(fulltext, "STEP", 1)
        self.add(*(f"tea number {number}" for number in range(count)))
        for _ in range(count):
            indexStep(self.connection, count)

    def test_merge(self) -> None:
        """
        A step of the index merges nothing by itself; steps of merging do, until nothing is left,
        and everything is found as before.
        """
        prepare(self.connection)
        self.addSegments(40)
        self.assertEqual(self.segments(), 40)
        while mergeStep(self.connection):
            pass
        self.assertLess(self.segments(), 8)
        self.assertEqual(self.matches("tea"), list(range(1, 41)))
        self.connection.execute("INSERT INTO terms (terms) VALUES ('integrity-check')")

    def test_mergeEndsInTime(self) -> None:
        """
        A step of merging ends when its time is up, and tells that more is left.
        """
        self.patch(fulltext, "MERGE_SECONDS", -1.0)
        self.patch(fulltext, "MERGED_PAGES", 1)
        prepare(self.connection)
        self.addSegments(40)
        self.assertTrue(mergeStep(self.connection))

    def test_mergeNothing(self) -> None:
        """
        Where nothing is to be merged nothing is.
        """
        prepare(self.connection)
        self.assertFalse(mergeStep(self.connection))

    def test_oldIndexMergesInSteps(self) -> None:
        """
        An index that was made when FTS5 merged by itself is merged in steps from now on.
        """
        prepare(self.connection)
        self.connection.execute("INSERT INTO terms (terms, rank) VALUES ('automerge', 4)")
        prepare(self.connection)
        self.addSegments(20)
        self.assertEqual(self.segments(), 20)

    def test_everyTermIsOneToken(self) -> None:
        """
        FTS5 parts at blanks only, whatever the script.
        """
        prepare(self.connection)
        words = ["हिन्दी", "עברית", "한국어", "𐐨", "ß", "x\u0660"]
        self.add(*words)
        indexStep(self.connection, len(words))
        self.connection.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, terms, 'row')")
        rows = self.connection.execute("SELECT term FROM v WHERE term != 'zoe'").fetchall()
        expected = [term for word in words for term in terms(word)]
        self.assertEqual(sorted(row[0] for row in rows), sorted(expected))

    def test_available(self) -> None:
        """
        It leaves nothing behind to ask whether there is FTS5, and says no where there is none.
        """
        self.assertTrue(isAvailable(self.connection))
        self.assertTrue(isAvailable(self.connection))

        class Old:
            def execute(self, statement: str) -> None:
                raise sqlite3.OperationalError("no such module: fts5")

        self.assertFalse(isAvailable(Old()))  # type: ignore[arg-type]


class IndexedTests(SQLiteCase, HistoryContract):
    """
    The same answers once the words are in the index, which is asked however small a room is.
    """

    def setUp(self) -> None:
        self.patch(reader, "SMALL_ROOM", 0)
        super().setUp()

    def settle(self) -> None:
        super().settle()
        self.clock.advance(sqlite.TIDY_SECONDS)
        super().settle()


class SearchTests(SQLiteCase):
    """
    The index of words and what is not in it yet.
    """

    def find(self, *words: str) -> list[str]:
        found = self.result(self.store.search(LOBBY, Query(words), 20))
        return [event.text for event in found]

    def test_indexedAndNot(self) -> None:
        """
        What is indexed and what is not yet is found alike, in order.
        """
        self.appendAll(said("tea 1"), said("tea 2"))
        self.tidy()
        self.appendAll(said("tea 3"), said("tea 4"))
        self.assertEqual(self.find("tea"), ["tea 1", "tea 2", "tea 3", "tea 4"])
        [newest] = self.result(self.store.search(LOBBY, Query(("tea",)), 1))
        self.assertEqual(newest.text, "tea 4")

    def test_manySteps(self) -> None:
        """
        Step by step everything is indexed.
        """
        self.patch(fulltext, "STEP", 7)
        self.appendAll(*(said(f"tea {number}") for number in range(40)))
        self.tidy()
        with sqlite3.connect(self.path) as connection:
            found = connection.execute("SELECT count(*) FROM terms WHERE terms MATCH 'tea'")
            self.assertEqual(found.fetchone(), (40,))
        connection.close()

    def test_segmentsAreMerged(self) -> None:
        """
        While the index grows its segments are merged, down to a few.
        """
        self.patch(fulltext, "STEP", 1)
        self.appendAll(*(said(f"tea {number}") for number in range(60)))
        self.tidy()
        with sqlite3.connect(self.path) as connection:
            [[count]] = connection.execute("SELECT count(DISTINCT segid) FROM terms_idx")
        connection.close()
        self.assertLess(count, 10)

    def test_busyServerIndexesToo(self) -> None:
        """
        Where messages never pause the index still does not fall behind for ever.
        """
        self.patch(sqlite, "TIDY_BEHIND", 50)
        self.patch(sqlite, "BATCH", 10)

        def goOn(event: Event) -> None:
            if event.id < 2000:
                self.store.append(said("tea"), None)

        self.follower.whenStored = goOn
        self.appendAll(*(said("tea") for _ in range(20)))
        self.assertEqual(self.clock.seconds(), 0.0)
        with sqlite3.connect(self.path) as connection:
            [indexed] = connection.execute("SELECT value FROM notes WHERE name = 'indexed'")
        connection.close()
        self.assertGreater(indexed[0], 1900)

    def test_busyButNotBehind(self) -> None:
        """
        Where messages never pause a step comes from time to time, and no more often than that.
        """
        self.patch(sqlite, "BATCH", 10)
        steps: list[float] = []
        tidy = self.store._writer.tidy

        def step(isForgetting: bool) -> writer.Waiting:
            steps.append(self.clock.seconds())
            return tidy(isForgetting)

        self.patch(self.store._writer, "tidy", step)

        def goOn(event: Event) -> None:
            if event.id < 3000:
                if event.id % 10 == 0:
                    self.clock.advance(0.01)
                self.store.append(said("tea"), None)

        self.follower.whenStored = goOn
        self.appendAll(*(said("tea") for _ in range(20)))
        self.assertGreaterEqual(len(steps), 2)
        self.assertLessEqual(len(steps), 20)

    def test_withoutFTS5(self) -> None:
        """
        An interpreter without FTS5 keeps the history, and says why it cannot be searched; once
        there is FTS5 everything is found.
        """
        patched = self.patch(fulltext, "isAvailable", lambda connection: False)
        self.restart()
        self.appendAll(said("tea"))
        self.tidy()
        asked = self.store.search(LOBBY, Query(("tea",)), 5)
        self.settle()
        self.assertEqual(
            str(self.failureResultOf(asked, NoHistory).value),
            "search is not possible on this server: its SQLite has no FTS5",
        )
        patched.restore()
        self.restart()
        self.assertEqual(self.find("tea"), ["tea"])
        self.tidy()
        self.assertEqual(self.find("tea"), ["tea"])

    def test_otherRules(self) -> None:
        """
        An index that was made by other rules is made anew.
        """
        self.appendAll(said("tea"))
        self.tidy()
        self.patch(fulltext, "RULES", "others")
        self.patch(fulltext, "terms", lambda text: ["coffee"])
        self.restart()
        self.tidy()
        with sqlite3.connect(self.path) as connection:
            found = connection.execute("SELECT count(*) FROM terms WHERE terms MATCH 'coffee'")
            self.assertEqual(found.fetchone(), (1,))
        connection.close()
