"""
Files of every released version of the tables: what servers of those versions left is all there.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import said
from tests.stores.sqlite import test_store
from tests.support import histories
from tests.support.histories import KEY, LAST_SEEN, TOKENS
from tests.support.peers import Peer
from twisted_chat.chat.hub import Hub
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.stores.search import isReadable
from twisted_chat.stores.session import Session, hashToken
from twisted_chat.stores.sqlite.reader import Reader
from twisted_chat.stores.sqlite.retention import Keep
from twisted_chat.stores.sqlite.schema import STEPS, copy
from twisted_chat.stores.sqlite.writer import Writer
from twisted_chat.wire.events import SPOKEN, STATE, Event, Query, Scope

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
                for statement in (statement for step in STEPS[:version] for statement in step):
                    connection.execute(statement)
                self.assertEqual(connection.execute(TABLES).fetchall(), made, version)


class Version1Tests(test_store.SQLiteCase):
    """
    What becomes of the oldest files.

    @ivar events: what is in the file before it is opened.
    @ivar sessions: the sessions in it, by their owners' names.
    @ivar epoch: its epoch.
    """

    version = 1

    def begin(self) -> None:
        if not os.path.exists(self.path):
            histories.build(self.version, self.path)
            self.events = [Event._make(row) for row in ask(self.path, histories.EVENTS)]
            rows = ask(self.path, "SELECT sid, tokenHash, name, rooms, current, seen FROM sessions")
            found = (Session._make(row) for row in rows)
            self.sessions = {
                session.name: session._replace(rooms=tuple(json.loads(str(session.rooms))))
                for session in found
            }
            [(self.epoch,)] = ask(self.path, "SELECT value FROM notes WHERE name = 'epoch'")
            self.now = self.events[-1].time + 60.0
        super().begin()

    def readable(self, scope: Scope, after: int = 0) -> list[Event]:
        """
        @return: what somebody may read of what is in the file.
        """
        return [event for event in self.events if event.id > after and isReadable(event, scope)]

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
            self.assertEqual(ask(kept, histories.EVENTS), self.events)

    def test_events(self) -> None:
        """
        Every event is read back as it was, by whoever may read it.
        """
        self.assertEqual(self.store.epoch, self.epoch)
        self.assertEqual(self.result(self.store.bounds()), (1, self.events[-1].id))
        self.assertEqual(ask(self.path, histories.EVENTS), self.events)
        rooms = frozenset(event.room for event in self.events)
        everything = self.result(self.store.after(Scope(rooms, ""), 0, 1000))
        self.assertEqual(everything, self.events)
        for session in self.sessions.values():
            scope = Scope(frozenset({"#lobby", "#tea"}), session.sid)
            found = self.result(self.store.after(scope, 0, 1000))
            self.assertEqual(found, self.readable(scope))
        state = [event for event in self.events if event.kind in STATE]
        self.assertEqual(self.result(self.store.state()), state)
        spoken = [e for e in self.events if e.room == "#tea" and e.kind in SPOKEN]
        self.assertEqual(self.result(self.store.last("#tea", 2)), spoken[-2:])

    def test_search(self) -> None:
        """
        Words are found, whether they came to the index before the upgrade or come to it after.
        """
        scope = Scope(frozenset({"#lobby", "#tea", "#den"}), "")
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
        Each session is found by its token.
        """
        self.assertEqual(set(self.sessions), set(TOKENS[self.version]))
        for name, token in TOKENS[self.version].items():
            recalled = self.result(self.store.recall(hashToken(token)))
            self.assertEqual(recalled, self.sessions[name])

    # Through the door

    def open(self) -> ChatFactory:
        """
        @return: the door of a server on this file.
        """
        hub = Hub(self.store, seconds=lambda: self.now)
        state = self.result(self.store.state())
        hub.rooms.restore(state)
        return ChatFactory(hub)

    def resume(self, factory: ChatFactory, name: str, last: int) -> Peer:
        """
        Somebody goes on with his session.

        @param last: the last id that he has seen.
        """
        peer = Peer(factory)
        token = TOKENS[self.version][name]
        peer.asks("hello", token=token, epoch=self.epoch, last=last)
        self.settle()
        return peer

    def type(self, peer: Peer, line: str) -> list[str]:
        """
        @return: what comes after somebody has sent a line.
        """
        peer.forget()
        peer.types(line)
        self.settle()
        return peer.lines

    def test_resumes(self) -> None:
        """
        Who comes back is in the same rooms, and gets everything that was missed, once.
        """
        [last] = [event.id for event in self.events if event.text == LAST_SEEN]
        welcome, *missed = self.resume(self.open(), "Ann", last).objects
        self.assertEqual(
            {name: welcome[name] for name in ("type", "name", "resumed", "room", "rooms")},
            {
                "type": "welcome",
                "name": "Ann",
                "resumed": True,
                "room": "#den",
                "rooms": [
                    {"name": "#lobby", "topic": ""},
                    {"name": "#tea", "topic": "No tea"},
                    {"name": "#den", "topic": ""},
                ],
            },
        )
        scope = Scope(frozenset({"#lobby", "#tea", "#den"}), self.sessions["Ann"].sid)
        expected = self.readable(scope, last)
        self.assertEqual(welcome["missed"], len(expected))
        # What follows is Ann's own coming into #tea and #den.
        self.assertEqual([v["type"] for v in missed[len(expected) :]], ["joined", "joined"])
        del missed[len(expected) :]
        self.assertEqual([value["id"] for value in missed], [event.id for event in expected])
        self.assertEqual(
            [value["text"] for value in missed if value["type"] == "said"],
            ["the kettle is empty", "tea, anybody?", "good night"],
        )

    def test_anotherRoomOfThatName(self) -> None:
        """
        Who was in a private room comes back into it, but not into one that somebody else made
        under its name; its maker does.
        """
        factory = self.open()
        robert = self.resume(factory, "Robert", 0)
        self.assertEqual(robert.objects[0]["name"], "Robert")
        rooms = [room["name"] for room in robert.objects[0]["rooms"]]
        self.assertEqual(rooms, ["#lobby", "#tea", "#den"])
        self.assertNotIn("the plan is to work", [v.get("text") for v in robert.objects])
        dora = self.resume(factory, "Dora", 0)
        self.assertEqual(
            dora.objects[0]["rooms"],
            [{"name": "#lobby", "topic": ""}, {"name": "#plan", "topic": "Work"}],
        )

    def test_sentAgain(self) -> None:
        """
        A message that comes again under its key is answered by the event that it became.
        """
        ann = self.resume(self.open(), "Ann", self.events[-1].id)
        [first] = [event for event in self.events if event.key == "a1"]
        ann.forget()
        ann.asks("say", key="a1", text=first.text)
        self.settle()
        [answer] = ann.objects
        self.assertEqual((answer["type"], answer["id"]), ("ok", first.id))

    def test_keysAndTopics(self) -> None:
        """
        A newcomer finds the rooms as they were: with their topics, and closed to all but those who
        have the key.
        """
        eve = Peer(self.open(), "Eve")
        self.settle()
        self.assertRegex(self.type(eve, "/join #plan")[0], "^! #plan is private")
        self.assertRegex(self.type(eve, "/join #den wrong")[0], "^! #den is private")
        self.assertRegex(self.type(eve, f"/join #den {KEY}")[0], r"^\* You are in #den")
        self.assertRegex(self.type(eve, "/join #tea")[0], r"^\* You are in #tea .*: No tea$")


