"""`runs ls`, `show`, `history` and `export`."""

from __future__ import annotations

import csv
import json

import pytest
from tests.cli.conftest import Shell

from wbart.calls import init


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


def test_an_export_to_parquet_reads_back(three: Shell) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")

    three("runs", "export", "zoo", "-o", "runs.parquet")

    table = pandas.read_parquet(three.folder / "runs.parquet")
    assert sorted(table["id"]) == ["a", "b", "c"]
