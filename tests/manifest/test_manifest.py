from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from tests.manifest.trees import BLAKE3, TINY, build, file, numbered, reference, reopened

from wbart_manifest import branch
from wbart_manifest.digest import Digest
from wbart_manifest.entry import Entry, Reference
from wbart_manifest.errors import (
    DigestInvalid,
    EntryClash,
    EntryInvalid,
    ManifestCorrupt,
    ManifestError,
    PathInvalid,
)
from wbart_manifest.location import Location
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import FORMAT, MemoryNodes, Node, Reader, Shape


class Counted:
    """Nodes that count what is asked of them."""

    def __init__(self) -> None:
        self.inner = MemoryNodes()
        self.gets: list[tuple[bytes, int]] = []
        self.puts: list[bytes] = []

    def get(self, node_id: bytes, epoch: int = 0) -> bytes:
        self.gets.append((node_id, epoch))
        return self.inner.get(node_id, epoch)

    def put(self, node_id: bytes, data: bytes) -> None:
        self.puts.append(node_id)
        self.inner.put(node_id, data)


def afresh(nodes: Counted, root: Node, shape: Shape = TINY) -> Manifest:
    nodes.gets.clear()
    nodes.puts.clear()
    return Manifest(nodes, root, BLAKE3, shape=shape)


def test_an_empty_manifest_is_a_manifest() -> None:
    manifest = Manifest.empty(MemoryNodes(), BLAKE3)

    assert list(manifest.entries()) == []
    assert (manifest.count, manifest.size) == (0, 0)
    assert manifest.get("a") is None
    assert not manifest.has_folder("a")
    assert manifest.edit([("a", file("a"))]).edit([("a", None)]).digest == manifest.digest


def test_entries_come_back_in_order_of_their_bytes() -> None:
    entries = [file(path) for path in ["B", "a", "a b", "a-b", "a.b", "a0", "é", "\uffff", "𝄞"]]

    assert sorted(entries, key=lambda entry: entry.path.encode()) == entries
    assert list(build(entries).entries()) == entries


def test_counts_and_sizes_are_sums() -> None:
    manifest = build([file("a", 3), reference("b", 4), reference("c")])

    assert (manifest.count, manifest.size) == (3, 7)


def test_the_digest_covers_content_and_not_locations() -> None:
    plain = build([Entry("a", 1, b"1" * 32)])
    moved = build([Entry("a", 1, b"1" * 32, location=Location(1, b"p" * 32, 7, 1))])
    other = build([Entry("a", 1, b"2" * 32)])

    assert moved.digest == plain.digest
    assert other.digest != plain.digest
    assert plain.digest.algorithm == BLAKE3
    assert isinstance(plain.digest, Digest)


def test_a_lookup_reads_one_node_of_each_level_and_then_none() -> None:
    nodes = Counted()
    root = build_in(nodes, numbered(500)).root
    manifest = afresh(nodes, root)

    assert manifest.get("d002/f000222") == file("d002/f000222", 222)
    assert len(nodes.gets) == root.level
    assert manifest.get("d002/f000222") is not None
    assert manifest.get("d002/f0002220") is None
    assert len(nodes.gets) <= root.level + 1


def test_a_prefix_is_read_without_the_rest() -> None:
    nodes = Counted()
    root = build_in(nodes, numbered(2000)).root
    manifest = afresh(nodes, root)

    assert len(list(manifest.entries("d007/"))) == 100
    assert len(nodes.gets) < 200
    assert manifest.has_folder("d007")
    assert not manifest.has_folder("d00")
    assert not manifest.has_folder("d007/f000700")


def test_reading_streams() -> None:
    nodes = Counted()
    root = build_in(nodes, numbered(2000)).root
    manifest = afresh(nodes, root)

    assert [entry.size for entry in islice(manifest.entries(), 3)] == [0, 1, 2]
    assert len(nodes.gets) == root.level


def test_a_stream_is_built_without_being_held() -> None:
    def endless() -> Iterator[Entry]:
        yield from numbered(20_000)
        assert len(nodes.puts) > 1000

    nodes = Counted()

    assert build_in(nodes, endless()).count == 20_000


