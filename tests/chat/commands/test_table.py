# -*- test-case-name: tests.chat.commands.test_table -*-
"""
Tests for L{twisted_chat.chat.commands.table}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import enter, enterAll, makeHub
from twisted_chat.chat.commands.queries import MAX_ANSWER_TEXT
from twisted_chat.chat.commands.table import COMMANDS
from twisted_chat.errors import BadCommand, ChatError
from twisted_chat.wire.jsonlines import JSON


class DispatchTests(SynchronousTestCase):
    """
    The meaning of a line.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.ann, self.bob = enterAll(self.hub, "Ann", "Bob")

    def test_message(self) -> None:
        """
        A line that begins with no slash is a message, blanks and all.
        """
        self.ann.types("Hello!", "  a/b  ")
        self.assertEqual(self.bob.lines, ["Ann :: Hello!", "Ann ::   a/b  "])

    def test_slashes(self) -> None:
        """
        Two slashes at the beginning of a line say one.
        """
        self.ann.types("//help", "///", "//")
        self.assertEqual(self.bob.lines, ["Ann :: /help", "Ann :: //", "Ann :: /"])

    def test_case(self) -> None:
        """
        Commands are found in any case, with any blanks behind.
        """
        self.ann.types("/NAMES", "/Me   waves ")
        self.assertEqual(self.ann.lines, ["* 2 in #lobby: Ann, Bob", "OK . ."])
        self.assertEqual(self.bob.lines, ["* Ann waves"])

    def test_unknown(self) -> None:
        """
        An unknown command is refused with the nearest one, and nothing is sent.
        """
        for line, hint in (
            ("/nmaes", "did you mean /names?"),
            ("/hlep me", "did you mean /help?"),
            ("/joni #dev", "did you mean /join?"),
            ("/xyzzy", "/help lists them"),
            ("/", "/help lists them"),
            ("/ names", "/help lists them"),
            ("/" + "x" * 4000, "/help lists them"),
        ):
            with self.assertRaises(BadCommand) as caught:
                self.ann.user.perform(line)
            self.assertTrue(caught.exception.sentence.endswith(hint), caught.exception.sentence)
            self.assertIn("nothing was sent", caught.exception.sentence)
        self.assertEqual(self.bob.puts, [])

    def test_missingArguments(self) -> None:
        """
        A command without a needed argument is refused with its usage.
        """
        for name, command in COMMANDS.items():
            if command.needed:
                with self.assertRaises(BadCommand) as caught:
                    self.ann.user.perform(f"/{name} ")
                self.assertEqual(caught.exception.sentence, f"Usage: /{name} {command.usage}")

    def test_msg(self) -> None:
        """
        /msg tells one person, whose name ends at the first blank.
        """
        self.ann.types("/msg Bob  two  words ")
        self.assertEqual(self.bob.lines, ["Ann -> you :: two  words"])

    def test_reply(self) -> None:
        """
        /r answers the user who sent a direct message last.
        """
        self.bob.types("/r hello")
        self.assertRegex(self.bob.lines[0], r"\A! nobody is here to reply to: ")
        self.ann.types("/msg Bob psst")
        self.bob.types("/r yes?")
        self.assertEqual(self.ann.lines, ["OK . .", "Bob -> you :: yes?"])

    def test_quit(self) -> None:
        """
        /quit says goodbye and closes.
        """
        self.ann.types("/quit")
        self.assertEqual((self.ann.lines, self.ann.closed), (["* Goodbye"], True))

    def test_key(self) -> None:
        """
        Answers of a program's command have its key, and so has a message that is a command.
        """
        cem = enter(self.hub, "Cem", JSON)
        cem.forget()
        cem.asks("command", line="/names", key="k1")
        cem.asks("command", line="/me waves", key="k2")
        cem.asks("command", line="/nosuch", key="k3")
        self.assertEqual(
            [(value["type"], value["key"]) for value in cem.objects],
            [("notice", "k1"), ("ok", "k2"), ("error", "k3")],
        )

    def test_takesAWhile(self) -> None:
        """
        A command gives a Deferred that fires with its answer, and a message gives none.
        """
        self.assertIsNone(self.ann.user.perform("hello"))
        for line in ("/names", "/history", "/search hello"):
            asked = self.ann.user.perform(line)
            assert asked is not None
            self.successResultOf(asked)

    @settings(deadline=None, max_examples=150, derandomize=True)
    @given(
        st.sampled_from(["", "/", "//", *(f"/{name}" for name in COMMANDS)]),
        st.lists(
            st.sampled_from(["", "Bob", "#dev", "1", "before", "from:", "since:1d", "x", "#", "²"]),
            max_size=4,
        ),
    )
    def test_anyLine(self, start: str, words: list[str]) -> None:
        """
        Any line is carried out or refused with a sentence.
        """
        hub = makeHub()
        ann = enter(hub, "Ann")
        enter(hub, "Bob")
        line = " ".join([start, *words])
        try:
            ann.user.perform(line)
        except ChatError as error:
            self.assertNotIn("\n", error.sentence)
        self.assertEqual(ann.user.unanswered, 0)


