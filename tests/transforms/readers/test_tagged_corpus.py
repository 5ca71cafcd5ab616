"""The captures of tagged forms and export tables: as many entries as their bytes say, and the texts of the truth."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest
from reader_entries import Entries, entries_of, folded

from transforms.readers import recognise
from transforms.readers.base import HEAD_BYTES, Head

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus

BEGINS: Final = {
    "ris": rb"(?m)^\W{0,4}TY  -",
    "nbib": rb"(?m)^PMID-",
    "wos": rb"(?m)^PT ",
    "zotero_csv": rb'(?m)^(?:\xef\xbb\xbf)?"[A-Z0-9]{8}","',
}
"""What only the first line of an entry looks like, by reader."""

TRUTH_HAS_NONE: Final = {
    "example_wos.ris": "is Web of Science under the name of RIS, which the other parser does not see; its two entries count"
}
"""Captures of which the truth says that they are empty, and why they are not."""

NAMES: Final = ("ris/*.ris", "ris/*.txt", "pubmed_nbib/*.nbib", "endnote_and_zotero/*.ris", "endnote_and_zotero/*.csv")


@cache
def captures(corpus: Path) -> list[tuple[Path, str, Entries, list[dict[str, Any]]]]:
    """Each capture with its reader, what that gives, and the truth."""
    found = []
    for path in sorted(path for name in NAMES for path in corpus.glob(name)):
        reader = recognise(Head(path.name, path.read_bytes()[:HEAD_BYTES]))
        truth = json.loads((path.parent / "truth.json").read_text(encoding="utf-8"))
        found.append((path, reader.name, entries_of(reader, path.read_bytes()), truth[path.name]))
    return found


def test_every_capture_is_read_by_the_reader_of_its_content(shared: Path) -> None:
    read = [(path.parent.name, path.suffix, reader) for path, reader, _, _ in captures(shared / "corpus")]
    assert sorted(set(read)) == [
        ("endnote_and_zotero", ".csv", "zotero_csv"),
        ("endnote_and_zotero", ".ris", "ris"),
        ("pubmed_nbib", ".nbib", "nbib"),
        ("ris", ".ris", "ris"),
        ("ris", ".ris", "wos"),
        ("ris", ".txt", "ris"),
    ]
    assert len(read) == 36


def test_entries_in_are_records_and_rejects(shared: Path) -> None:
    for path, reader, entries, _ in captures(shared / "corpus"):
        data = path.read_bytes().replace(b"\r", b"\n")
        assert (path.name, entries.count) == (path.name, len(re.findall(BEGINS[reader], data)))
        assert entries.rejects == []


def test_titles_and_abstracts_are_those_of_the_truth(shared: Path) -> None:
    for path, _, entries, truth in captures(shared / "corpus"):
        if path.name in TRUTH_HAS_NONE:
            assert truth == []
            continue
        found = [(folded(entry.get("title")), folded(entry.get("abstract"))) for entry in entries.records]
        expected = [(folded(entry["title"]), folded(entry["abstract"])) for entry in truth]
        assert (path.name, found) == (path.name, expected)


def test_every_word_of_a_tagged_capture_is_in_a_column_or_in_extra(shared: Path) -> None:
    """Nothing is lost: what stands behind the tags comes back, whatever it is."""
    for path, reader, entries, _ in captures(shared / "corpus"):
        if reader == "zotero_csv":
            continue
        for entry in entries.records:
            kept = " ".join(str(value) for value in strings({**entry, "raw": ""}))
            words = re.findall(r"\w{4,}", " ".join(line[6:] for line in entry["raw"].split("\n")))
            assert [path.name, *(word for word in words if word not in kept)] == [path.name]


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []
