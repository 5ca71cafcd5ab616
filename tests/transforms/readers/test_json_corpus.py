"""The captures of JSON forms beside the repository: which reader, how many entries, which titles and abstracts."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from transforms.readers import recognise
from transforms.readers.base import HEAD_BYTES, DumpInfo, Head

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.corpus

READERS = {
    "arxiv_kaggle": "arxiv_snapshot",
    "openalex": "openalex",
    "crossref": "crossref",
    "semanticscholar": "semantic_scholar",
    "openreview_tsv": "openreview",
}
FOLDERS = pytest.mark.parametrize("folder", READERS)

IN_A_LIST = {b'{"meta"': 2, b"[": 1, b'{"offset"': 2, b'{"total"': 2, b'{"data"': 2, b'{"recommendedPapers"': 2}
"""How deep the entries of a page stand, by how it begins."""


@cache
def dumps(folder: Path) -> list[tuple[Path, bytes, list[Any]]]:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return [(folder / name, (folder / name).read_bytes(), rows) for name, rows in truth.items()]


@cache
def read(path: Path, data: bytes) -> tuple[str, list[dict[str, Any]], int]:
    reader = recognise(Head(path.name, data[:HEAD_BYTES]))
    info = DumpInfo(path.name, dt.datetime(2025, 3, 20, tzinfo=dt.UTC))
    batches = list(reader.read(io.BytesIO(data), info))
    rows = [row for batch in batches for row in batch.records.iter_rows(named=True)]
    return reader.name, rows, sum(batch.rejects.height for batch in batches)


def folded(text: str | None) -> str:
    """Without white space and the tags of paragraphs, JATS and MathML, which only Crossref has."""
    return "".join(re.sub(r"</?(?:(?:jats|mml):[^<>]*|p)>", "", text or "").split())


def entries_in(path: Path, data: bytes) -> int:
    """Count the entries in the bytes: lines of a table, else objects and nulls at the depth where entries stand."""
    if path.suffix == ".tsv":
        return sum(1 for line in data.split(b"\n")[1:] if line)
    deep = 3 if b'"message-type":"work-list"' in data[:200] else 0
    deep = next((depth for start, depth in IN_A_LIST.items() if data.startswith(start)), deep)
    opened: list[bytes] = []
    count = 0
    for sign in re.findall(rb"[{}\[\]]|null", re.sub(rb'"(?:[^"\\]|\\.)*"', b"", data)):
        count += len(opened) == deep and opened[-1:] in ([], [b"["]) and sign in {b"{", b"null"}
        if sign in {b"{", b"["}:
            opened.append(sign)
        elif sign != b"null":
            opened.pop()
    return count


@FOLDERS
def test_entries_are_records_or_rejects(shared: Path, folder: str) -> None:
    for path, data, _ in dumps(shared / "corpus" / folder):
        name, rows, reject_count = read(path, data)
        assert name == READERS[folder], path.name
        assert len(rows) + reject_count == entries_in(path, data), path.name


@FOLDERS
def test_titles_and_abstracts_are_those_of_the_truth(shared: Path, folder: str) -> None:
    for path, data, truth in dumps(shared / "corpus" / folder):
        _, rows, _ = read(path, data)
        found = [(folded(row["title"]), folded(row["abstract"])) for row in rows]
        assert found == [(folded(one["title"]), folded(one["abstract"])) for one in truth], path.name


def test_only_papers_that_were_not_found_are_rejects(shared: Path) -> None:
    counts = [read(path, data) for path, data, _ in dumps(shared / "corpus" / "semanticscholar")]
    assert (sum(len(rows) for _, rows, _ in counts), sum(rejects for _, _, rejects in counts)) == (6682, 2)


@pytest.mark.parametrize("folder", [folder for folder in READERS if folder != "openreview_tsv"])
def test_nothing_of_an_entry_is_lost(shared: Path, folder: str) -> None:
    """Every text of an entry stands in a column or in `extra`; an abstract is told by its words."""
    for path, data, _ in dumps(shared / "corpus" / folder):
        for row in read(path, data)[1][:100]:
            kept = kept_texts(row)
            missing = [text for text in texts(json.loads(row["raw"])) if text not in kept]
            assert missing == [], path.name


def kept_texts(row: dict[str, Any]) -> set[str]:
    columns = [value for name, value in row.items() if name not in {"raw", "extra"}]
    return set(texts(columns)) | set(texts(json.loads(row["extra"] or "{}")))


def texts(value: object) -> Iterator[str]:
    """Every text in a value of JSON, white space and tags folded; not those of a page around a single work."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in {"abstract_inverted_index", "message-type", "status", "message-version"}:
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str) and value:
        yield folded(value.removeprefix("https://openalex.org/"))
