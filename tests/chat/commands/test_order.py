# -*- test-case-name: tests.chat.commands.test_order -*-
"""
Tests for L{twisted_chat.chat.commands.order}.
"""

from __future__ import annotations

from tests.support.moderating import Moderated, appoint, register
from twisted_chat.chat.commands.order import GUEST_SECONDS, KICK_SECONDS
from twisted_chat.wire.events import BANNED, GRANTED, SERVER, Event, asData
from twisted_chat.wire.jsonlines import JSON


class KickTests(Moderated):
    """
    /kick.
    """

    def test_kick(self) -> None:
        """
        A moderator removes a member, with a reason, and everybody in the room hears of it once.
        """
        lines = self.said(self.max, "/kick Bob flooding again")
        self.assertEqual(lines, ["* Max removed Bob from #dev: flooding again"])
        self.assertEqual(self.ann.lines, lines)
        self.assertEqual(self.bob.lines, [*lines, "* You are in #lobby (5 here)"])
        self.assertFalse(self.isIn(self.bob))

    def test_back(self) -> None:
        """A member who was removed may be back after a minute."""
        self.max.types("/kick Bob")
        (line,) = self.said(self.bob, "/join #dev")
        self.assertEqual(line, "! you are banned from #dev until 2025-11-22 14:34")
        self.now += KICK_SECONDS
        self.bob.types("/join #dev")
        self.assertTrue(self.isIn(self.bob))

    def test_guestBack(self) -> None:
        """A guest cannot come back over another connection within the minute."""
        self.max.types("/kick Cid")
        self.cid.types("/quit")
        for name in ("Cid", "CID"):
            again = self.enter(name, "198.51.100.9")
            lines = self.said(again, "/join #dev")
            self.assertIn("you are banned from #dev", lines[-1])
            again.types("/quit")
        self.now += KICK_SECONDS
        again = self.enter("Cid", "198.51.100.9")
        again.types("/join #dev")
        self.assertTrue(self.isIn(again))

    def test_neighbours(self) -> None:
        """Other users at the address of a removed guest stay."""
        other = self.enter("Other", "192.0.2.4")
        other.types("/join #dev")
        self.max.types("/kick Cid")
        self.assertFalse(self.isIn(self.cid))
        self.assertTrue(self.isIn(other))

    def test_roleGone(self) -> None:
        """
        A moderator whose role goes while their command waits is told so, and nobody is removed.
        """
        values = {"place": self.dev.place, "who": self.max.user.sid, "role": ""}
        for command in ("/kick Cid", "/ban Cid", "/mute Cid"):
            appoint(self.hub, self.max, "moderator", self.dev.place)
            self.dev.changing += 1
            self.max.types(command)
            id = self.hub.lastId + 1
            gone = Event(id, self.now, GRANTED, "#dev", "server", data=asData(values))
            self.hub.state.law.apply(gone)
            self.max.forget()
            self.dev._settle()
            refusal = "! only moderators may do this: nothing was changed"
            self.assertEqual(self.max.lines, [refusal])
        self.assertTrue(self.isIn(self.cid))

    def test_ranks(self) -> None:
        """A member of the same rank or above is not removed, and nobody removes themselves."""
        appoint(self.hub, self.bob, "moderator", self.dev.place)
        for name in ("Bob", "Ann", "Rob"):
            (line,) = self.said(self.max, f"/kick {name}")
            self.assertIn("has your rank or a higher one", line)
        self.assertIn("yourself", self.said(self.max, "/kick Max")[0])
        self.rob.types("/kick Ann")
        self.assertFalse(self.isIn(self.ann))

    def test_others(self) -> None:
        """A member without a role removes nobody, and a moderator nobody who is not there."""
        self.assertIn("those who keep order in #dev", self.said(self.bob, "/kick Cid")[0])
        self.cid.types("/leave")
        self.assertEqual(self.said(self.max, "/kick Cid"), ["! Cid is not in #dev"])

    def test_lobby(self) -> None:
        """
        A user whom an operator removes from the lobby is disconnected, and may be back after a
        minute.
        """
        self.toLobby(self.rob, self.max)
        self.assertIn("keep order", self.said(self.max, "/kick Cid")[0])
        lines = self.said(self.rob, "/kick Cid spam")
        self.assertIn("* Cid is removed and can come back in 1m", lines)
        self.assertIn(
            "! you are banned from this server until 2025-11-22 14:34 (spam)", self.cid.lines
        )
        self.assertTrue(self.cid.closed)
        self.assertNotIn("Cid", self.hub.users)

    def test_guestOwner(self) -> None:
        """A guest who made a private room removes members from it, for good."""
        self.cid.types("/join #secret", "/lock secret123")
        self.bob.types("/join #secret secret123")
        secret = self.hub.rooms["#secret"]
        self.cid.types("/kick Bob")
        self.assertNotIn(self.bob.user.member, secret)
        self.now += KICK_SECONDS
        self.bob.types("/join #secret secret123")
        self.assertNotIn(self.bob.user.member, secret)
        self.assertEqual(self.hub.state.law.bans(secret.place, self.now, 9), [])


