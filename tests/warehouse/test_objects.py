"""Landing folders in object storage, on a real S3 server."""

from __future__ import annotations

import datetime as dt
import os
import re
import uuid
from typing import TYPE_CHECKING

import pytest
from bad_dumps import lines
from pipeline import Pipeline, without_expectations
from server import free_port

from transforms.errors import PaperlakeError
from warehouse import bucket, objects
from warehouse import fetch as fetching
from warehouse.fetch import fetch, list_remote
from warehouse.landing import find_dumps
from warehouse.ledger import find_new

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Put = Callable[[str, bytes], None]
    from pathlib import Path

    from sharing import Servers

    from warehouse.fetch import Answer

pytestmark = pytest.mark.integration


@pytest.fixture
def address(sharing: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A new prefix in the bucket, and the keys to it."""
    for name, value in (sharing.environment | {"AWS_MAX_ATTEMPTS": "1"}).items():
        monkeypatch.setenv(name, value)
    bucket.filesystem.cache_clear()
    yield f"s3://bucket/landing-{uuid.uuid4().hex[:12]}"
    bucket.filesystem.cache_clear()


@pytest.fixture
def put(address: str, sharing: Servers) -> Callable[[str, bytes], None]:
    return lambda name, data: sharing.upload(f"{address}/{name}", data)


def test_only_what_is_new_is_fetched(put: Put, address: str, pipeline: Pipeline) -> None:
    put("2026-03-11.jsonl", lines(3, "first"))
    put("deep/a b?#%20.jsonl", lines(2, "second"))
    with without_expectations():
        done = pipeline.ingest(address)
        again = pipeline.ingest(f"{address}/", f"{address}/2026-03-11.jsonl")
    assert (done.problems, done.total("records_kept")) == ([], 5)
    assert (again.batch, again.problems, again.known) == (None, [], 2)
    plain, odd = pipeline.rows("SELECT uri, modified_at, byte_count, captured_date FROM dumps ORDER BY uri")
    assert (plain["uri"], odd["uri"]) == (f"{address}/2026-03-11.jsonl", f"{address}/deep/a b?#%20.jsonl")
    age = dt.datetime.now(dt.UTC) - plain["modified_at"].astimezone(dt.UTC)
    assert (plain["byte_count"], age < dt.timedelta(minutes=5)) == (len(lines(3, "first")), True)
    assert plain["captured_date"].isoformat() == "2026-03-11"
    put("2026-03-11.jsonl", lines(3, "other"))  # of the same size
    put("new.jsonl", lines(1))
    remote = find_dumps([address], outside=pipeline.lake.root).remote
    new = find_new([], pipeline.lake, retry_failed=True, remote=remote)
    assert [file.name for file in new.remote] == ["2026-03-11.jsonl", "new.jsonl"]


def test_what_is_hidden_or_under_way_or_the_lake_itself_is_passed_over(put: Put, address: str, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv.part", ".hidden/c.csv", "lake/data/d.csv"):
        put(name, b"x")
    put("empty.csv", b"")
    found = find_dumps([address], outside=tmp_path, outside_address=f"{address}/lake")
    assert [file.name for file in found.remote] == ["a.csv"]
    assert [str(file) for file in found.left_for_later] == [f"{address}/b.csv.part", f"{address}/empty.csv"]


def problem(address: str, tmp_path: Path) -> str:
    (found,) = find_dumps([address], outside=tmp_path).problems
    return str(found)


def test_what_is_not_there_is_told(address: str, tmp_path: Path) -> None:
    hint = "check the bucket and the prefix"
    for missing in (f"{address}/none", "s3://no-such-bucket/a", "s3://no-such-bucket"):
        assert problem(missing, tmp_path) == f"{missing}: there is no such object, nor any below it ({hint})"


def test_refusal_is_told_without_the_secret(
    address: str, tmp_path: Path, sharing: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
    bucket.filesystem.cache_clear()
    said = problem(address, tmp_path)
    assert re.fullmatch(rf"{address}: the object storage refuses: .+ \(see to AWS_.*, then run again\)", said)
    assert "wrong-secret" not in said
    assert sharing.s3_secret not in said


def test_storage_that_is_not_there_is_told(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    bucket.filesystem.cache_clear()
    said = problem(address, tmp_path)
    assert re.fullmatch(rf"{address}: the object storage cannot be reached: .+ \(see to AWS_ENDPOINT_URL.*\)", said)


@pytest.mark.parametrize("moment", ["before", "meanwhile", "after"])
def test_object_that_changes_while_it_is_fetched_is_refused(
    put: Put, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    put("a.jsonl", lines(2, "one"))
    (file,) = list_remote(address).files
    copy = fetching._copy  # noqa: SLF001  # the moment at which the bytes come

    def change(answer: Answer, target: Path, where: str) -> tuple[str, int]:
        copied = copy(answer, target, where) if moment == "after" else None
        put("a.jsonl", lines(2, "two"))
        return copied or copy(answer, target, where)

    if moment == "before":
        put("a.jsonl", lines(3, "one"))
    else:
        monkeypatch.setattr(fetching, "_copy", change)
    refused = fetch(file, tmp_path).problem
    assert re.fullmatch(
        rf"{address}/a\.jsonl: the (file|object) changed while it was fetched \(the next run .*\)", str(refused)
    )


def test_public_collection_needs_no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(bucket, "_from_aws", dict)
    monkeypatch.setenv("HOME", str(tmp_path))
    bucket.filesystem.cache_clear()
    with pytest.raises(PaperlakeError, match="there are no credentials"):
        bucket.filesystem(bucket.Bucket(), "s3://bucket")
    assert bucket.filesystem(bucket.Bucket(), "s3://bucket", may_be_anonymous=True).anon
    assert objects._storage("s3://bucket/a").anon  # noqa: SLF001  # nothing is asked of it here
    bucket.filesystem.cache_clear()
