"""What the real wandb writes: run by its own Python, not by ours.

`wandb_writer.py FOLDER` makes offline runs below FOLDER/<world>/wandb, a folder with a manifest in
FOLDER/manifests, and logs of records that offline runs do not make in FOLDER/crafted. On stdout it
says, as JSON, which digests wandb itself gives its artifacts.
"""

# mypy: ignore-errors
# It runs in the environment of wandb, whose packages the checkers do not see.
# pyright: reportMissingImports=false
from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
import wandb
from wandb.proto import wandb_internal_pb2 as pb
from wandb.sdk.interface import interface

ROWS = 400
DIGESTS = {}


@contextmanager
def run(world, exit_code=0, **more):
    folder = Path(world).absolute()
    folder.mkdir(exist_ok=True)
    before = os.getcwd()
    os.chdir(folder)
    try:
        begun = wandb.init(mode="offline", dir=folder, **more)
        yield begun
        begun.finish(exit_code=exit_code)
    finally:
        os.chdir(before)


def artifact(name, files, type_="dataset", **more):
    made = wandb.Artifact(name, type_, **more)
    for path, content in files.items():
        with made.new_file(path, mode="wb") as file:
            file.write(content)
    return made


def log(begun, made, **more):
    begun.log_artifact(made, **more)
    DIGESTS.setdefault(made.name, []).append(made.digest)


def full():
    """A run that does all that an offline run can."""
    repository = Path("full")
    repository.mkdir()
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(repository))
    for command in (
        "init -q",
        "commit -q --allow-empty -m x",
        "remote add origin https://ann:secret@host/repo.git",
    ):
        subprocess.run([*git, *command.split()], check=True)
    with run(
        "full",
        id="full0001",
        entity="ann-w",
        project="zoo-w",
        name="first try",
        notes="by hand",
        tags=["a", "b"],
        group="g",
        job_type="train",
        config={"rate": 0.1, "nested": {"depth": 2, "sizes": [1, 2]}},
    ) as begun:
        for step in range(ROWS):
            begun.log(
                {
                    "loss": 1 / (step + 1),
                    "deep": {"er": {"x": step}, "bad": float("nan")},
                    "text": "äöü" * 10,
                }
            )
        begun.log(
            {
                "hist": wandb.Histogram([1, 2, 3]),
                "image": wandb.Image(np.zeros((4, 4, 3), dtype=np.uint8)),
                "table": wandb.Table(columns=["a"], data=[[1], [2]]),
            }
        )
        begun.log({"loss": 0.0}, step=1000)
        begun.summary["best"] = 7
        begun.summary["inner"] = {"k": 1}
        begun.summary["inner"]["z"] = 2
        begun.config["later"] = "yes"
        sys.stdout.write("hello console\n")
        Path("saved.txt").write_text("saved")
        begun.save("saved.txt")
        Path("kept").mkdir()
        Path("kept/empty").write_bytes(b"")
        Path("kept/deep").mkdir()
        Path("kept/deep/twelve").write_bytes(b"twelve bytes")
        Path("referred.txt").write_text("stays here")
        made = artifact(
            "set",
            {"hello.txt": b"hello"},
            description="what it is",
            metadata={"rows": 3, "nested": {"a": [1]}},
        )
        made.add_dir("kept", "kept")
        made.add_reference("odd://bucket/key", name="odd")
        made.add_reference(f"file://{Path('referred.txt').absolute()}", name="ref.txt")
        made.add(wandb.Table(columns=["q"], data=[[1]]), "table")
        made.ttl = timedelta(days=3)
        log(begun, made, aliases=["best", "latest"], tags=["checked"])
        begun.alert("title", "text")


def artifacts():
    """Versions of one collection, digests of both kinds, references from one to another."""
    with run("artifacts", id="maker001", project="arts") as begun:
        log(begun, artifact("line", {"f": b"one"}), aliases=["old"])
        second = artifact("line", {"f": b"two"})
        second.ttl = None
        log(begun, second)
        log(begun, artifact("fast", {"f": b"hello"}, digest_algorithm="XXH128"))
        table = wandb.Table(columns=["a"], data=[[1]])
        holder = wandb.Artifact("holder", "dataset")
        holder.add(table, "inside")
        log(begun, holder)
        referring = wandb.Artifact("referring", "dataset")
        referring.add(table, "outside")
        log(begun, referring)
        interface.MANIFEST_FILE_SIZE_THRESHOLD = 3
        log(begun, artifact("large", {f"f{n}": b"%d" % n for n in range(5)}))
        interface.MANIFEST_FILE_SIZE_THRESHOLD = 100_000
    with run("artifacts", id="maker002", project="arts") as begun:
        log(begun, artifact("line", {"f": b"three"}), aliases=["new"])


def ends():
    for id_, code in (("failed", 3), ("killed", 255), ("again", 0), ("again", 0)):
        with run("ends", exit_code=code, id=id_, project="ends") as begun:
            begun.log({"code": code})


def resumed():
    for resume in (None, "allow"):
        with run(
            "resumed", id="resumed1", project="resumed", resume=resume, config={"at": str(resume)}
        ) as begun:
            for value in (1, 2):
                begun.log({"x": value})
            sys.stdout.write(f"resume is {resume}\n")


