"""Edits: a sorted stream of changes, read ahead in batches and applied to a tree."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter

from wbart_manifest.builder import Builder
from wbart_manifest.entry import Entry, same_content
from wbart_manifest.errors import EntryClash, EntryInvalid, shown
from wbart_manifest.node import Node
from wbart_manifest.order import first_disorder
from wbart_manifest.path import check_column
from wbart_manifest.tree import Reader

BATCH = 4096

Edit = tuple[str, Entry | None]
_path_of = attrgetter("path")


class Edits:
    """A stream of edits in ascending order of path, checked as it is read."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._source = iter(edits)
        self._batch: list[Edit] = []
        self._at = 0
        self._last = ""

    def below(self, upper: str | None) -> bool:
        """Tell whether the next edit's path lies before upper, or whether there is any."""
        if self._at == len(self._batch):
            self._fill()
        return bool(self._batch) and (upper is None or self._batch[self._at][0] < upper)

    def take(self, upper: str | None) -> list[Edit]:
        """Return some of the edits whose paths lie before upper; none when there are none."""
        if not self.below(upper):
            return []
        start, end = self._at, len(self._batch)
        if upper is not None:
            end = bisect_left(self._batch, upper, start, key=lambda edit: edit[0])
        self._at = end
        return self._batch[start:end]

    def _fill(self) -> None:
        self._batch, self._at = list(islice(self._source, BATCH)), 0
        if not self._batch:
            return
        paths = [path for path, _ in self._batch]
        check_column(paths)
        if any(entry is not None and entry.path != path for path, entry in self._batch):
            raise EntryInvalid("an edit whose entry has another path")
        wrong = first_disorder([self._last, *paths])
        if wrong is not None:
            raise EntryInvalid(f"edits are not in order at {shown(paths[wrong - 1])}")
        self._last = paths[-1]


class Applied:
    """Feeds an old tree with its edits to a builder, opening only the nodes that change.

    must_be_free and must_be_files say which paths may clash with what was not opened:
    the first may be no entry's, below the second there may be none.
    """

    def __init__(self, reader: Reader, builder: Builder, edits: Edits) -> None:
        self.must_be_free: set[str] = set()
        self.must_be_files: set[str] = set()
        self._reader = reader
        self._builder = builder
        self._edits = edits
        self._newest = ""

    def copy(self, node: Node, upper: str | None) -> None:
        """Feed the subtree of node, whose paths lie before upper, with the edits among them."""
        if not self._edits.below(upper) and self._builder.aligned(node.level):
            self._builder.feed_node(node)
        elif node.level == 1:
            self._copy_leaf(node, upper)
        else:
            children = self._reader.branch(node, upper)
            self._open(node, children[0].first)
            uppers = [*(child.first for child in children[1:]), upper]
            for child, before in zip(children, uppers, strict=True):
                self.copy(child, before)

    def _open(self, node: Node, first: str) -> None:
        # A node that came inside its manifest may not be in the store, so it is written if the
        # new tree holds it. A root's first path is known only now.
        if node.id not in self._reader.inline:
            self._builder.known[node.id] = Node(
                node.id, node.level, first, node.count, node.size, node.epoch
            )

    def _copy_leaf(self, node: Node, upper: str | None) -> None:
        old = self._reader.leaf(node, upper)
        self._open(node, old[0].path if old else "")
        done = 0
        while batch := self._edits.take(upper):
            merged: list[Entry] = []
            for path, entry in batch:
                at = bisect_left(old, path, done, key=_path_of)
                merged += old[done:at]
                done = at + 1 if at < len(old) and old[at].path == path else at
                if entry is not None:
                    merged.append(entry)
                    if done == at:
                        self._suspect(path, old, at, upper)
            self._builder.feed(merged)
        self._builder.feed(old[done:])

    def _suspect(self, path: str, old: Sequence[Entry], at: int, upper: str | None) -> None:
        """Note what a new path may clash with, seen from its neighbours in the old tree."""
        after = old[at].path if at < len(old) else upper
        before = old[at - 1].path if at else ""
        # All paths between `a` and `a/b` start with `a`: so a clash shows in the neighbour.
        if after is not None and after.startswith(path):
            self.must_be_files.add(path)
        for folder in _folders(path):
            inside = folder + "/"
            if self._newest.startswith(inside) or before.startswith(inside):
                break
            if after is not None and after.startswith(inside):
                break
            self.must_be_free.add(folder)
        self._newest = path


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Cut a stream of entries into batches in strictly ascending order.

    An entry that is repeated word for word is passed once. Raises EntryClash for one path with
    two contents, EntryInvalid for entries out of order.
    """
    source = iter(entries)
    last: list[Entry] = []
    while batch := list(islice(source, BATCH)):
        joined = last + batch
        if first_disorder([entry.path for entry in joined]) is not None:
            joined = _without_repeats(joined)
        yield joined[len(last) :]
        last = joined[-1:]


def _without_repeats(entries: Sequence[Entry]) -> list[Entry]:
    kept: list[Entry] = []
    for entry in entries:
        if kept and entry.path == kept[-1].path:
            if not same_content(entry, kept[-1]):
                raise EntryClash(entry.path)
        elif kept and entry.path < kept[-1].path:
            raise EntryInvalid(f"entries are not in order at {shown(entry.path)}")
        else:
            kept.append(entry)
    return kept


def _folders(path: str) -> Iterator[str]:
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
