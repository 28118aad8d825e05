"""The log in which W&B keeps a run: whole, cut short, damaged, and made of any bytes at all."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.artifacts.house import House
from tests.importers.wandbworld import Importing, Written

from wbart.apis.importers import ImportedRun
from wbart.apis.importers.wandb import WandbRun, runs_at
from wbart.apis.importers.wandb.logfile import LogFile
from wbart.apis.importers.wandb.runfolder import RunFolder
from wbart.errors import ArgumentInvalid, RunNotFound
from wbart_manifest.errors import WbartError
from wbart_storage.errors import SourceChanged

T = TypeVar("T")
HEAD = b":W&B\xe1\xbe\x00"
BLOCK = 32768


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return Written.below(tmp_path_factory.getbasetemp())


@pytest.fixture
def importing(house: House) -> Importing:
    return Importing(house)


def log_of(records: list[bytes]) -> bytes:
    """Records as W&B writes them."""
    data = bytearray(HEAD)
    for record in records:
        left, first = record, True
        while first or left:
            room = BLOCK - len(data) % BLOCK
            if room < 7:
                data += bytes(room)
                continue
            piece, left = left[: room - 7], left[room - 7 :]
            kind = (2 if left else 1) if first else (3 if left else 4)
            data += struct.pack("<IHB", zlib.crc32(bytes([kind]) + piece), len(piece), kind) + piece
            first = False
    return bytes(data)


def field(number: int, content: bytes) -> bytes:
    """A field of a message, of bytes below 2 MiB."""
    key, size = number << 3 | 2, len(content)
    head = (key & 0x7F | 0x80, key >> 7, size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14)
    return bytes(head) + content


@contextmanager
def kept(data: bytes) -> Iterator[Path]:
    """A log with these bytes in a folder of its own."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "run-any.wandb")
        path.write_bytes(data)
        yield path


def outcome(call: Callable[[], T]) -> tuple[str, T | None]:
    """What is told of bad input, and what the call returns otherwise."""
    try:
        return "", call()
    except ArgumentInvalid as error:
        return str(error), None


def whole(run: ImportedRun) -> list[int]:
    """Read all of a run; the steps of its rows."""
    steps = [row["_step"] for row in run.rows()]
    assert all(isinstance(row["_step"], int) for row in run.events())
    assert {name for name, _ in run.files()} <= {"output.log"}
    return steps


def read(data: bytes) -> tuple[list[bytes], bool]:
    """The records of these bytes, and whether they end inside one."""
    with kept(data) as path:
        file = LogFile(path)
        return list(file.records()), file.cut


RECORDS = st.lists(st.one_of(st.binary(max_size=50), st.integers(0, 3 * BLOCK).map(bytes)),
                   max_size=6)  # fmt: skip


@given(RECORDS)
def test_records_are_read_as_they_were_written(records: list[bytes]) -> None:
    assert read(log_of(records)) == (records, False)


@given(RECORDS, st.data())
def test_a_log_that_was_cut_is_read_up_to_the_break(
    records: list[bytes], data: st.DataObject
) -> None:
    whole = log_of(records)
    size = data.draw(st.integers(0, len(whole)))

    found, cut = read(whole[:size])

    assert found == records[: len(found)]
    assert (
        cut
        or size in {len(log_of(records[:n])) for n in range(len(records) + 1)}
        or not any(whole[size : size + 7])
    )


def test_a_log_may_end_where_a_block_ends() -> None:
    data = log_of([bytes(2 * BLOCK)])

    assert read(data[:BLOCK]) == ([], True)


def test_room_that_was_never_filled_is_no_damage() -> None:
    data = log_of([b"one"])
    later = log_of([b"two"]).removeprefix(HEAD)

    assert read(data + bytes(100)) == ([b"one"], False)
    assert read(data + bytes(BLOCK - len(data)) + later) == ([b"one", b"two"], False)


