# -*- test-case-name: tests.chat.test_authentication -*-
"""
Checks that people own the accounts that they claim, and changes credentials.

Passwords are hashed elsewhere, one after another; only the login that needs a hash waits for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, DeferredLock

from ..accounts.credentials import (
    Credential,
    chosen,
    fitting,
    madeCredential,
    ownCredential,
    readCredentials,
    tries,
)
from ..accounts.hashing import Hashing
from ..accounts.law import Law
from ..accounts.pepper import Pepper
from ..accounts.records import CODE, CREDENTIALS
from ..accounts.registry import FOR_DEVICE, TO_RECOVER, TO_REGISTER
from ..accounts.throttle import Attempt, LoginThrottle, RegistrationThrottle
from ..errors import NoHistory, TooManyTries, WrongLogin, WrongPepper
from ..stores.interfaces import IStore
from ..text.confusables import looks
from ..text.secrets import cleanPassword, hashCode, readSecret
from ..wire import events as kinds
from ..wire.events import NAMED, REGISTERED, SERVER, Draft, asData
from ..wire.scram import ServerExchange, parseClientFirst
from .interfaces import Challenge, IClient, Proof

FIRST_LABEL = "secret"
"""The label of the secret that is generated for somebody who registers without a password."""


class SCRAMChallenge:
    """
    A login by SCRAM under way (RFC 5802).

    @ivar message: the challenge, which the client has to answer.
    """

    def __init__(
        self, exchange: ServerExchange, proof: Proof, attempt: Attempt | None = None
    ) -> None:
        """
        @param proof: what the right answer proves.
        @param attempt: counts as a wrong login until the answer is right.
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
    Checks the owners of accounts.

    @ivar hashing: hashes passwords.
    @ivar pepper: masks the verifiers of passwords.
    @ivar logins: slows down guessing.
    @ivar registrations: slows down mass registration.
    """

    def __init__(
        self,
        log: IStore,
        law: Law,
        hashing: Hashing,
        pepper: Pepper,
        seconds: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        """
        @param log: stores the credentials.
        @param law: knows who owns which name.
        @param seconds: the wall clock, in seconds since the epoch, UTC.
        @param monotonic: the time on a clock that does not jump, in seconds.
        """
        self.hashing = hashing
        self.pepper = pepper
        self.logins = LoginThrottle(monotonic)
        self.registrations = RegistrationThrottle(monotonic)
        self._changing: dict[str, DeferredLock] = {}
        self._log = log
        self._law = law
        self._seconds = seconds

    # To register

    async def register(
        self,
        client: IClient,
        code: str,
        make: Callable[[], Awaitable[Credential]],
        submit: Callable[[Credential], tuple[Deferred[Any], Deferred[Any]]],
    ) -> Credential:
        """
        Register somebody.

        @param client: their connection.
        @param code: the hash of a code that lets them register, or empty.
        @param make: makes their credential; that may cost a hash, so it is called only once they
            may register.
        @param submit: appends the drafts; returns Deferreds that fire with the event that registers
            them and with the one that sets the credential.
        @return: the credential.
        @raise ChatError: it cannot be.
        """
        refusal = self._law.mayRegister(self._seconds(), code)
        if refusal is not None:
            raise refusal
        attempt = self.registrations.begin(client.host, client.isTrusted)
        try:
            credential = await make()
            registered, proved = submit(credential)
            try:
                await registered
            except BaseException:
                proved.addErrback(lambda failure: None)
                raise
        except BaseException:
            attempt.forgive()
            raise
        await proved
        return credential

    def make(self, label: str, secret: str) -> Deferred[Credential]:
        """
        Make a credential for a generated secret.

        @param label: its label.
        @raise ChatError: if the label breaks a rule, or too many hashes are waiting.
        """
        return self.hashing.do(madeCredential, label, secret, self._seconds())

    def choose(self, password: str) -> Deferred[Credential]:
        """
        Make a credential for a chosen password.

        @raise ChatError: if it breaks a rule, or too many hashes are waiting.
        """
        clean = cleanPassword(password)
        return self.hashing.do(ownCredential, clean, self._seconds(), self.pepper)

    # To find

    def split(self, line: str) -> tuple[str, str]:
        """
        Split an answer to the prompt into name and secret.  Names have no blanks, so a blank ends
        the name of an account, or any name if a generated secret follows: otherwise the refusal of
        the name would repeat the secret.

        @return: the name and the secret; the whole line and an empty text if there is no secret.
        """
        name, _, secret = line.strip().partition(" ")
        secret = secret.strip()
        owned = self._law.ownerOf(name.partition("/")[0])
        if secret and (owned is not None or readSecret(secret) is not None):
            return name, secret
        return line, ""

    def _account(self, name: str) -> Proof:
        """
        @param name: that of an account, and behind a slash the label of a credential.
        @return: the proof that a right password gives.
        @raise WrongLogin: if there is no such account.
        """
        name, _, label = name.partition("/")
        owned = self._law.ownerOf(name)
        if owned is None or not self._law.isAccount(owned.who):
            raise WrongLogin(
                f"nobody is registered as {name}, and a code works once and not for long: enter a"
                " name alone to come in as a guest"
            )
        return Proof(owned.who, owned.name, label)

    def invitation(self, secret: str) -> str:
        """
        @return: the hash of the secret, if it is a one-time code that lets somebody register;
            otherwise empty.
        """
        return self._usable(secret, TO_REGISTER)

    def _usable(self, secret: str, *purposes: str) -> str:
        """
        @return: the hash of the secret, if it is a valid one-time code for one of these purposes;
            otherwise empty.
        """
        if readSecret(secret) is None:
            return ""
        hash = hashCode(secret)
        code = self._law.records.get(CODE, hash)
        isGood = code is not None and code["until"] > self._seconds()
        return hash if isGood and code["purpose"] in purposes else ""

    async def change(
        self,
        who: str,
        edit: Callable[[Sequence[Credential]], tuple[Credential, ...]],
        submit: Callable[[Sequence[Credential]], Deferred[Any]],
    ) -> tuple[Credential, ...]:
        """
        Change the credentials of an account, after all earlier changes of it.  An event sets all
        credentials, so two simultaneous changes would undo one another.

        @param edit: called with the present credentials; returns the new ones, or raises a
            L{ChatError}.
        @param submit: appends the draft; returns a Deferred that fires with the event.
        @return: the previous credentials.
        @raise ChatError: it cannot be.
        """
        lock = self._changing.setdefault(who, DeferredLock())
        await lock.acquire()
        try:
            former = await self.credentials(who)
            await submit(edit(former))
        finally:
            if not lock.waiting:
                del self._changing[who]
            lock.release()
        return former

    async def credentials(self, who: str) -> tuple[Credential, ...]:
        """
        @return: the credentials of an account.
        @raise NoHistory: if they cannot be read.
        """
        try:
            record: Any = await self._log.record(CREDENTIALS, who)
            return readCredentials([] if record is None else record["list"])
        except CancelledError:
            raise
        except Exception as error:
            raise NoHistory("accounts cannot be read now: try again later") from error

    # To prove

    async def challenge(self, client: IClient, message: str) -> SCRAMChallenge:
        """
        Begin a login by SCRAM.

        @param message: the client's first message.
        @raise ChatError: if it is malformed, nobody has this name, or too many logins were wrong.
        """
        first = parseClientFirst(message)
        wanted = self._account(first.name)
        credential = chosen(await self.credentials(wanted.who), wanted.label)
        if credential is None:
            raise WrongLogin(
                f"{wanted.name} has no such device: enter the password, or ask for a code"
            )
        # Nobody can guess a generated secret, and strangers behind the same address must not lock
        # its owner out.
        attempt = None if credential.isMade else self.logins.begin(client.host, wanted.who)
        exchange = ServerExchange(first, credential.verifier(self.pepper))
        return SCRAMChallenge(exchange, wanted._replace(label=credential.label), attempt)

    async def check(self, client: IClient, name: str, secret: str) -> Proof:
        """
        Check a password, a generated secret, or a one-time code.

        @param name: that of an account, and behind a slash the label of a credential.
        @raise ChatError: if it is wrong, or cannot be checked now.
        """
        wanted = self._account(name)
        attempt = self.logins.begin(client.host, wanted.who)
        code = self._usable(secret, FOR_DEVICE, TO_RECOVER)
        if code and self._law.records.get(CODE, code)["who"] == wanted.who:
            attempt.forgive()
            return wanted._replace(label="", code=code)
        try:
            possible = tries(await self.credentials(wanted.who), secret, wanted.label)
            found = await self.hashing.do(fitting, possible, self.pepper)
        except (NoHistory, TooManyTries, WrongPepper):
            attempt.forgive()
            raise
        if found is None:
            raise WrongLogin(f"this is not the password of {wanted.name}: try again")
        attempt.forgive()
        return await self._stillGood(wanted._replace(label=found.label))

    async def finish(self, challenge: Challenge, answer: str) -> Proof:
        """
        End a login by SCRAM.

        @param answer: the client's answer to the challenge.
        @raise ChatError: it is wrong.
        """
        return await self._stillGood(challenge.check(answer))

    async def _stillGood(self, proof: Proof) -> Proof:
        """
        @raise WrongLogin: if the device was removed, or the account ended, since the login began.
        """
        labels = [each.label for each in await self.credentials(proof.who)]
        if proof.label not in labels or not self._law.isAccount(proof.who):
            raise WrongLogin(f"this no longer logs in to {proof.name}: enter another password")
        return proof


def registration(who: str, name: str, code: str = "") -> Draft:
    """
    @param who: the session that becomes the account.
    @param code: the hash of a code that lets them register, or empty.
    @return: a draft that registers a name.
    """
    data: dict[str, Any] = {"looks": sorted(looks(name))}
    if code:
        data["code"] = code
    return Draft(REGISTERED, SERVER, name, "", "", who, None, asData(data))


def naming(who: str, name: str, isOwned: bool) -> Draft:
    """
    @return: a draft that adds a name to an account, or gives it back.
    """
    data = {"looks": sorted(looks(name)), "owned": isOwned}
    return Draft(NAMED, SERVER, name, "", "", who, None, asData(data))


def proving(who: str, name: str, credentials: Sequence[Credential], code: str = "") -> Draft:
    """
    @param code: the hash of a code that this uses up, or empty.
    @return: a draft that sets the credentials of an account.
    """
    data: dict[str, Any] = {"credentials": [each.value() for each in credentials]}
    if code:
        data["code"] = code
    return Draft(kinds.CREDENTIALS, SERVER, name, "", "", who, None, asData(data))
