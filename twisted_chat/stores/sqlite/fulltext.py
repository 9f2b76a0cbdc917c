# -*- test-case-name: tests.stores.sqlite.test_fulltext -*-
"""
The index of words in a history file: SQLite's FTS5 over the terms of L{stores.search.terms}.

The index holds terms only, not the text (a contentless table), and is made in small steps apart
from the commits of messages.  The tokenizer C{ascii} parts at blanks alone here, since terms
consist of letters, digits and marks: what is a term is decided in L{search}, once for all stores.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from ..search import RULES, terms
from .rows import stream
from .schema import IS_SPOKEN, nextId, readId, readNote, writeNote

INDEXED: Final = "indexed"
"""The note that holds the id up to which everything is in the index."""

STEP: Final = 500
"""Events indexed in one step: some 10 ms, during which a message may have to wait."""


def isAvailable(connection: sqlite3.Connection) -> bool:
    """
    @return: whether this interpreter's SQLite has FTS5.
    """
    try:
        connection.execute("CREATE VIRTUAL TABLE temp.probe USING fts5 (text)")
    except sqlite3.OperationalError:
        return False
    connection.execute("DROP TABLE temp.probe")
    return True


def prepare(connection: sqlite3.Connection) -> None:
    """
    Make the index where there is none; make it anew where other rules made it.

    @raise sqlite3.Error: it cannot be.
    """
    if readNote(connection, "rules", "") == RULES and type(readNote(connection, INDEXED, 0)) is int:
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DROP TABLE IF EXISTS terms")
    connection.execute(
        "CREATE VIRTUAL TABLE terms USING fts5 (text, name, content = '', tokenize = 'ascii')"
    )
    writeNote(connection, "rules", RULES)
    writeNote(connection, INDEXED, 0)
    connection.execute("COMMIT")


def abandon(connection: sqlite3.Connection) -> None:
    """
    Without FTS5 the index cannot follow: let the next server that has it make it anew.

    @raise sqlite3.Error: it cannot be.
    """
    writeNote(connection, "rules", "")


def indexed(connection: sqlite3.Connection) -> int:
    """
    @return: the id up to which everything is in the index.
    """
    return readId(connection, INDEXED)


def _entries(rows: Iterable[tuple[Any, ...]]) -> list[tuple[int, str, str]]:
    return [
        (id, " ".join(terms(text)), " ".join(terms(name)))
        for id, text, name in rows
        if type(text) is type(name) is str
    ]


def indexStep(connection: sqlite3.Connection, newest: int) -> int:
    """
    Index the next few events, in a transaction that is under way.

    @param newest: the newest event's id.
    @return: how many ids are still to be looked at.
    """
    start = indexed(connection)
    if start >= newest:
        return 0
    start = nextId(connection, start) - 1
    end = min(start + STEP, newest)
    rows = stream(
        connection,
        f"SELECT id, text, name FROM events WHERE id > ? AND id <= ? AND {IS_SPOKEN}",
        (start, end),
    )
    connection.executemany("INSERT INTO terms (rowid, text, name) VALUES (?, ?, ?)", _entries(rows))
    writeNote(connection, INDEXED, end)
    return newest - end


def forget(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """
    Take events out of the index, in a transaction that is under way.

    @param rows: id, text and name of spoken events.
    """
    end = indexed(connection)
    connection.executemany(
        "INSERT INTO terms (terms, rowid, text, name) VALUES ('delete', ?, ?, ?)",
        _entries(row for row in rows if row[0] <= end),
    )


def expression(phrases: Iterable[str], name: str) -> str:
    """
    @param phrases: what L{stores.search.phrases} gave; never an operator of FTS5, being in quotes.
    @param name: an author's name, or empty.
    @return: what the index is to be asked, or empty if there is nothing to ask it for.
    """
    asked = [f'text : "{phrase}"' for phrase in phrases]
    author = " ".join(terms(name))
    if author:
        asked.append(f'name : "{author}"')
    return " AND ".join(asked)