def test_an_edit_touches_only_what_changes() -> None:
    nodes = Counted()
    entries = numbered(30_000)
    root = Manifest.build(nodes, entries, BLAKE3).root
    manifest = afresh(nodes, root, FORMAT)
    edited = manifest.edit([("d150/f015000", file("d150/f015000", 7, 1))])

    assert len(nodes.puts) == len(nodes.gets) == 2
    entries[15_000] = file("d150/f015000", 7, 1)
    assert edited.digest == Manifest.build(MemoryNodes(), entries, BLAKE3).digest


def test_an_edit_that_changes_nothing_writes_nothing_and_is_the_same() -> None:
    nodes = Counted()
    root = build_in(nodes, numbered(300)).root
    manifest = afresh(nodes, root)
    same = manifest.edit([("d000/f000005", file("d000/f000005", 5)), ("nothing", None)])

    assert same is manifest
    assert nodes.puts == []


def test_a_node_that_stays_keeps_its_epoch() -> None:
    nodes = Counted()
    built = build_in(nodes, numbered(300))
    root = Node(built.root.id, built.root.level, "", built.count, built.size, epoch=4)
    manifest = afresh(nodes, root)
    edited = manifest.edit([("zz", file("zz"))]).edit([("zz", None)])

    assert manifest.edit([("d000/f000005", file("d000/f000005", 5))]).root.epoch == 4
    assert (root.id, 4) in nodes.gets
    assert edited.digest == built.digest


def test_a_clash_within_a_stream_is_refused() -> None:
    with pytest.raises(EntryClash, match=r"'a'.*'a/b'"):
        build([file("a"), file("a-b"), file("a-c"), file("a.d"), file("a/b")])
    with pytest.raises(EntryClash, match="same path twice: 'a'"):
        build([file("a"), file("a", 2)])


def test_the_same_entry_twice_is_once() -> None:
    assert build([file("a"), file("a"), file("b")]).count == 2


def test_a_clash_with_what_an_edit_does_not_open_is_refused() -> None:
    manifest = build(
        [file("a"), *numbered(400), *(file(f"x-{n:03d}") for n in range(400)), file("x/y")]
    )
    for path in ["a/b", "d000", "x", "d001/f000100/deep/er", "x/y/z"]:
        with pytest.raises(EntryClash):
            reopened(manifest).edit([(path, file(path))])


def test_a_new_file_below_a_file_of_another_leaf_is_refused() -> None:
    """`x-...` sort between `x` and `x/y`, so the leaf that takes `x/y` does not hold `x`."""
    manifest = build([file("x"), *(file(f"x-{number:03d}") for number in range(400))])

    with pytest.raises(EntryClash, match=r"'x'.*'x/y'"):
        reopened(manifest).edit([("x/y", file("x/y"))])
    with pytest.raises(EntryClash, match=r"'x'.*'x/y/z'"):
        reopened(manifest).edit([("x/y/z", file("x/y/z"))])
    with pytest.raises(EntryClash, match=r"'x'.*'x/y'"):
        reopened(manifest).edit([("x-zz", file("x-zz")), ("x/y", file("x/y"))])
    assert reopened(manifest).edit([("x", None), ("x/y", file("x/y"))]).count == 401


def test_a_restored_root_may_become_a_child() -> None:
    """Its first path is not in the record, and the branch above it must still name it."""
    entries = numbered(40)
    for count in range(1, 40):
        small = build(entries[:count])
        root = Node(small.root.id, small.root.level, "", small.count, small.size)
        restored = Manifest(small.nodes, root, BLAKE3, shape=TINY)
        large = restored.edit([(entry.path, entry) for entry in entries[count:]])

        assert large.root == build(entries).root
        assert list(reopened(large).entries()) == entries


def test_a_child_that_reaches_into_the_next_is_corrupt() -> None:
    nodes = MemoryNodes()
    wide, narrow = (
        build([file("a"), file("x")], FORMAT, nodes).root,
        build([file("m"), file("n")], FORMAT, nodes).root,
    )
    low = forged(nodes, 2, [wide, narrow])
    high = forged(nodes, 3, [forged(nodes, 2, [wide]), forged(nodes, 2, [narrow])])
    higher = forged(nodes, 3, [forged(nodes, 2, [wide, narrow_at("z", nodes)]), low_at("y", nodes)])

    for root in (low, high, higher):
        with pytest.raises(ManifestCorrupt, match="reaches into"):
            list(Manifest(nodes, root, BLAKE3).entries())
    with pytest.raises(ManifestCorrupt, match="reaches into"):
        Reader(nodes, BLAKE3, {}).branch(low, "m")
    with pytest.raises(ManifestCorrupt, match="reaches into"):
        Manifest(nodes, low, BLAKE3).get("b")
    with pytest.raises(ManifestCorrupt, match="reaches into"):
        Manifest(nodes, low, BLAKE3).edit([("b", file("b"))])