class BanTests(Moderated):
    """
    /ban and /unban.
    """

    def test_account(self) -> None:
        """A registered user is banned by their account, without an end, and put out."""
        lines = self.said(self.max, "/ban bob spam")
        self.assertEqual(lines[0], "* Max banned Bob from #dev: spam")
        self.assertRegex(lines[-1], r"\* Bob: /unban [0-9]+ ends this")
        self.assertIn("* Max removed Bob from #dev", lines)
        self.assertFalse(self.isIn(self.bob))
        self.bob.types("/nick Robert")
        self.assertEqual(self.said(self.bob, "/join #dev"), ["! you are banned from #dev (spam)"])

    def test_guest(self) -> None:
        """A guest is banned by name and host, for a day; registered users of the host are not."""
        lines = self.said(self.max, "/ban Cid")
        self.assertEqual(lines[0], "* Max banned Cid from #dev until 2025-11-23 14:33")
        again = self.enter("Other", "192.0.2.4")
        again.types("/join #dev")
        self.assertFalse(self.isIn(again))
        self.cid.types("/quit")
        named = self.enter("CID", "198.51.100.9")
        named.types("/join #dev")
        self.assertFalse(self.isIn(named))
        dan = self.enter("Dan", "192.0.2.4", True)
        dan.types("/join #dev")
        self.assertTrue(self.isIn(dan))
        self.now += GUEST_SECONDS
        again.types("/join #dev")
        self.assertTrue(self.isIn(again))

    def test_hostIsNotShown(self) -> None:
        """A ban does not show where a guest comes from."""
        dan = self.enter("Dan", "192.0.2.9", True, JSON)
        dan.types("/join #dev")
        dan.forget()
        self.max.types("/ban Cid")
        self.rob.types("/ban 198.51.100.0/24", "/unban 198.51.100.0/24")
        for client in (self.max, self.ann, dan):
            shown = "".join(client.lines)
            self.assertNotIn("192.0.2.4", shown)
            self.assertNotIn("198.51.100", shown)
        banned = dan.objectsOf("banned")
        self.assertEqual([each["to"] for each in banned], ["Cid", "a network"])
        self.assertEqual(banned[0]["what"], "enter")
        self.assertEqual(banned[0]["until"], self.now + GUEST_SECONDS)

    def test_time(self) -> None:
        """A ban takes a time, and a reason after it."""
        lines = self.said(self.max, "/ban Bob 2h no more of this")
        self.assertEqual(
            lines[0], "* Max banned Bob from #dev until 2025-11-22 16:33: no more of this"
        )
        self.assertIn("a time is from", self.said(self.max, "/ban Cid 0s")[0])

    def test_server(self) -> None:
        """An operator's ban in the lobby holds for the whole server, and ends the connection."""
        self.toLobby(self.rob)
        lines = self.said(self.rob, "/ban Bob 1h spam")
        self.assertEqual(lines[0], "* Rob banned Bob from this server until 2025-11-22 15:33: spam")
        sentence = "you are banned from this server until 2025-11-22 15:33 (spam)"
        self.assertEqual(self.bob.lines[0], f"! {sentence}")
        self.assertTrue(self.bob.closed)
        self.assertNotIn("Bob", self.hub.users)
        self.assertNotIn("banned", "".join(self.ann.lines))

    def test_networks(self) -> None:
        """An operator bans a network, which spares registered users unless all is said."""
        self.toLobby(self.rob)
        self.rob.types("/ban 192.0.2.0/24 1h")
        self.assertTrue(self.cid.closed)
        self.assertFalse(self.bob.closed)
        self.rob.types("/ban 192.0.2.0/24 1h all")
        self.assertTrue(self.bob.closed)
        self.assertFalse(self.rob.closed)
        dan = self.enter("Dan", "192.0.2.77")
        self.assertEqual(getattr(dan.loginError, "code", ""), "banned")

    def test_patterns(self) -> None:
        """An operator bans a pattern of names: at the entry, and for users who take such a name."""
        self.toLobby(self.rob)
        self.rob.types("/ban spam*bot")
        dan = self.enter("SpamTheBot", "198.51.100.1")
        self.assertEqual(getattr(dan.loginError, "code", ""), "banned")
        self.assertIn("banned from this server", self.said(self.cid, "/nick spam_bot")[0])
        self.assertIn("only operators", self.said(self.max, "/ban spam*")[0])
        self.assertIn("only operators", self.said(self.max, "/ban 192.0.2.1")[0])

    def test_absent(self) -> None:
        """A ban of a name that nobody has bans the name."""
        self.max.types("/ban Spam 1h")
        spam = self.enter("spam", "198.51.100.1")
        spam.types("/join #dev")
        self.assertFalse(self.isIn(spam))
        self.assertIn("a name has at least one letter", self.said(self.max, "/ban @")[0])

    def test_unban(self) -> None:
        """A ban is lifted by its name, its network, or its number."""
        self.max.types("/ban Bob spam")
        self.assertEqual(self.said(self.max, "/unban BOB"), ["* Max unbanned Bob from #dev"])
        self.bob.types("/join #dev")
        self.assertTrue(self.isIn(self.bob))
        self.max.types("/ban Cid")
        number = self.hub.state.law.bans(self.dev.place, self.now, 1)[0].id
        self.assertEqual(self.said(self.max, f"/unban {number}"), ["* Max unbanned Cid from #dev"])
        self.assertIn("there is no such ban", self.said(self.max, "/unban Cid")[0])
        self.toLobby(self.rob)
        self.rob.types("/ban 203.0.113.0/24", "/ban bad*name")
        lines = self.said(self.rob, "/unban 203.0.113.0/24", "/unban bad*name")
        self.assertEqual(len(lines), 2)
        self.assertEqual(self.hub.state.law.bans(SERVER, self.now, 9), [])

    def test_list(self) -> None:
        """/bans lists what is in force, with its number, its end, its author and its reason."""
        self.assertEqual(
            self.said(self.max, "/bans"), ["* nobody is banned from #dev, nor muted there"]
        )
        self.max.types("/ban Bob 1h spam", "/mute Cid 1h")
        lines = self.said(self.max, "/bans")
        self.assertRegex(lines[0], r"\* [0-9]+ Cid is muted until 2025-11-22 15:33, by Max$")
        self.assertRegex(lines[1], r"\* [0-9]+ Bob is banned until 2025-11-22 15:33, by Max: spam$")
        self.now += 3_600
        self.assertEqual(len(self.said(self.max, "/bans")), 1)
        self.assertIn("keep order", self.said(self.bob, "/bans")[0])

    def test_restart(self) -> None:
        """Bans hold after a restart."""
        self.max.types("/ban Bob spam")
        hub = self.restart()
        ban = hub.state.law.bans(self.dev.place, self.now, 1)[0]
        self.assertEqual((ban.target, ban.reason, ban.author), ("Bob", "spam", "Max"))