def manifests():
    """Folders as `Artifact.download` leaves them, with the manifest beside."""
    files = {"a.txt": b"hello", "deep/b.bin": bytes(range(256)), "empty": b""}
    for algorithm in ("MD5", "XXH128"):
        made = artifact(f"folder-{algorithm}", files, digest_algorithm=algorithm)
        made.add_reference("odd://bucket/key", name="odd")
        folder = Path("manifests", algorithm)
        for path, entry in made.manifest.entries.items():
            if entry.local_path is not None:
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(entry.local_path, target)
        (folder / "wandb_manifest.json").write_text(json.dumps(made.manifest.to_manifest_json()))
        DIGESTS[f"folder-{algorithm}"] = [made.digest]


def log_of(records):
    """LevelDB's log as W&B writes it; records of any size."""
    data = bytearray(b":W&B\xe1\xbe\x00")
    for record in records:
        left, first = record.SerializeToString(), True
        while first or left:
            room = 32768 - len(data) % 32768
            if room < 7:
                data += bytes(room)
                continue
            piece, left = left[: room - 7], left[room - 7 :]
            kind = 1 if first and not left else 2 if first else 3 if left else 4
            crc = zlib.crc32(bytes([kind]) + piece)
            data += struct.pack("<IHB", crc, len(piece), kind) + piece
            first = False
    return bytes(data)


def begin(id_, **more):
    started = pb.RunRecord(run_id=id_, project="crafted", **more)
    started.start_time.FromSeconds(1_700_000_000)
    return pb.Record(run=started)


def item(kind, key, nested=(), **more):
    return kind(key=key, nested_key=list(nested), **more)


def history(step, *items):
    row = pb.HistoryRecord(item=list(items))
    row.step.num = step
    return pb.Record(history=row)


def config(update=(), remove=()):
    return pb.Record(config=pb.ConfigRecord(update=list(update), remove=list(remove)))


def summary(update=(), remove=()):
    return pb.Record(summary=pb.SummaryRecord(update=list(update), remove=list(remove)))


def crafted():
    """What other releases, and runs with a server, put into their logs."""
    of, in_, at = pb.HistoryItem, pb.ConfigItem, pb.SummaryItem
    typed = [
        item(of, "i", integer=-5),
        item(of, "d", number=0.5),
        item(of, "b", boolean=True),
        item(of, "t", text="words"),
        item(of, "n", none=0),
        item(of, "j", json="[1, 2]"),
        item(of, "old", value_json='{"nested": {"x": 1}, "m": {"_type": "histogram"}}'),
    ]
    old = [
        begin("typed", sweep_id="sw1"),
        history(4, *typed),
        history(
            7,
            item(of, "x", value_json="1e999"),
            item(of, "big", value_json=json.dumps("9" * 70_000)),
        ),
        config(
            [
                item(in_, "", ("a", "b"), value_json="1"),
                item(in_, "gone", value_json="1"),
                item(in_, "_wandb", value_json='{"cli_version": "0"}'),
            ]
        ),
        config(remove=[item(in_, "gone")]),
        summary(
            [item(at, "", ("s", "x"), value_json="1"), item(at, "", ("s", "y"), value_json="2")]
        ),
        summary(remove=[item(at, "", ("s", "x"))]),
    ]
    machine = pb.EnvironmentRecord(
        os="Linux",
        program="train.py",
        username="bob",
        host="gpu7",
        cpu_count=4,
        gpu_count=2,
        args=["--data", "s3://key:secret@bucket/x"],
    )
    machine.git.remote_url, machine.git.commit = "https://ann:secret@host/repo.git", "c0ffee"
    used = pb.Record(use_artifact=pb.UseArtifactRecord(id="x", type="dataset", name="base:v0"))
    gone = pb.Record(use_artifact=pb.UseArtifactRecord(id="y", type="dataset", name="gone:v3"))
    part = pb.ArtifactRecord(name="shared", type="dataset", distributed_id="d", digest="x")
    both = pb.ArtifactRecord(name="lost", type="dataset", finalize=True, digest="x")
    both.manifest.version = 1
    both.manifest.contents.add(
        path="f",
        digest="XUFAKrxLKna5cZ2REBfFkg==",
        size=5,
        local_path=os.path.abspath("crafted/lost.txt"),
    )
    forged = pb.ArtifactRecord(name="forged", type="dataset", finalize=True, digest="x")
    forged.manifest.contents.add(path="r", digest="d", ref="odd://d")
    line = pb.OutputRawRecord(line="printed\n")
    server = [
        begin("server"),
        pb.Record(environment=machine),
        used,
        gone,
        pb.Record(artifact=part),
        pb.Record(artifact=both),
        pb.Record(artifact=forged),
        pb.Record(output_raw=line),
        pb.Record(
            files=pb.FilesRecord(
                files=[pb.FilesItem(path="vanished.txt"), pb.FilesItem(path="../../escape")]
            )
        ),
        pb.Record(exit=pb.RunExitRecord(runtime=60)),
    ]
    for name, records in (("typed", old), ("server", server)):
        folder = Path("crafted", f"run-20240101_000000-{name}")
        folder.mkdir(parents=True)
        (folder / f"run-{name}.wandb").write_bytes(log_of(records))


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR"):
        os.environ[name] = os.path.abspath(name.lower())
    os.environ["WANDB_SILENT"] = "true"
    for world in (full, artifacts, ends, resumed, manifests, crafted):
        world()
    sys.stdout.write("\n" + json.dumps(DIGESTS))
