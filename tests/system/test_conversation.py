"""
Real servers as processes, and plain sockets that talk to them, as with C{nc}.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import shutil
import signal
import socket
import ssl
import tempfile
import time
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.support.processes import PATIENCE, TWISTD, TWISTED, Child, Line, freePort

PROMPT = "Enter your name to enter the chat >"
CONNECTED = "Connected... Start sending messages"
RECEIPT = "OK . ."
STARTED = r"Chat server started on (?:port )?(\S+)$"
TIME = r"^\t?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}"


class ConversationTestCase(SynchronousTestCase):
    """
    Tests with servers.
    """

    def setUp(self) -> None:
        self.folder = os.path.abspath(self.mktemp())
        os.mkdir(self.folder)

    def child(self, *arguments: str) -> Child:
        """
        A process that ends with this test.
        """
        child = Child(arguments, self.folder)
        self.addCleanup(child.close)
        return child

    def start(self, *options: str, history: str = "memory") -> Child:
        """
        A server that has started.
        """
        server = self.child(*TWISTED, "chatserver", "--history", history, *options)
        server.waitFor(STARTED)
        return server

    def startAnywhere(self, *options: str, history: str = "memory") -> tuple[Child, int]:
        """
        A server on a free port of loopback, and its port.
        """
        server = self.start("--host", "127.0.0.1", "--port", "0", *options, history=history)
        return server, int(server.waitFor(STARTED)[1])

    def connect(self, port: int) -> Line:
        """
        A connection that ends with this test.
        """
        line = Line.to(port)
        self.addCleanup(line.close)
        return line

    def enter(self, port: int, name: str) -> Line:
        """
        A connection on which this user has entered.
        """
        line = self.connect(port)
        line.send(name)
        self.assertEqual(line.read(2), [PROMPT, CONNECTED])
        return line

    def stop(self, server: Child, number: int = signal.SIGTERM) -> str:
        """
        End a server, and see that it ends well.

        @return: its log.
        """
        server.signal(number)
        self.assertEqual(server.wait(), 0, server.output)
        self.assertNotIn("Traceback", server.output)
        return server.output


class DialogueTests(ConversationTestCase):
    """
    What holds whatever keeps the history, here in memory.
    """

    history = "memory"

    def test_dialogue(self) -> None:
        """Two people talk, line for line; the log tells it, each with time and address."""
        server, port = self.startAnywhere(history=self.history)
        stanislav = self.connect(port)
        self.assertEqual(stanislav.readLine(), PROMPT)
        stanislav.send("Stanislav")
        self.assertEqual(stanislav.readLine(), CONNECTED)
        alexei = self.enter(port, "Alexei")
        self.assertEqual(stanislav.readLine(), "* Alexei is now connected")
        stanislav.send("Hello!")
        self.assertEqual(stanislav.readLine(), RECEIPT)
        self.assertEqual(alexei.readLine(), "Stanislav :: Hello!")
        alexei.send("Hi!\r")
        self.assertEqual(alexei.readLine(), RECEIPT)
        self.assertEqual(stanislav.readLine(), "Alexei :: Hi!")
        alexei.send("/msg stanislav psst", "/me waves", "/nosuch", "//slash")
        answers = alexei.read(4)
        self.assertEqual(answers[:2] + answers[3:], [RECEIPT] * 3)
        self.assertRegex(answers[2], "^! there is no such command")
        heard = ["Alexei -> you :: psst", "* Alexei waves", "Alexei :: /slash"]
        self.assertEqual(stanislav.read(3), heard)
        address = stanislav.address
        stanislav.close()
        self.assertEqual(alexei.readLine(), "* Stanislav has left")
        alexei.send("/quit")
        self.assertEqual(alexei.readAll(), ["* Goodbye"])
        server.waitFor("Alexei has left$")
        log = self.stop(server)
        for origin, told in (
            (address, "Stanislav is now connected"),
            (address, r"\[Stanislav\] :: Hello!"),
            (alexei.address, r"\[Alexei\] :: Hi!"),
            (address, "Stanislav has left"),
            (alexei.address, "Alexei has left"),
        ):
            self.assertRegex(log, rf"(?m){TIME} \[{origin}\] {told}$")
        self.assertNotIn("psst", log)

    def test_halfClosed(self) -> None:
        """A client that sends all at once and closes its side, as C{nc -N}, gets every answer."""
        server, port = self.startAnywhere(history=self.history)
        line = self.connect(port)
        line.send("Ann", *["hello"] * 40, "/names")
        line.socket.shutdown(socket.SHUT_WR)
        answers = line.readAll()
        self.assertEqual(answers[:2], [PROMPT, CONNECTED])
        self.assertEqual(answers[2:], [RECEIPT] * 40 + ["* 1 in #lobby: Ann", "* Goodbye"])
        self.stop(server)

    def test_endUnderLoad(self) -> None:
        """At SIGTERM whatever was answered by a receipt reaches everybody, and lines are whole."""
        server, port = self.startAnywhere("--rate", "0", history=self.history)
        reader, sender = self.enter(port, "Reader"), self.enter(port, "Sender")
        sender.socket.setblocking(False)
        block = b"".join(b"%d of many lines\n" % number for number in range(500))
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while sent < 40 * len(block):
                sent += sender.socket.send(block[sent % len(block) :])
        server.signal(signal.SIGTERM)
        sender.socket.settimeout(PATIENCE)
        answers = sender.readAll()
        heard = reader.readAll()
        receipts = answers.count(RECEIPT)
        said = [line for line in heard if line.startswith("Sender :: ")]
        self.assertEqual(len(said), receipts)
        expected = [f"Sender :: {number % 500} of many lines" for number in range(receipts)]
        self.assertEqual(said, expected)
        self.assertEqual([answers[-1], heard[-1]], ["* server is going down"] * 2)
        self.assertEqual(server.wait(), 0)


class SQLiteDialogueTests(DialogueTests):
    """
    The same with the history on disk.
    """

    history = "chat.sqlite"

    def test_kept(self) -> None:
        """What was said before a restart is shown after it."""
        server, port = self.startAnywhere(history=self.history)
        ann = self.enter(port, "Ann")
        ann.send("remember this")
        self.assertEqual(ann.readLine(), RECEIPT)
        self.stop(server)
        self.assertEqual(ann.readAll(), ["* server is going down"])
        server, port = self.startAnywhere(history=self.history)
        bob = self.enter(port, "Bob")
        self.assertRegex(bob.readLine(), r"^\* .*Ann :: remember this$")
        self.stop(server)
        mode = os.stat(os.path.join(self.folder, self.history)).st_mode
        self.assertEqual(mode & 0o077, 0)


class EndTests(ConversationTestCase):
    """
    How servers end.
    """

    def test_interrupt(self) -> None:
        """At SIGINT everybody is told of the end, and the status is 0."""
        server, port = self.startAnywhere()
        ann, stranger = self.enter(port, "Ann"), self.connect(port)
        self.assertEqual(stranger.readLine(), PROMPT)
        self.stop(server, signal.SIGINT)
        self.assertEqual(ann.readAll(), ["* server is going down"])
        self.assertEqual(stranger.readAll(), ["* server is going down"])

    def test_secondSignal(self) -> None:
        """A second signal does not wait for a client that does not read; the status is 0."""
        server, port = self.startAnywhere("--rate", "0")
        deaf = socket.socket()
        self.addCleanup(deaf.close)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", port))
        deaf.sendall(b"Deaf\n")
        server.waitFor("Deaf is now connected$")
        ann = self.enter(port, "Ann")
        ann.send(*["x" * 1000] * 300)
        self.assertEqual(ann.read(300), [RECEIPT] * 300)
        server.signal(signal.SIGTERM)
        self.assertEqual(ann.readAll(), ["* server is going down"])
        begun = time.monotonic()
        self.stop(server, signal.SIGTERM)
        self.assertLess(time.monotonic() - begun, 4.0)

    def test_daemon(self) -> None:
        """It also runs as a daemon, and ends by SIGTERM."""
        if not hasattr(os, "pidfd_open"):
            raise SkipTest("this system cannot wait for a process that is not a child")
        port = freePort()
        options = ("chatserver", "--history", "memory", "--host", "127.0.0.1")
        twistd = self.child(*TWISTD, *options, "--port", str(port))
        self.assertEqual(twistd.wait(), 0, twistd.output)
        pid = int(Path(self.folder, "twistd.pid").read_text())
        handle = os.pidfd_open(pid)
        self.addCleanup(os.close, handle)
        ann = self.enter(port, "Ann")
        os.kill(pid, signal.SIGTERM)
        self.assertEqual(ann.readAll(), ["* server is going down"])
        self.assertTrue(select.select([handle], [], [], PATIENCE)[0])
        log = Path(self.folder, "twistd.log").read_text()
        self.assertIn("Ann is now connected", log)
        self.assertNotIn("Traceback", log)


class StartTests(ConversationTestCase):
    """
    How servers start, or do not.
    """

    def refusal(self, *arguments: str) -> str:
        """
        What a server says that cannot start.
        """
        child = self.child(*arguments)
        self.assertEqual(child.wait(), 1, child.output)
        self.assertNotIn("Traceback", child.output)
        (line,) = [line for line in child.output.splitlines() if "chatserver: " in line]
        return line

    def test_portTaken(self) -> None:
        """A port in use is told in one sentence, with the status 1, however it is started."""
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = str(other.getsockname()[1])
            options = ("chatserver", "--history", "memory", "--host", "127.0.0.1", "--port", port)
            for command in (TWISTED, (*TWISTD, "-n"), TWISTD):
                refusal = self.refusal(*command, *options)
                self.assertIn(f"cannot listen on port {port} of 127.0.0.1: Address al", refusal)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "twistd.pid")))

    def test_badOptions(self) -> None:
        """An option that cannot be is told in one sentence, with the status 1."""
        refusal = self.refusal(*TWISTED, "chatserver", "--prot", "5000")
        self.assertIn("--prot", refusal)
        refusal = self.refusal(*TWISTED, "chatserver", "--port", "nonsense:1")
        self.assertIn("nonsense", refusal)

    def test_noHistory(self) -> None:
        """A history that cannot be opened ends the start with a sentence and the status 1."""
        path = os.path.join(self.folder, "missing", "chat.sqlite")
        options = ("chatserver", "--history", path, "--host", "127.0.0.1", "--port", "0")
        server = self.child(*TWISTED, *options)
        self.assertEqual(server.wait(), 1, server.output)
        self.assertIn("there is no directory", server.output)
        self.assertNotIn("Traceback", server.output)
        self.assertNotIn("started", server.output)

    def test_motdAndRoom(self) -> None:
        """The message of the day is shown, the room has its name, and both dialects know it."""
        Path(self.folder, "motd").write_text("Be kind.\nHave fun.\n")
        server, port = self.startAnywhere("--motd", "motd", "--room", "#hall")
        ann = self.enter(port, "Ann")
        self.assertEqual(ann.read(2), ["* Be kind.", "* Have fun."])
        ann.send("/names")
        self.assertEqual(ann.readLine(), "* 1 in #hall: Ann")
        self.stop(server)

    def test_unixSocket(self) -> None:
        """A Twisted endpoint will do, such as a socket of this machine."""
        # The path of a UNIX socket is short (unix(7)), and that of a test's folder may not be.
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "chat.socket")
        server = self.start("--port", f"unix:{path}")
        self.assertEqual(server.waitFor(STARTED)[1], f"unix:{path}")
        connection = socket.socket(socket.AF_UNIX)
        self.addCleanup(connection.close)
        connection.connect(path)
        line = Line(connection)
        line.send("Ann", "hello")
        self.assertEqual(line.read(3), [PROMPT, CONNECTED, RECEIPT])
        self.assertIn("[local] [Ann] :: hello", self.stop(server))
        self.assertEqual(line.readAll(), ["* server is going down"])

    def test_severalPorts(self) -> None:
        """It listens on several ports, numbers and endpoints."""
        first, second = freePort(), freePort()
        server = self.start(
            "--host",
            "127.0.0.1",
            "--port",
            str(first),
            "--port",
            f"tcp:{second}:interface=127.0.0.1",
        )
        server.waitFor(f"started on port {second}$")
        ann = self.enter(first, "Ann")
        self.enter(second, "Bob")
        self.assertEqual(ann.readLine(), "* Bob is now connected")
        self.stop(server)

    def test_tls(self) -> None:
        """With C{--tls} people talk encrypted, and the fingerprint is the certificate's."""
        port = freePort()
        server = self.start("--host", "127.0.0.1", "--tls", str(port))
        told = server.waitFor(r"^TLS certificate: SHA256:([0-9A-F:]+)$")[1]
        ann = Line.toTLS(port)
        self.addCleanup(ann.close)
        assert isinstance(ann.socket, ssl.SSLSocket)
        certificate = ann.socket.getpeercert(binary_form=True)
        assert certificate is not None
        digest = hashlib.sha256(certificate).digest()
        self.assertEqual(told, ":".join(f"{byte:02X}" for byte in digest))
        ann.send("Ann", *["hello"] * 40)
        self.assertEqual(ann.read(42), [PROMPT, CONNECTED, *[RECEIPT] * 40])
        ann.send("/quit")
        self.assertEqual(ann.readAll(), ["* Goodbye"])
        bob = Line.toTLS(port)
        self.addCleanup(bob.close)
        bob.send("Bob")
        self.assertEqual(bob.read(2), [PROMPT, CONNECTED])
        server.signal(signal.SIGTERM)
        heard = bob.readAll()
        self.assertEqual(heard[-1], "* server is going down")
        self.assertEqual(server.wait(), 0)
