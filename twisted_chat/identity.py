# -*- test-case-name: tests.test_identity -*-
"""
What the server is known by: the certificate of the TLS port, the one that the options name or one
that is made and kept; and the file of its own secret for passwords.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .accounts.pepper import KEPT_FILE as PEPPER_FILE
from .net.tls import Identity
from .wire.fingerprint import fingerprint


def loadIdentity(options: Mapping[str, Any]) -> Identity | None:
    """
    @return: the certificate that the options name, or one that is made and kept; C{None} without
        TLS.
    @raise ChatError: if it cannot be used.
    """
    if options["tls"] is None:
        return None
    from .net.certificates import keptCertificate

    if options["cert"] is None:
        keptCertificate(_folder(options), [options["host"]] if options["host"] else [])
    identity = _readIdentity(options)
    print(f"TLS certificate: {identity.fingerprint}", file=sys.stderr)
    return identity


def checkIdentity(options: Mapping[str, Any]) -> None:
    """
    Read the certificate if there has to be one already, and make none.

    @raise ChatError: if it cannot be used.
    """
    isMade = options["cert"] is None and not os.path.exists(_certificatePath(options))
    if options["tls"] is not None and not isMade:
        loadIdentity(options)


def _readIdentity(options: Mapping[str, Any]) -> Identity:
    from .net.certificates import serverContextFactory

    path = _certificatePath(options)
    context = serverContextFactory(path, options["key"] or path)
    return Identity(context, fingerprint(Path(path).read_bytes()))


def _certificatePath(options: Mapping[str, Any]) -> str:
    """
    @return: the file of the certificate, which is beside the history if the server makes it.
    """
    from .net.certificates import KEPT_FILE

    if options["cert"] is not None:
        return str(options["cert"])
    return os.path.join(_folder(options), KEPT_FILE)


def pepperPath(options: Mapping[str, Any]) -> Path:
    """
    @return: the file with the server's own secret for passwords, which is beside the history.
    """
    return Path(_folder(options)) / PEPPER_FILE


def _folder(options: Mapping[str, Any]) -> str:
    history = options["history"]
    return "." if history == "memory" else os.path.dirname(history) or "."


def renewal(identity: Identity) -> Callable[[Any], Callable[[], None] | None]:
    """
    @param identity: what new connections are shown.
    @return: reads the certificate once more: see L{Change.prepare}.
    """

    def prepare(new: Any) -> Callable[[], None] | None:
        renewed = _readIdentity(new) if new["tls"] is not None else identity
        return None if renewed.fingerprint == identity.fingerprint else renew(renewed)

    def renew(renewed: Identity) -> Callable[[], None]:
        return lambda: identity.become(renewed)

    return prepare
