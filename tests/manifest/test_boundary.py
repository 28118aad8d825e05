from xxhash import xxh3_64_intdigest

from wbart_manifest.boundary import Boundary
from wbart_manifest.tree import FORMAT, Shape

NEVER = (1 << 60) - 1


def keys(count: int) -> list[bytes]:
    return [b"%06d" % number for number in range(count)]


def test_the_key_alone_says_where_a_leaf_and_a_branch_end() -> None:
    names = keys(20_000)
    leaf = [at for at, key in enumerate(names, 1) if xxh3_64_intdigest(key, 1) & 0x7FF == 0]
    third = [at for at, key in enumerate(names, 1) if xxh3_64_intdigest(key, 3) & 0x1FF == 0]

    assert Boundary(1, FORMAT).ends(names, [6] * 20_000) == leaf
    assert Boundary(3, FORMAT).ends(names, [6] * 20_000) == third
    assert len(leaf) > 3
    assert len(third) > 20


def test_how_the_stream_is_cut_into_batches_does_not_matter() -> None:
    shape = Shape(leaf_mask=15, max_items=20, max_text=100)
    names, whole = keys(1000), Boundary(1, shape)
    weights = [number % 9 for number in range(1000)]
    wanted = whole.ends(names, weights)
    for step in (1, 3, 7, 50):
        pieces, found = Boundary(1, shape), []
        for start in range(0, 1000, step):
            ends = pieces.ends(names[start : start + step], weights[start : start + step])
            found += [start + end for end in ends]

        assert found == wanted


def test_the_last_item_that_fits_ends_a_node() -> None:
    boundary = Boundary(1, Shape(leaf_mask=NEVER, max_items=4))

    assert boundary.ends(keys(3), [6] * 3) == []
    assert boundary.ends(keys(6), [6] * 6) == [1, 5]
    assert boundary.ends(keys(3), [6] * 3) == [3]


def test_the_item_that_fills_the_text_ends_a_node() -> None:
    boundary = Boundary(1, Shape(leaf_mask=NEVER, max_text=10))

    assert boundary.ends(keys(4), [4, 4, 4, 9]) == [3]
    assert boundary.ends(keys(2), [1, 50]) == [1, 2]


def test_the_caps_of_the_format_are_those_of_its_document() -> None:
    many = 65_536 + 10
    assert Boundary(1, Shape(leaf_mask=NEVER)).ends(keys(many), [6] * many) == [65_536]
    assert Boundary(1, Shape(leaf_mask=NEVER)).ends(keys(2000), [4096] * 2000) == [1024]
    assert (FORMAT.max_items, FORMAT.max_text, FORMAT.max_level) == (65_536, 4 << 20, 8)
