# -*- test-case-name: tests.console.test_terminal -*-
"""
Changes the settings of a terminal, which the kernel keeps (POSIX termios), and chooses the kind of
console that fits what a process was started with.
"""

from __future__ import annotations

import errno
import os
import termios
from contextlib import suppress
from typing import Literal

Mode = Literal["ansi", "dumb", "plain"]

DUMB_TERMS = frozenset({"", "dumb", "unknown", "emacs"})
"""Values of C{TERM} of terminals that may not be sent an escape."""


def chooseMode(
    interactiveInput: bool, interactiveOutput: bool, term: str, plain: bool = False
) -> Mode:
    """
    Choose a kind of console.

    @param interactiveInput: whether the input is a terminal.
    @param interactiveOutput: whether the output is a terminal.
    @param term: the name of the terminal, as in C{TERM}; nothing if there is none.
    @param plain: whether lines without any editing were asked for.
    @return: C{"ansi"} for a terminal with the controls of ECMA-48, C{"dumb"} for one without,
        C{"plain"} for files and pipes.
    """
    if plain or not (interactiveInput and interactiveOutput):
        return "plain"
    return "dumb" if term in DUMB_TERMS else "ansi"


# Where termios.tcgetattr() has its flags and its special characters.
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
    A terminal that can be made ours and given back.
    """

    def __init__(self, descriptor: int = 0) -> None:
        """
        @param descriptor: any descriptor of the terminal.
        """
        self._descriptor = descriptor
        self._saved: list[object] | None = None

    def size(self) -> tuple[int, int]:
        """
        @return: its columns and rows; zeros if it does not tell.
        """
        try:
            return os.get_terminal_size(self._descriptor)
        except OSError:
            return 0, 0

    def take(self) -> None:
        """
        Make every key come at once, unchanged and without an echo or a signal, and every byte go
        out unchanged.

        What was typed before stays to be read.  In a background process this waits for the
        foreground, as the kernel does with all who change a terminal there.
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
        Set everything as it was before L{take}; once, and only if the terminal is ours to set.
        """
        saved, self._saved = self._saved, None
        if saved is not None and self._inForeground():
            with suppress(termios.error):
                self._set(saved)

    def _set(self, attributes: list[object]) -> None:
        """
        Set attributes at once: waiting for a stuck terminal to take its output would take forever.
        """
        try:
            termios.tcsetattr(self._descriptor, termios.TCSANOW, attributes)  # type: ignore[arg-type]
        except termios.error as error:
            if error.args[0] != errno.EINTR:
                raise
            # Stopped in the background, and back now.
            self._set(attributes)

    def _inForeground(self) -> bool:
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:
            return True
