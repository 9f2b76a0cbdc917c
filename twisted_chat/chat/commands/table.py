# -*- test-case-name: tests.chat.commands.test_table -*-
"""
The commands: one table from which both the dispatching and C{/help} are made.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ...errors import BadCommand
from ...wire.events import ACTED
from .queries import answer, history, names, rooms, search, who
from .rooms import invite, join, leave, lock, topic, unlock

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from ..user import User


class Command(NamedTuple):
    """
    A row of the table.

    @ivar usage: its arguments as C{/help} shows them; those in brackets may be left out.
    @ivar help: a sentence that says what it does.
    @ivar handler: called with the user, the text of the arguments and the key of the request;
        where it must read first, it returns what L{dispatch} does.
    @ivar needed: how many arguments it needs at least.
    """

    usage: str
    help: str
    handler: Callable[[User, str, str | None], Deferred[None] | None]
    needed: int = 0


def _help(user: User, text: str, key: str | None) -> None:
    if not text:
        listed = " ".join(f"/{name}" for name in COMMANDS)
        answer(user, f"{listed} - /help COMMAND tells more; // at the start says /", key)
        return
    name = text.split(maxsplit=1)[0].removeprefix("/").lower()
    command = _find(name)
    answer(user, f"/{name} {command.usage}".rstrip() + f" - {command.help}", key)


def _nick(user: User, text: str, key: str | None) -> None:
    user.rename(text)


def _msg(user: User, text: str, key: str | None) -> None:
    name, _, words = text.partition(" ")
    user.tell(name, words.strip(), key)


def _reply(user: User, text: str, key: str | None) -> None:
    user.answerTeller(text, key)


def _me(user: User, text: str, key: str | None) -> None:
    user.say(text, "", key, ACTED)


def _quit(user: User, text: str, key: str | None) -> None:
    user.quit()


COMMANDS: dict[str, Command] = {
    "help": Command("[COMMAND]", "lists the commands, or explains one.", _help),
    "names": Command("[#ROOM]", "tells who is in your room, or in another.", names),
    "who": Command("NAME", "tells since when someone is here, and where.", who, 1),
    "nick": Command("NEW", "gives you another name.", _nick, 1),
    "msg": Command("NAME TEXT", "says something to one person alone.", _msg, 2),
    "r": Command("TEXT", "answers who last told you something alone.", _reply, 1),
    "me": Command("TEXT", "shows what you do: /me waves.", _me, 1),
    "join": Command("#ROOM [KEY]", "enters a room, makes it, or goes back to it.", join, 1),
    "leave": Command("[#ROOM]", "leaves your room, or another of yours.", leave),
    "rooms": Command("", "lists the rooms you can enter.", rooms),
    "topic": Command("[TEXT]", "shows or sets what your room is about.", topic),
    "invite": Command("NAME", "lets someone into your room while it is private.", invite, 1),
    "lock": Command("[KEY]", "makes your own room private: by invitation, or by a key.", lock),
    "unlock": Command("", "opens your own room to everybody.", unlock),
    "history": Command("[COUNT] [before ID]", "shows what was said in your room before.", history),
    "search": Command(
        "WORDS [from:NAME] [in:#ROOM] [since:7d]",
        "finds messages that you may read, in all your rooms.",
        search,
        1,
    ),
    "quit": Command("", "leaves the chat.", _quit),
}
"""All commands, in the order in which C{/help} lists them."""


def dispatch(user: User, line: str, key: str | None = None) -> Deferred[None] | None:
    """
    Do what a line says: a command, or a message.

    @param user: who wrote it.
    @param line: clean text.
    @param key: the client's own id of this request.
    @return: fires when it is answered, if that takes a while: no other line of this user is to be
        taken before.
    @raise ChatError: if it is refused: nothing was said.
    """
    if line[:1] != "/":
        user.say(line, "", key)
    elif line[:2] == "//":
        user.say(line[1:], "", key)
    else:
        name, _, text = line[1:].partition(" ")
        command = _find(name.lower())
        text = text.strip()
        if len(text.split()) < command.needed:
            raise BadCommand(f"say it like this: /{name.lower()} {command.usage}")
        return command.handler(user, text, key)
    return None


def _find(name: str) -> Command:
    """
    @raise BadCommand: if there is none; it names the nearest one.
    """
    command = COMMANDS.get(name)
    if command is None:
        near = difflib.get_close_matches(name[:20], COMMANDS, 1, 0.5)
        hint = f"did you mean /{near[0]}?" if near else "/help lists them"
        raise BadCommand(f"there is no such command, and nothing was sent: {hint}")
    return command
