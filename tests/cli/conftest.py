"""Runs the command as people do: as a process of its own, on a store of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NoReturn

import pytest

from wbart.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it said on stdout, as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """What it said on stdout, line by line."""
        return self.out.splitlines()


class Shell:
    """A home, a working folder and a store that nobody else uses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "PYTHONPATH": os.pathsep.join(
                str(ROOT / wing) for wing in ("artifacts", "storage", "manifest")
            ),
            "WBART_STORE": str(self.store),
            "WBART_CACHE_DIR": str(folder / "cache"),
            "WBART_DATA_DIR": str(folder / "data"),
        }
        (folder / "home").mkdir()

    def command(self, *arguments: str | Path) -> list[str]:
        """The whole command line."""
        return [sys.executable, "-m", "wbart.cli.main", *map(str, arguments)]

    def __call__(self, *arguments: str | Path, code: int = 0, fresh: bool = False) -> Ran:
        """Run wbart in a process of its own and check that it ends with the code.

        Unless it must be fresh the process is a fork, which need not import everything anew.
        """
        run = self._spawn if fresh else self._fork
        ran = run([str(argument) for argument in arguments])
        assert ran.code == code, (arguments, ran)
        return ran

    def _spawn(self, arguments: list[str]) -> Ran:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def _fork(self, arguments: list[str]) -> Ran:
        with TemporaryFile() as out, TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                self._become(arguments, out.fileno(), err.fileno())
            _, status = os.waitpid(child, 0)
            said = [_read(file) for file in (out, err)]
        return Ran(os.waitstatus_to_exitcode(status), *said)

    def _become(self, arguments: list[str], out: int, err: int) -> NoReturn:
        """Go on as the command; never come back."""
        code = 99
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out, 1)
            os.dup2(err, 2)
            sys.stdin, sys.stdout, sys.stderr = (os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w"))
            warnings.resetwarnings()
            warnings.simplefilter("ignore", DeprecationWarning)
            os.chdir(self.folder)
            os.environ.clear()
            os.environ.update(self.env)
            code = main(arguments)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def write(self, path: str, content: str | bytes) -> Path:
        """A file in the working folder."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def put(self, name: str, files: dict[str, str], *options: str) -> str:
        """Store files as the next version of name; its qualified name."""
        folder = f"source-{name.replace('/', '-')}"
        for old in sorted((self.folder / folder).rglob("*"), reverse=True):
            old.rmdir() if old.is_dir() else old.unlink()
        for path, content in files.items():
            self.write(f"{folder}/{path}", content)
        return self("put", folder, "-n", name, "-q", *options).out.strip()


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@pytest.fixture
def wbart(tmp_path: Path) -> Shell:
    """The command, on an empty machine."""
    return Shell(tmp_path)


@pytest.fixture
def two(wbart: Shell) -> Shell:
    """The command, where `data` has the versions v0 and v1."""
    wbart.put("data", {"a.txt": "one", "dir/b.txt": "two", "dir/c.txt": "three"}, "-a", "old")
    wbart.put("data", {"a.txt": "one", "dir/b.txt": "TWO!", "d.txt": "four"}, "-a", "new")
    return wbart


InProcess = Callable[..., Ran]


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> InProcess:
    """The command within this process: quick, for what needs no process of its own."""
    monkeypatch.setenv("WBART_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("WBART_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("WBART_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str | Path, code: int = 0) -> Ran:
        ended = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        ran = Ran(ended, said.out, said.err)
        assert ran.code == code, ran
        return ran

    return run
