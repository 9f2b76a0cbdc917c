"""
Tests for L{twisted_chat.chat.interfaces}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.interfaces import Journal, NoJournal
from twisted_chat.ops.auditlog import Transcript


class NoJournalTests(SynchronousTestCase):
    """
    A chat without an operator.
    """

    def test_keepsNothing(self) -> None:
        """Whatever it is told, it takes and forgets, as the real one takes and writes it."""
        journals: list[Journal] = [NoJournal(), Transcript(lambda: 0.0)]
        for journal in journals:
            journal.said("Ann", "Hi!", "192.0.2.1:1001")
            journal.tell("Ann has left", "192.0.2.1:1001")
        self.assertEqual(vars(journals[0]), {})
