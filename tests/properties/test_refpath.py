"""Any Ref has a text that means the same; any text is a Ref or an error of ours."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from wbart.errors import Error
from wbart.refs.refpath import Ref
from wbart.refs.selector import Selector

PARTS = st.text("ab.:/@#{} %é\n-_v0=", min_size=1, max_size=6)
VALUES = st.one_of(PARTS, st.sampled_from(["v3", "latest", "abcd", "blake3:0123", "a" * 32]))
KINDS = st.sampled_from(["version", "alias", "digest", "id"])
TIMES = st.one_of(st.none(), st.floats(), st.floats(0, 4e9), st.integers(0, 10**10).map(float))
STORES = st.one_of(st.none(), st.sampled_from(["s3://b/x", "/a::b", "::", ":", "x"]))
TEXTS = st.one_of(
    st.text("ab:/@#{}v0.wrtn-d_i", max_size=20),
    st.builds(
        lambda *parts: "".join(parts),
        st.sampled_from(
            ["", "wbart://", "wbart:///", "wandb-artifact://", "wandb-artifact://_id/"]
        ),
        st.sampled_from(["a", "p/a", "e/p/a", "e/p/a/b", ""]),
        st.sampled_from(["", ":v3", ":best", "@abcd", "@blake3:abcd", ":a/b:c"]),
        st.sampled_from(["", "@{2026-01-02}", "@{2026-01-02T03:04:05.678Z}", "@{x}", "@{"]),
        st.sampled_from(["", "#x/y", "/x/y", "#", "/", "#a::b", ":"]),
        st.sampled_from(["", "::s3://b", "::"]),
    ),
)


@given(
    PARTS,
    st.none() | PARTS,
    st.none() | PARTS,
    st.none() | st.tuples(KINDS, VALUES),
    TIMES,
    st.none() | PARTS,
    STORES,
)
def test_the_text_of_a_ref_means_the_same(
    name: str,
    project: str | None,
    entity: str | None,
    select: tuple[str, str] | None,
    at: float | None,
    path: str | None,
    store: str | None,
) -> None:
    with suppress(Error):
        selector = Selector(select[0], select[1]) if select else None  # type: ignore[arg-type]
        by_id = selector is not None and selector.kind == "id"
        parts = ("", None, None) if by_id else (name, project, entity)
        ref = Ref(*parts, selector, None if by_id else at, path, store)
        _same(ref)


@given(TEXTS)
def test_a_text_is_a_ref_or_an_error_of_ours(text: str) -> None:
    with suppress(Error):
        _same(Ref.parse(text))


def _same(ref: Ref) -> None:
    text = str(ref)
    try:
        again = Ref.parse(text)
    except Error as error:
        raise AssertionError(f"{text!r} was written, and is not read: {error}") from error
    assert again == ref
