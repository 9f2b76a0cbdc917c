"""
Tests for L{twisted_chat.text.files}.
"""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_IMODE, S_ISDIR

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.text.files import configFolder, makePrivateFolder, stateFolder, writeWhole


class FolderTests(SynchronousTestCase):
    """
    The folders of the XDG specification.
    """

    def test_state(self) -> None:
        """State is kept in the folder of the specification."""
        self.assertEqual(stateFolder({"XDG_STATE_HOME": "/x/state"}), Path("/x/state/twisted_chat"))
        home = Path.home() / ".local" / "state" / "twisted_chat"
        self.assertEqual(stateFolder({}), home)
        self.assertEqual(stateFolder({"XDG_STATE_HOME": "relative"}), home)

    def test_config(self) -> None:
        """Preferences are kept in the folder of the specification."""
        self.assertEqual(configFolder({"XDG_CONFIG_HOME": "/x/etc"}), Path("/x/etc/twisted_chat"))
        home = Path.home() / ".config" / "twisted_chat"
        self.assertEqual(configFolder({"XDG_CONFIG_HOME": "relative"}), home)

    def test_noHome(self) -> None:
        """Nothing is kept without a home, and no folder called ~ is made."""
        self.patch(os.path, "expanduser", lambda path: path)
        for folder in (configFolder({}), stateFolder({"XDG_STATE_HOME": "relative"})):
            self.assertTrue(folder.is_absolute())
            self.assertRaises(OSError, writeWhole, folder / "file", b"one")

    def test_private(self) -> None:
        """A folder is made for its owner alone; one that is there stays as it is."""
        path = Path(self.mktemp()) / "deep" / "folder"
        makePrivateFolder(path)
        self.assertEqual(S_IMODE(path.stat().st_mode), 0o700)
        path.chmod(0o755)
        makePrivateFolder(path)
        self.assertEqual(S_IMODE(path.stat().st_mode), 0o755)


class WriteTests(SynchronousTestCase):
    """
    Tests for L{writeWhole}.
    """

    def setUp(self) -> None:
        self.folder = Path(os.path.realpath(self.mktemp()))
        self.path = self.folder / "file"

    def test_private(self) -> None:
        """File and folder are made for their owner alone, and nothing else is left."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        writeWhole(self.path, b"one", isDurable=True)
        self.assertEqual(self.path.read_bytes(), b"one")
        self.assertEqual(S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(S_IMODE(self.folder.stat().st_mode), 0o700)
        self.assertEqual(os.listdir(self.folder), ["file"])

    def test_durable(self) -> None:
        """A durable file is written through to the disk, and so is its name in the folder."""
        synced: list[bool] = []
        self.patch(os, "fsync", lambda file: synced.append(S_ISDIR(os.fstat(file).st_mode)))
        writeWhole(self.path, b"one")
        self.assertEqual(synced, [])
        writeWhole(self.path, b"two", isDurable=True)
        self.assertEqual(synced, [False, True])

    def test_replaced(self) -> None:
        """The new file takes the place of the old one, which others may have had open."""
        writeWhole(self.path, b"one")
        self.path.chmod(0o644)
        with self.path.open("rb") as old:
            writeWhole(self.path, b"two")
            self.assertEqual(old.read(), b"one")
        self.assertEqual(self.path.read_bytes(), b"two")
        self.assertEqual(S_IMODE(self.path.stat().st_mode), 0o600)

    def test_link(self) -> None:
        """
        A symbolic link stays one, and the file it leads to is written, even if it does not exist
        yet.
        """
        target = self.folder / "elsewhere" / "target"
        self.folder.mkdir()
        self.path.symlink_to(Path("elsewhere") / "target")
        for content in (b"one", b"two"):
            writeWhole(self.path, content)
            self.assertTrue(self.path.is_symlink())
            self.assertEqual(target.read_bytes(), content)
        self.assertEqual(os.listdir(target.parent), ["target"])

    def test_remainsOfACrash(self) -> None:
        """A half-written file of an earlier try is no obstacle, and its mode is not kept."""
        self.folder.mkdir()
        half = self.folder / f"file.{os.getpid()}"
        half.write_bytes(b"half")
        half.chmod(0o644)
        writeWhole(self.path, b"one")
        self.assertEqual(S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(os.listdir(self.folder), ["file"])

    def test_refused(self) -> None:
        """A failed write leaves the old file as it was, and no other beside it."""
        self.path.mkdir(parents=True)
        self.assertRaises(OSError, writeWhole, self.path, b"one")
        self.assertEqual(os.listdir(self.folder), ["file"])
        self.assertRaises(OSError, writeWhole, Path(os.devnull) / "file", b"one")
