"""The files that the objects of `objects.txt` are made of."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
from PIL import Image

OBJECTS = (Path(__file__).parent / "objects.txt").read_text(encoding="utf-8")
"""Python that makes `objects`, `only_in_runs` and `lists`, of `wandb` and `here`."""


def lay_out(folder: Path) -> None:
    """Write the files."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.arange(108, dtype=np.uint8).reshape(6, 6, 3)
    pictures = [Image.fromarray(pixels + shade) for shade in (0, 40)]
    pictures[0].save(folder / "picture.png")
    pictures[0].save(folder / "clip.gif", save_all=True, append_images=pictures[1:])
    with wave.open(str(folder / "clip.wav"), "wb") as clip:
        clip.setnchannels(1)
        clip.setsampwidth(2)
        clip.setframerate(8000)
        clip.writeframes(bytes(range(100)))
    plot = {
        "version": "3.8.1",
        "title": "Bokeh Application",
        "config": {
            "type": "object",
            "name": "DocumentConfig",
            "id": "p1006",
            "attributes": {
                "notifications": {"type": "object", "name": "Notifications", "id": "p1007"}
            },
        },
        "roots": [],
    }
    texts = {
        "page.html": "<html><head></head><body>page</body></html>\n",
        "cloud.pts.json": "[[1,2,3]]",
        "water.pdb": "ATOM      1  O   HOH     1       0.000   0.000   0.000\n",
        "thing.obj": "v 1 0 0\n",
        "plot.bokeh.json": json.dumps(plot),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
