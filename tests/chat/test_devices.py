# -*- test-case-name: tests.chat.test_devices -*-
"""
Tests for L{twisted_chat.chat.login}: several connections of one person.
"""

from __future__ import annotations

from tests.support.accounts import AccountsTestCase, TurnTestCase, addDevice, helloWith, prove
from tests.support.helpers import CONNECTED, Clerk, enter, resume
from twisted_chat.chat.login import MAX_DEVICES
from twisted_chat.wire.jsonlines import JSON


class DevicesTests(AccountsTestCase):
    """
    Several connections of one person.
    """

    def test_once(self) -> None:
        """
        A member with two connections has one name, counts once, and joins and leaves once.
        """
        again = self.annAgain()
        self.assertEqual(self.bob.lines, [])
        self.assertEqual(self.said(self.bob, "/names"), ["* 2 in #lobby: Ann, Bob"])
        self.bob.forget()
        again.types("/quit")
        self.assertEqual((again.lines, self.bob.lines), (["* Goodbye"], []))
        self.ann.types("/quit")
        self.assertEqual(self.bob.lines, ["* Ann has left"])
        self.assertEqual((list(self.hub.users), len(self.hub.lobby)), (["Bob"], 1))

    def test_rooms(self) -> None:
        """
        Rooms belong to the member, on each connection; the current room belongs to the connection.
        """
        again = self.annAgain()
        self.ann.types("/join #dev")
        self.assertEqual(again.lines, ["* Ann has joined #dev"])
        self.assertEqual(self.said(again, "hi"), ["OK . ."])
        self.assertEqual(self.ann.lines[-1], "#lobby Ann :: hi")
        again.types("/join #dev")
        self.assertEqual(self.said(again, "hi"), ["OK . ."])
        self.assertEqual(self.ann.lines[-1], "Ann :: hi")
        third = self.annAgain()
        self.assertEqual([room.name for room in third.user.rooms], ["#lobby", "#dev"])
        self.ann.forget()
        third.types("/leave #dev")
        self.assertEqual(self.ann.lines, ["* Ann has left #dev"])
        self.assertEqual(self.ann.user.current.name, "#lobby")

    def test_rename(self) -> None:
        """
        A new name is the member's, on each connection.
        """
        again = self.annAgain()
        self.ann.types("/nick Anna")
        self.assertEqual(self.ann.lines, ["* You are now Anna"])
        self.assertEqual(again.lines, ["* Ann is now Anna"])
        self.assertEqual((again.user.name, self.bob.lines), ("Anna", ["* Ann is now Anna"]))
        self.assertEqual(self.said(again, "hi"), ["OK . ."])
        self.assertEqual(self.bob.lines[-1], "Anna :: hi")

    def test_receipts(self) -> None:
        """
        A receipt goes to the connection that spoke, and the others hear the message.
        """
        again = self.annAgain()
        self.ann.types("hi", "/me waves")
        self.assertEqual(self.ann.lines, ["OK . .", "OK . ."])
        self.assertEqual(again.lines, ["Ann :: hi", "* Ann waves"])

    def test_told(self) -> None:
        """
        A direct message reaches all connections of its reader, and shows at the author's others.
        """
        again = self.annAgain()
        self.bob.types("/msg Ann psst")
        self.assertEqual(self.ann.lines + again.lines, ["Bob -> you :: psst"] * 2)
        self.forget(self.ann, again)
        again.types("/r yes?")
        self.assertEqual(again.lines, ["OK . ."])
        self.assertEqual(self.ann.lines, ["* you -> Bob :: yes?"])
        self.assertEqual(self.bob.lines[-1], "Ann -> you :: yes?")

    def test_toldByPrograms(self) -> None:
        """
        A program reads what its member told over another connection under the member's own name,
        without the key of that connection.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        other = helloWith(self.hub, "Ann", self.secret)
        program.forget()
        other.asks("tell", to="Bob", text="psst", key="k1")
        told = program.objectsOf("told")[0]
        self.assertEqual(
            (told["name"], told["to"], told["account"], told.get("key")),
            ("Ann", "Bob", "Ann", None),
        )
        self.assertEqual(other.objects[-1]["type"], "ok")

    def test_equalKeys(self) -> None:
        """
        Messages with the same key from two connections are two messages; a key that one of them
        repeats gets the receipt again, and nothing is heard twice.
        """
        phone = helloWith(self.hub, "Ann", self.secret)
        laptop = helloWith(self.hub, "Ann", self.secret)
        self.forget(phone, laptop, self.bob)
        phone.asks("say", text="from the phone", key="1")
        laptop.asks("say", text="from the laptop", key="1")
        phone.asks("say", text="from the phone", key="1")
        self.assertEqual(self.bob.lines, ["Ann :: from the phone", "Ann :: from the laptop"])
        first, second = phone.objectsOf("ok")
        self.assertEqual(first, second)
        self.assertEqual(first["key"], "1")
        self.assertEqual([each["key"] for each in laptop.objectsOf("ok")], ["1"])
        self.assertNotEqual(laptop.objectsOf("ok")[0]["id"], first["id"])
        for client in (phone, laptop):
            self.assertNotIn("key", client.objectsOf("said")[0])

    def test_replayedKeys(self) -> None:
        """
        A session that resumes is shown the keys of its own messages alone.
        """
        ann = enter(self.hub, "Eve", JSON)
        secret = addDevice(ann, "first")
        other = prove(self.hub, "Eve/first", secret)
        ann.asks("say", text="one", key="1")
        other.asks("say", text="two", key="1")
        for client in (ann, other):
            client.drops()
        for client, own in ((ann, "one"), (other, "two")):
            welcome = client.objectsOf("welcome")[0]
            again = resume(self.hub, welcome, welcome["last"])
            said = {each["text"]: each.get("key") for each in again.objectsOf("said")}
            expected = {"one": None, "two": None, own: "1"}
            self.assertEqual(said, expected)
            again.drops()

    def test_dropOfTheLast(self) -> None:
        """
        A member whose last connection is lost has left, and resumes its session later.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        self.ann.types("/quit")
        self.assertEqual(self.bob.lines, [])
        program.drops()
        self.assertEqual(self.bob.lines, ["* Ann has left"])
        again = resume(self.hub, program.objectsOf("welcome")[0], self.hub.lastId)
        self.assertTrue(again.objects[0]["resumed"])
        self.assertEqual(again.objects[0]["account"], "Ann")

    def test_atMost(self) -> None:
        """
        An account has eight connections at most.
        """
        clients = [self.annAgain() for _ in range(MAX_DEVICES - 1)]
        self.assertEqual(
            self.refusal(f"Ann {self.secret}"),
            "too-many-tries: you are here over 8 connections, which is the most: end one first",
        )
        eve = self.logIn("Eve")
        self.assertRegex(self.said(eve, f"/login Ann {self.secret}")[-1], "^! you are here over 8")
        self.assertEqual(eve.user.name, "Eve")
        clients[3].types("/quit")
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)

    def test_privateRooms(self) -> None:
        """
        Private rooms and the rights in them belong to the member: on each connection, and after all
        were gone.
        """
        self.ann.types("/join #den sesame", "secret")
        again = self.annAgain()
        again.types("/join #den")
        self.assertIn("secret", "".join(self.said(again, "/history")))
        for client in (self.ann, again):
            client.types("/quit")
        back = self.annAgain()
        self.assertEqual([room.name for room in back.user.rooms], ["#lobby", "#den"])
        self.assertIn("* You are in #den (1 here)", self.said(back, "/join #den"))
        self.assertIn("secret", "".join(self.said(back, "/history")))
        self.assertIn("* Ann made #den private", self.said(back, "/lock sesame2"))

    def test_restart(self) -> None:
        """
        Rooms and rights are still the member's after a restart.
        """
        self.ann.types("/join #den sesame", "secret")
        self.restart()
        back = self.annAgain()
        back.types("/join #den")
        self.assertEqual(back.user.current.name, "#den")
        self.assertIn("secret", "".join(self.said(back, "/history")))

    def test_nameAfterRestart(self) -> None:
        """
        A name that a registered user bore without owning it is kept for them after a restart,
        whatever device comes first.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        program.asks("command", line="/nick Annie")
        self.restart()
        again = resume(self.hub, program.objectsOf("welcome")[0], self.hub.lastId, name="")
        self.assertEqual(again.objects[0]["name"], "Annie")

    def test_notedTooLate(self) -> None:
        """
        A user who registered just before the server ended resumes as the account's owner.
        """
        eve = enter(self.hub, "Eve", JSON)
        addDevice(eve, "first")
        self.log.remember(eve.user.session._replace(account=""))
        self.restart()
        again = resume(self.hub, eve.objectsOf("welcome")[0], self.hub.lastId)
        self.assertEqual(again.objects[0]["account"], "Eve")

    def test_unregistered(self) -> None:
        """
        A session of an account that has ended is not resumed.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        self.ann.types("/unregister Ann", "/unregister Ann", "/quit")
        program.asks("bye")
        again = resume(self.hub, program.objectsOf("welcome")[0], self.hub.lastId)
        self.assertEqual(again.objects[0]["code"], "name-taken")

    def test_quitWhileUnanswered(self) -> None:
        """
        A connection that ends beside another gets its receipts first, and says goodbye once.
        """
        clerk = Clerk()
        self.hub.state.audit = clerk
        again = self.annAgain()
        again.types("hi", "/quit")
        self.assertEqual(again.lines, ["OK . .", "* Goodbye"])
        told = [entry[0] for entry in clerk.entries if "has left" in entry[0]]
        self.assertEqual(told, ["Ann has left, and stays over another connection"])


