# -*- test-case-name: tests.doors.admin.test_tool -*-
"""
Sends a request to a running server: C{python -m twisted_chat.admin}.

Exit codes: 0 for success, 1 if the server refuses, is not ready or does not run, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import stat
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, TextIO

from ...text.cleaning import escapeLog
from .requests import ORDERS

TIMEOUT: Final = 10.0
"""Seconds to wait for an answer: a healthy server takes less."""

ENDING: Final = "-admin"
"""The suffix that the socket's name adds to the name of the history."""


class NoAnswer(Exception):
    """The server cannot be reached, or did not answer."""


def socketPath(path: str) -> str:
    """
    @param path: the path of a history, or of the socket itself.
    @return: the path of the socket.
    """
    try:
        isSocket = stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        isSocket = False
    return path if isSocket else path + ENDING


def ask(path: str, request: dict[str, Any]) -> dict[str, Any]:
    """
    @param path: the path of the socket.
    @param request: an object.
    @return: the answer.
    @raise NoAnswer: if there is none.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT)
            connection.connect(path)
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as file:
                answer: Any = json.loads(file.readline())
    except TimeoutError:
        raise NoAnswer(f"the server behind {path} does not answer") from None
    except OSError as error:
        raise NoAnswer(f"no server can be asked over {path}: {error.strerror or error}") from None
    except ValueError:
        raise NoAnswer(f"what answers over {path} is no chat server, or it ended") from None
    if not isinstance(answer, dict):
        raise NoAnswer(f"what answers over {path} is no chat server")
    return answer


def show(answer: dict[str, Any], out: TextIO) -> None:
    """
    Print an answer for people.
    """
    for line in _lines(answer):
        print(escapeLog(line), file=out)


def _lines(answer: dict[str, Any]) -> list[str]:
    kind = answer.get("type")
    if kind == "status":
        doors = answer["connections"].items()
        return [
            f"version      {answer['version']}",
            f"people       {answer['people']}",
            f"rooms        {answer['rooms']}",
            f"connections  {', '.join(f'{count} {name}' for name, count in doors)}",
            f"last id      {answer['last']}",
            f"waiting      {answer['waiting']}",
            f"history      {answer['trouble'] or 'well'}",
        ]
    if kind == "names":
        return [
            f"{each['name']}  {each['address'] or 'elsewhere'}  since {_time(each['since'])}  "
            f"{' '.join(each['rooms'])}"
            for each in answer["people"]
        ]
    if kind == "rooms":
        return [
            f"{each['room']}  {each['members']} members"
            f"{', private' if each['private'] else ''}  {each['topic']}".rstrip()
            for each in answer["rooms"]
        ]
    if kind == "command":
        return [str(line).removeprefix("* ") for line in answer["lines"]] or ["done"]
    return [str(answer.get("text", answer))]


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m twisted_chat.admin", description="Ask a running server, or have it do something."
    )
    parser.add_argument("file", metavar="FILE", help="its history, or the socket of --admin")
    parser.add_argument("--json", action="store_true", help="print the answer as it came")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help in (
        ("status", "how many are here, and how the history is"),
        ("health", "status 0 if people can chat, else a sentence and 1"),
        ("names", "everybody who is here, with their addresses"),
        ("rooms", "all rooms, private ones included"),
        ("reload", "read the options and the certificate once more"),
    ):
        commands.add_parser(name, help=help)
    for name, help in (
        ("open", "make a private room public"),
        ("close", "end a room; its members are in the lobby then"),
    ):
        commands.add_parser(name, help=help).add_argument("room", metavar="ROOM")
    code = commands.add_parser("code", help="make a one-time code: to register, or to get in again")
    code.add_argument("name", metavar="NAME", nargs="?", help="whose account it is for")
    command = commands.add_parser(
        "command", help="what moderators type in the chat: command grant Ann operator"
    )
    command.add_argument("--room", default="", metavar="ROOM", help="where (default: everywhere)")
    command.add_argument("words", nargs=argparse.REMAINDER, metavar="WORD")
    for name in ORDERS:
        order = commands.add_parser(name, help=f"short for: command {name}")
        order.add_argument("--room", default="", metavar="ROOM", help="where (default: everywhere)")
        order.add_argument("words", nargs=argparse.REMAINDER, metavar="WORD")
    return parser


def _request(options: argparse.Namespace) -> dict[str, Any]:
    """
    @return: the request that the command line describes.
    """
    if "words" in options:
        words = options.words
        if options.command != "command":
            words = [options.command, *words]
        line = " ".join(words).removeprefix("/")
        return {"type": "command", "line": line, "room": options.room}
    fields = {name: getattr(options, name, None) for name in ("room", "name")}
    return {"type": options.command, **{name: text for name, text in fields.items() if text}}


def main(arguments: Sequence[str] | None = None) -> int:
    """
    @param arguments: the command line, without the program's name.
    @return: the exit code.
    """
    options = _parser().parse_args(arguments)
    request = _request(options)
    try:
        answer = ask(socketPath(options.file), request)
    except NoAnswer as error:
        print(escapeLog(str(error)), file=sys.stderr)
        return 1
    isDone = answer.get("type") == request["type"]
    if options.json:
        print(json.dumps(answer))
    else:
        show(answer, sys.stdout if isDone else sys.stderr)
    return 0 if isDone else 1
