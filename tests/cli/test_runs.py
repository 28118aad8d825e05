"""`runs ls`, `show`, `history` and `export`."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Shell

from wbart.calls import init
from wbart.cli import tabular


@pytest.fixture
def three(wbart: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Runs a, b, c of the project zoo, with five steps each."""
    for name in ("STORE", "CACHE_DIR", "DATA_DIR"):
        monkeypatch.setenv(f"WBART_{name}", wbart.env[f"WBART_{name}"])
    for number, id in enumerate("abc"):
        with init(
            "zoo", id=id, job_type="train", config={"rate": number / 10, "net": {"n": 1}}
        ) as run:
            for step in range(5):
                run.log({"loss": number + step, **({"rare": 1} if step == 3 else {})})
    return wbart


def test_runs_are_listed_newest_first_filtered_and_ordered(three: Shell) -> None:
    def ids(*more: str) -> list[str]:
        return [run["id"] for run in three("runs", "ls", "zoo", "--json", *more).json]

    assert ids() == ["c", "b", "a"]
    assert ids("--filter", '{"config.rate": {"$gte": 0.1}}', "--order", "+created_at") == ["b", "c"]
    assert ids("--order", "-summary.loss", "--limit", "2") == ["c", "b"]
    assert ids("-f", '{"state": "running"}') == []


def test_a_list_for_people_has_a_line_for_each(three: Shell) -> None:
    head, *lines = three("runs", "ls", "zoo").lines

    assert head.split()[:3] == ["RUN", "NAME", "STATE"]
    assert [line.split()[0] for line in lines] == ["c", "b", "a"]
    assert three("runs", "ls", "zoo", "-q").lines == [f"default/zoo/{id}" for id in "cba"]
    assert three("runs", "ls").out == ""


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["ls", "zoo", "-f", "{"], 2),
        (["ls", "zoo", "-f", "[]"], 2),
        (["ls", "zoo", "-f", '{"no": 1}'], 2),
        (["ls", "zoo", "--order", "no"], 2),
        (["ls", "nowhere"], 4),
        (["show", "zoo/nobody"], 4),
        (["history", "zoo/nobody"], 4),
        (["export", "zoo", "--as", "parquet"], 2),
        (["export", "zoo", "-o", "runs.xlsx"], 2),
    ],
)
def test_what_is_wrong_is_told(three: Shell, line: list[str], code: int) -> None:
    three("runs", *line, code=code)


def test_a_run_tells_all_of_itself(three: Shell) -> None:
    told = three("runs", "show", "zoo/b", "--json").json

    assert (told["path"], told["state"], told["last_step"]) == ("default/zoo/b", "finished", 4)
    assert told["config"] == {"rate": 0.1, "net": {"n": 1}}
    assert told["summary"]["loss"] == 5
    assert "job type" in three("runs", "show", "zoo/b").out


