"""The rules of the house, held by looking at the code: who may read, print, import, tell time."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WINGS = ("artifacts", "storage", "manifest")
PACKAGES = ("wbart", "wbart_storage", "wbart_manifest")
LONGEST = 350
FACES = ("wbart", "wbart_manifest")
"""Packages whose names are loaded when they are first used."""
FILE_SYSTEMS = {"fsspec", "s3fs", "gcsfs", "adlfs"}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.unsetenv"}
TALK = {"print", "input", "exit", "quit", "sys.exit", "os._exit", "sys.stdout", "sys.stderr"}
CLOCKS = {
    *(f"time.{name}" for name in ("time", "monotonic", "perf_counter", "process_time")),
    *(f"time.{name}" for name in ("time_ns", "monotonic_ns", "perf_counter_ns", "ctime")),
    *(f"time.{name}" for name in ("localtime", "gmtime", "asctime", "clock_gettime", "strftime")),
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    "datetime.date.today",
}


@dataclass(frozen=True)
class Module:
    """One file of the code, read and not run."""

    name: str
    path: Path

    @property
    def is_cli(self) -> bool:
        return self.name == "wbart.cli" or self.name.startswith("wbart.cli.")

    @property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(tree(self.path)))

    @property
    def imports(self) -> Iterator[str]:
        """The full names of all that it imports, anywhere in it."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            if isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    @property
    def uses(self) -> Iterator[str]:
        """The full names of the foreign and built-in things that it mentions."""
        homes = known_as(self.nodes)
        for node in self.nodes:
            text = dotted(node)
            if text is not None:
                first, dot, rest = text.partition(".")
                yield homes.get(first, first) + dot + rest


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(node: ast.AST) -> str | None:
    """`a.b.c` as it is written; None for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return None if inner is None else f"{inner}.{node.attr}"
    return None


def known_as(nodes: list[ast.AST]) -> dict[str, str]:
    """What the names that a module imports are called where they come from."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update({alias.asname: alias.name for alias in node.names if alias.asname})
        if isinstance(node, ast.ImportFrom):
            found.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
    return found


def module(path: Path, wing: Path) -> Module:
    parts = path.relative_to(wing).with_suffix("").parts
    return Module(".".join(part for part in parts if part != "__init__"), path)


@cache
def modules() -> tuple[Module, ...]:
    return tuple(
        module(path, ROOT / wing) for wing in WINGS for path in sorted((ROOT / wing).rglob("*.py"))
    )


def breaking(broken: Callable[[Module], bool], *, but: frozenset[str] = frozenset()) -> list[str]:
    """The names of the modules that break a rule, but for those that may."""
    return [each.name for each in modules() if each.name not in but and broken(each)]


def test_the_house_is_looked_at_whole() -> None:
    names = {each.name for each in modules()}

    assert {*PACKAGES, "wbart.cli.main", "wbart_storage.backends.local"} <= names
    assert len(names) > 150


def test_only_settings_and_the_command_line_read_the_environment() -> None:
    found = breaking(
        lambda each: not each.is_cli and not ENVIRONMENT.isdisjoint(each.uses),
        but=frozenset({"wbart.settings.settings"}),
    )

    assert found == []


def test_only_the_command_line_prints_and_exits() -> None:
    def talks(each: Module) -> bool:
        stops = any(
            isinstance(node, ast.Raise) and "SystemExit" in ast.unparse(node) for node in each.nodes
        )
        imports = {name.partition(".")[0] for name in each.imports}
        return stops or not TALK.isdisjoint(each.uses) or not imports.isdisjoint({"click", "rich"})

    # A scribe is a program, too: it talks to the process that it serves.
    program = frozenset({"wbart_storage.files.scribe"})
    assert breaking(lambda each: not each.is_cli and talks(each), but=program) == []


def test_only_storage_touches_fsspec() -> None:
    def touches(each: Module) -> bool:
        return not FILE_SYSTEMS.isdisjoint(name.partition(".")[0] for name in each.imports)

    outside = [each for each in breaking(touches) if not each.startswith("wbart_storage.")]

    assert outside == []


def test_nobody_outside_the_command_line_imports_it() -> None:
    def imports(each: Module) -> bool:
        return any(name == "wbart.cli" or name.startswith("wbart.cli.") for name in each.imports)

    assert breaking(lambda each: not each.is_cli and imports(each)) == []


def test_only_the_clock_reads_the_clock() -> None:
    def reads(each: Module) -> bool:
        return not CLOCKS.isdisjoint(each.uses)

    assert breaking(reads) == ["wbart_storage.clock"]


