"""Files of runs travel with the runs that made or used what is copied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import wbart
from wbart import Artifact
from wbart.calls import init
from wbart.settings.settings import Settings
from wbart_storage.errors import BlobCorrupt
from wbart_storage.store import create_store

CONTENTS = {f"logs/{number:02}.txt": f"line {number}\n" * 50 for number in range(20)}
LARGE = {"model.bin": "weights" * 300_000, "empty": ""}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        store=str(tmp_path / "here"),
        cache_dir=tmp_path / "cache",
        data_dir=tmp_path / "data",
        entity="ann",
        project="zoo",
    )
    for path, text in {**CONTENTS, **LARGE}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    with init(settings=settings, id="one") as run:
        run.save("logs/*.txt", policy="now")
        run.save("model.bin", policy="now")
        run.save("empty", policy="now")
        draft = Artifact("data", "dataset")
        with draft.new_file("a.txt") as file:
            file.write("1")
        run.log_artifact(draft).wait()
    return settings


def files_at(settings: Settings, store: Path) -> dict[str, str]:
    """The files of the run as that store has them, read and checked."""
    api = wbart.Api(settings=replace(settings, store=str(store)))
    found = {}
    for file in api.run("ann/zoo/one").files():
        if file.name in CONTENTS or file.name in LARGE:
            with file.download(root=f"{store}-out") as opened:
                found[file.name] = opened.read()
    return found


def test_files_come_with_their_run(here: Settings, tmp_path: Path) -> None:
    done = wbart.copy("data:v0", tmp_path / "there", settings=here, create=True)

    assert done.runs == 1
    assert files_at(here, tmp_path / "there") == {**CONTENTS, **LARGE}
    again = wbart.copy("data:v0", tmp_path / "there", settings=here)
    assert (again.objects, again.runs) == (0, 0)


def test_a_dry_run_counts_files_and_brings_none(here: Settings, tmp_path: Path) -> None:
    create_store(str(tmp_path / "there"))
    dry = wbart.copy("data:v0", tmp_path / "there", settings=here, dry_run=True)
    assert not list((tmp_path / "there").glob("o/*/*"))
    done = wbart.copy("data:v0", tmp_path / "there", settings=here)

    assert done.size - dry.size < 10_000
    assert dry.size > len(LARGE["model.bin"])


def test_a_damaged_file_never_reaches_the_target(here: Settings, tmp_path: Path) -> None:
    [large] = [each for each in (tmp_path / "here").glob("o/*/*") if each.stat().st_size > 1 << 20]
    large.chmod(0o644)
    large.write_bytes(b"x" * large.stat().st_size)

    with pytest.raises(BlobCorrupt):
        wbart.copy("data:v0", tmp_path / "there", settings=here, create=True)

    assert not [each for each in (tmp_path / "there").glob("o/*/*") if each.name == large.name]
    assert not list((tmp_path / "there").glob("runs/*/*/one/*.json"))


def test_files_that_the_target_cannot_name_are_told(here: Settings, tmp_path: Path) -> None:
    create_store(str(tmp_path / "there"), digest="sha256")

    done = wbart.copy("data:v0", tmp_path / "there", settings=here)

    assert done.warnings == [
        "files of run ann/zoo/one were not copied: the target has other digests"
    ]
