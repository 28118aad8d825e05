"""Event files that the real TensorBoard wrote, against what its EventAccumulator reads of them."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from tests.importers import tensorboardfiles as files
from tests.importers.tensorboardfiles import number

from wbart.apis.importers.importedrun import ImportedRun
from wbart.apis.importers.tensorboard import LogDir, TensorBoardRun

Said = dict[str, list[tuple[int, Any]]]


class Both:
    """A folder as we read it, and as TensorBoard does."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = files.write(name, folder / "logs")
        scratch = folder / "scratch"
        scratch.mkdir()
        self.run: ImportedRun = TensorBoardRun(LogDir.at(self.folder), scratch).read()
        self.theirs = files.read(self.folder)
        self.rows = [dict(row) for row in self.run.rows()]
        self.files = dict(self.run.files())

    def ours(self, key: str) -> list[tuple[int, Any]]:
        return [(row["_step"], row[key]) for row in self.rows if key in row]

    def one(self, key: str) -> Any:
        [(_, value)] = self.ours(key)
        return value

    def bytes_of(self, path: str) -> bytes:
        return self.files[path].read_bytes()


@pytest.fixture(scope="module", params=["tensorboard", "tensorboardx"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def tensorboard(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both("tensorboard", tmp_path_factory.mktemp("t"))


@pytest.fixture(scope="module")
def tensorboardx(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both("tensorboardx", tmp_path_factory.mktemp("x"))


def scalars(theirs: dict[str, dict[str, Any]]) -> Said:
    """All single numbers that TensorBoard finds, by the key that they have with us."""
    found: Said = defaultdict(list)
    for folder, said in theirs.items():
        front = "" if folder == "." else f"{folder}/"
        for tag, values in said["scalars"].items():
            found[front + tag] = [(step, number(value)) for step, _, value in values]
        for tag, (plugin, *values) in said["tensors"].items():
            if plugin == "scalars":
                found[front + tag] = [(step, number(flat(value))) for step, _, value in values]
    return found


def flat(value: Any) -> Any:
    return flat(value[0]) if isinstance(value, list) else value


def same(ours: list[tuple[int, Any]], theirs: list[tuple[int, float]]) -> bool:
    return repr([(step, number(value)) for step, value in ours]) == repr(sorted(theirs))


def test_every_scalar_is_the_one_that_tensorboard_reads(either: Both) -> None:
    theirs = scalars(either.theirs)

    assert len(theirs) > 2
    for key, values in theirs.items():
        assert same(either.ours(key), values), key


def test_rows_have_the_wall_time_and_the_step_as_keys(tensorboardx: Both) -> None:
    lasts: dict[int, float] = {}
    for each in tensorboardx.theirs["."]["scalars"].values():
        for step, wall_time, _ in each:
            lasts[step] = max(wall_time, lasts.get(step, 0.0))
    rows = {row["_step"]: row for row in tensorboardx.rows}

    assert all(row["global_step"] == row["_step"] for row in tensorboardx.rows)
    assert [rows[step]["_timestamp"] for step in range(9, 29)] == [
        lasts[step] for step in range(9, 29)
    ]
    assert rows[10]["_runtime"] == pytest.approx(rows[10]["_timestamp"] - tensorboardx.run.started)


def test_numbers_of_all_types_keep_their_value(tensorboard: Both) -> None:
    assert tensorboard.one("count") == 2**53 + 1
    assert tensorboard.one("double") == 1 / 3
    assert tensorboard.one("yes") is True
    assert (tensorboard.one("nan"), tensorboard.one("inf")) == ("NaN", "-Infinity")


def test_images_are_the_bytes_that_were_logged(tensorboard: Both, tensorboardx: Both) -> None:
    [[step, _, width, height, data]] = tensorboardx.theirs["."]["images"]["picture"]
    [[_, _, _, _, film]] = tensorboardx.theirs["."]["images"]["film"]
    [_, [_, _, texts]] = tensorboard.theirs["."]["tensors"]["picture"]
    [_, [_, _, two]] = tensorboard.theirs["."]["tensors"]["pictures"]

    png = base64.b64decode(data)
    assert tensorboardx.ours("picture") == [
        (
            step,
            {
                "_type": "image-file",
                "path": f"media/images/{hashlib.sha256(png).hexdigest()[:20]}.png",
                "sha256": hashlib.sha256(png).hexdigest(),
                "size": len(png),
                "format": "png",
                "width": width,
                "height": height,
            },
        )
    ]
    assert tensorboardx.bytes_of(tensorboardx.one("picture")["path"]) == png
    assert tensorboardx.one("film")["_type"] == "video-file"
    assert tensorboardx.bytes_of(tensorboardx.one("film")["path"]) == base64.b64decode(film)
    assert tensorboard.bytes_of(tensorboard.one("picture")["path"]) == base64.b64decode(texts[2])
    pictures = tensorboard.one("pictures")
    assert (pictures["_type"], pictures["count"]) == ("images/separated", 2)
    assert [tensorboard.bytes_of(path) for path in pictures["filenames"]] == [
        base64.b64decode(each) for each in two[2:]
    ]


def test_sounds_are_the_bytes_that_were_logged(tensorboard: Both, tensorboardx: Both) -> None:
    [[_, _, data]] = tensorboardx.theirs["."]["audio"]["sound"]
    [_, [_, _, [[tensor, caption]]]] = tensorboard.theirs["."]["tensors"]["sound"]

    assert tensorboardx.bytes_of(tensorboardx.one("sound")["path"]) == base64.b64decode(data)
    sound = tensorboard.one("sound")
    assert (sound["_type"], sound["path"][:12]) == ("audio-file", "media/audio/")
    assert sound["caption"].encode() == base64.b64decode(caption)
    assert tensorboard.bytes_of(sound["path"]) == base64.b64decode(tensor)


def test_histograms_of_tensors_have_their_edges_and_counts(tensorboard: Both) -> None:
    _, *theirs = tensorboard.theirs["."]["tensors"]["weights"]
    ours = dict(tensorboard.ours("weights"))

    assert sorted(ours) == [0, 7]
    for step, _, rows in theirs:
        assert ours[step]["_type"] == "histogram"
        assert ours[step]["values"] == [count for _, _, count in rows]
        assert ours[step]["bins"] == [*(left for left, _, _ in rows), rows[-1][1]]


@pytest.mark.parametrize("key", ["weights", "auto", "zeros"])
def test_histograms_lose_no_count_and_have_finite_edges(tensorboardx: Both, key: str) -> None:
    [[step, _, theirs]] = tensorboardx.theirs["."]["histograms"][key]
    [(at, ours)] = tensorboardx.ours(key)

    assert at == step
    assert sum(ours["values"]) == sum(theirs["bucket"]) == theirs["num"]
    assert (ours["bins"][0], ours["bins"][-1]) == (theirs["min"], theirs["max"])
    assert ours["bins"] == sorted(ours["bins"])
    assert len(ours["bins"]) == len(ours["values"]) + 1 <= 513
    assert set(ours["bins"][1:-1]) <= set(theirs["bucket_limit"])


def test_texts_are_texts(tensorboard: Both, tensorboardx: Both) -> None:
    assert tensorboard.one("note") == "ein *Wört*"
    assert tensorboard.one("lines") == ["x", "y"]
    assert tensorboard.one("table") == [["a", "b"], ["c", "d"]]
    assert tensorboardx.one("note/text_summary") == "some **text**"


def test_hyperparameters_are_the_config(tensorboard: Both, tensorboardx: Both) -> None:
    assert tensorboard.run.config == {
        "lr": 0.1,
        "layers": 3,
        "optimizer": "adam",
        "nesterov": False,
    }
    assert tensorboard.run.config["nesterov"] is False
    assert tensorboard.run.group == "t1"
    assert tensorboard.run.started == files.WALL - 5
    assert tensorboardx.run.config == {"lr": 0.5, "name": "x", "deep": True}
    assert tensorboardx.one("trial/best") == 0.75


def test_what_is_not_taken_is_counted(tensorboard: Both, tensorboardx: Both) -> None:
    assert tensorboard.run.problems == [
        "not taken: 1 mesh",
        "not taken: 1 pr_curves",
        "not taken: 1 tensors of many numbers",
    ]
    assert tensorboardx.run.problems == ["not taken: 1 mesh", "not taken: 1 pr_curves"]


def test_the_summary_has_what_each_key_said_last(either: Both) -> None:
    for key, values in scalars(either.theirs).items():
        assert repr(number(either.run.summary[key])) == repr(values[-1][1])
    assert either.run.summary["_step"] == either.rows[-1]["_step"]


def test_folders_are_in_front_of_their_tags(tmp_path: Path) -> None:
    both = Both("folders", tmp_path)

    theirs = scalars(both.theirs)
    assert sorted(theirs) == ["deep/down/loss", "loss", "train/loss", "validation/loss"]
    assert all(same(both.ours(key), values) for key, values in theirs.items())
    assert len(both.rows) == 10


def test_a_restart_makes_void_what_tensorboard_purges(tmp_path: Path) -> None:
    both = Both("restart", tmp_path)

    theirs = scalars(both.theirs)
    assert theirs["loss"][5:7] == [(5, 505.0), (6, 506.0)]
    assert all(same(both.ours(key), values) for key, values in theirs.items())
    assert [step for step, _ in both.ours("picture")] == [14]


def test_old_files_tell_restarts_by_their_steps(tmp_path: Path) -> None:
    both = Both("old", tmp_path)

    theirs = scalars(both.theirs)
    assert [step for step, _ in theirs["a"]] == [0, 4, 6]
    assert [step for step, _ in theirs["b"]] == [0, 0, 5, 7]
    assert all(same(both.ours(key), values) for key, values in theirs.items())


def test_what_is_said_twice_of_a_step_is_kept_twice(tmp_path: Path) -> None:
    both = Both("again", tmp_path)

    theirs = scalars(both.theirs)
    assert len(theirs["a"]) == 12
    assert all(same(both.ours(key), values) for key, values in theirs.items())
    assert [row["_step"] for row in both.rows] == [0] * 3 + [1] * 6 + [2] * 3
    assert all("a" in row and "b" in row for row in both.rows)


@pytest.mark.parametrize("cut", [1, 3, 7, 40, 333])
def test_a_file_that_is_cut_off_is_read_up_to_there(tmp_path: Path, cut: int) -> None:
    files.write("again", tmp_path / "logs")
    [path] = (tmp_path / "logs").iterdir()
    path.write_bytes(path.read_bytes()[:-cut])

    run = TensorBoardRun(LogDir.at(tmp_path / "logs"), tmp_path).read()

    theirs = scalars(files.read(tmp_path / "logs"))
    assert 0 < len(theirs["a"]) <= 12
    for key, values in theirs.items():
        assert same([(r["_step"], r[key]) for r in run.rows() if key in r], values)
    [problem] = run.problems
    assert problem.startswith(f"{path.name} is read up to a break: the record at byte ")
    assert problem.endswith("is cut off")


@pytest.mark.parametrize(("place", "words"), [(3, "damaged length"), (20, "damaged data")])
def test_a_damaged_record_ends_its_file_and_no_other(
    tmp_path: Path, place: int, words: str
) -> None:
    record = files.event(1, files.scalar("a", 1.0))
    folder = files.log_dir(tmp_path / "logs", record, *[record] * 9)
    later = files.event(5, files.scalar("a", 5.0))
    files.log_dir(folder, later, name="events.out.tfevents.1700000001.host")
    data = bytearray((folder / files.NAME).read_bytes())
    data[len(files.framed([files.FIRST, record])) + place] ^= 1
    (folder / files.NAME).write_bytes(data)

    run = TensorBoardRun(LogDir.at(folder), tmp_path).read()

    assert [(r["_step"], r["a"]) for r in run.rows()] == [(1, 1.0), (5, 5.0)]
    assert same([(1, 1.0), (5, 5.0)], scalars(files.read(folder))["a"])
    assert words in run.problems[0]
