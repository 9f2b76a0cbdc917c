"""
Files of every released version of the tables: what servers of those versions left is all there.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import said, scopeOf, wholeOf
from tests.stores.sqlite.storecase import SQLiteCase
from tests.support import histories
from tests.support.histories import TOKENS
from tests.support.rules import rules
from twisted_chat.stores.search import readable
from twisted_chat.stores.session import RoomRecord, Session, hashToken
from twisted_chat.stores.sqlite import reader as readers
from twisted_chat.stores.sqlite import writer as writers
from twisted_chat.stores.sqlite.reader import Reader
from twisted_chat.stores.sqlite.retention import Keep
from twisted_chat.stores.sqlite.schema import copy
from twisted_chat.stores.sqlite.steps import STEPS
from twisted_chat.stores.sqlite.writer import Writer
from twisted_chat.wire.events import INVITED, LOCKED, SPOKEN, TOPIC, Draft, Event, Query, Scope

TABLES = "SELECT type, name, sql FROM sqlite_master ORDER BY name"


def ask(path: str, question: str) -> list[Any]:
    """
    @return: what a file answers, whatever its version.
    """
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchall()


class StepsTests(SynchronousTestCase):
    """
    L{STEPS} and the files.
    """

    def test_everyVersionHasItsFile(self) -> None:
        """
        There is a file of each version that is not the newest, and its tokens.
        """
        for version in range(1, len(STEPS)):
            self.assertTrue((histories.DATA / f"history-{version}.sql").exists(), version)
            self.assertIn(version, TOKENS)

    def test_releasedStepsStay(self) -> None:
        """
        The steps still make the tables that the servers of those versions made.
        """
        for version in TOKENS:
            path = self.mktemp()
            histories.build(version, path)
            made = [row for row in ask(path, TABLES) if not row[1].startswith("terms")]
            with closing(sqlite3.connect(":memory:")) as connection:
                for part in (part for step in STEPS[:version] for part in step):
                    connection.execute(part) if isinstance(part, str) else part(connection)
                self.assertEqual(connection.execute(TABLES).fetchall(), made, version)


class VersionCase(SQLiteCase):
    """
    A server on the file of an older one.

    @ivar found: the events that are in the file before it is opened.
    @ivar events: the same as people may have them, without secrets.
    @ivar epoch: its epoch.
    """

    version = 1

    def begin(self) -> None:
        if not os.path.exists(self.path):
            histories.build(self.version, self.path)
            self.found = [Event._make((*row, "")) for row in ask(self.path, histories.EVENTS)]
            self.events = [
                event._replace(text="") if event.kind in (LOCKED, INVITED) else event
                for event in self.found
            ]
            [(self.epoch,)] = ask(self.path, "SELECT value FROM notes WHERE name = 'epoch'")
            self.seen = dict(ask(self.path, "SELECT name, seen FROM sessions"))
            self.now = self.events[-1].time + 60.0
        super().begin()

    def sidOf(self, name: str) -> str:
        """
        @return: the session id of somebody, who had this name at first.
        """
        return next(event.sid for event in self.events if event.name == name)

    def readable(self, scope: Scope, after: int = 0) -> list[Event]:
        """
        @return: what somebody may read of what is in the file.
        """
        isReadable = readable(scope)
        return [event for event in self.events if event.id > after and isReadable(event)]


class Version1Tests(VersionCase):
    """
    What becomes of the oldest files.
    """

    def test_holdsEveryKind(self) -> None:
        """
        The file has events of every kind that its server knew.
        """
        known = "acted created invited joined left locked renamed said told topic unlocked"
        self.assertEqual(sorted({event.kind for event in self.events}), known.split())

    def test_upgraded(self) -> None:
        """
        It becomes what a new file is; one that is older is kept beside it as it was.
        """
        self.stop()
        self.assertEqual(ask(self.path, "PRAGMA user_version"), [(len(STEPS),)])
        new = self.path + ".new"
        writer = Writer(new, lambda: self.now, self.keep)
        writer.open()
        writer.close()
        self.assertEqual(ask(self.path, TABLES), ask(new, TABLES))
        kept = f"{self.path}.version{self.version}"
        self.assertEqual(os.path.exists(kept), self.version < len(STEPS))
        if os.path.exists(kept):
            self.assertEqual(ask(kept, "PRAGMA user_version"), [(self.version,)])
            found = [Event._make((*row, "")) for row in ask(kept, histories.EVENTS)]
            self.assertEqual(found, self.found)

    def test_events(self) -> None:
        """
        Every event is read back as it was, by whoever may read it.
        """
        self.assertEqual(self.store.epoch, self.epoch)
        self.assertEqual(self.result(self.store.bounds()), (1, self.events[-1].id))
        rooms = {event.room for event in self.events}
        everything = self.result(self.store.after(scopeOf(*rooms), 0, 1000))
        self.assertEqual(everything, self.events)
        for name in ("Ann", "Bob", "Cem", "Dora"):
            scope = scopeOf("#lobby", "#tea", sid=self.sidOf(name))
            found = self.result(self.store.after(scope, 0, 1000))
            self.assertEqual(found, self.readable(scope))
        spoken = [e for e in self.events if e.room == "#tea" and e.kind in SPOKEN]
        self.assertEqual(self.result(self.store.last(wholeOf("#tea"), 2)), spoken[-2:])

    def test_secrets(self) -> None:
        """
        What is secret is kept, where nobody reads it.
        """
        secrets = [event.text for event in self.found if event.kind in (LOCKED, INVITED)]
        kept = ask(self.path, "SELECT data FROM events WHERE data != '' OR kind = 'locked'")
        self.assertEqual([row[0] for row in kept], secrets)

    def test_rooms(self) -> None:
        """
        The rooms are there as they were; one that somebody else made anew begins there.
        """
        secrets = {event.id: event.text for event in self.found if event.kind == LOCKED}
        den = [self.sidOf("Bob")]
        records, reflected = self.result(self.store.rooms())
        self.assertEqual(
            records,
            [
                RoomRecord(1, "#lobby", "", "", ((1, None),)),
                RoomRecord(9, "#tea", "No tea", "", ((9, None),)),
                RoomRecord(
                    15, "#den", "", self.sidOf("Ann"), ((15, None), (16, secrets[16])), tuple(den)
                ),
                RoomRecord(36, "#plan", "Work", self.sidOf("Dora"), ((36, None), (37, ""))),
            ],
        )
        self.assertEqual(self.result(self.store.stateAfter(reflected, 100)), [])

    def test_search(self) -> None:
        """
        Words are found, whether they came to the index before the upgrade or come to it after.
        """
        scope = scopeOf("#lobby", "#tea", "#den")
        for _ in range(2):
            for words, expected in (
                (
                    "kettle",
                    [
                        "Good morning! The kettle is on.",
                        "nobody else hears the kettle",
                        "the kettle is empty",
                    ],
                ),
                ("绿茶", ["我们喝绿茶吧"]),
                ("zoe", ["Guten Morgen, Zoë!"]),
                ("plan", []),
            ):
                found = self.result(self.store.search(scope, Query((words,)), 20))
                self.assertEqual([event.text for event in found], expected)
            self.tidy()

    def test_sessions(self) -> None:
        """
        Each session is found by its token, with the rooms that its owner was in and the right to
        read the private ones; but not with one that somebody else made under the same name.
        """
        for name, first, rooms, current, rights in (
            ("Ann", "Ann", (9, 15), 15, {16: 0}),
            ("Dora", "Dora", (36,), 36, {37: 0}),
            ("Robert", "Bob", (9, 15), 0, {16: 0}),
        ):
            tokenHash = hashToken(TOKENS[self.version][name])
            sid, seen = self.sidOf(first), self.seen[name]
            expected = Session(sid, tokenHash, name, rooms, current, seen, rights)
            self.assertEqual(self.result(self.store.recall(tokenHash)), expected)
        recent = self.result(self.store.recentSessions(3600))
        self.assertEqual({session.name for session in recent}, set(TOKENS[self.version]))


class Version2Tests(Version1Tests):
    """
    The same of files whose conditions are comparisons.
    """

    version = 2


class Version3Tests(Version1Tests):
    """
    The same of files in which rooms are known by ids and secrets have a column of their own.
    """

    version = 3

    def test_secrets(self) -> None:
        """
        What is secret is kept, where nobody reads it.
        """
        select = "SELECT id, data FROM events WHERE data != ''"
        kept = ask(f"{self.path}.version3", select)
        self.assertEqual(ask(self.path, select), kept)
        self.assertEqual(len(kept), 15)

    def test_rooms(self) -> None:
        """
        The rooms are there as they were.
        """
        ann, bob, dora = map(self.sidOf, ("Ann", "Bob", "Dora"))
        [(den, emptyAt)] = ask(
            f"{self.path}.version3",
            "SELECT data, (SELECT emptyAt FROM rooms WHERE id = 22) FROM events WHERE id = 16",
        )
        records, reflected = self.result(self.store.rooms())
        self.assertEqual(
            records,
            [
                RoomRecord(0, "#lobby", "", "", ((0, None),)),
                RoomRecord(9, "#tea", "No tea", ann, ((9, None),)),
                RoomRecord(16, "#den", "", ann, ((16, den),), (bob,)),
                RoomRecord(
                    22, "#plan", "", ann, ((22, None), (24, ""), (33, None)), emptyAt=emptyAt
                ),
                RoomRecord(35, "#work", "Work", dora, ((35, None), (38, ""))),
            ],
        )
        self.assertEqual(self.result(self.store.stateAfter(reflected, 100)), [])

    def test_records(self) -> None:
        """
        At the first start the records are made of its rooms.
        """
        self.projection = rules
        self.restart()
        ann, dora = self.sidOf("Ann"), self.sidOf("Dora")
        places = {"9": ann, "16": ann, "22": ann, "35": dora}
        self.assertEqual(
            {key: value["owner"] for _, key, value in self.result(self.store.records(["place"]))},
            places,
        )

    def test_sessions(self) -> None:
        """
        Each session is found by its token, with the rooms that its owner was in and the right to
        read the private ones.
        """
        for name, first, rooms, current, rights, began in (
            ("Ann", "Ann", (9, 16), 16, {16: 0, 24: 0}, 1),
            ("Dora", "Dora", (35,), 35, {38: 0}, 3),
            ("Robert", "Bob", (9, 16), 0, {16: 0, 24: 31}, 2),
        ):
            tokenHash = hashToken(TOKENS[3][name])
            sid, seen = self.sidOf(first), self.seen[name]
            expected = Session(sid, tokenHash, name, rooms, current, seen, rights, began)
            self.assertEqual(self.result(self.store.recall(tokenHash)), expected)
            self.assertEqual(self.result(self.store.session(sid)), expected)


class PlansTests(SynchronousTestCase):
    """
    How SQLite finds what readers, writers and pruners ask for.
    """

    def setUp(self) -> None:
        self.plans: list[str] = []
        plans = self.plans

        class Cursor(sqlite3.Cursor):
            def execute(self, statement: str, values: Any = ()) -> Any:
                if statement.startswith("SELECT"):
                    explained = super().execute(f"EXPLAIN QUERY PLAN {statement}", values)
                    plans.extend(row[3] for row in explained.fetchall())
                return super().execute(statement, values)

        class Connection(sqlite3.Connection):
            def execute(self, statement: str, values: Any = ()) -> Any:
                return self.cursor().execute(statement, values)

            def cursor(self, factory: Any = None) -> Any:
                return super().cursor(Cursor)

        connect = sqlite3.connect
        self.patch(
            sqlite3, "connect", lambda *given, **named: connect(*given, **named, factory=Connection)
        )

    def plansOf(self, task: Callable[..., object], *arguments: object) -> list[str]:
        """
        @return: how the events are found that a task asks for, each way once, in words that are
            the same in all versions of SQLite.
        """
        self.plans.clear()
        task(*arguments)
        plans = [
            re.sub(" TABLE| AS e|(SCAN|SEARCH) .*USING (COVERING )?(INDEX )?", "", plan)
            for plan in self.plans
            if not re.search(
                r" (notes|re(cords|moved)|rooms|sessions|terms|temp.vocabulary)\b", plan
            )
            and "CORRELATED" not in plan
        ]
        return list(dict.fromkeys(plan.replace("rowid", "id") for plan in plans))

    def check(self, path: str) -> None:
        """
        Look at everything that is asked of a file.
        """
        writer = Writer(path, lambda: 2e9, Keep(messages=1))
        writer.open()
        self.addCleanup(writer.close)
        reader = Reader(writer.path, True)
        self.addCleanup(reader.close)
        mine = scopeOf("#tea", sid="a1")
        batch = [(said("tea", "#tea", key="k1"), None), (said("cake", "#tea", key="k2"), None)]
        writer.commit([*batch, (Draft(TOPIC, "#tea", "Ann", "green"), None)])
        # Each of the pruners has its turn.
        self.patch(writers, "PRUNE_SECONDS", 60.0)
        after = "INTEGER PRIMARY KEY (id>?)"
        between, exactly = "INTEGER PRIMARY KEY (id>? AND id<?)", "INTEGER PRIMARY KEY (id=?)"
        spoken = "events_spoken (room=? AND id>? AND id<?)"
        self.assertEqual(
            self.plansOf(reader.stateAfter, 0, 5),
            ["events_kind (kind=? AND id>? AND id<?)", exactly],
        )
        self.assertEqual(self.plansOf(reader.last, wholeOf("#tea"), 5, None), [spoken])
        self.assertEqual(self.plansOf(reader.moderation, "#tea", 5), ["events_state (room=?)"])
        self.assertEqual(self.plansOf(reader.moderation, None, 5), ["events_kind (kind=?)"])
        self.assertEqual(
            self.plansOf(reader.after, mine, 0, 5),
            [
                "events_told (sid=? AND id>? AND id<?)",
                spoken,
                "events_state (room=? AND id>? AND id<?)",
                "events_presence (room=? AND id>? AND id<?)",
                exactly,
            ],
        )
        for query, plans in (
            (Query(("tea",)), [between, exactly]),
            (Query((), name="Ann", room="#tea"), [spoken]),
            (Query((), room="#tea"), [spoken]),
            (Query((), since=5.0), [between, after]),
        ):
            self.assertEqual(self.plansOf(reader.search, mine, query, 5), plans, query)
        small = self.patch(readers, "SMALL_ROOM", 0)
        query = Query((), name="Ann", room="#tea")
        self.assertEqual(self.plansOf(reader.search, mine, query, 5), [spoken, between, exactly])
        small.restore()
        self.assertEqual(self.plansOf(writer.commit, batch), ["events_key (sid=? AND key=?)"])
        pruning = [plan for plan in self.plansOf(writer.tidy) if "id" in plan]
        self.assertEqual(
            pruning,
            [
                after,
                between,
                "events_kind (kind=? AND id<?)",
                "events_kind (kind=? AND id>?)",
            ],
        )

    def test_new(self) -> None:
        """
        In a new file every question is answered from the index that is meant for it.
        """
        path = os.path.realpath(self.mktemp())
        copy(None, path)
        self.check(path)

    def test_upgraded(self) -> None:
        """
        So it is in a file of any older version.
        """
        for version in TOKENS:
            path = os.path.realpath(self.mktemp())
            histories.build(version, path)
            self.check(path)
