# -*- test-case-name: tests.chat.commands.test_account -*-
"""
Tests for L{twisted_chat.chat.commands.account}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tests.support.accounts import (
    AccountsTestCase,
    TurnTestCase,
    addDevice,
    helloWith,
    prove,
    register,
)
from tests.support.helpers import NOW, FakeClient, enter, resume
from twisted_chat.accounts.credentials import MAX_CREDENTIALS
from twisted_chat.accounts.registry import MAX_CODES, MAX_NAMES
from twisted_chat.accounts.rules import project
from twisted_chat.accounts.throttle import REGISTERED_FROM_NETWORK, REGISTERED_IN_ALL
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.errors import NotStored
from twisted_chat.stores.interfaces import IFollower
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import CREDENTIALS, Draft
from twisted_chat.wire.jsonlines import JSON

SECRET = r"(\w{4}-){3}\w{4}"


class RegisterTests(AccountsTestCase):
    """
    C{/register}.
    """

    def test_made(self) -> None:
        """
        Without a password a secret is made and shown once, and the others hear nothing of it.
        """
        self.assertRegex(
            "\n".join(self.said(self.bob, "/register")),
            rf"^\* Bob is yours. Next time enter: Bob {SECRET}$",
        )
        self.assertEqual(self.ann.lines, [])
        self.assertTrue(self.bob.user.member.isRegistered)
        self.assertEqual(self.bob.user.member.account, "Bob")

    def test_password(self) -> None:
        """
        A password of one's own is not shown, and logs in.
        """
        self.assertEqual(
            self.said(self.bob, "/register correct horse battery"),
            ["* Bob is yours. Next time enter: Bob and your password"],
        )
        self.bob.types("/quit")
        self.assertIsNone(self.logIn("Bob correct horse battery").loginError)

    def test_badPassword(self) -> None:
        """
        A password that breaks a rule registers nobody, and is not counted.
        """
        for password in ("short", "x" * 257, "tab\there and more"):
            self.assertRegex(self.said(self.bob, f"/register {password}")[-1], "^! ", password)
        self.assertFalse(self.bob.user.member.isRegistered)
        self.assertRegex(self.said(self.bob, "/register")[-1], "is yours")

    def test_twice(self) -> None:
        """
        The owner of a name gets it once.
        """
        self.assertEqual(
            self.said(self.ann, "/register"),
            ["! Ann is yours already: /nick to another name first"],
        )
        self.assertEqual(
            self.said(self.ann, "/register a password of mine"),
            ["! you are registered already: /password NEW sets another password"],
        )

    def test_furtherNames(self) -> None:
        """
        An account has four names; each is owned, and entered with the same secret.
        """
        for name in ("Anna", "Annie", "Nan"):
            self.ann.types(f"/nick {name}")
            self.assertEqual(self.said(self.ann, "/register"), [f"* {name} is yours, too"])
        self.ann.types("/nick Nancy")
        self.assertIn(f"at most {MAX_NAMES} names", self.said(self.ann, "/register")[-1])
        self.assertIn("Ann is registered", self.said(self.ann, "/account")[0])
        self.assertIn("owns Anna, Annie, Nan", self.ann.lines[0])
        self.ann.types("/quit")
        self.assertIn("Anna is registered", self.refusal("anna"))
        again = self.logIn(f"Anna {self.secret}")
        self.assertEqual((again.user.name, again.user.member.account), ("Anna", "Ann"))
        self.assertIsNone(self.logIn("Nancy").loginError)

    def test_throttle(self) -> None:
        """
        From one network few people register in an hour, and one who is refused is told for how
        long.
        """
        for number in range(1, REGISTERED_FROM_NETWORK):
            register(self.logIn(f"a{number}"))
        late = self.logIn("late")
        self.assertIn("try again in 60 min", self.said(late, "/register")[-1])
        self.assertFalse(late.user.member.isRegistered)
        other = self.logIn("other", "198.51.100.9")
        self.assertIn("other is yours", self.said(other, "/register")[-1])
        self.passed += 3_601
        self.assertIn("late is yours", self.said(late, "/register")[-1])

    def test_trusted(self) -> None:
        """
        A trusted network has no limit of its own.
        """
        for number in range(REGISTERED_IN_ALL - 1):
            client = FakeClient(self.hub)
            client.isTrusted = True
            client.login(LoginRequest(f"n{number}"))
            client.types("/register")
            self.assertIn("is yours", client.lines[-1])
        self.assertIn("too many people are registering", self.said(self.bob, "/register")[-1])

    def test_removedAccount(self) -> None:
        """
        One whose account has ended does not register again before they come back.
        """
        self.ann.types("/unregister Ann", "/unregister Ann", "/nick Anna")
        self.assertEqual(
            self.said(self.ann, "/register"),
            ["! your account has ended: /quit, and come back under another name"],
        )
        self.ann.types("/quit")
        self.assertIn("Anna is yours", self.said(self.logIn("Anna"), "/register")[-1])

    def test_roomsAreKept(self) -> None:
        """
        What one made as a guest stays one's own.
        """
        self.bob.types("/join #den sesame", "/register", "/quit")
        secret = self.bob.lines[-2].rpartition(" ")[2]
        again = self.logIn(f"Bob {secret}")
        again.types("/join #den")
        self.assertEqual(self.said(again, "/lock"), ["* Bob made #den private"])


class RaceTests(TurnTestCase):
    """
    What comes in one turn.
    """

    def test_lookalikes(self) -> None:
        """
        A registration and its credentials are one batch; a line typed behind it waits.
        """
        bob = self.enter("Bob")
        bob.types("/register", "/account")
        self.assertEqual(len(bob.lines), 1)
        self.turn.end()
        self.assertRegex(bob.lines[1], "Bob is yours")
        self.assertRegex(bob.lines[2], "Bob is registered since")

    def test_left(self) -> None:
        """
        The name of somebody who left before the log had their registration is owned all the same.
        """
        bob = self.enter("Bob")
        bob.types("/register")
        bob.drops()
        self.turn.end()
        self.assertEqual(sorted(self.hub.users), ["Ann"])
        error = self.enter("Bob").loginError
        assert error is not None
        self.assertIn("Bob is registered", error.sentence)

    def test_twoDevices(self) -> None:
        """
        Two registrations of one session in one turn are one.
        """
        bob = self.enter("Bob", JSON)
        addDevice(bob, "one")
        addDevice(bob, "two")
        self.turn.end()
        self.assertEqual([each["type"] for each in bob.objects[1:]], ["registered", "registered"])
        bob.asks("account", key="a1")
        self.turn.end()
        self.assertEqual([each["label"] for each in bob.objects[-1]["devices"]], ["one", "two"])


class AtOnceTests(TurnTestCase):
    """
    Changes of one account in one turn.
    """

    def labels(self) -> list[str]:
        """
        @return: what logs in to Ann's account.
        """
        credentials = Deferred.fromCoroutine(
            self.hub.state.authenticator.credentials(self.ann.user.sid)
        )
        return [each.label for each in self.successResultOf(credentials)]

    def test_devices(self) -> None:
        """
        Devices that are added in one turn are all there.
        """
        programs = [helloWith(self.hub, "Ann", self.secret) for _ in range(3)]
        for number, program in enumerate(programs):
            addDevice(program, f"d{number}")
        self.ann.types("/password a password of mine")
        self.turn.end()
        self.assertEqual(self.labels(), ["secret", "d0", "d1", "d2", "password"])

    def test_codes(self) -> None:
        """
        Two codes that are used in one turn let two devices in.
        """
        codes = []
        for label in ("phone", "tablet"):
            self.ann.types(f"/device add {label}")
            self.turn.end()
            codes.append(self.ann.lines[-1].rpartition(" ")[2])
        clients = [self.logIn(f"Ann {code}") for code in codes]
        self.turn.end()
        for client in clients:
            secret = client.lines[-1].rpartition(" ")[2]
            client.types("/quit")
            self.turn.end()
            self.assertIsNone(self.logIn(f"Ann {secret}").loginError)
        self.assertEqual(self.labels(), ["secret", "phone", "tablet"])

    def test_lastWayIn(self) -> None:
        """
        Two that are removed in one turn leave one way in.
        """
        other = self.logIn(f"Ann {self.secret}")
        other.types("/password a password of mine")
        self.turn.end()
        self.ann.types("/device remove secret")
        other.types("/device remove password")
        self.turn.end()
        self.assertIn("! this is your last way in", "".join(other.lines + self.ann.lines))
        self.assertEqual(len(self.labels()), 1)

    def test_nothingIsKept(self) -> None:
        """
        Nothing is kept of changes once they are done, or refused.
        """
        self.ann.types("/device remove phone", "/password a password of mine")
        self.turn.end()
        self.assertEqual(self.hub.state.authenticator._changing, {})


class HalfLog(MemoryLog):
    """
    A log that refuses credentials while the test says so.
    """

    isFull = False

    def follow(self, follower: IFollower) -> None:
        """See L{twisted_chat.stores.interfaces.ILog.follow}."""
        super().follow(follower)
        self._follower = follower

    def append(self, draft: Draft, origin: object) -> None:
        """See L{twisted_chat.stores.interfaces.ILog.append}."""
        if self.isFull and draft.kind == CREDENTIALS:
            self._follower.refused([(draft, origin)], NotStored("not stored: try again later"))
        else:
            super().append(draft, origin)


class HalfTests(AccountsTestCase):
    """
    A registration of which only the first half was stored.
    """

    def makeLog(self) -> MemoryLog:
        """See L{AccountsTestCase.makeLog}."""
        self.half = HalfLog(seconds=lambda: self.now, projection=project)
        return self.half

    def test_mended(self) -> None:
        """
        One who has registered, and whose secret was not stored, is told, and sets a password.
        """
        self.half.isFull = True
        self.assertEqual(self.said(self.bob, "/register"), ["! not stored: try again later"])
        self.assertTrue(self.bob.user.member.isRegistered)
        self.half.isFull = False
        self.bob.types("/password a password of mine")
        self.assertIsNone(self.logIn("Bob a password of mine").loginError)


class PasswordTests(AccountsTestCase):
    """
    C{/password} and C{/login}.
    """

    def test_changed(self) -> None:
        """
        A new password takes the place of the one before; made secrets stay.
        """
        self.assertEqual(
            self.said(self.ann, "/password the first password"), ["* Your password is changed"]
        )
        self.ann.types("/password the second password")
        self.assertIn("wrong-login", self.refusal("Ann the first password"))
        self.assertIsNone(self.logIn("Ann the second password").loginError)
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)

    def test_refused(self) -> None:
        """
        Guests have no password, and a bad one changes nothing.
        """
        self.assertEqual(
            self.said(self.bob, "/password another password"),
            ["! you are a guest: /register makes your name your own"],
        )
        self.assertRegex(self.said(self.ann, "/password short")[-1], "^! a password has at least")

    def test_forms(self) -> None:
        """
        A password is the same in every Unicode form (RFC 8265).
        """
        self.ann.types("/password Cafe\u0301 noir et blanc")
        self.assertIsNone(self.logIn("Ann Caf\u00e9 noir et blanc").loginError)
        self.assertIsNotNone(self.logIn("Ann cafe\u0301 noir et blanc").loginError)

    def test_proveAgain(self) -> None:
        """
        One who is logged in is told so.
        """
        self.assertEqual(
            self.said(self.ann, f"/login Ann {self.secret}"), ["* You are logged in as Ann"]
        )


class AccountTests(AccountsTestCase):
    """
    C{/account}.
    """

    def test_details(self) -> None:
        """
        The owner reads names, devices and connections.
        """
        self.annAgain().types("/password a password of mine")
        lines = self.said(self.ann, "/account")
        self.assertRegex(lines[0], r"^\* Ann is registered since \d{4}-\d\d-\d\d \d\d:\d\d$")
        self.assertRegex(lines[1], r"^\* logs in with: secret \(since .*\), password \(since .*\)$")
        self.assertEqual(lines[2], "* here over 2 connections")

    def test_program(self) -> None:
        """
        A program reads the same as values.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        program.asks("account", key="a1")
        self.assertEqual(
            program.objects[-1],
            {
                "type": "account",
                "names": ["Ann"],
                "since": NOW,
                "devices": [{"label": "secret", "since": round(NOW)}],
                "connections": 2,
                "key": "a1",
            },
        )

    def test_guest(self) -> None:
        """
        A guest has none.
        """
        self.assertRegex(self.said(self.bob, "/account")[-1], "^! you are a guest")


