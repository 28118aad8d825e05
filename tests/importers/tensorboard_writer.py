"""What the real TensorBoard writes and reads: run by its own Python, not by ours.

`write NAME FOLDER` makes event files as NAME says; `read FOLDER` prints what TensorBoard's
EventAccumulator finds in each folder below, as JSON lines on stdout.
"""

# mypy: ignore-errors
# Runs in an environment of its own, whose packages the checkers do not see.
# pyright: basic, reportMissingImports=false, reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

import base64
import io
import json
import math
import os
import sys
import wave

import numpy as np
import tensorboardX
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.hparams import summary_v2 as hparams
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_ndarray, make_tensor_proto

WALL = 1_700_000_000.25


def picture(width, height, format_="PNG"):
    pixels = np.arange(width * height * 3, dtype=np.uint8).reshape(height, width, 3)
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, format=format_)
    return held.getvalue()


def sound():
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(range(200)))
    return held.getvalue()


def tensor_value(tag, plugin, data, dtype=None):
    metadata = SummaryMetadata()
    metadata.plugin_data.plugin_name = plugin
    tensor = make_tensor_proto(data, dtype=dtype)
    return Summary(value=[Summary.Value(tag=tag, metadata=metadata, tensor=tensor)])


def bare(summary):
    """As TensorFlow 1 wrote it: the metadata only with the first value of a tag."""
    for value in summary.value:
        value.ClearField("metadata")
    return summary


class Files:
    """Event files as TensorBoard's own writer makes them."""

    def __init__(self, folder):
        self.writer = EventFileWriter(folder)

    def add(self, summary, step, wall=None):
        wall = WALL + step if wall is None else wall
        self.writer.add_event(Event(wall_time=wall, step=step, summary=summary))

    def close(self):
        self.writer.close()


def write_tensorboard(folder):
    """Values as TensorFlow 2 makes them: tensors with the name of a plugin."""
    files = Files(folder)
    for step in range(40):
        files.add(scalar_pb("loss", 1 / (step + 1)), step)
        later = scalar_pb("train/accuracy", step / 40)
        files.add(bare(later) if step else later, step)
    files.add(tensor_value("double", "scalars", np.float64(1 / 3)), 1)
    files.add(tensor_value("count", "scalars", np.int64(2**53 + 1)), 1)
    files.add(tensor_value("half", "scalars", np.float16(0.1)), 1)
    files.add(tensor_value("small", "scalars", np.uint8(200)), 1)
    files.add(tensor_value("minus", "scalars", np.int32(-5)), 1)
    files.add(tensor_value("yes", "scalars", np.bool_(True)), 1)
    files.add(tensor_value("one", "scalars", np.float32([[7.5]])), 1)
    files.add(tensor_value("nan", "scalars", np.float32(math.nan)), 1)
    files.add(tensor_value("inf", "scalars", np.float32(-math.inf)), 2)
    files.add(tensor_value("many", "", np.float32([1, 2, 3])), 2)
    for step in (0, 7):
        values = np.random.default_rng(step).normal(size=500)
        files.add(histogram_pb("weights", values, buckets=20), step)
    files.add(histogram_pb("none", []), 3)
    files.add(text_pb("note", "ein *Wört*"), 3)
    files.add(tensor_value("table", "text", [["a", "b"], ["c", "d"]]), 3)
    files.add(tensor_value("lines", "text", ["x", "y"]), 3)
    two = [b"6", b"4", picture(6, 4), picture(6, 4, "JPEG")]
    files.add(tensor_value("pictures", "images", two), 4)
    files.add(tensor_value("picture", "images", [b"3", b"5", picture(3, 5)]), 4)
    files.add(tensor_value("sound", "audio", [[sound(), b"a caption"]]), 5)
    files.add(tensor_value("curve", "pr_curves", np.ones((6, 4), np.float32)), 6)
    files.add(tensor_value("shape", "mesh", np.float32([[1, 2, 3]])), 6)
    session = {"lr": 0.1, "layers": 3, "optimizer": "adam", "nesterov": False}
    files.add(hparams.hparams_pb(session, trial_id="t1", start_time_secs=WALL - 5), 0)
    files.close()


def write_tensorboardx(folder):
    """Values as tensorboardX and PyTorch make them, and a folder of hyperparameters below."""
    writer = tensorboardX.SummaryWriter(folder)
    for step in range(30):
        writer.add_scalar("loss", 2.0**-step, step, walltime=WALL + step / 8)
        writer.add_scalar("train/lr", 0.1 * step, 2 * step, walltime=WALL + step / 8)
    writer.add_scalar("nan", math.nan, 1, walltime=WALL)
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    writer.add_image("picture", pixels, 3, walltime=WALL, dataformats="HWC")
    writer.add_histogram("weights", np.random.default_rng(1).normal(size=999), 4, walltime=WALL)
    writer.add_histogram("auto", np.linspace(-1, 9, 50), 4, bins="auto", walltime=WALL)
    writer.add_histogram("zeros", np.zeros(9), 5, walltime=WALL)
    writer.add_text("note", "some **text**", 6, walltime=WALL)
    values = tensorboardX.proto.summary_pb2.Summary(value=[{"tag": "sound"}, {"tag": "film"}])
    values.value[0].audio.sample_rate = 8000
    values.value[0].audio.encoded_audio_string = sound()  # add_audio asks for a package more
    values.value[1].image.height, values.value[1].image.width = 4, 6
    values.value[1].image.encoded_image_string = picture(6, 4, "GIF")  # and so does add_video
    writer.file_writer.add_summary(values, 7, walltime=WALL)
    labels, scores = np.array([0, 1, 1, 0]), np.array([0.1, 0.9, 0.6, 0.4])
    writer.add_pr_curve("curve", labels, scores, 8, walltime=WALL)
    writer.add_mesh("mesh", np.ones((1, 3, 3)), global_step=8, walltime=WALL)
    writer.add_hparams({"lr": 0.5, "name": "x", "deep": True}, {"best": 0.75}, name="trial")
    writer.close()


