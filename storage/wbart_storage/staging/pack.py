"""Packs: many small blobs in one plain, stored ZIP64 file that `unzip` opens without wbart.

Format: APPNOTE.TXT 6.3.10, method 0, one member a blob, named by the hex of its digest, with a
fixed time so that the same members in the same order give the same bytes and so the same pack id.
"""

from __future__ import annotations

import os
import struct
from binascii import hexlify
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from wbart_manifest.digest import hasher
from wbart_storage.disk import disk_errors
from wbart_storage.errors import StorageError
from wbart_storage.files.direct import BLOCK, aligned_buffer, create_direct, write_direct

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR64 = struct.Struct("<IIQI")
_END = struct.Struct("<IHHHHIIH")
_VERSION = 45
_DATE = 0x21  # 1980-01-01, the first day that the format knows
_BUFFER = 4 << 20


class Member(NamedTuple):
    """One blob of a pack: where its bytes begin in the pack, and how many there are."""

    digest: bytes
    offset: int
    size: int
    crc: int


class PackWriter:
    """Writes one pack to a local file; hashing and writing run behind the caller.

    Not safe to share between threads. Nothing is named by the pack until `close` returned.
    """

    def __init__(self, path: Path, algorithm: str, writer: Executor, durable: bool = True) -> None:
        self.path = path
        self._durable = durable
        self.members: list[Member] = []
        self._writer = writer
        self._pending: Future[None] | None = None
        self._hasher = hasher(algorithm)
        self._parts: list[bytes] = []
        self._buffered = 0
        self._end = 0
        self._blocks = aligned_buffer(_BUFFER)
        self._tail = 0
        with disk_errors(path):
            self._fd = create_direct(path)

    @property
    def size(self) -> int:
        """Bytes so far, without the directory that `close` adds."""
        return self._end

    def add(self, digest: bytes, data: bytes) -> int:
        """Append a blob and return the offset of its bytes in the pack."""
        size = len(data)
        crc = crc32(data)
        name = hexlify(digest)
        header = _LOCAL.pack(0x04034B50, _VERSION, 0, 0, 0, _DATE, crc, size, size, len(name), 0)
        offset = self._end + 30 + len(name)
        self.members.append(Member(digest, offset, size, crc))
        self._parts += (header, name, data)
        self._end = offset + size
        self._buffered += size + 30 + len(name)
        if self._buffered >= _BUFFER:
            self._flush()
        return offset

    def close(self) -> bytes:
        """Write the directory, make the file durable (if wanted) and return the raw pack id.

        The id is the digest of the pack's bytes.
        """
        self._parts.append(_directory(self.members, self._end))
        try:
            self._flush()
            self._settle()
            with disk_errors(self.path):
                write_direct(self._fd, self._blocks[: self._tail])
                if self._durable:
                    os.fsync(self._fd)
        finally:
            self.release()
        return self._hasher.digest()

    def abandon(self) -> None:
        """Close and remove the file; may be called at any time and more than once."""
        self.release()
        self.path.unlink(missing_ok=True)

    def release(self) -> None:
        """Close the file as it is, once nothing is being written; more than once is fine."""
        if self._pending is not None:
            self._pending.exception()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _settle(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None

    def _flush(self) -> None:
        # One buffer at most is under way: so memory stays bounded and the order is kept.
        self._settle()
        data = b"".join(self._parts)
        self._parts = []
        self._buffered = 0
        self._pending = self._writer.submit(self._write, data)

    def _write(self, data: bytes) -> None:
        self._hasher.update(data)
        rest = memoryview(data)
        with disk_errors(self.path):
            while rest:
                count = min(len(rest), len(self._blocks) - self._tail)
                self._blocks[self._tail : self._tail + count] = rest[:count]
                self._tail += count
                rest = rest[count:]
                self._write_blocks()

    def _write_blocks(self) -> None:
        """Write the whole blocks of what is gathered, and keep the rest for the next time."""
        whole = self._tail - self._tail % BLOCK
        write_direct(self._fd, self._blocks[:whole])
        self._tail -= whole
        self._blocks[: self._tail] = self._blocks[whole : whole + self._tail]


def _directory(members: list[Member], start: int) -> bytes:
    parts = []
    for digest, offset, size, crc in members:
        name = hexlify(digest)
        parts.append(
            _CENTRAL.pack(
                0x02014B50, _VERSION, _VERSION, 0, 0, 0, _DATE, crc, size, size,
                len(name), 0, 0, 0, 0, 0, offset - 30 - len(name),
            )
        )  # fmt: skip
        parts.append(name)
    body = b"".join(parts)
    count, end = len(members), start + len(body)
    end64 = _END64.pack(0x06064B50, 44, _VERSION, _VERSION, 0, 0, count, count, len(body), start)
    locator = _LOCATOR64.pack(0x07064B50, 0, end, 1)
    short = min(count, 0xFFFF)
    tail = _END.pack(0x06054B50, 0, 0, short, short, len(body), start, 0)
    return body + end64 + locator + tail


def read_directory(pack: bytes) -> Iterator[Member]:
    """Yield the members that a whole pack's bytes name, for rebuilding locations.

    Raises StorageError when the bytes are not a pack of ours. Names are not trusted: whoever
    uses a member checks its bytes against the digest.
    """
    try:
        end64 = _END64.unpack_from(pack, len(pack) - _END.size - _LOCATOR64.size - _END64.size)
        if end64[0] != 0x06064B50:
            raise StorageError("pack has no ZIP64 directory")
        position, count = end64[9], end64[7]
        for _ in range(count):
            fields = _CENTRAL.unpack_from(pack, position)
            length = fields[10]
            name = pack[position + 46 : position + 46 + length]
            yield Member(
                bytes.fromhex(name.decode()), fields[16] + 30 + length, fields[9], fields[7]
            )
            position += 46 + length
    except (struct.error, ValueError, OverflowError) as error:
        raise StorageError(f"pack has a damaged directory: {error}") from error
