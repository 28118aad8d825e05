"""Where a run runs: facts about this machine, this program, and the code it was started from."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from wbart.references.scrub import scrub

NO_PROGRAM = "<python with no main file>"
"""W&B's words for code that comes from no file."""
_PATIENCE = 5.0
"""Seconds for git to answer; a repository on a slow disk is not worth more."""


def facts() -> dict[str, Any]:
    """What W&B's `wandb-metadata.json` tells of a run's surroundings; unknown ones are left out."""
    program = sys.argv[0] if sys.argv and sys.argv[0] not in ("", "-c") else None
    found = {
        "os": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "program": program or NO_PROGRAM,
        "args": [scrub(each) for each in sys.argv[1:]],
        "executable": sys.executable,
        "root": os.getcwd(),
        "host": socket.gethostname(),
        "username": _user(),
        "cpu_count": os.cpu_count(),
        "git": git_facts(Path(program).parent if program else Path.cwd()),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def git_facts(folder: Path) -> dict[str, str] | None:
    """Commit and remote of the repository that holds a folder; None where there is none."""
    folder = folder.absolute()
    if not any((each / ".git").exists() for each in (folder, *folder.parents)):
        return None
    git = shutil.which("git")
    commit = _git(git, folder, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    remote = _git(git, folder, "config", "--get", "remote.origin.url")
    return {"commit": commit, **({"remote": scrub(remote)} if remote else {})}


def _git(git: str | None, folder: Path, *arguments: str) -> str | None:
    if git is None:
        return None
    command = [git, "-C", os.fspath(folder), *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None
