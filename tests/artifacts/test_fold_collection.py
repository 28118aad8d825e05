"""Collections as a whole, portfolios, intents that are refused, and the way through a dump."""

from __future__ import annotations

import pytest
from tests.artifacts.journals import Journal, Json, link_op, version_op

from wbart.errors import (
    ArgumentInvalid,
    CollectionNotFound,
    CommError,
    Conflict,
    KindClash,
    MalformedOp,
    TypeClash,
    UnknownOp,
)
from wbart.fold.journal import CollectionFold
from wbart.fold.outcome import granted
from wbart.fold.state import load


def test_creating_what_is_there_is_fine() -> None:
    journal = Journal()
    before = journal.state.head

    outcome = journal.commit({"op": "create", "type": "dataset", "kind": "sequence"})

    assert outcome == {"created": False}
    assert journal.state.head == before


def test_of_two_that_create_with_different_types_the_first_wins() -> None:
    journal = Journal("model")

    with pytest.raises(TypeClash, match="already exists with type 'model'"):
        journal.commit({"op": "create", "type": "dataset", "kind": "sequence"})
    with pytest.raises(KindClash, match="is a sequence, not a portfolio"):
        journal.commit({"op": "create", "type": "model", "kind": "portfolio"})


def test_a_collection_is_edited() -> None:
    journal = Journal()

    journal.commit({"op": "collection", "description": "d", "type": "model", "tags": ["a", "a"]})

    head = journal.state.head
    assert (head.description, head.type, head.tags) == ("d", "model", ("a",))
    assert head.updated_at == journal.now
    assert not journal.commit({"op": "collection", "description": "d"})["changed"]


def test_a_portfolio_keeps_its_type() -> None:
    with pytest.raises(KindClash):
        Journal(kind="portfolio").commit({"op": "collection", "type": "model"})


def test_internal_types_are_neither_taken_nor_left() -> None:
    with pytest.raises(ArgumentInvalid, match="is reserved for internal use"):
        Journal().commit({"op": "collection", "type": "wandb-x"})
    with pytest.raises(ArgumentInvalid, match="is an internal type and cannot be changed"):
        Journal("job").commit({"op": "collection", "type": "model"})


def test_a_deleted_collection_is_not_there_until_it_is_restored() -> None:
    journal = Journal()
    journal.version("a")
    journal.commit({"op": "collection", "deleted": True})
    assert not journal.state.exists

    with pytest.raises(CollectionNotFound, match="'x' not found"):
        journal.version("b")
    with pytest.raises(CollectionNotFound):
        journal.commit({"op": "collection", "description": "d"})

    journal.commit({"op": "collection", "deleted": False})
    assert journal.state.exists
    assert journal.state.aliases == {"latest": 0}


def test_a_collection_made_anew_uses_no_number_again() -> None:
    journal = Journal()
    journal.version("a")
    journal.commit({"op": "collection", "deleted": True})

    assert journal.commit({"op": "create", "type": "model", "kind": "sequence"})["created"]
    assert journal.state.versions[0].state == "deleted"
    assert journal.state.aliases == {}
    assert journal.version("a", type="model")["version"] == 1
    with pytest.raises(TypeClash, match="has type 'dataset'"):
        journal.commit({"op": "restore", "version": 0})


def test_a_collection_made_anew_with_its_old_type_can_restore() -> None:
    journal = Journal()
    journal.version("a")
    journal.commit({"op": "collection", "deleted": True})
    journal.commit({"op": "create", "type": "dataset", "kind": "sequence"})

    assert journal.commit({"op": "restore", "version": 0})["aliases"] == ["latest"]


def test_memberships_are_numbered_by_the_portfolio() -> None:
    journal = Journal(kind="portfolio")

    first = journal.commit(link_op("1" * 32, "a", 7, aliases=["best"]))
    second = journal.commit(link_op("2" * 32, "b", 3))

    assert (first["version"], first["new"]) == (0, True)
    assert (second["version"], second["new"]) == (1, True)
    assert journal.state.aliases == {"best": 0, "latest": 1}
    source = journal.state.versions[0].source
    assert source is not None
    assert (source.version, source.id) == (7, "a")
    assert journal.state.versions[0].linked_at == 1020.0


def test_the_same_source_again_is_the_same_membership() -> None:
    journal = Journal(kind="portfolio")
    first = journal.commit(link_op("1" * 32, "a"))

    again = journal.commit(link_op("2" * 32, "a", aliases=["best"]))

    assert (again["version"], again["id"], again["new"]) == (0, first["id"], False)
    assert journal.state.versions[0].aliases == ("latest", "best")


def test_an_id_names_one_membership_for_ever() -> None:
    journal = Journal(kind="portfolio")
    journal.commit(link_op("1" * 32, "a"))

    with pytest.raises(Conflict, match="x:v0 has the id"):
        journal.commit(link_op("1" * 32, "b"))


