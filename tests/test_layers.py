"""
Holds the levels of the house: what a file may import, types included.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

PACKAGE = "twisted_chat"
ROOT = Path(__file__).parent.parent / PACKAGE

# A folder, or a file beside the folders, imports from lower levels only.
LEVELS: Mapping[str, int] = {
    **dict.fromkeys(("__init__", "errors", "counters", "steadyclock", "worker"), 0),
    "text": 1,
    "wire": 2,
    **dict.fromkeys(("stores", "net", "ops", "console"), 3),
    **dict.fromkeys(("accounts", "client"), 4),
    "chat": 5,
    "doors": 6,
    "options": 6,
    "identity": 6,
    "listening": 7,
    "monitor": 7,
    "service": 7,
    **dict.fromkeys(("composition", "history", "admin", "server"), 8),
    "tap": 9,
}

# A file imports from earlier files of its folder only; a folder's own __init__ stands first.
ORDER: Mapping[str, tuple[str, ...]] = {
    name: tuple(files.split())
    for name, files in {
        "text": "files networks secrets cleaning confusables names",
        "wire": "events answers prose interfaces framing sniffing telnet proxyheader fingerprint"
        " scram textlines jsonlines",
        "stores": "session interfaces search base records turns past memoryrecords memory sqlite",
        "stores.sqlite": "faults steps schema rows fulltext retention removedtexts projection"
        " superseded reader opening historyfile writer checkpoints store tool",
        "net": "limits ratelimit sockets addresses budget admission deadlines receiving sending"
        " interfaces connection listener certificates tls proxy",
        "ops": "auditlog limitedlog logfile jsonlog config reloading metrics lag pages signals"
        " systemd",
        "console": "keys graphemes styledtext terminal process completion recall buffer editor"
        " inputhistory ansi dumb screen console local",
        "accounts": "pepper credentials hashing throttle records fields ranks masks bans terms"
        " banlists registry moderation rules law",
        "client": "messages mentions ignoring knownnames settings outbox reading rendering ui"
        " dialect away sessionfile devicesecrets login connection textdialect jsondialect sender"
        " link view localcommands accountcommands pipeui consoleui tls command __init__ __main__",
        "client.tls": "pins handshake endpoint",
        "chat": "interfaces authentication audience fanout room emptyrooms rooms member roster"
        " passwords quotas state recovery replies user operator readmarks welcome presence"
        " moderation delivery commands login hub",
        "chat.commands": "queries account rooms moderators order review table",
        "doors": "interfaces gate stream admin lines",
        "doors.admin": "requests protocol factory tool",
        "doors.lines": "jsonrequests protocol factory",
    }.items()
}

# What a folder must not know although it is lower, and the files of it that it may know.
BARRED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "client": {"stores": (), "net": (), "ops": (), "accounts": ()},
    "chat": {
        "stores": ("stores.interfaces", "stores.session"),
        **dict.fromkeys(("net", "ops", "console", "client"), ()),
    },
    "doors": {"console": (), "client": ()},
}

CRYPTOGRAPHY = {"cryptography", "OpenSSL", "service_identity"}

# Importing the reactor installs it, so only what starts a process may, and only when it starts.
STARTERS = {"client.command", "composition"}
REACTOR = "twisted.internet.reactor."

Trees = Mapping[str, ast.AST]


def modulesOf(root: Path) -> dict[str, ast.Module]:
    """
    @return: the parsed source of every module of a package, by its dotted name inside the package;
        a folder's own module is its C{__init__}.
    """
    return {
        ".".join(path.relative_to(root).with_suffix("").parts): ast.parse(path.read_text("utf-8"))
        for path in sorted(root.rglob("*.py"))
    }


def imported(name: str, statement: ast.AST) -> Iterator[str]:
    """
    @param name: the module that holds the statement.
    @return: the full dotted name of each thing a statement imports, module or not.
    """
    base: list[str] = []
    if isinstance(statement, ast.ImportFrom):
        if statement.level:
            base += f"{PACKAGE}.{name}".split(".")[: -statement.level]
        base += [statement.module] if statement.module else []
    if isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (".".join([*base, alias.name]) for alias in statement.names)


def localImports(name: str, tree: ast.AST, known: Iterable[str]) -> set[str]:
    """
    @return: those of the known modules that a module imports, or something in them; anywhere in
        it, and for type checking as well.
    """
    modules = {f"{PACKAGE}.{each}".removesuffix(".__init__"): each for each in known}
    asked = {target for node in ast.walk(tree) for target in imported(name, node)}
    holders = {each if each in modules else each.rpartition(".")[0] for each in asked}
    return {modules[each] for each in holders & modules.keys()} - {name}


def placeOf(name: str) -> tuple[int, ...]:
    """
    @return: a module's level, then its place in its folder, and in the folder below that.
    @raise LookupError: it has none.
    """
    top, *rest = name.split(".")
    place = [LEVELS[top]]
    for depth, part in enumerate(rest):
        names = ("__init__", *ORDER[".".join([top, *rest[:depth]])])
        if part not in names:
            raise LookupError(name)
        place.append(len(names) - 1 - names[::-1].index(part))
    return tuple(place)


def mayImport(name: str, target: str) -> bool:
    """
    @return: whether a module may import another one.
    """
    top, other = name.partition(".")[0], target.partition(".")[0]
    own, its = placeOf(name), placeOf(target)
    if top == other:
        return its < own
    barred = BARRED.get(top, {})
    return its[0] < own[0] and (other not in barred or target in barred[other])


def wrongImports(trees: Trees) -> set[tuple[str, str]]:
    """
    @return: the imports that may not be: who, and whom.
    """
    return {
        (name, target)
        for name, tree in trees.items()
        for target in localImports(name, tree, trees)
        if not mayImport(name, target)
    }


def reactorImports(trees: Trees) -> list[str]:
    """
    @return: the modules that import the global reactor where they may not.
    """
    return [
        name
        for name, tree in trees.items()
        for node in (ast.iter_child_nodes(tree) if name in STARTERS else ast.walk(tree))
        if any(f"{each}.".startswith(REACTOR) for each in imported(name, node))
    ]


class LayerTests(SynchronousTestCase):
    """
    What holds for the package as it stands.
    """

    def setUp(self) -> None:
        self.trees = modulesOf(ROOT)

    def test_everyModuleHasAPlace(self) -> None:
        """A module that is not in the tables is an error: its author gives it a place."""
        for name in self.trees:
            placeOf(name)

    def test_noPlaceIsEmpty(self) -> None:
        """Every name in the tuples is a file or a folder."""
        for folder, names in ORDER.items():
            for name in names:
                path = ROOT.joinpath(*folder.split("."), name)
                self.assertTrue(path.is_dir() or path.with_suffix(".py").is_file(), path)

    def test_importsLeadDown(self) -> None:
        """No module imports one of its own level or a later one of its folder, and so no circle."""
        self.assertEqual(sorted(wrongImports(self.trees)), [])

    def test_onlyStartersImportTheReactor(self) -> None:
        """The global reactor is imported by what starts a process, inside functions."""
        self.assertEqual(reactorImports(self.trees), [])

    def test_clientRunsWithoutServerAndCryptography(self) -> None:
        """The client can be imported where there is no cryptography, and loads no server module."""
        parts = [f"{PACKAGE}.client.{name}" for name in ("command", "consoleui", "link", "pipeui")]
        script = (
            "import sys\n"
            f"sys.modules.update(dict.fromkeys({sorted(CRYPTOGRAPHY)!r}))\n"
            f"import {', '.join(parts)}\n"
            "print(*sys.modules)\n"
        )
        run = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT.parent,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        loaded = run.stdout.split()
        self.assertLessEqual(set(parts), set(loaded))
        folders = {each.split(".")[1] for each in loaded if each.startswith(f"{PACKAGE}.")}
        self.assertEqual(folders, {"client", "console", "errors", "text", "wire"})
        self.assertNotIn("twisted.internet.reactor", loaded)


class CheckTests(SynchronousTestCase):
    """
    The checks above find what they look for.
    """

    def test_everyFormOfImport(self) -> None:
        """Every form of import is seen: hidden in a function, for types, of a module or a name."""
        for source in (
            "import twisted_chat.text.names",
            "import twisted_chat.text.names as t",
            "from twisted_chat.text import names",
            "from twisted_chat.text.names import cleanName",
            "from ..text import names",
            "def f():\n    from ..text.names import cleanName",
            "if TYPE_CHECKING:\n    from ..text.names import cleanName",
        ):
            found = localImports("chat.hub", ast.parse(source), ["text.names", "text.__init__"])
            self.assertEqual(found, {"text.names"}, source)

    def test_relativeInsideAFolder(self) -> None:
        """Dots are counted from the folder of the module that holds them."""
        for name, source, target in (
            ("console.__init__", "from . import keys", "console.keys"),
            ("client.tls.pins", "from ..link import L", "client.link"),
            ("tap", "from . import __version__", "__init__"),
        ):
            found = localImports(
                name, ast.parse(source), ["console.keys", "client.link", "__init__"]
            )
            self.assertEqual(found, {target}, source)

    def test_order(self) -> None:
        """Lower levels and earlier files may be imported; others, and what is barred, may not."""
        for name, target, may in (
            ("chat.hub", "errors", True),
            ("errors", "__init__", False),
            ("chat.hub", "chat.room", True),
            ("chat.room", "chat.hub", False),
            ("chat.hub", "stores.session", True),
            ("chat.hub", "stores.memory", False),
            ("chat.hub", "chat.commands.table", True),
            ("chat.commands.table", "chat.hub", False),
            ("chat.commands.table", "chat.commands.rooms", True),
            ("net.sending", "ops.limitedlog", False),
            ("client.link", "net.limits", False),
            ("client.__init__", "client.command", True),
        ):
            self.assertEqual(mayImport(name, target), may, f"{name} > {target}")
        self.assertRaises(LookupError, placeOf, "chat.nobody")

    def test_reactorIsFound(self) -> None:
        """The reactor is a complaint for everybody at the top, and in a function for most."""
        for source, wrong in (
            ("from twisted.internet import reactor", ["chat.hub", "composition"]),
            ("import twisted.internet.reactor", ["chat.hub", "composition"]),
            ("from twisted.internet.reactor import callLater", ["chat.hub", "composition"]),
            ("def main():\n    from twisted.internet import reactor", ["chat.hub"]),
        ):
            tree = ast.parse(source)
            self.assertEqual(reactorImports({"chat.hub": tree, "composition": tree}), wrong, source)
