# -*- test-case-name: tests.accounts.test_fields -*-
"""
Validates an event's values for machines: compact JSON, which anybody may have written.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, Final

from ..errors import ChatError, NotAllowed

MAX_DATA: Final = 256 * 1024
"""The longest data of an event, in characters: ten thousand ids."""

MAX_TEXT: Final = 256
"""The longest text value, in characters: a clean name, or one of its looks."""

MAX_LOOKS: Final = 8
"""Most looks of one name; L{text.confusables.looks} returns at most 4."""

MAX_TIME: Final = 2.0**40
"""The latest time that is accepted, in seconds since the epoch: some 35,000 years from now."""

MAX_ID: Final = 2**63 - 1
"""The largest id that a log can have."""


class Fields:
    """
    The values of one event, each validated when it is read.
    """

    def __init__(self, data: str) -> None:
        """
        @param data: the event's.
        @raise ChatError: if it is not a JSON object.
        """
        if len(data) > MAX_DATA:
            raise malformed()
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            raise malformed() from None
        if not isinstance(value, dict):
            raise malformed()
        self._values: dict[str, Any] = value

    def text(self, name: str, default: str | None = None, most: int = MAX_TEXT) -> str:
        """
        @param default: the value if it is missing; C{None} if it is required.
        @param most: characters at most.
        @raise ChatError: if it is not a text that can be stored.
        """
        return checkedText(self._values.get(name, default), most)

    def word(self, name: str, *allowed: str) -> str:
        """
        @param allowed: the allowed values; the first is the default.
        @raise ChatError: if it is another.
        """
        value = self.text(name, allowed[0])
        if value not in allowed:
            raise malformed()
        return value

    def texts(self, name: str, most: int) -> list[str]:
        """
        @param most: how many at most.
        @return: a list of texts; empty if it is missing.
        @raise ChatError: if it is no list of texts.
        """
        return [checkedText(each, MAX_TEXT) for each in self._list(name, most)]

    def looks(self) -> list[str]:
        """
        @return: the looks of a name, sorted and without duplicates; empty if they are missing.
        @raise ChatError: if it is not a list of texts, or one of them is empty.
        """
        looks = self.texts("looks", MAX_LOOKS)
        if "" in looks:
            raise malformed()
        return sorted(set(looks))

    def whole(self, name: str, default: int | None = None, most: int = MAX_ID) -> int:
        """
        @return: a whole number from 0 to C{most}.
        @raise ChatError: if it is anything else.
        """
        return checkedWhole(self._values.get(name, default), most)

    def wholes(self, name: str, most: int) -> list[int]:
        """
        @param most: how many at most.
        @return: a list of whole numbers; empty if it is missing.
        @raise ChatError: if it is no list of such.
        """
        return [checkedWhole(each, MAX_ID) for each in self._list(name, most)]

    def flag(self, name: str) -> bool:
        """
        @return: the value of a flag; C{False} if it is missing.
        @raise ChatError: if it is neither C{true} nor C{false}.
        """
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise malformed()
        return value

    def end(self, after: float) -> float:
        """
        @param after: the time of the event.
        @return: the value of C{until}, in seconds since the epoch, or 0 if there is no end.
        @raise ChatError: if it is not a time after that of the event.
        """
        value = self._values.get("until", 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise malformed()
        if not (isinstance(value, int) or isfinite(value)) or not 0 <= value <= MAX_TIME:
            raise malformed()
        if value and value <= after:
            raise NotAllowed("this end lies in the past: choose a later one")
        return float(value)

    def objects(self, name: str, most: int) -> list[dict[str, Any]]:
        """
        @param most: how many at most.
        @return: a list of flat objects that hold texts, whole numbers, times and flags.
        @raise ChatError: if it is no list of such.
        """
        return [_checkedObject(each) for each in self._list(name, most)]

    def _list(self, name: str, most: int) -> list[Any]:
        value = self._values.get(name, [])
        if not isinstance(value, list) or len(value) > most:
            raise malformed()
        return value


def checkedText(value: Any, most: int) -> str:
    """
    @raise ChatError: if it is not a text of at most C{most} characters that UTF-8 can encode.
    """
    if not isinstance(value, str) or len(value) > most:
        raise malformed()
    try:
        value.encode()
    except UnicodeEncodeError:
        raise malformed() from None
    return value


def checkedWhole(value: Any, most: int) -> int:
    """
    @raise ChatError: if it is not a whole number from 0 to C{most}.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise malformed()
    return value


def _checkedObject(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > MAX_LOOKS * 2:
        raise malformed()
    for name, each in value.items():
        checkedText(name, MAX_TEXT)
        if isinstance(each, str):
            checkedText(each, MAX_TEXT)
        elif isinstance(each, float):
            if not isfinite(each):
                raise malformed()
        elif not isinstance(each, bool):
            checkedWhole(each, MAX_ID)
    return value


def malformed() -> ChatError:
    """
    @return: the refusal of an event whose values do not fit its kind.
    """
    return NotAllowed("this was not understood, and nothing was changed: try again")
