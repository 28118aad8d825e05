"""The command, as a newcomer uses it, on a store in a bucket of each kind of server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.servers import Server

from wbart_storage.opening import open_objects

Serving = Callable[[str], Server]


class Customer(Shell):
    """Somebody whose store lies in a bucket."""

    def __init__(self, folder: Path, server: Server) -> None:
        super().__init__(folder)
        self.url = f"{server.bucket()}/team"
        self.env["WBART_STORE"] = self.url
        self.env["WBART_STORAGE_OPTIONS"] = json.dumps(dict(server.options))
        self.env["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"

    def left(self) -> list[str]:
        """Files that no command should have left behind."""
        found = [path for path in (self.folder / "cache").rglob("*") if path.is_file()]
        return [str(path) for path in found if "staging" in path.parts]


@pytest.fixture(params=["ministack", "azurite", "fakegcs"])
def wbart(request: pytest.FixtureRequest, serving: Serving, tmp_path: Path) -> Customer:
    """The command, on an empty machine whose WBART_STORE is in a new bucket."""
    return Customer(tmp_path, serving(request.param))


@pytest.fixture
def shop(wbart: Customer) -> Customer:
    """The same with a store, and a collection `data` of two versions."""
    wbart("init")
    small = {f"d/f{number:02}.txt": f"file {number}" for number in range(20)}
    wbart.put("data", {**small, "a.txt": "one"}, "-a", "best")
    wbart.put("data", {**small, "a.txt": "two", "b.txt": "new"})
    return wbart


def test_before_there_is_a_store_each_command_says_so_in_a_sentence(wbart: Customer) -> None:
    for arguments in (("ls",), ("show", "data"), ("get", "data"), ("doctor",)):
        failed = wbart(*arguments, code=10)
        assert f"no store at {wbart.url}" in failed.err + failed.out, arguments
    made = wbart("init")
    assert (made.out, made.err) == (f"{wbart.url}\n", "")
    assert wbart("init", code=6).err == f"wbart: there is a store already: {wbart.url}\n"
    assert wbart("ls").out == ""
    assert "good  store" in wbart("doctor").out


def test_a_bucket_that_is_not_there_is_told_as_that(wbart: Customer) -> None:
    nowhere = f"{wbart.url.partition('://')[0]}://no-such-bucket-anywhere/team"

    assert f"no store at {nowhere}" in wbart("ls", "-s", nowhere, code=10).err
    assert f"no bucket for {nowhere}" in wbart("init", nowhere, code=10).err


def test_processes_of_their_own_say_nothing_but_what_they_mean(wbart: Customer) -> None:
    """At exit, too, when libraries close what they opened."""
    wbart.write("data/a.txt", "one")
    wbart.write("data/large.bin", b"x" * 9_000_000)
    said = [
        wbart("init", fresh=True),
        wbart("put", "data", "-q", fresh=True),
        wbart("get", "data", "out", "-q", fresh=True),
        wbart("show", "data", "-q", fresh=True),
    ]

    assert [each.err for each in said] == [""] * 4
    assert (wbart.folder / "out" / "large.bin").read_bytes() == b"x" * 9_000_000
    assert wbart.left() == []


def test_looking_around(shop: Customer) -> None:
    here = "default/uncategorized/data"
    assert shop("ls", "data", "-q").lines == [f"{here}:v1", f"{here}:v0"]
    assert shop("show", "data:best", "--json").json["file_count"] == 21
    assert shop("files", "data:v1", "-q").lines[:2] == ["a.txt", "b.txt"]
    assert shop("cat", "data#a.txt").out == "two"
    assert "stored v1" in shop("log", "data").out
    assert shop("diff", "data:v0", "data:v1", code=20).lines == [
        "M  a.txt  (3.0B -> 3.0B)",
        "A  b.txt  (3.0B)",
    ]
    assert shop("whatis", "source-data/b.txt").out.startswith(f"{here}:v1")
    for arguments in (("show", "data:v9"), ("cat", "data#no"), ("get", "nothing")):
        failed = shop(*arguments, code=4)
        assert failed.err.count("\n") == 1
    assert shop.left() == []


def test_a_folder_goes_out_is_changed_compared_healed_and_moved_on(shop: Customer) -> None:
    shop("get", "data:v0", "out")
    assert shop("status", "out").out == ""
    shop.write("out/a.txt", "bad")
    assert shop("status", "out", code=20).out == "M  a.txt\n"
    assert shop("verify", "out", code=5).out == "changed     a.txt\n"
    assert shop("verify", "out", "--repair").out == "changed     a.txt  repaired\n"
    assert (shop.folder / "out/a.txt").read_text() == "one"
    shop("checkout", "data:v1", "out")
    assert (shop.folder / "out/a.txt").read_text() == "two"
    assert shop("status", "out").out == ""
    assert shop.left() == []


def test_the_stored_bytes_are_verified_and_healed(shop: Customer, serving: Serving) -> None:
    assert shop("verify", "data").out == ""
    _spoil(shop)

    broken = shop("verify", "data:v0", code=5)
    healed = shop("verify", "data:v0", "--repair", "--from", _original(shop))

    assert "changed" in broken.out
    assert "repaired" in healed.out
    assert shop("verify", "data:v0").out == ""


def _original(shop: Customer) -> str:
    shop.write("source-data/a.txt", "one")
    return "source-data"


def _spoil(shop: Customer) -> None:
    """Change bytes of the first pack, as no one should."""
    objects = open_objects(shop.url, json.loads(shop.env["WBART_STORAGE_OPTIONS"]))
    pack = next(stat.key for stat in objects.list("k/"))
    data = bytearray(objects.get(pack))
    data[data.index(b"file 7") : data.index(b"file 7") + 6] = b"FILE 7"
    objects.put(pack, bytes(data))


def test_names_move(shop: Customer) -> None:
    assert shop("alias", "set", "data:v1", "best").out == "best: v0 -> v1\n"
    assert shop("alias", "undo", "data", "best").out == "best: v1 -> v0\n"
    assert len(shop("alias", "log", "data", "best").lines) == 3
    shop("alias", "rm", "data", "best")
    shop("tag", "add", "data:v0", "raw")
    assert shop("show", "data:v0", "--json").json["tags"] == ["raw"]
    shop("link", "data:v0", "shelf", "-a", "summer")
    assert shop("show", "shelf:summer", "--json").json["is_link"] is True
    shop("unlink", "shelf:v0")
    assert shop("ls", "shelf", "-q").out == ""


def test_versions_end_and_come_back(shop: Customer) -> None:
    shop("ttl", "data:v0", "30d")
    assert shop("ttl", "data:v0", "--json").json["ttl"] == 30 * 86_400
    shop("rm", "data:v0", code=11)
    shop("rm", "data:v0", "-y", code=11)
    shop("rm", "data:v0", "-y", "--delete-aliases")
    shop("show", "data:best", code=4)
    shop("restore", "data:v0")
    assert shop("show", "data:best", "--json").json["version"] == "v0"


def test_the_cache_serves_and_is_looked_after(shop: Customer) -> None:
    shop("get", "data", "out")
    assert shop("cache", "ls", "--json").json
    shop("cache", "verify")
    shop("get", "data", "off", "--offline")
    assert (shop.folder / "off/a.txt").read_text() == "two"
    shop("cache", "prune", "0B")
    assert shop("get", "data", "dry", "--offline", code=12).err.count("\n") == 1
    shop("get", "data", "again")
    assert shop.left() == []


def test_a_copy_goes_to_a_folder_and_back(shop: Customer) -> None:
    shop("init", "local")
    shop.put("other", {"x.txt": "far"}, "-s", "local")

    there = shop("copy", "other", shop.url, "-s", "local", "--json").json
    back = shop("copy", "data", "local", "--all", "--json").json

    assert [each["new"] for each in there["versions"]] == [True]
    assert [each["new"] for each in back["versions"]] == [True, True]
    assert shop("cat", "other#x.txt").out == "far"
    assert shop("cat", "data:best#a.txt", "-s", "local").out == "one"


_SCRIPT = """
import wbart as wandb

