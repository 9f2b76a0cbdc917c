"""
Tests for L{twisted_chat.stores.sqlite.removedtexts}.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from contextlib import closing
from io import StringIO
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.records import RemovalContract
from tests.contracts.store import WALL_TIME, said
from tests.stores.sqlite.storecase import PruningCase, RuledCase
from tests.support.rules import removed, restored
from twisted_chat.stores import records
from twisted_chat.stores.interfaces import REMOVED_DAYS
from twisted_chat.stores.sqlite import removedtexts, retention, schema
from twisted_chat.stores.sqlite.removedtexts import RemovedPruner
from twisted_chat.stores.sqlite.retention import DAY, Keep
from twisted_chat.stores.sqlite.tool import export

fast = settings(deadline=None, max_examples=60, derandomize=True, database=None)

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["say", "say", "say", "remove", "restore", "move"]),
        st.integers(0, 9),
        st.integers(1, 2),
    ),
    max_size=25,
)


class RemovalTests(RemovalContract, RuledCase):
    """
    Messages that are removed from a file.
    """

    modules = (removedtexts,)

    def index(self) -> None:
        self.tidy()

    def test_restart(self) -> None:
        """
        What was removed can be brought back after a restart.
        """
        self.appendAll(said("green tea"))
        removal = self.remove(sid="a1")
        self.restart()
        self.assertEqual(self.texts(), [""])
        self.appendAll(restored(removal.id))
        self.restart()
        self.assertEqual(self.texts(), ["green tea"])

    def indexed(self, word: str) -> int:
        """
        Look whether the index of words is whole.

        @return: how many messages with this word it has.
        """
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("INSERT INTO terms (terms) VALUES ('integrity-check')")
            connection.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab (main, terms, row)")
            row = connection.execute("SELECT doc FROM temp.v WHERE term = ?", (word,)).fetchone()
            return 0 if row is None else int(row[0])

    def test_moves(self) -> None:
        """
        Texts and their words move a moment after the messages were removed or brought back.
        """
        self.appendAll(*(said(f"tea {number}", name="Zoe") for number in range(350)))
        self.tidy()
        self.appendAll(*(said(f"tea {number}", name="Zoe") for number in range(350, 360)))
        removal = self.remove(after=20, upto=357)
        self.assertEqual(self.stored().count(""), 1)
        self.tidy()
        self.assertEqual((self.stored().count(""), self.indexed("tea")), (338, 23))
        self.appendAll(restored(removal.id))
        self.assertEqual(self.stored().count(""), 339)
        self.tidy()
        self.assertEqual((self.stored().count(""), self.indexed("tea")), (2, 360))

    def stored(self) -> list[str]:
        """
        @return: the texts in the table of events.
        """
        with closing(sqlite3.connect(self.path)) as connection:
            return [text for (text,) in connection.execute("SELECT text FROM events")]

    def test_sparse(self) -> None:
        """
        Messages are found in a room with few of them among many of others as well.
        """
        self.patch(removedtexts, "PROBED", 5)
        self.appendAll(*(said(str(n), "#tea" if n % 10 else "#lobby") for n in range(100)))
        removal = self.remove(sid="a1", after=50)
        self.assertEqual(self.removedBy(removal), [51, 61, 71, 81, 91])
        self.assertEqual(len(self.removedBy(self.remove(room="#tea"))), 90)

    def test_reach(self) -> None:
        """
        By author a removal reaches back so many ids, by ids to the beginning.
        """
        self.patch(records, "REMOVAL_REACH", 5)
        self.appendAll(*(said(str(number)) for number in range(1, 11)))
        self.assertEqual(self.removedBy(self.remove(sid="a1")), [6, 7, 8, 9, 10])
        self.assertEqual(self.removedBy(self.remove(ids=[1, 2])), [1, 2])

    def test_export(self) -> None:
        """
        An export shows the same, whether the texts were moved or not.
        """
        self.appendAll(said("tea"), said("cake"))
        first = self.remove(ids=[1])
        for _ in range(2):
            self.assertEqual(self.exported(), ["(removed)", "cake"])
            self.tidy()
        self.appendAll(restored(first.id))
        for _ in range(2):
            self.assertEqual(self.exported(), ["tea", "cake"])
            self.tidy()

    def exported(self) -> list[str]:
        out = StringIO()
        export(self.path, out)
        rows = map(json.loads, out.getvalue().splitlines())
        return [row["text"] for row in rows if row["kind"] == "said"]

    @fast
    @given(STEPS)
    def test_anyOrder(self, steps: list[tuple[str, int, int]]) -> None:
        """
        In whatever order messages are said, removed, brought back and their texts moved, each has
        the text that it should have, and the index of words has those that are shown.
        """
        self.stop()
        self.path = os.path.join(os.path.realpath(tempfile.mkdtemp(dir=self.folder)), "chat.sqlite")
        self.begin()
        shown: dict[int, str] = {}
        taken: dict[int, dict[int, str]] = {}
        for step, first, second in steps:
            if step == "say":
                [event] = self.appendAll(said(f"tea {first}", sid=f"a{second}"))
                shown[event.id] = event.text
            elif step == "remove":
                event = self.remove(sid=f"a{second}", after=first)
                taken[event.id] = {
                    id: text
                    for id, text in shown.items()
                    if id > first and text and self.author[id] == f"a{second}"
                }
                shown.update(dict.fromkeys(taken[event.id], ""))
            elif step == "restore" and taken:
                removal = list(taken)[first % len(taken)]
                self.appendAll(restored(removal))
                shown.update(taken[removal])
                taken[removal] = {}
            elif step == "move":
                self.tidy()
            self.assertEqual(self.texts(), list(shown.values()))
            for removal, texts in taken.items():
                self.assertEqual(self.result(self.store.removedBy(removal)), list(texts))
            found = self.find("tea")
            self.assertLessEqual(set(found), set(shown.values()))
        self.tidy()
        self.assertEqual(self.find("tea"), [text for text in shown.values() if text])
        self.assertEqual(self.indexed("tea"), sum(map(bool, shown.values())))

    @property
    def author(self) -> dict[int, str]:
        return {event.id: event.sid for event in self.follower.of("stored")}

    def test_strangeRows(self) -> None:
        """
        Text that no server wrote goes and comes back as it was.
        """
        self.appendAll(said("a"), said("b"), said("c"))
        self.change(
            "UPDATE events SET text = CAST(x'ff' AS TEXT) WHERE id = 1",
            "UPDATE events SET text = x'ff' WHERE id = 2",
        )
        removal = self.remove()
        self.assertEqual(self.removedBy(removal), [1, 2, 3])
        self.appendAll(restored(removal.id))
        self.stop()
        with closing(sqlite3.connect(self.path)) as connection:
            rows = connection.execute("SELECT hex(text), typeof(text) FROM events LIMIT 3")
            self.assertEqual(rows.fetchall(), [("FF", "text"), ("FF", "blob"), ("63", "text")])
        self.begin()


class RemovedTests(PruningCase):
    """
    L{RemovedPruner}.
    """

    def remove(self, count: int) -> int:
        """
        @return: the id of an event that removed so many messages.
        """
        self.add("said", count)
        self.add("removed", 1)
        self.connection.execute(
            "INSERT INTO removed SELECT id, ?, 'x' FROM events WHERE kind = 'said' AND id >= ?",
            (self.newest, self.newest - count),
        )
        return self.newest

    def left(self) -> list[int]:
        rows = self.connection.execute("SELECT removal, count(*) FROM removed GROUP BY removal")
        return [removal for removal, _ in rows]

    def test_old(self) -> None:
        """
        Texts that were removed 30 days ago are deleted, in small steps, and no others.
        """
        first = self.remove(1200)
        second = self.remove(5)
        self.connection.execute(
            "UPDATE events SET time = ? WHERE id <= ?", (WALL_TIME - 30 * DAY - 1, first)
        )
        self.assertEqual(self.steps(RemovedPruner(), WALL_TIME - 1), 1)
        self.assertEqual(self.left(), [first, second])
        self.assertEqual(self.steps(RemovedPruner()), 1200 // retention.STEP + 1)
        self.assertEqual(self.left(), [second])

    def test_wrongClock(self) -> None:
        """
        A removal whose time cannot be believed is as old as what came after it.
        """
        removal = self.remove(1)
        self.connection.execute("UPDATE events SET time = time + ?", (400 * DAY,))
        now = WALL_TIME + 29 * DAY
        self.steps(RemovedPruner(), now)
        self.assertEqual(self.left(), [removal])
        self.add("said", 1)
        self.steps(RemovedPruner(), now)
        self.assertEqual(self.left(), [removal])
        self.steps(RemovedPruner(), WALL_TIME + (REMOVED_DAYS + 1) * DAY)
        self.assertEqual(self.left(), [])


class GoneTests(RuledCase):
    """
    Texts that were removed long ago.
    """

    def test_goneForGood(self) -> None:
        """
        After 30 days nothing of a text is left in the file, and nothing brings it back.
        """
        text = "A rather remarkable sentence"
        self.appendAll(*(said("before " * 9) for _ in range(50)), said(text, name="Zoe"))
        [removal] = self.appendAll(removed(name="Zoe"))
        self.assertTrue(self.isThere(text))
        for _ in range(REMOVED_DAYS + 1):
            self.now += DAY
            self.clock.advance(DAY)
            self.settle()
        self.tidy()
        self.assertFalse(self.isThere(text))
        self.appendAll(restored(removal.id))
        self.tidy()
        self.assertNotIn(text, self.texts())

    def isThere(self, text: str) -> bool:
        """
        @return: whether the file, closed and copied together, has these bytes anywhere.
        """
        self.stop()
        found = text.encode() in Path(self.path).read_bytes()
        self.begin()
        return found


class PrunedTests(RuledCase):
    """
    Messages that are pruned after they were removed.
    """

    keep = Keep(messages=3)

    def test_removedAndPruned(self) -> None:
        """
        A removed message that is pruned takes its text with it, and the index of words stays whole.
        """
        self.patch(retention, "STEP", 4)
        self.appendAll(*(said(f"tea {number}") for number in range(5)))
        self.tidy()
        [first, second] = self.appendAll(removed(ids=[1, 2]), removed(ids=[3]))
        self.assertEqual(self.result(self.store.removedBy(first.id)), [])
        self.assertEqual(self.result(self.store.removedBy(second.id)), [3])
        self.appendAll(*(said("cake") for _ in range(5)))
        self.tidy()
        self.assertEqual(self.result(self.store.removedBy(second.id)), [])
        self.appendAll(restored(second.id))
        self.stop()
        connection = schema.connect(self.path, isWriter=True)
        self.addCleanup(connection.close)
        connection.execute("INSERT INTO terms (terms) VALUES ('integrity-check')")
        self.assertEqual(connection.execute("SELECT count(*) FROM removed").fetchone(), (0,))
        self.begin()
