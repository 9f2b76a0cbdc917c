"""
Tests for L{twisted_chat.stores.sqlite.steps}: what becomes of what older servers left.  The tables
themselves are tested in test_versions, with files of such servers.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.stores.sqlite import schema
from twisted_chat.stores.sqlite.steps import STEPS

OLD = (
    'INSERT INTO events (id, time, kind, room, name, text, "to", sid) '
    "VALUES (?, 5.0, ?, ?, 'X', ?, '', ?)"
)

Row = tuple[int, str, str, str, str]
"""Id, kind, room, text and session id of an event."""


def written(log: str) -> list[Row]:
    """
    @param log: one event a line: its id, kind, room, session id and text, which may be missing.
    @return: the events.
    """
    events = [(*line.split(), "") for line in log.split("\n") if line.strip()]
    return [(int(id), kind, room, text, sid) for id, kind, room, sid, text, *_ in events]


def upgraded(
    events: list[Row], *sessions: tuple[str, str, str], more: Sequence[str] = ()
) -> sqlite3.Connection:
    """
    @param sessions: session id, tickets and current room of each.
    @param more: what else to do before the upgrade, in SQL.
    @return: a file of version 2 that became one of version 3.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for part in (*STEPS[0], *STEPS[1]):
        assert isinstance(part, str)
        connection.execute(part)
    connection.execute("PRAGMA user_version = 2")
    connection.executemany(OLD, events)
    for sid, tickets, current in sessions:
        row = (sid, f"hash {sid}", sid.upper(), tickets, current, 7.0)
        connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", row)
    for statement in more:
        connection.execute(statement)
    schema.upgrade(connection)
    return connection


