"""
Measures what each thing costs at three sizes: C{python -m bench.costs}.

Everything happens in this process, without sockets, with the tests' doubles and the store in
memory: what is counted is the processor time of the chat itself, so that other load on the machine
changes little.  Prints microseconds at each size, and the power of the size with which they grow: 0
is constant, 1 linear.
"""

from __future__ import annotations

import argparse
import gc
import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

from twisted.internet.defer import Deferred

from tests.support.helpers import FakeClient, enter, makeHub, resume
from twisted_chat.accounts.rules import project
from twisted_chat.chat.hub import Hub
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.stores.session import RoomRecord
from twisted_chat.stores.sqlite.reader import Reader
from twisted_chat.stores.sqlite.retention import ALL
from twisted_chat.stores.sqlite.writer import Writer
from twisted_chat.wire.events import CREATED, SAID, Draft, Place, Query, Scope
from twisted_chat.wire.jsonlines import JSON

TRIES = 9
"""How often each thing is done at each size; the median counts."""

SUPERLINEAR = 1.3
"""The power above which something grows faster than it should."""

Do = Callable[[int], object]


def _members(count: int) -> tuple[Hub, list[FakeClient]]:
    """
    @return: a hub with so many people, and their clients.
    """
    hub = makeHub()
    clients = [enter(hub, f"P{number}") for number in range(count)]
    for client in clients:
        client.put = lambda data: None
        client.user.put = client.put
    return hub, clients


def _roomed(count: int) -> Hub:
    """
    @return: a hub with so many empty rooms.
    """
    log = MemoryLog(projection=project, keep=2 * count)
    for number in range(1, count + 1):
        log.append(Draft(CREATED, f"#r{number}", "Ann", sid="ann"), None)
        log.keepRoom(RoomRecord(number, f"#r{number}", "", "ann", ((number, None),)))
    hub = makeHub(log)
    Deferred.fromCoroutine(hub.restore())
    return hub


def message(people: int) -> Do:
    """A message to a room."""
    _, [ann, *_] = _members(people)
    return lambda number: ann.types(f"hello {number}")


def login(people: int) -> Do:
    """A login."""
    hub, _ = _members(people)
    return lambda number: enter(hub, f"New{number}")


def join(people: int) -> Do:
    """A join and a leave."""
    _, [ann, *others] = _members(people)
    for client in others:
        client.types("/join #tea")
    return lambda number: ann.types("/join #tea", "/leave")


def rename(rooms: int) -> Do:
    """A rename."""
    hub = makeHub()
    ann = enter(hub, "Ann")
    ann.types(*(f"/join #r{number}" for number in range(rooms)))
    return lambda number: ann.types(f"/nick Ann{number}")


def listRooms(rooms: int) -> Do:
    """/rooms."""
    ann = enter(_roomed(rooms), "Ann")
    return lambda number: ann.types("/rooms")


def privateJoin(rooms: int) -> Do:
    """A new private room."""
    ann = enter(_roomed(rooms), "Ann")
    return lambda number: ann.types(f"/join #own{number} sesame", "/leave")


def start(rooms: int) -> Do:
    """A start."""
    hub = _roomed(rooms)
    assert isinstance(hub.log, MemoryLog)
    log = hub.log
    return lambda number: Deferred.fromCoroutine(makeHub(log).restore())


def comeBack(missed: int) -> Do:
    """A resume."""
    log = MemoryLog(projection=project, keep=100_000)
    hub = makeHub(log)
    ann = enter(hub, "Ann", JSON)
    [welcome] = ann.objectsOf("welcome")
    ann.drops()
    bob = enter(hub, "Bob")
    bob.put = lambda data: None
    for number in range(missed):
        bob.types(f"hello {number}")

    def back(number: int) -> None:
        resume(hub, welcome, welcome["last"]).drops()

    return back


def searchUnindexed(waiting: int) -> Do:
    """A search among what is not indexed."""
    folder = tempfile.TemporaryDirectory(prefix="costs-")
    path = Path(folder.name, "chat.sqlite")
    with closing(Writer(str(path), time.time, ALL)) as writer:
        writer.open()
        draft = Draft(SAID, "#lobby", "Ann", "a message of some eight or ten words in all", sid="a")
        writer.commit([(draft, None)] * waiting)
    reader = Reader(str(path), canSearch=True)
    scope = Scope((Place("#lobby", ((1, 2**53),), 1),), "ann")

    def search(number: int) -> list[object]:
        # The folder lives as long as this function.
        assert folder.name
        return list(reader.search(scope, Query(("absentword",)), 50))

    return search


COSTS: dict[str, tuple[Callable[[int], Do], tuple[int, int, int]]] = {
    "a message, people in the room": (message, (100, 1000, 3000)),
    "a login, people here": (login, (100, 1000, 3000)),
    "a join and a leave, people in the room": (join, (30, 300, 1000)),
    "a rename, rooms of the person": (rename, (3, 10, 30)),
    "/rooms, rooms": (listRooms, (100, 1000, 10000)),
    "a new private room, rooms": (privateJoin, (100, 1000, 10000)),
    "a resume, events missed": (comeBack, (100, 1000, 10000)),
    "a start, rooms": (start, (100, 1000, 10000)),
    "a search, messages not indexed": (searchUnindexed, (1000, 10000, 50000)),
}
"""What is measured, and at which sizes."""


def cost(make: Callable[[int], Do], size: int, tries: int = TRIES) -> float:
    """
    @return: the median of the processor time that a thing takes, in microseconds.
    """
    do = make(size)
    do(0)
    took = []
    for number in range(1, tries + 1):
        # What is collected are the doubles of the tests.
        gc.collect()
        gc.disable()
        try:
            begun = time.process_time()
            do(number)
            took.append(1e6 * (time.process_time() - begun))
        finally:
            gc.enable()
    return median(took)


def power(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """
    @return: the power of the size with which the costs grow, from the second size to the last: at
        small sizes what is constant hides the rest.
    """
    return math.log(costs[-1] / costs[-2]) / math.log(sizes[-1] / sizes[-2])


def main(words: Sequence[str]) -> int:
    """
    Run the command line.

    @return: the exit code: 1 where something grows faster than it should.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.costs", description=__doc__)
    parser.add_argument("--tries", type=int, default=TRIES, help=f"of each ({TRIES})")
    options = parser.parse_args(words)
    isBroken = False
    for name, (make, sizes) in COSTS.items():
        costs = [cost(make, size, options.tries) for size in sizes]
        grows = power(sizes, costs)
        isBroken = isBroken or grows > SUPERLINEAR
        shown = ", ".join(f"{size}: {each:.0f}" for size, each in zip(sizes, costs, strict=True))
        print(f"{name:42} {shown} us; power {grows:.2f} (at most {SUPERLINEAR})", flush=True)
    return int(isBroken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
