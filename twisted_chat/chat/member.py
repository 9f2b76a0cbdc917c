# -*- test-case-name: tests.chat.test_member -*-
"""
A member: one person, as others see them, with any number of connections here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, cast

from ..stores.session import NO_RIGHTS, Session
from ..wire.interfaces import IView
from .audience import Audience, Listener
from .room import Room


class Device(Listener, Protocol):
    """
    One connection of a member.

    @ivar leaving: whether it has ended, or is ending.
    """

    leaving: bool

    @property
    def view(self) -> IView:
        """
        The view of its current room.
        """


class Member:
    """
    A person who is in the chat.

    @ivar name: their name.
    @ivar sid: their id in the log: that of their account, or else of their session.
    @ivar rooms: the rooms they are in, the lobby first.
    @ivar rights: see L{room.Person.rights}.
    @ivar joinedAt: when they entered the chat, in seconds since the epoch, UTC.
    @ivar lastActiveAt: when they last said something, in seconds since the epoch, UTC.
    @ivar leaving: whether they left, or are leaving.
    @ivar keepsName: whether their name is held for them after they leave.
    @ivar devices: their connections here, oldest first.
    @ivar account: the name of their account; empty for a guest.
    @ivar record: the record of their account, or C{None} for a guest.
    """

    __slots__ = (
        "_alone",
        "account",
        "devices",
        "joinedAt",
        "keepsName",
        "lastActiveAt",
        "leaving",
        "name",
        "record",
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
        self.devices: tuple[Device, ...] = ()
        self.account = ""
        self.record: Session | None = None
        self._alone: Audience | None = None

    @property
    def isRegistered(self) -> bool:
        """
        Whether they have an account.
        """
        return self.record is not None

    def own(self, account: str, record: Session | None = None) -> None:
        """
        Note that they have an account.

        @param account: its name.
        @param record: its record; C{None} if nothing is stored yet.
        """
        self.account = account
        self.record = record or Session(self.sid, f"account:{self.sid}", account=self.sid)

    def disown(self) -> None:
        """
        Note that their account has ended.
        """
        self.account = ""
        self.record = None

    def attach(self, device: Device) -> None:
        """
        Add a connection, or update its view.
        """
        if device not in self.devices:
            self.devices += (device,)
        self._alone = None

    def detach(self, device: Device) -> None:
        """
        Remove a connection; do nothing if it is not attached.
        """
        self.devices = tuple(each for each in self.devices if each is not device)
        self._alone = None
        for room in self.rooms:
            room.audience.remove(device)

    @property
    def alone(self) -> Audience:
        """
        The audience of all their connections.
        """
        if self._alone is None:
            self._alone = Audience()
            for device in self.devices:
                self._alone.add(device, device.view)
        return self._alone


def membersOf(room: Room) -> Iterator[Member]:
    """
    @return: everybody who is in a room.
    """
    return cast("Iterator[Member]", iter(room))


def sendNowhere(data: bytes) -> None:
    """
    Discard data: the C{put} of a lost connection.
    """
