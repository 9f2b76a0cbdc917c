"""
The servers that are compared: how each is found and started. Every one listens on a loopback port,
without limits a fast crowd would meet: floods, connections of one address, DNS, ident.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.compiler import build, compiler
from bench.servers import inspircd, ngircd


@dataclass(frozen=True)
class Server:
    """
    One kind of server.

    @ivar name: what the tables and options call it.
    @ivar command: given an empty folder and a port, writes what the server needs into the folder
        and returns the command that runs it in the foreground.
    @ivar missing: says what to install, or returns an empty string when it can be run.
    @ivar peer: whether ours is compared with it as with a product.
    @ivar irc: whether it speaks IRC instead of the lines of this chat.
    @ivar underway: how many logins it is given at once.
    """

    name: str
    command: Callable[[Path, int], list[str]]
    missing: Callable[[], str] = str
    peer: bool = False
    irc: bool = False
    underway: int = 32


def oursMissing() -> str:
    """Say why our own server cannot run."""
    return (
        ""
        if importlib.util.find_spec("twisted_chat.tap")
        else "run the bench from the project's folder"
    )


def limitMissing() -> str:
    """Say why the C program cannot run."""
    return "" if compiler() else "install a C compiler (apt-get install gcc libc6-dev)"


def ours(history: str) -> Callable[[Path, int], list[str]]:
    """
    Make the command of our server. It does not log what people say, as none of the others does.

    @param history: where it keeps messages: C{"memory"}, or a file's name in the folder of the run.
    """

    def command(folder: Path, port: int) -> list[str]:
        place = history if history == "memory" else str(folder / history)
        listen = f"tcp:{port}:interface=127.0.0.1:backlog=1024"
        options = ["--port", listen, "--history", place, "--rate", "0", "--no-transcript"]
        return [sys.executable, "-m", "twisted", "chatserver", *options]

    return command


def module(name: str) -> Callable[[Path, int], list[str]]:
    """
    Make the command of a server of this package.

    @param name: its module.
    """
    return lambda folder, port: [sys.executable, "-m", f"bench.servers.{name}", str(port)]


SERVERS = {
    server.name: server
    for server in (
        Server("ours", ours("memory"), oursMissing),
        Server("ours-sqlite", ours("history.db"), oursMissing),
        Server("naive", module("naive")),
        Server("threads", module("threads")),
        Server("streams", module("streams")),
        Server("ngircd", ngircd.command, ngircd.missing, peer=True, irc=True, underway=8),
        Server("inspircd", inspircd.command, inspircd.missing, peer=True, irc=True, underway=1024),
        Server(
            "c-limit", lambda folder, port: [str(build("servers/limit")), str(port)], limitMissing
        ),
    )
}
"""All servers by name, in the order of the tables."""
