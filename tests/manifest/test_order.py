import pytest

from wbart_manifest.errors import EntryClash
from wbart_manifest.order import Nesting, first_disorder


def feed_all(*pieces: list[str]) -> None:
    nesting = Nesting()
    for piece in pieces:
        nesting.feed(piece)


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [([], None), (["a"], None), (["a", "b"], None), (["b", "a"], 1), (["a", "b", "b"], 2)],
)
def test_the_first_path_out_of_order_is_found(paths: list[str], wanted: int | None) -> None:
    assert first_disorder(paths) == wanted


def test_a_clash_is_found_however_the_paths_are_cut() -> None:
    paths = ["a", "a-", "a-b", "a.b", "a/b"]
    for cut in range(6):
        with pytest.raises(EntryClash) as caught:
            feed_all(paths[:cut], [], paths[cut:])

        assert (caught.value.path, caught.value.other) == ("a", "a/b")


def test_a_clash_is_found_one_path_at_a_time() -> None:
    nesting = Nesting()
    for path in ["a", "a-", "a-b", "a.b"]:
        nesting.feed([path])
    with pytest.raises(EntryClash):
        nesting.feed(["a/b"])


def test_names_that_only_begin_alike_are_no_clash() -> None:
    nesting = Nesting()
    nesting.feed(["a", "a-b", "a-b.c", "ab", "ab0", "b"])
    nesting.feed(["b-/c", "b0/a", "c"])
    with pytest.raises(EntryClash):
        nesting.feed(["c/a"])
