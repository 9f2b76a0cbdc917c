# -*- test-case-name: tests.test_stores_alarm -*-
"""
What the operator hears of a history that cannot be stored.
"""

from __future__ import annotations

from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from .writer import Refusal

SECONDS: Final = 60.0
"""How often at most to tell the operator that nothing can be stored."""


class Alarm:
    """
    Tells the operator of a trouble once a minute, and when it is over.

    @ivar trouble: why nothing can be stored at the moment, or empty.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime, path: str) -> None:
        """
        @param clock: for the time since the operator was told.
        @param path: the history's path.
        """
        self.trouble = ""
        self._clock = clock
        self._path = path
        self._told = -SECONDS
        self._isTold = False
        self._isOfTidying = False

    def sound(self, failure: Failure, isTidying: bool = False) -> Refusal:
        """
        Something could not be stored.

        @param failure: the writer's L{Refusal}.
        @param isTidying: whether it was no message.
        @return: the refusal.
        """
        error = failure.value
        refusal = error if isinstance(error, Refusal) else Refusal(error)
        self._isOfTidying = isTidying and (self._isOfTidying or not self.trouble)
        self.trouble = f"the history {self._path} cannot be stored: {refusal}"
        now = self._clock.seconds()
        if refusal.isBug:
            self._log.failure("the history {path!r} failed", failure, path=self._path)
        elif now - self._told >= SECONDS:
            self._told = now
            self._isTold = True
            self._log.error(
                "nothing can be stored in the history {path!r}: {refusal}; {advice}",
                path=self._path,
                refusal=str(refusal),
                advice=refusal.advice,
            )
        return refusal

    def end(self, isTidying: bool = False) -> None:
        """
        Something was stored.

        @param isTidying: whether it was no message: then it proves nothing for messages.
        """
        if isTidying and not self._isOfTidying:
            return
        self.trouble = ""
        self._isOfTidying = False
        if self._isTold:
            self._isTold = False
            self._log.info("the history {path!r} is stored again", path=self._path)
