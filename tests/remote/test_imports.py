"""Each client library is loaded by who opens its URL, and by nobody else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_LIBRARIES = ("adlfs", "gcsfs", "obstore", "s3fs")
_SHOW = f"""
import sys
print(sorted(set({_LIBRARIES}) & sys.modules.keys()), "fsspec" in sys.modules)
"""
_OPTIONS = {
    "s3": {"key": "k", "secret": "s", "endpoint_url": "http://127.0.0.1:1"},
    "gs": {"token": "anon", "endpoint_url": "http://127.0.0.1:1"},
    "az": {"account_name": "a", "account_key": "a2V5"},
}


def loaded_after(program: str) -> str:
    """Which libraries a fresh process has loaded, and whether fsspec."""
    done = subprocess.run(
        [sys.executable, "-c", program + _SHOW], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_local_use_loads_nothing_of_fsspec(tmp_path: Path) -> None:
    folder = str(tmp_path)
    program = f"""
import wbart
from pathlib import Path
from wbart_storage.store import create_store, open_store
create_store({folder!r} + "/store")
api = wbart.Api(store={folder!r} + "/store")
artifact = wbart.Artifact("data", type="dataset")
with artifact.new_file("a.txt") as file:
    file.write("x")
"""
    assert loaded_after(program) == "[] False"


@pytest.mark.parametrize(
    ("scheme", "spoken", "library"),
    [
        ("s3", "s3", "s3fs"),
        ("s3a", "s3", "s3fs"),
        ("gs", "gs", "gcsfs"),
        ("gcs", "gs", "gcsfs"),
        ("az", "az", "adlfs"),
        ("abfs", "az", "adlfs"),
        ("abfss", "az", "adlfs"),
    ],
)
def test_a_url_loads_its_own_library_only(scheme: str, spoken: str, library: str) -> None:
    program = f"""
from wbart_storage.opening import open_objects
store = open_objects("{scheme}://bucket/x", {_OPTIONS[spoken]})
assert store.place == "{scheme}://bucket/x", store.place
"""
    assert loaded_after(program) == f"['{library}'] True"


def test_memory_loads_no_cloud() -> None:
    program = 'from wbart_storage.opening import open_objects\nopen_objects("memory://x/y")\n'

    assert loaded_after(program) == "[] True"
