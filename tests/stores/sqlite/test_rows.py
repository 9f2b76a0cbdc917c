from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import CAKE, TEA, WALL_TIME, said, wholeOf
from tests.stores.sqlite.storecase import LOBBY, SQLiteCase
from twisted_chat.stores.session import RoomRecord, Session
from twisted_chat.stores.sqlite import faults, opening, schema
from twisted_chat.stores.sqlite.retention import Keep
from twisted_chat.stores.sqlite.rows import (
    asEvent,
    asRoom,
    asSession,
    isStorable,
    roomRow,
    sessionRow,
    stream,
)
from twisted_chat.stores.sqlite.schema import MAX_ID
from twisted_chat.wire.events import CREATED, SAID, UNREADABLE, Draft, Event, Query

fast = settings(deadline=None, max_examples=100, derandomize=True, database=None)

CELLS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.binary(),
    st.text(),
    st.sampled_from(["[]", "{}", "[1]", '{"1": 0}', "[[1, null]]", '["a"]', "[" * 5000, "NaN"]),
)
"""Whatever SQLite can hold."""


class EventTests(SynchronousTestCase):
    """
    L{asEvent}.
    """

    def test_good(self) -> None:
        """
        A row is the event that was stored, with its key or none.
        """
        for key in (None, "k1"):
            event = Event(7, WALL_TIME, *said(key=key, data="secret"))
            self.assertEqual(asEvent(tuple(event)), event)

    def test_strange(self) -> None:
        """
        Where a cell is of another type, or no time, the event only says that it cannot be read.
        """
        event = Event(7, WALL_TIME, *said(key="k1"))
        for field in Event._fields[1:]:
            wrong: list[Any] = [b"x", 5, *([None] if field != "key" else [])]
            if field == "time":
                wrong += ["now", float("inf"), -1.0, 1e12]
            for value in wrong:
                row = tuple(event._replace(**{field: value}))
                self.assertEqual(asEvent(row), Event(7, 0.0, UNREADABLE, "", ""), (field, value))


class SessionTests(SynchronousTestCase):
    """
    L{asSession} and L{sessionRow}.
    """

    def test_back(self) -> None:
        """
        A row gives back the session that it was made of.
        """
        for session in (
            Session("a1", "hash", "Ann", seen=WALL_TIME),
            Session("a1", "hash", "Zoë", (5, MAX_ID), 5, WALL_TIME, {5: 0, MAX_ID: 9}, 4),
            Session("a1", "hash", "Ann", seen=WALL_TIME, account="b2", device="laptop"),
        ):
            self.assertEqual(asSession(sessionRow(session)), session)

    @fast
    @given(st.tuples(*[CELLS] * 10))
    def test_anyRow(self, row: tuple[Any, ...]) -> None:
        """
        Any row is a session with values of the right types, or none.
        """
        session = asSession(row)
        if session is not None:
            self.assertEqual(asSession(sessionRow(session)), session)

    def test_strange(self) -> None:
        """
        Rooms and rights that no server wrote are none.
        """
        good = list(sessionRow(Session("a1", "hash", "Ann", (5,), 5, WALL_TIME, {5: 0})))
        self.assertIsNotNone(asSession(tuple(good)))
        for column, values in (
            (3, ["", "5", "{}", '["#tea"]', "[5.5]", "[-1]", f"[{2**60}]", "[true]", None]),
            (4, ["#tea", 5.5, -1, 2**60]),
            (5, ["now", 5, None]),
            (6, ["", "[]", '{"a": 0}', '{"5": "0"}', '{"5": -1}', '{"-5": 0}', '{"5": null}']),
            (8, [None, 5, b"\xff"]),
            (9, [None, 5, b"\xff"]),
        ):
            for value in values:
                row = (*good[:column], value, *good[column + 1 :])
                self.assertIsNone(asSession(row), row)


class RoomTests(SynchronousTestCase):
    """
    L{asRoom} and L{roomRow}.
    """

    def test_back(self) -> None:
        """
        A row gives back the room that it was made of.
        """
        for room in (TEA, CAKE, RoomRecord(0, "#lobby", "", "", ((0, None),))):
            self.assertEqual(asRoom(roomRow(room)), room)

    @fast
    @given(st.tuples(*[CELLS] * 8))
    def test_anyRow(self, row: tuple[Any, ...]) -> None:
        """
        Any row is a room with values of the right types, or none.
        """
        room = asRoom(row)
        if room is not None:
            self.assertEqual(asRoom(roomRow(room)), room)

    def test_strange(self) -> None:
        """
        Eras and people that no server wrote are none: a room without its law would be open.
        """
        good = list(roomRow(TEA))
        for column, values in (
            (4, ["", "[]", "{}", "[1]", "[[1]]", '[["1", null]]', "[[1, 5]]", "[[1, null, 2]]"]),
            (5, ["", "{}", "[5]", '"a"', None]),
            (6, ["", "{}", "[null]"]),
            (7, ["now", None, 5]),
        ):
            for value in values:
                row = (*good[:column], value, *good[column + 1 :])
                self.assertIsNone(asRoom(row), row)


