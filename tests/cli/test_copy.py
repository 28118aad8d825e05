"""`wbart copy`: versions into another store."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Shell


def test_copy_tells_what_went_where_and_what_travelled(two: Shell) -> None:
    two("init", "there")

    done = two("copy", "data:v0", "there")

    here = "default/uncategorized/data"
    assert done.out == f"{here}:v0 -> {here}:v0  (old)\n"
    assert done.err == "3 objects, 11.0B travelled\n"
    assert two("copy", "data:v0", "there").out == f"{here}:v0 -> {here}:v0  is there already\n"
    assert two("files", "data:old", "-s", "there", "-q").lines == [
        "a.txt",
        "dir/b.txt",
        "dir/c.txt",
    ]


def test_copy_for_programs(two: Shell) -> None:
    done = two("copy", "data", "there", "--all", "--create", "--json").json

    assert [(each["qualified_name"][-2:], each["new"]) for each in done["versions"]] == [
        ("v0", True),
        ("v1", True),
    ]
    assert done["versions"][0]["aliases"] == ["old"]
    assert (done["objects"], done["warnings"], done["dry_run"]) == (5, [], False)
    assert done["size"] == sum(each["size"] for each in done["versions"])
    again = two("copy", "data", "there", "--all", "--json").json
    assert (again["objects"], again["size"]) == (0, 0)
    assert two("copy", "data", "there", "--all", "-q").lines == [
        "default/uncategorized/data:v0",
        "default/uncategorized/data:v1",
    ]


def test_a_dry_copy_makes_nothing(two: Shell) -> None:
    done = two("copy", "data:v0", "there", "--create", "-n", "--json").json

    assert (done["versions"][0]["new"], done["objects"], done["dry_run"]) == (True, 3, True)
    assert not (two.folder / "there").exists()


def test_copy_into_what_is_no_store_says_so(two: Shell) -> None:
    failed = two("copy", "data:v0", "there", code=10)

    assert "no store at" in failed.err
    assert not (two.folder / "there").exists()


def test_copy_to_another_name(two: Shell) -> None:
    two("copy", "data:v1", "there", "--create", "--as", "team/zoo/mirror")

    shown = two("show", "team/zoo/mirror:new", "-s", "there", "--json").json
    assert shown["origin"]["qualified_name"] == "default/uncategorized/data:v1"
    assert shown["origin"]["id"] == two("show", "data:v1", "--json").json["id"]
    assert two("show", "data:v1", "--json").json["origin"] is None


def test_an_alias_that_stays_is_told(two: Shell) -> None:
    two("copy", "data:v0", "there", "--create")
    two("alias", "set", "data:v1", "old")

    kept = two("copy", "data:v1", "there")
    moved = two("copy", "data:v1", "there", "--overwrite-aliases")

    assert "wbart: the alias 'old' stays on v0 of default/uncategorized/data" in kept.err
    assert "(old)" in moved.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("data:v9", "there"), 4),
        (("nothing", "there", "--all"), 4),
        (("data:v0#a.txt", "there"), 2),
        (("data:v0", "there", "--all"), 2),
        (("data:v0", "there", "--as", "x:v1"), 2),
        (("data:v0", "there", "--target-options", "{"), 2),
        (("data:v0", "nofs://x"), 11),
    ],
)
def test_what_cannot_be_copied_ends_with_the_right_code(
    two: Shell, arguments: tuple[str, ...], code: int
) -> None:
    two("init", "there")

    failed = two("copy", *arguments, code=code)

    assert failed.err.count("\n") == 1
    assert failed.err.startswith("wbart: ")
    assert "Traceback" not in failed.err


def test_damage_at_the_source_ends_with_5(two: Shell) -> None:
    for path in (two.store / "o").rglob("*"):
        if path.is_file() and path.read_bytes() == b"two":
            path.chmod(0o644)
            path.write_bytes(b"twO")

    failed = two("copy", "data:v0", "there", "--create", "--json", code=5)

    assert json.loads(failed.err)["exit"] == 5
    assert two("ls", "-s", "there", "-q").out == ""


def test_what_was_deleted_at_the_target_is_a_conflict(two: Shell) -> None:
    two("copy", "data:v0", "there", "--create")
    two("rm", "data:v0", "-s", "there", "-y", "--delete-aliases")

    assert "is deleted at the target" in two("copy", "data:v0", "there", code=6).err
    assert "is deleted at the target" in two("copy", "data", "there", "--all").err
