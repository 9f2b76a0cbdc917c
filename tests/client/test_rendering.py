"""
Tests for L{twisted_chat.client.rendering}.
"""

from __future__ import annotations

import time

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.messages import GAP, ServerMessage, readObject
from twisted_chat.client.rendering import asLines
from twisted_chat.wire.events import (
    BANNED,
    GRANTED,
    JOINED,
    LEFT,
    LIFTED,
    REMOVED,
    REPORTED,
    RESTORED,
    SAID,
    SET,
    Event,
    asData,
)
from twisted_chat.wire.jsonlines import JSON
from twisted_chat.wire.textlines import TEXT


def event(kind: str, name: str, text: str = "", room: str = "#lobby", to: str = "") -> Event:
    """
    @return: an event.
    """
    return Event(7, 1000.0, kind, room, name, text, to)


class LinesTests(SynchronousTestCase):
    """
    Lines, which read the same in both dialects.
    """

    def lines(self, *batch: ServerMessage) -> list[str]:
        return asLines(batch, "Ann", "#lobby", "#lobby", 2000.0)

    def received(self, *events: Event) -> list[ServerMessage]:
        return [ServerMessage(each.kind, event=each) for each in events]

    def test_rooms(self) -> None:
        """A message of another room begins with the room."""
        self.assertEqual(
            self.lines(
                *self.received(event(SAID, "Bob", "here"), event(SAID, "Bob", "there", "#dev"))
            ),
            ["Bob :: here", "#dev Bob :: there"],
        )

    def test_asTheTextDialect(self) -> None:
        """Events read as a server's own text dialect writes them."""
        events = [event(SAID, "Bob", "x"), event(JOINED, "Bob"), event("topic", "Bob", "y")]
        theirs = b"".join(TEXT.here.events(events, "#lobby")).decode().splitlines()
        self.assertEqual(self.lines(*self.received(*events)), theirs)

    def test_moderation(self) -> None:
        """Acts of moderators read as in the text dialect, by what their objects say."""
        for kind, data in (
            (GRANTED, {"role": "owner"}),
            (BANNED, {"what": "speak", "until": 5_000.5}),
            (BANNED, {"what": "enter", "until": 0}),
            (LIFTED, {"what": "speak"}),
            (SET, {"what": "slow", "value": 30}),
            (REMOVED, {"ids": [4, 5]}),
            (RESTORED, {"ids": [4, 5]}),
            (REPORTED, {"room": "#dev", "message": 4}),
        ):
            their = event(kind, "Bob", "30s", "#dev", "Eve")._replace(data=asData(data))
            (line,) = JSON.events([their], "#lobby")
            (theirs,) = TEXT.here.events([their], "#lobby")
            self.assertEqual(self.lines(readObject(line)), theirs.decode().splitlines())

    def test_folded(self) -> None:
        """Users who come at once stand in one line, and so do those who go."""
        came = [event(JOINED, name) for name in ("Bob", "Eve", "Joe", "Kim")]
        went = [event(LEFT, name) for name in ("Bob", "Eve")]
        self.assertEqual(
            self.lines(*self.received(*came, *went)),
            ["* Bob, Eve and 2 more are now connected", "* Bob and Eve have left"],
        )

    def test_old(self) -> None:
        """An old message is a notice with its time."""
        when = time.strftime("%H:%M", time.localtime(1000.0))
        old = ServerMessage(SAID, event=event(SAID, "Bob", "x"), old=True)
        self.assertEqual(self.lines(old), [f"* {when} Bob :: x"])

    def test_answers(self) -> None:
        """Receipts, refusals, notices, gaps and rooms have their lines."""
        self.assertEqual(
            self.lines(
                ServerMessage("ok", key="k"),
                ServerMessage("error", "no"),
                ServerMessage("notice", "so"),
                ServerMessage(GAP, count=None),
                ServerMessage("room", "about", room="#dev", count=2),
            ),
            [
                "OK . .",
                "! no",
                "* so",
                "* Some messages before this are no longer kept",
                "* You are in #dev (2 here): about",
            ],
        )
