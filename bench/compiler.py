"""Builds the C programs of the bench at first use, outside of the source tree."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from bench.errors import BenchError
from bench.machine import processor

FLAGS = ("-O3", "-march=native", "-pthread")
SOURCES = Path(__file__).parent


def cacheFolder() -> Path:
    """Return where built programs are kept: a folder of this user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "twisted-chat-bench"


def compiler() -> str | None:
    """Return the path of a C compiler, or C{None}."""
    return shutil.which(os.environ.get("CC", "cc"))


def build(name: str) -> Path:
    """
    Compile C{name}.c of this folder unless the same was compiled before for this processor.

    @param name: path of the source below this folder, without its suffix.
    @return: the program.
    @raise BenchError: if there is no compiler or it refuses the source.
    """
    source = SOURCES / f"{name}.c"
    made = " ".join([*FLAGS, processor()]).encode() + source.read_bytes()
    digest = hashlib.sha256(made).hexdigest()[:16]
    program = cacheFolder() / f"{source.stem}-{digest}"
    if program.exists():
        return program
    command = compiler()
    if command is None:
        raise BenchError(
            "The load generator is in C: install a compiler (apt-get install gcc libc6-dev)."
        )
    program.parent.mkdir(parents=True, exist_ok=True)
    fresh = program.with_suffix(f".{os.getpid()}")
    built = subprocess.run(
        [command, *FLAGS, "-o", str(fresh), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise BenchError(f"{source.name} does not compile here: {built.stderr.strip()}")
    fresh.replace(program)
    return program
