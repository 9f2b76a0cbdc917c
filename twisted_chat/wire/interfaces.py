# -*- test-case-name: tests.contracts.test_interfaces -*-
"""
What a dialect promises: how events, receipts and answers read on one kind of wire.
"""

from __future__ import annotations

from collections.abc import Sequence

from zope.interface import Attribute, Interface

from ..errors import ChatError
from .answers import Answer
from .events import Event


class IView(Interface):
    """
    Renders the events of a room, either for users whose current room it is or for all others.
    """

    def events(events: Sequence[Event], lobby: str) -> list[bytes]:
        """
        @param events: events of one audience, in order.
        @param lobby: the name of the lobby: to join or leave it is to enter or leave the chat.
        @return: whole lines for each event, in the same order; empty where an event is folded into
            the lines of another.
        """


class IDialect(Interface):
    """
    Renders events, receipts and answers for one kind of wire.  It has neither I/O nor state; all
    C{bytes} that it returns are whole lines.
    """

    here: IView = Attribute("How a user's current room reads.")
    elsewhere: IView = Attribute("How a user's other rooms read.")
    sent: IView = Attribute("How direct messages read that a user sent over another connection.")

    def receipt(event: Event) -> bytes:
        """
        @return: the answer that tells the author that their message is stored.
        """

    def own(event: Event, key: str | None = None) -> bytes:
        """
        @param event: any event but a message.
        @param key: the client's own id of the request, which the answer repeats.
        @return: how the event reads to its author.
        """

    def answer(value: Answer, key: str | None = None) -> bytes:
        """
        @param value: any answer.
        @param key: the client's own id of the request.
        @return: the answer.
        """

    def refusal(error: ChatError, key: str | None = None) -> bytes:
        """
        @param key: the client's own id of what is refused.
        @return: what was refused, and what to do.
        """
