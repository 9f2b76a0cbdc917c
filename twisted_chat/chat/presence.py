# -*- test-case-name: tests.chat.test_presence -*-
"""
Presence: applies joining and leaving, and tells those who hear of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from twisted.logger import Logger

from ..accounts.bans import Visitor
from ..errors import Banned, ChatError, NoSuchRoom, NotAllowed, NotShown
from ..text.confusables import looks
from ..wire.events import (
    HELD,
    JOINED,
    LEFT,
    SERVER,
    Draft,
    Event,
    accountOf,
    admittedTo,
    joinedData,
    withoutSecrets,
)
from .fanout import FanOut
from .member import Member, membersOf
from .room import OPEN, Room
from .state import State
from .user import Outcome, Proposal, User, usersOf
from .welcome import Welcomer


class _Return(Proposal):
    """
    The return of somebody who left over another node but is still here: their JOINED event is on
    its way to the log and back.
    """

    __slots__ = ()

    def settle(self, outcome: Event | ChatError) -> None:
        """See L{Proposal.settle}."""
        for user in usersOf(self.user.member):
            user.isChanging = False
            if isinstance(outcome, ChatError):
                user.sendAway(outcome.sentence)
            elif user.leaving:
                # The connection ended before the user could leave.
                user.leaving = False
                user.drop()


class Presence:
    """
    Makes people join and leave, in the order of the log.
    """

    _log = Logger()

    def __init__(self, state: State, welcomer: Welcomer) -> None:
        """
        @param welcomer: welcomes those who join.
        """
        self._state = state
        self._welcomer = welcomer

    def show(self, run: Sequence[tuple[Event, Proposal | None]]) -> list[Outcome]:
        """
        Make people join and leave, one after the other, and tell others.  A user who joins or
        leaves within this run receives only the events in between.

        @param run: events of the kinds joined and left, in the order of the log, with their
            origins.
        @return: the outcomes of the proposals among them.
        """
        with self._welcomer.gathering():
            return self._show(run)

    def _show(self, run: Sequence[tuple[Event, Proposal | None]]) -> list[Outcome]:
        shown = [withoutSecrets(event) for event, _ in run]
        fan = FanOut(self._state.rooms.lobby.name, shown)
        movers: dict[User, list[Event | bytes]] = {}
        moving: dict[Member, None] = {}
        subjects = [self._subject(event, proposal) for event, proposal in run]
        for person in subjects:
            if person is not None and person.devices and person not in moving:
                moving[person] = None
                movers.update((user, []) for user in usersOf(person))
        outcomes: list[Outcome] = []
        for place, (event, proposal) in enumerate(run):
            person, author = subjects[place], None
            if proposal is not None:
                author = proposal.user
            else:
                # A user of another node may have joined or left within this run.
                person = self._subject(event, proposal)
            try:
                self._judge(event, person)
                told: set[Member] = set()
                for room in self._hearing(event):
                    fan.show(place, room.audience)
                    told.update(_membersAmong(room, moving))
                if event.room == self._state.rooms.lobby.name:
                    # Their connections that end get a goodbye instead.
                    told.discard(person)
                elif person in moving:
                    # Their other connections are always told, even if the room is not.
                    told.add(person)
                for member in told:
                    for user in usersOf(member):
                        if user is not author:
                            movers[user].append(shown[place])
                error = None
            except ChatError as void:
                error = void
            except Exception:
                if self._state.faults.isNew(event.kind):
                    self._log.failure("an event cannot be shown: {kind}", kind=event.kind)
                error = NotShown("this could not be done: the operator finds the reason in the log")
            if proposal is not None:
                outcomes.append((proposal, event if error is None else error))
                user = proposal.user
                data = user.answered(user.own(event) if error is None else b"")
                if user in movers:
                    if data:
                        movers[user].append(data)
                else:
                    fan.answer(place, user, data)
            if error is None and person is not None:
                former = [(user, user.current) for user in usersOf(person)] if event.to else ()
                self.happen(event, person, author)
                for user, before in former:
                    if user.current is not before:
                        movers[user].append(user.client.dialect.answer(user.entered, None))
                if proposal is None and event.kind == LEFT:
                    self._stay(person)
        for mover, heard in movers.items():
            if heard:
                self.tell(mover, heard)
            hasLeft = mover.member.leaving and mover.member not in self._state.rooms.lobby
            if hasLeft and not mover.isChanging:
                self.dismiss(mover)
        fan.send(movers)
        for _, fault in fan.faults:
            if self._state.faults.isNew(f"presence {type(fault)}"):
                self._log.error("presence could not be shown: {fault!r}", fault=fault)
        return outcomes

    def _subject(self, event: Event, proposal: Proposal | None) -> Member | None:
        """
        @return: the person who joins or leaves.
        """
        if proposal is not None and proposal.user.sid == event.sid:
            return proposal.user.member
        member = self._state.roster.bySid(event.sid)
        if member is None and event.kind == JOINED and event.room == self._state.rooms.lobby.name:
            # They are logging in at another node.
            member = Member(event.name, event.sid, event.time)
            account = accountOf(event)
            if account:
                member.own(account)
        return member

    def _judge(self, event: Event, person: Member | None) -> None:
        """
        @raise ChatError: if earlier events make this one void.
        """
        state = self._state
        if person is None:
            raise NoSuchRoom("whoever this is about is not here any more")
        if event.room == state.rooms.lobby.name:
            if event.kind == JOINED:
                state.roster.checkBearers(person.name, person.sid)
                if state.law.guardsEntry:
                    self._checkBans(event, SERVER)
            elif person not in state.rooms.lobby:
                raise NoSuchRoom(f"{person.name} is not here any more")
            return
        room = state.rooms.get(event.room)
        if room is None:
            raise NoSuchRoom(f"there is no room {event.room} any more")
        if event.kind == JOINED:
            if state.roster.bySid(person.sid) is not person:
                raise NoSuchRoom(f"{person.name} is not here any more")
            self._checkBans(event, room.place)
            isAdmitted = admittedTo(event) == str(room.era.start)
            if not isAdmitted and not room.admits(person.sid, person.rights):
                raise NotAllowed(
                    f"{room.name} is private: ask its members for an invitation or the password"
                )
        elif person not in room:
            raise NoSuchRoom(f"{person.name} is not in {room.name} any more")
        elif event.to and event.data and not state.mayRemove(event.data, person.sid, room):
            raise NotAllowed(f"only the owner of {room.name} may do this")

    def _checkBans(self, event: Event, place: str) -> None:
        """
        @raise ChatError: if a ban came before them in the log.  The log knows their id and their
            name; their address is judged on the node of their connection.
        """
        law = self._state.law
        if law.hasBans(place):
            visitor = Visitor(event.sid, looks(event.name), "", law.isAccount(event.sid))
            refusal = law.mayEnter(place, event.room, visitor, event.time)
            if isinstance(refusal, Banned):
                raise refusal

    def _hearing(self, event: Event) -> list[Room]:
        """
        @return: the rooms that hear of an event, determined before it is applied.  To leave the
            chat is to leave every room; since everybody is in the lobby, telling the lobby is
            enough.
        """
        rooms = self._state.rooms
        if event.room == rooms.lobby.name:
            present = self._state.roster.bySid(event.sid)
            isHere = event.kind == JOINED and present in rooms.lobby
            return [] if isHere else self.around(present)
        room = rooms[event.room]
        return [room] if room.tellsPresence or event.to else []

    def around(self, member: Member | None) -> list[Room]:
        """
        @return: the rooms whose members are told when somebody enters, leaves or takes a new name:
            the lobby if it tells presence, because everybody is in it, or else those of their rooms
            that do.
        """
        lobby = self._state.rooms.lobby
        if lobby.tellsPresence:
            return [lobby]
        return [room for room in member.rooms if room.tellsPresence] if member else []

    def tell(self, mover: User, heard: list[Event | bytes]) -> None:
        """
        Send a user the events that they heard within the run, with the answers to their own.
        """
        events = [event for event in heard if not isinstance(event, bytes)]
        lobby = self._state.rooms.lobby.name
        lines = iter(mover.client.dialect.here.events(events, lobby))
        data = b"".join(item if isinstance(item, bytes) else next(lines) for item in heard)
        if data:
            mover.put(data)

    def happen(self, event: Event, person: Member, mover: User | None) -> None:
        """
        Apply an event: make somebody join or leave.

        @param mover: the connection that asked for it, if it is here.
        """
        rooms = self._state.rooms
        isLobby = event.room == rooms.lobby.name
        if event.kind == JOINED:
            if isLobby:
                self._enterChat(person, event, mover)
            else:
                self._enterRoom(person, rooms[event.room], event, mover)
        elif isLobby:
            self._leaveChat(person, event)
        elif (room := rooms.get(event.room)) is not None:
            self._leaveRoom(person, room, event)

    def _enterChat(self, person: Member, event: Event, mover: User | None) -> None:
        """
        Add somebody to the lobby, and at once to all rooms of the session that they resume, so that
        they miss nothing there.
        """
        state = self._state
        present = state.roster.bySid(event.sid)
        if present in state.rooms.lobby:
            # They are here already, over another node.
            self._join(present, event, mover)
            return
        state.roster.arrive(person)
        person.rooms = state.lobbyOnly
        state.rooms.lobby.add(person)
        if mover is None:
            return
        person.joinedAt = person.lastActiveAt = event.time
        session = mover.session if person.record is None else person.record
        if session is not None and session.rooms:
            readmitted = state.readmitted(session, mover.client.host)
            person.rooms += tuple(readmitted)
            for room in readmitted:
                state.occupied(room)
                room.add(person)
                if room.private:
                    person.rights = {**person.rights, room.era.start: OPEN}
        for user in usersOf(person):
            self.seat(user)
        self._welcomer.loggedIn(mover, event)

    def _join(self, present: Member | None, event: Event, mover: User | None) -> None:
        """
        Attach a connection of this node to a member who has just entered over another node.
        """
        if present is None or mover is None or mover.member is present:
            return
        if present.record is not None and mover.member.record is not None:
            present.own(present.account, mover.member.record)
        mover.become(present)
        self.seat(mover)
        self._welcomer.loggedIn(mover, event)

    def _stay(self, person: Member) -> None:
        """
        Bring back somebody who left the chat over another node, but is still here over this one.
        """
        state = self._state
        users = usersOf(person)
        if person in state.rooms.lobby or all(user.leaving for user in users):
            return
        lobby, *rooms = person.rooms
        person.rooms = ()
        for user in users:
            user.isChanging = True
        user = users[0]
        state.roster.reserve(person.name, person)
        data = joinedData("", person.account)
        draft = Draft(JOINED, lobby.name, person.name, "", "", person.sid, None, data)
        user.submit(draft, _Return(user))
        for room in rooms:
            data = joinedData(str(room.era.start), person.account)
            draft = Draft(JOINED, room.name, person.name, "", "", person.sid, None, data)
            user.submit(draft, Proposal(user))

    def seat(self, user: User) -> None:
        """
        Add a connection to the audiences of its member's rooms, and restore its current room.
        """
        session = user.session
        if session is not None and session.current != self._state.rooms.lobby.id:
            self.goOn(user, session.current)
        for room in user.member.rooms:
            user.look(room)

    def goOn(self, user: User, current: int) -> None:
        """
        Restore a user's current room, or tell them why that is impossible.

        @param current: the room's id.
        """
        room = self._state.rooms.byId.get(current)
        if room in user.rooms and room is not None:
            user.moveTo(room)
        else:
            user.displaced = (
                f"the room you spoke in is not open to you any more, and nothing was sent: you "
                f"speak in {self._state.rooms.lobby.name} now"
            )

    def _enterRoom(self, person: Member, room: Room, event: Event, mover: User | None) -> None:
        if person in room:
            return
        if room.private:
            person.rights = {**person.rights, room.era.start: OPEN}
        self._state.occupied(room)
        person.rooms = (*person.rooms, room)
        room.add(person)
        for user in usersOf(person):
            if user is mover:
                user.moveTo(room)
            user.look(room)
            user.remember()
        if mover is not None:
            self._welcomer.joined(mover, room, event)

    def _leaveRoom(self, person: Member, room: Room, event: Event) -> None:
        if person not in room:
            return
        room.remove(person)
        person.rooms = tuple(other for other in person.rooms if other is not room)
        if room.private:
            person.rights = {**person.rights, room.era.start: event.id}
        if event.to and event.data == room.owner and not self._state.law.isAccount(room.owner):
            self._state.rooms.expel(room, event.sid)
            self._state.keep(room)
        for user in usersOf(person):
            room.audience.remove(user)
            if user.current is room:
                user.moveTo(self._state.rooms.lobby)
                if event.to:
                    user.displaced = (
                        f"you were removed from {room.name}, and nothing was sent: you speak in "
                        f"{user.current.name} now"
                    )
            user.remember()
        self._state.emptied(room)

    def _leaveChat(self, person: Member, event: Event) -> None:
        for room in person.rooms:
            room.remove(person)
            for user in person.devices:
                room.audience.remove(user)
            self._state.emptied(room, event.data == HELD)
        self._state.roster.leave(person, event.data == HELD)
        self._state.left(person.sid)

    def dismiss(self, user: User) -> None:
        """
        Say goodbye to a user who has left the chat.
        """
        self._state.audit.tell(f"{user.name} has left", user.client.address)
        user.dismiss()


def _membersAmong(room: Room, people: Mapping[Member, None]) -> Iterable[Member]:
    """
    @return: those of these people who are in a room, found by iterating over the smaller
        collection.
    """
    if len(people) < len(room):
        return [member for member in people if member in room]
    return [member for member in membersOf(room) if member in people]
