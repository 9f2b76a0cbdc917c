# -*- test-case-name: tests.chat.test_replies -*-
"""
The order of answers: each leaves after the answers to everything that was asked for before it.

The log answers drafts some time after they were made; a refusal, or the output of a command, is
there at once.  It waits here for the answers that come before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed


class Replies:
    """
    What one connection asked for, and the answers to it.

    @ivar put: sends whole lines; never blocks and never raises.
    @ivar waits: whether somebody wants to know when something is answered: see L{settle}.
    """

    __slots__ = ("_answered", "_asked", "_held", "_settling", "put", "waits")

    put: Callable[[bytes], None]

    def __init__(self) -> None:
        self.waits = False
        self._asked = self._answered = 0
        self._held: deque[tuple[int, bytes]] | None = None
        self._settling: Deferred[None] | None = None

    @property
    def unanswered(self) -> int:
        """
        How many drafts the log has not answered yet.
        """
        return self._asked - self._answered

    def reply(self, data: bytes) -> None:
        """
        Send whole lines after the answers to everything that was asked for so far.
        """
        if self._asked == self._answered:
            if data:
                self.put(data)
        elif self._held is None:
            self._held = deque([(self._asked, data)])
        else:
            self._held.append((self._asked, data))

    def answered(self, data: bytes) -> bytes:
        """
        Count a draft as answered.

        @param data: its answer.
        @return: the answer, with what waited for it.
        """
        self._answered += 1
        return data if self._held is None else data + self._due()

    def _due(self) -> bytes:
        """
        @return: what waited for as many answers as there are now.
        """
        held = self._held
        if held is None:
            return b""
        due = []
        while held and held[0][0] <= self._answered:
            due.append(held.popleft()[1])
        if not held:
            self._held = None
        return b"".join(due)

    def whenAnswered(self) -> Deferred[None]:
        """
        @return: fires when everything that was asked for so far is answered; at most one caller at
            a time.
        """
        if self._asked == self._answered:
            return succeed(None)
        self.waits = True
        self._settling = Deferred()
        return self._settling

    def settle(self) -> None:
        """
        Note that something was answered, and that was sent.  To be called while somebody L{waits}.
        """
        if self._settling is not None and self._asked == self._answered:
            settling, self._settling = self._settling, None
            settling.callback(None)
        self.waits = self._settling is not None
