# -*- test-case-name: tests.accounts.test_bans -*-
"""
Finds the bans in force that concern a visitor: at every entry, and before every message in a room
with a mute.

A ban concerns an account or a session, names with a look, the addresses of a network, or names that
match a pattern.  Only patterns, of which there are few, are searched one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from itertools import islice
from typing import Any, Final, NamedTuple

from ..text.networks import addressOf
from .masks import nameMatches

_KEPT_MATCHES: Final = 1_024
"""Names for which a set of bans caches the patterns that match them."""


class Visitor(NamedTuple):
    """
    A person, as far as bans concern them.

    @ivar who: their account, or their session.
    @ivar looks: what their name looks like.
    @ivar host: their address, or empty.
    @ivar account: whether they are logged in to an account.
    """

    who: str
    looks: frozenset[str]
    host: str = ""
    account: bool = False


class Ban(NamedTuple):
    """
    A ban.

    @ivar id: the id of its event.
    @ivar place: where it applies.
    @ivar what: C{"enter"} or C{"speak"}.
    @ivar who: an account or a session, or empty.
    @ivar looks: the looks of a banned name, or empty.
    @ivar pattern: matches banned names, or empty.
    @ivar net: a network, or empty; only operators may be shown it.
    @ivar spares: whether the ban of the network exempts registered people.
    @ivar until: when it ends, in seconds since the epoch; 0 if never.
    @ivar target: whom it concerns, as shown to people.
    @ivar author: the name of the moderator.
    @ivar reason: the reason, or empty.
    @ivar since: when it began, in seconds since the epoch.
    """

    id: int
    place: str
    what: str
    who: str
    looks: tuple[str, ...]
    pattern: str
    net: str
    spares: bool
    until: float
    target: str
    author: str
    reason: str
    since: float

    @classmethod
    def fromRecord(cls, id: int, record: Mapping[str, Any]) -> Ban:
        """
        @return: the ban that a record describes (L{records.BAN}).
        """
        return cls(
            id,
            record["place"],
            record["what"],
            record.get("who", ""),
            tuple(record.get("looks", ())),
            record.get("pattern", ""),
            record.get("net", ""),
            record.get("spares", False),
            record["until"],
            record["name"],
            record["author"],
            record["reason"],
            record["since"],
        )

    @property
    def end(self) -> float:
        """When it ends, for comparison: infinite if never."""
        return self.until or float("inf")


_Found = tuple[Ban, ...]

_NONE: _Found = ()


class BanIndex:
    """
    The bans of all places.
    """

    def __init__(self) -> None:
        self._bans: dict[int, Ban] = {}
        self._sets: dict[tuple[str, str], _BanSet] = {}

    def put(self, ban: Ban) -> None:
        """
        Add a ban, or replace the one with the same id.
        """
        self.drop(ban.id)
        self._bans[ban.id] = ban
        self._sets.setdefault((ban.place, ban.what), _BanSet()).add(ban)

    def drop(self, id: int) -> Ban | None:
        """
        Remove a ban, if it is known.

        @return: it.
        """
        ban = self._bans.pop(id, None)
        if ban is not None:
            bans = self._sets[ban.place, ban.what]
            bans.remove(ban)
            if not bans.all:
                del self._sets[ban.place, ban.what]
        return ban

    def get(self, id: int) -> Ban | None:
        """
        @return: the ban with this id, or C{None}.
        """
        return self._bans.get(id)

    def __len__(self) -> int:
        return len(self._bans)

    def newest(self, place: str, now: float, most: int) -> list[Ban]:
        """
        @param now: in seconds since the epoch.
        @return: the newest bans of a place that are in force, newest first.
        """
        found: list[Ban] = []
        for what in ("enter", "speak"):
            bans = self._sets.get((place, what))
            if bans is not None:
                inForce = (ban for ban in reversed(bans.all.values()) if ban.end > now)
                found += islice(inForce, most)
        return sorted(found, key=lambda ban: -ban.id)[:most]

    def allOf(self, place: str, what: str) -> list[Ban]:
        """
        @return: all known bans of this sort in a place, including those that have ended.
        """
        bans = self._sets.get((place, what))
        return [] if bans is None else list(bans.all.values())

    def holds(self, place: str, what: str) -> bool:
        """
        @return: whether a place has any known ban of this sort.
        """
        return (place, what) in self._sets

    def find(
        self, place: str, what: str, visitor: Visitor, now: float, exempt: bool = False
    ) -> Ban | None:
        """
        @param what: see L{Ban.what}.
        @param now: in seconds since the epoch.
        @param exempt: whether only bans of the person count, not those of names or networks.
        @return: the ban in force that concerns the visitor, or C{None}; if there are several, the
            one that ends last.
        """
        bans = self._sets.get((place, what))
        return None if bans is None else bans.find(visitor, now, exempt)


class _BanSet:
    """
    The bans of one sort in one place.

    @ivar all: by id, oldest first.
    """

    def __init__(self) -> None:
        self.all: dict[int, Ban] = {}
        self._who: dict[str, _Found] = {}
        self._looks: dict[str, _Found] = {}
        # Networks by version of IP and number of host bits; each by its prefix.
        self._nets: dict[int, dict[int, dict[int, _Found]]] = {4: {}, 6: {}}
        self._patterns: dict[Ban, Callable[[str], bool]] = {}
        self._matches: dict[frozenset[str], _Found] = {}

    def add(self, ban: Ban) -> None:
        self.all[ban.id] = ban
        for table, key in self._entries(ban):
            table[key] = (*table.get(key, _NONE), ban)
        if ban.pattern:
            self._patterns[ban] = nameMatches(ban.pattern)
            self._matches.clear()

    def remove(self, ban: Ban) -> None:
        del self.all[ban.id]
        for table, key in self._entries(ban):
            left = tuple(other for other in table[key] if other is not ban)
            if left:
                table[key] = left
            else:
                del table[key]
        if ban.pattern:
            del self._patterns[ban]
            self._matches.clear()
        for tables in self._nets.values():
            for shift in [shift for shift, table in tables.items() if not table]:
                del tables[shift]

    def _entries(self, ban: Ban) -> Iterator[tuple[dict[Any, _Found], Any]]:
        """
        @return: the tables that hold the ban, and its key in each.
        """
        if ban.who:
            yield self._who, ban.who
        for look in ban.looks:
            yield self._looks, look
        if ban.net:
            network = ip_network(ban.net)
            shift = network.max_prefixlen - network.prefixlen
            table = self._nets[network.version].setdefault(shift, {})
            yield table, int(network.network_address) >> shift

    def find(self, visitor: Visitor, now: float, exempt: bool) -> Ban | None:
        """
        See L{BanIndex.find}.
        """
        who, names, host, isAccount = visitor
        found = self._who.get(who, _NONE)
        if not exempt:
            byLook = self._looks
            if not byLook.keys().isdisjoint(names):
                for look in names:
                    found += byLook.get(look, _NONE)
            address = addressOf(host) if host else None
            if address is not None:
                bits = int(address)
                for shift, table in self._nets[address.version].items():
                    if bits >> shift in table:
                        bans = table[bits >> shift]
                        found += tuple(ban for ban in bans if not (ban.spares and isAccount))
            if self._patterns:
                found += self._byPattern(names)
        if not found:
            return None
        inForce = (ban for ban in found if ban.end > now)
        return max(inForce, key=lambda ban: ban.end, default=None)

    def _byPattern(self, names: frozenset[str]) -> _Found:
        found = self._matches.get(names)
        if found is None:
            found = tuple(
                ban for ban, matches in self._patterns.items() if any(map(matches, names))
            )
            if len(self._matches) >= _KEPT_MATCHES:
                self._matches.clear()
            self._matches[names] = found
        return found
