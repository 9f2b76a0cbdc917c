from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.steadyclock import JUMP, PROOF, SteadyClock

NOW = 1_700_000_000.0
YEARS = 4 * 365 * 86_400.0


class SteadyClockTests(SynchronousTestCase):
    """
    L{SteadyClock}.
    """

    def setUp(self) -> None:
        self.wall, self.mono = NOW, 50.0
        self.clock = self.makeClock(NOW)

    def makeClock(self, last: float) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.mono, last)

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds

    def test_even(self) -> None:
        """
        A clock that runs evenly is followed, however long nobody asks.
        """
        for seconds in (0.0, 1.0, 10 * JUMP):
            self.passes(seconds)
            self.assertEqual(self.clock.now(), self.wall)

    def test_smallSteps(self) -> None:
        """
        Corrections of less than a day are followed.
        """
        for seconds in (3600.0, -3600.0, JUMP):
            self.wall += seconds
            self.assertEqual(self.clock.now(), self.wall)

    def test_jumpAhead(self) -> None:
        """
        A jump ahead is followed when it has lasted for a day.
        """
        self.wall += YEARS
        self.assertEqual(self.clock.now(), NOW)
        self.passes(PROOF - 1)
        self.assertEqual(self.clock.now(), NOW + PROOF - 1)
        self.passes(1)
        self.assertEqual(self.clock.now(), self.wall)

    def test_jumpFromTheStart(self) -> None:
        """
        A clock that is ahead of what was last believed when the server starts has to last as well.
        """
        self.wall += YEARS
        clock = self.makeClock(NOW)
        self.assertEqual(clock.now(), NOW)
        self.passes(PROOF)
        self.assertEqual(clock.now(), self.wall)

    def test_nothingBelievedYet(self) -> None:
        """
        Where no time was believed before, nothing is old for the first day.
        """
        clock = self.makeClock(0.0)
        self.passes(PROOF / 2)
        self.assertLess(clock.now(), JUMP)
        self.passes(PROOF - 1)
        self.assertLess(clock.now(), 2 * JUMP)
        self.passes(1)
        self.assertEqual(clock.now(), self.wall)

    def test_jumpBack(self) -> None:
        """
        A clock that is set back is followed at once, and then does not return without its day.
        """
        self.wall -= YEARS
        self.assertEqual(self.clock.now(), NOW - YEARS)
        self.wall += YEARS
        self.assertEqual(self.clock.now(), NOW - YEARS)

    def test_jumpThatDoesNotLast(self) -> None:
        """
        A jump that was undone begins anew when it comes again, and so does a further one.
        """
        self.wall += YEARS
        self.clock.now()
        self.passes(PROOF - 1)
        self.wall -= YEARS
        self.clock.now()
        self.passes(1)
        self.wall += YEARS
        self.assertLess(self.clock.now(), self.wall - JUMP)
        self.passes(PROOF - 1)
        self.wall += YEARS
        self.assertLess(self.clock.now(), self.wall - JUMP)
        self.passes(PROOF - 1)
        self.assertLess(self.clock.now(), self.wall - JUMP)

    @given(st.lists(st.tuples(st.floats(0, 3600), st.floats(-2 * YEARS, 2 * YEARS)), max_size=20))
    def test_shortSessionsNeverGetAhead(self, steps: list[tuple[float, float]]) -> None:
        """
        Within a day, no clock makes anything older than the time that passed and one step of a day
        for each time it is asked.
        """
        wall, mono = NOW, 0.0
        clock = SteadyClock(lambda: wall, lambda: mono, NOW)
        for asked, (seconds, jump) in enumerate(steps, 1):
            mono += seconds
            wall = NOW + mono + jump
            self.assertLessEqual(clock.now(), NOW + mono + asked * JUMP + 1)
