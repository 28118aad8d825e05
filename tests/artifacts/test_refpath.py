"""The texts that name artifacts."""

from __future__ import annotations

import pytest

from wbart.errors import CommError, NameInvalid, RefInvalid
from wbart.refs.refpath import Ref, link_target
from wbart.refs.selector import Selector
from wbart.refs.wandb_url import entry_url
from wbart_storage.clock import parse_time

V3 = Selector("version", "v3")
BEST = Selector("alias", "best")
NOON = parse_time("2026-01-02T12:00:00Z")


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("data", Ref("data")),
        ("data:v3", Ref("data", select=V3)),
        ("p/data:best", Ref("data", "p", select=BEST)),
        ("e/p/data", Ref("data", "p", "e")),
        ("data@abcd", Ref("data", select=Selector("digest", "abcd"))),
        ("data@blake3:abcd", Ref("data", select=Selector("digest", "blake3:abcd"))),
        ("data#a/b.csv", Ref("data", path="a/b.csv")),
        ("data:v3#a#b:c@{d}", Ref("data", select=V3, path="a#b:c@{d}")),
        ("data:best@{2026-01-02T12:00:00Z}", Ref("data", select=BEST, at=NOON)),
        ("data@{2026-01-02T12:00:00Z}#x", Ref("data", at=NOON, path="x")),
        ("data@{2026-01-02}", Ref("data", at=NOON - 43200)),
        ("data@{1767355200.5}", Ref("data", at=NOON + 0.5)),
        ("p/data:a@b", Ref("data", "p", select=Selector("alias", "a@b"))),
        ("p/data:with/and:in", Ref("data", "p", select=Selector("alias", "with/and:in"))),
        ("p/data:v03", Ref("data", "p", select=Selector("alias", "v03"))),
        ("wandb-registry-m/data:v3", Ref("data", "wandb-registry-m", select=V3)),
        ("org name/wandb-registry-m/x", Ref("x", "wandb-registry-m", "org name")),
        ("wbart://data", Ref("data")),
        ("wbart:///p/data:v3", Ref("data", "p", select=V3)),
        ("wbart://p/data:v3/a/b.csv", Ref("data", "p", select=V3, path="a/b.csv")),
        ("wbart://data:v3/", Ref("data", select=V3)),
        ("wbart://data:v3/x#y", Ref("data", select=V3, path="x#y")),
        ("wbart://data@abcd/x", Ref("data", select=Selector("digest", "abcd"), path="x")),
        (
            "wbart://data:v3/path::s3://bucket/store",
            Ref("data", select=V3, path="path", store="s3://bucket/store"),
        ),
        ("wbart://data::/a::b", Ref("data", store="/a::b")),
        ("wandb-artifact://e/p/data:best", Ref("data", "p", "e", BEST)),
        ("wandb-artifact://e/p/data:v3/a/b", Ref("data", "p", "e", V3, path="a/b")),
        ("wandb-artifact://https://api.wandb.ai/e/p/data:v3", Ref("data", "p", "e", V3)),
        ("wandb-artifact://_id/QXJ0Og==", Ref("", select=Selector("id", "QXJ0Og=="))),
        ("wandb-artifact://https://h/_id/ab12", Ref("", select=Selector("id", "ab12"))),
        (entry_url("a" * 32, "x/y"), Ref("", select=Selector("id", "a" * 32), path="x/y")),
    ],
)  # fmt: skip
def test_good_texts(text: str, ref: Ref) -> None:
    assert Ref.parse(text) == ref
    assert Ref.parse(str(ref)) == ref


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a/b/c/d",
        "a/b/c/d:v0",
        "/data",
        "data/",
        "a//b",
        ":v0",
        "data:",
        "data@",
        "data@xyz!",
        "data@abc",
        "data@{",
        "data@{}",
        "data@{yesterday}",
        "data@{1969-12-31}",
        "data@{9999999999999999}",
        "data#",
        "data:a@{b",
        "data:v3@{2026-01-02}junk",
        "@abcd",
        "#x",
        "wbart://",
        "wbart://data:",
        "wandb-artifact://",
        "wandb-artifact://e/p",
        "wandb-artifact://_id/",
        "wandb-artifact://_id/a b",
    ],
)
def test_bad_texts_are_value_errors_in_the_words_of_wandb(text: str) -> None:
    with pytest.raises(RefInvalid, match="Invalid artifact path") as caught:
        Ref.parse(text)

    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, CommError)
    assert repr(text)[1:-1] in str(caught.value)


@pytest.mark.parametrize("text", ["..", "p/..:v0", "../x", "e?/p/x", "p/x\n", " x"])
def test_names_that_nothing_can_have_are_refused(text: str) -> None:
    with pytest.raises(NameInvalid):
        Ref.parse(text)


def test_no_version_means_latest() -> None:
    ref = Ref.parse("data")

    assert ref.select is None
    assert (ref.selector, ref.shown) == (Selector("alias", "latest"), "latest")


def test_an_id_is_all_there_is() -> None:
    ref = Ref.parse("wandb-artifact://_id/abc")

    assert ref.id == "abc"
    assert ref.within("e", "p") == ref
    assert Ref.parse("data:v3").id is None
    with pytest.raises(RefInvalid):
        Ref("data", select=Selector("id", "abc"))


def test_what_is_unsaid_is_filled_in() -> None:
    assert Ref.parse("data:v3").within("e", "p") == Ref("data", "p", "e", V3)
    assert Ref.parse("q/data").within("e", "p") == Ref("data", "q", "e")
    assert Ref.parse("f/q/data").within("e", "p") == Ref("data", "q", "f")


def test_registries_are_known_by_their_project() -> None:
    assert Ref.parse("wandb-registry-m/data").in_registry
    assert Ref.parse("model-registry/data").in_registry
    assert not Ref.parse("p/data").in_registry


def test_a_link_s_target_is_a_collection() -> None:
    assert link_target("best", entity="e", project="p") == ("e", "p", "best")
    assert link_target("q/best", entity="e", project="p") == ("e", "q", "best")
    assert link_target("f/q/best", entity="e", project="p") == ("f", "q", "best")


@pytest.mark.parametrize("text", ["best:v0", "best@abcd", "best#x", "best@{2026-01-02}", "a/b/c/d"])
def test_a_link_s_target_is_no_version(text: str) -> None:
    with pytest.raises(RefInvalid):
        link_target(text, entity="e", project="p")


def test_an_entity_needs_a_project() -> None:
    with pytest.raises(RefInvalid):
        Ref("data", entity="e")
