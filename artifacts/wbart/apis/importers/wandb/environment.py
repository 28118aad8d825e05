"""Where a W&B run ran, in the words of `wandb-metadata.json`, which our records speak, too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from wbart.apis.importers.wandb.message import Message
from wbart.references.scrub import scrub

FILE: Final = "wandb-metadata.json"
"""Where older releases of W&B keep the same."""
_TEXTS: Final = {
    1: "os", 2: "python", 4: "docker", 6: "program", 7: "codePath", 10: "email", 11: "root",
    12: "host", 13: "username", 14: "executable", 15: "colab", 18: "gpu", 25: "cudaVersion",
}  # fmt: skip
_COUNTS: Final = {16: "cpu_count", 17: "cpu_count_logical", 19: "gpu_count"}
_ARGS, _GIT = 5, 9


def environment(message: Message) -> dict[str, Any]:
    """What a record of an environment says, without credentials."""
    found: dict[str, Any] = {name: message.text(number) for number, name in _TEXTS.items()}
    found |= {name: message.integer(number) for number, name in _COUNTS.items()}
    found["args"] = [scrub(each) for each in message.texts(_ARGS)]
    found |= git(message.message(_GIT))
    return {name: value for name, value in found.items() if value}


def git(message: Message | None) -> dict[str, Any]:
    """Commit and remote of a record of a repository, under `git`; empty where they lack."""
    if message is None:
        return {}
    return _git({"remote": message.text(1), "commit": message.text(2)})


def of_file(folder: Path) -> dict[str, Any]:
    """What `wandb-metadata.json` among the files of a run says; empty when it cannot be read."""
    try:
        found = json.loads((folder / FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    if isinstance(found.get("args"), list):
        found["args"] = [scrub(str(each)) for each in found["args"]]
    if "git" in found:
        repository = found.pop("git")
        found |= _git(repository) if isinstance(repository, Mapping) else {}
    return found


def _git(said: Mapping[str, Any]) -> dict[str, Any]:
    remote, commit = str(said.get("remote") or ""), str(said.get("commit") or "")
    found = {"commit": commit, "remote": scrub(remote)}
    facts = {name: text for name, text in found.items() if text}
    return {"git": facts} if facts else {}
