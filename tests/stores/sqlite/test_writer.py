from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import WALL_TIME, said, wholeOf
from twisted_chat.errors import NoHistory
from twisted_chat.stores.session import RoomRecord, Session
from twisted_chat.stores.sqlite import fulltext, retention, writer
from twisted_chat.stores.sqlite.faults import Refusal
from twisted_chat.stores.sqlite.reader import Reader
from twisted_chat.stores.sqlite.retention import ALL, DAY, Keep
from twisted_chat.stores.sqlite.writer import FORGOTTEN, Changes, Writer
from twisted_chat.wire.events import JOINED, SAID, Draft, Event

_T = TypeVar("_T")

ROOM = RoomRecord(1, "#tea", "", "", ((1, None),))


class WriterTests(SynchronousTestCase):
    """
    L{Writer}.
    """

    def setUp(self) -> None:
        self.path = self.mktemp()
        self.writer = self.begin()

    def begin(self, keep: Keep = ALL) -> Writer:
        made = Writer(self.path, lambda: WALL_TIME, keep)
        made.open()
        self.addCleanup(made.close)
        return made

    def read(self, question: Callable[[Reader], _T]) -> _T:
        reader = Reader(self.writer.path, False)
        try:
            return question(reader)
        finally:
            reader.close()

    def count(self) -> int:
        return len(self.read(lambda reader: reader.last(wholeOf("#lobby"), 10**6, None)))

    def test_outcome(self) -> None:
        """
        A batch becomes events with rising ids, of one time, each with its origin.
        """
        outcome = self.writer.commit([(said("1"), "a"), (said("2"), "b")])
        self.assertEqual(
            outcome.stored,
            [(Event(1, WALL_TIME, *said("1")), "a"), (Event(2, WALL_TIME, *said("2")), "b")],
        )
        self.assertEqual(outcome.repeated, [])

    def test_emptyBatch(self) -> None:
        """
        A batch may have sessions alone.
        """
        outcome = self.writer.commit([], Changes([Session("a1", "h", "Ann")]))
        self.assertEqual((outcome.stored, outcome.repeated), ([], []))

    def test_allOrNothing(self) -> None:
        """
        When something of a batch cannot be stored nothing of it is, its sessions neither.
        """
        wrong = self.patch(writer, "_KEEP_ROOM", "INSERT INTO nowhere VALUES (?, ?, ?, ?, ?, ?)")
        changes = Changes([Session("a1", "h", "Ann")], {1: ROOM}, 1)
        self.assertRaises(Refusal, self.writer.commit, [(said("1"), None)], changes)
        self.assertEqual(self.count(), 0)
        self.assertIsNone(self.read(lambda reader: reader.recall("h")))
        wrong.restore()
        [(event, _)] = self.writer.commit([(said("2"), None)]).stored
        self.assertEqual(event.id, 1)

    def test_whatCanNeverBeStored(self) -> None:
        """
        What no file takes, being half a character or too large a number, keeps nothing else from
        being stored, and whose it was hears so.
        """
        half = "\ud800"
        drafts = [
            (said("1"), 1),
            (said(half), 2),
            (said("3", key=half), 3),
            (said("4")._replace(data=5j), 4),  # type: ignore[arg-type]
            (said("5")._replace(name=None), 5),  # type: ignore[arg-type]
            (said("6"), 6),
        ]
        sessions = [
            Session("a1", "h", "Ann"),
            Session("b2", "i", half),
            Session("c3", "j", "Cem", (2**70,), 2**70),
            Session("d4", "k", "Dora", (object(),)),  # type: ignore[arg-type]
        ]
        rooms = {1: ROOM, 2: ROOM._replace(id=2, topic=half), 3: None}
        outcome = self.writer.commit(drafts, Changes(sessions, rooms, 7))
        self.assertEqual([event.text for event, _ in outcome.stored], ["1", "6"])
        self.assertEqual([event.id for event, _ in outcome.stored], [1, 2])
        self.assertEqual(outcome.lost, drafts[1:5])
        self.assertIsInstance(outcome.refusal, Refusal)
        _, found = self.read(lambda reader: reader.recentSessions(5.0, 0.0, 5.0))
        self.assertEqual([session.name for session in found], ["Ann"])
        self.assertEqual(self.read(lambda reader: reader.rooms()[0].records), [ROOM])

    def test_repetitionsAmongMany(self) -> None:
        """
        Repeated keys of all sorts in one batch, and again after a restart.
        """
        drafts = [said(str(number % 70), key=str(number % 70)) for number in range(200)]
        outcome = self.writer.commit([(draft, None) for draft in drafts])
        self.assertEqual((len(outcome.stored), len(outcome.repeated)), (70, 130))
        for event, _ in outcome.repeated:
            self.assertIn((event, None), outcome.stored)
        self.writer.close()
        again = self.begin().commit([(draft, None) for draft in drafts[:75]])
        self.assertEqual((again.stored, len(again.repeated)), ([], 75))

    def test_idsWithoutGapsAfterRefusal(self) -> None:
        """
        A refused batch uses up no ids.
        """
        self.patch(writer, "_insertion", lambda rows: "INSERT INTO nowhere VALUES (1)")
        refusal = self.assertRaises(Refusal, self.writer.commit, [(said(), None)])
        self.assertFalse(refusal.isBug)
        self.assertIn("nowhere", str(refusal))
        self.assertNotIn("nowhere", str(refusal.answer))

    def test_tidyWithAWrongClock(self) -> None:
        """
        A server whose clock is years ahead deletes nothing for a day, nor does the one after it;
        then what is too old goes.
        """
        self.writer.commit([(said("1"), None), (said("2"), None)])
        self.writer.close()
        for asks in (2, 3):
            wall, mono = WALL_TIME + 1400 * DAY, 5.0
            writer = Writer(self.path, lambda: wall, Keep(days=30), lambda: mono)  # noqa: B023
            writer.open()
            for _ in range(asks):
                writer.tidy(isForgetting=True)
                self.assertEqual(self.count(), asks)
                wall, mono = wall + DAY / 3, mono + DAY / 3
            writer.commit([(said(f"at {asks}"), None)])
            writer.close()
        writer = Writer(self.path, lambda: wall, Keep(days=30), lambda: mono)
        writer.open()
        self.addCleanup(writer.close)
        writer.tidy()
        self.assertEqual(self.count(), 4)
        wall, mono = wall + DAY, mono + DAY
        writer.tidy()
        self.assertEqual(
            [e.text for e in self.read(lambda r: r.last(wholeOf("#lobby"), 9, None))],
            ["at 2", "at 3"],
        )

    def test_manySessionsGo(self) -> None:
        """
        Sessions that nobody uses go in small steps, and a step says that more of them wait.
        """
        self.patch(fulltext, "STEP_SECONDS", 60.0)
        self.patch(writer, "PRUNE_SECONDS", -1.0)
        old = WALL_TIME - 31 * DAY
        count = 2 * FORGOTTEN + 1
        sessions = [Session(f"s{n}", f"hash{n}", "Ann", seen=old) for n in range(count)]
        self.writer.commit([(said(), None)], Changes(sessions))
        left, isMore = [], self.writer.tidy(isForgetting=True).isMore
        while isMore:
            left.append(len(self.read(lambda r: r.recentSessions(62 * DAY, old, old)[1])))
            isMore = self.writer.tidy().isMore
        self.assertEqual(left[:3], [count - FORGOTTEN, 1, 0])

    def test_oddSessionsGo(self) -> None:
        """
        A session whose id is no text that can be read holds up no other, nor the end.
        """
        self.patch(writer, "PRUNE_SECONDS", -1.0)
        old = WALL_TIME - 31 * DAY
        sessions = [Session(f"s{n}", f"hash{n}", "Ann", seen=old) for n in range(2 * FORGOTTEN)]
        self.writer.commit([], Changes(sessions))
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for sid in ("CAST(x'ff61' AS TEXT)", "CAST(x'73ff' AS TEXT)", "x'ff'", "''"):
                connection.execute(
                    "INSERT INTO sessions (sid, tokenHash, name, rooms, current, seen) "
                    f"VALUES ({sid}, {sid}, 'Ann', '[]', 0, {old})"
                )
        isMore = self.writer.tidy(isForgetting=True).isMore
        for _ in range(20):
            isMore = isMore and self.writer.tidy().isMore
        self.assertFalse(isMore)
        with closing(sqlite3.connect(self.path)) as connection:
            left = connection.execute("SELECT typeof(sid), sid FROM sessions").fetchall()
        self.assertEqual(left, [("text", ""), ("blob", b"\xff")])

    def old(self, count: int) -> Writer:
        """
        @return: a writer that keeps 30 days, of a file in which so many comings and as many
            messages are older.
        """
        drafts = [(Draft(JOINED, "#lobby", "Ann", sid="a1"), None), (said(), None)] * count
        self.writer.commit(drafts)
        self.writer.close()
        wall, mono = WALL_TIME, 0.0
        made = Writer(self.path, lambda: wall, Keep(days=30), lambda: mono)
        made.open()
        self.addCleanup(made.close)
        for _ in range(90):
            wall, mono = wall + DAY / 2, mono + DAY / 2
            made._clock.now()
        made.commit([(said("new"), None)])
        return made

    def left(self) -> list[int]:
        """
        @return: how many comings and messages are kept.
        """
        with closing(sqlite3.connect(self.path)) as connection:
            kinds = [kind for (kind,) in connection.execute("SELECT kind FROM events")]
        return [kinds.count(JOINED), kinds.count(SAID)]

    def test_pruningTakesTurns(self) -> None:
        """
        Where there is no time for more, one step of one pruner is made at once, and all pruners
        have their turns.
        """
        self.patch(writer, "PRUNE_SECONDS", -1.0)
        count = 3 * retention.STEP
        pruning = self.old(count)
        before, changed = [count, count + 1], [0, 0]
        while pruning.tidy().isMore:
            left = self.left()
            gone = [was - now for was, now in zip(before, left, strict=True)]
            self.assertLessEqual(sum(gone), retention.STEP)
            changed = [many + bool(some) for many, some in zip(changed, gone, strict=True)]
            if not all(changed):
                # One has begun: the other does not wait for its end.
                self.assertGreater(max(left), retention.STEP)
            before = left
        self.assertEqual(before, [0, 1])

    def test_pruningWhileThereIsTime(self) -> None:
        """
        Where there is time, one step after the other is made at once.
        """
        self.patch(writer, "PRUNE_SECONDS", 60.0)
        self.patch(fulltext, "STEP_SECONDS", 60.0)
        pruning = self.old(3 * retention.STEP)
        while pruning.tidy().isMore:
            pass
        self.assertEqual(self.left(), [0, 1])

    def test_tidyIndexes(self) -> None:
        """
        Tidying tells how much waits, and ends with nothing.
        """
        self.patch(fulltext, "STEP_SECONDS", 60.0)
        self.writer.commit([(said("tea"), None)] * 1200)
        waiting = [self.writer.tidy() for _ in range(4)]
        self.assertEqual(waiting, [(700, True), (200, True), (0, False), (0, False)])

    def test_tidyIsDurableWithTheNextCommit(self) -> None:
        """
        After tidying, commits wait for the disk as before; also after tidying failed.
        """
        connection = self.writer._connection
        assert connection is not None
        self.writer.tidy()
        self.assertEqual(connection.execute("PRAGMA synchronous").fetchone(), (2,))
        self.patch(fulltext, "indexStep", lambda connection, newest: 1 / 0)
        self.assertRaises(Refusal, self.writer.tidy)
        self.patch(fulltext, "indexStep", lambda connection, newest: (0, True))
        self.writer.tidy()
        connection = self.writer._connection
        assert connection is not None
        self.assertEqual(connection.execute("PRAGMA synchronous").fetchone(), (2,))

    def test_faultWhileUndoing(self) -> None:
        """
        Where not even the undoing succeeds the connection is given up; the next batch is stored.
        """

        class Broken:
            in_transaction = True

            def execute(self, statement: str, *values: object) -> None:
                raise sqlite3.OperationalError("disk I/O error")

            def close(self) -> None:
                raise sqlite3.OperationalError("disk I/O error")

        sound = self.writer._connection
        assert sound is not None
        self.writer._connection = Broken()  # type: ignore[assignment]
        refusal = self.assertRaises(Refusal, self.writer.commit, [(said(), None)])
        self.assertIn("disk has a fault", str(refusal.answer))
        sound.close()
        self.assertEqual(len(self.writer.commit([(said(), None)]).stored), 1)

    def test_secondWriter(self) -> None:
        """
        Nobody else writes while the file is held; after the close others may.
        """
        self.assertRaises(NoHistory, self.begin)
        self.writer.close()
        self.begin()
