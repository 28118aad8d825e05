from __future__ import annotations

from pathlib import Path

import pytest
from tests.artifacts.house import House

from wbart.artifact import Artifact
from wbart.calls import init
from wbart.errors import ArtifactNotLoggedError, WaitTimeoutError


def logged(house: House, text: str, **more: str) -> Artifact:
    draft = Artifact("data", "dataset")
    draft.add_file(house.file("a", text))
    with init(id=more.get("run")) as run:
        run.log_artifact(draft)
    return draft.wait()


def test_the_run_that_logged_it_first_is_known(house: House) -> None:
    artifact = logged(house, "1", run="first")
    logged(house, "1", run="second")

    run = house.load("data").logged_by()

    assert run is not None
    assert (run.id, run.entity, run.project) == ("first", "ann", "zoo")
    assert [each.name for each in run.logged_artifacts()] == [artifact.name]


def test_a_version_saved_without_a_run_was_logged_by_nobody(house: House) -> None:
    assert house.version().logged_by() is None


def test_all_users_are_known_those_through_links_too(house: House) -> None:
    artifact = logged(house, "1")
    artifact.link("shelf")
    assert artifact.used_by() == []

    for name, ref in [("one", "data"), ("two", "shelf:latest"), ("three", "data:v0")]:
        with init(id=name) as run:
            run.use_artifact(ref)

    assert {run.id for run in artifact.used_by()} == {"one", "two", "three"}
    assert {run.id for run in house.load("shelf").used_by()} == {"one", "two", "three"}


def test_a_draft_is_saved_by_a_run_of_its_own(house: House) -> None:
    draft = house.draft({"a": "1"})

    draft.save()

    run = draft.logged_by()
    assert draft.name == "data:v0"
    assert run is not None
    assert run.job_type == "auto"


def test_a_draft_is_saved_in_the_active_run(house: House) -> None:
    with init(id="mine"):
        draft = house.draft({"a": "1"})
        draft.save()

    run = draft.logged_by()
    assert run is not None
    assert run.id == "mine"


def test_saving_what_is_being_logged_waits_for_it(house: House) -> None:
    with init() as run:
        draft = house.draft({"a": "1"})
        run.log_artifact(draft)
        draft.save()

        assert draft.name == "data:v0"
    assert len(list(house.workspace.catalog.state("ann", "zoo", "data").versions)) == 1


def test_a_draft_on_its_way_is_a_draft_until_wait_returns(house: House) -> None:
    with init() as run:
        draft = house.draft({"a": "1"})
        run.log_artifact(draft)

        assert draft.is_draft()
        with pytest.raises(ArtifactNotLoggedError):
            _ = draft.version
        assert draft.wait().version == "v0"
        assert draft.wait(timeout=0) is draft


def test_an_upload_that_takes_longer_than_the_timeout_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import Event

    from wbart.committed import Committed
    from wbart.drafts.saving import save_draft
    from wbart.recording import artifacts as runartifacts

    go, really = Event(), save_draft

    def held(*args: object, **more: object) -> Committed:
        assert go.wait(30)
        return really(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(runartifacts, "save_draft", held)
    with init() as run:
        draft = house.draft({"a": "1"})
        run.log_artifact(draft)
        with pytest.raises(WaitTimeoutError, match="data"):
            draft.wait(timeout=0)
        go.set()

        assert draft.wait().name == "data:v0"


def test_files_are_listed_page_by_page_in_the_order_of_paths(house: House) -> None:
    artifact = house.version({f"{number:03}": "x" * number for number in range(120)})

    files = artifact.files(per_page=50)

    assert len(files) == 120
    assert [file.name for file in files] == [f"{number:03}" for number in range(120)]
    assert [file.size for file in artifact.files(names=["007", "nothing"])] == [7]


def test_a_listed_file_downloads_itself(house: House) -> None:
    (file,) = house.version({"d/a": "hello"}).files()

    file.download(root="out").close()

    assert Path("out/d/a").read_text() == "hello"
