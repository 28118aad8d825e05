import pytest
from tests.manifest.test_manifest import Counted
from tests.manifest.trees import BLAKE3, TINY, build, file, numbered

from wbart_manifest.diff import Change, diff
from wbart_manifest.entry import Entry
from wbart_manifest.errors import ManifestError
from wbart_manifest.location import Location
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import MemoryNodes


def test_changes_come_in_order_with_both_sides() -> None:
    old = build([file("a"), file("b"), file("d")])
    new = build([file("a"), file("c"), file("d", 2)])

    assert list(diff(old, new)) == [
        Change("b", file("b"), None),
        Change("c", None, file("c")),
        Change("d", file("d"), file("d", 2)),
    ]


def test_a_move_of_bytes_is_no_change() -> None:
    here = build([Entry("a", 1, b"1" * 32, location=Location(0)), file("b")])
    there = build([Entry("a", 1, b"1" * 32, location=Location(1, b"p" * 32)), file("b", 2)])

    assert [change.path for change in diff(here, there)] == ["b"]


def test_everything_and_nothing() -> None:
    empty, full = build([]), build(numbered(100))

    assert list(diff(empty, empty)) == []
    assert [change.after for change in diff(empty, full)] == numbered(100)
    assert [change.before for change in diff(full, empty)] == numbered(100)


def test_only_nodes_that_differ_are_read() -> None:
    nodes = Counted()
    old = Manifest.build(nodes, numbered(50_000), BLAKE3)
    new = old.edit([("d250/f025000x", file("d250/f025000x"))])
    nodes.gets.clear()
    fresh = [Manifest.restore(nodes, each.describe(), BLAKE3) for each in (old, new)]
    nodes.gets.clear()

    assert [change.path for change in diff(*fresh)] == ["d250/f025000x"]
    assert len(nodes.gets) == 4
    assert list(diff(old, Manifest(nodes, old.root, BLAKE3))) == []


def test_trees_of_different_height_share_what_they_share() -> None:
    nodes = Counted()
    old = Manifest.build(nodes, numbered(1000), BLAKE3, shape=TINY)
    more = [file(f"z{number:04d}") for number in range(3000)]
    new = old.edit([(entry.path, entry) for entry in more])
    assert new.root.level > old.root.level
    new_only = len(more)
    small, large = (Manifest(nodes, each.root, BLAKE3, shape=TINY) for each in (old, new))
    nodes.gets.clear()
    changes = iter(diff(small, large))
    next(changes)

    assert len(nodes.gets) < 60
    assert len(list(changes)) == new_only - 1


def test_manifests_of_two_algorithms_cannot_be_compared() -> None:
    other = Manifest.empty(MemoryNodes(), "sha256")

    with pytest.raises(ManifestError, match="sha256"):
        list(diff(build([]), other))
