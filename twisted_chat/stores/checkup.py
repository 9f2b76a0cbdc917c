# -*- test-case-name: tests.test_stores_checkup -*-
"""
Looks for damage in a history that is too large to be looked at before it is used.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..errors import ChatError
from .faults import isDamage
from .opening import damaged
from .reader import Reader
from .worker import Worker

_log = Logger()


def checkUp(path: str, worker: Worker, isOver: Callable[[], bool]) -> Deferred[None]:
    """
    Read through a file while it is used, and tell the operator of damage.

    @param path: the file's path.
    @param worker: the thread to do it, which is stopped afterwards.
    @param isOver: asked every few milliseconds, in that thread, whether to give up.
    @return: fires when it is done or given up; never fails.
    """
    reader = Reader(path, canSearch=False)

    def look() -> None:
        try:
            reader.readThrough(isOver)
        finally:
            reader.close()

    def tell(failure: Failure) -> None:
        error = failure.value
        if isinstance(error, ChatError) and isDamage(error.__cause__):
            _log.error("{error}", error=str(damaged(path, error.__cause__)))
        else:
            _log.failure("the history {path!r} could not be read through", failure, path=path)

    return worker.do(look).addErrback(tell).addCallback(lambda _: worker.stop())
