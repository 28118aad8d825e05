"""Where the tools of others are installed: each in an environment of its own beside the tests.

They pin versions of packages that ours must be free to choose, and some are heavy.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import filelock

PEERS = {
    "wandb": (
        "wandb==0.31.0",
        "numpy==2.3.5",
        "pandas==2.3.3",
        "pillow==12.0.0",
        "soundfile==0.13.1",
        "plotly==6.5.0",
        "bokeh==3.8.1",
    ),
    "mlflow": ("mlflow==3.17.2",),
    "tensorboard": (
        "tensorboard==2.20.0",
        "tensorboardX==2.6.4",
        "numpy==2.3.5",
        "pillow==12.0.0",
        "setuptools==80.9.0",  # tensorboard imports pkg_resources and does not ask for it
    ),
}
_ROOT = Path(__file__).parents[2] / ".servers" / "peers"
_PATIENCE = 1200


@cache
def python_of(peer: str) -> Path:
    """The Python of the environment that has the peer, which is made if need be."""
    wanted = "\n".join((sys.version, *PEERS[peer]))
    folder = _ROOT / f"{peer}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    _ROOT.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(_ROOT / f"{peer}.lock", timeout=_PATIENCE):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(folder))
            pip = (str(folder / "bin/python"), "-m", "pip", "install", "--quiet")
            _run(*pip, *PEERS[peer])
            (folder / "complete").touch()
    return folder / "bin/python"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
