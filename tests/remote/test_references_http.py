"""References to the web, against a server of the tests."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.house import House, listing
from tests.remote.web import Page, Web, reaching, web

from wbart.errors import ArgumentInvalid, IntegrityError, ReferenceMissing
from wbart.recording.surroundings import enter, leave
from wbart_storage.around import patience
from wbart_storage.clock import FixedClock
from wbart_storage.errors import (
    AccessDenied,
    Offline,
    ReferenceRefused,
    StorageError,
    StoreUnavailable,
)
from wbart_storage.foreign import fetch as foreign_fetch
from wbart_storage.foreign.http import Web as Remote


@pytest.fixture
def far() -> Iterator[Web]:
    with web() as found:
        yield found


@pytest.fixture
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house as it is by default: private addresses are refused."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(patience, "BUDGET", 0.0)
    built = House.build(tmp_path)
    enter(built.workspace)
    yield built
    leave(built.workspace)


@pytest.fixture
def house(strict: House) -> Iterator[House]:
    """A house that may reach the server of the tests."""
    opened: AbstractContextManager[House] = reaching(strict, private_references=True)
    with opened as found:
        yield found


def version(house: House, uri: str, *given: Any, **more: Any) -> Any:
    artifact = house.draft()
    artifact.add_reference(uri, *given, **more)
    return house.save(artifact)


def test_the_digest_is_the_tag_and_extra_keeps_its_quotes(house: House, far: Web) -> None:
    uri = far.page("/d/a.txt?x=1", b"hello", '"abc"')

    (entry,) = house.draft().add_reference(uri)

    assert (entry.path, entry.ref) == ("a.txt?x=1", uri)
    assert (entry.digest, entry.size, entry.extra) == ("abc", 5, {"etag": '"abc"'})
    assert far.paths == ["/d/a.txt?x=1"]


def test_without_a_tag_the_digest_is_the_url(
    house: House, far: Web, caplog: pytest.LogCaptureFixture
) -> None:
    uri = far.page("/a", b"hello")
    artifact = version(house, uri)
    entry = artifact.get_entry("a")

    assert (entry.digest, entry.size, entry.extra) == (uri, 5, {})
    assert listing(artifact.download("out")) == {"a": "hello"}
    assert "unverified" in caplog.text
    far.page("/a", b"longer than it was")
    with pytest.raises(IntegrityError, match="its size was 5 and is 18"):
        artifact.download("out2")


def test_an_unknown_length_is_no_size(house: House, far: Web) -> None:
    artifact = version(house, far.page("/a", b"hello", '"t"', has_length=False))

    assert artifact.get_entry("a").size is None
    assert listing(artifact.download("out")) == {"a": "hello"}


def test_a_weak_tag_stays_as_it_is(house: House, far: Web) -> None:
    artifact = version(house, far.page("/a", b"hello", 'W/"abc"'))

    assert artifact.get_entry("a").digest == 'W/"abc"'
    assert listing(artifact.download("out")) == {"a": "hello"}


def test_a_page_without_a_name_needs_one(house: House, far: Web) -> None:
    with pytest.raises(ValueError, match="You must pass name"):
        house.draft().add_reference(far.page("/"))

    assert house.draft().add_reference(far.page("/"), "index")[0].path == "index"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_the_url_is_kept(house: House, far: Web, status: int) -> None:
    far.page("/there", b"hello", '"t"')
    uri = far.page("/here", b"", status=status, headers={"Location": "/there"})
    artifact = version(house, uri)

    assert artifact.get_entry("here").ref == uri
    assert listing(artifact.download("out")) == {"here": "hello"}


def test_what_is_gone_behind_a_redirect_is_named_as_it_was_written(house: House, far: Web) -> None:
    uri = far.page("/here", b"", status=302, headers={"Location": "/geheim/there"})

    with pytest.raises(ReferenceMissing, match=uri) as caught:
        house.draft().add_reference(uri)

    assert "geheim" not in str(caught.value) + str(caught.value.__cause__)


def test_redirects_without_end_end(house: House, far: Web) -> None:
    uri = far.page("/a", b"", status=302, headers={"Location": "/a"})

    with pytest.raises(StorageError, match="redirects more than 10 times"):
        house.draft().add_reference(uri)


def test_content_that_changed_is_an_error_that_names_both_tags(house: House, far: Web) -> None:
    artifact = version(house, far.page("/a", b"hello", '"old"'))
    far.page("/a", b"other", '"new"')

    with pytest.raises(IntegrityError, match="its ETag was old and is new") as caught:
        artifact.download("out")

    assert isinstance(caught.value, FileNotFoundError)
    assert listing("out") == {}
    artifact.download("out", allow_missing_references=True)


def test_a_tag_that_is_not_sent_any_more_is_a_change(house: House, far: Web) -> None:
    artifact = version(house, far.page("/a", b"hello", '"old"'))
    far.page("/a", b"hello")

    with pytest.raises(IntegrityError, match="its ETag was old and is none"):
        artifact.download("out")


def test_content_that_is_gone_is_missing_or_passed_over(
    house: House, far: Web, caplog: pytest.LogCaptureFixture
) -> None:
    artifact = version(house, far.page("/a", b"hello", '"t"'))
    del far.pages["/a"]

    with pytest.raises(ReferenceMissing, match="reference is gone"):
        artifact.download("out")
    artifact.download("out", allow_missing_references=True)

    assert listing("out") == {}
    assert "passed over" in caplog.text


def test_what_never_was_there_is_missing(house: House, far: Web) -> None:
    with pytest.raises(ReferenceMissing, match="nothing lies at"):
        house.draft().add_reference(far.url + "/nothing")


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccessDenied), (403, AccessDenied), (500, StoreUnavailable), (429, StoreUnavailable),
     (418, StorageError)],
)  # fmt: skip
def test_other_answers_are_errors_of_their_class(
    house: House, far: Web, status: int, error: type[Exception]
) -> None:
    uri = far.page("/a?token=geheim&b=2", status=status)

    with pytest.raises(error) as caught:
        house.draft().add_reference(uri)

    assert type(caught.value) is error
    assert str(status) in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_without_checksum_nobody_is_asked_and_only_the_url_counts(
    house: House, far: Web, caplog: pytest.LogCaptureFixture
) -> None:
    uri = far.page("/a", b"hello", '"old"')
    first = version(house, uri, checksum=False)
    assert far.asked == []
    far.page("/a", b"other", '"new"')

    assert version(house, uri, checksum=False).version == "v0"
    assert (first.get_entry("a").digest, first.get_entry("a").size) == (uri, None)
    assert listing(first.download("out")) == {"a": "other"}
    assert len([each for each in caplog.records if "unverified" in each.message]) == 1


def test_a_large_page_comes_in_ranges_of_one_tag(
    house: House, far: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_fetch, "PART", 1000)
    body = bytes(range(256)) * 40
    artifact = version(house, far.page("/a", body, '"t"'))
    far.asked.clear()

    root = Path(artifact.download("out"))

    assert (root / "a").read_bytes() == body
    assert sorted(headers["Range"] for _, headers in far.asked) == sorted(
        f"bytes={start}-{min(start + 1000, len(body)) - 1}" for start in range(0, len(body), 1000)
    )


@pytest.mark.parametrize("more", [{"has_ranges": False}, {"etag": 'W/"t"'}, {"etag": ""}])
def test_a_large_page_without_ranges_or_strong_tag_comes_whole(
    house: House, far: Web, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    monkeypatch.setattr(foreign_fetch, "PART", 1000)
    body = bytes(range(256)) * 40
    uri = far.url + "/a"
    far.pages["/a"] = Page(body, **{"etag": '"t"', **more})
    artifact = version(house, uri)
    far.asked.clear()

    assert (Path(artifact.download("out")) / "a").read_bytes() == body
    assert len(far.asked) == 1


def test_ranges_that_come_shorter_than_asked_for_are_continued(
    house: House, far: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_fetch, "PART", 1000)
    body = bytes(range(256)) * 10
    artifact = version(house, far.page("/a", body, '"t"', most=300))

    assert (Path(artifact.download("out")) / "a").read_bytes() == body


@pytest.mark.parametrize(
    "told",
    ["bytes 1-1000/2560", "bytes 0-1000/2560", "bytes 999-0/2560", "bytes 0-999/500", "pages 0-1",
     "bytes 0-999", "bytes x-999/2560", "bytes 0-99999999999999999999/2560"],
)  # fmt: skip
def test_another_range_than_asked_for_is_an_error_and_no_content(
    house: House, far: Web, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setattr(foreign_fetch, "PART", 1000)
    artifact = version(house, far.page("/a", bytes(2560), '"t"'))
    far.pages["/a"].range_ = told

    with pytest.raises(StorageError):
        artifact.download("out")

    assert listing("out") == {}


def test_a_range_that_always_begins_at_0_is_never_taken_for_the_next_one(
    house: House, far: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_fetch, "PART", 1000)
    artifact = version(house, far.page("/a", bytes(2000), '"t"'))
    far.pages["/a"].range_ = "bytes 0-999/2000"

    with pytest.raises(StorageError, match="asked for bytes 1000-1999, it sent bytes 0-999/2000"):
        artifact.download("out")

    assert listing("out") == {}


def test_a_part_that_nobody_asked_for_is_an_error(house: House, far: Web) -> None:
    artifact = version(house, far.page("/a", b"hello", 'W/"t"'))
    part = {"Content-Range": "bytes 0-1/5"}
    far.pages["/a"] = Page(b"he", 'W/"t"', status=206, headers=part, range_="bytes 0-1/5")

    with pytest.raises(StorageError, match="the server sent a part"):
        artifact.download("out")


def test_a_large_page_of_unknown_length_comes_whole(
    house: House, far: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_fetch, "PART", 1000)
    body = bytes(range(256)) * 40
    artifact = version(house, far.page("/a", body, '"t"', has_length=False))
    far.pages["/a"].range_ = "bytes 0-999/*"

    assert (Path(artifact.download("out")) / "a").read_bytes() == body


def test_a_chunk_of_less_than_nothing_is_an_error_of_ours(house: House, far: Web) -> None:
    chunked = {"Transfer-Encoding": "chunked"}
    body = b"-5\r\nhello\r\n0\r\n\r\n"
    uri = far.page("/a", body, '"t"', has_length=False, has_ranges=False, headers=chunked)
    artifact = version(house, uri)

    with pytest.raises(StoreUnavailable):
        artifact.download("out")


def test_more_than_was_recorded_is_another_page(house: House, far: Web) -> None:
    artifact = version(house, far.page("/a", b"hello", '"t"'))
    far.page("/a", b"hello" * 1000, '"t"', has_length=False, has_ranges=False)

    with pytest.raises(IntegrityError, match="its size was 5, and more came"):
        artifact.download("out")


@pytest.mark.parametrize("digits", [20, 30, 5000])
def test_a_size_that_no_file_can_have_is_an_error_at_once(
    house: House, far: Web, digits: int
) -> None:
    length = {"Content-Length": "9" * digits}
    uri = far.page("/a", b"", '"t"', has_length=False, headers=length)

    with pytest.raises(StorageError, match=f"a size of {digits} digits"):
        house.draft().add_reference(uri)


@pytest.mark.parametrize("place", ["http://[::1", "http://[zz]/", "//\u2100.example/"])
def test_a_redirect_to_what_is_no_url_is_refused(house: House, far: Web, place: str) -> None:
    uri = far.page("/a", b"", status=302, headers={"Location": as_sent(place)})

    with pytest.raises(ReferenceRefused, match="/a leads to what is no URL"):
        house.draft().add_reference(uri)


def as_sent(text: str) -> str:
    """What a header's text must be, so that its bytes are UTF-8."""
    return text.encode().decode("latin-1")


