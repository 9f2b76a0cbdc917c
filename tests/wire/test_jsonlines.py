# -*- test-case-name: tests.wire.test_jsonlines -*-
"""
Tests for L{twisted_chat.wire.jsonlines}.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import BadObject, NameTaken, TooLong
from twisted_chat.wire.answers import Backlog, Entered, Found, Gap, Goodbye, Notice, Replay, Welcome
from twisted_chat.wire.events import (
    ACTED,
    BANNED,
    CREATED,
    INVITED,
    JOINED,
    LEFT,
    LOCKED,
    REMOVED,
    RENAMED,
    SAID,
    TOLD,
    TOPIC,
    UNLOCKED,
    Event,
    asData,
)
from twisted_chat.wire.jsonlines import (
    JSON,
    MAX_IDS,
    MAX_KEY,
    fields,
    keyField,
    line,
    numberField,
    parseObject,
    textField,
)

SID = "5a5a"


def makeEvent(
    kind: str, text: str = "", to: str = "", room: str = "#lobby", key: str | None = None
) -> Event:
    """
    @return: an event of Ann's.
    """
    return Event(7, 1763822031.1234567, kind, room, "Ann", text, to, SID, key)


def read(data: bytes) -> list[Any]:
    """
    @return: the objects on whole lines.
    """
    lines = data.decode().split("\r\n")
    assert lines.pop() == "", data
    return [json.loads(item) for item in lines]


class ParseTests(SynchronousTestCase):
    """
    The objects that a program sends.
    """

    def test_object(self) -> None:
        """
        An object is read, with whatever else is in it.
        """
        self.assertEqual(parseObject(b'{"type":"say","x":[1]}\r'), {"type": "say", "x": [1]})

    def test_refused(self) -> None:
        """
        Anything but a JSON object in UTF-8 is refused, however it is broken.
        """
        for raw in (
            b"",
            b"{",
            b"[]",
            b'"say"',
            b"1",
            b"null",
            b'{"type":"say"} {}',
            b'{"text":"\xff"}',
            b'{"text":NaN}',
            b'{"text":-Infinity}',
            b"[" * 4000,
            b'{"n":' + b"9" * 8000 + b"}",
        ):
            with self.assertRaises(BadObject, msg=repr(raw[:20])) as caught:
                parseObject(raw)
            self.assertIn("send one object a line", caught.exception.sentence)

    @settings(deadline=None, max_examples=200, derandomize=True)
    @given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
    def test_anyBytes(self, raw: bytes) -> None:
        """
        Any bytes are an object or are refused.
        """
        try:
            value = parseObject(raw)
        except BadObject:
            return
        self.assertIsInstance(value, dict)

    def test_textField(self) -> None:
        """
        A text field is text, is present unless it may be absent, and is no longer than a line.
        """
        self.assertEqual(textField({"to": "Bob"}, "to"), "Bob")
        self.assertEqual(textField({}, "to", "Cem"), "Cem")
        for value in ({}, {"to": None}, {"to": 1}, {"to": ["Bob"]}):
            with self.assertRaises(BadObject) as caught:
                textField(value, "to")
            self.assertEqual(caught.exception.sentence, 'the field "to" must be text')

    def test_textFieldLength(self) -> None:
        """
        A text is measured in bytes of UTF-8, half a surrogate pair too.
        """
        self.assertEqual(textField({"text": "é" * 4}, "text", limit=8), "é" * 4)
        for text in ("é" * 5, "\ud800\ud800\ud800"):
            with self.assertRaises(TooLong):
                textField({"text": text}, "text", limit=8)

    def test_numberField(self) -> None:
        """
        A number is whole and within its bounds; C{true} is not a number.
        """
        self.assertEqual(numberField({}, "count", 50, 1000), 50)
        for good in (0, 1, 1000):
            self.assertEqual(numberField({"count": good}, "count", 50, 1000), good)
        wrong: tuple[object, ...] = (-1, 1001, 1.0, True, "5", None, [])
        for bad in wrong:
            with self.assertRaises(BadObject) as caught:
                numberField({"count": bad}, "count", 50, 1000)
            self.assertIn("from 0 to 1000", caught.exception.sentence)

    def test_keyField(self) -> None:
        """
        A key is 1 to 64 printable ASCII characters, or absent.
        """
        self.assertIsNone(keyField({}))
        for good in ("k", "a b", "~" * MAX_KEY):
            self.assertEqual(keyField({"key": good}), good)
        wrong: tuple[object, ...] = ("", "x" * (MAX_KEY + 1), "é", "a\tb", "\x7f", 1, True, [])
        for bad in wrong:
            with self.assertRaises(BadObject, msg=repr(bad)):
                keyField({"key": bad})


class EventTests(SynchronousTestCase):
    """
    Events, as objects.
    """

    def test_said(self) -> None:
        """
        A message has all that people see of it, and the time to the millisecond.
        """
        self.assertEqual(
            fields(makeEvent(SAID, "Hi!", key="k1")),
            {
                "type": "said",
                "id": 7,
                "time": 1763822031.123,
                "room": "#lobby",
                "name": "Ann",
                "text": "Hi!",
            },
        )

    def test_shape(self) -> None:
        """
        Each kind has the fields of its sort.
        """
        base = {"type", "id", "time", "name"}
        for event, more in (
            (makeEvent(SAID, "Hi!"), {"room", "text"}),
            (makeEvent(ACTED, "waves"), {"room", "text"}),
            (makeEvent(TOLD, "psst", "Bob", "@5b"), {"to", "text"}),
            (makeEvent(JOINED), {"room"}),
            (makeEvent(LEFT), {"room"}),
            (makeEvent(RENAMED, "", "Anna"), {"room", "to"}),
            (makeEvent(TOPIC, "tests"), {"room", "text"}),
            (makeEvent(CREATED), {"room"}),
            (makeEvent(LOCKED), {"room"}),
            (makeEvent(UNLOCKED), {"room"}),
            (makeEvent(INVITED, "", "Bob"), {"room", "to"}),
            (makeEvent(LEFT, "spam", "Bob"), {"room", "by", "text"}),
        ):
            self.assertEqual(set(fields(event)), base | more, event.kind)

    def test_secrets(self) -> None:
        """
        An object shows no session's id, no other user's key, and no hash of a room's password.
        """
        for event in (
            makeEvent(LOCKED, key="k1")._replace(data="salt:hash"),
            makeEvent(INVITED, "", "Bob", key="k1")._replace(data="5b5b"),
            makeEvent(TOLD, "psst", "Bob", "@5b5b", key="k1"),
            makeEvent(SAID, "Hi!", key="k1"),
        ):
            (data,) = JSON.here.events([event], "#lobby")
            for secret in (SID, "5b5b", "salt", "k1"):
                self.assertNotIn(secret, data.decode())

    def test_moderation(self) -> None:
        """
        An act of a moderator has its values as fields, and only those that everybody may see.
        """
        values = {"what": "enter", "until": 5.5, "net": "192.0.2.1/32", "who": SID, "place": "7"}
        event = makeEvent(BANNED, "spam", "Bob", "#dev")._replace(data=asData(values))
        self.assertEqual(
            fields(event),
            {
                "type": "banned",
                "id": 7,
                "time": 1763822031.123,
                "room": "#dev",
                "name": "Ann",
                "to": "Bob",
                "text": "spam",
                "what": "enter",
                "until": 5.5,
            },
        )
        self.assertEqual(fields(event._replace(data=""))["to"], "Bob")
        event = makeEvent(REMOVED, "", "Bob", "#dev")._replace(data=asData({"ids": [1, 2]}))
        self.assertEqual((fields(event)["of"], fields(event)["ids"]), ("Bob", [1, 2]))
        self.assertNotIn("to", fields(event))

    def test_manyIds(self) -> None:
        """
        Many ids come in several objects, of which each but the last says that more follow.
        """
        ids = list(range(1, 2 * MAX_IDS + 2))
        event = makeEvent(REMOVED, "", "Bob", "#dev")._replace(data=asData({"ids": ids}))
        for data in (JSON.events([event], "#lobby")[0], JSON.own(event)):
            objects = read(data)
            self.assertEqual([id for each in objects for id in each["ids"]], ids)
            self.assertEqual([each.get("more", False) for each in objects], [True, True, False])
            self.assertEqual({each["count"] for each in objects}, {len(ids)})

    def test_removed(self) -> None:
        """
        A removed message says so, in the place of its text.
        """
        for kind in (SAID, ACTED, TOLD):
            shown = fields(makeEvent(kind, "", "Bob"))
            self.assertEqual((shown["text"], shown["removed"]), ("(removed)", True))
        self.assertNotIn("removed", fields(makeEvent(SAID, "Hi!")))
        self.assertNotIn("removed", fields(makeEvent(TOPIC)))

    def test_nothingIsFolded(self) -> None:
        """
        Each event is an object of its own in every room: programs count them.
        """
        events = [makeEvent(JOINED), makeEvent(LEFT), makeEvent(JOINED)]
        for view in (JSON.here, JSON.elsewhere):
            lines = view.events(events, "#lobby")
            self.assertEqual([read(item) for item in lines], [[fields(e)] for e in events])

    def test_own(self) -> None:
        """
        The author of an event is shown their own key of it.
        """
        self.assertEqual(read(JSON.own(makeEvent(TOPIC, "x", key="k1")))[0]["key"], "k1")
        self.assertNotIn("key", read(JSON.own(makeEvent(TOPIC, "x")))[0])
        event = makeEvent(SAID, "x", key="k2")
        self.assertEqual(read(JSON.own(event))[0]["key"], "k2")
        self.assertEqual(read(JSON.own(event, "k3"))[0]["key"], "k3")

    def test_replay(self) -> None:
        """
        A client that resumes is shown its own messages with their keys, and those of others
        without.
        """
        mine = makeEvent(SAID, "mine", key="k1")
        theirs = mine._replace(id=8, sid="5b5b", text="theirs", key="k2")
        first, second = read(JSON.answer(Replay([mine, theirs], SID)))
        self.assertEqual((first["text"], first["key"]), ("mine", "k1"))
        self.assertEqual(second, fields(theirs))

    def test_replayToOthers(self) -> None:
        """
        Clients that missed the same events are shown the same, but for their own; events that
        differ in anything shown are told apart.
        """
        event = makeEvent(SAID, "one")._replace(sid="ann", key="k1")
        others = [event, event._replace(text="two"), event._replace(id=8), event._replace(time=9.0)]
        for reader in ("bob", "cem"):
            shown = read(JSON.answer(Replay(others, reader)))
            self.assertEqual(shown, [fields(each) for each in others])
        self.assertEqual(read(JSON.answer(Replay([event], "ann")))[0]["key"], "k1")

    def test_backlog(self) -> None:
        """
        A message from before the user came is marked as old.
        """
        event = makeEvent(SAID, "Hi!", key="k1")
        self.assertEqual(read(JSON.answer(Backlog([event], 0.0))), [{**fields(event), "old": True}])
        self.assertEqual(JSON.answer(Backlog([], 0.0)), b"")

    @settings(deadline=None, max_examples=100, derandomize=True)
    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
    def test_anyText(self, text: str) -> None:
        """
        Any text survives the journey on one line, whatever line ends it holds.
        """
        (data,) = JSON.here.events([makeEvent(SAID, text)], "#lobby")
        self.assertEqual(data.count(b"\n"), 1)
        self.assertEqual(data.count(b"\r"), 1)
        self.assertEqual(read(data)[0]["text"], text)


class AnswersTests(SynchronousTestCase):
    """
    Answers to one program alone.
    """

    def test_line(self) -> None:
        """
        Fields come in order, without blanks and in UTF-8; those that are C{None} are left out.
        """
        self.assertEqual(
            line(type="pong", key=None, text="é"), '{"type":"pong","text":"é"}\r\n'.encode()
        )

    def test_receipt(self) -> None:
        """
        A receipt names the message by its key, if it has one, and tells its id and time.
        """
        ok = {"type": "ok", "key": "k1", "id": 7, "time": 1763822031.123}
        self.assertEqual(read(JSON.receipt(makeEvent(SAID, "Hi!", key="k1"))), [ok])
        del ok["key"]
        self.assertEqual(read(JSON.receipt(makeEvent(SAID, "Hi!"))), [ok])

    def test_refusal(self) -> None:
        """
        A refusal has the stable code of its error, its sentence, and the key of what it refuses.
        """
        error = NameTaken("the name Ann is taken: choose another")
        refusal = {"type": "error", "code": "name-taken", "text": error.sentence}
        self.assertEqual(read(JSON.refusal(error)), [refusal])
        self.assertEqual(read(JSON.refusal(error, "k1")), [{**refusal, "key": "k1"}])

    def test_notice(self) -> None:
        """
        A notice has the key of what it answers.
        """
        self.assertEqual(read(JSON.answer(Notice("hi"))), [{"type": "notice", "text": "hi"}])
        self.assertEqual(
            read(JSON.answer(Notice("hi"), "k1")), [{"type": "notice", "text": "hi", "key": "k1"}]
        )

    def test_welcome(self) -> None:
        """
        The welcome tells all that a program needs to go on and to come back.
        """
        welcome = Welcome("Ann", "T", "e", 7, "#dev", (("#lobby", ""), ("#dev", "x")), True, 3)
        self.assertEqual(
            read(JSON.answer(welcome)),
            [
                {
                    "type": "welcome",
                    "name": "Ann",
                    "token": "T",
                    "epoch": "e",
                    "last": 7,
                    "room": "#dev",
                    "rooms": [{"name": "#lobby", "topic": ""}, {"name": "#dev", "topic": "x"}],
                    "resumed": True,
                    "missed": 3,
                }
            ],
        )

    def test_moved(self) -> None:
        """
        A user who changes rooms is told the name, the topic and how many are in it.
        """
        self.assertEqual(
            read(JSON.answer(Entered("#dev", "", 2))),
            [{"type": "room", "room": "#dev", "topic": "", "names": 2}],
        )

    def test_gap(self) -> None:
        """
        A gap tells how many events are lost, or null if that is unknown.
        """
        self.assertEqual(read(JSON.answer(Gap(3))), [{"type": "gap", "count": 3}])
        self.assertEqual(read(JSON.answer(Gap(None))), [{"type": "gap", "count": None}])

    def test_found(self) -> None:
        """
        The answer to a question about the history is one object, even an empty one.
        """
        event = makeEvent(SAID, "Hi!")
        self.assertEqual(
            read(JSON.answer(Found([event], 0.0), "k1")),
            [{"type": "history", "key": "k1", "events": [fields(event)]}],
        )
        self.assertEqual(read(JSON.answer(Found([], 0.0))), [{"type": "history", "events": []}])

    def test_bye(self) -> None:
        """
        The last object gives the reason.
        """
        self.assertEqual(
            read(JSON.answer(Goodbye("Goodbye"))), [{"type": "bye", "text": "Goodbye"}]
        )
