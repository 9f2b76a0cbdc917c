# -*- test-case-name: tests.test_journal -*-
"""
Where the operator reads what happens.
"""

from __future__ import annotations

from typing import Protocol


class Journal(Protocol):
    """
    Where the operator reads what happens.
    """

    def said(self, name: str, text: str, address: str) -> None:
        """Somebody said something in a public room."""

    def tell(self, text: str, address: str) -> None:
        """Somebody came, went, or did something worth a line."""


class NoJournal:
    """
    Nobody reads what happens.
    """

    def said(self, name: str, text: str, address: str) -> None:
        """Keep nothing."""

    def tell(self, text: str, address: str) -> None:
        """Keep nothing."""
