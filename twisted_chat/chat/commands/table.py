# -*- test-case-name: tests.chat.commands.test_table -*-
"""
The table of commands, used for dispatching, C{/help} and completion.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import NamedTuple

from ...errors import BadCommand, NotAllowed
from ...wire.answers import CommandHelp, Help
from ...wire.events import ACTED
from ..state import Doing
from ..user import User
from . import moderators, order, review
from .account import account, device, inbox, inviteCode, login, password, register, unregister
from .queries import history, names, rooms, search, who
from .rooms import invite, join, leave, lock, topic, unlock


class Command(NamedTuple):
    """
    A row of the table.

    @ivar usage: its arguments as C{/help} shows them; those in brackets are optional.
    @ivar help: a sentence that says what it does.
    @ivar handler: called with the user, the text of the arguments and the client's own id of the
        request.
    @ivar needed: the least number of arguments.
    @ivar cost: how many lines it counts as against the client's rate: commands that tell everybody
        in a room, or read the history, cost more than a message.
    @ivar may: tells whether a user may use it in their current room; otherwise C{/help} does not
        list it.
    """

    usage: str
    help: str
    handler: Callable[[User, str, str | None], Doing]
    needed: int = 0
    cost: int = 1
    may: Callable[[User], bool] | None = None


def commands(user: User) -> Help:
    """
    @return: all commands that a user may use in their current room.
    """
    rows = ((name, row) for name, row in COMMANDS.items() if row.may is None or row.may(user))
    return Help(tuple(CommandHelp(name, row.usage, row.help) for name, row in rows))


async def _help(user: User, text: str, key: str | None) -> None:
    if not text:
        user.answer(commands(user), key)
        return
    name = text.split(maxsplit=1)[0].removeprefix("/").lower()
    command = _find(name)
    user.answer(CommandHelp(_ALIASES.get(name, name), command.usage, command.help), key)


async def _nick(user: User, text: str, key: str | None) -> None:
    await user.rename(text)


async def _msg(user: User, text: str, key: str | None) -> None:
    name, _, words = text.partition(" ")
    telling = user.tell(name, words.strip(), key)
    if telling is not None:
        await telling


async def _reply(user: User, text: str, key: str | None) -> None:
    user.tellLastSender(text, key)


async def _me(user: User, text: str, key: str | None) -> None:
    saying = user.say(text, "", key, ACTED)
    if saying is not None:
        await saying


async def _quit(user: User, text: str, key: str | None) -> None:
    user.quit()


COMMANDS: dict[str, Command] = {
    "help": Command("[COMMAND]", "lists the commands, or explains one.", _help),
    "names": Command("[#ROOM]", "tells who is in your room, or in another.", names),
    "who": Command("NAME", "tells since when someone is here, and where.", who, 1),
    "nick": Command("NEW", "gives you another name.", _nick, 1, 5),
    "msg": Command("NAME TEXT", "sends a direct message.", _msg, 2),
    "r": Command("TEXT", "replies to whoever last sent you a direct message.", _reply, 1),
    "me": Command("TEXT", "shows what you do: /me waves.", _me, 1),
    "join": Command("#ROOM [PASSWORD]", "enters a room, makes it, or goes back to it.", join, 1, 2),
    "leave": Command("[#ROOM]", "leaves your room, or another of yours.", leave),
    "rooms": Command("", "lists the rooms you can enter.", rooms),
    "topic": Command("[TEXT]", "shows or sets what your room is about; - clears it.", topic, 0, 5),
    "invite": Command("NAME", "lets someone into your room while it is private.", invite, 1, 5),
    "lock": Command(
        "[PASSWORD]",
        "makes your own room private: by invitation, or by a new password.",
        lock,
        0,
        5,
    ),
    "unlock": Command("", "opens your own room to everybody.", unlock, 0, 5),
    "history": Command("[COUNT] [before ID]", "shows what was said in your room before.", history),
    "search": Command(
        "WORDS [from:NAME] [in:#ROOM] [since:7d]",
        "finds messages that you may read, in all your rooms.",
        search,
        1,
        3,
    ),
    "register": Command("[PASSWORD]", "makes the name you have your own.", register, 0, 5),
    "login": Command("NAME PASSWORD", "lets you go on under a name of your own.", login, 2, 5),
    "password": Command("NEW", "sets another password for your name.", password, 1, 5),
    "account": Command("", "tells which names and devices are yours.", account),
    "device": Command(
        "add|remove LABEL", "lets another device in, or shuts one out.", device, 2, 5
    ),
    "inbox": Command("[COUNT]", "shows what was said to you alone.", inbox, 0, 3),
    "invite-code": Command("", "gives a code that lets somebody register.", inviteCode, 0, 5),
    "unregister": Command("NAME", "ends your account: nobody gets its name.", unregister, 1, 5),
    "report": Command(
        "NAME|ID [REASON]",
        "tells the moderators of someone, or of a message.",
        review.report,
        1,
        5,
    ),
    "remove": Command(
        "ID|NAME [TIME] [REASON]",
        "removes a message of yours, or what someone said lately.",
        review.remove,
        1,
        5,
    ),
    "restore": Command("ID", "brings back what was removed.", review.restore, 1, 5),
    "kick": Command(
        "NAME [REASON]", "removes someone from your room.", order.kick, 1, 5, moderators.mayKick
    ),
    "ban": Command(
        "TARGET [TIME] [all] [REASON]",
        "keeps someone out: in the lobby, out of this server.",
        order.ban,
        1,
        5,
        moderators.mayRule,
    ),
    "unban": Command("TARGET", "lets someone in again.", order.unban, 1, 5, moderators.mayRule),
    "mute": Command(
        "NAME [TIME] [REASON]",
        "keeps someone from speaking.",
        order.mute,
        1,
        5,
        moderators.mayRule,
    ),
    "unmute": Command("NAME", "lets someone speak again.", order.unmute, 1, 5, moderators.mayRule),
    "bans": Command("", "lists who is banned or muted.", order.bans, 0, 3, moderators.mayRule),
    "slow": Command(
        "TIME|off",
        "lets each member speak once in this time: /slow 30s.",
        order.slow,
        1,
        5,
        moderators.mayModerate,
    ),
    "readonly": Command(
        "on|off",
        "lets only moderators and speakers speak.",
        order.readonly,
        1,
        5,
        moderators.mayModerate,
    ),
    "grant": Command(
        "NAME ROLE",
        "makes someone owner, moderator or speaker.",
        order.grant,
        2,
        5,
        moderators.mayGrant,
    ),
    "revoke": Command(
        "NAME", "takes someone's role away.", order.revoke, 1, 5, moderators.mayModerate
    ),
    "reports": Command("", "lists the open reports.", review.reports, 0, 3, moderators.mayModerate),
    "done": Command("ID", "ends a report.", review.done, 1, 5, moderators.mayModerate),
    "audit": Command(
        "[COUNT]", "shows what moderators have done.", review.audit, 0, 3, moderators.mayRule
    ),
    "lockdown": Command(
        "WHAT [TIME]",
        "shuts the server: register, guests, all or off.",
        order.lockdown,
        1,
        5,
        moderators.mayOperate,
    ),
    "quit": Command("", "leaves the chat.", _quit),
}
"""All commands, in the order in which C{/help} lists them."""

_ALIASES = {"tell": "msg", "w": "msg", "part": "leave", "list": "rooms", "whois": "who"}
"""Names that people know from other chats."""


def perform(user: User, line: str, key: str | None = None) -> Doing:
    """
    Check a line and dispatch it to the handler of its command.

    @param user: who wrote it.
    @param line: clean text, without the slash at its beginning.
    @param key: the client's own id of this request.
    @return: the handler's coroutine, not yet started.
    @raise BadCommand: if there is no such command, or it needs more.
    @raise NotAllowed: if the user may not use it in their current room.
    """
    name, _, text = line.partition(" ")
    command = _find(name.lower())
    text = text.strip()
    if len(text.split(maxsplit=command.needed)) < command.needed:
        raise BadCommand(f"Usage: /{name.lower()} {command.usage}")
    if command.may is not None and not command.may(user):
        raise NotAllowed(
            f"/{name.lower()} is for those who keep order in {user.current.name}: /help lists what "
            "you may do"
        )
    if command.cost > 1:
        user.client.charge(command.cost - 1)
    return command.handler(user, text, key)


def _find(name: str) -> Command:
    """
    @raise BadCommand: if there is no such command; it suggests the nearest one.
    """
    command = COMMANDS.get(_ALIASES.get(name, name))
    if command is None:
        near = difflib.get_close_matches(name[:20], COMMANDS, 1, 0.5)
        hint = f"did you mean /{near[0]}?" if near else "/help lists them"
        raise BadCommand(f"there is no such command, and nothing was sent: {hint}")
    return command
