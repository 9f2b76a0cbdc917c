# -*- test-case-name: tests.client.test_command -*-
"""
Runs the console client: C{twisted-chat HOST PORT}, or C{python -m twisted_chat.client HOST PORT}.

This is the only file of the client that knows the reactor, the process and all other parts.
"""

from __future__ import annotations

import argparse
import getpass
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NoReturn

from .. import __version__
from ..console.process import USAGE, ProcessIO, fillGaps, report
from ..errors import ConfigError
from ..text.cleaning import MAX_LINE
from ..text.networks import addressOf

if TYPE_CHECKING:
    from twisted.internet.interfaces import IStreamClientEndpoint

    from ..console.terminal import Mode
    from .link import ChatLink
    from .pipeui import PipeUI
    from .ui import UserInterface

_MAX_LOGIN_NAME = 32
"""The longest prefix of a login name that is used, in characters: the longest name in the chat."""

_PRIVATE_ENDPOINTS = ("unix:", "tls:", "ssl:")
"""The prefixes of endpoints over which nobody else can read."""

_ABOUT = """
Join a chat. HOST is a name or an address, PORT a number. ENDPOINT is a client endpoint string of
Twisted, such as unix:/run/chat.sock. What you type is said; /help tells what else there is. Input
and output may be pipes and files: then the first line is the name unless --name gives it, and the
end of the input waits for all receipts.
"""

_EXITS = """
Exit codes: 0 done; 2 wrong usage; 65 text refused (--send); 69 no connection; 70 bug in the client;
74 messages unconfirmed; 77 name refused; 128+n ended by signal n; 141 output closed.
"""


class UsageError(Exception):
    """The command line asks for something impossible; the message is a sentence for the user."""


class _Parser(argparse.ArgumentParser):
    """
    Parses the command line, and reports an error in one sentence.
    """

    def error(self, message: str) -> NoReturn:
        """
        @raise UsageError: always.
        """
        raise UsageError(f"{message}; --help tells more")

    def _print_message(self, message: str, file: object = None) -> None:
        """
        Write help and version in UTF-8, whatever the locale, and survive a closed pipe.
        """
        with suppress(OSError):
            os.write(1, message.encode())


