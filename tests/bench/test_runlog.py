"""The bench of run logging runs, and says what it found."""

import pytest
from tests.bench import __main__ as program


def test_it_measures_and_prints(capsys: pytest.CaptureFixture[str]) -> None:
    program.main(["runlog", "--steps", "3000"])
    told = capsys.readouterr().out

    assert "3,000 steps" in told
    assert "history(samples=500)" in told
