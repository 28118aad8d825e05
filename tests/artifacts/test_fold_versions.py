"""How versions come into a collection, change, and go."""

from __future__ import annotations

import pytest
from tests.artifacts.journals import Journal, version_op

from wbart.errors import (
    AliasInvalid,
    ArtifactNotFound,
    CollectionNotFound,
    Conflict,
    HasAliases,
    KindClash,
    TtlInvalid,
    TypeClash,
)


@pytest.fixture
def journal() -> Journal:
    return Journal()


def test_versions_are_numbered_from_zero_and_latest_follows(journal: Journal) -> None:
    first = journal.version("a")
    second = journal.version("b", aliases=["best"])

    assert (first["version"], first["new"]) == (0, True)
    assert (second["version"], second["new"]) == (1, True)
    assert journal.state.aliases == {"latest": 1, "best": 1}
    assert [version.aliases for version in journal.state.versions] == [(), ("best", "latest")]


def test_a_version_keeps_what_it_was_logged_with(journal: Journal) -> None:
    journal.version(
        "a",
        metadata={"lr": 0.1, "deep": [{"n": 10**30}]},
        description="text",
        ttl=60,
        tags=["t", "t", "u"],
        wandb={"algorithm": "MD5", "digest": "abc"},
        logged_by={"entity": "e", "project": "p", "run": "r"},
        history_step=3,
        base="f" * 32,
    )

    version = journal.state.versions[0]
    assert version.metadata == {"lr": 0.1, "deep": [{"n": 10**30}]}
    assert (version.description, version.ttl, version.tags) == ("text", 60, ("t", "u"))
    assert version.logged_by == {"entity": "e", "project": "p", "run": "r"}
    assert (version.wandb, version.history_step) == ({"algorithm": "MD5", "digest": "abc"}, 3)
    assert (version.size, version.count, version.base) == (10, 2, "f" * 32)
    assert (version.created_at, version.seq, version.actor) == (1020.0, 1, "ann")
    assert version.updated_at is None


def test_the_same_content_again_is_no_new_version(journal: Journal) -> None:
    first = journal.version("a", metadata={"n": 1}, tags=["t"])

    again = journal.version("a", metadata={"n": 1}, aliases=["best"], tags=["u"])

    assert (again["version"], again["id"], again["new"]) == (0, first["id"], False)
    assert again["metadata_ignored"] is False
    assert journal.state.versions[0].aliases == ("latest", "best")
    assert journal.state.versions[0].tags == ("t", "u")


def test_the_same_content_again_takes_latest_back(journal: Journal) -> None:
    journal.version("a")
    journal.commit({"op": "alias", "version": 0, "remove": ["latest"]})

    journal.version("a")

    assert journal.state.aliases == {"latest": 0}


def test_metadata_of_the_existing_version_stays_and_the_outcome_says_so(journal: Journal) -> None:
    journal.version("a", metadata={"n": 1})

    again = journal.version("a", metadata={"n": 2})

    assert again["metadata_ignored"] is True
    assert journal.state.versions[0].metadata == {"n": 1}


def test_going_back_to_old_content_is_a_new_version(journal: Journal) -> None:
    numbers = [journal.version(content)["version"] for content in ("a", "b", "a")]

    assert numbers == [0, 1, 2]


def test_always_makes_a_version_of_the_same_content(journal: Journal) -> None:
    journal.version("a")

    assert journal.version("a", always=True)["version"] == 1


def test_content_of_a_deleted_version_comes_back_as_a_new_one(journal: Journal) -> None:
    journal.version("a")
    journal.commit({"op": "delete", "version": 0, "delete_aliases": True})

    assert journal.version("a")["version"] == 1


def test_content_of_an_expired_version_comes_back_as_a_new_one(journal: Journal) -> None:
    journal.version("a", ttl=10)

    assert journal.version("a")["version"] == 1


def test_content_of_a_version_that_has_time_left_does_not(journal: Journal) -> None:
    journal.version("a", ttl=11)

    assert journal.version("a")["version"] == 0


