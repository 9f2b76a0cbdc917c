# -*- test-case-name: tests.accounts.test_law -*-
"""
Decides by the law in force what rank somebody has, and whether they may speak or enter.

Each question has one answer, computed from the records and bans that the log has made.  It is
C{None}, or a refusal that says why and until when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, Final, NamedTuple

from ..errors import Banned, ChatError, Muted, NotAllowed, ReadOnly, SlowMode
from ..text.confusables import nameKey
from ..wire.events import SERVER, Event
from . import records as kinds
from .bans import Ban, BanIndex, Visitor
from .ranks import LOBBY, Rank, isAccount, knownPlace, rankOf, roleIn, settingOf
from .records import MemoryRecords
from .rules import project
from .terms import showEnd

_MAX_SPOKEN: Final = 1_000
"""People remembered in one room in slow mode, above which those who need not wait any more are
forgotten."""


class Policies(NamedTuple):
    """
    The server's options; settings made in the chat override them.

    @ivar guests: C{"yes"}, C{"read-only"} or C{"no"}.
    @ivar registration: C{"open"}, C{"invited"} or C{"operator"}.
    """

    guests: str = "yes"
    registration: str = "open"


class Owned(NamedTuple):
    """
    The account that owns a name.

    @ivar who: the account.
    @ivar name: the name as they registered it.
    @ivar hasEnded: whether the account has ended, so that nobody can get the name.
    """

    who: str
    name: str
    hasEnded: bool = False


class Law:
    """
    What is in force.

    @ivar records: the records of the kinds in L{records.IN_MEMORY}.
    @ivar guardsEntry: whether L{mayEnter} must be asked before somebody enters the chat; false
        while the server keeps nobody out.
    @ivar guardsSpeech: whether L{maySpeak} must be asked before any message, and L{mayTell} too.
    @ivar ruled: the places where L{maySpeak} must be asked all the same.
    """

    def __init__(self, policies: Policies | None = None) -> None:
        """
        @param policies: the server's options.
        """
        self.records = MemoryRecords(watcher=self._changed)
        self._policies = Policies() if policies is None else policies
        self._bans = BanIndex()
        self.ruled: set[str] = set()
        self.guardsSpeech = False
        self.guardsEntry = False
        self._spoken: dict[str, dict[str, float]] = {}
        self._refresh(SERVER)

    @property
    def policies(self) -> Policies:
        """The server's options."""
        return self._policies

    @policies.setter
    def policies(self, policies: Policies) -> None:
        self._policies = policies
        self._refresh(SERVER)

    # What the log returns

    def load(self, rows: Iterable[tuple[str, str, Any]]) -> None:
        """
        @param rows: all records of the kinds in L{records.IN_MEMORY}
            (L{stores.interfaces.IRecords.records}).
        """
        self.records.load(rows)

    def apply(self, event: Event) -> None:
        """
        Let an event take effect.

        @param event: of a kind in L{wire.events.RECORDED}.
        @raise ChatError: if it is void; nothing has changed then.
        """
        project(event, self.records)

    def _changed(self, kind: str, key: str, value: Any) -> None:
        if kind == kinds.PLACE:
            self._refresh(key)
        elif kind == kinds.BAN:
            former = self._bans.drop(int(key))
            if value is not None:
                self._bans.put(Ban.fromRecord(int(key), value))
                self._refresh(value["place"])
            elif former is not None:
                self._refresh(former.place)

    def _refresh(self, place: str) -> None:
        """
        Update whether a place has rules for speaking.
        """
        there = knownPlace(self.records, place)
        settings = {} if there is None else there["settings"]
        hasMutes = self._bans.holds(place, "speak")
        if place == SERVER:
            isRestricted = self._policies.guests != "yes" or bool(
                settings.keys() - {"registration"}
            )
            self.guardsSpeech = hasMutes or isRestricted
            self.guardsEntry = self.guardsSpeech or self._bans.holds(SERVER, "enter")
        elif hasMutes or "slow" in settings or "readonly" in settings:
            self.ruled.add(place)
        else:
            self.ruled.discard(place)
        if "slow" not in settings:
            self._spoken.pop(place, None)

    # Who is who

    def rank(self, place: str, who: str) -> Rank:
        """
        @param place: a room's id as text, or L{SERVER}.
        @param who: an account or a session.
        @return: somebody's rank in a place.
        """
        return rankOf(self.records, place, who)

    def roleIn(self, place: str, who: str) -> Rank:
        """
        @return: the rank that somebody's role in this place gives them.
        """
        return roleIn(self.records, place, who)

    def isAccount(self, who: str) -> bool:
        """
        @return: whether this is an account that has not ended.
        """
        return isAccount(self.records, who)

    def ownerOf(self, name: str) -> Owned | None:
        """
        @param name: a name as typed: only its case and its Unicode form may differ.
        @return: the account that owns it, even if it has ended, or C{None}.
        """
        key = nameKey(name)
        owned = self.records.get(kinds.OWNED, key)
        if owned is None or nameKey(owned["name"]) != key:
            return None
        return self._owned(owned)

    def lookalike(self, looks: Iterable[str]) -> Owned | None:
        """
        @param looks: what a name looks like.
        @return: the account that owns a look-alike of the name, even if it has ended, or C{None}.
        """
        for look in looks:
            owned = self.records.get(kinds.OWNED, look)
            if owned is not None:
                return self._owned(owned)
        return None

    def _owned(self, owned: Mapping[str, str]) -> Owned:
        return Owned(owned["who"], owned["name"], not self.isAccount(owned["who"]))

    def above(self, place: str, rank: Rank) -> list[str]:
        """
        @return: the accounts that have at least this rank in a place.
        """
        ruling = {*self._roles(SERVER), *self._roles(place)}
        return [who for who in ruling if self.rank(place, who) >= rank]

    def _roles(self, place: str) -> list[str]:
        there = knownPlace(self.records, place)
        return [] if there is None else [there["owner"], *there["roles"]]

    def stays(self, place: str) -> bool:
        """
        @return: whether an empty room stays because a registered person owns it.
        """
        there = knownPlace(self.records, place)
        if there is None:
            return False
        owners = [who for who, (role, _) in there["roles"].items() if role == "owner"]
        return any(self.isAccount(who) for who in (there["owner"], *owners))

    # What is in force

    def setting(self, place: str, what: str, now: float) -> Any:
        """
        @return: the value of a setting of a place that is in force, or C{None}.
        """
        return settingOf(self.records, place, what, now)

    def guests(self, now: float) -> str:
        """
        @return: what guests may do: see L{Policies.guests}.
        """
        return str(self.setting(SERVER, "guests", now) or self._policies.guests)

    def bans(self, place: str, now: float, most: int) -> list[Ban]:
        """
        @return: the newest bans and mutes of a place that are in force, newest first.
        """
        return self._bans.newest(place, now, most)

    def hasBans(self, place: str) -> bool:
        """
        @return: whether a ban can make L{mayEnter} refuse anybody but guests.
        """
        return self._bans.holds(SERVER, "enter") or self._bans.holds(place, "enter")

    def allBans(self, place: str, what: str) -> list[Ban]:
        """
        @return: all bans (C{"enter"}) or mutes (C{"speak"}) of a place, including those that have
            ended.
        """
        return self._bans.allOf(place, what)

    def ban(self, id: int) -> Ban | None:
        """
        @return: the ban with this id, or C{None} if it was lifted.
        """
        return self._bans.get(id)

    # Who may speak

    def hasRules(self, place: str) -> bool:
        """
        @return: whether L{maySpeak} must be asked before a message in this place.
        """
        return self.guardsSpeech or place in self.ruled

    def maySpeak(self, place: str, room: str, visitor: Visitor, now: float) -> ChatError | None:
        """
        @param place: of a room.
        @param room: its name, for the sentence.
        @param now: in seconds since the epoch.
        @return: why somebody may not speak there now, or C{None} if they may.
        """
        rank = self.rank(place, visitor.who)
        return (
            self._muted(SERVER, "on this server", visitor, now, rank >= Rank.OPERATOR)
            or self._muted(place, f"in {room}", visitor, now, rank >= Rank.MODERATOR)
            or self._silenced(visitor, rank, now)
            or self._quiet(place, room, visitor, rank, now)
        )

    def mayTell(self, visitor: Visitor, to: str, now: float) -> ChatError | None:
        """
        @param to: the account or session to which they want to send a direct message.
        @return: why they may not, or C{None}.  Everybody may write to operators at any time.
        """
        if not self.guardsSpeech or self.rank(SERVER, to) >= Rank.OPERATOR:
            return None
        rank = self.rank(SERVER, visitor.who)
        muted = self._muted(SERVER, "on this server", visitor, now, rank >= Rank.OPERATOR)
        return muted or self._silenced(visitor, rank, now)

    def spoke(self, place: str, who: str, now: float) -> None:
        """
        Note that somebody speaks in a room with rules, so that slow mode makes them wait.
        """
        slow = self.setting(place, "slow", now)
        if slow is not None:
            spoken = self._spoken.setdefault(place, {})
            spoken[who] = now
            if len(spoken) > _MAX_SPOKEN:
                waiting = {each: at for each, at in spoken.items() if 0 <= now - at < slow}
                self._spoken[place] = waiting

    def _muted(
        self, place: str, where: str, visitor: Visitor, now: float, exempt: bool
    ) -> ChatError | None:
        ban = self._bans.find(place, "speak", visitor, now, exempt)
        if ban is None:
            return None
        sentence = f"you are muted {where}{_endOf(ban)}: nothing was sent"
        return Muted(sentence, ban.until, ban.reason)

    def _silenced(self, visitor: Visitor, rank: Rank, now: float) -> ChatError | None:
        """
        @return: why somebody may not speak anywhere on the server, or C{None}.
        """
        lockdown = self.setting(SERVER, "lockdown", now)
        if lockdown == "all" and rank < Rank.MODERATOR:
            return ReadOnly("only moderators may speak during the lockdown: nothing was sent")
        if not visitor.account:
            if lockdown == "guests":
                return ReadOnly("guests may not speak during the lockdown: nothing was sent")
            if self.guests(now) != "yes":
                return ReadOnly("guests may read here, but not speak: /register, or log in")
        return None

    def _quiet(
        self, place: str, room: str, visitor: Visitor, rank: Rank, now: float
    ) -> ChatError | None:
        """
        @return: why the rules of a room keep somebody from speaking, or C{None}.
        """
        if rank < Rank.SPEAKER and self.setting(place, "readonly", now) == "on":
            return ReadOnly(f"{room} is read-only: its moderators and speakers alone may speak")
        slow = self.setting(place, "slow", now)
        spokeAt = self._spoken.get(place, {}).get(visitor.who)
        if slow is None or spokeAt is None or rank >= Rank.MODERATOR:
            return None
        # A wall clock that is set back must not make anybody wait longer.
        wait = ceil(min(spokeAt, now) + slow - now)
        if wait <= 0:
            return None
        return SlowMode(
            f"{room} is in slow mode: you may speak again in {wait} s, nothing was sent", wait
        )

    # Who may enter

    def mayEnter(self, place: str, room: str, visitor: Visitor, now: float) -> ChatError | None:
        """
        @param place: that of the room to join; L{SERVER} or the lobby's to enter the chat, or to
            stay in it under this name.
        @param room: its name, for the sentence.
        @param now: in seconds since the epoch.
        @return: why somebody may not enter now, or C{None} if they may.
        """
        rank = self.rank(place, visitor.who)
        banned = self._banned(SERVER, "this server", visitor, now, rank >= Rank.OPERATOR)
        if place in (SERVER, LOBBY):
            return banned or self._shut(visitor, rank, now)
        return banned or self._banned(place, room, visitor, now, rank >= Rank.MODERATOR)

    def _banned(
        self, place: str, where: str, visitor: Visitor, now: float, exempt: bool
    ) -> ChatError | None:
        ban = self._bans.find(place, "enter", visitor, now, exempt)
        if ban is None:
            return None
        sentence = f"you are banned from {where}{_endOf(ban)}"
        return Banned(sentence, ban.until, ban.reason)

    def _shut(self, visitor: Visitor, rank: Rank, now: float) -> ChatError | None:
        """
        @return: why a lockdown or an option keeps somebody out of the server, or C{None}.
        """
        lockdown = self.setting(SERVER, "lockdown", now)
        if lockdown == "all" and rank < Rank.OPERATOR:
            return NotAllowed("nobody can enter right now: try again later")
        if not visitor.account:
            if lockdown == "guests":
                return NotAllowed("guests cannot enter at the moment: log in, or try again later")
            if self.guests(now) == "no":
                return NotAllowed("only registered people may enter this server: log in")
        return None

    def registration(self, now: float) -> str:
        """
        @return: who may register: see L{Policies.registration}.
        """
        return str(self.setting(SERVER, "registration", now) or self._policies.registration)

    def mayRegister(self, now: float, code: str = "") -> ChatError | None:
        """
        @param code: the hash of a code, or empty.  Whether it is valid is judged when the log
            returns the event.
        @return: why somebody may not register now, or C{None}.
        """
        record = self.records.get(kinds.CODE, code)
        if code and (record is None or record["rank"] >= Rank.OPERATOR):
            return None
        if self.setting(SERVER, "lockdown", now) is not None:
            return NotAllowed("nobody can register at the moment: try again later")
        policy = self.registration(now)
        if policy == "operator" or (policy == "invited" and not code):
            return NotAllowed("registering here takes a code: ask for one")
        return None


def _endOf(ban: Ban) -> str:
    """
    @return: the end and the reason of a ban, for the end of a sentence.
    """
    why = f" ({ban.reason})" if ban.reason else ""
    return f"{showEnd(ban.until)}{why}"
