"""
Kills the server at full load, again and again, and counts what that cost.

C{python -m bench.crash --rounds 100} lets eight senders talk as fast as they are answered, kills
the server with SIGKILL (or C{--signal TERM}) at a random moment, starts it on the same file, and
goes on.  At the end every acknowledged message must have reached the listeners exactly once, in one
order.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import freePort
from bench.run import ROOT
from bench.talker import Talker

STARTED = 30.0
"""Seconds a server may take until it listens."""


@dataclass
class Verdict:
    """
    What is left of the promises.

    @ivar rounds: how often the server was ended.
    @ivar acknowledged: messages that were answered with C{ok}.
    @ivar lost: acknowledged, but never heard by a listener.
    @ivar doubled: heard more than once by a listener.
    @ivar disordered: listeners whose ids did not rise, or who heard another order.
    @ivar mismatched: acknowledged under an id that is not the one that was heard.
    @ivar gaps: times a listener was told that something is no longer kept.
    @ivar exits: statuses with which the server ended.
    @ivar integrity: what SQLite says of the file.
    @ivar back: seconds from the start of a server until all clients were in again.
    """

    rounds: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    mismatched: int = 0
    gaps: int = 0
    exits: set[int] = field(default_factory=set)
    integrity: str = ""
    back: list[float] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        broken = self.lost, self.doubled, self.disordered, self.mismatched, self.gaps
        return not any(broken) and self.integrity == "ok"


def serve(
    folder: Path,
    port: int,
    rate: float = 0.0,
    history: str = "chat.sqlite",
    options: Sequence[str] = (),
    program: Sequence[str] = ("-m", "twisted"),
) -> subprocess.Popen[bytes]:
    """
    Start a server, and wait until it listens.

    @param rate: its C{--rate}, in lines a second; 0 for any number.
    @param history: a file in the folder, or C{memory}.
    @param options: further ones of the server.
    @param program: what Python runs.
    """
    place = history if history == "memory" else str(folder / history)
    command = [sys.executable, *program, "chatserver"]
    command += ["--port", f"tcp:{port}:interface=127.0.0.1"]
    command += ["--history", place, "--rate", f"{rate:g}", "--no-transcript", *options]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    deadline = time.monotonic() + STARTED
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
            probe.settimeout(5)
            if probe.recv(5):
                return process
        time.sleep(0.02)
    process.kill()
    raise SystemExit((folder / "server.log").read_text()[-2000:])


async def ordeal(
    rounds: int,
    how: signal.Signals,
    senders: int,
    seconds: float,
    seed: int,
    cuts: bool,
    crowd: int = 2,
) -> Verdict:
    """
    Let people talk while the server is killed.

    @param rounds: how often.
    @param how: by which signal.
    @param seconds: how long it lives on average.
    @param seed: for the moments.
    @param cuts: whether connections are cut as well.
    @param crowd: how many listen.
    """
    chance = random.Random(seed)
    verdict = Verdict()
    port = freePort()
    talkers = [Talker(f"Sender{n}", port) for n in range(senders)]
    listeners = [Talker(f"Listener{n}", port) for n in range(crowd)]
    with tempfile.TemporaryDirectory(prefix="crash-") as name:
        folder = Path(name)
        server = await asyncio.to_thread(serve, folder, port)
        for each in (*listeners, *talkers):
            each.start()
        await asyncio.gather(*(each.ready.wait() for each in (*listeners, *talkers)))
        talks = [asyncio.ensure_future(each.talk(1 << 40, 64)) for each in talkers]
        for verdict.rounds in range(1, rounds + 1):
            await asyncio.sleep(chance.uniform(0.2, 2 * seconds - 0.2))
            if cuts:
                chance.choice((*talkers, *listeners)).cut()
                await asyncio.sleep(0.1)
            server.send_signal(how)
            verdict.exits.add(await asyncio.to_thread(server.wait))
            began = time.monotonic()
            server = await asyncio.to_thread(serve, folder, port)
            await asyncio.gather(*(each.ready.wait() for each in (*listeners, *talkers)))
            verdict.back.append(time.monotonic() - began)
        for talk in talks:
            talk.cancel()
        await _settle(talkers, listeners)
        for each in (*talkers, *listeners):
            await each.stop()
        server.terminate()
        verdict.exits.add(await asyncio.to_thread(server.wait))
        with closing(sqlite3.connect(folder / "chat.sqlite")) as database:
            (verdict.integrity,) = database.execute("PRAGMA integrity_check").fetchone()
    judge(verdict, talkers, listeners)
    return verdict


async def _settle(talkers: list[Talker], listeners: list[Talker]) -> None:
    """Wait until everything said is answered, and everything answered is heard."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        newest = max((max(each.acked.values(), default=0) for each in talkers), default=0)
        heard = [each.heard[-1][0] if each.heard else 0 for each in listeners]
        if not any(each.outbox for each in talkers) and min(heard) >= newest:
            return
        await asyncio.sleep(0.05)


def judge(verdict: Verdict, talkers: list[Talker], listeners: list[Talker]) -> None:
    """Compare what was acknowledged with what was heard."""
    acked = {
        (each.name, int(key[1:]) - 1): id for each in talkers for key, id in each.acked.items()
    }
    verdict.acknowledged = len(acked)
    orders = []
    for listener in listeners:
        verdict.gaps += listener.gaps
        ids = [id for id, _, _ in listener.heard]
        heard: dict[tuple[str, int], list[int]] = {}
        for id, name, text in listener.heard:
            heard.setdefault((name, int(text.split()[1])), []).append(id)
        verdict.lost += sum(message not in heard for message in acked)
        verdict.doubled += sum(len(found) > 1 for found in heard.values())
        verdict.mismatched += sum(heard.get(m, [id])[0] != id for m, id in acked.items())
        verdict.disordered += ids != sorted(set(ids))
        orders.append(listener.heard)
    verdict.disordered += any(order != orders[0] for order in orders)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--signal", choices=("KILL", "TERM"), default="KILL")
    parser.add_argument("--senders", type=int, default=8)
    parser.add_argument("--listeners", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.7, help="mean life of a server")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cuts", action="store_true", help="cut connections as well")
    words = parser.parse_args()
    how = signal.Signals[f"SIG{words.signal}"]
    verdict = asyncio.run(
        ordeal(
            words.rounds,
            how,
            words.senders,
            words.seconds,
            words.seed,
            words.cuts,
            words.listeners,
        )
    )
    back = sorted(verdict.back)
    print(
        f"{verdict.rounds} x SIG{words.signal}: {verdict.acknowledged} acknowledged, "
        f"{verdict.lost} lost, {verdict.doubled} doubled, {verdict.disordered} disordered, "
        f"{verdict.mismatched} under another id, {verdict.gaps} gaps, "
        f"integrity {verdict.integrity}, exits {sorted(verdict.exits)}, "
        f"all back after {back[len(back) // 2]:.2f} s (median), {back[-1]:.2f} s (worst)"
    )
    raise SystemExit(0 if verdict.kept else 1)


if __name__ == "__main__":
    main()