def narrow_at(path: str, nodes: MemoryNodes) -> Node:
    return build([file(path)], FORMAT, nodes).root


def low_at(path: str, nodes: MemoryNodes) -> Node:
    return forged(nodes, 2, [narrow_at(path, nodes)])


def forged(nodes: MemoryNodes, level: int, children: list[Node]) -> Node:
    """A branch by a writer that checks nothing."""
    logical = branch.encode_logical(level, children)
    node_id = branch.branch_id(logical, len(children), BLAKE3)
    nodes.put(node_id, branch.encode(children, logical))
    return Node(node_id, level, children[0].first, *branch.total(children))


def test_a_file_may_become_a_folder_in_one_edit() -> None:
    manifest = build([file("a"), file("a-b"), file("b/c")])
    edited = manifest.edit([("a", None), ("a/x", file("a/x")), ("b", file("b")), ("b/c", None)])

    assert [entry.path for entry in edited.entries()] == ["a-b", "a/x", "b"]


def test_entries_out_of_order_are_refused() -> None:
    with pytest.raises(EntryInvalid, match="not in order at 'a'"):
        build([file("b"), file("a")])
    with pytest.raises(EntryInvalid, match="not in order at 'b'"):
        build(numbered(1)).edit([("b", None), ("b", None)])


def test_an_edit_whose_entry_has_another_path_is_refused() -> None:
    with pytest.raises(EntryInvalid, match="another path"):
        build([]).edit([("a", file("b"))])


def test_a_bad_entry_anywhere_in_a_stream_is_named() -> None:
    with pytest.raises(PathInvalid, match="back-slash"):
        build([*numbered(5000), file("z\\")])
    with pytest.raises(DigestInvalid):
        build([*numbered(5000), Entry("z", 1, b"short")])


