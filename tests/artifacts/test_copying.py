"""`wbart.copy`: versions, and all that belongs to them, from one store to another."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.house import House, flip, listing, loaded

import wbart
from wbart.artifact import Artifact
from wbart.calls import init
from wbart.copying.copy import Copied, Copying, Wishes
from wbart.errors import Conflict, KindClash, RefInvalid, SettingInvalid, TypeClash
from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.recording.surroundings import enter, leave
from wbart.recording.writer import RunWriter
from wbart.runindex.segments import Home, merge
from wbart.runs.historyreader import HistoryReader
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_storage.backends.local import LocalObjects
from wbart_storage.clock import FixedClock, SystemClock
from wbart_storage.config import PackParameters, StoreConfig, create_config
from wbart_storage.errors import BlobCorrupt, BlobMissing, StoreMissing
from wbart_storage.progress import silent
from wbart_storage.store import Store, create_store


class Town(House):
    """A house from which is copied, and other stores beside it."""

    def copy(self, ref: str | Artifact, store: str = "there", **more: Any) -> Copied:
        """Copy to a store of that name, which is made if need be."""
        more.setdefault("create", True)
        return wbart.copy(ref, self.folder / store, settings=self.workspace.settings, **more)

    def at(self, store: str = "there") -> Workspace:
        """The workspace of that store, opened anew."""
        url = str(self.folder / store)
        return Workspace.open(replace(self.workspace.settings, store=url), create=False)

    def other(self, store: str = "there") -> Town:
        """A town whose own store is that one, made now."""
        create_store(str(self.folder / store))
        return Town(self.folder, self.at(store), self.clock)

    def referring(self) -> Artifact:
        """`data:v0`, of which an entry is one of `target:v0`."""
        target = self.version({"x.txt": "far"}, name="target")
        draft = self.draft({"a.txt": "near"})
        draft.add_reference(target.get_entry("x.txt"), name="r.txt")
        return self.save(draft)

    def records(self, store: str = "there", name: str = "data") -> int:
        """How many records the journal of a collection there has."""
        return len(list(self.at(store).catalog.records("ann", "zoo", name)))


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.chdir(tmp_path)
    built = Town.build(tmp_path)
    assert isinstance(built, Town)
    enter(built.workspace)
    yield built
    leave(built.workspace)


def many(count: int, size: int = 300, seed: int = 0) -> dict[str, str | bytes]:
    chance = random.Random(seed)
    return {f"d{n % 7}/f{n:04}": chance.randbytes(size) for n in range(count)}


def facts(artifact: Artifact) -> Mapping[str, Any]:
    """What must be the same wherever the version lies."""
    at = artifact._at("compare")
    return {
        "digest": at.source.digest,
        "wandb": at.source.wandb,
        "root": at.manifest.root,
        "entries": [(e.path, e.size, e.digest, e.reference) for e in at.manifest.entries()],
        "aliases": at.aliases,
        "tags": at.source.tags,
        "metadata": at.source.metadata,
        "description": at.source.description,
        "ttl": at.source.ttl,
        "type": at.type,
        "id": at.source.id,
        "history_step": at.source.history_step,
        "logged_by": at.source.logged_by,
    }


def verified(artifact: Artifact) -> bool:
    return artifact.verify_stored().ok


def test_a_copy_is_the_same_in_all_that_counts(town: Town) -> None:
    files: dict[str, str | bytes] = {**many(50), "big": b"x" * 3_000_000, "empty": b""}
    draft = town.draft(files, metadata={"legs": 4}, description="all of them")
    source = town.save(draft, "best", tags=("raw",))

    done = town.copy("data:best")

    there = loaded(town.at(), "data:best")
    assert facts(there) == facts(source)
    assert verified(there)
    assert (done.versions[0].qualified_name, done.versions[0].new) == ("ann/zoo/data:v0", True)
    assert done.warnings == []


def test_a_copy_knows_its_origin_also_as_a_copy_of_a_copy(town: Town) -> None:
    source = town.version(many(20))
    store = town.workspace.store.config.store_id

    town.copy("data:v0", name="other")
    wbart.copy(loaded(town.at(), "other:v0"), town.folder / "third", name="p/again", create=True)

    origin = loaded(town.at("third"), "p/again:v0")._at("look").source.origin
    assert origin is not None
    assert (origin.store, origin.collection, origin.version) == (store, "data", 0)
    assert origin.id == source.id
    assert origin.created_at == source._at("look").source.created_at


def test_the_same_copy_again_changes_nothing(town: Town) -> None:
    town.version(many(50), "best")
    town.copy("data:v0")
    before = town.records()

    again = town.copy("data:v0")

    assert (again.objects, again.size, town.records()) == (0, 0, before)
    assert [each.new for each in again.versions] == [False]


def test_a_copy_brought_back_makes_nothing_new(town: Town) -> None:
    town.version(many(50))
    town.copy("data:v0")
    before = len(list(town.workspace.catalog.records("ann", "zoo", "data")))

    back = wbart.copy(loaded(town.at(), "data:v0"), town.store)

    assert (back.objects, back.versions[0].new) == (0, False)
    assert len(list(town.workspace.catalog.records("ann", "zoo", "data"))) == before


def test_a_copy_under_another_name_is_known_too(town: Town) -> None:
    town.version(many(50))
    town.copy("data:v0", name="elsewhere/mirror")

    again = town.copy("data:v0", name="elsewhere/mirror")

    assert (again.objects, again.versions[0].new) == (0, False)
    assert again.versions[0].qualified_name == "ann/elsewhere/mirror:v0"
    assert loaded(town.at(), "elsewhere/mirror:v0").id != town.load("data:v0").id


def test_all_versions_keep_their_numbers_though_some_are_deleted(town: Town) -> None:
    for number in range(5):
        town.version({"a.txt": str(number)})
    for number in (0, 3):
        town.load(f"data:v{number}").delete(delete_aliases=True)

    done = town.copy("data", all_versions=True)

    assert [each.qualified_name[-2:] for each in done.versions] == ["v1", "v2", "v4"]
    for number in (1, 2, 4):
        assert facts(loaded(town.at(), f"data:v{number}")) == facts(town.load(f"data:v{number}"))
    assert [each.version for each in wbart.Api(settings=town.at().settings).artifacts(
        "dataset", "data")] == ["v4", "v2", "v1"]  # fmt: skip
    before = town.records()
    assert town.copy("data", all_versions=True).objects == 0
    assert town.records() == before


def test_later_versions_follow_and_only_what_changed_travels(town: Town) -> None:
    files = many(400, size=2000)
    town.version(files)
    first = town.copy("data", all_versions=True)
    town.version({**files, "one": b"more"})

    done = town.copy("data", all_versions=True)

    assert [each.new for each in done.versions] == [False, True]
    assert first.size > 400 * 2000
    assert done.size < 100_000
    assert loaded(town.at(), "data:v1").digest == town.load("data:v1").digest


def test_a_number_that_the_target_uses_is_not_taken_away(town: Town) -> None:
    town.version({"a": "1"})
    create_store(str(town.folder / "there"))
    other = Town(town.folder, town.at(), town.clock)
    own = other.version({"own": "2"})

    done = town.copy("data", all_versions=True)

    assert done.versions[0].qualified_name == "ann/zoo/data:v1"
    assert done.warnings == ["ann/zoo/data:v0 is ann/zoo/data:v1 at the target: v0 is taken"]
    assert loaded(town.at(), "data:v0").digest == own.digest


def test_content_that_the_target_logged_itself_is_another_version_than_the_copy(
    town: Town,
) -> None:
    source = town.version({"a": "1"}, "best", metadata={"who": "source"})
    other = town.other()
    own = other.version({"a": "1"}, "best", "own", metadata={"who": "target"})

    done = town.copy("data:v0")

    copy = loaded(town.at(), "data:v1")
    assert (done.versions[0].new, done.versions[0].qualified_name) == (True, "ann/zoo/data:v1")
    assert (copy.id, copy.metadata) == (source.id, {"who": "source"})
    assert done.warnings == ["the alias 'best' stays on v0 of ann/zoo/data"]
    assert loaded(town.at(), "data:own").id == own.id
    other.version({"a": "2"})
    before = town.records()
    again = town.copy("data:v0")
    assert (again.versions[0].new, town.records()) == (False, before)
    assert loaded(town.at(), "data:latest").version == "v2"


def test_aliases_and_tags_are_brought_up_to_date(town: Town) -> None:
    source = town.version({"a": "1"})
    town.copy("data:v0")
    source.aliases.append("best")
    source.tags = ["raw"]
    source.save()

    done = town.copy("data:v0")

    there = loaded(town.at(), "data:best")
    assert (there.version, there.tags) == ("v0", ["raw"])
    assert (done.versions[0].aliases, done.versions[0].new) == (("best",), False)


def test_an_alias_that_another_version_holds_there_stays_unless_it_is_overwritten(
    town: Town,
) -> None:
    town.version({"a": "1"}, "best")
    town.copy("data:v0")
    town.version({"a": "2"}, "best")

    kept = town.copy("data:v1")
    still = loaded(town.at(), "data:best").version
    moved = town.copy("data:v1", overwrite_aliases=True)

    assert dict(kept.versions[0].aliases_kept) == {"best": "v0"}
    assert kept.warnings == ["the alias 'best' stays on v0 of ann/zoo/data"]
    assert (still, loaded(town.at(), "data:best").version) == ("v0", "v1")
    assert (moved.versions[0].aliases, moved.warnings) == (("best",), [])
    assert loaded(town.at(), "data:latest").version == "v1"


def test_what_is_deleted_at_the_target_does_not_come_back_unasked(town: Town) -> None:
    town.version({"a": "1"})
    town.version({"a": "2"})
    town.copy("data", all_versions=True)
    loaded(town.at(), "data:v0").delete()

    with pytest.raises(Conflict, match="data:v0 is deleted at the target"):
        town.copy("data:v0")
    done = town.copy("data", all_versions=True)

    assert [each.qualified_name for each in done.versions] == ["ann/zoo/data:v1"]
    assert "deleted at the target" in done.warnings[0]


def test_what_has_expired_at_the_target_is_told_as_what_is_deleted_is(town: Town) -> None:
    draft = town.draft({"a": "1"})
    draft.ttl = timedelta(minutes=1)
    source = town.save(draft)
    town.copy(source)
    source.ttl = None
    source.save()
    there = town.at()
    later = FixedClock(there.store.clock.now() + 3600)
    target = Workspace(there.settings, replace(there.store, clock=later))

    with pytest.raises(Conflict, match=r"data:v0 is expired at the target: copy to another name"):
        Copying(town.workspace, target, Wishes(), silent).run([source._at("copy")])
    done = Copying(town.workspace, target, Wishes(keep_numbers=True), silent).run(
        [source._at("copy")]
    )

    assert done.versions == []
    assert "is expired at the target" in done.warnings[0]


def test_after_a_rename_at_the_target_the_result_has_the_new_name(town: Town) -> None:
    town.version({"a": "1"}, "best")
    town.version({"a": "2"})
    town.copy("data", all_versions=True)
    town.at().catalog.rename("ann", "zoo", "data", "renamed")
    town.version({"a": "3"}, "best")

    done = town.copy("data", all_versions=True)

    names = [each.qualified_name for each in done.versions]
    assert names == [f"ann/zoo/renamed:v{number}" for number in range(3)]
    assert done.warnings == ["the alias 'best' stays on v0 of ann/zoo/renamed"]
    loaded(town.at(), "renamed:v1").delete(delete_aliases=True)
    with pytest.raises(Conflict, match="ann/zoo/renamed:v1 is deleted at the target"):
        town.copy("data:v1")


def test_an_empty_text_names_no_store(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    source = town.version({"a": "1"})
    empty = town.folder / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)

    for refused in (
        lambda: wbart.copy(source, "", create=True),
        lambda: wbart.copy("data:v0", town.folder / "there", create=True, source=""),
        lambda: Settings.load({"store": ""}),
    ):
        with pytest.raises(SettingInvalid, match="must name a store"):
            refused()

    assert list(empty.iterdir()) == []
    assert Settings.load({}, {"WBART_STORE": "", "WBART_DATA_DIR": "/data"}).store == "/data/store"


def test_of_a_pack_that_is_mostly_unwanted_only_the_rest_travels(town: Town) -> None:
    files = many(1500, size=4000)
    town.version(files)
    town.version({path: files[path] for path in sorted(files)[:40]})

    done = town.copy("data:v1")

    there = loaded(town.at(), "data:v0")
    assert facts(there) == facts(town.load("data:v1"))
    assert verified(there)
    assert done.size < 300_000


def test_few_members_of_a_pack_become_files(town: Town) -> None:
    files = many(1500, size=4000)
    town.version(files)
    town.version({path: files[path] for path in sorted(files)[:5]})

    done = town.copy("data:v1")

    assert verified(loaded(town.at(), "data:v0"))
    assert done.objects == 5
    assert town.copy("data:v1").objects == 0


def test_a_dry_run_tells_what_would_travel_and_changes_nothing(town: Town) -> None:
    town.version({**many(5000, size=10), "big": b"y" * 2_000_000})

    dry = town.copy("data:v0", dry_run=True)
    assert not (town.folder / "there").exists()
    wet = town.copy("data:v0")

    assert (dry.objects, dry.size) == (wet.objects, wet.size)
    assert dry.objects >= 4
    assert town.copy("data:v0", dry_run=True).objects == 0


def test_without_create_a_folder_is_not_made_a_store(town: Town) -> None:
    town.version({"a": "1"})

    with pytest.raises(StoreMissing):
        town.copy("data:v0", create=False)

    assert not (town.folder / "there").exists()


@pytest.mark.parametrize("which", ["k", "o"])
def test_a_damaged_object_is_reported_and_never_lands(town: Town, which: str) -> None:
    town.version({**many(50), "big": b"z" * 3_000_000})
    (damaged,) = town.objects(which)
    flip(damaged, 200)

    with pytest.raises(BlobCorrupt):
        town.copy("data:v0")

    assert not (town.folder / "there" / damaged.relative_to(town.store)).exists()
    assert not town.at().catalog.exists("ann", "zoo", "data")
    flip(damaged, 200)
    town.copy("data:v0")
    assert verified(loaded(town.at(), "data:v0"))


def test_an_object_that_is_gone_is_reported(town: Town) -> None:
    town.version(many(50))
    town.objects("k")[0].unlink()

    with pytest.raises(BlobMissing):
        town.copy("data:v0")

    assert not town.at().catalog.exists("ann", "zoo", "data")


def test_other_digests_name_the_same_bytes_at_a_store_of_other_digests(town: Town) -> None:
    files: dict[str, str | bytes] = {**many(50), "big": b"x" * 3_000_000, "empty": b""}
    source = town.save(town.draft(files, digest_algorithm="MD5"), "best")
    create_store(str(town.folder / "sha"), digest="sha256")

    done = town.copy("data:v0", "sha")

    there = loaded(town.at("sha"), "data:best")
    assert there._at("look").source.digest.startswith("sha256:")
    assert done.versions[0].digest == there._at("look").source.digest
    assert there.digest == source.digest  # W&B's own
    assert verified(there)
    assert listing_of(there, town.folder / "a") == listing_of(source, town.folder / "b")
    again = town.copy("data:v0", "sha")
    assert (again.objects, again.versions[0].new) == (0, False)


def listing_of(artifact: Artifact, folder: Path) -> dict[str, bytes]:
    root = Path(artifact.download(str(folder)))
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_digests_are_again_what_they_were_after_two_conversions(town: Town) -> None:
    source = town.version(many(40))
    create_store(str(town.folder / "sha"), digest="sha256")
    create_store(str(town.folder / "back"))

    town.copy("data:v0", "sha")
    wbart.copy(loaded(town.at("sha"), "data:v0"), town.folder / "back")

    assert facts(loaded(town.at("back"), "data:v0")) == facts(source)


def test_damage_is_found_on_the_way_to_other_digests(town: Town) -> None:
    town.version(many(50))
    flip(town.objects("k")[0], 200)
    create_store(str(town.folder / "sha"), digest="sha256")

    with pytest.raises(BlobCorrupt):
        town.copy("data:v0", "sha")

    assert not town.at("sha").catalog.exists("ann", "zoo", "data")


def test_lineage_answers_at_the_target(town: Town) -> None:
    settings: Settings = town.workspace.settings
    with init(settings=settings, job_type="etl") as run:
        raw = Artifact("raw", "dataset")
        with raw.new_file("a.txt") as file:
            file.write("1")
        run.log_artifact(raw).wait()
    with init(settings=settings, job_type="train", config={"rate": 0.1}) as run:
        run.use_artifact("raw:latest")
        model = Artifact("net", "model")
        with model.new_file("w.txt") as file:
            file.write("2")
        run.log({"loss": 0.5})
        run.log_artifact(model).wait()

    town.copy("raw")
    done = town.copy("net")

    there = town.at()
    maker = loaded(there, "net").logged_by()
    assert maker is not None
    assert (maker.job_type, maker.config, maker.summary["loss"]) == ("train", {"rate": 0.1}, 0.5)
    assert [each.name for each in maker.used_artifacts()] == ["raw:v0"]
    assert [run.id for run in loaded(there, "raw").used_by()] == [maker.id]
    assert loaded(there, "net")._at("look").source.history_step == 1
    assert done.runs == 0  # it came with raw, which it used
    assert runs_of(there) == runs_of(town.workspace)
    assert town.copy("net").objects == 0
    third = wbart.copy("net", town.folder / "bare", create=True, lineage=False, settings=settings)
    assert (third.runs, loaded(town.at("bare"), "net").logged_by()) == (0, None)


def runs_of(workspace: Workspace) -> dict[str, bytes]:
    objects = workspace.store.objects
    return {stat.key: objects.get(stat.key) for stat in objects.list("runs/")}


def test_lineage_finds_copies_under_other_names(town: Town) -> None:
    with init(settings=town.workspace.settings) as run:
        raw = Artifact("raw", "dataset")
        with raw.new_file("a.txt") as file:
            file.write("1")
        run.log_artifact(raw).wait()
    with init(settings=town.workspace.settings) as user:
        user.use_artifact("raw:latest")

    town.copy("raw", name="mirror")

    there = town.at()
    copy = loaded(there, "mirror")
    assert [each.id for each in copy.used_by()] == [user.id]
    assert [each.name for each in copy.used_by()[0].used_artifacts()] == ["mirror:v0"]


def test_what_a_run_says_later_comes_with_a_later_copy(town: Town) -> None:
    with init(settings=town.workspace.settings) as run:
        draft = Artifact("raw", "dataset")
        with draft.new_file("a.txt") as file:
            file.write("1")
        run.log_artifact(draft).wait()
        town.copy("raw")
        early = loaded(town.at(), "raw").logged_by()

    done = town.copy("raw")

    late = loaded(town.at(), "raw").logged_by()
    assert early is not None
    assert late is not None
    assert (early.state, late.state) == ("running", "finished")
    assert (done.runs, done.versions[0].new) == (1, False)


def test_another_run_of_the_same_name_at_the_target_stays_as_it_is(town: Town) -> None:
    create_store(str(town.folder / "there"))
    with init(settings=town.at().settings, id="same", job_type="theirs"):
        pass
    with init(settings=town.workspace.settings, id="same", job_type="ours") as run:
        draft = Artifact("raw", "dataset")
        with draft.new_file("a.txt") as file:
            file.write("1")
        run.log_artifact(draft).wait()

    done = town.copy("raw")

    assert done.warnings == [
        "the target has another run ann/zoo/same: that of the source was not copied"
    ]
    kept = loaded(town.at(), "raw").logged_by()
    assert kept is not None
    assert kept.job_type == "theirs"


def test_references_travel_and_what_they_lead_to_comes_only_when_asked(town: Town) -> None:
    target = town.version({"x.txt": "far"}, name="target")
    draft = town.draft({"a.txt": "near"})
    draft.add_reference(target.get_entry("x.txt"), name="r.txt")
    draft.add_reference("s3://elsewhere/key", name="s.bin", checksum=False)
    source = town.save(draft)

    told = town.copy("data:v0")
    followed = town.copy("data:v0", store="third", with_references=True)

    assert facts(loaded(town.at(), "data:v0")) == facts(source)
    assert told.warnings == [
        "ann/zoo/data:v0 refers to ann/zoo/target:v0, which is not at the target"
    ]
    assert followed.warnings == []
    assert [each.qualified_name for each in followed.versions] == [
        "ann/zoo/target:v0",
        "ann/zoo/data:v0",
    ]
    root = loaded(town.at("third"), "data:v0").download(str(town.folder / "out"), include=["r.txt"])
    assert listing(root) == {"r.txt": "far"}


GONE = "ann/zoo/data:v0 refers to ann/zoo/target:v0, which is not at the target"


def test_each_copy_tells_which_artifacts_the_target_lacks(town: Town) -> None:
    source = town.referring()
    draft = source.new_draft()
    with draft.new_file("more.txt") as file:
        file.write("more")
    town.save(draft)

    assert town.copy("data:v0").warnings == [GONE]
    assert town.copy("data:v0").warnings == [GONE]
    assert town.copy("data:v1").warnings == [GONE.replace("data:v0", "data:v1")]


def test_what_a_version_that_is_there_refers_to_comes_when_it_is_asked_for(town: Town) -> None:
    town.referring()
    town.copy("data:v0")

    done = town.copy("data:v0", with_references=True)

    new = [(each.qualified_name, each.new) for each in done.versions]
    assert new == [("ann/zoo/target:v0", True), ("ann/zoo/data:v0", False)]
    assert done.warnings == town.copy("data:v0").warnings == []
    root = loaded(town.at(), "data:v0").download(str(town.folder / "out"))
    assert listing(root)["r.txt"] == "far"


def test_a_reference_can_be_read_though_the_target_logged_the_same_itself(town: Town) -> None:
    town.referring()
    town.other().version({"x.txt": "far"}, name="target")

    done = town.copy("data:v0", with_references=True)

    assert done.versions[0].qualified_name == "ann/zoo/target:v1"
    root = loaded(town.at(), "data:v0").download(str(town.folder / "out"))
    assert listing(root)["r.txt"] == "far"


def test_a_reference_to_what_the_target_has_under_another_name_is_no_news(town: Town) -> None:
    town.referring()
    town.copy("target:v0", name="mirror")

    assert town.copy("data:v0").warnings == []


@pytest.mark.parametrize("with_references", [False, True])
@pytest.mark.parametrize("what", ["deleted", "type", "portfolio"])
def test_an_artifact_that_the_target_cannot_take_never_stops_the_one_that_refers_to_it(
    town: Town, what: str, with_references: bool
) -> None:
    town.referring()
    other = town.other()
    if what == "deleted":
        town.copy("target:v0")
        loaded(town.at(), "target:v0").delete(delete_aliases=True)
    elif what == "type":
        other.version({"m": "1"}, name="target", type="model")
    else:
        other.version({"m": "1"}, name="own").link("target")

    done = town.copy("data:v0", with_references=with_references)

    assert [each.qualified_name for each in done.versions] == ["ann/zoo/data:v0"]
    (told,) = done.warnings
    assert told == GONE if not with_references else "which was not copied: " in told
    assert town.copy("data:v0", with_references=with_references).warnings == [told]
    draft = town.load("data:v0").new_draft()
    with draft.new_file("more.txt") as file:
        file.write("more")
    town.save(draft)
    assert town.copy("data", all_versions=True, with_references=with_references).warnings == [
        told,
        told.replace("data:v0", "data:v1"),
    ]


def test_a_reference_to_what_is_deleted_at_the_source_is_told_unless_the_target_has_it(
    town: Town,
) -> None:
    town.referring()
    id_ = town.load("target:v0").id
    town.copy("target:v0", store="third")
    town.load("target:v0").delete(delete_aliases=True)

    lost = town.copy("data:v0", with_references=True)
    kept = town.copy("data:v0", store="third")

    assert lost.warnings == [f"ann/zoo/data:v0 refers to artifact {id_}, which neither store has"]
    assert [each.new for each in lost.versions] == [True]
    assert kept.warnings == []


def test_a_damaged_node_at_the_source_does_not_stop_the_copy_of_what_is_there(town: Town) -> None:
    town.version(many(3000, size=1))
    town.copy("data:v0")
    nodes = town.objects("t")
    assert nodes
    for node in nodes:
        flip(node)

    again = Town(town.folder, Workspace.open(town.workspace.settings), town.clock).copy("data:v0")

    assert (again.objects, again.versions[0].new) == (0, False)


def test_a_link_is_copied_as_the_version_that_it_stands_for(town: Town) -> None:
    town.version({"a": "1"}).link("shelf")

    one = town.copy("shelf:latest")
    all_of_it = town.copy("shelf", store="third", all_versions=True)

    assert one.versions[0].qualified_name == "ann/zoo/data:v0"
    assert all_of_it.versions[0].qualified_name == "ann/zoo/data:v0"


def test_what_the_target_could_not_take_is_refused_before_anything_is_sent(town: Town) -> None:
    town.version(many(30))
    town.version({"b": "1"}, name="other").link("shelf")
    town.copy("other", name="model")
    create_store(str(town.folder / "third"))
    third = Town(town.folder, town.at("third"), town.clock)
    third.version({"m": "1"}, name="data", type="model")

    with pytest.raises(TypeClash):
        town.copy("data:v0", "third")
    with pytest.raises(KindClash):
        town.copy("data:v0", town.store.name, name="shelf")
    with pytest.raises(RefInvalid):
        town.copy("data:v0", name="a:b")

    assert not (town.folder / "third" / "k").exists()


def test_a_whole_version_or_collection_is_meant(town: Town) -> None:
    town.version({"a": "1"})

    with pytest.raises(ValueError, match="not a #PATH"):
        town.copy("data:v0#a")
    with pytest.raises(RefInvalid, match="must name a collection only"):
        town.copy("data:v0", all_versions=True)


def test_a_broken_off_copy_goes_on_where_it_was(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = town.folder / "small"
    create_config(LocalObjects(small), StoreConfig(pack=PackParameters(target=65_536)))
    packed = Town(town.folder, town.at("small"), town.clock)
    enter(packed.workspace)
    source = packed.version(many(2000, size=1000))
    leave(packed.workspace)
    packs = packed.objects("k")
    assert len(packs) > 20
    good = packs[12].read_bytes()
    packs[12].chmod(0o644)
    packs[12].write_bytes(b"broken off here")

    with pytest.raises(BlobCorrupt):
        packed.copy("data:v0")
    packs[12].write_bytes(good)
    reads: list[str] = []
    real = LocalObjects.get

    def get(self: LocalObjects, key: str, start: int = 0, end: int | None = None) -> bytes:
        reads.append(key)
        return real(self, key, start, end)

    monkeypatch.setattr(LocalObjects, "get", get)
    packed.copy("data:v0")

    assert facts(loaded(town.at(), "data:v0")) == facts(source)
    assert 0 < len({key for key in reads if key.startswith("k/")}) < len(packs)


def test_runs_travel_when_they_are_merged_here_or_there(town: Town) -> None:
    with init(settings=town.workspace.settings, id="maker", config={"rate": 0.1}) as run:
        raw = Artifact("raw", "dataset")
        with raw.new_file("a.txt") as file:
            file.write("1")
        run.log({"loss": 0.5})
        run.log_artifact(raw).wait()
    path = RunPath(run.entity, run.project, run.id)
    here = town.workspace.store
    home = Home(path.entity, path.project)

    def merge_in(store: Store) -> None:
        assert merge(store.objects, home, SystemClock(), "ada", least=1, quiet=0) == 1

    merge_in(here)
    assert town.copy("raw").runs == 1
    there = town.at().store
    assert read_record(there.objects, path).fields == read_record(here.objects, path).fields
    assert town.copy("raw").objects == 0
    merge_in(there)
    record = read_record(here.objects, path)
    RunWriter(here.objects, path, "ada", here.clock, record.next).edit({"notes": "good"})

    assert town.copy("raw").runs == 1
    copied = read_record(there.objects, path)
    assert copied.fields["notes"] == "good"
    assert list(copied.logged) == list(record.logged)
    assert len(list(HistoryReader(there.objects, copied).rows())) == 1
    assert town.copy("raw").objects == 0