class DeviceTests(AccountsTestCase):
    """
    C{/device}.
    """

    def test_add(self) -> None:
        """
        C{add} gives a code for a label.
        """
        self.assertRegex(
            "\n".join(self.said(self.ann, "/device add phone")),
            rf"^\* On the new device enter within 10 minutes: Ann {SECRET}$",
        )

    def test_usage(self) -> None:
        """
        Anything else than C{add} or C{remove} with a label is refused.
        """
        for line in ("/device", "/device add", "/device list x", "/device remove"):
            self.assertRegex(self.said(self.ann, line)[-1], "^! Usage: /device", line)
        for label in ("two words", "a/b", "x" * 40):
            self.assertRegex(self.said(self.ann, f"/device add {label}")[-1], "^! ", label)

    def test_remove(self) -> None:
        """
        C{remove} ends the connections and the sessions of a device, and its secret.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        secret = addDevice(program, "laptop")
        first = prove(self.hub, "Ann/laptop", secret)
        second = prove(self.hub, "Ann/laptop", secret)
        text = self.logIn(f"Ann/laptop {secret}")
        away = prove(self.hub, "Ann/laptop", secret)
        away.drops()
        self.assertEqual(
            self.said(self.ann, "/device remove LAPTOP"), ["* laptop no longer logs in"]
        )
        for client in (first, second, program):
            self.assertTrue(client.closed)
            self.assertEqual(
                client.objects[-1], {"type": "bye", "text": "the device laptop was removed"}
            )
        self.assertEqual(text.lines[-1], "* the device laptop was removed")
        for client in (first, second, away):
            again = resume(self.hub, client.objectsOf("welcome")[0], self.hub.lastId)
            self.assertEqual(again.objects[-1]["code"], "name-taken")
        self.assertIsNone(prove(self.hub, "Ann/laptop", secret).user)
        self.assertEqual(self.ann.user.member.devices, (self.ann.user,))

    def test_removeTheFirst(self) -> None:
        """
        The device that registered is removed as any other, also while it is away.
        """
        for isAway in (False, True):
            name = f"Eve{isAway}"
            eve = enter(self.hub, name, JSON)
            secret = addDevice(eve, "first")
            other = prove(self.hub, f"{name}/first", secret)
            added = addDevice(other, "second")
            if isAway:
                eve.drops()
            other.asks("command", line="/device remove first")
            self.assertEqual(other.objects[-1]["text"], "first no longer logs in")
            welcome = eve.objectsOf("welcome")[0]
            self.assertEqual(eve.closed, True)
            other.asks("command", line="/join #dev")
            other.asks("bye")
            again = resume(self.hub, welcome, self.hub.lastId)
            self.assertEqual(again.objects[-1]["code"], "name-taken", isAway)
            back = prove(self.hub, f"{name}/second", added)
            rooms = [room["name"] for room in back.objectsOf("welcome")[0]["rooms"]]
            self.assertEqual(rooms, ["#lobby", "#dev"])

    def test_removeOneself(self) -> None:
        """
        A device that removes itself stays until it leaves, and is not resumed.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        addDevice(program, "laptop")
        program.asks("command", line="/device remove laptop")
        self.assertFalse(program.closed)
        program.asks("command", line="/join #dev")
        program.drops()
        again = resume(self.hub, program.objectsOf("welcome")[0], self.hub.lastId)
        self.assertEqual(again.objects[-1]["code"], "name-taken")

    def test_last(self) -> None:
        """
        The last way in is not removed, nor one that is not there.
        """
        self.assertRegex(
            self.said(self.ann, "/device remove secret")[-1], "^! this is your last way in"
        )
        self.assertRegex(
            self.said(self.ann, "/device remove phone")[-1], "^! you have no device phone"
        )
        self.ann.types("/password a password of mine")
        self.assertEqual(self.said(self.ann, "/device remove secret")[-1][:2], "* ")

    def test_atMost(self) -> None:
        """
        An account has sixteen devices and passwords at most.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        for number in range(1, MAX_CREDENTIALS):
            addDevice(program, f"d{number}")
            self.assertEqual(program.objects[-1]["type"], "registered")
        addDevice(program, "late")
        self.assertEqual(program.objects[-1]["code"], "not-allowed")
        self.assertRegex(
            self.said(self.ann, "/password another password")[-1], "^! an account has at most"
        )

    def test_guest(self) -> None:
        """
        A guest has no devices.
        """
        self.assertRegex(self.said(self.bob, "/device add phone")[-1], "^! you are a guest")


class InviteTests(AccountsTestCase):
    """
    C{/invite-code}.
    """

    def test_code(self) -> None:
        """
        A code is shown with what to do with it.
        """
        self.assertRegex(
            "\n".join(self.said(self.ann, "/invite-code")),
            rf"^\* Within 7 days somebody can enter with: NAME {SECRET}$",
        )

    def test_atMost(self) -> None:
        """
        One gives out so many codes a day.
        """
        for _ in range(MAX_CODES):
            self.assertRegex(self.said(self.ann, "/invite-code")[-1], "^\\* ")
        self.assertRegex(self.said(self.ann, "/invite-code")[-1], "^! you gave out as many codes")
        self.now += 7 * 86_400 + 1
        self.assertRegex(self.said(self.ann, "/invite-code")[-1], "^\\* ")

    def test_guest(self) -> None:
        """
        A guest gives out none.
        """
        self.assertRegex(self.said(self.bob, "/invite-code")[-1], "^! you are a guest")


class UnregisterTests(AccountsTestCase):
    """
    C{/unregister}.
    """

    def test_twice(self) -> None:
        """
        It is typed twice, with the name of the account, before anything happens.
        """
        for line in ("/unregister Bob", "/unregister ann"):
            self.assertEqual(
                self.said(self.ann, line),
                ["! type the name of your account to be sure: /unregister Ann"],
            )
        self.assertEqual(
            self.said(self.ann, "/unregister Ann"),
            [
                "* Nobody will ever be called Ann again, you neither. To do it, type it once more: "
                "/unregister Ann"
            ],
        )
        self.assertTrue(self.ann.user.member.isRegistered)
        self.assertEqual(self.said(self.ann, "/unregister Ann"), ["* Ann is no longer registered"])
        self.assertFalse(self.ann.user.member.isRegistered)

    def test_afterwards(self) -> None:
        """
        One whose account has ended is a guest on each connection until they leave.
        """
        again = self.annAgain()
        self.ann.types("/unregister Ann", "/unregister Ann")
        for client in (self.ann, again):
            self.assertRegex(self.said(client, "/account")[-1], "^! you are a guest")
            self.assertEqual(self.said(client, "hi"), ["OK . ."])
        program = enter(self.hub, "Eve", JSON)
        program.forget()
        self.ann.types("still here")
        self.assertNotIn("account", program.objects[-1])
        for client in (self.ann, again):
            client.types("/quit")
        self.assertEqual(sorted(self.hub.users), ["Bob", "Eve"])

    def test_guest(self) -> None:
        """
        A guest has nothing to end.
        """
        self.assertRegex(self.said(self.bob, "/unregister Bob")[-1], "^! you are a guest")


class ShownTests(AccountsTestCase):
    """
    Registered people, as others see them.
    """

    def setUp(self) -> None:
        super().setUp()
        self.program = enter(self.hub, "Eve", JSON)
        self.ann.types("/nick Anna")
        self.program.forget()

    def test_events(self) -> None:
        """
        Messages and comings of registered people carry the account, also in the past.
        """
        self.ann.types("hi", "/me waves", "/msg Eve psst", "/join #dev")
        self.program.asks("command", line="/join #dev")
        self.ann.types("/leave", "/join #dev")
        carried = {each["type"]: each.get("account") for each in self.program.objects}
        for kind in ("said", "acted", "told", "joined"):
            self.assertEqual(carried[kind], "Ann", kind)
        self.assertIsNone(carried["left"])
        self.program.forget()
        for type in ("history", "search"):
            self.program.asks(type, words="hi", room="#lobby")
            events = self.program.objects[-1]["events"]
            self.assertEqual({each.get("account") for each in events}, {"Ann"}, type)
        self.annAgain()
        self.ann.types("/quit")

    def test_resumed(self) -> None:
        """
        What was missed carries the account as well, and so do one's own messages.
        """
        welcome = enter(self.hub, "Dai", JSON)
        last = self.hub.lastId
        welcome.drops()
        self.ann.types("hi", "/quit")
        self.annAgain()
        again = resume(self.hub, welcome.objectsOf("welcome")[0], last)
        for kind in ("said", "joined"):
            accounts = {each.get("account") for each in again.objectsOf(kind)}
            self.assertIn("Ann", accounts, kind)

    def test_guests(self) -> None:
        """
        A guest has no account, and one who registers has it from then on.
        """
        self.bob.types("before", "/register", "after")
        before, after = self.program.objectsOf("said")
        self.assertNotIn("account", before)
        self.assertEqual(after["account"], "Bob")

    def test_who(self) -> None:
        """
        C{/who} tells it.
        """
        self.assertRegex(self.said(self.bob, "/who Anna")[-1], "registered as Ann$")
        self.assertNotIn("registered", self.said(self.ann, "/who Bob")[-1])
        for name, account in (("Anna", "Ann"), ("Bob", None)):
            self.program.asks("who", name=name)
            self.assertEqual(self.program.objects[-1].get("account"), account)
