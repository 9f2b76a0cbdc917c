# -*- test-case-name: tests.chat.test_roster -*-
"""
Tests for L{twisted_chat.chat.roster}, in a chat.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import enter, enterAll, makeHub, makeTurnHub
from twisted_chat.errors import BadName, NameTaken, NoSuchUser


class NamesTests(SynchronousTestCase):
    """
    The names of those who are here: who may have one, who is found by one, and when one is free.
    """

    def setUp(self) -> None:
        self.hub = makeHub()

    def test_namesThatLookAlike(self) -> None:
        """
        A name that another user has, or that can be taken for it, is refused.
        """
        enter(self.hub, "Alexei")
        for name, words in (
            ("Alexei", "is taken"),
            ("ALEXEI", "looks like Alexei"),
            ("AIexei", "looks like Alexei"),
            ("Аlexei", ""),
        ):
            error = enter(self.hub, name).loginError
            assert isinstance(error, NameTaken | BadName), name
            self.assertIn(words, error.sentence)
        self.assertEqual(list(self.hub.users), ["Alexei"])

    def test_badName(self) -> None:
        """
        A name that nobody may have is refused before anybody hears of it.
        """
        for name in ("server", "two words", "", "#lobby", "*"):
            self.assertIsInstance(enter(self.hub, name).loginError, BadName)
        self.assertEqual(self.hub.users, {})
        self.assertEqual(self.hub.lastId, 0)

    def test_togetherByTheirSpelling(self) -> None:
        """
        Names that a reader tells apart as they are written are here together.
        """
        names = ["Ella", "Elia", "Ian", "Lan", "Kai", "Kal", "Neil", "Nell"]
        enterAll(self.hub, *names)
        self.assertEqual(list(self.hub.users), names)
        self.assertIsInstance(enter(self.hub, "NeiI").loginError, NameTaken)

    def test_find(self) -> None:
        """
        People are found by their name in any case and Unicode form.
        """
        ann = enter(self.hub, "Ann")
        for name in ("Ann", "ann", "ANN", "Ａｎｎ"):
            self.assertIs(self.hub.state.roster.find(name), ann.user.member)
        with self.assertRaises(NoSuchUser):
            self.hub.state.roster.find("Bob")

    def test_findNobodyElse(self) -> None:
        """
        A name that only looks like a user's finds nobody, and the error suggests a name one letter
        off.
        """
        enterAll(self.hub, "Neil", "Bob", "том", "Ian")
        for name, words in (
            ("Nell", "did you mean Neil?"),
            ("NeiI", "did you mean Neil?"),
            ("B0b", "did you mean Bob?"),
            ("lan", "did you mean Ian?"),
            ("Tom", "/names tells who is"),
            ("x" * 4096, "/names tells who is here"),
        ):
            error = self.assertRaises(NoSuchUser, self.hub.state.roster.find, name)
            self.assertIn(words, error.sentence)

    def test_wordForAnother(self) -> None:
        """
        A message to one user reaches no other whose name looks like theirs.
        """
        neil, bob = enterAll(self.hub, "Neil", "Bob")
        bob.types("/msg Nell Bill is fired", "/join #hr sesame", "/invite Nell", "/who Nell")
        self.assertEqual(neil.lines, [])
        refused = [line for line in bob.lines if line[:2] == "! "]
        self.assertEqual(refused, ["! nobody of this name is here: did you mean Neil?"] * 3)

    def test_nameIsFreeAtOnce(self) -> None:
        """
        A name is free as soon as its owner leaves, and the order of the two stays clear.
        """
        hub, turn = makeTurnHub()
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob")
        turn.end()
        ann.forget()
        bob.drops()
        other = enter(hub, "Bob")
        turn.end()
        self.assertEqual(sorted(ann.lines), ["* Bob has left", "* Bob is now connected"])
        self.assertIs(hub.state.roster.find("Bob"), other.user.member)


class RenameTests(SynchronousTestCase):
    """
    A member who takes another name.
    """

    def setUp(self) -> None:
        self.hub = makeHub()

    def test_rename(self) -> None:
        """
        A new name is told to all and found from then on, and the old one is free.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/nick Anna", "hello")
        self.assertEqual(bob.lines, ["* Ann is now Anna", "Anna :: hello"])
        self.assertEqual(ann.lines, ["* You are now Anna", "OK . ."])
        self.assertIs(self.hub.state.roster.find("Anna"), ann.user.member)
        self.assertIs(enter(self.hub, "Ann").user.member, self.hub.users["Ann"])

    def test_renameToAnother(self) -> None:
        """
        A name that looks like another's is refused, and the user keeps their own.
        """
        ann, _ = enterAll(self.hub, "Ann", "Bob")
        ann.types("/nick B0B", "/nick bob", "still Ann")
        self.assertEqual(ann.lines[1][:2] + ann.lines[2], "! OK . .")
        self.assertIs(self.hub.state.roster.find("Ann"), ann.user.member)

    def test_renameByCase(self) -> None:
        """
        A user may take their own name in another case.
        """
        ann = enter(self.hub, "Ann")
        ann.types("/nick ANN")
        self.assertEqual(list(self.hub.users), ["ANN"])
        ann.types("/quit")
        self.assertEqual(self.hub.users, {})
        enter(self.hub, "Ann")

    def test_renameToTheSame(self) -> None:
        """
        A name that stays the same is told to nobody, and is still its owner's.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/nick Ann")
        self.assertEqual(ann.lines, ["! you are called Ann already: choose another name"])
        self.assertEqual(bob.lines, [])
        self.assertIs(self.hub.state.roster.find("ann"), ann.user.member)

    def test_renamedThenGone(self) -> None:
        """
        A user who takes a new name and leaves at once is heard of twice.
        """
        hub, turn = makeTurnHub()
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob")
        turn.end()
        ann.forget()
        bob.types("/nick Rob", "/quit")
        turn.end()
        self.assertEqual(ann.lines, ["* Bob is now Rob", "* Rob has left"])