class StorableTests(SynchronousTestCase):
    """
    L{isStorable}.
    """

    def test_cells(self) -> None:
        """
        Texts in UTF-8 and numbers of 64 bits can be stored, and nothing else.
        """
        for value, expected in (
            (("é", None, 5, 5.5, 2**63 - 1), True),
            (("\ud800",), False),
            ((2**63,), False),
            ((object(),), False),
            ((5j,), False),
        ):
            self.assertEqual(isStorable(tuple, value), expected, value)

    def test_failing(self) -> None:
        """
        What has no row cannot be stored.
        """
        self.assertFalse(isStorable(sessionRow, Session("a1", rooms=(object(),))))  # type: ignore


class StreamTests(SynchronousTestCase):
    """
    L{stream}.
    """

    def setUp(self) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.addCleanup(self.connection.close)
        self.connection.execute("CREATE TABLE t (x TEXT)")

    def put(self, *texts: bytes) -> None:
        self.connection.executemany(
            "INSERT INTO t VALUES (CAST(? AS TEXT))", [(text,) for text in texts]
        )

    def test_noUTF8(self) -> None:
        """
        Text that is no UTF-8 comes as it is, and all other rows come once.
        """
        self.put(b"a", b"b", b"\xff", b"\xc3\xa9", b"\xfe", b"c")
        found = [row[0] for row in stream(self.connection, "SELECT x FROM t ORDER BY rowid")]
        self.assertEqual(found, ["a", "b", b"\xff", "é", b"\xfe", "c"])
        self.put(b"d")
        [(x,)] = self.connection.execute("SELECT x FROM t WHERE x = ?", ("d",)).fetchall()
        self.assertEqual(x, "d")

    def test_notReadToTheEnd(self) -> None:
        """
        A reader that stops early leaves the connection as it was.
        """
        self.put(b"\xff", b"a", b"b")
        with closing(stream(self.connection, "SELECT x FROM t")) as rows:
            self.assertEqual(next(rows), (b"\xff",))
        self.assertIs(self.connection.text_factory, str)

    def test_otherErrors(self) -> None:
        """
        Other errors are the reader's.
        """
        self.assertRaises(
            sqlite3.OperationalError, list, stream(self.connection, "SELECT x FROM nowhere")
        )


