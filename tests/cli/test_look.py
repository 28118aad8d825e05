"""`wbart ls`, `show`, `log`, `diff`, `status` and `whatis`: looking changes nothing."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Shell


def test_an_empty_store_lists_nothing_and_is_no_error(wbart: Shell) -> None:
    wbart("init", wbart.store)

    assert wbart("ls").out == ""
    assert wbart("ls", "--json").json == []
    assert wbart("ls", "x*").out == ""


def test_ls_lists_collections_with_their_newest_version(two: Shell) -> None:
    two.put("model", {"m": "0123456789a"}, "-t", "model")

    lines = two("ls").lines

    assert [line.split()[0] for line in lines] == ["dataset", "model"]
    assert lines[0].endswith("11.0B  data:v1   [latest, new]")
    assert lines[1].endswith("11.0B  model:v0  [latest]")


def test_ls_of_a_name_lists_its_versions_newest_first(two: Shell) -> None:
    assert two("ls", "data", "-q").lines == [
        "default/uncategorized/data:v1",
        "default/uncategorized/data:v0",
    ]
    assert two("ls", "data:old", "-q").lines == ["default/uncategorized/data:v0"]
    assert two("ls", "da*:v*", "-q").lines == two("ls", "data", "-q").lines


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("d*", ["default/uncategorized/data:v1"]),
        ("*/*", ["default/p/x.1:v0", "default/uncategorized/data:v1"]),
        ("p/", ["default/p/x.1:v0"]),
        ("*/*/*", ["default/p/x.1:v0", "default/uncategorized/data:v1", "e/p/y:v0"]),
        ("e/*/?", ["e/p/y:v0"]),
        ("[a-c]*", []),
    ],
)
def test_ls_takes_globs(two: Shell, pattern: str, wanted: list[str]) -> None:
    two.put("p/x.1", {"a": "1"})
    two.put("e/p/y", {"a": "1"})

    assert two("ls", pattern, "-q").lines == wanted


def test_ls_by_type(two: Shell) -> None:
    two.put("model", {"m": "0"}, "-t", "model")

    assert two("ls", "-t", "model", "-q").lines == ["default/uncategorized/model:v0"]


def test_ls_of_what_is_not_there(two: Shell) -> None:
    two("ls", "nosuch", code=4)
    two("ls", "a/b/c/d", code=2)


def test_ls_tells_facts_to_programs(two: Shell) -> None:
    (facts,) = two("ls", "--json").json

    assert facts["collection"] == "data"
    assert facts["kind"] == "sequence"
    assert facts["aliases"] == ["latest", "new"]
    assert facts["size"] == 11


def test_show_tells_all_facts(two: Shell) -> None:
    lines = two("show", "data:v0").lines
    facts = two("show", "data:v0", "--json").json

    assert lines[0] == "qualified name         default/uncategorized/data:v0"
    assert "size                   11.0B (11 bytes)" in lines
    assert facts["file_count"] == 3
    assert facts["state"] == "committed"
    assert facts["source_qualified_name"] == facts["qualified_name"]
    assert facts["store"] == str(two.store)


def test_no_text_from_the_store_commands_the_terminal(wbart: Shell) -> None:
    wbart.put("data", {"a": "1"}, "-d", "evil \x1b[2J text", "--meta", "k=\x1b[31m")

    for arguments in (["show", "data"], ["ls"], ["log", "data"]):
        assert "\x1b" not in wbart(*arguments).out


def test_log_tells_what_happened_newest_first(two: Shell) -> None:
    two("alias", "set", "data:v0", "best")
    two("tag", "add", "data:v1", "nice")
    two("ttl", "data:v0", "30d")

    found = [json.loads(line) for line in two("log", "data", "--format", "jsonl").lines]

    assert [each["what"] for each in found] == [
        "v0: changed ttl",
        "v1: tag +nice",
        "v0: alias +best",
        "stored v1: 3 files, 11.0B; aliases new",
        "stored v0: 3 files, 11.0B; aliases old",
        "made the collection (type dataset)",
    ]
    assert all(each["at"].endswith("Z") and each["actor"] for each in found)
    assert two("log", "data", "--reverse", "-q").lines[0].startswith("made")
    assert two("log", "data", "--limit", "1", "-q").lines == ["v0: changed ttl"]
    assert two("log", "data:v1", "-q").lines == [
        "v1: tag +nice",
        "stored v1: 3 files, 11.0B; aliases new",
    ]


def test_log_tells_deletions_links_and_repetitions(two: Shell) -> None:
    two("put", "source-data", "-n", "data")
    two("link", "data:v0", "shelf", "-a", "top")
    two("unlink", "shelf:v0")
    two("rm", "data:v0", "-y", "--delete-aliases")
    two("restore", "data:v0")
    two("alias", "set", "data:v0", "old")

    assert two("log", "data", "-q").lines[:5] == [
        "restored v0",
        "deleted v0",
        "v0 was unlinked from default/uncategorized/shelf",
        "v0 was linked into default/uncategorized/shelf",
        "stored v1 again: nothing changed",
    ]
    assert two("log", "shelf", "-q").lines == [
        "unlinked v0",
        "linked default/uncategorized/data:v0 as v0",
        "made the collection of links (type dataset)",
    ]


def test_diff_has_gits_letters_and_exits_with_20(two: Shell) -> None:
    ran = two("diff", "data:v0", "data:v1", code=20)

    assert ran.lines == [
        "A  d.txt  (4.0B)",
        "M  dir/b.txt  (3.0B -> 4.0B)",
        "D  dir/c.txt  (5.0B)",
    ]
    assert ran.err == "data:v0 to data:v1: 1 added, 1 changed, 1 removed; +0.0B\n"
    assert two("diff", "data:v0", "data:v1", "-q", code=20).lines == [
        "d.txt",
        "dir/b.txt",
        "dir/c.txt",
    ]


def test_diff_of_the_same_is_0(two: Shell) -> None:
    ran = two("diff", "data:v1", "data:latest")

    assert (ran.out, ran.err) == ("", "data:v1 and data:v1 have the same content\n")


def test_diff_tells_both_sides_to_programs(two: Shell) -> None:
    found = two("diff", "data:v0", "data:v1", "--json", code=20).json

    assert [(each["path"], each["change"]) for each in found] == [
        ("d.txt", "added"),
        ("dir/b.txt", "changed"),
        ("dir/c.txt", "removed"),
    ]
    assert found[0]["before"] is None
    assert found[1]["before"]["size"] == 3
    assert found[1]["after"]["size"] == 4


def test_verbose_tells_more_on_stderr_only(two: Shell) -> None:
    plain, verbose = two("ls", "-q"), two("ls", "-q", "-vv")

    assert plain.out == verbose.out
    assert plain.err == ""


def test_status_of_an_untouched_folder_is_0(two: Shell) -> None:
    two("get", "data:v1", "there")

    ran = two("status", "there")

    assert (ran.out, ran.err) == ("", "exactly data:v1: 3 files\n")


def test_status_tells_what_was_touched_and_exits_with_20(two: Shell) -> None:
    two("get", "data:v0", "there")
    two.write("there/a.txt", "ONE")
    (two.folder / "there/dir/b.txt").unlink()
    two.write("there/new.txt", "new")

    ran = two("status", "there", code=20)
    facts = two("status", "there", "--json", code=20).json

    assert ran.lines == ["M  a.txt", "D  dir/b.txt", "?  new.txt"]
    assert ran.err.splitlines() == [
        "not data:v0: 1 changed, 1 missing, 1 extra; 1 file the same",
        "there is a newer version: v1",
    ]
    assert facts["changed"] == ["a.txt"]
    assert facts["newest"] == "v1"
    assert facts["clean"] is False


def test_status_takes_references_for_what_they_are(wbart: Shell) -> None:
    target = wbart.write("far/away.txt", "one")
    wbart("put", "--ref", target.as_uri(), "-n", "refs")
    wbart("get", "refs", "there")

    assert wbart("status", "there").out == ""
    wbart.write("there/away.txt", "two")
    assert wbart("status", "there", code=20).lines == ["M  away.txt"]


def test_status_of_a_folder_that_nobody_knows(two: Shell) -> None:
    two.write("mine/a.txt", "one")

    ran = two("status", "mine", "--json", code=4)

    assert json.loads(ran.err)["code"] == "origin_unknown"
    two("status", "nosuch", code=4)


def test_whatis_finds_content_under_any_name(two: Shell) -> None:
    two.write("renamed.bin", "three")
    two.write("unknown.bin", "nowhere")

    assert two("whatis", "renamed.bin").lines == ["default/uncategorized/data:v0#dir/c.txt"]
    assert two("whatis", "unknown.bin", code=4).out == ""
    two("whatis", "missing.bin", code=4)


def test_whatis_of_a_folder_finds_the_versions_that_are_exactly_it(two: Shell) -> None:
    two("get", "data:v1", "there")

    assert two("whatis", "there", "-q").lines == ["default/uncategorized/data:v1"]
    two.write("there/more.txt", "more")
    two("whatis", "there", code=4)


def test_a_path_is_refused_where_a_whole_version_is_meant(two: Shell) -> None:
    for line in (
        "show data#a",
        "diff data#a data#b",
        "ttl data#a",
        "rm data:v0#a -y",
        "log data#a",
    ):
        ran = two(*line.split(), code=2)
        assert "not a #PATH" in ran.err


def test_refs_of_two_stores_cannot_be_told_apart_by_one_command(two: Shell) -> None:
    two("diff", "data:v0", f"wbart://data:v1::{two.folder}/else", code=2)
