"""Running somebody's command as a run: inputs in a folder, outputs logged, its end recorded."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from wbart import names
from wbart.artifact import Artifact
from wbart.calls import init
from wbart.cli import exit_codes, output
from wbart.cli.session import loaded, opened
from wbart.cli.stop import Interrupted, Stop

if TYPE_CHECKING:
    from wbart.cli.call import Call
    from wbart.recording.liverun import Run
    from wbart.refs.refpath import Ref
    from wbart.workspace import Workspace

_PATIENCE = 10.0
"""Seconds that an interrupted command has to end by itself, and again after it was told to."""
_KILLED = 255
"""The exit code by which a run knows that it was interrupted."""


@dataclass(frozen=True, slots=True)
class Output:
    """A path that becomes a version when the command succeeds."""

    path: str
    name: str
    type: str

    @classmethod
    def parse(cls, text: str) -> Output:
        """PATH:NAME[:TYPE]; the type is `dataset` unless said. Raises UsageError, NameInvalid."""
        path, *rest = text.split(":")
        if not path or len(rest) not in (1, 2):
            raise click.UsageError(f"--out is PATH:NAME[:TYPE], not {text!r}")
        name = names.artifact_name(rest[0])
        return cls(path, name, names.artifact_type(rest[1] if rest[1:] else "dataset", name))


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done."""

    command: tuple[str, ...]
    refs: tuple[Ref, ...]
    outputs: tuple[Output, ...]
    folder: str | None
    name: str | None
    job_type: str


def execute(call: Call, work: Work) -> int:
    """Do it, and tell of it; the command's exit code, 128 and the signal's number if one ended it.

    A failed command logs no outputs. An output that is not there fails the run.
    """
    with opened(call, *work.refs, create=not work.refs) as workspace, _folder(work.folder) as root:
        inputs = [loaded(workspace, ref) for ref in work.refs]
        config = {"command": list(work.command)}
        with _terminating(), init(name=work.name, job_type=work.job_type, config=config) as run:
            folders = _fetch(run, inputs, root)
            code = _run(call, run, work.command, _environment(run, workspace, root, folders))
            logged = _log(run, work.outputs) if code == 0 else []
            run.finish(exit_code=code)
    _tell(call, run, code, inputs, logged)
    return code


@contextmanager
def _folder(given: str | None) -> Iterator[Path]:
    """The folder of the inputs; one of our own goes away again."""
    if given is not None:
        Path(given).mkdir(parents=True, exist_ok=True)
        yield Path(given).absolute()
        return
    made = tempfile.mkdtemp(prefix="wbart-exec-")
    try:
        yield Path(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


class _Terminated(KeyboardInterrupt):
    """We were asked to end, and the command was not."""


@contextmanager
def _terminating() -> Iterator[None]:
    """Meanwhile SIGTERM ends us as Ctrl-C does: the command is ended, and the run told killed."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _fetch(run: Run, inputs: Sequence[Artifact], root: Path) -> dict[str, str]:
    """Download the inputs; the folder of each, by its collection's name."""
    folders: dict[str, str] = {}
    for artifact in inputs:
        run.use_artifact(artifact)
        name = artifact.name.partition(":")[0]
        if name in folders:
            name = artifact.name.replace(":", "-")
        folders[name] = artifact.download(root / name)
    return folders


def _environment(
    run: Run, workspace: Workspace, root: Path, folders: Mapping[str, str]
) -> dict[str, str]:
    """What the command finds in its environment besides ours."""
    return {
        **os.environ,
        "WBART_STORE": workspace.store.url,
        "WBART_ENTITY": run.entity,
        "WBART_PROJECT": run.project,
        "WBART_EXEC_RUN": str(run.path),
        "WBART_INPUTS": str(root),
        **{f"WBART_INPUT_{_variable(name)}": path for name, path in folders.items()},
    }


def _variable(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def _run(call: Call, run: Run, command: Sequence[str], environment: Mapping[str, str]) -> int:
    # A program reads our stdout then; what the command says must not get in between.
    stdout = sys.stderr if call.machine else None
    try:
        child = subprocess.Popen(command, env=environment, stdout=stdout)
    except OSError as error:
        run.finish(exit_code=127)
        reason = (error.strerror or str(error)).lower()
        raise Stop(exit_codes.NOT_FOUND, "not_found", f"{command[0]}: {reason}") from error
    try:
        code = child.wait()
    except KeyboardInterrupt as reason:
        _end(child, told=not isinstance(reason, _Terminated))
        run.finish(exit_code=_KILLED)
        raise Interrupted(f"interrupted; run {run.path} is recorded as killed") from None
    return 128 - code if code < 0 else code


def _end(child: subprocess.Popen[bytes], *, told: bool) -> None:
    """See the command end, kindly first; a terminal has told it of Ctrl-C as it has told us."""
    for signal_ in (None, signal.SIGTERM, signal.SIGKILL)[not told :]:
        if signal_ is not None:
            child.send_signal(signal_)
        try:
            child.wait(_PATIENCE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            continue  # somebody is impatient: no more waiting for this one
        return


def _log(run: Run, outputs: Sequence[Output]) -> list[Artifact]:
    """Log the outputs, all or none that are there. Raises FileNotFoundError."""
    for each in outputs:
        if not os.path.exists(each.path):
            run.finish(exit_code=1)
            raise Stop(
                exit_codes.NOT_FOUND, "not_found", f"{each.path}: the command left no output"
            )
    logged = []
    for each in outputs:
        artifact = Artifact(each.name, each.type)
        if os.path.isdir(each.path):
            artifact.add_dir(each.path)
        else:
            artifact.add_file(each.path)
        logged.append(run.log_artifact(artifact))
    return [artifact.wait() for artifact in logged]


def _tell(
    call: Call, run: Run, code: int, inputs: Sequence[Artifact], logged: Sequence[Artifact]
) -> None:
    out = output.Output(call)
    if call.machine:
        facts = {
            "run": str(run.path),
            "state": run.state,
            "exit_code": code,
            "used": [artifact.qualified_name for artifact in inputs],
            "logged": [artifact.qualified_name for artifact in logged],
        }
        out.one(facts, [], [])
        return
    out.say(f"run {run.path}: {run.state}, exit code {code}")
    for artifact in logged:
        out.say(f"logged {artifact.qualified_name}")
