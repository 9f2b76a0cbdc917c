"""InspIRCd with its limits lifted, in a folder of its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

CONFIGURATION = """\
<server name="irc.bench.invalid" description="bench" id="97K" network="bench">
<admin name="bench" nick="bench" email="bench@bench.invalid">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="60" pingfreq="3600" limit="100000" localmax="100000" globalmax="100000"
         maxconnwarn="no" resolvehostnames="no" useident="no" fakelag="no" threshold="1000000000"
         commandrate="1000000000" hardsendq="524288000" softsendq="524288000" recvq="1048576"
         maxchans="20" modes="">
<performance softlimit="100000" somaxconn="1024" clonesonconnect="no" quietbursts="yes"
             netbuffersize="65534" timeskipwarn="0">
<dns timeout="1">
<options prefixquit="" hostintopic="no" nouserdns="yes">
<pid file="{folder}/inspircd.pid">
<log method="file" type="*" level="default" target="{folder}/inspircd.log">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
"""

PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


def missing() -> str:
    """Say what to install, or nothing when it is there."""
    return (
        ""
        if shutil.which("inspircd", path=PATH)
        else "apt-get install --no-install-recommends inspircd"
    )


def command(folder: Path, port: int) -> list[str]:
    """
    Write the configuration.

    @param folder: an empty folder.
    @param port: TCP port on loopback.
    @return: the command that runs the server in the foreground.
    """
    configuration = folder / "inspircd.conf"
    configuration.write_text(CONFIGURATION.format(port=port, folder=folder), encoding="utf-8")
    program = shutil.which("inspircd", path=PATH) or "inspircd"
    asRoot = ["--runasroot"] if os.geteuid() == 0 else []
    return [program, "--nofork", "--config", str(configuration), *asRoot]
