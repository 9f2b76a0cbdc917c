# -*- test-case-name: tests.chat.commands.test_review -*-
"""
Tests for L{twisted_chat.chat.commands.review}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tests.support.helpers import FakeClient, enter
from tests.support.moderating import Moderated, appoint
from twisted_chat.chat.commands.review import MAX_AUDIT
from twisted_chat.wire.jsonlines import JSON


class RemoveTests(Moderated):
    """
    /remove and /restore.
    """

    def setUp(self) -> None:
        super().setUp()
        self.cid.types("one")
        self.now += 600
        self.cid.types("two")
        self.bob.types("mine")
        self.now += 60
        self.cid.types("three")
        self.forget()

    def history(self, client: FakeClient | None = None) -> list[str]:
        """
        @return: the past of the room as somebody reads it, without times and ids.
        """
        lines = self.said(client or self.ann, "/history")
        return [line.partition("#dev ")[2] for line in lines]

    def test_ofAGuest(self) -> None:
        """The recent messages of a guest are removed, and everybody is told how many."""
        lines = self.said(self.max, "/remove Cid 5m advertising")
        self.assertEqual(lines, ["* Max removed 2 messages of Cid: advertising"])
        self.assertEqual(self.bob.lines, lines)
        self.assertEqual(
            self.history(), ["Cid :: one", "Cid :: (removed)", "Bob :: mine", "Cid :: (removed)"]
        )

    def test_ofAnAccount(self) -> None:
        """The messages of a registered user are found by their account, under any name."""
        self.bob.types("/nick Robert", "more")
        self.assertEqual(
            self.said(self.max, "/remove Robert 1h"), ["* Max removed 2 messages of Robert"]
        )
        self.assertEqual(self.history()[2], "Bob :: (removed)")

    def test_byId(self) -> None:
        """One message is removed by its id."""
        id = self.said(self.max, "/history")[0].split()[1]
        lines = self.said(self.max, f"/remove {id} rude")
        self.assertEqual(lines, ["* Max removed 1 message of Cid: rude"])
        self.assertEqual(self.history()[0], "Cid :: (removed)")
        self.assertIn("was removed before", self.said(self.max, f"/remove {id}")[0])
        self.assertIn("is no message of #dev", self.said(self.max, "/remove 1")[0])
        self.assertIn("Usage", self.said(self.max, "/remove Cid")[0])

    def test_own(self) -> None:
        """Everybody removes their own messages, and nothing else."""
        lines = self.said(self.bob, "/remove Bob 1h")
        self.assertEqual(lines, ["* Bob removed 1 message of their own"])
        self.assertIn("only moderators", self.said(self.bob, "/remove Cid 1h")[0])
        id = self.said(self.bob, "/history")[0].split()[1]
        self.assertIn("only moderators", self.said(self.bob, f"/remove {id}")[0])
        self.assertEqual(
            self.said(self.cid, "/remove Cid 1h")[0].split(" of")[0], "* Cid removed 3 messages"
        )

    def test_nothing(self) -> None:
        """A moderator alone is told that there was nothing to remove."""
        self.assertEqual(
            self.said(self.max, "/remove Spam 1h"),
            ["* nothing of Spam was found that could be removed"],
        )
        self.assertEqual(self.ann.lines, [])

    def test_server(self) -> None:
        """The server itself removes messages of anybody, and is told how many."""
        doing = self.hub.operator.perform("remove Cid 5m advertising", "#dev")
        lines = self.successResultOf(Deferred.fromCoroutine(doing))
        self.assertEqual(lines, ["* server removed 2 messages of Cid: advertising"])
        self.assertEqual(self.bob.lines, lines)

    def test_ranks(self) -> None:
        """A message of a member of the same rank is not removed."""
        self.ann.types("from the owner")
        self.assertIn("has your rank", self.said(self.max, "/remove Ann 1h")[0])

    def test_programs(self) -> None:
        """Programs are told which messages were removed, and which are back."""
        dan = self.enter("Dan", "192.0.2.9", True, JSON)
        dan.types("/join #dev")
        dan.forget()
        self.max.types("/remove Cid 5m advertising")
        (removed,) = dan.objectsOf("removed")
        self.assertEqual((removed["name"], removed["of"]), ("Max", "Cid"))
        self.assertEqual((removed["text"], len(removed["ids"])), ("advertising", 2))
        self.max.types(f"/restore {removed['id']}")
        (restored,) = dan.objectsOf("restored")
        self.assertEqual(restored["ids"], removed["ids"])
        dan.forget()
        self.max.types("/remove Cid 5m")
        dan.asks("history", room="#dev")
        (history,) = dan.objectsOf("history")
        shown = [each.get("removed", False) for each in history["events"]]
        self.assertEqual(shown, [False, True, False, True])

    def test_restore(self) -> None:
        """A removal is undone exactly."""
        before = self.history()
        self.max.types("/remove Cid 1h")
        (id, *_) = [
            line.split()[1] for line in self.said(self.max, "/audit") if "removed messages" in line
        ]
        self.assertEqual(
            self.said(self.max, f"/restore {id}"), ["* Max restored 3 messages of Cid"]
        )
        self.assertEqual(self.history(), before)
        self.assertIn("is no removal", self.said(self.max, f"/restore {id}")[0])
        self.assertIn("Usage", self.said(self.max, "/restore x")[0])

    def test_restoreRanks(self) -> None:
        """A member may undo a removal of their own, and nobody else's."""
        self.max.types("/remove Cid 1h")
        id = self.said(self.max, "/audit")[-4].split()[1]
        self.assertIn("only moderators", self.said(self.cid, f"/restore {id}")[0])
        self.bob.types("/remove Bob 1h")
        id = self.said(self.max, "/audit")[-2].split()[1]
        self.assertEqual(
            self.said(self.bob, f"/restore {id}"), ["* Bob restored 1 message of their own"]
        )

    def test_neverAgain(self) -> None:
        """A removed message is in no search and in no backlog, also after a restart."""
        self.max.types("/remove Cid 1h")
        self.assertEqual(self.said(self.ann, "/search one"), ["* Nothing found"])
        for name, isAgain in (("Eve", False), ("Fay", True)):
            client = enter(self.restart() if isAgain else self.hub, name)
            client.types("/join #dev")
            self.assertIn("Cid :: (removed)", client.lines[-1])
            self.assertNotIn("three", "".join(client.lines))


