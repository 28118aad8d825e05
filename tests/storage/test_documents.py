"""What storage/README.md says in bytes and figures is what the code does."""

from __future__ import annotations

import re
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

from wbart_manifest.digest import Digest, digest_function
from wbart_storage.config import PackParameters
from wbart_storage.reading import blobs
from wbart_storage.staging import session, staged_packs
from wbart_storage.staging.pack import PackWriter

TEXT = (Path(__file__).parents[2] / "storage" / "README.md").read_text(encoding="utf-8")


def as_documented(contents: list[bytes]) -> bytes:
    """A pack made of the README's table, and of nothing of ours."""
    members, directory = b"", b""
    for content in contents:
        name = Digest.of(content).hex.encode()
        about = struct.pack("<HHHHIIIHH", 0, 0, 0, 0x21, crc32(content), *[len(content)] * 2, 64, 0)
        directory += b"PK\x01\x02" + struct.pack("<HH", 45, 45) + about
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(members)) + name
        members += b"PK\x03\x04" + struct.pack("<H", 45) + about + name + content
    count, end = len(contents), len(members) + len(directory)
    place = (len(directory), len(members))
    end64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, *place)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    last = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, *place, 0)
    return members + directory + end64 + locator + last


def test_a_pack_has_the_bytes_that_are_written_down(tmp_path: Path) -> None:
    contents = [b"one", b"two" * 5_000, bytes(range(256))]
    with ThreadPoolExecutor(1) as executor:
        pack = PackWriter(tmp_path / "pack", "blake3", executor)
        offsets = [pack.add(Digest.of(content).raw, content) for content in contents]
        name = pack.close()

    data = (tmp_path / "pack").read_bytes()
    assert data == as_documented(contents)
    assert name == digest_function("blake3")(data)
    assert [data[at : at + 3] for at in offsets] == [content[:3] for content in contents]


def test_the_figures_are_those_of_the_code() -> None:
    told = PackParameters()

    assert f"`pack.max_member` ({told.max_member >> 20} MiB)" in TEXT
    assert f"`pack.min_members` ({told.min_members})" in TEXT
    assert f"`pack.target` ({told.target >> 20} MiB)" in TEXT
    assert f"gaps of at most {blobs.GAP >> 10} KiB" in TEXT
    assert f"asks for at most {blobs.READ >> 20} MiB" in TEXT
    assert f"({staged_packs._REMEMBERED:,} digests)" in TEXT
    assert session.READY_SECONDS == 24 * 3600


def test_notes_are_numbered_once() -> None:
    root = Path(__file__).parents[2]
    numbers = [
        int(number)
        for wing in ("storage", "artifacts")
        for number in re.findall(
            r"^\*\*N(\d+)\. ", (root / wing / "README.md").read_text(encoding="utf-8"), re.MULTILINE
        )
    ]

    assert sorted(numbers) == list(range(1, len(numbers) + 1))
