# -*- test-case-name: tests.accounts.test_pepper -*-
"""
The pepper: the server's own secret, kept in a file beside its certificate and never in the log.

It masks the verifiers of chosen passwords.  A password can be guessed from a stolen verifier, but
not from a masked one, so a thief needs this file besides the history.  It must not be lost, and its
backup belongs in another place than those of the history.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from ..errors import ConfigError, WrongPepper
from ..text.files import writeWhole
from ..wire.scram import Verifier, xor

KEPT_FILE: Final = "server.pepper"
"""The file in which the server keeps its pepper."""

SIZE: Final = 32
"""Bytes of a pepper."""


NAME_BYTES: Final = 4
"""Bytes of a pepper's name: enough to notice a different pepper."""


class Pepper:
    """
    Masks and unmasks verifiers.

    @ivar name: distinguishes this pepper from others, and reveals nothing of its bytes.
    """

    def __init__(self, key: bytes) -> None:
        """
        @param key: L{SIZE} random bytes.
        """
        self._key = key
        self.name = self._stream(b"name")[:NAME_BYTES].hex()

    def mask(self, verifier: Verifier) -> Verifier:
        """
        Mask the keys of a verifier, with a different mask for each salt.
        """
        return verifier._replace(
            storedKey=self._masked(b"stored", verifier.salt, verifier.storedKey),
            serverKey=self._masked(b"server", verifier.salt, verifier.serverKey),
        )

    def unmask(self, verifier: Verifier, name: str) -> Verifier:
        """
        Undo L{mask}.

        @param name: the name of the pepper with which it was masked.
        @raise WrongPepper: if that is another pepper.
        """
        if name != self.name:
            raise WrongPepper(
                "the server has lost what it needs to check this password: log in from another"
                f" device, or ask the operator to restore its file {KEPT_FILE}"
            )
        return self.mask(verifier)

    def _masked(self, purpose: bytes, salt: bytes, key: bytes) -> bytes:
        return xor(key, self._stream(purpose + b":" + salt))

    def _stream(self, purpose: bytes) -> bytes:
        return hmac.digest(self._key, purpose, "sha256")


def readPepper(path: Path) -> Pepper | None:
    """
    Read the pepper.

    @return: C{None} if there is none.
    @raise ConfigError: if the file is unusable, or others may have read it.
    """
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o007:
                raise ConfigError(
                    f"everybody on this machine can read the pepper {path}: give it the mode 600"
                )
            key = file.read(SIZE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"the pepper {path} cannot be read: {error.strerror}") from error
    if len(key) != SIZE:
        raise ConfigError(
            f"the pepper {path} does not have {SIZE} bytes: restore it from its backup; without it"
            " nobody can log in by a password of their own"
        )
    return Pepper(key)


def keptPepper(path: Path) -> Pepper:
    """
    Read the pepper, or generate one if there is none.

    @param path: its file; the folder is made for its owner only if it is missing.
    @raise ConfigError: if it can be neither made nor used, or others may have read it.
    """
    pepper = readPepper(path)
    if pepper is None:
        key = secrets.token_bytes(SIZE)
        try:
            writeWhole(path, key, isDurable=True)
        except OSError as error:
            raise ConfigError(f"the pepper {path} cannot be kept: {error.strerror}") from error
        pepper = Pepper(key)
    return pepper
