# -*- test-case-name: tests.stores.sqlite.test_fulltext -*-
"""
The index of words in a history file: SQLite's FTS5 over the terms of L{stores.search.terms}.

The index holds terms only, not the text (a contentless table), and is made in small steps apart
from the commits of messages.  The tokenizer C{ascii} parts at blanks alone here, since terms
consist of letters, digits and marks: what is a term is decided in L{search}, once for all stores.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from ..search import RULES, Phrase, terms
from .rows import stream
from .schema import IS_SPOKEN, newestId, nextId, readId, readNote, writeNote

INDEXED: Final = "indexed"
"""The note that holds the id up to which events are in the index."""

FIRST: Final = "indexedFrom"
"""The note that holds the id after which they are: a new index begins with the newest events, which
people look for first, and grows in both directions."""

STEP: Final = 500
"""Ids looked at in one step at most."""

STEP_SECONDS: Final = 0.003
"""How long to look at them; with what follows a message may have to wait twice as long."""

MERGED_PAGES: Final = 16
"""Pages of 4 KiB that one statement merges: some 0.7 ms."""

MERGE_SECONDS: Final = 0.003
"""How long to merge in one step."""

_MERGING: Final = {"automerge": 0, "crisismerge": 64}
"""
Every step adds a segment to the index, and a search looks into each, so they have to be merged.
FTS5 would do that within a commit, by itself, 64 pages for each level at once and at 16 segments of
a level the whole of it, however large: a message would wait for 40 to 1,000 ms.  So that is turned
off, and L{mergeStep} does it; what is left is a bound for an index whose merging cannot follow.
"""

ALTERNATIVES: Final = 100
"""Terms with one beginning that are asked for by themselves: some 15 ms."""

_INSERTED: Final = 300
"""Events in one INSERT: see L{writer}."""


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
    areNotesGood = all(type(readNote(connection, note, 0)) is int for note in (INDEXED, FIRST))
    connection.execute("BEGIN IMMEDIATE")
    if readNote(connection, "rules", "") != RULES or not areNotesGood:
        _make(connection)
    _setMerging(connection)
    connection.execute("COMMIT")


def _make(connection: sqlite3.Connection) -> None:
    newest = newestId(connection)
    connection.execute("DROP TABLE IF EXISTS terms")
    connection.execute(
        "CREATE VIRTUAL TABLE terms USING fts5 (text, name, content = '', tokenize = 'ascii')"
    )
    writeNote(connection, "rules", RULES)
    writeNote(connection, INDEXED, newest)
    writeNote(connection, FIRST, newest)


def _setMerging(connection: sqlite3.Connection) -> None:
    settings = dict(connection.execute("SELECT k, v FROM terms_config"))
    for name, value in _MERGING.items():
        if settings.get(name) != value:
            connection.execute("INSERT INTO terms (terms, rank) VALUES (?, ?)", (name, value))


def abandon(connection: sqlite3.Connection) -> None:
    """
    Without FTS5 the index cannot follow: let the next server that has it make it anew.

    @raise sqlite3.Error: it cannot be.
    """
    writeNote(connection, "rules", "")


class Extent(NamedTuple):
    """
    What is in the index: the events after the id C{first}, up to the id C{last}.
    """

    first: int
    last: int


def extent(connection: sqlite3.Connection) -> Extent:
    """
    @return: what is in the index.
    """
    return Extent(readId(connection, FIRST), readId(connection, INDEXED))


Entry = tuple[int, str, str]
"""An id, and the terms of an event's text and of its author's name."""


def _entries(rows: Iterable[tuple[Any, ...]]) -> Iterator[Entry]:
    for id, text, name in rows:
        # A message that was removed is found by nothing, not by its author either.
        if type(text) is type(name) is str and text:
            yield id, " ".join(terms(text)), " ".join(terms(name))


class Progress(NamedTuple):
    """
    How far the index is.

    @ivar behind: how many ids came after what is in it.
    @ivar isWhole: whether nothing is left to be done.
    """

    behind: int
    isWhole: bool


def indexStep(connection: sqlite3.Connection, newest: int) -> Progress:
    """
    Index a few events, in a transaction that is under way: those that came last, or else the ones
    before what is in the index.

    @param newest: the newest event's id.
    @return: how far the index is then.
    """
    first, last = extent(connection)
    if last < newest:
        start = nextId(connection, last) - 1
        end = min(start + STEP, newest)
        last = _indexSome(connection, start, end, "ASC") or end
        writeNote(connection, INDEXED, last)
    elif first > 0:
        end = _previousId(connection, first)
        start = max(0, end - STEP)
        lowest = _indexSome(connection, start, end, "DESC")
        first = start if lowest is None else lowest - 1
        writeNote(connection, FIRST, first)
    return Progress(newest - last, last >= newest and first <= 0)


def mergeStep(connection: sqlite3.Connection) -> bool:
    """
    Merge a few pages of segments of the index, in a transaction that is under way.

    @return: whether more is to be merged.
    """
    until = time.monotonic() + MERGE_SECONDS
    while True:
        before = connection.total_changes
        connection.execute("INSERT INTO terms (terms, rank) VALUES ('merge', ?)", (MERGED_PAGES,))
        # The statement itself is one change; see "The 'merge' Command" of FTS5's documentation.
        if connection.total_changes - before < 2:
            return False
        if time.monotonic() > until:
            return True


def _previousId(connection: sqlite3.Connection, id: int) -> int:
    (found,) = connection.execute("SELECT max(id) FROM events WHERE id <= ?", (id,)).fetchone()
    return 0 if found is None else max(0, int(found))


def _indexSome(connection: sqlite3.Connection, start: int, end: int, order: str) -> int | None:
    """
    Index what was said after C{start} up to C{end}, as far as there is time.

    @return: the last id in this order that was come to, or C{None} if all is done.
    """
    entries: list[Entry] = []
    until = time.monotonic() + STEP_SECONDS
    reached = None
    select = f"SELECT id, text, name FROM events WHERE id > ? AND id <= ? AND {IS_SPOKEN}"
    with closing(stream(connection, f"{select} ORDER BY id {order}", (start, end))) as rows:
        for row in rows:
            entries += _entries([row])
            if time.monotonic() > until:
                reached = int(row[0])
                break
    entries.sort()
    for part in range(0, len(entries), _INSERTED):
        values = entries[part : part + _INSERTED]
        marks = ", ".join(["(?, ?, ?)"] * len(values))
        connection.execute(
            f"INSERT INTO terms (rowid, text, name) VALUES {marks}",
            list(chain.from_iterable(values)),
        )
    return reached


def forget(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """
    Take events out of the index, in a transaction that is under way.

    @param rows: id, text and name of spoken events.
    """
    connection.executemany(
        "INSERT INTO terms (terms, rowid, text, name) VALUES ('delete', ?, ?, ?)",
        _inside(connection, rows),
    )


def learn(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """
    Take events into the index again that it was made to forget, in a transaction that is under way.

    @param rows: id, text and name of spoken events.
    """
    connection.executemany(
        "INSERT INTO terms (rowid, text, name) VALUES (?, ?, ?)", _inside(connection, rows)
    )


def _inside(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> Iterator[Entry]:
    """
    @return: the entries of those events that the index has come to.
    """
    first, last = extent(connection)
    return _entries(row for row in rows if first < row[0] <= last)


OPEN_VOCABULARY: Final = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab (main, terms, 'instance')"
)
"""Lets a connection ask which terms there are."""


def termsFrom(connection: sqlite3.Connection, beginning: str) -> Iterator[str]:
    """
    @param connection: has the L{vocabulary<OPEN_VOCABULARY>}.
    @return: the terms in the index that begin so, in their order.
    """
    start, end = beginning, beginning + "\U0010ffff"
    while True:
        row = connection.execute(
            "SELECT term FROM temp.vocabulary WHERE term >= ? AND term <= ? LIMIT 1", (start, end)
        ).fetchone()
        if row is None:
            return
        yield row[0]
        # The first that can come after it, so that not every place of it has to be passed.
        start = row[0] + "\x01"


def expression(
    phrases: Iterable[Phrase], name: str, begunBy: Callable[[str], Iterator[str]]
) -> str:
    """
    @param phrases: what L{stores.search.phrases} gave; never an operator of FTS5, being in quotes.
    @param name: an author's name, or empty.
    @param begunBy: gives the terms that begin so.
    @return: what the index is to be asked, or empty if there is nothing to ask it for.
    """
    asked = [f"text : {_alternatives(phrase, begunBy)}" for phrase in phrases]
    author = " ".join(terms(name))
    if author:
        asked.append(f'name : "{author}"')
    return " AND ".join(asked)


def _alternatives(phrase: Phrase, begunBy: Callable[[str], Iterator[str]]) -> str:
    """
    @return: what is to be asked for one phrase.  FTS5 would find all events with a beginning before
        it gives the newest of them; it gives those with one of several terms as it finds them.
    """
    if not phrase.isBeginning:
        return f'"{phrase.text}"'
    head, _, last = phrase.text.rpartition(" ")
    found = list(islice(begunBy(last), ALTERNATIVES + 1))
    if len(found) > ALTERNATIVES:
        return f'"{phrase.text}" *'
    whole = (f'"{head} {term}"' if head else f'"{term}"' for term in found or [last])
    return f"({' OR '.join(whole)})"
