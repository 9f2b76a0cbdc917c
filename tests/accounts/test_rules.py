# -*- test-case-name: tests.accounts.test_rules -*-
"""
Tests for L{twisted_chat.accounts.rules}.
"""

from __future__ import annotations

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.accounts.test_fields import ANYTHING
from tests.support.laws import START, Court, Paper
from twisted_chat.accounts.records import IN_MEMORY
from twisted_chat.accounts.rules import project
from twisted_chat.errors import ChatError
from twisted_chat.wire.events import RECORDED, SAID, SERVER, Event

FAST = settings(deadline=None, max_examples=100, derandomize=True, database=None)

WHO = st.sampled_from(["", "ann", "bob", "cid", "root"])
PLACE = st.sampled_from([SERVER, "0", "6", "7", "@"])
VALUES = {
    "place": PLACE,
    "who": WHO,
    "name": st.sampled_from(["Ann", "Bob"]),
    "by": WHO,
    "looks": st.lists(st.sampled_from(["ann", "bob", "spam"]), max_size=2),
    "owned": st.booleans(),
    "code": st.sampled_from(["", "c1", "c2"]),
    "hash": st.sampled_from(["c1", "c2"]),
    "purpose": st.sampled_from(["register", "device", "recover"]),
    "credentials": st.just([{"label": "laptop"}]),
    "role": st.sampled_from(["", "speaker", "moderator", "owner", "operator"]),
    "what": st.sampled_from(["enter", "speak", "slow", "readonly", "lockdown", "registration"]),
    "value": st.sampled_from([0, 30, "on", "off", "all", "invited"]),
    "until": st.sampled_from([0, START + 5, START + 30, START + 1e6]),
    "pattern": st.sampled_from(["", "sp*m"]),
    "net": st.sampled_from(["", "192.0.2.1/32", "192.0.2.0/24"]),
    "ban": st.integers(6, 20),
    "removal": st.integers(6, 20),
    "report": st.integers(6, 20),
    "id": st.integers(0, 20),
    "ids": st.lists(st.integers(0, 20), max_size=2),
    "room": st.just("#dev"),
}
SENSIBLE = st.fixed_dictionaries({}, optional=VALUES)
BROKEN = st.dictionaries(st.sampled_from(sorted(VALUES)), ANYTHING, max_size=5)
DATA = st.one_of(
    SENSIBLE.map(json.dumps),
    st.builds(lambda good, bad: json.dumps({**good, **bad}), SENSIBLE, BROKEN),
    st.sampled_from(["", "6", "7", "{", "[]", "null"]),
)
EVENTS = st.tuples(
    st.sampled_from(sorted(RECORDED)),
    WHO,
    st.sampled_from([SERVER, "#dev"]),
    DATA,
    st.sampled_from(["Ann", "Bob", "Spam"]),
)


def court() -> Court:
    """
    @return: a law with two accounts, an operator and two rooms.
    """
    made = Court()
    made.registers("Ann", "Bob", "Root")
    made.grants("", SERVER, "root", "operator")
    made.proves("ann", "laptop")
    made.makes("ann")
    made.makes("guest")
    return made


class ProjectTests(SynchronousTestCase):
    """
    Events that become records.
    """

    def test_others(self) -> None:
        """A message changes no record."""
        paper = Paper()
        project(Event(1, START, SAID, "#dev", "Ann", "hello", "", "ann"), paper)
        self.assertEqual(paper.rows(), [])

    def test_everyKind(self) -> None:
        """Every kind that records are made of has a rule, which broken data break."""
        for kind in RECORDED - {"created", "closed"}:
            with self.assertRaises(ChatError, msg=kind):
                project(Event(1, START, kind, "#dev", "Ann", "", "", "ann", None, "[]"), Paper())

    def test_race(self) -> None:
        """The first in the log counts of two events that exclude each other."""
        for first, second in (("ann", "bob"), ("bob", "ann")):
            paper = Paper()
            for id, sid in enumerate((first, second), 1):
                event = Event(id, START, "registered", SERVER, "X", sid=sid, data='{"looks":["x"]}')
                if sid == first:
                    project(event, paper)
                else:
                    self.assertRaises(ChatError, project, event, paper)
            self.assertEqual(paper.get("owned", "x")["who"], first)

    @FAST
    @given(st.lists(st.tuples(EVENTS, st.integers(0, 20)), max_size=20))
    def test_anything(self, events: list[tuple[tuple[str, str, str, str, str], int]]) -> None:
        """
        Any event takes effect or is void, and a void one changes nothing; the chat judges as a
        store does, and has the same records.
        """
        made = court()
        for (kind, sid, room, data, to), seconds in events:
            made.now += seconds
            before = made.paper.snapshot()
            try:
                made.does(kind, sid, room, data, to=to, name=to)
            except ChatError as error:
                assert error.sentence.isprintable(), ascii(error.sentence)
                assert made.paper.snapshot() == before
        kept = [row for row in made.paper.rows() if row[0] in IN_MEMORY]
        assert sorted(kept, key=str) == sorted(made.law.records.rows(), key=str)
        json.dumps(made.paper.rows(), allow_nan=False).encode()

    @FAST
    @given(st.lists(EVENTS, max_size=15))
    def test_rebuilt(self, events: list[tuple[str, str, str, str, str]]) -> None:
        """The same log makes the same records, though values went through a file in between."""
        made, rebuilt = court(), Paper()
        log: list[Event] = []
        for kind, sid, room, data, to in events:
            log.append(made.event(kind, sid, room, data, to=to, name=to))
        again = court().paper
        rebuilt.load(json.loads(json.dumps(again.rows())))
        for event in log:
            for paper in (made.paper, rebuilt):
                with contextlib.suppress(ChatError):
                    project(event, paper)
            rows = json.loads(json.dumps(rebuilt.rows()))
            rebuilt.load(rows)
        self.assertEqual(sorted(map(str, made.paper.rows())), sorted(map(str, rebuilt.rows())))
