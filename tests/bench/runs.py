"""Made-up runs, as records or as a store full of them: the same on every machine."""

from __future__ import annotations

import random
from collections.abc import Iterator

from wbart.recording.increment import Edge, Part, RunRecord
from wbart.recording.path import RunPath
from wbart.recording.writer import RunWriter
from wbart.runindex.merges import journal
from wbart.runindex.segment import encode, pack
from wbart.runindex.segments import Home
from wbart_storage.clock import FixedClock
from wbart_storage.journal.record import Intent
from wbart_storage.keys import segment_key
from wbart_storage.objects import ObjectStore

BEGAN = 1_700_000_000.0
_MODELS = ("resnet18", "resnet50", "vit-base", "vit-large", "mlp")
_STATES = ("finished", "finished", "finished", "finished", "failed", "crashed")


def record(home: Home, number: int) -> RunRecord:
    """A finished run: 20 keys of config, 24 of summary, a used version, three parts of history."""
    chance = random.Random(number)
    config: dict[str, object] = {
        "model": chance.choice(_MODELS),
        "lr": 10 ** chance.uniform(-5, -1),
        "seed": chance.randrange(1000),
        "data": {"name": "imagenet", "size": chance.randrange(1 << 20)},
        **{f"option_{index}": chance.randrange(100) for index in range(16)},
    }
    summary: dict[str, object] = {
        "loss": chance.expovariate(1.0),
        "accuracy": chance.random(),
        "_step": 10_000,
        "_runtime": chance.uniform(10, 1e5),
        "_timestamp": BEGAN + number,
        "_wandb": {"runtime": chance.randrange(100_000)},
        **{f"metric_{index}": chance.random() for index in range(18)},
    }
    fields = {
        "name": f"run {number}",
        "state": chance.choice(_STATES),
        "config": config,
        "summary": summary,
        "runtime": chance.uniform(10, 1e5),
        "group": f"group-{number % 50}",
        "job_type": "train",
        "tags": ["baseline"] if number % 7 == 0 else [],
        "metadata": {"host": f"node-{number % 64}", "username": "ada", "os": "Linux"},
        "exit_code": 0,
    }
    version = f"{number % 500:032x}"
    return RunRecord(
        RunPath(*home, f"{number:08x}"),
        fields,
        used={version: Edge(version, *home, "data", number % 500, "dataset")},
        parts={each: Part(each, 5000, each * 5000, 4999, 1 << 16) for each in range(3)},
        writer=f"{number:032x}",
        actor="ada",
        ended=True,
        created_at=BEGAN + number,
        updated_at=BEGAN + number + 100,
        next=5,
    )


def fill(objects: ObjectStore, home: Home, count: int, size: int = 10_000) -> None:
    """Put so many merged runs into the store, segments of size at a time."""
    algorithm, kept = "blake3", journal(objects, *home)
    for start in range(0, count, size):
        packed = [pack(each) for each in records(home, start, min(start + size, count))]
        id_, data = encode(packed, algorithm)
        objects.create(segment_key(*home, id_), data)
        runs = {each.run: each.next for each in packed}
        op: dict[str, object] = {"op": "merge", "segment": id_, "runs": runs, "replaces": []}
        kept.commit(Intent(f"{start:032x}", "ada", BEGAN, (op,)))


def records(home: Home, start: int, stop: int) -> Iterator[RunRecord]:
    """The runs of these numbers."""
    return (record(home, number) for number in range(start, stop))


def live(objects: ObjectStore, home: Home, start: int, stop: int) -> None:
    """Put finished runs of these numbers into the store that nobody has merged."""
    for each in records(home, start, stop):
        clock = FixedClock(each.created_at)
        writer = RunWriter(objects, each.path, "ada", clock)
        fields = {name: each.fields[name] for name in each.fields if name != "summary"}
        writer.start({**fields, "state": "running"}, fresh=True)
        summary = {"summary": each.fields["summary"]}
        writer.update(summary, used=tuple(each.used.values()), parts=tuple(each.parts.values()))
        writer.finish({"state": each.fields["state"], **summary})
