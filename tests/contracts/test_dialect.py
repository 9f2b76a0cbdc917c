# -*- test-case-name: tests.contracts.test_dialect -*-
"""
What every dialect promises.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.support.helpers import NOW
from twisted_chat.errors import NotStored
from twisted_chat.wire import events as kinds
from twisted_chat.wire.answers import (
    Account,
    Answer,
    Backlog,
    CommandHelp,
    Device,
    Entered,
    Found,
    Gap,
    Goodbye,
    Help,
    Inbox,
    LoggedIn,
    Mark,
    Members,
    Notice,
    Replay,
    RoomList,
    RoomSummary,
    Topic,
    Welcome,
    Whois,
)
from twisted_chat.wire.events import MODERATION, UNREADABLE, Event, asData
from twisted_chat.wire.interfaces import IDialect, IView
from twisted_chat.wire.jsonlines import JSON
from twisted_chat.wire.textlines import TEXT

SECRETS = ("secret-data", "secret-sid", "secret-key")

KINDS = sorted(kinds.KINDS | {UNREADABLE})

SHOWN = {
    "role": "moderator",
    "what": "enter",
    "value": 30,
    "until": NOW,
    "ids": [1, 2],
    "message": 3,
    "room": "#dev",
}
"""Values of moderators that whoever sees the event may see."""

ANSWERS: tuple[Answer, ...] = (
    Notice("hello"),
    Welcome("Ann", "T", "E", 1, "#lobby", (("#lobby", "about"),), False, 0),
    Goodbye("Goodbye"),
    Entered("#dev", "about", 3),
    Gap(3),
    Gap(None),
    Members("#dev", ("Ann", "Bob")),
    RoomList((RoomSummary("#dev", "about", 3, True, True, False),), 2),
    Whois("Ann", NOW, 90.0, ("#lobby",)),
    Whois("Ann", NOW, 90.0, ("#lobby",), True, "Anna"),
    Topic("#dev", ""),
    CommandHelp("who", "NAME", "tells."),
    Help((CommandHelp("who", "NAME", "tells."),)),
    Inbox([Event(1, NOW, kinds.TOLD, "@", "Bob", "psst", "Ann")], NOW, 2),
    Mark("#dev", 7),
    LoggedIn("Guest", "Ann", "Ann"),
    Account(("Ann", "Anna"), NOW, (Device("laptop", NOW), Device("", NOW)), 2),
    Welcome("Ann", "T", "E", 1, "#lobby", (), False, 0, "Ann", "v=SIG", {"#lobby": 1}, {"@": 2}),
    Welcome("Ann", "T", "E", 1, "#lobby", (), False, 0, "Ann", None, MappingProxyType({}), None),
)


def everyKind() -> list[Event]:
    """
    @return: an event of each kind, with a secret wherever one can be.
    """
    data, sid, key = SECRETS
    values = asData({**SHOWN, "net": data, "who": data, "looks": [data]})
    events = (
        Event(
            number,
            NOW,
            kind,
            "#dev",
            "Ann",
            "text",
            "Bob",
            sid,
            key,
            values if kind in MODERATION else data,
        )
        for number, kind in enumerate(KINDS, 1)
    )
    # What those carry who write is no secret.
    return [
        event._replace(data="Anna") if event.kind in kinds.SPOKEN else event for event in events
    ]


class _Case(SynchronousTestCase):
    """
    What the mixin is used with.
    """

    dialect: IDialect


class DialectMixin:
    """
    Tests that every dialect passes.
    """

    def test_interface(self: Any) -> None:
        """
        A dialect provides L{IDialect}.
        """
        verifyObject(IDialect, self.dialect)
        for view in (self.dialect.here, self.dialect.elsewhere):
            verifyObject(IView, view)

    def test_secrets(self: Any) -> None:
        """
        No kind of event shows a hash, a session id or another person's key of a message.
        """
        events = everyKind()
        shown = [
            *self.dialect.here.events(events, "#lobby"),
            *self.dialect.elsewhere.events(events, "#lobby"),
            *(self.dialect.answer(Backlog([event], NOW)) for event in events),
            *(self.dialect.answer(Found([event], NOW)) for event in events),
            self.dialect.answer(Replay(events, "another")),
        ]
        for secret in SECRETS:
            self.assertNotIn(secret, b"".join(shown).decode())

    def test_ownSecrets(self: Any) -> None:
        """
        An event shows its author at most the key that they gave it.
        """
        events = everyKind()
        shown = b"".join(
            [*map(self.dialect.own, events), self.dialect.answer(Replay(events, "secret-sid"))]
        )
        for secret in SECRETS[:2]:
            self.assertNotIn(secret, shown.decode())

    def test_wholeLines(self: Any) -> None:
        """
        A dialect renders whole lines alone.
        """
        events = everyKind()
        rendered = [
            *map(self.dialect.answer, ANSWERS),
            *map(self.dialect.own, events),
            *map(self.dialect.receipt, events),
            *self.dialect.here.events(events, "#lobby"),
            self.dialect.refusal(NotStored("not stored")),
            self.dialect.answer(Backlog(events, NOW)),
            self.dialect.answer(Found(events, NOW)),
            self.dialect.answer(Found([], NOW)),
        ]
        for data in rendered:
            self.assertTrue(not data or data.endswith(b"\r\n"), data)

    def test_unreadable(self: Any) -> None:
        """
        A reader of a row that cannot be read is told that something is missing, and reads on.
        """
        rows = [
            Event(1, NOW, kinds.SAID, "#dev", "Ann", "before"),
            Event(2, 0.0, UNREADABLE, "", ""),
            Event(3, NOW, kinds.SAID, "#dev", "Ann", "after"),
        ]
        for answer in (Backlog(rows, NOW), Found(rows, NOW)):
            shown = self.dialect.answer(answer).decode()
            self.assertIn("before", shown)
            self.assertIn("after", shown)
            self.assertTrue("cannot be read" in shown or '"gap"' in shown)


class TextDialectTests(DialectMixin, _Case):
    """
    The text dialect.
    """

    dialect = TEXT


class JSONDialectTests(DialectMixin, _Case):
    """
    The JSON dialect.
    """

    dialect = JSON

    def test_objects(self) -> None:
        """
        Every line is one object, and values that a program asks for come as values.
        """
        for answer in ANSWERS:
            for line in JSON.answer(answer).splitlines():
                self.assertIsInstance(json.loads(line), dict)
        names = [f"user{number}" for number in range(3_000)]
        lines = JSON.object(Members("#dev", tuple(names)), "k1").splitlines()
        objects = [json.loads(line) for line in lines]
        self.assertEqual([name for value in objects for name in value["names"]], names)
        self.assertTrue(all(len(line) < 64 * 1024 for line in lines))
        self.assertEqual([value.get("more", False) for value in objects][-1], False)
        self.assertEqual({value["key"] for value in objects}, {"k1"})
