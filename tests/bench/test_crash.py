"""
Tests for L{bench.crash}, and the short form of what it shows: nothing acknowledged is lost.
"""

from __future__ import annotations

import asyncio
import signal

from twisted.trial.unittest import SynchronousTestCase

from bench.crash import Verdict, judge, ordeal
from bench.talker import Talker


class OrdealTests(SynchronousTestCase):
    """
    Real servers that are killed while people talk.
    """

    def test_killed(self) -> None:
        """A server killed at full load loses, doubles and reorders nothing."""
        verdict = asyncio.run(ordeal(2, signal.SIGKILL, 4, 0.5, 1, True))
        self.assertTrue(verdict.kept, verdict)
        self.assertGreater(verdict.acknowledged, 0)

    def test_terminated(self) -> None:
        """A server asked to end at full load ends with status 0, and loses nothing either."""
        verdict = asyncio.run(ordeal(1, signal.SIGTERM, 4, 0.5, 1, False))
        self.assertTrue(verdict.kept, verdict)
        self.assertEqual(verdict.exits, {0})


class JudgeTests(SynchronousTestCase):
    """
    The judge finds what must not be.
    """

    def judged(self, heard: list[tuple[int, str, str]], acked: dict[str, int]) -> Verdict:
        """
        @return: the verdict over one sender and one listener.
        """
        sender, listener = Talker("Ann", 0), Talker("Bob", 0)
        sender.acked, listener.heard = acked, heard
        verdict = Verdict(integrity="ok")
        judge(verdict, [sender], [listener])
        return verdict

    def test_kept(self) -> None:
        """What was acknowledged and heard once, in order, is well."""
        verdict = self.judged([(1, "Ann", "Ann 0 .."), (4, "Ann", "Ann 1 ..")], {"k1": 1, "k2": 4})
        self.assertTrue(verdict.kept)

    def test_lost(self) -> None:
        """What was acknowledged and not heard is lost."""
        self.assertEqual(self.judged([(1, "Ann", "Ann 0 ..")], {"k1": 1, "k2": 2}).lost, 1)

    def test_doubled(self) -> None:
        """What was heard twice is doubled."""
        heard = [(1, "Ann", "Ann 0 .."), (2, "Ann", "Ann 0 ..")]
        self.assertEqual(self.judged(heard, {"k1": 1}).doubled, 1)

    def test_disordered(self) -> None:
        """Ids that do not rise are a disorder."""
        heard = [(2, "Ann", "Ann 1 .."), (1, "Ann", "Ann 0 ..")]
        self.assertEqual(self.judged(heard, {}).disordered, 1)

    def test_mismatched(self) -> None:
        """A receipt under another id is found."""
        self.assertEqual(self.judged([(3, "Ann", "Ann 0 ..")], {"k1": 1}).mismatched, 1)
