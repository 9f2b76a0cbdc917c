# -*- test-case-name: tests.stores.sqlite.test_tool -*-
"""
Looks after a history file, also while a server uses it: C{python -m twisted_chat.history}.

Exit codes: 0 done, 1 refused or damage found, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from io import TextIOWrapper
from typing import Final, TextIO

from ...errors import NoHistory
from ...wire.events import Event
from .faults import reason
from .schema import APPLICATION_ID, STEPS, connect, copy, firstFault

WINDOW: Final = 1_000
"""Ids read at once; in a damaged file, ids that are then tried one by one."""

_EVENTS: Final = 'SELECT id, time, kind, room, name, text, "to", sid, key FROM events '


def _open(path: str) -> sqlite3.Connection:
    """
    @raise NoHistory: it is no history that this version can read.
    """
    if not os.path.isfile(path):
        raise NoHistory(f"there is no file {path}")
    connection = connect(os.path.realpath(path))
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise NoHistory(f"{path} cannot be read as a chat history: {error}") from error
    if application == APPLICATION_ID and 1 <= version <= len(STEPS):
        return connection
    connection.close()
    if application == APPLICATION_ID:
        raise NoHistory(f"{path} was written by a newer version: use that version's tool")
    raise NoHistory(f"{path} is no chat history")


def backup(path: str, destination: str, out: TextIO) -> None:
    """
    Copy the history as it is at this moment, and look at the copy for damage.

    @param destination: the copy's path; nothing may be there.
    @raise NoHistory: it could not be.
    """
    target = os.path.realpath(destination)
    if os.path.lexists(target):
        raise NoHistory(f"{destination} exists: name a new file")
    with closing(_open(path)) as source:
        try:
            copy(source, target)
        except OSError as error:
            raise NoHistory(f"{destination} cannot be written: {error.strerror}") from error
        except sqlite3.Error as error:
            raise NoHistory(f"{path} cannot be copied to {destination}: {error}") from error
    with closing(connect(target)) as made:
        fault = firstFault(made)
    if fault:
        raise NoHistory(f"the copy {destination} is damaged ({fault}), as may be {path}: check it")
    print(f"{path} is copied to {destination}", file=out)


def check(path: str, out: TextIO) -> None:
    """
    Look at all of the history for damage.

    @raise NoHistory: there is some.
    """
    with closing(_open(path)) as connection:
        rows = connection.execute("PRAGMA integrity_check(10)").fetchall()
        faults = " ".join("; ".join(row[0] for row in rows).split())
        if faults != "ok":
            raise NoHistory(
                f"{path} is damaged: {faults}. Restore a backup; what can still be read is "
                "printed by: export"
            )
        count, oldest, newest = connection.execute(
            "SELECT count(*), coalesce(min(id), 0), coalesce(max(id), 0) FROM events"
        ).fetchone()
    print(f"{path} is well: {count} events, ids {oldest} to {newest}", file=out)


def export(path: str, out: TextIO) -> None:
    """
    Print all events, oldest first, each as one JSON object on a line of its own.

    @raise NoHistory: some could not be read; all others were printed.
    """
    lost = 0
    with closing(_open(path)) as connection:
        for event in _readable(connection):
            if event is None:
                lost += 1
            else:
                fields = {name: value for name, value in event._asdict().items() if value}
                print(json.dumps(fields, ensure_ascii=False), file=out)
    if lost:
        raise NoHistory(f"{path} is damaged: {lost} of its ids could not be read")


def _readable(connection: sqlite3.Connection) -> Iterator[Event | None]:
    """
    @return: all events that can be read, and C{None} for each id that cannot.
    """
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
    for start in range(0, newest, WINDOW):
        end = min(start + WINDOW, newest)
        events = _between(connection, start, end)
        if events is not None:
            yield from events
            continue
        for id in range(start, end):
            single = _between(connection, id, id + 1)
            yield from [None] if single is None else single


def _between(connection: sqlite3.Connection, start: int, end: int) -> list[Event] | None:
    """
    @return: the events with ids above C{start} up to C{end}, or C{None} if one is damaged.
    """
    try:
        rows = connection.execute(f"{_EVENTS} WHERE id > ? AND id <= ? ORDER BY id", (start, end))
        return [Event._make(row) for row in rows]
    except sqlite3.DatabaseError:
        return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m twisted_chat.history",
        description="Look after a chat history, also while a server uses it.",
    )
    parser.add_argument("file", metavar="FILE", help="the history, such as chat.sqlite")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    copying = commands.add_parser("backup", help="copy it, as it is at this moment, to DEST")
    copying.add_argument("destination", metavar="DEST")
    commands.add_parser("check", help="look for damage")
    commands.add_parser("export", help="print all events as lines of JSON")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """
    @param arguments: the command line, without the program's name.
    @return: the exit code.
    """
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        if options.command == "backup":
            backup(options.file, options.destination, sys.stdout)
        elif options.command == "check":
            check(options.file, sys.stdout)
        else:
            export(options.file, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output has enough of it; nothing is left to be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except NoHistory as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{options.file}: {error.strerror}", file=sys.stderr)
        return 1
    except sqlite3.Error as error:
        print(f"{options.file}: {reason(error)} ({error})", file=sys.stderr)
        return 1
    return 0
