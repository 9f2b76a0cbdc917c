"""
Tests of L{twisted_chat.console.local} and L{twisted_chat.console.terminal}: a real process on a
real pseudo terminal.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from twisted_chat.console.terminal import Terminal

ROOT = Path(__file__).parents[2]

#: Seconds that anything may take before a test fails.
PATIENCE = 20.0

PROGRAM = (sys.executable, "-m", "tests.support.console_program")


class Run:
    """
    A process on a pseudo terminal.

    @ivar output: all it wrote.
    """

    def __init__(
        self, command: tuple[str, ...] = PROGRAM, environ: Mapping[str, str] | None = None
    ) -> None:
        """
        @param command: the program and its arguments.
        @param environ: what is different in its environment.
        """
        self.master, self.slave = os.openpty()
        self.setSize(80, 24)
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        fresh = {key: value for key, value in os.environ.items() if key not in ("TMUX", "NO_COLOR")}
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=fresh | {"TERM": "xterm-256color", "LC_ALL": "C"} | dict(environ or {}),
            start_new_session=True,
            preexec_fn=self._ownTerminal,  # noqa: PLW1509
        )

    @staticmethod
    def _ownTerminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def setSize(self, columns: int, rows: int) -> None:
        """Resize the terminal."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        """Type on it."""
        os.write(self.master, text.encode())

    def read(self, seconds: float) -> bool:
        """
        Read what comes within some seconds.

        @return: whether anything came.
        """
        readable, _, _ = select.select([self.master], [], [], seconds)
        if not readable:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self.output += data
        return bool(data)

    def expect(self, text: str) -> None:
        """
        Read until some text came, and forget all up to its end.
        """
        wanted = text.encode()
        deadline = time.monotonic() + PATIENCE
        while wanted not in self.output:
            self.read(0.1)
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} did not come, but {self.output!r}")
        self.output = self.output.partition(wanted)[2]

    def wait(self, reads: bool = True) -> int:
        """
        Wait for its end.

        @param reads: whether the terminal takes what it writes.
        @return: its exit code.
        """
        if not reads:
            return self.process.wait(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            self.read(0.02)
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not end; it wrote {self.output[-500:]!r}")
        while self.read(0):
            pass
        return self.process.returncode

    def settings(self) -> list[object]:
        """The settings of the terminal as they are now."""
        return termios.tcgetattr(self.slave)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)


class LocalTests(SynchronousTestCase):
    """
    The ways in and out.
    """

    def start(
        self, command: tuple[str, ...] = PROGRAM, environ: Mapping[str, str] | None = None
    ) -> Run:
        """
        Start a process that is gone after the test.
        """
        run = Run(command, environ)
        self.addCleanup(run.close)
        return run

    def enter(self, environ: Mapping[str, str] | None = None) -> Run:
        """
        Start the program and give it a name.
        """
        run = self.start(environ=environ)
        run.expect("Enter your name to enter the chat > ")
        run.type("Ann\r")
        run.expect("Connected... Start sending messages\r\n")
        run.expect("Ann> ")
        return run

    def leaves(self, run: Run, code: int) -> None:
        """
        The process ends with a code, and the terminal is as it was.
        """
        self.assertEqual(run.wait(), code, run.output)
        self.assertEqual(run.settings(), run.before)
        self.assertFalse(fcntl.fcntl(run.slave, fcntl.F_GETFL) & os.O_NONBLOCK)
        ours, _, after = run.output.rpartition(b"\x1b[?2004l\x1b[?25h\x1b[?7h\x1b[0m")
        self.assertNotIn(b"\x1b", after)
        self.assertNotIn(b"Traceback", ours)

    def test_keysThatLeave(self) -> None:
        """Ctrl-C twice, Ctrl-D and a command leave the terminal as it was."""
        for keys, code in (("\x03\x03", 130), ("\x04", 0), ("/quit\r", 0)):
            run = self.enter()
            run.type(keys)
            self.leaves(run, code)

    def test_signals(self) -> None:
        """A signal ends it with its own code, in the middle of typing."""
        for number, code in ((signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)):
            run = self.enter()
            run.type("half a li")
            run.expect("half a li")
            run.process.send_signal(number)
            self.leaves(run, code)

    def test_bugs(self) -> None:
        """A bug, wherever it shows, ends it with 70 and its traceback after all else."""
        for command in ("/raise\r", "/later\r"):
            run = self.enter()
            run.type(command)
            self.leaves(run, 70)
            self.assertIn(b"Traceback", run.output.rpartition(b"\x1b[0m")[2])

    def test_terminalGone(self) -> None:
        """A terminal that vanishes ends it as SIGHUP does."""
        run = self.enter()
        os.close(run.master)
        os.close(run.slave)
        run.master = run.slave = -1
        self.assertEqual(run.process.wait(PATIENCE), 129)

    def test_raw(self) -> None:
        """While it runs keys come at once, and the descriptors of others still block."""
        run = self.enter()
        flags = run.settings()[3]
        assert isinstance(flags, int)
        self.assertFalse(flags & (termios.ECHO | termios.ICANON | termios.ISIG))
        self.assertFalse(fcntl.fcntl(run.slave, fcntl.F_GETFL) & os.O_NONBLOCK)
        run.type("\x04")
        self.leaves(run, 0)

    def test_typedBefore(self) -> None:
        """What was typed while it started is not lost."""
        run = self.start()
        run.type("Ann\rhello\r/quit\r")
        run.expect("hello")
        run.expect("OK . .")
        self.leaves(run, 0)

    def test_unicodeInAnyLocale(self) -> None:
        """Whatever the locale, text is UTF-8."""
        run = self.enter({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
        run.type("жук 日本")
        run.expect("жук 日本")
        run.type("\r\x04")
        run.expect("OK . .")
        self.leaves(run, 0)

    def test_resize(self) -> None:
        """When the terminal becomes narrower, the input is drawn again to fit."""
        run = self.enter()
        run.type("0123456789" * 3)
        run.expect("0123456789" * 3)
        run.setSize(20, 5)
        run.expect("01234567890123\r\n4567890123456789")
        run.type("\x15\x04")
        self.leaves(run, 0)

    def test_dumb(self) -> None:
        """A terminal that knows no escapes gets none at all."""
        run = self.enter({"TERM": "dumb"})
        run.type("hello\x01x\x0c\x12h\x07\r")
        run.type("/quit\r")
        self.assertEqual(run.wait(), 0)
        self.assertNotIn(b"\x1b", run.output)
        self.assertEqual(run.settings(), run.before)

    def test_stuckTerminal(self) -> None:
        """A terminal that takes next to nothing costs bounded memory, and can be left."""
        run = self.enter()
        run.type("/flood 100000\r")
        # The first line leaves the process when the last one was shown.
        run.expect("Bob :: line")
        process = Path(f"/proc/{run.process.pid}")
        if not process.exists():
            raise SkipTest("there is no /proc to read the memory's size from")
        status = process.joinpath("status").read_text().splitlines()
        peak = next(line for line in status if "VmHWM" in line)
        self.assertLess(int(peak.split()[1]), 120_000)
        run.process.terminate()
        self.assertEqual(run.wait(reads=False), 143)
        self.assertEqual(run.settings(), run.before)

    def test_stopWithoutAShell(self) -> None:
        """Where no shell could continue it, Ctrl-Z is over at once, and the text is still there."""
        run = self.enter()
        run.type("draft")
        run.expect("draft")
        run.type("\x1a")
        run.expect("\x1b[?2004l")
        run.expect("draft")
        run.type("!\r\x04")
        run.expect("OK . .")
        self.leaves(run, 0)

    def test_stopAndContinue(self) -> None:
        """Ctrl-Z and SIGTSTP give the terminal to the shell, fg brings back the text typed."""
        shell = shutil.which("bash")
        if shell is None:
            raise SkipTest("there is no bash to stop and continue in")
        run = self.start((shell, "--norc", "--noprofile", "-i"), {"PS1": "$ "})
        run.expect("$ ")
        run.type(f"{' '.join(PROGRAM)}; echo code $?\n")
        run.expect("Enter your name to enter the chat > ")
        run.type("Ann\r")
        run.expect("Ann> ")
        run.type("draft")
        run.expect("draft")
        for _ in range(2):
            run.type("\x1a")
            run.expect("Stopped")
            run.expect("$ ")
            run.type("stty -a | tr -s ' ' '\\n' | grep -x 'icanon'\n")
            run.expect("icanon\r\n")
            run.type("fg\n")
            run.expect("draft")
        run.type("ed\r\x04")
        run.expect("drafted\r\n")
        run.expect("OK . .")
        run.expect("$ ")
        run.type("exit\n")
        run.wait()


class TerminalTests(SynchronousTestCase):
    """
    Settings of a terminal.
    """

    def test_once(self) -> None:
        """What was taken is given back once; what another program sets later stays."""
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        before = termios.tcgetattr(slave)
        terminal = Terminal(slave)
        terminal.giveBack()
        self.assertEqual(termios.tcgetattr(slave), before)
        terminal.take()
        terminal.take()
        self.assertNotEqual(termios.tcgetattr(slave), before)
        terminal.giveBack()
        self.assertEqual(termios.tcgetattr(slave), before)
        other = termios.tcgetattr(slave)
        other[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, other)
        terminal.giveBack()
        self.assertEqual(termios.tcgetattr(slave)[3], other[3])

    def test_size(self) -> None:
        """The size is what the terminal tells; what is no terminal has none."""
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 5, 20, 0, 0))
        self.assertEqual(Terminal(slave).size(), (20, 5))
        null = os.open(os.devnull, os.O_RDONLY)
        self.addCleanup(os.close, null)
        self.assertEqual(Terminal(null).size(), (0, 0))
