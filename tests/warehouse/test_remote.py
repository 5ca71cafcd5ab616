"""Landing folders behind http: only what is new is fetched, and nothing is followed out of them."""

from __future__ import annotations

import datetime as dt
import io
import os
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from bad_dumps import lines
from pipeline import Pipeline, without_expectations
from sharing import rclone_http

from transforms.errors import PaperlakeError
from warehouse.address import name_of
from warehouse.fetch import Fetched, fetch, list_remote
from warehouse.lake import Lake
from warehouse.landing import find_dumps
from warehouse.ledger import NewDump, find_new
from warehouse.raw import LedgerLine, restored
from warehouse.remote import RemoteFile, Version
from warehouse.seen import note_seen, read_seen
from warehouse.web_walk import Limits, list_web

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline import Ingested
    from site_of_dumps import Site

LONG_AGO = 1_700_000_000
DAY, NEXT_DAY = (dt.datetime(2026, 3, day, tzinfo=dt.UTC) for day in (11, 12))


def ingest(pipeline: Pipeline, *paths: object) -> Ingested:
    with without_expectations():
        return pipeline.ingest(*paths)


def packed(write: Callable[[io.BytesIO], None]) -> bytes:
    made = io.BytesIO()
    write(made)
    return made.getvalue()


def zipped(file: io.BytesIO) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("in/2026-01-02.jsonl", lines(2, "zipped"))


def tarred(file: io.BytesIO) -> None:
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo("tarred.jsonl")
        member.size = len(lines(2, "tarred"))
        archive.addfile(member, io.BytesIO(lines(2, "tarred")))


def problems(site: Site, folder: Path) -> list[str]:
    return [str(problem) for problem in find_dumps([site.url], outside=folder / "lake").problems]


def test_only_what_is_new_is_fetched(site: Site, pipeline: Pipeline) -> None:
    os.utime(site.put("2026-03-11.jsonl", lines(3, "first")), (LONG_AGO, LONG_AGO))
    site.put("deep/er/a b#1.jsonl", lines(3, "second"))
    site.put("deep/papers.zip", packed(zipped))
    site.put("papers.tar.gz", packed(tarred))
    site.put("twin.jsonl", lines(3, "first"))
    names = ["/2026-03-11.jsonl", "/deep/er/a b#1.jsonl", "/deep/papers.zip", "/papers.tar.gz", "/twin.jsonl"]
    done = ingest(pipeline, site.url)
    assert (done.problems, done.total("records_kept"), site.fetched()) == ([], 10, names)
    again = ingest(pipeline, site.url)
    assert (again.batch, again.problems, again.known, site.fetched()) == (None, [], 5, [])
    assert_ledger_tells_place_time_and_size(site, pipeline)
    (pipeline.lake.root / "fetched.sqlite").write_bytes(b"no database at all" * 100)
    assert new_names(site, pipeline) == ["twin.jsonl"]  # the ledger holds the first place of the same bytes alone
    assert ingest(pipeline, f"{site.url}2026-03-11.jsonl?signature=4f1c2a").known == 1  # by its bytes
    site.put("new.jsonl", lines(1, "third"))
    os.utime(site.put("2026-03-11.jsonl", lines(3, "other")), (LONG_AGO + 1, LONG_AGO + 1))
    assert new_names(site, pipeline) == ["2026-03-11.jsonl", "new.jsonl", "twin.jsonl"]


def assert_ledger_tells_place_time_and_size(site: Site, pipeline: Pipeline) -> None:
    found = pipeline.rows("SELECT * FROM dumps WHERE status = 'published'")
    dumps = {row["uri"].removeprefix(site.url): row for row in found}
    zipped, plain = dumps["deep/papers.zip!/in/2026-01-02.jsonl"], dumps["2026-03-11.jsonl"]
    assert sorted(dumps) == [
        "2026-03-11.jsonl",
        "deep/er/a%20b%231.jsonl",
        "deep/papers.zip!/in/2026-01-02.jsonl",
        "papers.tar.gz!/tarred.jsonl",
    ]
    assert (plain["modified_at"].timestamp(), plain["byte_count"]) == (LONG_AGO, len(lines(3, "first")))
    assert zipped["captured_date"].isoformat() == "2026-01-02"
    assert {file.stem for file in pipeline.lake.raw.rglob("*.zst")} == {row["dump_id"] for row in found}


