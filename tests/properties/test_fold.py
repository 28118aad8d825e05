"""The fold of a collection: total, deterministic, whole or not at all, the same through a dump."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artifacts.journals import Journal, link_op, version_op

from wbart.fold.state import CollectionState

Json = dict[str, Any]

NUMBERS = st.integers(-1, 6)
ALIASES = st.lists(st.sampled_from(["a", "b", "latest", "v1", "x/y", ""]), max_size=2)
TTLS = st.sampled_from(["inherit", None, 1, 15, 10**6, 0, -1, "x", 1.5])
IDS = st.sampled_from([digit * 32 for digit in "0123456789abcdef"])
PLACES = st.sampled_from(["c", "d"]).map(
    lambda name: {"entity": "e", "project": "p", "collection": name}
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=4,
)  # fmt: skip
METADATA = st.dictionaries(st.text("kl", max_size=2), ANYTHING, max_size=2)
EXPECTS = st.sampled_from(
    [
        {"latest_digest": "A"},
        {"latest_digest": None},
        {"next": 2},
        {"aliases": {"a": 0}},
        {"ttl": {"0": "inherit"}},
        {"other": 1},
    ]
)


def _op(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({"op": st.just(name)}, optional=fields)


def _numbered(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.tuples(_op(name, **fields), NUMBERS).map(lambda pair: pair[0] | {"version": pair[1]})


LOGS = st.builds(
    lambda id_, content, more: version_op(id_, content, **more),
    IDS,
    st.sampled_from("AB"),
    st.fixed_dictionaries(
        {},
        optional={
            "aliases": ALIASES,
            "tags": ALIASES,
            "ttl": TTLS,
            "metadata": METADATA,
            "always": st.booleans(),
            "expect": EXPECTS,
            "type": st.sampled_from(["dataset", "model"]),
        },
    ),
)
LINKS = st.builds(
    lambda id_, source, aliases: link_op(id_, source, aliases=aliases), IDS, IDS, ALIASES
)
OPS = st.one_of(
    LOGS,
    LOGS,
    LINKS,
    LINKS,
    _numbered("alias", add=ALIASES, remove=ALIASES),
    _numbered("tag", add=ALIASES, remove=ALIASES),
    _numbered("edit", description=st.text(max_size=2), metadata=METADATA, ttl=TTLS),
    _numbered("delete", delete_aliases=st.booleans(), expect=EXPECTS),
    _numbered("restore"),
    _numbered("purge"),
    _numbered("unlink"),
    _numbered("linked", target=PLACES, registry=st.booleans()),
    _numbered("unlinked", target=PLACES),
    _op("collection", description=st.text(max_size=2), tags=ALIASES, deleted=st.booleans()),
    _op("collection", type=st.sampled_from(["dataset", "model", "job"])),
    _op("create", type=st.sampled_from(["dataset", "model"]), kind=st.just("sequence")),
    _op("create", type=st.just("dataset"), kind=st.just("portfolio")),
    st.builds(
        lambda op, id_, name: {"op": op, "id": id_ * 32, "root": name, "name": name, "before": "x"},
        st.sampled_from(["reserve", "release", "rename", "abandon"]),
        st.sampled_from("01"),
        st.sampled_from("xy"),
    ),
    _op("fence", epoch=st.integers(1, 3), purged=st.lists(NUMBERS, max_size=3)),
    st.dictionaries(st.sampled_from(["op", "version", "add"]), ANYTHING),
)
INTENTS = st.lists(st.lists(OPS, min_size=1, max_size=3), max_size=25)
KINDS = st.sampled_from(["sequence", "portfolio"])


def _check(state: CollectionState) -> None:
    versions = state.versions
    assert [version.number for version in versions] == list(range(len(versions)))
    assert len({version.id for version in versions}) == len(versions)
    held = {alias: version.number for version in versions for alias in version.aliases}
    assert held == state.aliases
    assert sum(len(version.aliases) for version in versions) == len(held)
    assert all(versions[number].live for number in held.values())
    live = [version.number for version in versions if version.live]
    assert state.newest == (live[-1] if live else None)
    ends: dict[str, int | None] = {}
    for move in state.moves:
        assert ends.get(move.alias) == move.before
        ends[move.alias] = move.after
    assert {alias: end for alias, end in ends.items() if end is not None} == state.aliases


@given(KINDS, INTENTS)
@settings(max_examples=200)
def test_whatever_is_wished_the_state_stays_whole(kind: str, intents: list[list[Json]]) -> None:
    journal = Journal(kind=kind)
    again = Journal(kind=kind)
    for ops in intents:
        before = journal.reloaded()

        answer = journal.answer(*ops)

        if isinstance(answer, dict):
            assert set(answer) == {"error", "message", "op"}
            assert journal.state == before
        _check(journal.state)
        after = journal.reloaded()
        assert after == journal.state
        assert (after.ids, after.members) == (journal.state.ids, journal.state.members)
        # A reader that comes from a checkpoint goes on as one that folded it all.
        again.state = again.reloaded()
        assert again.answer(*ops) == answer
    assert again.state == journal.state
