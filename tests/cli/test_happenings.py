"""The journal in words: what counted is told once, what did not is not told."""

from __future__ import annotations

from wbart.cli.happenings import happenings
from wbart_storage.journal.record import Intent, Record

CREATE: dict[str, object] = {"op": "create", "type": "dataset"}


def _version(number: int) -> dict[str, object]:
    manifest = {"count": 1, "size": 1000}
    return {"op": "version", "id": f"{number:032x}", "digest": f"d{number}", "manifest": manifest}


def _intent(number: int, *ops: dict[str, object]) -> Intent:
    return Intent(f"{number:032x}", "ann", 0.0, ops)


def _record(seq: int, *intents: Intent, epoch: int = 0) -> Record:
    prev = "" if seq == 0 else "x"
    return Record(
        seq=seq, prev=prev, epoch=epoch, ts="", hlc=1000.0 + seq, tool="", intents=intents
    )


def _told(*records: Record) -> list[str]:
    return [each.what for each in happenings(records, "data")]


def test_an_intent_that_came_twice_is_told_once() -> None:
    first = _record(0, _intent(0, CREATE, _version(0)))
    again = _record(1, _intent(0, CREATE, _version(0)), _intent(1, _version(1)))

    assert _told(first, again) == [
        "made the collection (type dataset)",
        "stored v0: 1 file, 1.0KB",
        "stored v1: 1 file, 1.0KB",
    ]


def test_what_was_refused_is_not_told() -> None:
    refused = _intent(1, {"op": "delete", "version": 7})

    assert _told(_record(0, _intent(0, CREATE)), _record(1, refused)) == [
        "made the collection (type dataset)"
    ]


def test_a_record_older_than_a_fence_is_void() -> None:
    fence = _record(1, _intent(1, {"op": "fence", "epoch": 5}), epoch=5)
    late = _record(2, _intent(2, _version(0)), epoch=4)

    assert _told(_record(0, _intent(0, CREATE)), fence, late) == [
        "made the collection (type dataset)",
        "a sweep passed (epoch 5)",
    ]


def test_whatever_an_op_says_stays_on_one_line_and_harmless() -> None:
    tag: dict[str, object] = {"op": "tag", "version": 0, "add": ["x\x1b[2J\ny"]}

    (*_, last) = _told(_record(0, _intent(0, CREATE, _version(0)), _intent(1, tag)))

    assert last == "v0: tag +x\\x1b[2J y"


def test_facts_name_the_versions() -> None:
    *_, last = happenings([_record(0, _intent(0, CREATE, _version(0)))], "data")

    assert last.facts() == {
        "seq": 0,
        "at": "1970-01-01T00:16:40.000000Z",
        "actor": "ann",
        "op": "version",
        "versions": ["v0"],
        "what": "stored v0: 1 file, 1.0KB",
    }
