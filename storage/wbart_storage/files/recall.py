"""What is remembered of a folder's files beside what is found there, in columns.

To compare a batch is to compare lists, which costs nothing as long as the folder holds the same
files as it did; a value for each file costs as much as asking the kernel for its status.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

Page = tuple[list[str], list[bytes], list[bytes]]
"""Paths in ascending order, their stamps and their digests."""


class Recall:
    """Walks the fingerprints of a folder beside a scan of it; both are sorted by path."""

    def __init__(self, pages: Iterator[Page]) -> None:
        self._pages = pages
        self._paths: list[str] = []
        self._stamps: list[bytes] = []
        self._digests: list[bytes] = []
        self._gone: list[str] = []

    def digests(self, paths: list[str], stamps: list[bytes]) -> list[bytes]:
        """The digests of the files that are as remembered, and nothing for the others.

        The paths follow each other in the folder, and are asked for in ascending order.
        """
        count = len(paths)
        while len(self._paths) < count and self._read():
            pass
        if self._paths[:count] == paths:
            return self._matched(count, stamps)
        return self._merged(paths, stamps)

    def gone(self) -> list[str]:
        """The remembered paths that were never asked for; ends the walk."""
        while self._read():
            pass
        self._gone += self._paths
        self._drop(len(self._paths))
        return self._gone

    def _matched(self, count: int, stamps: list[bytes]) -> list[bytes]:
        known, digests = self._stamps[:count], self._digests[:count]
        self._drop(count)
        if known == stamps:
            return digests
        return [
            digest if one == other else b""
            for one, other, digest in zip(known, stamps, digests, strict=True)
        ]

    def _merged(self, paths: list[str], stamps: list[bytes]) -> list[bytes]:
        last = paths[-1]
        while not (self._paths and self._paths[-1] >= last) and self._read():
            pass
        count = bisect_right(self._paths, last)
        known = {
            path: (stamp, digest)
            for path, stamp, digest in zip(
                self._paths[:count], self._stamps, self._digests, strict=False
            )
        }
        self._drop(count)
        found = [known.pop(path, _UNKNOWN) for path in paths]
        self._gone += known
        return [
            digest if mark == stamp else b""
            for (mark, digest), stamp in zip(found, stamps, strict=True)
        ]

    def _read(self) -> bool:
        for paths, stamps, digests in self._pages:
            self._paths += paths
            self._stamps += stamps
            self._digests += digests
            return True
        return False

    def _drop(self, count: int) -> None:
        del self._paths[:count], self._stamps[:count], self._digests[:count]


_UNKNOWN = b"", b""
