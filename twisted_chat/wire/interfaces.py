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
    How the events of a room read to users for whom it is the current room, or another.
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

    here: IView = Attribute("How a user's current room reads.")
    elsewhere: IView = Attribute("How a user's other rooms read.")
    sent: IView = Attribute("How direct messages read that a user sent over another connection.")

    def receipt(event: Event) -> bytes:
        """
        @return: the author's answer: their message is stored.
        """

    def own(event: Event, key: str | None = None) -> bytes:
        """
        @param event: one that is no message.
        @param key: the client's own id of the request, where the answer carries it.
        @return: how the event reads to its author.
        """

    def answer(value: Answer, key: str | None = None) -> bytes:
        """
        @param value: any answer.
        @param key: the client's own id of what this answers.
        @return: the answer.
        """

    def refusal(error: ChatError, key: str | None = None) -> bytes:
        """
        @param key: the client's own id of what is refused.
        @return: what was refused, and what to do.
        """
