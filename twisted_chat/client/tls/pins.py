# -*- test-case-name: tests.client.tls.test_pins -*-
"""
Remembers the certificates of servers, and decides whether to accept one.

A certificate is accepted if an authority of this system vouches for the server's name.  Otherwise
the first certificate seen is remembered as a certificate pin, like C{ssh} does in C{known_hosts},
and only that one is accepted later.  A server that an authority once vouched for always needs an
authority.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from ...errors import ChatError, ConfigError
from ...text.files import configFolder, makePrivateFolder
from ...wire.fingerprint import fingerprint, parseFingerprint

VOUCHED: Final = "verified"
"""Stands in the pin file in the place of a fingerprint if an authority vouched for the server."""


class Untrusted(ChatError):
    """The server's certificate is not accepted; trying again does not help."""

    code = "untrusted"


def defaultPinFile() -> str:
    """
    @return: the path of the file that remembers this user's servers (XDG Base Directory
        Specification).
    """
    return str(configFolder(os.environ) / "known_servers")


class PinFile:
    """
    The file of known servers: a line C{host:port SHA256:...} for each, or C{verified} instead of
    the fingerprint.  Empty lines and lines that begin with C{#} are ignored; if a server has
    several lines, each of them is accepted.
    """

    def __init__(self, path: str) -> None:
        """
        @param path: the file; it is created with the first server, readable by its owner only.
        """
        self.path = path

    def pins(self, server: str) -> dict[str, int]:
        """
        @param server: C{host:port}.
        @return: the pins of this server, each with the number of its line.
        @raise Untrusted: if the file, or a line of this server, cannot be read.
        """
        pins: dict[str, int] = {}
        try:
            with open(self.path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return pins
        except (OSError, ValueError) as error:
            raise Untrusted(
                f"the known servers in {self.path} cannot be read ({error}): "
                "repair or remove the file, or give --fingerprint"
            ) from error
        for number, line in enumerate(lines, 1):
            host, _, pin = line.partition(" ")
            if host != server:
                continue
            pin = pin.strip()
            try:
                pins[pin if pin == VOUCHED else parseFingerprint(pin)] = number
            except ConfigError as error:
                raise Untrusted(
                    f"line {number} of {self.path} holds no fingerprint: correct or remove it"
                ) from error
        return pins

    def remember(self, server: str, pin: str) -> None:
        """
        Append a line in one write, so that the lines of two clients do not mix.

        @param server: C{host:port}.
        @param pin: its fingerprint, or L{VOUCHED}.
        @raise OSError: if it cannot be written.
        """
        makePrivateFolder(Path(self.path).parent)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(self.path, flags, 0o600)
        with open(descriptor, "r+b", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
            unfinished = end and file.read(1) != b"\n"
            file.write((b"\n" if unfinished else b"") + f"{server} {pin}\n".encode())


class CertificatePolicy:
    """
    Accepts or refuses the certificate of one server.
    """

    def __init__(
        self,
        host: str,
        port: int,
        expected: str | None,
        pins: PinFile,
        tell: Callable[[str], object],
    ) -> None:
        """
        @param host: the name or address that the user gave.
        @param port: the port.
        @param expected: the only fingerprint to accept, if the user gave one.
        @param pins: the servers seen before.
        @param tell: called with a sentence that the user should read.
        """
        self._server = f"[{host}]:{port}" if ":" in host else f"{host.lower()}:{port}"
        self._expected = expected
        self._pins = pins
        self._tell = tell

    def judge(self, certificate: bytes, doubt: str | None) -> None:
        """
        Accept a certificate, or refuse it.

        @param certificate: the server's certificate, in DER, whose key the server has.
        @param doubt: why no authority vouches for it; C{None} if one does.
        @raise Untrusted: if it is not accepted.
        """
        shown = fingerprint(certificate)
        if self._expected is not None:
            if shown != self._expected:
                raise Untrusted(
                    f"the server {self._server} shows the fingerprint {shown}, not "
                    f"{self._expected} as you gave: ask its operator which is right"
                )
            return
        known = self._pins.pins(self._server)
        if doubt is None:
            if VOUCHED not in known:
                # The pin only improves the message about a later doubt, so a full disk is no reason
                # to refuse a server that is vouched for.
                with suppress(OSError):
                    self._pins.remember(self._server, VOUCHED)
        elif shown in known:
            return
        elif known:
            self._refuse(shown, known, doubt)
        else:
            self._remember(shown)

    def _refuse(self, shown: str, known: dict[str, int], doubt: str) -> None:
        """
        @raise Untrusted: always.
        """
        pin, number = next(iter(known.items()))
        if pin == VOUCHED:
            before = f"was vouched for by an authority before and is not now ({doubt})"
        else:
            before = f"has changed: it was {pin} before"
        raise Untrusted(
            f"the certificate of {self._server} {before}, and is {shown} now. Somebody may be "
            f"listening in: if its operator says that this one is right, remove line {number} of "
            f"{self._pins.path} and connect again"
        )

    def _remember(self, shown: str) -> None:
        """
        Remember the first certificate of a server, so that only it is accepted later.

        @raise Untrusted: if it cannot be stored: otherwise every certificate would be the first.
        """
        try:
            self._pins.remember(self._server, shown)
        except OSError as error:
            raise Untrusted(
                f"the server {self._server} shows the fingerprint {shown}, which cannot be "
                f"remembered in {self._pins.path} ({error.strerror}): if it is right, connect "
                f"with --fingerprint {shown}"
            ) from error
        self._tell(
            f"new server {self._server}, remembered with the fingerprint {shown}: compare it with "
            "the one its operator sees when the server starts"
        )
