# -*- test-case-name: tests.ops.test_metrics -*-
"""
Figures in the text form of Prometheus (version 0.0.4), and those of the process.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from twisted import __version__ as twistedVersion

from ..counters import Histogram

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"

Value = int | float


class Family(NamedTuple):
    """
    One figure, or the same one of several things.

    @ivar name: its name; that of a counter ends in C{_total}.
    @ivar kind: C{counter}, C{gauge} or C{histogram}.
    @ivar help: what it is, in one sentence, with its unit.
    @ivar label: what its values differ in, or empty.
    @ivar values: by the label's values; by C{""} where there is no label.
    """

    name: str
    kind: str
    help: str
    label: str
    values: Mapping[str, Value | Histogram]


def counter(name: str, help: str, value: Value) -> Family:
    """
    @return: a figure that only rises.
    """
    return Family(name, "counter", help, "", {"": value})


def counters(name: str, help: str, label: str, values: Mapping[str, Value]) -> Family:
    """
    @return: the same of several things.
    """
    return Family(name, "counter", help, label, values)


def gauge(name: str, help: str, value: Value) -> Family:
    """
    @return: a figure that rises and falls.
    """
    return Family(name, "gauge", help, "", {"": value})


def gauges(name: str, help: str, label: str, values: Mapping[str, Value]) -> Family:
    """
    @return: the same of several things.
    """
    return Family(name, "gauge", help, label, values)


def histogram(name: str, help: str, value: Histogram) -> Family:
    """
    @return: how the values of a figure are distributed.
    """
    return Family(name, "histogram", help, "", {"": value})


def render(families: Iterable[Family]) -> bytes:
    """
    @return: the page.
    """
    lines: list[str] = []
    for family in families:
        name = family.name
        lines += (f"# HELP {name} {family.help}", f"# TYPE {name} {family.kind}")
        for word, value in family.values.items():
            if isinstance(value, Histogram):
                lines += _buckets(name, value)
            elif family.label:
                lines.append(f'{name}{{{family.label}="{word}"}} {value}')
            else:
                lines.append(f"{name} {value}")
    return ("\n".join(lines) + "\n").encode()


def _buckets(name: str, value: Histogram) -> Iterable[str]:
    total = 0
    for bound, count in zip((*value.bounds, "+Inf"), value.counts, strict=True):
        total += count
        yield f'{name}_bucket{{le="{bound}"}} {total}'
    yield f"{name}_sum {value.sum}"
    yield f"{name}_count {total}"


class ProcessFigures:
    """
    The figures of this process, under the names that all programs have for them.
    """

    def __init__(self, version: str) -> None:
        """
        @param version: the server's.
        """
        self._startedAt = _startedAt()
        self._build = (
            f'chat_build_info{{version="{version}",python="{platform.python_version()}",'
            f'twisted="{twistedVersion}"}}'
        )

    def __call__(self) -> Sequence[Family]:
        """
        @return: as they are now; those that this system does not tell are left out.
        """
        times = os.times()
        found = [
            counter(
                "process_cpu_seconds_total",
                "Time of the processor that the process has used, in seconds.",
                round(times.user + times.system, 2),
            ),
            gauge(
                "process_start_time_seconds",
                "When the process was started, in seconds since the epoch.",
                self._startedAt,
            ),
        ]
        with suppress(OSError, ValueError):
            with open("/proc/self/statm", "rb") as file:
                pages = file.read().split()
            size = os.sysconf("SC_PAGE_SIZE")
            found += (
                gauge("process_virtual_memory_bytes", "Memory asked for.", int(pages[0]) * size),
                gauge("process_resident_memory_bytes", "Memory in use.", int(pages[1]) * size),
            )
        with suppress(OSError):
            found.append(gauge("process_open_fds", "File descriptors in use.", _descriptors()))
        with suppress(ImportError, OSError):
            import resource

            most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            found.append(gauge("process_max_fds", "File descriptors that there may be.", most))
        return found

    @property
    def build(self) -> bytes:
        """
        What the server consists of, as a figure that is always 1.
        """
        head = "# HELP chat_build_info What the server is made of.\n# TYPE chat_build_info gauge\n"
        return f"{head}{self._build} 1\n".encode()


def _descriptors() -> int:
    """
    @return: how many are open.  Linux tells their number as a size since 6.2; to list ten thousand
        takes milliseconds.
    """
    return os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd"))


def _startedAt() -> float:
    """
    @return: when this process began, in seconds since the epoch; now, where nobody knows.
    """
    with suppress(OSError, ValueError, IndexError):
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        with open("/proc/uptime", "rb") as file:
            uptime = float(file.read().split()[0])
        age = uptime - ticks / os.sysconf("SC_CLK_TCK")
        return round(time.time() - age, 2)
    return round(time.time(), 2)
