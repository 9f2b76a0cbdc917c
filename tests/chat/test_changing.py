# -*- test-case-name: tests.chat.test_changing -*-
"""
Tests for L{twisted_chat.chat.login}: guests who go on under their account.
"""

from __future__ import annotations

from tests.support.accounts import AccountsTestCase, TurnTestCase, register
from tests.support.helpers import CONNECTED, enter
from twisted_chat.wire.events import BANNED, SERVER, Draft, asData
from twisted_chat.wire.jsonlines import JSON


class ChangeTests(AccountsTestCase):
    """
    A guest who goes on under their account.
    """

    def test_alone(self) -> None:
        """
        A guest becomes the owner of an account; others see one leave and one come.
        """
        self.ann.types("/quit")
        eve = self.logIn("Eve")
        self.bob.forget()
        self.assertEqual(self.said(eve, f"/login Ann {self.secret}"), ["* Eve is now Ann"])
        self.assertEqual(self.bob.lines, ["* Eve has left", "* Ann is now connected"])
        self.assertEqual(sorted(self.hub.users), ["Ann", "Bob"])
        self.assertEqual(len(self.hub.lobby), 2)
        self.assertEqual(self.said(eve, "hi"), ["OK . ."])
        self.assertEqual(self.bob.lines[-1], "Ann :: hi")
        self.assertTrue(eve.user.isProved)
        eve.types("/quit")
        self.assertEqual(self.bob.lines[-1], "* Ann has left")
        self.assertIsNone(self.logIn("Eve").loginError)

    def test_besideAnother(self) -> None:
        """
        A guest becomes one more connection of somebody who is here.
        """
        self.ann.types("/join #dev")
        eve = self.logIn("Eve")
        self.bob.forget()
        eve.types(f"/login Ann {self.secret}")
        self.assertEqual(self.bob.lines, ["* Eve has left"])
        self.assertIs(eve.user.member, self.ann.user.member)
        self.assertEqual(self.said(eve, "hi"), ["OK . ."])
        self.assertEqual(self.ann.lines[-1], "#lobby Ann :: hi")

    def test_inbox(self) -> None:
        """
        The owner is shown the direct messages that came while they were away.
        """
        register(self.bob)
        self.ann.types("/quit")
        self.bob.types("/msg Ann psst")
        eve = self.logIn("Eve")
        lines = self.said(eve, f"/login Ann {self.secret}")
        self.assertEqual(
            lines[:2], ["* Eve is now Ann", "* 1 message for you alone while you were away:"]
        )
        self.assertRegex(lines[2], r"^\* .* Bob -> you :: psst$")

    def test_program(self) -> None:
        """
        A program is told its name and account, keeps its session, and resumes as the owner.
        """
        eve = enter(self.hub, "Eve", JSON)
        eve.forget()
        first = eve.user.session
        eve.asks("command", line=f"/login Ann {self.secret}", key="l1")
        self.assertEqual(
            eve.objectsOf("login"),
            [{"type": "login", "name": "Ann", "account": "Ann", "key": "l1"}],
        )
        eve.asks("say", text="hi", key="1")
        self.assertEqual(eve.objects[-1]["key"], "1")
        self.assertEqual(
            (eve.user.session.sid, eve.user.session.account), (first.sid, self.ann.user.sid)
        )

    def test_currentRoom(self) -> None:
        """
        A message that is meant for the guest's room goes to no other room.
        """
        eve = self.logIn("Eve")
        eve.types("/join #dev", f"/login Ann {self.secret}")
        self.assertRegex(
            self.said(eve, "for #dev alone")[-1], "^! the room you spoke in is not open"
        )
        self.assertNotIn("for #dev alone", "".join(self.bob.lines))
        self.assertEqual(self.said(eve, "for all"), ["OK . ."])
        dai = self.logIn("Dai")
        self.ann.types("/join #dev")
        dai.types("/join #dev", f"/login Ann {self.secret}")
        self.assertEqual(self.said(dai, "for #dev"), ["OK . ."])
        self.assertEqual(self.ann.lines[-1], "Ann :: for #dev")

    def test_wrongSecret(self) -> None:
        """
        A wrong secret leaves the guest who they are.
        """
        eve = self.logIn("Eve")
        for name in ("Ann", "Bob", "Nobody"):
            self.assertRegex(self.said(eve, f"/login {name} wrong")[-1], "^! ")
        self.assertEqual(sorted(self.hub.users), ["Ann", "Bob", "Eve"])
        self.assertEqual(self.said(eve, "hi"), ["OK . ."])

    def test_twoAccounts(self) -> None:
        """
        The owner of one account does not go on under another.
        """
        register(self.bob)
        self.assertRegex(
            self.said(self.bob, f"/login Ann {self.secret}")[-1], "^! you are logged in as Bob"
        )

    def test_banned(self) -> None:
        """
        A banned user does not log in from a guest's connection.
        """
        eve = self.logIn("Eve")
        data = asData({"place": SERVER, "what": "enter", "who": self.ann.user.sid, "until": 0})
        self.hub.log.append(Draft(BANNED, SERVER, "server", "spam", "Ann", data=data), None)
        self.assertRegex(self.said(eve, f"/login Ann {self.secret}")[-1], "^! you are banned")
        self.assertEqual(eve.user.name, "Eve")


