"""
History files of every released version of the tables, as SQL in C{tests/data}.

Each was made by a real server of its version, with programs and a person who talked over loopback,
and is never made again: what it holds is what such a server left behind.  When the tables get a new
version, make the file of the one before it from a checkout of the last commit that has it::

    git worktree add ../old COMMIT
    python -m tests.support.histories ../old >tests/data/history-VERSION.sql

and put the tokens, which are printed last, into L{TOKENS}.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tests.support.processes import PATIENCE, TWISTED, Child, Line

DATA: Final = Path(__file__).resolve().parents[1] / "data"
"""Where the files of SQL are."""

TOKENS: Final[Mapping[int, Mapping[str, str]]] = {
    1: {
        "Ann": "CHZzgq4T6GqZET-Un8Jw8C5OkL0i_y48ea_5Ll2QyxY",
        "Robert": "I-4MiMqLrs4_zGVRwfdNY_c63Y3vKP7he9_1JEpcfyE",
        "Dora": "j_nqpiwMTYDGCoCQZNWORHEPrpA0gx-cpL5PdI_oGHo",
    },
    2: {
        "Ann": "bwsPUn70b_f9tMAPK8TRuEUKv1TWoImQihkXOxhMYow",
        "Robert": "M1cEPZqyOF1PW5ewic1CxtVlfssvqKr7ngKbn9Xn780",
        "Dora": "7iRXEdSKJyJv2sRQ-_5cizKnYeOSQKC7uF8lfV1QxCM",
    },
    3: {
        "Ann": "G87ZO8IpUbrIxtr4DbjkaHXAbTw9BiV4MzayCvXgFqI",
        "Robert": "W5kx9VcX-iEHvo6vfl6Ue4zdKSOKYWmSG3tUy2CV9-s",
        "Dora": "Zki4Ml8fClE5so-EZt81LfvKTo6ZSg8ftIiptU-XMVU",
    },
}
"""The tokens of the sessions in each version's file, by the names their owners had last."""

KEY: Final = "sesame"
"""The key of C{#den}."""

LAST_SEEN: Final = "the den is warm"
"""The last thing that was said while Ann was there, by Ann."""

EVENTS: Final = 'SELECT id, time, kind, room, name, text, "to", sid, key FROM events ORDER BY id'
"""Asks a file for all of its events, whatever its version."""


def build(version: int, path: str) -> None:
    """
    Make a history file as a server of this version left it.

    @param path: its path; nothing is there.
    """
    script = (DATA / f"history-{version}.sql").read_text("utf-8")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(script)


def dump(path: str) -> Iterator[str]:
    """
    @param path: a history file that no server uses.
    @return: the lines of SQL that L{build} makes it of again.
    """
    with closing(sqlite3.connect(path)) as connection:
        yield "PRAGMA journal_mode = WAL;"
        for pragma in ("application_id", "user_version"):
            (value,) = connection.execute(f"PRAGMA {pragma}").fetchone()
            yield f"PRAGMA {pragma} = {value};"
        yield "BEGIN;"
        rows = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        ).fetchall()
        # The index of words makes its own tables, and puts rows of an empty index into them.
        yield from (f"{sql};" for _, name, sql in rows if not name.startswith("terms_"))
        for type, name, _ in rows:
            if type == "table" and name != "terms":
                if name.startswith("terms_"):
                    yield f"DELETE FROM {name};"
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
                quoted = " || ', ' || ".join(f'quote("{column}")' for column in columns)
                for (values,) in connection.execute(
                    f"SELECT {quoted} FROM {name} ORDER BY {columns[0]}"
                ):
                    yield f"INSERT INTO {name} VALUES ({values});"
        yield "COMMIT;"


class Program:
    """
    Somebody who speaks JSON.

    @ivar token: the token of the session.
    """

    def __init__(self, port: int, name: str) -> None:
        """
        @param port: the server's.
        """
        self._line = Line.to(port)
        self._line.readLine()
        self._send(type="hello", name=name)
        self.token: str = self.hears(type="welcome")["token"]

    def _send(self, **fields: Any) -> None:
        self._line.send(json.dumps(fields))

    def hears(self, **fields: Any) -> dict[str, Any]:
        """
        @return: the next object that has these fields.
        """
        while True:
            value: dict[str, Any] = json.loads(self._line.readLine())
            if value["type"] == "error":
                raise AssertionError(value)
            if fields.items() <= value.items():
                return value

    def asks(self, type: str, **fields: Any) -> None:
        """
        Ask for something, until it is done.
        """
        self._send(type=type, **fields)
        self._send(type="ping")
        self.hears(type="pong")

    def types(self, *lines: str) -> None:
        """
        Give commands, one after the other.
        """
        for line in lines:
            self.asks("command", line=line)

    def drops(self) -> None:
        """
        Lose the connection.
        """
        self._line.close()


