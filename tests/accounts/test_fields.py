# -*- test-case-name: tests.accounts.test_fields -*-
"""
Tests for L{twisted_chat.accounts.fields}.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.accounts.fields import MAX_DATA, MAX_ID, MAX_LOOKS, MAX_TEXT, MAX_TIME, Fields
from twisted_chat.errors import ChatError

FAST = settings(deadline=None, max_examples=200, derandomize=True, database=None)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=8),
    st.sampled_from(["\ud800", "x" * (MAX_TEXT + 1), 10**400, MAX_ID + 1, -1]),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)

ASKED: list[Callable[[Fields], Any]] = [
    lambda fields: fields.text("v"),
    lambda fields: fields.text("v", ""),
    lambda fields: fields.word("v", "a", "b"),
    lambda fields: fields.texts("v", 3),
    lambda fields: fields.whole("v"),
    lambda fields: fields.wholes("v", 3),
    lambda fields: fields.flag("v"),
    lambda fields: fields.objects("v", 3),
    lambda fields: fields.looks(),
    lambda fields: fields.end(5.0),
]


def fields(**values: Any) -> Fields:
    """
    @return: these values.
    """
    return Fields(json.dumps(values))


class FieldsTests(SynchronousTestCase):
    """
    Values, asked for by their type.
    """

    def refused(self, ask: Callable[..., Any], *arguments: Any) -> None:
        """Check that a value is refused."""
        self.assertRaises(ChatError, ask, *arguments)

    def test_notAnObject(self) -> None:
        """Data that are no JSON object are refused, however they are broken."""
        for data in ("", "{", "[]", "1", "null", "[" * 100_000, '{"a":' * 50_000, "1" * 5_000):
            self.refused(Fields, data)
        self.refused(Fields, '{"v":"' + "x" * MAX_DATA + '"}')

    def test_text(self) -> None:
        """A text is there or has a default, and is no longer than its bound."""
        self.assertEqual(fields(v="x").text("v"), "x")
        self.assertEqual(fields().text("v", "y"), "y")
        self.refused(fields().text, "v")
        self.refused(fields(v=1).text, "v")
        self.refused(fields(v="xx").text, "v", None, 1)
        self.refused(fields(v="\ud800").text, "v")

    def test_word(self) -> None:
        """A word is one of the allowed ones, and the first of them if it is absent."""
        self.assertEqual(fields(v="b").word("v", "a", "b"), "b")
        self.assertEqual(fields().word("v", "a", "b"), "a")
        self.refused(fields(v="c").word, "v", "a", "b")

    def test_looks(self) -> None:
        """Looks come sorted and once, and none is empty."""
        self.assertEqual(fields(looks=["b", "a", "b"]).looks(), ["a", "b"])
        self.assertEqual(fields().looks(), [])
        self.refused(fields(looks=[""]).looks)
        self.refused(fields(looks="a").looks)
        self.refused(fields(looks=["a"] * (MAX_LOOKS + 1)).looks)

    def test_whole(self) -> None:
        """A whole number lies within its bounds, and a truth value is no number."""
        self.assertEqual(fields(v=7).whole("v"), 7)
        self.assertEqual(fields().whole("v", 3), 3)
        for value in (-1, 8, 1.0, True, "1", None):
            self.refused(fields(v=value).whole, "v", None, 7)
        self.assertEqual(fields(v=[1, 2]).wholes("v", 2), [1, 2])
        self.refused(fields(v=[1, 2, 3]).wholes, "v", 2)

    def test_flag(self) -> None:
        """A flag is true or false, and never a number."""
        self.assertTrue(fields(v=True).flag("v"))
        self.assertFalse(fields().flag("v"))
        self.refused(fields(v=1).flag, "v")

    def test_end(self) -> None:
        """An end lies after the event, and is no more than a time can be."""
        self.assertEqual(fields(until=6).end(5.0), 6.0)
        self.assertEqual(fields(until=0).end(5.0), 0.0)
        self.assertEqual(fields().end(5.0), 0.0)
        for value in (5.0, 1, -1, MAX_TIME * 2, 10**400, float("inf"), float("nan"), True, "6"):
            self.refused(fields(until=value).end, 5.0)

    def test_objects(self) -> None:
        """Objects are flat."""
        credential = {"label": "laptop", "i": 4096, "since": 1.5, "masked": True}
        self.assertEqual(fields(v=[credential]).objects("v", 1), [credential])
        self.refused(fields(v=[{"label": []}]).objects, "v", 1)
        self.refused(fields(v=[{"label": float("nan")}]).objects, "v", 1)
        self.refused(fields(v=[1]).objects, "v", 1)
        self.refused(fields(v=[dict.fromkeys(map(str, range(99)), 1)]).objects, "v", 1)

    @FAST
    @given(ANYTHING, st.sampled_from(ASKED))
    def test_nothingElseIsRaised(self, value: object, ask: Callable[[Fields], Any]) -> None:
        """Any value is what was asked for, or refused."""
        try:
            ask(fields(v=value, looks=value, until=value))
        except ChatError as error:
            assert error.sentence.isprintable()

    @FAST
    @given(st.one_of(st.text(max_size=30), ANYTHING.map(json.dumps)))
    def test_anyData(self, data: str) -> None:
        """Any data are an object, or refused."""
        try:
            Fields(data).text("v", "")
        except ChatError as error:
            assert error.sentence.isprintable()