@pytest.mark.parametrize("place", ["/d\u00e9j\u00e0/\u6f22", "/d%C3%A9j%C3%A0/%E6%BC%A2"])
def test_a_redirect_in_raw_utf8_leads_where_browsers_go(house: House, far: Web, place: str) -> None:
    far.page("/d%C3%A9j%C3%A0/%E6%BC%A2", b"hello", '"t"')
    uri = far.page("/a", b"", status=302, headers={"Location": as_sent(place)})

    assert house.draft().add_reference(uri)[0].digest == "t"


def test_a_redirect_in_no_utf8_is_taken_letter_by_letter(house: House, far: Web) -> None:
    far.page("/d%C3%A9", b"hello", '"t"')
    uri = far.page("/a", b"", status=302, headers={"Location": "/d\u00e9"})

    assert house.draft().add_reference(uri)[0].digest == "t"


class Slow(FixedClock):
    """Each look at it takes some seconds."""

    step = 0.0

    def monotonic(self) -> float:
        self.advance(self.step)
        return super().monotonic()


def test_headers_that_take_too_long_are_given_up(far: Web) -> None:
    clock = Slow()
    clock.step = 31.0

    with pytest.raises(StoreUnavailable, match="bytes came in 31 s"):
        Remote(private=True, clock=clock).look(far.page("/a"))


