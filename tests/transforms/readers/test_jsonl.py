from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from typing import TYPE_CHECKING

import pytest

from transforms.errors import DamagedDumpError
from transforms.readers.base import DumpInfo
from transforms.readers.jsonl import READER

if TYPE_CHECKING:
    from pathlib import Path

INFO = DumpInfo("list.jsonl", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))
Reject = tuple[int, int, str, str]


def read(data: str | bytes) -> tuple[list[dict[str, object]], list[Reject]]:
    raw = data.encode() if isinstance(data, str) else data
    batches = list(READER.read(io.BytesIO(raw), INFO))
    rows = [row for batch in batches for row in batch.records.iter_rows(named=True)]
    return rows, [row for batch in batches for row in batch.rejects.rows()]


def one(row: dict[str, object]) -> dict[str, object]:
    """Read one object back, missing columns left out."""
    rows, rejects = read(json.dumps(row))
    assert rejects == []
    return {name: value for name, value in rows[0].items() if value is not None and name not in {"line", "raw"}}


def test_listing_of_arxiv() -> None:
    row = {
        "id": "2401.01234",
        "pdf": "https://arxiv.org/pdf/2401.01234",
        "abs": "https://arxiv.org/abs/2401.01234",
        "authors": ["Ada Lovelace", " Mary  Shelley "],
        "title": "On Engines",
        "categories": ["cs.GL"],
        "comment": None,
        "summary": "Engines\nare discussed.",
    }
    assert one(row) == {
        "position": 1,
        "source": "arxiv",
        "source_record_id": "2401.01234",
        "title": "On Engines",
        "abstract": "Engines\nare discussed.",
        "authors": ["Ada Lovelace", "Mary  Shelley"],
        "arxiv_id": "2401.01234",
        "url": "https://arxiv.org/abs/2401.01234",
        "extra": '{"pdf":"https://arxiv.org/pdf/2401.01234","categories":["cs.GL"]}',
    }


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param({"id": "2401.01234"}, {"source": "table"}, id="id like arXiv's without an address"),
        pytest.param(
            {"id": "hep-th/9901001v2", "pdf": "http://arxiv.org/pdf/hep-th/9901001"},
            {"source": "arxiv", "arxiv_id": "hep-th/9901001v2"},
            id="old id and an address of the PDF alone",
        ),
        pytest.param(
            {"id": "2401.01234", "url": "https://arxiv.org/abs/2401.01234", "source": "mine"},
            {"source": "mine", "arxiv_id": "2401.01234"},
            id="own word on the source",
        ),
        pytest.param({"year": 1999.0, "volume": 12, "number": "3.0"}, {"year": "1999", "volume": "12", "number": "3"}),
        pytest.param({"pages": "1.0", "year": "nineteen"}, {"pages": "1.0", "year": "nineteen"}, id="other text stays"),
        pytest.param({"year": True, "number": 7}, {"year": "true", "number": "7"}, id="no whole number, and one"),
        pytest.param({"authors": [" ", ""]}, {"extra": '{"authors":[" ",""]}'}, id="names of nothing but blanks"),
        pytest.param({"year": 1999.5}, {"year": "1999.5"}, id="fraction"),
        pytest.param({"doi": ["10.1/x"], "url": ["a", "b"]}, {"doi": "10.1/x", "extra": '{"url":["a","b"]}'}),
        pytest.param({"venue": {"name": "X"}}, {"extra": '{"venue":{"name":"X"}}'}, id="object where text is due"),
        pytest.param({"Paper Title": "B"}, {"title": "A", "extra": '{"Paper Title":"B"}'}, id="two titles"),
        pytest.param({"abstract": " ", "summary": "s"}, {"abstract": "s"}, id="empty gives way"),
        pytest.param(
            {"abstract": "a", "summary": "s"}, {"abstract": "a", "extra": '{"summary":"s"}'}, id="nothing lost"
        ),
        pytest.param({"Journal_Name": "J"}, {"venue": "J"}, id="case and underscore"),
        pytest.param({"authors": "A. Bee and C. Dee"}, {"authors": ["A. Bee", "C. Dee"]}, id="authors in a line"),
        pytest.param(
            {"authors": [{"name": "A B"}, {"given": "C", "family": "D"}, "E F", None]},
            {"authors": ["A B", "C D", "E F"]},
            id="authors as objects",
        ),
        pytest.param({"authors": []}, {}, id="no authors"),
        pytest.param({"seen_date": "2025-03-01"}, {"seen_date": dt.date(2025, 3, 1), "is_seen_date_inferred": False}),
        pytest.param({"seen_date": "soon"}, {"extra": '{"seen_date":"soon"}'}, id="no date"),
        pytest.param({"n": 2**63}, {"extra": '{"n":9223372036854775808}'}, id="long integer"),
        pytest.param({"x": None, "y": "", "z": [], "u": 0}, {"extra": '{"u":0}'}, id="empty is left out of extra"),
    ],
)
def test_columns(row: dict[str, object], expected: dict[str, object]) -> None:
    found = one({"title": "A", **row})
    expected = {"position": 1, "source": "table", "title": "A", **expected}
    if "id" in row:
        expected["source_record_id"] = row["id"]
    expected |= {name: row[name] for name in ("url",) if name in row and isinstance(row[name], str)}
    if "pdf" in row:
        expected["extra"] = json.dumps({"pdf": row["pdf"]}, separators=(",", ":"))
    assert found == expected


