"""
Tests of what is kept between runs.
"""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.ignoring import IgnoreList
from twisted_chat.client.settings import Seen, Settings


class KeptTests(SynchronousTestCase):
    """
    Files in the places of the XDG specification.
    """

    def setUp(self) -> None:
        self.home = Path(os.path.abspath(self.mktemp()))
        self.environ = {
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
        }
        self.path = self.home / "config" / "twisted_chat" / "settings.json"

    def test_settings(self) -> None:
        """Saved settings are there in the next run, for their owner alone."""
        first = Settings.load(self.environ)
        first.bell, first.time, first.ignored = "all", False, IgnoreList(["Bob"], {"Rob": "Bob"})
        first.save()
        self.assertEqual(Settings.load(self.environ), first)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_damaged(self) -> None:
        """A damaged file, or a value of a wrong type, leaves the defaults."""
        usual = Settings.load(self.environ)
        self.path.parent.mkdir(parents=True)
        for damaged in (
            b"",
            b"\xff",
            b"[]",
            b"[" * 9999,
            b'{"bell":5,"ignored":[1],"aliases":{"x":1},"accounts":[],"time":null}',
        ):
            self.path.write_bytes(damaged)
            self.assertEqual(Settings.load(self.environ), usual)

    def test_link(self) -> None:
        """Files that are links, as dotfiles often are, are written where they lead."""
        elsewhere = self.home / "dotfiles" / "settings.json"
        elsewhere.parent.mkdir(parents=True)
        self.path.parent.mkdir(parents=True)
        for target in (elsewhere, Path("../../dotfiles/settings.json")):
            self.path.unlink(missing_ok=True)
            self.path.symlink_to(target)
            mine = Settings.load(self.environ)
            mine.bell = "off" if mine.bell == "all" else "all"
            mine.save()
            self.assertTrue(self.path.is_symlink())
            self.assertIn(mine.bell.encode(), elsewhere.read_bytes())
        self.assertEqual(elsewhere.stat().st_mode & 0o777, 0o600)
        self.assertEqual([each.name for each in elsewhere.parent.iterdir()], ["settings.json"])

    def test_linkedFolder(self) -> None:
        """A folder that is a link stays one, and a link in a circle costs the settings alone."""
        (self.home / "elsewhere").mkdir(parents=True)
        (self.home / "config").symlink_to("elsewhere")
        Settings.load(self.environ).save()
        self.assertTrue((self.home / "elsewhere" / "twisted_chat" / "settings.json").is_file())
        self.path.unlink()
        self.path.symlink_to("settings.json")
        Settings.load(self.environ).save()
        self.assertEqual(Settings.load(self.environ).bell, "mention")

    def test_nowhere(self) -> None:
        """A place that cannot be written is no error."""
        self.home.write_bytes(b"")
        mine = Settings.load(self.environ)
        mine.save()
        Seen(self.environ, "here").keep("E", 5)
        self.assertIsNone(Seen(self.environ, "here").last("E"))

    def test_seen(self) -> None:
        """Each server has its own last event, which means nothing in another log."""
        Seen(self.environ, "here").keep("E", 5)
        Seen(self.environ, "there").keep("F", 9)
        self.assertEqual(Seen(self.environ, "here").last("E"), 5)
        self.assertEqual(Seen(self.environ, "there").last("F"), 9)
        self.assertIsNone(Seen(self.environ, "here").last("F"))
        self.assertIsNone(Seen(self.environ, "elsewhere").last("E"))
