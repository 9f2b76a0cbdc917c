"""
Tests for L{twisted_chat.stores.sqlite.projection}.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.logger import capturedLogs

from tests.contracts.records import RecordsContract
from tests.contracts.store import said
from tests.stores.sqlite.storecase import RuledCase
from tests.support.rules import granted, read, registered, removed, restored, rules
from twisted_chat.stores.session import RoomRecord
from twisted_chat.stores.sqlite import schema
from twisted_chat.wire.events import CLOSED, CREATED, CREDENTIALS, SERVER, Draft

fast = settings(deadline=None, max_examples=50, derandomize=True, database=None)


class RecordsTests(RecordsContract, RuledCase):
    """
    The records of a file.
    """

    def secrets(self) -> list[str]:
        return [row[0] for row in self.ask("SELECT data FROM events WHERE data != ''")]

    def ask(self, question: str) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(question).fetchall()

    def test_restart(self) -> None:
        """
        Records are there after a restart and after a crash, and go on.
        """
        self.appendAll(registered("a1", "Ann"), Draft(CREATED, "#tea", "Ann", sid="a1"))
        before = self.records()
        self.restart()
        self.assertEqual(self.records(), before)
        self.appendAll(granted(2, "b2"))
        self.crash()
        place = {"owner": "a1", "roles": {"b2": "owner"}}
        self.assertEqual(self.records(), {**before, ("place", "2"): place})

    def test_withTheBatch(self) -> None:
        """
        What cannot be stored changes no record either, and the next batch does.
        """
        self.appendAll(Draft(CREATED, "#tea", "Ann", sid="a1"))
        before = self.records()
        self.patch(schema, "BUSY_SECONDS", 0.01)
        self.change(
            "CREATE TRIGGER fault BEFORE UPDATE OF data ON events "
            "BEGIN SELECT raise(FAIL, 'full'); END"
        )
        drafts = [Draft(CREDENTIALS, SERVER, "Ann", sid="a1", data=f'{{"n": {n}}}') for n in (1, 2)]
        with capturedLogs():
            self.assertEqual(self.appendAll(said(), granted(1, "b2"), *drafts), [])
        self.flushLoggedErrors()
        self.assertEqual(len(self.follower.of("refused")), 4)
        self.assertEqual(self.records(), before)
        self.assertEqual(self.texts(), [""])
        self.change("DROP TRIGGER fault")
        self.assertEqual(len(self.appendAll(said(), granted(1, "b2"), *drafts)), 4)
        self.assertEqual(self.records()["place", "1"]["roles"], {"b2": "owner"})
        self.assertEqual(self.records()["credentials", "a1"], {"at": 5})

    def test_damaged(self) -> None:
        """
        A record that cannot be read is passed over, which the operator reads, and holds up no
        batch.
        """
        self.appendAll(*(Draft(CREATED, f"#tea{n}", "Ann", sid="a1") for n in range(4)))
        self.change(
            "UPDATE records SET value = 'x' WHERE key = '1'",
            "UPDATE records SET value = CAST(x'ff' AS TEXT) WHERE key = '2'",
            "UPDATE records SET key = x'ff' WHERE key = '3'",
        )
        with capturedLogs() as logs:
            self.assertEqual(list(self.records()), [("place", "4")])
            self.assertIsNone(self.result(self.store.record("place", "1")))
        self.assertGreater(len([event for event in logs if "what" in event]), 0)
        self.assertEqual(len(self.appendAll(granted(1, "b2"), granted(4, "b2"))), 2)
        self.assertEqual(self.records()["place", "4"]["roles"], {"b2": "owner"})
        self.flushLoggedErrors(ValueError)


DRAFTS = st.lists(
    st.one_of(
        st.builds(said, st.sampled_from(["tea", "cake"])),
        st.builds(registered, st.sampled_from("abc"), st.sampled_from(["Ann", "Bob"])),
        st.builds(lambda sid: Draft(CREATED, "#tea", "Ann", sid=sid), st.sampled_from("abc")),
        st.builds(lambda id: Draft(CLOSED, "#tea", "", data=str(id)), st.integers(1, 9)),
        st.builds(granted, st.integers(1, 9), st.sampled_from("abc"), st.sampled_from("xyz")),
        st.builds(lambda sid: Draft(CREDENTIALS, SERVER, "A", sid=sid), st.sampled_from("abc")),
        st.builds(read, st.sampled_from("abc"), st.integers(0, 2), st.integers(1, 9)),
        st.builds(removed, sid=st.sampled_from(["a1", "b2"])),
        st.builds(restored, st.integers(1, 9)),
    ),
    max_size=30,
)


class RebuildTests(RuledCase):
    """
    L{rebuild} and L{prepare}.
    """

    def rebuilt(self) -> dict[tuple[str, str], Any]:
        """
        @return: the records, made again of the log by the next start.
        """
        self.change("DELETE FROM notes WHERE name = 'records'")
        return self.records()

    @fast
    @given(DRAFTS)
    def test_same(self, drafts: list[Draft]) -> None:
        """
        Made again of the whole log the records are what they have grown to, and no message changes.
        """
        self.stop()
        self.path = os.path.join(os.path.realpath(tempfile.mkdtemp(dir=self.folder)), "chat.sqlite")
        self.begin()
        for draft in drafts:
            self.appendAll(draft)
        records, texts = self.records(), self.texts()
        self.assertEqual(self.rebuilt(), records)
        self.assertEqual(self.texts(), texts)

    def test_once(self) -> None:
        """
        A start makes them where they were never made, and only there.
        """
        self.projection = None
        self.restart()
        self.change("DELETE FROM notes WHERE name = 'records'")
        self.appendAll(Draft(CREATED, "#tea", "Ann", sid="a1"), granted(1, "b2"))
        self.assertEqual(self.records(), {})
        self.projection = rules
        self.restart()
        place = {("place", "1"): {"owner": "a1", "roles": {"b2": "owner"}}}
        self.assertEqual(self.records(), place)
        self.change("DELETE FROM records")
        self.assertEqual(self.records(), {})
        self.assertEqual(self.rebuilt(), place)

    def test_prunedRooms(self) -> None:
        """
        A room belongs to its maker also where the event that made it was pruned, and what came
        after that counts; a room that has ended since is none.
        """
        self.follower.whenStored = lambda event: (
            self.store.keepRoom(
                RoomRecord(event.id, event.room, "", event.sid, ((event.id, None),))
            )
            if event.kind == CREATED
            else None
        )
        self.appendAll(
            Draft(CREATED, "#tea", "Ann", sid="a1"),
            Draft(CREATED, "#cake", "Bob", sid="b2"),
            granted(1, "b2"),
        )
        self.appendAll(Draft(CLOSED, "#cake", "", data="2"))
        self.store.keepRoom(RoomRecord(0, "#lobby", "", "", ((0, None),)))
        records = self.records()
        self.assertEqual(records, {("place", "1"): {"owner": "a1", "roles": {"b2": "owner"}}})
        self.assertEqual(self.rebuilt(), records)
        self.change("DELETE FROM events WHERE kind = 'created'")
        self.assertEqual(self.rebuilt(), records)

    def test_marksStay(self) -> None:
        """
        Marks stay, since the events that they were made of are pruned.
        """
        self.appendAll(read("a1", 0, 5), read("a1", 0, 7))
        self.change("DELETE FROM events")
        self.assertEqual(self.rebuilt(), {("mark", "a1 0"): 7})
