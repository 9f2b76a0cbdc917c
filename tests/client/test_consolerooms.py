"""
Tests of the user interface in a terminal: what is typed for a room that the user is no longer in.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionLost

from tests.support.chatting import WELCOME, Peer
from tests.support.consoles import ConsoleUITestCase


class RoomTests(ConsoleUITestCase):
    """
    A room that changes while the user types.
    """

    def comesBack(self, typed: str, **fields: Any) -> Peer:
        """
        The connection is lost in C{#dev} while something is being typed, and made again.
        """
        peer = self.inside()
        peer.says(type="room", room="#dev", topic="", names=1)
        self.shown()
        self.types(typed)
        peer.closes(ConnectionLost())
        self.clock.advance(0.5)
        peer = self.endpoint.accept()
        peer.says(**{**WELCOME, **fields})
        peer.got()
        return peer

    def test_roomIsGone(self) -> None:
        """
        A line that was begun in a room that is gone is sent to another room at a second Enter.
        """
        for resumed in (True, False):
            peer = self.comesBack("secret", resumed=resumed)
            self.assertIn("! You are in #lobby now, and no longer in #dev", self.shown())
            self.types("\r")
            self.assertIn("you are in #lobby now, Enter again sends it there", self.shown())
            self.assertEqual(self.said(peer), [])
            self.types("\r")
            self.assertEqual(self.said(peer), [("secret", "#lobby")])
            self.types("more\r")
            self.assertEqual(self.said(peer), [("more", "#lobby")])

    def test_roomIsGoneAndTextToo(self) -> None:
        """
        A key between two Enters begins again; commands and an empty input need no second Enter.
        """
        peer = self.comesBack("secret")
        self.types("\r")
        self.types("!\r")
        self.assertEqual(self.said(peer), [])
        self.types("\x15/names\r")
        self.assertEqual(peer.objects()[0]["line"], "/names")
        self.types("/me waves\r")
        self.assertEqual(self.said(peer), [])
        peer = self.comesBack("")
        self.types("hello\r")
        self.assertEqual(self.said(peer), [("hello", "#lobby")])

    def test_sameRoom(self) -> None:
        """A user who comes back to their room sends their line at one Enter."""
        peer = self.comesBack("hello", room="#dev", resumed=True)
        self.assertNotIn("no longer", self.shown())
        self.types("\r")
        self.assertEqual(self.said(peer), [("hello", "#dev")])

    def test_thrownOut(self) -> None:
        """A room change is told unless the user asked for it."""
        peer = self.inside()
        self.types("/join #dev\r")
        _, ping = peer.objects()
        peer.says(type="room", room="#dev", topic="", names=1)
        peer.says(type="pong", key=ping["key"])
        self.assertNotIn("no longer", self.shown())
        self.types("secret")
        peer.says(type="left", id=11, time=1.0, room="#dev", name="Ann", by="Bob", text="spam")
        peer.says(type="room", room="#lobby", topic="", names=1)
        self.assertIn("! You are in #lobby now, and no longer in #dev", self.shown())
        peer.got()
        self.types("\r")
        self.assertEqual(self.said(peer), [])
