# -*- test-case-name: tests.chat.test_onetimecodes -*-
"""
Tests for L{twisted_chat.chat.login}: one-time codes.
"""

from __future__ import annotations

from tests.support.accounts import SECRET, AccountsTestCase, TurnTestCase, register
from tests.support.helpers import CONNECTED
from twisted_chat.accounts.law import Policies
from twisted_chat.chat.login import MAX_DEVICES


class CodeTests(AccountsTestCase):
    """
    One-time codes in the place of a password.
    """

    def code(self, command: str) -> str:
        """
        @return: the code that a command of Ann's gives.
        """
        return self.said(self.ann, command)[-1].rpartition(" ")[2]

    def test_device(self) -> None:
        """
        A code of C{/device add} lets one more device in, once, and a made secret takes its place.
        """
        code = self.code("/device add phone")
        phone = self.logIn(f"Ann {code}")
        self.assertEqual(phone.lines[0], CONNECTED)
        self.assertRegex(phone.lines[1], rf"^\* Next time enter: Ann {SECRET}$")
        self.assertEqual(phone.user.device, "phone")
        secret = phone.lines[1].rpartition(" ")[2]
        self.assertIsNone(self.logIn(f"Ann/phone {secret}").loginError)
        self.assertIn("wrong-login", self.refusal(f"Ann {code}"))

    def test_expired(self) -> None:
        """
        A code that is too old lets nobody in.
        """
        code, invitation = self.code("/device add phone"), self.code("/invite-code")
        self.now += 601
        self.assertIn("wrong-login", self.refusal(f"Ann {code}"))
        self.assertIsNone(self.logIn(f"Cem {invitation}").loginError)
        invitation = self.code("/invite-code")
        self.now += 7 * 86_400 + 1
        self.assertIn("wrong-login: nobody is registered as Dai", self.refusal(f"Dai {invitation}"))

    def test_othersCode(self) -> None:
        """
        A code for a device of one account lets nobody in to another.
        """
        other = register(self.bob)
        code = self.code("/device add phone")
        self.assertIn("wrong-login", self.refusal(f"Bob {code}"))
        self.assertIsNone(self.logIn(f"Bob {other}").loginError)
        self.assertIsNone(self.logIn(f"Ann {code}").loginError)

    def test_invitation(self) -> None:
        """
        A code of C{/invite-code} registers a new name at the prompt, once.
        """
        code = self.code("/invite-code")
        cem = self.logIn(f"Cem {code}")
        self.assertEqual(cem.lines[0], CONNECTED)
        self.assertRegex(cem.lines[1], rf"^\* Cem is yours. Next time enter: Cem {SECRET}$")
        self.assertTrue(cem.user.member.isRegistered and cem.user.isProved)
        self.assertIn("Cem is registered", self.refusal("cem"))
        self.assertIsNone(self.logIn(cem.lines[1].partition(": ")[2]).loginError)
        self.assertIn("wrong-login: nobody is registered as Dai", self.refusal(f"Dai {code}"))

    def test_invitationOfGuestsWhoMayNotEnter(self) -> None:
        """
        A code registers somebody where guests may not enter and nobody registers without one.
        """
        self.hub.state.law.policies = Policies("no", "invited")
        self.assertIn("not-allowed", self.refusal("Cem"))
        cem = self.logIn(f"Cem {self.code('/invite-code')}")
        self.assertIsNone(cem.loginError)
        self.assertIn("Cem is yours", cem.lines[1])

    def test_invitationForATakenName(self) -> None:
        """
        A code is still good after the name that it was used for was refused.
        """
        code = self.code("/invite-code")
        self.assertIn("name-taken", self.refusal(f"Bob {code}"))
        self.assertIn("name-taken", self.refusal(f"Ann {code}"))
        self.assertIn("bad-name", self.refusal(f"! {code}"))
        self.assertIsNone(self.logIn(f"Cem {code}").loginError)

    def test_invitationForAGuest(self) -> None:
        """
        A guest who is here already registers with C{/register CODE}.
        """
        self.hub.state.law.policies = Policies("yes", "invited")
        code = self.code("/invite-code")
        self.assertIn("takes a code", self.said(self.bob, "/register")[-1])
        self.assertIn("Bob is yours", self.said(self.bob, f"/register {code}")[-1])

    def test_tooManyConnections(self) -> None:
        """
        A code is still good after its owner was refused for having too many connections.
        """
        code = self.code("/device add phone")
        others = [self.annAgain() for _ in range(MAX_DEVICES - 1)]
        self.assertIn("too-many-tries", self.refusal(f"Ann {code}"))
        others[0].types("/quit")
        self.assertIsNone(self.logIn(f"Ann {code}").loginError)

    def test_labelInUse(self) -> None:
        """
        A code is refused, and still good, while another device has its label.
        """
        first, second = self.code("/device add phone"), self.code("/device add phone")
        self.assertIsNone(self.logIn(f"Ann {first}").loginError)
        self.assertIn("a device of yours is called phone", self.refusal(f"Ann {second}"))
        self.ann.types("/device remove phone")
        self.assertIsNone(self.logIn(f"Ann {second}").loginError)


class CodeRaceTests(TurnTestCase):
    """
    A code that is used twice in one turn.
    """

    def test_device(self) -> None:
        """
        The first use in the log is let in, and the second is refused.
        """
        self.ann.types("/device add phone")
        self.turn.end()
        code = self.ann.lines[-1].rpartition(" ")[2]
        first, second = self.logIn(f"Ann {code}"), self.logIn(f"Ann {code}")
        self.turn.end()
        self.assertIsNone(first.loginError)
        assert second.loginError is not None
        self.assertIn("wrong, used or too old", second.loginError.sentence)

    def test_invitation(self) -> None:
        """
        The first use in the log is registered, and the name of the second is free.
        """
        self.ann.types("/invite-code")
        self.turn.end()
        code = self.ann.lines[-1].rpartition(" ")[2]
        first, second = self.logIn(f"Cem {code}"), self.logIn(f"Dai {code}")
        self.turn.end()
        self.assertIsNone(first.loginError)
        assert second.loginError is not None
        self.assertIn("wrong, used or too old", second.loginError.sentence)
        self.assertEqual(sorted(self.hub.users), ["Ann", "Cem"])
        self.assertIsNone(self.enter("Dai").loginError)
