"""
Makes large history files with sessions that were away for long.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from twisted_chat.stores.session import RoomRecord, Session, hashToken, newSid, newToken
from twisted_chat.stores.sqlite.retention import parseKeep
from twisted_chat.stores.sqlite.writer import Changes, Writer
from twisted_chat.wire.events import CREATED, JOINED, SAID, Draft

LOBBY = "#lobby"
LOBBY_SHARE = 0.3
"""The part of all messages that are said in the lobby."""

DAYS = 90.0
"""Days over which they were said."""

WORDS = [f"{a}{b}{c}" for a in "bdfgklmnpr" for b in "aeiou" for c in ("n", "ra", "st", "tel")]
"""The words of the messages."""

BATCH = 4_096
"""Messages in one commit."""


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
