# -*- test-case-name: tests.chat.commands.test_rooms -*-
"""
The commands that change a room, or who is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import BadCommand, NoSuchRoom, NotAllowed
from ...text.names import cleanRoom
from ...wire.events import CREATED, INVITED, JOINED, LEFT, LOCKED, TOPIC, UNLOCKED, Draft
from ..room import Room, hashKey

if TYPE_CHECKING:
    from ..user import User

MAX_ROOMS = 32
"""Rooms that one person can be in."""

MAX_PRIVATE = 16
"""Private rooms that one person can have made: they stay while they are empty."""

MAX_TOPIC = 256
"""Characters of a topic."""

MAX_KEY = 64
"""Characters of a room's key."""


def join(user: User, text: str, key: str | None) -> None:
    """C{/join #ROOM [KEY]}."""
    words = text.split()
    if len(words) > 2:
        raise BadCommand("say it like this: /join #room, or /join #room KEY (a key has no blanks)")
    secret = words[1] if len(words) == 2 else ""
    if len(secret) > MAX_KEY:
        raise BadCommand(f"a key has at most {MAX_KEY} characters: choose a shorter one")
    hub = user.hub
    name = cleanRoom(words[0])
    room = hub.rooms.known(name)
    if room is not None and room.name in user.rooms:
        goTo(user, room.name)
        return
    if room is not None and not room.admits(user.sid, secret):
        raise NotAllowed(f"{room.name} is private: ask who is in it for an invitation or the key")
    if len(user.rooms) >= MAX_ROOMS:
        raise NotAllowed(f"you are in {MAX_ROOMS} rooms, which is the most: /leave one first")
    if room is None:
        _mayBeNamed(user, name)
        if secret:
            _mayMakePrivate(user)
        room = hub.room(name, user.sid)
        if secret:
            room.private = True
            user.append(_draft(user, CREATED, name, key=key))
            user.append(_draft(user, LOCKED, name, hashKey(secret), key=None))
    user.rooms = (*user.rooms, room.name)
    goTo(user, room.name)
    user.append(_draft(user, JOINED, room.name))


def goTo(user: User, name: str) -> None:
    """
    Make one of his rooms the one he speaks in.
    """
    hub = user.hub
    before, user.current = user.current, name
    for room in (hub.rooms.get(before), hub.rooms.get(name)):
        if room is not None and user in room:
            hub.look(user, room)
    room = hub.rooms.get(name)
    if room is not None and user in room:
        user.reply(user.client.dialect.moved(name, room.topic, len(room)))
    user.remember()


def leave(user: User, text: str, key: str | None) -> None:
    """C{/leave [#ROOM]}."""
    name = _mine(user, text) if text else user.current
    if name == user.hub.lobby.name:
        raise NotAllowed(f"everybody is in {name}: /quit leaves the chat")
    user.rooms = tuple(room for room in user.rooms if room != name)
    user.append(_draft(user, LEFT, name))
    if user.current == name:
        goTo(user, user.hub.lobby.name)
    else:
        user.remember()
        user.notice(f"You have left {name}", key)


def _mine(user: User, text: str) -> str:
    room = user.hub.rooms.known(cleanRoom(text))
    if room is None or room.name not in user.rooms:
        raise NoSuchRoom(f"you are not in {text}: /rooms tells where you are")
    return room.name


def topic(user: User, text: str, key: str | None) -> None:
    """C{/topic [TEXT]}."""
    room = user.hub.room(user.current)
    if not text:
        about = room.topic or "nothing in particular: /topic TEXT sets it"
        user.notice(f"{room.name} is about {about}", key)
        return
    if len(text) > MAX_TOPIC:
        raise BadCommand(f"a topic has at most {MAX_TOPIC} characters: shorten it")
    user.append(_draft(user, TOPIC, room.name, text))


def invite(user: User, text: str, key: str | None) -> None:
    """C{/invite NAME}."""
    guest = user.hub.find(text)
    room = user.current
    if room in guest.rooms:
        raise NotAllowed(f"{guest.name} is in {room} already")
    user.append(_draft(user, INVITED, room, guest.sid, guest.name))


def lock(user: User, text: str, key: str | None) -> None:
    """C{/lock [KEY]}."""
    room = _own(user)
    if " " in text or len(text) > MAX_KEY:
        raise BadCommand(f"a key is one word of at most {MAX_KEY} characters: choose another")
    if not room.private:
        _mayMakePrivate(user)
    user.append(_draft(user, CREATED, room.name))
    user.append(_draft(user, LOCKED, room.name, hashKey(text) if text else ""))


def unlock(user: User, text: str, key: str | None) -> None:
    """C{/unlock}."""
    user.append(_draft(user, UNLOCKED, _own(user).name))


def _own(user: User) -> Room:
    """
    @raise NotAllowed: if he did not make his current room.
    """
    room = user.hub.room(user.current)
    if room.creator != user.sid:
        raise NotAllowed(f"only who made {room.name} may do this: /join another #room to make one")
    return room


def _mayBeNamed(user: User, name: str) -> None:
    """
    @raise NotAllowed: if a new room of this name could be taken for another room.  Of a private one
        that the user is not in it says nothing.
    """
    other = user.hub.rooms.lookingLike(name)
    if other is None:
        return
    if other.private and other.name not in user.rooms:
        raise NotAllowed(f"no room can be called {name} at the moment: choose another name")
    raise NotAllowed(f"{name} looks like {other.name}, which is here: choose another name")


def _mayMakePrivate(user: User) -> None:
    """
    @raise NotAllowed: if he has made as many private rooms as he may.
    """
    if user.hub.rooms.privateOf(user.sid) >= MAX_PRIVATE:
        raise NotAllowed(
            f"you have {MAX_PRIVATE} private rooms, which is the most: /unlock one first"
        )


def _draft(
    user: User, kind: str, room: str, text: str = "", to: str = "", key: str | None = None
) -> Draft:
    return Draft(kind, room, user.name, text, to, user.sid, key)
