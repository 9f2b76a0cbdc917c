# -*- test-case-name: tests.chat -*-
"""
Logs people in: under a new name, with the token of a session, or to an account.

Somebody is logged in once the log has returned their JOINED event.  Another connection of somebody
who is here needs no event.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from ..accounts.bans import Visitor
from ..accounts.credentials import Credential, added
from ..accounts.records import ACCOUNT, CODE
from ..errors import ChatError, NameTaken, NoHistory, NotAllowed, TooManyTries, WrongLogin
from ..stores.session import Session, hashToken, newSid, newToken
from ..text.confusables import looks
from ..text.names import cleanName
from ..text.secrets import makeSecret
from ..wire.answers import Goodbye
from ..wire.events import JOINED, LEFT, SERVER, Draft, Event, joinedData
from .authentication import FIRST_LABEL, proving, registration
from .interfaces import IClient, LoginRequest, Proof
from .member import Member, sendNowhere
from .operator import order
from .presence import Presence
from .roster import Claim
from .state import State
from .user import Proposal, User, usersOf
from .welcome import Welcomer

MAX_DEVICES = 8
"""Most simultaneous connections of one account."""

TAKEOVER_SECONDS = 1.0
"""Seconds for which a session stays with a connection before another may take it over."""


class _Arrival(Proposal):
    """
    A login whose JOINED event is on its way to the log and back.

    @ivar session: the id of the session to log in with.
    """

    __slots__ = ("_desk", "_logins", "session")

    def __init__(self, user: User, desk: LoginDesk, session: str) -> None:
        super().__init__(user)
        self._desk = desk
        self.session = session
        self._logins: list[Deferred[User]] = []

    def wait(self, client: IClient) -> Deferred[User]:
        """
        @return: fires when the login is done.  Cancel it if this client is gone: then the user
            leaves as soon as they are logged in, unless another connection has taken the session
            over.
        """

        def abandon(_: object) -> None:
            if self.user.client is client:
                self.user.put = sendNowhere
                self.user.drop()

        login: Deferred[User] = Deferred(abandon)
        self._logins.append(login)
        return login

    def settle(self, outcome: Event | ChatError) -> None:
        """
        Fire the results of all logins that were not cancelled.
        """
        self._desk.arrived(self, outcome)
        for login in self._logins:
            if login.called:
                continue
            if isinstance(outcome, Event):
                login.callback(self.user)
            else:
                login.errback(outcome)


class LoginDesk:
    """
    Lets people in.
    """

    _log = Logger()

    def __init__(self, state: State, presence: Presence, welcomer: Welcomer) -> None:
        """
        @param presence: seats the connections of those who are here.
        @param welcomer: welcomes those who log in.
        """
        self._state = state
        self._presence = presence
        self._welcomer = welcomer
        self._arriving: dict[str, _Arrival] = {}

    def login(self, client: IClient, request: LoginRequest) -> Deferred[User]:
        """
        See L{hub.Hub.login}.
        """
        if " " in request.name and not (request.token or request.secret or request.challenge):
            name, secret = self._state.authenticator.split(request.name)
            request = request._replace(name=name, secret=secret)
        if request.secret or request.challenge is not None:
            return Deferred.fromCoroutine(self._prove(client, request))
        if request.token:
            return Deferred.fromCoroutine(self._resume(client, request, request.token))
        return self._begin(client, request)

    # With a secret

    async def _prove(self, client: IClient, request: LoginRequest) -> User:
        """
        Log in somebody who proves that they own an account, or has a code to make one.
        """
        authenticator = self._state.authenticator
        if request.challenge is not None:
            proof = await authenticator.finish(request.challenge, request.answer)
        elif (code := authenticator.invitation(request.secret)) != "":
            return await self._register(client, request._replace(secret=""), code)
        else:
            proof = await authenticator.check(client, request.name, request.secret)
        secret = ""
        if proof.code:
            # The code is used up only once they can enter and see the secret that replaces it.
            self._admit(client, proof)
            proof, secret = await self._redeem(proof)
        request = request._replace(name=proof.name, secret="", challenge=None, proof=proof)
        session = await self._recall(request.token) if request.token else None
        if session is not None and session.account == proof.who:
            user = await self._goOn(client, request, session)
        else:
            request, session = _begun(request)
            session = session._replace(account=proof.who, device=proof.label)
            user = await self._enter(client, request, session)
        if user.client is client:
            # Otherwise the session may continue over another connection that has shown only the
            # token.
            user.proved(proof.label)
            if secret:
                user.notice(f"Next time enter: {proof.name} {secret}")
        return user

    async def _register(self, client: IClient, request: LoginRequest, code: str) -> User:
        """
        Register somebody with a code, and let them in.

        @param code: its hash.
        @raise ChatError: if that fails; the code stays valid then.
        """
        state = self._state
        request, session = _begun(request)
        who, name, secret = session.sid, cleanName(request.name), makeSecret()
        state.roster.check(name, who)
        self._checkEntry(client, name, who, True)
        state.roster.reserve(name, Claim(name, who))
        try:
            await state.authenticator.register(
                client,
                code,
                lambda: state.authenticator.make(FIRST_LABEL, secret),
                lambda made: (
                    order(state, registration(who, name, code)),
                    order(state, proving(who, name, (made,))),
                ),
            )
        except BaseException:
            state.roster.release(name, who)
            raise
        state.audit.tell(f"{name} is registered", client.address)
        session = session._replace(account=who, device=FIRST_LABEL)
        user = await self._enter(client, request, session)
        if user.client is client:
            user.proved(FIRST_LABEL)
            user.notice(f"{name} is yours. Next time enter: {name} {secret}")
        return user

    async def _redeem(self, proof: Proof) -> tuple[Proof, str]:
        """
        Use up a one-time code: the account gets a generated secret in its place.

        @return: the proof, with the label of the secret; and the secret.
        @raise ChatError: if the code was used meanwhile, or there are too many credentials.
        """
        state = self._state
        authenticator = state.authenticator
        code = state.law.records.get(CODE, proof.code) or {}
        label, secret = code.get("label") or f"code-{proof.code[:4]}", makeSecret()
        made = await authenticator.make(label, secret)

        def add(credentials: Sequence[Credential]) -> tuple[Credential, ...]:
            if state.law.records.get(CODE, proof.code) is None:
                raise NotAllowed("this code is wrong, used or too old: ask for another")
            return added(credentials, made)

        await authenticator.change(
            proof.who,
            add,
            lambda new: order(state, proving(proof.who, proof.name, new, proof.code)),
        )
        return proof._replace(label=made.label, code=""), secret

    async def logInAs(self, user: User, name: str, secret: str, key: str | None) -> None:
        """
        Log a guest in to an account, or let its owner prove who they are.

        @raise ChatError: if that fails; they stay who they are then.
        """
        proof = await self._state.authenticator.check(user.client, name, secret)
        isOwner = proof.who == user.sid
        if user.member.isRegistered and not isOwner:
            raise NotAllowed(f"you are logged in as {user.name}: /quit first, and enter again")
        made = ""
        if not isOwner:
            self._admit(user.client, proof)
        if proof.code:
            proof, made = await self._redeem(proof)
        if isOwner:
            user.notice(f"You are logged in as {proof.name}", key)
        elif not await self._change(user, proof, key):
            return
        user.proved(proof.label)
        if made:
            user.notice(f"Next time enter: {proof.name} {made}")

    async def _change(self, user: User, proof: Proof, key: str | None) -> bool:
        """
        Make a guest leave and return as the owner of an account.

        @return: whether they did; false if the connection ended meanwhile.
        @raise ChatError: if it cannot be stored; they stay who they are then.
        """
        guest, room = user.member, user.current
        user.isChanging = guest.leaving = True
        try:
            lobby = self._state.rooms.lobby.name
            await user.propose(Draft(LEFT, lobby, guest.name, "", "", guest.sid))
        except ChatError:
            user.isChanging = guest.leaving = False
            if user.leaving:
                # From here on, the user can leave again.
                user.leaving = False
                user.drop()
            raise
        try:
            if not user.leaving:
                await self._become(user, proof)
        except ChatError as error:
            user.leaving = True
            user.client.close(user.client.dialect.refusal(error, key))
        finally:
            user.isChanging = False
        if user.leaving:
            self._lost(user, guest)
            return False
        if user.session is None and room is not self._state.rooms.lobby:
            self._presence.goOn(user, room.id)
        user.remember()
        await self._welcomer.changed(user, guest.name, key)
        return True

    def _lost(self, user: User, guest: Member) -> None:
        """
        Make a user leave whose connection ended during the change.
        """
        if user.member is guest or user not in user.member.devices:
            self._state.audit.tell(f"{guest.name} has left", user.client.address)
            user.detach()
        else:
            user.leaving = False
            user.drop()

    async def _become(self, user: User, proof: Proof) -> None:
        """
        Make a user the owner of an account.

        @raise ChatError: if somebody else was first in the log; the user is nobody then.
        """
        state = self._state
        member, record = await self._whenSettled(user.client, proof.who)
        if user.leaving:
            return
        user.logInto(proof.who)
        if member is not None:
            user.become(member)
            self._presence.seat(user)
            return
        member = self._memberOf(proof.name, record)
        state.roster.reserve(proof.name, member)
        user.become(member)
        await self._submit(user, record, _Arrival(user, self, ""))

    async def _recordOf(self, who: str) -> Session:
        """
        @return: the stored record of an account.
        @raise NoHistory: if it cannot be read.
        """
        try:
            stored = await self._state.log.session(who)
        except (ChatError, CancelledError):
            raise
        except Exception as error:
            self._log.failure("an account cannot be read")
            raise NoHistory("accounts cannot be read now: try again later") from error
        return stored or Session(who, f"account:{who}", account=who)

    # With a token

    async def _resume(self, client: IClient, request: LoginRequest, token: str) -> User:
        session = await self._recall(token)
        if session is None:
            return await self._begin(client, request._replace(token=""))
        return await self._goOn(client, request, session)

    async def _recall(self, token: str) -> Session | None:
        """
        @return: the session of a token; C{None} if there is none, or its account has ended.
        """
        try:
            session = await self._state.log.recall(hashToken(token))
        except (ChatError, CancelledError):
            raise
        except Exception as error:
            self._log.failure("a session cannot be read")
            raise NoHistory("your session cannot be read now: try again later") from error
        if session is None:
            return None
        isAccount = self._state.law.isAccount
        if not session.account and isAccount(session.sid):
            # They registered, but the server ended before the session recorded it.
            session = session._replace(account=session.sid)
        return session if not session.account or isAccount(session.account) else None

    async def _goOn(self, client: IClient, request: LoginRequest, session: Session) -> User:
        """
        Resume a session over this connection.
        """
        if request.last is None:
            request = request._replace(last=0, epoch="")
        elif request.last < session.began:
            request = request._replace(last=session.began)
        present = self._connected(session)
        if present is not None:
            if self._state.monotonic() - present.attachedAt < TAKEOVER_SECONDS:
                raise TooManyTries("this session was just resumed: try again in a moment")
            self._takeOver(client, present, request)
            return present
        arriving = self._arrivalOf(session.account or session.sid)
        if arriving is not None and arriving.session == session.sid:
            return await self._takeOverArriving(client, arriving, request)
        if session.account:
            return await self._enter(client, request, session)
        return await self._join(
            client, request._replace(name=request.name or session.name), session
        )

    def _arrivalOf(self, who: str) -> _Arrival | None:
        """
        @return: the login of a person that is in progress, or C{None}.
        """
        arrival = self._arriving.get(who)
        return None if arrival is None or arrival.user.leaving else arrival

    def _connected(self, session: Session) -> User | None:
        """
        @return: the live connection of a session, or C{None}.
        """
        member = self._state.roster.bySid(session.account or session.sid)
        for user in () if member is None else usersOf(member):
            isIt = user.session is not None and user.session.sid == session.sid
            if isIt and not user.leaving:
                return user
        return None

    def _takeOverArriving(
        self, client: IClient, arrival: _Arrival, request: LoginRequest
    ) -> Deferred[User]:
        """
        Continue a login whose event the log has not returned yet over another connection.
        """
        self._attach(client, arrival.user)
        self._welcomer.expect(arrival.user, request)
        return arrival.wait(client)

    def _takeOver(self, client: IClient, user: User, request: LoginRequest) -> None:
        """
        Continue the session of a user who is still here over another connection.
        """
        self._checkEntry(client, user.name, user.sid, bool(user.member.record))
        self._attach(client, user)
        for room in user.rooms:
            user.look(room)
        self._welcomer.resume(user, self._state.lastId + 1, request)

    def _attach(self, client: IClient, user: User) -> None:
        self._state.counters.logins["taken-over"] += 1
        old = user.client
        goodbye = Goodbye("this session goes on over another connection")
        old.close(old.dialect.answer(goodbye, None))
        user.attach(client)

    # To an account

    async def _enter(self, client: IClient, request: LoginRequest, session: Session) -> User:
        """
        Log somebody in to their account, who may be here over other connections.

        @param session: the session of this connection, which names the account.
        @raise ChatError: if they cannot enter now.
        """
        who = session.account
        member, record = await self._whenSettled(client, who)
        if member is not None:
            return self._add(client, request, member, session, record)
        account = self._state.law.records.get(ACCOUNT, who)["name"]
        name = request.name or record.name or account
        try:
            self._state.roster.check(name, who)
        except NameTaken:
            # They used the name without owning it, and somebody else uses it by now.
            name = account
        return await self._join(client, request._replace(name=name), session, record)

    async def _whenSettled(self, client: IClient, who: str) -> tuple[Member | None, Session]:
        """
        Wait until no login to an account is in progress.

        @return: its owner, if they are here and stay; and the account's record.
        @raise WrongLogin: if the account has ended.
        """
        while True:
            while (arrival := self._arrivalOf(who)) is not None:
                try:
                    await arrival.wait(client)
                except ChatError:  # noqa: PERF203 - that one was refused; this one may be let in
                    continue
            record = await self._recordOf(who)
            if self._arrivalOf(who) is None:
                break
        if not self._state.law.isAccount(who):
            raise WrongLogin("this account has ended: enter another name")
        member = self._state.roster.bySid(who)
        return (None if member is None or member.leaving else member), record

    def _add(
        self,
        client: IClient,
        request: LoginRequest,
        member: Member,
        session: Session,
        record: Session,
    ) -> User:
        """
        Add a connection of somebody who is here.
        """
        state = self._state
        self._checkEntry(client, member.name, member.sid, True)
        self._checkConnections(member.sid)
        if not member.devices:
            # Until now they were here only at other nodes.
            member.own(member.account, record)
        user = User(state, client, member, session)
        self._presence.seat(user)
        state.counters.logins["another"] += 1
        state.audit.tell(f"{user.name} is now connected over another connection", client.address)
        if user.session is not None and not user.session.began:
            user.session = user.session._replace(began=state.lastId)
        user.remember()
        self._welcomer.attached(user, request)
        return user

    def _admit(self, client: IClient, proof: Proof) -> None:
        """
        @raise ChatError: if the owner of an account may not enter now.
        """
        self._checkEntry(client, proof.name, proof.who, True)
        self._checkConnections(proof.who)

    def _checkConnections(self, who: str) -> None:
        """
        @raise TooManyTries: if somebody has L{MAX_DEVICES} connections.
        """
        member = self._state.roster.bySid(who)
        if member is not None and len(member.devices) >= MAX_DEVICES:
            raise TooManyTries(
                f"you are here over {MAX_DEVICES} connections, which is the most: end one first"
            )

    def _memberOf(self, name: str, record: Session) -> Member:
        """
        @return: the owner of an account, who is about to enter.
        """
        member = Member(name, record.sid, self._state.seconds())
        member.rights = record.rights
        member.own(self._state.law.records.get(ACCOUNT, record.sid)["name"], record)
        return member

    # Under a name

    def _begin(self, client: IClient, request: LoginRequest) -> Deferred[User]:
        """
        Log somebody in under a new session.
        """
        request, session = _begun(request)
        try:
            return self._join(client, request, session)
        except ChatError as error:
            failed: Deferred[User] = Deferred()
            failed.errback(error)
            return failed

    def _join(
        self,
        client: IClient,
        request: LoginRequest,
        session: Session,
        record: Session | None = None,
    ) -> Deferred[User]:
        """
        Reserve the name, and append a JOINED event.

        @param record: the record of their account, or C{None}.
        @raise ChatError: if the name is not available, or they may not enter.
        """
        name = cleanName(request.name)
        state = self._state
        stored = session if record is None else record
        state.roster.check(name, stored.sid)
        self._checkEntry(client, name, stored.sid, record is not None)
        if record is None:
            member = Member(name, session.sid, state.seconds())
            member.rights = session.rights
        else:
            member = self._memberOf(name, record)
        user = User(state, client, member, session)
        state.roster.reserve(name, member)
        self._welcomer.expect(user, request)
        return self._submit(user, stored, _Arrival(user, self, session.sid))

    def _submit(self, user: User, stored: Session, arrival: _Arrival) -> Deferred[User]:
        """
        Have the log say that somebody joined.

        @param stored: their stored session.
        @return: see L{_Arrival.wait}.
        """
        state = self._state
        login = arrival.wait(user.client)
        self._arriving[user.sid] = arrival
        account = user.member.account
        lobby = state.rooms.lobby.name
        data = joinedData("", account)
        user.submit(Draft(JOINED, lobby, user.name, "", "", user.sid, None, data), arrival)
        for room in state.readmitted(stored, user.client.host) if stored.rooms else ():
            data = joinedData(str(room.era.start), account)
            joined = Draft(JOINED, room.name, user.name, "", "", user.sid, None, data)
            user.submit(joined, Proposal(user))
        return login

    def _checkEntry(self, client: IClient, name: str, who: str, isRegistered: bool) -> None:
        """
        @raise ChatError: if somebody may not enter the chat.
        """
        law = self._state.law
        if not law.guardsEntry:
            return
        visitor = Visitor(who, looks(name), client.host, isRegistered)
        refusal = law.mayEnter(SERVER, "", visitor, self._state.seconds())
        if refusal is not None:
            raise refusal

    def arrived(self, arrival: _Arrival, outcome: Event | ChatError) -> None:
        """
        End a login: the log has returned its event, or somebody else had the name first.
        """
        user = arrival.user
        if self._arriving.get(user.sid) is arrival:
            del self._arriving[user.sid]
        if not isinstance(outcome, Event):
            self._welcomer.forget(user)
            self._state.roster.release(user.name, user.sid)
            user.detach()
            return
        if user.isChanging:
            return
        isNew = user.session is None or not user.session.began
        self._state.counters.logins["new" if isNew else "resumed"] += 1
        if user.session is not None and isNew:
            user.session = user.session._replace(began=outcome.id)
        user.remember()


def _begun(request: LoginRequest) -> tuple[LoginRequest, Session]:
    """
    @return: a new session, and the request with its token.
    """
    session = Session(newSid())
    if request.token is None:
        return request, session
    token = newToken()
    session = session._replace(tokenHash=hashToken(token))
    return request._replace(token=token, last=None, epoch=""), session
