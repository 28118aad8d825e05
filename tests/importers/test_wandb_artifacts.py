"""Artifacts that the real wandb logged offline, and folders with its manifests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tests.artifacts.house import House, flip, listing
from tests.importers.wandbworld import Importing, Written

from wbart.apis.importers.wandb import import_folder
from wbart.errors import ArgumentInvalid, CommError, IntegrityError
from wbart_manifest.errors import ManifestError

MAKER = "arts/maker001"


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return Written.below(tmp_path_factory.getbasetemp())


@pytest.fixture
def importing(house: House) -> Importing:
    return Importing(house)


def test_an_artifact_comes_with_all_that_was_said_of_it(
    written: Written, importing: Importing, tmp_path: Path
) -> None:
    importing(written.folder / "full")

    found = importing.logged("ann-w/zoo-w/full0001")["set:v0"]
    assert found.digest == written.digests["set"][0]
    assert (found.type, found.description) == ("dataset", "what it is")
    assert found.metadata == {"rows": 3, "nested": {"a": [1]}}
    assert (sorted(found.aliases), found.tags) == (["best", "latest"], ["checked"])
    assert found.ttl == timedelta(days=3)
    logger = found.logged_by()
    assert logger is not None
    assert logger.id == "full0001"
    paths = sorted(found.manifest.entries)
    assert paths == ["hello.txt", "kept/deep/twelve", "kept/empty", "odd", "ref.txt",
                     "table.table.json"]  # fmt: skip


def test_the_files_of_an_artifact_are_those_that_were_added(
    written: Written, importing: Importing, tmp_path: Path
) -> None:
    importing(written.folder / "artifacts")

    line = importing.logged("arts/maker001")
    found = {name: listing(art.download(str(tmp_path / name))) for name, art in line.items()
             if name.startswith(("line", "fast", "large"))}  # fmt: skip
    assert found == {
        "line:v0": {"f": "one"}, "line:v1": {"f": "two"}, "fast:v0": {"f": "hello"},
        "large:v0": {f"f{n}": str(n) for n in range(5)},
    }  # fmt: skip


def test_references_stay_references(written: Written, importing: Importing) -> None:
    importing(written.folder / "full")

    found = importing.logged("ann-w/zoo-w/full0001")["set:v0"]
    odd, local = found.get_entry("odd"), found.get_entry("ref.txt")
    assert (odd.ref, odd.digest) == ("odd://bucket/key", "odd://bucket/key")
    assert local.ref is not None
    assert local.ref.startswith("file://")
    assert local.size == len("stays here")


def test_digests_and_versions_are_those_of_wandb(written: Written, importing: Importing) -> None:
    importing(written.folder / "artifacts")

    logged = importing.logged(MAKER) | importing.logged("arts/maker002")
    for name in ("line", "fast", "holder", "referring", "large"):
        found = [logged[f"{name}:v{n}"].digest for n in range(len(written.digests[name]))]
        assert found == written.digests[name], name
    assert sorted(logged["line:v2"].aliases) == ["latest", "new"]
    assert logged["line:v0"].aliases == ["old"]
    assert logged["line:v1"]._facts.ttl is None
    assert logged["line:v0"]._facts.ttl == "inherit"


def test_tables_that_wandb_logs_by_itself_come_as_they_are(
    written: Written, importing: Importing
) -> None:
    importing(written.folder / "full")

    found = importing.logged("ann-w/zoo-w/full0001")["run-full0001-table:v0"]
    assert found.type == "run_table"
    assert list(found.manifest.entries) == ["table.table.json"]


def test_a_reference_to_another_artifact_of_the_run_leads_there(
    written: Written, importing: Importing, tmp_path: Path
) -> None:
    importing(written.folder / "artifacts")

    logged = importing.logged(MAKER)
    entry = logged["referring:v0"].get_entry("outside.table.json")
    assert entry.ref == f"wandb-artifact://{logged['holder:v0'].id}/inside.table.json"
    folder = logged["referring:v0"].download(str(tmp_path / "got"))
    assert json.loads(Path(folder, "outside.table.json").read_text())["data"] == [[1]]


def test_artifacts_may_be_left_and_taken_later(written: Written, importing: Importing) -> None:
    first = importing(written.folder / "artifacts", artifacts=False)
    assert len(first.imported) == 2
    assert importing.logged(MAKER) == {}

    second = importing(written.folder / "artifacts")

    assert len(second.updated) == 2
    assert "line:v1" in importing.logged(MAKER)


@pytest.fixture
def staged(written: Written) -> Path:
    """Where wandb staged the one file of `maker002`."""
    staging = written.folder / "wandb_data_dir" / "artifacts" / "staging"
    return next(path for path in staging.iterdir() if path.is_file()
                and path.read_bytes() == b"three")  # fmt: skip


def test_an_artifact_with_another_byte_is_told_and_the_rest_is_there(
    written: Written, importing: Importing, staged: Path
) -> None:
    data = staged.read_bytes()
    staged.write_bytes(b"thr3e")
    try:
        [(id_, [told])] = importing(written.log("maker002")).damaged
    finally:
        staged.write_bytes(data)

    assert id_ == "maker002"
    assert told.startswith(f"artifact line was not imported: line: f: {staged} has the digest ")
    assert importing.run("arts/maker002").state == "finished"
    assert importing.logged("arts/maker002") == {}


def test_an_artifact_whose_file_is_back_comes_with_the_next_import(
    written: Written, importing: Importing, staged: Path
) -> None:
    data = staged.read_bytes()
    staged.unlink()
    try:
        [(_, [told])] = importing(written.log("maker002")).damaged
        assert told == f"artifact line was not imported: line: f: {staged} is not there"
    finally:
        staged.write_bytes(data)

    second, third = importing(written.log("maker002")), importing(written.log("maker002"))

    assert (len(second.updated), len(third.unchanged), third.complete) == (1, 1, True)
    assert importing.logged("arts/maker002")["line:v0"].digest == written.digests["line"][2]


_VICTIM = """
import os, sys
from wbart.apis.importers import import_runs, keptartifacts
from wbart.apis.importers.wandb import runs_at
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
keep, left = keptartifacts.KeptArtifacts.keep, [int(sys.argv[3])]
def victim(self, owner, each):
    found = keep(self, owner, each)
    left[0] -= 1
    if not left[0]:
        os._exit(9)
    return found
