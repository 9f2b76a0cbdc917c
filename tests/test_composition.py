"""
Tests for L{twisted_chat.tap}.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

from twisted.application.service import Application
from twisted.internet.defer import CancelledError
from twisted.logger import ILogObserver
from twisted.trial.unittest import SynchronousTestCase

from tests.support.building import Building, ListFile, ListLog, Reloading
from tests.support.peers import Peer
from twisted_chat import composition as module
from twisted_chat.accounts.pepper import KEPT_FILE, keptPepper
from twisted_chat.composition import Options
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.errors import ChatError
from twisted_chat.service import ChatService
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.stores.sqlite.store import SQLiteLog
from twisted_chat.worker import Worker


class OptionsTests(SynchronousTestCase):
    """
    Tests for L{Options}.
    """

    def check(self, *arguments: str) -> str:
        """
        @return: what a check says.
        """
        said: list[str] = []
        self.patch(sys, "stdout", ListFile(said))
        error = self.assertRaises(SystemExit, Options().parseOptions, ["--check", *arguments])
        return "".join(said) if error.code == 0 else str(error.code)

    def test_refused(self) -> None:
        """
        Options that cannot be used end the start with one sentence that names the help.
        """
        for arguments in (["--nothing"], ["--port", "65536"], ["--config", "/nowhere/c"]):
            error = self.assertRaises(SystemExit, Options().parseOptions, arguments)
            self.assertRegex(str(error.code), r"^chatserver: [^\n]+; chatserver --help tells more$")

    def test_check(self) -> None:
        """A check says what would be done, that all is well, and makes nothing."""
        path = self.mktemp()
        said = self.check("--history", path, "--tls", "5001")
        self.assertIn("the server makes a new history", said)
        self.assertTrue(said.endswith("chatserver: all is well\n"))
        self.assertFalse(os.path.exists(path) or os.path.exists("server.pem"))

    def test_checkRefused(self) -> None:
        """A check finds what the start would find."""
        path = self.mktemp()
        Path(path).write_text("no database")
        for arguments, said in (
            (("--history", path), "chat history"),
            (("--history", "/nowhere/chat.sqlite"), "let this user write /nowhere"),
            (("--port", "nonsense:1"), "--port nonsense:1"),
            (("--history", "memory", "--tls", "1", "--cert", path), "no certificate"),
            (("--history", "memory", "--tls", "1", "--cert", "/nowhere/c"), "/nowhere/c"),
            (("--history", "memory", "--log-file", "/nowhere/log"), "--log-file /nowhere/log: No"),
        ):
            self.assertIn(said, self.check(*arguments), arguments)


class BuildTests(Building):
    """
    Tests for L{buildService}.
    """

    def test_monotonic(self) -> None:
        """No timer depends on the wall clock."""
        import time

        self.build()
        self.assertIs(self.reactor.seconds, time.monotonic)

    def test_umask(self) -> None:
        """What the server writes is nobody else's business."""
        self.build()
        path = Path(self.mktemp())
        path.touch()
        self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0)

    def test_composition(self) -> None:
        """The options reach whom they are for."""
        service = self.build(
            "--room", "#hall", "--rate", "3", "--burst", "4", "--backlog", "5", "--port", "1"
        )
        (door,) = service._doors
        assert isinstance(door, ChatFactory)
        gate = door.gate
        self.assertIsInstance(service._store, MemoryLog)
        self.assertEqual(door.hub.lobby.name, "#hall")
        self.assertEqual((gate.limits.rate, gate.limits.burst), (3.0, 4))
        self.assertIs(gate.clock, self.reactor)
        self.assertGreater(gate.limits.maxConnections, 0)

    def test_fewDescriptors(self) -> None:
        """A server that may open few files serves few people, and says so in the log."""
        for descriptors, count, isTold in ((64, 32, True), (200, 136, True), (1024, 960, False)):
            logged: list[str] = []
            self.patch(module, "raiseDescriptorLimit", lambda n=descriptors: n)
            self.patch(module, "_log", ListLog(logged))
            (door,) = self.build()._doors
            assert isinstance(door, ChatFactory)
            self.assertEqual(door.gate.limits.maxConnections, count)
            said = f"no more than {count} people can be here at once, since the system lets this"
            said += f" process open {descriptors} files: raise its limit (ulimit -n, LimitNOFILE)"
            self.assertEqual(logged, [said] if isTold else [])

    def test_history(self) -> None:
        """A history on disk is not opened before the service starts."""
        path = self.mktemp()
        service = self.build("--history", path)
        self.assertIsInstance(service._store, SQLiteLog)
        self.assertFalse(os.path.exists(path))

    def test_logFile(self) -> None:
        """The log file is what the application logs to, as twistd takes it."""
        path = Path(self.mktemp())
        application = Application("chat")
        self.build("--log-file", str(path)).setServiceParent(application)
        observer = ILogObserver(application)
        event = {"log_format": "hello {name}", "name": "\u0410", "log_time": 0.0}
        observer(event)
        self.assertIn("hello \u0410", path.read_text("utf-8"))

    def test_badLogFile(self) -> None:
        """A log file that cannot be written ends the start with a sentence."""
        self.assertIn(
            "--log-file /nowhere/chat.log: No such file",
            self.refusal("--log-file", "/nowhere/chat.log"),
        )

    def test_logJSON(self) -> None:
        """The log may be objects, in a file or on standard output."""
        path = Path(self.mktemp())
        application = Application("chat")
        self.build("--log-json", "--log-file", str(path)).setServiceParent(application)
        event: Any = {"log_format": "hello", "log_time": 0.0}
        ILogObserver(application)(event)
        self.assertEqual(json.loads(path.read_text())["text"], "hello")
        said: list[str] = []
        self.patch(sys, "stdout", ListFile(said))
        application = Application("chat")
        self.build("--log-json").setServiceParent(application)
        ILogObserver(application)(event)
        self.assertEqual(json.loads("".join(said))["time"], "1970-01-01T00:00:00.000+00:00")


