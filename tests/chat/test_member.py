# -*- test-case-name: tests.chat.test_member -*-
"""
Tests for L{twisted_chat.chat.member}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.accounts import AccountsTestCase
from twisted_chat.chat.member import Member, membersOf
from twisted_chat.stores.session import Session
from twisted_chat.wire.textlines import TEXT


class MemberTests(AccountsTestCase):
    """
    A member with several connections.
    """

    def test_devices(self) -> None:
        """
        A member has their connections, oldest first.
        """
        member = self.ann.user.member
        again, third = self.annAgain(), self.annAgain()
        self.assertEqual(member.devices, (self.ann.user, again.user, third.user))
        again.types("/quit")
        self.assertEqual(member.devices, (self.ann.user, third.user))
        self.assertEqual(list(membersOf(self.hub.lobby)), [member, self.bob.user.member])

    def test_attachedTwice(self) -> None:
        """
        A connection that is attached again is there once.
        """
        member = self.bob.user.member
        member.attach(self.bob.user)
        self.assertEqual(member.devices, (self.bob.user,))

    def test_detach(self) -> None:
        """
        A connection that is detached hears no room; detaching it again does nothing.
        """
        again = self.annAgain()
        member = self.ann.user.member
        for _ in range(2):
            member.detach(again.user)
            self.assertNotIn(again.user, self.hub.lobby.audience)
            self.assertEqual(member.devices, (self.ann.user,))

    def test_alone(self) -> None:
        """
        The audience of a member is all their connections, as they are now.
        """
        member = self.ann.user.member
        self.assertEqual(list(member.alone), [self.ann.user])
        again = self.annAgain()
        self.assertEqual(set(member.alone), {self.ann.user, again.user})
        self.assertEqual(member.alone.viewOf(again.user), TEXT.here)
        again.types("/quit")
        self.assertEqual(list(member.alone), [self.ann.user])

    def test_nowhere(self) -> None:
        """
        A line that is sent to a lost connection goes nowhere.
        """
        self.ann.user.detach()
        self.ann.user.put(b"data\r\n")
        self.assertEqual(self.ann.puts, [])


class AccountTests(SynchronousTestCase):
    """
    A member with an account, and one without.
    """

    def test_own(self) -> None:
        """
        A member has an account from the registration until its end.
        """
        member = Member("Ann", "a1", 0.0)
        self.assertEqual((member.isRegistered, member.account), (False, ""))
        member.own("Anna")
        self.assertEqual((member.isRegistered, member.account), (True, "Anna"))
        assert member.record is not None
        self.assertEqual((member.record.sid, member.record.account), ("a1", "a1"))
        record = Session("a1", "hash", "Ann", account="a1")
        member.own("Anna", record)
        self.assertIs(member.record, record)
        member.disown()
        self.assertEqual((member.isRegistered, member.account), (False, ""))
