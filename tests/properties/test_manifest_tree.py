"""The tree against a dict: whatever the history, the same root, the same answers."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.manifest.trees import build_model, file, reopened

from wbart_manifest.diff import diff
from wbart_manifest.entry import Entry
from wbart_manifest.errors import EntryClash
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import Shape

SHAPES = st.builds(
    Shape,
    leaf_mask=st.sampled_from([1, 3, 15]),
    branch_mask=st.sampled_from([1, 3]),
    max_items=st.sampled_from([3, 5, 1000]),
    max_text=st.sampled_from([12, 40, 10_000]),
    max_level=st.just(200),
)
# Characters on both sides of "/" in order, so that neighbours of a folder come between.
COMPONENTS = st.text("ab-0", min_size=1, max_size=3)
PATHS = st.lists(COMPONENTS, min_size=1, max_size=3).map("/".join)
FILES = st.builds(lambda size, content: (size, content), st.integers(0, 2), st.integers(0, 2))
EDITS = st.dictionaries(PATHS, st.none() | FILES, max_size=25)


def applied(model: dict[str, Entry], edits: dict[str, Entry | None]) -> dict[str, Entry]:
    changed = {path: entry for path, entry in {**model, **edits}.items() if entry is not None}
    return dict(sorted(changed.items()))


def entries_of(edits: dict[str, tuple[int, int] | None]) -> dict[str, Entry | None]:
    return {
        path: None if made is None else file(path, *made) for path, made in sorted(edits.items())
    }


def clashes(model: dict[str, Entry]) -> bool:
    return any(
        f"{path[:at]}" in model for path in model for at in range(len(path)) if path[at] == "/"
    )


def edited(
    manifest: Manifest, edits: dict[str, Entry | None], model: dict[str, Entry]
) -> Manifest | None:
    """The edited manifest, or None where it must be, and is, refused."""
    try:
        found = reopened(manifest, manifest.shape).edit(edits.items())
    except EntryClash:
        assert clashes(model)
        return None
    assert not clashes(model)
    return found


@settings(max_examples=150)
@given(SHAPES, st.lists(EDITS, max_size=6))
def test_any_history_gives_the_root_of_a_rebuild(
    shape: Shape, history: list[dict[str, tuple[int, int] | None]]
) -> None:
    model: dict[str, Entry] = {}
    manifest = build_model(model, shape)
    for made in history:
        edits = entries_of(made)
        wanted = applied(model, edits)
        found = edited(manifest, edits, wanted)
        if found is not None:
            manifest, model = found, wanted

        assert list(reopened(manifest, shape).entries()) == list(model.values())
        assert manifest.root == build_model(model, shape).root


@settings(max_examples=100)
@given(SHAPES, st.permutations(list(range(60))), st.sets(st.integers(0, 59)))
def test_one_by_one_in_any_order_is_all_at_once(
    shape: Shape, order: list[int], removed: set[int]
) -> None:
    manifest = build_model({}, shape)
    for number in order:
        manifest = manifest.edit([(f"f{number:02d}", file(f"f{number:02d}"))])
    for number in removed:
        manifest = manifest.edit([(f"f{number:02d}", None)])
    model = {f"f{n:02d}": file(f"f{n:02d}") for n in range(60) if n not in removed}

    assert manifest.digest == build_model(model, shape).digest


@settings(max_examples=200)
@given(SHAPES, EDITS)
def test_a_clash_is_refused_by_build_exactly_when_there_is_one(
    shape: Shape, made: dict[str, tuple[int, int] | None]
) -> None:
    model = applied({}, entries_of(made))
    try:
        build_model(model, shape)
    except EntryClash:
        assert clashes(model)
    else:
        assert not clashes(model)


FREE = st.dictionaries(
    COMPONENTS.map(lambda text: f"d/{text}"), FILES, max_size=40
) | st.dictionaries(st.text("ab-", min_size=1, max_size=4), FILES, max_size=40)


@settings(max_examples=200)
@given(SHAPES, SHAPES, FREE, FREE, st.booleans())
def test_a_diff_is_that_of_two_dicts(
    shape: Shape,
    other_shape: Shape,
    old: dict[str, tuple[int, int]],
    new: dict[str, tuple[int, int]],
    related: bool,
) -> None:
    before = {path: file(path, *made) for path, made in old.items()}
    after = {path: file(path, *made) for path, made in ({**old, **new} if related else new).items()}
    a, b = build_model(before, shape), build_model(after, shape if related else other_shape)
    wanted = [
        (path, before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]

    assert [(each.path, each.before, each.after) for each in diff(a, b)] == wanted


QUESTIONS = st.text("ab-/d0", max_size=4)


@settings(max_examples=200)
@given(SHAPES, FREE, QUESTIONS, st.none() | QUESTIONS)
def test_questions_are_answered_as_by_a_list(
    shape: Shape, made: dict[str, tuple[int, int]], prefix: str, after: str | None
) -> None:
    model = {path: file(path, *made[path]) for path in sorted(made)}
    manifest = build_model(model, shape)
    wanted = [
        entry
        for path, entry in model.items()
        if path.startswith(prefix) and (after is None or path > after)
    ]

    assert list(manifest.entries(prefix, after)) == wanted
    assert manifest.get(prefix) == model.get(prefix)
    assert manifest.has_folder(prefix) == any(path.startswith(prefix + "/") for path in model)
