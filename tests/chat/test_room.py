# -*- test-case-name: tests.chat.test_room -*-
"""
Tests for L{twisted_chat.chat.room}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.support.audiences import Listener
from twisted_chat.chat.room import PRESENCE_LIMIT, Room, hashKey
from twisted_chat.wire.textlines import TEXT


class RoomTests(SynchronousTestCase):
    """
    Tests for L{Room}.
    """

    def test_admitsEverybody(self) -> None:
        """
        A public room lets everybody in, whatever he gives as its key.
        """
        room = Room("#dev", "maker")
        self.assertTrue(room.admits("anybody", ""))
        self.assertTrue(room.admits("anybody", "wrong"))

    def test_privateByInvitation(self) -> None:
        """
        A private room without a key lets in who made it and who is invited, nobody else.
        """
        room = Room("#dev", "maker")
        room.private = True
        room.invited.add("guest")
        self.assertTrue(room.admits("maker", ""))
        self.assertTrue(room.admits("guest", ""))
        for key in ("", "guess"):
            self.assertFalse(room.admits("stranger", key))

    def test_privateByKey(self) -> None:
        """
        A private room with a key lets in who has it, and an empty key is never right.
        """
        room = Room("#dev", "maker")
        room.private = True
        room.keyHash = hashKey("sesame")
        self.assertTrue(room.admits("stranger", "sesame"))
        for wrong in ("", "Sesame", "sesame ", room.keyHash):
            self.assertFalse(room.admits("stranger", wrong), wrong)

    def test_noMaker(self) -> None:
        """
        A private room that nobody made (its maker is not known) lets no session in by that.
        """
        room = Room("#dev")
        room.private = True
        self.assertFalse(room.admits("stranger", ""))

    def test_hashKey(self) -> None:
        """
        A hash does not hold the key, and is another one each time.
        """
        self.assertNotIn("sesame", hashKey("sesame"))
        self.assertNotEqual(hashKey("sesame"), hashKey("sesame"))
        self.assertEqual(hashKey("sesame", "ab" * 8), hashKey("sesame", "ab" * 8))
        self.assertTrue(hashKey("ключ"))

    def test_forgettable(self) -> None:
        """
        An empty room is forgotten unless it has a topic or is private.
        """
        room = Room("#dev")
        self.assertTrue(room.forgettable)
        listener: Any = Listener("Ann", [])
        room.add(listener, TEXT.here)
        self.assertFalse(room.forgettable)
        room.remove(listener)
        room.topic = "tests"
        self.assertFalse(room.forgettable)
        room.topic, room.private = "", True
        self.assertFalse(room.forgettable)

    def test_tellsPresence(self) -> None:
        """
        A room of more than 200 people does not tell who comes and goes.
        """
        room = Room("#dev")
        for number in range(PRESENCE_LIMIT):
            listener: Any = Listener(str(number), [])
            room.add(listener, TEXT.here)
        self.assertTrue(room.tellsPresence)
        one: Any = Listener("one more", [])
        room.add(one, TEXT.here)
        self.assertFalse(room.tellsPresence)
        self.assertEqual(PRESENCE_LIMIT, 200)

    def test_ticket(self) -> None:
        """
        A session keeps who made a private room, so that it is not taken for another of its name.
        """
        room = Room("#dev", "maker")
        self.assertEqual(room.ticket, "#dev")
        room.private = True
        other = Room("#dev", "other")
        other.private = True
        self.assertNotEqual(room.ticket, "#dev")
        self.assertNotEqual(room.ticket, other.ticket)
