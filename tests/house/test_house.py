"""The house around the code: what its documents promise is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "fixtures" / "demo"
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "artifacts/*.md", "storage/*.md", "manifest/*.md", "fixtures/**/*.md")
    for path in ROOT.glob(pattern)
)


def names(folder: str) -> set[str]:
    return {str(path.relative_to(DEMO / folder)) for path in files(folder)}


def files(folder: str) -> list[Path]:
    return [path for path in (DEMO / folder).rglob("*") if path.is_file()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))

    missing = [
        target
        for target in targets
        if "://" not in target and not (document.parent / target).exists()
    ]

    assert missing == []


def test_readme_gives_one_command_to_see_it_and_one_to_test_it() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    commands = re.findall(r"<!-- command: (\w+) -->\n```sh\n(.+)\n```\n", text)

    assert commands == [
        ("demo", "pip install . && wbart demo"),
        ("test", "pip install -e '.[test]' && python -m pytest"),
    ]


def test_contributing_names_every_verb_of_the_makefile() -> None:
    verbs = re.findall(r"^([a-z-]+):$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    told = re.findall(
        r"^\| `make ([a-z-]+)` ", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE
    )

    assert sorted(told) == sorted(verbs)


def test_the_demo_has_two_real_releases_of_many_small_files() -> None:
    old, new = names("tzdata-2023c"), names("tzdata-2025b")

    assert len(old) == 602
    assert len(new) == 604
    assert new - old == {"America/Coyhaique", "zonenow.tab"}
    assert not old - new
    changed = [
        name
        for name in old & new
        if (DEMO / "tzdata-2023c" / name).read_bytes()
        != (DEMO / "tzdata-2025b" / name).read_bytes()
    ]
    assert len(changed) == 98


def test_the_demo_has_a_table_in_two_states() -> None:
    old = (DEMO / "penguins-v0" / "penguins.csv").read_text().splitlines()
    new = (DEMO / "penguins-v1" / "penguins.csv").read_text().splitlines()

    assert len(new) == 345
    assert old == [line for line in new if not line.endswith(",2009")]


def test_the_demo_is_small_enough_for_a_wheel() -> None:
    sizes = [path.stat().st_size for path in DEMO.rglob("*") if path.is_file()]

    assert sum(sizes) < 2_000_000
