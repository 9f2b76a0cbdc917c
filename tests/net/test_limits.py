"""
Tests for L{twisted_chat.net.limits}.
"""

from __future__ import annotations

import dataclasses

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.net.limits import Limits


class LimitsTests(SynchronousTestCase):
    """
    Tests for L{Limits}.
    """

    def test_frozen(self) -> None:
        """The bounds of a running server cannot be changed."""
        with self.assertRaises(dataclasses.FrozenInstanceError):
            Limits().rate = 0  # type: ignore[misc]

    def test_onlyByName(self) -> None:
        """A bound can be given by its name alone."""
        with self.assertRaises(TypeError):
            Limits(4096)  # type: ignore[call-arg]
