"""
The client as a process, with real pipes, files and terminals, against a small server of this
process.  Everything is bounded, and every port is one that the system has chosen.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import sys
import termios
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.protocol import Factory, ProcessProtocol
from twisted.protocols.basic import LineReceiver
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.net.certificates import keptCertificate, serverContextFactory

reactor: Any = _reactor

TIMEOUT = 30
"""Seconds that one client process may take."""

ROOT = str(Path(__file__).resolve().parents[2])


class Exercise(LineReceiver):
    """
    A server as small as one that knows the text dialect can be.
    """

    transport: Any
    factory: ExerciseFactory
    name = b""

    def connectionMade(self) -> None:
        self.factory.all.append(self)
        self.sendLine(b"Enter your name to enter the chat >")

    def connectionLost(self, reason: Any = None) -> None:
        self.factory.all.remove(self)

    def lineReceived(self, line: bytes) -> None:
        if self.name:
            self.factory.lines.append(line)
            if line in self.factory.deaf:
                return
            self.sendLine(b"OK . .")
        elif line.isalnum() and line not in self.factory.taken:
            self.name = line
            self.sendLine(b"Connected... Start sending messages")
            self.sendLine(b"Alexei :: Hi!")
        else:
            self.sendLine(b"! this name is taken")
            self.sendLine(b"Enter your name to enter the chat >")


class ExerciseFactory(Factory):
    """
    What the server has heard, and what it is to be deaf to.
    """

    def buildProtocol(self, addr: object) -> Any:
        protocol = Exercise()
        protocol.factory = self
        return protocol

    def __init__(self) -> None:
        self.all: list[Exercise] = []
        self.lines: list[bytes] = []
        self.deaf: set[bytes] = set()
        self.taken: set[bytes] = set()


class Run(ProcessProtocol):
    """
    One client process.
    """

    transport: Any

    def __init__(self) -> None:
        self.out = b""
        self.err = b""
        self.code: int | None = None
        self.signal: int | None = None
        self.done: Deferred[Run] = Deferred()
        self._waits: list[tuple[bytes, int, Deferred[None]]] = []

    def outReceived(self, data: bytes) -> None:
        self.out += data
        for wait in self._waits[:]:
            wanted, times, shown = wait
            if self.out.count(wanted) >= times:
                self._waits.remove(wait)
                shown.callback(None)

    def errReceived(self, data: bytes) -> None:
        self.err += data

    def shows(self, data: bytes, times: int = 1) -> Deferred[None]:
        """
        @return: fires when the output holds these bytes as many times.
        """
        shown: Deferred[None] = Deferred()
        self._waits.append((data, times, shown))
        self.outReceived(b"")
        return shown.addTimeout(TIMEOUT, reactor)

    def processEnded(self, reason: Any) -> None:
        self.code, self.signal = reason.value.exitCode, reason.value.signal
        self.done.callback(self)


class ClientTestCase(TestCase):
    """
    Starts servers and clients, and ends both.
    """

    timeout = 90
    term = "dumb"

    def listen(self, factory: Factory) -> str:
        """
        @return: the port on which the factory listens.
        """
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return str(port.getHost().port)

    def setUp(self) -> None:
        self.server = ExerciseFactory()
        self.port = self.listen(self.server)

    def tearDown(self) -> Any:
        for each in self.server.all[:]:
            each.transport.abortConnection()
        return self.turn()

    def turn(self, delay: float = 0.0) -> Deferred[None]:
        """
        @return: fires when the reactor has seen to what is due, or after some seconds.
        """
        turn: Deferred[None] = Deferred()
        reactor.callLater(delay, turn.callback, None)
        return turn

    def start(self, *arguments: str, fds: dict[int, Any] | None = None, shell: str = "") -> Run:
        """
        Start a client.

        @param arguments: the command line.
        @param fds: its descriptors, as for C{spawnProcess}.
        @param shell: a command line with C{CLIENT} in it instead.
        """
        run = Run()
        client = [sys.executable, "-m", "twisted_chat.client", *arguments]
        words = client
        if shell:
            words = [
                "/bin/sh",
                "-c",
                shell.replace("CLIENT", f"{client[0]} {' '.join(client[1:])}"),
            ]
        home = self.home = getattr(self, "home", os.path.abspath(self.mktemp()))
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": ROOT,
            "LC_ALL": "C",
            "TERM": self.term,
            "HOME": home,
        }
        process = reactor.spawnProcess(
            run, words[0], words, env, ROOT, childFDs=fds or {0: "w", 1: "r", 2: "r"}
        )
        run.done.addTimeout(TIMEOUT, reactor)
        self.addCleanup(self._end, process, run)
        return run

    def _end(self, process: Any, run: Run) -> Deferred[Run] | None:
        with contextlib.suppress(ProcessExitedAlready):
            process.signalProcess("KILL")
        return None if run.done.called else run.done

    def piped(self, text: bytes, *arguments: str, place: tuple[str, ...] = ()) -> Deferred[Run]:
        """
        Run a client with this input.
        """
        run = self.start(*(place or ("127.0.0.1", self.port)), *arguments)
        run.transport.write(text)
        run.transport.closeStdin()
        return run.done


class PipeTests(ClientTestCase):
    """
    Pipes, files and closed descriptors.
    """

    @inlineCallbacks
    def test_exercise(self) -> Any:
        """The exercise's lines, the name being the first line of the input."""
        run = yield self.piped("Stanislav\nПривет!\nlast".encode())
        self.assertEqual(
            run.out.decode().splitlines(),
            [
                "Enter your name to enter the chat > ",
                "Connected... Start sending messages",
                "Alexei :: Hi!",
                "OK . .",
                "OK . .",
            ],
        )
        self.assertEqual((run.code, run.err), (0, b""))
        self.assertEqual(self.server.lines, ["Привет!".encode(), b"last"])

    @inlineCallbacks
    def test_thousandLines(self) -> Any:
        """A thousand lines arrive complete, in order, each with its receipt."""
        lines = [b"%04d" % number + b"x" * 60 for number in range(1000)]
        run = yield self.piped(b"\n".join([b"Stanislav", *lines]) + b"\n")
        self.assertEqual((run.code, run.err), (0, b""))
        self.assertEqual(self.server.lines, lines)
        self.assertEqual(run.out.count(b"OK . .\n"), 1000)

    @inlineCallbacks
    def test_realServer(self) -> Any:
        """The same with this project's own server, in both dialects."""
        for dialect in ((), ("--text",)):
            factory = ChatFactory()
            place = ("127.0.0.1", self.listen(factory))
            run = yield self.piped(b"Stanislav\n" + b"Hello!\n" * 20, *dialect, place=place)
            self.assertEqual((run.code, run.err), (0, b""))
            self.assertEqual(
                run.out.decode().splitlines(),
                ["Enter your name to enter the chat > ", "Connected... Start sending messages"]
                + ["OK . ."] * 20,
            )
            yield self._emptied(factory)

    def _emptied(self, factory: Any) -> Deferred[None]:
        """
        @return: fires when the server has heard of the end of each connection.
        """
        gone: Deferred[None] = Deferred()

        def look() -> None:
            if factory.users:
                reactor.callLater(0.01, look)
            else:
                gone.callback(None)

        look()
        return gone.addTimeout(TIMEOUT, reactor)

    @inlineCallbacks
    def test_files(self) -> Any:
        """Input and output may be files, which no reactor can watch."""
        source, target = os.path.abspath(self.mktemp()), os.path.abspath(self.mktemp())
        with open(source, "wb") as file:
            file.write(b"Stanislav\n" + b"Hello!\n" * 500)
        run = yield self.start("127.0.0.1", self.port, shell=f"CLIENT < {source} > {target}").done
        self.assertEqual((run.code, run.err), (0, b""))
        with open(target, "rb") as file:
            self.assertEqual(file.read().count(b"OK . .\n"), 500)

    @inlineCallbacks
    def test_closedDescriptors(self) -> Any:
        """Any of the three descriptors may be closed."""
        for closed in ("<&-", "</dev/null >&-", "</dev/null 2>&-", "<&- >&- 2>&-"):
            run = yield self.start(
                "127.0.0.1", self.port, "--name", "Ann", shell=f"CLIENT {closed}"
            ).done
            self.assertEqual((run.code, run.err), (0, b""), closed)

    @inlineCallbacks
    def test_nobodyReads(self) -> Any:
        """C{client | head -1} ends, quietly, with a code of its own."""
        code = os.path.abspath(self.mktemp())
        awake = f"while [ ! -s {code} ]; do sleep 0.1; done"
        script = f"(echo Ann; {awake}) | (CLIENT; echo $? > {code}) | head -1"
        run = self.start("127.0.0.1", self.port, shell=script)
        yield run.shows(b"Enter your name")
        for _ in range(1400):
            for each in self.server.all:
                if each.name:
                    each.sendLine(b"Alexei :: Hi!")
            if os.path.exists(code) and os.path.getsize(code):
                break
            yield self.turn(0.02)
        yield run.done
        with open(code) as file:
            self.assertEqual(file.read(), "141\n")
        self.assertEqual(run.err, b"")

    @inlineCallbacks
    def test_nameRefused(self) -> Any:
        """A script cannot be asked for another name."""
        self.server.taken.add(b"Ann")
        run = yield self.piped(b"Ann\nhello\n")
        self.assertEqual((run.code, run.err), (77, b"twisted-chat: this name is taken\n"))
        self.assertEqual(self.server.lines, [])

    @inlineCallbacks
    def test_noName(self) -> Any:
        """An input without a first line has no name."""
        run = yield self.piped(b"")
        self.assertEqual(run.code, 2)
        self.assertIn(b"--name", run.err)

    @inlineCallbacks
    def test_unreachable(self) -> Any:
        """A closed port and an unknown host are one sentence each."""
        port = reactor.listenTCP(0, ExerciseFactory(), interface="127.0.0.1")
        number = str(port.getHost().port)
        yield port.stopListening()
        for place in (("127.0.0.1", number), ("nobody.invalid", "5000")):
            run = yield self.piped(b"Ann\n", place=place)
            self.assertEqual((run.code, run.out, run.err.count(b"\n")), (69, b"", 1))
            self.assertIn(place[0].encode(), run.err)

    @inlineCallbacks
    def test_lost(self) -> Any:
        """A connection that goes with an unconfirmed message is told, and has a code."""
        self.server.deaf.add(b"unheard")
        run = self.start("127.0.0.1", self.port, "--name", "Ann")
        run.transport.write(b"heard\nunheard\n")
        yield run.shows(b"OK . .")
        self.server.all[-1].transport.abortConnection()
        yield run.done
        self.assertEqual(run.code, 74)
        self.assertIn(b"1 message is unconfirmed", run.err)

    @inlineCallbacks
    def test_signals(self) -> Any:
        """A signal ends the client with the number a shell gives it."""
        for name, code in (("INT", 130), ("TERM", 143), ("HUP", 129)):
            run = self.start("127.0.0.1", self.port, "--name", "Ann")
            yield run.shows(b"Connected")
            run.transport.signalProcess(name)
            yield run.done
            self.assertEqual((run.code, run.signal, run.err), (code, None, b""), name)

    @inlineCallbacks
    def test_usage(self) -> Any:
        """Wrong usage is one sentence."""
        for arguments in ((), ("host",), ("host", "port"), ("a", "1", "2"), ("a", "1", "--wrong")):
            run = yield self.start(*arguments).done
            self.assertEqual((run.code, run.out, run.err.count(b"\n")), (2, b"", 1), arguments)

    @inlineCallbacks
    def test_send(self) -> Any:
        """C{--send} is done when its message is stored, and not before."""
        run = yield self.start("127.0.0.1", self.port, "--name", "Ann", "--send", "Привет").done
        self.assertEqual((run.code, run.out, run.err), (0, b"OK . .\n", b""))
        self.assertEqual(self.server.lines, ["Привет".encode()])

    @inlineCallbacks
    def test_sendRefused(self) -> Any:
        """A message that the server refuses is an error."""
        port = self.listen(ChatFactory())
        run = yield self.start("127.0.0.1", port, "--name", "Ann", "--send", "x" * 5000).done
        self.assertEqual((run.code, run.out, run.err.count(b"\n")), (65, b"", 1))

    @inlineCallbacks
    def test_retry(self) -> Any:
        """With C{--retry} a script outlives a drop; what it had sent then stays in doubt."""
        self.server.deaf.add(b"unheard")
        run = self.start("127.0.0.1", self.port, "--name", "Ann", "--retry")
        run.transport.write(b"heard\nunheard\n")
        yield run.shows(b"OK . .")
        self.server.all[-1].transport.abortConnection()
        yield run.shows(b"Unconfirmed messages: 1.")
        yield run.shows(b"* Reconnected")
        run.transport.write(b"later\n")
        run.transport.closeStdin()
        yield run.done
        self.assertEqual((run.code, run.out.count(b"OK . .\n")), (74, 2))
        self.assertEqual(self.server.lines, [b"heard", b"unheard", b"later"])

    @inlineCallbacks
    def test_resume(self) -> Any:
        """With a server of sessions nothing is in doubt: each line arrives once, in order."""
        wires: list[Any] = []

        class Watched(ChatFactory):
            """A server whose connections can be cut."""

            def buildProtocol(self, addr: Any) -> Any:
                wires.append(super().buildProtocol(addr))
                return wires[-1]

        port = self.listen(Watched())
        reader = self.start("127.0.0.1", port, "--name", "Bob", "--retry")
        yield reader.shows(b"Connected")
        run = self.start("127.0.0.1", port, "--name", "Ann", "--retry")
        yield run.shows(b"Connected")
        lines = [b"line %d" % number for number in range(40)]
        cuts = 0
        for number, each in enumerate(lines):
            run.transport.write(each + b"\n")
            if number % 15 == 5:
                for wire in wires:
                    wire.transport.abortConnection()
                wires.clear()
                cuts += 1
                yield run.shows(b"* Reconnected", cuts)
        run.transport.closeStdin()
        yield run.done
        self.assertEqual((run.code, run.out.count(b"OK . .\n")), (0, len(lines)))
        yield reader.shows(b"Ann :: line 39")
        reader.transport.closeStdin()
        yield reader.done
        message = [each for each in reader.out.splitlines() if each.startswith(b"Ann :: ")]
        self.assertEqual(message, [b"Ann :: " + each for each in lines])

    @inlineCallbacks
    def test_json(self) -> Any:
        """C{--json} writes and reads objects."""
        port = self.listen(ChatFactory())
        run = yield self.piped(
            '{"type":"say","key":"a","text":"Привет"}\nnonsense\n'.encode(),
            "--name",
            "Ann",
            "--json",
            place=("127.0.0.1", port),
        )
        kinds = {each["type"]: each for each in map(json.loads, run.out.splitlines())}
        self.assertEqual(run.code, 0)
        self.assertEqual(kinds["welcome"]["name"], "Ann")
        self.assertEqual(kinds["ok"]["key"], "a")
        self.assertEqual(kinds["error"]["code"], "bad-object")

    @inlineCallbacks
    def test_tls(self) -> Any:
        """C{--tls} remembers a server at first use, and refuses another in its place."""
        folder = self.mktemp()
        os.makedirs(folder)
        pins = os.path.join(os.path.abspath(folder), "pins")
        first, second = (self.mktemp(), self.mktemp())
        codes = []
        number = 0
        for kept in (first, first, second):
            pem = keptCertificate(os.path.abspath(kept))
            options = serverContextFactory(pem, pem)
            port = reactor.listenSSL(number, self.server, options, interface="127.0.0.1")
            number = port.getHost().port
            run = yield self.start(
                "127.0.0.1", str(number), "--tls", "--pins", pins, "--name", "Ann", "--send", "x"
            ).done
            codes.append(run.code)
            yield port.stopListening()
        self.assertEqual(codes, [0, 0, 69])
        self.assertEqual(self.server.lines, [b"x", b"x"])

    @inlineCallbacks
    def test_sharedPipeStaysBlocking(self) -> Any:
        """A pipe that others use too keeps its mode, even when the client is killed."""
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        run = self.start("127.0.0.1", self.port, "--name", "Ann", fds={0: reading, 1: "r", 2: "r"})
        yield run.shows(b"Connected")
        run.transport.signalProcess("KILL")
        yield run.done
        self.assertFalse(fcntl.fcntl(reading, fcntl.F_GETFL) & os.O_NONBLOCK)


