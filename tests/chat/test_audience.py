# -*- test-case-name: tests.chat.test_room -*-
"""
Tests for L{twisted_chat.chat.audience}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.support.audiences import CountingView, Listener
from twisted_chat.chat.audience import Audience


class AudienceTests(SynchronousTestCase):
    """
    Listeners who hear the same.
    """

    def setUp(self) -> None:
        self.puts: list[tuple[str, bytes]] = []
        self.ann: Any = Listener("Ann", self.puts)
        self.bob: Any = Listener("Bob", self.puts)
        self.audience = Audience()

    def test_membership(self) -> None:
        """
        An audience knows who is in it, how many, and with which view.
        """
        view = CountingView("v")
        self.audience.add(self.ann, view)
        self.assertIn(self.ann, self.audience)
        self.assertNotIn(self.bob, self.audience)
        self.assertEqual((len(self.audience), list(self.audience)), (1, [self.ann]))
        self.assertIs(self.audience.viewOf(self.ann), view)
        self.assertIsNone(self.audience.viewOf(self.bob))

    def test_changeOfView(self) -> None:
        """
        A listener who is added again has only the new view; a view nobody has is forgotten.
        """
        first, second = CountingView("1"), CountingView("2")
        self.audience.add(self.ann, first)
        self.audience.add(self.ann, second)
        self.assertEqual(len(self.audience), 1)
        self.assertEqual(list(self.audience.views), [second])

    def test_remove(self) -> None:
        """
        A listener who is removed hears no more; removing them again does nothing.
        """
        self.audience.add(self.ann, CountingView("v"))
        self.audience.remove(self.ann)
        self.audience.remove(self.ann)
        self.assertEqual((len(self.audience), dict(self.audience.views)), (0, {}))
