"""ngIRCd with its limits lifted, in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

CONFIGURATION = """\
[Global]
    Name = irc.bench.invalid
    Info = bench
    Listen = 127.0.0.1
    Ports = {port}
    MotdPhrase = bench
[Limits]
    MaxConnections = 0
    MaxConnectionsIP = 0
    MaxJoins = 0
    MaxPenaltyTime = 0
    PingTimeout = 3600
[Options]
    DNS = no
    Ident = no
    PAM = no
    MorePrivacy = no
"""

PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


def missing() -> str:
    """Say what to install, or nothing when it is there."""
    return (
        ""
        if shutil.which("ngircd", path=PATH)
        else "apt-get install --no-install-recommends ngircd"
    )


def command(folder: Path, port: int) -> list[str]:
    """
    Write the configuration.

    @param folder: an empty folder.
    @param port: TCP port on loopback.
    @return: the command that runs the server in the foreground.
    """
    configuration = folder / "ngircd.conf"
    configuration.write_text(CONFIGURATION.format(port=port), encoding="utf-8")
    return [
        shutil.which("ngircd", path=PATH) or "ngircd",
        "--nodaemon",
        "--config",
        str(configuration),
    ]
