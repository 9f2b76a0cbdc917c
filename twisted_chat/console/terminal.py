# -*- test-case-name: tests.test_console_local -*-
"""
The terminal of this process, as the kernel knows it (POSIX termios).
"""

from __future__ import annotations

import errno
import fcntl
import os
import termios
from contextlib import suppress

# Where termios.tcgetattr() has its flags.
_IFLAG, _LFLAG, _CC = 0, 3, 6


def fillStandardDescriptors() -> None:
    """
    Open the null device where standard input, output or error are closed.

    Else the next thing opened gets their number, and is taken for them.  To be called before the
    reactor is imported, which opens things.
    """
    for descriptor in range(3):
        if not _isOpen(descriptor):
            os.open(os.devnull, os.O_RDWR)


def _isOpen(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


class Terminal:
    """
    A terminal that can be made ours and given back.

    It is opened anew by its name.  So what is set on the descriptors here, above all not to block,
    is not set on those that the shell and others share with us.  Where it cannot be opened (in a
    container without its device, or as another user), the shared ones serve, and get back their
    flags in the end.

    @ivar descriptor: an own descriptor, for reading and writing.
    """

    def __init__(self, shared: int = 0) -> None:
        """
        @param shared: a descriptor of the terminal.
        @raise OSError: if it is none.
        """
        self._shared = shared
        self._flags: int | None = None
        self._saved: list[object] | None = None
        name = os.ttyname(shared)
        try:
            self.descriptor = os.open(name, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            self._flags = fcntl.fcntl(shared, fcntl.F_GETFL)
            self.descriptor = os.dup(shared)

    def size(self) -> tuple[int, int]:
        """
        @return: its columns and rows; zeros if it does not tell.
        """
        try:
            return os.get_terminal_size(self.descriptor)
        except OSError:
            return 0, 0

    def take(self) -> None:
        """
        Make every key come to us at once, unchanged and without an echo or a signal.

        What was typed before stays to be read.  In a background process this waits for the
        foreground.
        """
        if self._saved is None:
            self._saved = termios.tcgetattr(self.descriptor)
        attributes = list(self._saved)
        attributes[_IFLAG] = self._flag(_IFLAG) & ~(
            termios.BRKINT
            | termios.ICRNL
            | termios.IGNCR
            | termios.INLCR
            | termios.INPCK
            | termios.ISTRIP
            | termios.IXON
        )
        attributes[_LFLAG] = self._flag(_LFLAG) & ~(
            termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG
        )
        characters = attributes[_CC]
        assert isinstance(characters, list)
        characters = list(characters)
        characters[termios.VMIN], characters[termios.VTIME] = 1, 0
        attributes[_CC] = characters
        self._set(attributes)

    def giveBack(self) -> None:
        """
        Set everything as it was; once, and only if the terminal is ours to set.
        """
        saved, self._saved = self._saved, None
        if saved is not None and self._inForeground():
            with suppress(termios.error):
                self._set(saved)
        if self._flags is not None:
            with suppress(OSError):
                fcntl.fcntl(self._shared, fcntl.F_SETFL, self._flags)

    def _flag(self, index: int) -> int:
        assert self._saved is not None
        value = self._saved[index]
        assert isinstance(value, int)
        return value

    def _set(self, attributes: list[object]) -> None:
        """
        Set attributes at once: waiting for a stuck terminal to take its output would take forever.
        """
        try:
            termios.tcsetattr(self.descriptor, termios.TCSANOW, attributes)  # type: ignore[arg-type]
        except termios.error as error:
            if error.args[0] != errno.EINTR:
                raise
            # Stopped in the background, and back now.
            self._set(attributes)

    def _inForeground(self) -> bool:
        try:
            return os.tcgetpgrp(self.descriptor) == os.getpgrp()
        except OSError:
            return True