class MuteTests(Moderated):
    """
    /mute and /unmute.
    """

    def test_mute(self) -> None:
        """A muted user reads, and is told at each try why they may not speak."""
        self.assertEqual(
            self.said(self.max, "/mute Bob 10m flooding")[0],
            "* Max muted Bob in #dev until 2025-11-22 14:43: flooding",
        )
        sentence = "you are muted in #dev until 2025-11-22 14:43 (flooding): nothing was sent"
        for line in ("hello", "/me waves", "/topic mine"):
            self.assertEqual(self.said(self.bob, line), [f"! {sentence}"])
        self.assertEqual(self.said(self.ann, "hi"), ["OK . ."])
        self.assertEqual(self.bob.lines, ["Ann :: hi"])
        self.assertEqual(self.said(self.bob, "/msg Cid psst"), ["OK . ."])

    def test_codes(self) -> None:
        """Programs are told the code, the end and the reason."""
        dan = self.enter("Dan", "192.0.2.9", True, JSON)
        dan.types("/join #dev")
        self.max.types("/mute Dan 10m flooding")
        dan.forget()
        dan.asks("say", text="hello", key="k")
        (error,) = dan.objects
        self.assertEqual((error["code"], error["key"]), ("muted", "k"))

    def test_unmute(self) -> None:
        """An unmuted user speaks again."""
        self.max.types("/mute Cid")
        self.assertEqual(self.said(self.max, "/unmute Cid"), ["* Max unmuted Cid in #dev"])
        self.assertEqual(self.said(self.cid, "hello"), ["OK . ."])

    def test_unmuteByNewName(self) -> None:
        """A muted guest who took another name since is found under that, too."""
        self.max.types("/mute Cid")
        self.cid.types("/nick Sid")
        self.assertEqual(self.said(self.max, "/unmute Sid"), ["* Max unmuted Cid in #dev"])
        self.assertEqual(self.said(self.cid, "hello"), ["OK . ."])

    def test_otherName(self) -> None:
        """A muted user stays muted under another name."""
        self.max.types("/mute Cid")
        self.cid.types("/nick Sid")
        self.assertIn("you are muted", self.said(self.cid, "hello")[0])

    def test_server(self) -> None:
        """A mute of the server holds in every room, and lets the user write to operators alone."""
        self.toLobby(self.rob)
        self.rob.types("/mute Bob 1h")
        self.assertIn("on this server", self.said(self.bob, "hello")[0])
        self.assertIn("on this server", self.said(self.bob, "/msg Cid hello")[0])
        self.assertEqual(self.said(self.bob, "/msg Rob why?"), ["OK . ."])

    def test_invite(self) -> None:
        """
        A user who is muted on the server invites operators alone, since a room's name is words.
        """
        self.toLobby(self.rob)
        self.rob.types("/mute Bob 1h")
        self.bob.types("/join #buy")
        self.assertIn("on this server", self.said(self.bob, "/invite Cid")[0])
        self.assertEqual(self.cid.lines, [])
        self.assertEqual(self.said(self.bob, "/invite Rob"), ["* Bob invited Rob to #buy"])

    def test_whileChanging(self) -> None:
        """A message that is sent while a mute is on its way waits for it."""
        self.dev.changing += 1
        self.bob.types("hello")
        data = asData({"place": self.dev.place, "what": "speak", "who": self.bob.user.sid})
        event = Event(self.hub.lastId + 1, self.now, BANNED, "#dev", "server", data=data)
        self.hub.state.law.apply(event)
        self.bob.forget()
        self.dev._settle()
        self.assertEqual(self.bob.lines, ["! you are muted in #dev: nothing was sent"])


