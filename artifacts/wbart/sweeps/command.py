"""Programs that try a draw: the command line that W&B's agents make, and its process."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wbart.errors import ArgumentInvalid
from wbart.recording.path import RunPath
from wbart.recording.recovery import recover
from wbart.settings.settings import DRAW, surroundings
from wbart.sweeps.draw import Draw

log = logging.getLogger(__name__)

_DEFAULT = ("${env}", "${interpreter}", "${program}", "${args}")
_VARIABLE = re.compile(r"\$\{envvar:([^}]+)\}")


def check(config: Mapping[str, Any]) -> None:
    """Raise ArgumentInvalid for a config that names no command."""
    command = config.get("command")
    if command is None and not isinstance(config.get("program"), str):
        raise ArgumentInvalid("an agent needs a function, or a sweep that names a program")
    if command is not None and not isinstance(command, list | tuple):
        raise ArgumentInvalid(f"command must be a list: {command!r}")


def run(draw: Draw, config: Mapping[str, Any]) -> int:
    """Run the program of a sweep for a draw, and return its exit code; what it says is shown.

    Its first `init` begins the run of the draw.
    """
    environment = _environment(draw)
    with tempfile.TemporaryDirectory(prefix="wbart-sweep-") as folder:
        command = _command(draw, config, Path(folder), environment)
        log.info("sweep %s: %s", draw.sweep, command)
        with subprocess.Popen(command, env=environment) as child:
            try:
                code = child.wait()
            except BaseException:
                child.terminate()
                raise
    if code:
        # A program that was killed has left its run to whoever comes by.
        recover(draw.workspace, RunPath(draw.sweep.entity, draw.sweep.project, draw.run))
    return code


def _environment(draw: Draw) -> dict[str, str]:
    settings = draw.workspace.settings
    return surroundings(
        **{DRAW: draw.path},
        WBART_STORE=draw.workspace.store.url,
        WBART_ENTITY=draw.sweep.entity,
        WBART_PROJECT=draw.sweep.project,
        WBART_CACHE_DIR=str(settings.cache_dir),
        WBART_DATA_DIR=str(settings.data_dir),
    )


def _command(
    draw: Draw, config: Mapping[str, Any], folder: Path, environment: Mapping[str, str]
) -> list[str]:
    parameters = draw.parameters
    flags = {name: f"--{name}={value}" for name, value in parameters.items()}
    short = {
        name: f"--{name}" if value is True else flags[name]
        for name, value in parameters.items()
        if value is not False
    }
    (folder / "args.json").write_text(json.dumps(dict(parameters)), encoding="utf-8")
    parts: dict[str, Sequence[str]] = {
        "${env}": [] if sys.platform == "win32" else ["/usr/bin/env"],
        "${interpreter}": [sys.executable],
        "${program}": [str(config.get("program"))],
        "${args}": list(flags.values()),
        "${args_no_hyphens}": [flag[2:] for flag in flags.values()],
        "${args_no_boolean_flags}": list(short.values()),
        "${args_json}": [json.dumps(dict(parameters))],
        "${args_json_file}": [str(folder / "args.json")],
    }

    def variable(found: re.Match[str]) -> str:
        return environment.get(found[1], "")

    command: list[str] = []
    for part in config.get("command") or _DEFAULT:
        text = _VARIABLE.sub(variable, str(part))
        command.extend(parts.get(text, [text]))
    return command
