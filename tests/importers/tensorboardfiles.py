"""Event files for tests: the real TensorBoard's, and some made byte by byte."""

from __future__ import annotations

import json
import math
import struct
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from tests.peers.home import python_of

from wbart.apis.importers.tensorboard.recordfile import masked

_SCRIPT = Path(__file__).with_name("tensorboard_writer.py")
NAME = "events.out.tfevents.1700000000.host"
WALL = 1_700_000_000.25
_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def write(name: str, folder: Path) -> Path:
    """Have the real TensorBoard write what the script calls by this name."""
    _peer("write", name, folder)
    return folder


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """What TensorBoard's EventAccumulator finds, by folder below this one."""
    lines = _peer("read", folder).splitlines()
    return {found["folder"]: found for found in map(json.loads, lines)}


def number(value: Any) -> float:
    """What the script printed, or a row has, as a number again."""
    words = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, **_WORDS}
    return words[value] if isinstance(value, str) else float(value)


def framed(records: Iterable[bytes]) -> bytes:
    """Records as an event file has them."""
    found = []
    for record in records:
        length = struct.pack("<Q", len(record))
        found += [length, struct.pack("<I", masked(length))]
        found += [record, struct.pack("<I", masked(record))]
    return b"".join(found)


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def chunk(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data


def event(step: int, *values: bytes, wall: float | None = None, version: str = "") -> bytes:
    """An event with values that `scalar` and `value` made."""
    seconds = WALL + step if wall is None else wall
    head = b"\x09" + struct.pack("<d", seconds) + b"\x10" + varint(step)
    said = chunk(3, version.encode()) if version else b""
    return head + said + (chunk(5, b"".join(values)) if values else b"")


def value(tag: str, rest: bytes) -> bytes:
    return chunk(1, chunk(1, tag.encode()) + rest)


def scalar(tag: str, found: float) -> bytes:
    return value(tag, b"\x15" + struct.pack("<f", found))


def tensor(tag: str, plugin: str, message: bytes) -> bytes:
    return value(tag, chunk(9, chunk(1, chunk(1, plugin.encode()))) + chunk(8, message))


FIRST = event(0, version="brain.Event:2")


def log_dir(folder: Path, *records: bytes, name: str = NAME) -> Path:
    """A folder with one event file of version 2."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(framed((FIRST, *records)))
    return folder


def _peer(*arguments: object) -> str:
    done = subprocess.run(
        [str(_python()), str(_SCRIPT), *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def _python() -> Path:
    return python_of("tensorboard")
