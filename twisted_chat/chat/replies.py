# -*- test-case-name: tests.chat.test_replies -*-
"""
Keeps answers in order: each is sent after the answers to all earlier requests.

The log answers a draft after some time, while a refusal or the output of a command is ready at
once, and waits here for the answers to earlier drafts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed


class Replies:
    """
    The unanswered drafts of one connection, and the replies that wait for their answers.

    @ivar put: sends whole lines; never blocks and never raises.
    @ivar waits: whether L{settle} must be called when something is answered.
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
        Send whole lines after the answers to all earlier requests.
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
        @return: the answer, followed by the replies that waited for it.
        """
        self._answered += 1
        return data if self._held is None else data + self._due()

    def _due(self) -> bytes:
        """
        @return: the replies whose turn has come with the latest answer.
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
        @return: fires when all earlier requests are answered; at most one caller may wait at a
            time.
        """
        if self._asked == self._answered:
            return succeed(None)
        self.waits = True
        self._settling = Deferred()
        return self._settling

    def settle(self) -> None:
        """
        Note that an answer was sent.  Must be called while L{waits} is set.
        """
        if self._settling is not None and self._asked == self._answered:
            settling, self._settling = self._settling, None
            settling.callback(None)
        self.waits = self._settling is not None