def test_a_body_that_takes_too_long_is_given_up(far: Web) -> None:
    clock = Slow()
    remote = Remote(private=True, clock=clock)
    seen = remote.look(far.page("/a", bytes(50_000)))
    with closing(remote.open(seen)) as reading:
        clock.step = 61.0
        with pytest.raises(StoreUnavailable, match="bytes came in 61 s"):
            list(reading.pieces)


def test_a_body_that_breaks_off_is_asked_for_again(
    house: House, far: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = version(house, far.page("/a", b"hello" * 1000, '"t"'))
    far.pages["/a"].cut = 100
    with pytest.raises(StoreUnavailable):
        artifact.download("out")
    assert listing("out") == {}

    monkeypatch.setattr(patience, "BUDGET", 30.0)
    far.pages["/a"].cut = 100

    assert listing(artifact.download("out")) == {"a": "hello" * 1000}


def test_nothing_is_left_of_what_failed(house: House, far: Web) -> None:
    artifact = version(house, far.page("/a", b"hello", '"old"'))
    out = house.tree("out", {"a": "mine"})
    far.page("/a", b"other", '"new"')

    with pytest.raises(IntegrityError):
        artifact.download(out)

    assert [path.name for path in out.iterdir()] == ["a"]
    assert listing(out) == {"a": "mine"}


def test_many_pages_come_at_once(house: House, far: Web) -> None:
    artifact = house.draft({"mine": "1"})
    for index in range(100):
        artifact.add_reference(far.page(f"/{index}", str(index).encode(), f'"{index}"'))

    out = listing(house.save(artifact).download("out"))

    assert out == {"mine": "1", **{str(index): str(index) for index in range(100)}}


def test_entries_files_and_verify_know_references_to_the_web(house: House, far: Web) -> None:
    artifact = version(house, far.page("/a", b"hello", '"t"'))

    assert artifact.get_entry("a").ref_target() == far.url + "/a"
    assert Path(artifact.get_entry("a").download("out")).read_text() == "hello"
    with artifact.files()[0].download("out2") as file:
        assert file.read() == "hello"
    assert artifact.file("out3") == "out3/a"
    assert artifact.verify("out").unverified == ("a",)
    assert artifact.verify("nowhere", raises=False).missing == ("a",)
    (Path("out") / "a").write_text("other length")
    assert artifact.verify("out", raises=False).changed == ("a",)
    assert artifact.verify("out", repair=True).repaired == ("a",)


def test_credentials_are_used_and_neither_stored_nor_told(house: House, far: Web) -> None:
    far.page("/a?X-Amz-Signature=geheim&b=2", b"hello", '"t"')
    uri = far.url.replace("//", "//me:geheim@") + "/a?X-Amz-Signature=geheim&b=2"
    artifact = house.draft()
    (entry,) = artifact.add_reference(uri)
    house.save(artifact)

    assert far.asked[0][1]["Authorization"] == "Basic bWU6Z2VoZWlt"
    assert (entry.path, entry.ref) == ("a?b=2", far.url + "/a?b=2")
    assert b"geheim" not in b"".join(path.read_bytes() for path in house.objects("c"))
    with pytest.raises(ReferenceMissing) as caught:
        house.draft().add_reference(uri.replace("/a?", "/nothing?"))
    assert "geheim" not in str(caught.value)


def test_credentials_do_not_follow_a_redirect_to_another_host(house: House, far: Web) -> None:
    with web() as other:
        there = other.page("/there", b"hello", '"t"')
        far.page("/here", b"", status=302, headers={"Location": there})
        house.draft().add_reference(far.url.replace("//", "//me:geheim@") + "/here")

        assert "Authorization" in far.asked[0][1]
        assert "Authorization" not in other.asked[0][1]


def test_private_addresses_are_refused_unless_allowed(strict: House, far: Web) -> None:
    uri = far.page("/a", b"hello", '"t"')

    with pytest.raises(ReferenceRefused, match=r"127\.0\.0\.1.*private_references"):
        strict.draft().add_reference(uri)
    with reaching(strict, private_references=True) as open_house:
        artifact = version(open_house, uri)
    far.asked.clear()
    artifact = strict.load(artifact.qualified_name)
    with pytest.raises(ReferenceRefused):
        artifact.download("out")
    with pytest.raises(ReferenceRefused):
        artifact.download("out", allow_missing_references=True)

    assert far.asked == []


def fake_names(monkeypatch: pytest.MonkeyPatch, answers: dict[str, list[str]]) -> list[str]:
    """Resolve names as the test says; the addresses connected to."""
    real_connect = socket.socket.connect
    connected: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[Any]:
        given = answers[host]
        address = given.pop(0) if len(given) > 1 else given[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(self: socket.socket, where: Any) -> None:
        connected.append(where[0])
        real_connect(self, ("127.0.0.1", where[1]))

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    return connected


def test_a_redirect_to_a_private_address_is_refused(
    strict: House, far: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = fake_names(monkeypatch, {"public.example": ["8.8.8.8"], "127.0.0.1": ["127.0.0.1"]})
    far.page("/secret", b"geheim", '"t"')
    far.page("/a", b"", status=302, headers={"Location": f"{far.url}/secret"})
    port = far.url.rpartition(":")[2]

    with pytest.raises(ReferenceRefused):
        strict.draft().add_reference(f"http://public.example:{port}/a")

    assert connected == ["8.8.8.8"]
    assert far.paths == ["/a"]


def test_the_address_that_was_checked_is_the_one_connected_to(
    strict: House, far: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"rebinding.example": ["8.8.8.8", "127.0.0.1"]}
    connected = fake_names(monkeypatch, names)
    far.page("/a", b"hello", '"t"')
    port = far.url.rpartition(":")[2]

    strict.draft().add_reference(f"http://rebinding.example:{port}/a")
    with pytest.raises(ReferenceRefused):
        strict.draft().add_reference(f"http://rebinding.example:{port}/a")

    assert connected == ["8.8.8.8"]
    assert far.asked[0][1]["Host"] == f"rebinding.example:{port}"


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://host/x", "gopher://x"])
def test_a_redirect_out_of_the_web_is_refused(house: House, far: Web, place: str) -> None:
    uri = far.page("/a", b"", status=302, headers={"Location": place})

    with pytest.raises(ReferenceRefused):
        house.draft().add_reference(uri)


def test_a_line_break_in_a_url_or_a_redirect_reaches_no_server(house: House, far: Web) -> None:
    uri = far.page("/a", b"", status=302, headers={"Location": "/b%0d%0aX: y z"})
    far.page("/b%0d%0aX:%20y%20z", b"hello", '"t"')

    assert house.draft().add_reference(uri, "x")[0].digest == "t"
    assert "X" not in far.asked[1][1]
    with pytest.raises((ArgumentInvalid, StorageError, ValueError)):
        house.draft().add_reference(far.url + "/a\r\nX: y")


def test_a_server_that_is_not_there_is_unavailable(
    house: House, far: Web, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        uri = f"http://u:geheim@127.0.0.1:{held.getsockname()[1]}/a?sig=geheim"
        with pytest.raises(StoreUnavailable) as caught:
            house.draft().add_reference(uri)

    assert "geheim" not in str(caught.value) + caplog.text
    assert "\n" not in str(caught.value)


def test_offline_no_page_is_asked(house: House, far: Web) -> None:
    uri = far.page("/a", b"hello", '"t"')
    artifact = version(house, uri)
    asked = len(far.asked)

    with reaching(house, offline=True, private_references=True) as offline:
        with pytest.raises(Offline, match="offline, and not asked"):
            offline.draft().add_reference(uri)
        with pytest.raises(Offline, match="offline, and not asked"):
            offline.load(artifact.qualified_name).download("out", allow_missing_references=True)
        offline.draft().add_reference(uri, checksum=False)

    assert len(far.asked) == asked
    assert listing("out") == {}
