# -*- test-case-name: tests.accounts.test_law -*-
"""
Tests for L{twisted_chat.accounts.law}.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import useZone
from tests.support.laws import START, Court, visitor
from twisted_chat.accounts.bans import Visitor
from twisted_chat.accounts.law import _MAX_SPOKEN, Law, Owned, Policies
from twisted_chat.accounts.ranks import LOBBY, Rank
from twisted_chat.errors import Banned, ChatError, Muted, SlowMode
from twisted_chat.text.confusables import looks
from twisted_chat.wire.events import SERVER

FAST = settings(deadline=None, max_examples=200, derandomize=True, database=None)


class LawCase(SynchronousTestCase):
    """
    A room of Ann's, where Mod is moderator and Val speaker; Bob is nobody, Root an operator.
    """

    def setUp(self) -> None:
        useZone(self, "UTC0")
        self.court = Court()
        self.law = self.court.law
        self.court.registers("Ann", "Mod", "Val", "Bob", "Root")
        self.court.grants("", SERVER, "root", "operator")
        self.dev = self.court.makes("ann")
        self.court.grants("ann", self.dev, "mod", "moderator")
        self.court.grants("ann", self.dev, "val", "speaker")

    def speech(self, who: str | Visitor, place: str = "") -> str:
        """
        @return: the sentence with which somebody may not speak, or nothing.
        """
        if isinstance(who, str):
            who = visitor(who, account=who != "Guest")
        error = self.law.maySpeak(place or self.dev, "#dev", who, self.court.now)
        return "" if error is None else error.sentence

    def entry(self, who: str | Visitor, place: str = SERVER) -> str:
        """
        @return: the sentence with which somebody may not enter, or nothing.
        """
        if isinstance(who, str):
            who = visitor(who, account=who != "Guest")
        error = self.law.mayEnter(place, "#dev", who, self.court.now)
        if error is not None and place == SERVER:
            self.assertTrue(self.law.guardsEntry, error.sentence)
        return "" if error is None else error.sentence


class WhoTests(LawCase):
    """
    The owners of names.
    """

    def test_ownerOf(self) -> None:
        """A name is found by its case and Unicode form alone, and a lookalike by its looks."""
        self.court.registers("Neil")
        self.assertEqual(self.law.ownerOf("NEIL"), Owned("neil", "Neil"))
        self.assertIsNone(self.law.ownerOf("NeiI"))
        self.assertEqual(self.law.lookalike(looks("NeiI")), Owned("neil", "Neil"))
        self.assertIsNone(self.law.lookalike(looks("Nell")))

    def test_accounts(self) -> None:
        """An account lasts until it ends, and its name stays owned."""
        self.assertTrue(self.law.isAccount("bob"))
        self.assertFalse(self.law.isAccount("guest"))
        self.court.unregisters("bob")
        self.assertFalse(self.law.isAccount("bob"))
        self.assertEqual(self.law.ownerOf("Bob"), Owned("bob", "Bob", True))
        self.assertEqual(self.law.lookalike(looks("B0b")), Owned("bob", "Bob", True))

    def test_stays(self) -> None:
        """A room stays while its owner is registered."""
        guests = self.court.makes("guest")
        self.assertTrue(self.law.stays(self.dev))
        self.assertFalse(self.law.stays(guests))
        self.assertFalse(self.law.stays("77"))
        self.court.grants("root", guests, "bob", "owner")
        self.assertTrue(self.law.stays(guests))
        self.court.unregisters("bob")
        self.assertFalse(self.law.stays(guests))

    def test_rank(self) -> None:
        """The law knows everybody's rank."""
        self.assertEqual(self.law.rank(self.dev, "mod"), Rank.MODERATOR)
        self.assertEqual(self.law.rank(SERVER, "root"), Rank.OPERATOR)


