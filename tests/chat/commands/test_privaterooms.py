# -*- test-case-name: tests.chat.commands.test_privaterooms -*-
"""
Tests for L{twisted_chat.chat.commands.rooms}: private rooms and their passwords.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import Clerk, FakeClient, enter, enterAll, makeHub
from twisted_chat.chat.commands.rooms import MAX_PASSWORD, MAX_PRIVATE
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.wire.jsonlines import JSON


class PrivateTests(SynchronousTestCase):
    """
    Private rooms: by key, by invitation.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.ann, self.bob, self.cem = enterAll(self.hub, "Ann", "Bob", "Cem")

    def forget(self) -> None:
        """
        Look only at what comes from now on.
        """
        for client in (self.ann, self.bob, self.cem):
            client.forget()

    def test_key(self) -> None:
        """
        A room made with a key is entered with it, and heard by its members only.
        """
        self.ann.types("/join #den sesame")
        self.bob.types("/join #den", "/join #den wrong", "/join #den sesame")
        self.assertEqual([line[0] for line in self.bob.lines], ["!", "!", "*"])
        self.forget()
        self.ann.types("secret", "/topic hush", "/me nods")
        self.assertEqual(len(self.bob.lines), 3)
        self.assertEqual(self.cem.lines, [])

    def test_privateRoomsAreBounded(self) -> None:
        """
        A user may have made a bounded number of private rooms, also of those they have left; a room
        that is opened no longer counts.
        """
        for number in range(MAX_PRIVATE - 1):
            self.ann.types(f"/join #den{number}x sesame", "/leave")
        self.ann.types("/join #own", "/lock", "/lock another", "/join #open")
        self.forget()
        self.ann.types("/join #more sesame", "/lock")
        refusal = f"! you have {MAX_PRIVATE} private rooms, which is the most: /unlock one first"
        self.assertEqual(self.ann.lines, [refusal] * 2)
        self.assertNotIn("#more", self.hub.rooms)
        self.assertFalse(self.hub.rooms["#open"].private)
        self.bob.types("/join #more sesame")
        self.assertTrue(self.hub.rooms["#more"].private)
        self.ann.types("/join #own", "/unlock", "/join #late sesame")
        self.assertTrue(self.hub.rooms["#late"].private)

    def test_keyIsNotShown(self) -> None:
        """
        The password and its hash are shown to nobody, and the log does not hold the password.
        """
        dai = enter(self.hub, "Dai", JSON)
        dai.asks("command", line="/join #den sesame")
        self.ann.types("/join #den sesame")
        passwordHash = self.hub.rooms["#den"].era.passwordHash
        assert passwordHash is not None
        self.assertNotIn("sesame", passwordHash)
        for client in (dai, self.ann):
            self.assertNotIn("sesame", "".join(client.lines))
            self.assertNotIn(passwordHash[:16], "".join(client.lines))

    def test_invite(self) -> None:
        """
        An invited person is told so and may enter without a key.
        """
        self.ann.types("/join #den", "/lock")
        self.bob.types("/join #den")
        self.assertIn("! #den is private", self.bob.lines[0])
        self.forget()
        self.ann.types("/invite bob")
        self.assertEqual(self.bob.lines, ["* Ann invited Bob to #den"])
        self.assertEqual(self.cem.lines, [])
        self.bob.types("/join #den")
        self.assertEqual(self.bob.lines[-1], "* You are in #den (2 here)")
        self.assertEqual(self.cem.lines, [])

    def test_inviteRefused(self) -> None:
        """
        An invitation of a user who is not here, or is in the room already, is refused.
        """
        self.ann.types("/join #den", "/invite Dai", "/invite Ann")
        self.assertIn("nobody of this name", self.ann.lines[1])
        self.assertIn("Ann is in #den already", self.ann.lines[2])

    def test_lock(self) -> None:
        """
        The owner may lock a room: its members stay, and everybody outside but the owner needs the
        password.
        """
        self.ann.types("/join #den")
        self.bob.types("/join #den")
        self.ann.types("/lock sesame", "/leave", "/join #den")
        self.assertEqual(self.ann.user.current.name, "#den")
        self.assertIn("* Ann made #den private", self.bob.lines)
        self.bob.types("/leave", "/join #den")
        self.assertEqual(self.bob.user.current.name, "#lobby")
        self.cem.types("/join #den")
        self.assertEqual(self.cem.user.current.name, "#lobby")
        self.cem.types("/join #den sesame")
        self.assertEqual(self.cem.user.current.name, "#den")

    def test_unlock(self) -> None:
        """
        The maker of a room may open it to everybody.
        """
        self.ann.types("/join #den sesame", "/unlock")
        self.assertEqual(self.ann.lines[-2], "* Ann opened #den to everybody")
        self.assertIn("readable for its members of then alone", self.ann.lines[-1])
        self.cem.types("/join #den")
        self.assertEqual(self.cem.user.current.name, "#den")

    def test_onlyItsMaker(self) -> None:
        """
        A room is locked and opened by its maker alone; nobody made the lobby.
        """
        self.ann.types("/join #den", "/join #lobby", "/lock", "/unlock")
        self.bob.types("/join #den", "/lock", "/unlock")
        for client in (self.ann, self.bob):
            refused = [line for line in client.lines if line.startswith("! only the owner of")]
            self.assertEqual(len(refused), 2)
        self.assertFalse(self.hub.lobby.private)

    def test_badKey(self) -> None:
        """
        A password is one word of bounded length.
        """
        self.ann.types(
            "/join #den", "/lock two words", "/lock " + "k" * (MAX_PASSWORD + 1), "/lock short"
        )
        self.assertEqual([line[:13] for line in self.ann.lines[1:]], ["! a password "] * 3)
        self.assertFalse(self.hub.rooms["#den"].private)

    def test_privateRoomIsKept(self) -> None:
        """
        A private room stays private when everybody has left it.
        """
        self.ann.types("/join #den sesame", "/leave")
        self.bob.types("/join #den")
        self.assertIn("! #den is private", self.bob.lines[0])

    def test_historyOfMembersOnly(self) -> None:
        """
        Messages of a private room are found by its members alone, and shown to them alone.
        """
        self.ann.types("/join #den sesame", "the treasure")
        self.forget()
        self.bob.types("/search treasure", "/search treasure in:#den", "/names #den", "/rooms")
        self.assertEqual(self.bob.lines[0], "* Nothing found")
        self.assertIn("! there is no room #den", self.bob.lines[1])
        self.assertIn("! there is no room #den", self.bob.lines[2])
        self.assertNotIn("treasure", "".join(self.bob.lines))
        self.assertEqual([line for line in self.bob.lines[3:] if "#den" in line], [])
        self.ann.types("/search treasure", "/history")
        self.assertIn("the treasure", self.ann.lines[0])
        self.assertIn("the treasure", self.ann.lines[1])
        self.ann.forget()
        self.ann.types("/leave", "/search treasure")
        self.assertEqual(self.ann.lines[-1], "* Nothing found")

    def test_jsonCannotReadIt(self) -> None:
        """
        A program cannot read a private room by naming it.
        """
        self.ann.types("/join #den sesame", "the treasure")
        eve = enter(self.hub, "Eve", JSON)
        eve.forget()
        eve.asks("history", room="#den", key="k1")
        eve.asks("say", room="#den", text="let me in", key="k2")
        eve.asks("search", words="treasure", key="k3")
        self.assertEqual([value["type"] for value in eve.objects], ["error", "error", "history"])
        self.assertEqual(eve.objects[2]["events"], [])


