# -*- test-case-name: tests.wire.test_textlines -*-
"""
Tests for L{twisted_chat.wire.textlines}.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import useZone
from twisted_chat.errors import BadText
from twisted_chat.wire.answers import Backlog, Entered, Found, Gap, Goodbye, Notice, Replay, Welcome
from twisted_chat.wire.events import (
    ACTED,
    BANNED,
    CREATED,
    DONE,
    GRANTED,
    INVITED,
    JOINED,
    LEFT,
    LIFTED,
    LOCKED,
    PRESENCE,
    REMOVED,
    RENAMED,
    REPORTED,
    RESTORED,
    SAID,
    SERVER,
    SET,
    SPOKEN,
    STATE,
    TOLD,
    TOPIC,
    UNLOCKED,
    Event,
    asData,
)
from twisted_chat.wire.textlines import TEXT

LOBBY = "#lobby"

NOON = 1_763_812_800.0
"""2025-11-22 12:00 UTC."""


def makeEvent(
    kind: str, name: str = "Ann", text: str = "", to: str = "", room: str = LOBBY, id: int = 7
) -> Event:
    """
    @return: an event, at noon.
    """
    return Event(id, NOON, kind, room, name, text, to, "5a5a")


def here(*events: Event) -> list[str]:
    """
    @return: the events as people in the room see them.
    """
    return [line.decode() for line in TEXT.here.events(events, LOBBY)]


def elsewhere(*events: Event) -> list[str]:
    """
    @return: the events as people in another current room see them.
    """
    return [line.decode() for line in TEXT.elsewhere.events(events, LOBBY)]


class ViewTests(SynchronousTestCase):
    """
    The events of a room, as lines.
    """

    def test_said(self) -> None:
        """
        A message shows its author, and outside the current room also its room.
        """
        self.assertEqual(here(makeEvent(SAID, "Ann", "Hi!")), ["Ann :: Hi!\r\n"])
        said = makeEvent(SAID, "Ann", "Hi!", room="#dev")
        self.assertEqual(elsewhere(said), ["#dev Ann :: Hi!\r\n"])

    def test_acted(self) -> None:
        """
        An action reads as a sentence about its author.
        """
        self.assertEqual(here(makeEvent(ACTED, "Ann", "waves")), ["* Ann waves\r\n"])
        acted = makeEvent(ACTED, "Ann", "waves", room="#dev")
        self.assertEqual(elsewhere(acted), ["* #dev Ann waves\r\n"])

    def test_told(self) -> None:
        """
        A direct message reads the same in every room.
        """
        told = makeEvent(TOLD, "Ann", "psst", to="Bob", room="@5b")
        self.assertEqual(here(told), ["Ann -> you :: psst\r\n"])
        self.assertEqual(elsewhere(told), ["Ann -> you :: psst\r\n"])

    def test_presence(self) -> None:
        """
        Arrivals and departures in the lobby are those of the whole chat, and elsewhere those of the
        room.
        """
        self.assertEqual(here(makeEvent(JOINED)), ["* Ann is now connected\r\n"])
        self.assertEqual(here(makeEvent(LEFT)), ["* Ann has left\r\n"])
        joined, left = makeEvent(JOINED, room="#dev"), makeEvent(LEFT, room="#dev")
        for look in (here, elsewhere):
            self.assertEqual(look(joined), ["* Ann has joined #dev\r\n"])
            self.assertEqual(look(left), ["* Ann has left #dev\r\n"])

    def test_renamed(self) -> None:
        """
        A new name is told with the old one.
        """
        self.assertEqual(here(makeEvent(RENAMED, to="Anna")), ["* Ann is now Anna\r\n"])

    def test_state(self) -> None:
        """
        A change of a room is a notice that names the room.
        """
        self.assertEqual(
            here(
                makeEvent(TOPIC, text="tests", room="#dev"),
                makeEvent(LOCKED, text="salt:hash", room="#dev"),
                makeEvent(UNLOCKED, room="#dev"),
                makeEvent(INVITED, text="5b", to="Bob", room="#dev"),
                makeEvent(CREATED, room="#dev"),
            ),
            [
                "* Ann set the topic of #dev: tests\r\n",
                "* Ann made #dev private\r\n",
                "* Ann opened #dev to everybody\r\n",
                "* Ann invited Bob to #dev\r\n",
                "",
            ],
        )

    def test_moderation(self) -> None:
        """
        Acts of moderators read the same in every room, with the reason if there is one.
        """
        useZone(self, "UTC0")
        acts: list[tuple[str, dict[str, Any], str, str]] = [
            (GRANTED, {"role": "owner"}, "", "Ann made Bob owner of #dev"),
            (GRANTED, {"role": ""}, "", "Ann took the role of Bob in #dev away"),
            (BANNED, {"what": "enter", "until": 0}, "", "Ann banned Bob from #dev"),
            (
                BANNED,
                {"what": "speak", "until": NOON},
                "spam",
                "Ann muted Bob in #dev until 2025-11-22 12:00: spam",
            ),
            (BANNED, {"what": "enter", "quiet": True}, "", "Ann removed Bob from #dev"),
            (LIFTED, {"what": "enter"}, "", "Ann unbanned Bob from #dev"),
            (LIFTED, {"what": "speak"}, "", "Ann unmuted Bob in #dev"),
            (SET, {"what": "slow", "value": 30}, "30s", "Ann set slow mode (30s) in #dev"),
            (SET, {"what": "slow", "value": 0}, "off", "Ann ended slow mode in #dev"),
            (SET, {"what": "readonly"}, "on", "Ann made #dev read-only"),
            (SET, {"what": "readonly"}, "off", "Ann lets everybody speak in #dev"),
            (REMOVED, {"ids": [1]}, "", "Ann removed 1 message of Bob"),
            (REMOVED, {"ids": [1, 2]}, "spam", "Ann removed 2 messages of Bob: spam"),
            (RESTORED, {"ids": [1, 2]}, "", "Ann restored 2 messages of Bob"),
            (RESTORED, {}, "", "Ann restored messages of Bob"),
            (REPORTED, {"room": "#tea"}, "rude", "Ann reports Bob in #tea: rude"),
            (DONE, {}, "", "Ann has dealt with a report of Bob"),
        ]
        for kind, values, text, line in acts:
            event = makeEvent(kind, "Ann", text, "Bob", "#dev")._replace(data=asData(values))
            for view in (TEXT.here, TEXT.elsewhere):
                self.assertEqual(view.events([event], "#lobby"), [f"* {line}\r\n".encode()])
        event = makeEvent(REMOVED, "Ann", "", "Ann")._replace(data=asData({"ids": [1]}))
        self.assertIn(b"Ann removed 1 message of their own", TEXT.own(event))
        event = makeEvent(SET, "Ann", "all", room=SERVER)._replace(data='{"what":"lockdown"}')
        self.assertEqual(TEXT.own(event), b"* Ann set lockdown of this server to all\r\n")

    def test_foldedComings(self) -> None:
        """
        All arrivals of one batch stand on one line, in the place of the first.
        """
        two = [makeEvent(JOINED, name) for name in ("Ann", "Bob")]
        self.assertEqual(here(*two), ["* Ann and Bob are now connected\r\n", ""])
        names = ["Ann", "Bob", "Cem", "Dai", "Eve"]
        five = [makeEvent(JOINED, name) for name in names]
        line = "* Ann, Bob and 3 more are now connected\r\n"
        self.assertEqual(here(*five), [line, "", "", "", ""])

    def test_foldedGoings(self) -> None:
        """
        All departures of one batch stand on one line, in the place of the last.
        """
        went = [makeEvent(LEFT, name, room="#dev") for name in ("Ann", "Bob", "Cem")]
        line = "* Ann, Bob and 1 more have left #dev\r\n"
        self.assertEqual(here(*went), ["", "", line])

    def test_foldedOnceEach(self) -> None:
        """
        A user who came and went more than once in a batch is named once.
        """
        moves = [makeEvent(kind, "Bob") for kind in (JOINED, LEFT, JOINED, LEFT)]
        lines = "".join(here(*moves))
        self.assertEqual(lines, "* Bob is now connected\r\n* Bob has left\r\n")

    def test_foldedByRoom(self) -> None:
        """
        Only users of the same room share a line.
        """
        events = [makeEvent(JOINED, "Ann", room="#a"), makeEvent(JOINED, "Bob", room="#b")]
        self.assertEqual(elsewhere(*events), ["* Ann has joined #a\r\n", "* Bob has joined #b\r\n"])

    def test_nobodySpeaksWhileAway(self) -> None:
        """
        Folding puts no arrival behind the words of its user, and no departure before them.
        """
        lines = here(
            makeEvent(JOINED, "Ann"),
            makeEvent(SAID, "Ann", "one"),
            makeEvent(JOINED, "Bob"),
            makeEvent(SAID, "Bob", "two"),
            makeEvent(LEFT, "Ann"),
            makeEvent(SAID, "Bob", "three"),
            makeEvent(LEFT, "Bob"),
        )
        self.assertEqual(
            "".join(lines).split("\r\n"),
            [
                "* Ann and Bob are now connected",
                "Ann :: one",
                "Bob :: two",
                "Bob :: three",
                "* Ann and Bob have left",
                "",
            ],
        )

    def test_foldSurvivesItsPlace(self) -> None:
        """
        A user who comes and goes in one batch is in both lines, and one who only went is in the
        second.
        """
        lines = here(makeEvent(JOINED), makeEvent(LEFT))
        self.assertEqual(lines, ["* Ann is now connected\r\n", "* Ann has left\r\n"])

    @settings(deadline=None, max_examples=60, derandomize=True)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(sorted(SPOKEN | PRESENCE | STATE)),
                st.sampled_from(["Ann", "Bob", "Cem"]),
                st.sampled_from([LOBBY, "#dev"]),
            ),
            max_size=12,
        )
    )
    def test_wholeLines(self, rows: list[tuple[str, str, str]]) -> None:
        """
        Each event has one item, each item is whole lines, and no user who comes, goes or speaks is
        left out.
        """
        events = [
            makeEvent(kind, name, f"text{place}", f"to{place}", room)
            for place, (kind, name, room) in enumerate(rows)
        ]
        for look in (here, elsewhere):
            lines = look(*events)
            self.assertEqual(len(lines), len(events))
            for item in lines:
                self.assertTrue(item == "" or item.endswith("\r\n"), item)
            for place, event in enumerate(events):
                if event.kind in SPOKEN:
                    self.assertIn(event.text, lines[place])
            moves = sum(line.count(" connected") + line.count(" joined ") for line in lines)
            self.assertEqual(moves, len({e.room for e in events if e.kind == JOINED}))


class AnswersTests(SynchronousTestCase):
    """
    Answers to one user alone.
    """

    def test_receipt(self) -> None:
        """
        A receipt is the same for every message.
        """
        self.assertEqual(TEXT.receipt(makeEvent(SAID, text="Hi!")), b"OK . .\r\n")

    def test_own(self) -> None:
        """
        A user's own moves are told in other ways; their changes read as they do to everybody.
        """
        self.assertEqual(TEXT.own(makeEvent(JOINED)), b"")
        self.assertEqual(TEXT.own(makeEvent(LEFT)), b"")
        self.assertEqual(TEXT.own(makeEvent(RENAMED, to="Anna")), b"* You are now Anna\r\n")
        topic = makeEvent(TOPIC, text="tests")
        self.assertEqual(TEXT.own(topic), b"* Ann set the topic of #lobby: tests\r\n")

    def test_noticeAndRefusal(self) -> None:
        """
        The server's notices begin with a star, its refusals with an exclamation mark.
        """
        self.assertEqual(TEXT.answer(Notice("hello"), "k1"), b"* hello\r\n")
        self.assertEqual(TEXT.refusal(BadText("no: write less"), "k1"), b"! no: write less\r\n")
        self.assertEqual(TEXT.answer(Goodbye("Goodbye")), b"* Goodbye\r\n")

    def test_welcome(self) -> None:
        """
        A newcomer is told in the exercise's words that they are in.
        """
        welcome = Welcome("Ann", None, "e", 7, LOBBY, ((LOBBY, ""),), False, 0)
        self.assertEqual(TEXT.answer(welcome), b"Connected... Start sending messages\r\n")

    def test_moved(self) -> None:
        """
        A user who changes rooms is told how many are there, and the topic if it has one.
        """
        self.assertEqual(TEXT.answer(Entered("#dev", "", 2)), b"* You are in #dev (2 here)\r\n")
        self.assertEqual(
            TEXT.answer(Entered("#dev", "tests", 2)), b"* You are in #dev (2 here): tests\r\n"
        )

    def test_resume(self) -> None:
        """
        Plain text has no replay, and a gap is told in a notice.
        """
        self.assertEqual(TEXT.answer(Replay([makeEvent(SAID, text="Hi!")], "5a5a")), b"")
        self.assertRegex(TEXT.answer(Gap(3)), rb"\A\* .*no longer kept\r\n\Z")
        self.assertEqual(TEXT.answer(Gap(3)), TEXT.answer(Gap(None)))


class OldTests(SynchronousTestCase):
    """
    Old messages, as lines.
    """

    def setUp(self) -> None:
        useZone(self, "UTC0")

    def test_today(self) -> None:
        """
        A message from today has its hour and minute.
        """
        events = [makeEvent(SAID, "Ann", "Hi!"), makeEvent(ACTED, "Bob", "waves")]
        self.assertEqual(
            TEXT.answer(Backlog(events, NOON + 60)), b"* 12:00 Ann :: Hi!\r\n* 12:00 Bob waves\r\n"
        )

    def test_before(self) -> None:
        """
        A message from another day has its date.
        """
        events = [makeEvent(SAID, "Ann", "Hi!")]
        self.assertEqual(
            TEXT.answer(Backlog(events, NOON + 12 * 3600)), b"* 2025-11-22 12:00 Ann :: Hi!\r\n"
        )

    def test_localTime(self) -> None:
        """
        A message has the day of the server's time zone, not that of UTC.
        """
        useZone(self, "WST-13")
        events = [makeEvent(SAID, "Ann", "Hi!")]
        self.assertEqual(TEXT.answer(Backlog(events, NOON)), b"* 01:00 Ann :: Hi!\r\n")
        self.assertEqual(
            TEXT.answer(Backlog(events, NOON - 2 * 3600)), b"* 2025-11-23 01:00 Ann :: Hi!\r\n"
        )

    def test_removed(self) -> None:
        """
        A removed message is replaced by a word, never by an empty line.
        """
        events = [
            makeEvent(SAID, "Ann"),
            makeEvent(ACTED, "Bob"),
            makeEvent(TOLD, "Ann", "", "Bob"),
        ]
        for answer, first in ((Backlog(events, NOON), "12:00"), (Found(events, NOON), "7 2025")):
            lines = TEXT.answer(answer).decode().splitlines()
            self.assertTrue(lines[0].startswith(f"* {first}"), lines)
            ends = ["Ann :: (removed)", "Bob (removed)", "Ann -> Bob :: (removed)"]
            for line, end in zip(lines, ends, strict=True):
                self.assertTrue(line.endswith(f" {end}"), line)

    def test_nothing(self) -> None:
        """
        An empty backlog is no line at all, and an empty search says so.
        """
        self.assertEqual(TEXT.answer(Backlog([], NOON)), b"")
        self.assertEqual(TEXT.answer(Found([], NOON)), b"* Nothing found\r\n")

    def test_found(self) -> None:
        """
        A found message begins with its id and names its room; a direct message names its reader.
        """
        events = [
            makeEvent(SAID, "Ann", "Hi!", room="#dev", id=7),
            makeEvent(ACTED, "Ann", "waves", id=8),
            makeEvent(TOLD, "Ann", "psst", "Bob", "@5b", id=9),
        ]
        self.assertEqual(
            TEXT.answer(Found(events, NOON)).decode().splitlines(),
            [
                "* 7 2025-11-22 12:00 #dev Ann :: Hi!",
                "* 8 2025-11-22 12:00 #lobby Ann waves",
                "* 9 2025-11-22 12:00 Ann -> Bob :: psst",
            ],
        )
