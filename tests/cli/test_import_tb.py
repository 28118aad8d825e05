"""`wbart import tb`."""

from __future__ import annotations

from tests.cli.conftest import Shell
from tests.importers.tensorboardfiles import event, log_dir, scalar


def test_a_folder_is_imported_once(wbart: Shell) -> None:
    log_dir(wbart.folder / "logs", *(event(n, scalar("loss", n)) for n in range(3)))

    first = wbart("import", "tb", "logs", "-p", "zoo")
    again = wbart("import", "tb", "logs", "-p", "zoo", "--json").json
    [path] = again["unchanged"]

    assert first.lines == ["default/zoo  1 run imported"]
    assert f"run {path}" in first.err
    assert again["imported"] == again["updated"] == again["failed"] == []
    assert len(wbart("runs", "history", path, "--as", "jsonl").lines) == 3


def test_what_could_not_be_read_is_told_and_the_exit_code_says_so(wbart: Shell) -> None:
    log_dir(wbart.folder / "logs", event(1, scalar("loss", 1)), b"\xff")

    ran = wbart("import", "tb", "logs", "--id", "one", "-q", code=3)

    assert ran.lines == ["default/uncategorized/one"]
    assert "is read up to a break" in ran.err


def test_a_folder_without_event_files_is_a_bad_argument_and_makes_no_store(wbart: Shell) -> None:
    ran = wbart("import", "tb", ".", code=2)

    assert ran.err.startswith("wbart: no event files of TensorBoard")
    assert not wbart.store.exists()