def test_a_commit_that_is_sent_again_lands_once(journal: Journal) -> None:
    op = version_op("1" * 32, "a")
    journal.commit(op)
    journal.version("b")

    again = journal.commit(op)

    assert (again["version"], again["new"]) == (0, False)
    assert len(journal.state.versions) == 2
    assert journal.state.aliases["latest"] == 1


def test_an_id_names_one_version_for_ever(journal: Journal) -> None:
    journal.commit(version_op("1" * 32, "a"))

    with pytest.raises(Conflict, match="x:v0 has the id"):
        journal.commit(version_op("1" * 32, "b"))


def test_another_type_is_refused_with_the_words_of_wandb(journal: Journal) -> None:
    with pytest.raises(TypeClash) as caught:
        journal.version("a", type="model")

    assert str(caught.value) == (
        "Artifact x already exists with type 'dataset'; cannot create another with type 'model'"
    )
    assert journal.state.versions == []


def test_nothing_is_logged_into_a_portfolio() -> None:
    with pytest.raises(KindClash, match="is a portfolio"):
        Journal(kind="portfolio").version("a")


def test_an_alias_moves_off_its_holder(journal: Journal) -> None:
    journal.version("a", aliases=["best"])
    journal.version("b")

    outcome = journal.commit({"op": "alias", "version": 1, "add": ["best"]})

    assert outcome == {"version": 1, "changed": True, "aliases": ["latest", "best"]}
    assert journal.state.versions[0].aliases == ()
    assert journal.state.aliases["best"] == 1
    assert journal.state.versions[1].updated_at == journal.now


def test_an_alias_is_taken_only_off_the_version_that_holds_it(journal: Journal) -> None:
    journal.version("a", aliases=["best"])
    journal.version("b")

    assert not journal.commit({"op": "alias", "version": 1, "remove": ["best"]})["changed"]
    assert journal.commit({"op": "alias", "version": 0, "remove": ["best"]})["changed"]
    assert journal.state.aliases == {"latest": 1}


@pytest.mark.parametrize("alias", ["v0", "v17", "a/b", "a:b", ""])
def test_aliases_that_nobody_could_address_are_refused(journal: Journal, alias: str) -> None:
    journal.version("a")

    with pytest.raises(AliasInvalid):
        journal.commit({"op": "alias", "version": 0, "add": ["good", alias]})
    with pytest.raises(AliasInvalid):
        journal.version("b", aliases=[alias])

    assert journal.state.aliases == {"latest": 0}
    assert len(journal.state.versions) == 1


def test_every_move_of_an_alias_is_remembered(journal: Journal) -> None:
    journal.version("a")
    journal.version("b")
    journal.commit({"op": "alias", "version": 1, "remove": ["latest"]})

    moves = [(move.alias, move.before, move.after, move.seq) for move in journal.state.moves]
    assert moves == [("latest", None, 0, 1), ("latest", 0, 1, 2), ("latest", 1, None, 3)]
    assert {move.actor for move in journal.state.moves} == {"ann"}
    assert [move.at for move in journal.state.moves] == [1020.0, 1030.0, 1040.0]


def test_tags_are_added_and_removed(journal: Journal) -> None:
    journal.version("a", tags=["x", "y"])

    journal.commit({"op": "tag", "version": 0, "add": ["z", "y"], "remove": ["x"]})

    assert journal.state.versions[0].tags == ("y", "z")
    assert not journal.commit({"op": "tag", "version": 0, "add": ["z"]})["changed"]


def test_an_edit_changes_what_it_names_and_nothing_else(journal: Journal) -> None:
    journal.version("a", metadata={"n": 1}, description="old", ttl=60)

    journal.commit({"op": "edit", "version": 0, "description": None, "metadata": {"n": 2}})

    version = journal.state.versions[0]
    assert (version.description, version.metadata, version.ttl) == (None, {"n": 2}, 60)
    assert version.updated_at == journal.now
    assert version.created_at == 1020.0


