"""`wbart get`, `files`, `cat` and `checkout`: bytes come back."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import InProcess, Shell

from wbart.artifact import Artifact


def _tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


V0 = {"a.txt": "one", "dir/b.txt": "two", "dir/c.txt": "three"}
V1 = {"a.txt": "one", "dir/b.txt": "TWO!", "d.txt": "four"}


def test_get_prints_the_folder_and_fills_it(two: Shell) -> None:
    ran = two("get", "data:v0", "there")

    assert ran.out == "there\n"
    assert "3 files, 11.0B, every byte checked" in ran.err
    assert _tree(two.folder / "there") == V0


def test_the_default_folder_is_that_of_wandb(two: Shell) -> None:
    ran = two("get", "data", "-q")

    assert ran.out == f"{two.folder}/artifacts/data:v1\n"
    assert _tree(two.folder / "artifacts/data:v1") == V1


@pytest.mark.parametrize(
    ("ref", "wanted"),
    [
        ("data:old", V0),
        ("uncategorized/data:v1", V1),
        ("default/uncategorized/data:latest", V1),
        ("wbart://data:v0", V0),
        ("data:v0#dir", {"dir/b.txt": "two", "dir/c.txt": "three"}),
        ("data:v0#a.txt", {"a.txt": "one"}),
    ],
)
def test_every_spelling_of_a_ref(two: Shell, ref: str, wanted: dict[str, str]) -> None:
    two("get", ref, "there")

    assert _tree(two.folder / "there") == wanted


def test_a_digest_names_a_version(two: Shell) -> None:
    digest = two("show", "data:v0", "--json").json["digest"]

    two("get", f"data@{digest[:20]}", "there")

    assert _tree(two.folder / "there") == V0


def test_include_and_exclude_pick_files(two: Shell) -> None:
    two("get", "data:v0", "there", "--include", "dir/*", "--exclude", "c.txt")

    assert _tree(two.folder / "there") == {"dir/b.txt": "two"}


def test_a_file_named_alike_does_not_come_along(wbart: Shell) -> None:
    wbart.put("data", {"a": "1", "ab/a": "2", "a.txt": "3"})

    wbart("get", "data#a", "there")

    assert _tree(wbart.folder / "there") == {"a": "1"}


def test_a_store_in_the_ref_goes_before_all_else(two: Shell) -> None:
    store = two.store
    two.env["WBART_STORE"] = str(two.folder / "elsewhere")

    two("get", f"wbart://data:v0::{store}", "there")

    assert _tree(two.folder / "there") == V0


def test_other_files_stay_and_a_damaged_one_is_replaced(two: Shell) -> None:
    two("get", "data:v0", "there")
    two.write("there/mine.txt", "mine")
    two.write("there/a.txt", "broken")

    two("get", "data:v0", "there")

    assert _tree(two.folder / "there") == {**V0, "mine.txt": "mine"}


def test_a_dry_run_writes_nothing(two: Shell) -> None:
    ran = two("get", "data:v0", "there", "-n", "--include", "dir/*", "--json")

    assert (ran.json["files"], ran.json["size"], ran.json["dry_run"]) == (2, 8, True)
    assert not (two.folder / "there").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["get", "data:nosuch", "there"], 4, "nosuch"),
        (["get", "data:v9", "there"], 4, "v9"),
        (["get", "nosuch", "there"], 4, "nosuch"),
        (["get", "other/data", "there"], 4, "other"),
        (["get", "a/b/c/d", "there"], 2, "Invalid artifact path"),
        (["get", "data@{yesterday}", "there"], 2, "is no time"),
        (["get", "data#no/such.txt", "there"], 4, "no/such.txt"),
        (["get", "data#../x", "there"], 2, "Invalid artifact path"),
        (["get", "data", "there", "-t", "model"], 6, "model"),
        (["get", "data", "there", "--link", "wormhole"], 2, "wormhole"),
    ],
)
def test_what_is_not_there_or_makes_no_sense(
    two: Shell, arguments: list[str], code: int, word: str
) -> None:
    ran = two(*arguments, code=code)

    assert ran.out == ""
    assert word in ran.err
    assert ran.err.count("\n") == 1
    assert not (two.folder / "there").exists()


def test_a_corrupt_object_is_never_delivered(two: Shell) -> None:
    for path in (two.store / "o").rglob("*"):
        if path.is_file() and path.read_bytes() == b"three":
            path.chmod(0o644)
            path.write_bytes(b"thr33")

    ran = two("get", "data:v0", "there", "--json", code=5)

    assert json.loads(ran.err)["exit"] == 5
    assert not (two.folder / "there/dir/c.txt").exists()


def test_hardlinks_come_by_choice(wbart: Shell) -> None:
    wbart.write("big.bin", b"x" * (2 << 20))
    wbart("put", "big.bin", "-n", "data")
    wbart("get", "data", "there", "--link", "hardlink")

    assert os.stat(wbart.folder / "there/big.bin").st_nlink > 1


def test_without_a_store_there_is_nothing_to_get(wbart: Shell) -> None:
    ran = wbart("get", "data", "--json", code=10)

    told = json.loads(ran.err)
    assert told["code"] == "store_missing"
    assert "wbart init" in told["hint"]
    assert not wbart.store.exists()


def test_files_are_told_with_size_and_digest(two: Shell) -> None:
    found = two("files", "data:v0", "--json").json

    assert [each["path"] for each in found] == sorted(V0)
    assert [each["size"] for each in found] == [3, 3, 5]
    assert all(each["digest"].startswith("blake3:") for each in found)
    lines = two("files", "data:v0", "--format", "jsonl").lines
    assert [json.loads(line) for line in lines] == found
    assert two("files", "data:v0#dir").lines == ["     3.0B  dir/b.txt", "     5.0B  dir/c.txt"]


def test_cat_writes_the_bytes_and_only_them(wbart: Shell) -> None:
    data = bytes(range(256)) * 9000
    wbart.write("b.bin", data)
    wbart("put", "b.bin", "-n", "data")

    done = subprocess.run(
        wbart.command("cat", "data#b.bin"), cwd=wbart.folder, env=wbart.env, capture_output=True
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == data


def test_cat_of_a_reference_reads_what_it_refers_to(wbart: Shell) -> None:
    target = wbart.write("far/away.txt", "one")
    wbart("put", "--ref", target.as_uri(), "-n", "refs")

    assert wbart("cat", "refs#away.txt").out == "one"


def test_cat_needs_a_file(two: Shell) -> None:
    two("cat", "data", code=2)
    two("cat", "data#nosuch", code=4)
    two("cat", "data#dir", code=4)


def test_a_reader_that_has_seen_enough_is_no_error(wbart: Shell) -> None:
    wbart.put("data", {f"{number:05}.txt": str(number) for number in range(3000)})
    with subprocess.Popen(
        wbart.command("files", "data", "--json"),
        cwd=wbart.folder,
        env=wbart.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"[{")
        process.stdout.close()

        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0


def test_a_reader_that_never_read_is_no_error(two: Shell) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        two.command("ls"), cwd=two.folder, env=two.env, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (0, b"")


def test_no_cache_and_the_links_reach_the_download(
    call: InProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[dict[str, Any]] = []

    def download(artifact: Artifact, root: str, **options: Any) -> str:
        asked.append(options)
        return root

    (tmp_path / "a.txt").write_text("one")
    call("put", tmp_path / "a.txt", "-n", "data")
    monkeypatch.setattr(Artifact, "download", download)
    call("get", "data", tmp_path / "x")
    call("get", "data", tmp_path / "x", "--no-cache", "--link", "symlink")

    assert [each["skip_cache"] for each in asked] == [False, True]
    assert [each["link"] for each in asked] == [None, "symlink"]


def test_a_disk_that_is_full_is_told(two: Shell) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            two.command("files", "data"),
            cwd=two.folder,
            env=two.env,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert done.returncode == 1
    assert done.stderr == "wbart: no room left on the disk\n"


def test_checkout_makes_the_folder_exactly_the_version(two: Shell) -> None:
    two("get", "data:v0", "there")
    two.write("there/extra.txt", "x")

    ran = two("checkout", "data:v1", "there")

    assert ran.out == "there\n"
    assert ran.err == "data:v1: 2 files written (8.0B), 2 removed, 1 kept\n"
    assert _tree(two.folder / "there") == V1


def test_checkout_can_be_tried_dry(two: Shell) -> None:
    two("get", "data:v0", "there")

    ran = two("checkout", "data:v1", "there", "-n")
    plan = two("checkout", "data:v1", "there", "-n", "--json").json

    assert ran.lines == ["+  d.txt", "+  dir/b.txt", "-  dir/c.txt"]
    assert plan["written"] == ["d.txt", "dir/b.txt"]
    assert plan["removed"] == ["dir/c.txt"]
    assert plan["kept"] == 1
    assert _tree(two.folder / "there") == V0


def test_checkout_takes_nobodys_files_unasked(two: Shell) -> None:
    two.write("mine/precious.txt", "mine")

    ran = two("checkout", "data:v0", "mine", code=11)

    assert "1 file that the version lacks" in ran.err
    assert _tree(two.folder / "mine") == {"precious.txt": "mine"}
    two("checkout", "data:v0", "mine", "-y")
    assert _tree(two.folder / "mine") == V0


def test_a_get_among_other_files_does_not_make_them_wbarts(two: Shell) -> None:
    two.write("mine/precious.txt", "mine")
    two("get", "data:v0", "mine")

    ran = two("checkout", "data:v0", "mine", code=11)

    assert "was not filled by wbart" in ran.err
    assert (two.folder / "mine/precious.txt").exists()


def test_checkout_walks_a_folder_that_it_filled_only_once(
    two: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wbart.artifact.Artifact.checkout_plan", None)  # which cannot be called
    two("checkout", "data:v0", "there")
    two("checkout", "data:v1", "there")
    assert _tree(two.folder / "there") == V1


@pytest.mark.parametrize("place", ["/", "home", "repo"])
def test_checkout_refuses_folders_that_nobody_can_mean(two: Shell, place: str) -> None:
    two.write("repo/.git/config", "")

    ran = two("checkout", "data:v0", place, "-y", code=11)

    assert "refusing" in ran.err
    assert _tree(two.folder / "repo") == {".git/config": ""}


def test_checkout_goes_to_a_folder_without_a_version_by_default(two: Shell) -> None:
    assert two("checkout", "data:v0", "-q").out == f"{two.folder}/artifacts/data\n"
    two("checkout", "data:v1")
    assert _tree(two.folder / "artifacts/data") == V1
