"""`wbart rm`, `restore` and `ttl`: what goes, and how it comes back."""

from __future__ import annotations

import json
import os
import pty
import subprocess

import pytest
from tests.cli.conftest import Shell


def test_without_a_terminal_rm_takes_yes(two: Shell) -> None:
    ran = two("rm", "data:v0", "--delete-aliases", "--json", code=11)

    told = json.loads(ran.err)
    assert (told["code"], told["hint"]) == ("refused", "-y says yes")
    two("show", "data:v0")


def test_rm_puts_a_version_into_the_trash_and_restore_brings_it_back(two: Shell) -> None:
    two("alias", "rm", "data", "old")

    assert two("rm", "data:v0", "-y").out == "deleted version default/uncategorized/data:v0\n"

    two("show", "data:v0", code=4)
    assert two("ls", "data", "--trash", "-q").lines == ["default/uncategorized/data:v0"]
    assert two("restore", "data:v0").out == "restored default/uncategorized/data:v0\n"
    assert two("get", "data:v0", "there", "-q").out == "there\n"
    assert two("restore", "data:v0", "--json").json["changed"] is False


def test_aliases_hold_a_version_unless_they_go_too(two: Shell) -> None:
    ran = two("rm", "data:v0", "-y", code=11)

    assert "--delete-aliases" in ran.err
    two("rm", "data:v0", "-y", "--delete-aliases")
    two("restore", "data:v0")
    assert two("show", "data:old", "--json").json["version"] == "v0"


def test_a_dry_rm_deletes_nothing_and_asks_nobody(two: Shell) -> None:
    assert two("rm", "data:v0", "-n").out == "would delete version default/uncategorized/data:v0\n"
    two("show", "data:v0")


def test_a_slip_of_the_pen_deletes_nothing(two: Shell) -> None:
    two("alias", "rm", "data", "old")

    two("rm", "data:v0", "data:v9", "-y", code=4)

    two("show", "data:v0")


def test_when_some_cannot_be_deleted_it_is_partly_done(two: Shell) -> None:
    two("alias", "rm", "data", "old")

    ran = two("rm", "data:v0", "data:v1", "-y", code=3)

    assert ran.lines == ["deleted version default/uncategorized/data:v0"]
    assert "data:v1" in ran.err
    two("show", "data:v1")


def test_a_bare_name_is_no_version(two: Shell) -> None:
    ran = two("rm", "data", "-y", code=2)

    assert "--collection" in ran.err
    two("show", "data")


def test_a_whole_collection_goes_and_comes_back(two: Shell) -> None:
    assert two("rm", "data", "--collection", "-y").out == (
        "deleted collection (2 versions) default/uncategorized/data\n"
    )
    two("show", "data", code=4)
    assert two("ls").out == ""
    two("restore", "data", "--collection")
    assert len(two("ls", "data", "-q").lines) == 2


def test_rm_of_a_link_leaves_its_source(two: Shell) -> None:
    two("link", "data:v0", "shelf")

    assert two("rm", "shelf:v0", "-y").out == "deleted link default/uncategorized/shelf:v0\n"

    two("show", "shelf:v0", code=4)
    assert two("show", "data:v0", "--json").json["links"] == []


def test_restore_needs_a_number(two: Shell) -> None:
    two("restore", "data", code=2)
    two("restore", "data:old", code=2)
    two("restore", "data:v9", code=4)


def test_ttl_is_shown_and_set(two: Shell) -> None:
    assert two("ttl", "data:v0").out == "data:v0: lives as its project says\n"
    assert two("ttl", "data:v0", "30d").out.startswith("data:v0: lives 30 d, until 20")
    assert two("ttl", "data:v0", "-q").out == f"{30 * 86400}\n"
    assert two("ttl", "data:v0", "never").out == "data:v0: lives for ever\n"
    assert two("ttl", "data:v0", "inherit", "--json").json["ttl"] == "inherit"


def test_a_bad_or_dry_ttl_changes_nothing(two: Shell) -> None:
    two("ttl", "data:v0", "0s", code=2)
    two("ttl", "data:v0", "30d", "-n")

    assert two("ttl", "data:v0", "--json").json["ttl"] == "inherit"


def test_the_ttl_of_a_link_is_its_sources(two: Shell) -> None:
    two("link", "data:v0", "shelf")

    two("ttl", "shelf:v0", "30d", code=2)


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 11), ("\n", 11)])
def test_on_a_terminal_rm_asks(two: Shell, answer: str, code: int) -> None:
    two("alias", "rm", "data", "old")
    main, side = pty.openpty()
    process = subprocess.Popen(
        two.command("rm", "data:v0"),
        cwd=two.folder,
        env=two.env,
        stdin=side,
        stdout=subprocess.PIPE,
        stderr=side,
    )
    os.close(side)
    asked = b""
    while b"[y/N]" not in asked:
        asked += os.read(main, 4096)
    os.write(main, answer.encode())
    out, _ = process.communicate(timeout=60)
    os.close(main)

    assert b"delete default/uncategorized/data:v0?" in asked
    assert process.returncode == code
    assert out.startswith(b"deleted") is (code == 0)
    two("show", "data:v0", code=4 if code == 0 else 0)


def test_partly_done_is_told_to_programs_as_objects(two: Shell) -> None:
    two("alias", "rm", "data", "old")

    ran = two("rm", "data:v0", "data:v1", "-y", "--json", code=3)

    assert [each["qualified_name"] for each in ran.json] == ["default/uncategorized/data:v0"]
    assert json.loads(ran.err)["code"] == "has_aliases"
