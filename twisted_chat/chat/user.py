# -*- test-case-name: tests.chat.test_user -*-
"""
The avatar: a member over one of their connections, as a door sees them.

Everything that a user does becomes a draft.  State changes when the log returns the event
(L{delivery}, L{presence}); until then there is at most a reservation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from twisted.internet.defer import Deferred
from zope.interface import implementer

from ..accounts.bans import Visitor
from ..accounts.registry import DIRECT
from ..errors import (
    BadName,
    BadText,
    ChatError,
    Displaced,
    MailboxFull,
    NoSuchRoom,
    NoSuchUser,
    NotAllowed,
)
from ..stores.interfaces import MARK
from ..stores.session import Session, newSid
from ..text.confusables import looks, nameKey
from ..text.names import cleanName
from ..wire.answers import Answer, Entered, Goodbye, Notice
from ..wire.events import (
    FOREVER,
    HELD,
    JOINED,
    LEFT,
    REMOVED,
    RENAMED,
    SAID,
    SERVER,
    TOLD,
    Draft,
    Event,
    Place,
    Scope,
    publicValues,
    published,
)
from ..wire.interfaces import IView
from .interfaces import IClient, IUser
from .member import Member, sendNowhere
from .replies import Replies
from .room import Room
from .state import Doing, State


class Proposal:
    """
    The origin of a draft that changes state, on its way to the log and back.

    @ivar user: who made it.
    @ivar key: the client's own id of the request, which the answer repeats, or C{None}.
    """

    __slots__ = ("key", "user")

    def __init__(self, user: User, key: str | None = None) -> None:
        self.user = user
        self.key = key

    def settle(self, outcome: Event | ChatError) -> None:
        """
        Take the outcome, after everybody was shown it.

        @param outcome: the event, if it took effect; otherwise the error: it was refused, or void.
        """


class AwaitedProposal(Proposal):
    """
    A proposal whose result a command awaits.

    @ivar result: fires with the event; fails with the L{ChatError}.
    """

    __slots__ = ("result",)

    def __init__(self, user: User, key: str | None = None) -> None:
        super().__init__(user, key)
        self.result: Deferred[Event] = Deferred()

    def settle(self, outcome: Event | ChatError) -> None:
        """See L{Proposal.settle}."""
        if isinstance(outcome, Event):
            self.result.callback(outcome)
        else:
            self.result.errback(outcome)


Outcome = tuple[Proposal, Event | ChatError]
"""A proposal and its outcome."""


MAX_INBOX = 1_000
"""Most direct messages that wait for somebody who is away: they have to be read one day."""

_DEVICE_KEY = re.compile(r"[0-9a-f]{16}/")
"""The prefix of the keys of messages from sessions other than the one that registered the
account."""


@implementer(IUser)
class User(Replies):
    """
    A member, over one of their connections.

    @ivar member: the person.
    @ivar sid: the member's id in the log.
    @ivar client: their connection; another one once the session was taken over.
    @ivar leaving: whether this connection has left the chat, or is leaving.
    @ivar current: their current room.
    @ivar device: the label of the credential that they logged in with, or empty.
    @ivar session: their stored session, or C{None} if it cannot be resumed.
    @ivar lastSender: the session id of the author of their latest direct message, or empty.
    @ivar catchUp: the replay of what they missed, while it lasts.
    @ivar attachedAt: when their connection was attached, in seconds on a clock that does not jump.
    @ivar isChanging: whether they are changing from a guest to the owner of an account.
    @ivar isProved: whether they have proved that the account is theirs, by more than the token of a
        session.
    @ivar isUnregistering: whether they have asked once for the end of their account.
    @ivar displaced: a sentence for a user who was moved to another room and may not know it, sent
        once; or empty.
    """

    __slots__ = (
        "_isEnding",
        "_isWarned",
        "attachedAt",
        "catchUp",
        "client",
        "current",
        "device",
        "displaced",
        "isChanging",
        "isProved",
        "isUnregistering",
        "keyPrefix",
        "lastSender",
        "leaving",
        "member",
        "session",
        "sid",
        "state",
    )

    def __init__(self, state: State, client: IClient, member: Member, session: Session) -> None:
        """
        @param client: the connection.
        @param session: their session; without a C{tokenHash} it cannot be resumed.
        """
        super().__init__()
        self.state = state
        self.member = member
        self.sid = member.sid
        self.session = session if session.tokenHash else None
        self.keyPrefix = "" if session.sid == member.sid else f"{session.sid}/"
        self.current = state.rooms.lobby
        self.device = session.device
        self.lastSender = ""
        self.displaced = ""
        self.leaving = self._isEnding = self._isWarned = False
        self.isChanging = self.isProved = self.isUnregistering = False
        self.catchUp: Deferred[None] | None = None
        self.attach(client)

    @property
    def name(self) -> str:
        """The member's name."""
        return self.member.name

    @property
    def rooms(self) -> tuple[Room, ...]:
        """The member's rooms, the lobby first."""
        return self.member.rooms

    @property
    def rights(self) -> Mapping[int, int]:
        """See L{room.Person.rights}."""
        return self.member.rights

    @property
    def visitor(self) -> Visitor:
        """The user, as far as bans concern them over this connection."""
        isAccount = self.state.law.isAccount(self.sid)
        return Visitor(self.sid, looks(self.name), self.client.host, isAccount)

    @property
    def view(self) -> IView:
        """The view of the current room over this connection."""
        return self.client.dialect.here

    def attach(self, client: IClient) -> None:
        """
        Go on with this connection.
        """
        self.endCatchUp()
        self.client = client
        # The token of a session does not count as a proof: see L{proved}.
        self.isProved = False
        self.put = client.put
        self.attachedAt = self.state.monotonic()
        self.member.attach(self)

    def proved(self, label: str) -> None:
        """
        Note that they have proved that the account is theirs.

        @param label: the label of the credential.
        """
        self.isProved = True
        self.device = label
        self._warn()
        if self.session is not None and self.session.device != label:
            self.session = self.session._replace(device=label)
            self.remember()

    def _warn(self) -> None:
        """
        Warn a user at a terminal, once, if others can read the secrets that they type and see.
        """
        if self.session is None and self.client.isExposed and not self._isWarned:
            self._isWarned = True
            self.notice(
                "This connection is not encrypted: others on its way can read your secret. Use"
                " TLS where you can"
            )

    def logInto(self, account: str) -> None:
        """
        Note that their session belongs to an account from now on.
        """
        if self.session is not None:
            self.session = self.session._replace(account=account)

    def become(self, member: Member) -> None:
        """
        Become the owner of an account.

        @param member: the account's.
        """
        self.member.detach(self)
        self.member = member
        self.sid = member.sid
        # Their keys must not be mistaken for those of other connections.
        self.keyPrefix = f"{newSid() if self.session is None else self.session.sid}/"
        self.current = self.state.rooms.lobby
        member.attach(self)

    def endSession(self) -> None:
        """
        End the session: it can no longer be resumed.
        """
        self.session = None

    def sendAway(self, why: str) -> None:
        """
        Leave.

        @param why: the reason, for the goodbye.
        """
        self.client.close(self.client.dialect.answer(Goodbye(why), None))
        self.drop()

    def registered(self) -> None:
        """
        Note that the member has an account from now on.
        """
        self.logInto(self.sid)
        self.remember()

    def detach(self) -> None:
        """
        Detach the connection, which is gone: send no more.
        """
        self.endCatchUp()
        self.leaving = True
        self._isEnding = False
        self.put = sendNowhere
        self.member.detach(self)

    def endCatchUp(self) -> None:
        """
        Stop the replay, because its connection has ended.
        """
        catchUp, self.catchUp = self.catchUp, None
        if catchUp is not None:
            catchUp.cancel()

    @property
    def scope(self) -> Scope:
        """
        The scope that they may read.
        """
        return self.scopeAfter(self.state.startId)

    def scopeAfter(self, last: int) -> Scope:
        """
        @param last: the last event id that they have seen.
        @return: the scope of what they have missed.  If the server was restarted since, everybody
            has left and returned, which is not told.
        """
        presenceFrom = 0 if last > self.state.startId else FOREVER
        places = tuple(room.placeFor(self.rights, presenceFrom) for room in self.rooms)
        return Scope(places, self.sid)

    def roomNamed(self, name: str) -> Room:
        """
        @param name: as somebody typed it: only its case and its Unicode form may differ.
        @return: one of their rooms.
        @raise NoSuchRoom: if they are not in it.
        """
        room = self.state.rooms.known(name)
        if room is None or room not in self.rooms:
            raise NoSuchRoom(f"you are not in {name}: /join it first")
        return room

    def look(self, room: Room) -> None:
        """
        Update the view of a room, which is the current one or another.
        """
        dialect = self.client.dialect
        room.audience.add(self, dialect.here if room is self.current else dialect.elsewhere)

    @property
    def entered(self) -> Entered:
        """
        The current room, as an answer.
        """
        return Entered(self.current.name, self.current.topic, len(self.current))

    def moveTo(self, room: Room) -> None:
        """
        Make one of their rooms the current one.
        """
        before, self.current = self.current, room
        self.displaced = ""
        for each in (before, room):
            if self.member in each:
                self.look(each)

    # What a door calls

    def say(
        self, text: str, room: str = "", key: str | None = None, kind: str = SAID
    ) -> Deferred[None] | None:
        """
        Say something in a room.

        @param text: clean text, not empty.
        @param room: the name of one of their rooms; empty: the current one.
        @param key: the client's own id of this message.
        @param kind: L{events.SAID}, or L{events.ACTED} for C{/me}.
        @return: fires when it is said, where that cannot be at once.
        @raise NoSuchRoom: if they are not in that room.
        @raise BadText: if nothing of the text is visible.
        @raise Displaced: if they were moved to another room and may not know it.
        """
        target = self.current
        if room:
            target = self.roomNamed(room)
        elif self.displaced:
            sentence, self.displaced = self.displaced, ""
            raise Displaced(sentence)
        if not text or text.isspace():
            raise BadText("there is nothing left of this text that can be shown: write something")
        if target.changing:
            return Deferred.fromCoroutine(self._sayLater(target, kind, text, key))
        law = self.state.law
        if law.guardsSpeech or target.place in law.ruled:
            self.mustSpeak(target)
        member = self.member
        self.append(
            Draft(kind, target.name, member.name, text, "", member.sid, key, member.account)
        )
        return None

    async def _sayLater(self, target: Room, kind: str, text: str, key: str | None) -> None:
        """
        Say something once the pending changes of the room have returned from the log.
        """
        while target.changing:
            await target.whenSettled()
        try:
            if target not in self.rooms or self.leaving:
                raise NoSuchRoom(f"you are not in {target.name} any more: nothing was sent")
            self.mustSpeak(target)
        except ChatError as error:
            self.refuse(error, key)
        else:
            account = self.member.account
            self.append(Draft(kind, target.name, self.name, text, "", self.sid, key, account))

    def mustSpeak(self, room: Room) -> None:
        """
        Check that they may speak in a room now, and note that they do.

        @raise ChatError: if they may not.
        """
        law, now = self.state.law, self.state.seconds()
        refusal = law.maySpeak(room.place, room.name, self.visitor, now)
        if refusal is not None:
            raise refusal
        law.spoke(room.place, self.sid, now)

    def tell(self, name: str, text: str, key: str | None = None) -> Deferred[None] | None:
        """
        Send a direct message.  A registered person who is away reads it later.

        @return: fires when it is said, where that cannot be at once.
        @raise NoSuchUser: if nobody with this name is here or registered.
        """
        try:
            target = self.state.roster.find(name)
        except NoSuchUser:
            owned = self.state.law.ownerOf(name.removeprefix("@").rstrip(",:"))
            if owned is None or not self.state.law.isAccount(owned.who):
                raise
            present = self.state.roster.bySid(owned.who)
            if present is None or present.leaving:
                return self.finish(self._leaveWord(owned.who, owned.name, text, key), key)
            # The registered owner of the name is here under another name.
            target = present
        self._tell(target, text, key)
        return None

    async def _leaveWord(self, who: str, name: str, text: str, key: str | None) -> None:
        """
        Leave a direct message for a registered person who is away.

        @raise NotAllowed: if the user is a guest.
        @raise MailboxFull: if too many messages wait for them.
        """
        if not self.member.isRegistered:
            raise NotAllowed(
                f"{name} is away, and only registered people can leave a message: /register first"
            )
        log = self.state.log
        read = await log.record(MARK, f"{who} {DIRECT}")
        after = read if isinstance(read, int) else 0
        inbox = Place(f"@{who}", ((1, FOREVER),))
        if await log.count(inbox, after, MAX_INBOX) >= MAX_INBOX:
            raise MailboxFull(f"{MAX_INBOX} messages wait for {name}, which is the most")
        self._append(TOLD, f"@{who}", name, text, key)

    def tellLastSender(self, text: str, key: str | None = None, name: str = "") -> None:
        """
        Send a direct message to the author of their latest one, even if that person was renamed.

        @param name: the name of the intended recipient, if the user saw one: nobody else is told.
        @raise NoSuchUser: if there is no such person, they left, or it is somebody else.
        """
        target = self.state.roster.bySid(self.lastSender)
        if target is None or target.leaving:
            raise NoSuchUser("nobody is here to reply to: use /msg NAME TEXT")
        if name and nameKey(name) != nameKey(target.name):
            raise NoSuchUser(
                f"{target.name} wrote to you last, not the person you mean: use /msg NAME TEXT"
            )
        self._tell(target, text, key)

    def _tell(self, target: Member, text: str, key: str | None) -> None:
        self._append(TOLD, f"@{target.sid}", target.name, text, key)

    def _append(self, kind: str, room: str, to: str, text: str, key: str | None) -> None:
        if not text or text.isspace():
            raise BadText("there is nothing left of this text that can be shown: write something")
        law = self.state.law
        if law.hasRules(SERVER):
            refusal = law.mayTell(self.visitor, room[1:], self.state.seconds())
            if refusal is not None:
                raise refusal
        account = self.member.account
        self.append(Draft(kind, room, self.name, text, to, self.sid, key, account))

    def read(self, room: str, id: int, key: str | None = None) -> Deferred[None]:
        """
        Note that they have read one of their rooms up to this event.

        @param room: its name; C{@} for direct messages.
        @param key: the client's own id of this request.
        @return: fires when it is noted.
        @raise NotAllowed: if they are a guest.
        @raise NoSuchRoom: if they are not in it.
        """
        if not self.member.isRegistered:
            raise NotAllowed("read marks are for registered people: /register first")
        place = DIRECT
        if room != DIRECT:
            place = str((self.roomNamed(room) if room else self.current).id)
        return self.finish(self.state.hasRead(self, place, id), key)

    async def rename(self, name: str) -> None:
        """
        Take another name.

        @raise BadName: if nobody may have it.
        @raise NameTaken: if somebody has it, or a look-alike.
        """
        new = cleanName(name)
        if new == self.name:
            raise BadName(f"you are called {new} already: choose another name")
        roster = self.state.roster
        roster.check(new, self.sid)
        self._checkBans(new)
        roster.reserve(new, self.member)
        try:
            await self.propose(
                Draft(RENAMED, self.state.rooms.lobby.name, self.name, "", new, self.sid)
            )
        except ChatError:
            roster.release(new, self.sid)
            raise
        self.remember()

    def _checkBans(self, name: str) -> None:
        """
        @raise ChatError: if a ban keeps a user with this name out of one of their rooms.
        """
        law, now = self.state.law, self.state.seconds()
        visitor = self.visitor._replace(looks=looks(name))
        for place, room in ((SERVER, ""), *((room.place, room.name) for room in self.rooms)):
            refusal = law.mayEnter(place, room, visitor, now)
            if refusal is not None:
                raise refusal

    def perform(self, line: str, key: str | None = None) -> Deferred[None] | None:
        """
        Perform a line: a command, or a message.

        @param line: clean text.
        @param key: the client's own id of this request.
        @return: fires when it is answered, if that takes a while; no other line of this user may be
            taken before.
        @raise ChatError: if it is refused: nothing was said.
        """
        if self.leaving:
            return None
        if line[:1] != "/":
            return self.say(line, "", key)
        if line[:2] == "//":
            return self.say(line[1:], "", key)
        return self.finish(self.state.perform(self, line[1:], key), key)

    def finish(self, doing: Doing, key: str | None) -> Deferred[None]:
        """
        Await a command, and send the refusal if it raises one.

        @return: fires when it is answered.
        """

        async def end() -> None:
            try:
                await doing
            except ChatError as error:
                self.refuse(error, key)

        return Deferred.fromCoroutine(end())

    def quit(self) -> None:
        """
        Leave the chat on purpose; the goodbye follows the answers to all earlier requests.
        """
        self._leave("")

    def hangUp(self) -> None:
        """
        Leave the chat because the client closed its side; the user gets a goodbye, and a session
        that can be resumed keeps its name for a while.
        """
        self._leave(HELD)

    def drop(self) -> None:
        """
        Leave the chat because the connection is lost.  A session that can be resumed keeps its name
        for a while.
        """
        self.endCatchUp()
        self._leave(HELD)

    def _leave(self, data: str) -> None:
        if self.leaving:
            return
        self.leaving = True
        member = self.member
        if self.isChanging:
            return  # L{login.LoginDesk} makes the new person leave, if there is one yet.
        if any(not device.leaving for device in member.devices):
            self._endAlone()
            return
        self.state.leaves(self)
        member.leaving = True
        member.keepsName = bool(data) and self.session is not None
        data = data if member.keepsName else ""
        lobby = self.state.rooms.lobby.name
        self.submit(Draft(LEFT, lobby, member.name, "", "", member.sid, None, data), Proposal(self))

    def _endAlone(self) -> None:
        """
        End this connection of a member who stays over another one, once all its requests are
        answered.
        """
        if self._asked != self._answered:
            self._isEnding = self.waits = True
            return
        self._isEnding = False
        address = self.client.address
        self.state.audit.tell(f"{self.name} has left, and stays over another connection", address)
        self.dismiss()

    def dismiss(self) -> None:
        """
        Say goodbye, and close the connection.
        """
        self.client.close(self.client.dialect.answer(Goodbye("Goodbye"), None))
        self.detach()

    # Drafts

    def append(self, draft: Draft) -> None:
        """
        Append a message; exactly one answer will follow, unless they are leaving.
        """
        if self.leaving:
            return
        self._asked += 1
        if self.keyPrefix and draft.key is not None:
            draft = draft._replace(key=self.keyPrefix + draft.key)
        self.state.log.append(draft, self)

    def propose(self, draft: Draft, key: str | None = None) -> Deferred[Event]:
        """
        Give a draft to the log that changes a state.

        @param key: the client's own id of the request, which the answer repeats.
        @return: see L{AwaitedProposal.result}.
        @raise NotAllowed: if the user has left meanwhile.
        """
        if self.leaving:
            raise NotAllowed("you have left: nothing was changed")
        proposal = AwaitedProposal(self, key)
        self.submit(draft, proposal)
        return proposal.result

    def submit(self, draft: Draft, proposal: Proposal) -> None:
        """
        Give a draft to the log that changes a state.
        """
        self._asked += 1
        self.state.log.append(draft, proposal)

    def remember(self) -> None:
        """
        Store what has changed in the session, if it can be resumed, and in the account.
        """
        member, session = self.member, self.session
        if session is None and member.record is None:
            return
        state = self.state
        eras, asleep = state.rooms.eras, state.rooms.asleep
        rights = {era: upTo for era, upTo in member.rights.items() if era in eras or era in asleep}
        rooms = tuple(room.id for room in member.rooms if room is not state.rooms.lobby)
        seen = state.seconds()
        if session is not None:
            self.session = session._replace(
                name=member.name, rooms=rooms, current=self.current.id, seen=seen, rights=rights
            )
            state.log.remember(self.session)
        if member.record is not None:
            member.record = member.record._replace(
                name=member.name, rooms=rooms, seen=seen, rights=rights
            )
            if not self.keyPrefix and self.session is not None:
                member.record = self.session
            else:
                state.log.remember(member.record)

    # Answers

    def notice(self, text: str, key: str | None = None) -> None:
        """
        Send them a line for people, as an answer.
        """
        self.answer(Notice(text), key)

    def answer(self, value: Answer, key: str | None = None) -> None:
        """
        Send an answer, after the answers to all earlier requests.
        """
        self.reply(self.client.dialect.answer(value, key))

    def refuse(self, error: ChatError, key: str | None = None) -> None:
        """
        Send a refusal, after the answers to all earlier requests.
        """
        self.state.counters.refusals[error.code] += 1
        self.reply(self.client.dialect.refusal(error, key))

    def receipt(self, event: Event) -> bytes:
        """
        Count one of their messages as answered: the log took it.

        @return: its receipt, followed by the replies that waited for it.
        """
        data = self.client.dialect.receipt(self.mine(event) if self.keyPrefix else event)
        self._answered += 1
        if event.time > self.member.lastActiveAt:
            # A repeated message was already counted when it was first said.
            self.member.lastActiveAt = event.time
        return data if self._held is None else data + self._due()

    def mine(self, event: Event) -> Event:
        """
        @return: an event of the member's as this connection may see it: with the client's key if it
            was made over this session, otherwise without a key.
        """
        key = event.key
        if key is None:
            return event
        if self.keyPrefix:
            isMine = key.startswith(self.keyPrefix)
            return event._replace(key=key.removeprefix(self.keyPrefix) if isMine else None)
        return event._replace(key=None) if _DEVICE_KEY.match(key) else event

    def own(self, event: Event, key: str | None = None) -> bytes:
        """
        @return: the lines of an event of their own that is not a message.
        """
        if event.kind == JOINED and event.room == self.state.rooms.lobby.name:
            return b""  # The welcome tells it.
        if event.kind == REMOVED or publicValues(event).get("quiet"):
            return b""  # They hear of its effect instead.
        return self.client.dialect.own(published(event), key)

    def settle(self) -> None:
        """See L{Replies.settle}."""
        super().settle()
        if self._isEnding:
            self._endAlone()
        self.waits = self.waits or self._isEnding
        self.client.answered()


def ended(session: Session) -> Session:
    """
    @return: what remains of a session that can no longer be resumed: the account's own session, or
        C{None}.
    """
    hash = f"account:{session.sid}" if session.sid == session.account else ""
    return session._replace(tokenHash=hash, device="")


def mayReturn(member: Member) -> bool:
    """
    @return: whether somebody may come back as the person who they are now: to an account, or with
        the session of one of their connections.  Of those at other nodes that is not known here.
    """
    devices = usersOf(member)
    return not devices or member.isRegistered or any(user.session for user in devices)


def usersOf(member: Member) -> tuple[User, ...]:
    """
    @return: a member's connections here, oldest first.
    """
    return cast("tuple[User, ...]", member.devices)