class SetTests(Moderated):
    """
    /slow, /readonly and /lockdown.
    """

    def test_slow(self) -> None:
        """A member in slow mode speaks once in its interval, and is told how long to wait."""
        self.assertEqual(self.said(self.max, "/slow 30s"), ["* Max set slow mode (30s) in #dev"])
        self.assertEqual(self.said(self.bob, "one"), ["OK . ."])
        self.now += 18
        self.assertEqual(
            self.said(self.bob, "two"),
            ["! #dev is in slow mode: you may speak again in 12 s, nothing was sent"],
        )
        self.assertEqual(self.said(self.max, "one", "two"), ["OK . .", "OK . ."])
        self.now += 12
        self.assertEqual(self.said(self.bob, "two"), ["OK . ."])
        self.assertEqual(self.said(self.max, "/slow off"), ["* Max ended slow mode in #dev"])
        self.assertEqual(self.said(self.bob, "three"), ["OK . ."])

    def test_slowIsTold(self) -> None:
        """A user who joins is told of slow mode and of a read-only room."""
        self.max.types("/slow 5m", "/readonly on")
        self.cid.types("/leave")
        lines = self.said(self.cid, "/join #dev")
        self.assertIn("* #dev is in slow mode: everybody speaks once in 5m", lines)
        self.assertIn("* #dev is read-only: its moderators and speakers alone speak", lines)

    def test_slowTimes(self) -> None:
        """Slow mode has an interval of one second to six hours."""
        for text in ("7h", "x", "30"):
            self.assertIn("Usage: /slow", self.said(self.max, f"/slow {text}")[0])
        self.assertIn("keep order", self.said(self.bob, "/slow 30s")[0])

    def test_readonly(self) -> None:
        """Speakers and moderators speak in a read-only room, and other members do not."""
        self.assertEqual(self.said(self.max, "/readonly on"), ["* Max made #dev read-only"])
        self.assertIn("is read-only", self.said(self.bob, "hello")[0])
        self.ann.types("/grant Bob speaker")
        self.assertEqual(self.said(self.bob, "hello"), ["OK . ."])
        self.assertEqual(
            self.said(self.max, "/readonly off"), ["* Max lets everybody speak in #dev"]
        )
        self.assertEqual(self.said(self.cid, "hello"), ["OK . ."])
        self.assertIn("Usage", self.said(self.max, "/readonly maybe")[0])

    def test_lockdown(self) -> None:
        """A lockdown keeps guests out, and quiet, for its time; operators hear of it."""
        self.assertEqual(
            self.said(self.rob, "/lockdown guests 2h"),
            ["* Rob set lockdown of this server to guests"],
        )
        self.assertIn("guests may not speak", self.said(self.cid, "hello")[0])
        dan = self.enter("Dan", "192.0.2.9")
        self.assertIsNotNone(dan.loginError)
        self.now += 7_200
        self.assertEqual(self.said(self.cid, "hello"), ["OK . ."])
        self.assertIsNone(self.enter("Eve", "192.0.2.9").loginError)

    def test_lockdownHour(self) -> None:
        """A lockdown without a time lasts an hour, and can be ended."""
        self.rob.types("/lockdown all")
        self.assertIn("only moderators", self.said(self.bob, "hello")[0])
        self.now += 3_600
        self.assertEqual(self.said(self.bob, "hello"), ["OK . ."])
        self.rob.types("/lockdown all", "/lockdown off")
        self.assertEqual(self.said(self.bob, "hello"), ["OK . ."])
        for text in ("maybe", "all 8d", "all soon", "all 1h now"):
            self.assertIn("Usage", self.said(self.rob, f"/lockdown {text}")[0])
        self.assertIn("keep order", self.said(self.ann, "/lockdown all")[0])


