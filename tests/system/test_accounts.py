"""
Accounts between real processes: a server with a history, and clients in terminals and pipes.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from stat import S_IMODE
from typing import Any

from tests.support.processes import PATIENCE, ROOT, Line, environment
from tests.system.test_console import Run
from tests.system.test_conversation import CONNECTED, PROMPT, ConversationTestCase
from twisted_chat.text.secrets import makeDeviceSecret
from twisted_chat.wire.scram import MIN_ITERATIONS, ClientExchange, makeVerifier

CODE = re.compile(rb"Ann ((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})")

PASSWORD = "swordfish with lemon"


class AccountTestCase(ConversationTestCase):
    """
    A server, and devices, each with a home of its own.
    """

    def setUp(self) -> None:
        super().setUp()
        self.server, self.port = self.startAnywhere(history="chat.sqlite")

    def home(self, device: str) -> Path:
        return Path(self.folder) / device

    def client(self, device: str, *options: str) -> Run:
        """
        The client in a terminal of a device.
        """
        command = (sys.executable, "-m", "twisted_chat.client", *options)
        home = str(self.home(device))
        run = Run(
            (*command, "127.0.0.1", str(self.port)),
            {"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home, "NO_COLOR": "1"},
        )
        self.addCleanup(run.close)
        return run

    def quit(self, run: Run) -> None:
        run.type("/quit\r")
        self.assertEqual(run.wait(), 0, run.output)

    def piped(self, *options: str, text: bytes = b"", device: str = "script") -> tuple[int, bytes]:
        """
        @return: how the client ended in a pipe, and all that it wrote.
        """
        home = str(self.home(device))
        done = subprocess.run(
            [sys.executable, "-m", "twisted_chat.client", *options, "127.0.0.1", str(self.port)],
            cwd=ROOT,
            env=environment({"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}),
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
        return done.returncode, done.stdout


class DeviceTests(AccountTestCase):
    """
    Devices that log in by themselves.
    """

    def register(self) -> None:
        """
        Ann registers with a laptop, and leaves.
        """
        run = self.client("laptop", "--name", "Ann")
        run.expect(CONNECTED)
        run.type("/register\r")
        run.expect("Ann is yours, and this device")
        self.quit(run)

    def test_secondDevice(self) -> None:
        """A device registers, comes again unasked, and lets a second one in by a code."""
        self.register()
        (secret,) = self.home("laptop").rglob("secrets/*")
        self.assertEqual(S_IMODE(secret.stat().st_mode), 0o600)
        shutil.rmtree(self.home("laptop") / "twisted_chat" / "sessions")
        laptop = self.client("laptop", "--name", "Ann")
        laptop.expect(CONNECTED)
        laptop.type("/device add phone\r")
        laptop.expect("enter within 10 minutes: ")
        while (found := CODE.search(laptop.output)) is None:
            laptop.read(0.1)
        phone = self.client("phone", "--name", "Ann")
        phone.expect("Password of Ann (not shown) > ")
        phone.type("swordfish\r")
        phone.expect("! ")
        phone.expect("Password of Ann (not shown) > ")
        phone.type(f"{found[1].decode()}\r")
        phone.expect(CONNECTED)
        phone.expect("Ann is yours, and this device")
        phone.type("Привет с телефона\r")
        phone.expect("OK . .")
        laptop.expect("Ann :: Привет с телефона")
        self.quit(phone)
        phone = self.client("phone", "--name", "Ann")
        phone.expect("You are Ann again")
        laptop.type("/account\r")
        laptop.expect("here over 2 connections")
        for run in (phone, laptop):
            self.quit(run)
            self.assertNotIn(b"swordfish", run.output)

    def test_readOnBoth(self) -> None:
        """What one device has read the other one does not count, and each shows what waits."""
        self.register()
        laptop = self.client("laptop", "--name", "Ann")
        laptop.expect("You are Ann again")
        laptop.type("/join #dev\r")
        laptop.expect("You are in #dev")
        self.quit(laptop)
        bob = self.enter(self.port, "Bob")
        bob.send("/join #dev", "Ann, look", "and this")
        laptop = self.client("laptop", "--name", "Ann")
        laptop.expect("Bob :: and this")
        laptop.expect("While you were away: 1 mention of you, in #dev; unread in #dev 2")
        self.quit(laptop)
        laptop = self.client("laptop", "--name", "Ann")
        laptop.expect("You are Ann again, in #dev")
        laptop.type("/account\r")
        laptop.expect("here over 1 connection")
        self.assertNotIn(b"While you were away", laptop.output)
        self.quit(laptop)

    def test_removedDevice(self) -> None:
        """A device that is removed is told so at once, and what to do."""
        self.register()
        line = self.connect(self.port)
        line.send("Ann x")
        self.assertIn("Ann", line.read(2)[1])
        laptop = self.client("laptop", "--name", "Ann")
        laptop.expect("You are Ann again")
        laptop.type(f"/password {PASSWORD}\r")
        laptop.expect("Your password is changed")
        other = self.enterWith(PASSWORD)
        laptop.type("/account\r")
        laptop.expect("logs in with: ")
        while b" (since" not in laptop.output:
            laptop.read(0.1)
        label = laptop.output.partition(b" (since")[0].decode()
        other.send(f"/device remove {label}")
        laptop.expect("This device no longer logs in to Ann")
        laptop.expect("Password of Ann (not shown) > ")
        laptop.type(f"{PASSWORD}\r")
        laptop.expect("Reconnected")
        laptop.type("/register\r")
        laptop.expect("Ann is yours, and this device")
        self.quit(laptop)
        self.assertNotIn(PASSWORD.encode(), laptop.output)

    def enterWith(self, password: str) -> Line:
        """
        @return: a plain connection of Ann's.
        """
        line = self.connect(self.port)
        line.send(f"Ann {password}")
        self.assertEqual(line.read(2), [PROMPT, CONNECTED])
        return line

    def test_otherServer(self) -> None:
        """Where the server has lost its history the device says so, and one enters as a guest."""
        self.register()
        self.stop(self.server)
        self.start("--host", "127.0.0.1", "--port", str(self.port), history="memory")
        laptop = self.client("laptop", "--name", "Ann")
        laptop.expect("This device no longer logs in to Ann")
        laptop.expect(CONNECTED)
        self.quit(laptop)


class ScriptTests(AccountTestCase):
    """
    Pipes, and programs that know nothing of accounts.
    """

    def setUp(self) -> None:
        super().setUp()
        line = self.enter(self.port, "Ann")
        line.send(f"/register {PASSWORD}", "/quit")
        while line.readLine() != "* Goodbye":
            pass

    def test_password(self) -> None:
        """A script takes its password from a file or its input; without one it ends with 77."""
        path = Path(self.folder) / "password"
        path.write_text(f"{PASSWORD}\n")
        name = ("--name", "Ann")
        code, out = self.piped(*name, "--password-file", str(path), text=b"/account\n")
        self.assertEqual(code, 0, out)
        self.assertIn(b"Ann is registered since", out)
        text = f"{PASSWORD}\nhello\n".encode()
        code, out = self.piped(*name, "--password-file", "-", text=text)
        self.assertEqual((code, out.splitlines()[-1]), (0, b"OK . ."), out)
        code, out = self.piped(*name, text=b"hello\n")
        self.assertEqual((code, b"Ann is registered" in out), (77, True), out)
        path.write_text("swordfish with salt\n")
        code, out = self.piped(*name, "--password-file", str(path), text=b"hello\n")
        self.assertEqual((code, b"wrong" in out), (77, True), out)

    def test_deviceOfTheUser(self) -> None:
        """A script of a user whose device is registered is let in as they are."""
        run = self.client("laptop", "--name", "Ann")
        run.expect("Password of Ann (not shown) > ")
        run.type(f"{PASSWORD}\r")
        run.expect("/register lets this device in")
        run.type("/register\r")
        run.expect("Ann is yours, and this device")
        code, out = self.piped("--name", "Ann", "--send", "done", device="laptop")
        self.assertEqual((code, out), (0, b"OK . .\n"))
        run.expect("Ann :: done")
        self.quit(run)

    def test_text(self) -> None:
        """In the text dialect the password stands behind the name, as with C{nc}."""
        for text in (f"Ann {PASSWORD}\n/account\n", f"Ann {PASSWORD}\nhello\n"):
            code, out = self.piped("--text", text=text.encode())
            self.assertEqual(code, 0, out)
        self.assertIn(b"OK . .", out)


class OlderClientTests(AccountTestCase):
    """
    Programs of the JSON dialect that were written before there were accounts.
    """

    def send(self, peer: Line, **fields: Any) -> None:
        peer.send(json.dumps(fields))

    def read(self, line: Line, kind: str) -> dict[str, Any]:
        """
        @return: the next object of a kind.
        """
        while True:
            text = line.readLine()
            value: dict[str, Any] = json.loads(text) if text.startswith("{") else {}
            if value.get("type") == kind:
                return value

    def hello(self, **fields: Any) -> tuple[Line, dict[str, Any]]:
        """
        @return: a connection that has entered, and the welcome.
        """
        line = self.connect(self.port)
        self.send(line, type="hello", **fields)
        return line, self.read(line, "welcome")

    def test_knowsNothing(self) -> None:
        """It enters, registers by a command, is refused, enters by NAME PASSWORD, and resumes."""
        line, welcome = self.hello(name="Ann", backlog=0)
        self.assertNotIn("account", welcome)
        self.send(line, type="command", key="c1", line=f"/register {PASSWORD}")
        self.assertIn("Ann is yours", self.read(line, "notice")["text"])
        self.send(line, type="bye")
        line.readAll()
        line = self.connect(self.port)
        self.send(line, type="hello", name="Ann", key="h1")
        refusal = self.read(line, "error")
        self.assertEqual((refusal["code"], refusal["key"]), ("name-taken", "h1"))
        self.send(line, type="hello", name=f"Ann {PASSWORD}")
        welcome = self.read(line, "welcome")
        self.assertEqual(welcome["name"], "Ann")
        self.send(line, type="say", key="k1", text="hello", room="#lobby")
        receipt = self.read(line, "ok")
        line.close()
        token = {each: welcome[each] for each in ("token", "epoch")}
        line, welcome = self.hello(name="Ann", last=receipt["id"], **token)
        self.assertTrue(welcome["resumed"])
        self.send(line, type="say", key="k1", text="hello", room="#lobby")
        self.assertEqual(self.read(line, "ok")["id"], receipt["id"])

    def test_provedTakeover(self) -> None:
        """A client that takes a connection over by token and proof is shown the server's proof."""
        line, welcome = self.hello(name="Ann", backlog=0)
        secret = makeDeviceSecret()
        verifier = str(makeVerifier(secret, MIN_ITERATIONS))
        self.send(line, type="register", key="r1", label="laptop", verifier=verifier)
        self.read(line, "registered")
        token = {each: welcome[each] for each in ("token", "epoch", "last")}
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            exchange = ClientExchange("Ann/laptop", secret)
            second = self.connect(self.port)
            self.send(second, type="hello", name="Ann", scram=exchange.first, **token)
            challenge = self.read(second, "challenge")
            self.send(second, type="proof", scram=exchange.answer(challenge["scram"]))
            text = second.readLine()
            again = json.loads(text)
            if again["type"] == "welcome":
                break
            self.assertEqual(again["code"], "too-many-tries")
            time.sleep(0.2)
        exchange.verify(again["scram"])
        self.assertEqual((again["account"], again["resumed"]), ("Ann", True))
        self.assertEqual(self.read(line, "bye")["type"], "bye")