class Person:
    """
    Somebody who types.
    """

    def __init__(self, port: int, name: str) -> None:
        """
        @param port: the server's.
        """
        self._line = Line.to(port)
        self._line.readLine()
        self.types(name, "Connected")

    def types(self, line: str, answer: str) -> None:
        """
        Send a line, until a line comes that begins with this answer.
        """
        self._line.send(line)
        while not self._line.readLine().startswith(answer):
            pass


def talk(port: int, path: str, version: int) -> dict[str, str]:
    """
    Let people do everything that leaves something in a history.

    @param port: the server's.
    @param path: its history.
    @param version: that of its tables.
    @return: the tokens of those who have one.
    """
    receipt, moved = "OK", "* You are in"
    ann, bob, dora = (Program(port, name) for name in ("Ann", "Bob", "Dora"))
    cem = Person(port, "Cem")
    ann.asks("say", key="a1", text="Good morning! The kettle is on.")
    bob.asks("act", key="b1", text="yawns")
    cem.types("Guten Morgen, Zoë!", receipt)
    cem.types("/me waves", receipt)
    # A room for everybody.
    ann.types("/join #tea", "/topic Green tea (绿茶)")
    bob.types("/join #tea")
    bob.asks("say", key="b2", text="我们喝绿茶吧", room="#tea")
    cem.types("/join #tea", moved)
    cem.types("black for me", receipt)
    # A private room, which one enters by its key or by invitation.
    ann.types(f"/join #den {KEY}")
    cem.types(f"/join #den {KEY}", moved)
    ann.types("/invite Bob")
    bob.types("/join #den")
    bob.asks("say", key="b3", text="nobody else hears the kettle")
    # A private room that is opened and left by everybody; by the first versions it can then be made
    # again by somebody else.
    ann.types("/join #plan", "/lock", "/invite Bob")
    bob.types("/join #plan")
    bob.asks("say", key="b4", text="the plan is to sleep")
    ann.asks("tell", key="a2", to="Cem", text="psst, Cem")
    cem.types("/msg Ann psst, Ann", receipt)
    bob.types("/nick Robert")
    if version >= 3:
        ann.types("/kick Robert Bedtime!")
    bob.drops()
    ann.hears(type="left", name="Robert", room="#lobby")
    ann.types("/unlock", "/leave")
    dora.types("/join #plan" if version < 3 else "/join #work", "/topic Work", "/lock")
    dora.asks("say", key="d1", text="the plan is to work")
    ann.types("/join #den")
    ann.asks("say", key="a3", text=LAST_SEEN)
    until = time.monotonic() + PATIENCE
    while not isIndexed(path):
        if time.monotonic() > until:
            raise AssertionError("the index of words is not made")
        time.sleep(0.1)
    # What comes now is missed by Ann, and some of it by the index of words.
    ann.drops()
    dora.hears(type="left", name="Ann")
    cem.types("the kettle is empty", receipt)
    cem.types("/join #tea", moved)
    cem.types("/topic No tea", "* ")
    cem.types("tea, anybody?", receipt)
    dora.asks("say", key="d2", text="good night", room="#lobby")
    return {"Ann": ann.token, "Robert": bob.token, "Dora": dora.token}


def isIndexed(path: str) -> bool:
    """
    @return: whether every event has come to the index of words.
    """
    with closing(sqlite3.connect(path)) as connection:
        (isDone,) = connection.execute(
            "SELECT value >= (SELECT max(id) FROM events) FROM notes WHERE name = 'indexed'"
        ).fetchone()
    return bool(isDone)


def main(checkout: str) -> None:
    """
    Print the history that the server of a checkout leaves behind.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "chat.sqlite")
        options = ("--history", path, "--host", "127.0.0.1", "--port", "0", "--rate", "0")
        # Python looks for modules in the folder where it works first.
        with closing(Child((*TWISTED, "chatserver", *options), checkout)) as server:
            port = server.waitFor(r"Chat server started on port (\d+)$")[1]
            with closing(sqlite3.connect(path)) as connection:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
            tokens = talk(int(port), path, version)
            server.signal(signal.SIGTERM)
            if server.wait():
                raise AssertionError(server.output)
        print(*dump(path), sep="\n")
    print(tokens, file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