@dataclass(frozen=True)
class ServerAddress:
    """
    The address of the server.

    @ivar host: a name or an address; empty if C{endpoint} is used.
    @ivar port: a number from 1 to 65535; 0 if C{endpoint} is used.
    @ivar endpoint: a client endpoint string of Twisted.
    """

    host: str = ""
    port: int = 0
    endpoint: str = ""

    def __str__(self) -> str:
        return self.endpoint or f"{self.host} port {self.port}"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    Parse the command line.

    @return: the options by name; C{place} is a L{ServerAddress}.
    @raise UsageError: if the command line is wrong.
    @raise SystemExit: after C{--help} and C{--version}.
    """
    parser = _Parser(
        "twisted-chat",
        usage="twisted-chat [options] HOST PORT | twisted-chat [options] ENDPOINT",
        description=_ABOUT,
        epilog=_EXITS,
        allow_abbrev=False,
    )
    parser.add_argument("where", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("-n", "--name", help="your name")
    parser.add_argument(
        "--password-file", metavar="FILE", help="the password of this name, on FILE's first line"
    )
    parser.add_argument("-s", "--send", metavar="TEXT", help="say this and leave when it is stored")
    for name, help in (
        ("plain", "no line editor, also in a terminal"),
        ("text", "speak the text dialect, also with a server that knows JSON"),
        ("json", "write and read the objects of the JSON dialect, for programs"),
        ("tls", "encrypt, and believe a certificate as ssh does: at first use, or by authority"),
        ("retry", "come back when the connection is lost or refused, also in a script"),
    ):
        parser.add_argument(f"--{name}", action="store_true", help=help)
    parser.add_argument("--fingerprint", metavar="SHA256", help="the server's certificate, for TLS")
    parser.add_argument("--pins", metavar="FILE", help="file of the certificates seen before")
    parser.add_argument("--version", action="version", version=f"twisted-chat {__version__}")
    options = parser.parse_args(_joined(arguments))
    options.place = _place(options.where)
    options.tls = options.tls or options.fingerprint is not None
    if options.tls and options.place.endpoint:
        raise UsageError("--tls needs HOST PORT, not an endpoint string")
    if options.json and (options.text or options.send is not None):
        raise UsageError("--json goes neither with --text nor with --send")
    if options.password_file is not None and options.name is None:
        raise UsageError("--password-file needs --name")
    for name in ("name", "send"):
        if getattr(options, name) is not None and not getattr(options, name).strip():
            raise UsageError(f"--{name} is empty")
    if options.name is not None and not options.name.isprintable():
        raise UsageError("--name holds a character that cannot be printed")
    return options


def _joined(arguments: Sequence[str]) -> list[str]:
    """
    @return: the command line with the text to send joined to its option: otherwise argparse would
        take a text that begins with a dash for an option.
    """
    joined: list[str] = []
    for each in arguments:
        if joined and joined[-1] in ("-s", "--send"):
            joined[-1] = f"--send={each}"
        else:
            joined.append(each)
    return joined


def _place(where: Sequence[str]) -> ServerAddress:
    if len(where) == 1 and ":" in where[0]:
        return ServerAddress(endpoint=where[0])
    if len(where) != 2:
        raise UsageError("give HOST PORT, or one endpoint string; --help tells more")
    host, port = where
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise UsageError(f"{port!r} is no port; give a number from 1 to 65535")
    if not host.isprintable() or not host.strip():
        raise UsageError("the host is empty; give a name or an address")
    return ServerAddress(host.removeprefix("[").removesuffix("]"), int(port))


def makeEndpoint(
    options: argparse.Namespace, reactor: Any, tell: Callable[[str], object]
) -> IStreamClientEndpoint:
    """
    @param tell: called with what the user should know about the server's certificate.
    @return: an endpoint for the requested server.
    @raise UsageError: if there is no such kind of endpoint, or TLS is not available.
    """
    from twisted.internet.endpoints import clientFromString

    from .connection import hostEndpoint

    place: ServerAddress = options.place
    if options.tls:
        from .tls.endpoint import trustedEndpoint

        try:
            return trustedEndpoint(
                reactor, place.host, place.port, options.fingerprint, options.pins, tell
            )
        except ConfigError as error:
            raise UsageError(str(error)) from None
    if not place.endpoint:
        return hostEndpoint(reactor, place.host, place.port)
    try:
        endpoint: IStreamClientEndpoint = clientFromString(reactor, place.endpoint)
    except Exception as error:
        # Plugins parse the string, and may fail in any way.
        raise UsageError(f"{place} is no endpoint ({error}); give HOST PORT") from None
    return endpoint


def _pipeUI(options: argparse.Namespace, reactor: Any, process: ProcessIO) -> PipeUI:
    from .pipeui import JSONPipeUI, PipeUI, SendUI

    typed, echoed = os.isatty(0), os.isatty(0) and os.isatty(1)
    if options.send is not None:
        sender = SendUI(process, time.time, reactor.callLater)
        sender.sends(options.send)
        return sender
    if options.json:
        return JSONPipeUI(process, time.time, typed, os.isatty(1))
    return PipeUI(process, time.time, typed, echoed)


def _run(options: argparse.Namespace) -> int:
    """
    @return: the exit code.
    """
    from twisted.internet import reactor

    from ..console.terminal import chooseMode

    plain = options.plain or options.json or options.send is not None
    mode = chooseMode(os.isatty(0), os.isatty(1), os.environ.get("TERM", ""), plain)
    process = ProcessIO(reactor)
    if mode != "plain":
        return _talk(options, reactor, process, mode)
    ui = _pipeUI(options, reactor, process)
    link = _makeLink(options, reactor, ui, options.retry, report)
    return process.run(ui, lambda: ui.begin(link), ui.interrupted)


def _talk(options: argparse.Namespace, reactor: Any, process: ProcessIO, mode: Mode) -> int:
    """
    Run in a terminal.

    @return: the exit code.
    """
    from ..console.inputhistory import History
    from ..console.local import LocalHost
    from ..text.files import stateFolder
    from .consoleui import ConsoleUI
    from .devicesecrets import DeviceSecrets
    from .sessionfile import SessionFile

    history = History(stateFolder(os.environ) / "history")
    host = LocalHost(reactor, process, mode, os.environ, history)
    sessions = SessionFile(os.environ, _serverKey(options))
    secrets = DeviceSecrets(os.environ, _serverKey(options))
    ui = ConsoleUI(
        reactor,
        host,
        os.environ,
        str(options.place),
        time.time,
        lambda: process.notes,
        sessions,
        secrets,
    )
    ui.use(_makeLink(options, reactor, ui, True, ui.notice))
    try:
        return host.run(ui, ui.begin)
    finally:
        ui.remember()
        sessions.release()


def loginName() -> str:
    """
    @return: the user's login name, without characters that names in the chat must not hold.
    @raise UsageError: if the user has none.
    """
    try:
        login = getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a user id that the password file does not list.
        raise UsageError("this user has no login name; give a name by --name") from None
    name = re.sub(r"^[\W_]+|[\W_]+$", "", re.sub(r"[^\w.'-]+", "_", login))[:_MAX_LOGIN_NAME]
    if not name:
        raise UsageError(f"the login name {login!r} does not fit; give a name by --name")
    return name


def _serverKey(options: argparse.Namespace) -> str:
    """
    @return: the key of the server for L{SessionFile}, which includes how the server is
        authenticated: the secret of a session that was begun over TLS is never sent to a server
        that nothing vouches for.
    """
    if not options.tls:
        return str(options.place)
    return f"{options.place} over TLS, {options.fingerprint or options.pins or 'known servers'}"


def isPrivate(options: argparse.Namespace) -> bool:
    """
    @return: whether nobody on the way to the server can read the connection: it is encrypted, or
        stays on this machine.
    """
    place: ServerAddress = options.place
    if options.tls or place.endpoint.startswith(_PRIVATE_ENDPOINTS):
        return True
    address = addressOf(place.host)
    return place.host == "localhost" if address is None else address.is_loopback


def readPassword(path: str) -> str:
    """
    @param path: a file; C{-} for the standard input, of which only the first line is read.
    @return: its first line.
    @raise UsageError: if there is none.
    """
    line = b""
    try:
        descriptor = 0 if path == "-" else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            while len(line) < MAX_LINE and (byte := os.read(descriptor, 1)) not in (b"", b"\n"):
                line += byte
        finally:
            if descriptor:
                os.close(descriptor)
        password = line.decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"the password cannot be read from {path!r}: {reason}") from None
    if not password:
        raise UsageError(f"there is no password in {path!r}: write it on the first line")
    return password


def _makeLink(
    options: argparse.Namespace,
    reactor: Any,
    ui: UserInterface,
    retry: bool,
    tell: Callable[[str], object],
) -> ChatLink:
    """
    @param retry: whether to reconnect when the connection is lost.
    @param tell: called with what the user should know about the server's certificate.
    """
    from .devicesecrets import DeviceSecrets
    from .link import ChatLink

    link = ChatLink(
        reactor,
        makeEndpoint(options, reactor, tell),
        ui,
        str(options.place),
        f"{token_hex(4)}-",
        retry=retry,
        insist=options.retry,
        textOnly=options.text,
        backlog=None if options.send is None else 0,
        encrypted=options.tls,
        isPrivate=isPrivate(options),
        secrets=DeviceSecrets(os.environ, _serverKey(options)),
    )
    if options.password_file is not None:
        link.login.prove(readPassword(options.password_file))
    if options.name is not None:
        link.session.name = options.name.strip()
    elif options.send is not None:
        link.session.name = loginName()
    return link


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the client.

    @param arguments: the command line without the program's name; C{None} for this process's.
    @return: the exit code.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until the client handles signals, Ctrl-C ends the process as usual.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    fillGaps()
    try:
        return _run(parse(sys.argv[1:] if arguments is None else arguments))
    except UsageError as error:
        report(f"{error}.")
        return USAGE
