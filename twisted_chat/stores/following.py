# -*- test-case-name: tests.test_stores_following -*-
"""
The log's side of its follower.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.logger import Logger

from ..errors import ChatError
from ..events import Draft, Event
from ..interfaces import IFollower


class Following:
    """
    Tells the follower what became of drafts.  A follower that fails does not stop the log.

    @ivar follower: whom to tell, or C{None}.
    """

    _log = Logger()

    def __init__(self) -> None:
        self.follower: IFollower | None = None

    def taken(
        self, stored: Sequence[tuple[Event, object]], repeated: Sequence[tuple[Event, object]]
    ) -> None:
        """
        See L{IFollower.stored} and L{IFollower.repeated}; either may be empty.
        """
        if self.follower is None:
            return
        try:
            if stored:
                self.follower.stored(stored)
        except Exception:
            self._log.failure("the follower of the log failed to take what was stored")
        try:
            if repeated:
                self.follower.repeated(repeated)
        except Exception:
            self._log.failure("the follower of the log failed to take what was repeated")

    def refused(self, batch: Sequence[tuple[Draft, object]], error: ChatError) -> None:
        """
        See L{IFollower.refused}; the batch may be empty.
        """
        if self.follower is None or not batch:
            return
        try:
            self.follower.refused(batch, error)
        except Exception:
            self._log.failure("the follower of the log failed to take what was refused")
