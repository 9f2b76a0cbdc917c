from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import CAKE, TEA, WALL_TIME, said
from twisted_chat.stores.session import RoomRecord, Session
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
from twisted_chat.wire.events import UNREADABLE, Event

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
        ):
            self.assertEqual(asSession(sessionRow(session)), session)

    @fast
    @given(st.tuples(*[CELLS] * 8))
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
        Who stops reading leaves the connection as it was.
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
