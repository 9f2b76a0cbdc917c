# -*- test-case-name: tests.client.test_devicesecrets -*-
"""
Keeps the secrets by which this device logs in to accounts, so that users need not type a password.

Each secret belongs to one server and one account, and has a file of its own, readable by its owner
only.  A new one is stored beside the one in use before it is sent, and replaces it once the server
has confirmed it, so whatever happens in between, the device has a secret that works.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..errors import BadName, ChatError
from ..text.files import stateFolder, writeWhole
from ..text.names import MAX_NAME, cleanLabel
from .mentions import folded

_IN_USE = ".json"
_PROPOSED = ".new"
_REFUSED = ".refused"

_ANY_LABEL = "console"
"""The label of a device whose name cannot be a label."""

_ROOM_FOR_NUMBER = 3
"""Characters of a label that are reserved for a number that distinguishes devices with the same
name."""


class NotKept(ChatError):
    """The secret of a device cannot be written to the disk."""

    code = "not-kept"


@dataclass(frozen=True)
class DeviceSecret:
    """
    A secret by which a device logs in to an account.

    @ivar name: the name of the account.
    @ivar label: the label of the device there.
    @ivar secret: the secret itself.
    @ivar isProposed: whether the server has not confirmed it yet, and perhaps does not know it.
    """

    name: str
    label: str
    secret: str
    isProposed: bool = False


class DeviceSecrets:
    """
    This device's secrets for the accounts of one server.
    """

    def __init__(self, environ: Mapping[str, str], server: str) -> None:
        """
        @param environ: the environment.
        @param server: identifies the server and how it is authenticated: a secret for one server is
            never sent to another.
        """
        self._folder = stateFolder(environ) / "secrets"
        self._server = server

    def find(self, name: str) -> DeviceSecret | None:
        """
        @param name: that of an account.
        @return: the secret in use, or else the proposed one; C{None} if there is none.
        """
        for suffix in (_IN_USE, _PROPOSED):
            found = self._read(self._path(name, suffix), name)
            if found is not None:
                return replace(found, isProposed=suffix == _PROPOSED)
        return None

    def propose(self, new: DeviceSecret) -> None:
        """
        Store a secret that is about to be sent.

        @raise NotKept: if it cannot be stored; it must not be sent then.
        """
        value = {**asdict(new), "server": self._server}
        del value["isProposed"]
        content = json.dumps(value, indent=1).encode()
        try:
            writeWhole(self._path(new.name, _PROPOSED), content, isDurable=True)
        except OSError as error:
            raise NotKept(
                f"the secret of this device cannot be stored ({error.strerror}), and nothing was"
                f" sent: make room for files in {self._folder.parent}"
            ) from None

    def confirm(self, name: str) -> None:
        """
        Put the proposed secret into use: the server knows it.
        """
        with suppress(OSError):
            self._path(name, _PROPOSED).replace(self._path(name, _IN_USE))

    def withdraw(self, name: str) -> None:
        """
        Drop the proposed secret: the server does not know it.
        """
        with suppress(OSError):
            self._path(name, _PROPOSED).unlink(missing_ok=True)

    def refuse(self, name: str) -> None:
        """
        Stop using a secret that the server refused.  It is put aside, not destroyed: an impostor of
        the server must not be able to lock its owner out.
        """
        with suppress(OSError):
            self._path(name, _IN_USE).replace(self._path(name, _REFUSED))

    def _path(self, name: str, suffix: str) -> Path:
        key = f"{self._server}\0{folded(name)}".encode("utf-8", "replace")
        return self._folder / (hashlib.sha256(key).hexdigest()[:32] + suffix)

    def _read(self, path: Path, name: str) -> DeviceSecret | None:
        with suppress(OSError, ValueError, RecursionError):
            value = json.loads(path.read_bytes())
            if isinstance(value, dict) and value.get("server") == self._server:
                kept, label, secret = (value.get(each) for each in ("name", "label", "secret"))
                if isinstance(kept, str) and isinstance(label, str) and isinstance(secret, str):
                    isIt = label and secret and folded(kept) == folded(name)
                    return DeviceSecret(kept, label, secret) if isIt else None
        return None


def deviceLabel(number: int = 1, host: str | None = None) -> str:
    """
    Make a label for this device from the name of its machine.

    @param number: 1, or more to distinguish it from others with the same name.
    @param host: the name of the machine; C{None} to ask the system.
    """
    host = socket.gethostname() if host is None else host
    first = host.partition(".")[0]
    plain = re.sub(r"^[\W_]+|[\W_]+$", "", re.sub(r"[^\w.'-]+", "-", first))
    try:
        label = cleanLabel(plain[: MAX_NAME - _ROOM_FOR_NUMBER])
    except BadName:
        label = _ANY_LABEL
    return label if number == 1 else f"{label}-{number}"