def test_files_too_large_together_are_refused() -> None:
    huge = (1 << 63) - 1
    with pytest.raises(EntryInvalid, match="together"):
        build([file("a", huge), file("b", huge)])
    with pytest.raises(EntryInvalid, match="together"):
        build([file(f"{n:03d}", huge // 50) for n in range(100)])


def test_a_node_that_holds_other_bytes_is_corrupt() -> None:
    nodes = MemoryNodes()
    one, two = build([file("a")], nodes=nodes), build([file("b")], nodes=nodes)
    swapped = MemoryNodes()
    swapped.put(one.root.id, nodes.get(two.root.id))

    with pytest.raises(ManifestCorrupt, match="holds the bytes of"):
        list(Manifest(swapped, one.root, BLAKE3).entries())


def test_a_damaged_node_is_named() -> None:
    nodes = Counted()
    root = build_in(nodes, numbered(300)).root
    manifest = afresh(nodes, root)
    leaf = next(iter(manifest.reader.branch(root, None)))
    while leaf.level > 1:
        leaf = manifest.reader.branch(leaf, None)[0]
    for damaged in (leaf, root):
        bad = Counted()
        for name, data in nodes.inner._nodes.items():
            bad.put(name, data[:-1] if name == damaged.id else data)
        with pytest.raises(ManifestCorrupt, match=f"node {damaged.id.hex()}: .*damaged"):
            list(afresh(bad, root).entries())


@pytest.mark.parametrize(
    "root",
    [
        lambda r: Node(r.id, r.level, r.first, r.count + 1, r.size),
        lambda r: Node(r.id, r.level, r.first, r.count, r.size + 1),
        lambda r: Node(r.id, r.level, "d000/f", r.count, r.size),
    ],
)
@pytest.mark.parametrize("count", [2, 300])
def test_a_node_that_is_not_what_its_parent_says_is_corrupt(
    root: Callable[[Node], Node], count: int
) -> None:
    manifest = build(numbered(count))

    with pytest.raises(ManifestCorrupt, match="parent"):
        list(Manifest(manifest.nodes, root(manifest.root), BLAKE3).entries())


def test_a_missing_node_is_told_by_the_store() -> None:
    manifest = build(numbered(300))

    with pytest.raises(LookupError):
        Manifest(MemoryNodes(), manifest.root, BLAKE3).get("a")


def test_a_small_manifest_travels_inside_its_record() -> None:
    manifest = build([file("a", 3), file("b", 4)], FORMAT)
    data = manifest.inline()
    assert data is not None
    nodes = MemoryNodes()
    copy = Manifest.from_inline(nodes, data, BLAKE3)

    assert copy.digest == manifest.digest
    assert list(copy.entries()) == list(manifest.entries())
    assert len(nodes) == 0


def test_a_leaf_that_was_only_inline_is_written_when_a_larger_tree_holds_it() -> None:
    """Otherwise the new tree would name a node that no store has."""
    entries = numbered(40)
    for count in range(1, 40):
        data = build(entries[:count], FORMAT).inline()
        assert data is not None
        nodes = MemoryNodes()
        small = Manifest(nodes, Manifest.from_inline(nodes, data, BLAKE3).root, BLAKE3, shape=TINY)
        small.reader.inline[small.root.id] = data
        large = small.edit([(entry.path, entry) for entry in entries[count:]])

        assert list(reopened(large).entries()) == entries


def test_a_large_manifest_does_not_travel_inline() -> None:
    assert build(numbered(2000)).inline() is None
    assert build(numbered(2000), Shape(leaf_mask=0xFFFFFFFF)).inline() is None


@pytest.mark.parametrize("count", [0, 1, 2000, 30_000])
def test_what_a_record_carries_restores_the_manifest(count: int) -> None:
    manifest = build(numbered(count), FORMAT)
    described = manifest.describe()
    copy = Manifest.restore(manifest.nodes, described, BLAKE3)

    assert ("inline" in described) == (count < 2)
    assert copy.digest == manifest.digest
    assert list(copy.entries()) == list(manifest.entries())
    assert copy.describe() == described


def test_an_epoch_of_the_root_survives_the_record() -> None:
    written: dict[str, object] = {
        "root": "ab" * 32,
        "level": 2,
        "count": 9,
        "size": 9,
        "epoch": 3,
    }

    assert Manifest.restore(MemoryNodes(), written, BLAKE3).root.epoch == 3
    assert Manifest.restore(MemoryNodes(), written, BLAKE3).describe() == written


@pytest.mark.parametrize(
    "change",
    [
        {"root": None},
        {"root": "zz"},
        {"root": "00"},
        {"root": "00" * 32},
        {"level": 0},
        {"level": 9},
        {"level": 2},
        {"level": True},
        {"level": "1"},
        {"count": -1},
        {"count": 2},
        {"size": 1.0},
        {"size": 1 << 64},
        {"epoch": -1},
        {"inline": 3},
        {"inline": "?"},
        {"inline": ""},
    ],
)
def test_a_record_that_lies_is_corrupt(change: dict[str, object]) -> None:
    described = build([file("a")]).describe()

    with pytest.raises(ManifestCorrupt):
        Manifest.restore(MemoryNodes(), {**described, **change}, BLAKE3)


def test_a_tree_higher_than_the_format_allows_is_refused() -> None:
    with pytest.raises(ManifestError, match="levels"):
        build(numbered(500), Shape(leaf_mask=0, branch_mask=1, max_level=3))


def test_text_ends_a_node_before_it_grows_too_large() -> None:
    """65,536 entries of 4,096 bytes each would not fit a node; here they never meet in one."""
    long = "/".join(["x" * 250] * 16)
    entries = [file(f"{long}/{number:05d}") for number in range(2500)]
    nodes = MemoryNodes()
    manifest = Manifest.build(nodes, entries, BLAKE3, shape=Shape(leaf_mask=(1 << 40) - 1))

    assert manifest.root.level == 2
    assert list(manifest.entries()) == entries


def test_text_of_references_counts_too() -> None:
    shape = Shape(leaf_mask=(1 << 40) - 1, max_text=1000)
    entries = [Entry(f"{n}", None, b"", Reference("u" * 400, "d")) for n in range(9)]

    assert build(entries, shape).root.level > 1


def build_in(nodes: Counted, entries: "Iterator[Entry] | list[Entry]") -> Manifest:
    return Manifest.build(nodes, entries, BLAKE3, shape=TINY)
