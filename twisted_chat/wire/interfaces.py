# -*- test-case-name: tests.contracts.test_interfaces -*-
"""
What a kind of wire promises: how events, receipts and answers read on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zope.interface import Attribute, Interface

from .answers import Welcome

if TYPE_CHECKING:
    from ..errors import ChatError
    from .events import Event


class IView(Interface):
    """
    How the events of a room read to those who look at it in one way.
    """

    def events(events: Sequence[Event], lobby: str) -> list[bytes]:
        """
        @param events: events of one audience, in order.
        @param lobby: the name of the lobby, where coming and going means the whole chat.
        @return: as many C{bytes} as events, each whole lines for the event of its place; what is
            folded into another place leaves its own empty.
        """


class IDialect(Interface):
    """
    How events, receipts and answers read on one kind of wire.  Free of I/O and of state; all
    C{bytes} it gives are whole lines.
    """

    here: IView = Attribute("How one's current room reads.")
    elsewhere: IView = Attribute("How one's other rooms read.")

    def receipt(event: Event) -> bytes:
        """
        @return: the author's answer: his message is stored.
        """

    def own(event: Event) -> bytes:
        """
        @return: how an event that is not a message reads to its author.
        """

    def notice(text: str, key: str | None = None) -> bytes:
        """
        @param key: the key of what this answers.
        @return: something the house says to one person.
        """

    def refusal(error: ChatError, key: str | None = None) -> bytes:
        """
        @param key: the key of what is refused.
        @return: what was refused, and what to do.
        """

    def welcome(welcome: Welcome) -> bytes:
        """
        @return: the first thing after the name was taken.
        """

    def moved(room: str, topic: str, count: int) -> bytes:
        """
        @param count: how many people are in it.
        @return: that this is one's current room from now on.
        """

    def backlog(events: Sequence[Event], now: float) -> bytes:
        """
        @param now: the wall time, in seconds since the epoch, UTC.
        @return: what was said before one came.
        """

    def found(events: Sequence[Event], now: float, key: str | None = None) -> bytes:
        """
        @param now: the wall time, in seconds since the epoch, UTC.
        @return: what was asked of the history.
        """

    def replay(events: Sequence[Event], sid: str) -> bytes:
        """
        @param sid: the reader's session.
        @return: what a resuming reader has missed, his own events included.
        """

    def gap(count: int | None) -> bytes:
        """
        @param count: how many events at most, or C{None} if nobody knows.
        @return: that something he could have seen is no longer kept.
        """

    def bye(text: str) -> bytes:
        """
        @return: the last thing before the server closes.
        """
