# -*- test-case-name: tests.accounts.test_banlists -*-
"""
Tests for L{twisted_chat.accounts.banlists}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.accounts.test_registry import CourtCase
from tests.support.laws import Court, Paper
from twisted_chat.accounts import banlists
from twisted_chat.accounts.banlists import MAX_PATTERNS, MAX_ROOM_BANS, PAGE_SIZE
from twisted_chat.errors import NoSuchRoom, NotAllowed
from twisted_chat.wire.events import SERVER

FAST = settings(deadline=None, max_examples=50, derandomize=True, database=None)


def check(paper: Paper) -> None:
    """
    Check that pages, bans and counts say the same.
    """
    bans = paper.all("ban")
    onPages: dict[str, tuple[str, int]] = {}
    for place, there in paper.all("place").items():
        assert len(set(there["bans"])) == len(there["bans"])
        for page in there["bans"]:
            ids = paper.get("page", f"{place} {page}")
            assert 0 < len(ids) <= PAGE_SIZE
            onPages.update((str(id), (place, page)) for id in ids)
    assert len(paper.all("page")) == sum(len(each["bans"]) for each in paper.all("place").values())
    assert onPages == {id: (ban["place"], ban["page"]) for id, ban in bans.items()}
    count = paper.all("count")
    assert count.get("bans", 0) == len(bans)
    assert count.get("patterns", 0) == sum("pattern" in ban for ban in bans.values())
    for place in paper.all("place"):
        there = sum(ban["place"] == place for ban in bans.values())
        assert count.get(f"bans {place}", 0) == there


class BanListTests(CourtCase):
    """
    Bans on pages.
    """

    def setUp(self) -> None:
        super().setUp()
        self.court.registers("Ann")
        self.dev = self.court.makes("ann")

    def test_roomBound(self) -> None:
        """A room has a thousand bans, and those that have ended make space."""
        for number in range(MAX_ROOM_BANS):
            self.court.mutes("ann", self.dev, f"g{number}", 60 if number == 700 else 0)
        self.void(self.court.mutes, "ann", self.dev, "more")
        self.court.bans("", SERVER, who="more")
        self.court.now += 60
        self.court.mutes("ann", self.dev, "more")
        self.void(self.court.mutes, "ann", self.dev, "more")
        check(self.paper)

    def test_patternBound(self) -> None:
        """The server has a thousand patterns, and those that have ended make space."""
        for number in range(MAX_PATTERNS):
            self.court.bans("", SERVER, pattern=f"s{number}*", seconds=0 if number else 60)
        self.void(self.court.bans, "", SERVER, pattern="more*")
        self.void(self.court.bans, "", self.dev, pattern="more*")
        self.court.bans("", SERVER, who="more")
        self.court.now += 60
        while self.paper.get("count", "patterns") == MAX_PATTERNS:
            try:
                self.court.bans("", SERVER, pattern="more*")
            except NotAllowed:
                continue
            break
        check(self.paper)

    def test_bound(self) -> None:
        """All places together have a bounded number of bans."""
        self.patch(banlists, "MAX_BANS", 3)
        self.court.mutes("ann", self.dev, "a")
        self.court.mutes("ann", self.dev, "b")
        ban = self.court.bans("", SERVER, who="c")
        self.void(self.court.mutes, "ann", self.dev, "d")
        self.void(self.court.bans, "", SERVER, who="d")
        self.court.lifts("", SERVER, ban)
        self.court.mutes("ann", self.dev, "d")

    def test_swept(self) -> None:
        """Bans that have ended are dropped from a full page, so that short bans do not pile up."""
        for number in range(10 * PAGE_SIZE):
            self.court.bans("", SERVER, who=f"g{number}", seconds=60)
            self.court.now += 1
        self.assertLess(len(self.paper.all("ban")), 2 * PAGE_SIZE)
        check(self.paper)

    @FAST
    @given(st.data())
    def test_anyOrder(self, data: st.DataObject) -> None:
        """The lists agree after any bans, lifts and closings, in any order."""
        self.patch(banlists, "PAGE_SIZE", 3)
        self.patch(banlists, "MAX_ROOM_BANS", 8)
        court = Court()
        places = [SERVER, court.makes(""), court.makes("")]
        bans: list[tuple[str, int]] = []
        for _ in range(data.draw(st.integers(0, 40))):
            act = data.draw(st.sampled_from(["ban"] * 6 + ["pattern", "lift", "lift", "close"]))
            place = data.draw(st.sampled_from(places))
            court.now += data.draw(st.integers(0, 20))
            try:
                if act in ("ban", "pattern"):
                    whom = {"pattern": "xx*"} if act == "pattern" else {"who": "g"}
                    seconds = data.draw(st.sampled_from([0, 10, 50]))
                    bans.append((place, court.bans("", place, seconds=seconds, **whom)))
                elif act == "lift" and bans:
                    court.lifts("", *data.draw(st.sampled_from(bans)))
                elif act == "close":
                    court.closes(place)
            except (NotAllowed, NoSuchRoom):
                pass
            checkSmall(court.paper)


def checkSmall(paper: Paper) -> None:
    """
    See L{check}, for the pages of the test above.
    """
    check(paper)
    assert all(len(ids) <= 3 for ids in paper.all("page").values())
