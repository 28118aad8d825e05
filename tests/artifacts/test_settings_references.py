"""Settings about references: options by service, allowed folders, private addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from wbart.errors import SettingInvalid
from wbart.settings.settings import Settings


def load(folder: Path, environ: Mapping[str, str], **given: object) -> Settings:
    return Settings.load(given, environ, folder)


def test_unless_told_otherwise_any_folder_counts_and_no_private_address(tmp_path: Path) -> None:
    settings = load(tmp_path, {})

    assert settings.reference_options == {}
    assert settings.reference_roots is None
    assert settings.private_references is False


def test_options_come_by_service_or_beginning_of_a_url(tmp_path: Path) -> None:
    options = {"s3": {"anon": True}, "gs://mine": {"token": "anon"}}

    assert load(tmp_path, {"WBART_REFERENCE_OPTIONS": json.dumps(options)}).reference_options == (
        options
    )
    (tmp_path / "wbart.toml").write_text("[reference_options.s3]\nanon = true\n")
    assert load(tmp_path, {}).reference_options == {"s3": {"anon": True}}


@pytest.mark.parametrize("bad", ['{"s4": {}}', '{"s3": 1}', "[]", "{"])
def test_options_of_another_form_are_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(SettingInvalid, match="WBART_REFERENCE_OPTIONS"):
        load(tmp_path, {"WBART_REFERENCE_OPTIONS": bad})


def test_options_are_never_shown(tmp_path: Path) -> None:
    assert "geheim" not in repr(load(tmp_path, {}, reference_options={"s3": {"secret": "geheim"}}))


@pytest.mark.parametrize("name", ["AWS_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
def test_the_environment_says_where_s3_is_and_options_win(tmp_path: Path, name: str) -> None:
    environ = {name: "http://near", "AWS_REGION": "eu-west-1"}

    assert load(tmp_path, environ).reference_options == {
        "s3": {"endpoint_url": "http://near", "client_kwargs": {"region_name": "eu-west-1"}}
    }
    given = {"s3": {"endpoint_url": "http://far"}}
    assert load(tmp_path, environ, reference_options=given).reference_options["s3"] == {
        "endpoint_url": "http://far",
        "client_kwargs": {"region_name": "eu-west-1"},
    }


def test_roots_are_a_list_or_a_text_like_path(tmp_path: Path) -> None:
    both = (tmp_path / "a", Path("/b"))

    assert load(tmp_path, {"WBART_REFERENCE_ROOTS": f"{tmp_path}/a:/b"}).reference_roots == both
    (tmp_path / "wbart.toml").write_text('reference_roots = ["a", "/b"]')
    assert load(tmp_path, {}).reference_roots == both
