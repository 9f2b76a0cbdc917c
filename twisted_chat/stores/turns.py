# -*- test-case-name: tests.stores.test_turns -*-
"""
Dear questions, one at a time, and whoever asks many waits for those who ask few.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred, fail, maybeDeferred

from ..errors import ChatError, NoHistory

WAITING_EACH: Final = 2
"""Questions of one asker that may wait."""

WAITING: Final = 64
"""Questions that may wait."""


class _Question:
    """
    @ivar begin: begins to answer.
    @ivar result: what the asker was given.
    @ivar answering: fires when the answer is there, or given up; C{None} while it waits.
    """

    def __init__(self, begin: Callable[[], Deferred[Any]]) -> None:
        self.begin = begin
        self.result: Deferred[Any] = Deferred()
        self.answering: Deferred[Any] | None = None


class Turns:
    """
    Answers questions one after the other, by turns of those who ask.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[_Question]] = {}
        self._count = 0
        self._current: _Question | None = None
        self._refusal: ChatError | None = None

    def ask(self, asker: str, begin: Callable[[], Deferred[Any]]) -> Deferred[Any]:
        """
        @param asker: who asks.
        @param begin: begins to answer; what it returns may be cancelled.
        @return: the answer.  Once cancelled it waits no longer, or is given up.  Fails with
            L{NoHistory} if too many wait.
        """
        if self._refusal is not None:
            return fail(self._refusal)
        theirs = self._waiting.get(asker, ())
        if len(theirs) >= WAITING_EACH or self._count >= WAITING:
            return fail(NoHistory("too many searches are waiting: try again in a moment"))
        question = _Question(begin)
        question.result = Deferred(lambda _: self._cancel(asker, question))
        self._waiting.setdefault(asker, deque()).append(question)
        self._count += 1
        self._next()
        return question.result

    def stop(self, refusal: ChatError) -> None:
        """
        Give up what is being answered, and refuse all others from now on.
        """
        self._refusal = refusal
        current = [] if self._current is None else [self._current]
        questions = [*current, *(each for queue in self._waiting.values() for each in queue)]
        self._waiting.clear()
        self._count = 0
        for question in questions:
            if not question.result.called:
                question.result.errback(refusal)
        if self._current is not None and self._current.answering is not None:
            self._current.answering.cancel()

    def _next(self) -> None:
        """
        Begin with the first question of who has waited longest, if none is being answered.
        """
        if self._current is not None or not self._waiting:
            return
        asker = next(iter(self._waiting))
        queue = self._waiting.pop(asker)
        question = self._current = queue.popleft()
        self._count -= 1
        if queue:
            self._waiting[asker] = queue
        question.answering = maybeDeferred(question.begin)
        question.answering.addBoth(self._answered, question)

    def _answered(self, answer: Any, question: _Question) -> None:
        self._current = None
        if not question.result.called:
            question.result.callback(answer)
        self._next()

    def _cancel(self, asker: str, question: _Question) -> None:
        if question.answering is not None:
            question.answering.cancel()
            return
        queue = self._waiting[asker]
        queue.remove(question)
        self._count -= 1
        if not queue:
            del self._waiting[asker]
