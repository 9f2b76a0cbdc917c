"""
Runs tests through trial and closes with one line: C{N passed, N failed, N skipped}.

Trial counts reports, and one test may report twice: it fails, and then so does its tearDown.  Here
every test has exactly one outcome, its worst, so the three numbers add up to the tests that ran.
"""

from __future__ import annotations

import enum
import signal
from collections import Counter
from collections.abc import Sequence
from typing import Any

from twisted.trial.reporter import TreeReporter
from twisted.trial.runner import TestLoader, TrialRunner


class Outcome(enum.IntEnum):
    """How a test ended, from best to worst."""

    PASSED = 0
    SKIPPED = 1
    FAILED = 2


class CountingReporter(TreeReporter):
    """
    Trial's own reporter, which also keeps one outcome for each test.

    A module that cannot be imported is a test that failed; a test that is expected to fail passes
    by failing and fails by passing.

    @ivar outcomes: the worst outcome so far of each test, by its id.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outcomes: dict[str, Outcome] = {}

    def summary(self) -> str:
        """
        @return: the closing line, without a line end.
        """
        counts = Counter(self.outcomes.values())
        order = (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED)
        return ", ".join(f"{counts[outcome]} {outcome.name.lower()}" for outcome in order)

    def allPassed(self) -> bool:
        """
        @return: whether some test passed, none failed, and nothing broke the run off.
        """
        outcomes = self.outcomes.values()
        return Outcome.PASSED in outcomes and Outcome.FAILED not in outcomes and not self.shouldStop

    def addSuccess(self, test: Any) -> None:
        super().addSuccess(test)
        self._record(test, Outcome.PASSED)

    def addExpectedFailure(self, test: Any, error: Any, todo: Any = None) -> None:
        super().addExpectedFailure(test, error, todo)
        self._record(test, Outcome.PASSED)

    def addSkip(self, test: Any, reason: Any) -> None:
        super().addSkip(test, reason)
        self._record(test, Outcome.SKIPPED)

    def addFailure(self, test: Any, fail: Any) -> None:
        super().addFailure(test, fail)
        self._record(test, Outcome.FAILED)

    def addError(self, test: Any, error: Any) -> None:
        super().addError(test, error)
        self._record(test, Outcome.FAILED)

    def addUnexpectedSuccess(self, test: Any, todo: Any = None) -> None:
        super().addUnexpectedSuccess(test, todo)
        self._record(test, Outcome.FAILED)

    def _record(self, test: Any, outcome: Outcome) -> None:
        self.outcomes[test.id()] = max(outcome, self.outcomes.get(test.id(), outcome))


def heedSignals() -> None:
    """
    Heed SIGINT and SIGHUP again.  Who starts in the background or under C{nohup} ignores them, and
    so would all programs that the tests start.
    """
    for number, handler in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def main(names: Sequence[str]) -> int:
    """
    Run tests and print their results.

    Trial works in C{_trial_temp} below the current folder and leaves its log there.

    @param names: packages, modules, classes or methods of tests, as C{trial} takes them; none
        means all tests of this package.
    @return: the exit status of the process: 0 if L{CountingReporter.allPassed}, else 1.
    """
    heedSignals()
    suite = TestLoader().loadByNames(list(names) or [__package__], recurse=True)
    reporter = TrialRunner(CountingReporter).run(suite)
    assert isinstance(reporter, CountingReporter)
    print(reporter.summary(), flush=True)
    return 0 if reporter.allPassed() else 1
