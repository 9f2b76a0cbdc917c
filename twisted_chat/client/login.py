# -*- test-case-name: tests.client.test_login -*-
"""
Proves to a server who the user is: by the secret of this device, or by what the user types.

Nothing that others could use is sent: a secret or a password is proved by SCRAM, and the server has
to prove in turn that it knows it.  A one-time code cannot be proved in that way.  What may be one
is sent only if it turned out to be no password, and only where nobody can listen.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ..errors import BadPassword, TooManyTries, WrongLogin
from ..text.secrets import SECRET_LETTERS, cleanPassword, readSecret
from ..wire.scram import MIN_ITERATIONS, ClientExchange, FalseServer
from .devicesecrets import DeviceSecret, DeviceSecrets
from .dialect import Proof, SessionState

CODE_IN_CLEAR = (
    "If this is a one-time code: it is not sent over a connection that is not encrypted, add --tls"
)


class Login:
    """
    How one client logs in, over all its connections.

    @ivar byCode: whether the last login was by what cannot be proved again: a one-time code.
    @ivar note: what the user should know about the last refusal, or empty.
    """

    def __init__(
        self, session: SessionState, kept: DeviceSecrets | None = None, isPrivate: bool = False
    ) -> None:
        """
        @param session: what the client is to the server.
        @param kept: the secrets of this device; C{None} to use none.
        @param isPrivate: whether nobody else can read what is sent.
        """
        self.byCode = False
        self.note = ""
        self.isPrivate = isPrivate
        self._session = session
        self._kept = kept
        self._password = ""
        self._attempt = _Attempt()

    @property
    def hasPassword(self) -> bool:
        """
        Whether the user has given a password that was not refused.
        """
        return bool(self._password)

    def fallBack(self) -> None:
        """
        Note that the server speaks text only.

        @raise FalseServer: if the login must not go on in text.
        """
        mine = self._attempt
        if mine.device is not None or (mine.nonce and not self.isPrivate):
            raise FalseServer(
                "the server speaks text only, in which a password is sent as it is, and nothing was"
                " sent: start with --text if this is what you want"
            )

    def prove(self, password: str) -> None:
        """
        Prove who the user is by this password, made secret or one-time code from now on.
        """
        self._password = password.strip()
        self._attempt = _Attempt()

    def begin(self, isText: bool) -> Proof:
        """
        Begin a login.

        @param isText: whether the server speaks text only, in which nothing can be proved without
            being sent.
        @return: what belongs into the hello.
        """
        isCode = self._attempt.isCode and bool(self._password)
        self._attempt = _Attempt(isCode=isCode)
        if isText or isCode:
            return Proof(password=self._password)
        if self._password:
            return self._scram(self._session.name)
        found = self._found()
        if found is None:
            return Proof()
        self._attempt.device = found
        return self._scram(f"{found.name}/{found.label}")

    def _scram(self, name: str) -> Proof:
        self._attempt.name = name
        self._attempt.nonce = secrets.token_urlsafe(18)
        return Proof(scram=ClientExchange(name, "", self._attempt.nonce).first)

    def _found(self) -> DeviceSecret | None:
        mine = self._session
        return None if self._kept is None else self._kept.find(mine.account or mine.name)

    def answer(self, challenge: str) -> str:
        """
        Answer the server's challenge.  This hashes for up to 25 ms.

        @return: the message to send.
        @raise ChatError: if there is nothing to answer, or the server cannot be the right one.
        """
        mine = self._attempt
        if not mine.nonce:
            raise FalseServer("the server asks for a password that was not given to it: leave it")
        secret = mine.device.secret if mine.device else _hashed(self._password, challenge)
        mine.exchange = ClientExchange(mine.name, secret, mine.nonce)
        return mine.exchange.answer(challenge)

    def welcomed(self, proof: str) -> None:
        """
        Take the server's welcome.

        @param proof: by which the server shows that it knows the secret, or empty.
        @raise ChatError: if it does not know it, although it should.
        """
        mine = self._attempt
        if mine.exchange is not None:
            mine.exchange.verify(proof)
        elif mine.nonce:
            raise FalseServer(
                "the server did not ask for a proof of who you are, so it is not the one you"
                " registered with: nothing was said there; ask its operator"
            )
        self.byCode = mine.isCode
        if mine.isCode:
            self._password = ""
        if mine.device is not None and mine.device.isProposed and self._kept is not None:
            self._kept.confirm(mine.device.name)
        self._attempt = _Attempt()

    def retries(self, code: str) -> bool:
        """
        Take a refusal.

        @param code: its stable code.
        @return: whether to say hello again at once, in another way.
        """
        mine, self.note = self._attempt, ""
        self._attempt = _Attempt()
        if mine.device is not None:
            return code == WrongLogin.code and self._drop(mine.device)
        if not self._password or code == TooManyTries.code:
            return False
        if code == WrongLogin.code and mine.nonce and _mayBeCode(self._password):
            if self.isPrivate:
                self._attempt.isCode = True
                return True
            self.note = CODE_IN_CLEAR
        self._password = ""
        return False

    def _drop(self, device: DeviceSecret) -> bool:
        """
        Stop using a secret that the server does not take.
        """
        assert self._kept is not None
        if device.isProposed:
            self._kept.withdraw(device.name)
        else:
            self._kept.refuse(device.name)
            self.note = (
                f"This device no longer logs in to {device.name}: enter with the password or a"
                " code, and /register lets it in again"
            )
        return True


@dataclass
class _Attempt:
    """
    One login under way.

    @ivar name: the name that is given to SCRAM.
    @ivar nonce: the random text of this login; empty if SCRAM is not used.
    @ivar device: the device's secret, if it is what is proved.
    @ivar exchange: the proof, once the challenge has come.
    @ivar isCode: whether the password is sent as it is.
    """

    name: str = ""
    nonce: str = ""
    device: DeviceSecret | None = None
    exchange: ClientExchange | None = None
    isCode: bool = False


def _mayBeCode(text: str) -> bool:
    made = readSecret(text)
    return made is not None and len(made.replace("-", "")) == SECRET_LETTERS


def _hashed(text: str, challenge: str) -> str:
    """
    @return: the form in which a secret is hashed that somebody typed.  What a program made is
        hashed less often than what a person chose.
    """
    made = readSecret(text)
    if made is not None and challenge.endswith(f",i={MIN_ITERATIONS}"):
        return made
    try:
        return cleanPassword(text)
    except BadPassword:
        return text
