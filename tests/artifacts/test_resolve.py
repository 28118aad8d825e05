"""Which version is meant: by number, alias, digest, id; now and then; and the way back."""

from __future__ import annotations

import pytest
from tests.artifacts.journals import Journal, link_op

from wbart.errors import ArtifactNotFound, Conflict, RefAmbiguous
from wbart.fold import alias_log
from wbart.fold.state import Version
from wbart.refs.refpath import Ref
from wbart.refs.resolve import View, expires, resolve


@pytest.fixture
def journal() -> Journal:
    journal = Journal()
    journal.version("blake3:aaaa1111", aliases=["best"])  # v0 at 1020
    journal.version("blake3:bbbb2222")  # v1 at 1030
    journal.version("blake3:aaaa3333", aliases=["best"])  # v2 at 1040
    return journal


def number(journal: Journal, ref: str, now: float = 2000.0) -> int:
    return resolve(journal.state, Ref.parse(ref), now, place="e/p").number


@pytest.mark.parametrize(
    ("ref", "wanted"),
    [
        ("x", 2),
        ("x:latest", 2),
        ("x:best", 2),
        ("x:v1", 1),
        ("x@bbbb", 1),
        ("x@blake3:aaaa1", 0),
        ("x@aaaa3333", 2),
    ],
)
def test_a_version_is_found(journal: Journal, ref: str, wanted: int) -> None:
    assert number(journal, ref) == wanted


def test_an_id_finds_its_version(journal: Journal) -> None:
    id_ = journal.state.versions[1].id

    assert number(journal, f"wandb-artifact://_id/{id_}") == 1


@pytest.mark.parametrize(
    ("ref", "shown"),
    [("x:v3", "x:v3"), ("x:nope", "x:nope"), ("x@cccc", "x@cccc"), ("x:v" + "9" * 15, "x:v9")],
)
def test_what_is_not_there_is_named_as_wandb_names_it(
    journal: Journal, ref: str, shown: str
) -> None:
    with pytest.raises(ArtifactNotFound, match=f"artifact membership '{shown}.*not found in 'e/p'"):
        number(journal, ref)


def test_a_digest_that_fits_several_contents_is_ambiguous(journal: Journal) -> None:
    with pytest.raises(RefAmbiguous, match="fits several versions of 'x': v2, v0"):
        number(journal, "x@aaaa")


def test_of_equal_contents_the_newest_live_is_meant(journal: Journal) -> None:
    journal.version("blake3:bbbb2222")

    assert number(journal, "x@bbbb") == 3

    journal.commit({"op": "delete", "version": 3, "delete_aliases": True})
    assert number(journal, "x@bbbb") == 1


def test_a_deleted_version_is_said_to_be_deleted(journal: Journal) -> None:
    journal.commit({"op": "delete", "version": 1})

    for ref in ("x:v1", "x@bbbb"):
        with pytest.raises(ArtifactNotFound, match="is deleted"):
            number(journal, ref)

    journal.commit({"op": "purge", "version": 1})
    with pytest.raises(ArtifactNotFound, match="'x:v1' is purged"):
        number(journal, "x:v1")


def test_latest_falls_back_to_the_newest_live_version(journal: Journal) -> None:
    journal.commit({"op": "delete", "version": 2, "delete_aliases": True})
    assert number(journal, "x") == 1

    journal.commit({"op": "alias", "version": 0, "add": ["latest"]})
    assert number(journal, "x") == 0

    journal.commit({"op": "alias", "version": 0, "remove": ["latest"]})
    assert number(journal, "x") == 1


def test_with_nothing_left_there_is_no_latest() -> None:
    with pytest.raises(ArtifactNotFound, match="membership 'x:latest' not found"):
        number(Journal(), "x")


def test_a_version_expires_when_it_is_read(journal: Journal) -> None:
    journal.commit({"op": "edit", "version": 2, "ttl": 100})

    assert number(journal, "x:best", now=1139.9) == 2
    with pytest.raises(ArtifactNotFound, match=r"'x:best' \(v2\) is expired"):
        number(journal, "x:best", now=1140.0)
    with pytest.raises(ArtifactNotFound, match="'x:v2' is expired"):
        number(journal, "x:v2", now=1140.0)
    assert number(journal, "x", now=1140.0) == 1


