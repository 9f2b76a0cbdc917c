# -*- test-case-name: tests.chat.commands -*-
"""
The commands about the user's own account.

All changes are made by events; a command waits for its events, and so does the user's next line.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from ...accounts.credentials import Credential, added, removed
from ...accounts.ranks import Rank
from ...accounts.records import ACCOUNT
from ...accounts.registry import FOR_DEVICE, TO_REGISTER
from ...errors import BadCommand, NotAllowed
from ...text.names import cleanLabel
from ...text.secrets import hashCode, makeSecret
from ...wire.answers import Account, Device
from ...wire.events import CODE, SERVER, UNREGISTERED, Draft, asData
from ..authentication import (
    FIRST_LABEL,
    naming,
    proving,
    registration,
)
from ..readmarks import directPlace
from ..user import MAX_INBOX, User, ended, usersOf
from .queries import give

DEVICE_CODE_SECONDS = 600.0
"""How long a code for another device of the user is valid, in seconds."""

INVITATION_SECONDS = 7 * 86_400.0
"""How long a code that lets somebody register is valid, in seconds."""

INBOX = 20
"""Direct messages that C{/inbox} shows unless another number is asked for."""


async def register(user: User, text: str, key: str | None) -> None:
    """C{/register [PASSWORD]}."""
    if user.member.isRegistered:
        await _registerName(user, text)
    elif (code := user.state.authenticator.invitation(text)) != "":
        await _registerMade(user, code)
    elif text:
        await registerWith(user, lambda: user.state.authenticator.choose(text))
        user.notice(f"{user.name} is yours. Next time enter: {user.name} and your password", key)
    else:
        await _registerMade(user)


async def _registerMade(user: User, code: str = "") -> None:
    """
    Register the user's name, with a generated secret that is shown once.

    @param code: the hash of a code that lets them register, or empty.
    @raise ChatError: it cannot be.
    """
    secret = makeSecret()
    await registerWith(user, lambda: user.state.authenticator.make(FIRST_LABEL, secret), code)
    user.notice(f"{user.name} is yours. Next time enter: {user.name} {secret}")


async def registerWith(
    user: User,
    make: Callable[[], Awaitable[Credential]],
    code: str = "",
    key: str | None = None,
) -> None:
    """
    Make the name that somebody has their own.

    @param make: makes the credential.
    @param code: the hash of a code that lets them register, or empty.
    @param key: the client's own id of the request, for the event that answers it.
    @raise ChatError: it cannot be.
    """
    if user.member.isRegistered:
        raise NotAllowed("you are registered already: /account shows your names")
    if user.state.law.records.get(ACCOUNT, user.sid) is not None:
        raise NotAllowed("your account has ended: /quit, and come back under another name")
    try:
        credential = await user.state.authenticator.register(
            user.client,
            code,
            make,
            lambda made: (
                user.propose(registration(user.sid, user.name, code), key),
                user.propose(proving(user.sid, user.name, (made,))),
            ),
        )
    finally:
        # If only the credential failed, the user is registered and can add another.
        user.isProved = user.member.isRegistered
    user.proved(credential.label)


async def _registerName(user: User, text: str) -> None:
    """
    Add the present name of the owner of an account to the account.
    """
    if text:
        raise BadCommand("you are registered already: /password NEW sets another password")
    mustProve(user)
    owned = user.state.law.ownerOf(user.name)
    if owned is not None and owned.who == user.sid:
        raise NotAllowed(f"{user.name} is yours already: /nick to another name first")
    await user.propose(naming(user.sid, user.name, True))
    user.notice(f"{user.name} is yours, too")


def mustProve(user: User) -> None:
    """
    @raise NotAllowed: if the user has no account, or has proved it only by the token of a session.
    """
    if not user.member.isRegistered:
        raise NotAllowed("you are a guest: /register makes your name your own")
    if not user.isProved:
        raise NotAllowed("prove who you are first: /login NAME SECRET")


async def change(
    user: User,
    edit: Callable[[Sequence[Credential]], tuple[Credential, ...]],
    key: str | None = None,
) -> tuple[Credential, ...]:
    """
    Change the credentials of a user's account.

    @param edit: see L{Authenticator.change}.
    @return: the previous credentials.
    @raise ChatError: it cannot be.
    """
    mustProve(user)
    return await user.state.authenticator.change(
        user.sid, edit, lambda new: user.propose(proving(user.sid, user.name, new), key)
    )


async def password(user: User, text: str, key: str | None) -> None:
    """C{/password NEW}."""
    mustProve(user)
    made = await user.state.authenticator.choose(text)
    await change(user, lambda credentials: added(credentials, made))
    user.notice("Your password is changed", key)


async def login(user: User, text: str, key: str | None) -> None:
    """C{/login NAME SECRET}."""
    name, _, secret = text.partition(" ")
    await user.state.logInAs(user, name, secret.strip(), key)


async def details(user: User) -> Account:
    """
    Describe an account to its owner.

    @raise NotAllowed: if the user is a guest.
    """
    if not user.member.isRegistered:
        raise NotAllowed("you are a guest: /register makes your name your own")
    record = user.state.law.records.get(ACCOUNT, user.sid)
    credentials = await user.state.authenticator.credentials(user.sid)
    devices = tuple(Device(each.label if each.isMade else "", each.since) for each in credentials)
    main = record["name"]
    names = (main, *(name for name in record["names"] if name != main))
    return Account(names, record["since"], devices, len(user.member.devices))


async def account(user: User, text: str, key: str | None) -> None:
    """C{/account}."""
    user.answer(await details(user), key)


async def device(user: User, text: str, key: str | None) -> None:
    """C{/device add|remove LABEL}."""
    verb, _, label = text.partition(" ")
    mustProve(user)
    if verb == "add" and label.strip():
        code = await _giveCode(
            user, FOR_DEVICE, user.sid, DEVICE_CODE_SECONDS, cleanLabel(label.strip())
        )
        user.notice(f"On the new device enter within 10 minutes: {user.name} {code}", key)
    elif verb == "remove" and label.strip():
        await _removeDevice(user, label.strip(), key)
    else:
        raise BadCommand("Usage: /device add LABEL, or /device remove LABEL")


async def _removeDevice(user: User, label: str, key: str | None) -> None:
    """
    Remove a credential, and end the sessions that were begun with it.
    """
    state = user.state
    former = await change(user, lambda credentials: _without(credentials, label))
    (gone,) = {each.label for each in former} - {each.label for each in removed(former, label)}
    for each in usersOf(user.member):
        if each.device == gone:
            each.endSession()
            if each is not user:
                each.sendAway(f"the device {gone} was removed")
    record = user.member.record
    if record is not None and record.device == gone:
        user.member.record = ended(record)
    for session in await state.log.sessionsOf(user.sid):
        if session.device == gone:
            state.log.remember(ended(session))
    user.notice(f"{gone} no longer logs in", key)


def _without(credentials: Sequence[Credential], label: str) -> tuple[Credential, ...]:
    """
    @return: the other credentials.
    @raise ChatError: if there is none with this label, or no other.
    """
    left = removed(credentials, label)
    if len(left) == len(credentials):
        raise BadCommand(f"you have no device {label}: /account lists them")
    if not left:
        raise NotAllowed("this is your last way in: /device add another, or set a /password first")
    return left


async def _giveCode(user: User, purpose: str, who: str, seconds: float, label: str = "") -> str:
    """
    @param who: the account that the code is for, or empty.
    @return: a new one-time code.
    """
    code = makeSecret()
    data = {
        "hash": hashCode(code),
        "purpose": purpose,
        "who": who,
        "label": label,
        "until": user.state.seconds() + seconds,
    }
    await user.propose(Draft(CODE, SERVER, user.name, "", "", user.sid, None, asData(data)))
    return code


async def inviteCode(user: User, text: str, key: str | None) -> None:
    """C{/invite-code}."""
    mustProve(user)
    law = user.state.law
    isOperator = law.rank(SERVER, user.sid) >= Rank.OPERATOR
    if law.registration(user.state.seconds()) == "operator" and not isOperator:
        raise NotAllowed("operators alone let people register here: ask one")
    code = await _giveCode(user, TO_REGISTER, "", INVITATION_SECONDS)
    user.notice(f"Within 7 days somebody can enter with: NAME {code}", key)


async def unregister(user: User, text: str, key: str | None) -> None:
    """C{/unregister NAME}."""
    mustProve(user)
    name = user.state.law.records.get(ACCOUNT, user.sid)["name"]
    if text != name:
        raise BadCommand(f"type the name of your account to be sure: /unregister {name}")
    if not user.isUnregistering:
        user.isUnregistering = True
        user.notice(
            f"Nobody will ever be called {name} again, not even you. To confirm, type it again: "
            f"/unregister {name}",
            key,
        )
        return
    await user.propose(Draft(UNREGISTERED, SERVER, user.name, "", "", user.sid))
    user.notice(f"{name} is no longer registered", key)


async def inbox(user: User, text: str, key: str | None) -> None:
    """C{/inbox [COUNT]}."""
    if not user.member.isRegistered:
        raise NotAllowed("only registered people have an inbox: /register first")
    if text and not text.isdecimal():
        raise BadCommand("Usage: /inbox, or /inbox 50")
    count = min(int(text[:6]), MAX_INBOX) if text else INBOX
    await give(user, lambda: user.state.log.last(directPlace(user.sid, 1), count), key)