class ReportTests(Moderated):
    """
    /report, /reports and /done.
    """

    def test_report(self) -> None:
        """A message is reported to those who keep order, with a copy of it, and to nobody else."""
        self.cid.types("buy this")
        id = self.said(self.bob, "/history")[-1].split()[1]
        self.assertEqual(
            self.said(self.bob, f"/report {id} advertising"),
            ["* Bob reports Cid in #dev: advertising", "* Thank you: the moderators are told"],
        )
        for client in (self.max, self.ann, self.rob):
            self.assertEqual(client.lines, ["* Bob reports Cid in #dev: advertising"])
        self.assertEqual(self.cid.lines, [])
        self.max.types("/remove Cid 1h")
        (line,) = self.said(self.max, "/reports")
        self.assertRegex(
            line, rf"^\* [0-9]+ Bob reports Cid in #dev: advertising -- message {id}: buy this$"
        )

    def test_done(self) -> None:
        """A report that was dealt with is no longer listed."""
        self.bob.types("/report Cid rude")
        number = self.said(self.max, "/reports")[0].split()[1]
        self.assertIn("keep order", self.said(self.bob, f"/done {number}")[0])
        self.assertIn(f"* the report {number} is done", self.said(self.max, f"/done {number}"))
        self.assertEqual(self.said(self.max, "/reports"), ["* no report from #dev is open"])
        self.assertIn("no such report", self.said(self.max, f"/done {number}")[0])

    def test_places(self) -> None:
        """Moderators see the reports of their room, operators in the lobby all of them."""
        self.bob.types("/report Cid")
        self.toLobby(self.bob, self.rob)
        self.bob.types("/report Max")
        self.assertEqual(len(self.said(self.max, "/reports")), 1)
        self.assertEqual(len(self.said(self.rob, "/reports")), 2)

    def test_lobby(self) -> None:
        """A moderator of the lobby sees the reports from there alone."""
        self.bob.types("/report Cid")
        appoint(self.hub, self.max, "moderator", "0")
        self.toLobby(self.bob, self.max)
        self.bob.types("/report Ann rude")
        (line,) = self.said(self.max, "/reports")
        self.assertIn("Bob reports Ann in #lobby: rude", line)

    def test_nobody(self) -> None:
        """A report of a user who is not there is refused."""
        self.assertIn("nobody of this name", self.said(self.bob, "/report Nobody")[0])


class AuditTests(Moderated):
    """
    /audit.
    """

    def test_audit(self) -> None:
        """Moderators read what was done in their room, by whom, and with what was removed."""
        self.cid.types("buy this")
        self.max.types("/mute Cid 1h spam", "/remove Cid 1h", "/kick Cid enough", "/unmute Cid")
        lines = [line.partition(" 2025-11-22 ")[2][6:] for line in self.said(self.max, "/audit")]
        self.assertEqual(lines[0], "server made Max moderator of #dev")
        self.assertEqual(
            lines[1:3],
            ["Max muted Cid in #dev until 2025-11-22 15:33: spam", "Max removed messages of Cid"],
        )
        self.assertEqual(
            lines[4:], ["Max removed Cid from #dev: enough", "Max unmuted Cid in #dev"]
        )
        self.assertRegex(self.said(self.max, "/audit")[3], r"^\* +[0-9]+: buy this$")

    def test_count(self) -> None:
        """As many acts are shown as are asked for, the newest."""
        self.max.types("/slow 1s", "/slow 2s", "/slow 3s")
        self.assertEqual(len(self.said(self.max, "/audit 2")), 2)
        self.assertIn("(3s)", self.max.lines[-1])
        self.assertIn("Usage", self.said(self.max, "/audit all")[0])
        self.assertLessEqual(len(self.said(self.max, "/audit 999999")), MAX_AUDIT)

    def test_operators(self) -> None:
        """Operators read everything in the lobby, and other users nothing."""
        self.max.types("/slow 1s")
        self.toLobby(self.rob, self.bob)
        self.rob.types("/lockdown register")
        lines = self.said(self.rob, "/audit")
        self.assertIn("Max set slow mode (1s) in #dev", lines[-2])
        self.assertIn("Rob set lockdown of this server to register", lines[-1])
        self.assertIn("keep order", self.said(self.bob, "/audit")[0])

    def test_nothing(self) -> None:
        """An empty audit says so."""
        self.ann.types("/join #new")
        self.assertEqual(
            self.said(self.ann, "/audit"), ["* no moderator has done anything in #new"]
        )