class PasswordTests(SynchronousTestCase):
    """
    Guessing the password of a room.
    """

    def setUp(self) -> None:
        self.now = 0.0
        self.clerk = Clerk()
        self.hub = makeHub(monotonic=lambda: self.now, audit=self.clerk)
        self.ann, self.bob = enterAll(self.hub, "Ann", "Bob")
        self.ann.types("/join #den sesame")
        self.ann.forget()

    def test_pause(self) -> None:
        """
        Each further wrong password after three waits twice as long, for every user at that address;
        the owner and the operator are told.
        """
        self.bob.types(*(f"/join #den guess{number}" for number in range(5)))
        self.assertEqual([line[:18] for line in self.bob.lines[:3]], ["! #den is private:"] * 3)
        self.assertIn("try again in 1 s", self.bob.lines[3])
        self.bob.forget()
        enter(self.hub, "Cem").types("/join #den sesame")
        self.assertEqual(len(self.hub.rooms["#den"]), 1)
        self.now += 1
        self.bob.types("/join #den guess5", "/join #den guess6")
        self.assertIn("try again in 2 s", self.bob.lines[2])
        self.now += 2
        self.bob.types("/join #den sesame")
        self.assertEqual(self.bob.user.current.name, "#den")
        told = [line for line in self.ann.lines if "wrong password" in line]
        self.assertEqual(told, ["* Bob gave a wrong password for #den (1 so far)"])
        logged = [entry for entry in self.clerk.entries if "wrong password" in entry[0]]
        self.assertEqual(len(logged), 4)
        self.assertEqual(logged[-1][0], "Bob gave a wrong password for a private room (4 so far)")
        self.assertNotIn("#den", str(self.clerk.entries))

    def test_otherAddress(self) -> None:
        """
        Users at other addresses do not wait.
        """
        self.bob.types(*(f"/join #den guess{number}" for number in range(5)))
        cem = FakeClient(self.hub, address="198.51.100.1:5")
        cem.login(LoginRequest("Cem"))
        cem.types("/join #den sesame")
        self.assertEqual(cem.user.current.name, "#den")
