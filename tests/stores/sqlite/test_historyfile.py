from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import NoHistory
from twisted_chat.stores.sqlite import historyfile
from twisted_chat.stores.sqlite.faults import Moved
from twisted_chat.stores.sqlite.historyfile import Place


class PlaceTests(SynchronousTestCase):
    """
    L{Place}.
    """

    def setUp(self) -> None:
        folder = self.mktemp()
        os.mkdir(folder)
        self.path = os.path.join(folder, "chat.sqlite")
        self.place = Place(self.path)
        self.addCleanup(self.place.release)

    def write(self, path: str) -> None:
        with open(path, "wb") as file:
            file.write(b"x")

    def test_oneHolder(self) -> None:
        """
        A second holder is refused, by whatever name it knows the file, until the first is gone.
        """
        self.place.hold()
        link = self.mktemp()
        os.symlink(os.path.realpath(self.path), link)
        for path in (self.path, link):
            error = self.assertRaises(NoHistory, Place(path).hold)
            self.assertIn(f"process {os.getpid()}", str(error))
        self.place.release()
        other = Place(link)
        other.hold()
        other.release()

    def test_secondName(self) -> None:
        """
        A file with two names is refused under both, since each would have a lock of its own.
        """
        self.write(self.path)
        link = f"{self.path}-too"
        os.link(self.path, link)
        for path in (self.path, link):
            error = self.assertRaises(NoHistory, Place(path).hold)
            self.assertIn("hard link", str(error))
            self.assertIn("remove that name", str(error))
        os.remove(link)
        self.assertFalse(os.path.exists(link + historyfile.LOCK))
        self.place.hold()

    def test_lockIsPrivate(self) -> None:
        """
        The lock file is for the owner alone.
        """
        self.place.hold()
        self.assertEqual(os.stat(self.place.path + historyfile.LOCK).st_mode & 0o777, 0o600)

    def test_noDirectory(self) -> None:
        """
        A missing directory is named.
        """
        error = self.assertRaises(NoHistory, Place("/nowhere/at/all/chat.sqlite").hold)
        self.assertIn("no directory /nowhere/at/all", str(error))

    def test_directoryNotWritable(self) -> None:
        """
        A directory that cannot be written is named, with the reason.
        """

        def deny(*arguments: object) -> int:
            raise PermissionError(13, "Permission denied")

        self.patch(os, "open", deny)
        error = self.assertRaises(NoHistory, self.place.hold)
        self.assertIn("cannot be written (Permission denied)", str(error))

    def test_sameFile(self) -> None:
        """
        As long as the same files are there all is well.
        """
        self.write(self.path)
        self.write(self.path + "-wal")
        self.place.mark()
        self.place.check()
        os.rename(self.path, self.path + ".away")
        self.assertRaises(Moved, self.place.check)
        os.rename(self.path + ".away", self.path)
        self.place.check()

    def test_otherFile(self) -> None:
        """
        Another file of the same name is another file.
        """
        self.write(self.path)
        self.place.mark()
        self.write(self.path + ".new")
        os.replace(self.path + ".new", self.path)
        self.assertRaises(Moved, self.place.check)

    def test_writeAheadLog(self) -> None:
        """
        The write-ahead log belongs to it, while the file is open.
        """
        self.write(self.path)
        self.write(self.path + "-wal")
        self.place.mark()
        os.remove(self.path + "-wal")
        self.assertRaises(Moved, self.place.check)
        self.place.closed()
        self.place.check()

    def test_unmarked(self) -> None:
        """
        What was never marked is not there.
        """
        self.assertRaises(Moved, self.place.check)