class StrangeRowsTests(SQLiteCase):
    """
    Files into which something was put that no server writes.
    """

    def setUp(self) -> None:
        super().setUp()
        self.appendAll(*(said(f"tea {number}") for number in range(1, 8)))
        self.spoil(
            "UPDATE events SET text = x'ff' WHERE id = 2",
            "UPDATE events SET name = CAST(x'ff' AS TEXT) WHERE id = 3",
            "UPDATE events SET time = 'now' WHERE id = 5",
            "UPDATE events SET key = x'00' WHERE id = 6",
            *(
                f"INSERT INTO events VALUES ({id}, 5.0, 'said', '#lobby', 'Ann', 'tea', '', '',"
                " NULL, '')"
                for id in (-5, 0, 2**53, 2**63 - 1)
            ),
        )

    def spoil(self, *statements: str) -> None:
        """
        Change the file as somebody else.
        """
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    def assertUnreadable(self, events: list[Event], *ids: int) -> None:
        """
        These events cannot be read, and all others can.
        """
        expected = Event(0, 0.0, UNREADABLE, "", "")
        self.assertEqual(
            [event for event in events if event.kind != SAID],
            [expected._replace(id=id) for id in ids],
        )

    def test_reading(self) -> None:
        """
        A reader is told where something cannot be read, and gets all the rest; ids that cannot
        be are passed over.
        """
        found = self.result(self.store.last(wholeOf("#lobby"), 99))
        self.assertEqual([event.id for event in found], list(range(1, 8)))
        self.assertUnreadable(found, 2, 3, 5, 6)
        self.assertEqual(self.result(self.store.after(LOBBY, 0, 99)), found)
        self.assertEqual(self.result(self.store.after(LOBBY, 2, 3)), found[2:5])
        self.assertEqual(self.result(self.store.bounds()), (1, 7))

    def test_searching(self) -> None:
        """
        What can be read is found, indexed or not.
        """
        for _ in range(2):
            for query in (Query(("tea",)), Query((), room="#lobby"), Query((), since=1.0)):
                found = self.result(self.store.search(LOBBY, query, 99))
                self.assertEqual([event.id for event in found], [1, 4, 7], query)
            self.tidy()

    def test_goesOn(self) -> None:
        """
        The server starts on such a file and goes on with the ids after the newest that can be one.
        """
        self.restart()
        [event] = self.appendAll(said("tea 8"))
        self.assertEqual(event.id, 8)
        self.tidy()
        self.assertEqual(self.store.trouble, "")

    def test_operatorHears(self) -> None:
        """
        The operator hears of it, with the id, once a minute.
        """
        with capturedLogs() as logs:
            for _ in range(3):
                self.result(self.store.last(wholeOf("#lobby"), 99))
            self.clock.advance(faults.SECONDS)
            self.result(self.store.last(wholeOf("#lobby"), 2))
        self.assertEqual([event["what"] for event in logs], ["event 6", "event 6"])
        self.assertIn("export", logs[0]["log_format"])

    def test_farId(self) -> None:
        """
        After an id far ahead the ids go on there, and nothing walks the way in between.
        """
        far = 2**45
        self.spoil(f"UPDATE events SET id = {far} WHERE id = 7")
        self.patch(opening, "CHECKED_BYTES", 1)
        self.keep = Keep(messages=3)
        self.restart()
        self.assertEqual(
            [e.id for e in self.appendAll(said("tea 8"), said("x"))], [far + 1, far + 2]
        )
        self.tidy()
        found = self.result(self.store.search(LOBBY, Query(("tea",)), 99))
        self.assertEqual([event.id for event in found], [far, far + 1])
        self.assertEqual(self.result(self.store.bounds())[1], far + 2)
        self.assertEqual(len(self.result(self.store.last(wholeOf("#lobby"), 99))), 3)

    def test_noIdsLeft(self) -> None:
        """
        After the last id of all nothing is stored that could never be read.
        """
        self.spoil(f"UPDATE events SET id = {schema.MAX_ID} WHERE id = 7")
        self.restart()
        self.assertEqual(self.appendAll(said("lost")), [])
        self.assertEqual(self.follower.of("refused"), [said("lost")])
        self.assertEqual(len(self.flushLoggedErrors(faults.Refusal)), 1)

    def test_pruning(self) -> None:
        """
        What cannot be read is pruned with what is around it.
        """
        self.now += 86_400.0
        self.keep = Keep(days=0.5)
        self.restart()
        self.appendAll(said("new"))
        self.tidy()
        self.assertEqual(self.result(self.store.bounds()), (8, 8))

    def test_rooms(self) -> None:
        """
        A room that cannot be read is left out: without its law it would be open to everybody.
        """
        for id in (1, 2, 3):
            self.store.keepRoom(RoomRecord(id, f"#room{id}", "", "", ((id, "hash"),)))
        self.appendAll(Draft(CREATED, "#tea", "Ann"), Draft(CREATED, "#tea", "Bob"))
        self.spoil(
            "UPDATE rooms SET eras = 'x' WHERE id = 2", "UPDATE events SET data = x'' WHERE id = 8"
        )
        with capturedLogs() as logs:
            records, reflected = self.result(self.store.rooms())
            events = self.result(self.store.stateAfter(reflected, 100))
        self.assertEqual([record.id for record in records], [1, 3])
        self.assertEqual([event.id for event in events], [9])
        self.assertEqual([event["what"] for event in logs], ["room 2"])

    def test_sessions(self) -> None:
        """
        Nor can a session be resumed that cannot be read; all others can.
        """
        for sid in "abc":
            self.store.remember(Session(sid, f"hash {sid}", sid.upper(), seen=self.now))
        self.appendAll(said())
        self.spoil("UPDATE sessions SET rooms = CAST(x'ff' AS TEXT) WHERE sid = 'b'")
        self.assertIsNone(self.result(self.store.recall("hash b")))
        self.assertIsNotNone(self.result(self.store.recall("hash c")))
        recent = self.result(self.store.recentSessions(50.0))
        self.assertEqual([session.sid for session in recent], ["a", "c"])

    def test_notes(self) -> None:
        """
        Notes that mean nothing are not there.
        """
        self.tidy()
        for value in ("x''", "'x'", "-5", str(2**60), "CAST(x'ff' AS TEXT)", "NULL"):
            self.spoil(f"UPDATE notes SET value = {value}")
            self.restart()
            self.tidy()
            self.assertEqual(self.result(self.store.bounds()), (1, 7), value)
            self.assertEqual(self.result(self.store.rooms()), ([], 0), value)
            found = self.result(self.store.search(LOBBY, Query(("tea",)), 99))
            self.assertEqual([event.id for event in found], [1, 4, 7], value)
            self.assertGreater(len(self.store.epoch), 0)