def test_an_unlinked_membership_is_gone_and_its_number_stays_used() -> None:
    journal = Journal(kind="portfolio")
    journal.commit(link_op("1" * 32, "a"))

    assert journal.commit({"op": "unlink", "version": 0})["changed"]
    assert not journal.commit({"op": "unlink", "version": 0})["changed"]

    assert journal.state.aliases == {}
    assert journal.commit(link_op("2" * 32, "a"))["version"] == 1
    with pytest.raises(KindClash, match="link its source again"):
        journal.commit({"op": "restore", "version": 0})


def test_deleting_a_link_takes_the_link_away_whatever_its_aliases() -> None:
    journal = Journal(kind="portfolio")
    journal.commit(link_op("1" * 32, "a"))

    assert journal.commit({"op": "delete", "version": 0})["changed"]


def test_what_belongs_to_the_source_is_not_changed_through_a_link() -> None:
    journal = Journal(kind="portfolio")
    journal.commit(link_op("1" * 32, "a"))

    for op in ("edit", "tag"):
        with pytest.raises(KindClash, match="is a link"):
            journal.commit({"op": op, "version": 0})


def test_links_and_versions_do_not_mix() -> None:
    journal = Journal()
    journal.version("a")

    with pytest.raises(KindClash, match="only a portfolio"):
        journal.commit(link_op("1" * 32, "a"))
    with pytest.raises(KindClash, match=r"use 'Artifact\.delete' instead"):
        journal.commit({"op": "unlink", "version": 0})
    with pytest.raises(TypeClash):
        Journal("model", "portfolio").commit(link_op("1" * 32, "a", type="dataset"))


def test_an_intent_is_granted_whole_or_not_at_all() -> None:
    journal = Journal()
    journal.version("a", aliases=["best"], tags=["t"])
    journal.version("b")
    before = journal.reloaded()

    answer = journal.answer(
        version_op("9" * 32, "c", aliases=["best"]),
        {"op": "tag", "version": 0, "add": ["u"]},
        {"op": "delete", "version": 2, "delete_aliases": True},
        {"op": "collection", "description": "new"},
        {"op": "alias", "version": 99, "add": ["x"]},
    )

    assert answer == {
        "error": "artifact_not_found",
        "message": "artifact membership 'x:v99' not found",
        "op": 4,
    }
    assert journal.state == before
    assert journal.state.ids == before.ids
    assert journal.version("c")["version"] == 2


def test_links_of_a_refused_intent_leave_no_trace() -> None:
    journal = Journal(kind="portfolio")
    journal.commit(link_op("1" * 32, "a"))

    journal.answer({"op": "unlink", "version": 0}, link_op("2" * 32, "b"), {"op": "unlink"})

    assert journal.state.members == {"a": 0}
    assert journal.state == journal.reloaded()


def test_an_op_of_a_later_release_refuses_its_intent_and_nothing_else() -> None:
    journal = Journal()

    with pytest.raises(UnknownOp, match="'teleport'"):
        journal.commit(version_op("1" * 32, "a"), {"op": "teleport"})

    assert journal.state.versions == []
    assert journal.version("a")["version"] == 0


@pytest.mark.parametrize(
    "op",
    [
        {},
        {"op": 3},
        {"op": None},
        {"op": "version"},
        {"op": "version", "id": "1", "digest": "a", "manifest": None},
        {"op": "version", "id": "1", "digest": "a", "manifest": {}, "ttl": 0},
        {"op": "version", "id": "1", "digest": "a", "manifest": {}, "ttl": 2**60},
        {"op": "version", "id": "1", "digest": "a", "manifest": {}, "ttl": "soon"},
        {"op": "version", "id": "1", "digest": "a", "manifest": {}, "expect": {"mood": 1}},
        {"op": "alias", "version": "0"},
        {"op": "alias", "version": True},
        {"op": "alias", "version": 0, "add": "best"},
        {"op": "create", "type": "t", "kind": "heap"},
        {"op": "link", "id": "1", "source": {}},
    ],
)
def test_an_op_without_what_it_needs_is_refused(op: Json) -> None:
    journal = Journal()

    with pytest.raises(MalformedOp):
        journal.commit(op)


def test_a_field_of_a_later_release_is_passed_over() -> None:
    assert Journal().version("a", colour="blue")["version"] == 0


def test_an_answer_that_is_none_is_an_error() -> None:
    with pytest.raises(CommError, match="NoneType"):
        granted(None)
    with pytest.raises(CommError, match="later kind"):
        granted({"error": "of_a_later_release", "message": "later kind", "op": 0})


@pytest.mark.parametrize(
    "dumped",
    [
        None,
        {},
        {"head": {}, "versions": [], "aliases": {"a": 0}, "moves": []},
        {"head": {}, "versions": [], "aliases": {}, "moves": [], "more": 1},
    ],
)
def test_what_is_no_dump_is_a_value_error(dumped: object) -> None:
    with pytest.raises(ValueError):
        load(dumped)


def test_numbers_of_a_dump_must_be_dense() -> None:
    journal = Journal()
    journal.version("a")
    dumped = journal.fold.dump(journal.state)
    assert isinstance(dumped, dict)
    dumped["versions"][0]["number"] = 1

    with pytest.raises(ValueError, match="not dense"):
        CollectionFold().load(dumped)
