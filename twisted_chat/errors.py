# -*- test-case-name: tests.test_errors -*-
"""
What can be refused, and the words for it.

Every refusal that a person or a program can meet is a L{ChatError}: a stable C{code} for programs
and a sentence for people that says what to do next.  The sentence never holds a path, a traceback
or text of another user that was not cleaned before.
"""

from __future__ import annotations


class ChatError(Exception):
    """
    Something was refused.

    @cvar code: a stable word for programs; it never changes once released.
    """

    code = "refused"

    def __init__(self, sentence: str) -> None:
        """
        @param sentence: one sentence, without a line end, that says what was refused and what to
            do.
        """
        super().__init__(sentence)
        self.sentence = sentence


class BadText(ChatError):
    """The text holds something that no message may hold."""

    code = "bad-text"


class TooLong(ChatError):
    """A line or a text is longer than its limit."""

    code = "too-long"


class BadName(ChatError):
    """The name breaks a rule for names."""

    code = "bad-name"


class NameTaken(ChatError):
    """
    Somebody holds this name or owns it, or one that looks like it.

    @ivar login: how the owner of the account may prove who they are, in words of the JSON dialect;
        empty if it is no account's.
    """

    code = "name-taken"

    def __init__(self, sentence: str, login: tuple[str, ...] = ()) -> None:
        """
        @param sentence: see L{ChatError}.
        @param login: see the attribute.
        """
        super().__init__(sentence)
        self.login = login


class BadRoom(ChatError):
    """The room's name breaks a rule for room names."""

    code = "bad-room"


class NoSuchUser(ChatError):
    """Nobody of this name is here."""

    code = "no-such-user"


class MailboxFull(ChatError):
    """Too many direct messages wait for somebody who is away: nothing was sent."""

    code = "mailbox-full"


class NoSuchRoom(ChatError):
    """No room of this name that the asker may know of."""

    code = "no-such-room"


class NotAllowed(ChatError):
    """The asker may not do this."""

    code = "not-allowed"


class Displaced(ChatError):
    """The author was moved to another room and may not know it: nothing was said."""

    code = "displaced"


class TooManyTries(ChatError):
    """
    Too many wrong passwords, new rooms or changes came from a user or an address: there is a time
    to wait.

    @ivar wait: how long, in whole seconds; 0 if nobody can tell.
    """

    code = "too-many-tries"

    def __init__(self, sentence: str, wait: int = 0) -> None:
        """
        @param sentence: see L{ChatError}.
        @param wait: see the attribute.
        """
        super().__init__(sentence)
        self.wait = wait


class WrongLogin(ChatError):
    """The password, secret or code does not fit the name."""

    code = "wrong-login"


class BadProof(ChatError):
    """A message of a login is malformed, or asks for what is not offered."""

    code = "bad-proof"


class WrongPepper(ChatError):
    """The password cannot be checked: the server has lost the secret that it was masked with."""

    code = "wrong-pepper"


class BadPassword(ChatError):
    """The password that somebody chose breaks a rule for passwords."""

    code = "bad-password"


class Banned(ChatError):
    """
    The asker may not enter the server or the room.

    @ivar until: when the ban ends, in seconds since the epoch; 0 if it does not.
    @ivar reason: why, or empty.
    """

    code = "banned"

    def __init__(self, sentence: str, until: float = 0.0, reason: str = "") -> None:
        """
        @param sentence: see L{ChatError}.
        @param until: see the attribute.
        @param reason: see the attribute.
        """
        super().__init__(sentence)
        self.until = until
        self.reason = reason


class Muted(Banned):
    """The asker may read, but not speak."""

    code = "muted"


class SlowMode(ChatError):
    """
    The asker spoke a moment ago, in a room in slow mode.

    @ivar wait: how long they have to wait, in whole seconds.
    """

    code = "slow-mode"

    def __init__(self, sentence: str, wait: int = 0) -> None:
        """
        @param sentence: see L{ChatError}.
        @param wait: see the attribute.
        """
        super().__init__(sentence)
        self.wait = wait


class ReadOnly(ChatError):
    """The room, or the server, is for reading alone: for everybody, or for guests."""

    code = "read-only"


class NotShown(ChatError):
    """Something was stored, but could not be shown to everybody."""

    code = "not-shown"


class BadCommand(ChatError):
    """The command is unknown, or its arguments are not what it needs."""

    code = "bad-command"


class BadObject(ChatError):
    """The line is not a JSON object of the protocol."""

    code = "bad-object"


class NotStored(ChatError):
    """The log cannot store at the moment: nothing was said, and nobody saw it."""

    code = "not-stored"


class NoHistory(ChatError):
    """The history asked for is not kept, or cannot be searched here."""

    code = "no-history"


class ServerFull(ChatError):
    """
    The server, or this address's share of it, has no place left.

    @ivar why: what is full, in a fixed word, for figures.
    """

    code = "server-full"

    def __init__(self, sentence: str, why: str = "full") -> None:
        """
        @param sentence: see L{ChatError}.
        @param why: see the attribute.
        """
        super().__init__(sentence)
        self.why = why


class WrongProtocol(ChatError):
    """The first bytes belong to another protocol."""

    code = "wrong-protocol"


class ConfigError(ChatError):
    """What somebody asked for at the start cannot be had; the sentence says why, and what to do."""

    code = "bad-config"


class LoginTimeout(ChatError):
    """No name came in time."""

    code = "login-timeout"