class SpeakTests(LawCase):
    """
    The right to speak.
    """

    def test_noRules(self) -> None:
        """Everybody speaks in a room without rules, without a question to the law."""
        self.assertFalse(self.law.hasRules(self.dev))
        self.assertEqual(self.speech("Guest"), "")
        self.court.bans("ann", self.dev, who="x")
        self.court.sets("", SERVER, "registration", "invited")
        self.assertFalse(self.law.hasRules(self.dev))

    def test_muted(self) -> None:
        """A mute is told with its end and its reason, and holds until then."""
        self.court.mutes("mod", self.dev, "bob", 90, "flooding")
        self.assertTrue(self.law.hasRules(self.dev))
        self.assertFalse(self.law.hasRules(LOBBY))
        self.assertEqual(
            self.speech("Bob"),
            "you are muted in #dev until 2025-11-22 14:34 (flooding): nothing was sent",
        )
        error = self.law.maySpeak(self.dev, "#dev", visitor("Bob"), self.court.now)
        assert isinstance(error, Muted)
        self.assertEqual((error.until, error.reason), (START + 90, "flooding"))
        self.assertEqual(self.speech("Bob", LOBBY), "")
        self.court.now += 90
        self.assertEqual(self.speech("Bob"), "")

    def test_mutedOnTheServer(self) -> None:
        """A mute of the server holds in every room, and for direct messages but to operators."""
        ban = self.court.mutes("root", SERVER, "ann")
        self.assertTrue(self.law.hasRules("77"))
        sentence = "you are muted on this server: nothing was sent"
        self.assertEqual(self.speech("Ann"), sentence)
        error = self.law.mayTell(visitor("Ann"), "bob", self.court.now)
        assert error is not None
        self.assertEqual(error.sentence, sentence)
        self.assertIsNone(self.law.mayTell(visitor("Ann"), "root", self.court.now))
        self.assertIsNone(self.law.mayTell(visitor("Bob"), "ann", self.court.now))
        self.court.lifts("root", SERVER, ban)
        self.assertIsNone(self.law.mayTell(visitor("Ann"), "bob", self.court.now))
        self.assertFalse(self.law.hasRules(self.dev))

    def test_mutedInARoom(self) -> None:
        """A user who is muted in a room may still send direct messages."""
        self.court.mutes("mod", self.dev, "bob")
        self.assertIsNone(self.law.mayTell(visitor("Bob"), "ann", self.court.now))

    def test_readOnly(self) -> None:
        """Speakers and those above them speak in a read-only room."""
        self.court.sets("mod", self.dev, "readonly", "on")
        for name in ("Ann", "Mod", "Val", "Root"):
            self.assertEqual(self.speech(name), "", name)
        sentence = "#dev is read-only: its moderators and speakers alone may speak"
        self.assertEqual(self.speech("Bob"), sentence)
        self.court.sets("mod", self.dev, "readonly", "off")
        self.assertFalse(self.law.hasRules(self.dev))

    def test_unmutedInReadOnly(self) -> None:
        """A user whose mute ends still does not speak in a read-only room."""
        self.court.sets("mod", self.dev, "readonly", "on")
        ban = self.court.mutes("mod", self.dev, "bob")
        self.court.lifts("mod", self.dev, ban)
        self.assertIn("is read-only", self.speech("Bob"))

    def test_slow(self) -> None:
        """
        A member in slow mode waits after each message, and is told how long; moderators do not
        wait.
        """
        self.court.sets("mod", self.dev, "slow", 30)
        for name in ("Val", "Mod", "Ann"):
            self.assertEqual(self.speech(name), "")
            self.law.spoke(self.dev, name.lower(), self.court.now)
        self.court.now += 18
        error = self.law.maySpeak(self.dev, "#dev", visitor("Val"), self.court.now + 0.2)
        assert isinstance(error, SlowMode)
        self.assertEqual(error.wait, 12)
        sentence = "#dev is in slow mode: you may speak again in 12 s, nothing was sent"
        self.assertEqual(error.sentence, sentence)
        for name in ("Mod", "Ann", "Bob"):
            self.assertEqual(self.speech(name), "")
        self.court.now += 12
        self.assertEqual(self.speech("Val"), "")

    def test_slowClock(self) -> None:
        """A clock that is set back makes nobody wait for longer than the room says."""
        self.court.sets("mod", self.dev, "slow", 30)
        self.law.spoke(self.dev, "bob", self.court.now)
        self.court.now -= 86_400
        self.assertIn("in 30 s", self.speech("Bob"))

    def test_slowEnds(self) -> None:
        """The times of messages are forgotten once slow mode ends."""
        self.court.sets("mod", self.dev, "slow", 30)
        self.law.spoke(self.dev, "bob", self.court.now)
        self.court.sets("mod", self.dev, "slow", 0)
        self.court.sets("mod", self.dev, "slow", 30)
        self.assertEqual(self.speech("Bob"), "")

    def test_slowCrowd(self) -> None:
        """Members of a crowd who need not wait any longer are forgotten."""
        self.court.sets("mod", self.dev, "slow", 30)
        for number in range(_MAX_SPOKEN):
            self.law.spoke(self.dev, f"g{number}", self.court.now)
        self.court.now += 30
        self.law.spoke(self.dev, "bob", self.court.now)
        self.assertEqual(len(self.law._spoken[self.dev]), 1)
        self.assertIn("in 30 s", self.speech("Bob"))

    def test_guests(self) -> None:
        """Registered users alone speak where guests only read, by the options or by what is set."""
        self.law.policies = Policies(guests="read-only")
        self.assertTrue(self.law.hasRules(self.dev))
        self.assertIn("guests may read here", self.speech("Guest"))
        self.assertEqual(self.speech("Bob"), "")
        self.court.sets("root", SERVER, "guests", "yes")
        self.assertEqual(self.speech("Guest"), "")
        self.court.sets("root", SERVER, "guests", "")
        self.law.policies = Policies()
        self.assertFalse(self.law.hasRules(self.dev))

    def test_lockdown(self) -> None:
        """Guests do not speak during a lockdown, or nobody but moderators, for its time."""
        self.court.sets("root", SERVER, "lockdown", "guests", 60)
        self.assertIn("guests may not speak", self.speech("Guest"))
        self.assertEqual(self.speech("Bob"), "")
        self.court.sets("root", SERVER, "lockdown", "all", 60)
        self.assertIn("only moderators", self.speech("Bob"))
        for name in ("Mod", "Root"):
            self.assertEqual(self.speech(name), "")
        self.assertIsNotNone(self.law.mayTell(visitor("Bob"), "ann", self.court.now))
        self.assertIsNone(self.law.mayTell(visitor("Bob"), "root", self.court.now))
        self.court.now += 60
        self.assertEqual(self.speech("Bob"), "")
        self.assertEqual(self.speech("Guest"), "")

    def test_moderatorsByName(self) -> None:
        """A mute by network or name spares moderators, and one of their account does not."""
        self.court.bans("root", self.dev, "speak", net="192.0.2.0/24")
        self.assertIn("muted", self.speech(visitor("Bob", "192.0.2.1")))
        self.assertEqual(self.speech(visitor("Mod", "192.0.2.1")), "")
        self.court.mutes("ann", self.dev, "mod")
        self.assertIn("muted", self.speech(visitor("Mod", "192.0.2.1")))