with wandb.init(project="zoo", job_type="train", config={"rate": 0.1}) as run:
    data = wandb.Artifact("set", type="dataset", metadata={"legs": 4})
    data.add_dir("files")
    data.add_file("files/a.txt", name="again.txt")
    run.log_artifact(data, aliases=["best"]).wait()
    run.log({"loss": 0.5})
with wandb.init(project="zoo") as run:
    found = run.use_artifact("set:best")
    with open(found.download() + "/again.txt") as file:
        print(file.read())
api = wandb.Api()
print(api.artifact("zoo/set:latest").logged_by().summary["loss"])
print([run.id for run in api.artifact("zoo/set:v0").used_by()] == [run.id])
"""


def test_a_script_of_wandbs_runs_on_a_bucket(wbart: Customer) -> None:
    wbart("init")
    for number in range(20):
        wbart.write(f"files/{number}.txt", str(number))
    wbart.write("files/a.txt", "one")
    wbart.write("script.py", _SCRIPT)

    done = subprocess.run(
        [sys.executable, "-W", "error", "script.py"],
        cwd=wbart.folder,
        env=wbart.env,
        capture_output=True,
        timeout=120,
    )

    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert done.stdout.decode().splitlines() == ["one", "0.5", "True"]
    assert wbart.left() == []


def test_packs_of_a_first_version_alone_go_while_files_are_still_read(wbart: Customer) -> None:
    wbart("init")
    for number in range(80):
        path = wbart.folder / f"folder/{number:02}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(900_000))
    wbart("put", "folder", "-n", "data")
    options = json.loads(wbart.env["WBART_STORAGE_OPTIONS"])
    packs = {each.key for each in open_objects(wbart.url, options).list("k/")}
    assert len(packs) == 3

    # Another machine knows none of the files: it finds out what is new before anything is sent.
    wbart.env["WBART_CACHE_DIR"] = str(wbart.folder / "other-cache")
    wbart.env["WBART_DATA_DIR"] = str(wbart.folder / "other-data")
    (wbart.folder / "folder/-new.bin").write_bytes(os.urandom(900_000))
    wbart("put", "folder", "-n", "data")
    later = {each.key for each in open_objects(wbart.url, options).list("k/")}
    assert len(later - packs) == 1

    wbart("get", "data:v1", "out")
    for path in (wbart.folder / "folder").iterdir():
        assert (wbart.folder / "out" / path.name).read_bytes() == path.read_bytes()