def test_a_history_comes_whole_or_sampled(three: Shell) -> None:
    rows = list(csv.DictReader(three("runs", "history", "zoo/a").lines))
    assert [row["loss"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert [row["rare"] for row in rows] == ["", "", "", "1", ""]

    sampled = three("runs", "history", "zoo/a", "--samples", "2", "--format", "jsonl").lines
    assert [json.loads(line)["loss"] for line in sampled] == [0, 4]

    keyed = three("runs", "history", "zoo/a", "-k", "rare", "--json").json
    assert [row["rare"] for row in keyed] == [1]


def test_an_export_has_a_row_for_each_run(three: Shell) -> None:
    told = three("runs", "export", "zoo", "--order", "+created_at", "-o", "runs.csv", "--json").json

    assert told == {"path": "runs.csv", "form": "csv", "rows": 3}
    with open(three.folder / "runs.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["config.net.n"], row["summary.loss"]) for row in rows] == [
        ("a", "1", "4"),
        ("b", "1", "5"),
        ("c", "1", "6"),
    ]


def test_an_export_of_histories_names_the_run_of_each_row(three: Shell) -> None:
    three("runs", "export", "zoo", "--history", "-o", "rows.jsonl")

    rows = [json.loads(line) for line in (three.folder / "rows.jsonl").read_text().splitlines()]
    assert len(rows) == 15
    assert {row["run_id"] for row in rows} == {"a", "b", "c"}


def parquet(path: Path) -> dict[str, tuple[str, list[Any]]]:
    """Type and values of each column; read elsewhere, as its threads do not like our forks."""
    script = (
        "import json, sys, pyarrow.parquet as pq\n"
        "table = pq.read_table(sys.argv[1])\n"
        "print(json.dumps({name: (str(table[name].type), table[name].to_pylist())"
        " for name in table.column_names}))"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, check=True)
    return {name: (kind, values) for name, (kind, values) in json.loads(done.stdout).items()}


def test_an_export_to_parquet_reads_back(three: Shell) -> None:
    told = three("runs", "export", "zoo", "-o", "runs.parquet", "--json").json
    three("runs", "export", "zoo", "--history", "-o", "rows.pq", "--order", "+created_at")

    runs, rows = (parquet(three.folder / name) for name in ("runs.parquet", "rows.pq"))
    assert (told["form"], told["rows"]) == ("parquet", 3)
    assert runs["id"] == ("string", ["c", "b", "a"])
    assert runs["config.rate"] == ("double", [0.2, 0.1, 0.0])
    assert runs["config.net.n"] == ("int64", [1, 1, 1])
    assert rows["loss"] == ("int64", [step + number for number in range(3) for step in range(5)])
    assert rows["rare"] == ("int64", [None, None, None, 1, None] * 3)


def test_columns_of_several_types_are_text_in_parquet(wbart: Shell) -> None:
    def rows() -> list[dict[str, Any]]:
        return [
            {"mixed": 1, "number": 1, "flag": True, "large": 1 << 70, "nothing": None},
            {"mixed": "auto", "number": 0.5, "flag": None, "large": 2, "nothing": None},
            {"mixed": ["é"], "number": 2, "flag": False, "late": "x"},
        ]

    count = tabular.write(rows, str(wbart.folder / "t.parquet"), "parquet")

    assert count == 3
    assert parquet(wbart.folder / "t.parquet") == {
        "mixed": ("string", ["1", "auto", '["é"]']),
        "number": ("double", [1.0, 0.5, 2.0]),
        "flag": ("bool", [True, None, False]),
        "large": ("string", [str(1 << 70), "2", None]),
        "nothing": ("string", [None, None, None]),
        "late": ("string", [None, None, "x"]),
    }


def test_no_rows_are_a_table_without_columns(wbart: Shell) -> None:
    assert tabular.write(list, str(wbart.folder / "t.parquet"), "parquet") == 0
    assert parquet(wbart.folder / "t.parquet") == {}


def test_without_the_library_one_line_says_what_to_install(three: Shell) -> None:
    three.write("without/pyarrow.py", "raise ImportError('none here')")
    paths = (str(three.folder / "without"), three.env["PYTHONPATH"])
    three.env["PYTHONPATH"] = os.pathsep.join(paths)

    ran = three("runs", "export", "zoo", "-o", "runs.parquet", code=2, fresh=True)

    assert ran.err.startswith("wbart: parquet needs pyarrow: pip install pyarrow")
    assert len(ran.err.splitlines()) == 1
    assert not [*three.folder.glob("*.parquet*")]


def test_an_export_that_fails_midway_leaves_what_was_there(wbart: Shell) -> None:
    target = wbart.write("t.parquet", "as before")

    def rows() -> Iterator[dict[str, Any]]:
        yield {"a": 1}
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        tabular.write(rows, str(target), "parquet")

    assert target.read_text() == "as before"
    assert [path.name for path in wbart.folder.glob("t.*")] == ["t.parquet"]