def test_an_edit_that_changes_nothing_is_no_update(journal: Journal) -> None:
    journal.version("a", description="same")

    assert not journal.commit({"op": "edit", "version": 0, "description": "same"})["changed"]
    assert journal.state.versions[0].updated_at is None


@pytest.mark.parametrize("ttl", ["inherit", None, 1, 86400])
def test_a_ttl_may_be_edited(journal: Journal, ttl: object) -> None:
    journal.version("a", ttl=5000)

    journal.commit({"op": "edit", "version": 0, "ttl": ttl})

    assert journal.state.versions[0].ttl == ttl


@pytest.mark.parametrize("op", ["alias", "tag", "edit", "delete", "restore", "purge", "linked"])
@pytest.mark.parametrize("number", [1, -1, 10**30])
def test_a_version_that_is_not_there_is_named(journal: Journal, op: str, number: int) -> None:
    journal.version("a")
    target = {"entity": "e", "project": "p", "collection": "c"}

    with pytest.raises(ArtifactNotFound, match=f"'x:v{number}' not found"):
        journal.commit({"op": op, "version": number, "target": target})


def test_a_version_with_aliases_is_not_deleted_unasked(journal: Journal) -> None:
    journal.version("a", aliases=["best"])

    with pytest.raises(HasAliases, match="'x:v0' still has aliases: best, latest"):
        journal.commit({"op": "delete", "version": 0})

    assert journal.state.versions[0].live


def test_a_deleted_version_lets_go_of_its_aliases_and_keeps_its_number(journal: Journal) -> None:
    journal.version("a")
    journal.version("b", aliases=["best"])

    journal.commit({"op": "delete", "version": 1, "delete_aliases": True})

    version = journal.state.versions[1]
    assert (version.state, version.deleted_at, version.aliases) == ("deleted", journal.now, ())
    assert journal.state.aliases == {}
    assert journal.state.newest == 0
    assert journal.version("c")["version"] == 2


def test_deleting_twice_is_deleting_once(journal: Journal) -> None:
    journal.version("a")
    journal.commit({"op": "delete", "version": 0, "delete_aliases": True})
    deleted_at = journal.state.versions[0].deleted_at

    assert not journal.commit({"op": "delete", "version": 0})["changed"]
    assert journal.state.versions[0].deleted_at == deleted_at


def test_a_deleted_version_cannot_be_changed(journal: Journal) -> None:
    journal.version("a")
    journal.commit({"op": "delete", "version": 0, "delete_aliases": True})

    for op in ("alias", "tag", "edit"):
        with pytest.raises(ArtifactNotFound, match="'x:v0' is deleted"):
            journal.commit({"op": op, "version": 0})


def test_a_restored_version_gets_the_aliases_that_nobody_took(journal: Journal) -> None:
    journal.version("a", aliases=["kept", "taken"])
    journal.commit({"op": "delete", "version": 0, "delete_aliases": True})
    journal.version("b", aliases=["taken"])

    outcome = journal.commit({"op": "restore", "version": 0})

    assert outcome == {"version": 0, "changed": True, "aliases": ["kept"]}
    assert journal.state.aliases == {"kept": 0, "taken": 1, "latest": 1}
    assert journal.state.versions[0].deleted_at is None
    assert not journal.commit({"op": "restore", "version": 0})["changed"]


def test_restoring_the_newest_makes_it_latest_again(journal: Journal) -> None:
    journal.version("a")
    journal.version("b")
    journal.commit({"op": "delete", "version": 1, "delete_aliases": True})

    journal.commit({"op": "restore", "version": 1})

    assert (journal.state.newest, journal.state.aliases) == (1, {"latest": 1})


def test_a_purged_version_is_gone_for_good(journal: Journal) -> None:
    journal.version("a", metadata={"n": 1})
    journal.commit({"op": "delete", "version": 0, "delete_aliases": True})

    journal.commit({"op": "purge", "version": 0})

    version = journal.state.versions[0]
    assert (version.state, version.manifest, version.metadata) == ("purged", {}, {})
    with pytest.raises(ArtifactNotFound, match="is purged"):
        journal.commit({"op": "restore", "version": 0})
    assert not journal.commit({"op": "purge", "version": 0})["changed"]


