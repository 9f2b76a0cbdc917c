"""
Tests of the user interface in a terminal: accounts.
"""

from __future__ import annotations

from twisted.internet.error import ConnectionLost

from tests.support.chatting import WELCOME, Peer
from tests.support.consoles import ConsoleUITestCase
from twisted_chat.client.devicesecrets import DeviceSecret


class AccountTests(ConsoleUITestCase):
    """
    Passwords, registration and logins.
    """

    def wanted(self) -> Peer:
        """
        The server says that the name is registered.
        """
        peer = self.begin()
        peer.got()
        peer.says(type="error", code="name-taken", text="taken", login=["scram", "password"])
        return peer

    def test_passwordIsHidden(self) -> None:
        """A password is asked for, and is never on the screen, then or later."""
        peer = self.wanted()
        shown = self.shown()
        self.assertIn("* Ann is registered", shown)
        self.assertIn("Password of Ann (not shown) > ", shown)
        self.types("swordfish")
        self.assertNotIn("swordfish", self.shown())
        self.types("\r")
        self.assertIn("scram", peer.objects()[0])
        peer.says(type="error", code="wrong-login", text="this is wrong: try again")
        shown = self.shown()
        self.assertIn("! this is wrong", shown)
        self.assertNotIn("* Ann is registered", shown)
        self.types("\x1b[A")
        self.assertNotIn("swordfish", self.shown())

    def test_nameInsteadOfPassword(self) -> None:
        """An empty answer goes back to the name."""
        peer = self.wanted()
        self.types("\r")
        self.assertIn("Enter your name", self.shown())
        self.types("Zoe\r")
        (hello,) = peer.objects()
        self.assertEqual((hello["name"], "scram" in hello), ("Zoe", False))

    def test_passwordAfterTheName(self) -> None:
        """A password may follow the name; it does not stay on the screen."""
        peer = self.begin("")
        for key in "Ann swordfish\r":
            self.types(key)
        (hello,) = peer.objects()
        self.assertEqual((hello["name"], "scram" in hello), ("Ann", True))
        shown = self.shown()
        self.assertIn("Ann ...", shown)
        self.assertNotIn("swordfish", shown)

    def test_typedSecrets(self) -> None:
        """The secret in a command neither stays on the screen nor can be recalled."""
        peer = self.inside()
        for line in ("/login Bob swordfish", "/register swordfish!!", "/password swordfish!!"):
            self.types(line)
            self.shown()
            self.types("\r")
            requests = peer.objects()
            self.assertIn(line, [each.get("line") for each in requests])
            for each in requests:
                if each["type"] == "ping":
                    peer.says(type="pong", key=each["key"])
            self.assertNotIn("swordfish", self.shown())
        for _ in range(3):
            self.types("\x1b[A")
            self.assertNotIn("swordfish", self.shown())

    def test_login(self) -> None:
        """C{/login} asks out of sight, keeps what was being typed, and changes the user's name."""
        peer = self.inside()
        self.types("/login Bob\r")
        self.assertIn("Password of Bob (not shown) > ", self.shown())
        self.types("swordfish\r")
        self.assertEqual(peer.objects()[0]["line"], "/login Bob swordfish")
        self.assertNotIn("swordfish", self.shown())
        peer.says(type="login", name="Bob", account="Bob")
        shown = self.shown()
        self.assertIn("* You are logged in as Bob", shown)
        self.assertTrue(shown.endswith("[#lobby] Bob> "))

    def test_loginRefused(self) -> None:
        """A password that cannot be sent when it is given is refused."""
        peer = self.inside()
        self.types("/login Bob\r")
        peer.closes(ConnectionLost())
        self.types("swordfish\r")
        self.assertIn("! there is no connection", self.shown())

    def test_register(self) -> None:
        """C{/register} keeps a secret for this device, which logs in by it the next time."""
        peer = self.inside()
        self.types("/register\r")
        (request,) = peer.objects()
        peer.says(type="registered", id=11, time=1.0, name="Ann", key=request["key"])
        self.assertIn("* Ann is yours, and this device", self.shown())
        self.assertIn("scram", self.begin().objects()[0])

    def test_registerTwice(self) -> None:
        """A device that logs in by itself already leaves the command to the server."""
        peer = self.owner()
        self.kept.propose(DeviceSecret("Ann", "laptop", "S"))
        self.kept.confirm("Ann")
        self.types("/register\r")
        requests = peer.objects()
        self.assertEqual(requests[0].get("line"), "/register")
        self.assertEqual(requests[-1]["type"], "account")

    def test_code(self) -> None:
        """A device is registered without asking after a login by a one-time code."""
        peer = self.wanted()
        self.types("7kq2 9f3m 2wxa p4rt\r")
        self.assertIn("scram", peer.objects()[0])
        peer.says(type="error", code="wrong-login", text="wrong")
        self.assertEqual(peer.objects()[0]["password"], "7kq2 9f3m 2wxa p4rt")
        peer.says(**{**WELCOME, "account": "Ann", "marks": {}, "unread": {}})
        self.assertIn("register", [each["type"] for each in peer.objects()])

    def test_prompt(self) -> None:
        """The prompt names the account if the user's name is another one."""
        self.begin().says(**{**WELCOME, "name": "Zoe", "account": "Ann", "marks": {}, "unread": {}})
        self.assertTrue(self.shown().endswith("[#lobby] Zoe (Ann)> "))
