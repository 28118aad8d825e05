"""Typical uses of the public names, for the checkers of types. Checked, and never run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, assert_type

import wbart
from wbart import Api, Artifact, ArtifactTTL, Run, Settings
from wbart.drafts.entry import ArtifactManifestEntry
from wbart.errors import ArtifactNotFound, VerifyFailed
from wbart.folders.file import File
from wbart.folders.plan import Plan
from wbart.projects.collection import AliasChange, ArtifactCollection
from wbart.report import VerifyReport
from wbart.runs.publicrun import PublicRun
from wbart_manifest import Change, Digest, Entry, Manifest, MemoryNodes
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.objects import Files, ObjectStat, ObjectStore, ability
from wbart_storage.progress import Event


def log_a_folder(folder: Path) -> Artifact:
    with wbart.init(project="zoo", config={"rate": 0.1}, store=folder / "store") as run:
        assert_type(run, Run)
        draft = Artifact("animals", type="dataset", metadata={"legs": 4})
        assert_type(draft.add_file(folder / "cat.txt"), ArtifactManifestEntry)
        draft.add_dir(str(folder), name="all", merge=True, progress=tell)
        with draft.new_file("notes.txt") as file:
            assert_type(file, IO[Any])
            file.write("two of them")
        for entry in draft.add_reference("s3://bucket/key", name="far"):
            assert_type(entry.path, str)
        draft.ttl = timedelta(days=30)
        draft.ttl = ArtifactTTL.INHERIT
        draft.ttl = None
        logged = run.log_artifact(draft, aliases=["best"], tags="raw")
        run.log({"loss": 0.5}, step=3)
        return assert_type(logged.wait(timeout=10), Artifact)


def tell(event: Event) -> None:
    assert_type(event.files, int)


def ask(api: Api) -> None:
    found = assert_type(api.artifact("zoo/animals:best", type="dataset"), Artifact)
    assert_type(found.version, str)
    assert_type(found.aliases, list[str])
    assert_type(found.metadata, dict[str, Any])
    assert_type(found.ttl, timedelta | None)
    assert_type(found.expires_at, str | None)
    assert_type(found.size, int)
    for file in found.files(per_page=10):
        assert_type(file, File)
    for version in api.artifacts("dataset", "zoo/animals", tags=["raw"]):
        assert_type(version, Artifact)
    assert_type(api.artifacts("dataset", "zoo/animals")[0], Artifact)
    assert_type(api.artifacts("dataset", "zoo/animals")[:2], list[Artifact])
    assert_type(found.used_by(), list[PublicRun])
    assert_type(found.logged_by(), PublicRun | None)


def bring_into_a_folder(artifact: Artifact, folder: Path) -> VerifyReport | None:
    assert_type(artifact.download(folder, include=["*.csv"], link="hardlink"), str)
    assert_type(artifact.checkout(folder, dry_run=True), str)
    assert_type(artifact.checkout_plan(folder), Plan)
    try:
        return assert_type(artifact.verify(folder, repair=True), VerifyReport)
    except VerifyFailed as error:
        assert_type(error.report.changed, tuple[str, ...])
    return None


def name_versions(artifact: Artifact, collection: ArtifactCollection) -> None:
    artifact.aliases.append("best")
    artifact.tags = ["raw"]
    artifact.save()
    assert_type(artifact.link("shelf", aliases=["summer"]), Artifact)
    assert_type(collection.alias_history("best"), list[AliasChange])
    assert_type(collection.undo_alias("best").before, str | None)


def compare(old: Artifact, new: Artifact) -> Iterator[str]:
    changes = assert_type(old.diff(new), Iterator[Change])
    for change in changes:
        assert_type(change.before, Entry | None)
        yield change.path


def errors_are_what_both_pages_promise(api: Api) -> None:
    try:
        api.artifact("nothing")
    except ArtifactNotFound as error:
        both: tuple[wbart.CommError, ValueError] = (error, error)
        assert_type(both[0].message, str)


def say_settings() -> Api:
    return Api(settings=Settings(store="s3://bucket/store", jobs=4))


def calls_of_the_active_run() -> None:
    assert_type(wbart.use_artifact("animals:latest"), Artifact)
    assert_type(wbart.log_artifact("folder", name="animals", type="dataset"), Artifact)
    assert_type(wbart.use_model("net"), str)
    wbart.log({"loss": 0.5})
    wbart.finish()


def hold(folder: Path) -> list[ObjectStore]:
    """Every store of ours is one by its shape."""
    stores: list[ObjectStore] = [LocalObjects(folder), MemoryObjects()]
    for store in stores:
        assert_type(store.get("a", 0, 3), bytes)
        assert_type(store.stat("a"), ObjectStat)
        files = ability(store, Files)
        if files is not None:
            assert_type(files.path("a"), Path)
    return stores


def embed_the_manifest() -> Manifest:
    """The manifest stands alone: entries in, a digest out."""
    content = Digest.of(b"hello")
    entries = [Entry("a.txt", 5, content.raw)]
    manifest = Manifest.build(MemoryNodes(), entries, "blake3")
    assert_type(manifest.digest, Digest)
    assert_type(manifest.get("a.txt"), Entry | None)
    edited = manifest.edit([("a.txt", None), ("b.txt", Entry("b.txt", 5, content.raw))])
    return assert_type(edited, Manifest)