def write_folders(folder):
    """As Keras and many scripts have it: one run, a folder each for training and validation."""
    for number, name in enumerate(("train", "validation", "deep/down", ".")):
        files = Files(os.path.join(folder, name))
        for step in range(10):
            value = Summary(value=[Summary.Value(tag="loss", simple_value=number + step / 16)])
            files.add(value, step, WALL + step + number / 8)
        files.close()


def write_restart(folder):
    """A job that was at step 9, and was started again at step 5."""
    for first, purge in ((0, None), (5, 5)):
        writer = tensorboardX.SummaryWriter(
            folder, purge_step=purge, filename_suffix=f".{first}", flush_secs=1
        )
        for step in range(first, 10 + first // 2):  # the later file is the smaller one
            writer.add_scalar("loss", 100 * first + step, step, walltime=WALL + first + step)
            writer.add_scalar("other", -step, step, walltime=WALL + first + step)
        pixels = np.zeros((2, 2, 3), np.uint8)
        writer.add_image("picture", pixels + first, first + 9, dataformats="HWC")
        writer.close()


def write_again(folder):
    """Steps that come twice, and nobody says that a session began again."""
    files = Files(folder)
    for turn in range(3):
        for step in (0, 1, 2, 1):
            for tag in ("a", "b"):
                value = Summary(value=[Summary.Value(tag=tag, simple_value=10 * turn + step)])
                files.add(value, step, WALL + 10 * turn + step)
    files.close()


def write_old(folder):
    """Files of before version 2: that steps go back is all that tells of a restart."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "events.out.tfevents.1700000000.host"), "wb") as file:
        writer = RecordWriter(file)
        for step, tags in (
            (0, "ab"),
            (0, "b"),
            (5, "ab"),
            (9, "a"),
            (9, "b"),
            (4, "a"),
            (6, "a"),
            (7, "b"),
        ):
            event = Event(wall_time=WALL + step, step=step)
            for tag in tags:
                event.summary.value.add(tag=tag, simple_value=step)
            writer.write(event.SerializeToString())
        start = SessionLog(status=SessionLog.START)
        writer.write(Event(step=3, session_log=start).SerializeToString())


def write_grown(folder):
    """Another file for a folder where one is already."""
    files = Files(folder)
    for step in range(40, 50):
        files.add(scalar_pb("loss", 1 / (step + 1)), step)
    files.close()


def plain(value):
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value if not isinstance(value, float) or math.isfinite(value) else repr(value)


def read(folder):
    for each, _, names in sorted(os.walk(folder)):
        if not any("tfevents" in name for name in names):
            continue
        everything = dict.fromkeys(
            ("scalars", "images", "histograms", "audio", "tensors", "compressedHistograms"), 0
        )
        found = EventAccumulator(each, size_guidance=everything).Reload()
        tags = found.Tags()
        said = {
            "folder": os.path.relpath(each, folder),
            "scalars": {
                tag: [[e.step, e.wall_time, plain(e.value)] for e in found.Scalars(tag)]
                for tag in tags["scalars"]
            },
            "images": {
                tag: [
                    [e.step, e.wall_time, e.width, e.height, plain(e.encoded_image_string)]
                    for e in found.Images(tag)
                ]
                for tag in tags["images"]
            },
            "audio": {
                tag: [
                    [e.step, e.wall_time, plain(e.encoded_audio_string)] for e in found.Audio(tag)
                ]
                for tag in tags["audio"]
            },
            "histograms": {
                tag: [[e.step, e.wall_time, vars(e.histogram_value)] for e in found.Histograms(tag)]
                for tag in tags["histograms"]
            },
            "tensors": {},
        }
        for tag in tags["tensors"]:
            plugin = found.SummaryMetadata(tag).plugin_data.plugin_name
            said["tensors"][tag] = [plugin]
            for e in found.Tensors(tag):
                array = make_ndarray(e.tensor_proto).tolist()
                said["tensors"][tag].append([e.step, e.wall_time, deep(array)])
        sys.stdout.write(json.dumps(said) + "\n")


def deep(value):
    return [deep(each) for each in value] if isinstance(value, list) else plain(value)


if __name__ == "__main__":
    if sys.argv[1] == "read":
        read(sys.argv[2])
    else:
        globals()[f"write_{sys.argv[2]}"](sys.argv[3])
