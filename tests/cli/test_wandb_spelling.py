"""`wbart artifact …`: W&B's words, options and prints."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Shell


def test_put_prints_what_wandb_prints(wbart: Shell) -> None:
    wbart.write("folder/a.txt", "one")

    ran = wbart("artifact", "put", "folder", "-n", "proj/data", "-a", "best", "-d", "About it")

    assert ran.out == ""
    assert ran.err.splitlines() == [
        'Uploading directory folder to: "default/proj/data" (dataset)',
        "Artifact uploaded, use this artifact in a run by adding:",
        'artifact = run.use_artifact("default/proj/data:v0")',
    ]
    shown = wbart("show", "proj/data:best", "--json").json
    assert shown["description"] == "About it"
    assert shown["logged_by"]["project"] == "proj"


def test_put_of_a_file_into_a_run_of_its_own_id(wbart: Shell) -> None:
    wbart.write("m.bin", "weights")

    ran = wbart("artifact", "put", "m.bin", "-n", "net", "-t", "model", "--id", "myrun")

    assert 'Uploading file m.bin to: "default/uncategorized/net" (model)' in ran.err
    assert wbart("show", "net", "--json").json["logged_by"]["run"] == "myrun"


def test_put_of_nothing(wbart: Shell) -> None:
    ran = wbart("artifact", "put", "missing", "-n", "x", code=4)

    assert "Path argument must be a file or directory" in ran.err


def test_get_prints_what_wandb_prints(two: Shell) -> None:
    ran = two("artifact", "get", "uncategorized/data", "--root", "there")

    assert ran.err.splitlines() == [
        "Downloading dataset artifact default/uncategorized/data:v1",
        f"Artifact downloaded to {two.folder}/there",
    ]
    assert (two.folder / "there/d.txt").read_text() == "four"
    two("artifact", "get", "data", "--type", "model", code=6)


def test_ls_has_the_columns_of_wandb(two: Shell) -> None:
    two("put", "source-data/a.txt", "-n", "gone", "-q")
    two("rm", "gone:v0", "-y", "--delete-aliases")

    first, second = two("artifact", "ls", "default/uncategorized").lines

    assert first.split()[0] == "dataset"
    assert first.split()[2:] == ["11.0B", "data:v1"]
    assert second.split() == ["dataset", "(no", "versions)", "gone"]
    assert two("artifact", "ls", "uncategorized", "-t", "model").out == ""


@pytest.mark.parametrize("size", ["10GB", "0"])
def test_cache_cleanup_tells_what_it_reclaimed(wbart: Shell, size: str) -> None:
    assert wbart("artifact", "cache", "cleanup", size).out == "Reclaimed 0.0B of space\n"
    wbart("artifact", "cache", "cleanup", "lots", code=2)


@pytest.mark.parametrize("words", [(), ("secret" * 7,), ("--relogin", "--host", "https://h", "k")])
def test_login_has_nothing_to_do_and_keeps_no_key(wbart: Shell, words: tuple[str, ...]) -> None:
    ran = wbart("login", *words)

    assert ran.out == ""
    assert ran.err == "Nothing to log in to: a store has credentials of its own.\n"
    assert not wbart.store.exists()
    assert not any(path.is_file() for path in wbart.folder.rglob("*"))
