"""`wbart alias`, `tag`, `link` and `unlink`: what versions are called."""

from __future__ import annotations

from tests.cli.conftest import Shell


def _aliases(shell: Shell, ref: str) -> list[str]:
    found: list[str] = shell("show", ref, "--json").json["aliases"]
    return found


def test_set_moves_an_alias_and_tells_from_where_to_where(two: Shell) -> None:
    assert two("alias", "set", "data:v0", "best").out == "best: nowhere -> v0\n"
    assert two("alias", "set", "data:v1", "best", "new").lines == [
        "best: v0 -> v1",
        "new: v1, as before",
    ]
    assert _aliases(two, "data:v1") == ["best", "latest", "new"]
    assert _aliases(two, "data:v0") == ["old"]


def test_set_for_programs_and_dry(two: Shell) -> None:
    (dry,) = two("alias", "set", "data:v0", "best", "-n", "--json").json

    assert (dry["before"], dry["after"], dry["dry_run"]) == (None, "v0", True)
    assert _aliases(two, "data:v0") == ["old"]
    assert two("alias", "set", "data:v0", "best", "-q").out == ("default/uncategorized/data:v0\n")


def test_rm_takes_aliases_off_in_one_step(two: Shell) -> None:
    assert two("alias", "rm", "data", "old", "latest").lines == [
        "old: v0 -> nowhere",
        "latest: v1 -> nowhere",
    ]
    two("alias", "rm", "data", "old", code=4)
    moves = two("alias", "log", "data", "--json").json
    assert moves[0]["seq"] == moves[1]["seq"]


def test_a_missing_alias_stops_rm_before_it_begins(two: Shell) -> None:
    two("alias", "rm", "data", "old", "nosuch", code=4)

    assert _aliases(two, "data:v0") == ["old"]


def test_log_and_undo_know_where_an_alias_has_been(two: Shell) -> None:
    two("alias", "set", "data:v0", "best")
    two("alias", "set", "data:v1", "best")

    found = two("alias", "log", "data", "best", "--json").json

    assert [(each["before"], each["after"]) for each in found] == [("v0", "v1"), (None, "v0")]
    assert two("alias", "undo", "data", "best").out == "best: v1 -> v0\n"
    assert two("alias", "undo", "data", "best").out == "best: v0 -> v1\n"
    assert len(two("alias", "log", "data").lines) > 4


def test_an_alias_can_be_asked_for_as_it_was(two: Shell) -> None:
    moves = two("alias", "log", "data", "latest", "--json").json
    first = moves[-1]["at"]

    shown = two("show", f"data:latest@{{{first}}}", "--json").json

    assert shown["version"] == "v0"


def test_undo_of_what_never_was(two: Shell) -> None:
    two("alias", "undo", "data", "nosuch", code=4)
    two("alias", "undo", "nosuch", "best", code=4)
    two("alias", "set", "data:v0", "v7", code=2)


def test_tags_come_and_go(two: Shell) -> None:
    assert two("tag", "add", "data:v0", "clean", "two words").out == "data:v0: clean, two words\n"
    assert two("tag", "rm", "data:v0", "clean", "nosuch", "--json").json["tags"] == ["two words"]
    assert two("show", "data:v0", "--json").json["tags"] == ["two words"]
    assert two("tag", "rm", "data:v0", "two words").out == "data:v0: no tags\n"


def test_tags_dry_or_bad_change_nothing(two: Shell) -> None:
    two("tag", "add", "data:v0", "x", "-n")
    two("tag", "add", "data:v0", "no!", code=2)

    assert two("show", "data:v0", "--json").json["tags"] == []


def test_a_link_shows_the_version_in_another_collection(two: Shell) -> None:
    ran = two("link", "data:v0", "shop/shelf", "-a", "top")

    assert ran.out == "default/shop/shelf:v0 -> default/uncategorized/data:v0\n"
    shown = two("show", "shop/shelf:top", "--json").json
    assert shown["is_link"] is True
    assert shown["source_qualified_name"] == "default/uncategorized/data:v0"
    assert two("link", "data:v0", "shop/shelf", "-q").out == "default/shop/shelf:v0\n"
    assert two("show", "data:v0", "--json").json["links"] == ["default/shop/shelf"]
    assert two("get", "shop/shelf:top", "there", "-q").out == "there\n"


def test_a_dry_link_links_nothing(two: Shell) -> None:
    ran = two("link", "data:v0", "shelf", "-n")

    assert ran.out == "would link default/uncategorized/data:v0 into default/uncategorized/shelf\n"
    two("show", "shelf", code=4)


def test_unlink_leaves_the_source(two: Shell) -> None:
    two("link", "data:v0", "shelf")
    two("unlink", "shelf:v0", "-n")
    two("show", "shelf:v0")

    assert two("unlink", "shelf:v0").out == (
        "unlinked default/uncategorized/shelf:v0; default/uncategorized/data:v0 stays\n"
    )

    two("show", "shelf:v0", code=4)
    two("show", "data:v0")


def test_only_links_can_be_unlinked_and_only_portfolios_linked_to(two: Shell) -> None:
    two("unlink", "data:v0", code=6)
    two("link", "data:v0", "data", code=6)
    two("link", "data:v0", "a/b/c/d", code=2)
