# -*- test-case-name: tests.chat.test_presence -*-
"""
Tests for L{twisted_chat.chat.presence}: comings and goings, folded.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import CONNECTED, FakeClient, enter, makeTurnHub
from twisted_chat.chat.room import PRESENCE_LIMIT


class PresenceTests(SynchronousTestCase):
    """
    Comings and goings, folded.
    """

    def setUp(self) -> None:
        self.hub, self.turn = makeTurnHub()

    def enterInOneTurn(self, *names: str) -> list[FakeClient]:
        """
        @return: clients of people who enter in the same turn.
        """
        clients = [enter(self.hub, name) for name in names]
        self.turn.end()
        return clients

    def test_folded(self) -> None:
        """
        All users who come in one turn are one line, and so are all who go.
        """
        (ann,) = self.enterInOneTurn("Ann")
        ann.forget()
        others = self.enterInOneTurn("Bob", "Cem", "Dai", "Eve")
        self.assertEqual(ann.lines, ["* Bob, Cem and 2 more are now connected"])
        ann.forget()
        for other in others:
            other.drops()
        self.turn.end()
        self.assertEqual(ann.lines, ["* Bob, Cem and 2 more have left"])

    def test_newcomersHearOfEachOther(self) -> None:
        """
        The first of two users who come in one turn hears of the second, once, and not the reverse.
        """
        ann, bob, cem = self.enterInOneTurn("Ann", "Bob", "Cem")
        connected = CONNECTED
        self.assertEqual(ann.lines, [connected, "* Bob and Cem are now connected"])
        self.assertEqual(bob.lines, [connected, "* Cem is now connected"])
        self.assertEqual(cem.lines, [connected])

    def test_leaversHearOfEachOther(self) -> None:
        """
        The second of two users who leave in one turn hears of the first, and neither of themselves.
        """
        ann, bob, cem = self.enterInOneTurn("Ann", "Bob", "Cem")
        for person in (ann, bob, cem):
            person.forget()
        ann.types("/quit")
        bob.types("/quit")
        self.turn.end()
        self.assertEqual(ann.lines, ["* Goodbye"])
        self.assertEqual(bob.lines, ["* Ann has left", "* Goodbye"])
        self.assertEqual(cem.lines, ["* Ann and Bob have left"])

    def test_loginAndMessageInOneTurn(self) -> None:
        """
        A name and messages that come in one chunk are answered in their order; a user who comes
        later in the turn misses the messages before.
        """
        ann = enter(self.hub, "Ann")
        ann.types("one", "/names", "two")
        bob = enter(self.hub, "Bob")
        bob.types("three")
        self.turn.end()
        self.assertEqual(
            ann.lines,
            [
                CONNECTED,
                "* Bob is now connected",
                "OK . .",
                "* 2 in #lobby: Ann, Bob",
                "OK . .",
                "Bob :: three",
            ],
        )
        self.assertEqual(bob.lines[0], CONNECTED)
        self.assertEqual(bob.lines[-1], "OK . .")

    def test_nameAndCommandInOneTurn(self) -> None:
        """
        The answer of a command that came with the name stands behind the welcome.
        """
        ann = enter(self.hub, "Ann")
        ann.types("/names")
        self.turn.end()
        self.assertEqual(ann.lines, [CONNECTED, "* 1 in #lobby: Ann"])

    def test_wholeStayInOneTurn(self) -> None:
        """
        A user who enters, speaks and leaves in one turn is answered each of these.
        """
        (ann,) = self.enterInOneTurn("Ann")
        ann.forget()
        bob = enter(self.hub, "Bob")
        bob.types("hello", "/quit", "never heard")
        self.turn.end()
        self.assertEqual(bob.lines, [CONNECTED, "OK . .", "* Goodbye"])
        self.assertEqual(ann.lines, ["* Bob is now connected", "Bob :: hello", "* Bob has left"])
        self.assertEqual(len(self.hub.lobby), 1)

    def test_noneAboveTheLimit(self) -> None:
        """
        A room of more than 200 members tells no comings and goings, and messages are heard.
        """
        people = self.enterInOneTurn(*(f"user{n}" for n in range(PRESENCE_LIMIT + 1)))
        ann = people[0]
        ann.forget()
        bob, cem = self.enterInOneTurn("Bob", "Cem")
        bob.types("/nick Rob", "hello")
        cem.drops()
        self.turn.end()
        self.assertEqual(ann.lines, ["Rob :: hello"])

    def test_crowdInOneTurn(self) -> None:
        """
        A crowd that comes in one turn is told of as long as the room tells presence.
        """
        (ann,) = self.enterInOneTurn("Ann")
        ann.forget()
        crowd = self.enterInOneTurn(*(f"user{n}" for n in range(500)))
        self.assertEqual(
            ann.lines, [f"* user0, user1 and {PRESENCE_LIMIT - 2} more are now connected"]
        )
        self.assertEqual(crowd[-1].lines, [CONNECTED])

    def test_smallRoomOfALargeChat(self) -> None:
        """
        A member of a small room hears once of those who leave or are renamed, although the lobby is
        too large to tell it.
        """
        people = self.enterInOneTurn(*(f"user{n}" for n in range(PRESENCE_LIMIT)))
        ann, bob, cem = self.enterInOneTurn("Ann", "Bob", "Cem")
        for person in (ann, bob, cem):
            person.types("/join #a", "/join #b")
        self.turn.end()
        cem.types("/leave #a")
        self.turn.end()
        for person in (*people, ann, bob, cem):
            person.forget()
        bob.types("/nick Rob", "/quit")
        cem.types("/quit")
        self.turn.end()
        self.assertEqual(ann.lines[0], "* Bob is now Rob")
        rest = "\n".join(ann.lines[1:])
        self.assertEqual((rest.count("Rob"), rest.count("Cem")), (1, 1), rest)
        self.assertEqual(people[0].lines, [])

    def test_comeAndGoInOneTurn(self) -> None:
        """
        A user who comes and goes at once is told of, and stays nowhere.
        """
        (ann,) = self.enterInOneTurn("Ann")
        ann.forget()
        enter(self.hub, "Bob").drops()
        self.turn.end()
        self.assertEqual(ann.lines, ["* Bob is now connected", "* Bob has left"])
        self.assertEqual((len(self.hub.lobby), list(self.hub.users)), (1, ["Ann"]))

    def test_moversAndStrangers(self) -> None:
        """
        A user who leaves a room hears nothing of it that comes after, even in the same turn; one
        who joins hears nothing of before.
        """
        ann, bob, cem = self.enterInOneTurn("Ann", "Bob", "Cem")
        ann.types("/join #dev")
        self.turn.end()
        for person in (ann, bob, cem):
            person.forget()
        bob.types("/join #dev")
        ann.types("/leave #dev")
        cem.types("/join #dev")
        self.turn.end()
        self.assertEqual(ann.lines, ["* Bob has joined #dev", "* You are in #lobby (3 here)"])
        self.assertEqual(
            sorted(bob.lines),
            ["* Ann has left #dev", "* Cem has joined #dev", "* You are in #dev (2 here)"],
        )
        self.assertEqual(cem.lines, ["* You are in #dev (2 here)"])