class Version2Tests(Version1Tests):
    """
    The same of files whose conditions are comparisons.
    """

    version = 2


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
            re.sub(" TABLE| AS e|COVERING |(SCAN|SEARCH) .*USING (INDEX )?", "", plan)
            for plan in self.plans
            if not re.search(" (notes|sessions|terms) ", plan)
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
        mine = Scope(frozenset({"#tea"}), "a1")
        batch = [(said("tea", "#tea", key="k1"), None), (said("cake", "#tea", key="k2"), None)]
        writer.commit(batch, [])
        between, exactly = "INTEGER PRIMARY KEY (id>? AND id<?)", "INTEGER PRIMARY KEY (id=?)"
        after = "INTEGER PRIMARY KEY (id>?)"
        self.assertEqual(self.plansOf(reader.state), ["events_state"])
        self.assertEqual(
            self.plansOf(reader.last, "#tea", 5, None), ["events_spoken (room=? AND id<?)"]
        )
        self.assertEqual(
            self.plansOf(reader.after, mine, 0, 5),
            [
                "events_told (sid=? AND id>?)",
                "events_spoken (room=? AND id>?)",
                "events_unspoken (room=? AND id>?)",
                exactly,
            ],
        )
        for query, plans in (
            (Query(("tea",)), [after, exactly]),
            (Query((), name="Ann", room="#tea"), [after, exactly]),
            (Query((), room="#tea"), ["events_spoken (room=?)"]),
            (Query((), since=5.0), [after]),
        ):
            self.assertEqual(self.plansOf(reader.search, mine, query, 5), plans, query)
        self.assertEqual(self.plansOf(writer.commit, batch, []), ["events_key (sid=? AND key=?)"])
        self.assertEqual(self.plansOf(writer.tidy), [between])

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