@pytest.mark.integration
def test_listings_of_rclone_are_known(tmp_path: Path) -> None:
    for name in ("a b.csv", "deep/er/b.csv"):
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_bytes(b"x")
    with rclone_http(tmp_path / "site") as address:
        found = find_dumps([address, f"{address}deep"], outside=tmp_path / "lake")
    names = ["a%20b.csv", "deep/er/b.csv"]
    assert ([str(file) for file in found.remote], found.problems) == ([f"{address}{name}" for name in names], [])
    assert all(file.version.size == 1 and file.version.modified_at for file in found.remote)


def new_names(site: Site, pipeline: Pipeline) -> list[str]:
    found = find_dumps([site.url], outside=pipeline.lake.root).remote
    return [file.name for file in find_new([], pipeline.lake, retry_failed=True, remote=found).remote]


@pytest.mark.parametrize(
    "uri", ["https://host/papers%202026-03-11.jsonl", "https://host/p.zip!/in\\2026-01-02.jsonl", "s3://b/2026%20a.csv"]
)
def test_dump_that_the_lake_keeps_has_the_name_it_was_fetched_under(uri: str, tmp_path: Path) -> None:
    kept = Lake(tmp_path / "lake")
    file = tmp_path / "lake" / "raw" / "ab" / "abc.gz"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    changed = dt.datetime(2026, 3, 11, tzinfo=dt.UTC)
    with restored(kept, LedgerLine("abc", uri, "gz", 1, changed), tmp_path) as dump:
        assert (dump.uri, dump.name) == (uri, name_of(uri))


def test_memory_that_is_broken_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "fetched.sqlite").write_bytes(b"no database at all" * 100)
    dump = NewDump(tmp_path / "a", "abc", 1, dt.datetime(2026, 3, 11, tzinfo=dt.UTC))
    version = Version(1, '"mark"', dump.modified_at)
    told_apart, query = (RemoteFile("http://h/a", address, version) for address in ("http://h/a", "http://h/a?b"))
    note_seen(Lake(tmp_path), [Fetched(told_apart, dump), Fetched(query, dump), Fetched(told_apart)])
    assert read_seen(Lake(tmp_path)) == {"http://h/a": (version, "abc")}


def test_what_the_ledger_does_not_hold_is_fetched_whatever_is_remembered(
    site: Site, pipeline: Pipeline, tmp_path: Path
) -> None:
    site.put("a.jsonl", lines(2))
    pipeline.lake.root.mkdir()
    note_seen(pipeline.lake, [fetch(file, tmp_path) for file in list_remote(site.url).files])
    assert new_names(site, pipeline) == ["a.jsonl"]


@pytest.mark.parametrize(
    ("before", "after", "is_surely", "differs"),
    [
        (Version(5, "a", DAY), Version(5, "a", DAY), True, False),
        (Version(5, "a", DAY), Version(6, "a", DAY), False, True),
        (Version(5, "a", DAY), Version(5, "b", DAY), False, True),
        (Version(5, "a", DAY), Version(5, "a", NEXT_DAY), True, False),
        (Version(5, "W/a", DAY), Version(5, "W/a", NEXT_DAY), False, True),
        (Version(5, None, DAY), Version(5, "a", NEXT_DAY), False, True),
        (Version(5, "a", None), Version(5, "a", DAY), True, False),
        (Version(5, None, DAY), Version(5, "a", DAY), True, False),
        (Version(5, None, DAY), Version(5, "a", None), False, False),
        (Version(5, None, None), Version(5, None, None), False, False),
        (Version(None, "a", DAY), Version(None, "a", DAY), False, False),
    ],
)
def test_version_is_known_by_size_and_mark_or_time(
    before: Version, after: Version, *, is_surely: bool, differs: bool
) -> None:
    assert (after.is_surely(before), after.differs_from(before)) == (is_surely, differs)


