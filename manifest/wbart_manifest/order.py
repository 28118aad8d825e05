"""The order of entries: strictly ascending paths, none of them below another.

All keys between `a` and `a/b` start with `a`, so a file that is also a folder has an entry right
behind it that starts with its path. One pass over neighbours clears nearly every list.
"""

from collections.abc import Sequence
from itertools import islice
from operator import ge

from wbart_manifest.errors import EntryClash, ManifestCorrupt
from wbart_manifest.path import check_column


def first_disorder(paths: Sequence[str]) -> int | None:
    """Return the first index whose path is not above the one before it, or None."""
    steps = map(ge, paths, islice(paths, 1, None))
    return next((index for index, wrong in enumerate(steps, 1) if wrong), None)


class Nesting:
    """Finds a file that is also a folder, in paths that come in ascending order."""

    def __init__(self) -> None:
        # Paths seen of which later ones may still be below; each starts with the one before it.
        self._open: list[str] = []

    def feed(self, paths: Sequence[str]) -> None:
        """Take the next paths. Raises EntryClash when one lies below another."""
        if not paths:
            return
        self._close(paths[0])
        if self._open or any(map(str.startswith, islice(paths, 1, None), paths)):
            for path in paths:
                self._push(path)
        else:
            self._open = [paths[-1]]

    def _close(self, path: str) -> None:
        while self._open and not path.startswith(self._open[-1]):
            self._open.pop()

    def _push(self, path: str) -> None:
        self._close(path)
        # Only the innermost needs a look: what it shares with the outer ones was looked at
        # when it came itself.
        if self._open and path[len(self._open[-1])] == "/":
            raise EntryClash(self._open[-1], path)
        self._open.append(path)


def check_leaf_paths(joined: bytes, count: int) -> list[str]:
    """Return the paths of a leaf's column. Raises ManifestCorrupt unless all rules hold."""
    if not count:
        if joined:
            raise ManifestCorrupt("paths in an empty leaf")
        return []
    try:
        paths = joined.decode().split("\0")
        check_column(paths)
        if len(paths) != count or first_disorder(paths) is not None:
            raise ManifestCorrupt("paths that are not in order")
        Nesting().feed(paths)
    except ManifestCorrupt:
        raise
    except ValueError as error:
        raise ManifestCorrupt(f"a node with bad paths: {error}") from error
    return paths