class TerminalTests(ClientTestCase):
    """
    A terminal without the line editor.

    @cvar options: the command line that begins such a client, but for the address.
    @cvar enter: what the Enter key sends.
    @cvar refused: what a refused name is answered with.
    @cvar leaving: what is typed to leave.
    @cvar signals: the exit code for each signal after which the terminal is as it was.
    """

    options: tuple[str, ...] = ("--plain",)
    enter = b"\n"
    refused = b"! this name is taken\r\nEnter your name to enter the chat > "
    leaving = b"\x04"
    signals: tuple[tuple[str, int | None], ...] = (
        ("INT", 130),
        ("TERM", 143),
        ("HUP", 129),
        ("KILL", None),
    )

    def open(self, *arguments: str) -> tuple[Run, int, int]:
        """
        @return: a client in a terminal, the terminal's other end, and the terminal itself.
        """
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, theirs)
        words = ("127.0.0.1", self.port, *self.options, *arguments)
        run = self.start(*words, fds={0: theirs, 1: theirs, 2: "r"})
        screen = Screen(ours, run)
        reactor.addReader(screen)
        self.addCleanup(screen.close)
        return run, ours, theirs

    def restored(self, theirs: int, before: list[Any]) -> None:
        """
        Check that the terminal is as it was, and blocks.
        """
        self.assertEqual(termios.tcgetattr(theirs), before)
        self.assertFalse(fcntl.fcntl(theirs, fcntl.F_GETFL) & os.O_NONBLOCK)

    @inlineCallbacks
    def test_conversation(self) -> Any:
        """The prompt is on the line in which the name is typed; Ctrl-D leaves after the receipt."""
        run, ours, theirs = self.open()
        before = termios.tcgetattr(theirs)
        yield run.shows(b"Enter your name to enter the chat > ")
        os.write(ours, b"Stanislav\n")
        yield run.shows(b"Start sending messages")
        os.write(ours, b"Hello!\n\x04")
        yield run.done
        self.assertEqual(run.code, 0)
        self.assertEqual(
            run.out.decode().splitlines(),
            [
                "Enter your name to enter the chat > Stanislav",
                "Connected... Start sending messages",
                "Alexei :: Hi!",
                "Hello!",
                "OK . .",
            ],
        )
        self.restored(theirs, before)

    @inlineCallbacks
    def test_nameRefused(self) -> Any:
        """A user whose name is refused is asked for another."""
        self.server.taken.add(b"Ann")
        run, ours, _ = self.open()
        yield run.shows(b"chat > ")
        os.write(ours, b"Ann" + self.enter)
        yield run.shows(self.refused)
        os.write(ours, b"Anna" + self.enter)
        yield run.shows(b"Start sending messages")
        os.write(ours, self.leaving)
        yield run.done
        self.assertEqual(run.code, 0)

    @inlineCallbacks
    def test_everyEnd(self) -> Any:
        """Whatever signal ends the client, the terminal is as it was."""
        for name, code in self.signals:
            run, _, theirs = self.open("--name", "Ann")
            before = termios.tcgetattr(theirs)
            yield run.shows(b"Start sending messages")
            run.transport.signalProcess(name)
            yield run.done
            self.assertEqual((run.code, run.err), (code, b""), name)
            self.restored(theirs, before)

    @inlineCallbacks
    def test_serverGone(self) -> Any:
        """A server that goes away ends the client with a sentence."""
        run, _, theirs = self.open("--name", "Ann")
        before = termios.tcgetattr(theirs)
        yield run.shows(b"Start sending messages")
        self.server.all[-1].transport.abortConnection()
        yield run.done
        self.assertEqual((run.code, run.err.count(b"\n")), (69, 1))
        self.restored(theirs, before)