def test_single_file_is_found_and_its_query_is_asked_with_and_not_kept(site: Site, tmp_path: Path) -> None:
    site.put("a.jsonl", lines(2))
    (plain,) = list_remote(f"{site.url}a.jsonl#part").files
    (signed,) = list_remote(f"{site.url}a.jsonl?signature=4f1c2a").files
    assert (str(plain), plain.is_told_apart) == (f"{site.url}a.jsonl", True)
    assert (str(signed), signed.is_told_apart) == (f"{site.url}a.jsonl?***", False)
    dump = fetch(signed, tmp_path).dump
    assert dump is not None
    assert (dump.uri, dump.name, dump.byte_count) == (str(signed), "a.jsonl", len(lines(2)))
    assert "4f1c2a" not in repr((signed, dump))


def test_folder_is_found_without_the_slash(site: Site, tmp_path: Path) -> None:
    site.put("deep/a.jsonl", lines(1))
    found = find_dumps([f"{site.url}deep"], outside=tmp_path / "lake")
    assert [file.uri for file in found.remote] == [f"{site.url}deep/a.jsonl"]
    site.answers["/deep"] = lambda handler: handler.say(404)  # as rclone does
    assert find_dumps([f"{site.url}deep", site.url], outside=tmp_path / "lake").remote == found.remote


def test_upload_under_way_is_left_for_later(site: Site, tmp_path: Path) -> None:
    for name, size in {"a.csv.part": 5, "b.tmp": 5, "empty.csv": 0, "whole.csv": 5, ".hidden": 5}.items():
        site.put(name, b"x" * size)
    grows = iter(range(1, 9))
    site.put("grows.csv", b"x")
    changed = "Wed, 11 Mar 2026 09:30:00 GMT"
    site.answers["/grows.csv"] = lambda handler: handler.say(
        200, b"x" * next(grows), Last_Modified=changed, Date=changed
    )
    found = find_dumps([site.url], outside=tmp_path / "lake")
    assert [file.name for file in found.remote] == ["whole.csv"]
    assert [str(file)[len(site.url) :] for file in found.left_for_later] == [
        "a.csv.part",
        "b.tmp",
        "empty.csv",
        "grows.csv",
    ]


def test_loop_of_links_is_walked_once(site: Site, tmp_path: Path) -> None:
    site.put("a.csv", b"x")
    site.put("deep/b.csv", b"x")
    (site.folder / "deep" / "again").symlink_to(site.folder)
    found = find_dumps([site.url], outside=tmp_path / "lake")
    assert [file.name for file in found.remote] == ["a.csv", "b.csv"]
    assert found.problems == []


def test_folder_that_looks_like_the_one_above_is_entered_where_its_files_are_others(site: Site, tmp_path: Path) -> None:
    site.put("same/a.csv", b"x")
    site.put("same/same/a.csv", b"xy")
    site.put("a.csv", b"xyz")
    (site.folder / "same" / "same" / "same").mkdir()
    assert len(find_dumps([site.url], outside=tmp_path / "lake").remote) == 3


def test_walk_is_bounded(site: Site) -> None:
    for name in ("a/a/a/a.csv", "b/b.csv", "c/c.csv"):
        site.put(name, b"x")
    deep = list_web(site.url, Limits(depth=2))
    assert [problem.where for problem in deep.problems] == [f"{site.url}a/a/a/"]
    assert [file.name for file in deep.files] == ["b.csv", "c.csv"]
    assert len(list_web(site.url, Limits(pages=3)).problems) == 3
    with pytest.raises(PaperlakeError, match="the listing has more than 10 bytes"):
        list_web(site.url, Limits(page_bytes=10))


def test_empty_listing_is_a_problem_unless_it_may_be_empty(site: Site, tmp_path: Path) -> None:
    assert problems(site, tmp_path) == [f"{site.url}: there are no dumps in this folder (put dump files into it)"]
    assert find_dumps([site.url], outside=tmp_path / "lake", may_be_empty=True).problems == []
