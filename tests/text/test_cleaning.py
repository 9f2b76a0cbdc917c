# -*- test-case-name: tests.text.test_cleaning -*-
"""
Tests for L{twisted_chat.text.cleaning}.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from unicodedata import bidirectional, category

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

import twisted_chat.text.cleaning
from twisted_chat.errors import BadText
from twisted_chat.text.cleaning import (
    MAX_MARKS,
    cleanText,
    escapeLog,
    neutralise,
    parseText,
    showable,
)

FAST = settings(deadline=None, max_examples=150, derandomize=True, database=None)

ESC = "\x1b"
ZWNJ, ZWJ, VS15, VS16 = "\u200c", "\u200d", "\ufe0e", "\ufe0f"
RLO = "\u202e"
FAMILY = f"\U0001f468{ZWJ}\U0001f469{ZWJ}\U0001f467"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"

# Everything that has a rule of its own, so that random text meets the rules together.
TRICKY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "ab1 \t\r\n\x00\x1b\x7f\x85\u2028\u2029\ud83d\ude00\ufffe\\#"
            "\u0301\u0308\u20e3\u034f\u093f\u094d\u0915\u0937\u0645\u06cc\u0e01\u0e33"
            "\u200b\u200c\u200d\u200e\u2066\u202e\ufe0e\ufe0f\ufeff\u3164\u061c\u00ad"
            "\u2764\u2640\U0001f468\U0001f469\U0001f3fd\U0001f3f4\U000e0067\U000e0062\U000e007f"
            "\u845b\U000e0100\U000e0101\u1820\u180b\u180e"
        ),
    ),
    max_size=24,
)

# Characters that must never reach another user's eye, whatever stands around them.
NEVER_SEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206f"
    "\u3164\ufeff\uffa0\ufff9\ufffa\ufffb\U000e0001"
)


def commandsTerminal(char: str) -> bool:
    """
    @return: whether a character is a control, a line separator, a surrogate or a noncharacter.
    """
    code = ord(char)
    nonCharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return nonCharacter or category(char) in ("Cc", "Cs", "Zl", "Zp")


def mostMarks(text: str) -> int:
    """
    @return: the length of the longest run of combining marks that are no selectors.
    """
    longest = run = 0
    for char in text:
        if category(char)[0] != "M":
            run = 0 if char not in (ZWNJ, ZWJ) else run
        elif not 0xFE00 <= ord(char) <= 0xFE0F and ord(char) < 0xE0000:
            run += 1
            longest = max(longest, run)
    return longest


class CleanMixin:
    """
    The promise that L{cleanText} and L{showable} share.
    """

    def assertClean(self, text: str, allowed: str = "") -> None:
        """
        Assert that a text holds nothing that commands a terminal or deceives the eye.

        @param allowed: control characters that may stay.
        """
        assert isinstance(self, SynchronousTestCase)
        text.encode("utf-8")
        for char in text:
            if char not in allowed:
                self.assertFalse(commandsTerminal(char), ascii(text))
            self.assertNotIn(char, NEVER_SEEN, ascii(text))
            self.assertNotIn(bidirectional(char), ("LRE", "RLE", "LRO", "RLO", "PDF"))
            self.assertNotIn(bidirectional(char), ("LRI", "RLI", "FSI", "PDI"))
        self.assertLessEqual(mostMarks(text), MAX_MARKS, ascii(text))


class ParseTextTests(SynchronousTestCase, CleanMixin):
    """
    The texts that a server accepts as a line.
    """

    def test_ordinaryText(self) -> None:
        """
        Ordinary text in any script comes through unchanged.
        """
        for text in (
            "",
            "hello, world",
            "a\ttab",
            "Привет, как дела?",
            "今日は。 散歩",
            "नमस्ते दुनिया",
            "สวัสดีครับ ก็ ที่",
            "tiếng Việt, e\u0302\u0301",
            "שָׁלוֹם",
            "مرحبا بالعالم",
            "caf\u00e9 \u00a0 \u2800",
            "\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600",
            "\ue0b0 private",
        ):
            self.assertEqual(parseText(text.encode()), text)

    def test_notUTF8(self) -> None:
        """
        Bytes that are not UTF-8 are refused, overlong forms and encoded surrogates included.
        """
        for raw in (
            b"\xff\xfe",
            b"caf\xe9",
            b"\xc0\x80",
            b"\xed\xa0\xbd",
            b"\xf4\x90\x80\x80",
            b"\xe2\x82",
        ):
            error = self.assertRaises(BadText, parseText, raw)
            self.assertEqual(
                str(error), "this line is not UTF-8: set your terminal to UTF-8 and send it again"
            )

    def test_everyControlIsRefused(self) -> None:
        """
        Every character that commands a terminal or ends a line is refused with a sentence that
        names it, itself fit for any terminal.
        """
        for code in range(0x110000):
            char = chr(code)
            if commandsTerminal(char) and char != "\t":
                error = self.assertRaises(BadText, cleanText, f"a{char}b")
                self.assertIn(f"U+{code:04X}", str(error))
                self.assertTrue(str(error).isprintable())

    def test_sentencesSayWhatToDo(self) -> None:
        """
        The sentence of a refusal depends on what is wrong.
        """
        for text, advice in (
            ("a\nb", "send line by line"),
            ("a\u2028b", "send line by line"),
            ("a\rb", "end lines with LF or CR LF"),
            (f"{ESC}[A", "perhaps of an arrow key: type it again"),
            ("\x00", "a control character (U+0000): remove it"),
            ("\x9b2J", "a control character (U+009B): remove it"),
            ("\ud83d", "send surrogates in pairs"),
            ("\ufdd0", "is no character: remove it"),
        ):
            self.assertIn(advice, str(self.assertRaises(BadText, cleanText, text)))

    def test_nothingVisible(self) -> None:
        """
        A line of invisible characters is an empty line.
        """
        self.assertEqual(parseText(f"{RLO}\u200b{ZWJ}\u3164".encode()), "")

    @FAST
    @given(
        st.one_of(st.binary(max_size=24), TRICKY.map(lambda t: t.encode("utf-8", "surrogatepass")))
    )
    def test_anyBytes(self, raw: bytes) -> None:
        """
        Any bytes are either refused or give a clean text, which parses to itself.
        """
        try:
            text = parseText(raw)
        except BadText as error:
            self.assertTrue(error.sentence.isprintable())
            return
        self.assertClean(text, allowed="\t")
        self.assertEqual(parseText(text.encode()), text)

    @FAST
    @given(TRICKY)
    def test_onlyForbiddenIsRefused(self, text: str) -> None:
        """
        A text is refused exactly if it holds a forbidden character.
        """
        if any(commandsTerminal(char) and char != "\t" for char in text):
            self.assertRaises(BadText, cleanText, text)
        else:
            self.assertEqual(parseText(text.encode()), cleanText(text))


class NeutraliseTests(SynchronousTestCase):
    """
    The characters that are removed, and those that stay although they cannot be seen.
    """

    def test_unseen(self) -> None:
        """
        Controls of direction and characters without a shape are removed anywhere.
        """
        for char in NEVER_SEEN:
            self.assertEqual(neutralise(f"{char}a{char}{char}é{char}"), "aé", ascii(char))

    def test_emojiSequences(self) -> None:
        """
        Emoji keep the joiners, skin tones, selectors and tags they are written with.
        """
        for text in (
            FAMILY,
            f"\u2764{VS16}{ZWJ}\U0001f525",
            f"\U0001f469\U0001f3fd{ZWJ}\U0001f4bb",
            f"\U0001f3f3{VS16}{ZWJ}\U0001f308",
            f"\U0001f926\U0001f3fd{ZWJ}\u2642{VS16}",
            f"1{VS16}\u20e3",
            f"\u2764{VS15}",
            f"\u00a9{VS16}",
            f"go {SCOTLAND}!",
            "\U0001f1ea\U0001f1fa",
        ):
            self.assertEqual(neutralise(text), text, ascii(text))

    def test_joiningScripts(self) -> None:
        """
        Joiners stay where a script is written with them.
        """
        for text in (
            f"می{ZWNJ}خواهم",
            f"क्{ZWJ}ष",
            f"क्{ZWNJ}ष",
            f"ශ්{ZWJ}රී",
            f"র{ZWJ}্য",
            f"ന്{ZWJ}",
            f"ന്{ZWJ}.",
            f"Auf{ZWNJ}lage",
        ):
            self.assertEqual(neutralise(text), text, ascii(text))

    def test_strayJoiners(self) -> None:
        """
        Joiners are removed where no script is written with them.
        """
        for text, left in (
            (f"ad{ZWJ}min", "admin"),
            (f"{ZWJ}a{ZWNJ}", "a"),
            (f"a{ZWNJ} b", "a b"),
            (f"1{ZWNJ}2", "12"),
            (f"\U0001f468{ZWJ}a", "\U0001f468a"),
            (f"a{ZWJ}\U0001f468", "a\U0001f468"),
            (f"\U0001f468{ZWJ}{ZWJ}\U0001f469", f"\U0001f468{ZWJ}\U0001f469"),
            (f"م{ZWNJ}{ZWNJ}{ZWNJ}ی", f"م{ZWNJ}ی"),
            (f"م{ZWNJ}{ZWJ}ی", f"م{ZWNJ}ی"),
            (f"م{ZWJ}.", "م."),
            (f"1{ZWNJ}a.{ZWNJ}a", "1a.a"),
            (f"\u2764{ZWJ}{VS16}\U0001f525", f"\u2764{VS16}\U0001f525"),
        ):
            self.assertEqual(neutralise(text), left, ascii(text))

    def test_selectors(self) -> None:
        """
        A base keeps one variation selector if it is one that can have it; others carry hidden
        data.
        """
        for text, left in (
            (f"a{VS16}", "a"),
            (f"{VS16}a", "a"),
            (f"\u2764{VS16}{VS16}{VS15}", f"\u2764{VS16}"),
            ("\U0001f600\U000e0100\U000e0101", "\U0001f600"),
            ("葛\U000e0100", "葛\U000e0100"),
            ("葛\U000e0100\U000e0101", "葛\U000e0100"),
            ("a\ufe00", "a"),
            ("\u1820\u180b", "\u1820\u180b"),
            ("a\u180b", "a"),
        ):
            self.assertEqual(neutralise(text), left, ascii(text))

    def test_strayTags(self) -> None:
        """
        Tag characters are removed outside of a complete flag.
        """
        hidden = "".join(chr(0xE0000 + ord(char)) for char in "ignore the rules")
        self.assertEqual(neutralise(f"hello{hidden}"), "hello")
        self.assertEqual(neutralise(SCOTLAND[:-1]), SCOTLAND[0])
        self.assertEqual(neutralise(SCOTLAND[1:]), "")

    def test_marks(self) -> None:
        """
        A base keeps its first four marks, in any script, and the next base has its own four.
        """
        for mark in ("\u0301", "\u0e47", "\u0483", "\u20dd", "\u093f", "\U0001e8d0"):
            for count in (1, MAX_MARKS, MAX_MARKS + 1, 500):
                kept = mark * min(count, MAX_MARKS)
                self.assertEqual(neutralise(f"я{mark * count}ю{mark * count}"), f"я{kept}ю{kept}")

    def test_marksBehindJoiners(self) -> None:
        """
        A joiner is no base: marks cannot be piled up with its help.
        """
        text = "क" + f"\u094d{ZWJ}" * 50
        self.assertLessEqual(mostMarks(neutralise(text)), MAX_MARKS)

    def test_controlsStay(self) -> None:
        """
        Control characters are left alone.
        """
        self.assertEqual(neutralise("a\x00\té\x1b"), "a\x00\té\x1b")

    @FAST
    @given(TRICKY)
    def test_idempotent(self, text: str) -> None:
        """
        Neutralising a text twice changes nothing more, and adds nothing.
        """
        once = neutralise(text)
        self.assertEqual(neutralise(once), once)
        rest = iter(text)
        self.assertTrue(all(char in rest for char in once))


class ShowableTests(SynchronousTestCase, CleanMixin):
    """
    Texts that are printed.
    """

    def test_tricksAreSeen(self) -> None:
        """
        Each forbidden character becomes one U+FFFD, and a tab becomes a blank.
        """
        for text, shown in (
            ("plain", "plain"),
            ("a\tb", "a b"),
            (f"{ESC}[2J{ESC}]0;x\x07", "\ufffd[2J\ufffd]0;x\ufffd"),
            ("Bob\r\nAnn :: forged", "Bob\ufffd\ufffdAnn :: forged"),
            ("a\x85b\u2028c\x0bd", "a\ufffdb\ufffdc\ufffdd"),
            ("\x9b31m", "\ufffd31m"),
            ("\ud83d", "\ufffd"),
            ("x\uffff", "x\ufffd"),
            (f"gpj{RLO}exe", "gpjexe"),
            (FAMILY, FAMILY),
        ):
            self.assertEqual(showable(text), shown, ascii(text))

    @FAST
    @given(TRICKY)
    def test_anyText(self, text: str) -> None:
        """
        Any text becomes one clean line, which is shown as itself.
        """
        shown = showable(text)
        self.assertClean(shown)
        self.assertLessEqual(len(shown.splitlines()), 1)
        self.assertEqual(showable(shown), shown)

    @FAST
    @given(TRICKY)
    def test_acceptedTextIsShown(self, text: str) -> None:
        """
        A text that a server accepts is shown as it is, but for its tabs.
        """
        clean = neutralise("".join(char for char in text if not commandsTerminal(char)))
        self.assertEqual(showable(clean), clean)
        self.assertEqual(cleanText(clean), clean)


class EscapeLogTests(SynchronousTestCase):
    """
    Texts in a line of the log.
    """

    def test_escapes(self) -> None:
        """
        Invisible characters are written as escapes, and a backslash as two.
        """
        for text, written in (
            ("Ann :: hi", "Ann :: hi"),
            ("Привет", "Привет"),
            ("a\nb\r\x00", r"a\x0ab\x0d\x00"),
            (f"{ESC}[2J", r"\x1b[2J"),
            (f"x{RLO}y\u2028", r"x\u202ey\u2028"),
            ("\U000e0041\ud800", r"\U000e0041\ud800"),
            (f"a{ZWJ}b\u3164{VS16}", r"a\u200db\u3164\ufe0f"),
            ("\\x1b", r"\\x1b"),
            ("\u00a0", r"\xa0"),
        ):
            self.assertEqual(escapeLog(text), written)

    @FAST
    @given(TRICKY)
    def test_unambiguous(self, text: str) -> None:
        """
        A log line is printable, and tells exactly which text it was.
        """
        written = escapeLog(text)
        self.assertTrue(written.isprintable())
        written.encode("utf-8")
        self.assertEqual(self.unescape(written), text)

    def unescape(self, written: str) -> str:
        """
        @return: the text that was written, read as Python reads a string.
        """
        quoted = written.replace('"', r"\x22")
        text = ast.literal_eval(f'"{quoted}"')
        assert isinstance(text, str)
        return text


class ImportTests(SynchronousTestCase):
    """
    The modules that an import loads.
    """

    def test_light(self) -> None:
        """
        Importing this module, or that of names, loads no library and no table.
        """
        code = (
            "import sys, twisted_chat.text.cleaning, twisted_chat.text.names;"
            "heavy = {'regex', 'precis_i18n', 'homoglyphs_fork', 'twisted.internet'};"
            "print(heavy & set(sys.modules))"
        )
        root = str(Path(twisted_chat.text.cleaning.__file__).parent.parent)
        output = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONPATH": root},
            text=True,
        ).stdout
        self.assertEqual(output.strip(), "set()")
