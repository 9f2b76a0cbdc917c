# -*- test-case-name: tests.test_options -*-
"""
The options of a server, from the command line and from a file, checked against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from getopt import GetoptError, getopt
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NoReturn

from twisted import __version__ as twistedVersion
from twisted.python import usage

from . import __version__
from .chat.emptyrooms import FORGET_DAYS
from .chat.hub import LOBBY
from .chat.welcome import BACKLOG
from .errors import ChatError
from .net.admission import Network
from .net.limits import Limits
from .ops.config import ConfigFile, Kind, Setting, readConfig
from .stores.sqlite.retention import parseKeep
from .text.cleaning import showable
from .text.names import cleanRoom

DEFAULT_PORT = "5000"

MAX_MOTD = 8 * 1024
"""Bytes of the message of the day."""

GUESTS = ("yes", "read-only", "no")
"""What people without an account may do: see L{accounts.law.Policies}."""

REGISTRATION = ("open", "invited", "operator")
"""The policies of registration: see L{accounts.law.Policies}."""

MAX_FORGET_DAYS = 36_500
"""Days that a room may stay that nobody is in: a hundred years."""


def _number(text: str | int) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("write a whole number") from None


def _rate(text: str | float) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("write a number, such as 10 or 0.5") from None


class ServerOptions(usage.Options):
    """
    What a server is told to be: the defaults, over them a file, over these the command line.

    @ivar arguments: the command line that was read.
    """

    synopsis = "[options]"
    longdesc = "A chat server: rooms over plain lines for people and JSON lines for programs."

    optParameters = [
        ["host", None, None, "Address to listen on (default: all, IPv4 and IPv6)."],
        ["room", "r", LOBBY, "Name of the room where everybody is."],
        ["motd", None, None, "File with lines that everybody is shown who enters."],
        ["history", None, "chat.sqlite", "File where everything is kept, or: memory."],
        ["keep", None, "all", "How much history to keep: all, a number of messages, or 30d."],
        ["forget-rooms", None, FORGET_DAYS, "Days that a room stays that nobody is in.", _number],
        ["guests", None, "yes", "What people without an account may do: yes, read-only, no."],
        ["registration", None, "open", "Who may register: open (all), invited, operator."],
        ["backlog", None, BACKLOG, "Old messages that a newcomer to a room is shown.", _number],
        ["rate", None, Limits.rate, "Lines a second one client may go on sending; 0: any.", _rate],
        ["burst", None, Limits.burst, "Lines one client may send at once.", _number],
        ["log-file", None, None, "File for the log; may be renamed at any time (logrotate)."],
        ["tls", None, None, "Port for TLS; without --cert, a certificate is made and kept."],
        ["cert", None, None, "Certificate chain for --tls, in PEM form."],
        ["key", None, None, "Private key for --cert, in PEM form (default: in the same file)."],
        ["admin", None, None, "Socket for twisted_chat.admin (default: beside the history)."],
        ["metrics", None, None, "Port of this machine, or endpoint, for Prometheus."],
        ["config", None, None, "File of options in TOML; those of the command line go first."],
    ]

    optFlags = [
        ["no-transcript", None, "Do not write what people say into the server's log."],
        ["log-json", None, "Write the log as one JSON object a line."],
        ["check", None, "Read the options and all files, say what is wrong, and end."],
    ]

    def __init__(self) -> None:
        super().__init__()
        self.arguments: Sequence[str] = ()
        self["port"] = []
        self["trusted"] = []
        self["proxy"] = []

    def opt_port(self, value: str) -> None:
        """
        Port number or Twisted endpoint, such as tcp:5000:interface=127.0.0.1; may be repeated.
        """
        self["port"].append(value)

    opt_p = opt_port

    def opt_trusted(self, value: str) -> None:
        """
        Network without limits per address, such as 10.0.0.0/8; may be repeated.
        """
        self["trusted"].append(_network("--trusted", value))

    def opt_proxy(self, value: str) -> None:
        """
        Network of proxies, whose connections must begin with a PROXY header (version 1 or 2) that
        tells where the client comes from; may be repeated.
        """
        self["proxy"].append(_network("--proxy", value))

    def opt_version(self) -> NoReturn:
        """
        Display the version of this server and of Twisted, and exit.
        """
        print(f"twisted_chat {__version__} (Twisted {twistedVersion})")
        raise SystemExit(0)

    def parse(self, arguments: Sequence[str]) -> None:
        """
        Read the options: the defaults, over them those of a file, over these the command line.

        @param arguments: the command line, which is kept for another reading.
        @raise usage.UsageError: if they cannot be used.
        """
        self.arguments = tuple(arguments)
        given = self._given(arguments)
        path = given.get("config")
        if path is None:
            super().parseOptions(arguments)
            return
        try:
            file = readConfig(path, settings())
        except ChatError as error:
            raise usage.UsageError(error.sentence) from None
        names = [name for name in file.names if name not in given]
        try:
            super().parseOptions([*file.arguments(names), *arguments])
        except usage.UsageError as error:
            raise usage.UsageError(_located(str(error), file, names)) from None

    def _given(self, arguments: Sequence[str]) -> dict[str, str]:
        """
        @return: the options of a command line by their long names, each as it was given last;
            nothing if it is none.
        """
        try:
            found, _ = getopt(list(arguments), self.shortOpt, self.longOpt)
        except GetoptError:
            return {}
        return {self.synonyms[name.lstrip("-")]: value for name, value in found}

    def postOptions(self) -> None:
        """
        Check options against each other.

        @raise usage.UsageError: if they do not go together.
        """
        if not self["port"]:
            self["port"] = [] if self["tls"] is not None else [DEFAULT_PORT]
        for port in [*self["port"], *([] if self["tls"] is None else [self["tls"]])]:
            if port.isdecimal() and int(port) > 65535:
                raise usage.UsageError(f"--port {port}: ports go from 0 to 65535")
        if self["tls"] is not None and not self["tls"].isdecimal():
            raise usage.UsageError(f"--tls {self['tls']}: give a port number")
        if self["cert"] and self["tls"] is None:
            raise usage.UsageError("--cert goes with --tls PORT")
        if self["key"] and not self["cert"]:
            raise usage.UsageError("--key goes with --cert FILE")
        if self["log-file"] == "":
            raise usage.UsageError("--log-file: name a file")
        if not self["history"]:
            raise usage.UsageError("--history: name a file, or write memory")
        if not 0 <= self["rate"] < float("inf") or self["burst"] < 1:
            raise usage.UsageError("--rate must not be negative, and --burst at least 1")
        if not 0 <= self["backlog"] <= 1000:
            raise usage.UsageError("--backlog goes from 0 to 1000")
        for option, allowed in (("guests", GUESTS), ("registration", REGISTRATION)):
            if self[option] not in allowed:
                raise usage.UsageError(f"--{option} is one of {', '.join(allowed)}")
        if not 1 <= self["forget-rooms"] <= MAX_FORGET_DAYS:
            raise usage.UsageError(f"--forget-rooms goes from 1 to {MAX_FORGET_DAYS} days")
        try:
            self["room"] = cleanRoom(self["room"])
        except ChatError as error:
            raise usage.UsageError(f"--room {self['room']}: {error}") from None
        if self["motd"] is not None:
            self["motd"] = _readMotd(self["motd"])
        try:
            parseKeep(self["keep"])
        except ChatError as error:
            raise usage.UsageError(f"--keep {self['keep']}: {error}") from None


class _Unchecked(ServerOptions):
    """
    Options each by itself.
    """

    def postOptions(self) -> None:
        """
        Check nothing.
        """


def settings() -> Mapping[str, Setting]:
    """
    @return: every option as a file may have it, by its name.
    """
    options = ServerOptions()
    found: dict[str, Setting] = {}
    # Those that may be repeated come first, as the ports do.
    for name, method in sorted(vars(ServerOptions).items()):
        option = name.removeprefix("opt_")
        isOption = name.startswith("opt_") and len(option) > 1 and f"{option}=" in options.longOpt
        if isOption:
            help = " ".join((method.__doc__ or "").split())
            default = [DEFAULT_PORT] if option == "port" else []
            found[option] = Setting(Kind.LIST, default, help)
    parameters: Any = ServerOptions.optParameters
    for option, _, default, help, *coerce in parameters:
        kind = Kind.NUMBER if coerce else Kind.TEXT
        found[option] = Setting(kind, default, help)
    flags: Any = ServerOptions.optFlags
    for option, _, help in flags:
        found[option] = Setting(Kind.FLAG, False, help)
    return found


def _located(sentence: str, file: ConfigFile, names: Iterable[str]) -> str:
    """
    @param sentence: what is wrong.
    @param names: the options that were taken from the file.
    @return: the same, with the place in the file that it is about.
    """
    blamed = [name for name in names if not _isGood(file.arguments([name]))]
    blamed += [name for name in names if re.search(rf"--{name}\b(?!-)", sentence)]
    if not blamed:
        return sentence
    name = blamed[0]
    # What usage says of a number that is none does not name the option.
    reason = sentence.removeprefix("Parameter type enforcement failed: ")
    if f"--{name}" not in reason:
        reason = f"--{name}: {reason}"
    return f"{reason} ({file.placeOf(name)})"


def _isGood(arguments: Sequence[str]) -> bool:
    """
    @return: whether options can be used as far as no others are concerned.
    """
    try:
        _Unchecked().parse(arguments)
    except usage.UsageError:
        return False
    return True


def _network(option: str, value: str) -> Network:
    """
    @raise usage.UsageError: if it is none.
    """
    try:
        return ip_network(value, strict=False)
    except ValueError:
        raise usage.UsageError(
            f"{option} {value}: write a network like 10.0.0.0/8 or 2001:db8::/32"
        ) from None


def _readMotd(path: str) -> str:
    try:
        text = Path(path).read_bytes()[:MAX_MOTD].decode("utf-8", "replace")
    except OSError as error:
        raise usage.UsageError(f"--motd {path}: {error.strerror}") from None
    return "\n".join(showable(line) for line in text.splitlines())
