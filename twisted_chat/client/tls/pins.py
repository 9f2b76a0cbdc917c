# -*- test-case-name: tests.client.tls.test_pins -*-
"""
Keeps the certificates of servers seen before, and decides whether to believe one.

A certificate is believed when an authority of this system vouches for the server's name.  Without
one the first certificate seen is remembered, a certificate pin, as C{ssh} does with its
C{known_hosts}, and from then on only that one is taken.  A server that an authority vouched for
once is never believed on less.
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
"""Stands in the pin file, instead of a fingerprint, for a server an authority vouched for."""


class Untrusted(ChatError):
    """The server's certificate is not the expected one; trying again does not help."""

    code = "untrusted"


def defaultPinFile() -> str:
    """
    @return: the path of the file in which this user's servers are remembered (XDG Base Directory
        Specification).
    """
    return str(configFolder(os.environ) / "known_servers")


class PinFile:
    """
    The servers that were seen before: a line C{host:port SHA256:...} for each, or C{verified}
    instead of the fingerprint.  Empty lines and lines that begin with C{#} are left alone; when a
    server has several lines each of them is good.
    """

    def __init__(self, path: str) -> None:
        """
        @param path: the file; it is made with the first server, for its owner only.
        """
        self.path = path

    def pins(self, server: str) -> dict[str, int]:
        """
        @param server: C{host:port}.
        @return: what is remembered of this server, each with the number of its line.
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
        Add a line, in one write, so that two clients at once do not mix theirs.

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
    Decides on the certificate of one server.
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
        Accept a certificate, or not.

        @param certificate: what the server showed, in DER, and has the key of.
        @param doubt: why no authority vouches for it; L{None} if one does.
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
                # Only a later doubt could be told worse without it, so a full disk is no reason
                # to refuse a server that is beyond doubt.
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
        Take the first certificate of a server for its own from now on.

        @raise Untrusted: if it cannot be remembered, since then every one would be the first.
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
