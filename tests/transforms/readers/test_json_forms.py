"""What holds for all readers of JSON forms: layouts, damage, batches."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pytest
from json_samples import ARXIV, CROSSREF, CSL, PAPER, WORK, read

from transforms.readers import READERS, recognise
from transforms.readers.base import HEAD_BYTES, DumpInfo, Head
from transforms.readers.json_batches import Found
from transforms.schema import RAW_RECORD


@pytest.mark.parametrize("layout", ["lines", "array", "pretty", "objects", "page"])
@pytest.mark.parametrize(
    ("row", "path", "name"),
    [
        (ARXIV, None, "arxiv_snapshot"),
        (WORK, "results", "openalex"),
        (CROSSREF, "items", "crossref"),
        (PAPER, "data", "semantic_scholar"),
        (CSL, "items", "csl_json"),
    ],
    ids=["arxiv", "openalex", "crossref", "semantic scholar", "csl"],
)
def test_every_layout_is_recognised_and_read(row: dict[str, Any], path: str | None, name: str, layout: str) -> None:
    rows = [row, row | {"license": "free"}]
    page = {"meta": {"count": 2}, path: rows} if path else rows
    data = {
        "lines": "\n".join(map(json.dumps, rows)),
        "array": json.dumps(rows),
        "pretty": json.dumps(rows, indent=1),
        "objects": "\n".join(json.dumps(one, indent=2) for one in rows),
        "page": json.dumps(page),
    }[layout].encode()
    reader, found, rejects = read(data)
    assert (reader.name, len(found), rejects) == (name, 2, [])
    assert [json.loads(entry["raw"]) for entry in found] == rows
    assert json.loads(found[1]["extra"]) == json.loads(found[0]["extra"]) | {"license": "free"}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"status":"ok","message-type":"member-list","message":{"items":[{"id":1}]}}', id="members"),
        pytest.param(b'{"results":[{"id":"https://openalex.org/A1","display_name":"Ann"}]}', id="persons"),
        pytest.param(b'{"data":[{"authorId":"1","name":"Ann"}]}', id="authors"),
        pytest.param(b'[{"type":"post","title":"T","author":"A","id":1}]', id="posts of a blog"),
        pytest.param(b'{"id":"1","title":"T","categories":"a"}\n', id="three words of arXiv's"),
    ],
)
def test_what_these_readers_leave_to_others(data: bytes) -> None:
    own = {"arxiv_snapshot", "openalex", "crossref", "semantic_scholar", "csl_json"}
    assert {reader.name: reader.sniff(Head("x", data)) for reader in READERS if reader.name in own} == dict.fromkeys(
        own, 0
    )


def test_found_has_columns_of_the_schema_only() -> None:
    assert set(Found.__struct_fields__) < set(RAW_RECORD)


def test_wrong_bytes_of_one_entry_reject_that_entry() -> None:
    lines = [json.dumps(PAPER | {"tldr": "é"}, ensure_ascii=False).encode() for _ in range(3)]
    lines[1] = lines[1].replace("é".encode(), b"\xe9")
    _, rows, rejects = read(b"\n".join(lines))
    assert [row["position"] for row in rows] == [1, 3]
    assert [(position, line, reason) for position, line, _, reason in rejects] == [
        (2, 2, f"is not UTF-8 at byte {lines[1].index(0xE9) + 1} of the entry")
    ]
    assert "\\xe9" in rejects[0][2]


def test_pretty_values_are_written_in_one_line() -> None:
    _, (row,), _ = read(json.dumps([WORK], indent=2).encode())
    assert "\n" not in row["extra"]


def test_long_dumps_come_in_batches_with_positions_that_go_on() -> None:
    data = b"".join(json.dumps(PAPER).encode() + b"\n" for _ in range(10_001)) + b"[1]\n"
    reader = recognise(Head("dump", data[:HEAD_BYTES]))
    batches = list(reader.read(io.BytesIO(data), DumpInfo("dump", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))))
    assert [(batch.records.height, batch.rejects.height) for batch in batches] == [(10_000, 0), (1, 1)]
    assert batches[1].rejects["position"].to_list() == [10_002]
