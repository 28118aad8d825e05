"""The remote harness itself: honest scaling, a table that tells the truth, a run that works."""

from pathlib import Path

import pytest
from tests.bench import remote
from tests.bench.data import KIB, MIB, W1, W2, Work
from tests.bench.measure import Cost
from tests.bench.remote import part_of, smaller
from tests.bench.remote_table import Carried, render, rows
from tests.bench.tools import TOOLS, Site, environment
from tests.servers import Server


def carried(
    tool: str, wall: float, given: Work = W2, peak: int = 50 * MIB, start: float = 0.0
) -> Carried:
    ours = tool.startswith("wbart")
    return Carried(W2, "put", tool, ours, given, Cost(wall, wall / 2, peak), start=start)


def counted(tool: str, requests: int, given: Work) -> Carried:
    return Carried(W2, "put", tool, tool.startswith("wbart"), given, None, requests)


def test_a_part_has_folders_as_full_as_the_whole() -> None:
    part = part_of(W2, 5_000)

    assert (part.files, part.folders) == (5_000, 50)
    assert part_of(W2, 200_000) is W2
    assert part_of(W1, 5_000) is W1
    assert smaller(W1).largest == 128 * MIB


def test_what_was_measured_on_a_part_is_scaled_to_the_whole() -> None:
    part = part_of(W2, 5_000)

    timed = carried("aws s3 cp", 3.0, part, start=1.0)
    [row] = rows([timed, counted("aws s3 cp", 510, part_of(W2, 500))])

    assert row.wall == 3.0
    assert row.seconds == pytest.approx(1.0 + 2.0 * 20)
    assert row.requests == pytest.approx(102_000)


def test_the_table_says_which_targets_are_missed() -> None:
    text = render(
        [
            carried("wbart", 2.0, peak=300 * MIB),
            carried("wbart", 4.0),
            carried("wbart", 3.0),
            carried("wbart obstore", 1.5),
            carried("rclone", 31.0),
            carried("s3fs", 29.0),
        ]
    ).splitlines()

    found = {line.split("  ")[1].strip(): line.split() for line in text[2:6]}
    assert found["wbart"][3:] == [
        "100000",
        "3.00",
        "(1.50)",
        "3.0",
        "1.00",
        "2.00",
        "-",
        "300",
        "-",
    ]
    assert found["rclone"][3:] == [
        "100000", "31.00", "(15.50)", "31.0", "10.33", "20.67", "10", "met", "50", "-",
    ]  # fmt: skip
    assert found["s3fs"][-4:] == ["NOT", "MET", "50", "-"]
    assert text[-1] == "peak memory of wbart, in any of them: 300 MiB, at most 400: met"


def test_a_small_run_judges_nothing() -> None:
    text = render([carried("wbart", 2.0), carried("rclone", 1.0)], judged=False)

    assert "met" not in text.lower()


def test_no_tool_sees_the_credentials_of_who_runs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "mine")
    options = {"key": "k", "secret": "s", "client_kwargs": {"region_name": "r"}}
    site = Site(Server("x", "s3", 1, 1, options), "bucket", tmp_path)

    for tool in TOOLS.values():
        assert "AWS_SESSION_TOKEN" not in environment(tool, site), tool.name


def test_two_tools_carry_files_to_a_server_and_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(remote, "W2", Work("W2", 120, 4, KIB, 8 * KIB, 1))
    monkeypatch.setattr(remote, "COUNTED_FILES", 110)
    argv = ["--server", "ministack", "--tools", "wbart,s3fs", "--work", "W2", "--plain"]

    assert remote.main([*argv, "--part", "110", "--at", str(tmp_path)]) == 0

    lines = capsys.readouterr().out.splitlines()
    found = {tuple(line.split()[:3]): line.split() for line in lines}
    assert found["W2", "put", "wbart"][3] == "120"
    assert found["W2", "put", "s3fs"][3] == "110"
    # A pack, the manifest's only leaf, the record; wbart.json and the ends of the log.
    assert int(found["W2", "put", "wbart"][-1]) <= 10
    assert int(found["W2", "get", "s3fs"][-1]) >= 120
    assert list(tmp_path.iterdir()) == []
