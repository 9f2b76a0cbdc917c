"""
Tests of L{twisted_chat.console.editor}, and of what it stands on: L{twisted_chat.console.buffer}.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.console.buffer import MAX_INPUT, MAX_KILLS, MAX_UNDO
from twisted_chat.console.editor import _KEYS, LineEditor
from twisted_chat.console.graphemes import graphemes

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"
THUMB = "\U0001f44d\U0001f3fd"
ACUTE = "e\u0301"


def nothing(text: str, cursor: int) -> Sequence[str]:
    """
    Offer no completion.
    """
    return []


class EditorTests(SynchronousTestCase):
    """
    The editing keys.
    """

    def setUp(self) -> None:
        self.history: list[str] = []
        self.editor = LineEditor(self.history)

    def type(self, text: str, *keys: str) -> str:
        """
        Type a text, with C{|} left where the cursor is to be, and press keys.

        @return: the text after it, with C{|} where the cursor is.
        """
        self.editor.take()
        before, _, after = text.partition("|")
        self.editor.insert(before + after)
        self.editor.cursor = len(graphemes(before))
        return self.press(*keys)

    def press(self, *keys: str) -> str:
        """
        Press keys.

        @return: the text after it, with C{|} where the cursor is.
        """
        for key in keys:
            self.assertTrue(self.editor.press(key), key)
        cells = self.editor.cells
        at = self.editor.cursor
        return "".join(cells[:at]) + "|" + "".join(cells[at:])

    def test_moving(self) -> None:
        """The cursor moves by graphemes, words and rows, and stays inside the text."""
        for start, key, end in (
            ("ab|c", "left", "a|bc"),
            ("|abc", "ctrl-b", "|abc"),
            ("ab|c", "right", "abc|"),
            ("abc|", "ctrl-f", "abc|"),
            (f"a{FAMILY}|", "left", f"a|{FAMILY}"),
            (f"{FLAG}|{FLAG}", "right", f"{FLAG}{FLAG}|"),
            (f"{ACUTE}|x", "left", f"|{ACUTE}x"),
            ("ab|c", "home", "|abc"),
            ("ab|c", "ctrl-e", "abc|"),
            ("one\ntw|o\nthree", "ctrl-a", "one\n|two\nthree"),
            ("one\ntw|o\nthree", "end", "one\ntwo|\nthree"),
            ("one, two|", "alt-b", "one, |two"),
            ("one, |two", "ctrl-left", "|one, two"),
            ("|one, two", "alt-f", "one|, two"),
            ("one|, two", "ctrl-right", "one, two|"),
            ("привет м|ир", "alt-b", "привет |мир"),
            ("one\nt|wo", "up", "o|ne\ntwo"),
            ("o\ntwo|", "up", "o|\ntwo"),
            ("o|ne\ntwo", "down", "one\nt|wo"),
            ("one|\nt", "down", "one\nt|"),
        ):
            self.assertEqual(self.type(start, key), end, (start, key))

    def test_erasing(self) -> None:
        """One press erases one character as people see it."""
        for start, key, end in (
            ("ab|c", "backspace", "a|c"),
            ("|abc", "backspace", "|abc"),
            ("ab|c", "delete", "ab|"),
            ("ab|c", "ctrl-d", "ab|"),
            ("abc|", "delete", "abc|"),
            (f"a{FAMILY}|b", "backspace", "a|b"),
            (f"a{THUMB}|", "backspace", "a|"),
            (f"|{FLAG}{FLAG}", "delete", f"|{FLAG}"),
            (f"x{ACUTE}|", "backspace", "x|"),
            ("日本|", "backspace", "日|"),
        ):
            self.assertEqual(self.type(start, key), end, (start, key))

    def test_killing(self) -> None:
        """Words and rows are killed, up to their ends."""
        for start, key, end in (
            ("one two-three|", "ctrl-w", "one |"),
            ("one two  |", "ctrl-w", "one |"),
            ("one two-three|", "alt-backspace", "one two-|"),
            ("|one, two", "alt-d", "|, two"),
            ("one| two", "alt-d", "one|"),
            ("one t|wo", "ctrl-u", "|wo"),
            ("one t|wo", "ctrl-k", "one t|"),
            ("a\nb|c\nd", "ctrl-u", "a\n|c\nd"),
            ("a\nb|c\nd", "ctrl-k", "a\nb|\nd"),
            ("a\nb|\nd", "ctrl-k", "a\nb|d"),
            ("|", "ctrl-w", "|"),
        ):
            self.assertEqual(self.type(start, key), end, (start, key))

    def test_yanking(self) -> None:
        """Killed text comes back; kills in a row are one, in the order they stood."""
        self.assertEqual(
            self.type("one two |three", "ctrl-w", "ctrl-w", "ctrl-y"), "one two |three"
        )
        self.assertEqual(self.type("one |two three", "alt-d", "alt-d", "ctrl-y"), "one two three|")
        self.assertEqual(self.type("a|b", "ctrl-k", "ctrl-u", "ctrl-y"), "ab|")

    def test_yankingOlder(self) -> None:
        """Alt-Y goes through the older kills, and only after a yank."""
        self.type("one|", "ctrl-u")
        self.type("two|", "ctrl-u")
        self.assertEqual(self.type("x|", "ctrl-y"), "xtwo|")
        self.assertEqual(self.press("alt-y"), "xone|")
        self.assertEqual(self.press("alt-y"), "xtwo|")
        self.assertEqual(self.press("left", "alt-y"), "xtw|o")

    def test_killsAreBounded(self) -> None:
        """The oldest kills are forgotten."""
        for number in range(MAX_KILLS + 5):
            self.type(f"{number}|", "ctrl-u")
        self.assertEqual(self.editor._kills, [str(number) for number in range(5, MAX_KILLS + 5)])

    def test_transposing(self) -> None:
        """The graphemes around the cursor change places; at the end the last two."""
        self.assertEqual(self.type("a|b", "ctrl-t"), "ba|")
        self.assertEqual(self.type("ab|", "ctrl-t"), "ba|")
        self.assertEqual(self.type(f"x{FAMILY}|{FLAG}", "ctrl-t"), f"x{FLAG}{FAMILY}|")
        self.assertEqual(self.type("|ab", "ctrl-t"), "|ab")
        self.assertEqual(self.type("a|", "ctrl-t"), "a|")

    def test_undo(self) -> None:
        """Changes are taken back one by one, and a run of typing is one."""
        for message in "hello":
            self.editor.insert(message)
        self.editor.insert(" ")
        for message in "world":
            self.editor.insert(message)
        self.assertEqual(self.press("ctrl-w"), "hello |")
        self.assertEqual(self.press("ctrl-_"), "hello world|")
        self.assertEqual(self.press("ctrl-_"), "hello |")
        self.assertEqual(self.press("ctrl-_"), "hello|")
        self.assertEqual(self.press("ctrl-_"), "|")
        self.assertEqual(self.press("ctrl-_"), "|")

    def test_undoAfterClear(self) -> None:
        """A text dropped by mistake can be brought back."""
        self.type("precious|")
        self.editor.clear()
        self.assertEqual(self.editor.text, "")
        self.assertEqual(self.press("ctrl-_"), "precious|")

    def test_undoIsBounded(self) -> None:
        """The oldest changes cannot be undone."""
        for _ in range(MAX_UNDO + 20):
            self.editor.insert("- ")
        for _ in range(MAX_UNDO + 20):
            self.editor.undo()
        self.assertEqual(self.editor.text, "- " * 20)

    def test_typingCombines(self) -> None:
        """A mark or joiner typed after its base is one grapheme with it, wherever it is typed."""
        for text in (FAMILY, FLAG, THUMB, ACUTE):
            self.editor.take()
            for point in text:
                self.editor.insert(point)
            self.assertEqual(self.editor.cells, [text])
        self.type("e|x")
        self.editor.insert("\u0301")
        self.assertEqual(self.press(), f"{ACUTE}|x")

    def test_controlsCannotBeTyped(self) -> None:
        """A control in a paste is dropped; tabs are blanks, and rows stay rows."""
        self.editor.insert("a\x1b[201~\x03\u202eb\tc\r\nd\re\x9bf\ud800")
        self.assertEqual(self.editor.text, "a[201~b c\nd\nef")

    def test_limit(self) -> None:
        """A full input takes no more, and says so."""
        self.editor.insert("a" * (MAX_INPUT - 1))
        self.assertFalse(self.editor.full)
        self.editor.insert("bcd")
        self.assertTrue(self.editor.full)
        self.assertEqual(self.editor.text, "a" * (MAX_INPUT - 1) + "b")

    def test_newline(self) -> None:
        """Alt-Enter begins a row."""
        self.assertEqual(self.type("ab|c", "alt-enter"), "ab\n|c")

    def test_unknownKeys(self) -> None:
        """A key without a meaning here is reported, and changes nothing."""
        self.type("ab|c")
        for key in ("pageup", "f1", "alt-q", "enter", "ctrl-c"):
            self.assertFalse(self.editor.press(key))
        self.assertEqual(self.press(), "ab|c")

    def test_history(self) -> None:
        """Up and Down go through the earlier lines and come back to the draft."""
        self.history += ["first", "second"]
        self.assertEqual(self.type("draft|", "up"), "second|")
        self.assertEqual(self.press("ctrl-p"), "first|")
        self.assertEqual(self.press("up"), "first|")
        self.assertEqual(self.press("down"), "second|")
        self.assertEqual(self.press("ctrl-n"), "draft|")
        self.assertEqual(self.press("down"), "draft|")
        self.assertEqual(self.press("alt-<"), "first|")
        self.assertEqual(self.press("alt->"), "draft|")

    def test_search(self) -> None:
        """Ctrl-R finds the newest line with the words, and again the one before."""
        self.history += ["Hello Ann", "bye", "hello Bob"]
        self.type("draft|", "ctrl-r")
        self.editor.insert("hel")
        search = self.editor.search
        assert search is not None
        self.assertEqual(search.found, "hello Bob")
        self.press("ctrl-r")
        self.assertEqual(search.found, "Hello Ann")
        self.press("ctrl-r")
        self.assertTrue(search.failed)
        self.press("ctrl-s")
        self.assertEqual(search.found, "hello Bob")
        self.assertEqual(self.editor.text, "draft")
        self.assertEqual(self.press("right"), "h|ello Bob")
        self.assertIsNone(self.editor.search)
        self.assertEqual(self.press("down"), "draft|")

    def test_searchAborted(self) -> None:
        """A search that is left leaves the draft as it was."""
        self.history += ["hello"]
        self.type("dra|ft", "ctrl-r")
        self.editor.insert("he")
        self.press("backspace", "backspace", "backspace")
        self.assertTrue(self.editor.abort())
        self.assertEqual(self.press(), "dra|ft")
        self.assertFalse(self.editor.abort())

    def test_completion(self) -> None:
        """
        Tab goes through the candidates and back to the typed text, and Shift-Tab the other way.
        """
        offered: list[tuple[str, int]] = []

        def offer(text: str, cursor: int) -> Sequence[str]:
            offered.append((text, cursor))
            return ["Ann ", f"{FAMILY}Anton "]

        self.type("жук an|!")
        for step, found in (
            (1, "жук Ann |!"),
            (1, f"жук {FAMILY}Anton |!"),
            (1, "жук an|!"),
            (1, "жук Ann |!"),
            (-1, "жук an|!"),
            (-1, f"жук {FAMILY}Anton |!"),
        ):
            self.assertTrue(self.editor.complete(step, offer))
            self.assertEqual(self.press(), found)
        self.assertEqual(offered, [("жук an!", 6)])

    def test_completionEnds(self) -> None:
        """Any other key ends a completion; undoing takes all of it back."""
        self.type("a|")
        self.editor.complete(1, lambda text, cursor: ["Ann ", "Bob "])
        self.press("left", "right")
        self.assertFalse(self.editor.complete(1, nothing))
        self.assertEqual(self.press("ctrl-_"), "a|")

    def test_completionAborted(self) -> None:
        """Escape restores the typed text."""
        self.type("a|")
        self.editor.complete(1, lambda text, cursor: ["Ann ", "Bob "])
        self.editor.complete(1, nothing)
        self.assertTrue(self.editor.abort())
        self.assertEqual(self.press(), "a|")

    def test_take(self) -> None:
        """An entered line leaves nothing behind, not even to be undone."""
        self.type("sent|")
        self.assertEqual(self.editor.take(), "sent")
        self.assertEqual(self.press("ctrl-_"), "|")

    @given(
        st.lists(
            st.one_of(
                st.sampled_from(sorted(_KEYS)).map(lambda key: ("key", key)),
                st.lists(
                    st.sampled_from(
                        [
                            *"ab \n",
                            "ж",
                            "日",
                            FAMILY,
                            FLAG,
                            "\U0001f1e9",
                            ACUTE,
                            "\u0301",
                            "\u200d",
                            "\u0600",
                        ]
                    ),
                    max_size=5,
                ).map(lambda parts: ("insert", "".join(parts))),
                st.just(("complete", "")),
                st.just(("clear", "")),
            ),
            min_size=15,
            max_size=40,
        )
    )
    @settings(deadline=None, derandomize=True, max_examples=200)
    def test_invariants(self, actions: list[tuple[str, str]]) -> None:
        """The cells are the graphemes of the text, and the cursor is among them, after any keys."""
        editor = LineEditor(["one", f"two {FAMILY}\n{FLAG}", "\u0301"])
        for kind, value in actions:
            if kind == "key":
                editor.press(value)
            elif kind == "insert":
                editor.insert(value)
            elif kind == "complete":
                editor.complete(1, lambda text, cursor: [f"{FLAG} ", "x"])
            else:
                editor.clear()
            self.assertEqual(editor.cells, graphemes(editor.text))
            self.assertTrue(0 <= editor.cursor <= len(editor.cells))
            self.assertEqual(editor.text[: editor.place], "".join(editor.cells[: editor.cursor]))
