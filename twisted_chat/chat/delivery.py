# -*- test-case-name: tests.chat.test_delivery -*-
"""
Delivery: takes events in which nobody joins or leaves to their listeners.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from twisted.logger import Logger

from ..accounts.registry import DIRECT
from ..errors import ChatError, NoSuchRoom, NoSuchUser, NotShown
from ..wire.events import (
    ACCOUNTS,
    ACTED,
    CLOSED,
    CREATED,
    INVITED,
    LOCKED,
    MODERATION,
    READ,
    RECORDED,
    REGISTERED,
    RENAMED,
    SAID,
    TOLD,
    UNREGISTERED,
    Draft,
    Event,
    published,
    withoutSecrets,
)
from .audience import Audience, Listener
from .fanout import Answers, FanOut, Places
from .member import Member, membersOf
from .moderation import Moderation
from .operator import Order
from .readmarks import ReadMarks
from .room import Room
from .state import State
from .user import Outcome, Proposal, User, usersOf

_SPOKEN_IN_ROOMS = frozenset({SAID, ACTED})
"""The kinds that a room hears and that change no state."""


_NOT_SHOWN = "this was stored, but could not be shown: the operator finds the reason in the log"


class _Batch(NamedTuple):
    """
    A batch, as the fan-out collects it.
    """

    places: Places
    answers: Answers

    def show(self, place: int, audience: Audience) -> None:
        """
        Show the event at this place to an audience.
        """
        self.places[audience].append(place)

    def answer(self, place: int, author: Listener, data: bytes) -> None:
        """
        Give an author this answer in the place of their own event.
        """
        self.answers[author][place] = data


class Delivery:
    """
    Shows messages, and applies changes of rooms and names, in the order of the log.
    """

    _log = Logger()

    def __init__(
        self,
        state: State,
        marks: ReadMarks,
        around: Callable[[Member | None], Iterable[Room]],
    ) -> None:
        """
        @param marks: the read marks of everybody who is here.
        @param around: see L{presence.Presence.around}.
        """
        self._state = state
        self._marks = marks
        self._moderation = Moderation(state)
        self._around = around

    def show(self, run: Sequence[tuple[Event, User | Proposal | None]]) -> list[Outcome]:
        """
        Show events in which nobody joins or leaves.

        @param run: the events with their origins: the user of a message, the proposal of anything
            else.
        @return: the outcomes of the proposals among them.
        """
        state = self._state
        events = [event for event, _ in run]
        counters = state.counters
        rooms = state.rooms
        audit = state.audit
        batch = _Batch(Places(list), Answers(dict))
        # The hot path: a message enters the batch without a function call.
        places, answers = batch
        outcomes: list[Outcome] = []
        for place, (event, origin) in enumerate(run):
            try:
                if event.kind in _SPOKEN_IN_ROOMS:
                    room = rooms.get(event.room)
                    user: Any = origin
                    author = state.roster.bySid(event.sid) if user is None else user.member
                    if room is None or author is None or room not in author.rooms:
                        # An earlier event of another node made its author leave.
                        self._refuseVoid(place, event, origin, batch)
                        continue
                    address = ""
                    if user is not None:
                        answers[user][place] = user.receipt(event)
                        address = user.client.address
                        if author.record is not None:
                            self._marks.knows(user, room.place, event.id)
                    places[room.audience].append(place)
                    room.used = True
                    if audit.wantsMessages and not room.private:
                        text = event.text if event.kind == SAID else f"* {event.text}"
                        audit.said(event.name, text, address)
                elif event.kind == TOLD:
                    self._tell(place, event, origin, batch)
                else:
                    events[place] = withoutSecrets(event)
                    if self._change(place, event, origin, batch, outcomes):
                        events[place] = published(event)
            except Exception:
                if state.faults.isNew(event.kind):
                    self._log.failure("an event cannot be shown: {kind}", kind=event.kind)
                self._fail(place, event, origin, batch, outcomes)
        lobby = state.rooms.lobby.name
        fan = FanOut(lobby, events, places, answers, _refuse, counters.seconds)
        fan.send()
        self._moderation.finish()
        counters.shown += len(run)
        counters.deliveries += fan.deliveries
        counters.answeredAt = fan.answeredAt
        for at, fault in fan.faults:
            kind = "a listener" if at is None else events[at].kind
            if state.faults.isNew(f"{kind} {type(fault)}"):
                self._log.error("{kind} could not be shown: {fault!r}", kind=kind, fault=fault)
        return outcomes

    def _refuseVoid(self, place: int, event: Event, origin: object, batch: _Batch) -> None:
        """
        Tell the author that their message came too late in the log to be heard.
        """
        if isinstance(origin, User):
            error = NoSuchRoom(f"you are not in {event.room} any more: nobody heard this")
            batch.answer(place, origin, _refuse(origin, event, origin.receipt(event), error))

    def _tell(self, place: int, event: Event, origin: object, batch: _Batch) -> None:
        """
        Show a direct message to its recipient.  If they have left since it was appended, it is
        refused, unless their session is likely to be resumed.
        """
        sid = event.room[1:]
        target = self._state.roster.bySid(sid)
        if target is not None:
            for user in usersOf(target):
                user.lastSender = event.sid
                if target.record is not None and user.session is None:
                    # People at a terminal read what they are shown; programs send read marks
                    # themselves.
                    self._marks.told(user, event.id)
            batch.show(place, target.alone)
        sender = self._state.roster.bySid(event.sid)
        if sender is not None and len(sender.devices) > 1:
            others = Audience()
            for user in usersOf(sender):
                if user is not origin:
                    others.add(user, user.client.dialect.sent)
            batch.show(place, others)
        if isinstance(origin, User):
            data = origin.receipt(event)
            isKept = self._state.roster.isHeld(sid) or self._state.law.isAccount(sid)
            if target is None and not isKept:
                error = NoSuchUser(f"{event.to} has just left: nobody was told")
                data = _refuse(origin, event, data, error)
            batch.answer(place, origin, data)

    def _change(
        self, place: int, event: Event, origin: object, batch: _Batch, outcomes: list[Outcome]
    ) -> bool:
        """
        Apply an event that changes a room or a name and show it, unless it is void.

        @return: whether it took effect.
        """
        self._state.counters.changes += 1
        proposal = origin if isinstance(origin, Proposal) else None
        roster = self._state.roster
        author = roster.bySid(event.sid) if proposal is None else proposal.user.member
        try:
            audiences = self._apply(event, author)
        except ChatError as error:
            if isinstance(origin, Order):
                origin.refuse(error)
            if proposal is not None:
                outcomes.append((proposal, error))
                batch.answer(place, proposal.user, proposal.user.answered(b""))
            return False
        for audience in audiences:
            batch.show(place, audience)
        if proposal is not None:
            user = proposal.user
            outcomes.append((proposal, event))
            batch.answer(place, user, user.answered(user.own(event, proposal.key)))
        return True

    def _apply(self, event: Event, author: Member | None) -> list[Audience]:
        """
        @return: who hears of it.
        @raise ChatError: if the event is void, by what came before it in the log.
        """
        state = self._state
        if event.kind == RENAMED:
            return self._rename(event, author)
        if event.kind in RECORDED:
            state.law.apply(event)
        if event.kind == CREATED:
            self._create(event, author)
            return []
        if event.kind in MODERATION:
            return self._moderation.happen(event)
        if event.kind in ACCOUNTS:
            self._account(event, author)
            return []
        if author is None and event.sid:
            raise NoSuchUser("whoever did this is not here any more")
        room = state.rooms.apply(event, author)
        if event.kind == CLOSED:
            if room.id not in state.rooms.byId:
                state.log.dropRoom(room.id)
            return []
        state.keep(room)
        if event.kind == LOCKED:
            for member in membersOf(room):
                for user in usersOf(member):
                    user.remember()
        isInvitation = event.kind == INVITED
        guest = state.roster.bySid(event.data.partition(" ")[0]) if isInvitation else None
        if guest is not None and guest not in room:
            return [room.audience, guest.alone]
        return [room.audience]

    def _create(self, event: Event, author: Member | None) -> None:
        """
        Make a new room.  An impossible room is in the records nevertheless, because their rules do
        not know which names look alike; the node of its author closes it.
        """
        state = self._state
        try:
            if author is None and event.sid:
                raise NoSuchUser("whoever did this is not here any more")
            state.keep(state.rooms.apply(event, author))
        except ChatError:
            if author is not None and author.devices:
                state.log.append(Draft(CLOSED, event.room, "", data=str(event.id)), None)
            raise

    def _account(self, event: Event, member: Member | None) -> None:
        """
        Apply a change of an account to its owner, if they are here.
        """
        if event.kind == READ:
            self._marks.happened(event)
        elif event.kind == UNREGISTERED and member is not None:
            member.disown()
        elif event.kind == REGISTERED and member is not None:
            member.own(event.name)
            for user in usersOf(member):
                user.registered()
                # Earlier messages were shown to them as a guest.
                self._marks.knows(user, DIRECT, event.id)
                self._state.audit.tell(f"{event.name} is registered", user.client.address)

    def _rename(self, event: Event, member: Member | None) -> list[Audience]:
        if member is None:
            raise NoSuchUser("whoever did this is not here any more")
        before = member.name
        self._state.roster.rename(member, event.to)
        for user in usersOf(member)[:1]:
            self._state.audit.tell(f"{before} is now {event.to}", user.client.address)
        return [room.audience for room in self._around(member)]

    def _fail(
        self, place: int, event: Event, origin: object, batch: _Batch, outcomes: list[Outcome]
    ) -> None:
        """
        Answer the author of an event that failed, if they have no answer yet.
        """
        error = NotShown(_NOT_SHOWN)
        if isinstance(origin, User) and place not in batch.answers.get(origin, ()):
            batch.answer(
                place,
                origin,
                origin.answered(origin.client.dialect.refusal(error, origin.mine(event).key)),
            )
        elif isinstance(origin, Proposal) and all(done is not origin for done, _ in outcomes):
            outcomes.append((origin, error))
            batch.answer(place, origin.user, origin.user.answered(b""))


def _refuse(author: Listener, event: Event, answer: bytes, error: ChatError | None = None) -> bytes:
    """
    Replace the receipt at the beginning of an answer with a refusal.

    @param error: the reason; by default that the event cannot be shown.
    """
    if not isinstance(author, User):
        return answer
    dialect = author.client.dialect
    event = author.mine(event)
    refusal = dialect.refusal(NotShown(_NOT_SHOWN) if error is None else error, event.key)
    return refusal + answer.removeprefix(dialect.receipt(event))
