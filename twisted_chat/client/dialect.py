# -*- test-case-name: tests.client.test_dialect -*-
"""
A client's side of a dialect: what it sends, and what it learns from what it hears.

Nothing here does I/O.  A speech lives as long as its link, over all its connections; what a
connection's end wipes out is forgotten in C{connected}.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .messages import Heard
from .outbox import Letter

ME = re.compile(r"/me\s+(\S.*)", re.IGNORECASE | re.DOTALL)
MSG = re.compile(r"/msg\s+(\S+)\s+(\S.*)", re.IGNORECASE | re.DOTALL)
REPLY = re.compile(r"/r\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_QUIT = re.compile(r"/(q|qu|qui|quit|exit)(\s|$)", re.IGNORECASE)


@dataclass
class Standing:
    """
    What a client is to the server, as far as it knows.

    @ivar name: its name; empty before there is one.
    @ivar room: the name of its current room; empty if unknown.
    @ivar lobby: the name of the lobby; empty if unknown.
    @ivar reply: who told it something last; empty if nobody did.
    @ivar token: its session's secret; C{None} if there is no session.
    @ivar epoch: the epoch of the server's log.
    @ivar last: the id of the newest event seen.
    @ivar backlog: how many events from before the client wants to see; C{None} for the server's
        own measure.
    """

    name: str = ""
    room: str = ""
    lobby: str = ""
    reply: str = ""
    token: str | None = None
    epoch: str = ""
    last: int = 0
    backlog: int | None = None


class Speech(Protocol):
    """
    What a link asks of a dialect.
    """

    @property
    def busy(self) -> bool:
        """
        Whether the next line must wait for the answer to an earlier one.
        """

    @property
    def unanswered(self) -> int:
        """
        How many commands were not answered yet.
        """

    def connected(self) -> None:
        """A new connection: forget the former."""

    def hello(self) -> bytes:
        """
        @return: the lines that ask to enter.
        """

    def hear(self, raw: bytes) -> Sequence[Heard]:
        """
        @param raw: one line of the server, without its end.
        @return: what it means to a person or a script; nothing if it was for this module alone.
        @raise BadObject: if the line is not of the dialect.
        """

    def compose(self, line: str) -> Letter | None:
        """
        @param line: as typed.
        @return: the message that it is, or C{None} if it is a command.
        """

    def letter(self, letter: Letter) -> bytes:
        """
        @return: the line that sends a message.
        """

    def command(self, line: str) -> bytes:
        """
        @return: the lines that send a command.
        """

    def ping(self) -> bytes:
        """
        @return: a line that the server answers, or nothing where there is none.
        """

    def names(self) -> bytes:
        """
        @return: a line that asks who is in the current room without a person's asking, or nothing
            where the answer could not be told from others.
        """

    def lost(self) -> None:
        """The connection is gone, with all that was under way on it."""

    def bye(self) -> bytes:
        """
        @return: the line after which the server answers what it has still to answer, and closes.
        """


def isQuit(line: str) -> bool:
    """
    @return: whether a typed line asks to leave.
    """
    return _QUIT.match(line) is not None
