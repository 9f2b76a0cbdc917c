# -*- test-case-name: tests.test_errors -*-
"""
Tests for L{twisted_chat.errors}.
"""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import BadName, ChatError


def everyError(base: type[ChatError] = ChatError) -> Iterator[type[ChatError]]:
    """
    @return: C{base} and all classes below it that the package defines.
    """
    yield base
    for error in base.__subclasses__():
        yield from everyError(error)


class ChatErrorTests(SynchronousTestCase):
    """
    What programs and people are told of a refusal.
    """

    def test_codeIsUnique(self) -> None:
        """
        Each error has a code of its own, which does not change with the class above it.
        """
        errors = list(everyError())
        self.assertIn(BadName, errors)
        for error in errors:
            self.assertIn("code", vars(error), f"{error.__name__} has no code of its own")
        self.assertEqual(len({error.code for error in errors}), len(errors))

    def test_codeIsAWord(self) -> None:
        """
        A code is lower case letters and hyphens, so that a program may use it as a key.
        """
        for error in everyError():
            self.assertRegex(error.code, r"\A[a-z]+(-[a-z]+)*\Z")

    def test_sentence(self) -> None:
        """
        An error says its sentence, as a string and by its attribute.
        """
        error = BadName("a name has no blanks: try Ann_Smith")
        self.assertEqual(str(error), "a name has no blanks: try Ann_Smith")
        self.assertEqual(error.sentence, str(error))