class AccountsTests(Building):
    """
    What accounts need of a server.
    """

    def peer(self, service: ChatService, *lines: str) -> Peer:
        """
        @return: somebody who has connected to a server and typed these lines.
        """
        peer = Peer(service._doors[0])  # type: ignore[arg-type]
        for line in lines:
            peer.types(line)
            self.reactor.advance(0)
        return peer

    def test_policies(self) -> None:
        """The policies of the options hold from the start."""
        service = self.build("--guests", "no", "--port", "1")
        self.assertIn("only registered people may enter", self.peer(service, "Ann").lines[-2])
        service = self.build("--registration", "invited", "--port", "1")
        self.assertIn("takes a code", self.peer(service, "Ann", "/register").lines[-1])

    def test_hashing(self) -> None:
        """Passwords are hashed in a thread, and none waits for it any more when the server ends."""
        service = self.build("--port", "1")
        hashing = service._hub.state.authenticator.hashing
        self.assertIs(hashing._run.__func__, Worker.do)  # type: ignore[attr-defined]
        self.reactor.callFromThread = lambda call, *arguments: None
        waiting = [hashing.do(lambda: None) for _ in range(3)]
        for each in waiting:
            each.addErrback(lambda failure: failure.trap(CancelledError))
        assert service._atEnd is not None
        service._atEnd()
        self.assertEqual(hashing.waiting, 0)

    def test_pepper(self) -> None:
        """The pepper is made beside a history on disk, for its owner alone, and read again."""
        folder = Path(self.mktemp())
        folder.mkdir()
        history = str(folder / "chat.sqlite")
        names = set()
        for _ in range(2):
            service = self.build("--history", history, "--port", "1")
            names.add(service._hub.state.authenticator.pepper.name)
        (path,) = folder.iterdir()
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(names, {keptPepper(path).name})

    def test_noPepper(self) -> None:
        """Where accounts end with the process no file is made."""
        before = set(os.listdir())
        self.build("--port", "1")
        self.assertEqual(set(os.listdir()), before)

    def test_badPepper(self) -> None:
        """A pepper that cannot be used ends the start, and a check, with a sentence."""
        folder = Path(self.mktemp())
        folder.mkdir()
        history = str(folder / "chat.sqlite")
        path = folder / KEPT_FILE
        path.write_bytes(b"short")
        path.chmod(0o600)
        said = self.refusal("--history", history)
        self.assertIn(f"chatserver: the pepper {path} does not have", said)
        error = self.assertRaises(
            SystemExit, Options().parseOptions, ["--check", "--history", history]
        )
        self.assertEqual(str(error.code), said)
        path.chmod(0o644)
        self.assertIn("give it the mode 600", self.refusal("--history", history))

    def test_check(self) -> None:
        """A check makes no pepper."""
        folder = Path(self.mktemp())
        folder.mkdir()
        self.patch(sys, "stdout", ListFile([]))
        error = self.assertRaises(
            SystemExit,
            Options().parseOptions,
            ["--check", "--history", str(folder / "chat.sqlite")],
        )
        self.assertEqual((error.code, list(folder.iterdir())), (0, []))


