"""Media in drafts and versions of a real store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.artifacts.world import World
from tests.media.material import OBJECTS, lay_out

import wbart
from wbart import data_types
from wbart.errors import UsageError
from wbart.media.scratch import keep
from wbart.workspace import Workspace

_SCRIPT = (
    """
import sys
from pathlib import Path
import wbart as wandb
here = Path(sys.argv[1])
"""
    + OBJECTS
    + """
artifact = wandb.Artifact("a", "t")
for name, value in objects.items():
    if not name.endswith("-reference"):
        artifact.add(value, name)
print(artifact.digest)
"""
)


def test_objects_of_every_kind_come_back_from_a_version(tmp_path: Path) -> None:
    lay_out(tmp_path / "material")
    names: dict[str, Any] = {"wandb": wbart, "here": tmp_path / "material"}
    exec(OBJECTS, names)
    world = World(tmp_path)
    objects = {k: v for k, v in names["objects"].items() if not k.endswith("-reference")}
    with world.run() as run:
        draft = wbart.Artifact("all", "media")
        for name, value in objects.items():
            draft.add(value, name)
        run.log_artifact(draft).wait()
        read = run.use_artifact("all:latest")
        for name, value in objects.items():
            assert read.get(name) == value, name

        again = wbart.Artifact("again", "media")
        picture = read.get("image-path")
        assert isinstance(picture, data_types.Image)
        again.add(data_types.Image(picture, caption="anew"), "anew")
        run.log_artifact(again).wait()
        entry = again.manifest.entries[
            f"media/images/{picture._sha256[:20]}/{Path(picture._local).name}"
        ]
        assert entry.ref is not None
        found = run.use_artifact("again:latest").get("anew")
        assert isinstance(found, data_types.Image)
        assert found._caption == "anew"
        assert np.array_equal(np.asarray(found.image), np.asarray(picture.image))


def test_digests_are_the_same_from_run_to_run(tmp_path: Path) -> None:
    lay_out(tmp_path / "material")
    found = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT, str(tmp_path / "material")],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join(sys.path),
                "PYTHONHASHSEED": seed,
                "WBART_STORE": str(tmp_path / "store"),
                "HOME": str(tmp_path),
            },
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1
    assert found.pop().strip()


@pytest.mark.parametrize(
    ("hidden", "package", "make"),
    [
        ("PIL.Image", "pillow", lambda: data_types.Image(np.zeros((2, 2)))),
        ("soundfile", "soundfile", lambda: data_types.Audio(np.zeros(2), 8000)),
        ("plotly.tools", "plotly", lambda: data_types.Plotly(_drawn())),
    ],
)
def test_a_missing_library_is_named(
    hidden: str, package: str, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, hidden, None)
    with pytest.raises(UsageError, match=f"needs {package}: pip install {package}") as raised:
        make()
    assert "\n" not in str(raised.value)


def test_importing_wbart_s_media_loads_no_optional_library() -> None:
    code = "import sys, wbart.data_types; print([m for m in sys.argv[1:] if m in sys.modules])"
    names = ["numpy", "PIL", "pandas", "soundfile", "plotly", "bokeh"]
    done = subprocess.run(
        [sys.executable, "-c", code, *names],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_same_bytes_wait_in_one_file() -> None:
    first = keep(b"some", ".txt")
    assert keep(b"some", ".txt") == first
    assert first.read_bytes() == b"some"
    assert keep(b"other", ".txt") != first


def test_files_of_a_store_can_be_opened_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    with world.run() as run:
        draft = wbart.Artifact("pictures", "media")
        draft.add(data_types.Image(np.zeros((3, 2))), "a")
        run.log_artifact(draft).wait()
    store = Workspace.open(world.settings)
    assert store is not None
    found = wbart.Api(settings=world.settings).artifact("pictures:v0").get("a")
    assert isinstance(found, data_types.Image)
    assert found.image.size == (2, 3)


class _Drawn:
    def get_axes(self) -> list[Any]:
        return []


def _drawn() -> _Drawn:
    _Drawn.__module__ = "matplotlib.figure"
    return _Drawn()
