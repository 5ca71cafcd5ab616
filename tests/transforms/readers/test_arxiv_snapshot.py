"""What the reader of arXiv's snapshot takes for which column, and what it leaves in `extra`."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from json_samples import ARXIV, check, one
from polars.testing import assert_frame_equal

from transforms.readers.arxiv_snapshot import FORM
from transforms.readers.base import DumpInfo

if TYPE_CHECKING:
    import polars as pl


def test_arxiv_snapshot() -> None:
    found = one(ARXIV, {})
    extra = found.pop("extra")
    assert found == {
        "position": 1,
        "line": 1,
        "source": "arxiv",
        "source_record_id": "0704.0010",
        "arxiv_id": "0704.0010v2",
        "title": "On\n  Boats",
        "abstract": "  We sail.\n",
        "authors": ["A. Bóat", "C.-D. Keel Jr"],
        "venue": "Ships 7 (2007) 12",
        "doi": "10.1000/a",
        "published_date": "Mon, 2 Apr 2007 19:18:42 GMT",
    }
    kept = ("submitter", "authors", "categories", "versions", "update_date", "authors_parsed")
    assert extra == {name: ARXIV[name] for name in kept}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"id": 704.001}, {"source_record_id": "704.001"}, id="id that became a number"),
        pytest.param({"id": "hep-th/9901001v3"}, {"arxiv_id": "hep-th/9901001v3"}, id="id with its version"),
        pytest.param({"versions": []}, {"arxiv_id": "0704.0010", "published_date": None}, id="no version"),
        pytest.param({"versions": "v1"}, {"arxiv_id": "0704.0010"}, id="versions of another shape"),
        pytest.param({"authors_parsed": None}, {"authors": ["A. B\\'oat", "C.-D. Keel"]}, id="names from the line"),
        pytest.param({"authors_parsed": [["Crew", "", ""]]}, {"authors": ["Crew"]}, id="one name"),
        pytest.param({"doi": "10.1/a; 10.1/b"}, {"doi": "10.1/a"}, id="two DOIs"),
        pytest.param({"doi": "10.1/a 10.1/b"}, {"doi": "10.1/a"}, id="two DOIs, a space"),
        pytest.param({"doi": None}, {"doi": None}, id="no DOI"),
        pytest.param({"abstract": "This paper has been withdrawn."}, {"title": "On\n  Boats"}, id="withdrawn"),
    ],
)
def test_arxiv_snapshot_odd(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    check(ARXIV, changed, expected)


def test_all_dois_of_arxiv_stay() -> None:
    assert one(ARXIV, {"doi": "10.1/a,10.1/b"})["extra"]["doi"] == "10.1/a,10.1/b"


INFO = DumpInfo("dump", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))
SLOW = replace(FORM, line=None)


def lines_of_any_kind() -> bytes:
    values: list[Any] = [
        "",
        " ",
        None,
        7,
        7.10,
        True,
        [],
        {},
        [None],
        [["", "", ""]],
        [[]],
        "10.1/a;10.1/b",
        "B\u00f3at",
    ]
    rows = [ARXIV, *({**ARXIV, name: value} for name in (*ARXIV, "comments", "more") for value in values)]
    rows += [{key: value for key, value in ARXIV.items() if key != name} for name in ARXIV]
    lines = [json.dumps(row, ensure_ascii=number % 2 == 0).encode() for number, row in enumerate(rows)]
    twice = lines[0].replace(b'{"id"', b'{"title": "No", "extra\\u0020": 1, "id"')
    odd = [
        twice,
        lines[0] + b"\r",
        b"",
        lines[0][:-9],
        lines[0].replace(b"Sail", b"S\xe9l"),
        lines[0] * 2,
        b"[1]",
        b"null",
    ]
    return b"\n".join([*lines, *odd])


def members(extras: pl.Series) -> list[dict[str, bytes]]:
    """Parse `extra` no deeper than its members: in another order they say the same."""
    rows = (msgspec.json.decode(extra, type=dict[str, msgspec.Raw]) for extra in extras)
    return [{name: bytes(value) for name, value in row.items()} for row in rows]


def test_lines_as_arxiv_writes_them_give_what_any_lines_give() -> None:
    data = lines_of_any_kind()
    assert FORM.line is not None
    assert sum(FORM.line(line) is not None for line in data.split(b"\n")) > 10
    for batch, slow in zip(
        *(list(form.reader("x", "x").read(io.BytesIO(data), INFO)) for form in (FORM, SLOW)), strict=True
    ):
        assert_frame_equal(batch.records.drop("extra"), slow.records.drop("extra"))
        assert members(batch.records["extra"]) == members(slow.records["extra"])
        assert_frame_equal(batch.rejects, slow.rejects)