class GuardTests(LawCase):
    """
    The guard at the entry of the chat.
    """

    def test_nobodyKeptOut(self) -> None:
        """The entry is not guarded unless somebody might be kept out."""
        self.court.bans("mod", self.dev, who="bob")
        self.court.sets("", SERVER, "registration", "invited")
        self.assertFalse(self.law.guardsEntry)

    def test_lifted(self) -> None:
        """The entry is guarded as long as there is a ban from the server."""
        ban = self.court.bans("", SERVER, who="bob")
        self.assertTrue(self.law.guardsEntry)
        self.court.lifts("", SERVER, ban)
        self.assertFalse(self.law.guardsEntry)

    def test_policies(self) -> None:
        """The entry is guarded while guests are not let in, by the options or by what is set."""
        self.law.policies = Policies("no")
        self.assertTrue(self.law.guardsEntry)
        self.law.policies = Policies()
        self.assertFalse(self.law.guardsEntry)
        self.court.sets("", SERVER, "lockdown", "all", 60)
        self.assertTrue(self.law.guardsEntry)


class EnterTests(LawCase):
    """
    The right to enter.
    """

    def test_banned(self) -> None:
        """A ban from the server holds everywhere, and is told with its end and its reason."""
        useZone(self, "UTC0")
        self.court.bans("root", SERVER, who="bob", seconds=3_600, reason="spam")
        sentence = "you are banned from this server until 2025-11-22 15:33 (spam)"
        for place in (SERVER, LOBBY, self.dev):
            self.assertEqual(self.entry("Bob", place), sentence)
        error = self.law.mayEnter(SERVER, "", visitor("Bob"), self.court.now)
        assert isinstance(error, Banned)
        self.assertEqual((error.until, error.reason), (START + 3_600, "spam"))
        self.court.now += 3_600
        self.assertEqual(self.entry("Bob"), "")

    def test_bannedFromARoom(self) -> None:
        """A ban from a room holds there alone."""
        self.court.bans("mod", self.dev, who="bob")
        self.assertEqual(self.entry("Bob", self.dev), "you are banned from #dev")
        self.assertEqual(self.entry("Bob", SERVER), "")

    def test_guests(self) -> None:
        """A banned guest is recognised by their name, and by the host that they came from."""
        guest = visitor("Spam", "192.0.2.1", False)
        self.court.bans(
            "mod",
            self.dev,
            who=guest.who,
            looks=sorted(guest.looks),
            net="192.0.2.1/32",
            spares=True,
            seconds=86_400,
        )
        for who in (
            guest,
            visitor("Spam", "198.51.100.1", False, "new"),
            visitor("Other", "192.0.2.1", False, "new"),
            visitor("Other", "::ffff:192.0.2.1", False, "new"),
        ):
            self.assertIn("you are banned from #dev", self.entry(who, self.dev))
        self.assertEqual(self.entry(visitor("Bob", "192.0.2.1"), self.dev), "")

    def test_operators(self) -> None:
        """An operator is kept out by no network or pattern, since they must be able to lift it."""
        self.court.bans("root", SERVER, net="192.0.2.0/24")
        self.court.bans("root", SERVER, pattern="ro*t")
        self.assertEqual(self.entry(visitor("Root", "192.0.2.1")), "")
        self.assertIn("banned", self.entry(visitor("Ann", "192.0.2.1")))
        self.court.bans("", SERVER, who="root")
        self.assertIn("banned", self.entry(visitor("Root", "192.0.2.1")))

    def test_guestsStayOut(self) -> None:
        """A guest is refused, and told why, where guests may not enter."""
        self.law.policies = Policies(guests="no")
        self.assertIn("only registered people", self.entry("Guest"))
        self.assertEqual(self.entry("Bob"), "")
        self.assertEqual(self.entry("Guest", self.dev), "")

    def test_lockdown(self) -> None:
        """Guests stay out during a lockdown, or everybody but operators."""
        self.court.sets("root", SERVER, "lockdown", "guests", 60)
        self.assertIn("guests cannot enter", self.entry("Guest"))
        self.assertEqual(self.entry("Bob"), "")
        self.court.sets("root", SERVER, "lockdown", "all", 60)
        self.assertIn("nobody can enter", self.entry("Bob"))
        self.assertEqual(self.entry("Root"), "")
        self.court.now += 60
        self.assertEqual(self.entry("Guest"), "")

    def test_register(self) -> None:
        """
        A user is told beforehand whether they can register; the log tells whether a code is good.
        """

        def may(code: str = "") -> bool:
            return self.law.mayRegister(self.court.now, code) is None

        for code, rank in (("given", Rank.NONE), ("operators", Rank.OPERATOR)):
            self.law.records.put("code", code, {"rank": int(rank)})

        self.assertTrue(may())
        self.law.policies = Policies(registration="invited")
        self.assertFalse(may())
        self.assertTrue(may("given") and may("operators") and may("nobody's"))
        self.law.policies = Policies(registration="operator")
        self.assertFalse(may() or may("given"))
        self.assertTrue(may("operators") and may("nobody's"))
        self.court.sets("root", SERVER, "registration", "open")
        self.assertTrue(may() and may("given"))
        self.court.sets("root", SERVER, "lockdown", "register", 60)
        self.assertFalse(may() or may("given"))
        self.assertTrue(may("operators"))

    def test_bans(self) -> None:
        """The bans and mutes of a place are listed, and one that was lifted is gone."""
        first = self.court.bans("mod", self.dev, who="bob", reason="spam")
        second = self.court.mutes("mod", self.dev, "x")
        listed = self.law.bans(self.dev, self.court.now, 10)
        self.assertEqual([each.id for each in listed], [second, first])
        self.assertEqual((listed[1].author, listed[1].reason), ("Mod", "spam"))
        self.court.lifts("mod", self.dev, first)
        self.assertIsNone(self.law.ban(first))
        self.court.closes(self.dev)
        self.assertEqual(self.law.bans(self.dev, self.court.now, 10), [])


