"""
Tests of the user interface in a terminal: arrivals that are folded into one line.
"""

from __future__ import annotations

from tests.support.consoles import ConsoleUITestCase


class FoldingTests(ConsoleUITestCase):
    """
    Arrivals within one second.
    """

    def test_folding(self) -> None:
        """The first user who comes is shown at once, and those of the next second in one line."""
        peer = self.inside()
        self.comes(peer, 11, "Bob")
        self.assertIn("* Bob is now connected", self.shown())
        for number, name in enumerate(("Eve", "Joe", "Kim"), 12):
            self.comes(peer, number, name)
            self.assertEqual(self.shown(), "")
        self.clock.advance(1)
        self.assertIn("* Eve, Joe and 1 more are now connected", self.shown())
        self.clock.advance(2)
        self.assertEqual(self.clock.getDelayedCalls()[1:], [])

    def test_foldingKeepsTheOrder(self) -> None:
        """Messages, the user's own too, and all other lines follow the arrivals before them."""
        peer = self.inside()
        self.comes(peer, 11, "Bob")
        self.comes(peer, 12, "Eve")
        peer.says(type="said", id=13, time=1.0, room="#lobby", name="Eve", text="Hi!")
        self.comes(peer, 14, "Joe")
        self.types("Hello!\r")
        self.comes(peer, 15, "Kim")
        self.types("/bell\r")
        self.comes(peer, 16, "Leo")
        self.assertEqual(self.ui.complete("le", 2), ["Leo: "])
        shown = self.shown()
        order = ["Bob is", "Eve is", "Hi!", "Joe is", "Hello!", "Kim is", "The bell", "Leo is"]
        places = [shown.index(each) for each in order]
        self.assertEqual(places, sorted(places))

    def test_foldingEnds(self) -> None:
        """Arrivals that are still gathered at the end are shown."""
        peer = self.inside()
        self.comes(peer, 11, "Bob")
        self.comes(peer, 12, "Eve")
        self.types("/quit\r")
        peer.closes()
        self.assertIn("Eve is now connected", self.shown())
        self.assertEqual(self.clock.getDelayedCalls(), [])
