"""
Tests of what a client makes of a server's lines.
"""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.messages import readLine, readObject
from twisted_chat.client.rendering import asLines
from twisted_chat.errors import BadObject, NameTaken
from twisted_chat.text.cleaning import showable
from twisted_chat.wire.answers import LoggedIn, Mark, Welcome
from twisted_chat.wire.events import (
    BANNED,
    DONE,
    GRANTED,
    JOINED,
    LIFTED,
    REMOVED,
    REPORTED,
    RESTORED,
    SAID,
    SERVER,
    SET,
    TOLD,
    Event,
    accountOf,
    asData,
)
from twisted_chat.wire.jsonlines import JSON
from twisted_chat.wire.prose import act

quick = settings(deadline=None, max_examples=100, derandomize=True, database=None)

JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e300, 1e300) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "type id time room name to text key old token epoch last rooms count events names account"
    " scram marks unread login of by ids until what role"
).split()
KINDS = (
    "said told joined ok error notice room gap history welcome pong bye challenge registered login"
    " account read left removed banned reported set granted"
).split()


def event(kind: str, name: str, text: str = "", room: str = "#lobby", to: str = "") -> Event:
    """
    @return: an event.
    """
    return Event(7, 1000.0, kind, room, name, text, to)


class LineTests(SynchronousTestCase):
    """
    The text dialect.
    """

    def test_kinds(self) -> None:
        """Every line is told from every other by its beginning."""
        for line, kind, text in (
            (b"OK . .", "ok", ""),
            (b"! no", "error", "no"),
            (b"* some news", "notice", "some news"),
            (b"whatever", "line", "whatever"),
        ):
            message = readLine(line)
            self.assertEqual((message.kind, message.text), (kind, text))

    def test_messages(self) -> None:
        """A message has its room, its author and its text, which may hold anything."""
        for line, kind, room, name, text in (
            (b"Bob :: a :: b", SAID, "#here", "Bob", "a :: b"),
            (b"#dev Bob :: x", SAID, "#dev", "Bob", "x"),
            (b"Bob -> you :: y", TOLD, "@", "Bob", "y"),
        ):
            message = readLine(line, "#here")
            assert message.event is not None
            self.assertEqual((message.kind, message.event.kind), (kind, kind))
            self.assertEqual(message.event[3:6], (room, name, text))

    def test_nameWithSpace(self) -> None:
        """A line that only looks like a message is shown as it is."""
        self.assertEqual(readLine(b"Bob Smith :: x").kind, "line")

    @quick
    @given(st.binary(max_size=60))
    def test_anyBytes(self, raw: bytes) -> None:
        """Any line is read, and shown as it is but for what no terminal may get."""
        shown = showable(raw.decode("utf-8", "replace"))
        self.assertEqual(asLines([readLine(raw)], "Ann", "", "", 0.0), [shown])


class ObjectTests(SynchronousTestCase):
    """
    The JSON dialect.
    """

    def test_asTheServerWritesThem(self) -> None:
        """An event is read as the server writes it."""
        for each in (
            event(SAID, "Bob", "Hi! Привет"),
            event(JOINED, "Bob"),
            Event(9, 12.5, TOLD, "@", "Bob", "psst", "Ann"),
        ):
            (line,) = JSON.events((each,), "#lobby")
            message = readObject(line)
            self.assertEqual(message.event, each)

    def test_account(self) -> None:
        """Objects about accounts are read as the server writes them."""
        marks, unread = {"#lobby": 35, "@": 2}, {"#dev": 7}
        welcome = Welcome(
            "Zoe", "T", "E", 9, "#dev", (("#lobby", ""),), True, 3, "Ann", "v=x", marks, unread
        )
        self.assertEqual(readObject(JSON.answer(welcome)).welcome, welcome)
        guest = welcome._replace(account=None, proof=None, marks=None, unread=None)
        self.assertEqual(readObject(JSON.answer(guest)).welcome, guest)
        read = readObject(JSON.answer(Mark("#dev", 64)))
        self.assertEqual((read.kind, read.room, read.id), ("read", "#dev", 64))
        login = readObject(JSON.answer(LoggedIn("Zoe", "Ann", "Ann"), "k"))
        self.assertEqual((login.name, login.account, login.key), ("Ann", "Ann", "k"))
        refusal = readObject(JSON.refusal(NameTaken("taken", ("scram", "password"))))
        self.assertEqual((refusal.code, refusal.login), ("name-taken", ("scram", "password")))

    def test_moderation(self) -> None:
        """Acts of moderators read as the server would write them in text."""
        for kind, values in (
            (GRANTED, {"role": "moderator"}),
            (GRANTED, {"role": ""}),
            (BANNED, {"what": "speak", "until": 2_000_000_000.5}),
            (BANNED, {"what": "enter", "quiet": True}),
            (LIFTED, {"what": "speak"}),
            (SET, {"what": "slow", "value": 30, "until": 0}),
            (REMOVED, {"ids": [5, 6, 7]}),
            (RESTORED, {"ids": [5]}),
            (REPORTED, {"room": "#dev", "message": 5}),
            (DONE, {}),
        ):
            room = SERVER if kind in (REPORTED, DONE) else "#dev"
            event = Event(9, 1.0, kind, room, "Ann", "spam", "Bob", data=asData(values))
            (line,) = JSON.events((event,), "#lobby")
            read = readObject(line).event
            assert read is not None
            self.assertEqual(act(read), act(event), kind)

    def test_accountOfAnEvent(self) -> None:
        """Events tell the account of their author, if there is one."""
        for kind, data in ((SAID, "Ann"), (SAID, ""), (JOINED, " Ann"), (JOINED, "")):
            event = Event(9, 1.0, kind, "#dev", "Zoe", data=data, text="x" if kind == SAID else "")
            (line,) = JSON.events((event,), "#lobby")
            read = readObject(line).event
            self.assertEqual(read and accountOf(read), accountOf(event))

    def test_marksAreBounded(self) -> None:
        """A server cannot fill the memory with rooms, or pass on numbers that are none."""
        rooms: dict[str, object] = {f"#{number}": number for number in range(10_000)}
        rooms.update({"#0": -1, "#1": True, "#2": "x", "#3": 2.5})
        welcome = readObject(json.dumps({"type": "welcome", "marks": rooms}).encode()).welcome
        assert welcome is not None and welcome.marks is not None
        self.assertEqual(len(welcome.marks), 496)
        self.assertEqual(welcome.marks["#4"], 4)

    def test_notJSON(self) -> None:
        """A line that is no object is refused in words."""
        for raw in (b"", b"{", b"[]", b"5", b'{"a":\xff}', b"[" * 10000, b"{'a':1}"):
            self.assertRaises(BadObject, readObject, raw)

    def test_cleaned(self) -> None:
        """A text that is shown holds no control."""
        message = readObject(json.dumps({"type": "notice", "text": "a\x1b[2J\nb"}).encode())
        self.assertEqual(message.text, "a\ufffd[2J\ufffdb")

    @quick
    @given(
        st.dictionaries(st.sampled_from(FIELDS), JSONS),
        st.sampled_from(KINDS),
    )
    def test_anyObject(self, fields: dict[str, object], kind: str) -> None:
        """Any object is read, and can be shown on whole lines without controls."""
        message = readObject(json.dumps({**fields, "type": kind}).encode())
        for line in asLines([message], "Ann", "#lobby", "#lobby", 0.0):
            self.assertEqual(line, showable(line))