class HelpTests(SynchronousTestCase):
    """
    C{/help} is made of the table.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        (self.ann,) = enterAll(self.hub, "Ann")

    def test_all(self) -> None:
        """
        /help lists all commands that a user may use in their room.
        """
        self.ann.types("/help")
        words = " ".join(self.ann.lines).split()
        for name, command in COMMANDS.items():
            self.assertEqual(f"/{name}" in words, command.may is None, name)
        self.ann.types("/join #dev")
        self.ann.forget()
        self.ann.types("/help")
        words = " ".join(self.ann.lines).split()
        self.assertIn("/kick", words)
        self.assertNotIn("/ban", words)

    def test_one(self) -> None:
        """
        Each command is explained in one line: its usage, and what it does.
        """
        for name, command in COMMANDS.items():
            self.ann.forget()
            self.ann.types(f"/help {name}")
            (line,) = self.ann.lines
            self.assertEqual(line, f"* /{name} {command.usage}".rstrip() + f" - {command.help}")

    def test_slash(self) -> None:
        """
        /help takes a command with its slash, in any case, and refuses an unknown one.
        """
        self.ann.types("/help /NAMES", "/help nmaes")
        self.assertTrue(self.ann.lines[0].startswith("* /names [#ROOM] - "))
        self.assertIn("did you mean /names?", self.ann.lines[1])

    def test_sentences(self) -> None:
        """
        The sentence of each command fits on a line.
        """
        for name, command in COMMANDS.items():
            self.assertTrue(command.help.endswith("."), name)
            self.assertLess(len(command.help), 80, name)

    def test_neededIsShown(self) -> None:
        """
        The arguments that a command needs stand in its usage without brackets.
        """
        for name, command in COMMANDS.items():
            plain = [word for word in command.usage.split() if not word.startswith(("[", "from"))]
            plain = [word for word in plain if "]" not in word and ":" not in word]
            self.assertEqual(len(plain), command.needed, name)


class CostTests(SynchronousTestCase):
    """
    The cost of a command, in messages of the client's rate.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        (self.ann,) = enterAll(self.hub, "Ann")

    def test_told(self) -> None:
        """
        A change that a whole room is told of costs more than a message, and a list costs no more.
        """
        for line, cost in (
            ("hello", 0),
            ("/names", 0),
            ("/topic tests", 4),
            ("/nick Anna", 4),
            ("/search x", 2),
        ):
            self.ann.charged.clear()
            self.ann.types(line)
            self.assertEqual(sum(self.ann.charged), cost, line)

    def test_longAnswers(self) -> None:
        """
        A long answer costs by its size, and is bounded: the newest messages are given.
        """
        for number in range(100):
            self.ann.user.say(f"{number} " + "x" * 4000)
        self.ann.forget()
        self.ann.types("/history 1000")
        self.assertLess(len("".join(self.ann.lines)), MAX_ANSWER_TEXT + 10_000)
        self.assertIn(":: 99 x", self.ann.lines[-1])
        self.assertGreater(sum(self.ann.charged), 25)
