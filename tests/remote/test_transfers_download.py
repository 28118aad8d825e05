"""Downloads from real servers: ranges under way at once, and gone on with after a kill."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock

import pytest
from tests.remote.carrier import carrying, get, make_store, opened, put, wanted
from tests.remote.test_transfers_upload import FEW_PARTS, MOST_MEMORY, killed_when, made
from tests.servers import Server
from tests.servers.proxy import Proxy, proxied
from tests.storage.staging import rigged, write_files

from wbart_storage.around.trace import Call, Trace
from wbart_storage.cache.cache import Cache
from wbart_storage.cache.reader import CacheReader
from wbart_storage.clock import SystemClock
from wbart_storage.errors import StoreUnavailable
from wbart_storage.opening import open_objects
from wbart_storage.reading.ahead import AHEAD, READ, ahead
from wbart_storage.reading.blobs import Blobs
from wbart_storage.reading.fetch import Fetch


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


@pytest.fixture
def large(sources: Path) -> Path:
    return made(sources / "large", FEW_PARTS + 16)


@pytest.fixture
def proxy(serving: Callable[[str], Server]) -> Iterator[Proxy]:
    with proxied(serving("ministack")) as proxy:
        yield proxy


def received(proxy: Proxy) -> int:
    return sum(each.received for each in proxy.matching("GET", "/o/"))


def test_a_killed_download_goes_on_where_it_was(proxy: Proxy, large: Path, tmp_path: Path) -> None:
    bucket = proxy.upstream.bucket()
    make_store(bucket, proxy.upstream.options)
    put(opened(bucket, proxy.upstream.options, tmp_path / "putter"), large)
    carry = "get", bucket, proxy.server.options, tmp_path, large
    size = large.stat().st_size

    def parts() -> int:
        return sum(path.stat().st_size for path in tmp_path.glob("cache/*/part/*"))

    killed_when(carrying(*carry), lambda: parts() > size // 2)
    assert not (tmp_path / "out" / large.name).exists()
    there = parts()
    proxy.forget()
    with carrying(*carry) as child:
        told, _ = child.communicate()

    assert child.returncode == 0
    assert received(proxy) == size - there < size // 2
    assert (tmp_path / "out" / large.name).read_bytes() == large.read_bytes()
    assert int(told) < MOST_MEMORY


@pytest.mark.parametrize("skip_cache", [False, True])
def test_a_large_object_comes_whole_from_every_server(
    server: Server, bucket: str, tmp_path: Path, skip_cache: bool
) -> None:
    path = tmp_path / "source"
    path.write_bytes(os.urandom(3 * READ + 17))
    make_store(bucket, server.options)
    store = opened(bucket, server.options, tmp_path)
    put(store, path)

    get(store, path, tmp_path / "out", skip_cache=skip_cache)

    assert (tmp_path / "out/source").read_bytes() == path.read_bytes()
    held = [each.digest for each in store.cache.ls()] if store.cache else []
    assert held == ([] if skip_cache else [wanted(path).digest])


class Counting:
    """A range reader that knows how many reads are under way, and lets them meet."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.most = self.now = self.asked = 0
        self._lock = Lock()

    def __call__(self, start: int, end: int) -> bytes:
        with self._lock:
            self.asked += 1
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return bytes(range(start % 256, start % 256 + 1)) * (min(end, self.size) - start)
        finally:
            with self._lock:
                self.now -= 1


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1000, 1001, 5000])
@pytest.mark.parametrize("start", [0, 1, 100])
def test_pieces_come_in_order_and_whole(size: int, start: int) -> None:
    data = os.urandom(size)
    found = list(ahead(lambda a, b: data[a:b], start, size, 100))

    assert b"".join(found) == data[start:]
    assert all(len(piece) == 100 for piece in found[:-1])


def test_an_object_that_is_shorter_ends_the_reading() -> None:
    data = os.urandom(950)
    assert b"".join(ahead(lambda a, b: data[a:b], 0, 100_000, 100)) == data


def test_no_more_is_under_way_than_is_allowed() -> None:
    one, two = Counting(10_000), Counting(10_000)
    first = ahead(one, 0, one.size, 100)
    next(first)
    assert one.asked <= AHEAD + 2
    second = ahead(two, 0, two.size, 100)
    for _ in range(10):
        next(second)

    assert two.asked <= 12, "the first has taken what there is to spare"
    first.close()  # type: ignore[attr-defined]
    assert len(list(second)) == 90
    assert two.most <= AHEAD + 1


def test_an_error_comes_when_its_piece_is_due_and_ends_the_reading() -> None:
    asked = Counter[int]()

    def read(start: int, end: int) -> bytes:
        asked[start] += 1
        if start == 300:
            raise StoreUnavailable("planted")
        return bytes(end - start)

    pieces = ahead(read, 0, 100_000, 100)
    assert [len(next(pieces)) for _ in range(3)] == [100] * 3
    with pytest.raises(StoreUnavailable):
        next(pieces)
    assert len(asked) <= 3 + AHEAD + 1
    assert len(list(ahead(Counting(5000), 0, 5000, 100))) == 50, "what was spare is so again"


FILES = 3_000


def test_small_files_cost_a_few_requests(serving: Callable[[str], Server], tmp_path: Path) -> None:
    server = serving("ministack")
    bucket = server.bucket()
    calls: list[Call] = []
    store = Trace(open_objects(bucket, server.options), calls.append)
    files = {f"d{n // 100:02}/f{n:04}": n.to_bytes(8, "big") * 250 for n in range(FILES)}
    root = write_files(tmp_path / "root", files)
    with rigged(store, tmp_path, pack_size=1 << 20, max_member=1 << 20) as rig:
        taken = rig.seal(rig.folder(root))
        rig.publish(taken)
    packs = {each.location.object for each in taken}
    assert Counter(call.name for call in calls) == {"put": len(packs)}
    assert len(packs) <= FILES * 2200 / (1 << 20) + 1

    calls.clear()
    cache = Cache(tmp_path / "near", "blake3", SystemClock(), lambda _: 10**9)
    blobs = Blobs(CacheReader(store, cache), "blake3")
    for _ in Fetch(blobs, str(tmp_path / "out"), jobs=4).run(taken):
        pass
    asked = Counter(call.name for call in calls)
    assert set(asked) == {"get"}
    assert asked["get"] <= 3 * len(packs)
    assert {each: (tmp_path / "out" / each).read_bytes() for each in files} == files

    with rigged(store, tmp_path / "again", pack_size=1 << 20, max_member=1 << 20) as rig:
        calls.clear()
        rig.publish(taken)
    assert Counter(call.name for call in calls) == {"stat": len(packs)}
