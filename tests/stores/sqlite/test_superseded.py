"""
Tests for L{twisted_chat.stores.sqlite.superseded}.
"""

from __future__ import annotations

import json

from tests.contracts.store import said, scopeOf
from tests.stores.sqlite.storecase import PruningCase, RuledCase
from tests.support.rules import granted, read
from twisted_chat.stores.session import RoomRecord
from twisted_chat.stores.sqlite import retention, schema, superseded
from twisted_chat.stores.sqlite.retention import Keep
from twisted_chat.stores.sqlite.superseded import MarkPruner, StatePruner
from twisted_chat.wire.events import CREATED, READ, TOPIC, Draft


class StateTests(PruningCase):
    """
    L{StatePruner}.
    """

    def setUp(self) -> None:
        super().setUp()
        self.patch(superseded, "KEPT_STATE", 100)
        self.patch(superseded, "LOOK_AGAIN", 50)

    def reflect(self, id: int) -> None:
        schema.writeNote(self.connection, schema.ROOMS, id)

    def test_newestStay(self) -> None:
        """
        Of what the table of rooms shows the newest stay, whatever their kinds, in small steps; and
        nothing else goes.
        """
        for kind in ("topic", "said", "locked", "joined", "granted", "registered"):
            self.add(kind, 400)
        self.add("invited", 30)
        self.reflect(self.newest)
        # Of 1,230 the newest 100 stay, and each kind is one of two that are pruned.
        self.assertEqual(self.steps(StatePruner()), (800 + 30 - 100) // retention.STEP + 1)
        self.assertEqual(
            self.kept("topic", "locked", "invited"), [*range(1131, 1201), *range(2401, 2431)]
        )
        self.assertEqual(len(self.kept("said", "joined", "granted", "registered")), 1600)

    def test_fewStay(self) -> None:
        """
        Few stay all.
        """
        self.add("topic", 100)
        self.reflect(100)
        self.assertEqual(self.steps(StatePruner()), 1)
        self.assertEqual(len(self.kept("topic")), 100)

    def test_notShownYet(self) -> None:
        """
        What the table of rooms does not show yet stays until it does: the next start needs it.
        """
        pruner = StatePruner()
        self.add("topic", 300)
        self.reflect(20)
        self.steps(pruner)
        self.assertEqual(self.kept("topic")[0], 21)
        self.reflect(300)
        self.steps(pruner)
        self.assertEqual(self.kept("topic")[0], 201)

    def test_again(self) -> None:
        """
        It goes on as more is stored, and looks for it now and then only.
        """
        pruner = StatePruner()
        for newest, oldest in ((120, 21), (169, 21), (170, 71), (400, 301)):
            self.add("topic", newest - self.newest)
            self.reflect(newest)
            self.steps(pruner)
            self.assertEqual(self.kept("topic")[0], oldest, newest)


class MarkTests(PruningCase):
    """
    L{MarkPruner}.
    """

    def read(self, sid: str, place: str, id: int) -> None:
        """
        Store an event that raises a mark, and the mark.
        """
        self.add(READ, 1, sid, json.dumps({"place": place, "id": id}))
        self.connection.execute(
            "REPLACE INTO records VALUES ('mark', ?, ?)", (f"{sid} {place}", str(id))
        )

    def test_superseded(self) -> None:
        """
        The newest of an account and a place stays.
        """
        for id in (1, 2, 3):
            for sid in ("a1", "b2"):
                for place in ("0", "@", "7"):
                    self.read(sid, place, id)
        self.read("a1", "0", 9)
        self.steps(MarkPruner())
        self.assertEqual(self.kept(READ), [14, 15, 16, 17, 18, 19])

    def test_newest(self) -> None:
        """
        The newest event of all stays even if it raised nothing: ids go on from it.
        """
        self.read("a1", "0", 5)
        self.add(READ, 2, "a1", json.dumps({"place": "0", "id": 3}))
        self.steps(MarkPruner())
        self.assertEqual(self.kept(READ), [1, 3])

    def test_strange(self) -> None:
        """
        What is no mark, or has none, stays.
        """
        for data in ("", "[]", "{}", '{"place": "0"}', '{"place": "0", "id": []}', '"x"', "\ufffd"):
            self.add(READ, 1, "a1", data)
        self.read("a1", "0", 5)
        self.connection.execute("UPDATE records SET value = 'x'")
        self.steps(MarkPruner())
        self.assertEqual(len(self.kept(READ)), 8)

    def test_passes(self) -> None:
        """
        What is superseded after it was looked at goes with the next pass, which comes after as many
        new events as were kept.
        """
        self.patch(superseded, "STEP", 10)
        self.patch(superseded, "LOOK_AGAIN", 5)
        pruner = MarkPruner()
        for place in range(30):
            self.read("a1", str(place), 1)
        self.assertEqual(self.steps(pruner), 4)
        self.assertEqual(len(self.kept(READ)), 30)
        for place in range(29):
            self.read("a1", str(place), 2)
            self.assertEqual(self.steps(pruner), 1)
        self.assertEqual(len(self.kept(READ)), 59)
        self.read("a1", "0", 3)
        self.steps(pruner)
        self.assertEqual(self.kept(READ), [30, *range(32, 61)])


class StoreTests(RuledCase):
    """
    The same in a store.
    """

    keep = Keep(messages=3)

    def test_state(self) -> None:
        """
        Topics that newer ones replaced go, whatever is kept, and the rooms are there after a
        restart.
        """
        self.patch(superseded, "KEPT_STATE", 10)
        record = RoomRecord(1, "#tea", "", "a1", ((1, None),))
        self.follower.whenStored = lambda event: self.store.keepRoom(
            record._replace(topic=event.text)
        )
        self.appendAll(Draft(CREATED, "#tea", "Ann", sid="a1"))
        self.appendAll(*(Draft(TOPIC, "#tea", "Ann", str(number)) for number in range(700)))
        self.appendAll(said())
        self.tidy()
        scope = scopeOf("#tea")
        topics = [event.text for event in self.result(self.store.after(scope, 0, 999))]
        self.assertEqual(topics, [str(number) for number in range(690, 700)])
        self.restart()
        records, reflected = self.result(self.store.rooms())
        self.assertEqual((records[0].owner, records[0].name, reflected), ("a1", "#tea", 702))
        self.appendAll(granted(1, "b2"))
        place = {"owner": "a1", "roles": {"b2": "owner"}}
        self.assertEqual(self.result(self.store.record("place", "1")), place)

    def test_marks(self) -> None:
        """
        So do the events of marks that have risen.
        """
        self.appendAll(*(read("a1", 0, id) for id in range(1, 30)), said())
        self.tidy()
        self.stop()
        self.assertEqual(len(self.eventsOf(READ)), 1)
        self.begin()
        self.assertEqual(self.result(self.store.records(["mark"])), [("mark", "a1 0", 29)])

    def eventsOf(self, kind: str) -> list[int]:
        connection = schema.connect(self.path)
        try:
            return [
                id for id, its in connection.execute("SELECT id, kind FROM events") if its == kind
            ]
        finally:
            connection.close()