class DevicesTurnTests(TurnTestCase):
    """
    Connections of one member that come and go in one turn.
    """

    def test_twoAtOnce(self) -> None:
        """
        Two devices that log in in one turn, while none is there, are one member.
        """
        bob = self.enter("Bob")
        self.ann.types("/quit")
        self.turn.end()
        bob.forget()
        first, second = (self.logIn(f"Ann {self.secret}") for _ in range(2))
        self.turn.end()
        for client in (first, second):
            self.assertEqual(client.lines, [CONNECTED])
        self.assertIs(first.user.member, second.user.member)
        self.assertEqual(bob.lines, ["* Ann is now connected"])
        self.assertEqual(len(self.hub.lobby), 2)

    def test_whileTheLastLeaves(self) -> None:
        """
        A device that logs in while the last one is leaving enters after it has left.
        """
        bob = self.enter("Bob")
        bob.forget()
        self.ann.types("/join #dev")
        self.turn.end()
        bob.forget()
        leaving = self.ann
        for isQuitting in (True, False):
            if isQuitting:
                leaving.types("/quit")
            else:
                leaving.drops()
            leaving = self.logIn(f"Ann {self.secret}")
            self.turn.end()
            self.assertEqual(leaving.lines, [CONNECTED])
            self.assertEqual(bob.lines, ["* Ann has left", "* Ann is now connected"])
            self.assertEqual((sorted(self.hub.users), len(self.hub.lobby)), (["Ann", "Bob"], 2))
            self.assertEqual([room.name for room in leaving.user.rooms], ["#lobby", "#dev"])
            bob.forget()

    def test_firstIsLost(self) -> None:
        """
        A device that waits for the login of another enters though that one is lost meanwhile.
        """
        self.ann.types("/quit")
        self.turn.end()
        first, second = (self.logIn(f"Ann {self.secret}") for _ in range(2))
        first.drops()
        self.turn.end()
        self.assertEqual(second.lines, [CONNECTED])
        self.assertEqual((list(self.hub.users), len(self.hub.lobby)), (["Ann"], 1))
        second.types("hi")
        self.turn.end()
        self.assertEqual(second.lines[-1], "OK . .")

    def test_waiterIsLost(self) -> None:
        """
        A device that is lost while it waits for the login of another leaves no trace.
        """
        self.ann.types("/quit")
        self.turn.end()
        first, second = (self.logIn(f"Ann {self.secret}") for _ in range(2))
        second.drops()
        self.turn.end()
        self.assertEqual(first.lines, [CONNECTED])
        self.assertIsNone(second.user)
        self.assertEqual(len(first.user.member.devices), 1)

    def test_endsWithTheOther(self) -> None:
        """
        Two connections that end in one turn, one of them with messages on their way, say goodbye
        once each.
        """
        clerk = Clerk()
        again = self.logIn(f"Ann {self.secret}")
        self.turn.end()
        self.hub.state.audit = clerk
        again.forget()
        again.types("hi", "/quit")
        self.ann.types("/quit")
        self.turn.end()
        self.assertEqual(again.lines, ["OK . .", "* Goodbye"])
        self.assertEqual(self.ann.lines[-1], "* Goodbye")
        self.assertEqual(list(self.hub.users), [])
        self.assertEqual(
            [entry[0] for entry in clerk.entries if "has left" in entry[0]].count("Ann has left"), 2
        )


class TakeOverTests(TurnTestCase):
    """
    A session that is taken over while it is logged in to.
    """

    def test_token(self) -> None:
        """
        A connection that shows the token of a login under way goes on with it, unproved, and is
        told no secret.
        """
        program = prove(self.hub, "Ann", self.secret)
        self.turn.end()
        welcome = program.objectsOf("welcome")[0]
        for client in (program, self.ann):
            client.drops()
        self.turn.end()
        self.assertEqual(list(self.hub.users), [])
        first = prove(self.hub, "Ann", self.secret, token=welcome["token"])
        second = resume(self.hub, welcome, welcome["last"])
        self.turn.end()
        self.assertTrue(first.closed)
        self.assertIs(second.user.client, second)
        self.assertFalse(second.user.isProved)
        second.asks("command", line="/device add x")
        self.assertIn("prove who you are first", second.objects[-1]["text"])
