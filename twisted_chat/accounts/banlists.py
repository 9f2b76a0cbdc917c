# -*- test-case-name: tests.accounts.test_banlists -*-
"""
Lists the bans of a place in the records: on pages, so that adding one ban to a hundred thousand
rewrites little.

No event marks the end of a ban.  Bans that have ended are dropped when the last page is full, or
when a bound is reached.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from ..errors import NotAllowed
from ..stores.interfaces import Records
from ..wire.events import SERVER
from .ranks import placeOf
from .records import BAN, COUNT, PAGE, PLACE

MAX_ROOM_BANS: Final = 1_000
"""Bans in one room."""

MAX_BANS: Final = 100_000
"""Bans in all places: some 60 MiB."""

MAX_PATTERNS: Final = 1_000
"""Bans by pattern in all places: each entry tries all patterns of one place."""

PAGE_SIZE: Final = 250
"""Bans on one page."""

SWEPT_PAGES: Final = 4
"""Pages that are searched at once for bans that have ended, which takes some 5 ms."""

Ended = Mapping[int, Collection[int]]
"""Bans that have ended, by the number of their page."""


def count(records: Records, what: str) -> int:
    """
    @return: the current count of something that has a bound.
    """
    return records.get(COUNT, what) or 0


def add(records: Records, what: str, more: int) -> None:
    """
    @param more: how much to add to the count; negative to subtract.
    """
    records.put(COUNT, what, (count(records, what) + more) or None)


def listed(records: Records, place: str, page: int) -> list[int]:
    """
    @return: the ids of the bans on a page.
    """
    return records.get(PAGE, f"{place} {page}") or []


def checkSpace(records: Records, place: str, ban: Mapping[str, Any], id: int) -> Ended:
    """
    Check that one more ban is within the bounds.

    @param ban: its record.
    @param id: its id.
    @return: the bans that have ended and must be dropped to make space.
    @raise NotAllowed: if there are too many even without them.
    """
    pages = placeOf(records, place)["bans"]
    isFull = len(listed(records, place, pages[-1])) >= PAGE_SIZE if pages else False
    ended: dict[int, list[int]] = {}
    if isFull or _excess(records, place, ban, []):
        first = id % len(pages) if pages else 0
        for page in (pages[first:] + pages[:first])[:SWEPT_PAGES]:
            over = [
                each
                for each in listed(records, place, page)
                if _isOver(records, each, ban["since"])
            ]
            if over:
                ended[page] = over
    excess = _excess(records, place, ban, [each for over in ended.values() for each in over])
    if excess:
        raise NotAllowed(f"there are {excess}, which is the most: /unban somebody first")
    return ended


def _isOver(records: Records, id: int, time: float) -> bool:
    until: float = records.get(BAN, str(id))["until"]
    return 0 < until <= time


def _excess(records: Records, place: str, ban: Mapping[str, Any], ended: Collection[int]) -> str:
    """
    @param ended: the ids of bans of this place that are not counted.
    @return: the bound that one more ban would exceed, in words; empty if none.
    """
    if count(records, "bans") - len(ended) >= MAX_BANS:
        return f"{MAX_BANS} bans on this server"
    if place != SERVER and count(records, f"bans {place}") - len(ended) >= MAX_ROOM_BANS:
        return f"{MAX_ROOM_BANS} bans in this room"
    if "pattern" in ban:
        fewer = sum("pattern" in records.get(BAN, str(each)) for each in ended)
        if count(records, "patterns") - fewer >= MAX_PATTERNS:
            return f"{MAX_PATTERNS} bans by pattern"
    return ""


def enter(records: Records, id: int, ban: Mapping[str, Any]) -> None:
    """
    Add a ban after L{checkSpace} has found space for it.

    @param id: its id.
    @param ban: its record, with its place.
    """
    place = ban["place"]
    there = placeOf(records, place)
    pages = there["bans"]
    page = pages[-1] if pages else 0
    ids = listed(records, place, page)
    if len(ids) >= PAGE_SIZE:
        page, ids = page + 1, []
    if page not in pages:
        records.put(PLACE, place, {**there, "bans": [*pages, page]})
    records.put(PAGE, f"{place} {page}", [*ids, id])
    records.put(BAN, str(id), {**ban, "page": page})
    _recount(records, place, 1, "pattern" in ban)


def drop(records: Records, place: str, ended: Ended) -> None:
    """
    Forget bans of one place.

    @param ended: the bans to forget.
    """
    empty = set()
    for page, ids in ended.items():
        left = [each for each in listed(records, place, page) if each not in ids]
        records.put(PAGE, f"{place} {page}", left or None)
        if not left:
            empty.add(page)
        patterns = sum("pattern" in records.get(BAN, str(each)) for each in ids)
        for each in ids:
            records.put(BAN, str(each), None)
        _recount(records, place, -len(ids), -patterns)
    if empty:
        there = placeOf(records, place)
        pages = [each for each in there["bans"] if each not in empty]
        records.put(PLACE, place, {**there, "bans": pages})


def _recount(records: Records, place: str, bans: int, patterns: int) -> None:
    add(records, "bans", bans)
    add(records, f"bans {place}", bans)
    if patterns:
        add(records, "patterns", patterns)
