"""
Tests of L{twisted_chat.console.inputhistory}.
"""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_IMODE

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.console.inputhistory import (
    MAX_HISTORY_LINES,
    History,
    storable,
    withoutSecrets,
)


class HistoryTests(SynchronousTestCase):
    """
    Lines kept between runs.
    """

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "state" / "history"

    def test_keeps(self) -> None:
        """Lines are there in the next run, also those of several rows and with backslashes."""
        lines = ["hello", "two\nrows", "C:\\new\\\n", "жук \U0001f468\u200d\U0001f469"]
        first = History(self.path)
        for line in lines:
            first.add(line)
        self.assertEqual(list(History(self.path)), lines)

    def test_private(self) -> None:
        """The file and its folder are readable for their owner only, whatever they were before."""
        self.path.parent.mkdir(parents=True)
        self.path.write_text("old\n")
        self.path.chmod(0o644)
        History(self.path).add("new")
        self.assertEqual(S_IMODE(self.path.stat().st_mode), 0o600)
        other = Path(self.mktemp()) / "deep" / "history"
        History(other).add("new")
        self.assertEqual(S_IMODE(other.parent.stat().st_mode), 0o700)

    def test_secretsStayInMemory(self) -> None:
        """Private messages and keys can be recalled now, but are not written."""
        history = History(self.path)
        history.add("/msg Bob the secret")
        history.add("/join #dev the-key")
        history.add("public")
        self.assertEqual(len(history), 3)
        self.assertEqual(self.path.read_text(), "/join #dev\npublic\n")

    def test_secretsAreKeptNowhere(self) -> None:
        """A user's own secret cannot be recalled at all, and the command without it can."""
        history = History(self.path)
        for line in ("/login Ann swordfish", "/register sword fish", "/password swordfish"):
            history.add(line)
        self.assertEqual(list(history), ["/login Ann", "/register", "/password"])
        self.assertFalse(self.path.exists())

    def test_withoutSecrets(self) -> None:
        """Each row loses its secret; a mark may stand in its place, where there was one."""
        for text, left in (
            ("/login Ann a b", "/login Ann ..."),
            ("/LOGIN Ann a", "/LOGIN Ann ..."),
            ("/login Ann", "/login Ann"),
            ("hi\n/password x", "hi\n/password ..."),
            ("/register", "/register"),
            ("/names  all", "/names  all"),
            ("//login Ann a", "//login Ann a"),
        ):
            self.assertEqual(withoutSecrets(text, "..."), left)

    def test_storable(self) -> None:
        """A possible abbreviation of a private command is private."""
        for line in ("/msg a b", "/MSG a b", "/m a b", "/w a b", "/r b", "/query a", "/login x"):
            self.assertIsNone(storable(line), line)
        for line in ("hello", "//msg", "/me waves", "/names", "/topic new", "/ x", "msg a b"):
            self.assertEqual(storable(line), line)
        self.assertEqual(storable("/join  #dev key"), "/join #dev")
        self.assertEqual(storable("/j #dev key"), "/j #dev")
        self.assertEqual(storable("/lock key"), "/lock")
        self.assertEqual(storable("one\n\n/join #dev key"), "one\n\n/join #dev")
        self.assertIsNone(storable("one\n/msg Bob two"))
        self.assertIsNone(storable("  "))

    def test_repeated(self) -> None:
        """Blank lines and repetitions are not kept."""
        history = History()
        for line in ("a", "a", " ", "b", "a"):
            history.add(line)
        self.assertEqual(list(history), ["a", "b", "a"])
        self.assertEqual((history[0], history[-2:]), ("a", ["b", "a"]))

    def test_bounded(self) -> None:
        """Neither the memory nor the file grows without end."""
        history = History(self.path)
        for number in range(2 * MAX_HISTORY_LINES + 10):
            history.add(str(number))
        self.assertEqual(len(history), MAX_HISTORY_LINES)
        again = History(self.path)
        self.assertEqual(list(again), list(history))
        self.assertEqual(len(self.path.read_text().splitlines()), MAX_HISTORY_LINES)
        self.assertEqual(S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(os.listdir(self.path.parent), ["history"])

    def test_damaged(self) -> None:
        """A damaged file is used as far as it can be, and gives no control."""
        self.path.parent.mkdir(parents=True)
        self.path.write_bytes(b"good\n\xff\x00\x1b[2J\n\n\\\nhalf\\n" + b"x" * 9000 + b"\nlast")
        self.assertEqual(list(History(self.path)), ["good", "\ufffd[2J", "\\", "last"])

    def test_refused(self) -> None:
        """A file that cannot be read or written costs nothing but the memory of other runs."""
        self.path.mkdir(parents=True)
        history = History(self.path)
        history.add("kept")
        self.assertEqual(list(history), ["kept"])
        under = History(Path(os.devnull) / "history")
        under.add("kept")
        self.assertEqual(list(under), ["kept"])

    def test_shared(self) -> None:
        """Two consoles add to one file without losing each other's lines."""
        one, two = History(self.path), History(self.path)
        one.add("from one")
        two.add("from two")
        one.add("again")
        self.assertEqual(list(History(self.path)), ["from one", "from two", "again"])
