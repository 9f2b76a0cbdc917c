"""
Checks the documents against the code: each lists everything that the other has.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, get_args

from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementedBy

from tests.contracts.test_dialect import ANSWERS, everyKind
from tests.support.processes import ROOT, environment
from twisted_chat import errors
from twisted_chat.chat.commands.table import COMMANDS
from twisted_chat.client.localcommands import LocalCommands
from twisted_chat.client.settings import Settings
from twisted_chat.composition import Options
from twisted_chat.console import process
from twisted_chat.console.inputhistory import storable
from twisted_chat.doors.lines import jsonrequests
from twisted_chat.errors import ChatError, NotStored
from twisted_chat.wire.answers import (
    Account,
    Answer,
    Backlog,
    Found,
    Help,
    Members,
    Replay,
    RoomList,
    Whois,
)
from twisted_chat.wire.events import (
    ACCOUNTS,
    CLOSED,
    KINDS,
    LEFT,
    PRIVATE,
    SPOKEN,
    UNREADABLE,
    Event,
)
from twisted_chat.wire.jsonlines import JSON
from twisted_chat.wire.textlines import TEXT

PACKAGE = ROOT / "twisted_chat"

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

_NOT_SENT = frozenset({CLOSED, UNREADABLE}) | ACCOUNTS
"""Kinds that have no line and no object of their own."""

_HE = re.compile(r"\b(he|him|his|himself|she|hers|herself)\b", re.IGNORECASE)

_WHO = re.compile(r'"""\s*Who(m|ever)? ')

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")


def read(name: str) -> str:
    """
    @param name: a document's path in the project.
    """
    return (ROOT / name).read_text("utf-8")


def part(text: str, heading: str) -> str:
    """
    @param heading: a heading with its marks, such as C{"## Errors"}.
    @return: the text under it, up to the next heading of its rank or a higher one.
    """
    marks = heading.partition(" ")[0]
    begin = text.index(f"\n{heading}\n") + len(heading) + 2
    after = re.compile(rf"^#{{1,{len(marks)}}} ", re.MULTILINE).search(text, begin)
    return text[begin : after.start() if after else len(text)]


def rows(text: str) -> list[list[str]]:
    """
    @return: the cells of every row of every table, heads and rules left out.
    """
    found: list[list[str]] = []
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        for line in block.splitlines()[2:]:
            cells = re.split(r"(?<!\\)\|", line)
            found.append([cell.strip().replace("\\|", "|") for cell in cells[1:-1]])
    return found


def codes(text: str) -> list[str]:
    """
    @return: the text in backquotes.
    """
    return [each.strip("`") for each in _CODE.findall(_FENCE.sub("", text))]


class CommandTests(SynchronousTestCase):
    """
    The commands.
    """

    wanted = [f"/{name} {row.usage}".rstrip() for name, row in COMMANDS.items()]

    def listed(self, name: str, heading: str) -> list[str]:
        """
        @return: the commands in the tables of a section, in their order.
        """
        cells = [cells[0] for cells in rows(part(read(name), heading))]
        return [cell.strip("`") for cell in cells if cell.startswith("`/")]

    def test_protocol(self) -> None:
        """The protocol lists every command with its arguments, in the order of C{/help}."""
        self.assertEqual(self.listed("docs/protocol.md", "## The text dialect"), self.wanted)

    def test_client(self) -> None:
        """The client's document lists the same, and then the client's own."""
        found = self.listed("docs/client.md", "## Commands")
        self.assertEqual(found[: len(self.wanted)], self.wanted)
        own = {each for line in found[len(self.wanted) :] for each in re.findall(r"/[a-z]+", line)}
        self.assertEqual(own, set(LocalCommands(Settings(Path()), Mute()).names))

    def test_passwordsAreNotKept(self) -> None:
        """No password that a command takes gets into the file of earlier lines."""
        for name, row in COMMANDS.items():
            if "PASSWORD" in row.usage:
                line = f"/{name} {row.usage}".replace("[PASSWORD]", "swordfish")
                self.assertNotIn("swordfish", storable(line) or "", line)


class Mute:
    """
    A context of the client's own commands in which nothing happens.
    """

    def notice(self, text: str) -> None:
        """See L{CommandContext.notice}."""

    def clear(self) -> None:
        """See L{CommandContext.clear}."""

    def setColor(self, color: bool) -> None:
        """See L{CommandContext.setColor}."""

    def resend(self) -> int:
        """See L{CommandContext.resend}."""
        return 0

    def accountOf(self, name: str) -> str:
        """See L{CommandContext.accountOf}."""
        return ""

    def debug(self) -> Iterable[str]:
        """See L{CommandContext.debug}."""
        return ()


