# -*- test-case-name: tests.accounts.test_bans -*-
"""
Tests for L{twisted_chat.accounts.bans}.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.support.laws import visitor
from twisted_chat.accounts.bans import Ban, BanIndex, Visitor
from twisted_chat.text.confusables import looks

FAST = settings(deadline=None, max_examples=200, derandomize=True, database=None)

NOW = 1_000.0


def ban(id: int, place: str = "!", what: str = "enter", until: float = 0, **whom: Any) -> Ban:
    """
    @return: a ban of whom this concerns.
    """
    record = {"place": place, "what": what, "until": until, "since": 0.0, **whom}
    return Ban.fromRecord(id, {"name": "T", "author": "A", "reason": "r", **record})


class IndexTests(SynchronousTestCase):
    """
    Bans, found by the users whom they concern.
    """

    def setUp(self) -> None:
        self.index = BanIndex()

    def found(self, who: Visitor, place: str = "!", what: str = "enter", **more: Any) -> int:
        """
        @return: the id of the ban that concerns somebody, or 0.
        """
        found = self.index.find(place, what, who, more.pop("now", NOW), **more)
        return 0 if found is None else found.id

    def test_who(self) -> None:
        """An account or a session is found whatever its name and address are."""
        self.index.put(ban(1, who="ann"))
        self.assertEqual(self.found(visitor("Other", "192.0.2.1", who="ann")), 1)
        self.assertEqual(self.found(visitor("Ann", who="bob")), 0)

    def test_looks(self) -> None:
        """A name is found by each of its looks."""
        self.index.put(ban(1, looks=sorted(looks("Neil"))))
        for name in ("Neil", "NEIL", "NeiI", "Nеil"):
            self.assertEqual(self.found(visitor(name)), 1, name)
        self.assertEqual(self.found(visitor("Nell")), 0)

    def test_networks(self) -> None:
        """An address is found in every network around it, however it is written."""
        self.index.put(ban(1, net="203.0.113.0/24"))
        self.index.put(ban(2, net="2001:db8:1:2::/64"))
        for host in ("203.0.113.1", "203.0.113.255", "::ffff:203.0.113.9"):
            self.assertEqual(self.found(visitor("A", host)), 1, host)
        for host in ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"):
            self.assertEqual(self.found(visitor("A", host)), 2, host)
        for host in ("203.0.114.1", "2001:db8:1:3::1", "::203.0.113.1", "", "socket"):
            self.assertEqual(self.found(visitor("A", host)), 0, host)

    def test_spares(self) -> None:
        """A ban of a network may spare users who are logged in, and them alone."""
        self.index.put(ban(1, net="203.0.113.0/24", spares=True))
        self.assertEqual(self.found(visitor("A", "203.0.113.1", account=False)), 1)
        self.assertEqual(self.found(visitor("A", "203.0.113.1", account=True)), 0)
        self.index.put(ban(2, net="203.0.113.1/32"))
        self.assertEqual(self.found(visitor("A", "203.0.113.1", account=True)), 2)

    def test_patterns(self) -> None:
        """A pattern matches names by their looks."""
        self.index.put(ban(1, pattern="*spam*"))
        for name in ("spam", "SPAM1", "xXspamXx", "sрam"):
            self.assertEqual(self.found(visitor(name)), 1, name)
        self.assertEqual(self.found(visitor("spa")), 0)
        self.index.drop(1)
        self.assertEqual(self.found(visitor("spam")), 0)

    def test_exempt(self) -> None:
        """A user who is exempt is found by their account alone."""
        everything: dict[str, Any] = {
            "looks": sorted(looks("Ann")),
            "net": "192.0.2.0/24",
            "pattern": "an*",
        }
        self.index.put(ban(1, **everything))
        self.assertEqual(self.found(visitor("Ann", "192.0.2.1")), 1)
        self.assertEqual(self.found(visitor("Ann", "192.0.2.1"), exempt=True), 0)
        self.index.put(ban(2, who="ann"))
        self.assertEqual(self.found(visitor("Ann"), exempt=True), 2)

    def test_ends(self) -> None:
        """A ban holds until its end, and the last of several to end is told."""
        self.index.put(ban(1, who="ann", until=NOW + 10))
        self.index.put(ban(2, who="ann", until=NOW + 20))
        for now, id in ((NOW, 2), (NOW + 15, 2), (NOW + 20, 0)):
            self.assertEqual(self.found(visitor("Ann"), now=now), id)
        self.index.put(ban(3, who="ann"))
        self.assertEqual(self.found(visitor("Ann"), now=1e12), 3)

    def test_places(self) -> None:
        """A ban holds in its place, for the act that it forbids."""
        self.index.put(ban(1, "7", "speak", who="ann"))
        self.assertEqual(self.found(visitor("Ann"), "7", "speak"), 1)
        self.assertEqual(self.found(visitor("Ann"), "7", "enter"), 0)
        self.assertEqual(self.found(visitor("Ann"), "!", "speak"), 0)
        self.assertTrue(self.index.holds("7", "speak"))
        self.index.drop(1)
        self.assertFalse(self.index.holds("7", "speak"))

    def test_newest(self) -> None:
        """The newest bans in force are listed first, of both sorts."""
        for id in range(1, 7):
            what = "speak" if id % 2 else "enter"
            self.index.put(ban(id, what=what, who="ann", until=NOW if id == 5 else 0))
        self.index.put(ban(9, "7", who="ann"))
        listed = [each.id for each in self.index.newest("!", NOW, 4)]
        self.assertEqual(listed, [6, 4, 3, 2])

    @FAST
    @given(st.data())
    def test_dropped(self, data: st.DataObject) -> None:
        """Bans that were put and dropped in any order are found as in a list of those left."""
        who = st.sampled_from(["", "ann", "bob"])
        net = st.sampled_from(
            ["", "192.0.2.0/24", "192.0.2.1/32", "2001:db8::/64", "2001:db8::/32"]
        )
        pattern = st.sampled_from(["", "an*", "*ob"])
        self.index = BanIndex()
        left: dict[int, Ban] = {}
        for id in data.draw(st.lists(st.integers(1, 6), max_size=20)):
            if id in left:
                self.assertEqual(self.index.drop(id), left.pop(id))
            else:
                whom: dict[str, Any] = {
                    "who": data.draw(who),
                    "net": data.draw(net),
                    "pattern": data.draw(pattern),
                }
                left[id] = ban(id, **whom)
                self.index.put(left[id])
        self.assertEqual(len(self.index), len(left))
        for name in ("Ann", "Bob", "Cid"):
            for host in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:1::1", "10.0.0.1"):
                wanted = any(_concerns(each, name, host) for each in left.values())
                self.assertEqual(bool(self.found(visitor(name, host))), wanted)
        for id in list(left):
            self.index.drop(id)
        self.assertFalse(self.index.holds("!", "enter"))


def _concerns(each: Ban, name: str, host: str) -> bool:
    """
    @return: whether a ban of the test above concerns somebody, by the plainest means.
    """
    inNet = {
        "192.0.2.0/24": host.startswith("192.0.2."),
        "192.0.2.1/32": host == "192.0.2.1",
        "2001:db8::/64": host == "2001:db8::1",
        "2001:db8::/32": host.startswith("2001:db8:"),
    }
    matches = {"an*": name == "Ann", "*ob": name == "Bob"}
    return (
        each.who == name.lower() or inNet.get(each.net, False) or matches.get(each.pattern, False)
    )