def test_list_of_an_empty_text_is_kept() -> None:
    found = one({"title": "A", "doi": [""]})
    assert (found.get("doi"), found["extra"]) == (None, '{"doi":[""]}')


def test_not_a_number_is_missing() -> None:
    rows, _ = read('{"title": "A", "year": NaN, "volume": -Infinity, "x": NaN}')
    assert (rows[0]["year"], rows[0]["volume"], rows[0]["extra"]) == (None, None, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"title": "B"', "is not JSON: unexpected end of data"),
        ("title: B", "is not JSON"),
        ('["B"]', "is JSON but not an object"),
        ("null", "is JSON but not an object"),
        ('{"title": "\\ud800"}', "is not JSON"),
        ('{"title": "\\ud800", "x": NaN}', "is not JSON"),
        ('{"title": "B", "x": ' + "[" * 2_000 + "]" * 2_000 + "}", "is not JSON"),
    ],
)
def test_broken_line_is_a_reject_and_the_others_go_on(line: str, reason: str) -> None:
    rows, rejects = read(f'{{"title": "A"}}\n{line}\n\n{{"title": "C"}}')
    assert [(row["position"], row["line"], row["title"]) for row in rows] == [(1, 1, "A"), (3, 4, "C")]
    assert [reject[:3] for reject in rejects] == [(2, 2, line)]
    assert reason in rejects[0][3]


def test_line_that_is_not_utf8_is_a_reject_that_shows_its_bytes() -> None:
    _, rejects = read(b'{"title": "A"}\n{"title": "\xe9t"}\n')
    assert rejects == [(2, 2, '{"title": "\\xe9t"}', "is not UTF-8 at byte 12 of the line")]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b'{"title": "A"}\n{"title": "\xc3', "line 2: is truncated: it ends in the middle of a character"),
        (b'{"title": "A"}\n{"title": "\0"}', "line 2: holds a NUL byte at byte 26"),
    ],
)
def test_damage(data: bytes, what: str) -> None:
    with pytest.raises(DamagedDumpError, match=what):
        read(data)


def test_long_lists_come_in_batches_with_positions_that_go_on() -> None:
    data = b"".join(b'{"title": "%d"}\n' % n for n in range(25_000)) + b"broken\n"
    batches = list(READER.read(io.BytesIO(data), INFO))
    assert [batch.records.height for batch in batches] == [10_000, 10_000, 5_000]
    assert batches[-1].records["position"][-1] == 25_000
    assert batches[-1].rejects["position"].to_list() == [25_001]


@pytest.mark.corpus
def test_arxiv_listings_agree_with_their_counts(shared: Path) -> None:
    folder = shared / "corpus" / "arxiv_daily_jsonl"
    for name, counts in json.loads((folder / "counts.json").read_text()).items():
        rows, rejects = read(gzip.decompress((folder / name).read_bytes()))
        assert rejects == []
        assert [len(rows), len({row["arxiv_id"] for row in rows})] == counts
        assert {(row["source"], row["arxiv_id"] == row["source_record_id"]) for row in rows} == {("arxiv", True)}
