"""
Measures how long a restart keeps a program waiting: C{python -m bench.restart}.

This process does what systemd does for contrib/systemd: it holds the listening socket, starts
C{twistd} with it, ends the server with SIGTERM, and starts the next one as soon as the process is
gone.  A program that speaks JSON lines comes back at once, and waits in the queue of the socket.
Prints the medians of the parts: from SIGTERM until the process is gone, from there until the next
one is ready, and until the program is welcomed; and beside them how long C{python} takes to import
Twisted's reactor and nothing else, which no server can do without.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.errors import BenchError
from bench.largehistory import makeHistory
from bench.machine import cpuSeconds
from bench.programs import Crowd, Program
from bench.run import ROOT

BOUND = 0.5
"""Seconds from SIGTERM until the program is welcomed."""

PATIENCE = 30.0
"""Seconds until a server is given up."""

FIRST_DESCRIPTOR = 3
"""Where C{sd_listen_fds(3)} says that the first socket is passed."""

FLOOR = "from twisted.internet import reactor; import twisted.protocols.basic"
"""What every server on Twisted imports."""

_PASS_SOCKETS = 'LISTEN_PID=$$ exec "$@"'
"""The environment names the process for which the sockets are, which only itself can know."""


@dataclass(frozen=True)
class Restart:
    """
    The parts of one restart, in seconds.

    @ivar stop: from SIGTERM until the process is gone.
    @ivar start: from there until the next one says that it is ready.
    @ivar welcome: from SIGTERM until the program is welcomed.
    @ivar cpu: processor time that the next process took until then.
    @ivar floor: how long the imports of L{FLOOR} took, in a process of their own.
    """

    stop: float
    start: float
    welcome: float
    cpu: float
    floor: float


class Manager:
    """
    Holds a listening socket, and starts servers with it.

    @ivar port: where it listens, on loopback and everywhere else.
    @ivar process: the server that runs; 0 without one.
    """

    def __init__(self, folder: Path, options: Sequence[str]) -> None:
        """
        @param folder: of the history, the log, and compiled modules.
        @param options: further ones of the server.
        """
        self.process = 0
        self._folder = folder
        self._listening = socket.create_server(
            ("", 0), family=socket.AF_INET6, backlog=4096, dualstack_ipv6=True
        )
        self.port: int = self._listening.getsockname()[1]
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind(str(folder / "notify"))
        self._told.settimeout(PATIENCE)
        self.environment = _environment(folder)
        self._command = [
            *(str(Path(sys.executable).with_name("twistd")), "--nodaemon", "--pidfile="),
            *("chatserver", "--port", "systemd:domain=INET6:index=0"),
            *("--history", str(folder / "chat.sqlite"), *options),
        ]

    def start(self) -> None:
        """
        Start a server.
        """
        environment = {
            **self.environment,
            "NOTIFY_SOCKET": str(self._folder / "notify"),
            "LISTEN_FDS": "1",
            "LISTEN_FDNAMES": "chat.socket",
        }
        log = str(self._folder / "server.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        self.process = os.posix_spawn(
            "/bin/sh",
            ["sh", "-c", _PASS_SOCKETS, "sh", *self._command],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 1, *log),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, self._listening.fileno(), FIRST_DESCRIPTOR),
            ],
        )

    def waitReady(self) -> None:
        """
        Return as soon as the server says that it is ready.

        @raise BenchError: if it does not say so.
        """
        try:
            while self._told.recv(1024) != b"READY=1":
                pass
        except TimeoutError:
            log = (self._folder / "server.log").read_text()
            raise BenchError(f"the server does not start: {log[-2000:]}") from None

    def end(self, how: signal.Signals) -> None:
        """
        Send the server a signal.
        """
        os.kill(self.process, how)

    def waitGone(self) -> None:
        """
        Return as soon as the server is gone.
        """
        os.waitpid(self.process, 0)
        self.process = 0

    def close(self) -> None:
        """
        Kill the server that runs, and let go of the sockets.
        """
        if self.process:
            self.end(signal.SIGKILL)
            self.waitGone()
        self._listening.close()
        self._told.close()


def _environment(folder: Path) -> Mapping[str, str]:
    """
    @return: of a server that is installed: an installation compiles its modules once and for all.
    """
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment | {
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
    }


def measure(rounds: int, events: int = 0, options: Sequence[str] = ()) -> list[Restart]:
    """
    Restart a server again and again.

    @param rounds: how often.
    @param events: how many events its history begins with.
    @param options: further ones of the server.
    @raise BenchError: if it does not start, or loses the session.
    """
    program = Program("Program")
    with tempfile.TemporaryDirectory(prefix="restart-") as name:
        folder = Path(name)
        if events:
            makeHistory(folder / "chat.sqlite", events, 100, 0, 0)
        with closing(Manager(folder, options)) as manager:
            crowd = Crowd(manager.port, [program])
            with closing(crowd):
                manager.start()
                manager.waitReady()
                _comeIn(crowd, program)
                # The first round compiles what the end of a server imports.
                restarts = [_restart(manager, crowd, program) for _ in range(rounds + 1)]
    return restarts[1:]


def _comeIn(crowd: Crowd, program: Program) -> None:
    crowd.come()
    if not crowd.wait(lambda: bool(program.welcomedAt), PATIENCE):
        raise BenchError("the program is not let in")


def _restart(manager: Manager, crowd: Crowd, program: Program) -> Restart:
    """
    @return: how long everything took.
    """
    crowd.send(program, type="say", text="Are you there?")
    signalled = time.monotonic()
    manager.end(signal.SIGTERM)
    if not crowd.wait(lambda: crowd.isAway, PATIENCE):
        raise BenchError("the server keeps its connections")
    program.trouble.clear()  # It was told goodbye.
    crowd.come()
    crowd.read(0.0)
    manager.waitGone()
    gone = time.monotonic()
    manager.start()
    manager.waitReady()
    ready = time.monotonic()
    if not crowd.wait(lambda: bool(program.welcomedAt), PATIENCE):
        raise BenchError("the program is not let in again")
    if program.trouble or program.gaps:
        raise BenchError(f"the session is not what it was: {program.trouble}")
    cpu = cpuSeconds(manager.process)
    return Restart(
        gone - signalled, ready - gone, program.welcomedAt - signalled, cpu, _floor(manager)
    )


def _floor(manager: Manager) -> float:
    """
    @return: how long L{FLOOR} takes, in seconds.
    """
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", FLOOR], env=manager.environment, check=True)
    return time.monotonic() - begun


def main(words: Sequence[str]) -> int:
    """
    Run the command line.

    @return: the exit code: 1 where the bound was not kept.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.restart", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="restarts (20)")
    parser.add_argument("--events", type=int, default=0, help="events of the history before (0)")
    parser.add_argument("options", nargs="*", help="of the server, behind --")
    given = parser.parse_args(words)
    restarts = measure(given.rounds, given.events, given.options)
    stop, start, welcome, cpu, floor = (
        median(getattr(each, part) for each in restarts)
        for part in ("stop", "start", "welcome", "cpu", "floor")
    )
    most = max(each.welcome for each in restarts)
    print(
        f"{given.rounds} restarts: the program is back after {welcome:.2f} s (at most {BOUND:g}),"
        f" the longest {most:.2f} s; ended after {stop:.2f} s, ready {start:.2f} s later, with"
        f" {cpu:.2f} s of CPU; Twisted alone takes {floor:.2f} s; load {os.getloadavg()[0]:.1f}"
    )
    return int(welcome > BOUND)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
