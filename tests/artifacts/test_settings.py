"""Where settings come from, and in which order."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest

from wbart.errors import SettingInvalid
from wbart.settings.settings import Settings
from wbart.settings.sizes import Capacity


@pytest.fixture
def start(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "project" / "deep"
    folder.mkdir(parents=True)
    return folder


def load(start: Path, environ: Mapping[str, str] | None = None, **given: object) -> Settings:
    surroundings = {"WBART_DATA_DIR": str(start.parent.parent / "data"), **(environ or {})}
    return Settings.load(given, surroundings, start)


def test_with_no_setup_at_all_there_are_defaults(start: Path) -> None:
    settings = Settings.load({}, {}, start)

    assert settings.store == str(settings.data_dir / "store")
    assert settings.data_dir.is_absolute()
    assert settings.cache_dir.name == "wbart"
    assert (settings.entity, settings.project) == (None, "uncategorized")
    assert (settings.cache_size, settings.jobs, settings.digest_algorithm) == (None, None, None)
    assert (settings.offline, settings.sync, settings.link) == (False, False, "auto")
    assert settings.artifact_dir == Path("artifacts")
    assert settings.storage_options == {}
    assert settings.sources == {}


def test_the_store_is_looked_for_in_the_order_of_the_design(start: Path) -> None:
    project = start.parent
    assert load(start).store == str(project.parent / "data" / "store")

    (project / ".wbart").mkdir()
    assert load(start).store == str(project / ".wbart")

    (project.parent / "wbart.toml").write_text('store = "kept"')
    assert load(start).store == str(project.parent / "kept")

    environ = {"WBART_STORE": "s3://bucket/from-env"}
    assert load(start, environ).store == "s3://bucket/from-env"
    assert load(start, environ, store="/given").store == "/given"


def test_a_variable_of_ours_wins_over_wandb_s_and_both_over_the_file(start: Path) -> None:
    (start / "wbart.toml").write_text('entity = "file"')
    both = {"WBART_ENTITY": "ours", "WANDB_ENTITY": "theirs"}

    assert load(start).entity == "file"
    assert load(start, {"WANDB_ENTITY": "theirs"}).entity == "theirs"
    assert load(start, both).entity == "ours"
    assert load(start, both, entity="given").entity == "given"
    assert load(start, both, entity=None).entity == "ours"


def test_wandb_s_folders_are_used_apart_from_wandb_s_files(start: Path) -> None:
    settings = Settings.load(
        {},
        {"WANDB_CACHE_DIR": "/c", "WANDB_DATA_DIR": "/d", "WANDB_ARTIFACT_DIR": "/a"},
        start,
    )

    assert settings.cache_dir == Path("/c/wbart")
    assert settings.data_dir == Path("/d/wbart")
    assert settings.artifact_dir == Path("/a")


def test_an_empty_variable_counts_as_unset(start: Path) -> None:
    settings = load(start, {"WBART_PROJECT": "", "WANDB_PROJECT": "p", "WBART_JOBS": ""})

    assert (settings.project, settings.jobs) == ("p", None)


def test_every_variable_is_read_as_what_it_sets(start: Path) -> None:
    settings = load(
        start,
        {
            "WBART_CACHE_DIR": "cache",
            "WBART_CACHE_SIZE": "10 GiB",
            "WBART_ARTIFACT_DIR": "out",
            "WBART_OFFLINE": "Yes",
            "WBART_JOBS": "4",
            "WBART_LINK": "hardlink",
            "WBART_SYNC": "1",
            "WBART_DURABILITY": "Fast",
            "WBART_DIGEST_ALGORITHM": "xxh128",
            "WBART_STORAGE_OPTIONS": '{"anon": true}',
        },
    )

    assert settings.cache_dir == start / "cache"
    assert settings.cache_size == Capacity(size=10 * 2**30)
    assert settings.artifact_dir == Path("out")
    assert (settings.offline, settings.sync, settings.jobs) == (True, True, 4)
    assert (settings.link, settings.digest_algorithm) == ("hardlink", "XXH128")
    assert settings.durability == "fast"
    assert settings.storage_options == {"anon": True}
    assert settings.sources["jobs"] == "WBART_JOBS"


def test_a_pyproject_speaks_through_its_own_table_only(start: Path) -> None:
    (start / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (start.parent / "pyproject.toml").write_text(
        '[tool.wbart]\nproject = "p"\ncache-size = "10%"\njobs = 3\nsync = true\n'
        'store = "../stores/a"\n[tool.wbart.storage_options]\nanon = true\n'
    )

    settings = load(start)

    assert settings.project == "p"
    assert settings.cache_size == Capacity(share=0.1)
    assert (settings.jobs, settings.sync) == (3, True)
    assert settings.store == str(start.parent.parent / "stores" / "a")
    assert settings.storage_options == {"anon": True}
    assert str(start.parent / "pyproject.toml") in settings.sources["project"]


def test_the_client_travels_with_the_storage_options(start: Path) -> None:
    (start / "wbart.toml").write_text('client = "fsspec"\n[storage_options]\nanon = true\n')

    assert load(start).storage_options == {"client": "fsspec", "anon": True}
    settings = load(start, {"WBART_CLIENT": "OBSTORE"})
    assert settings.client == "obstore"
    assert settings.storage_options == {"client": "obstore", "anon": True}
    with pytest.raises(SettingInvalid, match="WBART_CLIENT: must be one of fsspec, obstore"):
        load(start, {"WBART_CLIENT": "boto"})


def test_of_two_files_in_a_folder_wbart_toml_wins(start: Path) -> None:
    (start / "pyproject.toml").write_text('[tool.wbart]\nproject = "theirs"\n')
    (start / "wbart.toml").write_text('project = "ours"\n')

    assert load(start).project == "ours"


def test_tables_of_others_are_left_alone(start: Path) -> None:
    (start / "wbart.toml").write_text('[inputs]\ndata = "team/p/data:v3"\n')

    assert load(start).project == "uncategorized"


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("WBART_CACHE_SIZE", "much", "not a size"),
        ("WBART_CACHE_SIZE", "200%", "at most 100%"),
        ("WBART_JOBS", "0", "at least 1"),
        ("WBART_JOBS", "two", "at least 1"),
        ("WBART_OFFLINE", "maybe", "must be one of"),
        ("WBART_LINK", "teleport", "must be one of auto"),
        ("WBART_DIGEST_ALGORITHM", "blake3", "must be one of MD5, XXH128"),
        ("WBART_STORAGE_OPTIONS", "{", "is not JSON"),
        ("WBART_STORAGE_OPTIONS", "[1]", "must be a JSON object"),
        ("WANDB_PROJECT", "a/b", "must not contain '/'"),
        ("WBART_CACHE_DIR", "~nobody-at-all/x", "home"),
    ],
)
def test_a_bad_value_names_its_variable_and_the_reason(
    start: Path, variable: str, value: str, reason: str
) -> None:
    with pytest.raises(SettingInvalid, match=reason) as caught:
        load(start, {variable: value})

    assert variable in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_settings_can_be_keys_and_cross_process_borders(start: Path) -> None:
    settings = load(start, {"WBART_STORAGE_OPTIONS": '{"anon": true}'})

    again = pickle.loads(pickle.dumps(settings))

    assert {settings: "open"}[again] == "open"


def test_storage_options_are_never_shown(start: Path) -> None:
    secret = {"WBART_STORAGE_OPTIONS": '{"secret": "hunter2"'}
    with pytest.raises(SettingInvalid) as caught:
        load(start, secret)

    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(load(start, {"WBART_STORAGE_OPTIONS": '{"secret": "hunter2"}'}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("store = ", "cannot read"),
        ("stor = 's3://x'", "unknown setting 'stor'"),
        ("jobs = true", "jobs in .*at least 1"),
        ("store = 3", "must be text, not int"),
    ],
)
def test_a_bad_line_names_its_file(start: Path, text: str, reason: str) -> None:
    (start / "wbart.toml").write_text(text)

    with pytest.raises(SettingInvalid, match=reason) as caught:
        load(start)

    assert str(start / "wbart.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_tool_table_that_is_no_table_is_refused(start: Path) -> None:
    (start / "pyproject.toml").write_text("[tool]\nwbart = 1\n")

    with pytest.raises(SettingInvalid, match="must be a table"):
        load(start)


def test_a_bad_override_is_named(start: Path) -> None:
    with pytest.raises(SettingInvalid, match="unknown setting 'stor'"):
        load(start, stor="x")
    with pytest.raises(SettingInvalid, match="jobs given to the call: must be a whole number"):
        load(start, jobs=-1)


def test_paths_may_be_given_as_paths(start: Path) -> None:
    settings = load(start, store=Path("here"), cache_dir=Path("c"), artifact_dir=Path("a"))

    assert settings.store == str(start / "here")
    assert (settings.cache_dir, settings.artifact_dir) == (start / "c", Path("a"))


@pytest.mark.parametrize(
    "table",
    [
        'secret = "hunter2"',
        'account_key = "hunter2"',
        'connection_string = "hunter2"',
        'sas_token = "hunter2"',
        'token = "hunter2"',
        '[storage_options.client_kwargs]\naws_secret_access_key = "hunter2"',
    ],
)
@pytest.mark.parametrize("below", [".", "c/deeper"])
def test_secrets_are_refused_in_a_stores_own_files(start: Path, table: str, below: str) -> None:
    (start / "wbart.json").write_text("{}")
    folder = start / below
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wbart.toml").write_text(f"[storage_options]\n{table}\n")

    with pytest.raises(SettingInvalid, match="inside a store and holds a secret") as caught:
        load(folder, {})

    assert "hunter2" not in str(caught.value)


def test_options_that_are_no_secret_may_lie_in_a_store(start: Path) -> None:
    (start / "wbart.json").write_text("{}")
    (start / "wbart.toml").write_text(
        '[storage_options]\nanon = true\ntoken = "anon"\nendpoint_url = "http://x"\n'
    )

    assert load(start, {}).storage_options["endpoint_url"] == "http://x"


def test_secrets_may_lie_in_a_project(start: Path) -> None:
    (start / "wbart.toml").write_text('[storage_options]\nsecret = "hunter2"\n')

    assert load(start, {}).storage_options == {"secret": "hunter2"}


def test_storage_options_come_whole_from_the_nearest_source(start: Path) -> None:
    (start / "wbart.toml").write_text('[storage_options]\nkey = "a"\nsecret = "b"\n')

    near = load(start, {"WBART_STORAGE_OPTIONS": '{"endpoint_url": "http://x"}'})

    assert near.storage_options == {"endpoint_url": "http://x"}
