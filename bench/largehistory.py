"""
Makes large history files: with sessions that were away for long, through the store's own writer
(L{makeHistory}), or with words of known frequencies, by plain SQL, which is faster
(L{growHistory}).
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from twisted_chat.stores.session import RoomRecord, Session, hashToken, newSid, newToken
from twisted_chat.stores.sqlite import fulltext
from twisted_chat.stores.sqlite.retention import parseKeep
from twisted_chat.stores.sqlite.schema import IS_SPOKEN, connect, newestId, writeNote
from twisted_chat.stores.sqlite.writer import Changes, Writer
from twisted_chat.wire.events import ACTED, CREATED, JOINED, LEFT, SAID, TOLD, TOPIC, Draft

LOBBY = "#lobby"
LOBBY_SHARE = 0.3
"""The part of all messages that are said in the lobby."""

DAYS = 90.0
"""Days over which they were said."""

WORDS = [f"{a}{b}{c}" for a in "bdfgklmnpr" for b in "aeiou" for c in ("n", "ra", "st", "tel")]
"""The words of the messages."""

BATCH = 4_096
"""Messages in one commit."""

COMMON, PERCENT, MILLE, RARE = "common", "percent", "mille", "rareword"
"""Words in a tenth of the messages, in a hundredth, in a thousandth, and in L{RARE_COUNT}."""

RARE_COUNT = 20

VOCABULARY = 20_000
"""Other words in a grown history."""

PHRASES = 40_000
"""Runs of five words of which its messages are made, two each: to choose ten words for each of
millions of messages would take as long as all the rest."""

LOUD, LOUD_SHARE = "Loud", 0.05
"""Somebody who says so much of everything."""

PEOPLE = 1_000
"""Others who say something: C{user0} the most."""

SPOKEN_SHARE = 0.94
"""The part of all events that people wrote; the others are comings and goings."""

ROWS = 100_000
"""Events in one transaction."""

CACHE = -400_000
"""KiB of memory that SQLite may take for the making, as it is written in SQL."""

_INSERT = (
    'INSERT INTO events (id, time, kind, room, name, text, "to", sid, key, data) '
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '')"
)


class Absent(NamedTuple):
    """
    A session that may be resumed.

    @ivar name: its owner's.
    @ivar token: its secret.
    @ivar epoch: the history's.
    """

    name: str
    token: str
    epoch: str


def makeHistory(
    path: Path, events: int, rooms: int, sessions: int, roomsOfEach: int, seed: int = 1
) -> list[Absent]:
    """
    Make a history file, with its index of words.

    @param path: nothing is there.
    @param events: how many there are.
    @param rooms: how many rooms there are beside the lobby.
    @param sessions: how many sessions there are, each from the beginning on.
    @param roomsOfEach: how many rooms each of them is in beside the lobby.
    @return: the sessions.
    """
    chance = random.Random(seed)
    now = begun = time.time()
    done = 0

    def seconds() -> float:
        return begun - DAYS * 86_400 * (1 - done / events)

    writer = Writer(str(path), seconds, parseKeep("all"))
    writer.open()
    people = [(newSid(), newToken(), f"Absent{n}") for n in range(sessions)]
    owner = newSid()
    names = [f"#room{n}" for n in range(rooms)]
    made = [Draft(CREATED, name, "Owner", sid=owner) for name in names]
    made += [Draft(JOINED, LOBBY, name, sid=sid) for sid, _, name in people]
    records = {
        id: RoomRecord(id, name, "", owner, ((id, None),), emptyAt=now)
        for id, name in enumerate(names, 1)
    }
    kept = [
        Session(
            sid,
            hashToken(token),
            name,
            tuple(range(1, roomsOfEach + 1)),
            seen=now,
            began=rooms + number,
        )
        for number, (sid, token, name) in enumerate(people, 1)
    ]
    writer.commit([(draft, None) for draft in made], Changes(kept, records, rooms))
    done = len(made)
    said = _messages(chance, owner, names)
    while done < events:
        part = list(islice(said, min(BATCH, events - done)))
        writer.commit([(draft, None) for draft in part])
        done += len(part)
    while writer.tidy().isMore:
        pass
    epoch = writer.epoch
    writer.close()
    return [Absent(name, token, epoch) for _, token, name in people]


def _messages(chance: random.Random, sid: str, names: list[str]) -> Iterator[Draft]:
    while True:
        room = LOBBY if chance.random() < LOBBY_SHARE else chance.choice(names)
        yield Draft(SAID, room, "Owner", " ".join(chance.choices(WORDS, k=10)), sid=sid)


def growHistory(path: Path, events: int, rooms: int, sessions: int = 0, seed: int = 1) -> None:
    """
    Make a history file with words of known frequencies, with its index of words.

    @param path: nothing is there.
    @param events: how many there are, at least as many as rooms; over L{DAYS} days up to now.
    @param rooms: how many rooms there are beside the lobby: C{#r0} and so on.
    @param sessions: how many sessions there are that were used lately.
    """
    chance = random.Random(seed)
    now = time.time()
    begun = now - DAYS * 86_400
    writer = Writer(str(path), lambda: begun, parseKeep("all"))
    writer.open()
    owner = newSid()
    names = [f"#r{n}" for n in range(rooms)]
    records = {
        id: RoomRecord(id, name, "", owner, ((id, None),), emptyAt=now)
        for id, name in enumerate(names, 1)
    }
    kept = [
        Session(newSid(), hashToken(newToken()), f"Guest{n}", seen=now - chance.random() * 86_400)
        for n in range(sessions)
    ]
    made = [(Draft(CREATED, name, "Owner", sid=owner), None) for name in names]
    writer.commit(made, Changes(kept, records, rooms))
    writer.close()
    rows = _rows(chance, rooms + 1, events, [LOBBY, *names])
    with closing(_quick(path)) as connection:
        # To sort all rows at the end takes less time than to put each of them in its place.
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'events'"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for _ in range(rooms, events, ROWS):
            connection.execute("BEGIN")
            connection.executemany(_INSERT, islice(rows, ROWS))
            connection.execute("COMMIT")
        for _, statement in indexes:
            connection.execute(statement)
        _index(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    # Otherwise the first server would have to wait for all of it.
    with path.open("rb") as file:
        os.fsync(file.fileno())


def addTopics(path: Path, count: int) -> None:
    """
    Let somebody have set the lobby's topic so often.

    @param path: a history file that nobody uses.
    """
    now, sid = time.time(), newSid()
    with closing(_quick(path)) as connection:
        first = newestId(connection) + 1
        connection.execute("BEGIN")
        connection.executemany(
            _INSERT,
            (
                (id, now, TOPIC, LOBBY, "Owner", f"topic {id}", "", sid, None)
                for id in range(first, first + count)
            ),
        )
        # As if the server that took them had stored the rooms, too.
        connection.execute("REPLACE INTO notes VALUES ('rooms', ?)", (first + count - 1,))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _quick(path: Path) -> sqlite3.Connection:
    """
    @return: a connection that does not care for the disk.
    """
    connection = connect(str(path), isWriter=True)
    for setting in ("synchronous = OFF", f"cache_size = {CACHE}", "wal_autocheckpoint = 50000"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _index(connection: sqlite3.Connection) -> None:
    """
    Make the index of words.  The texts are their own terms (L{_rows}), so SQL can do it alone.
    """
    newest = newestId(connection)
    for start in range(0, newest, ROWS):
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO terms (rowid, text, name) SELECT id, text, lower(name) FROM events "
            f"WHERE id > ? AND id <= ? AND {IS_SPOKEN} ORDER BY id",
            (start, start + ROWS),
        )
        connection.execute("COMMIT")
    connection.execute("BEGIN")
    writeNote(connection, fulltext.FIRST, 0)
    writeNote(connection, fulltext.INDEXED, newest)
    while fulltext.mergeStep(connection):
        pass
    connection.execute("COMMIT")


def _rows(
    chance: random.Random, first: int, last: int, rooms: list[str]
) -> Iterator[tuple[object, ...]]:
    """
    @return: the rows of events with these ids.
    """
    # Lower-case letters alone: each word is its own term, see L{_index}.
    words = [
        "".join(chance.choices("aeioulnrst", k=chance.randint(3, 9))) for _ in range(VOCABULARY)
    ]
    phrases = [" ".join(chance.choices(words, k=5)) for _ in range(PHRASES)]
    people = [(f"user{n}", newSid()) for n in range(PEOPLE)]
    loud = LOUD, newSid()
    rare = set(chance.sample(range(first, last + 1), min(RARE_COUNT, last + 1 - first)))
    begun, step = time.time() - DAYS * 86_400, DAYS * 86_400 / last
    some, choose = chance.random, chance.choice
    for id in range(first, last + 1):
        room = LOBBY if some() < LOBBY_SHARE else choose(rooms)
        # The product of two: the first of them say more.
        name, sid = loud if some() < LOUD_SHARE else people[int(some() * some() * PEOPLE)]
        what, to, text = some(), "", ""
        if what < SPOKEN_SHARE or id in rare:
            kind = SAID if what < SPOKEN_SHARE - 0.04 else ACTED
            text = f"{choose(phrases)} {choose(phrases)}"
            often = some()
            if often < 0.1:
                text += f" {COMMON}"
                if often < 0.01:
                    text += f" {PERCENT}"
                    if often < 0.001:
                        text += f" {MILLE}"
            if id in rare:
                text += f" {RARE}"
            elif what >= SPOKEN_SHARE - 0.02:
                kind = TOLD
                to, peer = choose(people)
                room = f"@{peer}"
        else:
            kind = JOINED if id % 2 else LEFT
        key = None if id % 2 else f"{id:x}"
        yield id, round(begun + id * step, 3), kind, room, name, text, to, sid, key
