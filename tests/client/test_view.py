"""
Tests of how what the server said looks.
"""

from __future__ import annotations

import time
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.dialect import SessionState
from twisted_chat.client.messages import HISTORY, OK, ServerMessage
from twisted_chat.client.reading import Reading
from twisted_chat.client.settings import Settings
from twisted_chat.client.view import UNREAD_LINE, View
from twisted_chat.console.styledtext import MENTION, PRIVATE, nameStyle
from twisted_chat.wire.events import JOINED, REMOVED, RENAMED, SAID, TOLD, Event, asData

NOON = time.mktime((2026, 11, 22, 12, 0, 0, 0, 0, -1))
DAY = 24 * 3600


def said(text: str, name: str = "Bob", room: str = "#lobby", **more: float) -> ServerMessage:
    """
    @return: a message.
    """
    when, old = more.get("when", NOON), bool(more.get("old"))
    event = Event(int(more.get("id", 1)), when, SAID, room, name, text)
    return ServerMessage(SAID, event=event, old=old)


class ViewTests(SynchronousTestCase):
    """
    The lines of a terminal.
    """

    def setUp(self) -> None:
        self.settings = Settings(Path("nowhere"), time=False)
        self.told: list[tuple[str, int]] = []
        self.clock = Clock()
        self.reading = Reading(self.clock, lambda room, id: self.told.append((room, id)))
        self.view = View(self.settings, SessionState("Ann", "#lobby", "#lobby"), self.reading)

    def texts(self, *batch: ServerMessage) -> list[str]:
        return [line.text for line in self.view.lines(batch, NOON)]

    def test_message(self) -> None:
        """The exercise's line, with the name in its colour."""
        (line,) = self.view.lines([said("Hi!")], NOON)
        self.assertEqual(line.text, "Bob :: Hi!")
        self.assertEqual(line.segments[0].style, nameStyle("Bob"))

    def test_time(self) -> None:
        """Lines begin with their time if the user wants it."""
        self.settings.time = True
        self.assertEqual(self.texts(said("Hi!")), ["12:00 Bob :: Hi!"])
        self.assertEqual([line.text for line in self.view.own("Hello!", NOON)], ["12:00 Hello!"])

    def test_newDay(self) -> None:
        """
        The date of the second stands between two days; before the first day, unless it is today.
        """
        self.settings.time = True
        lines = self.texts(said("a", when=NOON - DAY), said("b"), said("c"))
        self.assertEqual(
            lines,
            [
                "--- 2026-11-21 ---",
                "12:00 Bob :: a",
                "--- 2026-11-22 ---",
                "12:00 Bob :: b",
                "12:00 Bob :: c",
            ],
        )

    def test_today(self) -> None:
        """A conversation of today begins without a date."""
        self.settings.time = True
        self.assertEqual(self.texts(said("a")), ["12:00 Bob :: a"])

    def test_mention(self) -> None:
        """
        The user's name as a whole word, in any case, stands out and rings; a part of a word does
        not.
        """
        for text, mentioned in (("hi ANN!", True), ("Anna, hi", False), ("hi", False)):
            self.view.alert = False
            (line,) = self.view.lines([said(text)], NOON)
            self.assertEqual(line.segments[-1].style == MENTION, mentioned, text)
            self.assertEqual(self.view.alert, mentioned, text)

    def test_bells(self) -> None:
        """The bell rings as it is set, and never for the user's own messages or old ones."""
        told = ServerMessage(TOLD, event=Event(1, NOON, TOLD, "@", "Bob", "psst", "Ann"))
        for bell, message, rings in (
            ("off", told, False),
            ("mention", told, True),
            ("mention", said("x"), False),
            ("all", said("x"), True),
            ("all", said("x", name="Ann"), False),
            ("all", said("x", old=True), False),
        ):
            self.settings.bell = bell
            self.view.alert = False
            list(self.view.lines([message], NOON))
            self.assertEqual(self.view.alert, rings, (bell, message))

    def test_told(self) -> None:
        """A direct message looks different."""
        event = Event(1, NOON, TOLD, "@", "Bob", "psst", "you")
        (line,) = self.view.lines([ServerMessage(TOLD, event=event)], NOON)
        self.assertEqual(line.text, "Bob -> you :: psst")
        self.assertEqual(line.segments[-1].style, PRIVATE)

    def test_unread(self) -> None:
        """Messages of other rooms name their room and are counted."""
        self.assertEqual(self.texts(said("x", room="#dev")), ["#dev Bob :: x"])
        self.texts(said("y", room="#dev"), said("z"))
        self.assertEqual(self.reading.counts, {"#dev": 2})

    def test_ignored(self) -> None:
        """An ignored user is not shown or counted, and rings no bell."""
        self.settings.ignored.add("Bob")
        self.assertEqual(self.texts(said("Ann!", room="#dev")), [])
        self.assertEqual((self.reading.counts, self.view.alert), ({}, False))

    def test_folded(self) -> None:
        """Users who come at once stand in one line."""
        batch = [
            ServerMessage(JOINED, event=Event(n, NOON, JOINED, "#lobby", name))
            for n, name in enumerate(("Bob", "Eve", "Joe"))
        ]
        self.assertEqual(self.texts(*batch), ["* Bob, Eve and 1 more are now connected"])

    def test_marker(self) -> None:
        """A mark stands once before the first event of the backlog that the user has not seen."""
        self.view.markAfter(5)
        lines = self.texts(*[said(str(n), id=n, old=True) for n in (4, 5, 6, 7)])
        self.assertEqual(
            lines,
            ["Bob :: 4", "Bob :: 5", "--- new since you left ---", "Bob :: 6", "Bob :: 7"],
        )

    def reads(self, stop: int, newest: int = 10) -> None:
        """
        The owner of an account enters, who has read the lobby up to an id.
        """
        self.reading.welcomed({"#lobby": stop}, {}, newest)

    def test_unreadLine(self) -> None:
        """
        A line stands where the owner of an account stopped reading, among old messages or new.
        """
        for old in (True, False):
            self.reads(5)
            self.view.entered()
            messages = [said(str(n), id=n, old=old) for n in (4, 5, 6, 7)]
            self.assertEqual(
                self.texts(*messages),
                ["Bob :: 4", "Bob :: 5", "--- unread from here on ---", "Bob :: 6", "Bob :: 7"],
            )
            self.assertEqual(self.texts(said("8", id=8, old=old)), ["Bob :: 8"])

    def test_unreadLineOfAllThereIs(self) -> None:
        """
        The line comes first if all that is shown of the past is unread, and not before a replay.
        """
        self.reads(5)
        self.assertEqual(len(self.texts(said("6", id=6, old=True), said("7", id=7, old=True))), 3)
        self.view.entered("#lobby")
        self.assertEqual(len(self.texts(said("6", id=6), said("7", id=7))), 2)

    def test_noUnreadLine(self) -> None:
        """No line stands before new messages, in a room without a mark, or if all was read."""
        self.reads(5)
        self.assertEqual(len(self.texts(said("5", id=5, old=True), said("11", id=11))), 2)
        self.assertEqual(len(self.texts(said("6", id=6, room="#dev", old=True))), 1)
        self.reads(7)
        self.view.entered()
        self.assertEqual(len(self.texts(said("6", id=6, old=True), said("7", id=7, old=True))), 2)

    def test_unreadLineInHistory(self) -> None:
        """
        The line stands in an answer of the history that reaches over the place, and in no other.
        """
        self.reads(5)

        def found(*ids: int, room: str = "#lobby") -> list[str]:
            events = tuple(Event(n, NOON, SAID, room, "Bob", str(n)) for n in ids)
            return self.texts(ServerMessage(HISTORY, events=events))

        self.assertEqual(
            [line == UNREAD_LINE for line in found(4, 5, 6)], [False, False, True, False]
        )
        for lines in (found(4, 5), found(6, 7), found(4, 6, room="#dev"), found()):
            self.assertNotIn(UNREAD_LINE, lines)

    def test_shown(self) -> None:
        """Shown messages of the current room, direct messages and the user's own count as read."""
        self.reads(5)
        told = ServerMessage(TOLD, event=Event(12, NOON, TOLD, "", "Bob", "psst", "Ann"))
        self.texts(said("x", id=11), told, said("y", id=13, room="#dev"), ServerMessage(OK, id=14))
        self.reading.flush()
        self.assertEqual(self.told, [("#lobby", 14), ("@", 12)])

    def test_removed(self) -> None:
        """
        A removal is one line, in however many parts it comes, and also if the moderator is ignored.
        """
        self.settings.ignored.add("Eve")

        def removed(count: int, more: bool) -> ServerMessage:
            data = asData({"ids": [1] * count})
            event = Event(20, NOON, REMOVED, "#lobby", "Eve", "spam", "Bob", data=data)
            return ServerMessage(REMOVED, event=event, more=more)

        self.assertEqual(self.texts(removed(1000, True)), [])
        self.assertEqual(
            self.texts(removed(1000, True), removed(37, False)),
            ["* Eve removed 2037 messages of Bob: spam"],
        )
        self.assertEqual(self.texts(removed(1, False)), ["* Eve removed 1 message of Bob: spam"])

    def test_ignoredAccount(self) -> None:
        """A registered user is ignored under every name, and nobody else under theirs."""
        self.settings.ignored.add("Bob", "Bob")

        def says(name: str, account: str) -> int:
            event = Event(11, NOON, SAID, "#lobby", name, "x", data=account)
            return len(self.texts(ServerMessage(SAID, event=event)))

        self.assertEqual([says("Bob", "Bob"), says("Zoe", "Bob")], [0, 0])
        self.assertEqual([says("Zoe", "Zoe"), says("Zoe", "")], [1, 1])

    def test_ignoredIsRead(self) -> None:
        """A message of an ignored user does not stay unread on other devices."""
        self.settings.ignored.add("Bob")
        self.reads(5)
        self.texts(said("x", id=11))
        self.reading.flush()
        self.assertEqual(self.told, [("#lobby", 11)])

    def test_names(self) -> None:
        """
        The names and rooms of shown events are known; those of the backlog may be gone by now.
        """
        self.texts(said("x", "Bob"), said("x", "Eve", room="#dev"), said("x", "Old", old=True))
        self.assertEqual(self.view.known.names(), ["Eve", "Bob"])
        self.assertEqual(list(self.view.known.rooms), ["#lobby", "#dev"])

    def test_ignoredRename(self) -> None:
        """A user who is ignored stays so under a new name, which is kept for the next run."""
        self.settings.ignored.add("Bob")
        renamed = Event(1, NOON, RENAMED, "#lobby", "Bob", "", "Rob")
        self.assertEqual(self.texts(ServerMessage(RENAMED, event=renamed)), [])
        self.assertEqual(
            self.texts(said("x", "Rob"), said("x", "Bob"), said("y", "Eve")), ["Eve :: y"]
        )
        self.assertEqual(self.settings.ignored.describe(), "Bob (now Rob)")

    def test_dayOfOwnLine(self) -> None:
        """The first line after midnight follows the day's line, whoever wrote it."""
        self.settings.time = True
        joined = ServerMessage(JOINED, event=Event(1, NOON, JOINED, "#lobby", "Eve"))
        for first in (
            lambda now: self.view.own("x", now),
            lambda now: self.view.lines([said("x", when=now)], now),
            lambda now: self.view.lines([joined], now),
        ):
            session = SessionState("Ann", "#lobby", "#lobby")
            self.view = View(self.settings, session, self.reading)
            self.view.begin(NOON)
            self.assertEqual(
                [len(list(first(now))) for now in (NOON, NOON + DAY, NOON + DAY)], [1, 2, 1]
            )

    def test_dayOfQuietNight(self) -> None:
        """A night in which nothing was shown changes the date as well."""
        self.settings.time = True
        self.view.begin(NOON)
        day, line = self.view.own("x", NOON + DAY)
        self.assertEqual((day.text, line.text), ("--- 2026-11-23 ---", "12:00 x"))
        self.assertEqual(len(self.view.own("y", NOON + DAY)), 1)