keptartifacts.KeptArtifacts.keep = victim
settings = Settings.load({"store": sys.argv[1], "entity": "ann", "project": "zoo"})
import_runs(Workspace.open(settings), runs_at(sys.argv[2]))
"""


@pytest.mark.parametrize("killed_after", [1, 4])
def test_a_killed_import_leaves_no_half_made_run_and_goes_on(
    written: Written, importing: Importing, killed_after: int
) -> None:
    source, store = written.folder / "artifacts", importing.house.store
    command = [sys.executable, "-c", _VICTIM, str(store), str(source), str(killed_after)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 9, done.stderr
    assert list(importing.api.runs("ann/arts")) == []

    report = importing(source)

    assert (len(report.imported), report.complete) == (2, True)
    logged = importing.logged(MAKER) | importing.logged("arts/maker002")
    found = {name: each.digest for name, each in logged.items()}
    assert found == {
        f"{name}:v{number}": digest
        for name in ("line", "fast", "holder", "referring", "large")
        for number, digest in enumerate(written.digests[name])
    }


@pytest.mark.parametrize("algorithm", ["MD5", "XXH128"])
def test_a_folder_with_a_manifest_becomes_a_version_with_wandb_s_digest(
    written: Written, house: House, tmp_path: Path, algorithm: str
) -> None:
    folder = written.folder / "manifests" / algorithm

    found = import_folder(house.workspace, folder, "data", "dataset", aliases=("good",))

    assert [found.digest] == written.digests[f"folder-{algorithm}"]
    assert (found.name, sorted(found.aliases)) == ("data:v0", ["good", "latest"])
    assert found.get_entry("odd").ref == "odd://bucket/key"
    assert sorted(found.manifest.entries) == ["a.txt", "deep/b.bin", "empty", "odd"]
    again = import_folder(house.workspace, folder, "data", "dataset")
    assert again.name == "data:v0"


@pytest.fixture
def folder(written: Written, tmp_path: Path) -> Path:
    """A folder with a manifest that may be spoilt."""
    target = tmp_path / "folder"
    shutil.copytree(written.folder / "manifests" / "MD5", target)
    return target


def refused(house: House, folder: Path, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        import_folder(house.workspace, folder, "data", "dataset")
    with pytest.raises(CommError):
        house.load("data:latest")
    assert house.objects("c") == []


def test_a_folder_with_another_byte_is_refused_by_name(house: House, folder: Path) -> None:
    flip(folder / "deep/b.bin")

    refused(house, folder, IntegrityError, r"^data: deep/b\.bin: .* has the digest .*, not ")


def test_a_folder_that_lacks_a_file_is_refused_by_name(house: House, folder: Path) -> None:
    (folder / "a.txt").unlink()

    refused(house, folder, ArgumentInvalid, r"^data: a\.txt: .* is not there$")


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b'{"version": 2, "contents": {}}', b'{"version": 1}',
                 b'{"version": 1, "contents": {"../x": {"digest": "a"}}}'],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused(house: House, folder: Path, manifest: bytes) -> None:
    (folder / "wandb_manifest.json").write_bytes(manifest)

    refused(house, folder, ManifestError, ".+")


def test_a_folder_without_a_manifest_is_refused(house: House, tmp_path: Path) -> None:
    refused(house, tmp_path, ArgumentInvalid, "has no wandb_manifest.json")


def test_a_version_is_an_artifact_like_any_other(
    written: Written, house: House, tmp_path: Path
) -> None:
    made = import_folder(house.workspace, written.folder / "manifests" / "MD5", "data", "dataset")

    draft = made.new_draft()
    draft.remove("odd")
    with draft.new_file("more.txt") as file:
        file.write("more")
    house.save(draft)
    got = Path(house.load("data:v1").download(str(tmp_path / "got")))
    assert sorted(path.relative_to(got).as_posix() for path in got.rglob("*.*")) == [
        "a.txt", "deep/b.bin", "more.txt",
    ]  # fmt: skip
