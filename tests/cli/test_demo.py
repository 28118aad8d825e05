"""The demo checks itself: a step that does not do what it says ends it with 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import InProcess

from wbart import demo
from wbart.artifact import Artifact
from wbart.report import VerifyReport


def test_a_verify_that_finds_nothing_is_found_out(
    call: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(artifact: Artifact, root: Path, **options: Any) -> VerifyReport:
        return VerifyReport(602, 0)

    monkeypatch.setattr(Artifact, "verify", blind)

    ran = call("demo", code=1)

    assert ran.err == "wbart: verify found (), not Europe/Berlin\n"
    assert "8. Is every byte" in ran.out
    assert "9. " not in ran.out


def test_a_download_that_writes_nothing_is_found_out(
    call: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Artifact, "download", lambda artifact, root: root)

    assert "then is not release 2023c" in call("demo", code=1).err


def test_the_data_lie_beside_the_module_once_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed = tmp_path / "site-packages/wbart"
    installed.mkdir(parents=True)
    monkeypatch.setattr(demo, "__file__", str(installed / "demo.py"))

    with pytest.raises(demo.DemoFailed, match="not installed"):
        demo.find_data()
    (installed / "demo_data").mkdir()

    assert demo.find_data() == installed / "demo_data"
