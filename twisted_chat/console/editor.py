# -*- test-case-name: tests.test_console_editor -*-
"""
The line being typed: a model without a screen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted_chat.console.complete import Cycle, wordBefore
from twisted_chat.console.graphemes import graphemes, typeable
from twisted_chat.console.motions import blankStart, rowEnd, rowStart, wordEnd, wordStart
from twisted_chat.console.recall import Recall, Search

#: How many characters an input may hold: twice what a line of the protocol takes.
MAX_INPUT = 8000

#: How many killed texts are kept to be yanked.
MAX_KILLS = 16

#: How many changes can be undone.
MAX_UNDO = 100


class LineEditor:
    """
    A text, a cursor, and what the editing keys do to them.

    All counts are graphemes: one press of a key moves over, or removes, what people see as one
    character.  The bindings are those of Emacs and readline; L{press} names them.

    @ivar cells: the text in graphemes.
    @ivar cursor: the index of the grapheme the cursor stands before.
    @ivar search: the search for an earlier line that is under way, or L{None}.
    @ivar full: whether the last insertion was cut because L{MAX_INPUT} was reached.
    """

    def __init__(self, history: Sequence[str] = ()) -> None:
        """
        @param history: earlier lines, oldest first; the owner adds each line entered.
        """
        self.cells: list[str] = []
        self.cursor = 0
        self.search: Search | None = None
        self.full = False
        self._recall = Recall(history)
        self._cycle: tuple[Cycle, int] | None = None
        self._kills: list[str] = []
        self._yanked: tuple[int, int] | None = None
        self._undo: list[tuple[str, int]] = []
        self._last = ""
        self._change = ""
        self._keys: dict[str, Callable[[], object]] = {
            "left": lambda: self._move(self.cursor - 1),
            "ctrl-b": lambda: self._move(self.cursor - 1),
            "right": lambda: self._move(self.cursor + 1),
            "ctrl-f": lambda: self._move(self.cursor + 1),
            "ctrl-left": lambda: self._move(wordStart(self.cells, self.cursor)),
            "alt-left": lambda: self._move(wordStart(self.cells, self.cursor)),
            "alt-b": lambda: self._move(wordStart(self.cells, self.cursor)),
            "ctrl-right": lambda: self._move(wordEnd(self.cells, self.cursor)),
            "alt-right": lambda: self._move(wordEnd(self.cells, self.cursor)),
            "alt-f": lambda: self._move(wordEnd(self.cells, self.cursor)),
            "home": lambda: self._move(rowStart(self.cells, self.cursor)),
            "ctrl-a": lambda: self._move(rowStart(self.cells, self.cursor)),
            "end": lambda: self._move(rowEnd(self.cells, self.cursor)),
            "ctrl-e": lambda: self._move(rowEnd(self.cells, self.cursor)),
            "up": self._up,
            "down": self._down,
            "ctrl-p": lambda: self._visit(self._recall.move(self.text, -1)),
            "ctrl-n": lambda: self._visit(self._recall.move(self.text, 1)),
            "alt-<": lambda: self._visit(self._recall.ends(self.text, last=False)),
            "alt->": lambda: self._visit(self._recall.ends(self.text, last=True)),
            "backspace": lambda: self._erase(self.cursor - 1, self.cursor),
            "delete": lambda: self._erase(self.cursor, self.cursor + 1),
            "ctrl-d": lambda: self._erase(self.cursor, self.cursor + 1),
            "ctrl-w": lambda: self._kill(blankStart(self.cells, self.cursor), self.cursor),
            "alt-backspace": lambda: self._kill(wordStart(self.cells, self.cursor), self.cursor),
            "ctrl-backspace": lambda: self._kill(wordStart(self.cells, self.cursor), self.cursor),
            "alt-d": lambda: self._kill(self.cursor, wordEnd(self.cells, self.cursor)),
            "ctrl-delete": lambda: self._kill(self.cursor, wordEnd(self.cells, self.cursor)),
            "ctrl-u": lambda: self._kill(rowStart(self.cells, self.cursor), self.cursor),
            "ctrl-k": self._killRow,
            "ctrl-y": self._yank,
            "alt-y": self._yankPop,
            "ctrl-t": self._transpose,
            "ctrl-_": self.undo,
            "alt-enter": lambda: self.insert("\n"),
            "shift-enter": lambda: self.insert("\n"),
            "ctrl-r": self._startSearch,
        }

    @property
    def text(self) -> str:
        """What was typed."""
        return "".join(self.cells)

    @property
    def place(self) -> int:
        """Where the cursor stands, in characters from the start of the text."""
        return len("".join(self.cells[: self.cursor]))

    def press(self, key: str) -> bool:
        """
        Do what a key means.

        @param key: the name of a key, as L{KeyParser<twisted_chat.console.keys.KeyParser>} has it.
        @return: whether the key means anything here.
        """
        if self.search is not None:
            if self._pressInSearch(self.search, key):
                return True
            self.acceptSearch()
        if key not in ("tab", "shift-tab"):
            self._cycle = None
        action = self._keys.get(key)
        if action is None:
            return False
        action()
        self._last = key
        return True

    def insert(self, text: str) -> None:
        """
        Put text in at the cursor, or into the words of a search.

        What cannot stand in an input is dropped, and so is what is over L{MAX_INPUT}.
        """
        text = typeable(text)
        if self.search is not None:
            self.search.extend(text.replace("\n", " "))
            return
        self._cycle = None
        room = MAX_INPUT - sum(map(len, self.cells))
        self.full = len(text) > room
        if self.full:
            text = text[:room]
        if text:
            self._remember("insert" if text.isalnum() else "")
            self._splice(self.cursor, self.cursor, text)
        self._last = "insert"

    def take(self) -> str:
        """
        Take the text out, as it is entered.
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
        Drop the text; it can be brought back by undoing.
        """
        self._remember("")
        self._recall.reset()
        self._place("", 0)
        self.search = self._cycle = None
        self._last = ""

    def abort(self) -> bool:
        """
        Leave a search or a completion, with the text as it was before.

        @return: whether there was one.
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
        End a search; the line found, if any, stands in the input.
        """
        search, self.search = self.search, None
        if search is not None and search.place is not None:
            at = search.found.casefold().find(search.words.casefold())
            self._visit(self._recall.go(self.text, search.place))
            self.cursor = len(graphemes(self.text[: max(0, at)]))

    def complete(self, step: int, offer: Callable[[str, int], Sequence[str]]) -> bool:
        """
        Complete the word before the cursor, or go on to the next candidate.

        @param step: 1 for the next candidate, -1 for the one before.
        @param offer: called with the text and the cursor's place in it, in characters, if this is
            not going on.
        @return: whether there is anything to choose.
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

    def undo(self) -> None:
        """
        Take back the last change.
        """
        if self._undo:
            self._place(*self._undo.pop())
            self._change = ""

    # The text and its cursor.

    def _place(self, text: str, place: int) -> None:
        """
        @param place: the place of the cursor in characters; it moves to the end of the grapheme
            that spans it.
        """
        self.cells = graphemes(text)
        self.cursor = 0
        while place > 0 and self.cursor < len(self.cells):
            place -= len(self.cells[self.cursor])
            self.cursor += 1

    def _splice(self, start: int, end: int, text: str) -> None:
        """
        Put C{text} in place of some graphemes, and the cursor behind it.

        What stands beside it may become one grapheme with it, unless both are ASCII.
        """
        start = max(0, start)
        before, after = self.cells[:start], self.cells[end:]
        if (
            text.isascii()
            and (not before or before[-1].isascii())
            and (not after or after[0].isascii())
        ):
            self.cells[start:end] = text
            self.cursor = start + len(text)
        else:
            head = "".join(before) + text
            self._place(head + "".join(after), len(head))

    def _remember(self, kind: str) -> None:
        """
        Keep the text as it is now for L{undo}; a run of changes of one kind counts as one.
        """
        if not kind or kind != self._change:
            self._undo.append((self.text, self.place))
            del self._undo[:-MAX_UNDO]
        self._change = kind

    def _move(self, cursor: int) -> None:
        self._change = ""
        self.cursor = min(max(0, cursor), len(self.cells))

    def _erase(self, start: int, end: int) -> None:
        if 0 <= start < end <= len(self.cells):
            self._remember("erase")
            self._splice(start, end, "")

    # Killing and yanking.

    def _kill(self, start: int, end: int) -> None:
        if start == end:
            return
        killed = "".join(self.cells[start:end])
        self._remember("")
        if self._last in _KILLERS and self._kills:
            last = self._kills[-1]
            self._kills[-1] = killed + last if end == self.cursor else last + killed
        else:
            self._kills.append(killed)
            del self._kills[:-MAX_KILLS]
        self._splice(start, end, "")

    def _killRow(self) -> None:
        end = rowEnd(self.cells, self.cursor)
        self._kill(self.cursor, end + 1 if end == self.cursor < len(self.cells) else end)

    def _yank(self) -> None:
        if self._kills:
            start = self.cursor
            self.insert(self._kills[-1])
            self._yanked = start, self.cursor

    def _yankPop(self) -> None:
        """
        Put an older killed text in place of the one just yanked.
        """
        if self._last in ("ctrl-y", "alt-y") and self._yanked is not None:
            self._kills.insert(0, self._kills.pop())
            start, end = self._yanked
            self._splice(start, end, "")
            self.insert(self._kills[-1])
            self._yanked = start, self.cursor

    def _transpose(self) -> None:
        at = min(self.cursor, len(self.cells) - 1)
        if at > 0:
            self._remember("")
            self._splice(at - 1, at + 1, self.cells[at] + self.cells[at - 1])

    # Earlier lines.

    def _up(self) -> None:
        start = rowStart(self.cells, self.cursor)
        if start == 0:
            self._visit(self._recall.move(self.text, -1))
            return
        column = self.cursor - start
        self.cursor = start - 1
        self.cursor = min(rowStart(self.cells, self.cursor) + column, start - 1)

    def _down(self) -> None:
        end = rowEnd(self.cells, self.cursor)
        if end == len(self.cells):
            self._visit(self._recall.move(self.text, 1))
            return
        column = self.cursor - rowStart(self.cells, self.cursor)
        self.cursor = end + 1
        self.cursor = min(end + 1 + column, rowEnd(self.cells, self.cursor))

    def _visit(self, text: str | None) -> None:
        if text is not None:
            self._undo.clear()
            self._place(text, len(text))

    def _startSearch(self) -> None:
        self.search = Search(self._recall)

    def _pressInSearch(self, search: Search, key: str) -> bool:
        """
        @return: whether the key belongs to the search; any other ends it and then does its work.
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


_KILLERS = frozenset(
    ("ctrl-w", "alt-backspace", "ctrl-backspace", "alt-d", "ctrl-delete", "ctrl-u", "ctrl-k")
)
