# -*- test-case-name: tests.client.test_accountcommands -*-
"""
Runs the client's part of the commands about the user's account: secrets are generated here, stay
here, and are typed where nobody sees them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from ..errors import BadCommand, BadName, ChatError
from ..text.secrets import makeDeviceSecret
from ..wire.scram import MIN_ITERATIONS, makeVerifier
from .devicesecrets import DeviceSecret, DeviceSecrets, deviceLabel
from .link import ChatLink
from .mentions import folded
from .messages import REGISTERED, ServerMessage

REQUEST = "register"
"""The type of the request that registers, which its answer repeats."""

_MAX_LABELS = 9
"""How many labels are tried: a number distinguishes devices with the same name."""

_CHANGING = ("/register", "/unregister")


class AccountContext(Protocol):
    """
    What the commands require of the user interface.
    """

    def notice(self, text: str) -> None:
        """Show the user a sentence."""

    def refuse(self, text: str) -> None:
        """Show the user why something was refused."""

    def askPassword(self, name: str, answered: Callable[[str], None]) -> None:
        """
        Ask for the password of an account, out of sight.

        @param answered: called with the answer.
        """


class AccountCommands:
    """
    Runs C{/register} and C{/login} for a client that keeps a secret for this device.
    """

    def __init__(self, link: ChatLink, kept: DeviceSecrets | None, context: AccountContext) -> None:
        """
        @param kept: the secrets of this device; C{None} to keep none.
        """
        self._link = link
        self._kept = kept
        self._context = context
        self._pending: DeviceSecret | None = None
        self._number = 1

    def does(self, line: str) -> bool:
        """
        Run a line, if it is one of these commands in a form that the server does not know.

        @return: whether it was one.
        @raise ChatError: if it is refused.
        """
        word, *rest = line.split(maxsplit=2) or [""]
        word = word.casefold()
        if self._link.speaksText or word not in ("/register", "/login"):
            return False
        if not self._link.online:
            raise BadCommand("there is no connection: wait for it")
        if word == "/login":
            return bool(rest) and self._logIn(*rest)
        if rest or self._kept is None or self._isKnown(self._kept):
            return False
        self.registerDevice()
        return True

    def followed(self, line: str) -> None:
        """
        Ask the server for the account, which a sent line may have changed.
        """
        if line.partition(" ")[0].casefold() in _CHANGING:
            self._link.askAccount()

    def _isKnown(self, kept: DeviceSecrets) -> bool:
        """
        @return: whether this device can log in by itself already.
        """
        account = self._link.session.account
        found = kept.find(account) if account else None
        return found is not None and not found.isProposed

    def registerDevice(self, number: int = 1) -> None:
        """
        Register the user's name with a secret of this device, or add the device to their account.

        @param number: distinguishes devices with the same name.
        @raise ChatError: if the secret cannot be stored, or the last registration is not answered
            yet.
        """
        if self._kept is None:
            return
        if self._pending is not None and number == 1:
            raise BadCommand("the server has not answered the last /register: wait for it")
        mine = self._link.session
        new = DeviceSecret(mine.account or mine.name, deviceLabel(number), makeDeviceSecret())
        self._kept.propose(new)
        self._pending, self._number = new, number
        self._link.register(new.label, str(makeVerifier(new.secret, MIN_ITERATIONS)))

    def disconnected(self) -> None:
        """
        Note that no answer will come.  The next login tries the proposed secret.
        """
        self._pending = None

    def answered(self, message: ServerMessage) -> bool:
        """
        Take the answer to a registration.

        @return: whether it was one.
        """
        if message.answers != REQUEST or self._pending is None or self._kept is None:
            return False
        new, self._pending = self._pending, None
        if message.kind == REGISTERED:
            self._keep(self._kept, new)
            return True
        self._kept.withdraw(new.name)
        if message.code == BadName.code and self._number < _MAX_LABELS:
            try:
                self.registerDevice(self._number + 1)
            except ChatError as error:
                self._context.refuse(error.sentence)
        else:
            self._context.refuse(message.text)
        return True

    def _keep(self, kept: DeviceSecrets, new: DeviceSecret) -> None:
        """
        Put a secret that the server has confirmed into use, under the confirmed name.
        """
        account = self._link.session.account
        if folded(account) != folded(new.name):
            kept.withdraw(new.name)
            try:
                kept.propose(replace(new, name=account))
            except ChatError as error:
                self._context.refuse(error.sentence)
                return
        kept.confirm(account)
        self._context.notice(
            f"{account} is yours, and this device ({new.label}) logs in to it by itself from now on"
        )

    def _logIn(self, name: str, secret: str = "") -> bool:
        """
        Log in to an account: by the secret that was typed, by that of this device, or by one that
        the user is asked for now.

        @return: C{True}, because the line is done.
        @raise BadCommand: if others on the way could read the secret.
        """
        if not self._link.login.isPrivate:
            raise BadCommand(
                "this connection is not encrypted, so the password was not sent: /quit, and start"
                f" with --name {name}, which proves it without sending it"
            )
        found = None if secret or self._kept is None else self._kept.find(name)
        if found is not None and not found.isProposed:
            name, secret = f"{found.name}/{found.label}", found.secret
        if secret:
            self._send(name, secret)
        else:
            self._context.askPassword(name, lambda answer: self._send(name, answer))
        return True

    def _send(self, name: str, secret: str) -> None:
        if secret.strip():
            self._link.say(f"/login {name} {secret.strip()}")
