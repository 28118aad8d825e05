"""Sizes as people write and read them."""

from __future__ import annotations

import pytest

from wbart.settings.sizes import Capacity, human_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("11", 11),
        ("11B", 11),
        ("50GB", 50_000_000_000),
        ("50 gb", 50_000_000_000),
        ("50G", 50_000_000_000),
        ("10 GiB", 10 * 2**30),
        ("10Gi", 10 * 2**30),
        ("1.5KB", 1500),
        (".5k", 500),
        (" 2MB ", 2_000_000),
        ("1.000000000000000001EB", 10**18 + 1),
    ],
)
def test_a_size_is_read_exactly(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "GB", "-1", "1e3", "10 %", "10XB", "1.2.3", "1iB", "ten", "."]
)
def test_what_is_no_size_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="not a size") as caught:
        parse_size(text)

    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0.0B"),
        (11, "11.0B"),
        (999, "999.0B"),
        (1000, "1.0KB"),
        (1500, "1.5KB"),
        (999_950, "1.0MB"),
        (2_000_000_000, "2.0GB"),
        (5 * 10**21, "5000.0EB"),
    ],
)
def test_sizes_are_shown_as_wandb_shows_them(size: int, text: str) -> None:
    assert human_size(size) == text


def test_a_capacity_is_bytes_or_a_share_of_the_disk() -> None:
    assert Capacity.parse("10%").of(5_000) == 500
    assert Capacity.parse("12.5 %").of(800) == 100
    assert Capacity.parse("2KB").of(5_000) == 2_000
    assert Capacity.parse("0").of(5_000) == 0


@pytest.mark.parametrize("text", ["101%", "-1%", "%", "x"])
def test_bad_capacities_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Capacity.parse(text)


@pytest.mark.parametrize("text", ["10%", "2000B", "12.5%", "0B"])
def test_a_capacity_is_written_as_it_is_read(text: str) -> None:
    assert str(Capacity.parse(text)) == text
