# -*- test-case-name: tests.chat.commands.test_accountdevices -*-
"""
Tests for L{twisted_chat.chat.commands.account}: the devices of an account.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tests.support.accounts import (
    SECRET,
    AccountsTestCase,
    TurnTestCase,
    addDevice,
    helloWith,
    prove,
)
from tests.support.helpers import enter, resume
from twisted_chat.accounts.credentials import MAX_CREDENTIALS
from twisted_chat.wire.jsonlines import JSON


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
        Any argument but C{add} or C{remove} with a label is refused.
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
        The device that registered is removed like any other, also while it is away.
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
        A removal of the last way in is refused, and so is that of an unknown device.
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


class AtOnceTests(TurnTestCase):
    """
    Changes of one account in one turn.
    """

    def labels(self) -> list[str]:
        """
        @return: the labels that log in to Ann's account.
        """
        credentials = Deferred.fromCoroutine(
            self.hub.state.authenticator.credentials(self.ann.user.sid)
        )
        return [each.label for each in self.successResultOf(credentials)]

    def test_devices(self) -> None:
        """
        All devices that are added in one turn are there.
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
        Two ways in that are removed in one turn leave one.
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
        No change is kept once it is done, or refused.
        """
        self.ann.types("/device remove phone", "/password a password of mine")
        self.turn.end()
        self.assertEqual(self.hub.state.authenticator._changing, {})
