"""Clips of sound and of moving pictures."""

from __future__ import annotations

import io
import sys
import wave
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import ImageSequence
from tests.media.folder import Folder

from wbart.errors import ArgumentInvalid, UsageError
from wbart.media.audio import Audio
from wbart.media.video import Video
from wbart.media.videoframes import frames


def test_samples_become_a_clip_and_come_back(artifact: Folder) -> None:
    samples = np.array([[0.0, 0.5], [-0.5, 1.0]])
    audio = Audio(samples, sample_rate=2, caption="hum")
    read = artifact.read(audio.to_json(artifact))
    assert isinstance(read, Audio)
    assert read == audio
    with wave.open(read._local) as clip:
        assert (clip.getnchannels(), clip.getframerate(), clip.getnframes()) == (2, 2, 2)
        found = np.frombuffer(clip.readframes(2), "<i2").reshape(2, 2)
    assert np.allclose(found / 32768, samples, atol=1e-4)
    assert audio._duration == 1.0
    assert Audio(samples, 2) != audio


def test_odd_sounds_are_told() -> None:
    with pytest.raises(ArgumentInvalid, match="sample_rate"):
        Audio(np.zeros(2))
    with pytest.raises(ArgumentInvalid, match="Path is not a file"):
        Audio("no/such.wav")
    with pytest.raises(ArgumentInvalid, match="no audio can be made"):
        Audio(np.zeros((1, 2, 3, 4)), 8000)
    with pytest.raises(ArgumentInvalid, match="no audio can be made"):
        Audio(["a"], 8000)


def test_a_reference_is_kept_and_compared_by_its_uri(artifact: Folder, run: Folder) -> None:
    audio = Audio("gs://bucket/clip.wav")
    path = audio.to_json(artifact)["path"]
    assert artifact.references == {path: "gs://bucket/clip.wav"}
    assert path == f"media/audio/{audio._sha256[:20]}/clip.wav"
    assert audio == Audio("gs://bucket/clip.wav") != Audio("gs://bucket/other.wav")
    with pytest.raises(ArgumentInvalid, match="cannot currently be added to a run"):
        audio.to_json(run)


def test_what_a_reference_leads_to_is_equal_to_the_reference(artifact: Folder) -> None:
    audio = Audio("https://h/clip.wav", caption="far")
    told = audio.to_json(artifact)
    artifact.hold_file(b"fetched", told["path"])
    assert artifact.read(told) == audio


@pytest.mark.parametrize("batch", [1, 2, 3, 5])
def test_clips_of_a_batch_stand_in_a_grid(batch: int) -> None:
    clips = np.arange(batch * 2 * 3 * 2 * 2, dtype=np.uint8).reshape(batch, 2, 3, 2, 2)
    found = frames(clips)
    room = 1 << (batch - 1).bit_length()
    rows = 2 if batch >= 4 else 1
    assert found.shape == (2, rows * 2, room // rows * 2, 3)
    for number in range(batch):
        row, column = divmod(number, room // rows)
        cell = found[:, row * 2 : row * 2 + 2, column * 2 : column * 2 + 2]
        assert np.array_equal(cell, clips[number].transpose(0, 2, 3, 1))
    assert np.array_equal(frames(clips[0]), frames(clips[:1]))


def test_frames_become_a_gif(artifact: Folder) -> None:
    shades = np.array([0, 100, 200], np.uint8)[:, None, None, None]
    video = Video(np.broadcast_to(shades, (3, 3, 4, 6)), fps=10, format="gif")
    told = video.to_json(artifact)
    assert (told["width"], told["height"]) == (6, 4)
    with PILImage.open(artifact.local_path(told["path"])) as film:
        assert (film.size, film.info["duration"]) == ((6, 4), 100)
        assert sum(1 for _ in ImageSequence.Iterator(film)) == 3
    assert artifact.read(told) == video
    assert Video(np.zeros((2, 1, 2, 2)), format="gif")._width == 2


def test_other_films_are_made_by_moviepy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="a mp4 of raw data needs moviepy: pip install moviepy"):
        Video(np.zeros((1, 3, 2, 2)), format="mp4")

    class Clip:
        def __init__(self, images: list[Any], fps: int) -> None:
            self.told = f"{len(images)} {fps}"

        def write_videofile(self, path: str, logger: None) -> None:
            Path(path).write_text(self.told)

    module = ModuleType("moviepy.video.io.ImageSequenceClip")
    module.ImageSequenceClip = Clip  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for package in ("moviepy", "moviepy.video", "moviepy.video.io"):
        monkeypatch.setitem(sys.modules, package, ModuleType(package))
    video = Video(np.zeros((2, 3, 2, 2)), fps=7, format="mp4")
    assert Path(video._local).read_text() == "2 7"


@pytest.mark.parametrize(
    ("data", "format", "words"),
    [
        ("clip.avi", None, "accepts gif, mp4, webm, ogg"),
        ("no/such.mp4", None, "Path is not a file"),
        (io.BytesIO(b"x"), None, "requires a `format` argument"),
        (io.BytesIO(b"x"), "avi", "accepts gif, mp4, webm, ogg"),
        (np.zeros((1, 3, 2, 2)), None, "requires a `format` argument"),
        (np.zeros((2, 2, 2)), "gif", "at least 4 dimensions"),
        (np.zeros((1, 5, 2, 2)), "gif", "no frames of 1, 3 or 4 channels"),
        (np.zeros((0, 3, 2, 2)), "gif", "no frames"),
        ([[1]], "gif", "numpy like data"),
    ],
)
def test_odd_films_are_told(data: Any, format: str | None, words: str) -> None:
    with pytest.raises(ArgumentInvalid, match=words):
        Video(data, format=format)
