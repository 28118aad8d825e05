"""What the examples in the documents run in."""

import pytest


@pytest.fixture(autouse=True)
def _example_folder(request: pytest.FixtureRequest) -> None:
    """Give every example an empty folder and nothing of the user's to read or fill."""
    if not isinstance(request.node, pytest.DoctestItem):
        return
    folder = request.getfixturevalue("tmp_path")
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.chdir(folder)
    for name in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"WBART_{name}_DIR", str(folder / name.lower()))
