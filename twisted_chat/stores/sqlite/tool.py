# -*- test-case-name: tests.stores.sqlite.test_tool -*-
"""
Looks after a history file, also while a server uses it: C{python -m twisted_chat.history}.

The file may be on a medium that cannot be written, and anything may be in it: what is printed is
fit for a terminal, and all work comes to an end.

Exit codes: 0 done, 1 refused or damage found, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from io import TextIOWrapper
from math import isfinite
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

from ...errors import NoHistory
from ...text.cleaning import INVISIBLE, escapeLog
from ...wire.events import INVITED, LOCKED, SERVER, SPOKEN, UNREADABLE, Event
from ..interfaces import Projection
from . import projection as records
from .faults import reason
from .historyfile import Place
from .rows import EVENTS, OLD_EVENTS, asEvent, lenient
from .schema import APPLICATION_ID, BUSY_SECONDS, connect, copy, firstFault
from .steps import STEPS

WINDOW: Final = 1_000
"""Rows read at once."""

REMOVED_TEXT: Final = "(removed)"
"""Stands for the text of a message that was removed."""

TRIED: Final = 1_000
"""Ids in a damaged part that are tried one by one before the steps become larger."""

_FIRST_ID: Final = -(2**63)

_LAST_ID: Final = 2**63 - 1


@contextmanager
def _opened(path: str) -> Iterator[sqlite3.Connection]:
    """
    Read a history, also where nothing can be written beside it.

    @raise NoHistory: it is no history that this version can read.
    """
    if not os.path.isfile(path):
        raise NoHistory(f"there is no file {path}")
    with ExitStack() as stack:
        connection = stack.enter_context(closing(_connect(os.path.realpath(path), stack)))
        _refuseOthers(connection, path)
        yield connection


def _connect(path: str, stack: ExitStack) -> sqlite3.Connection:
    """
    @param stack: is closed after the connection.
    """
    wal = path + "-wal"
    # To write here is to put a -wal and a -shm beside the file for a while, and to remove them.
    with suppress(sqlite3.OperationalError):
        return _tryToOpen(path, "mode=rw")
    if not os.path.exists(wal) or not os.path.getsize(wal):
        return _tryToOpen(path, "mode=ro&immutable=1")
    # The newest is in the write-ahead log, which can only be read beside a -shm.
    try:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-history-"))
        copied = os.path.join(folder, "copy")
        shutil.copyfile(path, copied)
        shutil.copyfile(wal, copied + "-wal")
    except OSError as error:
        raise NoHistory(
            f"{path} can neither be read where it is nor be copied elsewhere ({error.strerror}): "
            f"put it, together with its -wal, into a directory that can be written"
        ) from error
    return _tryToOpen(copied, "mode=rw")


def _tryToOpen(path: str, options: str) -> sqlite3.Connection:
    """
    @raise sqlite3.OperationalError: it cannot be opened in this way.
    """
    connection = sqlite3.connect(
        f"{Path(path).as_uri()}?{options}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        raise
    except sqlite3.DatabaseError:
        pass  # What it is instead of a database is told afterwards.
    connection.text_factory = lenient
    return connection


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _refuseOthers(connection: sqlite3.Connection, path: str) -> None:
    """
    @raise NoHistory: it is no history that this version can read.
    """
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        version = _version(connection)
    except sqlite3.DatabaseError as error:
        raise NoHistory(f"{path} cannot be read as a chat history: {error}") from error
    if application != APPLICATION_ID or version < 1:
        raise NoHistory(f"{path} is no chat history")
    if version > len(STEPS):
        raise NoHistory(f"{path} was written by a newer version: use that version's tool")
    # A view under the name of a table may never end.
    missing = {"events"} - _tables(connection)
    if missing:
        raise NoHistory(f"{path} is damaged: it has no table of events. Restore a backup")


def _tables(connection: sqlite3.Connection) -> set[str]:
    """
    @return: the names of a history's tables.
    """
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in rows if isinstance(name, str)}


def backup(path: str, destination: str, out: TextIO) -> None:
    """
    Copy the history as it is at this moment, and look at the copy for damage.

    @param destination: the copy's path; nothing may be there.
    @raise NoHistory: it could not be.
    """
    target = os.path.realpath(destination)
    if os.path.lexists(target):
        raise NoHistory(f"{destination} exists: name a new file")
    with _opened(path) as source:
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
    _print(f"{path} is copied to {destination}", out)


def standing(path: str) -> str:
    """
    Look what a server would find in the place of its history; nothing is changed.

    @return: what it would do, in a sentence.
    @raise NoHistory: it could not use that place.
    """
    if os.path.lexists(path):
        with _opened(path) as connection:
            version = _version(connection)
        return f"{path} has tables of version {version}{_upgrade(path, version)}"
    folder = os.path.dirname(os.path.abspath(path))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NoHistory(f"the history {path} cannot be made: let this user write {folder}")
    return f"{path} is not there: the server makes a new history"


def _upgrade(path: str, version: int) -> str:
    """
    @return: what the next start of a server does about the version of the tables.
    """
    newest = len(STEPS)
    if version == newest:
        return ", which this server uses as they are"
    room = max(1, 2 * os.path.getsize(path) // 1_000_000)
    return (
        f": at its next start this server makes them version {newest}, which needs up to {room} MB "
        f"beside it, and keeps the old file as {path}.version{version}"
    )


def check(path: str, out: TextIO) -> None:
    """
    Look at all of the history for damage, and at the version of its tables.

    @raise NoHistory: there is some.
    """
    with _opened(path) as connection:
        try:
            rows = connection.execute("PRAGMA integrity_check(10)").fetchall()
            faults = " ".join("; ".join(_asText(row[0]) for row in rows).split())
            count, oldest, newest = connection.execute(
                "SELECT count(*), coalesce(min(id), 0), coalesce(max(id), 0) FROM events"
            ).fetchone()
        except sqlite3.DatabaseError as error:
            faults = str(error)
        if faults != "ok":
            raise NoHistory(
                f"{path} is damaged: {faults}. Restore a backup; what can still be read is "
                "printed by: export"
            )
        version = _version(connection)
        missing = {"events", "sessions", "notes", *(["rooms"] if version >= 3 else [])}
        missing |= {"records", "removed"} if version >= 4 else set()
        missing -= _tables(connection)
        strange = sum(isinstance(row, _Gap) or _isStrange(row) for row in _rows(connection))
    if missing:
        raise NoHistory(f"{path} is damaged: it has no table {', '.join(sorted(missing))}")
    if strange:
        raise NoHistory(
            f"{path} is whole, but {strange} of its {count} events hold what no server wrote: "
            "readers are told that they cannot be read; all there is of them is printed by: export"
        )
    _print(f"{path} is well: {count} events, ids {oldest} to {newest}", out)
    _print(f"Its tables are of version {version}{_upgrade(path, version)}", out)


def export(path: str, out: TextIO, isAll: bool = False) -> None:
    """
    Print the events, oldest first, each as one JSON object on a line of its own.

    @param isAll: whether to print those about accounts and the whole server, too.
    @raise NoHistory: some could not be read, or hold what no server wrote; all others were printed,
        and what there is of these.
    """
    strange = 0
    gaps: list[_Gap] = []
    with _opened(path) as connection:
        # Before version 3 the hash of a password was in the text.
        isTextSecret = _version(connection) < 3
        for row in _rows(connection):
            if isinstance(row, _Gap):
                gaps.append(row)
                continue
            strange += _isStrange(row)
            if row[_ROOM] == SERVER and not isAll:
                continue
            fields = {name: _printable(value) for name, value in zip(_NAMES, row, strict=False)}
            if isTextSecret and fields["kind"] in (LOCKED, INVITED):
                del fields["text"]
            if fields["kind"] in SPOKEN and not fields["text"]:
                fields |= {"text": REMOVED_TEXT, "removed": True}
            present = {name: value for name, value in fields.items() if value or name == "id"}
            out.write(_safe(json.dumps(present, ensure_ascii=False)) + "\n")
    if gaps:
        more = f", nor could {len(gaps) - 1} other parts" if len(gaps) > 1 else ""
        raise NoHistory(f"{path} is damaged: {gaps[0]} could not be read{more}")
    if strange:
        raise NoHistory(
            f"{path} has {strange} events that hold what no server wrote: what there is of them "
            "was printed as well"
        )


_NAMES: Final = Event._fields[:-1]

_ROOM: Final = _NAMES.index("room")


def rebuild(path: str, projection: Projection, out: TextIO) -> None:
    """
    Make the records of the log again, while no server uses it: all of them or none.

    @raise NoHistory: they could not be.
    """
    with _opened(path) as connection:
        version = _version(connection)
    if version < len(STEPS):
        raise NoHistory(
            f"{path} has tables of version {version}: start a server with it once, which makes "
            f"them version {len(STEPS)}, and the records as well"
        )
    place = Place(path)
    place.hold()
    try:
        with closing(connect(place.path, isWriter=True)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            records.rebuild(connection, projection)
            (count,) = connection.execute("SELECT count(*) FROM records").fetchone()
            connection.execute("COMMIT")
    finally:
        place.release()
    _print(f"{path} has {count} records, made of all its events", out)


def _isStrange(row: tuple[Any, ...]) -> bool:
    return asEvent(row).kind == UNREADABLE or row[0] < 1


def _asText(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _printable(value: object) -> object:
    """
    @return: what JSON has for a cell of a row.
    """
    if isinstance(value, bytes) or (isinstance(value, float) and not isfinite(value)):
        return _asText(value)
    return value


def _safe(line: str) -> str:
    r"""
    @param line: JSON.
    @return: the same, with an escape of JSON's, such as C{\u202e}, for all that a terminal obeys or
        nobody sees.
    """
    if line.isprintable() and not INVISIBLE.search(line):
        return line
    return "".join(
        character
        if character.isprintable() and not INVISIBLE.match(character)
        else _escape(character)
        for character in line
    )


def _escape(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def _print(sentence: str, out: TextIO) -> None:
    """
    Print a sentence in which there may be text of a stranger's.
    """
    print(escapeLog(sentence), file=out)


class _Gap(NamedTuple):
    """
    Ids that cannot be read.
    """

    first: int
    last: int

    def __str__(self) -> str:
        if self.last >= _LAST_ID:
            return f"what has ids from {self.first} on"
        return f"what has ids {self.first} to {self.last}"


def _rows(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...] | _Gap]:
    """
    @return: the rows of all events that can be read, in the order of their ids, and what lies
        between them that cannot.
    """
    select = EVENTS if "removed" in _tables(connection) else OLD_EVENTS
    position = _FIRST_ID
    while position <= _LAST_ID:
        count = 0
        try:
            for row in connection.execute(
                f"{select} WHERE id >= ? ORDER BY id LIMIT ?", (position, WINDOW)
            ):
                yield row
                position = row[0] + 1
                count += 1
            if count < WINDOW:
                return
        except sqlite3.DatabaseError:
            # Where even the first cannot be found, no server wrote what is below 1.
            start = max(position, 1)
            position = _nextReadable(connection, select, start)
            yield _Gap(start, position - 1)


def _nextReadable(connection: sqlite3.Connection, select: str, failed: int) -> int:
    """
    Damage lies in pages, each of which has a stretch of ids.

    @param select: reads events.
    @param failed: an id from which nothing can be read.
    @return: the next id from which something can be, or one above all of them.
    """
    first, step = failed, 1.0
    readable = failed + 1
    while readable <= _LAST_ID and not _canRead(connection, select, readable):
        failed = readable
        if failed - first >= TRIED:
            step *= 1.1
        readable = failed + int(step)
    readable = min(readable, _LAST_ID + 1)
    while readable - failed > 1:
        middle = (failed + readable) // 2
        if _canRead(connection, select, middle):
            readable = middle
        else:
            failed = middle
    return readable


def _canRead(connection: sqlite3.Connection, select: str, id: int) -> bool:
    try:
        connection.execute(f"{select} WHERE id >= ? ORDER BY id LIMIT 1", (id,)).fetchall()
    except sqlite3.DatabaseError:
        return False
    return True


def _parser(canRebuild: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m twisted_chat.history",
        description="Look after a chat history, also while a server uses it.",
    )
    parser.add_argument("file", metavar="FILE", help="the history, such as chat.sqlite")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    copying = commands.add_parser("backup", help="copy it, as it is at this moment, to DEST")
    copying.add_argument("destination", metavar="DEST")
    commands.add_parser("check", help="look for damage")
    exporting = commands.add_parser("export", help="print the events as lines of JSON")
    exporting.add_argument(
        "--all", action="store_true", help="those about accounts and the whole server, too"
    )
    if canRebuild:
        commands.add_parser(
            "rebuild", help="make what is known of accounts, roles and bans again of the events"
        )
    return parser


def main(arguments: Sequence[str] | None = None, projection: Projection | None = None) -> int:
    """
    @param arguments: the command line, without the program's name.
    @param projection: makes the records of the log; without it they cannot be made again.
    @return: the exit code.
    """
    options = _parser(projection is not None).parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    before = signal.signal(signal.SIGTERM, _end)
    try:
        if options.command == "backup":
            backup(options.file, options.destination, sys.stdout)
        elif options.command == "check":
            check(options.file, sys.stdout)
        elif options.command == "rebuild" and projection is not None:
            rebuild(options.file, projection, sys.stdout)
        else:
            export(options.file, sys.stdout, options.all)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output has enough of it; nothing is left to be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:
        _print(_sentence(options.file, error), sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _end(number: int, frame: object) -> None:
    """
    End with everything removed that is half done.
    """
    sys.exit(128 + number)


def _sentence(path: str, error: Exception) -> str:
    """
    @return: what the operator is told.
    """
    if isinstance(error, NoHistory):
        return str(error)
    if isinstance(error, sqlite3.Error):
        return f"{path}: {reason(error)} ({error})"
    if isinstance(error, OSError):
        return f"{path}: {error.strerror}"
    return f"{path}: {type(error).__name__}: {error}"