class ChangeTurnTests(TurnTestCase):
    """
    A guest who goes on under their account, while the log takes its time.
    """

    def setUp(self) -> None:
        super().setUp()
        self.ann.types("/quit")
        self.turn.end()
        self.bob, self.eve = self.enter("Bob"), self.enter("Eve")
        self.bob.forget()

    def step(self) -> None:
        """
        End the turn, and not those that follow from it.
        """
        due, self.turn._due = self.turn._due, []
        for call in due:
            call()

    def test_lost(self) -> None:
        """
        A connection that is lost at any step leaves nobody behind, and the others see each user
        leave once.
        """
        for turns in range(4):
            eve = self.enter(f"Eve{turns}")
            self.bob.forget()
            eve.types(f"/login Ann {self.secret}")
            for _ in range(turns):
                self.step()
            eve.drops()
            self.turn.end()
            self.assertEqual(sorted(self.hub.users), ["Bob", "Eve"], turns)
            self.assertEqual(len(self.hub.lobby), 2)
            self.assertEqual(self.bob.lines.count(f"* Eve{turns} has left"), 1, self.bob.lines)
            self.assertEqual(
                self.bob.lines.count("* Ann is now connected"),
                self.bob.lines.count("* Ann has left"),
            )
            again = self.logIn(f"Ann {self.secret}")
            self.turn.end()
            self.assertEqual(again.lines, [CONNECTED])
            again.types("/quit")
            self.turn.end()

    def test_twoAtOnce(self) -> None:
        """
        Two guests who log in to one account in one turn, and a device that enters in it, are one
        member.
        """
        dai = self.enter("Dai")
        self.bob.forget()
        for client in (self.eve, dai):
            client.types(f"/login Ann {self.secret}")
        fresh = self.logIn(f"Ann {self.secret}")
        self.turn.end()
        self.assertEqual(sorted(self.hub.users), ["Ann", "Bob"])
        self.assertEqual(len(self.hub.lobby), 2)
        self.assertEqual(len(self.hub.users["Ann"].devices), 3)
        self.assertEqual(self.bob.lines.count("* Ann is now connected"), 1)
        for client in (self.eve, dai, fresh):
            client.forget()
            client.types("hi")
            self.turn.end()
            self.assertEqual(client.lines[-1], "OK . .")

    def test_linesWait(self) -> None:
        """
        The lines that the guest types behind a login are said under the account.
        """
        self.eve.types(f"/login Ann {self.secret}", "hi")
        self.turn.end()
        self.assertEqual(self.bob.lines[-1], "Ann :: hi")
