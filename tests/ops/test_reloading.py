"""
Tests for L{twisted_chat.ops.reloading}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import BadText, ChatError
from twisted_chat.ops.reloading import Change, Reloader, whenChanged


class ReloaderTests(SynchronousTestCase):
    """
    Tests for L{Reloader}.
    """

    def setUp(self) -> None:
        self.inForce = {"rate": 1, "port": 2, "file": 3}
        self.new: dict[str, Any] = dict(self.inForce)
        self.applied: list[Any] = []
        self.error: ChatError | None = None

        def prepare(new: Any) -> Callable[[], None] | None:
            if self.error is not None:
                raise self.error
            return None

        changes = [
            whenChanged(("rate",), self.inForce, lambda new: self.applied.append(new["rate"])),
            Change(("file",), prepare),
        ]
        self.reloader = Reloader(lambda: self.new, self.inForce, changes)

    def test_nothing(self) -> None:
        """Nothing happens where nothing changed."""
        self.assertEqual(self.reloader.reload(), "reloaded: nothing changed")
        self.assertEqual(self.applied, [])

    def test_change(self) -> None:
        """A change takes effect once, and another one after it does, too."""
        self.new = {**self.inForce, "rate": 5}
        self.assertEqual(self.reloader.reload(), "reloaded: --rate changed")
        self.reloader.reload()
        self.new = dict(self.inForce)
        self.reloader.reload()
        self.assertEqual(self.applied, [5, 1])

    def test_restart(self) -> None:
        """What needs a restart is named, and changes nothing."""
        self.new = {**self.inForce, "port": 5}
        said = "reloaded: nothing changed; --port will change at the next start"
        self.assertEqual(self.reloader.reload(), said)

    def test_allOrNothing(self) -> None:
        """If anything cannot be used nothing takes effect."""
        self.new = {**self.inForce, "rate": 5}
        self.error = BadText("no good")
        error = self.assertRaises(BadText, self.reloader.reload)
        self.assertEqual(error.sentence, "not reloaded, nothing was changed: no good")
        self.assertEqual(self.applied, [])
