# -*- test-case-name: tests.test_console_modes -*-
"""
Which kind of console fits what a process was started with.
"""

from __future__ import annotations

from typing import Literal

Mode = Literal["ansi", "dumb", "plain"]

#: Values of C{TERM} of terminals that may not be sent an escape.
DUMB_TERMS = frozenset({"", "dumb", "unknown", "emacs"})


def chooseMode(stdinIsTty: bool, stdoutIsTty: bool, term: str, plain: bool = False) -> Mode:
    """
    Choose a kind of console.

    @param stdinIsTty: whether the input is a terminal.
    @param stdoutIsTty: whether the output is a terminal.
    @param term: the name of the terminal, as in C{TERM}; nothing if there is none.
    @param plain: whether lines without any editing were asked for.
    @return: C{"ansi"} for a terminal with the controls of ECMA-48, C{"dumb"} for one without,
        C{"plain"} for files and pipes.
    """
    if plain or not (stdinIsTty and stdoutIsTty):
        return "plain"
    return "dumb" if term in DUMB_TERMS else "ansi"
