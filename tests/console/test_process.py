"""
Tests of the ends of a process, apart from what real processes show (L{tests.system.test_client}).
"""

from __future__ import annotations

import fcntl
import os
import pty
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.console.process import privately


def blocks(fd: int) -> bool:
    """
    @return: whether a descriptor is in blocking mode.
    """
    return not fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK


class PrivateTests(SynchronousTestCase):
    """
    Descriptors of this process alone.
    """

    def pair(self, process: tuple[int, int]) -> tuple[int, int]:
        for each in process:
            self.addCleanup(os.close, each)
        return process

    def check(self, fd: int, access: int) -> None:
        with privately(fd, access) as own:
            self.addCleanup(os.close, own)
            os.set_blocking(own, False)
            shared = blocks(fd)
        self.assertTrue(blocks(fd))
        self.assertTrue(shared)

    def test_pipe(self) -> None:
        """The flags of a pipe's new descriptor are not the flags of the old one."""
        reading, writing = self.pair(os.pipe())
        self.check(reading, os.O_RDONLY)
        self.check(writing, os.O_WRONLY)

    def test_terminal(self) -> None:
        """The flags of a terminal's new descriptor are not the flags of the old one."""
        _, terminal = self.pair(pty.openpty())
        self.check(terminal, os.O_RDONLY)

    def test_samePipe(self) -> None:
        """Bytes written to the new descriptor are read from the old pipe."""
        reading, writing = self.pair(os.pipe())
        with privately(writing, os.O_WRONLY) as own:
            os.write(own, b"x")
            os.close(own)
        self.assertEqual(os.read(reading, 1), b"x")

    def test_file(self) -> None:
        """A file goes on where it was, and has its old flags in the end."""
        path = self.mktemp()
        with open(path, "wb") as file:
            file.write(b"first\nsecond\n")
        fd = os.open(path, os.O_RDONLY)
        self.addCleanup(os.close, fd)
        os.read(fd, 6)
        with privately(fd, os.O_RDONLY) as own:
            os.set_blocking(own, False)
            self.assertEqual(os.read(own, 6), b"second")
            os.close(own)
        self.assertTrue(blocks(fd))


class ImportTests(SynchronousTestCase):
    """
    The modules that a start loads.
    """

    def test_plainNeedsNoConsole(self) -> None:
        """
        The plain client loads only the process of the console, and nothing that measures text.
        """
        script = (
            "import sys, twisted_chat.client.pipeui, twisted_chat.client.link\n"
            "print(*(m for m in sys.modules if 'wcwidth' in m or 'chat.console.' in m))"
        )
        run = subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
            timeout=60,
        )
        self.assertEqual(run.stdout, b"twisted_chat.console.process\n")
