# -*- test-case-name: tests.chat.test_moderation -*-
"""
Applies the acts of moderators when the log returns them: who hears of them, and who has to leave.
"""

from __future__ import annotations

from collections.abc import Iterable

from twisted.logger import Logger
from twisted.python.failure import Failure

from ..accounts.bans import Ban
from ..accounts.fields import Fields
from ..accounts.masks import nameMatches, networkHolds
from ..accounts.ranks import Rank
from ..errors import ChatError
from ..wire.events import BANNED, DONE, LEFT, REMOVED, REPORTED, SERVER, Draft, Event, asData
from .audience import Audience
from .fanout import Answers, FanOut, Places
from .member import Member, membersOf
from .room import Room
from .state import State
from .user import usersOf


class Moderation:
    """
    Applies the acts of moderators to the people who are here.
    """

    _log = Logger()

    def __init__(self, state: State) -> None:
        self._state = state
        self._removals: list[Event] = []

    def happen(self, event: Event) -> list[Audience]:
        """
        Apply an event.

        @param event: of a kind in L{wire.events.MODERATION}; the law has accepted it.
        @return: the audience that is told now.
        """
        law = self._state.law
        if event.kind == REMOVED:
            self._removals.append(event)
            return []
        if event.kind == DONE:
            return []
        fields = Fields(event.data)
        place = fields.text("place")
        if event.kind == REPORTED:
            return [self._audienceOf(law.above(place, Rank.MODERATOR))]
        room = None if place == SERVER else self._state.rooms.byId.get(int(place))
        if event.kind == BANNED and fields.text("what", "enter") == "enter":
            self._eject(event, place, room)
        if fields.flag("quiet"):
            return []
        if place == SERVER:
            return [self._audienceOf(law.above(SERVER, Rank.OPERATOR))]
        return [] if room is None else [room.audience]

    def _audienceOf(self, people: Iterable[str]) -> Audience:
        """
        @return: the connections here of these people.
        """
        audience = Audience()
        for who in people:
            member = self._state.roster.bySid(who)
            for user in () if member is None else usersOf(member):
                audience.add(user, user.client.dialect.here)
        return audience

    # Bans

    def _eject(self, event: Event, place: str, room: Room | None) -> None:
        """
        Send away banned people whose connections are on this node, since no other node knows their
        addresses.

        @param room: the room; C{None} for the server.
        """
        state = self._state
        ban = state.law.ban(event.id)
        if ban is None:
            return
        now = state.seconds()
        for member in self._concerned(ban, room):
            for user in usersOf(member):
                error = state.law.mayEnter(place, event.room, user.visitor, now)
                if error is not None:
                    if room is None:
                        self._sendAway(member, error)
                    elif member.sid != ban.who:
                        # The banned person leaves by an event that was appended with the ban.
                        self._putOut(member, room, event)
                    break

    def _concerned(self, ban: Ban, room: Room | None) -> list[Member]:
        """
        @param room: the room; C{None} for the server.
        @return: the people here whom a ban may concern.
        """
        roster = self._state.roster
        found = [roster.bySid(ban.who), *map(roster.withLook, ban.looks)]
        if ban.pattern:
            found += roster.looking(nameMatches(ban.pattern))
        if ban.net:
            holds = networkHolds(ban.net)
            people = roster.users.values() if room is None else membersOf(room)
            found += [
                member
                for member in people
                if any(holds(user.client.host) for user in usersOf(member))
            ]
        here = [each for each in found if each is not None and (room is None or each in room)]
        return list(dict.fromkeys(here))

    def _sendAway(self, member: Member, error: ChatError) -> None:
        """
        Make somebody leave the chat, and tell them why.
        """
        for user in usersOf(member):
            if not user.leaving:
                user.refuse(error)
                user.quit()

    def _putOut(self, member: Member, room: Room, event: Event) -> None:
        """
        Make somebody leave a room.
        """
        left = Draft(LEFT, room.name, member.name, "", event.name, member.sid, None, event.sid)
        self._state.log.append(left, None)

    # Removals

    def finish(self) -> None:
        """
        Tell the rooms which messages were removed.  Only the store knows; it is asked once all
        earlier events were sent, so that no id arrives too early.
        """
        removals, self._removals = self._removals, []
        for event in removals:
            found = self._state.log.removedBy(event.id)
            found.addCallback(self._tellRemoved, event)
            found.addErrback(self._notTold)

    def _tellRemoved(self, ids: list[int], event: Event) -> None:
        room = self._state.rooms.get(event.room)
        if ids and room is not None:
            shown = event._replace(data=asData({"ids": ids}))
            FanOut(
                self._state.rooms.lobby.name,
                [shown],
                Places(list, {room.audience: [0]}),
                Answers(dict),
            ).send()
            return
        member = self._state.roster.bySid(event.sid)
        for user in () if member is None else usersOf(member):
            user.notice(f"nothing of {event.to} was found that could be removed")

    def _notTold(self, failure: Failure) -> None:
        if self._state.faults.isNew(REMOVED):
            self._log.failure("which messages were removed cannot be read", failure)
