"""The captures in XML agree with what others read in them, and the places where they do not are known."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from xml_samples import FRAMES, read_xml

from transforms.readers import READERS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus

Text = tuple[str | None, str | None]

KNOWN_DIFFERENCES = {
    "zotero_export.xml": 3,
}
"""Records that differ from truth.json, and why ours are right.

zotero_export.xml: Zotero took "<3y ... B1>" for a tag and cut it out of three abstracts ("B17y"); the
truth of this file was made from the CSV, which has them. The bytes of the file do not.
"""

OTHER_ORDER = {"mendeley_export.xml"}
"""truth.json lists these records in the order of the CSV of the same search; the file has another."""


def folded(text: str | None) -> str | None:
    """Fold white space and the markup that a reader keeps; PubMed's truth parts label and text by a bar."""
    plain = re.sub(r"</?su[bp]>|\$", "", text or "")
    return (
        " ".join(re.sub(r"(?m)^([^|\n]*)\|", lambda label: f"{label[1]}: " if label[1] else "", plain).split()) or None
    )


def texts(rows: list[dict[str, Any]]) -> list[Text]:
    return [(folded(row["title"]), folded(row["abstract"])) for row in rows]


@cache
def read(data: bytes) -> tuple[list[dict[str, Any]], list[tuple[Any, ...]]]:
    return read_xml(data)


@cache
def dumps(shared: Path, folder: str) -> list[tuple[str, bytes, list[dict[str, Any]]]]:
    place = shared / "corpus" / folder
    truth = json.loads((place / "truth.json").read_text(encoding="utf-8"))
    return [(name, (place / name).read_bytes(), rows) for name, rows in truth.items() if name.endswith(".xml")]


@pytest.mark.parametrize(
    ("folder", "files", "records"),
    [("arxiv_atom", 1, 5), ("pubmed_xml", 1, 5), ("acl_anthology_xml", 66, 7572), ("endnote_and_zotero", 2, 2466)],
)
def test_titles_and_abstracts_equal_the_truth(folder: str, files: int, records: int, shared: Path) -> None:
    found = dumps(shared, folder)
    count = 0
    for name, data, truth in found:
        rows, rejects = read(data)
        assert rejects == []
        count += len(rows)
        ours, theirs = texts(rows), texts(truth)
        if name in OTHER_ORDER:
            ours, theirs = sorted(ours, key=str), sorted(theirs, key=str)
        assert len(ours) == len(theirs)
        assert sum(one != other for one, other in zip(ours, theirs, strict=True)) == KNOWN_DIFFERENCES.get(name, 0), (
            name
        )
    assert (len(found), count) == (files, records)


COUNTED = {
    "arxiv_atom": b"<entry>",
    "pubmed_xml": b"<PubmedArticle>",
    "acl_anthology_xml": b"<paper ",
    "endnote_and_zotero": b"<record>",
}


@pytest.mark.parametrize("folder", COUNTED)
def test_every_entry_of_the_bytes_is_a_record_with_its_raw_text_and_line(folder: str, shared: Path) -> None:
    for name, data, _ in dumps(shared, folder):
        rows, rejects = read(data)
        assert len(rows) + len(rejects) == data.count(COUNTED[folder]), name
        lines = data.decode().split("\n")
        for row in rows:
            assert row["raw"].split("\n")[0] in lines[row["line"] - 1]


def test_fields_of_the_captures_are_filled(shared: Path) -> None:
    for name, data, _ in dumps(shared, "acl_anthology_xml"):
        papers = re.findall(r"(?s)<paper .*?</paper>", data.decode())
        rows, _ = read(data)
        for field in ("doi", "pages"):
            assert sum(row[field] is not None for row in rows) == sum(f"<{field}>" in paper for paper in papers), name
        assert all(row["venue"] and row["source_record_id"] for row in rows), name
    filled = Counter(
        name
        for _, data, _ in dumps(shared, "endnote_and_zotero")
        for row in read(data)[0]
        for name, value in row.items()
        if value
    )
    assert [filled[name] for name in ("title", "year", "doi", "authors")] == [2466, 2466, 2128, 2452]


def test_registry_knows_every_form() -> None:
    assert set(FRAMES) <= {reader.name for reader in READERS}
