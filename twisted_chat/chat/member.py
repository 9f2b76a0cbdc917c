# -*- test-case-name: tests.chat.test_member -*-
"""
A member: what others see of a person, with or without a connection here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..stores.session import NO_RIGHTS
from .room import Room


class Member:
    """
    A person who is in the chat.

    @ivar name: how everybody calls them.
    @ivar sid: their session's id.
    @ivar rooms: the rooms they are in, the lobby first.
    @ivar rights: see L{audience.Listener.rights}.
    @ivar joinedAt: when they entered the chat, in seconds since the epoch, UTC.
    @ivar lastActiveAt: when they last said something, in seconds since the epoch, UTC.
    @ivar leaving: whether they left, or are leaving.
    @ivar keepsName: whether their name is kept for them when they left.
    @ivar put: sends whole lines to their connection, if it is here.
    """

    __slots__ = (
        "__weakref__",
        "joinedAt",
        "keepsName",
        "lastActiveAt",
        "leaving",
        "name",
        "put",
        "rights",
        "rooms",
        "sid",
    )

    def __init__(self, name: str, sid: str, at: float) -> None:
        """
        @param at: the time, in seconds since the epoch, UTC.
        """
        self.name = name
        self.sid = sid
        self.rooms: tuple[Room, ...] = ()
        self.rights: Mapping[int, int] = NO_RIGHTS
        self.joinedAt = self.lastActiveAt = at
        self.leaving = self.keepsName = False
        self.put: Callable[[bytes], None] = sendNowhere


def sendNowhere(data: bytes) -> None:
    """
    Send nothing: the way out to somebody whose connection is elsewhere, or lost.
    """
