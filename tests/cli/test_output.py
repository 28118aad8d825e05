"""Results: four forms on stdout, and words on stderr only."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from itertools import islice

import pytest

from wbart.cli import session, words
from wbart.cli.call import Call
from wbart.cli.output import Output, encode

Capture = pytest.CaptureFixture[str]


def _many(format: str, numbers: Iterator[int]) -> None:
    Output(Call(format=format)).many(
        numbers,
        facts=lambda n: {"n": n},
        human=lambda found: (f"number {n}" for n in found),
        quiet=str,
    )


@pytest.mark.parametrize(
    ("format", "wanted"),
    [
        ("auto", "number 1\nnumber 2\n"),
        ("human", "number 1\nnumber 2\n"),
        ("quiet", "1\n2\n"),
        ("jsonl", '{"n":1}\n{"n":2}\n'),
        ("json", '[{"n":1}\n,{"n":2}\n]\n'),
    ],
)
def test_many_results_come_in_every_form(format: str, wanted: str, capsys: Capture) -> None:
    _many(format, iter([1, 2]))

    assert capsys.readouterr().out == wanted


@pytest.mark.parametrize(
    ("format", "wanted"), [("auto", ""), ("quiet", ""), ("jsonl", ""), ("json", "[]\n")]
)
def test_no_results_are_fine_in_every_form(format: str, wanted: str, capsys: Capture) -> None:
    _many(format, iter([]))

    assert capsys.readouterr().out == wanted


@pytest.mark.parametrize("format", ["human", "json", "jsonl", "quiet"])
def test_results_are_written_as_they_come(format: str, capsys: Capture) -> None:
    def numbers() -> Iterator[int]:
        yield 1
        yield 2
        # By now the first is out: nothing waits for the end.
        assert "1" in capsys.readouterr().out
        yield 3

    _many(format, numbers())

    assert "3" in capsys.readouterr().out


def test_one_result_is_a_document_or_lines(capsys: Capture) -> None:
    for format in ("json", "jsonl", "human", "quiet"):
        Output(Call(format=format)).one({"a": 1}, ["the a", "is 1"], ["1"])

    text = capsys.readouterr().out
    document, end = json.JSONDecoder().raw_decode(text)
    assert document == {"a": 1}
    assert text[end:] == '\n{"a":1}\nthe a\nis 1\n1\n'


@pytest.mark.parametrize(("format", "said"), [("human", "well done\n"), ("auto", "well done\n")])
def test_words_go_to_stderr(format: str, said: str, capsys: Capture) -> None:
    Output(Call(format=format)).say("well done")

    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("format", ["json", "jsonl", "quiet"])
def test_programs_are_spared_words_but_not_warnings(format: str, capsys: Capture) -> None:
    Output(Call(format=format)).say("well done")
    Output(Call(format=format)).warn("mind the gap")

    assert capsys.readouterr() == ("", "wbart: mind the gap\n")


def test_a_local_name_that_is_no_utf8_is_escaped_in_json() -> None:
    assert json.loads(encode({"path": "caf\udce9"})) == {"path": "caf\udce9"}


def test_nothing_stored_by_others_commands_the_terminal() -> None:
    assert words.one_line("a\x1b]0;x\x07b\nc") == "a\\x1b]0;x\\x07b c"
    assert words.plain("a\tb\nc\x1b[2J") == "a\tb\nc\\x1b[2J"


def test_tables_are_aligned_without_trailing_blanks() -> None:
    rows = [("a", "1.0B", "x"), ("long", "10.0KB", "")]

    assert list(words.table(rows, right=(1,))) == ["a       1.0B  x", "long  10.0KB"]
    assert list(words.table([])) == []


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"),
     (7800, "2 h 10 min"), (30 * 86400, "30 d"), (30 * 86400 + 4 * 3600, "30 d 4 h")],
)  # fmt: skip
def test_durations_are_told_as_people_say_them(seconds: float, told: str) -> None:
    assert words.duration(seconds) == told


def test_counts_and_times() -> None:
    assert words.count(1, "file") == "1 file"
    assert words.count(1204, "file") == "1,204 files"
    assert words.moment("2026-11-21T04:05:06.123456Z") == "2026-11-21 04:05:06Z"
    assert words.moment(None) == "-"


def test_a_million_rows_are_no_list(capsys: Capture) -> None:
    seen = 0

    def endless() -> Iterator[int]:
        nonlocal seen
        while True:
            seen += 1
            yield seen

    _many("jsonl", islice(endless(), 1000))

    assert seen == 1000
    assert capsys.readouterr().out.count("\n") == 1000


@pytest.mark.parametrize("verbose", [0, 1])
def test_what_client_libraries_warn_of_is_for_who_asks(verbose: int, capsys: Capture) -> None:
    with session._words_on_stderr(verbose):
        logging.getLogger("azure.core").warning("Incomplete download.")
        logging.getLogger("azure.core").error("lost")
        logging.getLogger("wbart_storage.cache").warning("going on without it")
    told = capsys.readouterr().err.splitlines()
    assert [line.rpartition(": ")[2] for line in told] == [
        *(["Incomplete download."] if verbose else []),
        "lost",
        "going on without it",
    ]
