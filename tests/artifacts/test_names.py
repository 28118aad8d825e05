"""What things may be called."""

from __future__ import annotations

import pytest

from wbart import names
from wbart.errors import AliasInvalid, ArgumentTypeInvalid, NameInvalid, TagInvalid


@pytest.mark.parametrize("name", ["a", "A-b_c.9", "v0", "latest", "x" * 128, "...", ".hidden"])
def test_good_artifact_names_pass_unchanged(name: str) -> None:
    assert names.artifact_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "foo\n", "a/b", "a:b", "a b", "ä", "x" * 129])
def test_bad_artifact_names_are_value_errors(name: str) -> None:
    with pytest.raises(NameInvalid, match="Artifact name") as caught:
        names.artifact_name(name)

    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [None, 3, b"a"])
def test_a_name_that_is_no_text_is_a_type_error(name: object) -> None:
    with pytest.raises(TypeError):
        names.artifact_name(name)


@pytest.mark.parametrize("name", ["My models", "größe", "a%b", "x.y"])
def test_collections_may_have_wider_names(name: str) -> None:
    assert names.collection_name(name) == name


@pytest.mark.parametrize("name", ["a/b", "a:b", "a@b", "a#b", " a", "a\n", "", "..", "x" * 129])
def test_collections_keep_off_what_a_ref_needs(name: str) -> None:
    with pytest.raises(NameInvalid):
        names.collection_name(name)


@pytest.mark.parametrize("type_", ["dataset", "my-model.v2", "run_table", "code"])
def test_good_types_pass(type_: str) -> None:
    assert names.artifact_type(type_, "plain") == type_


@pytest.mark.parametrize("type_", ["", "x/y", "a:b", "a b", "model\n", "x" * 129])
def test_types_follow_the_character_set(type_: str) -> None:
    with pytest.raises(NameInvalid):
        names.artifact_type(type_)


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        ("job", "any"),
        ("wandb-history", "any"),
        ("run_table", "run-1"),
        ("code", "source-x"),
        ("job", None),
    ],
)
def test_reserved_types_are_refused(type_: str, name: str | None) -> None:
    with pytest.raises(NameInvalid, match="is reserved for internal use"):
        names.artifact_type(type_, name)


@pytest.mark.parametrize("name", ["a/b", "a\\b", "a#", "a?", "a%", "a:b", "a@b", "..", "\x00", ""])
def test_projects_entities_and_run_ids_are_one_path_element(name: str) -> None:
    for check in (names.project, names.entity, names.run_id):
        with pytest.raises(NameInvalid):
            check(name)


def test_good_projects_entities_and_run_ids_pass() -> None:
    assert names.project("my project") == "my project"
    assert names.entity("team.a") == "team.a"
    assert names.run_id("run_1") == "run_1"


def test_a_run_id_has_at_most_64_letters() -> None:
    assert names.run_id("r" * 64)
    with pytest.raises(NameInvalid):
        names.run_id("r" * 65)


def test_registries_live_in_a_prefixed_project() -> None:
    assert names.registry_project("models") == "wandb-registry-models"
    assert names.is_registry("wandb-registry-models")
    assert names.is_registry("model-registry")
    assert not names.is_registry("wandb-registry-")
    assert not names.is_registry("models")


@pytest.mark.parametrize("name", ["", "a/b", "x" * 114])
def test_bad_registry_names_say_so(name: str) -> None:
    with pytest.raises(NameInvalid, match="Invalid project/registry name"):
        names.registry_project(name)


def test_a_registry_name_leaves_room_for_its_prefix() -> None:
    assert len(names.registry_project("x" * 113)) == 128
    with pytest.raises(NameInvalid, match="must be 113 characters or less"):
        names.registry_project("x" * 114)


def test_random_run_ids_are_eight_letters_and_differ() -> None:
    ids = {names.random_run_id() for _ in range(100)}

    assert len(ids) == 100
    assert {len(id_) for id_ in ids} == {8}
    assert all(names.run_id(id_) for id_ in ids)


def test_a_logged_path_is_called_after_its_run() -> None:
    assert names.default_artifact_name("abc", "data.csv") == "run-abc-data.csv"
    with pytest.raises(NameInvalid):
        names.default_artifact_name("abc", "my data.csv")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("v0", 0),
        ("v12", 12),
        ("v" + "9" * 5000, None),
        ("v01", None),
        ("V1", None),
        ("v", None),
        ("v1\n", None),
        ("1", None),
    ],
)
def test_version_numbers(text: str, number: int | None) -> None:
    assert names.version_number(text) == number


def test_aliases_lose_repetitions_and_keep_their_order() -> None:
    assert names.aliases(["b", "a", "b"]) == ["b", "a"]
    assert names.aliases("best") == ["best"]
    assert names.aliases(None) == []


@pytest.mark.parametrize("alias", ["a/b", "a:b"])
def test_the_alias_text_is_exactly_that_of_wandb(alias: str) -> None:
    with pytest.raises(AliasInvalid) as caught:
        names.aliases([alias])

    assert str(caught.value) == (
        "Aliases must not contain any of the following characters: '/', ':'"
    )


@pytest.mark.parametrize("alias", ["v0", "v12", "v007", "", " ", "a#b", "a@{1}", "a\nb", "x" * 129])
def test_unaddressable_aliases_are_refused(alias: str) -> None:
    with pytest.raises(AliasInvalid):
        names.aliases(["good", alias])


@pytest.mark.parametrize("bad", [3, [3], [None], b"x"])
def test_aliases_that_are_no_text_are_type_errors(bad: object) -> None:
    with pytest.raises(ArgumentTypeInvalid):
        names.aliases(bad)


@pytest.mark.parametrize("tag", ["a", "a-b", "two words", "größe_1", "a  b"])
def test_good_tags_pass(tag: str) -> None:
    assert names.tags([tag, tag]) == [tag]


@pytest.mark.parametrize("tag", ["", " a", "a ", "a.b", "a/b", "a\n", "a\tb", 3])
def test_bad_tags_are_named(tag: object) -> None:
    with pytest.raises(TagInvalid, match=r"Invalid tag\(s\)"):
        names.tags(["good", tag])
