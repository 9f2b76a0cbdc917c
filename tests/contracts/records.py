"""
What every store has to make of its log: mixins as those in L{tests.contracts.store}, for a store
whose projection is L{tests.support.rules.rules}.
"""

from __future__ import annotations

from typing import Any

from tests.contracts.store import StoreContract, said, scopeOf, wholeOf
from tests.support.rules import granted, read, registered, removed, restored
from twisted_chat.wire.events import (
    ACTED,
    CLOSED,
    CREATED,
    CREDENTIALS,
    SERVER,
    SET,
    SPOKEN,
    TOLD,
    Draft,
    Event,
    Query,
)

KINDS = ("account", "credentials", "mark", "owned", "place", "removal", "setting")
"""All kinds of records that the rules make."""


class RecordsContract(StoreContract):
    """
    L{twisted_chat.stores.interfaces.IRecords}.
    """

    def kept(self, *kinds: str) -> dict[tuple[str, str], Any]:
        """
        @return: the records of these kinds, or all.
        """
        found = self.result(self.store.records(kinds or KINDS))
        records = {(kind, key): value for kind, key, value in found}
        self.assertEqual(len(records), len(found))
        return records

    def test_none(self) -> None:
        """
        A new store has no records, and messages make none.
        """
        self.appendAll(said(), Draft(TOLD, "@b2", "Ann", "psst", "Bob", "a1"))
        self.assertEqual(self.kept(), {})
        self.assertIsNone(self.result(self.store.record("account", "a1")))

    def test_made(self) -> None:
        """
        Records show what is stored, in its order, also within one batch.
        """
        _, tea, *_ = self.appendAll(
            registered("a1", "Ann"),
            Draft(CREATED, "#tea", "Ann", sid="a1"),
            granted(2, "b2"),
            said(),
            granted(2, "c3", "speaker"),
        )
        self.appendAll(granted(2, "b2", "moderator"))
        roles = {"b2": "moderator", "c3": "speaker"}
        place = {"owner": "a1", "roles": roles}
        expected = {
            ("account", "a1"): {"name": "Ann"},
            ("owned", "Ann"): "a1",
            ("place", str(tea.id)): place,
        }
        self.assertEqual(self.kept(), expected)
        self.assertEqual(self.kept("place"), {("place", "2"): place})
        self.assertEqual(self.kept("nothing"), {})
        self.assertEqual(self.result(self.store.record("place", "2")), place)
        self.assertIsNone(self.result(self.store.record("place", "3")))

    def test_removedRecord(self) -> None:
        """
        A record that was removed is not there, and can be made again.
        """
        self.appendAll(Draft(CREATED, "#tea", "Ann", sid="a1"))
        self.appendAll(Draft(CLOSED, "#tea", "", data="1"))
        self.assertEqual(self.kept(), {})
        self.appendAll(Draft(CREATED, "#tea", "Ann", sid="a1"), granted(3, "b2"))
        self.assertEqual(self.kept()["place", "3"], {"owner": "a1", "roles": {"b2": "owner"}})

    def test_void(self) -> None:
        """
        A void event is stored and changes no record, whatever was done before it was found void.
        """
        stored = self.appendAll(
            registered("a1", "Ann"), registered("b2", "Ann"), granted(77, "b2"), said()
        )
        self.assertEqual(len(stored), 4)
        self.assertEqual(self.kept(), {("account", "a1"): {"name": "Ann"}, ("owned", "Ann"): "a1"})

    def test_fault(self) -> None:
        """
        A batch whose projection fails is stored, the event changes nothing, and the operator reads
        of it.
        """
        stored = self.appendAll(said("a"), Draft(SET, "!", "Ann", "x"), registered("a1", "Ann"))
        self.assertEqual(len(stored), 3)
        self.assertEqual(self.kept(), {("account", "a1"): {"name": "Ann"}, ("owned", "Ann"): "a1"})
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_strange(self) -> None:
        """
        A projection that asks for what cannot be kept fails in the same way.
        """
        strange = (
            removed(after=-1),
            removed(ids=[2**70]),
            removed(sid="\ud800"),
            restored(-5),
            read("a1", "\ud800", 5),
        )
        for draft in strange:
            self.assertEqual(len(self.appendAll(draft)), 1)
        self.assertEqual(self.kept(), {})
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), len(strange))
        self.assertEqual(len(self.appendAll(said())), 1)

    def test_onceEach(self) -> None:
        """
        An event that comes again under the same key changes no record again.
        """
        self.appendAll(Draft(CREATED, "#tea", "Ann", sid="a1", key="k1"))
        self.appendAll(granted(1, "b2"), granted(1, "c3")._replace(sid="a1", key="k2"))
        self.appendAll(
            granted(1, "c3", "speaker")._replace(sid="a1", key="k2"),
            Draft(CREATED, "#tea", "Ann", sid="a1", key="k1"),
            said(key="k3"),
            said(key="k3"),
        )
        self.assertEqual(
            self.kept(), {("place", "1"): {"owner": "a1", "roles": {"b2": "owner", "c3": "owner"}}}
        )

    def test_blank(self) -> None:
        """
        The data of an event that was blanked is gone, and the event is there.
        """
        heard = self.appendAll(
            *(Draft(CREDENTIALS, SERVER, "Ann", sid="a1", data=f'{{"n": {n}}}') for n in range(3)),
            said(),
        )
        self.assertEqual([event.data for event in heard], ['{"n": 0}', '{"n": 1}', '{"n": 2}', ""])
        self.assertEqual(self.kept(), {("credentials", "a1"): {"at": 3}})
        self.assertEqual(self.secrets(), ['{"n": 2}'])

    def secrets(self) -> list[str]:
        """
        @return: the data that is not empty of all events that are stored.
        """
        raise NotImplementedError

    def test_marks(self) -> None:
        """
        Marks are kept, and only rise.
        """
        self.appendAll(read("a1", 0, 5), read("a1", 7, 3), read("a1", 0, 4), read("b2", 0, 9))
        marks = {("mark", "a1 0"): 5, ("mark", "a1 7"): 3, ("mark", "b2 0"): 9}
        self.assertEqual(self.kept(), marks)


