"""
Tests of the client's part in the commands about an account.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import Linked, Peer
from twisted_chat.client.accountcommands import AccountCommands
from twisted_chat.client.devicesecrets import DeviceSecret, DeviceSecrets, deviceLabel
from twisted_chat.client.messages import ServerMessage
from twisted_chat.errors import BadCommand
from twisted_chat.wire.scram import parseVerifier

LABEL = deviceLabel()


class AccountCommandsTests(SynchronousTestCase):
    """
    A user who types these commands, and a server that answers.
    """

    def setUp(self) -> None:
        home = os.path.abspath(self.mktemp())
        self.kept = DeviceSecrets({"XDG_STATE_HOME": home}, "here")
        self.said: list[str] = []
        self.asked: list[tuple[str, Callable[[str], None]]] = []

    def notice(self, text: str) -> None:
        self.said.append(f"* {text}")

    def refuse(self, text: str) -> None:
        self.said.append(f"! {text}")

    def askPassword(self, name: str, answered: Callable[[str], None]) -> None:
        self.asked.append((name, answered))

    def inside(self, isPrivate: bool = True, **fields: Any) -> Peer:
        self.it = Linked("Ann", isPrivate=isPrivate)
        peer = self.it.enterJSON(**fields)
        self.commands = AccountCommands(self.it.link, self.kept, self)
        ui = self.it.ui

        def received(batch: tuple[ServerMessage, ...]) -> None:
            for each in batch:
                self.commands.answered(each)

        ui.received = received  # type: ignore[method-assign,assignment]
        return peer

    def test_register(self) -> None:
        """The secret is stored before it is sent, and in use when the server confirms it."""
        peer = self.inside()
        self.assertTrue(self.commands.does("/register"))
        (request,) = peer.objects()
        self.assertEqual((request["type"], request["label"]), ("register", LABEL))
        found = self.kept.find("Ann")
        assert found is not None
        self.assertTrue(found.isProposed)
        self.assertTrue(parseVerifier(request["verifier"]).accepts(found.secret))
        self.assertNotIn(found.secret, str(request))
        peer.says(type="registered", id=11, time=1.0, name="Ann", key=request["key"])
        self.assertEqual(self.kept.find("Ann"), DeviceSecret("Ann", LABEL, found.secret))
        self.assertEqual(self.it.link.session.account, "Ann")
        self.assertIn("* Ann is yours", self.said[0])

    def test_refused(self) -> None:
        """A refusal removes the secret, and is told."""
        peer = self.inside()
        self.commands.does("/register")
        (request,) = peer.objects()
        peer.says(type="error", code="not-allowed", text="not here", key=request["key"])
        self.assertIsNone(self.kept.find("Ann"))
        self.assertEqual(self.said, ["! not here"])

    def test_labelIsTaken(self) -> None:
        """A device whose label is taken adds a number to it, up to a limit."""
        peer = self.inside(account="Ann", marks={}, unread={})
        self.commands.does("/register")
        labels = []
        while requests := peer.objects():
            labels.append(requests[0]["label"])
            peer.says(type="error", code="bad-name", text="called so", key=requests[0]["key"])
        self.assertEqual(labels[:2], [LABEL, f"{LABEL}-2"])
        self.assertEqual((len(labels), self.said), (9, ["! called so"]))

    def test_nameAsConfirmed(self) -> None:
        """The secret belongs to the name that the server has confirmed."""
        peer = self.inside()
        self.commands.does("/register")
        (request,) = peer.objects()
        peer.says(type="registered", id=11, time=1.0, name="Anna", key=request["key"])
        self.assertIsNone(self.kept.find("Ann"))
        found = self.kept.find("Anna")
        self.assertEqual(found and (found.name, found.isProposed), ("Anna", False))

    def test_oneAtATime(self) -> None:
        """A second command is refused until the first is answered, and is taken after a drop."""
        self.inside()
        self.commands.does("/register")
        self.assertRaises(BadCommand, self.commands.does, "/register")
        self.commands.disconnected()
        self.assertTrue(self.commands.does("/register"))

    def test_serversOwn(self) -> None:
        """
        The command goes to the server if it names a password, or if the device already logs in.
        """
        self.kept.propose(DeviceSecret("Ann", LABEL, "S"))
        self.kept.confirm("Ann")
        self.inside(account="Ann", marks={}, unread={})
        for line in ("/register", "/register swordfish!!", "/login", "/registers", "hello", ""):
            self.assertFalse(self.commands.does(line), line)

    def test_text(self) -> None:
        """All these commands go to the server in the text dialect."""
        it = Linked("Ann", textOnly=True)
        it.enterText()
        commands = AccountCommands(it.link, self.kept, self)
        for line in ("/register", "/login Bob x"):
            self.assertFalse(commands.does(line))

    def test_offline(self) -> None:
        """No secret is made without a connection."""
        self.inside().closes()
        for line in ("/register", "/login Bob x"):
            self.assertRaises(BadCommand, self.commands.does, line)
        self.assertIsNone(self.kept.find("Ann"))

    def lines(self, peer: Peer) -> list[str]:
        return [each["line"] for each in peer.objects() if "line" in each]

    def test_login(self) -> None:
        """The password is asked for, or given with the command."""
        peer = self.inside()
        self.assertTrue(self.commands.does("/login Bob"))
        ((name, answered),) = self.asked
        self.assertEqual((name, self.lines(peer)), ("Bob", []))
        answered(" sword fish ")
        (command, ping) = peer.objects()
        self.assertEqual(command["line"], "/login Bob sword fish")
        peer.says(type="pong", key=ping["key"])
        self.commands.does("/LOGIN Bob s f")
        self.assertEqual(self.lines(peer), ["/login Bob s f"])
        answered("  ")
        self.assertEqual(self.lines(peer), [])

    def test_loginByDevice(self) -> None:
        """No password is asked for if this device logs in to the account."""
        peer = self.inside()
        self.kept.propose(DeviceSecret("Bob", "laptop", "S"))
        self.commands.does("/login bob")
        self.assertEqual((len(self.asked), self.lines(peer)), (1, []))
        self.kept.confirm("Bob")
        self.commands.does("/login bob")
        self.assertEqual((len(self.asked), self.lines(peer)), (1, ["/login Bob/laptop S"]))

    def test_loginInClear(self) -> None:
        """No password is sent where others can listen, and the user is told what to do."""
        peer = self.inside(isPrivate=False)
        for line in ("/login Bob", "/login Bob swordfish"):
            error = self.assertRaises(BadCommand, self.commands.does, line)
            self.assertIn("start with --name Bob", error.sentence)
        self.assertEqual((peer.got(), self.asked), (b"", []))

    def test_followed(self) -> None:
        """A change by the server's own command is asked for."""
        peer = self.inside()
        self.commands.followed("/names")
        self.assertEqual(peer.objects(), [])
        for names, account in ((["Ann", "Zoe"], "Ann"), ([], "")):
            self.commands.followed("/register swordfish")
            (request,) = peer.objects()
            self.assertEqual(request["type"], "account")
            if names:
                peer.says(type="account", names=names, key=request["key"])
            else:
                peer.says(type="error", code="not-allowed", text="guest", key=request["key"])
            self.assertEqual(self.it.link.session.account, account)
        self.assertEqual(self.said, [])
