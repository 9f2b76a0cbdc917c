"""
C{python -m fuzz --seconds 60}: mutated streams against all targets, until one breaks a promise.
"""

from __future__ import annotations

import argparse
import gc
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from types import FrameType
from zlib import crc32

from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import provider

from fuzz.mutator import Mutator
from fuzz.targets import TARGETS, BrokenError

PATIENCE = 10
"""Seconds that one stream may take: everything is bounded, so a longer one is a hang."""

SWEEP = 500
"""Streams after which unhandled failures are looked for."""

Target = Callable[[bytes, Random], None]


@contextmanager
def failures() -> Iterator[list[str]]:
    """
    Collect what is logged as a failure, also those that a Deferred holds when it is forgotten.
    """
    found: list[str] = []

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        failure = event.get("log_failure")
        if failure is not None:
            found.append(failure.getTraceback())
        elif event.get("log_level") in (LogLevel.error, LogLevel.critical):
            found.append(str(event.get("log_format")))

    globalLogPublisher.addObserver(observe)
    try:
        yield found
    finally:
        globalLogPublisher.removeObserver(observe)


def run(target: Target, stream: bytes) -> str | None:
    """
    Try one stream.  All chance in it comes from the stream, so that it can be tried again.

    @return: what went wrong, or L{None}.
    """
    with failures() as logged:
        signal.alarm(PATIENCE)
        try:
            target(stream, Random(crc32(stream)))
        except BrokenError as error:
            return f"broken promise: {error}"
        except Exception:
            return traceback.format_exc()
        finally:
            signal.alarm(0)
    return "\n".join(logged) or None


def shrink(target: Target, stream: bytes) -> bytes:
    """
    @return: a shorter stream that breaks the target too.
    """
    size = len(stream) // 2
    ends = time.monotonic() + 20
    while size and time.monotonic() < ends:
        at = 0
        while at < len(stream) and time.monotonic() < ends:
            shorter = stream[:at] + stream[at + size :]
            if run(target, shorter) is not None:
                stream = shorter
            else:
                at += size
        size //= 2
    return stream


def report(name: str, stream: bytes, wrong: str) -> int:
    shorter = shrink(TARGETS[name], stream)
    print(f"\nFAILED: {name}\n{run(TARGETS[name], shorter) or wrong}")
    print(f"stream: {shorter[:4000]!r}")
    print(f"again:  {sys.executable} -m fuzz --target {name} --hex {shorter.hex()[:8000]}")
    return 1


def fuzz(names: list[str], seconds: float, seed: int) -> int:
    """
    @return: the exit status.
    """
    mutator = Mutator(Random(seed))
    begun = time.monotonic()
    ran = dict.fromkeys(names, 0)
    recent: list[tuple[str, bytes]] = []
    with failures() as lost:
        while time.monotonic() - begun < seconds:
            stream = mutator.stream()
            for name in names:
                wrong = run(TARGETS[name], stream)
                if wrong is not None:
                    return report(name, stream, wrong)
                ran[name] += 1
                recent.append((name, stream))
            if len(recent) >= SWEEP:
                gc.collect()
                if lost:
                    print(f"\nFAILED: nobody handled\n{lost[0]}after one of these streams:")
                    for name, stream in recent:
                        print(f"{name} {stream.hex()[:400]}")
                    return 1
                recent.clear()
    spent = time.monotonic() - begun
    for name, count in ran.items():
        print(f"{name:10} {count:9,} streams")
    total = sum(ran.values())
    print(f"{total:,} executions in {spent:.0f} s ({total / spent:.0f}/s), seed {seed}: passed")
    return 0


def hang(number: int, frame: FrameType | None) -> None:
    raise BrokenError(f"nothing takes longer than {PATIENCE} s")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long (default: 60)")
    parser.add_argument("--seed", type=int, default=None, help="begin as an earlier run did")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this (repeatable)")
    parser.add_argument("--hex", help="try this one stream")
    options = parser.parse_args()
    names = options.target or list(TARGETS)
    signal.signal(signal.SIGALRM, hang)
    if options.hex is None:
        seed = time.time_ns() % 2**32 if options.seed is None else options.seed
        return fuzz(names, options.seconds, seed)
    for name in names:
        wrong = run(TARGETS[name], bytes.fromhex(options.hex))
        print(f"{name}: {wrong or 'passed'}")
        if wrong:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