class RemovalContract(StoreContract):
    """
    Messages that are removed.
    """

    def texts(self, *rooms: str) -> list[str]:
        """
        @return: the texts of what was said in these rooms, as their past is shown.
        """
        scope = scopeOf(*(rooms or ("#lobby",)))
        events = self.result(self.store.after(scope, 0, 1000))
        if not rooms:
            last = self.result(self.store.last(wholeOf("#lobby"), 1000))
            self.assertEqual(last, [event for event in events if event.kind in SPOKEN])
        return [event.text for event in events if event.kind in SPOKEN]

    def find(self, *words: str, **more: Any) -> list[str]:
        """
        @return: the texts that a search finds.
        """
        scope = scopeOf("#lobby", "#tea", sid="x9")
        found = self.result(self.store.search(scope, Query(words, **more), 100))
        return [event.text for event in found]

    def index(self) -> None:
        """
        Let the index of words come to all events.
        """

    def remove(self, **selected: Any) -> Event:
        """
        @return: the event by which these messages are removed.
        """
        [event] = self.appendAll(removed(**selected))
        return event

    def removedBy(self, removal: Event) -> list[int]:
        return list(self.result(self.store.removedBy(removal.id)))

    def test_ids(self) -> None:
        """
        Messages are removed by their ids, and no others.
        """
        self.appendAll(said("1"), said("2"), said("3", "#tea"), Draft(CREATED, "#lobby", "A", "x"))
        removal = self.remove(ids=[2, 3, 4, 99])
        self.assertEqual(self.texts(), ["1", ""])
        self.assertEqual(self.texts("#tea"), ["3"])
        self.assertEqual(self.removedBy(removal), [2])
        self.assertEqual(self.result(self.store.removedBy(99)), [])

    def test_removedTexts(self) -> None:
        """
        The first texts of a removal can be read until they are brought back.
        """
        self.appendAll(said("1"), said("2"), said("3"), said("4", "#tea"))
        first = self.remove(ids=[1])
        removal = self.remove()
        texts = self.store.removedTexts
        for _ in range(2):
            self.assertEqual(self.result(texts(removal.id, 9)), [(2, "2"), (3, "3")])
            self.assertEqual(self.result(texts(removal.id, 1)), [(2, "2")])
            self.index()
        self.assertEqual(self.result(texts(first.id, 9)), [(1, "1")])
        self.appendAll(restored(removal.id))
        self.assertEqual(self.result(texts(removal.id, 9)), [])
        self.assertEqual(self.result(texts(99, 9)), [])

    def test_selections(self) -> None:
        """
        Messages are removed by author, by name, within bounds, and by all of these together.
        """
        self.appendAll(
            said("1", sid="a1", name="Ann"),
            said("2", sid="b2", name="Bob"),
            said("3", sid="b2", name="Robert"),
            said("4", sid="c3", name="Bob"),
            said("5", sid="b2", name="Bob", key="k"),
            Draft(ACTED, "#lobby", "Bob", "6", sid="b2"),
        )
        for selected, expected in (
            ({"sid": "b2"}, [2, 3, 5, 6]),
            ({"name": "Bob"}, [2, 4, 5, 6]),
            ({"name": "Bob", "sid": "b2"}, [2, 5, 6]),
            ({"sid": "b2", "after": 2}, [3, 5, 6]),
            ({"sid": "b2", "after": 2, "upto": 5}, [3, 5]),
            ({"sid": "b2", "ids": [1, 2, 3], "after": 2}, [3]),
            ({"ids": [1, 2, 3], "upto": 2}, [1, 2]),
            ({"upto": 1}, [1]),
            ({}, [1, 2, 3, 4, 5, 6]),
            ({"sid": "x9"}, []),
            ({"after": 6}, []),
        ):
            removal = self.remove(**selected)
            self.assertEqual(self.removedBy(removal), expected, selected)
            self.appendAll(restored(removal.id))
            self.assertEqual(self.texts(), ["1", "2", "3", "4", "5", "6"], selected)
            self.assertEqual(self.removedBy(removal), [], selected)

    def test_before(self) -> None:
        """
        A removal takes the messages before it, in its batch as well, and none after it.
        """
        self.appendAll(said("1"), said("2"), removed(sid="a1"), said("3"), said("4"))
        self.assertEqual(self.texts(), ["", "", "3", "4"])

    def test_twice(self) -> None:
        """
        A message that was already removed stays with its first removal.
        """
        self.appendAll(*(said(str(number)) for number in range(1, 5)))
        first, second = self.remove(ids=[1, 2]), self.remove(upto=3)
        self.assertEqual((self.removedBy(first), self.removedBy(second)), ([1, 2], [3]))
        self.appendAll(restored(second.id))
        self.assertEqual(self.texts(), ["", "", "3", "4"])
        self.appendAll(restored(first.id), restored(first.id), restored(77))
        self.assertEqual(self.texts(), ["1", "2", "3", "4"])

    def test_newest(self) -> None:
        """
        The newest are taken if a removal selects too many.
        """
        for module in self.modules:
            self.patch(module, "MAX_REMOVED", 3)
        self.appendAll(*(said(str(number)) for number in range(1, 7)))
        self.assertEqual(self.removedBy(self.remove(upto=5)), [3, 4, 5])
        self.assertEqual(self.removedBy(self.remove(ids=[1, 2, 3, 6])), [1, 2, 6])

    modules: tuple[Any, ...] = ()

    def test_search(self) -> None:
        """
        No search finds what was removed, not by its author either; every search finds what was
        brought back, at the latest when the index of words has come to it.
        """
        for isFirst in (False, True):
            for isSecond in (False, True):
                self.appendAll(said("green tea", name="Zoe"), said("tea", name="Zoe"), said("cake"))
                if isFirst:
                    self.index()
                [newest] = self.result(self.store.last(wholeOf("#lobby"), 1))
                removal = self.remove(name="Zoe", after=newest.id - 3)
                if isSecond:
                    self.index()
                for query in (
                    {"words": ("tea",)},
                    {"words": (), "name": "Zoe"},
                    {"words": (), "room": "#lobby", "name": "Zoe"},
                ):
                    found = self.find(*query.pop("words"), **query)
                    self.assertEqual(found, [], (isFirst, isSecond, query))
                self.assertEqual(self.find(room="#lobby")[-1:], ["cake"])
                self.appendAll(restored(removal.id))
                self.index()
                self.assertEqual(self.find("tea"), ["green tea", "tea"], (isFirst, isSecond))
                self.assertEqual(self.find(name="Zoe"), ["green tea", "tea"])
                self.assertEqual(self.find("green"), ["green tea"])
                self.remove(name="Zoe")
                self.index()

    def test_repeated(self) -> None:
        """
        A message that was removed is still found by its key, so that nothing is stored again.
        """
        self.appendAll(said("tea", key="k1"))
        self.remove(sid="a1")
        self.assertEqual(self.appendAll(said("tea", key="k1")), [])
        self.assertEqual([event.text for event in self.follower.of("repeated")], [""])
        self.assertEqual(self.texts(), [""])

    def test_count(self) -> None:
        """
        Removed messages are counted as well.
        """
        self.appendAll(said("1"), said("2"))
        self.remove(ids=[2])
        self.assertEqual(self.result(self.store.count(wholeOf("#lobby"), 0, 9)), 2)

    def test_told(self) -> None:
        """
        A direct message can be removed as well.
        """
        self.appendAll(Draft(TOLD, "@b2", "Ann", "psst", "Bob", "a1"))
        self.remove(room="@b2", sid="a1")
        [told] = self.result(self.store.after(scopeOf(sid="b2"), 0, 9))[:1]
        self.assertEqual((told.kind, told.text), (TOLD, ""))
