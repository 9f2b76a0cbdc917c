# -*- test-case-name: tests.accounts.test_records -*-
"""
Tests for L{twisted_chat.accounts.records}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.accounts.records import ACCOUNT, IN_MEMORY, OWNED, MemoryRecords
from twisted_chat.stores.interfaces import MARK, Selection


class MemoryRecordsTests(SynchronousTestCase):
    """
    Records as dictionaries.
    """

    def test_putAndGet(self) -> None:
        """A record is there until it is replaced by another, or by none."""
        records = MemoryRecords()
        self.assertIsNone(records.get(ACCOUNT, "ann"))
        records.put(ACCOUNT, "ann", {"name": "Ann"})
        self.assertEqual(records.get(ACCOUNT, "ann"), {"name": "Ann"})
        self.assertIsNone(records.get(OWNED, "ann"))
        records.put(ACCOUNT, "ann", None)
        records.put(ACCOUNT, "ann", None)
        self.assertEqual(records.all(ACCOUNT), {})

    def test_omitsKinds(self) -> None:
        """Kinds that are not kept count as empty."""
        records = MemoryRecords()
        records.put(MARK, "ann 0", 5)
        self.assertIsNone(records.get(MARK, "ann 0"))
        self.assertEqual(records.rows(), [])

    def test_rows(self) -> None:
        """Records that were dumped can be loaded."""
        records = MemoryRecords()
        records.put(ACCOUNT, "ann", {"name": "Ann"})
        records.put(OWNED, "=Ann", {"who": "ann", "name": "Ann"})
        other = MemoryRecords()
        other.load(records.rows())
        self.assertEqual(sorted(other.rows()), sorted(records.rows()))
        self.assertEqual(len(other.rows()), 2)

    def test_watcher(self) -> None:
        """The watcher is told of every change, while records are loaded as well."""
        changes: list[Any] = []
        records = MemoryRecords(IN_MEMORY, lambda *change: changes.append(change))
        records.load([(ACCOUNT, "ann", {"name": "Ann"}), (MARK, "ann 0", 5)])
        records.put(ACCOUNT, "ann", None)
        self.assertEqual(changes, [(ACCOUNT, "ann", {"name": "Ann"}), (ACCOUNT, "ann", None)])

    def test_noEvents(self) -> None:
        """Requests about events and messages do nothing."""
        records = MemoryRecords()
        records.blank(1)
        records.hide(2, Selection("#dev"))
        records.unhide(2)
        self.assertEqual(records.rows(), [])
