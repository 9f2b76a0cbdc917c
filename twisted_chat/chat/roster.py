# -*- test-case-name: tests.chat.test_roster -*-
"""
The roster: who has which name.

A name is reserved when somebody asks for it, borne once the log returns the event, and held for a
while if a connection is lost whose session can be resumed.  Its look-alikes are reserved with it;
people are found by the name itself, in any case and Unicode form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple, Protocol

from ..errors import NameTaken, NoSuchUser
from ..text.confusables import looks, nameKey, nearest
from ..text.names import MAX_TYPED
from .member import Member

PROOFS = ("scram", "password")
"""The ways in which the owner of a name can prove who they are."""

HOLD_SECONDS = 600.0
"""How long a name is held for a session that lost its connection, in seconds: longer than most
drops last."""

SUGGESTED_FROM = 100
"""Names that are compared with an unknown one to find a suggestion: some 0.1 ms."""


class Claim(NamedTuple):
    """
    A claim to a name that nobody here bears, held for somebody who lost the connection.

    @ivar name: the name.
    @ivar sid: the id of the session for which it is held.
    @ivar until: when the claim ends on a clock that does not jump, in seconds.
    """

    name: str
    sid: str
    until: float = float("inf")


class Owner(Protocol):
    """
    The owner of a name.

    @ivar who: the account.
    @ivar name: the name as they registered it.
    @ivar hasEnded: whether the account has ended, so that nobody can get the name.
    """

    @property
    def who(self) -> str:
        """See above."""

    @property
    def name(self) -> str:
        """See above."""

    @property
    def hasEnded(self) -> bool:
        """See above."""


class Roster:
    """
    Everybody who is in the chat.

    @ivar users: by name.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        ownerOf: Callable[[Iterable[str]], Owner | None] = lambda looks: None,
    ) -> None:
        """
        @param monotonic: the time on a clock that does not jump, in seconds.
        @param ownerOf: called with the looks of a name; returns the account that owns a look-alike,
            or C{None}.
        """
        self._ownerOf = ownerOf
        self.users: dict[str, Member] = {}
        self._monotonic = monotonic
        self._sids: dict[str, Member] = {}
        self._looks: dict[str, Member | Claim] = {}
        self._held: dict[str, Claim] = {}

    # To find

    def find(self, name: str) -> Member:
        """
        Find somebody by name.

        @param name: as typed: only its case and its Unicode form may differ; a comma or colon after
            it and an @ before it are ignored.
        @raise NoSuchUser: if nobody with this name is here.
        """
        user = self.users.get(name)
        if user is not None and not user.leaving:
            return user
        if len(name) > MAX_TYPED:
            raise NoSuchUser("nobody has a name as long as this: /names tells who is here")
        name = name.removeprefix("@").rstrip(",:")
        key = nameKey(name)
        holder = self._looks.get(key)
        if holder is not None and nameKey(holder.name) == key:
            if isinstance(holder, Member) and holder.sid in self._sids and not holder.leaving:
                return holder
            if isinstance(holder, Claim) and self._isCurrent(holder) and holder.sid in self._held:
                raise NoSuchUser(
                    f"{holder.name} has lost the connection and may be back soon: nothing was "
                    "sent, try again in a minute"
                )
        near = nearest(name, islice(self.users, SUGGESTED_FROM))
        hint = "/names tells who is" if near is None else f"did you mean {near}?"
        raise NoSuchUser(f"nobody of this name is here: {hint}")

    def bySid(self, sid: str) -> Member | None:
        """
        @return: the person with this session id who is in the chat, or C{None}.
        """
        return self._sids.get(sid)

    def withLook(self, look: str) -> Member | None:
        """
        @param look: what a name looks like.
        @return: the person in the chat whose name has this look, or C{None}.
        """
        holder = self._looks.get(look)
        return holder if isinstance(holder, Member) and holder.sid in self._sids else None

    def looking(self, matches: Callable[[str], bool]) -> list[Member]:
        """
        @param matches: called with the looks of a name.
        @return: the people in the chat whose names it matches.
        """
        found = (self.withLook(look) for look in self._looks if matches(look))
        return [member for member in found if member is not None]

    def isHeld(self, sid: str) -> bool:
        """
        @return: whether a name is held for this session, which may be resumed soon.
        """
        claim = self._held.get(sid)
        return claim is not None and self._isCurrent(claim)

    def __len__(self) -> int:
        return len(self._sids)

    # To claim

    def check(self, name: str, sid: str) -> None:
        """
        Check that a session may have a name.

        @param name: a clean name.
        @raise NameTaken: if somebody else has or owns it, or a look-alike.
        """
        wanted = looks(name)
        owner = self._ownerOf(wanted)
        if owner is not None and owner.who != sid:
            isSame = nameKey(owner.name) == nameKey(name)
            if owner.hasEnded:
                # No password helps here, so the refusal must not make clients ask for one.
                was = f"was that of {owner.name}" if isSame else f"looks like {owner.name}"
                raise NameTaken(
                    f"the name {name} {was}, whose account has ended, and is not given out "
                    "again: choose another"
                )
            if isSame:
                raise NameTaken(
                    f"{owner.name} is registered: if it is yours, enter {owner.name} PASSWORD, "
                    "else choose another name",
                    PROOFS,
                )
            raise NameTaken(
                f"the name {name} looks like {owner.name}, who is registered: choose another"
            )
        for look in wanted:
            holder = self._looks.get(look)
            if holder is None or holder.sid == sid:
                continue
            if isinstance(holder, Member):
                if holder.leaving and not holder.keepsName:
                    # Their LEFT comes before the next JOINED under the name in the log.
                    continue
            elif not self._isCurrent(holder):
                continue
            if holder.sid in self._held:
                raise NameTaken(
                    f"the name {name} is kept for {holder.name}, whose connection was lost: "
                    "choose another"
                )
            same = "is taken" if holder.name == name else f"looks like {holder.name}, who is here"
            raise NameTaken(f"the name {name} {same}: choose another")

    def reserve(self, name: str, holder: Member | Claim) -> None:
        """
        Reserve a name and its look-alikes until the log has answered.

        @param name: a clean name that passed L{check}.
        """
        for look in looks(name):
            self._looks[look] = holder

    def release(self, name: str, sid: str) -> None:
        """
        Release a reserved name; the name that its owner bears stays theirs.
        """
        bearer = self._sids.get(sid)
        kept = frozenset() if bearer is None or bearer.name == name else looks(bearer.name)
        for look in looks(name) - kept:
            holder = self._looks.get(look)
            if holder is not None and holder.sid == sid:
                del self._looks[look]

    # What the log returns

    def arrive(self, member: Member) -> None:
        """
        Add somebody, who bears their name from now on.
        """
        claim = self._held.pop(member.sid, None) if self._held else None
        if claim is not None:
            self._forget(claim)
        self.reserve(member.name, member)
        self.users[member.name] = self._sids[member.sid] = member

    def rename(self, member: Member, name: str) -> None:
        """
        Change the name that somebody bears.

        @raise NameTaken: if somebody else was first in the log.
        """
        self.checkBearers(name, member.sid)
        old, member.name = member.name, name
        del self.users[old]
        self.users[name] = member
        for look in looks(old):
            holder = self._looks.get(look)
            if holder is not None and holder.sid == member.sid:
                del self._looks[look]
        self.reserve(name, member)

    def leave(self, member: Member, hold: bool) -> None:
        """
        Let somebody go.

        @param hold: whether the name is held for their session for L{HOLD_SECONDS}.
        """
        if self._sids.get(member.sid) is not member:
            return
        del self._sids[member.sid]
        if self.users.get(member.name) is member:
            del self.users[member.name]
        self.release(member.name, member.sid)
        if hold:
            self.hold(member.name, member.sid)

    def hold(self, name: str, sid: str) -> None:
        """
        Hold a name for a session whose connection was lost.
        """
        self._sweep()
        claim = Claim(name, sid, self._monotonic() + HOLD_SECONDS)
        self._held[sid] = claim
        self.reserve(name, claim)

    def restore(self, held: Iterable[tuple[str, str]]) -> None:
        """
        Hold the names of those who were here before the server was restarted.

        @param held: pairs of name and session id.
        """
        for name, sid in held:
            if not any(look in self._looks for look in looks(name)):
                self.hold(name, sid)

    def checkBearers(self, name: str, sid: str) -> None:
        """
        Check that nobody was first in the log.  Reservations and held names of this node do not
        count: the log overrules them.

        @raise NameTaken: if somebody else bears this name, or a look-alike.
        """
        for look in looks(name):
            holder = self._looks.get(look)
            if isinstance(holder, Member) and holder.sid != sid and self._bears(holder, look):
                raise NameTaken(f"the name {name} was just taken by somebody else: choose another")

    def _bears(self, member: Member, look: str) -> bool:
        """
        @return: whether somebody bears a name with this look, rather than having only reserved it.
        """
        return member.sid in self._sids and look in looks(member.name)

    def _isCurrent(self, claim: Claim) -> bool:
        return claim.until > self._monotonic()

    def _sweep(self) -> None:
        """
        Forget held names whose time is over; the oldest come first.
        """
        over = []
        for sid, claim in self._held.items():
            if self._isCurrent(claim):
                break
            over.append((sid, claim))
        for sid, claim in over:
            del self._held[sid]
            self._forget(claim)

    def _forget(self, claim: Claim) -> None:
        """
        Release a held name.
        """
        for look in looks(claim.name):
            if self._looks.get(look) == claim:
                del self._looks[look]