def test_only_the_trash_is_purged(journal: Journal) -> None:
    journal.version("a")

    with pytest.raises(HasAliases, match="not in the trash"):
        journal.commit({"op": "purge", "version": 0})

    assert journal.state.versions[0].manifest


def test_a_fence_purges_what_is_still_in_the_trash(journal: Journal) -> None:
    for content in "abc":
        journal.version(content)
    journal.commit({"op": "delete", "version": 0})
    journal.commit({"op": "delete", "version": 1})
    journal.commit({"op": "restore", "version": 1})

    outcome = journal.commit({"op": "fence", "epoch": 4, "purged": [0, 1, 99]})

    assert outcome == {"purged": [0]}
    assert [version.state for version in journal.state.versions] == [
        "purged",
        "committed",
        "committed",
    ]


@pytest.mark.parametrize(
    "expect",
    [
        {"latest_digest": "b"},
        {"latest_digest": None},
        {"next": 2},
        {"aliases": {"latest": 1}},
        {"aliases": {"best": 0}},
        {"aliases": {"latest": None}},
        {"ttl": {"0": 61}},
        {"ttl": {"0": None}},
        {"ttl": {"1": 60}},
        {"ttl": {"zero": 60}},
        {"ttl": {"9" * 5000: 60}},
    ],
)
def test_what_is_not_as_expected_is_a_conflict(journal: Journal, expect: object) -> None:
    journal.version("a", ttl=60)
    before = journal.reloaded()

    with pytest.raises(Conflict):
        journal.version("c", expect=expect)

    assert journal.state == before


def test_what_is_as_expected_is_granted(journal: Journal) -> None:
    journal.version("a", ttl=60)
    expect = {
        "latest_digest": "a",
        "next": 1,
        "aliases": {"latest": 0, "best": None},
        "ttl": {"0": 60},
    }

    assert journal.version("c", expect=expect)["version"] == 1


def test_an_expiry_meets_a_ttl_that_was_prolonged(journal: Journal) -> None:
    journal.version("a", ttl=5)
    journal.commit({"op": "edit", "version": 0, "ttl": 5000})

    with pytest.raises(Conflict, match="its TTL is another"):
        journal.commit(
            {"op": "delete", "version": 0, "delete_aliases": True, "expect": {"ttl": {"0": 5}}}
        )

    assert journal.state.versions[0].live


def test_a_registry_s_link_ends_the_ttl_for_good(journal: Journal) -> None:
    journal.version("a", ttl=5)
    target = {"entity": "o", "project": "wandb-registry-m", "collection": "best"}
    journal.commit({"op": "linked", "version": 0, "target": target, "registry": True})

    assert journal.state.versions[0].ttl is None
    assert journal.state.versions[0].in_registry
    with pytest.raises(TtlInvalid, match="cannot expire"):
        journal.commit({"op": "edit", "version": 0, "ttl": 60})
    assert journal.version("a")["version"] == 0

    journal.commit({"op": "unlinked", "version": 0, "target": target})
    assert journal.state.versions[0].ttl is None
    assert journal.state.versions[0].links == ()
    journal.commit({"op": "edit", "version": 0, "ttl": 60})
    assert journal.state.versions[0].ttl == 60


def test_a_link_is_noted_once_and_a_plain_one_leaves_the_ttl(journal: Journal) -> None:
    journal.version("a", ttl=5)
    op = {
        "op": "linked",
        "version": 0,
        "target": {"entity": "e", "project": "p", "collection": "c"},
    }

    assert journal.commit(op)["changed"]
    assert not journal.commit(op)["changed"]
    assert len(journal.state.versions[0].links) == 1
    assert journal.state.versions[0].ttl == 5


def test_nothing_happens_in_a_collection_that_nobody_created(journal: Journal) -> None:
    journal.state = journal.fold.initial()

    with pytest.raises(CollectionNotFound):
        journal.version("a")

    assert journal.state == journal.fold.initial()
