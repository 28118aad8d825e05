"""Errors are told in one line, or as one JSON object, on stderr."""

from __future__ import annotations

import errno
import json

import pytest
from tests.cli.conftest import InProcess

from wbart.cli.failure import describe, report, wants_json
from wbart.cli.stop import Interrupted, Refused
from wbart.errors import AliasInvalid, ArtifactNotFound, HasAliases
from wbart_manifest.digest import Digest
from wbart_storage.errors import BlobCorrupt, StoreMissing


def test_an_error_is_one_line_with_its_hint(capsys: pytest.CaptureFixture[str]) -> None:
    code = report(HasAliases("data:v0 still has aliases: best"), machine=False, verbose=False)

    said = capsys.readouterr()
    assert code == 11
    assert said.out == ""
    assert said.err == (
        "wbart: data:v0 still has aliases: best (--delete-aliases removes them, too)\n"
    )


def test_an_error_is_one_object_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    code = report(ArtifactNotFound("no such thing"), machine=True, verbose=False)

    assert code == 4
    assert json.loads(capsys.readouterr().err) == {
        "code": "artifact_not_found",
        "exit": 4,
        "message": "no such thing",
        "hint": None,
    }


def test_a_class_without_a_code_is_called_by_its_name() -> None:
    assert describe(StoreMissing("/x"))["code"] == "store_missing"
    corrupt = BlobCorrupt(Digest.of(b"a"), Digest.of(b"b"))
    assert describe(corrupt)["code"] == "blob_corrupt"


def test_a_note_goes_before_the_hint_of_the_class() -> None:
    error = StoreMissing("/x")
    error.add_note("try there")

    assert describe(error)["hint"] == "try there"


@pytest.mark.parametrize("text", ["two\nlines", "a\x1b[31mred", "bell\x07", "\x9b31m"])
def test_no_message_breaks_the_line_or_commands_the_terminal(text: str) -> None:
    message = str(describe(AliasInvalid(text))["message"])

    assert message.isprintable()


def test_a_disk_without_room_is_told_so() -> None:
    error = OSError(errno.ENOSPC, "No space left on device", "/mnt/x")

    assert describe(error)["message"] == "/mnt/x: no room left on the disk"


def test_an_error_of_the_system_names_the_file() -> None:
    told = describe(PermissionError(errno.EACCES, "Permission denied", "secret.txt"))

    assert told["message"] == "secret.txt: permission denied"
    assert told["exit"] == 7


def test_what_nobody_foresaw_says_so_and_where_to_look() -> None:
    told = describe(ZeroDivisionError("division by zero"))

    assert told["exit"] == 1
    assert told["message"] == (
        "internal error: ZeroDivisionError: division by zero (-v shows where)"
    )


def test_verbose_shows_where(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        report(error, machine=False, verbose=True)

    assert "test_failure.py" in capsys.readouterr().err


def test_interruption_and_refusal_have_codes_of_their_own() -> None:
    assert describe(Interrupted())["exit"] == 130
    refused = describe(Refused("no", "-y says yes"))
    assert (refused["exit"], refused["code"], refused["hint"]) == (11, "refused", "-y says yes")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("--json ls", True),
        ("ls --format json", True),
        ("ls --format=jsonl", True),
        ("ls --format human", False),
        ("ls --format", False),
        ("", False),
    ],
)
def test_json_is_seen_even_in_a_line_that_cannot_be_read(line: str, wanted: bool) -> None:
    assert wants_json(line.split()) is wanted


def test_a_usage_error_is_json_when_json_was_asked_for(call: InProcess) -> None:
    ran = call("ls", "--json", "--nonsense", code=2)

    assert ran.out == ""
    told = json.loads(ran.err)
    assert (told["code"], told["exit"], told["hint"]) == ("usage", 2, "try `wbart ls --help`")