def test_no_module_is_too_long() -> None:
    def is_long(each: Module) -> bool:
        return len(each.path.read_text(encoding="utf-8").splitlines()) > LONGEST

    assert breaking(is_long) == []


def test_every_module_says_what_it_is() -> None:
    assert breaking(lambda each: not ast.get_docstring(tree(each.path))) == []


def test_nothing_is_left_for_later() -> None:
    def waits(each: Module) -> bool:
        text = each.path.read_text(encoding="utf-8")
        stubs = any(
            isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node)
            for node in each.nodes
        )
        return stubs or "TODO" in text or "FIXME" in text

    assert breaking(waits) == []


def test_log_lines_are_put_together_only_when_they_are_wanted() -> None:
    def formats(each: Module) -> bool:
        return any(
            isinstance(node, ast.Call)
            and (dotted(node.func) or "").startswith("log.")
            and any(isinstance(given, ast.JoinedStr) for given in node.args)
            for node in each.nodes
        )

    assert breaking(formats) == []


@pytest.mark.parametrize("name", FACES)
def test_all_is_sorted_and_every_name_of_it_can_be_had(name: str) -> None:
    face = import_module(name)

    assert face.__all__ == sorted(face.__all__)
    assert [each for each in face.__all__ if getattr(face, each, None) is None] == []


@pytest.mark.parametrize("name", FACES)
def test_all_is_what_the_lazy_names_offer(name: str) -> None:
    face = import_module(name)
    own = {"__version__"} & set(face.__all__)

    assert set(face.__all__) == {*face._HOMES, *own}


@pytest.mark.parametrize("name", FACES)
def test_checkers_of_types_see_the_same_names(name: str) -> None:
    face = import_module(name)
    shown = known_as(list(ast.walk(tree(Path(str(face.__file__))))))
    ours = {each: home for each, home in shown.items() if home.startswith("wbart")}

    assert set(ours) == set(face.__all__)
    assert [n for n, home in ours.items() if looked_up(home) is not getattr(face, n)] == []


def looked_up(home: str) -> object:
    place, _, name = home.rpartition(".")
    return getattr(import_module(place), name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    for name in FACES:
        with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'nothing'"):
            getattr(import_module(name), "nothing")  # noqa: B009 - a checker would refuse it


def loaded(code: str, folder: Path, watched: set[str]) -> set[str]:
    """Which of the watched packages a fresh interpreter loads while it runs the code."""
    script = (
        f"import sys\nsys.path[:0] = {[str(ROOT / wing) for wing in WINGS]!r}\n"
        f"before = set(sys.modules)\n{code}\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        f"print('loaded:', *sorted(new & {watched!r}))\n"
    )
    environ = {"HOME": str(folder), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


def test_the_watch_over_loading_sees_what_is_loaded(tmp_path: Path) -> None:
    watched = {"sqlite3", "fsspec"}

    assert loaded("import sqlite3", tmp_path, watched) == {"sqlite3"}


def test_importing_wbart_loads_next_to_nothing(tmp_path: Path) -> None:
    heavy = {"fsspec", "sqlite3", "msgspec", "blake3", "click", "rich", "xxhash", "filelock"}

    assert loaded("import wbart", tmp_path, heavy) == set()


def test_help_loads_nothing_of_the_library(tmp_path: Path) -> None:
    code = "from wbart.cli.main import main\nassert main(['--help']) == 0"
    heavy = {"fsspec", "sqlite3", "msgspec", "blake3", "wbart_storage", "wbart_manifest"}

    assert loaded(code, tmp_path, heavy) == set()


def test_saving_and_loading_in_a_folder_loads_no_file_systems(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("hello")
    code = (
        "import wbart\n"
        "with wbart.init(store='store') as run:\n"
        "    draft = wbart.Artifact('data', type='dataset')\n"
        "    draft.add_dir('data')\n"
        "    run.log_artifact(draft)\n"
        "wbart.Api(store='store').artifact('data').download('back')\n"
    )

    assert loaded(code, tmp_path, FILE_SYSTEMS) == set()
    assert (tmp_path / "back" / "a.txt").read_text() == "hello"


def test_put_and_get_in_a_folder_load_no_file_systems(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("hello")
    code = (
        "from wbart.cli.main import main\n"
        "assert main(['-s', 'store', 'put', 'data', '-n', 'data', '-t', 'dataset']) == 0\n"
        "assert main(['-s', 'store', 'get', 'data:latest', 'back']) == 0\n"
    )

    assert loaded(code, tmp_path, FILE_SYSTEMS) == set()
    assert (tmp_path / "back" / "a.txt").read_text() == "hello"
