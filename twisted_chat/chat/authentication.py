# -*- test-case-name: tests.chat.test_authentication -*-
"""
Authentication: whether somebody who says so is the owner of an account, and how one gets an account.

Passwords are hashed elsewhere, one after another; nothing here waits for a hash but the login that
it is for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, succeed

from ..accounts.credentials import (
    Credential,
    added,
    chosen,
    fitting,
    madeCredential,
    readCredentials,
    tries,
)
from ..accounts.hashing import Hashing
from ..accounts.pepper import Pepper
from ..accounts.records import ACCOUNT, CODE, CREDENTIALS
from ..accounts.registry import FOR_DEVICE, TO_RECOVER, TO_REGISTER
from ..accounts.throttle import Attempt, LoginThrottle, RegistrationThrottle
from ..errors import NoHistory, NotAllowed, TooManyTries, WrongLogin
from ..text.confusables import looks, nameKey
from ..text.secrets import hashCode, makeSecret, readSecret
from ..wire import events as kinds
from ..wire.events import REGISTERED, SERVER, Draft
from ..wire.scram import ServerExchange, parseClientFirst
from .interfaces import IClient
from .operator import order
from .state import State
from .user import User


class Proof(NamedTuple):
    """
    What somebody has proved.

    @ivar who: the id of the account that they own.
    @ivar name: the name of the account that they used.
    @ivar label: the label of the credential, or empty.
    @ivar signature: by which the client knows the server (the last message of SCRAM), or C{None}.
    @ivar code: the hash of the one-time code that they used, or empty.
    """

    who: str
    name: str
    label: str = ""
    signature: str | None = None
    code: str = ""


class Challenge:
    """
    A login by SCRAM under way (RFC 5802).

    @ivar message: what the client has to answer.
    """

    def __init__(
        self, exchange: ServerExchange, proof: Proof, attempt: Attempt | None = None
    ) -> None:
        """
        @param proof: what is proved by the right answer.
        @param attempt: how it is counted while it is wrong.
        """
        self.message = exchange.challenge
        self._exchange = exchange
        self._proof = proof
        self._attempt = attempt

    def check(self, message: str) -> Proof:
        """
        Check the client's answer, once.

        @raise ChatError: it is wrong.
        """
        signature = self._exchange.check(message)
        if self._attempt is not None:
            self._attempt.forgive()
        return self._proof._replace(signature=signature)


class Authenticator:
    """
    Checks the owners of accounts, and makes accounts.

    @ivar hashing: where passwords are hashed.
    @ivar pepper: what the verifiers of passwords are masked with.
    """

    def __init__(self, state: State, hashing: Hashing, pepper: Pepper) -> None:
        self.hashing = hashing
        self.pepper = pepper
        self._state = state
        self._logins = LoginThrottle(state.monotonic)
        self._registrations = RegistrationThrottle(state.monotonic)

    # To find

    def split(self, line: str) -> tuple[str, str]:
        """
        Take apart what somebody typed in answer to the prompt.  A name has no blank, so a blank
        ends the name of an account, or one that is to be registered with a code.

        @return: the name and the secret; the whole line and an empty text if it holds no secret.
        """
        name, _, secret = line.strip().partition(" ")
        secret = secret.strip()
        if secret and (self.owner(name.partition("/")[0]) or self._usable(secret, TO_REGISTER)):
            return name, secret
        return line, ""

    def owner(self, name: str) -> str:
        """
        @param name: as somebody typed it: only its case and its Unicode form may differ.
        @return: the id of the account that owns this name, or empty.
        """
        owned = self._state.law.owner(nameKey(name))
        return owned[0] if owned is not None and nameKey(owned[1]) == nameKey(name) else ""

    def _account(self, name: str) -> Proof:
        """
        @param name: that of an account, and behind a slash the label of a credential.
        @return: what is to be proved.
        @raise WrongLogin: if there is no such account.
        """
        name, _, label = name.partition("/")
        who = self.owner(name)
        account = self._state.law.records.get(ACCOUNT, who) if who else None
        if account is None or account.get("gone"):
            raise WrongLogin(
                f"nobody is registered as {name}: enter a name alone to come as a guest"
            )
        owned = next((each for each in account["names"] if nameKey(each) == nameKey(name)), name)
        return Proof(who, owned, label)

    def _usable(self, secret: str, *purposes: str) -> str:
        """
        @return: the hash of a one-time code that is good for one of these purposes, or empty.
        """
        if readSecret(secret) is None:
            return ""
        hash = hashCode(secret)
        code = self._state.law.records.get(CODE, hash)
        isGood = code is not None and code["until"] > self._state.seconds()
        return hash if isGood and code["purpose"] in purposes else ""

    async def credentials(self, who: str) -> tuple[Credential, ...]:
        """
        @return: the credentials of an account.
        @raise NoHistory: they cannot be read.
        """
        try:
            record: Any = await self._state.log.record(CREDENTIALS, who)
            return readCredentials([] if record is None else record["list"])
        except Exception as error:
            raise NoHistory("accounts cannot be read now: try again later") from error

    # To prove

    async def challenge(self, client: IClient, message: str) -> Challenge:
        """
        Begin a login by SCRAM.

        @param message: the client's first message.
        @raise ChatError: it is malformed, nobody is called so, or too many logins were wrong.
        """
        first = parseClientFirst(message)
        wanted = self._account(first.name)
        credential = chosen(await self.credentials(wanted.who), wanted.label)
        if credential is None:
            raise WrongLogin(
                f"{wanted.name} has no such device: enter the password, or ask for a code"
            )
        # A secret that was made is not guessed, and strangers behind one address lock nobody out.
        attempt = None if credential.isMade else self._logins.begin(client.host, wanted.who)
        exchange = ServerExchange(first, credential.verifier(self.pepper))
        return Challenge(exchange, wanted._replace(label=credential.label), attempt)

    async def check(self, client: IClient, name: str, secret: str) -> Proof:
        """
        Check a password, a made secret, or a one-time code.

        @param name: that of an account, and behind a slash the label of a credential.
        @raise ChatError: it is wrong, or cannot be checked now.
        """
        wanted = self._account(name)
        attempt = self._logins.begin(client.host, wanted.who)
        code = self._usable(secret, FOR_DEVICE, TO_RECOVER)
        if code and self._state.law.records.get(CODE, code)["who"] == wanted.who:
            attempt.forgive()
            return wanted._replace(code=code)
        possible = tries(await self.credentials(wanted.who), secret, wanted.label)
        try:
            found = await self.hashing.do(fitting, possible, self.pepper)
        except TooManyTries:
            attempt.forgive()
            raise
        if found is None:
            self._state.audit.tell(f"wrong password for {wanted.name}", client.address)
            raise WrongLogin(f"this is not the password of {wanted.name}: try again")
        attempt.forgive()
        return wanted._replace(label=found.label)

    # To register

    async def register(self, user: User, credential: Credential, code: str = "") -> None:
        """
        Make the name that somebody has their own.

        @param credential: proves it from now on.
        @param code: the hash of a code that lets them register, or empty.
        @raise ChatError: it cannot be.
        """
        member = user.member
        if member.isRegistered:
            raise NotAllowed("you are registered already: /account shows your names")
        attempt = self._registrations.begin(user.client.host)
        data: dict[str, Any] = {"looks": sorted(looks(member.name))}
        if code:
            data["code"] = code
        name = member.name
        registered = user.propose(
            Draft(REGISTERED, SERVER, name, "", "", user.sid, None, _json(data))
        )
        proved = user.propose(_credentialsDraft(user.sid, name, (credential,)))
        try:
            await registered
        except BaseException:
            attempt.forgive()
            proved.addErrback(lambda failure: None)
            raise
        await proved
        user.isProved = True

    async def change(self, user: User, credentials: Sequence[Credential]) -> None:
        """
        Let these be the credentials of a user's account from now on.

        @raise ChatError: it cannot be.
        """
        self.mustProve(user)
        await user.propose(_credentialsDraft(user.sid, user.name, credentials))

    def mustProve(self, user: User) -> None:
        """
        @raise NotAllowed: if a user has no account, or has only shown the token of a session.
        """
        if not user.member.isRegistered:
            raise NotAllowed("you are a guest: /register makes your name your own")
        if not user.isProved:
            raise NotAllowed("prove who you are first: /login NAME SECRET")

    async def redeem(self, proof: Proof) -> str:
        """
        Use up a one-time code: the account gets a made secret in its place.

        @return: the secret.
        @raise ChatError: somebody was faster, or there are too many credentials.
        """
        code = self._state.law.records.get(CODE, proof.code)
        label = (code or {}).get("label") or f"code-{proof.code[:4]}"
        secret = makeSecret()
        now = self._state.seconds()
        made = await self.hashing.do(madeCredential, label, secret, now)
        credentials = added(await self.credentials(proof.who), made)
        await order(self._state, _credentialsDraft(proof.who, proof.name, credentials, proof.code))
        return secret


def _credentialsDraft(
    who: str, name: str, credentials: Sequence[Credential], code: str = ""
) -> Draft:
    data: dict[str, Any] = {"credentials": [each.value() for each in credentials]}
    if code:
        data["code"] = code
    return Draft(kinds.CREDENTIALS, SERVER, name, "", "", who, None, _json(data))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def hashedInline() -> Hashing:
    """
    @return: a place to hash that is not apart: for a hub without a thread.
    """

    def run(task: Any, *arguments: Any) -> Deferred[Any]:
        return succeed(task(*arguments))

    return Hashing(run)
