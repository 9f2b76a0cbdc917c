# -*- test-case-name: tests.chat.commands -*-
"""
The commands that change a room, or who is in it.

A room changes when the log returns the event; a command waits for that, and so does the user's next
line.
"""

from __future__ import annotations

from itertools import islice

from ...accounts.terms import showSpan
from ...errors import BadCommand, NotAllowed
from ...text.cleaning import showable
from ...text.names import cleanRoom
from ...wire.answers import Topic
from ...wire.events import (
    CREATED,
    INVITED,
    JOINED,
    LEFT,
    LOCKED,
    PRIVATE,
    TOPIC,
    UNLOCKED,
    Draft,
    joinedData,
    lockedData,
)
from ..member import membersOf
from ..room import Room, hashPassword
from ..user import User, mayReturn, usersOf

LISTED = 1_000
"""Members that a lock names, in 17 KiB, so that a crash right after it costs them no right: few
rooms that are locked have more."""

MAX_ROOMS = 32
"""Most rooms that one person can be in."""

MAX_PRIVATE = 16
"""Most private rooms that one person can own: they stay for a while when they are empty."""

MAX_TOPIC = 256
"""The longest topic, in characters."""

MIN_PASSWORD = 6
"""The shortest password of a room, in characters: shorter ones are guessed."""

MAX_PASSWORD = 64
"""The longest password of a room, in characters."""

MAX_REASON = 128
"""The longest reason, in characters."""


async def join(user: User, text: str, key: str | None) -> None:
    """C{/join #ROOM [PASSWORD]}."""
    words = text.split()
    if len(words) > 2:
        raise BadCommand("Usage: /join #room, or /join #room PASSWORD (which has no blanks)")
    name = cleanRoom(words[0])
    password = words[1] if len(words) == 2 else ""
    if len(password) > MAX_PASSWORD:
        raise BadCommand(f"a password has at most {MAX_PASSWORD} characters: choose a shorter one")
    state = user.state
    room = await state.rooms.whenSettled(name)
    if room is not None and password and not room.private:
        # A user who gives a password expects a private room.
        raise NotAllowed(
            f"{room.name} is open to everybody, and a password does not change that: /join it "
            "without one, or choose another name"
        )
    if room is not None and room in user.rooms:
        goTo(user, room, key)
        return
    if len(user.rooms) >= MAX_ROOMS:
        raise NotAllowed(f"you are in {MAX_ROOMS} rooms, which is the most: /leave one first")
    if room is None:
        room = await _create(user, name, password, key)
    else:
        _checkBans(user, room)
        if not room.admits(user.sid, user.rights):
            _tryPassword(user, room, password)
    data = joinedData(str(room.era.start), user.member.account)
    await user.propose(_draft(user, JOINED, room.name, data=data))
    tellRules(user, room)


def _checkBans(user: User, room: Room) -> None:
    """
    @raise ChatError: if the user is banned from a room.
    """
    state = user.state
    refusal = state.law.mayEnter(room.place, room.name, user.visitor, state.seconds())
    if refusal is not None:
        raise refusal


def tellRules(user: User, room: Room) -> None:
    """
    Tell a user who joins a room which rules for speaking apply.
    """
    law, now = user.state.law, user.state.seconds()
    if not law.hasRules(room.place):
        return
    slow = law.setting(room.place, "slow", now)
    if slow is not None:
        user.notice(f"{room.name} is in slow mode: everybody speaks once in {showSpan(slow)}")
    if law.setting(room.place, "readonly", now) is not None:
        user.notice(f"{room.name} is read-only: its moderators and speakers alone speak")


async def _create(user: User, name: str, password: str, key: str | None) -> Room:
    rooms = user.state.rooms
    other = rooms.lookalike(name)
    if other is not None:
        room = rooms.get(other)
        if room is None or (room.private and room not in user.rooms):
            # A private room that the user is not in must not be mentioned.
            raise NotAllowed(f"no room can be called {name} at the moment: choose another name")
        raise NotAllowed(f"{name} looks like {other}, which is here: choose another name")
    draft = _draft(user, CREATED, name)
    if password:
        _checkNewPassword(password)
        _mayOwnPrivate(user)
        draft = draft._replace(text=PRIVATE, data=hashPassword(password))
    with user.state.newRooms.making(user.client), rooms.reserve(name):
        await user.propose(draft, key)
    if user.leaving:
        # Nobody will be in it: its maker left while it was being made.
        user.state.emptied(rooms[name])
    return rooms[name]


def _tryPassword(user: User, room: Room, password: str) -> None:
    """
    @raise ChatError: if the password does not open the room, or may not be tried now.
    """
    state = user.state
    if password:
        host = user.client.host
        state.passwords.check(room.id, host)
        if room.acceptsPassword(user.sid, password):
            return
        count = state.passwords.failed(room.id, host)
        # The operator's log names no private room: it is copied, and read by others.
        wrong = f"{user.name} gave a wrong password for a private room ({count} so far)"
        state.audit.tell(wrong, user.client.address)
        owner = state.roster.bySid(room.owner)
        if owner is not None and count in (1, 10, 100, 1_000):
            for device in usersOf(owner):
                device.notice(f"{user.name} gave a wrong password for {room.name} ({count} so far)")
    raise NotAllowed(f"{room.name} is private: ask its members for an invitation or the password")


def goTo(user: User, room: Room, key: str | None) -> None:
    """
    Make one of a user's rooms their current one.
    """
    user.moveTo(room)
    user.answer(user.entered, key)
    user.remember()


