# -*- test-case-name: tests.console.test_editor -*-
"""
Edits the input line, without a screen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .buffer import Buffer, blankStart, rowEnd, rowStart, wordEnd, wordStart
from .completion import Cycle, wordBefore
from .graphemes import graphemes, typeable
from .recall import Recall, Search


class LineEditor(Buffer):
    """
    A buffer with key bindings, earlier lines and completion.

    The bindings are those of Emacs and readline.

    @ivar search: the search for an earlier line in progress, or L{None}.
    """

    def __init__(self, history: Sequence[str] = ()) -> None:
        """
        @param history: earlier lines, oldest first; the owner adds each line entered.
        """
        super().__init__()
        self.search: Search | None = None
        self._recall = Recall(history)
        self._cycle: tuple[Cycle, int] | None = None

    def press(self, key: str) -> bool:
        """
        Perform the action of a key.

        @param key: the name of a key, as L{KeyParser<twisted_chat.console.keys.KeyParser>} has it.
        @return: whether the key has an action here.
        """
        if self.search is not None:
            if self._pressInSearch(self.search, key):
                return True
            self.acceptSearch()
        if key not in ("tab", "shift-tab"):
            self._cycle = None
        action = _KEYS.get(key)
        if action is None:
            return False
        action(self)
        self._last = key
        return True

    def insert(self, text: str) -> None:
        """
        Insert text at the cursor, or into the words of a search.
        """
        self._cycle = None
        if self.search is None:
            super().insert(text)
        else:
            self.search.extend(typeable(text).replace("\n", " "))

    def take(self) -> str:
        """
        Take the text out of the editor, because it is entered.
        """
        text = self.text
        self._recall.reset()
        self._undo.clear()
        self._place("", 0)
        self.search = self._cycle = None
        self._last = self._change = ""
        return text

    def clear(self) -> None:
        """
        Drop the text; undo brings it back.
        """
        self._remember("")
        self._recall.reset()
        self._place("", 0)
        self.search = self._cycle = None
        self._last = ""

    def abort(self) -> bool:
        """
        Cancel a search or a completion, and restore the text.

        @return: whether either was in progress.
        """
        if self.search is not None:
            self.search = None
            return True
        if self._cycle is not None:
            self._cycle = None
            self.undo()
            return True
        return False

    def acceptSearch(self) -> None:
        """
        End a search, with the line that it found, if any, in the input.
        """
        search, self.search = self.search, None
        if search is not None and search.place is not None:
            at = search.found.casefold().find(search.words.casefold())
            self._visit(self._recall.go(self.text, search.place))
            self.cursor = len(graphemes(self.text[: max(0, at)]))

    def complete(self, step: int, offer: Callable[[str, int], Sequence[str]]) -> bool:
        """
        Complete the word before the cursor, or select the next candidate.

        @param step: 1 for the next candidate, -1 for the one before.
        @param offer: called with the text and the position of the cursor, in characters, to begin a
            new completion.
        @return: whether there are candidates.
        """
        if self._cycle is None:
            word = wordBefore(self.text, self.place)
            offered = [typeable(each) for each in offer(self.text, self.place)]
            if not offered:
                return False
            self._remember("")
            self._cycle = Cycle(word, offered), self.cursor - len(graphemes(word))
        cycle, start = self._cycle
        self._splice(start, self.cursor, cycle.next(step))
        self._last = ""
        return True

    def _up(self) -> None:
        start = self._to(rowStart)
        if start == 0:
            self._visit(self._recall.move(self.text, -1))
            return
        column = self.cursor - start
        self.cursor = start - 1
        self.cursor = min(self._to(rowStart) + column, start - 1)

    def _down(self) -> None:
        end = self._to(rowEnd)
        if end == len(self.cells):
            self._visit(self._recall.move(self.text, 1))
            return
        column = self.cursor - self._to(rowStart)
        self.cursor = end + 1
        self.cursor = min(end + 1 + column, self._to(rowEnd))

    def _visit(self, text: str | None) -> None:
        if text is not None:
            self._undo.clear()
            self._place(text, len(text))

    def _startSearch(self) -> None:
        self.search = Search(self._recall)

    def _pressInSearch(self, search: Search, key: str) -> bool:
        """
        @return: whether the key belongs to the search; any other key ends it and then performs its
            action.
        """
        if key == "ctrl-r":
            search.again()
        elif key == "ctrl-s":
            search.again(newer=True)
        elif key == "backspace":
            search.shorten()
        else:
            return False
        return True


# The key bindings.
_KEYS: dict[str, Callable[[LineEditor], object]] = {
    key: action
    for keys, action in (
        ("left ctrl-b", lambda editor: editor._move(editor.cursor - 1)),
        ("right ctrl-f", lambda editor: editor._move(editor.cursor + 1)),
        ("ctrl-left alt-left alt-b", lambda editor: editor._move(editor._to(wordStart))),
        ("ctrl-right alt-right alt-f", lambda editor: editor._move(editor._to(wordEnd))),
        ("home ctrl-a", lambda editor: editor._move(editor._to(rowStart))),
        ("end ctrl-e", lambda editor: editor._move(editor._to(rowEnd))),
        ("up", LineEditor._up),
        ("down", LineEditor._down),
        ("ctrl-p", lambda editor: editor._visit(editor._recall.move(editor.text, -1))),
        ("ctrl-n", lambda editor: editor._visit(editor._recall.move(editor.text, 1))),
        ("alt-<", lambda editor: editor._visit(editor._recall.ends(editor.text, last=False))),
        ("alt->", lambda editor: editor._visit(editor._recall.ends(editor.text, last=True))),
        ("backspace", lambda editor: editor._erase(editor.cursor - 1, editor.cursor)),
        ("delete ctrl-d", lambda editor: editor._erase(editor.cursor, editor.cursor + 1)),
        ("ctrl-w", lambda editor: editor._kill(editor._to(blankStart), editor.cursor)),
        (
            "alt-backspace ctrl-backspace",
            lambda editor: editor._kill(editor._to(wordStart), editor.cursor),
        ),
        ("alt-d ctrl-delete", lambda editor: editor._kill(editor.cursor, editor._to(wordEnd))),
        ("ctrl-u", lambda editor: editor._kill(editor._to(rowStart), editor.cursor)),
        ("ctrl-k", LineEditor._killRow),
        ("ctrl-y", LineEditor._yank),
        ("alt-y", LineEditor._yankPop),
        ("ctrl-t", LineEditor._transpose),
        ("ctrl-_", LineEditor.undo),
        ("alt-enter shift-enter", lambda editor: editor.insert("\n")),
        ("ctrl-r", LineEditor._startSearch),
    )
    for key in keys.split()
}
