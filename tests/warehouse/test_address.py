from __future__ import annotations

import pytest

from transforms.errors import UsageError
from warehouse.address import concealed, is_address, name_of, revealed, scheme_of, without_query
from warehouse.secrets import masked


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("/data/landing/2026-03-11.jsonl", "2026-03-11.jsonl"),
        ("/data/a?b#c%20.csv", "a?b#c%20.csv"),
        ("https://host/dumps/a%20b.jsonl.gz", "a b.jsonl.gz"),
        ("https://host/dumps/papers%202026-03-11.csv", "papers 2026-03-11.csv"),
        ("https://host/dumps/a.csv?***", "a.csv"),
        ("https://host/dumps/..%2Fetc%2Fpasswd", "passwd"),
        ("https://host", "https://host"),
        ("s3://bucket/prefix/a%20b?.csv", "a%20b?.csv"),
        ("https://host/papers.zip!/2026/a?b.json", "a?b.json"),
        ("/data/papers.zip!/2026\\a.json", "a.json"),
        ("", ""),
    ],
)
def test_name_is_the_last_part_of_the_place(uri: str, name: str) -> None:
    assert name_of(uri) == name


def test_path_is_no_address() -> None:
    assert [is_address(path) for path in ("landing", "/a/b", "C:\\a", "a:b", "s3:/a", "s3://a")] == [False] * 5 + [True]


@pytest.mark.parametrize("address", ["https://me:word@host/", "https://me@host/a?b", "s3://key:word@bucket/a"])
def test_address_with_a_name_or_a_password_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(UsageError, match="holds a name or a password") as refused:
        concealed(address)
    assert "word" not in str(refused.value).replace("password", "")
    assert "me" not in refused.value.where


@pytest.mark.parametrize(
    "address", ["ftp://host/a", "gs://bucket/a", "https://", "https://[::1/a", "http://host:99999/"]
)
def test_address_that_cannot_be_used_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="is no address"):
        scheme_of(address)


def test_query_is_kept_for_this_process_alone() -> None:
    signed = [f"https://host/get?signature={secret}" for secret in ("4f1c2a", "77d0b3")]
    shown = [concealed(address) for address in signed]
    assert len(set(shown)) == 2
    assert [concealed(address) for address in signed] == shown
    assert [without_query(address) for address in shown] == ["https://host/get?***"] * 2
    assert [revealed(address) for address in shown] == signed
    assert masked(f"cannot be reached: {signed[0]}") == "cannot be reached: https://host/get?***"


def test_path_and_plain_address_stay_as_they_are() -> None:
    assert [concealed(path) for path in ("landing/?.csv", "s3://b/a?b.csv")] == ["landing/?.csv", "s3://b/a?b.csv"]
