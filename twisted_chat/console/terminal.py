# -*- test-case-name: tests.console.test_terminal -*-
"""
Changes the settings of a terminal (POSIX termios), and chooses the kind of console for the standard
streams of a process.
"""

from __future__ import annotations

import errno
import os
import termios
from contextlib import suppress
from typing import Literal

Mode = Literal["ansi", "dumb", "plain"]

DUMB_TERMS = frozenset({"", "dumb", "unknown", "emacs"})
"""Values of C{TERM} for terminals that must not be sent escape sequences."""


def chooseMode(
    interactiveInput: bool, interactiveOutput: bool, term: str, plain: bool = False
) -> Mode:
    """
    Choose a kind of console.

    @param interactiveInput: whether the input is a terminal.
    @param interactiveOutput: whether the output is a terminal.
    @param term: the name of the terminal, as in C{TERM}; empty if there is none.
    @param plain: whether the user asked for lines without editing.
    @return: C{"ansi"} for a terminal with the controls of ECMA-48, C{"dumb"} for one without,
        C{"plain"} for files and pipes.
    """
    if plain or not (interactiveInput and interactiveOutput):
        return "plain"
    return "dumb" if term in DUMB_TERMS else "ansi"


# The indexes of flags and special characters in the result of termios.tcgetattr().
_IFLAG, _OFLAG, _LFLAG, _CC = 0, 1, 3, 6

_INPUT = (
    termios.BRKINT
    | termios.ICRNL
    | termios.IGNCR
    | termios.INLCR
    | termios.INPCK
    | termios.ISTRIP
    | termios.IXON
)
_LOCAL = termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG


class Terminal:
    """
    A terminal that can be taken and given back.
    """

    def __init__(self, descriptor: int = 0) -> None:
        """
        @param descriptor: any descriptor of the terminal.
        """
        self._descriptor = descriptor
        self._saved: list[object] | None = None

    def size(self) -> tuple[int, int]:
        """
        @return: its columns and rows; zeros if unknown.
        """
        try:
            return os.get_terminal_size(self._descriptor)
        except OSError:
            return 0, 0

    def take(self) -> None:
        """
        Switch to raw mode: every key arrives at once, unchanged and without echo or signal, and
        every byte goes out unchanged.

        Input typed before stays readable.  In a background process this blocks until it is in the
        foreground, as the kernel requires for every change of a terminal.
        """
        if self._saved is None:
            self._saved = termios.tcgetattr(self._descriptor)
        attributes = list(self._saved)
        characters = attributes[_CC]
        for index, cleared in ((_IFLAG, _INPUT), (_OFLAG, termios.OPOST), (_LFLAG, _LOCAL)):
            flags = attributes[index]
            assert isinstance(flags, int)
            attributes[index] = flags & ~cleared
        assert isinstance(characters, list)
        attributes[_CC] = characters = list(characters)
        characters[termios.VMIN], characters[termios.VTIME] = 1, 0
        self._set(attributes)

    def giveBack(self) -> None:
        """
        Restore the settings from before L{take}, once, and only if this process may change the
        terminal.
        """
        saved, self._saved = self._saved, None
        if saved is not None and self._inForeground():
            with suppress(termios.error):
                self._set(saved)

    def _set(self, attributes: list[object]) -> None:
        """
        Set attributes at once: waiting for a stuck terminal to take its output could take for ever.
        """
        try:
            termios.tcsetattr(self._descriptor, termios.TCSANOW, attributes)  # type: ignore[arg-type]
        except termios.error as error:
            if error.args[0] != errno.EINTR:
                raise
            # The process was stopped in the background, and has been continued.
            self._set(attributes)

    def _inForeground(self) -> bool:
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:
            return True
