"""
Tests for L{twisted_chat.chat.interfaces}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.interfaces import Audit, NoAudit
from twisted_chat.ops.auditlog import AuditLog


class NoAuditTests(SynchronousTestCase):
    """
    A chat without an operator.
    """

    def test_keepsNothing(self) -> None:
        """The audit that keeps nothing takes whatever the real one takes."""
        audits: list[Audit] = [NoAudit(), AuditLog(lambda: 0.0)]
        for audit in audits:
            audit.said("Ann", "Hi!", "192.0.2.1:1001")
            audit.tell("Ann has left", "192.0.2.1:1001")
        self.assertEqual(vars(audits[0]), {})
