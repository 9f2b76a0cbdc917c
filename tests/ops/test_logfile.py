"""
Tests for L{twisted_chat.ops.logfile}.
"""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.ops import logfile
from twisted_chat.ops.logfile import KEPT, FollowingLogFile


class FollowingLogFileTests(SynchronousTestCase):
    """
    Tests for L{FollowingLogFile}.
    """

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.path = self.folder / "chat.log"
        self.log = FollowingLogFile(str(self.path))
        self.addCleanup(self.log.close)

    def test_appends(self) -> None:
        """What is in the file stays, and new lines come after it."""
        self.log.write("one\n")
        second = FollowingLogFile(str(self.path))
        second.write("two\n")
        second.close()
        self.assertEqual(self.path.read_text(), "one\ntwo\n")

    def test_renamed(self) -> None:
        """After a rename, as logrotate does it, the next line goes into a new file."""
        self.log.write("one\n")
        old = self.path.rename(self.folder / "chat.log.1")
        self.log.write("two\n")
        self.assertEqual((old.read_text(), self.path.read_text()), ("one\n", "two\n"))

    def test_created(self) -> None:
        """The file that logrotate creates in its place is used, with its mode."""
        self.log.write("one\n")
        self.path.rename(self.folder / "moved")
        self.path.touch(0o640)
        self.log.write("two\n")
        self.assertEqual(self.path.read_text(), "two\n")
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o640)

    def test_removed(self) -> None:
        """After the file is removed there is a new one."""
        self.log.write("one\n")
        self.path.unlink()
        self.log.write("two\n")
        self.assertEqual(self.path.read_text(), "two\n")

    def test_emptied(self) -> None:
        """After the file is emptied, as copytruncate does it, lines go to its beginning."""
        self.log.write("one\n" * 100)
        os.truncate(self.path, 0)
        self.log.write("two\n")
        self.assertEqual(self.path.read_text(), "two\n")

    def test_bounded(self) -> None:
        """A long log is a bounded number of files of a bounded size."""
        self.log.rotateLength = 100
        for n in range(1000):
            self.log.write(f"line {n:04d}\n")
        names = sorted(path.name for path in self.folder.iterdir())
        self.assertEqual(len(names), 1 + KEPT)
        self.assertLess(max(path.stat().st_size for path in self.folder.iterdir()), 120)
        self.assertIn("line 0999", self.path.read_text())
        self.assertEqual(logfile.MAX_SIZE, 10_000_000)

    def test_unencodable(self) -> None:
        """What UTF-8 cannot say is escaped, and everything else is as it is."""
        self.log.write("\u0410\ud800\n")
        self.assertEqual(self.path.read_text("utf-8"), "\u0410\\ud800\n")

    def test_folderIsGone(self) -> None:
        """Where no new file can be opened the old one serves on."""
        self.log.write("one\n")
        moved = self.folder.rename(str(self.folder) + "-moved")
        self.log.write("two\n")
        self.assertEqual((moved / "chat.log").read_text(), "one\ntwo\n")

    def test_fullDisk(self) -> None:
        """A full disk costs lines, and the next one says how many."""

        class Full:
            """A file on a full disk."""

            closed = False

            def write(self, data: bytes) -> None:
                """See C{BinaryIO}."""
                raise OSError(28, "No space left on device")

        file = self.log._file
        self.patch(self.log, "_isMoved", lambda: False)
        self.log._file = Full()  # type: ignore[assignment]
        self.log.write("one\n")
        self.log.write("two\n")
        self.log._file = file
        self.log.write("three\n")
        self.log.write("four\n")
        said = "(2 log entries before this could not be written)\nthree\nfour\n"
        self.assertEqual(self.path.read_text(), said)