@given(RECORDS.filter(any), st.data())
def test_a_damaged_log_is_told_or_ends_early_and_never_lies(
    records: list[bytes], data: st.DataObject
) -> None:
    spoilt = bytearray(log_of(records))
    spoilt[data.draw(st.integers(0, len(spoilt) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    told, found = outcome(lambda: read(bytes(spoilt))[0])

    assert "run-any.wandb" in told if found is None else found == records[: len(found)]


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_log_or_told_to_be_none(data: bytes, with_head: bool) -> None:
    told, found = outcome(lambda: read(HEAD + data if with_head else data))

    assert (found is None) is bool(told)
    assert "\n" not in told


VALUES = (
    b"1", b"NaN", b"[", b"{}", b"1e999", b"-1", b'"\\ud800"', b"9" * 400, b'{"_type": 1}', b"\xff",
    b"[" * 9000, b'{"a":' * 3000, b'{"a":' * 150 + b"1" + b"}" * 150, b"true", b'{"a": {"b": 1}}',
)  # fmt: skip
JSON = st.integers(0, len(VALUES) - 1).map(VALUES.__getitem__)
KEYS = st.sampled_from(
    [b"_step", b"_timestamp", b"_runtime", b"a", b"", b"a.b", b"\xff", b"_wandb"]
)
ITEMS = st.builds(
    lambda nested, key, value: field(2 if nested else 1, key) + field(16, value),
    st.booleans(), KEYS, JSON,
)  # fmt: skip
BODIES = st.lists(
    st.builds(field, st.integers(1, 26), st.one_of(ITEMS, st.binary(max_size=20))), max_size=4
).map(b"".join)
MESSAGES = st.builds(field, st.sampled_from([2, 3, 4, 5, 6, 7, 8, 13, 17, 18, 25, 26]), BODIES)


@given(st.lists(st.one_of(MESSAGES, st.binary(max_size=30)), max_size=6))
def test_any_records_are_read_or_told_to_be_damaged(records: list[bytes]) -> None:
    with kept(log_of(records)) as path:
        source = WandbRun([RunFolder(path)])
        told, steps = outcome(lambda: whole(source.read()))

        assert isinstance(source.lane, str)
    assert "\n" not in told
    assert bool(told) or steps == sorted(steps or ())


BEGIN = field(17, field(1, b"any") + field(3, b"p"))
DIGESTS = st.sampled_from(
    [b"XUFAKrxLKna5cZ2REBfFkg==", b"x", b"MANIFEST_MD5", b"MANIFEST_Y", b"{}"]
)
PATHS = st.sampled_from(
    [b"a", b"../a", b"", b"/etc/hostname", b"s3://k:p@b/x", b"wandb-client-x://"]
)
TEXTS = st.one_of(DIGESTS, PATHS, st.sampled_from([b"wandb-client-artifact://x/y", b"a:v0", b"[1"]))
ENTRIES = st.lists(st.builds(field, st.integers(1, 7), TEXTS), max_size=5).map(b"".join)
MANIFESTS = st.lists(st.builds(field, st.sampled_from([4, 5]), st.one_of(ENTRIES, TEXTS)),
                     max_size=3).map(b"".join)  # fmt: skip
ARTIFACTS = st.lists(
    st.one_of(
        st.builds(field, st.integers(4, 20), TEXTS),
        MANIFESTS.map(lambda manifest: field(12, manifest) + b"\x70\x01"),
    ),
    max_size=9,
).map(b"".join)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.lists(
        st.one_of(
            MESSAGES, ARTIFACTS.map(partial(field, 8)), ARTIFACTS.map(partial(field, 25))
        ),
        max_size=5,
    )
)  # fmt: skip
def test_any_run_is_imported_or_told_why_not(importing: Importing, records: list[bytes]) -> None:
    with kept(log_of([BEGIN, *records])) as path:
        report = importing(path)

    assert (
        len(report.imported) + len(report.updated) + len(report.unchanged) + len(report.failed) == 1
    )
    for _, error in report.failed:
        assert isinstance(error, WbartError), repr(error)
    assert not any("\n" in line for line in report.troubles)


def test_a_log_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "run-long.wandb"
    path.write_bytes(log_of([bytes(10_000)] * 2000))
    file = LogFile(path)
    tracemalloc.start()
    try:
        count = sum(1 for _ in file.records())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == 2000
    assert peak < 1 << 20


def test_a_length_that_promises_too_much_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "run-liar.wandb"
    path.write_bytes(log_of([b"\x12\xff\xff\xff\xff\x0f"]))

    with pytest.raises(ArgumentInvalid, match="cannot be read: field 2 of a message runs past"):
        WandbRun([RunFolder(path)]).read()


def test_a_real_run_that_was_cut_has_crashed_and_keeps_its_rows(
    written: Written, importing: Importing, tmp_path: Path
) -> None:
    log = written.copy("full0001", tmp_path / "copy")
    log.write_bytes(log.read_bytes()[:100_003])

    report = importing(log)

    run = importing.run("ann-w/zoo-w/full0001")
    steps = [row["_step"] for row in run.scan_history()]
    assert run.state == "crashed"
    assert 50 < len(steps) < 400
    assert steps == list(range(len(steps)))
    assert report.troubles == [
        "run full0001: its log ends inside a record: it was read up to there"
    ]


def test_seconds_go_on_in_a_folder_that_resumes_and_its_end_is_the_end(
    importing: Importing, tmp_path: Path
) -> None:
    def row(runtime: bytes) -> bytes:
        return field(2, field(1, field(1, b"_runtime") + field(16, runtime)))

    begin = field(17, field(1, b"r") + field(3, b"p"))
    resume = field(17, field(1, b"r") + field(3, b"p") + b"\xc0\x01\x01")
    for number, records in enumerate(
        ([begin, row(b"2"), row(b"5"), field(18, b"")], [resume, row(b"1")])
    ):
        folder = tmp_path / "two" / f"run-{number}-r"
        folder.mkdir(parents=True)
        (folder / "run-r.wandb").write_bytes(log_of(records))

    importing(tmp_path / "two")

    run = importing.run("p/r")
    rows = [(row["_step"], row["_runtime"]) for row in run.scan_history()]
    assert rows == [(0, 2), (0, 5), (1, 6)]
    assert run.state == "crashed"


def test_a_run_that_goes_on_is_brought_up_to_date(
    written: Written, importing: Importing, tmp_path: Path
) -> None:
    log = written.copy("full0001", tmp_path / "copy")
    whole = log.read_bytes()
    log.write_bytes(whole[:100_003])
    importing(log)
    log.write_bytes(whole)

    report = importing(log)

    run = importing.run("ann-w/zoo-w/full0001")
    assert len(report.updated) == 1
    assert (run.state, len(list(run.scan_history()))) == ("finished", 402)


def test_a_damaged_run_is_told_and_costs_no_other(
    written: Written, importing: Importing, tmp_path: Path
) -> None:
    for id_ in ("failed", "killed", "full0001"):
        written.copy(id_, tmp_path / "many" / f"offline-run-{id_}")
    log = tmp_path / "many" / "offline-run-full0001" / "run-full0001.wandb"
    data = bytearray(log.read_bytes())
    data[50_000] ^= 1
    log.write_bytes(data)

    report = importing(tmp_path / "many")

    [(id_, error)] = report.failed
    assert id_ == "full0001"
    assert isinstance(error, ArgumentInvalid)
    assert f"{log} is damaged at byte " in str(error)
    assert sorted(path.id for path in report.imported) == ["failed", "killed"]
    with pytest.raises(RunNotFound):
        importing.run("ann-w/zoo-w/full0001")


@pytest.mark.parametrize("size", [0, 5, 7])
def test_a_run_that_wrote_nothing_yet_is_no_run(
    importing: Importing, tmp_path: Path, size: int
) -> None:
    path = tmp_path / "run-young.wandb"
    path.write_bytes(HEAD[:size])

    [(id_, error)] = importing(path).failed

    assert id_ == "young"
    assert str(error) == f"{path} does not say which run it is of: it ends too early"


@pytest.mark.parametrize(
    ("data", "match"),
    [(b"no log at all", "is no file of a W&B run"),
     (b":W&B\xe1\xbe\x01", "has version 1 of W&B's form; this wbart reads 0")],
)  # fmt: skip
def test_what_is_no_log_is_told(tmp_path: Path, data: bytes, match: str) -> None:
    path = tmp_path / "run-x.wandb"
    path.write_bytes(data)

    with pytest.raises(ArgumentInvalid, match=match):
        list(LogFile(path).records())


def test_a_log_that_vanishes_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceChanged):
        list(LogFile(tmp_path / "run-gone.wandb").records())
    with pytest.raises(FileNotFoundError):
        runs_at(tmp_path / "run-gone.wandb")