class GrantTests(Moderated):
    """
    /grant and /revoke.
    """

    def test_grant(self) -> None:
        """An owner gives roles and takes them away, and the room hears of it."""
        lines = self.said(self.ann, "/grant bob Moderator")
        self.assertEqual(lines, ["* Ann made Bob moderator of #dev"])
        self.assertEqual(self.bob.lines, lines)
        self.assertEqual(self.said(self.bob, "/kick Cid")[0], "* Bob removed Cid from #dev")
        lines = self.said(self.ann, "/revoke Bob")
        self.assertEqual(lines, ["* Ann took the role of Bob in #dev away"])
        self.assertIn("keep order", self.said(self.bob, "/slow 30s")[0])

    def test_refused(self) -> None:
        """A role is refused to a guest, from a moderator, and if there is no such role."""
        self.assertIn("Cid is not registered", self.said(self.ann, "/grant Cid speaker")[0])
        self.assertIn("keep order", self.said(self.max, "/grant Bob speaker")[0])
        self.assertIn("Usage", self.said(self.ann, "/grant Bob king")[0])
        self.assertIn("cannot grant more", self.said(self.ann, "/grant Bob operator")[0])

    def test_operators(self) -> None:
        """Operators make operators, who alone hear of it; nobody takes another's role."""
        self.assertEqual(
            self.said(self.rob, "/grant Bob operator"), ["* Rob made Bob operator of this server"]
        )
        self.assertEqual(self.ann.lines, [])
        self.toLobby(self.rob, self.bob)
        self.assertIn("has your rank", self.said(self.rob, "/revoke Bob")[0])
        self.bob.types("/revoke Bob")
        self.assertIn("keep order", self.said(self.bob, "/lockdown all")[0])

    def test_resign(self) -> None:
        """A moderator may give their own role back."""
        self.max.types("/revoke Max")
        self.assertIn("keep order", self.said(self.max, "/slow 30s")[0])

    def test_owners(self) -> None:
        """An owner by role locks and opens the room; an owner who gave the role away does not."""
        self.assertIn("only the owner", self.said(self.bob, "/lock sesame99")[0])
        self.ann.types("/grant Bob owner", "/revoke Ann")
        self.assertEqual(self.said(self.bob, "/lock sesame99"), ["* Bob made #dev private"])
        self.assertIn("only the owner", self.said(self.ann, "/unlock")[0])
        self.assertIn("only the owner", self.said(self.rob, "/unlock")[0])
        self.assertEqual(self.said(self.bob, "/unlock")[0], "* Bob opened #dev to everybody")
        self.toLobby(self.rob)
        self.assertIn("only the owner", self.said(self.rob, "/lock sesame99")[0])

    def test_absent(self) -> None:
        """A registered user who is away may be given a role, too."""
        self.bob.types("/quit")
        lines = self.said(self.ann, "/grant Bob speaker")
        self.assertEqual(lines, ["* Ann made Bob speaker of #dev"])


class HelpTests(Moderated):
    """
    The commands that /help lists.
    """

    def test_help(self) -> None:
        """/help lists the commands that a user may use in their current room."""
        for client, wanted in (
            (self.bob, ["/report"]),
            (self.max, ["/report", "/kick", "/slow"]),
            (self.ann, ["/report", "/kick", "/slow", "/grant"]),
            (self.rob, ["/report", "/kick", "/slow", "/grant", "/lockdown"]),
        ):
            words = " ".join(self.said(client, "/help")).split()
            every = ("/report", "/kick", "/slow", "/grant", "/lockdown")
            self.assertEqual([each for each in every if each in words], wanted)
        self.toLobby(self.max)
        self.assertNotIn("/ban", " ".join(self.said(self.max, "/help")).split())
        register(self.hub, self.cid)
        self.assertTrue(self.hub.state.law.isAccount(self.cid.user.sid))
