"""The time to live of a version."""

from __future__ import annotations

from datetime import timedelta

import pytest

from wbart.errors import ArgumentTypeInvalid, TtlInvalid
from wbart.ttl import ArtifactTTL, Stored, Ttl, check, expiry, parse, restored, stored


@pytest.mark.parametrize("ttl", [None, ArtifactTTL.INHERIT, timedelta(seconds=1), timedelta.max])
def test_good_ttls_pass(ttl: Ttl) -> None:
    assert check(ttl, "dataset") == ttl


@pytest.mark.parametrize("ttl", [timedelta(0), timedelta(seconds=-5), timedelta(milliseconds=999)])
def test_less_than_a_second_is_refused(ttl: timedelta) -> None:
    with pytest.raises(TtlInvalid, match="at least one second"):
        check(ttl, "dataset")


@pytest.mark.parametrize("ttl", [5, 1.5, "30d", True])
def test_what_is_no_ttl_is_a_type_error(ttl: object) -> None:
    with pytest.raises(ArgumentTypeInvalid):
        check(ttl, "dataset")


@pytest.mark.parametrize("type_", ["wandb-history", "run_table", "code", "job", "wandb-x"])
def test_types_that_wandb_makes_have_no_ttl(type_: str) -> None:
    with pytest.raises(TtlInvalid, match=type_):
        check(timedelta(days=1), type_)


def test_a_link_has_no_ttl() -> None:
    with pytest.raises(TtlInvalid, match="Unlink"):
        check(None, "dataset", is_link=True)


@pytest.mark.parametrize(
    ("ttl", "form"),
    [
        (None, None),
        (ArtifactTTL.INHERIT, "inherit"),
        (timedelta(days=1), 86400),
        (timedelta(days=36500), 36500 * 86400),
    ],
)
def test_the_stored_form_reads_back(ttl: Ttl, form: Stored) -> None:
    assert stored(ttl) == form
    assert restored(form) == ttl


def test_parts_of_a_second_are_dropped() -> None:
    assert stored(timedelta(seconds=1, milliseconds=999)) == 1


@pytest.mark.parametrize(
    ("text", "ttl"),
    [
        ("90s", timedelta(seconds=90)),
        ("45m", timedelta(minutes=45)),
        ("12h", timedelta(hours=12)),
        ("30d", timedelta(days=30)),
        ("2W", timedelta(weeks=2)),
        (" never ", None),
        ("inherit", ArtifactTTL.INHERIT),
    ],
)
def test_people_s_words(text: str, ttl: Ttl) -> None:
    assert parse(text) == ttl


@pytest.mark.parametrize("text", ["", "30", "0d", "-1d", "1.5h", "30 days", "1y", "9" * 12 + "w"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(TtlInvalid, match="not a time to live"):
        parse(text)


def test_expiry_counts_from_the_creation() -> None:
    assert expiry(1000.0, 60, None) == 1060.0
    assert expiry(1000.0, 60, 5) == 1060.0
    assert expiry(1000.0, None, 5) is None
    assert expiry(1000.0, "inherit", 5) == 1005.0
    assert expiry(1000.0, "inherit", None) is None