class ConsoleTests(TerminalTests):
    """
    A terminal with the line editor, which cannot give the terminal back after SIGKILL.
    """

    term = "xterm-256color"
    options = ()
    enter = b"\r"
    refused = b"! this name is taken"
    leaving = b"/quit\r"
    signals = (("INT", 130), ("TERM", 143), ("HUP", 129))

    @inlineCallbacks
    def test_conversation(self) -> Any:
        """The exercise's lines; Ctrl-D leaves."""
        run, ours, theirs = self.open()
        before = termios.tcgetattr(theirs)
        yield run.shows(b"Enter your name to enter the chat > ")
        os.write(ours, b"Stanislav\r")
        yield run.shows(b"Start sending messages")
        yield run.shows(b"Alexei")
        os.write(ours, b"Hello!\r")
        yield run.shows(b"OK . .")
        os.write(ours, b"\x04")
        yield run.done
        self.assertEqual((run.code, run.err), (0, b""))
        self.assertEqual(self.server.lines, [b"Hello!"])
        self.restored(theirs, before)

    @inlineCallbacks
    def test_serverGone(self) -> Any:
        """A server that goes away is tried again; what is typed meanwhile is sent then."""
        run, ours, theirs = self.open("--name", "Ann")
        before = termios.tcgetattr(theirs)
        yield run.shows(b"Start sending messages")
        self.server.all[-1].transport.abortConnection()
        yield run.shows(b"was lost")
        os.write(ours, b"meanwhile\r")
        yield run.shows(b"Reconnected")
        yield run.shows(b"OK . .")
        self.assertEqual(self.server.lines, [b"meanwhile"])
        os.write(ours, b"\x03")
        yield run.shows(b"gain")
        os.write(ours, b"\x03")
        yield run.done
        self.assertEqual(run.code, 130)
        self.restored(theirs, before)


@implementer(IReadDescriptor)
class Screen:
    """
    Reads what a terminal is to show.
    """

    def __init__(self, fd: int, run: Run) -> None:
        self._fd = fd
        self._run = run

    def fileno(self) -> int:
        return self._fd

    def logPrefix(self) -> str:
        return "screen"

    def doRead(self) -> None:
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            data = b""
        if data:
            self._run.outReceived(data)
        else:
            reactor.removeReader(self)

    def connectionLost(self, reason: object) -> None:
        """The test is over."""

    def close(self) -> None:
        """Stop reading."""
        reactor.removeReader(self)
        os.close(self._fd)
