"""
Tests of the list of ignored users.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.ignoring import MAX_ALIASES, IgnoreList


class IgnoreTests(SynchronousTestCase):
    """
    The users whom the user ignores.
    """

    def setUp(self) -> None:
        self.ignored = IgnoreList(["Bob"])

    def covered(self, *names: str) -> list[str]:
        return [each for each in names if self.ignored.covers(each)]

    def test_forms(self) -> None:
        """Case and Unicode form do not matter."""
        self.ignored.add("José")
        self.assertEqual(self.covered("BOB", "Jose\u0301", "Jose"), ["BOB", "Jose\u0301"])

    def test_renamed(self) -> None:
        """
        An ignored user is followed to each new name, and a name they gave up is free for others.
        """
        self.assertTrue(self.ignored.renamed("Bob", "Rob"))
        self.assertEqual(self.covered("Bob", "Rob", "Tom"), ["Bob", "Rob"])
        self.assertTrue(self.ignored.renamed("Rob", "Tom"))
        self.assertEqual(self.covered("Bob", "Rob", "Tom"), ["Bob", "Tom"])
        self.assertFalse(self.ignored.renamed("Rob", "Eve"))
        self.assertEqual(self.ignored.describe(), "Bob (now Tom)")

    def test_oldName(self) -> None:
        """
        An ignored user who takes their old name again, at once or on their return, stays ignored.
        """
        self.ignored.renamed("Bob", "Rob")
        self.ignored.renamed("Rob", "bob")
        self.assertEqual(self.covered("Bob", "Rob"), ["Bob"])
        self.assertEqual(self.ignored.aliases, {})
        self.assertEqual(self.ignored.describe(), "Bob")

    def test_removed(self) -> None:
        """Ignoring ends by the old or by the new name, for all of them."""
        for name in ("bob", "ROB"):
            self.ignored.add("Bob")
            self.ignored.renamed("Bob", "Rob")
            self.assertTrue(self.ignored.remove(name))
            self.assertEqual(self.covered("Bob", "Rob"), [])
        self.assertFalse(self.ignored.remove("Bob"))
        self.assertEqual(self.ignored.describe(), "nobody")

    def test_bounded(self) -> None:
        """A user who keeps changing names costs bounded memory, and stays ignored."""
        self.ignored = IgnoreList(map(str, range(3 * MAX_ALIASES)))
        for number in range(3 * MAX_ALIASES):
            self.ignored.renamed(str(number), f"N{number}")
        self.assertEqual(len(self.ignored.aliases), MAX_ALIASES)
        self.assertEqual(self.covered("0", "N0", f"N{3 * MAX_ALIASES - 1}"), ["0", "N599"])

    @settings(deadline=None, max_examples=100, derandomize=True, database=None)
    @given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), max_size=12))
    def test_stored(self, renames: list[tuple[str, str]]) -> None:
        """The stored list is complete, whatever happened."""
        ignored = IgnoreList(["a"])
        for name, to in renames:
            ignored.renamed(name, to)
        self.assertEqual(IgnoreList(ignored.names, ignored.aliases), ignored)
        self.assertTrue(ignored.covers("a"))


class AccountTests(SynchronousTestCase):
    """
    Ignored users who are registered.
    """

    def test_byAccount(self) -> None:
        """
        An ignored account is ignored under every name; a user who has its name without it is not.
        """
        ignored = IgnoreList(["Bob", "Eve"], accounts={"Bob": "Bobby", "Zoe": "Zoe"})
        for name, account, covered in (
            ("Bob", "bobby", True),
            ("Rob", "Bobby", True),
            ("Bob", "", False),
            ("Bob", "Other", False),
            ("Bob", None, True),
            ("Eve", "", True),
            ("Eve", None, True),
            ("Eve", "Evelyn", True),
            ("Zoe", "Zoe", False),
        ):
            self.assertEqual(ignored.covers(name, account), covered, (name, account))

    def test_unignored(self) -> None:
        """
        An account is no longer ignored once its name is not; a name that is ignored again without
        an account stands alone.
        """
        ignored = IgnoreList(["Bob"], accounts={"Bob": "Bobby"})
        self.assertEqual(ignored.accounts, {"Bob": "Bobby"})
        ignored.add("bob")
        self.assertEqual(ignored.accounts, {})
        ignored.add("Bob", "Bobby")
        self.assertTrue(ignored.remove("Bob"))
        self.assertFalse(ignored.covers("Rob", "Bobby"))
