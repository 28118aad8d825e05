"""`wbart put`."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.patience import until
from tests.privileges import ordinary


def test_a_folder_becomes_the_root_of_v0(wbart: Shell) -> None:
    wbart.write("folder/a.txt", "one")
    wbart.write("folder/dir/b.txt", "two")

    ran = wbart("put", "folder", "-n", "data")

    assert ran.lines[0].startswith("default/uncategorized/data:v0  2 files, 6.0B  blake3:")
    assert "stored in" in ran.err
    assert wbart("files", "data", "-q").lines == ["a.txt", "dir/b.txt"]


def test_quiet_prints_the_qualified_name_and_nothing_else(wbart: Shell) -> None:
    wbart.write("a.txt", "one")

    ran = wbart("put", "a.txt", "-n", "team/proj/data", "-q")

    assert (ran.out, ran.err) == ("team/proj/data:v0\n", "")


def test_several_paths_keep_their_names(wbart: Shell) -> None:
    wbart.write("some/folder/a.txt", "one")
    wbart.write("else/b.txt", "two")

    wbart("put", "some/folder", "else/b.txt", "-n", "data")

    assert wbart("files", "data", "-q").lines == ["b.txt", "folder/a.txt"]


def test_the_same_content_makes_no_new_version_and_says_so(wbart: Shell) -> None:
    wbart.write("folder/a.txt", "one")
    first = wbart("put", "folder", "-n", "data", "--json").json
    ran = wbart("put", "folder", "-n", "data", "-a", "again")
    again = wbart("put", "folder", "-n", "data", "--json").json

    assert first["new"] is True
    assert again["new"] is False
    assert again["qualified_name"] == first["qualified_name"]
    assert again["aliases"] == ["again", "latest"]
    assert ran.err == "nothing changed: the content is that of data:v0\n"


def test_a_description_of_unchanged_content_is_not_dropped_in_silence(wbart: Shell) -> None:
    wbart.write("folder/a.txt", "one")
    wbart("put", "folder", "-n", "data", "-d", "first")

    ran = wbart("put", "folder", "-n", "data", "-d", "second")

    assert "keeps its description" in ran.err
    assert wbart("show", "data", "--json").json["description"] == "first"


def test_a_run_learns_what_was_put_in_its_name(wbart: Shell) -> None:
    wbart.put("raw", {"a": "1"})
    run = wbart("exec", "raw", "--json", "--", "true").json["run"].rpartition("/")[2]

    wbart.put("net", {"a": "2"}, "--run", run)

    assert wbart("runs", "show", run, "--json").json["logged"] == ["default/uncategorized/net:v0"]
    assert "net:v0" in wbart("lineage", "raw", "--down").out


def test_everything_that_can_be_said_of_a_version_is_kept(wbart: Shell) -> None:
    wbart.write("m.bin", "weights")
    options = ("-t", "model", "-a", "best", "-a", "prod", "--tag", "my tag", "-d", "About it")
    meta = ("--meta", "lr=0.1", "--meta", "name=x=y", "--meta", 'deep={"a": [1]}')
    wbart("put", "m.bin", "-n", "net", *options, *meta, "--ttl", "30d", "--run", "run1")

    facts = wbart("show", "net:best", "--json").json

    assert facts["type"] == "model"
    assert facts["aliases"] == ["best", "latest", "prod"]
    assert facts["tags"] == ["my tag"]
    assert facts["description"] == "About it"
    assert facts["metadata"] == {"lr": 0.1, "name": "x=y", "deep": {"a": [1]}}
    assert facts["ttl"] == 30 * 86400
    assert facts["expires_at"] > facts["created_at"]
    assert facts["logged_by"]["run"] == "run1"


def test_the_name_of_a_lone_path_is_the_default_name(wbart: Shell) -> None:
    wbart.write("penguins.csv", "a,b")

    assert wbart("put", "penguins.csv", "-q").out == "default/uncategorized/penguins.csv:v0\n"
    wbart("put", "penguins.csv", "penguins.csv", code=2)


def test_a_reference_stores_no_bytes(wbart: Shell) -> None:
    target = wbart.write("far/away.txt", "one")
    wbart("put", "--ref", target.as_uri(), "-n", "refs")

    (entry,) = wbart("files", "refs", "--json").json

    assert entry["path"] == "away.txt"
    assert entry["ref"] == target.as_uri()
    assert not any(
        path.name != "wbart.json" for path in (wbart.store / "o").rglob("*") if path.is_file()
    )


def test_a_dry_run_stores_nothing_and_makes_no_store(wbart: Shell) -> None:
    wbart.write("folder/a.txt", "one")

    plan = wbart("put", "folder", "-n", "data", "--dry-run", "--json").json

    assert plan["collection"] == "default/uncategorized/data"
    assert (plan["files"], plan["size"], plan["dry_run"]) == (1, 3, True)
    assert not wbart.store.exists()


def test_a_dry_run_finds_what_would_be_refused(two: Shell) -> None:
    two("put", "source-data", "-n", "data", "-t", "model", "--dry-run", code=6)


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["put"], 2, "nothing to put"),
        (["put", "missing", "-n", "x"], 4, "missing: no such file or folder"),
        (["put", "folder", "-n", "x/../y"], 2, "must not be '..'"),
        (["put", "folder", "-n", "a b"], 2, "Artifact name"),
        (["put", "folder", "-n", "data:v1"], 2, "must name a collection only"),
        (["put", "folder", "-n", "x", "-a", "v7"], 2, "must not look like a version"),
        (["put", "folder", "-n", "x", "-a", "a/b"], 2, "Aliases must not contain"),
        (["put", "folder", "-n", "x", "--tag", "no!"], 2, "Invalid tag"),
        (["put", "folder", "-n", "x", "--ttl", "soon"], 2, "not a time to live"),
        (["put", "folder", "-n", "x", "--meta", "novalue"], 2, "is not KEY=VALUE"),
        (["put", "folder", "-n", "x", "--run", "a/b"], 2, "Run id"),
        (["put", "folder", "-n", "x", "-t", "wandb-history"], 2, "reserved"),
        (["put", "folder", "-n", "x", "--policy", "maybe"], 2, "'maybe'"),
        (["put", "folder", "-n", "x", "-j", "0"], 2, "'-j'"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_stored(
    wbart: Shell, arguments: list[str], code: int, word: str
) -> None:
    wbart.write("folder/a.txt", "one")

    ran = wbart(*arguments, code=code)

    assert ran.out == ""
    assert word in ran.err
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("wbart: ")
    assert not list(wbart.store.glob("c/*/*/x")), "a collection was made"


def test_another_type_is_a_conflict_and_changes_nothing(two: Shell) -> None:
    before = two("log", "data", "--format", "jsonl").out

    ran = two("put", "source-data", "-n", "data", "-t", "model", "--json", code=6)

    assert json.loads(ran.err)["code"] == "type_clash"
    assert two("log", "data", "--format", "jsonl").out == before


def test_metadata_over_the_limit_is_refused(wbart: Shell) -> None:
    wbart.write("a.txt", "one")
    meta = [word for n in range(101) for word in ("--meta", f"k{n}=1")]

    ran = wbart("put", "a.txt", "-n", "x", *meta, "--json", code=2)

    assert json.loads(ran.err)["code"] == "metadata_invalid"
    wbart("show", "x", code=10)


def test_an_unreadable_file_stops_it(wbart: Shell) -> None:
    wbart.write("folder/a.txt", "one").chmod(0)

    with ordinary():
        ran = wbart("put", "folder", "-n", "data", code=7)

    assert "a.txt" in ran.err
    wbart("show", "data", code=4)


def test_a_store_in_the_folder_is_no_part_of_it(wbart: Shell) -> None:
    wbart.write("work/a.txt", "one")
    wbart("init", "work/.wbart")
    wbart.env["WBART_STORE"] = str(wbart.folder / "work/.wbart")

    wbart("put", "work", "-n", "data")
    wbart("get", "data", "work")

    assert wbart("files", "data", "-q").lines == ["a.txt"]


def test_a_dangling_link_is_told_and_nothing_is_stored(wbart: Shell) -> None:
    wbart.write("folder/a.txt", "one")
    (wbart.folder / "folder/gone.txt").symlink_to("nowhere")

    ran = wbart("put", "folder", "-n", "data", code=1)

    assert "gone.txt" in ran.err
    wbart("show", "data", code=4)


@pytest.mark.parametrize(
    ("blow", "code", "said"),
    [
        (
            signal.SIGINT,
            130,
            b"wbart: interrupted; the store is whole, and the next put resumes\n",
        ),
        (signal.SIGKILL, -9, b""),
    ],
)
def test_interrupted_it_leaves_the_store_whole_and_the_next_put_goes_on(
    wbart: Shell, blow: signal.Signals, code: int, said: bytes
) -> None:
    folder = wbart.folder / "big"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number}.bin").write_bytes(number.to_bytes(4, "big") * 5000)
    command = wbart.command("put", "big", "-n", "data", "-j", "1")
    process = subprocess.Popen(
        command, cwd=wbart.folder, env=wbart.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    _wait_for_work(process, wbart.store / ".stage")
    process.send_signal(blow)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err) == (code, b"", said)
    wbart("show", "data", code=4)
    wbart("put", "big", "-n", "data")
    assert wbart("verify", "data", "--json").json["checked"] == 3000


def _wait_for_work(process: subprocess.Popen[bytes], staging: Path) -> None:
    """Wait until the process has begun to take files in."""

    def begun() -> bool:
        assert process.poll() is None, "it was too quick to be interrupted"
        return any(path.is_file() and path.stat().st_size for path in staging.rglob("*.part"))

    until(begun)


def test_what_the_library_warns_of_is_a_line_of_ours(two: Shell) -> None:
    ran = two("put", "source-data", "-n", "data", "--meta", "k=1", "-q")

    assert ran.out == "default/uncategorized/data:v1\n"
    assert ran.err.startswith("wbart: data: the content is that of version v1")
    assert ran.err.count("\n") == 1
