# -*- test-case-name: tests.console.test_keys -*-
"""
Turns the bytes of a terminal into keys.

The sequences are those of ECMA-48 and of xterm's I{Control Sequences} (ctlseqs): cursor and editing
keys with modifiers, bracketed paste, C{modifyOtherKeys} and C{CSI u}, and rxvt's variants.  Reports
(cursor position, device attributes, focus, mouse) are discarded.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Literal

from twisted.internet.interfaces import IDelayedCall, IReactorTime

Kind = Literal["text", "key", "paste"]

ESCAPE_DELAY = 0.05
"""
Seconds after which an ESC that nothing follows is the Escape key.  A sequence arrives in one piece
on all but the worst connections, and people do not notice this delay of a lone Escape.
"""

PASTE_DELAY = 5.0
"""Seconds of silence that end an unfinished paste: its terminal went away."""

MAX_SEQUENCE = 64
"""The longest sequence that is awaited, in bytes: more than twice the longest that means a key."""

MAX_PASTE = 65536
"""Bytes of one paste that are kept: more than an input holds."""

_TEXT = re.compile(rb"[^\x00-\x1f\x7f]+")
_CSI = re.compile(rb"\x1b\[([0-?]*)[ -/]*([@-Z\\-~])")
_CSI_PART = re.compile(rb"\x1b\[[0-?]*[ -/]*")
_LINUX_F = re.compile(rb"\x1b\[\[[A-E]")
_LINUX_F_PART = re.compile(rb"\x1b\[\[")
_SS3 = re.compile(rb"\x1bO([0-9]*)([@-~])")
_SS3_PART = re.compile(rb"\x1bO[0-9]*")
_STRING = re.compile(rb"\x1b[]PX^_][^\x00-\x1f]*(\x07|\x1b\\)")
_STRING_PART = re.compile(rb"\x1b[]PX^_][^\x00-\x1f]*\x1b?")
_PASTE_END = b"\x1b[201~"

_CONTROLS = {
    0x00: "ctrl-space",
    0x08: "backspace",
    0x09: "tab",
    0x0A: "enter",
    0x0D: "enter",
    0x1C: "ctrl-\\",
    0x1D: "ctrl-]",
    0x1E: "ctrl-^",
    0x1F: "ctrl-_",
    0x7F: "backspace",
} | {code: f"ctrl-{chr(code + 0x60)}" for code in range(1, 27) if code not in (8, 9, 10, 13)}

_FINALS = {
    b"A": "up",
    b"B": "down",
    b"C": "right",
    b"D": "left",
    b"E": "begin",
    b"F": "end",
    b"H": "home",
    b"M": "enter",
    b"P": "f1",
    b"Q": "f2",
    b"S": "f4",
    b"a": "ctrl-up",
    b"b": "ctrl-down",
    b"c": "ctrl-right",
    b"d": "ctrl-left",
}

_NUMBERS = {
    1: "home",
    2: "insert",
    3: "delete",
    4: "end",
    5: "pageup",
    6: "pagedown",
    7: "home",
    8: "end",
}


class KeyParser:
    """
    Turns the bytes of a terminal, cut anywhere, into text, keys and pastes.

    It delivers, in the order of typing:

      - C{("text", characters)}: characters without controls;
      - C{("key", name)}: C{"enter"}, C{"left"}, C{"ctrl-a"}, C{"alt-b"}, C{"ctrl-left"},
        C{"shift-tab"}...; modifiers stand in the order ctrl, alt, shift;
      - C{("paste", characters)}: a whole bracketed paste, unfiltered.
    """

    def __init__(self, clock: IReactorTime, deliver: Callable[[Kind, str], None]) -> None:
        """
        @param clock: times the delay that tells a lone Escape from the start of a sequence.
        @param deliver: called with each item.
        """
        self._clock = clock
        self._deliver = deliver
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._held = b""
        self._pasted: bytearray | None = None
        self._timer: IDelayedCall | None = None

    def receive(self, data: bytes) -> None:
        """
        Take bytes as they came.
        """
        self._stopTimer()
        data = self._held + data
        self._held = b""
        position = 0
        while position < len(data):
            if self._pasted is not None:
                taken = self._paste(data, position)
            elif data[position] == 0x1B:
                taken = self._sequence(data, position)
            elif data[position] < 0x20 or data[position] == 0x7F:
                self._endText()
                taken = position + 1
                self._deliver("key", _CONTROLS[data[position]])
            else:
                taken = self._text(data, position)
            if taken == position:
                self._held = data[position:]
                break
            position = taken
        if self._pasted is not None:
            self._timer = self._clock.callLater(PASTE_DELAY, self._expired)
        elif self._held:
            self._timer = self._clock.callLater(ESCAPE_DELAY, self._expired)

    def close(self) -> None:
        """
        Deliver no more.
        """
        self._stopTimer()
        self._held = b""
        self._pasted = None

    def _stopTimer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _text(self, data: bytes, position: int) -> int:
        run = _TEXT.match(data, position)
        assert run is not None
        text = self._decoder.decode(run[0])
        if text:
            self._deliver("text", text)
        return run.end()

    def _endText(self) -> None:
        """
        End the text before a control: half a character can no longer be completed.
        """
        rest = self._decoder.decode(b"", True)
        if rest:
            self._deliver("text", rest)

    def _sequence(self, data: bytes, position: int) -> int:
        """
        Parse the sequence that an ESC begins.

        @return: the position of the rest of the data; C{position} itself if the sequence is
            unfinished.
        """
        self._endText()
        follower = data[position + 1 : position + 2]
        if not follower:
            return position
        for whole, part, meaning in (
            (_LINUX_F, _LINUX_F_PART, None),
            (_CSI, _CSI_PART, self._csi),
            (_SS3, _SS3_PART, self._ss3),
            (_STRING, _STRING_PART, None),
        ):
            match = whole.match(data, position)
            if match is not None:
                if meaning is not None:
                    meaning(match[1], match[2])
                return match.end()
            begun = part.match(data, position)
            if begun is not None:
                unfinished = begun.end() == len(data) and len(begun[0]) < MAX_SEQUENCE
                return position if unfinished else begun.end()
        return self._alt(data, position)

    def _alt(self, data: bytes, position: int) -> int:
        """
        Parse an ESC that does not begin a sequence: Alt with a key, or Escape before another key.
        """
        code = data[position + 1]
        if code >= 0xF5:
            return position + 1
        if code >= 0x80:
            size = 4 if code >= 0xF0 else 3 if code >= 0xE0 else 2
            raw = data[position + 1 : position + 1 + size]
            if len(raw) < size and _TEXT.fullmatch(raw):
                return position
            try:
                self._deliver("key", f"alt-{raw.decode()}")
            except UnicodeDecodeError:
                return position + 1
            return position + 1 + size
        if code in b"\r\n\x7f\x08\t":
            self._deliver("key", f"alt-{_CONTROLS[code]}")
        elif code >= 0x20:
            self._deliver("key", f"alt-{chr(code)}")
        else:
            self._deliver("key", "escape")
            return position + 1
        return position + 2

    def _csi(self, parameters: bytes, final: bytes) -> None:
        numbers = [int(each) if each.isdigit() else 0 for each in parameters.split(b";")[:4]]
        if parameters and not (parameters[:1].isdigit() or parameters[:1] == b";"):
            return
        first = numbers[0]
        modifiers = numbers[1] if len(numbers) > 1 else 1
        if final == b"~" and first == 200:
            self._pasted = bytearray()
        elif final == b"~" and first == 27 and len(numbers) > 2:
            self._character(numbers[2], modifiers)
        elif final == b"~" and first in _NUMBERS:
            self._key(_NUMBERS[first], modifiers)
        elif final == b"u":
            self._character(first, modifiers)
        elif final == b"Z":
            self._deliver("key", "shift-tab")
        elif final in b"ABCDEFHPQS" and first < 2:
            self._key(_FINALS[final], modifiers)

    def _ss3(self, modifiers: bytes, final: bytes) -> None:
        if final in _FINALS:
            self._key(_FINALS[final], int(modifiers or 1))

    def _character(self, code: int, modifiers: int) -> None:
        """
        Name a character with modifiers, given by its code point.
        """
        if code in _CONTROLS and (code < 0x20 or code == 0x7F):
            self._key(_CONTROLS[code], modifiers)
        elif code == 0x1B:
            self._deliver("key", "escape")
        elif 0x20 <= code < 0xD800 or 0xE000 <= code < 0x110000:
            held = (modifiers - 1) & 6
            if held:
                self._key(chr(code), held + 1)
            else:
                self._deliver("text", chr(code))

    def _key(self, name: str, modifiers: int) -> None:
        """
        @param modifiers: one more than the sum of 1 for Shift, 2 for Alt and 4 for Control.
        """
        bits = max(0, modifiers - 1)
        for bit, prefix in ((1, "shift-"), (2, "alt-"), (4, "ctrl-")):
            if bits & bit:
                name = prefix + name
        self._deliver("key", name)

    def _paste(self, data: bytes, position: int) -> int:
        """
        Collect a paste until its end, whose bytes may come in two pieces.
        """
        assert self._pasted is not None
        end = data.find(_PASTE_END, position)
        stop = end
        if end < 0:
            stop = len(data)
            for kept in range(min(len(_PASTE_END) - 1, len(data) - position), 0, -1):
                if _PASTE_END.startswith(data[-kept:]):
                    stop -= kept
                    break
        self._pasted += data[position : min(stop, position + MAX_PASTE - len(self._pasted))]
        if end < 0:
            return stop
        self._endPaste()
        return end + len(_PASTE_END)

    def _endPaste(self) -> None:
        assert self._pasted is not None
        text = self._pasted.decode("utf-8", "replace")
        self._pasted = None
        self._deliver("paste", text)

    def _expired(self) -> None:
        """
        Deliver the unfinished sequence as it is, because nothing followed.
        """
        self._timer = None
        held, self._held = self._held, b""
        if self._pasted is not None:
            self._endPaste()
        elif held == b"\x1b":
            self._deliver("key", "escape")
        elif len(held) == 2 and held[1] < 0x80:
            self._deliver("key", f"alt-{chr(held[1])}")
        elif _CSI_PART.fullmatch(held):
            self._held = held
