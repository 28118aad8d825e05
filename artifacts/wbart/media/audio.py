"""Audio: a clip of sound."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, Self

from wbart.errors import ArgumentInvalid
from wbart.media.library import library
from wbart.media.mediafile import Media, is_reference
from wbart.media.value import Source

_PLAIN = "PCM_16"


class Audio(Media):
    """A clip of a file, of what an http, s3 or gs URI refers to, or of samples and their rate.

    Samples are an array, (frames) or (frames, channels), of floats from -1 to 1 or of integers;
    they become a WAV. ValueError without a rate.
    """

    _log_type = "audio-file"
    _folder = "media/audio"

    def __init__(
        self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None
    ) -> None:
        super().__init__(caption)
        self._sample_rate = sample_rate
        self._duration: float | None = None
        if not isinstance(data_or_path, str | os.PathLike):
            self._write(data_or_path)
        elif is_reference(os.fspath(data_or_path)):
            self._refer(os.fspath(data_or_path))
        else:
            self._take(data_or_path)

    @classmethod
    def _read(cls, local: Path, json_obj: dict[str, Any], source: Source) -> Self:
        return cls(local, caption=json_obj.get("caption"))

    def _write(self, samples: Any) -> None:
        rate = self._sample_rate
        if rate is None:
            raise ArgumentInvalid(
                'Argument "sample_rate" is required when instantiating wandb.Audio with raw data.'
            )
        soundfile = library("soundfile", "soundfile", "wbart.Audio of raw data")
        buffer = io.BytesIO()
        try:
            soundfile.write(buffer, samples, rate, format="WAV", subtype=_PLAIN)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ArgumentInvalid(f"no audio can be made of the samples: {error}") from error
        self._duration = len(samples) / float(rate)
        self._make(buffer.getvalue(), ".wav")

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and self._caption == getattr(other, "_caption", None)

    __hash__ = None
