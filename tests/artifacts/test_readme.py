"""What artifacts/README.md shows works as shown, and its tables say what the code says."""

from __future__ import annotations

import doctest
import json
import os
import re
from pathlib import Path

import pytest

from wbart import names
from wbart.cli import exit_codes
from wbart.cli.main import main
from wbart.cli.program import SECTIONS
from wbart.drafts import metadata
from wbart.errors import Error
from wbart.recording.active import active
from wbart.settings import settings
from wbart.settings import value as settings_value

README = Path(__file__).parents[2] / "artifacts" / "README.md"
TEXT = README.read_text(encoding="utf-8")


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and nothing of the user's to be found from it."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("WBART_", "WANDB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WBART_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("WBART_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("WBART_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def after(mark: str) -> str:
    """What stands between a comment of the README and the next heading or comment."""
    found = re.search(rf"<!-- {mark}: .*? -->\n(.*?)(?=\n#|\n<!-- |\Z)", TEXT, re.DOTALL)
    assert found is not None, mark
    return found[1]


def rows(mark: str) -> list[list[str]]:
    """The cells of the table after a comment, without its head."""
    lines = [line for line in after(mark).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_example_works_as_it_is_shown(alone: Path) -> None:
    told: list[str] = []
    test = doctest.DocTestParser().get_doctest(TEXT, {}, "artifacts/README.md", str(README), 0)

    result = doctest.DocTestRunner(verbose=False).run(test, out=told.append)

    assert not told, "".join(told)
    assert result.attempted > 80
    assert active() is None


def test_the_commands_are_those_of_the_command_line() -> None:
    known = {name: text for section in SECTIONS.values() for name, text in section.items()}

    assert {name.strip("`"): text for name, text in rows("commands")} == known


def test_the_exit_codes_are_those_of_the_code() -> None:
    documented = re.findall(r"^\| (\d+) \| (.+) \|$", exit_codes.__doc__ or "", re.MULTILINE)

    assert [tuple(row) for row in rows("exit codes")] == documented
    constants = [value for name, value in vars(exit_codes).items() if name.isupper()]
    assert [int(code) for code, _ in documented] == [n for n in constants if isinstance(n, int)]


def test_an_error_for_programs_looks_as_it_is_shown(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.search(r"```json\n(.*?)\n```", after("error"), re.DOTALL)
    (alone / ".wbart").mkdir()
    main(["init"])
    capsys.readouterr()

    code = main(["show", "zoo/nothing:v1", "--json"])

    told = json.loads(capsys.readouterr().err)
    assert shown is not None
    assert told == json.loads(shown[1])
    assert told["exit"] == code


def test_the_settings_are_those_of_the_code() -> None:
    table = {row[0].strip("`"): row[1].strip("`") for row in rows("settings")}

    assert list(table) == [f"WBART_{name.upper()}" for name in settings._READERS]
    assert {name for name, twin in table.items() if twin} == {
        f"WBART_{name.upper()}" for name in settings._TWINS
    }
    assert {own.replace("WBART", "WANDB", 1): twin for own, twin in table.items() if twin} == {
        twin: twin for twin in table.values() if twin
    }


def test_the_words_that_settings_take_are_those_of_the_code() -> None:
    told = {row[0].strip("`"): row[3] for row in rows("settings")}

    def words(name: str) -> list[str]:
        return re.findall(r"`(\w+)`", told[name])

    assert words("WBART_LINK") == list(settings_value.LINKS)
    assert words("WBART_DIGEST_ALGORITHM") == list(settings_value.WANDB_DIGESTS)


def test_the_limits_are_those_of_the_code() -> None:
    told = {row[0]: row[1] for row in rows("limits")}

    assert told["name of an artifact, a type"].startswith(f"{names.LENGTH} of letters")
    assert told["alias"].startswith(f"{names.LENGTH} characters")
    assert told["metadata"].startswith(
        f"{metadata.KEYS} keys at the top, {metadata.SIZE // 1024} KiB as JSON,"
        f" {metadata.DEPTH} levels"
    )
    assert told["description"] == f"{metadata.DESCRIPTION_SIZE // 1024} KiB"


@pytest.mark.parametrize(
    ("check", "what", "refused"),
    [
        (names.collection_name, "name of a portfolio", "/:@#"),
        (names.entity, "name of an entity, a project", "/\\#?%:@"),
        (names.project, "name of an entity, a project", "/\\#?%:@"),
    ],
)
def test_names_refuse_the_characters_that_are_told(check: object, what: str, refused: str) -> None:
    assert callable(check)
    told = {row[0]: row[1] for row in rows("limits")}[what]
    shown = re.search(r"without `([^`]+)`", told)

    assert shown is not None
    assert set(shown[1]) - {" "} == set(refused)
    for character in refused:
        with pytest.raises(Error):
            check(f"a{character}b")
    assert check("a b") == "a b"
