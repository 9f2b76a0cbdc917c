# -*- test-case-name: tests.contracts.test_dialect -*-
"""
Answers, as values: what the chat tells one person, before a dialect gives it words or fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from .events import Event


class Notice(NamedTuple):
    """
    One line for people.

    @ivar text: clean text.
    """

    text: str


class Welcome(NamedTuple):
    """
    The first answer after a login.

    @ivar name: the user's name.
    @ivar token: the secret of their session, or C{None} if it cannot be resumed.
    @ivar epoch: the log's epoch.
    @ivar last: the id of the newest event.
    @ivar room: their current room.
    @ivar rooms: name and topic of each of their rooms.
    @ivar resumed: whether an earlier session is resumed.
    @ivar missed: how many missed events follow.
    @ivar account: the name of their account, or C{None} for a guest.
    @ivar proof: the last message of SCRAM, which proves that the server has the verifier of the
        password, or C{None}.
    @ivar marks: the last id that they have read, by name of room; direct messages under C{@}.
    @ivar unread: how many messages follow each mark, under the same names; rooms without a mark are
        left out.
    """

    name: str
    token: str | None
    epoch: str
    last: int
    room: str
    rooms: tuple[tuple[str, str], ...]
    resumed: bool
    missed: int
    account: str | None = None
    proof: str | None = None
    marks: Mapping[str, int] | None = None
    unread: Mapping[str, int] | None = None


class Goodbye(NamedTuple):
    """
    The last answer before the server closes the connection.

    @ivar text: the reason.
    """

    text: str


class Entered(NamedTuple):
    """
    Names the new current room of a user.

    @ivar room: its name.
    @ivar topic: its topic, or empty.
    @ivar people: how many are in it.
    """

    room: str
    topic: str
    people: int


class Backlog(NamedTuple):
    """
    What was said in a room before a user joined it.

    @ivar events: oldest first.
    @ivar now: the wall time, in seconds since the epoch, UTC.
    """

    events: Sequence[Event]
    now: float


class Inbox(NamedTuple):
    """
    Direct messages that arrived while a user was away.

    @ivar events: the newest of them, oldest first.
    @ivar now: the wall time, in seconds since the epoch, UTC.
    @ivar total: how many there are.
    """

    events: Sequence[Event]
    now: float
    total: int


class Found(NamedTuple):
    """
    The messages that a request for history or a search found.

    @ivar events: oldest first.
    @ivar now: the wall time, in seconds since the epoch, UTC.
    """

    events: Sequence[Event]
    now: float


class Replay(NamedTuple):
    """
    What a user who resumes has missed, their own events included.

    @ivar events: oldest first.
    @ivar sid: their session id.
    """

    events: Sequence[Event]
    sid: str


class Gap(NamedTuple):
    """
    Events that a user was entitled to see and that are no longer available.

    @ivar atMost: an upper bound of their number, or C{None} if it is unknown.
    """

    atMost: int | None


class Members(NamedTuple):
    """
    The people in a room.

    @ivar room: its name.
    @ivar names: all of them, sorted.
    @ivar unreachable: the names of those whose connection may be lost: their systems have
        acknowledged nothing for a while.
    """

    room: str
    names: tuple[str, ...]
    unreachable: tuple[str, ...] = ()


class RoomSummary(NamedTuple):
    """
    One room in a list.

    @ivar name: its name.
    @ivar topic: its topic, or empty.
    @ivar people: how many are in it.
    @ivar private: whether users enter by invitation or password.
    @ivar joined: whether the asker is in it.
    @ivar current: whether it is the asker's current room.
    """

    name: str
    topic: str
    people: int
    private: bool
    joined: bool
    current: bool


class RoomList(NamedTuple):
    """
    The rooms that a user may know of.

    @ivar rooms: those with the most people first.
    @ivar more: how many more there are.
    """

    rooms: tuple[RoomSummary, ...]
    more: int


class Whois(NamedTuple):
    """
    What everybody may know about a person.

    @ivar name: their name.
    @ivar joinedAt: when they entered the chat, in seconds since the epoch, UTC.
    @ivar idle: seconds since they last said something.
    @ivar rooms: the names of their rooms that the asker may know of.
    @ivar unreachable: whether their connection may be lost.
    @ivar account: the name of their account, or empty.
    """

    name: str
    joinedAt: float
    idle: float
    rooms: tuple[str, ...]
    unreachable: bool = False
    account: str = ""


class Topic(NamedTuple):
    """
    What a room is about.

    @ivar room: its name.
    @ivar topic: its topic, or empty.
    """

    room: str
    topic: str


class Mark(NamedTuple):
    """
    A read mark that a user has moved over another of their connections.

    @ivar room: the name of the room; C{@} for direct messages.
    @ivar id: the id of the last message that they have read.
    """

    room: str
    id: int


class LoggedIn(NamedTuple):
    """
    Tells a user who was here as a guest that they are logged in to their account.

    @ivar before: the name that they had.
    @ivar name: the name that they have now.
    @ivar account: the name of the account.
    """

    before: str
    name: str
    account: str


class Device(NamedTuple):
    """
    A credential of an account, without its secret.

    @ivar label: the name of the device; empty for a password.
    @ivar since: when it was added, in seconds since the epoch, UTC.
    """

    label: str
    since: float


class Account(NamedTuple):
    """
    What the owner of an account may know about it.

    @ivar names: the names that nobody else may have, the main one first.
    @ivar since: when it was registered, in seconds since the epoch, UTC.
    @ivar devices: the credentials that log in to it.
    @ivar connections: how many connections are logged in to it now.
    """

    names: tuple[str, ...]
    since: float
    devices: tuple[Device, ...]
    connections: int


class CommandHelp(NamedTuple):
    """
    One command.

    @ivar name: without its slash.
    @ivar usage: its arguments; those in brackets may be left out.
    @ivar help: a sentence that says what it does.
    """

    name: str
    usage: str
    help: str


class Help(NamedTuple):
    """
    All commands.

    @ivar commands: in the order in which they are listed.
    """

    commands: tuple[CommandHelp, ...]


Answer: TypeAlias = (
    Notice
    | Welcome
    | Goodbye
    | Entered
    | Backlog
    | Inbox
    | Found
    | Replay
    | Gap
    | Members
    | RoomList
    | Whois
    | Topic
    | Mark
    | LoggedIn
    | Account
    | CommandHelp
    | Help
)
"""Every answer that a dialect can render."""
