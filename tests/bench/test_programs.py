"""
Tests for L{bench.programs}.
"""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from bench.programs import Program


class ProgramTests(SynchronousTestCase):
    """
    What a program makes of the server's lines.
    """

    def setUp(self) -> None:
        self.program = Program("Ann")

    def takes(self, **fields: Any) -> None:
        """An object comes."""
        self.program.take(json.dumps(fields).encode() + b"\r", 1.0)

    def test_hello(self) -> None:
        """The first time it asks for a session, and resumes it with the last id it has seen."""
        self.assertNotIn("token", json.loads(self.program.hello))
        self.takes(type="welcome", token="T", epoch="E", last=5, missed=0, resumed=False)
        self.takes(type="said", id=7, room="#lobby", name="Bob", text="x")
        fields = json.loads(self.program.hello)
        self.assertEqual((fields["token"], fields["epoch"], fields["last"]), ("T", "E", 7))

    def test_heard(self) -> None:
        """What is said and is not old counts as heard; the prompt does not."""
        self.program.take(b"Enter your name to enter the chat >\r", 1.0)
        self.takes(type="said", id=7)
        self.takes(type="said", id=3, old=True)
        self.takes(type="joined", id=8)
        self.assertEqual(self.program.heard, [7])

    def test_trouble(self) -> None:
        """Refusals, goodbyes and a session that is gone are noted, gaps are counted."""
        self.program.token = "T"
        self.takes(type="welcome", token="U", epoch="E", last=5, missed=0, resumed=False)
        self.takes(type="error", code="server-full", text="full")
        self.takes(type="bye", text="bye")
        self.takes(type="gap", count=4)
        self.assertEqual(self.program.trouble, ["the session was not resumed", "full", "bye"])
        self.assertEqual(self.program.gaps, 4)