def roomsOf(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """
    @return: id, name, topic, owner, eras and invited of each room.
    """
    rows = connection.execute(
        "SELECT id, name, topic, owner, eras, invited, expelled, emptyAt FROM rooms ORDER BY id"
    )
    found = []
    for *row, eras, invited, expelled, emptyAt in rows:
        assert (expelled, emptyAt) == ("[]", 0.0)
        found.append((*row, json.loads(eras), json.loads(invited)))
    return found


class RoomsTests(SynchronousTestCase):
    """
    The rooms that are made of an old log.
    """

    def rooms(self, *events: Row) -> list[tuple[Any, ...]]:
        with closing(upgraded(list(events))) as connection:
            return roomsOf(connection)

    def test_public(self) -> None:
        """
        A room where something was said, or that has a topic, begins with its first event, all of it
        readable; one where people only came and went is none.
        """
        self.assertEqual(
            self.rooms(
                *written("""
                1 joined #lobby a
                2 joined #empty a
                3 joined #tea a
                4 said #tea a hello
                5 topic #cake a sweet
                6 topic #cake a salty
                7 told @b a psst
                """)
            ),
            [
                (3, "#tea", "", "", [[3, None]], []),
                (5, "#cake", "salty", "", [[5, None]], []),
            ],
        )

    def test_eras(self) -> None:
        """
        Each lock and each change of the key begins a private era, an unlock a public one; who was
        invited in the newest is invited.
        """
        self.assertEqual(
            self.rooms(
                *written("""
                1 said #tea b hello
                2 created #tea a
                3 invited #tea a x
                4 locked #tea a one
                5 invited #tea a y
                6 created #tea a
                7 locked #tea a two
                8 invited #tea a z
                9 invited #tea a b
                10 invited #tea a z
                11 locked #den a
                12 invited #den a b
                13 unlocked #den a
                14 unlocked #den a
                15 invited #den a c
                """)
            ),
            [
                (1, "#tea", "", "a", [[1, None], [4, "one"], [7, "two"]], ["b", "z"]),
                (11, "#den", "", "", [[11, ""], [13, None]], []),
            ],
        )

    def test_madeAnew(self) -> None:
        """
        What somebody else made under the same name is another room: its past begins there.
        """
        self.assertEqual(
            self.rooms(
                *written("""
                1 created #tea a
                2 locked #tea a one
                3 invited #tea a x
                4 said #tea a secret
                5 unlocked #tea a
                6 topic #tea b work
                7 created #tea b
                8 said #tea b other
                """)
            ),
            [(7, "#tea", "work", "b", [[7, None]], [])],
        )

    def test_privateFromTheStart(self) -> None:
        """
        What was made private from the start is so, whatever became of its key.
        """
        self.assertEqual(
            self.rooms((4, "created", "#tea", "private", "a"), (5, "said", "#tea", "x", "a")),
            [(4, "#tea", "", "a", [[4, ""]], [])],
        )

    def test_strangeRows(self) -> None:
        """
        Rows that no server wrote hold up nothing, and make no room of an impossible id.
        """
        events: list[Any] = [
            (-5, "said", "#below", "x", "a"),
            (0, "locked", "#below", "x", "a"),
            (1, "said", "#tea", "x", "a"),
            (2, "topic", "#tea", b"blob", "a"),
            (3, "created", b"#blob", "", "a"),
            (4, "locked", "#tea", "one", b"a"),
            (5, "topic", "#tea", "good", "a"),
            (6, 7, 8, 9, 10),
            (2**63 - 1, "topic", "#tea", "far", "a"),
        ]
        with closing(upgraded(events)) as connection:
            [room] = roomsOf(connection)
            [(note,)] = connection.execute("SELECT value FROM notes WHERE name = 'rooms'")
        self.assertEqual(room, (1, "#tea", "far", "", [[1, None]], []))
        self.assertEqual(note, 6)

    def test_noUTF8(self) -> None:
        """
        Neither do names and texts that are no UTF-8.
        """
        row = "INSERT INTO events VALUES ({}, 5.0, 'topic', {}, 'X', {}, '', 'a', NULL)"
        strange = (
            row.format(2, "CAST(x'23ff' AS TEXT)", "'y'"),
            row.format(3, "'#tea'", "CAST(x'ff' AS TEXT)"),
        )
        with closing(upgraded([(1, "said", "#tea", "x", "a")], more=strange)) as connection:
            self.assertEqual(
                [room[:3] for room in roomsOf(connection)],
                [(1, "#tea", "\N{REPLACEMENT CHARACTER}"), (2, "#\N{REPLACEMENT CHARACTER}", "y")],
            )

    @settings(deadline=None, max_examples=60, derandomize=True, database=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from("said joined created topic locked unlocked invited".split()),
                st.sampled_from(["#a", "#b"]),
                st.sampled_from("xyz"),
            )
        )
    )
    def test_anyLog(self, log: list[tuple[str, str, str]]) -> None:
        """
        Whatever the log: ids are unique and belong to an event of the room, eras rise and differ
        from their neighbours, and nothing private is in a public era.
        """
        events = [(id, kind, room, "t", sid) for id, (kind, room, sid) in enumerate(log, 1)]
        rooms = self.rooms(*events)
        self.assertEqual(len({room[0] for room in rooms}), len(rooms))
        self.assertLessEqual({room[1] for room in rooms}, {event[2] for event in events})
        for id, name, _, owner, eras, _ in rooms:
            mine = [event for event in events if event[2] == name]
            self.assertIn(id, [event[0] for event in mine])
            starts = [start for start, _ in eras]
            self.assertEqual(starts[0], id)
            self.assertEqual(starts, sorted(set(starts)))
            created = [event[4] for event in mine if event[1] == "created"]
            self.assertEqual(owner, created[-1] if created else "")
            isPrivate, private = False, set()
            for event in mine:
                isPrivate = event[1] == "locked" or (isPrivate and event[1] != "unlocked")
                if isPrivate:
                    private.add(event[0])
            for (start, passwordHash), end in zip(eras, [*starts[1:], 99], strict=True):
                if passwordHash is None:
                    self.assertTrue(private.isdisjoint(range(start, end)), (eras, private))


class SessionsTests(SynchronousTestCase):
    """
    The sessions that older servers left.
    """

    def test_tickets(self) -> None:
        """
        Names become ids; who has a private room's ticket may read its newest era, unless somebody
        else has made the room meanwhile.
        """
        tickets = json.dumps(["#tea", "#den a", "#gone", "#gone a", "#plan x", "#open x", "#late"])
        events = written("""
            1 said #tea a x
            2 created #den a
            3 locked #den a one
            4 locked #den a two
            5 created #plan b
            6 locked #plan b
            7 created #open b
            8 created #late b
            9 locked #late b
        """)
        with closing(
            upgraded(
                events,
                ("p", tickets, "#den"),
                ("q", tickets, "#lobby"),
                ("r", tickets, "#plan"),
                ("s", "[]", "#tea"),
                ("t", "no json", "#tea"),
                ("u", '{"a": 1}', ""),
                ("v", "5", ""),
            )
        ) as connection:
            rows = connection.execute(
                "SELECT sid, name, tokenHash, rooms, current, seen, rights FROM sessions "
                "ORDER BY sid"
            ).fetchall()
        mine = ("[1, 2, 7, 8]", '{"4": 0}')
        self.assertEqual(
            rows,
            [
                ("p", "P", "hash p", mine[0], 2, 7.0, mine[1]),
                ("q", "Q", "hash q", mine[0], 0, 7.0, mine[1]),
                ("r", "R", "hash r", mine[0], 0, 7.0, mine[1]),
                *((sid, sid.upper(), f"hash {sid}", "[]", 0, 7.0, "{}") for sid in "stuv"),
            ],
        )