class EventTests(SynchronousTestCase):
    """
    The kinds of events.
    """

    def setUp(self) -> None:
        self.text = read("docs/protocol.md")

    def test_everyKindHasARow(self) -> None:
        """Each kind that the server sends is a row of the table of events; there is no other."""
        text = part(self.text, "### What the server sends")
        begin = text.index("**Events**")
        table = text[begin : text.index("**`ok`**")]
        listed = {each for cells in rows(table) for each in codes(cells[0])}
        self.assertEqual(listed, KINDS - _NOT_SENT)

    def test_everyKindIsNamed(self) -> None:
        """The kinds that are not sent are explained as well."""
        self.assertLessEqual(_NOT_SENT, set(codes(self.text)))

    def test_everyKindHasAnExample(self) -> None:
        """Each kind that the server sends has an example."""
        shown = set(re.findall(r'^    (?:S: )?\{"type":"(\w+)"', self.text, re.MULTILINE))
        self.assertLessEqual(KINDS - _NOT_SENT, shown)

    def test_everyKindReads(self) -> None:
        """Each kind has a line for people, in their current room and elsewhere."""
        for kind in KINDS - _NOT_SENT:
            event = Event(1, 0.0, kind, "#dev", "Ann", PRIVATE, "Bob", "sid")
            for view in (TEXT.here, TEXT.elsewhere):
                self.assertTrue(view.events((event,), "#lobby")[0], kind)


class ObjectTests(SynchronousTestCase):
    """
    The objects of the JSON dialect.
    """

    def setUp(self) -> None:
        text = read("docs/protocol.md")
        self.asked = part(text, "### What a client sends")
        self.told = part(text, "### What the server sends")

    def objects(self) -> Iterator[dict[str, Any]]:
        """
        @return: an object of every type that the server sends, and more.
        """
        events = everyKind()
        lines = [
            *(JSON.answer(answer, "k") for answer in ANSWERS),
            *(
                JSON.object(answer, "k")
                for answer in ANSWERS
                if isinstance(answer, Members | RoomList | Whois | Account | Help)
            ),
            *(JSON.own(event) for event in events if event.kind not in _NOT_SENT),
            *(JSON.own(event) for event in events if event.kind == LEFT),
            JSON.object(Members("#dev", ("x" * 1000,) * 100), "k"),
            JSON.answer(Backlog(events[-1:], 0.0)),
            JSON.answer(Found([event for event in events if event.kind in SPOKEN], 0.0), "k"),
            JSON.receipt(events[0]),
            JSON.refusal(NotStored("not stored"), "k"),
        ]
        for data in lines:
            for line in data.splitlines():
                yield json.loads(line)

    def test_requests(self) -> None:
        """Each type that a program may send has a heading; there is no other."""
        found = re.findall(r"^(?=\*\*`)(.*)$", self.asked, re.MULTILINE)
        listed = {each for line in found for each in re.findall(r"\*\*`(\w+)`\*\*", line)}
        self.assertEqual(listed, {"hello", *jsonrequests._HANDLERS})

    def test_types(self) -> None:
        """Each type that the server sends has a heading, or is a row of the table of events."""
        headings = set(re.findall(r"^\*\*`(\w+)`\*\*", self.told, re.MULTILINE))
        kinds = KINDS
        sent = {each["type"] for each in self.objects()} - kinds
        self.assertEqual(sent - headings, set())

    def test_fields(self) -> None:
        """Each field that the server sends is explained."""
        known = {word for code in codes(self.told) for word in re.findall(r"\w+", code)}
        fields: set[str] = set()
        for each in self.objects():
            fields.update(each)
            for value in each.values():
                for item in value if isinstance(value, list) else ():
                    fields.update(item if isinstance(item, dict) else ())
        self.assertEqual(fields - known, set())

    def test_everyAnswerHasAnExample(self) -> None:
        """The contract of dialects renders each kind of answer."""
        apart = {Backlog, Found, Replay}  # These hold events, and have tests of their own there.
        self.assertEqual({type(answer) for answer in ANSWERS} | apart, set(get_args(Answer)))


class ErrorTests(SynchronousTestCase):
    """
    The codes of errors.
    """

    def test_codes(self) -> None:
        """Each code is a row of the table of errors; there is no other."""
        wanted = {
            each.code
            for each in vars(errors).values()
            if isinstance(each, type) and issubclass(each, ChatError)
        }
        listed = [
            cells[0].strip("`") for cells in rows(part(read("docs/protocol.md"), "## Errors"))
        ]
        self.assertEqual(sorted(listed), sorted(wanted))


