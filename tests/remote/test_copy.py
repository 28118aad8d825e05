"""Copies between real servers: the same digests and bytes everywhere, whatever comes between."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.artifacts.house import loaded
from tests.remote.copier import Order, Place, Told, copied, traced, workspace
from tests.servers import Server

import wbart
from wbart.artifact import Artifact
from wbart.calls import init
from wbart.workspace import Workspace
from wbart_storage.around.trace import Call
from wbart_storage.backends.local import LocalObjects
from wbart_storage.config import PackParameters, StoreConfig, create_config
from wbart_storage.errors import BlobCorrupt
from wbart_storage.opening import open_objects
from wbart_storage.store import create_store

ROOT = Path(__file__).resolve().parents[2]
Serving = Callable[[str], Server]


def made(server: Server) -> Place:
    """A new store on the server."""
    place = Place(server.bucket(), dict(server.options))
    create_store(place.url, entity="ent", storage_options=place.options)
    return place


def local(folder: Path) -> Place:
    """A new store in a folder, with small packs."""
    create_config(LocalObjects(folder), StoreConfig(entity="ent", pack=PackParameters(65_536)))
    return Place(str(folder))


def log(at: Workspace, files: Mapping[str, bytes], name: str = "data") -> Artifact:
    """Log files, by a run that used what was logged before."""
    with init(settings=at.settings, job_type="make", config={"rate": 0.1}) as run:
        if name == "data":
            run.use_artifact("raw:latest")
        draft = Artifact(name, "dataset", metadata={"legs": 4}, description="of all kinds")
        for path, content in files.items():
            with draft.new_file(path, "wb") as file:
                file.write(content)
        draft.add_reference("s3://elsewhere/key", name="far.bin", checksum=False)
        return run.log_artifact(draft, aliases=["best"], tags=["raw"]).wait()


def content(count: int = 300, size: int = 1000) -> dict[str, bytes]:
    chance = random.Random(count)
    small = {f"d{n % 5}/f{n:04}": chance.randbytes(size) for n in range(count)}
    return {**small, "large": chance.randbytes(9_000_000), "whole": chance.randbytes(1_500_000)}


def facts(artifact: Artifact) -> Mapping[str, Any]:
    at = artifact._at("compare")
    maker = artifact.logged_by()
    assert maker is not None
    return {
        "digest": at.source.digest,
        "root": at.manifest.root,
        "id": at.source.id,
        "entries": [(e.path, e.size, e.digest, e.reference) for e in at.manifest.entries()],
        "facts": (at.aliases, at.source.tags, at.source.metadata, at.source.description),
        "maker": (maker.path, maker.config, maker.job_type, maker.state),
        "used": [each.name for each in maker.used_artifacts()],
    }


def files_of(artifact: Artifact, folder: Path) -> dict[str, bytes]:
    root = Path(artifact.download(str(folder), exclude=["far.bin"]))
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def carried(tmp_path: Path, source: Place, target: Place, ref: str) -> wbart.copying.copy.Copied:
    at = workspace(tmp_path, source)
    return wbart.copy(ref, target.url, settings=at.settings, storage_options=target.options)


def run(order: Order) -> subprocess.CompletedProcess[bytes]:
    return begin(order)()


def begin(order: Order) -> Callable[[], subprocess.CompletedProcess[bytes]]:
    """Begin a copier; what is returned waits for its end."""
    copier = ["-X", "faulthandler", "-m", "tests.remote.copier"]
    command = [sys.executable, *copier, msgspec.json.encode(order).decode()]
    paths = os.pathsep.join(str(ROOT / wing) for wing in ("", "artifacts", "storage", "manifest"))
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE
    )

    def end() -> subprocess.CompletedProcess[bytes]:
        out, _ = process.communicate(timeout=120)
        return subprocess.CompletedProcess(command, process.returncode, out)

    return end


def told(done: subprocess.CompletedProcess[bytes]) -> Told:
    assert done.returncode == 0
    return msgspec.json.decode(done.stdout, type=Told)


def stored(server: Server, place: Place) -> set[str]:
    """The packs and whole files that lie on the server."""
    root = place.url.partition("://")[2]
    found = server.fs().find(root)
    keys = {path.removeprefix(f"{root}/") for path in found}
    return {key for key in keys if key[:2] in ("k/", "o/")}


def test_once_around_all_servers_and_back_everything_is_the_same(
    tmp_path: Path, serving: Serving
) -> None:
    names = ("seaweedfs", "ministack", "fakegcs", "azurite")
    here, back = local(tmp_path / "here"), local(tmp_path / "back")
    at = workspace(tmp_path, here)
    log(at, {"r.txt": b"raw"}, "raw")
    source = log(at, content())
    places = [here, *(made(serving(name)) for name in names), back]

    for before, after in pairwise(places):
        carried(tmp_path, before, after, "raw:best")
        done = carried(tmp_path, before, after, "data:best")
        again = carried(tmp_path, before, after, "data:best")
        assert done.warnings == []
        assert (again.objects, again.size, again.versions[0].new) == (0, 0, False)
        there = loaded(workspace(tmp_path, after), "data:best")
        assert facts(there) == facts(source), after.url
        assert there.verify_stored().ok
    last = loaded(workspace(tmp_path, back), "data:best")
    assert files_of(last, tmp_path / "out") == files_of(source, tmp_path / "in")


@pytest.mark.parametrize("name", ["ministack", "azurite"])
def test_a_copy_that_was_killed_sends_only_what_is_missing(
    tmp_path: Path, serving: Serving, name: str
) -> None:
    server = serving(name)
    here, there = local(tmp_path / "here"), made(server)
    at = workspace(tmp_path, here)
    log(at, {"r.txt": b"raw"}, "raw")
    log(at, content(1000))
    order = Order(str(tmp_path), here, there, "data:best", puts=8)

    killed = run(order)
    landed = stored(server, there)
    done = told(run(msgspec.structs.replace(order, puts=0)))

    assert killed.returncode == -9
    assert len(landed) >= 8
    sent = {key for key in done.put if key[:2] in ("k/", "o/")}
    assert sent
    assert not sent & landed
    # What was under way when the process died may land after we looked.
    assert sent | landed <= stored(server, there)
    found = loaded(workspace(tmp_path, there), "data:best")
    assert facts(found)["digest"] == loaded(at, "data:best")._at("look").source.digest
    assert found.verify_stored().ok
    third = told(run(msgspec.structs.replace(order, puts=0)))
    assert (third.put, third.objects, third.size, third.new) == ([], 0, 0, False)


def test_two_processes_that_copy_the_same_make_one_version(
    tmp_path: Path, serving: Serving
) -> None:
    here, there = local(tmp_path / "here"), made(serving("ministack"))
    at = workspace(tmp_path, here)
    log(at, {"r.txt": b"raw"}, "raw")
    log(at, content())
    order = Order(str(tmp_path), here, there, "data:best")

    both = [begin(order), begin(order)]
    for end in both:
        told(end())

    state = workspace(tmp_path, there).catalog.state("ent", "proj", "data")
    assert [(v.digest, v.live) for v in state.versions] == [
        (loaded(at, "data:best")._at("look").source.digest, True)
    ]
    assert loaded(workspace(tmp_path, there), "data:best").verify_stored().ok


def test_what_is_damaged_at_the_source_never_lands(tmp_path: Path, serving: Serving) -> None:
    source = made(serving("ministack"))
    at = workspace(tmp_path, source)
    log(at, {"r.txt": b"raw"}, "raw")
    log(at, content())
    objects = open_objects(source.url, source.options)
    damaged = [stat.key for stat in objects.list("o/") if stat.size > 8 << 20]
    damaged += [stat.key for stat in objects.list("k/")]
    assert len(damaged) == 2
    for key in damaged:
        target = made(serving("azurite"))
        good = objects.get(key)
        objects.put(key, good[:-100] + b"!" * 100)
        with pytest.raises(BlobCorrupt):
            carried(tmp_path, source, target, "data:best")
        assert key not in {stat.key for stat in open_objects(target.url, target.options).list("")}
        assert not workspace(tmp_path, target).catalog.exists("ent", "proj", "data")
        objects.put(key, good)
        carried(tmp_path, source, target, "data:best")
        assert loaded(workspace(tmp_path, target), "data:best").verify_stored().ok


def test_a_store_of_other_digests_takes_the_same_files(tmp_path: Path, serving: Serving) -> None:
    source, server = made(serving("ministack")), serving("fakegcs")
    target = Place(server.bucket(), dict(server.options))
    create_store(target.url, digest="sha256", entity="ent", storage_options=target.options)
    at = workspace(tmp_path, source)
    log(at, {"r.txt": b"raw"}, "raw")
    logged = log(at, content(50))

    carried(tmp_path, source, target, "data:best")
    again = carried(tmp_path, source, target, "data:best")

    there = loaded(workspace(tmp_path, target), "data:best")
    assert there.digest.startswith("sha256:")
    assert there.verify_stored().ok
    assert files_of(there, tmp_path / "out") == files_of(logged, tmp_path / "in")
    assert (again.objects, again.versions[0].new) == (0, False)


def test_a_change_of_one_file_sends_one_file(tmp_path: Path, serving: Serving) -> None:
    here, there = local(tmp_path / "here"), made(serving("ministack"))
    at = workspace(tmp_path, here)
    log(at, {"r.txt": b"raw"}, "raw")
    files = content()
    log(at, files)
    carried(tmp_path, here, there, "data:best")
    log(at, {**files, "d0/new": b"one more"})
    calls: list[Call] = []

    copied(at, traced(workspace(tmp_path, there), calls), "data:latest")

    put = [call for call in calls if call.name == "put" and call.error is None]
    assert [call.key[:2] for call in put if not call.key.startswith("hints/")] == ["o/"]
    assert sum(call.size for call in put) < 1000
    assert loaded(workspace(tmp_path, there), "data:v1").verify_stored().ok


def test_memory_stays_bounded_and_nothing_is_left_behind(tmp_path: Path, serving: Serving) -> None:
    source, target = made(serving("ministack")), made(serving("azurite"))
    at = workspace(tmp_path, source)
    log(at, {"r.txt": b"raw"}, "raw")
    log(at, content())

    carried(tmp_path, source, target, "data:best")

    config = workspace(tmp_path, target).store.config
    staging = tmp_path / "cache" / config.store_id / "staging"
    assert [path for path in staging.rglob("*") if path.is_file()] == []
