"""
Tests for L{twisted_chat.accounts.pepper}.
"""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_IMODE

from hypothesis import given
from hypothesis.strategies import binary
from twisted.trial.unittest import SynchronousTestCase

from tests.accounts.support import FAST
from twisted_chat.accounts.pepper import SIZE, Pepper, keptPepper, readPepper
from twisted_chat.errors import ConfigError, WrongPepper
from twisted_chat.wire.scram import Verifier, makeVerifier

VERIFIER = makeVerifier("correct horse battery", 4_096, b"0123456789abcdef")


class MaskTests(SynchronousTestCase):
    """
    Tests for L{Pepper}.
    """

    def test_masked(self) -> None:
        """
        Both keys are masked, salt and number are not, and unmasking gives the former verifier.
        """
        pepper = Pepper(bytes(SIZE))
        masked = pepper.mask(VERIFIER)
        self.assertEqual(masked[:2], VERIFIER[:2])
        for one, other in zip(masked[2:], VERIFIER[2:], strict=True):
            self.assertNotEqual(one, other)
        self.assertFalse(masked.accepts("correct horse battery"))
        self.assertTrue(pepper.unmask(masked, pepper.name).accepts("correct horse battery"))

    def test_salts(self) -> None:
        """The same keys look different beside each salt, and under each purpose."""
        pepper = Pepper(bytes(SIZE))
        same = VERIFIER._replace(serverKey=VERIFIER.storedKey)
        keys = [*pepper.mask(same)[2:], *pepper.mask(same._replace(salt=bytes(16)))[2:]]
        self.assertEqual(len(set(keys)), 4)

    def test_otherPepper(self) -> None:
        """Another pepper has another name and refuses, without saying that a password is wrong."""
        pepper, other = Pepper(bytes(SIZE)), Pepper(b"\1" * SIZE)
        self.assertNotEqual(pepper.name, other.name)
        error = self.assertRaises(WrongPepper, other.unmask, pepper.mask(VERIFIER), pepper.name)
        self.assertIn("log in from another device, or ask the operator", error.sentence)

    @FAST
    @given(
        binary(min_size=SIZE, max_size=SIZE), binary(min_size=8), binary(min_size=32, max_size=32)
    )
    def test_anyVerifier(self, key: bytes, salt: bytes, stored: bytes) -> None:
        """Every masked verifier is unmasked as it was."""
        pepper = Pepper(key)
        verifier = Verifier(salt, 4_096, stored, stored[::-1])
        self.assertEqual(pepper.unmask(pepper.mask(verifier), pepper.name), verifier)


class FileTests(SynchronousTestCase):
    """
    The file of the pepper.
    """

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "folder" / "server.pepper"

    def refusal(self) -> str:
        """
        @return: the sentence that refuses the file, whether one would be made or not.
        """
        read, kept = (
            str(self.assertRaises(ConfigError, use, self.path).sentence)
            for use in (readPepper, keptPepper)
        )
        self.assertEqual(read, kept)
        self.assertIn(str(self.path), read)
        return read

    def test_made(self) -> None:
        """A missing pepper is made, for the owner alone, and stays the same."""
        self.assertIsNone(readPepper(self.path))
        pepper = keptPepper(self.path)
        self.assertEqual(S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(S_IMODE(self.path.parent.stat().st_mode), 0o700)
        self.assertEqual(self.path.stat().st_size, SIZE)
        again = readPepper(self.path)
        assert again is not None
        self.assertEqual(again.name, pepper.name)
        self.assertEqual(again.mask(VERIFIER), pepper.mask(VERIFIER))
        self.assertEqual(keptPepper(self.path).name, pepper.name)

    def test_random(self) -> None:
        """No two servers make the same pepper."""
        other = keptPepper(self.path.with_name("other"))
        self.assertNotEqual(keptPepper(self.path).name, other.name)

    def test_otherLength(self) -> None:
        """A file of another length is refused and stays as it is."""
        self.path.parent.mkdir(parents=True)
        for content in (b"", b"x" * (SIZE - 1), b"x" * (SIZE + 1)):
            self.path.write_bytes(content)
            self.path.chmod(0o600)
            self.assertIn("does not have 32 bytes: restore it", self.refusal())
            self.assertEqual(self.path.read_bytes(), content)

    def test_unreadable(self) -> None:
        """A file that cannot be read is refused, and no other is made in its place."""
        self.path.mkdir(parents=True, mode=0o700)
        self.assertIn("cannot be read", self.refusal())
        self.assertTrue(self.path.is_dir())

    def test_everybody(self) -> None:
        """A file that everybody can read is refused."""
        keptPepper(self.path)
        self.path.chmod(0o604)
        self.assertIn("give it the mode 600", self.refusal())

    def test_notKept(self) -> None:
        """The server does not go on without a pepper if none can be written."""
        path = Path(os.devnull) / "server.pepper"
        error = self.assertRaises(ConfigError, keptPepper, path)
        self.assertIn(str(path), error.sentence)
