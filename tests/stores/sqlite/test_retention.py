from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import WALL_TIME, said
from tests.stores.sqlite.storecase import LOBBY, SQLiteCase
from twisted_chat.errors import BadCommand
from twisted_chat.stores.sqlite import fulltext, retention, schema
from twisted_chat.stores.sqlite.retention import ALL, DAY, Keep, Pruner, parseKeep, pruners
from twisted_chat.wire.events import Query


class ParseTests(SynchronousTestCase):
    """
    L{parseKeep}.
    """

    def test_forms(self) -> None:
        """
        All, a number of messages, a number of days.
        """
        self.assertEqual(parseKeep("all"), ALL)
        self.assertEqual(parseKeep("100000"), Keep(messages=100_000))
        self.assertEqual(parseKeep("30d"), Keep(days=30))

    def test_others(self) -> None:
        """
        Everything else is refused, with the forms.
        """
        for text in ("", "0", "-1", "30 d", "30D", "d", "1.5d", "٣", "all ", "9" * 13):
            error = self.assertRaises(BadCommand, parseKeep, text)
            self.assertIn("30d", str(error), text)


class PrunerTests(SynchronousTestCase):
    """
    The pruners, on a file of their own.
    """

    def setUp(self) -> None:
        path = os.path.realpath(self.mktemp())
        schema.copy(None, path)
        self.connection = schema.connect(path, isWriter=True)
        self.addCleanup(self.connection.close)
        fulltext.prepare(self.connection)
        self.newest = 0

    def add(self, kind: str, count: int, time: float = WALL_TIME) -> None:
        """
        Store so many events of a kind.
        """
        first = self.newest + 1
        self.newest += count
        self.connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, '#lobby', 'Ann', 'tea', '', '', NULL, '')",
            [(id, time, kind) for id in range(first, self.newest + 1)],
        )

    def prune(self, keep: Keep) -> None:
        """
        Do all steps there are, as a server that was just started.
        """
        self.steps(pruners(keep, True))

    def steps(self, those: list[Pruner]) -> None:
        self.connection.execute("BEGIN")
        while sum(pruner.step(self.connection, self.newest, WALL_TIME) for pruner in those):
            pass
        self.connection.execute("COMMIT")

    def kept(self, kind: str) -> list[int]:
        rows = self.connection.execute("SELECT id FROM events WHERE kind = ? ORDER BY id", (kind,))
        return [row[0] for row in rows]

    def test_all(self) -> None:
        """
        To keep all needs no pruner.
        """
        self.assertEqual(pruners(ALL, True), [])

    def test_messages(self) -> None:
        """
        The newest messages are kept, a tenth as many comings and goings, and all state.
        """
        self.add("created", 10)
        self.add("joined", 600)
        self.add("said", 1500)
        self.add("joined", 30)
        self.add("said", 50)
        self.prune(Keep(messages=100))
        self.assertEqual(len(self.kept("created")), 10)
        self.assertEqual(self.kept("said"), [*range(2061, 2111), *range(2141, 2191)])
        self.assertEqual(self.kept("joined"), list(range(2131, 2141)))

    def test_goesOn(self) -> None:
        """
        What comes later is counted with what was there, however often one looks.
        """
        those = pruners(Keep(messages=100), True)
        for _ in range(30):
            self.add("said", 33)
            self.steps(those)
        self.assertEqual(self.kept("said"), list(range(self.newest - 99, self.newest + 1)))
        self.prune(Keep(messages=100))
        self.assertEqual(len(self.kept("said")), 100)

    def test_days(self) -> None:
        """
        What is older than so many days goes; comings and goings after a tenth of the time.
        """
        for days in (20, 11, 9, 2, 0.5):
            self.add("said", 3, WALL_TIME - days * DAY)
            self.add("left", 3, WALL_TIME - days * DAY)
            self.add("topic", 1, WALL_TIME - days * DAY)
        self.add("said", 1)
        self.prune(Keep(days=10))
        self.assertEqual(len(self.kept("said")), 10)
        self.assertEqual(len(self.kept("left")), 3)
        self.assertEqual(len(self.kept("topic")), 5)
        self.assertEqual(self.kept("said")[0], 15)

    def test_wrongClocks(self) -> None:
        """
        What a clock stamped that was ahead goes with what follows it, and never before.
        """
        old, years = WALL_TIME - 20 * DAY, WALL_TIME + 1400 * DAY
        for time in (years, old, years, years, old, years, WALL_TIME, years, old):
            self.add("said", 1, time)
        self.prune(Keep(days=10))
        self.assertEqual(self.kept("said"), [6, 7, 8, 9])

    def test_longTimeOfAWrongClock(self) -> None:
        """
        However much was stored while the clock was ahead, it goes once what follows it is old.
        """
        self.add("said", 1, WALL_TIME - 20 * DAY)
        self.add("said", 1700, WALL_TIME + 1400 * DAY)
        self.prune(Keep(days=10))
        self.assertEqual(len(self.kept("said")), 1700)
        self.add("said", 3, WALL_TIME - 20 * DAY)
        self.add("said", 3)
        self.prune(Keep(days=10))
        self.assertEqual(self.kept("said"), [1705, 1706, 1707])

    def test_longerThanIsLookedAtOnce(self) -> None:
        """
        What follows is looked for in small steps, past a gap in the ids.
        """
        self.patch(retention, "COUNTED", 700)
        self.add("said", 2500, WALL_TIME + 1400 * DAY)
        self.newest = 2**45
        self.add("said", 1, WALL_TIME - 20 * DAY)
        self.add("said", 2)
        self.prune(Keep(days=10))
        self.assertEqual(self.kept("said"), [2**45 + 2, 2**45 + 3])

    def test_withoutATime(self) -> None:
        """
        What has no time that can be read goes with what follows it as well, and never before.
        """
        for time in (WALL_TIME - 20 * DAY, WALL_TIME + 1400 * DAY, -1.0, WALL_TIME):
            self.add("said", 1, time)
        self.add("said", 1)
        self.prune(Keep(days=10))
        self.assertEqual(self.kept("said"), [2, 3, 4, 5])
        self.prune(Keep(messages=2))
        self.assertEqual(self.kept("said"), [4, 5])

    def test_futureIsNoAge(self) -> None:
        """
        A number of messages is a number, whatever time they have.
        """
        self.add("said", 30, WALL_TIME + 1400 * DAY)
        self.prune(Keep(messages=10))
        self.assertEqual(len(self.kept("said")), 10)

    def test_nothingOldIsNothingPruned(self) -> None:
        """
        A long time of comings and goings alone is not noted as if messages had been pruned.
        """
        self.add("said", 1, WALL_TIME - 20 * DAY)
        self.add("joined", 2000)
        self.add("said", 1)
        self.prune(Keep(days=10))
        self.assertEqual(schema.readNote(self.connection, schema.PRUNED, 0), 1)
        self.assertEqual(len(self.kept("joined")), 2000)

    def test_newestStays(self) -> None:
        """
        The newest event stays however old it is, since ids go on from it.
        """
        self.add("said", 5, WALL_TIME - 100 * DAY)
        self.prune(Keep(days=1))
        self.assertEqual(self.kept("said"), [5])

    def test_stepsAreSmall(self) -> None:
        """
        One step looks at few ids, whatever there is to do.
        """
        self.patch(retention, "STEP", 10)
        self.add("said", 1000)
        [_, pruner] = pruners(Keep(messages=100), True)
        self.connection.execute("BEGIN")
        self.assertTrue(pruner.step(self.connection, self.newest, WALL_TIME))
        self.assertEqual(len(self.kept("said")), 990)
        self.connection.execute("ROLLBACK")

    def test_wordsGoToo(self) -> None:
        """
        The index of words forgets what is pruned, and what it never had does no harm.
        """
        self.add("said", 60)
        self.connection.execute("BEGIN")
        fulltext.indexStep(self.connection, 30)
        self.connection.execute("COMMIT")
        self.prune(Keep(messages=40))
        rows = self.connection.execute("SELECT rowid FROM terms WHERE terms MATCH 'tea'")
        self.assertEqual([row[0] for row in rows], list(range(21, 31)))
        self.connection.execute("INSERT INTO terms (terms) VALUES ('integrity-check')")

    def test_countsInSteps(self) -> None:
        """
        A large history is counted little by little; nothing too much is pruned meanwhile.
        """
        self.patch(retention, "COUNTED", 7)
        self.add("said", 300)
        self.prune(Keep(messages=280))
        self.assertEqual(self.kept("said"), list(range(21, 301)))


class KeepTests(SQLiteCase):
    """
    How the past is pruned.
    """

    keep = Keep(messages=100)

    def test_prunesOldest(self) -> None:
        """
        The newest messages are kept, in the bounds and in the index too.
        """
        self.appendAll(*(said(f"tea {number}") for number in range(1, 1201)))
        self.tidy()
        self.assertEqual(self.result(self.store.bounds()), (1101, 1200))
        self.assertEqual(self.texts()[0], "tea 1101")
        self.assertEqual(self.result(self.store.search(LOBBY, Query(("500",)), 5)), [])
        [found] = self.result(self.store.search(LOBBY, Query(("1150",)), 5))
        self.assertEqual(found.text, "tea 1150")
        self.restart()
        [event] = self.appendAll(said("next"))
        self.assertEqual(event.id, 1201)
