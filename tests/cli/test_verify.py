"""`wbart verify`: what is wrong is found, and healed where it can be."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Shell


@pytest.fixture
def there(two: Shell) -> Shell:
    """`data:v0` lies in the folder `there`."""
    two("get", "data:v0", "there")
    return two


def _damage(shell: Shell, content: bytes) -> Path:
    """Flip a bit of the object that holds the content."""
    for path in (shell.store / "o").rglob("*"):
        if path.is_file() and path.read_bytes() == content:
            path.chmod(0o644)
            path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
            return path
    raise AssertionError("no object holds that")


def test_a_sound_folder_is_0(there: Shell) -> None:
    ran = there("verify", "there")

    assert (ran.out, ran.err) == (
        "",
        "there against data:v0: 3 files, 11.0B read, all as it should be\n",
    )


def test_a_flipped_bit_is_found_and_healed(there: Shell) -> None:
    there.write("there/dir/b.txt", "twn")

    assert there("verify", "there", code=5).lines == ["changed     dir/b.txt"]
    ran = there("verify", "there", "--repair")
    assert ran.lines == ["changed     dir/b.txt  repaired"]
    assert (there.folder / "there/dir/b.txt").read_text() == "two"
    there("verify", "there")


def test_everything_that_can_be_wrong_is_told(there: Shell) -> None:
    there.write("there/a.txt", "xxx")
    (there.folder / "there/dir/c.txt").unlink()
    there.write("there/mine.txt", "mine")

    facts = there("verify", "there", "--json", code=5).json

    assert facts["ok"] is False
    assert facts["changed"] == ["a.txt"]
    assert facts["missing"] == ["dir/c.txt"]
    assert facts["extra"] == ["mine.txt"]
    assert there("verify", "there", "-q", code=5).lines == ["dir/c.txt", "a.txt", "mine.txt"]


def test_repair_never_removes_what_is_extra(there: Shell) -> None:
    there.write("there/mine.txt", "mine")
    (there.folder / "there/a.txt").unlink()

    facts = there("verify", "there", "--repair", "--json", code=5).json

    assert facts["repaired"] == ["a.txt"]
    assert facts["extra"] == ["mine.txt"]
    assert (there.folder / "there/mine.txt").read_text() == "mine"


def test_a_dry_repair_heals_nothing(there: Shell) -> None:
    there.write("there/a.txt", "xxx")

    there("verify", "there", "--repair", "-n", code=5)

    assert (there.folder / "there/a.txt").read_text() == "xxx"


def test_a_folder_can_be_compared_with_any_version(there: Shell) -> None:
    facts = there("verify", "data:v1", "there", "--json", code=5).json

    assert facts["qualified_name"].endswith("data:v1")
    assert facts["missing"] == ["d.txt"]
    assert facts["changed"] == ["dir/b.txt"]
    assert facts["extra"] == ["dir/c.txt"]


def test_the_stored_bytes_are_read_again(two: Shell) -> None:
    assert two("verify", "data:v0").err == "data:v0: 3 files, 11.0B read, all as it should be\n"
    _damage(two, b"three")

    assert two("verify", "data:v0", code=5).lines == ["changed     dir/c.txt"]
    two("verify", "data:v1")


def test_the_store_is_healed_from_a_good_copy(there: Shell) -> None:
    damaged = _damage(there, b"three")

    there("verify", "data:v0", "--repair", "--from", "there", "-n", code=5)
    there("verify", "data:v0", "--repair", "--from", "there")

    assert damaged.read_bytes() == b"three"
    there("verify", "data:v0")


def test_the_store_is_healed_from_another_store(there: Shell) -> None:
    mirror = there.folder / "mirror"
    there("copy", "data:v0", str(mirror), "--create")
    damaged = _damage(there, b"three")

    there("verify", "data:v0", "--repair", "--from", str(mirror))
    assert damaged.read_bytes() == b"three"


def test_a_bad_copy_heals_nothing(there: Shell) -> None:
    _damage(there, b"three")
    there.write("there/dir/c.txt", "thrEE")

    there("verify", "data:v0", "--repair", "--from", "there", code=5)


def test_a_missing_object_is_told(two: Shell) -> None:
    _damage(two, b"three").unlink()

    assert two("verify", "data:v0", code=5).lines == ["missing     dir/c.txt"]


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["verify", "data:v0", "--repair"], 2, "--from"),
        (["verify", "there", "--repair", "--from", "there"], 2, "--from"),
        (["verify", "mine"], 4, "was not written by"),
        (["verify", "nosuch"], 4, "nosuch"),
    ],
)
def test_what_makes_no_sense_is_told(
    there: Shell, arguments: list[str], code: int, word: str
) -> None:
    there.write("mine/x", "x")

    ran = there(*arguments, code=code)

    assert word in ran.err
    assert ran.err.count("\n") == 1