async def leave(user: User, text: str, key: str | None) -> None:
    """C{/leave [#ROOM]}."""
    room = user.roomNamed(cleanRoom(text)) if text else user.current
    lobby = user.state.rooms.lobby
    if room is lobby:
        raise NotAllowed(f"everybody is in {lobby.name}: /quit leaves the chat")
    wasCurrent = room is user.current
    await user.propose(_draft(user, LEFT, room.name))
    if wasCurrent:
        user.answer(user.entered, None)
    else:
        user.notice(f"You have left {room.name}", key)


async def topic(user: User, text: str, key: str | None) -> None:
    """C{/topic [TEXT]}."""
    room = await settledRoom(user)
    if not text:
        user.answer(Topic(room.name, room.topic), key)
        return
    if len(text) > MAX_TOPIC:
        raise BadCommand(f"a topic has at most {MAX_TOPIC} characters: shorten it")
    _mayChange(user)
    if user.state.law.hasRules(room.place):
        user.mustSpeak(room)
    new = "" if text in ("-", '""') else text
    await user.propose(_draft(user, TOPIC, room.name, new))


async def invite(user: User, text: str, key: str | None) -> None:
    """C{/invite NAME}."""
    room = await settledRoom(user)
    guest = user.state.roster.find(text)
    if guest in room:
        raise NotAllowed(f"{guest.name} is in {room.name} already")
    if guest.sid in room.expelled:
        _mustOwn(user, room)
    refusal = user.state.law.mayTell(user.visitor, guest.sid, user.state.seconds())
    if refusal is not None:
        # A room's name is text of the user's, too, and they must be allowed to speak.
        raise refusal
    _mayChange(user)
    data = f"{guest.sid} {room.era.start}"
    await user.propose(_draft(user, INVITED, room.name, to=guest.name, data=data))


async def lock(user: User, text: str, key: str | None) -> None:
    """C{/lock [PASSWORD]}."""
    room = await settledRoom(user)
    _mustOwn(user, room)
    if " " in text or len(text) > MAX_PASSWORD:
        raise BadCommand(
            f"a password is one word of at most {MAX_PASSWORD} characters: choose another"
        )
    if text:
        _checkNewPassword(text)
    if not room.private:
        _mayOwnPrivate(user)
    _mayChange(user)
    with room.change():
        present = (member.sid for member in membersOf(room) if mayReturn(member))
        hash = hashPassword(text) if text else ""
        data = lockedData(hash, user.state.lastId, islice(present, LISTED))
        await user.propose(_draft(user, LOCKED, room.name, data=data))


async def unlock(user: User, text: str, key: str | None) -> None:
    """C{/unlock}."""
    room = await settledRoom(user)
    _mustOwn(user, room)
    if not room.private:
        raise NotAllowed(f"{room.name} is open to everybody already")
    _mayChange(user)
    with room.change():
        await user.propose(_draft(user, UNLOCKED, room.name))
    user.notice(
        "What was said while it was private stays readable for its members of then alone, and its "
        "topic is cleared"
    )


async def kick(user: User, text: str, key: str | None) -> None:
    """C{/kick NAME [REASON]}."""
    room = await settledRoom(user)
    _mustOwn(user, room)
    name, _, reason = text.partition(" ")
    target = user.state.roster.find(name)
    if target is user.member:
        raise NotAllowed("you cannot remove yourself: /leave leaves the room")
    if target not in room:
        raise NotAllowed(f"{target.name} is not in {room.name}")
    if room is user.state.rooms.lobby:
        raise NotAllowed(f"nobody can be removed from {room.name}")
    with room.change():
        left = Draft(
            LEFT,
            room.name,
            target.name,
            showable(reason.strip())[:MAX_REASON],
            user.name,
            target.sid,
            data=user.sid,
        )
        await user.propose(left)


async def settledRoom(user: User) -> Room:
    """
    @return: the user's current room, once no change of its law waits for the log.
    """
    room = user.current
    while room.changing:
        await room.whenSettled()
    if room is not user.current:
        raise NotAllowed(f"you are not in {room.name} any more: nothing was changed")
    return room


def _mustOwn(user: User, room: Room) -> None:
    """
    @raise NotAllowed: if the user does not own the room.
    """
    if not user.state.owns(user.sid, room):
        raise NotAllowed(
            f"only the owner of {room.name} may do this: /join another #room to own it"
        )


def _mayChange(user: User) -> None:
    """
    @raise TooManyTries: if the user, or everybody at their address, has changed too much lately.
    """
    user.state.changes.take(user.sid, user.client)


def _checkNewPassword(password: str) -> None:
    """
    @raise BadCommand: if it is too short for a new password.
    """
    if len(password) < MIN_PASSWORD:
        raise BadCommand(
            f"a password has at least {MIN_PASSWORD} characters, or it is guessed: choose a longer "
            "one"
        )


def _mayOwnPrivate(user: User) -> None:
    """
    @raise NotAllowed: if the user owns L{MAX_PRIVATE} private rooms.
    """
    if user.state.rooms.privateOf(user.sid) >= MAX_PRIVATE:
        raise NotAllowed(
            f"you have {MAX_PRIVATE} private rooms, which is the most: /unlock one first"
        )


def _draft(user: User, kind: str, room: str, text: str = "", to: str = "", data: str = "") -> Draft:
    return Draft(kind, room, user.name, text, to, user.sid, None, data)
