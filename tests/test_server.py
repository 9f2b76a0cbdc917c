"""
Tests for L{twisted_chat.server}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat import server


class FaceTests(SynchronousTestCase):
    """
    The public face.
    """

    def test_names(self) -> None:
        """A chat of one's own needs one import, and what is promised is there."""
        self.assertEqual(server.__all__, ["ChatFactory", "ChatProtocol", "Hub"])
        factory = server.ChatFactory()
        self.assertIsInstance(factory.hub, server.Hub)
        self.assertIs(factory.protocol, server.ChatProtocol)
