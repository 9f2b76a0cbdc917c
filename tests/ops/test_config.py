"""
Tests for L{twisted_chat.ops.config}; what a file may say is tested with the options, in
C{tests.test_options}.
"""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.ops.config import Kind, Setting, readConfig, sample

SETTINGS = {
    "port": Setting(Kind.LIST, ["5000"], "Where to listen."),
    "rate": Setting(Kind.NUMBER, 10.0, "How fast."),
    "share": Setting(Kind.NUMBER, 0.5, "How much."),
    "motd": Setting(Kind.TEXT, None, "What to say."),
    "quiet": Setting(Kind.FLAG, False, "Say nothing."),
    "check": Setting(Kind.FLAG, False, "Look only."),
}


class ReadTests(SynchronousTestCase):
    """
    Tests for L{readConfig}.
    """

    def test_arguments(self) -> None:
        """A file stands for the arguments that say the same, of the options that are asked for."""
        path = self.mktemp()
        Path(path).write_text('port = ["1", 2]\n"rate" = 0.5\nquiet = true\nmotd = "a b"\n')
        file = readConfig(path, SETTINGS)
        self.assertEqual(file.names, ["port", "rate", "quiet", "motd"])
        self.assertEqual(
            file.arguments(["rate", "port", "quiet"]),
            ["--port=1", "--port=2", "--rate=0.5", "--quiet"],
        )
        self.assertEqual(file.placeOf("rate"), f"{path}, line 2")
        self.assertEqual(file.placeOf("check"), path)


class SampleTests(SynchronousTestCase):
    """
    Tests for L{sample}.
    """

    def test_sample(self) -> None:
        """Every option is there with its help and its default, as a comment."""
        text = sample(SETTINGS, "chatserver")
        for line in (
            '#port = ["5000"]',
            "#rate = 10",
            "#share = 0.5",
            '# What to say.\n#motd = "..."',
            "#quiet = false",
        ):
            self.assertIn(f"\n{line}\n", text)
        self.assertNotIn("check", text)
