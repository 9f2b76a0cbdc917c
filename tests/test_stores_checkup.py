from __future__ import annotations

import os
from typing import Any, cast

from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from tests.contracts import WALL_TIME, InlineWorker, ThreadlessClock, said
from twisted_chat.stores.checkup import checkUp
from twisted_chat.stores.retention import ALL
from twisted_chat.stores.writer import Writer


class CheckUpTests(SynchronousTestCase):
    """
    L{checkUp}.
    """

    def setUp(self) -> None:
        self.writer = Writer(self.mktemp(), lambda: WALL_TIME, ALL)
        self.writer.open()
        self.addCleanup(self.writer.close)
        self.writer.commit([(said("x" * 3000), None)] * 200, [])

    def check(self) -> list[str]:
        """
        @return: what the operator hears.
        """
        clock = ThreadlessClock()
        worker = InlineWorker(clock, "checker")
        with capturedLogs() as logs:
            checking = checkUp(self.writer.path, cast("Any", worker), lambda: False)
            clock.settle()
        self.assertIsNone(self.successResultOf(checking))
        self.assertTrue(worker.isStopped)
        return [event.get("error", "other") for event in logs]

    def test_well(self) -> None:
        """
        Nothing is said of a good file.
        """
        self.assertEqual(self.check(), [])

    def test_damaged(self) -> None:
        """
        Damage is told with the path and what to do.
        """
        self.writer.close()
        with open(self.writer.path, "r+b") as file:
            file.seek(os.path.getsize(self.writer.path) // 2)
            file.write(b"\xff" * 50_000)
        [sentence] = self.check()
        self.assertIn(self.writer.path, sentence)
        self.assertIn("is damaged (database disk image is malformed)", sentence)

    def test_otherFaults(self) -> None:
        """
        What is no damage is not called so.
        """
        os.rename(self.writer.path, self.writer.path + ".away")
        self.assertEqual(self.check(), ["other"])
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        os.rename(self.writer.path + ".away", self.writer.path)