class ReloadTests(Reloading):
    """
    Tests for the reload of a server that is put together here.
    """

    def test_changes(self) -> None:
        """Limits and networks hold at once, for those who are here as well."""
        service = self.start("rate = 5", "--port", "1")
        door: Any = service._doors[0]
        peer = Peer(door, "Ann", host="127.0.0.1")
        said = self.reload(service, 'rate = 0\ntrusted = "10.0.0.0/8"\nno-transcript = true')
        self.assertEqual(said, "reloaded: --rate, --trusted, --no-transcript changed")
        self.assertEqual(door.gate.limits.rate, 0)
        self.assertIs(peer.protocol._receiving.bucket, None)
        self.assertFalse(service._auditLog.wantsMessages)
        for _ in range(40):
            Peer(door, host="10.0.0.1")
        self.assertEqual(door.gate.admission.connections, 41)
        self.assertEqual(self.reload(service, self.config.read_text()), "reloaded: nothing changed")

    def test_forgetRooms(self) -> None:
        """How long an empty room stays changes for the rooms that are empty already."""
        service = self.start("", "--port", "1", "--forget-rooms", "30")
        self.assertEqual(service._hub.forgetRooms, 30)
        service = self.start("forget-rooms = 3", "--port", "1")
        self.assertEqual(service._hub.forgetRooms, 3)
        said = self.reload(service, "forget-rooms = 1")
        self.assertEqual(said, "reloaded: --forget-rooms changed")
        self.assertEqual(service._hub.forgetRooms, 1)

    def test_policies(self) -> None:
        """Other policies hold for those who come or register from now on."""
        service = self.start("", "--port", "1")
        door: Any = service._doors[0]
        ann = Peer(door)
        ann.types("Ann")
        self.reactor.advance(0)
        said = self.reload(service, 'guests = "no"\nregistration = "invited"')
        self.assertEqual(said, "reloaded: --guests, --registration changed")
        ann.types("/register")
        self.assertIn("takes a code", ann.lines[-1])
        bob = Peer(door)
        bob.types("Bob")
        self.reactor.advance(0)
        self.assertIn("only registered people may enter", bob.lines[-2])

    def test_motd(self) -> None:
        """The file of the message of the day is read once more."""
        motd = self.folder / "motd"
        motd.write_text("one")
        service = self.start(f'motd = "{motd}"', "--port", "1")
        motd.write_text("two")
        self.assertIn("--motd", self.reload(service, self.config.read_text()))
        peer = Peer(service._doors[0], host="127.0.0.1")  # type: ignore[arg-type]
        peer.types("Ann")
        self.reactor.advance(0)
        self.assertIn("* two", peer.lines)

    def test_restart(self) -> None:
        """What only a start can change is named each time, until then."""
        service = self.start("", "--port", "1")
        for _ in range(2):
            self.assertEqual(
                self.reload(service, 'room = "#hall"\nkeep = "30d"\nrate = 3').split("; ")[-1],
                "--keep, --room will change at the next start",
            )

    def test_badFile(self) -> None:
        """A file with anything wrong in it changes nothing, and the line is told."""
        service = self.start("rate = 5")
        for text, said in (
            ("rate = 3\nbacklog = 2000", "line 2"),
            ("rate = 3\nnothing = 1", "line 2"),
            ('rate = 3\nport = "nonsense:1"', "nonsense:1"),
        ):
            error = self.assertRaises(ChatError, self.reload, service, text)
            self.assertRegex(str(error), f"^not reloaded, nothing was changed: .*{said}")
        self.assertEqual(service._doors[0].gate.limits.rate, 5)  # type: ignore[attr-defined]
