"""How many requests an operation costs, on a bucket. Each is a round trip, and most are billed."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.servers import Server
from tests.servers.proxy import Proxy, proxied

from wbart import Api, Artifact
from wbart.drafts.draft import LayeredNodes
from wbart.drafts.saving import check_loggable
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_manifest.entry import Entry
from wbart_manifest.location import PACKED, Location
from wbart_manifest.manifest import Manifest
from wbart_storage.around.trace import Call, Trace
from wbart_storage.store import create_store
from wbart_storage.tokens import token_hex

HOME = "default", "uncategorized"
OLD = 1_700_000_000
"""A time long gone: a file changed just now is not remembered by its stamp."""


@dataclass
class Desk:
    """A workspace on a bucket whose calls are counted."""

    workspace: Workspace
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        store = self.workspace.store
        traced = replace(store, objects=Trace(store.objects, self.calls.append))
        self.workspace = Workspace(self.workspace.settings, traced)
        self.api = Api()
        self.api.__dict__["_workspace"] = self.workspace  # where the cached property lies

    def taken(self) -> dict[str, int]:
        """The calls since it was last asked: put stands for create too, get for stat too."""
        same = {"create": "put", "stat": "get"}
        counts = Counter(same.get(call.name, call.name) for call in self.calls)
        self.calls.clear()
        return {name: counts[name] for name in ("put", "get", "list", "delete") if counts[name]}

    def save(self, artifact: Artifact) -> Artifact:
        """As a run saves it: first it is checked, then uploaded and committed."""
        check_loggable(artifact._facts, self.workspace, *HOME, [], [])
        artifact._save(self.workspace, *HOME)
        return artifact

    def small(self, text: str, name: str = "small") -> Artifact:
        artifact = Artifact(name, "dataset")
        with artifact.new_file("x.txt") as file:
            file.write(text)
        return artifact

    def folder(self, root: Path, name: str = "folder") -> Artifact:
        artifact = Artifact(name, "dataset")
        artifact.add_dir(str(root))
        return artifact


@pytest.fixture
def server(serving: Callable[[str], Server]) -> Server:
    return serving("ministack")


def settle(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a new store on the server, for the whole process."""
    store = f"{server.bucket()}/store"
    monkeypatch.setenv("WBART_STORE", store)
    monkeypatch.setenv("WBART_STORAGE_OPTIONS", json.dumps(dict(server.options)))
    monkeypatch.setenv("WBART_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("WBART_DATA_DIR", str(folder / "data"))
    monkeypatch.chdir(folder)
    create_store(store, storage_options=server.options)
    return Settings.load()


@pytest.fixture
def settings(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return settle(server, tmp_path, monkeypatch)


@pytest.fixture
def open_desk(settings: Settings) -> Callable[[], Desk]:
    """Gives a desk that knows nothing yet, as a new process does."""
    return lambda: Desk(Workspace.open(settings))


@pytest.fixture
def desk(open_desk: Callable[[], Desk]) -> Desk:
    """A desk that has saved and read one version of `small` already."""
    desk = open_desk()
    desk.save(desk.small("first"))
    desk.api.artifact("small:latest")
    desk.taken()
    return desk


def write_files(root: Path, count: int, size: int = 2000) -> Path:
    root.mkdir(exist_ok=True)
    for number in range(count):
        path = root / f"file-{number:04d}"
        path.write_bytes(f"{number}|".encode() * (size // 5))
        os.utime(path, (OLD, OLD))
    return root


def test_a_small_artifact_is_committed_with_two_puts_and_two_gets(desk: Desk) -> None:
    desk.save(desk.small("second"))

    assert desk.taken() == {"put": 2, "get": 2}


def test_a_name_is_resolved_with_one_get(desk: Desk) -> None:
    for name in ("small:latest", "small:v0", "small"):
        desk.api.artifact(name)

        assert desk.taken() == {"get": 1}, name


def test_a_whole_file_is_downloaded_with_one_get(desk: Desk, tmp_path: Path) -> None:
    found = desk.api.artifact("small:latest")
    desk.taken()

    found.download(str(tmp_path / "out"))

    assert desk.taken() == {"get": 1}
    assert (tmp_path / "out/x.txt").read_text() == "first"


def test_versions_are_listed_with_two_gets_however_many_there_are(desk: Desk) -> None:
    for number in range(5):
        desk.save(desk.small(f"more {number}"))
    desk.taken()

    assert len(list(desk.api.artifacts("dataset", "small"))) == 6

    assert desk.taken() == {"get": 2}


def test_saving_what_did_not_change_sends_only_a_record(desk: Desk, tmp_path: Path) -> None:
    source = write_files(tmp_path / "source", 200)
    desk.save(desk.folder(source))
    desk.taken()

    again = desk.save(desk.folder(source))

    taken = desk.taken()
    assert again.version == "v0"
    assert taken["put"] == 1
    assert taken["get"] <= 3
    assert "list" not in taken


def test_a_changed_file_costs_its_bytes_two_nodes_and_a_record(desk: Desk, tmp_path: Path) -> None:
    source = write_files(tmp_path / "source", 1500)
    desk.save(desk.folder(source))
    desk.taken()
    (source / "file-0700").write_bytes(b"new")

    desk.save(desk.folder(source))

    taken = desk.taken()
    assert taken["put"] <= 4
    assert taken["get"] <= 5


def test_many_small_files_are_few_puts_and_few_gets(
    open_desk: Callable[[], Desk], tmp_path: Path
) -> None:
    desk = open_desk()
    source = write_files(tmp_path / "source", 3000)

    saved = desk.save(desk.folder(source))

    taken = desk.taken()
    # A pack, two or three leaves, a root and the record.
    assert taken["put"] <= 6
    assert taken["get"] + taken["list"] <= 5
    found = desk.api.artifact("folder:latest")
    desk.taken()

    found.download(str(tmp_path / "out"))

    # The nodes were kept when they were put; the pack comes in ever larger ranges.
    assert sum(desk.taken().values()) <= 5
    assert saved.manifest.entries.keys() == {path.name for path in (tmp_path / "out").iterdir()}


def test_a_new_process_reads_configuration_and_log_once(
    settings: Settings, open_desk: Callable[[], Desk]
) -> None:
    first = open_desk()
    for number in range(3):
        first.save(first.small(f"text {number}"))

    desk = open_desk()  # one GET more, of wbart.json, before anything is counted
    desk.api.artifact("small:latest")

    # The hint and the checkpoints, of which there are none; two records, the rest by a listing;
    # and the slot that is free yet.
    assert desk.taken() == {"get": 5, "list": 2}


def test_a_new_process_starts_from_the_checkpoint_of_a_long_log(
    open_desk: Callable[[], Desk],
) -> None:
    first = open_desk()
    for number in range(33):
        first.save(first.small(f"text {number}"))

    desk = open_desk()
    desk.api.artifact("small:latest")

    # The hint, the checkpoint, the record that it stands on, one after it, and the free slot.
    assert desk.taken() == {"get": 5}


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with proxied(server) as made:
        yield made


def requests(proxy: Proxy) -> dict[str, int]:
    """The HTTP requests since this was last asked, but for those that a busy machine let fail."""
    counts = Counter(each.method for each in proxy.requests if 0 < each.status < 500)
    proxy.forget()
    return dict(counts)


def test_the_wire_carries_no_more_requests_than_the_store_is_asked(
    proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No HEAD before a GET, nothing looked up before a PUT, no bucket asked for its region."""
    desk = Desk(Workspace.open(settle(proxy.server, tmp_path, monkeypatch)))
    desk.save(desk.small("first"))
    desk.taken()
    requests(proxy)

    desk.save(desk.small("second"))

    assert requests(proxy) == {"PUT": 2, "GET": 2}
    found = desk.api.artifact("small:latest")
    assert requests(proxy) == {"GET": 1}
    found.download(str(tmp_path / "out"))
    assert requests(proxy) == {"GET": 1}
    assert desk.taken() == {"put": 2, "get": 4}


@pytest.fixture
def million(open_desk: Callable[[], Desk]) -> Desk:
    """A desk on a store whose `big:v0` has a million entries, though not their bytes."""
    desk = open_desk()
    store, nodes = desk.workspace.store, LayeredNodes(None)
    manifest = Manifest.build(nodes, _entries(1_000_000), store.algorithm)
    store.nodes.put_all(nodes.new)
    create = {"op": "create", "type": "dataset", "kind": "sequence", "description": None}
    version: dict[str, object] = {
        "op": "version",
        "id": token_hex(16),
        "type": "dataset",
        "digest": str(manifest.digest),
        "wandb": None,
        "manifest": manifest.describe(),
        "metadata": {},
        "description": None,
        "ttl": "inherit",
        "logged_by": None,
        "history_step": None,
        "base": None,
        "aliases": [],
        "tags": [],
        "always": True,
    }
    desk.workspace.catalog.commit(*HOME, "big", create, version)
    return open_desk()


def _entries(count: int) -> Iterator[Entry]:
    pack = bytes(31) + b"\1"
    for number in range(count):
        place = Location(PACKED, pack, 94 + number * 4200, 4096)
        path = f"folder-{number // 1000:04d}/part-{number:07d}.bin"
        yield Entry(path, 4096, number.to_bytes(32, "big"), None, place)


def test_a_file_more_beside_a_million_is_four_puts(million: Desk) -> None:
    found = million.api.artifact("big:latest")
    million.taken()
    draft = found.new_draft()
    with draft.new_file("one-more.txt") as file:
        file.write("hello")

    million.save(draft)

    # The file, a leaf, the root and the record; the same nodes read, and the end of the log twice.
    assert million.taken() == {"put": 4, "get": 4}
    assert million.api.artifact("big:latest").version == "v1"
    million.taken()

    incremental = Artifact("big", "dataset", incremental=True)
    with incremental.new_file("yet-another.txt") as file:
        file.write("hello again")
    million.save(incremental)

    # The nodes are those that were just put.
    assert million.taken() == {"put": 4, "get": 2}
    assert million.api.artifact("big:latest").manifest.get_entry_by_path("one-more.txt")