WHO = ["ann", "mod", "val", "bob", "root", "guest"]


class _Model:
    """
    May-speak by the plainest means: from the list of what took effect.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self.done: list[tuple[str, str, dict[str, Any]]] = []

    def rank(self, who: str) -> Rank:
        if any(kind == "operator" and more["who"] == who for kind, _, more in self.done):
            return Rank.OPERATOR
        rank = Rank.OWNER if who == "ann" else Rank.NONE
        for kind, _, more in self.done:
            if kind == "grant" and more["who"] == who:
                rank = Rank[more["role"].upper()] if more["role"] else Rank.NONE
        return rank

    def maySpeak(self, who: str, now: float) -> bool:
        lifted = {more["ban"] for kind, _, more in self.done if kind == "lift"}
        for kind, _, more in self.done:
            isOver = more.get("id") in lifted or 0 < more.get("until", 0) <= now
            if kind == "mute" and more["who"] == who and not isOver:
                return False
        latest = {(place, more["what"]): more for kind, place, more in self.done if kind == "set"}

        def isSet(place: str, what: str) -> Any:
            more = latest.get((place, what))
            return more and not 0 < more["until"] <= now and more["value"]

        rank = self.rank(who)
        lockdown = isSet(SERVER, "lockdown")
        if (lockdown == "all" and rank < Rank.MODERATOR) or (
            lockdown == "guests" and who == "guest"
        ):
            return False
        if isSet(SERVER, "guests") not in (None, False, "", "yes") and who == "guest":
            return False
        return not (isSet(self.place, "readonly") == "on" and rank < Rank.SPEAKER)


class OneAnswerTests(SynchronousTestCase):
    """
    Mixed acts of moderators.
    """

    @FAST
    @given(st.data())
    def test_oneAnswer(self, data: st.DataObject) -> None:
        """
        Any mix of grants, bans, mutes, settings and lifted bans gives one answer to who may speak:
        that of the list of what took effect; the same after a restart.
        """
        court = Court()
        court.registers(*(who.title() for who in WHO if who != "guest"))
        court.grants("", SERVER, "root", "operator")
        dev = court.makes("ann")
        model = _Model(dev)
        model.done.append(("operator", SERVER, {"who": "root"}))
        bans: list[tuple[str, int]] = []
        who = st.sampled_from(WHO)
        place = st.sampled_from([dev, dev, SERVER])
        seconds = st.sampled_from([0, 20, 60])
        for _ in range(data.draw(st.integers(0, 25))):
            by = data.draw(st.sampled_from(["ann", "mod", "root", ""]))
            court.now += data.draw(st.integers(0, 10))
            act = data.draw(st.sampled_from(["grant", "mute", "mute", "ban", "lift", "set", "set"]))
            where, ends = data.draw(place), data.draw(seconds)
            more: dict[str, Any] = {"until": court.now + ends if ends else 0}
            try:
                if act == "grant":
                    more = {"who": data.draw(who)}
                    roles = ["", "speaker", "moderator", "owner"]
                    more["role"] = data.draw(st.sampled_from(roles))
                    court.grants(by, dev, more["who"], more["role"])
                elif act == "mute":
                    more["who"] = data.draw(who)
                    more["id"] = court.mutes(by, where, more["who"], ends)
                    bans.append((where, more["id"]))
                elif act == "ban":
                    bans.append((where, court.bans(by, where, "enter", ends, who=data.draw(who))))
                elif act == "lift" and bans:
                    where, more["ban"] = data.draw(st.sampled_from(bans))
                    court.lifts(by, where, more["ban"])
                elif act == "set":
                    rules: dict[str, list[tuple[str, Any]]] = {
                        dev: [("readonly", "on"), ("readonly", "off"), ("slow", 30)],
                        SERVER: [
                            *(("lockdown", "all"), ("lockdown", "guests"), ("lockdown", "off")),
                            *(("guests", "read-only"), ("guests", "yes"), ("guests", "")),
                        ],
                    }
                    more["what"], more["value"] = data.draw(st.sampled_from(rules[where]))
                    court.sets(by, where, more["what"], more["value"], ends)
                else:
                    continue
            except ChatError:
                continue
            model.done.append((act, where, more))
        again = court.restarted()
        for law in (court.law, again):
            for each in WHO:
                someone = visitor(each.title(), account=each != "guest")
                for now in (court.now, court.now + 30, court.now + 1e6):
                    error = law.maySpeak(dev, "#dev", someone, now)
                    assert (error is None) == model.maySpeak(each, now), (each, now, error)
                    assert error is None or law.hasRules(dev)
                    assert law.rank(dev, each) == model.rank(each)
        self.assertEqual(_answers(court.law, dev, court.now), _answers(again, dev, court.now))


def _answers(law: Law, dev: str, now: float) -> list[str]:
    """
    @return: the sentences with which users may not speak or enter.
    """
    people = [visitor(each.title(), account=each != "guest") for each in WHO]
    errors = [law.maySpeak(dev, "#dev", each, now) for each in people]
    errors += [law.mayEnter(place, "#dev", each, now) for each in people for place in (dev, SERVER)]
    return [str(error) for error in errors]
