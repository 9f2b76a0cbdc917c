from __future__ import annotations

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts import Recorder, said
from twisted_chat.errors import ChatError, NotStored
from twisted_chat.events import Draft, Event
from twisted_chat.stores.following import Following

EVENT = Event(1, 0.0, *said())


class FollowingTests(SynchronousTestCase):
    """
    L{Following}.
    """

    def setUp(self) -> None:
        self.following = Following()

    def test_nobody(self) -> None:
        """
        Without a follower nothing happens.
        """
        self.following.taken([(EVENT, 1)], [])
        self.following.refused([(said(), 1)], NotStored("no"))

    def test_storedFirst(self) -> None:
        """
        New events come before repeated ones, and empty batches are not told.
        """
        self.following.follower = recorder = Recorder()
        self.following.taken([(EVENT, 1)], [(EVENT, 2)])
        self.following.taken([], [])
        self.following.refused([], NotStored("no"))
        self.assertEqual(recorder.heard, [("stored", EVENT, 1), ("repeated", EVENT, 2)])
        self.assertEqual((recorder.batches, recorder.errors), ([1], []))

    def test_failures(self) -> None:
        """
        A follower that fails is logged, each time, and hears of the rest.
        """

        class Failing(Recorder):
            def stored(self, batch: Sequence[tuple[Event, object]]) -> None:
                raise ZeroDivisionError

            def refused(self, batch: Sequence[tuple[Draft, object]], error: ChatError) -> None:
                raise ZeroDivisionError

        self.following.follower = failing = Failing()
        self.following.taken([(EVENT, 1)], [(EVENT, 2)])
        self.following.refused([(said(), 3)], NotStored("no"))
        self.assertEqual(failing.heard, [("repeated", EVENT, 2)])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
