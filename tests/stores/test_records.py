"""
Tests for L{twisted_chat.stores.records}.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import said
from twisted_chat.errors import NotAllowed
from twisted_chat.stores.interfaces import Records, Selection
from twisted_chat.stores.records import before, project, selector
from twisted_chat.wire.events import SET, Event, makeEvent

fast = settings(deadline=None, max_examples=200, derandomize=True, database=None)

EVENT = Event(7, 1.0, SET, "!", "Ann")


class Kept:
    """
    Keeps records, and writes down what is done.
    """

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}
        self.done: list[tuple[object, ...]] = []

    def read(self, kind: str, key: str) -> str | None:
        return self.texts.get((kind, key))

    def write(self, kind: str, key: str, text: str | None) -> None:
        self.done.append((kind, key, text))
        if text is not None:
            self.texts[kind, key] = text

    def blank(self, id: int, left: str = "") -> None:
        self.done.append(("blank", id))

    def hide(self, removal: int, selection: Selection) -> None:
        self.done.append(("hide", removal, selection))

    def unhide(self, removal: int) -> None:
        self.done.append(("unhide", removal))


class ProjectTests(SynchronousTestCase):
    """
    L{project}.
    """

    def setUp(self) -> None:
        self.kept = Kept()

    def project(self, does: Callable[[Records], None]) -> list[tuple[object, ...]]:
        """
        @return: what became of the records.
        """
        self.kept.done.clear()
        project(lambda event, records: does(records), EVENT, self.kept)
        return self.kept.done

    def test_inOrder(self) -> None:
        """
        All that an event does is done, in its order.
        """
        selection = Selection("#tea", (1, 2))

        def does(records: Records) -> None:
            records.put("a", "b", {"c": (1, "ü")})
            records.hide(7, selection)
            records.blank(3)
            records.put("a", "b", None)
            records.unhide(5)

        self.assertEqual(
            self.project(does),
            [
                ("a", "b", '{"c":[1,"\\u00fc"]}'),
                ("hide", 7, selection),
                ("blank", 3),
                ("a", "b", None),
                ("unhide", 5),
            ],
        )

    def test_seesItself(self) -> None:
        """
        It sees what it has put itself, and what was kept before; to change a value that it was
        given changes nothing.
        """
        self.kept.texts["a", "b"] = "[1]"
        seen: list[Any] = []

        def does(records: Records) -> None:
            value = records.get("a", "b")
            value.append(2)
            seen.append(records.get("a", "b"))
            records.put("a", "b", value)
            value.append(3)
            seen.append(records.get("a", "b"))
            records.put("a", "b", None)
            seen.append(records.get("a", "b"))
            seen.append(records.get("a", "c"))

        self.assertEqual(self.project(does), [("a", "b", "[1,2]"), ("a", "b", None)])
        self.assertEqual(seen, [[1], [1, 2], None, None])

    def test_void(self) -> None:
        """
        What is void does nothing.
        """

        def does(records: Records) -> None:
            records.put("a", "b", 1)
            raise NotAllowed("no")

        self.assertEqual(self.project(does), [])

    def test_faults(self) -> None:
        """
        A fault of the projection does nothing and is logged, whatever it is: also what could never
        be stored.
        """
        faults: list[Callable[[Records], object]] = [
            lambda records: 1 / 0,
            lambda records: records.get("a", "\ud800"),
            lambda records: records.put("\ud800", "b", 1),
            lambda records: records.put("a", "b", object()),
            lambda records: records.blank(2**63),
            lambda records: records.blank(-1),
            lambda records: records.blank("5"),  # type: ignore[arg-type]
            lambda records: records.unhide(2**63),
            lambda records: records.hide(7, Selection("#tea", (1, 2**63))),
            lambda records: records.hide(7, Selection("#tea", sid="\ud800")),
        ]
        for fault in faults:

            def does(records: Records, fault: Callable[[Records], object] = fault) -> None:
                records.put("a", "b", 1)
                fault(records)

            self.assertEqual(self.project(does), [])
            self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_unreadable(self) -> None:
        """
        Where the records cannot be read the store hears of it, even if the projection does not.
        """

        def read(kind: str, key: str) -> str | None:
            raise OSError

        self.kept.read = read  # type: ignore[method-assign]

        def careless(records: Records) -> None:
            with contextlib.suppress(OSError):
                records.get("a", "b")
            raise NotAllowed("no")

        self.assertRaises(OSError, self.project, lambda records: records.get("a", "b"))
        self.assertRaises(OSError, self.project, careless)


class SelectionTests(SynchronousTestCase):
    """
    L{selector} and L{before}.
    """

    @fast
    @given(
        st.builds(
            Selection,
            st.just("#lobby"),
            st.lists(st.integers(0, 9), max_size=3).map(tuple),
            st.sampled_from(["", "a1"]),
            st.sampled_from(["", "Ann"]),
            st.integers(0, 9),
            st.integers(0, 9),
        ),
        st.integers(1, 9),
        st.sampled_from(["a1", "b2"]),
        st.sampled_from(["Ann", "Bob"]),
        st.sampled_from(["", "x"]),
        st.integers(1, 9),
    )
    def test_conditions(
        self, selection: Selection, id: int, sid: str, name: str, text: str, removal: int
    ) -> None:
        """
        A message is selected if it has a text, came before the removal, and meets every condition
        that is given.
        """
        event = makeEvent((id, 1.0, *said(text, sid=sid, name=name)))
        expected = [
            bool(text),
            id < removal,
            id > selection.after,
            not selection.upto or id <= selection.upto,
            not selection.ids or id in selection.ids,
            selection.sid in ("", sid),
            selection.name in ("", name),
        ]
        isSelected = selector(before(removal, selection))
        self.assertEqual(isSelected(event), all(expected))
