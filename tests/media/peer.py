"""The real wandb, offline, in the environment of its own: it writes goldens and reads ours."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.peers.home import python_of

_PREFACE = """
import functools, json, os, shutil, sys
from pathlib import Path
import bokeh.document, bokeh.model  # which wandb uses, and does not import
import wandb
for name in ("Bokeh", "BoundingBoxes2D", "ImageMask", "JoinedTable", "PartitionedTable"):
    setattr(wandb, name, getattr(wandb.data_types, name))
out = Path(sys.argv[1])

# What is referred to is not there to be looked at.
wandb.Artifact.add_reference = functools.partialmethod(wandb.Artifact.add_reference, checksum=False)

def keep(artifact):
    for path, entry in artifact.manifest.entries.items():
        if entry.local_path:
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(entry.local_path, out / path)

class Source:
    def get_entry(self, path):
        class Entry:
            def download(self): return str(out / path)
        return Entry()
    def get(self, name):
        return self.read(json.loads((out / name).read_text()))
    def read(self, found):
        return wandb.sdk.data_types.base_types.wb_value.WBValue.init_from_json(found, self)
source = Source()
"""


def wandb_does(script: str, folder: Path, *, given: Any = None) -> Any:
    """What the script leaves in `result`; `out` is the folder, `given` comes as JSON.

    It knows `keep(artifact)`, which copies a draft's files to the folder, and a `source`.
    """
    home = folder.with_name(f"{folder.name}-home")
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "WANDB_MODE": "offline",
        "WANDB_DIR": str(home),
        "WANDB_SILENT": "true",
        "WANDB_ERROR_REPORTING": "false",
    }
    begin = f"{_PREFACE}\ngiven = json.loads(sys.argv[2])\n"
    end = "\nPath('result').write_text(json.dumps(result))\n"
    done = subprocess.run(
        [python_of("wandb"), "-c", begin + script + end, str(folder), json.dumps(given)],
        capture_output=True,
        text=True,
        timeout=100,
        env=environment,
        cwd=home,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((home / "result").read_bytes())
