"""
Tests of the secrets by which a device logs in.
"""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_IMODE

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.devicesecrets import DeviceSecret, DeviceSecrets, NotKept, deviceLabel
from twisted_chat.text.names import MAX_NAME, cleanLabel

quick = settings(deadline=None, max_examples=200, derandomize=True, database=None)

SECRET = DeviceSecret("Ann", "laptop", "S1")


class DeviceSecretsTests(SynchronousTestCase):
    """
    Secrets in files of their own.
    """

    def setUp(self) -> None:
        self.home = Path(os.path.abspath(self.mktemp()))
        self.kept = self.open()

    def open(self, server: str = "here port 5000") -> DeviceSecrets:
        return DeviceSecrets({"XDG_STATE_HOME": str(self.home)}, server)

    def files(self) -> list[Path]:
        return sorted(self.home.rglob("secrets/*"))

    def test_confirmed(self) -> None:
        """A confirmed secret is there in the next run, in any case of the name."""
        self.kept.propose(SECRET)
        self.kept.confirm("ANN")
        self.assertEqual(self.open().find("ann"), SECRET)
        self.assertIsNone(self.open().find("Anna"))

    def test_private(self) -> None:
        """Only its owner can read the file."""
        self.kept.propose(SECRET)
        (path,) = self.files()
        self.assertEqual(S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(S_IMODE(path.parent.stat().st_mode), 0o700)

    def test_otherServer(self) -> None:
        """A secret is found for its own server only, even if a file is moved."""
        self.kept.propose(SECRET)
        other = self.open("there port 5000")
        self.assertIsNone(other.find("Ann"))
        other.propose(SECRET)
        mine, theirs = self.files()
        mine.write_bytes(theirs.read_bytes())
        found = [self.open(server).find("Ann") for server in ("here port 5000", "there port 5000")]
        self.assertEqual(sum(each is None for each in found), 1)

    def test_proposed(self) -> None:
        """A proposed secret is used if there is no other, and is marked."""
        self.kept.propose(SECRET)
        found = self.kept.find("Ann")
        assert found is not None
        self.assertTrue(found.isProposed)
        self.kept.withdraw("Ann")
        self.assertIsNone(self.kept.find("Ann"))
        self.assertEqual(self.files(), [])

    def test_former(self) -> None:
        """A new secret leaves the one in use alone until it is confirmed."""
        self.kept.propose(SECRET)
        self.kept.confirm("Ann")
        self.kept.propose(DeviceSecret("Ann", "laptop-2", "S2"))
        self.assertEqual(self.kept.find("Ann"), SECRET)
        self.kept.confirm("Ann")
        self.assertEqual(self.kept.find("Ann"), DeviceSecret("Ann", "laptop-2", "S2"))

    def test_refused(self) -> None:
        """A refused secret is no longer used, but not destroyed."""
        self.kept.propose(SECRET)
        self.kept.confirm("Ann")
        self.kept.refuse("Ann")
        self.assertIsNone(self.kept.find("Ann"))
        (path,) = self.files()
        self.assertIn("S1", path.read_text())

    def test_damaged(self) -> None:
        """A damaged file counts as none."""
        self.kept.propose(SECRET)
        self.kept.confirm("Ann")
        (path,) = self.files()
        whole = path.read_bytes()
        for content in (b"", b"{", b"[]", b"\xff", b"[" * 5000, whole.replace(b'"S1"', b"1")):
            path.write_bytes(content)
            self.assertIsNone(self.kept.find("Ann"), content)

    def test_unwritable(self) -> None:
        """A secret that cannot be stored is refused, and the rest of a client goes on without."""
        self.home.write_text("a file where the folder should be")
        error = self.assertRaises(NotKept, self.kept.propose, SECRET)
        self.assertIn("nothing was sent", error.sentence)
        self.kept.confirm("Ann")
        self.kept.refuse("Ann")
        self.kept.withdraw("Ann")
        self.assertIsNone(self.kept.find("Ann"))


class LabelTests(SynchronousTestCase):
    """
    The label of a device.
    """

    def test_examples(self) -> None:
        """
        A label is the machine's name, without what no label may hold; a number tells two apart.
        """
        for host, number, label in (
            ("laptop.example.org", 1, "laptop"),
            ("laptop", 3, "laptop-3"),
            ("my laptop", 1, "my-laptop"),
            ("жук", 1, "жук"),
            ("", 1, "console"),
            ("---", 2, "console-2"),
            ("x" * 99, 9, "x" * 29 + "-9"),
        ):
            self.assertEqual(deviceLabel(number, host), label)
        self.assertTrue(deviceLabel())

    @quick
    @given(st.text(max_size=80), st.integers(1, 9))
    def test_valid(self, host: str, number: int) -> None:
        """A label is one that a server takes, whatever the machine is called."""
        label = deviceLabel(number, host)
        self.assertEqual(cleanLabel(label), label)
        self.assertLessEqual(len(label), MAX_NAME)
