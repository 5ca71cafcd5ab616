"""The captured libraries: as many entries as their bytes hold, and the titles and abstracts of the truth."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest
from bibtex_reading import Row, read

from transforms.text import abstract_key, published_text, title_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

pytestmark = pytest.mark.corpus

DIFFERENCES: Final = {
    "colt2020": "the volume itself, which the truth leaves out; its title stands in booktitle",
    "Kousha2017": "the truth takes the percent sign of 85% for a comment and loses the rest of the abstract",
    "Driscoll2019": "the same, at 86.1%",
    "Immroth2015": "the same, at 27%",
    "Kraus2019": "the same, at 10%, and joins what comes a line later",
    "Willis2015": r"the truth drops \ud, which no TeX knows; we keep what we cannot read",
    "Landmann2015": "MathML that was pasted into a title, of which the truth drops an element",
}
"""Entries where we differ from the truth, and why ours is right."""

STARTS: Final = re.compile(
    rb"^(?:\xef\xbb\xbf)?[ \t]*@(?!comment|preamble|string|xdata)\w+[ \t]*[{(]", re.IGNORECASE | re.MULTILINE
)
"""A simpler way to count entries: lines that begin one."""

Keys = tuple[str | None, str | None]


def folded(papers: Iterable[dict[str, Any]]) -> list[Keys]:
    """Fold white space, case and markup of titles and abstracts."""
    columns = pl.DataFrame(
        [(paper["title"], paper["abstract"]) for paper in papers],
        schema={"title": pl.String, "abstract": pl.String},
        orient="row",
    ).with_columns(published_text(pl.all()))
    return columns.select(title_key("title"), abstract_key("abstract")).rows()


@cache
def read_library(path: Path) -> tuple[list[Row], list[Row]]:
    return read(path.read_bytes())


def libraries(shared: Path, pattern: str) -> list[Path]:
    return sorted((shared / "corpus").glob(pattern))


def test_every_entry_is_a_record_or_a_reject(shared: Path) -> None:
    found = {}
    for path in libraries(shared, "*/*.bib"):
        data = path.read_bytes()
        if data.strip():
            records, rejects = read_library(path)
            found[path.name] = (len(records) + len(rejects), len(STARTS.findall(data)))
    assert len(found) == 102
    assert {name: counts for name, counts in found.items() if counts[0] != counts[1]} == {}


def test_captures_have_no_rejects(shared: Path) -> None:
    paths = [path for path in libraries(shared, "*/*.bib") if path.stat().st_size]
    assert {path.name: rejects for path in paths if (rejects := read_library(path)[1])} == {}


@pytest.mark.parametrize("folder", ["bibtex_pmlr", "bibtex_zotero_bbt", "endnote_and_zotero"])
def test_titles_and_abstracts_are_those_of_the_truth(shared: Path, folder: str) -> None:
    truth = json.loads((shared / "corpus" / folder / "truth.json").read_text())
    for path in libraries(shared, f"{folder}/*.bib"):
        records, _ = read_library(path)
        ours = list(zip((row["source_record_id"] for row in records), folded(records), strict=True))
        surplus = Counter(keys for _, keys in ours) - Counter(folded(truth[path.name]))
        assert {key for key, keys in ours if keys in surplus} <= set(DIFFERENCES), path.name
        assert len(records) - len(truth[path.name]) == (path.name == "colt2020.bib"), path.name


def test_listed_differences_are_still_there(shared: Path) -> None:
    found = set()
    for folder in ("bibtex_pmlr", "bibtex_zotero_bbt"):
        truth = json.loads((shared / "corpus" / folder / "truth.json").read_text())
        for path in libraries(shared, f"{folder}/*.bib"):
            records, _ = read_library(path)
            theirs = set(folded(truth[path.name]))
            pairs = zip(records, folded(records), strict=True)
            found |= {row["source_record_id"] for row, keys in pairs if keys not in theirs}
    assert found == set(DIFFERENCES)


def test_the_search_in_bibtex_is_the_search_in_ris(shared: Path) -> None:
    folder = shared / "corpus" / "endnote_and_zotero"
    records, _ = read_library(folder / "zotero_export.bib")
    assert len(records) == 1_000
    assert folded(records) == folded(json.loads((folder / "truth.json").read_text())["zotero_export.ris"])