class OptionTests(SynchronousTestCase):
    """
    The options of both programs.
    """

    def options(self, text: str) -> set[str]:
        """
        @return: the long options in the first cells of the tables.
        """
        return {each for cells in rows(text) for each in re.findall(r"--[a-z][\w-]*", cells[0])}

    def test_server(self) -> None:
        """Each option of the server is a row of its table; there is no other."""
        wanted = set(
            re.findall(r"^ +(?:-\w, )?(--[a-z][\w-]*)", Options().getUsage(), re.MULTILINE)
        )
        self.assertEqual(self.options(part(read("docs/operations.md"), "## Options")), wanted)

    def test_defaults(self) -> None:
        """The table has the default of each option that has one."""
        table = {
            option: cells[1]
            for cells in rows(part(read("docs/operations.md"), "## Options"))
            for option in re.findall(r"--([a-z][\w-]*)", cells[0])
        }
        parameters: Any = Options.optParameters
        for name, _, default, *_ in parameters:
            if default is not None:
                shown = f"{default:g}" if isinstance(default, float) else str(default)
                self.assertIn(shown, table[name].replace("`", ""), name)

    def test_client(self) -> None:
        """Each option of the client is a row of its table; there is no other."""
        wanted = set(re.findall(r"^ +(?:-\w.*, )?(--[a-z][\w-]*)", _clientHelp(), re.MULTILINE))
        self.assertEqual(self.options(part(read("docs/client.md"), "## Options")), wanted)

    def test_exitCodes(self) -> None:
        """Each exit status of the client is a row of its table; there is no other."""
        listed = [cells[0] for cells in rows(part(read("docs/client.md"), "## Exit status"))]
        own = (
            process.DONE,
            process.USAGE,
            process.BAD_DATA,
            process.UNREACHABLE,
            process.BUG,
            process.LOST,
            process.REFUSED,
            process.PIPE_CLOSED,
        )
        wanted = [*map(str, own), f"{process.SIGNALLED} + n"]
        self.assertEqual(sorted(listed), sorted(wanted))


def _clientHelp() -> str:
    run = subprocess.run(
        [sys.executable, "-m", "twisted_chat.client", "--help"],
        cwd=ROOT,
        env=environment({"COLUMNS": "200"}),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return run.stdout


class FolderTests(SynchronousTestCase):
    """
    The docstrings of the folders.
    """

    def test_everyFileIsNamed(self) -> None:
        """Each folder's docstring names each of its files and folders, and no other."""
        wrong: set[str] = set()
        for init in sorted(PACKAGE.rglob("__init__.py")):
            folder = init.parent
            named = _named(ast.get_docstring(ast.parse(init.read_text("utf-8"))) or "")
            there = {
                path.stem
                for path in folder.iterdir()
                if (path.suffix == ".py" and not path.stem.startswith("__"))
                or (path / "__init__.py").exists()
            }
            where = folder.relative_to(PACKAGE)
            wrong.update(str(where / name) for name in named ^ there)
        self.assertEqual(wrong, set())


def _named(docstring: str) -> set[str]:
    """
    @return: the files that the list in a folder's docstring names before its colons.
    """
    items = re.findall(r"^ ?- (.*?): ", docstring, re.MULTILINE)
    # The list of the package itself has two items in some of its lines.
    items += re.findall(r"; (C\{\w+/?\}): ", docstring)
    return {name for item in items for name in re.findall(r"C\{(\w+)/?\}", item)}


class LinkTests(SynchronousTestCase):
    """
    The links, paths and tests that documents name.
    """

    def test_links(self) -> None:
        """Each link leads to a file, and to a heading in it."""
        for document in DOCUMENTS:
            text = _FENCE.sub("", document.read_text("utf-8"))
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                file = (document.parent / path).resolve() if path else document
                self.assertTrue(file.exists(), f"{document.name}: {target}")
                if anchor:
                    found = list(anchors(file.read_text("utf-8")))
                    self.assertIn(anchor, found, f"{document.name}: {target}")

    def test_contents(self) -> None:
        """A table of contents has every section, in their order."""
        for document in DOCUMENTS:
            text = document.read_text("utf-8")
            listed = re.findall(r"^- \[([^]]+)\]\(#[^)]+\)$", text, re.MULTILINE)
            if listed:
                sections = re.findall(r"^## (.*)$", _FENCE.sub("", text), re.MULTILINE)
                self.assertEqual(listed, sections, document.name)

    def test_paths(self) -> None:
        """Each path of the project that is named is there."""
        missing = {name for document in DOCUMENTS for name in _missingPaths(document)}
        self.assertEqual(missing, set())

    def test_tests(self) -> None:
        """Each test that is named is there."""
        for document in DOCUMENTS:
            for name in codes(document.read_text("utf-8")):
                if re.fullmatch(r"tests(\.\w+)+", name):
                    self.assertTrue(_isThere(name), f"{document.name}: {name}")


def anchors(text: str) -> Iterator[str]:
    """
    @return: what the headings of a document are called in links, as GitHub makes it.
    """
    seen: dict[str, int] = {}
    for heading in re.findall(r"^#+ (.*)$", _FENCE.sub("", text), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        yield f"{slug}-{count}" if count else slug


_PLACES = (".ci", "bench", "contrib", "docs", "fuzz", "newsfragments", "tests", "twisted_chat")


def _missingPaths(document: Path) -> Iterator[str]:
    for code in codes(document.read_text("utf-8")):
        isPath = re.fullmatch(r"[\w.]+(/[\w.]+)*/?", code) and "NAME" not in code
        isOurs = code.endswith(".py") or (code.partition("/")[0] in _PLACES and "/" in code)
        if not (isPath and isOurs):
            continue
        # A name alone will do where the file's folder was named before.
        places = ROOT.rglob if "/" not in code else ROOT.glob
        if not any(chain(places(code), PACKAGE.glob(code))):
            yield code


def _isThere(name: str) -> bool:
    names = name.split(".")
    for count in range(len(names), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(names[:count]))
        except ImportError:
            continue
        for rest in names[count:]:
            found = getattr(found, rest, None)
        return found is not None
    return False


class GlossaryTests(SynchronousTestCase):
    """
    The glossary.
    """

    def setUp(self) -> None:
        text = part(read("docs/architecture.md"), "## Glossary")
        self.rows = [(word, meaning, file.strip("`")) for word, meaning, file in rows(text)]

    def test_order(self) -> None:
        """The words are sorted, and each stands there once."""
        words = [_letters(word) for word, _, _ in self.rows]
        self.assertEqual(words, sorted(set(words)))

    def test_wordsAreFound(self) -> None:
        """Each word leads to a file that says it."""
        unsaid: set[str] = set()
        for row, _, file in self.rows:
            word = row.partition(" (")[0].partition(",")[0]
            if _letters(word) not in _letters((PACKAGE / file).read_text("utf-8")):
                unsaid.add(word)
        self.assertEqual(unsaid, set())


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())


class ContractTests(SynchronousTestCase):
    """
    Each class that outsiders could replace passes the contract of its interface.
    """

    def providers(self, folders: Iterable[str], interface: str) -> list[str]:
        """
        @return: the classes of these folders that provide an interface and have no subclass.
        """
        found: set[str] = set()
        for path in chain.from_iterable((PACKAGE / each).rglob("*.py") for each in folders):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for each in vars(importlib.import_module(name.removesuffix(".__init__"))).values():
                if not isinstance(each, type) or each.__module__ != name or each.__subclasses__():
                    continue
                if interface in [one.__name__ for one in implementedBy(each).flattened()]:
                    found.add(each.__name__)
        return sorted(found)

    def check(self, contract: str, folders: Iterable[str], interface: str) -> None:
        """
        Check that a file of tests names every provider of an interface.
        """
        text = read(f"tests/{contract}")
        providers = self.providers(folders, interface)
        self.assertTrue(providers, interface)
        self.assertEqual([name for name in providers if name not in text], [])

    def test_dialects(self) -> None:
        """Each dialect."""
        self.check("contracts/test_dialect.py", ("wire", "doors"), "IDialect")

    def test_clients(self) -> None:
        """Each connection of a door."""
        self.check("contracts/test_client.py", ("doors",), "IClient")

    def test_doors(self) -> None:
        """Each door."""
        self.check("contracts/test_door.py", ("doors",), "IDoor")

    def test_stores(self) -> None:
        """Each store."""
        self.check("contracts/test_interfaces.py", ("stores",), "IStore")
        texts = [path.read_text("utf-8") for path in (ROOT / "tests" / "stores").rglob("*.py")]
        for name in self.providers(("stores",), "IStore"):
            self.assertTrue(any(name in text and "LogContract" in text for text in texts), name)


class EnglishTests(SynchronousTestCase):
    """
    The language of the documents and docstrings.
    """

    def filesWith(self, pattern: re.Pattern[str]) -> set[str]:
        """
        @return: the documents and sources, but for this one, in which a pattern is found outside
            of code and of the literal C{"he"}.
        """
        folders = (PACKAGE, *map(ROOT.joinpath, ("bench", "contrib", "docs", "fuzz", "tests")))
        files = {*DOCUMENTS, *chain.from_iterable(each.rglob("*.py") for each in folders)}
        return {
            str(path.relative_to(ROOT))
            for path in files - {Path(__file__).resolve()}
            if pattern.search(_CODE.sub("", path.read_text("utf-8")).replace('"he"', ""))
        }

    def test_nobodyIsHe(self) -> None:
        """No file calls a user "he"."""
        self.assertEqual(self.filesWith(_HE), set())

    def test_noRiddles(self) -> None:
        """No docstring begins with a clause such as "Who leaves"."""
        self.assertEqual(self.filesWith(_WHO), set())