def test_what_inherits_lives_as_long_as_the_default_says(journal: Journal) -> None:
    journal.commit({"op": "edit", "version": 0, "ttl": None})
    view = View(journal.state, now=1130.0, default_ttl=100)

    assert [version.number for version in view.live()] == [2, 0]
    assert [version.number for version in view.expired()] == [1]
    newest = view.newest()
    assert newest is not None
    assert (newest.number, view.expires(newest)) == (2, 1140.0)


def test_what_a_registry_holds_never_expires(journal: Journal) -> None:
    target = {"entity": "o", "project": "wandb-registry-m", "collection": "c"}
    journal.commit({"op": "linked", "version": 1, "target": target, "registry": True})

    assert expires(journal.state.versions[1], 5) is None
    assert expires(journal.state.versions[0], 5) == 1025.0


def test_a_membership_does_not_expire_by_itself() -> None:
    journal = Journal(kind="portfolio")
    journal.commit(link_op("1" * 32, "a"))

    assert expires(journal.state.versions[0], 5) is None


@pytest.mark.parametrize(
    ("ref", "seconds", "wanted"),
    [
        ("x:best", 1020.0, 0),
        ("x:best", 1039.9, 0),
        ("x:best", 1040.0, 2),
        ("x", 1035.0, 1),
        ("x:v1", 1030.0, 1),
    ],
)
def test_aliases_stand_where_they_stood(
    journal: Journal, ref: str, seconds: float, wanted: int
) -> None:
    parsed = Ref.parse(f"{ref}@{{1970-01-01T00:00:{0:02}Z}}")

    assert View(journal.state, 2000.0).get(parsed.selector, seconds).number == wanted


@pytest.mark.parametrize(("ref", "seconds"), [("x:best", 1019.9), ("x:v1", 1029.9), ("x", 1000.0)])
def test_before_it_was_there_it_is_not_found(journal: Journal, ref: str, seconds: float) -> None:
    view = View(journal.state, 2000.0)

    with pytest.raises(ArtifactNotFound):
        view.get(Ref.parse(ref).selector, seconds)
    assert view.find(Ref.parse(ref).selector, seconds) is None


def test_latest_at_a_time_when_nobody_held_it_is_the_newest_of_then(journal: Journal) -> None:
    journal.commit({"op": "alias", "version": 2, "remove": ["latest"]})  # 1050
    journal.version("blake3:dddd")  # 1060

    latest = Ref.parse("x").selector
    assert View(journal.state, 2000.0).get(latest, 1055.0).number == 2
    assert View(journal.state, 2000.0).get(latest, 1060.0).number == 3


def test_the_time_of_a_ref_counts(journal: Journal) -> None:
    parsed = Ref.parse("x:best@{1970-01-01T00:17:15Z}")

    assert resolve(journal.state, parsed, 2000.0).number == 0


def test_the_log_of_an_alias_is_newest_first(journal: Journal) -> None:
    moves = alias_log.history(journal.state, "best")

    assert [(move.before, move.after, move.actor) for move in moves] == [
        (0, 2, "ann"),
        (None, 0, "ann"),
    ]
    assert len(alias_log.history(journal.state)) == 5


def holder(journal: Journal) -> Version | None:
    found = journal.state.aliases.get("best")
    return None if found is None else journal.state.versions[found]


def test_undo_takes_the_last_move_back_and_redoes_it(journal: Journal) -> None:
    journal.commit(alias_log.undo(journal.state, "best").to_json())
    assert holder(journal) is journal.state.versions[0]

    journal.commit(alias_log.undo(journal.state, "best").to_json())
    assert holder(journal) is journal.state.versions[2]


def test_undo_of_a_first_move_takes_the_alias_away() -> None:
    journal = Journal()
    journal.version("a", aliases=["best"])

    journal.commit(alias_log.undo(journal.state, "best").to_json())
    assert holder(journal) is None

    journal.commit(alias_log.undo(journal.state, "best").to_json())
    assert holder(journal) is journal.state.versions[0]


def test_undo_loses_against_a_move_in_between(journal: Journal) -> None:
    op = alias_log.undo(journal.state, "best").to_json()
    journal.commit({"op": "alias", "version": 1, "add": ["best"]})

    with pytest.raises(Conflict, match="x:best has moved"):
        journal.commit(op)


def test_undo_does_not_raise_the_dead(journal: Journal) -> None:
    journal.commit({"op": "delete", "version": 0})

    with pytest.raises(ArtifactNotFound, match="'x:v0', which held 'best' before, is deleted"):
        alias_log.undo(journal.state, "best")
    with pytest.raises(ArtifactNotFound, match="never been set"):
        alias_log.undo(journal.state, "other")
