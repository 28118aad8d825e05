"""`wbart init`, `doctor`, `cache` and `demo`: the machine and the store as a whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.privileges import ordinary

from wbart_manifest.digest import Digest
from wbart_storage.cache.cache import Cache
from wbart_storage.clock import SystemClock


def test_init_makes_a_store_that_others_find(wbart: Shell) -> None:
    del wbart.env["WBART_STORE"]

    ran = wbart("init", "--digest", "sha256", "--entity", "team")

    assert ran.out == f"{wbart.folder}/.wbart\n"
    config = json.loads((wbart.folder / ".wbart/wbart.json").read_text())
    assert (config["digest"], config["entity"]) == ("sha256", "team")
    wbart.write("a.txt", "one")
    assert wbart("put", "a.txt", "-n", "x", "-q").out == "team/uncategorized/x:v0\n"
    assert wbart("files", "x", "--json").json[0]["digest"].startswith("sha256:")


def test_init_without_a_place_makes_the_store_that_is_named(wbart: Shell) -> None:
    assert wbart("init").out == f"{wbart.store}\n"
    assert wbart("init", "-s", "other").out == f"{wbart.folder}/other\n"
    wbart("init", code=6)

    assert not (wbart.folder / ".wbart").exists()


def test_init_again_is_a_conflict(wbart: Shell) -> None:
    wbart("init", "here")

    ran = wbart("init", "here", code=6)

    assert ran.err == f"wbart: there is a store already: {wbart.folder}/here\n"


def test_init_is_not_put_among_other_files(wbart: Shell) -> None:
    wbart.write("here/mine.txt", "mine")

    wbart("init", "here", code=11)

    assert os.listdir(wbart.folder / "here") == ["mine.txt"]


def test_a_dry_init_makes_nothing(wbart: Shell) -> None:
    assert wbart("init", "here", "-n", "--json").json["dry_run"] is True
    assert not (wbart.folder / "here").exists()


def test_init_refuses_a_backend_that_keeps_no_promises(wbart: Shell) -> None:
    wbart("init", "http://127.0.0.1:9/store", code=11)
    wbart("init", "nosuchprotocol://x", code=11)
    wbart("init", "here", "--digest", "md5", code=2)
    wbart("init", "here", "--entity", "a/b", code=2)


def test_a_store_of_a_newer_format_is_left_alone(two: Shell) -> None:
    path = two.store / "wbart.json"
    config = json.loads(path.read_text())
    path.chmod(0o644)
    path.write_text(json.dumps({**config, "format": 99}))

    for arguments in (["ls"], ["put", "source-data", "-n", "x"], ["get", "data"]):
        ran = two(*arguments, "--json", code=10)
        assert json.loads(ran.err)["code"] == "store_unsupported"


def test_a_read_only_store_is_told(two: Shell) -> None:
    for path in (two.store, *two.store.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)

    with ordinary():
        two("put", "source-data/a.txt", "-n", "x", code=7)


def test_bad_settings_are_told_with_their_place(wbart: Shell) -> None:
    wbart.env["WBART_JOBS"] = "many"

    ran = wbart("ls", "--json", code=2)

    assert "WBART_JOBS" in json.loads(ran.err)["message"]


def test_doctor_finds_a_sound_machine_sound(two: Shell) -> None:
    found = two("doctor", "--json").json

    verdicts = {each["subject"]: each["verdict"] for each in found}
    assert {"bad"} & set(verdicts.values()) == set()
    for subject in ("wbart", "store", "store: create", "clock", "cache", "link: reflink"):
        assert subject in verdicts
    assert verdicts["link: hardlink"] == "good"
    assert not list(two.store.glob("hints/probe/*/*"))


def test_doctor_needs_a_store(wbart: Shell) -> None:
    wbart("doctor", code=10)


def _copy(cache: Path, store: str, content: bytes, used: float, name: bytes | None = None) -> Path:
    """A copy that a cache finds, though its index does not know it yet."""
    digest = Digest.of(content if name is None else name).hex
    path = cache / store / "obj" / digest[:2] / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (used, used))
    return path


@pytest.fixture
def cache(wbart: Shell) -> Path:
    """The caches of two stores with three copies, the first not used for longest."""
    folder = wbart.folder / "cache"
    for number, store in enumerate(("one", "two", "one")):
        _copy(folder, store, bytes([number]) * 1000, used=1_700_000_000.0 + number)
    return folder


def test_cache_dir_and_ls(wbart: Shell, cache: Path) -> None:
    assert wbart("cache", "dir").out == f"{cache}\n"
    one, two = wbart("cache", "ls", "--json").json
    assert (one["store_id"], one["files"], one["size"]) == ("one", 2, 2000)
    assert (two["store_id"], two["files"], two["size"]) == ("two", 1, 1000)


def test_cache_prune_drops_what_was_not_used_for_longest(wbart: Shell, cache: Path) -> None:
    first, second, third = (
        next(cache.rglob(Digest.of(bytes([number]) * 1000).hex)) for number in range(3)
    )

    assert wbart("cache", "prune", "2500", "-n").out == "would free 1.0KB\n"
    assert first.exists()
    assert wbart("cache", "prune", "2500").out == "freed 1.0KB\n"
    assert (first.exists(), second.exists(), third.exists()) == (False, True, True)
    assert wbart("cache", "prune", "1500", "-q").out == "1000\n"
    assert (second.exists(), third.exists()) == (False, True)
    assert wbart("cache", "prune", "0", "--json").json["size"] == 1000
    assert not list(cache.glob("*/obj/*/*"))


def test_cache_prune_without_a_size_keeps_what_the_settings_allow(
    wbart: Shell, cache: Path
) -> None:
    assert wbart("cache", "prune", "-q").out == "0\n"
    wbart.env["WBART_CACHE_SIZE"] = "1KB"
    assert wbart("cache", "prune", "-q").out == "2000\n"
    wbart("cache", "prune", "lots", code=2)


def test_cache_verify_finds_and_drops_damaged_copies(wbart: Shell, cache: Path) -> None:
    wbart("cache", "verify")
    bad = _copy(cache, "two", b"other bytes", used=1.0, name=bytes([1]) * 1000)

    assert wbart("cache", "verify", "-n", "--repair", code=5).lines == [f"damaged  two/{bad.name}"]
    assert wbart("cache", "verify", code=5).lines == [f"damaged  two/{bad.name}"]
    assert wbart("cache", "verify", "--repair").lines == [f"removed  two/{bad.name}"]
    assert not bad.exists()
    assert wbart("cache", "verify", "--json").json["checked"] == 2


def test_a_copy_whose_checksum_was_lost_may_be_named_by_another_algorithm(
    wbart: Shell, cache: Path
) -> None:
    digest = Digest.of(b"other", "sha256").hex
    copy = _copy(cache, "one", b"other", used=1.0)
    (cache / "one" / "obj" / digest[:2]).mkdir(parents=True)
    copy = copy.rename(cache / "one" / "obj" / digest[:2] / digest)

    assert wbart("cache", "verify", "--repair", "--json").json["damaged"] == []
    copy.write_bytes(b"bytes")
    assert wbart("cache", "verify", "--repair").lines == [f"removed  one/{digest}"]
    assert not copy.exists()
    assert wbart("cache", "verify", "--json").json["checked"] == 3


def test_what_is_in_use_stays(wbart: Shell, cache: Path) -> None:
    held = Cache(cache / "one", "blake3", SystemClock())
    with held.open(Digest.of(bytes([0]) * 1000).raw) or pytest.fail("not in the cache"):
        assert wbart("cache", "prune", "0", "-q").out == "2000\n"
        assert [each.size for each in held.ls()] == [1000]
    held.close()
    assert wbart("cache", "prune", "0", "-q").out == "1000\n"


def test_without_a_cache_there_is_nothing_to_do(wbart: Shell) -> None:
    assert wbart("cache", "ls").out == ""
    assert wbart("cache", "prune", "0", "-q").out == "0\n"
    assert wbart("cache", "verify").out == ""


def test_the_demo_tells_its_story(wbart: Shell) -> None:
    ran = wbart("demo", fresh=True)

    for words in (
        "$ wbart put zoneinfo -n tzdata -a 2023c",
        "tzdata:v0: 602 files",
        "2 added, 98 changed, 0 removed",
        "98 files written, 2 removed",
        "changed  Europe/Berlin",
        "repaired  Europe/Berlin",
    ):
        assert words in ran.out
    assert not wbart.store.exists(), "the demo has a store of its own"
    assert not (wbart.folder / "cache").exists()


def test_the_demo_stays_where_it_is_wanted_and_its_commands_work_there(wbart: Shell) -> None:
    chapters = wbart("demo", "play", "--json").json
    for name in ("WBART_STORE", "WBART_CACHE_DIR", "WBART_DATA_DIR"):
        del wbart.env[name]
    there = Shell.__new__(Shell)
    there.folder, there.env, there.store = wbart.folder / "play", wbart.env, wbart.store

    assert len(chapters) == 10
    assert len(there("ls", "-q").lines) == 2
    assert there("verify", "now").out == ""
    there("diff", "tzdata:v0", "tzdata:v1", "-q", code=20)
    wbart("demo", "play", code=11)
