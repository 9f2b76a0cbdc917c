# -*- test-case-name: tests.client.test_login -*-
"""
Proves to a server who the user is, by the secret of this device or by one that the user types.

Nothing is sent that others could use: a secret or a password is proved by SCRAM, and the server
must prove in turn that it has the verifier.  A one-time code cannot be proved in that way.  A text
that may be one is sent only after it turned out not to be the password, and only if nobody can
listen.
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
    Logs one client in, over successive connections.

    @ivar byCode: whether the last login used a one-time code, which cannot be used again.
    @ivar note: a sentence for the user about the last refusal, or empty.
    """

    def __init__(
        self, session: SessionState, kept: DeviceSecrets | None = None, isPrivate: bool = False
    ) -> None:
        """
        @param session: the state of the client's session.
        @param kept: the secrets of this device; C{None} to use none.
        @param isPrivate: whether nobody on the way can read the connection.
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
        Whether the user has given a password that was not refused yet.
        """
        return bool(self._password)

    def fallBack(self) -> None:
        """
        Note that the server speaks only the text dialect.

        @raise FalseServer: if the login must not continue in the text dialect.
        """
        mine = self._attempt
        if mine.device is not None or (mine.nonce and not self.isPrivate):
            raise FalseServer(
                "the server speaks text only, in which a password is sent as it is, and nothing was"
                " sent: start with --text if this is what you want"
            )

    def prove(self, password: str) -> None:
        """
        Prove who the user is by this password, generated secret or one-time code from now on.
        """
        self._password = password.strip()
        self._attempt = _Attempt()

    def begin(self, isText: bool) -> Proof:
        """
        Begin a login.

        @param isText: whether the text dialect is spoken, in which secrets can only be sent in the
            clear.
        @return: the proof for the hello.
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
        @raise ChatError: if no login is in progress, or the server cannot be the right one.
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

        @param proof: the server's own proof that it has the verifier, or empty.
        @raise ChatError: if a server that must prove this has not.
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
        @return: whether to send another hello at once, with another proof.
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
        Stop using a secret that the server refused.
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
    @ivar device: the device's secret, if it is the one to prove.
    @ivar exchange: the proof, once the challenge has come.
    @ivar isCode: whether the password is sent in the clear, as a one-time code.
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
    @return: a typed secret in the form that is hashed.  The number of hashes tells which form: a
        generated secret has fewer than a chosen password.
    """
    made = readSecret(text)
    if made is not None and challenge.endswith(f",i={MIN_ITERATIONS}"):
        return made
    try:
        return cleanPassword(text)
    except BadPassword:
        return text
