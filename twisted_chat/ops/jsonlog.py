# -*- test-case-name: tests.ops.test_jsonlog -*-
"""
The server's log for programs: one object of JSON a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from twisted.logger import FileLogObserver, ILogObserver, LogEvent, formatEvent
from twisted.python.failure import Failure


def jsonObserver(file: Any) -> ILogObserver:
    """
    @param file: takes text.
    @return: an observer that writes every entry there; what the audit log gathers is taken apart.
    """
    observer: ILogObserver = FileLogObserver(file, lambda event: "".join(_lines(event)))
    return observer


def _lines(event: LogEvent) -> Iterator[str]:
    level = getattr(event.get("log_level"), "name", "info")
    entries = event.get("entries")
    if entries is not None:
        for when, address, text in entries:
            yield _line(when, level, address or "-", text)
        return
    text = formatEvent(event)
    failure = event.get("log_failure")
    if isinstance(failure, Failure):
        text += "\n" + failure.getTraceback()
    if text:
        source = event.get("log_system") or event.get("log_namespace") or "-"
        yield _line(event.get("log_time", 0.0), level, str(source), text)


def _line(when: float, level: str, source: str, text: str) -> str:
    time = datetime.fromtimestamp(when, timezone.utc).isoformat(timespec="milliseconds")
    return json.dumps({"time": time, "level": level, "from": source, "text": text}) + "\n"
