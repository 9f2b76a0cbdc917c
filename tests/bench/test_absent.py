"""
Tests for L{bench.absent}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from bench.absent import _isWrong, welcome
from bench.programs import Program


class AbsentTests(SynchronousTestCase):
    """
    A small history, and few who were away.
    """

    def test_welcome(self) -> None:
        """All are welcomed and told of the gap, and somebody else is answered meanwhile."""
        result = welcome(events=30_000, sessions=3)
        self.assertEqual(result.wrong, 0)
        self.assertLessEqual(result.welcomed, result.told)
        self.assertLess(result.told, 20.0)

    def test_wrong(self) -> None:
        """An event that comes twice or too early, and a hole without a word, are found."""
        for heard, gaps, isWrong in (
            ([11, 12], 5, False),
            ([11, 11], 5, True),
            ([12, 11], 5, True),
            ([10, 11], 5, True),
            ([], 5, True),
            ([11, 12], 0, True),
        ):
            program = Program("Ann")
            program.heard, program.gaps, program.welcomedAt = heard, gaps, 1.0
            self.assertEqual(_isWrong(program, 10), isWrong, heard)
