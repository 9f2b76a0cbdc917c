"""The machine under the bench: its cores, its limit of open files, its description."""

from __future__ import annotations

import os
import platform
import resource
import socket
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.errors import BenchError

SPARE_FILES = 64
"""Descriptors a server or a load generator has open beside one per user."""

MAX_LOAD_THREADS = 4
"""More threads than this would only take cores from the kernel's own work."""


def cores() -> tuple[list[int], list[int]]:
    """
    Divide the cores this process may use.

    @return: those of the server (one) and those of the load generator; the same where there is one.
    """
    mine = sorted(os.sched_getaffinity(0))
    return mine[:1], mine[1 : 1 + MAX_LOAD_THREADS] or mine


def allowOpenFiles(users: int) -> None:
    """
    Raise the soft limit of open files, which children inherit, as far as C{users} need it.

    @param users: how many connections one process will hold.
    @raise BenchError: if the hard limit is lower and may not be raised.
    """
    wanted = users + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except (ValueError, OSError):
        raise BenchError(
            f"{users} users need {wanted} open files, but this shell allows {hard}:"
            f" raise it with ulimit -n {wanted} (as root, or in limits.conf) and try again."
        ) from None


def cpuSeconds(process: int) -> float:
    """Return the processor time that a process has taken, in seconds."""
    _, _, fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def residentBytes(process: int) -> int:
    """Return the memory that a process has in RAM, in bytes."""
    pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def freePort() -> int:
    """Return a TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def processor() -> str:
    """Return the name the kernel has for the processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def describe() -> dict[str, str]:
    """Return what a reader of the figures must know of the machine, by subject."""
    try:
        twisted = version("Twisted")
    except PackageNotFoundError:
        twisted = "none"
    return {
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": f"{platform.python_implementation()} {sys.version.split()[0]}",
        "twisted": twisted,
    }
